/* Special functions behind distributions: gamma functions without their large common part, so that
 * many degrees of freedom, or large counts, tend to the normal instead of losing their digits. All
 * arguments are positive unless it says otherwise. [DLMF] is the NIST Digital Library of
 * Mathematical Functions, dlmf.nist.gov. */
#ifndef TRIL_KERNELS_SPECIAL_H
#define TRIL_KERNELS_SPECIAL_H

#include <stdbool.h>
#include <stddef.h>

/* log Gamma(a + h) - log Gamma(a) - h log a, and its derivative in a; with the digamma function psi
 * that is psi(a + h) - psi(a) - h / a. Both are 0 for a large a. */
double tril_gamma_ratio(double a, double h);
double tril_gamma_ratio_slope(double a, double h);

/* Of a standard Student's t in d dimensions (d = 1: the number's own): the logarithm of its density
 * times (2 pi)^(d/2), where z'z = m >= 0; and its derivative in df. The derivative in z is -z (df +
 * d) / (df + m). */
double tril_student_log(double m, double df, size_t d);
double tril_student_log_slope(double m, double df, size_t d);

/* Its entropy, and the derivative in df, where df_slope is not NULL. */
double tril_student_entropy(double df, size_t d, double *df_slope);

/* P(T <= t) in one dimension, with all digits in the tails too; t may be infinite. */
double tril_student_cdf(double t, double df);

/* The derivatives of log Gamma, the first and the second. */
double tril_digamma(double x);
double tril_trigamma(double x);

/* a log t - t - log Gamma(a + 1), a and t at least 0: the logarithm of a Poisson probability where
 * a is a count; its derivative in a. That in t is a / t - 1. */
double tril_poisson_log(double a, double t);
double tril_poisson_log_slope(double a, double t);

/* a log p + b log q + log Gamma(a + b + 1) - log Gamma(a + 1) - log Gamma(b + 1), p + q = 1: that
 * of a binomial one. */
double tril_binomial_log(double a, double b, double p, double q);

/* a + log Gamma(a) + (1 - a) psi(a), the entropy of a gamma distribution of rate 1; its derivative,
 * where slope is not NULL. */
double tril_gamma_entropy(double a, double *slope);

/* The regularised incomplete gamma function P(a, x), or with `upper` Q = 1 - P; the incomplete beta
 * function I_x(a, b), v = 1 - x. x may be anything. */
double tril_gamma_cdf(double a, double x, bool upper);
double tril_beta_cdf(double a, double b, double x, double v);

/* Of the modified Bessel functions of k >= 0: log I_0 - k, 1 - I_1 / I_0, and the derivative of
 * I_1 / I_0. */
typedef struct tril_bessel {
    double log_0, less, slope;
} tril_bessel;
tril_bessel tril_bessel_of(double k);

/* P(D <= d) of D on (-pi, pi) with a density that goes with exp(k cos D). */
double tril_von_mises_cdf(double d, double k);

#endif
