/* The normal of a head's form that fits a mean and a covariance. */
#include "nn/head_fit.h"

#include <math.h>
#include <string.h>

#include "core/params.h"
#include "kernels/cholesky.h"

typedef tril_head_layout head;

/* the s that makes v, or as near as the floor lets it */
static double s_of(const head *h, double v)
{
    return h->diagonal->inverse(fmax(v - h->floor, 1e-3 * h->floor));
}

static bool degenerate(tril_ctx *ctx, size_t column, const char *text, double pivot)
{
    return tril_ctx_fail(ctx, TRIL_NOT_POSITIVE,
                         "head_init: target column %zu is constant%s (pivot %g)", column, text,
                         pivot);
}

static bool full(tril_ctx *ctx, const head *h, const double *covariance, double *l, double *off,
                 double *s)
{
    size_t d = h->d;
    memcpy(l, covariance, d * d * sizeof *l);
    size_t pivot = tril_cholesky_factor(d, l, h->floor * h->floor);
    if (pivot < d)
        return degenerate(ctx, pivot, " or a combination of those before it", l[pivot * (d + 1)]);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < i; j++)
            *off++ = l[i * d + j] / (h->lower == TRIL_LOWER_SCALED ? l[i * d + i] : 1);
        s[i] = s_of(h, l[i * d + i]);
    }
    return true;
}

/* standard deviations; *s may be where they are left */
static bool deviations(tril_ctx *ctx, const head *h, const double *covariance, double *sd)
{
    for (size_t i = 0; i < h->d; i++) {
        sd[i] = covariance[i * (h->d + 1)];
        if (tril_cholesky_factor(1, sd + i, h->floor * h->floor) < 1)
            return degenerate(ctx, i, "", sd[i]);
    }
    return true;
}

/* With the targets in reverse order covariance = L L', and T is L^-1 turned about its
 * antidiagonal. */
static bool precision(tril_ctx *ctx, const head *h, const double *covariance, double *l,
                      double *off, double *s)
{
    size_t d = h->d;
    double *x = l + d * d; /* L^-1 */
    for (size_t i = 0; i < d * d; i++)
        l[i] = covariance[d * d - 1 - i];
    size_t pivot = tril_cholesky_factor(d, l, h->floor * h->floor);
    if (pivot < d)
        return degenerate(ctx, d - 1 - pivot, " or a combination of those after it",
                          l[pivot * (d + 1)]);
    for (size_t j = 0; j < d; j++)
        for (size_t i = j; i < d; i++) {
            double sum = i == j;
            for (size_t k = j; k < i; k++)
                sum -= l[i * d + k] * x[k * d + j];
            x[i * d + j] = sum / l[i * d + i];
        }
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < i; j++) {
            double v = l[(d - 1 - j) * (d + 1)];
            *off++ = x[(d - 1 - j) * d + d - 1 - i] * (h->lower == TRIL_LOWER_SCALED ? v : 1);
        }
        s[i] = s_of(h, l[(d - 1 - i) * (d + 1)]);
    }
    return true;
}

/* ---- low rank: factor analysis by expectation and maximisation (Rubin and Thayer 1982), of the
 * correlations R: with K = I + W'D^-1 W, B = D^-1 W K^-1 and E = K^-1 + B'R B,
 *   W <- R B E^-1, D <- diag(R - W B'R) */

/* x = (L L')^-1 x */
static void solve(size_t n, const double *l, double *x)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            x[i] -= l[i * n + k] * x[k];
        x[i] /= l[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            x[i] -= l[k * n + i] * x[k];
        x[i] /= l[i * n + i];
    }
}

typedef struct factors {
    size_t d, r;
    double *sd, *unique; /* standard deviations; diagonal of D */
    double *correlation, *w, *b, *rb, *k, *e;
} factors;

static factors factors_at(const head *h, double *memory)
{
    size_t d = h->d, r = h->rank;
    factors f = { d, r, memory, memory + d, memory + 2 * d };
    f.w = f.correlation + d * d;
    f.b = f.w + d * r;
    f.rb = f.b + d * r;
    f.k = f.rb + d * r;
    f.e = f.k + r * r;
    return f;
}

/* numbers of order 1, no two columns alike */
static double pattern(size_t i, size_t k)
{
    return cos((double)((i + 1) * (k + 1)));
}

