/* Many normals of one number each, by loc and scale; arithmetic is in double. */
#ifndef TRIL_KERNELS_NORMAL_H
#define TRIL_KERNELS_NORMAL_H

#include <stdbool.h>
#include <stddef.h>

#include <tril/real.h>

#include "kernels/block.h"

/* The log-densities of `events` points of `size` numbers each, the sums of their numbers', together
 * at most TRIL_CHUNK; NaN where y or loc is not finite or the scale not positive and finite. Where
 * y may be missing, NaN among them is, and adds nothing. */
void tril_normal_log_prob(size_t events, size_t size, bool missing, const tril_real *loc,
                          const tril_real *scale, const tril_real *y, double *log_prob);

/* The slopes of n numbers, 0 where y is missing. In double, with scales near the smallest, some are
 * infinite. */
void tril_normal_slopes(size_t n, bool missing, const tril_real *loc, const tril_real *scale,
                        const tril_real *y, double *of_loc, double *of_scale, double *of_y);

#endif
