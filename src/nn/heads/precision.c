/* The head of a normal by its precision factor T, whose diagonal is 1 / v, row by row. */
#include <math.h>

#include "kernels/cholesky.h"
#include "nn/head_block.h"

typedef tril_head_block head;

static size_t doubles(const head *h)
{
    return tril_mvn_row_doubles(h->d) + h->d;
}

static tril_mvn_row row_of(const head *h, double *memory, const tril_real *raw)
{
    tril_mvn_row row = tril_mvn_row_at(memory, h->d, h->lower);
    row.off = raw + h->begin;
    return row;
}

static bool load(const head *h, double *memory, const tril_real *raw)
{
    tril_mvn_row row = row_of(h, memory, raw);
    double *slope = memory + tril_mvn_row_doubles(h->d);
    bool finite = tril_head_load(h, raw, row.diag, row.log_diag, slope);
    for (size_t i = 0; i < h->d; i++) {
        row.diag[i] = 1 / row.diag[i];
        row.log_diag[i] = -row.log_diag[i];
    }
    return finite;
}

static double log_prob(const head *h, double *memory, const tril_real *raw, const tril_real *y)
{
    tril_mvn_row row = row_of(h, memory, raw);
    return tril_mvn_row_residual(&row, y, raw) ? tril_mvn_row_precision_log_prob(&row)
                                               : (double)NAN;
}

/* with z = T'r: d/dloc = T z, d/dT = diag(v) - tril(r z') */
static void gradient(const head *h, double *memory, const tril_real *raw, double *g)
{
    tril_mvn_row row = row_of(h, memory, raw);
    const double *slope = memory + tril_mvn_row_doubles(h->d);
    bool scaled = h->lower == TRIL_LOWER_SCALED;
    double *off = g + h->d, *s = g + h->s;
    tril_mvn_row_precision_backward(&row);
    for (size_t i = 0; i < h->d; i++) {
        g[i] = row.w[i];
        for (size_t j = 0; j < i; j++)
            *off++ = -row.r[i] * (scaled ? tril_mvn_row_scaled_z(&row, j) : row.z[j]);
        /* with respect to log v_i; a scaled column of T moves with it as a whole */
        double dz = scaled ? row.z[i] : tril_within(row.diag[i] * row.r[i], 1e180);
        s[i] = (row.z[i] * dz - 1) * slope[i];
    }
}

static const tril_head_rows rows = { doubles, load, log_prob, gradient };

/* in other coordinates the factor is R^-T T */
static tril_dist base(const head *h, tril_var raw, tril_var loc, tril_var r)
{
    tril_var factor = tril_head_factor(raw, h);
    return tril_mvn_precision_tril(
        loc, r.tape ? tril_solve_tril(tril_transpose(r, 0, 1), factor, false) : factor);
}

/* With the targets in reverse order covariance = L L', and T is L^-1 turned about its
 * antidiagonal. */
static bool fit(tril_ctx *ctx, const head *h, const double *covariance, double *l, double *off,
                double *s)
{
    size_t d = h->d;
    double *x = l + d * d; /* L^-1 */
    for (size_t i = 0; i < d * d; i++)
        l[i] = covariance[d * d - 1 - i];
    size_t pivot = tril_cholesky_factor(d, l, h->floor * h->floor);
    if (pivot < d)
        return tril_head_degenerate(ctx, d - 1 - pivot, " or a combination of those after it",
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
        s[i] = tril_head_s_of(h, l[(d - 1 - i) * (d + 1)]);
    }
    return true;
}

static const tril_head_form form = { .dist = &tril_dist_kind_head,
                                     .rows = &rows,
                                     .power = -1,
                                     .base = base,
                                     .entropy = tril_head_full_entropy,
                                     .fit = fit };

const tril_head_kind tril_head_precision = { TRIL_HEAD_BLOCK("precision", &form, TRIL_FRAME_UPPER),
                                             .width = tril_head_full_width, .normal = true };
