/* Rows side by side, in lanes that the processor works on at once: number k of the row in lane l
 * stands at [k * TRIL_LANES + l]. */
#ifndef TRIL_KERNELS_SIMD_ROWS_H
#define TRIL_KERNELS_SIMD_ROWS_H

#include <stddef.h>

#include <tril/real.h>

enum { TRIL_LANES = 32, TRIL_FEW_LANES = 8 };

/* How many lanes are worked on for n rows: those without a row repeat the first. */
static inline size_t tril_lanes_for(size_t n)
{
    return n <= TRIL_FEW_LANES ? TRIL_FEW_LANES : TRIL_LANES;
}

/* The `width` numbers from x + at[l] on into lane l, for as many lanes as n rows take. */
void tril_lanes_load(size_t n, size_t width, const tril_real *x, const size_t *at,
                     tril_real *lanes);

/* And back from the first n lanes, each times its factor, as far as that is within the type's
 * range. */
void tril_lanes_store(size_t n, size_t width, const tril_real *factor, const tril_real *lanes,
                      tril_real *x, const size_t *at);

/* The first n lanes' numbers, the nearest of the type; the first lane whose number is NaN, n if
 * none is. */
size_t tril_lanes_values(size_t n, const double *lanes, tril_real *x);

/* Adds each of the first n lanes' numbers times the lane's factor to sums [width, TRIL_FEW_LANES],
 * within the range of a double. */
void tril_lanes_add(size_t n, size_t width, const tril_real *factor, const tril_real *lanes,
                    double *sums);

#endif
