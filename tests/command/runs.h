/* Runs of the command tril, in forks of a program that it is linked into with its main as
 * tril_main: ten times as fast as to load OpenBLAS for each. */
#ifndef TESTS_COMMAND_RUNS_H
#define TESTS_COMMAND_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

enum { MOST_WORDS = 24, WORD = 400, NAME = 32, MOST_BYTES = 1 << 16, ERRORS = 4096 };

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

/* A command line; its first word is "tril". */
typedef struct line {
    char word[MOST_WORDS][WORD];
    size_t n;
} line;

void line_begin(line *l, const char *command);
__attribute__((format(printf, 2, 3))) void line_add(line *l, const char *format, ...);
bool line_has(const line *l, const char *part);
void line_show(const line *l, const char *what);

/* How a run has ended. */
typedef struct ending {
    int status, signal;  /* the exit status, or -1 and the signal */
    bool stopped;        /* after 20 seconds it was sent SIGTERM, after 40 SIGKILL */
    char errors[ERRORS]; /* what it has said on standard error */
} ending;

/* Runs it, with an empty standard input, with so many bytes of memory, and after a function that
 * may be NULL; what it prints goes into ../output. */
void line_run(const line *l, rlim_t memory, void (*before)(void), ending *end);

/* What is wrong with it in any case: NULL, or the answer. */
const char *ending_fault(const ending *end);

/* From here on no allocation fails; where allocations.c is linked in. */
void allocations_stop(void);

/* A file that is in the folder before each run. */
typedef struct original {
    char name[NAME], bytes[MOST_BYTES];
    size_t size;
} original;

void original_keep(const char *name, const void *bytes, size_t size);
const original *original_of(const char *name); /* NULL: there is none */
bool original_is_changed(const original *o);

void file_write(const char *path, const void *bytes, size_t size);
size_t file_read(const char *path, char bytes[MOST_BYTES]); /* 0 where there is none */

/* Makes a folder and goes into one in it; empties that, but for the originals; removes them. */
void folder_enter(void);
void folder_prepare(void);
void folder_leave(void);

#endif
