/* The library's only calls of BLAS. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "kernels/blas.h"

#include <cblas.h>
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>

#include "kernels/cpu_dispatch.h"

#ifdef TRIL_DOUBLE
#define BLAS(function) cblas_d##function
#else
#define BLAS(function) cblas_s##function
#endif

/* OpenBLAS's, NULL where another BLAS is linked */
__attribute__((weak)) int openblas_get_num_threads(void);
__attribute__((weak)) void openblas_set_num_threads(int n);
__attribute__((weak)) void *blas_memory_alloc(int position);
__attribute__((weak)) void blas_memory_free(void *buffer);

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

/* OpenBLAS maps a buffer for each thread that calls it at the same time as others, and keeps it.
 * Where that fails it tries again, for ever: so we try first, and have it map the buffer at once.
 * Its size is that of BUFFER_SIZE in OpenBLAS's headers. */
#define BUFFER ((size_t)(sizeof(void *) < 8 ? 32 : 128) << 20)

static pthread_mutex_t buffer_mutex = PTHREAD_MUTEX_INITIALIZER;
static size_t buffers, users; /* users: threads that have one; what they leave is for others */
static pthread_key_t user;

static void leave(void *ready)
{
    (void)ready;
    pthread_mutex_lock(&buffer_mutex);
    users--;
    pthread_mutex_unlock(&buffer_mutex);
}

static void make_key(void)
{
    pthread_key_create(&user, leave);
}

/* one more: those that are there are taken first, and all given back */
static bool map_buffer(void)
{
    void *room = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void **list = NULL; /* each begins with where the one before is */
    if (room == MAP_FAILED)
        return false;
    munmap(room, BUFFER);
    for (size_t i = 0; i <= buffers; i++) {
        void **buffer = blas_memory_alloc(0);
        *buffer = list;
        list = buffer;
    }
    while (list) {
        void **buffer = list;
        list = *buffer;
        blas_memory_free(buffer);
    }
    buffers++;
    return true;
}

bool tril_blas_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static _Thread_local bool ready;
    if (ready || !blas_memory_alloc || !blas_memory_free)
        return true;
    pthread_once(&once, make_key);
    pthread_mutex_lock(&buffer_mutex);
    ready = users < buffers || map_buffer();
    users += ready;
    pthread_mutex_unlock(&buffer_mutex);
    if (ready)
        pthread_setspecific(user, &ready);
    return ready;
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

void tril_triangle_rows(bool solve, bool transpose, size_t rows, size_t d, const tril_real *l,
                        tril_real *x)
{
    const enum CBLAS_TRANSPOSE op = transpose ? CblasNoTrans : CblasTrans;
    if (solve)
        BLAS(trsm)
    (CblasRowMajor, CblasRight, CblasLower, op, CblasNonUnit, (int)rows, (int)d, 1, l, (int)d, x,
     (int)d);
    else BLAS(trmm)(CblasRowMajor, CblasRight, CblasLower, op, CblasNonUnit, (int)rows, (int)d, 1,
                    l, (int)d, x, (int)d);
}

void tril_trsm_rows(bool transpose, size_t rows, size_t d, const double *l, double *x)
{
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, transpose ? CblasNoTrans : CblasTrans,
                CblasNonUnit, (int)rows, (int)d, 1, l, (int)d, x, (int)d);
}

void tril_add_gram(size_t rows, size_t m, size_t n, const double *a, const double *b, double *c)
{
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)rows, 1, a, (int)m, b,
                (int)n, 1, c, (int)n);
}
