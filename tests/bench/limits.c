#include "bench/limits.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include <tril/real.h>

#ifdef TRIL_DOUBLE
#define GEMM cblas_dgemm
#define TRSM cblas_dtrsm
#else
#define GEMM cblas_sgemm
#define TRSM cblas_strsm
#endif

void limits_single_blas(bool single)
{
    static int threads = 0;
    if (threads == 0)
        threads = openblas_get_num_threads();
    openblas_set_num_threads(single ? 1 : threads);
}

const char *limits_blas_kernels(void)
{
    return openblas_get_corename();
}

/* n numbers behind a struct of this size, in pages that have been written to */
static void *with_numbers(size_t size, size_t n)
{
    char *block = malloc(size + n * sizeof(tril_real));
    tril_real *numbers = (tril_real *)(void *)(block + size);
    for (size_t i = 0; block && i < n; i++)
        numbers[i] = (tril_real)0.001 * (tril_real)(i % 100);
    return block;
}

struct copy_limit {
    size_t half;
    tril_real numbers[];
};

copy_limit *copy_limit_new(size_t numbers)
{
    copy_limit *copy = with_numbers(sizeof *copy, numbers);
    if (copy)
        copy->half = numbers / 2;
    return copy;
}

void copy_limit_run(copy_limit *copy)
{
    memcpy(copy->numbers, copy->numbers + copy->half, copy->half * sizeof(tril_real));
}

struct gemm_limit {
    int rows, width[4];
    tril_real *h[4], *w[3], *dw[3], *dh[3];
    tril_real numbers[];
};

gemm_limit *gemm_limit_new(size_t rows, size_t inputs, size_t hidden, size_t outputs)
{
    const size_t width[4] = { inputs, hidden, hidden, outputs };
    size_t n = rows * outputs;
    for (size_t k = 0; k < 3; k++)
        n += 2 * rows * width[k] + 2 * width[k] * width[k + 1];
    gemm_limit *g = with_numbers(sizeof *g, n);
    if (!g)
        return NULL;
    tril_real *at = g->numbers;
    g->rows = (int)rows;
    for (size_t k = 0; k < 4; k++)
        g->width[k] = (int)width[k], g->h[k] = at, at += rows * width[k];
    for (size_t k = 0; k < 3; k++) {
        size_t size = width[k] * width[k + 1];
        g->w[k] = at, g->dw[k] = at + size, g->dh[k] = at + 2 * size;
        at += 2 * size + rows * width[k];
    }
    return g;
}

void gemm_limit_run(gemm_limit *g)
{
    const enum CBLAS_ORDER R = CblasRowMajor;
    const enum CBLAS_TRANSPOSE N = CblasNoTrans, T = CblasTrans;
    const int n = g->rows, *width = g->width;
    for (int k = 0; k < 3; k++)
        GEMM(R, N, T, n, width[k + 1], width[k], 1, g->h[k], width[k], g->w[k], width[k], 0,
             g->h[k + 1], width[k + 1]);
    for (int k = 2; k >= 0; k--) {
        const tril_real *dy = k == 2 ? g->h[3] : g->dh[k + 1];
        GEMM(R, T, N, width[k + 1], width[k], n, 1, dy, width[k + 1], g->h[k], width[k], 0,
             g->dw[k], width[k]);
        if (k > 0)
            GEMM(R, N, N, n, width[k], width[k + 1], 1, dy, width[k + 1], g->w[k], width[k], 0,
                 g->dh[k], width[k]);
    }
}

struct shared_limit {
    int rows, d;
    tril_real *z, *a, *factor, *gradient;
    tril_real numbers[];
};

shared_limit *shared_limit_new(size_t rows, size_t d)
{
    shared_limit *s = with_numbers(sizeof *s, 2 * (rows * d + d * d));
    if (!s)
        return NULL;
    s->rows = (int)rows, s->d = (int)d;
    s->z = s->numbers, s->a = s->z + rows * d, s->factor = s->a + rows * d;
    s->gradient = s->factor + d * d;
    for (size_t i = 0; i < d * d; i++) /* solves in place, again and again: the numbers must stay */
        s->factor[i] = i % (d + 1) == 0;
    return s;
}

void shared_limit_run(shared_limit *s)
{
    const enum CBLAS_ORDER R = CblasRowMajor;
    TRSM(R, CblasRight, CblasLower, CblasTrans, CblasNonUnit, s->rows, s->d, 1, s->factor, s->d,
         s->z, s->d);
    TRSM(R, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, s->rows, s->d, 1, s->factor, s->d,
         s->a, s->d);
    GEMM(R, CblasTrans, CblasNoTrans, s->d, s->d, s->rows, 1, s->a, s->d, s->z, s->d, 0,
         s->gradient, s->d);
}

void loop_limit_run(size_t times)
{
    static volatile double sum;
    double x = sum;
    for (size_t i = 0; i < times; i++)
        x = 0.999 * x + 0.001;
    sum = x;
}
