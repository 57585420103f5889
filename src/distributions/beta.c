/* Beta distributions of shares, numbers between 0 and 1, by the concentrations of either end. */
#include <math.h>

#include "distributions/family.h"
#include "kernels/special.h"

/* with n = a + b it is log(a b / (n y (1 - y))) more than the logarithm of a binomial probability
 * of "a" and "b" */
static double log_density(const double *x, double *slope)
{
    const double a = x[0], b = x[1], y = x[2], n = a + b;
    if (slope) {
        const double all = tril_poisson_log_slope(n, n) + 1 / n;
        slope[0] = tril_poisson_log_slope(a, n * y) + 1 / a - all;
        slope[1] = tril_poisson_log_slope(b, n * (1 - y)) + 1 / b - all;
        slope[2] = (a - 1) / y - (b - 1) / (1 - y);
        return 0;
    }
    return tril_is_share(y)
               ? tril_binomial_log(a, b, y, 1 - y) + log(a / n) + log(b) - log(y) - log1p(-y)
               : (double)NAN;
}

static const char *outside(const double *x)
{
    return tril_is_share(x[2]) ? NULL : "y is not between 0 and 1";
}

static double probability(const double *x, double *slope)
{
    (void)slope;
    return tril_beta_cdf(x[0], x[1], x[2], 1 - x[2]);
}

/* with the gamma distributions' g: log B(a, b) + (1 - a) psi(a) + (1 - b) psi(b) + (n - 2) psi(n) =
 * g(a) + g(b) - g(n) - psi(n) */
static double entropy(const double *x, double *slope)
{
    const double n = x[0] + x[1];
    double of_a, of_b, of_n;
    const double a = tril_gamma_entropy(x[0], &of_a), b = tril_gamma_entropy(x[1], &of_b);
    const double all = tril_gamma_entropy(n, &of_n) + tril_digamma(n);
    if (slope) {
        slope[0] = of_a - of_n - tril_trigamma(n);
        slope[1] = of_b - of_n - tril_trigamma(n);
    }
    return a + b - all;
}

/* where the density has no peak between, the end at which it is larger */
static double mode(const double *x, double *slope)
{
    const double a = x[0] - 1, b = x[1] - 1;
    const bool inside = a > 0 && b > 0;
    if (slope) {
        slope[0] = inside ? b / (a + b) / (a + b) : 0;
        slope[1] = inside ? -a / (a + b) / (a + b) : 0;
    }
    return inside ? a / (a + b) : a > b;
}

/* the numbers of the type next to 0 and 1 stand for these */
static double draw(tril_random *random, const double *x)
{
    const double log_a = tril_draw_log_gamma(random, x[0]);
    const double log_b = tril_draw_log_gamma(random, x[1]);
    const double y = 1 / (1 + exp(log_b - log_a));
    return fmax((double)TRIL_REAL_MIN, fmin(y, 1 - 0.5 * (double)TRIL_REAL_EPSILON));
}

/* a / (a + b) */
static tril_var share(tril_var a, tril_var b)
{
    tril_var one = tril_scalar(a.tape, 1);
    return tril_div(one, tril_add(one, tril_div(b, a)));
}

static tril_var mean(const tril_dist *p)
{
    return tril_dist_stretch(p, "mean", share(p->param[0], p->param[1]), 0);
}

static tril_var variance(const tril_dist *p)
{
    tril_var a = p->param[0], b = p->param[1];
    tril_var n = tril_add(tril_add(a, b), tril_scalar(a.tape, 1));
    return tril_dist_stretch(p, "variance", tril_div(tril_mul(share(a, b), share(b, a)), n), 0);
}

TRIL_FAMILY_OPS(beta)

static const tril_family family = { .n = 2,
                                    .names = { "concentration1", "concentration0" },
                                    .log_prob = log_density,
                                    .cdf = probability,
                                    .outside = outside,
                                    .entropy = entropy,
                                    .mode = mode,
                                    .draw = draw,
                                    .log_prob_op = &tril_op_beta_log_prob,
                                    .cdf_op = &beta_cdf_op };

const tril_dist_kind tril_dist_kind_beta = { TRIL_FAMILY_KIND(beta), .entropy = tril_family_entropy,
                                             .mean = mean, .variance = variance };

tril_dist tril_beta(tril_var concentration1, tril_var concentration0)
{
    return tril_family_dist(&tril_dist_kind_beta, &family, concentration1, concentration0);
}
