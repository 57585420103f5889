/* The head of a normal of low rank, row by row. */
#include <math.h>
#include <string.h>

#include "core/shape.h"
#include "kernels/cholesky.h"
#include "kernels/low_rank.h"
#include "nn/head_block.h"

typedef tril_head_block head;

static size_t doubles(const head *h)
{
    return tril_low_rank_row_doubles(h->d, h->rank) + h->d;
}

static double *slope_of(const head *h, double *memory)
{
    return memory + tril_low_rank_row_doubles(h->d, h->rank);
}

static bool load(const head *h, double *memory, const tril_real *raw)
{
    tril_low_rank_row row = tril_low_rank_row_at(memory, h->d, h->rank);
    if (!tril_head_load(h, raw, row.scale, row.log_scale, slope_of(h, memory)))
        return false;
    tril_low_rank_row_factor(&row, raw + h->begin);
    return true;
}

static double log_prob(const head *h, double *memory, const tril_real *raw, const tril_real *y)
{
    tril_low_rank_row row = tril_low_rank_row_at(memory, h->d, h->rank);
    return tril_low_rank_row_residual(&row, y, raw) ? tril_low_rank_row_log_prob(&row)
                                                    : (double)NAN;
}

static void gradient(const head *h, double *memory, const tril_real *raw, double *g)
{
    tril_low_rank_row row = tril_low_rank_row_at(memory, h->d, h->rank);
    const double *slope = slope_of(h, memory);
    (void)raw;
    tril_low_rank_row_backward(&row);
    for (size_t i = 0; i < h->d; i++) {
        g[i] = tril_low_rank_row_dloc(&row, i);
        for (size_t a = 0; a < h->rank; a++)
            g[h->d + i * h->rank + a] = tril_low_rank_row_dw(&row, i, a);
        g[h->s + i] = tril_low_rank_row_dlog_scale(&row, i) * slope[i];
    }
}

/* loc by its Fisher matrix, whose inverse is the covariance; W and v by that of y and the latent
 * numbers e together, y = loc + W e + v eps: 1 / v_i^2 for each number of row i of W, 2 for log
 * v_i. It is not less than the Fisher matrix of y alone, so that no step is longer than a natural
 * one. */
static void natural(const head *h, double *memory, const tril_real *raw, double *g)
{
    tril_low_rank_row row = tril_low_rank_row_at(memory, h->d, h->rank);
    const double *slope = slope_of(h, memory);
    for (size_t i = 0; i < h->d; i++) {
        double v = row.scale[i], s = (double)raw[h->s + i];
        g[i] = row.residual[i];
        for (size_t a = 0; a < h->rank; a++)
            g[h->d + i * h->rank + a] =
                v * (tril_within(row.u[i] * row.zeta[a], 1e300) - row.b[i * h->rank + a]);
        g[h->s + i] = 0.5 * tril_low_rank_row_dlog_scale(&row, i) * tril_head_reach(h, s, slope[i]);
    }
}

static const tril_head_rows rows = { doubles, load, log_prob, gradient, natural };

/* ---- */

static size_t width(size_t d, const tril_head_opts *opts)
{
    return d * (opts->rank + 2);
}

/* W, [..., d, rank] */
static tril_var w_of(const head *h, tril_var raw)
{
    tril_shape shape;
    if (!tril_var_shape(raw, "head", &shape))
        return (tril_var){ 0 };
    shape.dim[shape.rank - 1] = h->d;
    if (!tril_shape_append(&shape, h->rank))
        return tril_var_fail(raw.tape, "head", TRIL_BAD_SHAPE,
                             "raw is %s, whose matrices have no room in rank 4",
                             tril_shape_text(tril_shape_of(raw)).text);
    return tril_reshape(tril_slice(raw, -1, h->begin, h->d * h->rank), shape);
}

static tril_dist base(const head *h, tril_var raw, tril_var loc, tril_var r)
{
    tril_var w = w_of(h, raw), variance = tril_head_factor(raw, h);
    if (r.tape) {
        tril_var diagonal = tril_diagonal(r);
        w = tril_mul(w, tril_reshape(diagonal, TRIL_SHAPE(h->d, 1)));
        variance = tril_mul(variance, tril_square(diagonal));
    }
    return tril_mvn_low_rank(loc, w, variance);
}

/* ---- the fit: factor analysis by expectation and maximisation (Rubin and Thayer 1982), of the
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

static bool fit(tril_ctx *ctx, const head *h, const double *covariance, double *memory, double *off,
                double *s)
{
    const factors f = factors_at(h, memory);
    size_t d = f.d, r = f.r;
    if (!tril_head_deviations(ctx, h, covariance, f.sd))
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
        s[i] = tril_head_s_of(h, f.sd[i] * v);
    }
    return true;
}

static const tril_head_form form = { .dist = &tril_dist_kind_head,
                                     .rows = &rows,
                                     .diagonal = true,
                                     .power = 2,
                                     .base = base,
                                     .fit = fit };

const tril_head_kind tril_head_lowrank = { TRIL_HEAD_BLOCK("lowrank", &form, TRIL_FRAME_DIAGONAL),
                                           .rank = true, .width = width, .natural = true,
                                           .normal = true };
