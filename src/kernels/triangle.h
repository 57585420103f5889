/* Triangular systems in double. */
#ifndef TRIL_KERNELS_TRIANGLE_H
#define TRIL_KERNELS_TRIANGLE_H

#include <stdbool.h>
#include <stddef.h>

#include <tril/real.h>

/* X = L^-1 X, or L^-T X with transpose: L d x d, of which the lower triangle is read, X d x k, both
 * row-major. Infinities do not meet: a number beyond the range is the largest one. */
void tril_solve_lower(bool transpose, size_t d, size_t k, const tril_real *l, double *x);

#endif
