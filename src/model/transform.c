/* The kinds of transforms. */
#include "model/transform.h"

#include <math.h>
#include <stddef.h>

/* ---- log */

static double apply_log(const double *param, double t)
{
    (void)param;
    return t > 0 ? log(t) : -HUGE_VAL;
}

static double log_inverse(const double *param, double z)
{
    (void)param;
    return exp(z);
}

static double log_log_slope(const double *param, double z)
{
    (void)param;
    return -z;
}

static double log_growth(const double *param)
{
    (void)param;
    return HUGE_VAL;
}

/* ---- logit, between two bounds */

static double logit_forward(const double *b, double t)
{
    return t <= b[0] ? -HUGE_VAL : t >= b[1] ? HUGE_VAL : log(t - b[0]) - log(b[1] - t);
}

static double logit_inverse(const double *b, double z)
{
    const double part = (b[1] - b[0]) / (1 + exp(fabs(z))); /* from the nearer bound */
    return z < 0 ? b[0] + part : b[1] - part;
}

static double logit_log_slope(const double *b, double z)
{
    return fabs(z) + 2 * log1p(exp(-fabs(z))) - log(b[1] - b[0]);
}

static double logit_growth(const double *b)
{
    (void)b;
    return 0;
}

/* ---- Yeo and Johnson (2000, Biometrika 87): of t >= 0 ((1 + t)^p - 1) / p; of others minus the
 * same of -t with 2 - p. Beyond [0, 2] z has a bound, and a normal loses what is behind it. */

/* ((1 + t)^p - 1) / p of t >= 0, and log(1 + t) from that number */
static double power(double p, double t)
{
    return p == 0 ? log1p(t) : expm1(p * log1p(t)) / p;
}

static double log_of_power(double p, double z)
{
    return p == 0 ? z : log1p(p * z) / p;
}

static double yeo_johnson_forward(const double *p, double t)
{
    return t < 0 ? -power(2 - *p, -t) : power(*p, t);
}

static double yeo_johnson_inverse(const double *p, double z)
{
    return z < 0 ? -expm1(log_of_power(2 - *p, -z)) : expm1(log_of_power(*p, z));
}

static double yeo_johnson_log_slope(const double *p, double z)
{
    return (1 - *p) * (z < 0 ? log_of_power(2 - *p, -z) : -log_of_power(*p, z));
}

static double yeo_johnson_growth(const double *p)
{
    return 1 / fmin(*p, 2 - *p);
}

/* ---- all of them */

const tril_transform_kind tril_transform_log = { .name = "log",
                                                 .takes = "numbers above 0",
                                                 .is_exp = true,
                                                 .forward = apply_log,
                                                 .inverse = log_inverse,
                                                 .log_slope = log_log_slope,
                                                 .growth = log_growth };

static const tril_transform_kind logit = { .name = "logit",
                                           .takes = "numbers between its bounds",
                                           .params = 2,
                                           .low = { -HUGE_VAL, -HUGE_VAL },
                                           .high = { HUGE_VAL, HUGE_VAL },
                                           .forward = logit_forward,
                                           .inverse = logit_inverse,
                                           .log_slope = logit_log_slope,
                                           .growth = logit_growth };

const tril_transform_kind tril_transform_yeo_johnson = { .name = "yeo-johnson",
                                                         .takes = "numbers of a moderate size",
                                                         .params = 1,
                                                         .high = { 2 },
                                                         .fitted = true,
                                                         .forward = yeo_johnson_forward,
                                                         .inverse = yeo_johnson_inverse,
                                                         .log_slope = yeo_johnson_log_slope,
                                                         .growth = yeo_johnson_growth };

const tril_transform_kind *const tril_transform_kinds[] = { &tril_transform_log, &logit,
                                                            &tril_transform_yeo_johnson, NULL };

double tril_transform_forward(const tril_transform *g, double t)
{
    return g->kind && !isnan(t) ? g->kind->forward(g->param, t) : t;
}

double tril_transform_inverse(const tril_transform *g, double z)
{
    return g->kind ? g->kind->inverse(g->param, z) : z;
}

double tril_transform_log_slope(const tril_transform *g, double z)
{
    return g->kind ? g->kind->log_slope(g->param, z) : 0;
}
