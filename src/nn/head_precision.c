/* The head of a normal by its precision factor T, whose diagonal is 1 / v, row by row. */
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
    double *off = g + h->d, *s = g + tril_head_s(h);
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

const tril_head_rows tril_head_precision_rows = { doubles, load, log_prob, gradient };
