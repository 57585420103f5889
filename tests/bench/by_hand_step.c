/* The training step. Rows go in shards of 256, whose activations stay in the second cache; threads
 * take every so-manieth shard; one row takes gemv and ger in the place of gemm. */
#include <cblas.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/by_hand.h"

#ifdef TRIL_DOUBLE
#define GEMM cblas_dgemm
#define GEMV cblas_dgemv
#define GER cblas_dger
typedef int64_t bits;
enum { MANTISSA = 52, BIAS = 1023, TERMS = 13 };
#else
#define GEMM cblas_sgemm
#define GEMV cblas_sgemv
#define GER cblas_sger
typedef int32_t bits;
enum { MANTISSA = 23, BIAS = 127, TERMS = 7 };
#endif

enum { IN = STEP_INPUTS, HID = STEP_HIDDEN, D = STEP_TARGETS, OUT = STEP_OUTPUTS, SHARD = 256 };

/* parameters, or their gradients */
typedef struct layers {
    tril_real w1[HID * IN], b1[HID], w2[HID * HID], b2[HID], w3[OUT * HID], b3[OUT];
} layers;

_Static_assert(sizeof(layers) == STEP_PARAMS * sizeof(tril_real), "a flat block");

typedef struct worker {
    _Alignas(64) layers grad;
    tril_real h1[SHARD * HID], h2[SHARD * HID], dh1[SHARD * HID], dh2[SHARD * HID];
    tril_real out[SHARD * OUT];
    double nll;
    pthread_t thread;
    struct step_by_hand *step;
    size_t number;
} worker;

struct step_by_hand {
    _Alignas(64) layers params;
    _Alignas(64) tril_real first[STEP_PARAMS]; /* Adam's moments */
    _Alignas(64) tril_real second[STEP_PARAMS];
    const tril_real *x, *y;
    size_t rows, threads;
    double lr, power1, power2; /* powers of beta1 and beta2 */
    worker *workers;
    pthread_barrier_t begin, end;
    int over;
};

/* e^x for |x| < 80: 2^n e^r, |r| <= log(2) / 2, by Taylor's series */
static inline tril_real exponential(tril_real x)
{
    static const double over_factorial[13] = {
        1,         1,          1. / 2,      1. / 6,       1. / 24,       1. / 120,      1. / 720,
        1. / 5040, 1. / 40320, 1. / 362880, 1. / 3628800, 1. / 39916800, 1. / 479001600
    };
    const tril_real log2e = (tril_real)1.4426950408889634, ln2 = (tril_real)0.6931471805599453;
    tril_real n = (tril_real)rint(x * log2e), r = x - n * ln2;
    tril_real sum = (tril_real)over_factorial[TERMS - 1];
    for (int k = TERMS - 2; k >= 0; k--)
        sum = sum * r + (tril_real)over_factorial[k];
    union {
        bits i;
        tril_real x;
    } power = { .i = ((bits)n + BIAS) << MANTISSA };
    return sum * power.x;
}

/* y = tanh(y + b) */
static void add_bias_tanh(size_t n, const tril_real *restrict b, tril_real *restrict y)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < HID; k++) {
            tril_real a = y[i * HID + k] + b[k], most = 20;
            a = a > most ? most : a;
            a = a < -most ? -most : a;
            y[i * HID + k] = 1 - 2 / (1 + exponential(2 * a));
        }
}

static void add_bias(size_t n, const tril_real *restrict b, tril_real *restrict y)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < OUT; k++)
            y[i * OUT + k] += b[k];
}

/* y = x W' */
static void forward(size_t n, int in, int out, const tril_real *x, const tril_real *w, tril_real *y)
{
    if (n == 1)
        GEMV(CblasRowMajor, CblasNoTrans, out, in, 1, w, in, x, 1, 0, y, 1);
    else
        GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, out, in, 1, x, in, w, in, 0, y, out);
}

