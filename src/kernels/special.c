/* Special functions behind Student's t. */
#include "kernels/special.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "kernels/mvn.h"

/* From here on Stirling's series have all digits; recurrences lead there. */
static const double far = 16;

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
    for (int n = 17; n > 1 && v < 0.1; n--)
        sum = 1. / n + v * sum;
    return v < 0.1 ? v * v * sum : minus_log - v;
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

/* The power series of the incomplete beta function I_v(1/2, a) without its factor [DLMF 8.17.8]:
 * all terms are positive. */
static double middle_series(double a, double v)
{
    double sum = 1, term = 1;
    for (int n = 0; term > 1e-17 * sum; n++) {
        term *= (a + 0.5 + n) * v / (1.5 + n);
        sum += term;
    }
    return sum;
}

/* The continued fraction of I_x(a, 1/2), x = 1 - v [DLMF 8.17.22], two steps as one: for a large a
 * it becomes that of the incomplete gamma function, and needs as few steps. By Lentz's method. */
static double tail_fraction(double a, double x, double v)
{
    const double b = 0.5, steep = a * v - b * x + 1;
    double f = a / (a + 1) * steep, c = f, d = 0, change = 0;
    for (int m = 1; m < 1000 && fabs(change - 1) > 2e-16; m++) {
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
        middle ? 0.5 - factor * middle_series(a, v) : 0.5 * factor / tail_fraction(a, x, v);
    tail = isinf(t) ? 0 : fmin(tail, 0.5);
    return t < 0 ? tail : 1 - tail;
}
