/* Negative binomial distributions of counts, by their mean m and total count r: Poisson ones whose
 * rates have a gamma distribution of concentration r. */
#include <math.h>

#include "distributions/family.h"
#include "kernels/special.h"

/* r / (r + m), and 1 less that */
static double share(double r, double m)
{
    return r > m ? 1 / (1 + m / r) : r / m / (1 + r / m);
}

static double log_probability(const double *x, double *slope)
{
    const double m = x[0], r = x[1], y = x[2], n = r + y, p = share(r, m), q = share(m, r);
    if (slope) {
        slope[0] = (y / m - 1) * p;
        slope[1] = 1 / r - 1 / n + tril_poisson_log_slope(r, n * p) - tril_poisson_log_slope(n, n) +
                   q - y / r * p;
        slope[2] = 0;
        return 0;
    }
    if (!tril_is_count(y))
        return (double)NAN;
    return y == 0 ? r * log(p) : tril_binomial_log(r, y, p, q) + log(r) - log(n);
}

static const char *outside(const double *x)
{
    return tril_no_count(x + 2);
}

static double probability(const double *x, double *slope)
{
    (void)slope;
    return x[2] < 0 ? 0
                    : tril_beta_cdf(x[1], floor(x[2]) + 1, share(x[1], x[0]), share(x[0], x[1]));
}

static double mode(const double *x, double *slope)
{
    if (slope)
        slope[0] = slope[1] = 0;
    return x[1] > 1 ? floor(x[0] * ((x[1] - 1) / x[1])) : 0;
}

static double draw(tril_random *random, const double *x)
{
    return tril_draw_poisson(random,
                             exp(tril_draw_log_gamma(random, x[1]) + log(x[0]) - log(x[1])));
}

static tril_var mean(const tril_dist *p)
{
    return tril_dist_stretch(p, "mean", p->param[0], 0);
}

/* m + m^2 / r */
static tril_var variance(const tril_dist *p)
{
    tril_var m = p->param[0], more = tril_mul(tril_div(m, p->param[1]), m);
    return tril_dist_stretch(p, "variance", tril_add(m, more), 0);
}

TRIL_FAMILY_OPS(negative_binomial)

static const tril_family family = { .n = 2,
                                    .names = { "mean", "total_count" },
                                    .log_prob = log_probability,
                                    .cdf = probability,
                                    .outside = outside,
                                    .mode = mode,
                                    .draw = draw,
                                    .log_prob_op = &tril_op_negative_binomial_log_prob,
                                    .cdf_op = &negative_binomial_cdf_op };

const tril_dist_kind tril_dist_kind_negative_binomial = { TRIL_FAMILY_KIND(negative_binomial),
                                                          .mean = mean, .variance = variance,
                                                          .discrete = true };

tril_dist tril_negative_binomial(tril_var mean, tril_var total_count)
{
    return tril_family_dist(&tril_dist_kind_negative_binomial, &family, mean, total_count);
}
