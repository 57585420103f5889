/* The parts of the command tril. */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

/* Each gets the arguments from its own name on and returns the exit status. */
int fit_command(int argc, char **argv);
int search_command(int argc, char **argv);
int evaluate_command(int argc, char **argv);
int export_command(int argc, char **argv);
int info_command(int argc, char **argv);
int plot_command(int argc, char **argv);
int predict_command(int argc, char **argv);

/* Exit statuses. */
enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_WRONG = 2 };

/* What a sentence of the command that runs begins with: "tril fit". */
void command_begin(const char *name);
const char *command_name(void);

/* Memory of n * size bytes, at least 1; NULL after a sentence. Whether that has happened: then the
 * command has failed, and nothing is wrong with its use. */
void *command_alloc(size_t n, size_t size);
bool command_lacked_memory(void);

/* For qsort: items that begin with a double, by that. */
int command_by_first(const void *a, const void *b);

#endif
