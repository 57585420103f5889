/* Sums over arrays, in double. */
#ifndef TRIL_KERNELS_REDUCE_H
#define TRIL_KERNELS_REDUCE_H

#include <stddef.h>

#include <tril/real.h>

/* The sum of n numbers, in eight partial sums: the order depends on n alone. */
double tril_sum_of(size_t n, const tril_real *x);

/* Of each row of [rows, n]: the sum of its squares, likewise; x *= scale; to = x - y, whose rows
 * begin at `at` and at_y. */
void tril_row_squares(size_t rows, size_t n, const tril_real *x, double *sums);
void tril_scale_rows(size_t rows, size_t n, const tril_real *scale, tril_real *x);
void tril_subtract_rows(size_t rows, size_t n, const tril_real *x, const size_t *at,
                        const tril_real *y, const size_t *at_y, tril_real *to);

/* sums[j] += x[j] */
void tril_add_to_sums(size_t n, const tril_real *x, double *sums);

/* out[j] = scale times the sum of column j, n columns in rows that follow each other; each added up
 * row by row. In float, a sum beyond the range becomes infinite. */
void tril_column_sums(size_t rows, size_t n, double scale, const tril_real *x, tril_real *out);

/* out[j] = sums[j]; in float, a sum beyond the range becomes infinite */
void tril_store_sums(size_t n, const double *sums, tril_real *out);

/* Blocks of gradients that are summed: out[j] = weight x[j]; sums[j] += x[j]; out[j] = sums[j], at
 * most the largest number there is. */
void tril_weigh(size_t n, double weight, const tril_real *x, double *out);
void tril_add_sums(size_t n, const double *x, double *sums);
void tril_saturate_sums(size_t n, const double *sums, tril_real *out);

/* y [rows, n] += b [n] */
void tril_add_to_rows(size_t rows, size_t n, const tril_real *b, tril_real *y);

#endif
