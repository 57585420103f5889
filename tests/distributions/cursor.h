/* Reference values that stand one tensor behind the other in a column named value. */
#ifndef TESTS_DIST_CURSOR_H
#define TESTS_DIST_CURSOR_H

#include "support.h"

typedef struct cursor {
    double *values;
    size_t at, rows;
} cursor;

cursor cursor_begin(const char *file);

/* All must have been read. */
void cursor_end(cursor *file);

/* The next n numbers; and as an input whose gradient is wanted, in memory of the tape. */
const double *cursor_take(cursor *file, size_t n);
tril_var cursor_input(cursor *file, tril_tape *tape, tril_shape shape);

/* Reads a seed, the value of a method, and its gradients with that seed in n inputs, and compares.
 * Relative to each tensor's largest number: small entries are differences of large ones. */
void cursor_check(cursor *file, tril_var y, const tril_var *inputs, size_t n, size_t row,
                  const char *what);

#endif
