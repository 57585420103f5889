/* Cholesky factorisation of a small matrix in double. */
#ifndef TRIL_KERNELS_CHOLESKY_H
#define TRIL_KERNELS_CHOLESKY_H

#include <stddef.h>

/* A = L L', d x d row-major: reads the lower triangle of a and leaves L there; zeros above. Returns
 * d, or the index of the first pivot that is not positive; its value then stands at that place of
 * the diagonal. */
size_t tril_cholesky(size_t d, double *a);

#endif
