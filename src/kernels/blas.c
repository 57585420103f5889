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

/* OpenBLAS computes products of at most GEMM multiply-adds, and of a vector and a matrix of less
 * than GEMV numbers, in the calling thread (interface/gemm.c and gemv.c). Those of up to CUT
 * multiply-adds are cut into such: a thread that is waited for takes longer than they do. */
enum { GEMM = 1 << 18, GEMV = 9216, CUT = 1 << 20, LANES = 16 };

/* A call takes longer than so many multiply-adds, and a lock that all threads share. */
enum { TINY = 256 };

/* Of larger ones the number of threads is the whole program's, and so is the count of those who
 * hold it at one. */
static pthread_mutex_t single_mutex = PTHREAD_MUTEX_INITIALIZER;
static size_t single_holders;
static int threads_before;
static _Thread_local bool single_wanted, single_held;

static void hold_single(bool single)
{
    pthread_mutex_lock(&single_mutex);
    if (single && single_holders++ == 0) {
        threads_before = openblas_get_num_threads();
        if (threads_before > 1)
            openblas_set_num_threads(1);
    } else if (!single && --single_holders == 0 && threads_before > 1)
        openblas_set_num_threads(threads_before);
    pthread_mutex_unlock(&single_mutex);
    single_held = single;
}

void tril_blas_single(bool single)
{
    single_wanted = single;
    if (!single && single_held)
        hold_single(false);
}

/* before a product that OpenBLAS may share among its threads */
static void begin_large(void)
{
    if (single_wanted && !single_held && openblas_get_num_threads && openblas_set_num_threads)
        hold_single(true);
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

/* c = a op(B) + beta c, as many of its numbers at a time as one thread computes */
static void row_times(bool transpose, size_t n, size_t k, const tril_real *a, const tril_real *b,
                      tril_real beta, tril_real *c)
{
    size_t piece = (GEMV - 1) / k / LANES * LANES;
    if (piece == 0 || (double)n * (double)k > CUT) {
        begin_large();
        piece = n;
    }
    for (size_t i = 0; i < n; i += piece) {
        const size_t some = n - i < piece ? n - i : piece;
        BLAS(gemv)
        (CblasRowMajor, transpose ? CblasNoTrans : CblasTrans, (int)(transpose ? some : k),
         (int)(transpose ? k : some), 1, b + i * (transpose ? k : 1), (int)(transpose ? k : n), a,
         1, beta, c + i, 1);
    }
}

static void tiny(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                 const tril_real *a, const tril_real *b, tril_real beta, tril_real *c)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            tril_real sum = beta == 0 ? 0 : beta * c[i * n + j];
            for (size_t l = 0; l < k; l++)
                sum +=
                    a[transpose_a ? l * m + i : i * k + l] * b[transpose_b ? j * k + l : l * n + j];
            c[i * n + j] = sum;
        }
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
    if (k == 1 && beta == 0) {
        tril_outer(m, n, a, b, c);
        return;
    }
    const double size = (double)m * (double)n * (double)k;
    if (size <= TINY) {
        tiny(transpose_a, transpose_b, m, n, k, a, b, beta, c);
        return;
    }
    if (m == 1) { /* a row times a matrix */
        row_times(transpose_b, n, k, a, b, beta, c);
        return;
    }
    const bool by_rows = m > n; /* the longer side is cut */
    const size_t longer = by_rows ? m : n;
    size_t piece = (size_t)((double)longer * GEMM / size);
    piece = size <= GEMM ? longer : size > CUT || piece < LANES ? longer : piece / LANES * LANES;
    if (piece == longer && size > GEMM)
        begin_large();
    for (size_t i = 0; i < longer; i += piece) {
        const size_t some = longer - i < piece ? longer - i : piece;
        BLAS(gemm)
        (CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
         transpose_b ? CblasTrans : CblasNoTrans, (int)(by_rows ? some : m),
         (int)(by_rows ? n : some), (int)k, 1, by_rows ? a + i * (transpose_a ? 1 : k) : a,
         (int)(transpose_a ? m : k), by_rows ? b : b + i * (transpose_b ? k : 1),
         (int)(transpose_b ? k : n), beta, c + i * (by_rows ? n : 1), (int)n);
    }
}

/* It solves for fewer rows than this, or with a smaller triangle, in the calling thread
 * (interface/trsm.c). */
enum { TRSM = 8 };

static void begin_triangle(size_t rows, size_t d)
{
    if (rows >= TRSM && d >= TRSM)
        begin_large();
}

void tril_triangle_rows(bool solve, bool transpose, size_t rows, size_t d, const tril_real *l,
                        tril_real *x)
{
    const enum CBLAS_TRANSPOSE op = transpose ? CblasNoTrans : CblasTrans;
    begin_triangle(rows, d);
    if (solve)
        BLAS(trsm)
    (CblasRowMajor, CblasRight, CblasLower, op, CblasNonUnit, (int)rows, (int)d, 1, l, (int)d, x,
     (int)d);
    else BLAS(trmm)(CblasRowMajor, CblasRight, CblasLower, op, CblasNonUnit, (int)rows, (int)d, 1,
                    l, (int)d, x, (int)d);
}

void tril_trsm_rows(bool transpose, size_t rows, size_t d, const double *l, double *x)
{
    const size_t piece = (double)rows * (double)d * (double)d > CUT ? rows : TRSM - 1;
    begin_triangle(piece, d);
    for (size_t i = 0; i < rows; i += piece)
        cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, transpose ? CblasNoTrans : CblasTrans,
                    CblasNonUnit, (int)(rows - i < piece ? rows - i : piece), (int)d, 1, l, (int)d,
                    x + i * d, (int)d);
}

void tril_add_gram(size_t rows, size_t m, size_t n, const double *a, const double *b, double *c)
{
    const double size = (double)rows * (double)m * (double)n;
    if (size <= TINY) {
        for (size_t k = 0; k < rows; k++)
            for (size_t i = 0; i < m; i++)
                for (size_t j = 0; j < n; j++)
                    c[i * n + j] += a[k * m + i] * b[k * n + j];
        return;
    }
    if (size > GEMM)
        begin_large();
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)rows, 1, a, (int)m, b,
                (int)n, 1, c, (int)n);
}
