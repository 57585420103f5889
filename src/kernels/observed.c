/* With S the coordinates that are there: L_S = M Q by LQ, z = M^-1 r, log p = -z'z/2 - sum log M_ii
 * - n/2 log 2 pi; d/dloc = M^-T z, d/dL_S = M^-T (z (Q'z)' - Q). Of Student's t z there is
 * z (df + n) / (df + z'z). Coordinates within bounds stand behind those that are there: of a
 * density that is an integral the gradient is the mean of that of the integrand (Fisher's
 * identity), so that their z, and z z', are means. */
#include "kernels/observed.h"

#include <math.h>
#include <string.h>

#include "kernels/lq.h"
#include "kernels/mvn.h"
#include "kernels/special.h"

size_t tril_observed_doubles(size_t d)
{
    return d * (3 * d + 4); /* an index is no larger than a double */
}

tril_observed tril_observed_at(double *x, size_t d)
{
    return (tril_observed){ .d = d,
                            .rows = x,
                            .m = x + d * d,
                            .slope = x + 2 * d * d,
                            .r = x + d * (3 * d + 1),
                            .least = x + d * (3 * d + 2),
                            .index = (size_t *)(void *)(x + d * (3 * d + 3)) };
}

/* takes over row i of L behind the others */
static void add_row(tril_observed *o, size_t i, const tril_real *factor)
{
    const size_t at = o->n + o->censored;
    double *row = o->rows + at * o->d;
    for (size_t j = 0; j < o->d; j++)
        row[j] = j > i ? 0 : tril_within((double)factor[i * o->d + j], TRIL_MVN_MAX_LOADED);
    o->least[at] = row[i];
    o->index[at] = i;
}

/* the distance of a row from those in front of it may be less than its own pivot, if their order is
 * another, but for what rounding leaves of it */
static double least_distance(const double *row, size_t d)
{
    double most = 0;
    for (size_t j = 0; j < d; j++)
        most = fmax(most, fabs(row[j]));
    return 1e-15 * most;
}

static double bound(tril_real x, tril_real loc, double none)
{
    return isnan(x) ? none : tril_within((double)x - (double)loc, TRIL_MVN_MAX_LOADED);
}

tril_observed_state tril_observed_load(tril_observed *o, const tril_real *y, const tril_real *high,
                                       const tril_real *loc, const tril_real *factor)
{
    const size_t d = o->d;
    o->n = o->censored = 0;
    for (size_t i = 0; i < d; i++) {
        if (isinf(y[i]) || !isfinite(loc[i]) || (high && isinf(high[i])))
            return TRIL_OBSERVED_NOT_FINITE;
        if (isnan(y[i]) || (high && y[i] != high[i]))
            continue;
        o->r[o->n] = tril_within((double)y[i] - (double)loc[i], TRIL_MVN_MAX_LOADED);
        add_row(o, i, factor);
        o->n++;
    }
    for (size_t i = 0; i < d && high; i++) {
        const size_t k = o->censored;
        if (y[i] == high[i] || (isnan(y[i]) && isnan(high[i])))
            continue;
        if (y[i] > high[i])
            return TRIL_OBSERVED_CROSSED;
        if (k == TRIL_CENSORED)
            return TRIL_OBSERVED_TOO_MANY;
        o->low[k] = bound(y[i], loc[i], -HUGE_VAL);
        o->high[k] = bound(high[i], loc[i], HUGE_VAL);
        add_row(o, i, factor);
        o->least[o->n + k] = least_distance(o->rows + (o->n + k) * d, d);
        o->censored++;
    }
    return TRIL_OBSERVED_FINE;
}

static double scaled_bound(double x, double sd)
{
    return isinf(x) ? x : tril_within(x / sd, TRIL_MVN_MAX_Z);
}

void tril_observed_truncate(size_t n, const double *t, const double *low, const double *high,
                            tril_truncated *u)
{
    double own_low[TRIL_CENSORED], own_high[TRIL_CENSORED], sd = 1;
    for (size_t k = 0; k < n; k++) {
        sd = k ? hypot(t[2], t[3]) : t[0];
        own_low[k] = scaled_bound(low[k], sd);
        own_high[k] = scaled_bound(high[k], sd);
    }
    if (n == 1)
        tril_truncate(own_low[0], own_high[0], u);
    else
        tril_truncate_two(t[2] / sd, t[3] / sd, own_low, own_high, u);
}

