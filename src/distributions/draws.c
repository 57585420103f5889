/* Draws of one number that reject. */
#include "distributions/draws.h"

#include <math.h>

#include "kernels/special.h"

double tril_draw_uniform(tril_random *random)
{
    tril_real u;
    tril_random_uniform(random, &u, 1);
    return (double)u;
}

/* Marsaglia and Tsang, A Simple Method for Generating Gamma Variables, 2000, for a >= 1; of a shape
 * below 1 by that above it, times u^(1 / a). */
double tril_draw_log_gamma(tril_random *random, double a)
{
    const double less = a < 1 ? log(tril_draw_uniform(random)) / a : 0;
    const double d = (a < 1 ? a + 1 : a) - 1. / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        tril_real normal;
        tril_random_normal(random, &normal, 1);
        const double u = tril_draw_uniform(random);
        /* v - 1 where v = (1 + x)^3 */
        double x = c * (double)normal, more = x * (3 + x * (3 + x));
        if (x > -1 && log(u) < 0.5 * (double)normal * (double)normal + d * (log1p(more) - more))
            return log(d) + log1p(more) + less;
    }
}

/* Small means by multiplying uniform numbers (Knuth), others by Hoermann's PTRS, The Transformed
 * Rejection Method for Generating Poisson Random Variables, 1993; those beyond the digits of its
 * acceptance as normal numbers. */
double tril_draw_poisson(tril_random *random, double t)
{
    if (t < 10) {
        double k = 0;
        for (double left = t; (left += log(tril_draw_uniform(random))) > 0;)
            k++;
        return k;
    }
    if (t > 1e12) {
        tril_real normal;
        tril_random_normal(random, &normal, 1);
        t = fmin(t, 1e300);
        return floor(t + sqrt(t) * (double)normal);
    }
    const double b = 0.931 + 2.53 * sqrt(t), a = -0.059 + 0.02483 * b;
    for (;;) {
        const double u = tril_draw_uniform(random) - 0.5, v = tril_draw_uniform(random);
        const double us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + t + 0.43);
        const double accept = log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / (us * us) + b));
        if (k >= 0 && accept <= tril_poisson_log(k, t))
            return k;
    }
}
