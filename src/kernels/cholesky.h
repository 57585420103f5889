/* Cholesky factorisation of a small matrix in double. */
#ifndef TRIL_KERNELS_CHOLESKY_H
#define TRIL_KERNELS_CHOLESKY_H

#include <stddef.h>

/* A = L L', d x d row-major: reads the lower triangle of a and leaves L there; zeros above. No
 * pivot L_ii^2 is taken to be below `least`, which is what the caller has added to the diagonal of
 * a covariance: only rounding can make it so. Where that is 0, a pivot must be more than the
 * rounding of A_ii. Returns d, or the index of the first pivot that is not; its value then stands
 * at that place of the diagonal. */
size_t tril_cholesky_factor(size_t d, double *a, double least);

#endif
