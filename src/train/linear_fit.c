/* Lines by ridge regression, and the covariance of their residuals. */
#include "train/linear_fit.h"

#include <math.h>
#include <string.h>

#include "core/ctx.h"
#include "kernels/blas.h"
#include "kernels/cholesky.h"
#include "train/incomplete.h"

/* Ridges, in units of the rows: from 1 down by half a power of ten each. */
enum { CHUNK = 256, RIDGES = 17, STEPS = 100 };

/* Lines move with what censored numbers may be: until a covariance moves less than this. */
static const double still = 1e-3;

/* A degree of freedom counts as 1.4 in the cross-validation: with few rows the plain criterion
 * chooses a ridge that is far too small now and then (Kim and Gu 2004). */
static const double cost = 1.4;

/* Sums over the rows that have some targets, which share them. */
typedef struct sums {
    tril_batch rows;
    tril_bounds bounds;
    const size_t *index;
    tril_real *filled; /* [n, d]: y with the means of numbers known by bounds; NULL: no bounds */
    size_t p, d, first, m;                 /* targets first, ..., first + m - 1 of d */
    double n, *x_mean, *y_mean;            /* n: the sum of the rows' weights */
    double *gram, *cross, *squares;        /* X'X [p, p], Y'X [m, p] and diag(Y'Y) [m], centred */
    double *factor, *inverse, *b, *memory; /* [p, p] twice, [m, p], a chunk of rows */
} sums;

static size_t row_of(const sums *s, size_t i)
{
    return s->index ? s->index[i] : i;
}

static double weight_of(const sums *s, size_t row)
{
    return tril_weight_of(s->rows.w, row);
}

static double y_of(const sums *s, size_t i, size_t j)
{
    return (double)(s->filled ? s->filled[i * s->d + j] : s->rows.y[row_of(s, i) * s->d + j]);
}

/* a number of targets that share their rows is there in all of them */
static bool counts(const sums *s, size_t i)
{
    return !isnan(y_of(s, i, s->first));
}

static void add_means(sums *s)
{
    s->n = 0;
    memset(s->x_mean, 0, s->p * sizeof *s->x_mean);
    memset(s->y_mean, 0, s->m * sizeof *s->y_mean);
    for (size_t i = 0; i < s->rows.n; i++) {
        const size_t row = row_of(s, i);
        if (!counts(s, i))
            continue;
        const double weight = weight_of(s, row);
        s->n += weight;
        for (size_t j = 0; j < s->p; j++)
            s->x_mean[j] += weight * ((double)s->rows.x[row * s->p + j] - s->x_mean[j]) / s->n;
        for (size_t j = 0; j < s->m; j++)
            s->y_mean[j] += weight * (y_of(s, i, s->first + j) - s->y_mean[j]) / s->n;
    }
}

static void add_products(sums *s)
{
    double *x = s->memory, *y = x + CHUNK * s->p;
    memset(s->gram, 0, s->p * s->p * sizeof *s->gram);
    memset(s->cross, 0, s->m * s->p * sizeof *s->cross);
    memset(s->squares, 0, s->m * sizeof *s->squares);
    for (size_t i = 0; i < s->rows.n;) {
        size_t n = 0;
        for (; i < s->rows.n && n < CHUNK; i++) {
            const size_t row = row_of(s, i);
            if (!counts(s, i))
                continue;
            const double root = sqrt(weight_of(s, row));
            for (size_t j = 0; j < s->p; j++)
                x[n * s->p + j] = root * ((double)s->rows.x[row * s->p + j] - s->x_mean[j]);
            for (size_t j = 0; j < s->m; j++) {
                const double centred = root * (y_of(s, i, s->first + j) - s->y_mean[j]);
                y[n * s->m + j] = centred;
                s->squares[j] += centred * centred;
            }
            n++;
        }
        if (s->p > 0) {
            tril_add_gram(n, s->p, s->p, x, x, s->gram);
            tril_add_gram(n, s->m, s->p, y, x, s->cross);
        }
    }
}

/* the lines with one ridge, and the degrees of freedom that these take */
static double solve(sums *s, double ridge)
{
    const size_t p = s->p;
    memcpy(s->factor, s->gram, p * p * sizeof *s->factor);
    memset(s->inverse, 0, p * p * sizeof *s->inverse);
    for (size_t j = 0; j < p; j++) {
        s->factor[j * (p + 1)] += ridge;
        s->inverse[j * (p + 1)] = 1;
    }
    tril_cholesky_factor(p, s->factor, ridge);
    tril_trsm_rows(false, p, p, s->factor, s->inverse);
    memcpy(s->b, s->cross, s->m * p * sizeof *s->b);
    tril_trsm_rows(false, s->m, p, s->factor, s->b);
    tril_trsm_rows(true, s->m, p, s->factor, s->b);
    double trace = 0;
    for (size_t i = 0; i < p * p; i++)
        trace += s->inverse[i] * s->inverse[i];
    return fmax((double)p - ridge * trace, 0);
}

