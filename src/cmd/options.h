/* What the commands' options have in common. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include <tril/tril.h>

#include "cmd/names.h"

/* getopt_long, which says itself what is wrong, as '?'; letters begin with a colon. */
int option_next(const char *program, int argc, char **argv, const char *letters,
                const struct option *known);

/* A whole number in a range. False, with a sentence, for anything else. */
bool option_number(const char *program, const char *option, const char *text,
                   unsigned long long low, unsigned long long high, unsigned long long *out);

/* What becomes of missing cells, a tril_missing. False after a sentence. */
bool option_missing(const char *program, const char *text, int *out);

/* A dialect of tables: the texts of --delimiter, a byte or "tab", and --missing-values, to be kept
 * in words; either may be NULL. False after a sentence. */
bool option_dialect(const char *program, const char *delimiter, const char *missing, names *words,
                    tril_dialect *out);

/* The exit status of a program that has printed its last line: 1, with a sentence, where its status
 * was 0 but standard output has not taken every line. */
int output_status(const char *program, int status);

#endif
