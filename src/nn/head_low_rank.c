/* The head of a normal of low rank, row by row. */
#include <math.h>

#include "kernels/low_rank.h"
#include "nn/head.h"

typedef tril_head_layout head;

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
        g[tril_head_s(h) + i] = tril_low_rank_row_dlog_scale(&row, i) * slope[i];
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
        double v = row.scale[i], s = (double)raw[tril_head_s(h) + i];
        g[i] = row.residual[i];
        for (size_t a = 0; a < h->rank; a++)
            g[h->d + i * h->rank + a] =
                v * (tril_within(row.u[i] * row.zeta[a], 1e300) - row.b[i * h->rank + a]);
        g[tril_head_s(h) + i] =
            0.5 * tril_low_rank_row_dlog_scale(&row, i) * tril_head_reach(h, s, slope[i]);
    }
}

const tril_head_rows tril_head_low_rank_rows = { doubles, load, log_prob, gradient, natural };
