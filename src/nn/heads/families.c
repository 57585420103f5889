/* Heads of positive numbers, shares and counts, in their own units: targets that are independent of
 * each other, given the inputs, each of a distribution of numbers. A row is a first number for each
 * target, which is of its mean, and a second one. */
#include <math.h>

#include "distributions/family.h"
#include "nn/head.h"

/* ---- which targets they take */

const tril_support tril_support_positive = { "a positive number", tril_is_positive };
const tril_support tril_support_share = { "between 0 and 1", tril_is_share };
const tril_support tril_support_count = { "a count, 0, 1, 2, ...", tril_is_count };

/* ---- layout */

static size_t one_each(size_t d, const tril_head_opts *opts)
{
    (void)opts;
    return d;
}

static size_t two_each(size_t d, const tril_head_opts *opts)
{
    (void)opts;
    return 2 * d;
}

/* ---- parameters, from the first number u of a target and the second one v */

/* Logarithms of means, of what spreads about these, and of odds are kept where no sum or quotient
 * of their exponentials leaves the range of float. */
static const double most_mean = 60, least_spread = -12, most_spread = 25, most_odds = 30;

/* x within bounds, and the slope of that */
static double within(double x, double low, double high, double *slope)
{
    *slope = x > low && x < high;
    return fmax(low, fmin(x, high));
}

static double spread(double v, double *slope)
{
    const double x = exp(within(v, least_spread, most_spread, slope));
    *slope *= x;
    return x;
}

static double mean_of(const double *x, double *slope)
{
    double inside;
    const double m = exp(within(x[0], -most_mean, most_mean, &inside));
    if (slope)
        slope[0] = m * inside, slope[1] = 0;
    return m;
}

static double spread_of(const double *x, double *slope)
{
    double own;
    const double a = spread(x[1], &own);
    if (slope)
        slope[0] = 0, slope[1] = own;
    return a;
}

static double rate_of(const double *x, double *slope)
{
    double of_mean[2], of_spread[2];
    const double m = mean_of(x, of_mean), a = spread_of(x, of_spread);
    if (slope)
        slope[0] = -a / m * (of_mean[0] / m), slope[1] = of_spread[1] / m;
    return a / m;
}

/* the concentration of the end towards which u grows, or falls */
static double end_of(const double *x, double sign, double *slope)
{
    double inside, own;
    const double odds = sign * within(x[0], -most_odds, most_odds, &inside), n = spread(x[1], &own);
    const double share = 1 / (1 + exp(-odds));
    if (slope)
        slope[0] = sign * inside * n * share / (1 + exp(odds)), slope[1] = own * share;
    return n * share;
}

static double upper_of(const double *x, double *slope)
{
    return end_of(x, 1, slope);
}

static double lower_of(const double *x, double *slope)
{
    return end_of(x, -1, slope);
}

/* nothing of it leaves the range of the type */
static const tril_op parameter_op = { "parameter(head)", tril_numbers_shape, tril_numbers_forward,
                                      tril_numbers_backward };

static tril_var parameter(const tril_head_layout *h, tril_var raw, tril_number_function *of)
{
    const tril_var u = tril_slice(raw, -1, 0, h->d);
    const tril_var v = h->width > h->d ? tril_slice(raw, -1, h->d, h->d) : u;
    return tril_numbers_apply(&parameter_op, (tril_var[]){ u, v }, 2, (tril_numbers){ .each = of });
}

static tril_dist gamma_dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    (void)natural;
    return tril_independent(tril_gamma(parameter(h, raw, spread_of), parameter(h, raw, rate_of)),
                            1);
}

static tril_dist beta_dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    (void)natural;
    return tril_independent(tril_beta(parameter(h, raw, upper_of), parameter(h, raw, lower_of)), 1);
}

static tril_dist poisson_dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    (void)natural;
    return tril_independent(tril_poisson(parameter(h, raw, mean_of)), 1);
}

static tril_dist negative_binomial_dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    (void)natural;
    return tril_independent(
        tril_negative_binomial(parameter(h, raw, mean_of), parameter(h, raw, spread_of)), 1);
}

/* ---- the start: distributions with these means and, where they can, variances */

/* of one target; the second number, as a logarithm, is NaN where there is none */
typedef void start_of(double mean, double variance, double *raw);

static bool put(const tril_head_layout *h, const double *mean, const double *covariance,
                start_of *of, double *raw)
{
    for (size_t j = 0; j < h->d; j++) {
        double own[2];
        of(mean[j], covariance[j * (h->d + 1)], own);
        raw[j] = fmax(-most_mean, fmin(own[0], most_mean));
        if (h->width > h->d)
            raw[h->d + j] = fmax(least_spread + 1, fmin(own[1], most_spread - 1));
    }
    return true;
}

/* a mean of 0 is that of the rarest counts */
static double log_of(double mean)
{
    return log(fmax(mean, 1e-9));
}

static void start_gamma(double mean, double variance, double *raw)
{
    raw[0] = log(mean);
    raw[1] = 2 * log(mean) - log(variance);
}

static void start_beta(double mean, double variance, double *raw)
{
    raw[0] = log(mean) - log1p(-mean);
    raw[1] = log(fmax(mean * (1 - mean) / variance - 1, 1e-3));
}

/* with variances that are hardly above the mean, next to Poisson's */
static void start_count(double mean, double variance, double *raw)
{
    raw[0] = log_of(mean);
    raw[1] = 2 * raw[0] - log(fmax(variance - mean, 1e-3 * mean + 1e-30));
}

static bool init_gamma(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                       const double *covariance, double *raw)
{
    (void)ctx;
    return put(h, mean, covariance, start_gamma, raw);
}

static bool init_beta(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                      const double *covariance, double *raw)
{
    (void)ctx;
    return put(h, mean, covariance, start_beta, raw);
}

static bool init_count(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                       const double *covariance, double *raw)
{
    (void)ctx;
    return put(h, mean, covariance, start_count, raw);
}

const tril_head_kind tril_head_gamma = { .name = "gamma",
                                         .width = two_each,
                                         .dist = gamma_dist,
                                         .init = init_gamma,
                                         .plain_nll = true,
                                         .support = &tril_support_positive };
const tril_head_kind tril_head_beta = { .name = "beta",
                                        .width = two_each,
                                        .dist = beta_dist,
                                        .init = init_beta,
                                        .plain_nll = true,
                                        .support = &tril_support_share };
const tril_head_kind tril_head_poisson = { .name = "poisson",
                                           .width = one_each,
                                           .dist = poisson_dist,
                                           .init = init_count,
                                           .plain_nll = true,
                                           .support = &tril_support_count };
const tril_head_kind tril_head_negative_binomial = { .name = "negative-binomial",
                                                     .width = two_each,
                                                     .dist = negative_binomial_dist,
                                                     .init = init_count,
                                                     .plain_nll = true,
                                                     .support = &tril_support_count };
