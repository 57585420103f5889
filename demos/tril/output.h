/* Files that take the place of others. */
#ifndef DEMOS_TRIL_OUTPUT_H
#define DEMOS_TRIL_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/* A file under way: PATH.tmp, until it is kept. What is no regular file is written to directly, and
 * so is what standard output or standard error goes into. */
typedef struct output {
    FILE *to;
    char *temporary; /* NULL: nothing is to be renamed */
    const char *path;
} output;

/* Whether they are one file. */
bool output_is(const char *path, const char *other);

/* False where it cannot be written, or another process is writing it. To be closed in any case. */
bool output_open(output *o, const char *path);

/* Puts the file, as far as it is written, in the place of what was there; more may be written
 * behind it. On failure, false, what was there is there still. */
bool output_keep(output *o);

/* Removes what was not kept. False where something that was written is lost. */
bool output_close(output *o);

#endif