/* dW += dy' x */
static void weight_gradient(size_t n, int in, int out, const tril_real *x, const tril_real *dy,
                            tril_real *dw)
{
    if (n == 1)
        GER(CblasRowMajor, out, in, 1, dy, 1, x, 1, dw, in);
    else
        GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, out, in, (int)n, 1, dy, out, x, in, 1, dw,
             in);
}

/* dx = dy W */
static void input_gradient(size_t n, int in, int out, const tril_real *w, const tril_real *dy,
                           tril_real *dx)
{
    if (n == 1)
        GEMV(CblasRowMajor, CblasTrans, out, in, 1, w, in, dy, 1, 0, dx, 1);
    else
        GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, in, out, 1, dy, out, w, in, 0, dx,
             in);
}

/* dh *= 1 - h^2, db += its columns */
static void tanh_gradient(size_t n, const tril_real *restrict h, tril_real *restrict dh,
                          tril_real *restrict db)
{
    tril_real sum[HID] = { 0 };
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < HID; k++) {
            size_t at = i * HID + k;
            dh[at] *= 1 - h[at] * h[at];
            sum[k] += dh[at];
        }
    for (size_t k = 0; k < HID; k++)
        db[k] += sum[k];
}

/* raw outputs to the gradient of the NLL in them; the NLL but for its constant */
static inline double head_row(tril_real *restrict out, const tril_real *restrict y)
{
    const tril_real floor = (tril_real)1e-6;
    tril_real slope[D], inverse[D], z[D], a[D], det = 1, squares = 0;
    for (int k = 0; k < D; k++) {
        tril_real s = out[2 * D + k], e = exponential(s < 0 ? (s > -60 ? s : -60) : 0);
        tril_real v = (s > 0 ? 1 + s : e) + floor;
        slope[k] = e; /* 1 where s > 0 */
        inverse[k] = 1 / v;
        det *= v;
    }
    const tril_real *lower = out + D;
    for (int k = 0; k < D; k++) {
        z[k] = y[k] - out[k];
        for (int j = 0; j < k; j++)
            z[k] -= lower[k * (k - 1) / 2 + j] * z[j];
        z[k] *= inverse[k];
        squares += z[k] * z[k];
    }
    for (int k = D - 1; k >= 0; k--) {
        a[k] = z[k];
        for (int j = k + 1; j < D; j++)
            a[k] -= lower[j * (j - 1) / 2 + k] * a[j];
        a[k] *= inverse[k];
    }
    for (int k = 0; k < D; k++) {
        out[k] = -a[k];
        for (int j = 0; j < k; j++)
            out[D + k * (k - 1) / 2 + j] = -a[k] * z[j];
        out[2 * D + k] = (inverse[k] - a[k] * z[k]) * slope[k];
    }
    return (double)(squares / 2 + (tril_real)log(det));
}

static void shard(worker *w, const layers *p, size_t n, const tril_real *x, const tril_real *y)
{
    layers *g = &w->grad;
    forward(n, IN, HID, x, p->w1, w->h1);
    add_bias_tanh(n, p->b1, w->h1);
    forward(n, HID, HID, w->h1, p->w2, w->h2);
    add_bias_tanh(n, p->b2, w->h2);
    forward(n, HID, OUT, w->h2, p->w3, w->out);
    add_bias(n, p->b3, w->out);
    for (size_t i = 0; i < n; i++) {
        w->nll += head_row(w->out + i * OUT, y + i * D);
        for (size_t k = 0; k < OUT; k++)
            g->b3[k] += w->out[i * OUT + k];
    }
    weight_gradient(n, HID, OUT, w->h2, w->out, g->w3);
    input_gradient(n, HID, OUT, p->w3, w->out, w->dh2);
    tanh_gradient(n, w->h2, w->dh2, g->b2);
    weight_gradient(n, HID, HID, w->h1, w->dh2, g->w2);
    input_gradient(n, HID, HID, p->w2, w->dh2, w->dh1);
    tanh_gradient(n, w->h1, w->dh1, g->b1);
    weight_gradient(n, IN, HID, x, w->dh1, g->w1);
}

