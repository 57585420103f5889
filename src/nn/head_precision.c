/* The head of a normal by its precision factor T, row by row: eta = T'r, without a division by what
 * may be small but that of r_i by v_i. */
#include <math.h>

#include "nn/head.h"

typedef tril_head_layout head;

/* as in kernels/mvn.c: no infinities that could meet */
static const double max_eta = 1e100, max_scaled = TRIL_MVN_MAX_W, max_term = 1e300;

/* a row of kernels/mvn.h: diag is v, z is eta, w is r / v; behind it the slopes */
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
    return tril_head_load(h, raw, row.diag, row.log_diag, memory + tril_mvn_row_doubles(h->d));
}

static double log_prob(const head *h, double *memory, const tril_real *raw, const tril_real *y)
{
    tril_mvn_row row = row_of(h, memory, raw);
    const tril_real *off = row.off;
    if (!tril_mvn_row_residual(&row, y, raw))
        return (double)NAN;
    for (size_t i = 0; i < h->d; i++) {
        row.z[i] = 0;
        for (size_t j = 0; j < i; j++)
            row.z[j] += tril_mvn_loaded(*off++) * row.r[i];
    }
    double log_prob = -0.5 * (double)h->d * TRIL_LOG_2PI;
    for (size_t j = 0; j < h->d; j++) {
        row.w[j] = tril_within(row.r[j] / row.diag[j], max_scaled);
        row.z[j] = h->lower == TRIL_LOWER_SCALED ? (row.r[j] + row.z[j]) / row.diag[j]
                                                 : row.w[j] + row.z[j];
        row.z[j] = tril_within(row.z[j], max_eta);
        log_prob -= 0.5 * row.z[j] * row.z[j] + row.log_diag[j];
    }
    return log_prob;
}

static void gradient(const head *h, double *memory, const tril_real *raw, double *g)
{
    const tril_mvn_row row = row_of(h, memory, raw);
    const double *slope = memory + tril_mvn_row_doubles(h->d), *eta = row.z;
    bool scaled = h->lower == TRIL_LOWER_SCALED;
    double *off = g + h->d, *s = g + h->width - h->d;
    for (size_t j = 0; j < h->d; j++) {
        g[j] = tril_within(eta[j] / row.diag[j], max_scaled);
        /* eta_j falls as log v_j grows, by itself or by its first term */
        s[j] = (eta[j] * (scaled ? eta[j] : row.w[j]) - 1) * slope[j];
        row.w[j] = scaled ? g[j] : eta[j]; /* eta_j dT_ij / draw_ij */
    }
    for (size_t i = 0; i < h->d; i++)
        for (size_t j = 0, at = i * (i - (i > 0)) / 2; j < i; j++, at++) {
            off[at] = -row.w[j] * row.r[i];
            g[i] += tril_within(tril_mvn_loaded(row.off[at]) * row.w[j], max_term);
        }
}

const tril_head_rows tril_head_precision_rows = { doubles, load, log_prob, gradient };
