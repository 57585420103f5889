/* Special functions behind Student's t, gamma, beta, von Mises distributions and those of counts.
 */
#include "kernels/special.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "kernels/mvn.h"

/* From here on Stirling's series have all digits; recurrences lead there. */
static const double far = 16;

/* Of series and continued fractions; near the mean they take some square roots of the parameters,
 * which from `large` on have asymptotic forms. */
enum { MOST_STEPS = 20000 };
static const double large = 1e5;

/* fewer degrees of freedom than this are as good as this, and products of their inverses finite */
static const double fewest = 1e-150;

/* ---- the remainders of Stirling's series for log Gamma, -psi and psi' [DLMF 5.11.1, 5.11.2,
 * 5.15.8]; x >= far */

static double series(double q, const double terms[6])
{
    double sum = 0;
    for (int i = 6; i-- > 0;)
        sum = terms[i] - q * sum;
    return sum;
}

static double log_gamma_rest(double x)
{
    static const double terms[6] = { 1. / 12,   1. / 360,  1. / 1260,
                                     1. / 1680, 1. / 1188, 691. / 360360 };
    return series(1 / x / x, terms) / x;
}

static double digamma_rest(double x)
{
    static const double terms[6] = {
        1. / 12, 1. / 120, 1. / 252, 1. / 240, 1. / 132, 691. / 32760
    };
    return series(1 / x / x, terms) / x / x;
}

static double trigamma_rest(double x)
{
    static const double terms[6] = { 1. / 6, 1. / 30, 1. / 42, 1. / 30, 5. / 66, 691. / 2730 };
    return series(1 / x / x, terms) / x / x / x;
}

double tril_gamma_ratio(double a, double h)
{
    double above = 1, below = 1, first = a;
    /* Gamma(x + 1) = x Gamma(x) */
    for (; a < far; a++)
        above *= a + h, below *= a;
    double shift = a > first ? h * log(a / first) - log(above / below) : 0;
    return shift + (a + h - 0.5) * log1p(h / a) - h + (log_gamma_rest(a + h) - log_gamma_rest(a));
}

/* -log(1 - v) - v = v^2/2 + v^3/3 + ..., where minus_log is -log(1 - v) */
static double log_rest(double v, double minus_log)
{
    double sum = 0;
    const bool small = fabs(v) < 0.1;
    for (int n = 17; n > 1 && small; n--)
        sum = 1. / n + v * sum;
    return small ? v * v * sum : minus_log - v;
}

double tril_gamma_ratio_slope(double a, double h)
{
    double sum = 0;
    /* psi(x + 1) = psi(x) + 1/x */
    for (; a < far; a++)
        sum += h * (1 - h) / (a * (a + 1) * (a + h));
    double t = h / a, v = h / (a + h);
    return sum + log_rest(v, log1p(t)) - t * v + 0.5 * v / a +
           (digamma_rest(a) - digamma_rest(a + h));
}

/* psi'(a + h) - psi'(a) + h / (a (a + h)) */
static double trigamma_difference(double a, double h)
{
    double sum = 0;
    for (; a < far; a++) {
        double p = a * (a + h), q = (a + 1) * (a + 1 + h);
        sum += h / p * ((2 * a + 1 + h) / q - (2 * a + h) / p);
    }
    return sum - 0.5 * h / a / (a + h) * ((2 * a + h) / a / (a + h)) +
           (trigamma_rest(a + h) - trigamma_rest(a));
}

/* ---- Student's t */

/* log(1 + m / df) */
static double log1p_ratio(double m, double df)
{
    double u = m / df;
    return u <= DBL_MAX ? log1p(u) : log(m) - log(df);
}

double tril_student_log(double m, double df, size_t d)
{
    df = fmax(df, fewest);
    double h = 0.5 * (double)d;
    return tril_gamma_ratio(0.5 * df, h) - (0.5 * df + h) * log1p_ratio(m, df);
}