/* B, R B, and the factor of E */
static void expectation(const factors *f)
{
    size_t d = f->d, r = f->r;
    for (size_t a = 0; a < r * r; a++) {
        f->k[a] = a % (r + 1) == 0;
        for (size_t i = 0; i < d; i++)
            f->k[a] += f->w[i * r + a / r] * f->w[i * r + a % r] / f->unique[i];
    }
    tril_cholesky_factor(r, f->k, 1);
    for (size_t i = 0; i < d; i++) {
        for (size_t a = 0; a < r; a++)
            f->b[i * r + a] = f->w[i * r + a] / f->unique[i];
        solve(r, f->k, f->b + i * r);
    }
    for (size_t i = 0; i < d; i++)
        for (size_t a = 0; a < r; a++) {
            f->rb[i * r + a] = 0;
            for (size_t j = 0; j < d; j++)
                f->rb[i * r + a] += f->correlation[i * d + j] * f->b[j * r + a];
        }
    for (size_t a = 0; a < r; a++) {
        double *row = f->e + a * r; /* of K^-1, then of E */
        for (size_t c = 0; c < r; c++)
            row[c] = c == a;
        solve(r, f->k, row);
        for (size_t c = 0; c < r; c++)
            for (size_t i = 0; i < d; i++)
                row[c] += f->b[i * r + a] * f->rb[i * r + c];
    }
    tril_cholesky_factor(r, f->e, 1e-300);
}

static void maximisation(const factors *f)
{
    for (size_t i = 0; i < f->d; i++) {
        double *w = f->w + i * f->r, explained = 0;
        memcpy(w, f->rb + i * f->r, f->r * sizeof *w);
        solve(f->r, f->e, w);
        for (size_t a = 0; a < f->r; a++)
            explained += w[a] * f->rb[i * f->r + a];
        f->unique[i] = fmax(1 - explained, 1e-4);
    }
}

static bool low_rank(tril_ctx *ctx, const head *h, const double *covariance, double *memory,
                     double *off, double *s)
{
    const factors f = factors_at(h, memory);
    size_t d = f.d, r = f.r;
    if (!deviations(ctx, h, covariance, f.sd))
        return false;
    for (size_t i = 0; i < d * d; i++)
        f.correlation[i] = covariance[i] / f.sd[i / d] / f.sd[i % d];
    for (size_t i = 0; i < d * r; i++)
        f.w[i] = 1e-2 * pattern(i / r, i % r);
    for (size_t i = 0; i < d; i++)
        f.unique[i] = 1;
    for (int step = 0; step < 200; step++) {
        expectation(&f);
        maximisation(&f);
    }
    for (size_t i = 0; i < d; i++) {
        double v = sqrt(f.unique[i]);
        /* no column stays at zero, or along another: no gradient would part them */
        for (size_t a = 0; a < r; a++)
            *off++ = f.sd[i] * (f.w[i * r + a] + 1e-2 * v * pattern(i, a));
        s[i] = s_of(h, f.sd[i] * v);
    }
    return true;
}

/* ---- every form */

size_t tril_head_fit_doubles(const head *h)
{
    return 2 * h->d * (h->d + 1) + 3 * h->d * h->rank + 2 * h->rank * h->rank;
}

bool tril_head_fit(tril_ctx *ctx, const head *h, const double *mean, const double *covariance,
                   double *memory, double *raw)
{
    size_t d = h->d;
    double *off = raw + d, *s = raw + tril_head_s(h);
    const double more_df = 10 - TRIL_HEAD_LEAST_DF;
    memcpy(raw, mean, d * sizeof *raw);
    if (h->form == TRIL_HEAD_PRECISION)
        return precision(ctx, h, covariance, memory, off, s);
    if (h->form == TRIL_HEAD_LOW_RANK)
        return low_rank(ctx, h, covariance, memory, off, s);
    if (h->form == TRIL_HEAD_STUDENT)
        raw[h->width - 1] = log(more_df / (TRIL_HEAD_MORE_DF - more_df));
    if (h->form == TRIL_HEAD_FULL || h->form == TRIL_HEAD_STUDENT)
        return full(ctx, h, covariance, memory, off, s);
    if (!deviations(ctx, h, covariance, memory))
        return false;
    for (size_t i = 0; i < d; i++)
        s[i] = s_of(h, memory[i]);
    return true;
}