/* |y - X b|^2 of target j: b solves (X'X + ridge) b = X'y */
static double squares_left(const sums *s, size_t j, double ridge)
{
    double left = s->squares[j];
    for (size_t k = 0; k < s->p; k++) {
        const double b = s->b[j * s->p + k];
        left -= b * (s->cross[j * s->p + k] + ridge * b);
    }
    return fmax(left, 1e-14 * s->squares[j] + 1e-300);
}

/* Generalised cross-validation of some lines, but for what all ridges share: log of the squares
 * that are left, over the square of the rows that are, summed over targets. ridge < 0: no lines. */
static double criterion(const sums *s, double ridge, double trace)
{
    const double rows = s->n - 1 - cost * trace;
    double sum = 0;
    for (size_t j = 0; j < s->m; j++)
        sum +=
            log((ridge < 0 ? s->squares[j] + 1e-300 : squares_left(s, j, ridge)) / (rows * rows));
    return rows > 0 ? sum : HUGE_VAL;
}

/* The best lines into weight [m, p], bias [m]; returns the degrees of freedom that they take,
 * the intercept's apart. Targets share a
 * ridge, so that what holds for a sum of them holds for their lines. */
static double choose(sums *s, bool flat, double *weight, double *bias)
{
    double best = criterion(s, -1, 0), df = 0;
    memset(weight, 0, s->m * s->p * sizeof *weight);
    for (int k = 0; k < RIDGES && !flat; k++) {
        const double ridge = s->n * pow(10, -0.5 * k), trace = solve(s, ridge);
        const double value = criterion(s, ridge, trace);
        if (!(value < best))
            continue;
        best = value;
        df = trace;
        memcpy(weight, s->b, s->m * s->p * sizeof *weight);
    }
    for (size_t j = 0; j < s->m; j++) {
        bias[j] = s->y_mean[j];
        for (size_t k = 0; k < s->p; k++)
            bias[j] -= weight[j * s->p + k] * s->x_mean[k];
    }
    return df;
}

/* the lines, and the share of its rows that each takes */
static bool fit_lines(tril_ctx *ctx, sums *s, bool flat, const tril_linear_fit *out, double *df)
{
    for (s->first = 0; s->first < s->d; s->first += s->m) {
        add_means(s);
        if (!(s->n > 0))
            return tril_ctx_fail(ctx, TRIL_BAD_DATA,
                                 "fit: target column %zu is missing in every row", s->first);
        add_products(s);
        const double taken = choose(s, flat, out->weight + s->first * s->p, out->bias + s->first);
        for (size_t j = 0; j < s->m; j++)
            df[s->first + j] = taken / s->n;
    }
    return true;
}

/* ---- the covariance */

/* What the lines leave over of a row, [d], and of its bounds behind that, [2, d], if there are any;
 * then the lines, [d]; how many numbers are there, or known by bounds. */
static size_t residuals(const sums *s, const tril_linear_fit *fit, size_t i, double *e)
{
    const size_t row = row_of(s, i), d = s->d;
    size_t there = 0;
    for (size_t j = 0; j < d; j++) {
        double line = fit->bias[j];
        for (size_t k = 0; k < s->p; k++)
            line += fit->weight[j * s->p + k] * (double)s->rows.x[row * s->p + k];
        e[j] = (double)s->rows.y[row * d + j] - line;
        e[d + j] = s->filled ? (double)s->bounds.low[row * d + j] - line : (double)NAN;
        e[2 * d + j] = s->filled ? (double)s->bounds.high[row * d + j] - line : (double)NAN;
        e[3 * d + j] = line;
        there += !isnan(e[j]) || isfinite(e[d + j]) || isfinite(e[2 * d + j]);
    }
    return there;
}

/* Expectation and maximisation on from the present covariance, some steps; one where nothing is
 * missing. Returns how far the last one moved it; *n: the sum of the weights; memory: d (3 d + 6).
 */
static double maximise(const sums *s, const tril_linear_fit *fit, int steps, double *memory,
                       size_t *order, double *n)
{
    const size_t d = s->d;
    double *now = fit->covariance, *complete = memory, *sum = complete + d * d, *e = sum + d * d;
    double moved = 1;
    memset(complete, 0, d * d * sizeof *complete);
    *n = 0;
    for (int step = 0; step < steps && moved > 1e-6; step++) {
        memcpy(sum, complete, d * d * sizeof *sum);
        for (size_t i = 0; i < s->rows.n; i++) {
            const size_t known = residuals(s, fit, i, e);
            const double weight = weight_of(s, row_of(s, i));
            bool whole = true;
            for (size_t j = 0; j < d; j++)
                whole &= !isnan(e[j]);
            *n += step == 0 && known > 0 ? weight : 0;
            for (size_t j = 0; j < d * d && whole && step == 0; j++)
                complete[j] += weight * e[j / d] * e[j % d];
            if (known > 0 && !whole)
                tril_add_incomplete(d, weight, e, now, sum, e + 4 * d, order);
            for (size_t j = 0; j < d && s->filled && !whole; j++)
                if (isnan(s->rows.y[row_of(s, i) * d + j]) && !isnan(s->filled[i * d + j]))
                    s->filled[i * d + j] = (tril_real)(e[3 * d + j] + e[j]);
        }
        moved = 0;
        for (size_t i = 0; i < d * d; i++) {
            const double next = (sum[i] + (step ? 0 : complete[i])) / *n;
            moved = fmax(moved, fabs(next - now[i]));
            now[i] = next;
        }
    }
    return moved;
}