double tril_student_log_slope(double m, double df, size_t d)
{
    df = fmax(df, fewest);
    double v = m / (df + m);
    return 0.5 * (tril_gamma_ratio_slope(0.5 * df, 0.5 * (double)d) -
                  log_rest(v, log1p_ratio(m, df)) + (double)d * v / df);
}

/* With a = df/2, h = d/2: (a + h) (psi(a + h) - psi(a)) + log(Gamma(a) / Gamma(a + h)) + h log(2 pi
 * a). */
double tril_student_entropy(double df, size_t d, double *df_slope)
{
    double a = 0.5 * fmax(df, fewest), h = 0.5 * (double)d;
    if (df_slope)
        *df_slope = 0.5 * (a + h) * trigamma_difference(a, h);
    return (a + h) * (tril_gamma_ratio_slope(a, h) + h / a) - tril_gamma_ratio(a, h) +
           h * TRIL_LOG_2PI;
}

/* The power series of the incomplete beta function I_x(a, b) without its factor [DLMF 8.17.8]: all
 * terms are positive. */
static double beta_series(double a, double b, double x)
{
    double sum = 1, term = 1;
    for (int n = 0; n < MOST_STEPS && term > 1e-17 * sum; n++) {
        term *= (a + b + n) * x / (a + 1 + n);
        sum += term;
    }
    return sum;
}

/* The continued fraction of I_x(a, b), x = 1 - v [DLMF 8.17.22], two steps as one: for a large a
 * it becomes that of the incomplete gamma function, and needs as few steps. By Lentz's method. */
static double beta_fraction(double a, double b, double x, double v)
{
    const double steep = a * v - b * x + 1;
    double f = a / (a + 1) * steep, c = f, d = 0, change = 0;
    for (int m = 1; m < MOST_STEPS && fabs(change - 1) > 2e-16; m++) {
        double p = m * (b - m) * x / (a + 2 * m - 1);
        double numerator = (a + m - 1) * ((a + b + m - 1) / (a + 2 * m - 1)) * p * x;
        double denominator = m + p + (a + m) / (a + 2 * m + 1) * (steep + m * (2 - x));
        d = 1 / (denominator + numerator * d);
        c = denominator + numerator / c;
        change = c * d;
        f *= change;
    }
    return f;
}

/* The lower tail is I_x(df/2, 1/2) / 2 with x = df / (df + t^2) [DLMF 8.17.1; Abramowitz and Stegun
 * 26.7.1]; the factor before series and fraction is x^a v^(1/2) / B(a, 1/2), v = 1 - x. */
double tril_student_cdf(double t, double df)
{
    df = fmax(df, fewest);
    double square = tril_within(t * t, 1e300), a = 0.5 * df;
    double v = square / (df + square), x = df / (df + square);
    const double pi = 3.14159265358979324;
    double factor = exp(tril_gamma_ratio(a, 0.5) - a * log1p_ratio(square, df)) * sqrt(a / pi * v);
    bool middle = v * (a + 2.5) < 1.5;
    double tail =
        middle ? 0.5 - factor * beta_series(0.5, a, v) : 0.5 * factor / beta_fraction(a, 0.5, x, v);
    tail = isinf(t) ? 0 : fmin(tail, 0.5);
    return t < 0 ? tail : 1 - tail;
}

/* ---- the gamma function, and what Poisson, gamma, negative binomial and beta densities share */

static double log_gamma(double x)
{
    double product = 1;
    for (; x < far; x++)
        product *= x;
    return (x - 0.5) * log(x) - x + 0.5 * TRIL_LOG_2PI + log_gamma_rest(x) - log(product);
}

double tril_digamma(double x)
{
    double sum = 0;
    for (; x < far; x++)
        sum -= 1 / x;
    return sum + log(x) - 0.5 / x - digamma_rest(x);
}

double tril_trigamma(double x)
{
    double sum = 0;
    for (; x < far; x++)
        sum += 1 / x / x;
    return sum + 1 / x + 0.5 / x / x + trigamma_rest(x);
}

/* u - log(1 + u), u > -1 */
static double excess(double u)
{
    return log_rest(-u, -log1p(u));
}