/* log P of the bounds, given z of what is there; finds the means */
static double censored_log_prob(tril_observed *o)
{
    const size_t d = o->d;
    double t[TRIL_CENSORED * TRIL_CENSORED] = { 0 }, low[TRIL_CENSORED], high[TRIL_CENSORED];
    tril_truncated u;
    for (size_t k = 0; k < o->censored; k++) {
        const double *row = o->m + (o->n + k) * d;
        double known = 0;
        for (size_t j = 0; j < o->n; j++)
            known += row[j] * o->slope[j * (d + 1) + d];
        memcpy(t + k * TRIL_CENSORED, row + o->n, (k + 1) * sizeof *t);
        low[k] = o->low[k] - known;
        high[k] = o->high[k] - known;
    }
    tril_observed_truncate(o->censored, t, low, high, &u);
    for (size_t k = 0; k < o->censored; k++)
        o->slope[(o->n + k) * (d + 1) + d] = u.mean[k];
    memcpy(o->second, u.second, sizeof o->second);
    return u.log_prob;
}

double tril_observed_log_prob(tril_observed *o)
{
    const size_t d = o->d, m = o->n + o->censored;
    double squares = 0, log_det = 0;
    for (size_t i = 0; i < m * d; i++)
        o->m[i] = o->rows[i];
    tril_lq_factor(m, d, o->m, o->least);
    for (size_t i = 0; i < o->n; i++) {
        double sum = 0;
        for (size_t j = 0; j < i; j++)
            sum += o->m[i * d + j] * o->slope[j * (d + 1) + d];
        double z = tril_within((o->r[i] - sum) / o->m[i * d + i], TRIL_MVN_MAX_Z);
        o->slope[i * (d + 1) + d] = z;
        squares += z * z;
        log_det += log(o->m[i * d + i]);
    }
    o->squares = squares;
    return (o->df > 0 ? tril_student_log(squares, o->df, o->n) : -0.5 * squares) - log_det -
           0.5 * (double)o->n * TRIL_LOG_2PI + (o->censored ? censored_log_prob(o) : 0);
}

static void subtract(size_t n, double factor, const double *from, double *x, double bound)
{
    for (size_t j = 0; j < n; j++)
        x[j] = tril_within(x[j] - factor * from[j], bound);
}

/* Q = M^-1 L_S, whose numbers are at most 1, beside z; r is no longer needed and takes Q'z */
static void find_q(tril_observed *o)
{
    const size_t d = o->d, width = d + 1;
    memset(o->r, 0, d * sizeof *o->r);
    for (size_t i = 0; i < o->n + o->censored; i++) {
        double *q = o->slope + i * width;
        memcpy(q, o->rows + i * d, d * sizeof *q);
        for (size_t k = 0; k < i; k++)
            subtract(d, o->m[i * d + k], o->slope + k * width, q, TRIL_MVN_MAX_LOADED);
        for (size_t j = 0; j < d; j++) {
            q[j] = tril_within(q[j] / o->m[i * d + i], 1);
            o->r[j] += q[j] * q[d];
        }
    }
}

/* (E z z' - 1) Q in place of Q; of two coordinates the means of products are not products of means
 */
static void right_side(tril_observed *o)
{
    const size_t d = o->d, width = d + 1;
    const double weight = o->df > 0 ? (o->df + (double)o->n) / (o->df + o->squares) : 1;
    double *rows = o->slope + o->n * width; /* of the censored */
    for (size_t i = 0; i < o->n; i++) {
        double *q = o->slope + i * width;
        for (size_t j = 0; j < d; j++)
            q[j] = weight * q[d] * o->r[j] - q[j];
        q[d] *= weight;
    }
    for (size_t j = 0; j < d; j++) {
        double q[TRIL_CENSORED], known = o->r[j];
        for (size_t k = 0; k < o->censored; k++) {
            q[k] = rows[k * width + j];
            known -= rows[k * width + d] * q[k];
        }
        for (size_t k = 0; k < o->censored; k++) {
            double *x = &rows[k * width + j];
            *x = rows[k * width + d] * known;
            for (size_t l = 0; l < o->censored; l++)
                *x += o->second[k + l] * q[l];
        }
    }
}

void tril_observed_backward(tril_observed *o)
{
    const size_t width = o->d + 1;
    find_q(o);
    right_side(o);
    for (size_t i = o->n + o->censored; i-- > 0;) {
        double *x = o->slope + i * width;
        for (size_t j = 0; j < width; j++)
            x[j] = tril_within(x[j] / o->m[i * o->d + i], TRIL_MVN_MAX_W);
        for (size_t k = 0; k < i; k++)
            subtract(width, o->m[i * o->d + k], x, o->slope + k * width, TRIL_MVN_MAX_W);
    }
}
