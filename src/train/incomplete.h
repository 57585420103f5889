/* Rows of which some numbers are missing or known by bounds, in a step of expectation. */
#ifndef TRIL_TRAIN_INCOMPLETE_H
#define TRIL_TRAIN_INCOMPLETE_H

#include <stddef.h>

/* Adds the second moments of a row, times its weight, to sum [d, d], where the mean is 0 and the
 * covariance `now` [d, d]: a number that is NaN counts as its mean given the others and its bounds,
 * and with the variance that is left (Dempster, Laird and Rubin 1977). e [3, d]: the row, and its
 * bounds, NaN or infinite where there is none; means replace what is missing. Of more than
 * two numbers with bounds the others are missing. memory: d (d + 2). */
void tril_add_incomplete(size_t d, double weight, double *e, const double *now, double *sum,
                         double *memory, size_t *order);

#endif