static void share(worker *w)
{
    const step_by_hand *step = w->step;
    memset(&w->grad, 0, sizeof w->grad);
    w->nll = 0;
    for (size_t at = w->number * SHARD; at < step->rows; at += step->threads * SHARD) {
        size_t left = step->rows - at;
        shard(w, &step->params, left < SHARD ? left : SHARD, step->x + at * IN, step->y + at * D);
    }
}

static void *thread_main(void *arg)
{
    worker *w = arg;
    for (;;) {
        pthread_barrier_wait(&w->step->begin);
        if (w->step->over)
            return NULL;
        share(w);
        pthread_barrier_wait(&w->step->end);
    }
}

static void adam(step_by_hand *step)
{
    const tril_real beta1 = (tril_real)0.9, beta2 = (tril_real)0.999, eps = (tril_real)1e-8;
    step->power1 *= 0.9, step->power2 *= 0.999;
    tril_real rate = (tril_real)(step->lr / (1 - step->power1));
    tril_real debias = (tril_real)(1 / (1 - step->power2)), mean = 1 / (tril_real)step->rows;
    tril_real *restrict w = (tril_real *)&step->params, *restrict m = step->first;
    tril_real *restrict v = step->second, *restrict g = (tril_real *)&step->workers->grad;
    for (size_t i = 0; i < STEP_PARAMS; i++) {
        g[i] *= mean;
        m[i] = beta1 * m[i] + (1 - beta1) * g[i];
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
        w[i] -= rate * m[i] / ((tril_real)sqrt(v[i] * debias) + eps);
    }
}

double step_by_hand_run(step_by_hand *step)
{
    worker *all = step->workers;
    tril_real *restrict sum = (tril_real *)&all->grad;
    double nll = 0;
    if (step->threads > 1)
        pthread_barrier_wait(&step->begin);
    share(all);
    if (step->threads > 1)
        pthread_barrier_wait(&step->end);
    for (size_t t = 0; t < step->threads; t++) {
        const tril_real *restrict part = (const tril_real *)&all[t].grad;
        for (size_t i = 0; t > 0 && i < STEP_PARAMS; i++)
            sum[i] += part[i];
        nll += all[t].nll;
    }
    adam(step);
    return nll / (double)step->rows + D * 0.9189385332046727;
}

const tril_real *step_by_hand_grads(const step_by_hand *step)
{
    return (const tril_real *)&step->workers->grad;
}

step_by_hand *step_by_hand_new(size_t rows, size_t threads, double lr, const tril_real *x,
                               const tril_real *y, const tril_real *start)
{
    step_by_hand *step = aligned_alloc(64, sizeof *step);
    worker *workers = aligned_alloc(64, threads * sizeof *workers);
    if (!step || !workers)
        return free(step), free(workers), NULL;
    *step = (step_by_hand){ .x = x, .y = y, .rows = rows, .lr = lr, .workers = workers };
    step->threads = 1;
    step->power1 = step->power2 = 1;
    memcpy(&step->params, start, sizeof step->params);
    pthread_barrier_init(&step->begin, NULL, (unsigned)threads);
    pthread_barrier_init(&step->end, NULL, (unsigned)threads);
    for (size_t t = 0; t < threads; t++)
        workers[t].step = step, workers[t].number = t;
    for (; step->threads < threads; step->threads++)
        if (pthread_create(&workers[step->threads].thread, NULL, thread_main,
                           workers + step->threads))
            return NULL; /* those that wait at the barrier are lost: the bench ends */
    return step;
}

void step_by_hand_free(step_by_hand *step)
{
    if (!step)
        return;
    step->over = 1;
    if (step->threads > 1)
        pthread_barrier_wait(&step->begin);
    for (size_t t = 1; t < step->threads; t++)
        pthread_join(step->workers[t].thread, NULL);
    pthread_barrier_destroy(&step->begin);
    pthread_barrier_destroy(&step->end);
    free(step->workers);
    free(step);
}
