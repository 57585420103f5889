/* Matrix products. blas.c is the one file that knows cblas. */
#ifndef TRIL_KERNELS_BLAS_H
#define TRIL_KERNELS_BLAS_H

#include <stdbool.h>
#include <stddef.h>

#include <tril/real.h>

/* Whether a size can be given to the functions below: BLAS counts in int. */
bool tril_blas_fits(size_t size);

/* Whether BLAS has the memory that it needs in the calling thread: to be asked before the functions
 * below are called, which cannot fail. */
bool tril_blas_ready(void);

/* Whether the products of this thread are to keep to it. Small ones, those of a network of 128
 * units among them, do in any case. For the others OpenBLAS has one number of threads for the whole
 * program: it is 1 from the first of them until this is false again. Of another BLAS nothing is
 * known, and nothing is done. */
void tril_blas_single(bool single);

/* C = op(A) op(B) + beta C, row-major: op(A) is m x k, op(B) k x n, op transposes where asked; C is
 * m x n. A matrix stands without gaps between its rows. beta = 0 does not read C. */
void tril_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const tril_real *a,
               const tril_real *b, tril_real beta, tril_real *c);

/* Every row x of X [rows, d] becomes L^-1 x or, not to be solved for, L x; with L' in the place of
 * L where asked. L is lower triangular, what stands above its diagonal is not read. */
void tril_triangle_rows(bool solve, bool transpose, size_t rows, size_t d, const tril_real *l,
                        tril_real *x);

/* In double: the same solved for, and C += A' B with A [rows, m], B [rows, n], C [m, n]. */
void tril_trsm_rows(bool transpose, size_t rows, size_t d, const double *l, double *x);
void tril_add_gram(size_t rows, size_t m, size_t n, const double *a, const double *b, double *c);

#endif
