/* Poisson distributions of counts, by their mean, which is called rate. */
#include <math.h>

#include "distributions/family.h"
#include "kernels/special.h"

static double log_probability(const double *x, double *slope)
{
    const double rate = x[0], y = x[1];
    if (slope) {
        slope[0] = y / rate - 1;
        slope[1] = 0;
        return 0;
    }
    return tril_is_count(y) ? tril_poisson_log(y, rate) : (double)NAN;
}

static const char *outside(const double *x)
{
    return tril_no_count(x + 1);
}

static double probability(const double *x, double *slope)
{
    (void)slope;
    return x[1] < 0 ? 0 : tril_gamma_cdf(floor(x[1]) + 1, x[0], true);
}

static double mode(const double *x, double *slope)
{
    if (slope)
        slope[0] = 0;
    return floor(x[0]);
}

static double draw(tril_random *random, const double *x)
{
    return tril_draw_poisson(random, x[0]);
}

static tril_var mean(const tril_dist *p)
{
    return tril_dist_stretch(p, "mean", p->param[0], 0);
}

TRIL_FAMILY_OPS(poisson)

static const tril_family family = { .n = 1,
                                    .names = { "rate" },
                                    .log_prob = log_probability,
                                    .cdf = probability,
                                    .outside = outside,
                                    .mode = mode,
                                    .draw = draw,
                                    .log_prob_op = &tril_op_poisson_log_prob,
                                    .cdf_op = &poisson_cdf_op };

const tril_dist_kind tril_dist_kind_poisson = { TRIL_FAMILY_KIND(poisson), .mean = mean,
                                                .variance = mean, .discrete = true };

tril_dist tril_poisson(tril_var rate)
{
    return tril_family_dist(&tril_dist_kind_poisson, &family, rate, (tril_var){ 0 });
}
