/* Where training begins, by rows of targets: at their moments, or for heads whose targets are in
 * units of their own at the distribution of largest likelihood that knows no inputs. */
#include <math.h>
#include <string.h>

#include "core/params.h"
#include "kernels/mvn.h"
#include "nn/dense.h"
#include "nn/head.h"

bool tril_support_check(tril_ctx *ctx, const char *what, const tril_head_opts *opts,
                        const tril_real *y, size_t n, size_t d)
{
    const tril_support *support = tril_head_kind_of(opts)->support;
    const double end = support == &tril_support_class ? (double)opts->classes : HUGE_VAL;
    for (size_t i = 0; i < n * d && support; i++)
        if (!isnan(y[i]) && !(support->holds((double)y[i]) && (double)y[i] < end))
            return tril_ctx_fail(ctx, TRIL_BAD_DATA,
                                 "%s: column %zu is %g in row %zu, but each target of the head %s "
                                 "is %s",
                                 what, i % d, (double)y[i], i / d, tril_head_kind_of(opts)->name,
                                 support->what);
    return true;
}

/* The rows, and what is known of their likelihood. */
typedef struct likelihood {
    const tril_head_layout *h;
    const tril_real *all_y, *all_w;
    const size_t *index; /* NULL: the first n */
    size_t n;
    tril_tape *tape;
    tril_real *raw, *y, *w; /* [width], and of some rows */
} likelihood;

enum { AT_ONCE = 4096 };

static size_t row_of(const likelihood *l, size_t i)
{
    return l->index ? l->index[i] : i;
}

/* The sum of weighted log-densities of all rows at raw [width], and its gradient. */
static bool evaluate(likelihood *l, const double *raw, double *value, double *gradient)
{
    const size_t d = l->h->d, width = l->h->width;
    *value = 0;
    for (size_t k = 0; k < width; k++) {
        gradient[k] = 0;
        l->raw[k] = tril_saturate(raw[k]);
    }
    for (size_t first = 0; first < l->n; first += AT_ONCE) {
        const size_t n = l->n - first < AT_ONCE ? l->n - first : AT_ONCE;
        for (size_t i = 0; i < n; i++) {
            const size_t row = row_of(l, first + i);
            memcpy(l->y + i * d, l->all_y + row * d, d * sizeof *l->y);
            l->w[i] = l->all_w ? l->all_w[row] : 1;
        }
        tril_tape_reset(l->tape);
        tril_var x = tril_requires_grad(tril_input(l->tape, l->raw, TRIL_SHAPE(width)));
        tril_var y = tril_input_missing(l->tape, l->y, TRIL_SHAPE(n, d));
        tril_var w = tril_input(l->tape, l->w, TRIL_SHAPE(n));
        tril_dist p = l->h->opts.kind->dist(l->h, x, (tril_var){ 0 });
        tril_var log_prob = tril_mul(w, tril_log_prob_missing(p, y));
        if (!tril_backward(tril_sum(log_prob)))
            return false;
        for (size_t i = 0; i < n; i++)
            *value += (double)tril_value(log_prob)[i];
        for (size_t k = 0; k < width; k++)
            gradient[k] += (double)tril_grad(x)[k];
    }
    return true;
}

/* Newton's step of each target by itself, with the slopes of its own gradient by differences;
 * slope [numbers of a target][width]. Where that is no peak, a step up. */
static void find_step(const tril_head_layout *h, const double *g, double *const *slope,
                      double *step)
{
    const size_t d = h->d;
    for (size_t j = 0; j < d; j++) {
        const double a = slope[0][j];
        if (h->width == d) {
            step[j] = a < 0 ? -g[j] / a : g[j];
            continue;
        }
        const double b = 0.5 * (slope[1][j] + slope[0][d + j]), c = slope[1][d + j];
        const double det = a * c - b * b;
        const bool peak = a < 0 && det > 0;
        step[j] = peak ? (b * g[d + j] - c * g[j]) / det : g[j] / (fabs(a) + 1e-12);
        step[d + j] = peak ? (b * g[j] - a * g[d + j]) / det : g[d + j] / (fabs(c) + 1e-12);
    }
    for (size_t k = 0; k < h->width; k++)
        step[k] = tril_within(step[k], 1);
}

/* raw [width] goes uphill until it moves no more; memory [6, width] */
static bool climb(likelihood *l, double *raw, double *memory)
{
    const size_t d = l->h->d, width = l->h->width, parts = width / d;
    const double h = 1e-2, still = 1e-6;
    double *g = memory, *step = g + width, *next = step + width, *next_g = next + width;
    double *slope[2] = { next_g + width, next_g + 2 * width }, value, other;
    if (!evaluate(l, raw, &value, g))
        return false;
    for (int round = 0; round < 30; round++) {
        for (size_t p = 0; p < parts; p++) {
            for (size_t k = 0; k < width; k++)
                next[k] = raw[k] + (k / d == p ? h : 0);
            if (!evaluate(l, next, &other, slope[p]))
                return false;
            for (size_t k = 0; k < width; k++)
                slope[p][k] = (slope[p][k] - g[k]) / h;
        }
        find_step(l->h, g, slope, step);
        double most = 0, size = 1;
        for (size_t k = 0; k < width; k++)
            most = fmax(most, fabs(step[k]));
        if (most < still)
            break;
        do {
            for (size_t k = 0; k < width; k++)
                next[k] = raw[k] + size * step[k];
            if (!evaluate(l, next, &other, next_g))
                return false;
            size /= 2;
        } while (!(other >= value) && size * most > still);
        if (!(other > value))
            break;
        value = other;
        memcpy(raw, next, width * sizeof *raw);
        memcpy(g, next_g, width * sizeof *g);
    }
    return true;
}