/* from unit covariance on; df [d]: the share of its rows that a target's line takes */
static bool fit_covariance(tril_ctx *ctx, sums *s, const tril_linear_fit *fit, bool flat,
                           double *memory, size_t *order)
{
    const size_t d = s->d;
    double *now = fit->covariance, *df = memory, moved = 1, n = 0;
    for (size_t i = 0; i < d * d; i++)
        now[i] = i % (d + 1) == 0;
    for (int step = 0; step < STEPS && moved > still; step++) {
        if (!fit_lines(ctx, s, flat, fit, df))
            return false;
        moved = maximise(s, fit, s->filled ? 1 : STEPS, memory + d, order, &n);
        moved = s->filled ? moved : 0;
    }
    const double least = fmin(0.5 / n, 1);
    for (size_t i = 0; i < d * d; i++) /* as if the rows were fewer by what the lines took */
        now[i] /= sqrt(fmax(1 - df[i / d], least) * fmax(1 - df[i % d], least));
    return true;
}

/* ---- */

/* what a number known by bounds counts as at first */
static tril_real first_guess(tril_real low, tril_real high)
{
    if (isfinite(low) && isfinite(high))
        return (tril_real)0.5 * low + (tril_real)0.5 * high;
    return isfinite(low) ? low : isfinite(high) ? high : (tril_real)NAN;
}

static bool make_filled(tril_ctx *ctx, sums *s)
{
    const size_t size = s->rows.n * s->d;
    if (!s->bounds.low)
        return true;
    tril_real *filled = tril_ctx_alloc(ctx, "fit", size, sizeof *filled);
    for (size_t i = 0; i < size && filled; i++) {
        const size_t at = row_of(s, i / s->d) * s->d + i % s->d;
        const tril_real y = s->rows.y[at];
        filled[i] = isnan(y) ? first_guess(s->bounds.low[at], s->bounds.high[at]) : y;
    }
    s->filled = filled;
    return filled;
}

static bool is_complete(const sums *s)
{
    for (size_t i = 0; i < s->rows.n; i++)
        for (size_t j = 0; j < s->d; j++)
            if (isnan(y_of(s, i, j)))
                return false;
    return true;
}

/* room for m targets at once */
static double *make_sums(tril_ctx *ctx, sums *s, double **rest)
{
    const size_t p = s->p, m = s->m, d = s->d;
    double *memory = tril_ctx_alloc(
        ctx, "fit", 3 * p * p + 2 * m * p + p + 2 * m + CHUNK * (p + m) + 4 * d * d + 8 * d,
        sizeof *memory);
    if (!memory)
        return NULL;
    s->x_mean = memory, s->y_mean = s->x_mean + p, s->gram = s->y_mean + m;
    s->cross = s->gram + p * p, s->squares = s->cross + m * p, s->factor = s->squares + m;
    s->inverse = s->factor + p * p, s->b = s->inverse + p * p, s->memory = s->b + m * p;
    *rest = s->memory + CHUNK * (p + m);
    return memory;
}

bool tril_linear_fit_rows(tril_ctx *ctx, tril_batch rows, tril_bounds bounds, const size_t *index,
                          size_t inputs, size_t d, bool flat, tril_linear_fit *out)
{
    sums s = { .rows = rows, .bounds = bounds, .index = index, .p = inputs, .d = d };
    double *memory = NULL, *rest = NULL;
    *out = (tril_linear_fit){ .weight = tril_ctx_alloc(ctx, "fit", d * (inputs + 1 + d),
                                                       sizeof(double)) };
    size_t *order = tril_ctx_alloc(ctx, "fit", d, sizeof *order);
    bool done = out->weight && order && make_filled(ctx, &s);
    if (done) {
        s.m = is_complete(&s) ? d : 1;
        memory = make_sums(ctx, &s, &rest);
        out->bias = out->weight + d * inputs;
        out->covariance = out->bias + d;
    }
    done = memory &&
           (tril_blas_ready() ||
            tril_ctx_fail(ctx, TRIL_OUT_OF_MEMORY, "fit: out of memory for a buffer of BLAS"));
    if (done) {
        tril_blas_single(true); /* the same bits for any number of its threads */
        done = fit_covariance(ctx, &s, out, flat, rest, order);
        tril_blas_single(false);
    }
    tril_ctx_release(ctx, memory);
    tril_ctx_release(ctx, order);
    tril_ctx_release(ctx, s.filled);
    if (!done)
        tril_ctx_release(ctx, out->weight);
    return done;
}
