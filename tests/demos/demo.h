/* What the tests of the demos share: a folder of their own, and running a program. */
#ifndef TESTS_DEMOS_DEMO_H
#define TESTS_DEMOS_DEMO_H

#include <sys/types.h>

#include "support.h"

enum { DEMO_FOLDER = 32 };

/* Makes an empty folder and writes its path; removes it with all that is in it. */
void demo_folder(char folder[DEMO_FOLDER]);
void demo_remove(const char *folder);

void demo_write(const char *path, const char *text);

/* Copies a file of tensors with one of them zeros of another shape, or of rank 0: left out. */
void demo_alter(const char *from, const char *to, const char *name, tril_shape shape);

/* Runs a demo of this build; its exit status, and what it printed to both streams. */
int demo_run(const char *program, const char *arguments, char *text, size_t size);

/* The same for the command tril, with the folder in the place of every $. */
int demo_tril(const char *folder, const char *arguments, char *text, size_t size);

/* The same where it ought to end well. */
void demo_must(const char *folder, const char *arguments, char *text, size_t size);

/* The number behind a key, "ROWS,MEASURE,OF", in what --csv prints. */
double demo_figure(const char *text, const char *key);

/* Runs `tril ARGUMENTS` where it ought to fail: with that exit status, and one line, which contains
 * the sentence; a $ stands for the folder there too. */
void demo_refused(const char *folder, const char *arguments, int status, const char *sentence);

/* The same as if the disk were full after 4096 bytes, in a folder of its own: what is in the file
 * that it writes is there still afterwards, and nothing else. */
void demo_full(const char *arguments, const char *file, const char *sentence);

/* For lines of the shell, in which $d is the test's folder and $tril the command: makes the folder.
 */
void demo_begin(char folder[DEMO_FOLDER]);

/* Runs a line; its exit status. */
int demo_shell(const char *line);

/* Starts a command; what it prints stands in $d/out. These signals stop it. */
enum { DEMO_SIGNALS = 4 };
extern const int demo_signals[DEMO_SIGNALS];
pid_t demo_start(const char *line);
int demo_wait_for(pid_t child);

/* What stands in $d/out is one line, which contains the sentence. */
void demo_said(const char *folder, const char *sentence);

#endif
