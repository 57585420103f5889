/* Von Mises distributions of directions in radians, by their location and concentration. */
#include <math.h>

#include "distributions/family.h"
#include "kernels/special.h"

static const double pi = 3.14159265358979324;

/* y - loc, less whole turns; by halves, whose difference is within the range */
static double turned(const double *x)
{
    return 2 * remainder(0.5 * x[2] - 0.5 * x[0], pi);
}

static double log_density(const double *x, double *slope)
{
    const double d = turned(x), half = sin(0.5 * d), k = x[1], fall = 2 * half * half;
    const tril_bessel bessel = tril_bessel_of(k);
    if (slope) {
        slope[0] = k * sin(d);
        slope[1] = bessel.less - fall;
        slope[2] = -slope[0];
        return 0;
    }
    return -fall * k - bessel.log_0 - TRIL_LOG_2PI;
}

static const char *outside(const double *x)
{
    return isfinite(x[0]) && isfinite(x[2]) ? NULL : "y or loc is not finite";
}

/* of draws, which are within half a turn of loc */
static double probability(const double *x, double *slope)
{
    (void)slope;
    return tril_von_mises_cdf(x[2] - x[0], x[1]);
}

static double entropy(const double *x, double *slope)
{
    const tril_bessel bessel = tril_bessel_of(x[1]);
    if (slope) {
        slope[0] = 0;
        slope[1] = -x[1] * bessel.slope;
    }
    return TRIL_LOG_2PI + bessel.log_0 + x[1] * bessel.less;
}

static double mode(const double *x, double *slope)
{
    if (slope)
        slope[0] = 1, slope[1] = 0;
    return x[0];
}

/* Best and Fisher, Efficient Simulation of the von Mises Distribution, 1979; large concentrations
 * as normal numbers */
static double draw(tril_random *random, const double *x)
{
    const double k = fabs(x[1]);
    if (k > 1e7) {
        tril_real normal;
        tril_random_normal(random, &normal, 1);
        return x[0] + (double)normal / sqrt(k);
    }
    const double tau = 1 + sqrt(1 + 4 * k * k), rho = 2 * k / (tau + sqrt(2 * tau));
    const double r = k > 1e-5 ? (1 + rho * rho) / (2 * rho) : 1 / k;
    for (;;) {
        const double z = cos(pi * tril_draw_uniform(random));
        const double u = tril_draw_uniform(random), side = tril_draw_uniform(random) - 0.5;
        const double f = k > 1e-5 ? (1 + r * z) / (r + z) : z, c = k * (r - f);
        if (k <= 1e-5 || c * (2 - c) > u || log(c / u) + 1 >= c)
            return x[0] + copysign(acos(fmax(-1, fmin(f, 1))), side);
    }
}

static tril_var mean(const tril_dist *p)
{
    return tril_dist_stretch(p, "mean", p->param[0], 0);
}

TRIL_FAMILY_OPS(von_mises)

static const tril_family family = { .n = 2,
                                    .names = { "loc", "concentration" },
                                    .loc = true,
                                    .log_prob = log_density,
                                    .cdf = probability,
                                    .outside = outside,
                                    .entropy = entropy,
                                    .mode = mode,
                                    .draw = draw,
                                    .log_prob_op = &tril_op_von_mises_log_prob,
                                    .cdf_op = &von_mises_cdf_op };

const tril_dist_kind tril_dist_kind_von_mises = { TRIL_FAMILY_KIND(von_mises),
                                                  .entropy = tril_family_entropy, .mean = mean };

tril_dist tril_von_mises(tril_var loc, tril_var concentration)
{
    return tril_family_dist(&tril_dist_kind_von_mises, &family, loc, concentration);
}