/* log(t / a), also where t / a is no sum with 1 */
static double log_ratio(double t, double a)
{
    const double u = (t - a) / a;
    return fabs(u) < 0.5 ? log1p(u) : log(t) - log(a);
}

/* Stirling's series takes the large common part out (Loader, Fast and Accurate Computation of
 * Binomial Probabilities, 2000). */
double tril_poisson_log(double a, double t)
{
    if (!(t <= DBL_MAX))
        return isnan(t) ? t : -HUGE_VAL;
    if (a < far)
        return (a > 0 ? a * log(t) : 0) - t - log_gamma(a + 1);
    return -a * log_rest((a - t) / a, -log_ratio(t, a)) - 0.5 * (TRIL_LOG_2PI + log(a)) -
           log_gamma_rest(a);
}

double tril_poisson_log_slope(double a, double t)
{
    return a < far ? log(t) - tril_digamma(a + 1) : log_ratio(t, a) - 0.5 / a + digamma_rest(a);
}

double tril_binomial_log(double a, double b, double p, double q)
{
    const double n = a + b;
    return tril_poisson_log(a, n * p) + tril_poisson_log(b, n * q) - tril_poisson_log(n, n);
}

double tril_gamma_entropy(double a, double *slope)
{
    const bool series = a >= far;
    if (slope)
        *slope = series ? 1 / a + (1 - a) * (0.5 / a / a + trigamma_rest(a))
                        : 1 + (1 - a) * tril_trigamma(a);
    if (series)
        return 0.5 * (TRIL_LOG_2PI + log(a)) + log_gamma_rest(a) +
               (a - 1) * (0.5 / a + digamma_rest(a));
    return a + log_gamma(a) + (1 - a) * tril_digamma(a);
}

/* ---- incomplete gamma and beta functions */

/* Of many: the normal's tail beyond z, half an error function, and its first corrections, times
 * exp(-z^2) [DLMF 8.12.3, 8.12.4; for the beta function Temme, Special Functions, 1996, 11.3.3]. */
static double normal_tail(double z, double n, double correction)
{
    return 0.5 * erfc(z) + exp(-z * z - 0.5 * (TRIL_LOG_2PI + log(n))) * correction;
}

/* sign: 1 for the upper tail */
static double large_gamma_tail(double a, double x, double sign)
{
    const double u = (x - a) / a, eta = copysign(sqrt(2 * excess(u)), u),
                 near = tril_within(eta, 1);
    const double c0 = -1. / 3 + near * (1. / 12 - near * (2. / 135 - near / 864)), c1 = -1. / 540;
    return normal_tail(sign * eta * sqrt(0.5 * a), a, sign * (c0 + c1 / a));
}

/* the fraction of the upper tail [DLMF 8.9.2] by Lentz's method, x >= a + 1 */
static double gamma_fraction(double a, double x)
{
    double b = x + 1 - a, d = 1 / b, c = HUGE_VAL, f = d, change = 0;
    for (int m = 1; m < MOST_STEPS && fabs(change - 1) > 2e-16; m++) {
        const double numerator = m * (a - m);
        b += 2;
        d = 1 / (numerator * d + b);
        c = b + numerator / c;
        change = c * d;
        f *= change;
    }
    return f;
}

double tril_gamma_cdf(double a, double x, bool upper)
{
    if (!(x > 0 && x <= DBL_MAX))
        return isnan(x) ? x : (x > 0) != upper;
    if (a > large)
        return large_gamma_tail(a, x, upper ? 1 : -1);
    const double factor = exp(tril_poisson_log(a, x));
    if (x > a + 1) {
        const double tail = a * factor * gamma_fraction(a, x);
        return fmin(upper ? tail : 1 - tail, 1);
    }
    double sum = 1, term = 1; /* [DLMF 8.11.4] */
    for (int n = 1; n < MOST_STEPS && term > 1e-17 * sum; n++)
        sum += term *= x / (a + n);
    return fmax(fmin(upper ? 1 - factor * sum : factor * sum, 1), 0);
}

