/* Least squares by corrected seminormal equations (Bjorck 1987). */
#include "kernels/low_rank.h"

#include <math.h>
#include <string.h>

#include "kernels/lq.h"
#include "kernels/mvn.h"

/* Bounds that no useful number meets, so that no product or sum is infinite. */
static const double max_loaded = 1e100, max_solved = 1e150, max_term = 1e300;

size_t tril_low_rank_row_doubles(size_t d, size_t r)
{
    return 5 * d + 2 * d * r + r * (d + r) + 2 * r;
}

tril_low_rank_row tril_low_rank_row_at(double *memory, size_t d, size_t r)
{
    tril_low_rank_row row = { d, r, memory, memory + d };
    row.residual = row.log_scale + d;
    row.u = row.residual + d;
    row.leverage = row.u + d;
    row.v = row.leverage + d;
    row.b = row.v + d * r;
    row.lq = row.b + d * r;
    row.zeta = row.lq + r * (d + r);
    row.step = row.zeta + r;
    return row;
}

void tril_low_rank_row_factor(tril_low_rank_row *row, const tril_real *w)
{
    size_t d = row->d, r = row->r, m = d + r;
    for (size_t i = 0; i < d * r; i++)
        row->v[i] = tril_within((double)w[i] / row->scale[i / r], max_loaded);
    for (size_t a = 0; a < r; a++) {
        for (size_t i = 0; i < m; i++)
            row->lq[a * m + i] = i < d ? row->v[i * r + a] : i - d == a;
        row->zeta[a] = 1; /* no pivot of I + V'V is below 1 */
    }
    tril_lq_factor(r, m, row->lq, row->zeta);
}

bool tril_low_rank_row_residual(tril_low_rank_row *row, const tril_real *y, const tril_real *loc)
{
    bool finite = true;
    for (size_t i = 0; i < row->d; i++) {
        finite &= isfinite(y[i]) && isfinite(loc[i]);
        row->residual[i] = tril_within((double)y[i] - (double)loc[i], max_solved);
    }
    return finite;
}

/* x = (L L')^-1 x */
static void solve(const tril_low_rank_row *row, double *x)
{
    size_t r = row->r, m = row->d + r;
    for (size_t i = 0; i < r; i++) {
        for (size_t k = 0; k < i; k++)
            x[i] -= row->lq[i * m + k] * x[k];
        x[i] = tril_within(x[i] / row->lq[i * m + i], max_solved);
    }
    for (size_t i = r; i-- > 0;) {
        for (size_t k = i + 1; k < r; k++)
            x[i] -= row->lq[k * m + i] * x[k];
        x[i] = tril_within(x[i] / row->lq[i * m + i], max_solved);
    }
}

/* u = z - V zeta */
static void subtract(tril_low_rank_row *row)
{
    for (size_t i = 0; i < row->d; i++) {
        double sum = tril_within(row->residual[i] / row->scale[i], max_loaded);
        for (size_t a = 0; a < row->r; a++)
            sum -= row->v[i * row->r + a] * row->zeta[a];
        row->u[i] = tril_within(sum, max_solved);
    }
}

double tril_low_rank_row_log_prob(tril_low_rank_row *row)
{
    size_t d = row->d, r = row->r;
    double log_prob = -0.5 * (double)d * TRIL_LOG_2PI;
    memset(row->zeta, 0, r * sizeof *row->zeta);
    subtract(row);
    for (int round = 0; round < 2; round++) { /* the second corrects what the first has rounded */
        for (size_t a = 0; a < r; a++) {
            row->step[a] = -row->zeta[a];
            for (size_t i = 0; i < d; i++)
                row->step[a] += row->v[i * r + a] * row->u[i];
        }
        solve(row, row->step);
        for (size_t a = 0; a < r; a++)
            row->zeta[a] = tril_within(row->zeta[a] + row->step[a], max_solved);
        subtract(row);
    }
    for (size_t i = 0; i < d; i++)
        log_prob -= 0.5 * row->u[i] * row->u[i] + row->log_scale[i];
    for (size_t a = 0; a < r; a++)
        log_prob -= 0.5 * row->zeta[a] * row->zeta[a] + log(row->lq[a * (d + r) + a]);
    return log_prob;
}

void tril_low_rank_row_backward(tril_low_rank_row *row)
{
    memcpy(row->b, row->v, row->d * row->r * sizeof *row->b);
    for (size_t i = 0; i < row->d; i++) {
        double *b = row->b + i * row->r, sum = 0;
        solve(row, b);
        for (size_t a = 0; a < row->r; a++)
            sum += row->v[i * row->r + a] * b[a];
        row->leverage[i] = sum < 0 ? 0 : sum > 1 ? 1 : sum;
    }
}

double tril_low_rank_row_dloc(const tril_low_rank_row *row, size_t i)
{
    return tril_within(row->u[i] / row->scale[i], TRIL_MVN_MAX_W);
}

double tril_low_rank_row_dw(const tril_low_rank_row *row, size_t i, size_t a)
{
    return tril_within(tril_low_rank_row_dloc(row, i) * row->zeta[a], max_term) -
           tril_within(row->b[i * row->r + a] / row->scale[i], max_term);
}

double tril_low_rank_row_dlog_scale(const tril_low_rank_row *row, size_t i)
{
    return row->u[i] * row->u[i] - 1 + row->leverage[i];
}
