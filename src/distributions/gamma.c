/* Gamma distributions of positive numbers, by concentration a and rate b. */
#include <math.h>

#include "distributions/family.h"
#include "kernels/special.h"

/* with t = b y it is log(a / y) more than the logarithm of a Poisson probability of "a" at t */
static double log_density(const double *x, double *slope)
{
    const double a = x[0], b = x[1], y = x[2], t = b * y;
    if (slope) {
        slope[0] = tril_poisson_log_slope(a, t) + 1 / a;
        slope[1] = a / b - y;
        slope[2] = (a - 1) / y - b;
        return 0;
    }
    return tril_is_positive(y) ? tril_poisson_log(a, t) + log(a) - log(y) : (double)NAN;
}

static const char *outside(const double *x)
{
    return tril_is_positive(x[2]) ? NULL : "y is not a positive number";
}

static double probability(const double *x, double *slope)
{
    (void)slope;
    return tril_gamma_cdf(x[0], x[2] > 0 ? x[1] * x[2] : x[2], false);
}

static double entropy(const double *x, double *slope)
{
    if (slope)
        slope[1] = -1 / x[1];
    return tril_gamma_entropy(x[0], slope) - log(x[1]);
}

static double mode(const double *x, double *slope)
{
    const bool inside = x[0] > 1;
    if (slope) {
        slope[0] = inside ? 1 / x[1] : 0;
        slope[1] = inside ? (1 - x[0]) / x[1] / x[1] : 0;
    }
    return inside ? (x[0] - 1) / x[1] : 0;
}

/* tiny shapes draw numbers that no type holds: the least that it has stands for them */
static double draw(tril_random *random, const double *x)
{
    return fmax(exp(tril_draw_log_gamma(random, x[0]) - log(x[1])), (double)TRIL_REAL_MIN);
}

static tril_var mean(const tril_dist *p)
{
    return tril_dist_stretch(p, "mean", tril_div(p->param[0], p->param[1]), 0);
}

static tril_var variance(const tril_dist *p)
{
    tril_var of_rate = tril_div(tril_div(p->param[0], p->param[1]), p->param[1]);
    return tril_dist_stretch(p, "variance", of_rate, 0);
}

TRIL_FAMILY_OPS(gamma)

static const tril_family family = { .n = 2,
                                    .names = { "concentration", "rate" },
                                    .log_prob = log_density,
                                    .cdf = probability,
                                    .outside = outside,
                                    .entropy = entropy,
                                    .mode = mode,
                                    .draw = draw,
                                    .log_prob_op = &tril_op_gamma_log_prob,
                                    .cdf_op = &gamma_cdf_op };

const tril_dist_kind tril_dist_kind_gamma = { TRIL_FAMILY_KIND(gamma),
                                              .entropy = tril_family_entropy, .mean = mean,
                                              .variance = variance };

tril_dist tril_gamma(tril_var concentration, tril_var rate)
{
    return tril_family_dist(&tril_dist_kind_gamma, &family, concentration, rate);
}