/* mean [d] and variances, on the diagonal of [d, d], of the numbers that are there */
static void moments_there(const likelihood *l, double *mean, double *covariance)
{
    const size_t d = l->h->d;
    for (size_t j = 0; j < d; j++) {
        double n = 0, squares = 0;
        mean[j] = 0;
        for (size_t i = 0; i < l->n; i++) {
            const size_t row = row_of(l, i);
            const double y = (double)l->all_y[row * d + j];
            const double w = l->all_w ? (double)l->all_w[row] : 1, off = y - mean[j];
            if (isnan(y) || !(w > 0))
                continue;
            n += w; /* West's */
            mean[j] += w * off / n;
            squares += w * off * (y - mean[j]);
        }
        for (size_t k = 0; k < d; k++)
            covariance[j * d + k] = j == k ? squares / n : 0;
        covariance[j * (d + 1)] = fmax(covariance[j * (d + 1)], 1e-12 * mean[j] * mean[j]);
    }
}

/* the logarithms of the shares of classes, of one that is not there half a row's */
static void put_shares(const likelihood *l, double *raw)
{
    const size_t k = l->h->width;
    double sum = 0;
    memset(raw, 0, k * sizeof *raw);
    for (size_t i = 0; i < l->n; i++) {
        const size_t row = row_of(l, i);
        if (!isnan(l->all_y[row]))
            raw[(size_t)l->all_y[row]] += l->all_w ? (double)l->all_w[row] : 1;
    }
    for (size_t j = 0; j < k; j++)
        sum += raw[j] = raw[j] > 0 ? raw[j] : 0.5;
    for (size_t j = 0; j < k; j++)
        raw[j] = log(raw[j] / sum);
}

bool tril_head_init_rows(tril_dense *last, const tril_real *y, const tril_real *w,
                         const size_t *index, size_t n, size_t d, const tril_head_opts *opts)
{
    tril_ctx *ctx = last->weight.params->ctx;
    tril_head_layout h;
    if (!tril_head_layout_of(ctx, d, opts, &h))
        return false;
    double *memory = tril_ctx_alloc(ctx, "head_init", d + d * d + 7 * h.width, sizeof *memory);
    likelihood l = { &h, y, w, index, n, tril_tape_new(ctx) };
    l.raw = tril_ctx_alloc(ctx, "head_init", h.width + AT_ONCE * (d + 1), sizeof *l.raw);
    bool done = memory && l.tape && l.raw;
    if (done) {
        double *raw = memory + d + d * d;
        l.y = l.raw + h.width;
        l.w = l.y + AT_ONCE * d;
        moments_there(&l, memory, memory + d);
        done = tril_head_start_moments(last, memory, memory + d, d, opts);
        for (size_t k = 0; k < h.width; k++)
            raw[k] = (double)tril_param_values(last->bias)[k];
        if (h.opts.kind->support == &tril_support_class)
            put_shares(&l, raw);
        else
            done = done && (h.width % d || h.width / d > 2 || climb(&l, raw, raw + h.width));
        for (size_t k = 0; k < h.width && done; k++)
            tril_param_values(last->bias)[k] = tril_saturate(raw[k]);
    }
    tril_tape_free(l.tape);
    tril_ctx_release(ctx, l.raw);
    tril_ctx_release(ctx, memory);
    return done;
}

/* ---- moments */

/* Mean [d] and covariance [d, d]; both begin at zero. */
static bool moments(tril_ctx *ctx, const tril_real *y, size_t rows, size_t d, double *mean,
                    double *covariance)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < d; j++) {
            if (!isfinite(y[i * d + j]))
                return tril_ctx_fail(ctx, TRIL_NOT_FINITE,
                                     "head_init: target column %zu is %g in row %zu", j,
                                     (double)y[i * d + j], i);
            /* from the first row on, so that the mean of a constant is that constant */
            mean[j] += ((double)y[i * d + j] - (double)y[j]) / (double)rows;
        }
    for (size_t j = 0; j < d; j++)
        mean[j] += (double)y[j];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < d; j++)
            for (size_t k = 0; k < d; k++)
                covariance[j * d + k] += ((double)y[i * d + j] - mean[j]) *
                                         ((double)y[i * d + k] - mean[k]) / (double)rows;
    return true;
}

bool tril_head_init(tril_dense *last, const tril_real *targets, size_t rows, size_t d,
                    const tril_head_opts *opts)
{
    if (!last || tril_ctx_failed(last->weight.params->ctx))
        return false;
    tril_ctx *ctx = last->weight.params->ctx;
    tril_head_layout h;
    if (!tril_head_layout_of(ctx, d, opts, &h))
        return false;
    if (rows == 0 || !targets)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head_init: there are no targets");
    if (h.opts.kind->support)
        return tril_support_check(ctx, "head_init", opts, targets, rows, d) &&
               tril_head_init_rows(last, targets, NULL, NULL, rows, d, opts);
    double *mean = tril_ctx_alloc(ctx, "head_init", d * (1 + d), sizeof *mean);
    if (!mean)
        return false;
    memset(mean, 0, d * (1 + d) * sizeof *mean);
    bool done = moments(ctx, targets, rows, d, mean, mean + d) &&
                tril_head_start_moments(last, mean, mean + d, d, opts);
    tril_ctx_release(ctx, mean);
    return done;
}
