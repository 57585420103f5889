/* LQ factorisation of a small matrix in double. */
#ifndef TRIL_KERNELS_LQ_H
#define TRIL_KERNELS_LQ_H

#include <stddef.h>

/* A = L Q with orthonormal rows of Q, n x m row-major, n <= m: leaves L, whose diagonal is
 * positive, in the first n columns of a, zeros above and behind; a a' is never formed. No pivot
 * L_ii is taken to be below least[i], where the caller knows so: only rounding can make it so.
 * Where least is NULL, a pivot must be more than the rounding of its row. Returns n, or the index
 * of the first pivot that is not; its value then stands at that place of the diagonal. */
size_t tril_lq_factor(size_t n, size_t m, double *a, const double *least);

#endif
