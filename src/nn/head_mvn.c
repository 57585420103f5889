/* Heads of a full and of a diagonal normal, row by row. */
#include <float.h>
#include <math.h>

#include "nn/head.h"

typedef tril_head_layout head;

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

static double *slope_of(const head *h, double *memory)
{
    return memory + tril_mvn_row_doubles(h->d);
}

static bool load(const head *h, double *memory, const tril_real *raw)
{
    tril_mvn_row row = row_of(h, memory, raw);
    return tril_head_load(h, raw, row.diag, row.log_diag, slope_of(h, memory));
}

static double log_prob(const head *h, double *memory, const tril_real *raw, const tril_real *y)
{
    tril_mvn_row row = row_of(h, memory, raw);
    return tril_mvn_row_residual(&row, y, raw) ? tril_mvn_row_log_prob(&row) : (double)NAN;
}

static void gradient(const head *h, double *memory, const tril_real *raw, double *g)
{
    tril_mvn_row row = row_of(h, memory, raw);
    const double *slope = slope_of(h, memory);
    bool scaled = h->lower == TRIL_LOWER_SCALED;
    double *off = g + h->d, *s = g + h->width - h->d;
    tril_mvn_row_backward(&row);
    for (size_t i = 0; i < h->d; i++) {
        g[i] = tril_mvn_row_a(&row, i);
        for (size_t j = 0; j < tril_lower_count(h->lower, i); j++)
            *off++ = (scaled ? row.w[i] : g[i]) * row.z[j];
        /* with respect to log L_ii; a scaled row of L moves with it as a whole */
        double dlog = row.w[i] * (scaled ? tril_mvn_row_scaled_r(&row, i) : row.z[i]) - 1;
        s[i] = tril_within(dlog, DBL_MAX) * slope[i];
    }
}

/* In local coordinates, loc + L delta and L exp(M), the Fisher matrix is 1 for delta and the
 * off-diagonals of M, 2 for its diagonal, and the gradient z and z_i z_j, z_i^2 - 1: loc moves by
 * L z = r, L by L M with M_ij = z_i z_j, M_ii = (z_i^2 - 1) / 2. */
static void natural(const head *h, double *memory, const tril_real *raw, double *g)
{
    const tril_mvn_row row = row_of(h, memory, raw);
    const double *slope = slope_of(h, memory), bound = 1e200;
    bool scaled = h->lower == TRIL_LOWER_SCALED;
    double *s = g + h->width - h->d;
    for (size_t i = 0; i < h->d; i++) {
        size_t begin = tril_lower_begin(h->lower, h->d, i);
        double zi = row.z[i], mi = 0.5 * (zi * zi - 1);
        double sum = scaled ? zi : row.diag[i] * zi; /* of L_ik z_k from k = i down to j + 1 */
        g[i] = row.r[i];
        for (size_t j = tril_lower_count(h->lower, i); j-- > 0;) {
            double l = tril_mvn_loaded(row.off[begin + j]), zj = row.z[j];
            double mj = 0.5 * (zj * zj - 1) - (scaled ? mi : 0);
            sum = tril_within(sum, bound);
            g[h->d + begin + j] = zj * sum + tril_within(l * mj, bound);
            sum += l * zj;
        }
        s[i] = mi * tril_head_reach(h, (double)raw[h->width - h->d + i], slope[i]);
    }
}

const tril_head_rows tril_head_mvn_rows = { doubles, load, log_prob, gradient, natural };