static double large_beta_tail(double a, double b, double x)
{
    const double n = a + b, u = (n * x - a) / a, root = sqrt(a / n * (b / n));
    const double square = (a * excess(u) + b * excess(-u * a / b)) / n; /* half that of eta */
    const double eta = copysign(sqrt(2 * square), u);
    const double c0 = fabs(eta) > 1e-5 ? 1 / eta - root / (a / n * u) : (b - a) / n / (3 * root);
    return normal_tail(-eta * sqrt(0.5 * n), n, c0);
}

/* x is not above its mean, where series and fraction are at their best */
static double lower_beta(double a, double b, double x, double v)
{
    const double factor = exp(tril_binomial_log(a, b, x, v)) * (b / (a + b));
    return x * (a + b + 1) < 1.5 * (a + 1) && x < 0.9 && a < 100
               ? factor * beta_series(a, b, x)
               : a * factor / beta_fraction(a, b, x, v);
}

double tril_beta_cdf(double a, double b, double x, double v)
{
    if (!(x > 0 && v > 0))
        return isnan(x) ? x : x > 0;
    if (fmin(a, b) > large)
        return large_beta_tail(a, b, x);
    const bool below = x * b <= v * a;
    const double tail = below ? lower_beta(a, b, x, v) : lower_beta(b, a, v, x);
    return fmax(fmin(below ? tail : 1 - tail, 1), 0);
}

/* ---- von Mises: Bessel functions [DLMF 10.25.2, 10.40.1] */

tril_bessel tril_bessel_of(double k)
{
    double sum = 1, first = 0, second = 0, term = 1;
    if (k >= 2 * far) { /* sum: I0 times exp(-k) sqrt(2 pi k); first, second: its derivatives */
        for (int n = 1; n < 32 && term > 1e-18; n++) {
            term *= (2. * n - 1) * (2. * n - 1) / (8. * n) / k;
            sum += term;
            first -= n * term / k;
            second += n * (n + 1) * term / k / k;
        }
        const double slope = first / sum;
        return (tril_bessel){ log(sum) - 0.5 * (TRIL_LOG_2PI + log(k)), 0.5 / k - slope,
                              0.5 / k / k + second / sum - slope * slope };
    }
    first = 0.5; /* sum: I0; first: I1 / k */
    for (int n = 1; term > 1e-18 * sum; n++) {
        term *= 0.25 * k * k / n / n;
        sum += term;
        first += 0.5 * term / (n + 1);
    }
    const double ratio = k * (first / sum);
    return (tril_bessel){ log(sum) - k, 1 - ratio, 1 - first / sum - ratio * ratio };
}

/* Small concentrations by the series of I_n / I_0, backward (Hill, ACM Algorithm 518, 1977); large
 * ones in z = 2 sqrt(k) sin(d / 2), whose density is that of a normal over sqrt(1 - z^2 / 4k), term
 * by term. */
double tril_von_mises_cdf(double d, double k)
{
    const double pi = 3.14159265358979324;
    if (!(fabs(d) < pi))
        return isnan(d) ? d : d > 0;
    if (k < 100) {
        double sum = 0, ratio = 0;
        for (int n = 30 + (int)k; n > 0; n--) {
            ratio = 1 / (2 * n / k + ratio);
            sum = ratio * (sin(n * d) / n + sum);
        }
        return fmax(0, fmin(1, 0.5 + d / (2 * pi) + sum / pi));
    }
    const double z = tril_within(2 * sqrt(k) * sin(0.5 * d), 38);
    double density = exp(-0.5 * (z * z + TRIL_LOG_2PI)) * z, part = 0.5 * erfc(-z * sqrt(0.5));
    double whole = 1, parts = part, wholes = 1, factor = 1;
    for (int n = 1; n < 25; n++) {
        part = (2 * n - 1) * part - density;
        density *= z * z;
        whole *= 2 * n - 1;
        factor *= (2. * n - 1) / (8. * n) / k;
        parts += factor * part;
        wholes += factor * whole;
    }
    return fmax(0, fmin(1, parts / wholes));
}
