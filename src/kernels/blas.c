/* The library's only calls of BLAS. */
#include "kernels/blas.h"

#include <cblas.h>
#include <limits.h>
#include <string.h>

#ifdef TRIL_DOUBLE
#define BLAS(function) cblas_d##function
#else
#define BLAS(function) cblas_s##function
#endif

bool tril_blas_fits(size_t size)
{
    return size <= INT_MAX;
}

void tril_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const tril_real *a,
               const tril_real *b, tril_real beta, tril_real *c)
{
    if (m == 0 || n == 0)
        return;
    if (k == 0) { /* BLAS prints a complaint about leading dimensions of 0 */
        for (size_t i = 0; i < m * n; i++)
            c[i] = beta == 0 ? 0 : beta * c[i];
        return;
    }
    BLAS(gemm)
    (CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
     transpose_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, 1, a,
     (int)(transpose_a ? m : k), b, (int)(transpose_b ? k : n), beta, c, (int)n);
}

void tril_trsm_rows(bool transpose, size_t rows, size_t d, const double *l, double *x)
{
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, transpose ? CblasNoTrans : CblasTrans,
                CblasNonUnit, (int)rows, (int)d, 1, l, (int)d, x, (int)d);
}

void tril_trmm_rows(bool transpose, size_t rows, size_t d, const double *inverse, const double *x,
                    double *to)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, transpose ? CblasNoTrans : CblasTrans, (int)rows,
                (int)d, (int)d, 1, x, (int)d, inverse, (int)d, 0, to, (int)d);
}

void tril_add_gram(size_t rows, size_t m, size_t n, const double *a, const double *b, double *c)
{
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)rows, 1, a, (int)m, b,
                (int)n, 1, c, (int)n);
}
