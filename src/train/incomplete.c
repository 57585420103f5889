/* Expectations of rows of which some numbers are missing or known by bounds. */
#include "train/incomplete.h"

#include <math.h>
#include <string.h>

#include "kernels/cholesky.h"
#include "kernels/observed.h"

/* The numbers of a row in order: those that are there, those with bounds, the others; and the
 * factor L of the covariance in that order: the row is L z. */
typedef struct incomplete {
    size_t d, seen, censored, *order;
    double *l, *z, *mean;
} incomplete;

static void sort_numbers(incomplete *r, const double *e)
{
    const size_t d = r->d;
    size_t last = d;
    for (size_t i = 0; i < d; i++)
        if (!isnan(e[i]))
            r->order[r->seen++] = i;
    for (size_t i = 0; i < d; i++) {
        const bool bounds = isfinite(e[d + i]) || isfinite(e[2 * d + i]);
        if (isnan(e[i]) && bounds && r->censored < TRIL_CENSORED)
            r->order[r->seen + r->censored++] = i;
        else if (isnan(e[i]))
            r->order[--last] = i;
    }
}

/* L z of number i, by the first n of z */
static double known(const incomplete *r, size_t i, size_t n)
{
    double sum = 0;
    for (size_t j = 0; j < n && j <= i; j++)
        sum += r->l[i * r->d + j] * r->z[j];
    return sum;
}

/* the mean of z within bounds, and a factor [3] of the covariance that it has there */
static void within_bounds(incomplete *r, const double *e, double *factor)
{
    const size_t d = r->d, n = r->censored, seen = r->seen;
    double t[TRIL_CENSORED * TRIL_CENSORED] = { 0 }, low[TRIL_CENSORED], high[TRIL_CENSORED];
    for (size_t k = 0; k < n; k++) {
        const double mean = known(r, seen + k, seen), a = e[d + r->order[seen + k]],
                     b = e[2 * d + r->order[seen + k]];
        memcpy(t + k * TRIL_CENSORED, r->l + (seen + k) * d + seen, (k + 1) * sizeof *t);
        low[k] = isnan(a) ? -HUGE_VAL : a - mean;
        high[k] = isnan(b) ? HUGE_VAL : b - mean;
    }
    tril_truncated u;
    tril_observed_truncate(n, t, low, high, &u);
    memcpy(r->z + seen, u.mean, n * sizeof *u.mean);
    factor[0] = sqrt(fmax(1 + u.second[0] - u.mean[0] * u.mean[0], 0));
    if (n == 1)
        return;
    const double both = u.second[1] - u.mean[0] * u.mean[1];
    factor[1] = factor[0] > 0 ? both / factor[0] : 0;
    factor[2] = sqrt(fmax(1 + u.second[2] - u.mean[1] * u.mean[1] - factor[1] * factor[1], 0));
}

void tril_add_incomplete(size_t d, double weight, double *e, const double *now, double *sum,
                         double *memory, size_t *order)
{
    incomplete r = { d, 0, 0, order, memory, memory + d * d, memory + d * d + d };
    double factor[3] = { 1, 0, 1 };
    sort_numbers(&r, e);
    for (size_t i = 0; i < d * d; i++)
        r.l[i] = now[order[i / d] * d + order[i % d]];
    tril_cholesky_factor(d, r.l, 1e-12);
    for (size_t i = 0; i < r.seen; i++)
        r.z[i] = (e[order[i]] - known(&r, i, i)) / r.l[i * (d + 1)];
    if (r.censored)
        within_bounds(&r, e, factor);
    for (size_t i = 0; i < d; i++) {
        double *row = r.l + i * d + r.seen;
        r.mean[i] = i < r.seen ? e[order[i]] : known(&r, i, r.seen + r.censored);
        e[order[i]] = r.mean[i];
        /* what varies: L times the factor of z */
        if (i >= r.seen && r.censored)
            row[0] = row[0] * factor[0] + (r.censored > 1 && i > r.seen ? row[1] * factor[1] : 0);
        if (i > r.seen && r.censored > 1)
            row[1] *= factor[2];
    }
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            double product = r.mean[i] * r.mean[j];
            for (size_t k = r.seen; k <= i && k <= j; k++)
                product += r.l[i * d + k] * r.l[j * d + k];
            sum[order[i] * d + order[j]] += weight * product;
        }
}
