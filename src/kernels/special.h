/* Special functions behind Student's t: ratios of gamma functions without their large common part,
 * so that many degrees of freedom tend to the normal instead of losing their digits. All arguments
 * are positive. [DLMF] is the NIST Digital Library of Mathematical Functions, dlmf.nist.gov. */
#ifndef TRIL_KERNELS_SPECIAL_H
#define TRIL_KERNELS_SPECIAL_H

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

#endif
