/* Gradients of rows, from what comes down the tape: stored within the range of the type, or added
 * to sums in double. */
#ifndef TRIL_KERNELS_PUT_GRADIENT_H
#define TRIL_KERNELS_PUT_GRADIENT_H

#include <float.h>

#include "kernels/mvn.h"

/* upstream x, where x may be infinite: times zero it is nothing, and infinities of both signs must
 * not meet in a sum. */
static inline double tril_put(double upstream, double x)
{
    return tril_within(upstream * tril_within(x, DBL_MAX), DBL_MAX);
}

/* Numbers into grad, or to sums if they are not NULL: upstream (a x_j), of n; sign x, of rows that
 * begin at `at`, where nothing is beyond the range; those of a triangle as
 * tril_row_grad_put_triangle has them. */
void tril_put_all(size_t n, double upstream, double a, const double *x, double *sums,
                  tril_real *grad);
void tril_put_rows(size_t rows, size_t n, tril_real sign, const tril_real *x, const size_t *at,
                   double *sums, tril_real *grad);
void tril_put_triangle(size_t d, double upstream, const double *left, const double *right,
                       const double *diag, double *sums, tril_real *grad);

#endif
