/* The library's only calls of BLAS. */
#include "kernels/blas.h"

#include <cblas.h>
#include <limits.h>
#include <pthread.h>

#include "kernels/targets.h"

#ifdef TRIL_DOUBLE
#define BLAS(function) cblas_d##function
#else
#define BLAS(function) cblas_s##function
#endif

/* OpenBLAS's, NULL where another BLAS is linked */
__attribute__((weak)) int openblas_get_num_threads(void);
__attribute__((weak)) void openblas_set_num_threads(int n);

/* the number of threads is the whole program's, and so is the count of those who hold it at one */
static pthread_mutex_t single_mutex = PTHREAD_MUTEX_INITIALIZER;
static size_t single_holders;
static int threads_before;

void tril_blas_single(bool single)
{
    if (!openblas_get_num_threads || !openblas_set_num_threads)
        return;
    pthread_mutex_lock(&single_mutex);
    if (single && single_holders++ == 0) {
        threads_before = openblas_get_num_threads();
        if (threads_before > 1)
            openblas_set_num_threads(1);
    } else if (!single && --single_holders == 0 && threads_before > 1)
        openblas_set_num_threads(threads_before);
    pthread_mutex_unlock(&single_mutex);
}

bool tril_blas_fits(size_t size)
{
    return size <= INT_MAX;
}

/* C = a b': written once, where BLAS would add to what it had to clear first */
TRIL_INLINE void outer(size_t m, size_t n, const tril_real *restrict a, const tril_real *restrict b,
                       tril_real *restrict c)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            c[i * n + j] = a[i] * b[j];
}

TRIL_FOR_EACH_TARGET(static, tril_outer,
                     (size_t m, size_t n, const tril_real *a, const tril_real *b, tril_real *c),
                     (m, n, a, b, c), outer(m, n, a, b, c))

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
    if (k == 1 && beta == 0) {
        tril_outer(m, n, a, b, c);
        return;
    }
    if (m == 1) { /* a row times a matrix */
        BLAS(gemv)
        (CblasRowMajor, transpose_b ? CblasNoTrans : CblasTrans, (int)(transpose_b ? n : k),
         (int)(transpose_b ? k : n), 1, b, (int)(transpose_b ? k : n), a, 1, beta, c, 1);
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
