/* Probabilities of rectangles, and normals within them: closed form for one number; for two an
 * integral over the first of its density times the probability that the second, given it, is within
 * its bounds. No term of that is negative, so that tails keep their digits. */
#include "kernels/rectangle.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/mvn.h"
#include "kernels/special.h"

static double density(double df, double z)
{
    return exp((isinf(df) ? -0.5 * z * z : tril_student_log(z * z, df, 1)) - 0.5 * TRIL_LOG_2PI);
}

static double lower_tail(double df, double z)
{
    const double root_half = 0.70710678118654752;
    return isinf(df) ? 0.5 * erfc(-z * root_half) : tril_student_cdf(z, df);
}

/* Gauss and Legendre's rule of four points, where tails would lose digits */
static const double narrow_at[4] = { -0.86113631159405258, -0.33998104358485626,
                                     0.33998104358485626, 0.86113631159405258 },
                    narrow_weight[4] = { 0.34785484513745386, 0.65214515486254614,
                                         0.65214515486254614, 0.34785484513745386 };

static double narrow_interval(double df, double low, double width)
{
    const double half = 0.5 * width, middle = low + half;
    double sum = 0;
    for (size_t i = 0; i < 4; i++)
        sum += narrow_weight[i] * density(df, middle + half * narrow_at[i]);
    return half * sum;
}

/* low <= 0: whether the interval is so short that its ends say little of it */
static bool is_narrow(double df, double low, double high)
{
    return (high - low) * (1 - fmin(low, -high)) < 0.25 * fmin(1, sqrt(df));
}

double tril_interval_probability(double df, double low, double high)
{
    if (!(low < high))
        return 0;
    if (low > 0)
        return tril_interval_probability(df, -high, -low);
    if (is_narrow(df, low, high))
        return narrow_interval(df, low, high - low);
    return high > 0 ? 1 - lower_tail(df, low) - lower_tail(df, -high)
                    : lower_tail(df, high) - lower_tail(df, low);
}

/* ---- a normal within an interval */

static double log_normal(double z)
{
    return -0.5 * z * z - 0.5 * TRIL_LOG_2PI;
}

/* P(Z > z) / density(z), Mills' ratio, z >= 0: far out by its continued fraction (DLMF 7.9.1) */
static double mills(double z)
{
    if (z < 10)
        return lower_tail(HUGE_VAL, -z) / exp(log_normal(z));
    double ratio = z;
    for (int k = 16; k > 0; k--)
        ratio = z + k / ratio;
    return 1 / ratio;
}

/* by the rule of four points, with the density in units of that at the end next to 0 */
static void narrow_moments(double low, double high, tril_truncated *out)
{
    const double half = 0.5 * (high - low), end = fmin(high, 0);
    double sum = 0, mean = 0, second = 0;
    for (size_t i = 0; i < 4; i++) {
        const double z = low + half * (1 + narrow_at[i]);
        const double p = narrow_weight[i] * exp(0.5 * (end - z) * (end + z));
        sum += p;
        mean += p * z;
        second += p * z * z;
    }
    *out =
        (tril_truncated){ log_normal(end) + log(half * sum), { mean / sum }, { second / sum - 1 } };
}

void tril_truncate(double low, double high, tril_truncated *out)
{
    if (!(low < high)) {
        *out = (tril_truncated){ log_normal(high), { high }, { high * high - 1 } };
        return;
    }
    if (low > 0) {
        tril_truncate(-high, -low, out);
        out->mean[0] = -out->mean[0];
        return;
    }
    if (is_narrow(HUGE_VAL, low, high)) {
        narrow_moments(low, high, out);
        return;
    }
    double log_p, at_low, at_high; /* the densities at the ends over the probability */
    if (high > 0) {
        log_p = log1p(-lower_tail(HUGE_VAL, low) - lower_tail(HUGE_VAL, -high));
        at_low = exp(log_normal(low) - log_p);
        at_high = exp(log_normal(high) - log_p);
    } else {
        const double falls = 0.5 * (high - low) * (high + low), ratio = mills(-high),
                     rest = -expm1(falls + log(mills(-low) / ratio));
        log_p = log_normal(high) + log(ratio * rest);
        at_high = 1 / (ratio * rest);
        at_low = at_high * exp(falls);
    }
    *out = (tril_truncated){ log_p,
                             { at_low - at_high },
                             { (isinf(low) ? 0 : low * at_low) -
                               (isinf(high) ? 0 : high * at_high) } };
}

/* ---- two numbers */

enum {
    SUMS = 6
}; /* of p, and of p times z, z^2 - 1, z u, u, u^2 - 1: u is the second number's own */

typedef struct rectangle {
    double df, r, s, low[2], high[2];
    double least; /* errors below this do not matter */
    bool moments; /* of normals: all sums, in units of exp(shift) */
    double shift;
} rectangle;

/* the scale of the second number given the first, or of the first given the second */
static double scale_given(const rectangle *a, double z)
{
    return a->s * (isinf(a->df) ? 1 : sqrt((a->df + z * z) / (a->df + 1)));
}

/* the second number's own distribution, given the first */
static void given(const rectangle *a, double z, double *low, double *high)
{
    const double scale = scale_given(a, z);
    *low = (a->low[1] - a->r * z) / scale;
    *high = (a->high[1] - a->r * z) / scale;
}

static double log_slice(const rectangle *a, double z, tril_truncated *u)
{
    double low, high;
    given(a, z, &low, &high);
    tril_truncate(low, high, u);
    return log_normal(z) + u->log_prob;
}

static void add_slice(const rectangle *a, double z, double weight, double *sum)
{
    double low, high;
    if (!a->moments) {
        given(a, z, &low, &high);
        sum[0] += weight * density(a->df, z) * tril_interval_probability(a->df + 1, low, high);
        return;
    }
    tril_truncated u;
    const double p = weight * exp(log_slice(a, z, &u) - a->shift), mean = *u.mean;
    const double of[SUMS] = { 1, z, z * z - 1, z * mean, mean, *u.second };
    for (size_t i = 0; i < SUMS && p > 0; i++)
        sum[i] += p * of[i];
}

/* The integrals from low to high by Kronrod's rule of 15 points, and how far the probability is
 * from Gauss's of 7 (nodes and weights as in QUADPACK, Piessens et al. 1983). */
static double integral(const rectangle *a, double low, double high, double *sum)
{
    static const double at[8] = { 0.991455371120812639, 0.949107912342758525,
                                  0.864864423359769073, 0.741531185599394440,
                                  0.586087235467691130, 0.405845151377397167,
                                  0.207784955007898468, 0 },
                        kronrod[8] = { 0.022935322010529225, 0.063092092629978553,
                                       0.104790010322250184, 0.140653259715525919,
                                       0.169004726639267903, 0.190350578064785410,
                                       0.204432940075298892, 0.209482141084727828 },
                        gauss[4] = { 0.129484966168869693, 0.279705391489276668,
                                     0.381830050505118945, 0.417959183673469388 };
    const double half = 0.5 * (high - low), middle = low + half;
    double apart = 0;
    memset(sum, 0, SUMS * sizeof *sum);
    for (size_t i = 0; i < 15; i++) {
        const size_t k = i < 8 ? i : 14 - i;
        const double before = sum[0];
        add_slice(a, middle + (i < 8 ? half : -half) * at[k], half * kronrod[k], sum);
        apart += (sum[0] - before) * (1 - (k % 2 ? gauss[k / 2] / kronrod[k] : 0));
    }
    return fabs(apart);
}

/* Adds the same in as many parts as it needs. What rounding makes of the second number's bounds, r
 * z being next to them or they next to each other, and of large exponents, is no reason for more.
 */
static void add_refined(const rectangle *a, double low, double high, const double *sum,
                        double error, int depth, double *total)
{
    const double middle = 0.5 * (low + high), size = 1 + fmax(fabs(low), fabs(high));
    const double exponent = a->moments ? fabs(a->shift) : 0, width = a->high[1] - a->low[1];
    const double rounding =
        (1e-14 * size / scale_given(a, middle) + 1e-15 * (size / width + exponent)) * sum[0];
    if (!(error > a->least && error > rounding) || depth == 0) { /* NaN has no parts */
        for (size_t i = 0; i < SUMS; i++)
            total[i] += sum[i];
        return;
    }
    double left[SUMS], right[SUMS];
    const double left_error = integral(a, low, middle, left),
                 right_error = integral(a, middle, high, right);
    add_refined(a, low, middle, left, left_error, depth - 1, total);
    add_refined(a, middle, high, right, right_error, depth - 1, total);
}

/* A place near which the integrand changes, and within what distance it first does. */
typedef struct centre {
    double at, scale;
} centre;

enum { MOST_CENTRES = 5, MOST_STEPS = 64, MOST_BREAKS = MOST_CENTRES * (2 * MOST_STEPS + 1) + 2 };

/* The integrand has one mode (it is quasi-concave), where the rectangle's point of highest density
 * is: at 0, or at r times a bound of the second number, or as near as the first may come. Besides
 * it changes where the second number's mean passes a bound. */
static size_t find_centres(const rectangle *a, double low, double high, centre *out)
{
    size_t n = 0;
    const double nearest = fmin(fmax(0, low), high);
    /* in tails the density falls within 1 / z */
    out[n++] = (centre){ nearest, a->moments ? 1 / (1 + fabs(nearest)) : fmin(1, sqrt(a->df)) };
    for (size_t i = 0; i < 2; i++) {
        const double bound = i ? a->high[1] : a->low[1], pass = bound / a->r;
        if (isinf(bound))
            continue;
        out[n++] = (centre){ fmin(fmax(a->r * bound, low), high), scale_given(a, bound) };
        if (pass > low && pass < high)
            out[n++] = (centre){ pass, scale_given(a, pass) / fabs(a->r) };
    }
    return n;
}

/* whether another centre is nearer than that of this index */
static bool is_others(const centre *centres, size_t n, size_t own, double x)
{
    for (size_t i = 0; i < n; i++)
        if (fabs(centres[i].at - x) < fabs(centres[own].at - x))
            return true;
    return false;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The ends of pieces, in order: next to each centre short ones, then each longer than the last. */
static size_t find_breaks(const rectangle *a, double low, double high, double *out)
{
    centre centres[MOST_CENTRES];
    const size_t n = find_centres(a, low, high, centres);
    size_t count = 0;
    out[count++] = low;
    out[count++] = high;
    for (size_t i = 0; i < n; i++) {
        const double at = centres[i].at;
        out[count++] = at;
        double step = fmax(0.25 * centres[i].scale, 1e-14 * (1 + fabs(at))), away = step;
        for (size_t k = 0; k < MOST_STEPS && away < high - low; k++, away += step *= 4)
            for (double side = -1; side <= 1; side += 2) {
                const double x = at + side * away;
                if (x > low && x < high && !is_others(centres, n, i, x))
                    out[count++] = x;
            }
    }
    qsort(out, count, sizeof *out, ascending);
    return count;
}

/* beyond what the first number adds nothing, to 1e-13 of the probability */
static double farthest(const rectangle *a)
{
    double size = 1;
    for (size_t i = 0; i < 4; i++) {
        const double bound = fabs(i < 2 ? a->low[i] : a->high[i - 2]);
        size = isinf(bound) ? size : fmax(size, bound);
    }
    return isinf(a->df) ? 39 : fmin(size * pow(10, 1 + 13 / a->df), 1e100);
}

/* the sums, [SUMS] */
static void integrate(rectangle *a, double from, double to, double *total)
{
    double breaks[MOST_BREAKS], sum[MOST_BREAKS][SUMS], error[MOST_BREAKS], all = 0;
    const size_t n = find_breaks(a, from, to, breaks);
    for (size_t i = 0; i + 1 < n; i++) {
        error[i] = integral(a, breaks[i], breaks[i + 1], sum[i]);
        all += sum[i][0];
    }
    a->least = 1e-14 * all;
    memset(total, 0, SUMS * sizeof *total);
    for (size_t i = 0; i + 1 < n; i++)
        add_refined(a, breaks[i], breaks[i + 1], sum[i], error[i], 20, total);
}

double tril_rectangle_probability(double df, double r, double s, const double *low,
                                  const double *high)
{
    if (isinf(df) && r == 0)
        return tril_interval_probability(df, low[0], high[0]) *
               tril_interval_probability(df, low[1], high[1]);
    rectangle a = { .df = df, .r = r, .s = s, { low[0], low[1] }, { high[0], high[1] } };
    const double most = farthest(&a), from = fmax(low[0], -most), to = fmin(high[0], most);
    double total[SUMS];
    if (!(from < to && low[1] < high[1]))
        return 0;
    integrate(&a, from, to, total);
    return fmin(total[0], 1);
}

void tril_truncate_two(double r, double s, const double *low, const double *high,
                       tril_truncated *out)
{
    rectangle a = { HUGE_VAL, r, s, { low[0], low[1] }, { high[0], high[1] }, 0, true, -HUGE_VAL };
    centre centres[MOST_CENTRES];
    double total[SUMS], mode = 0;
    tril_truncated u = { 0 };
    const size_t n = find_centres(&a, low[0], high[0], centres);
    for (size_t i = 0; i < n; i++) {
        tril_truncated here;
        const double value = log_slice(&a, centres[i].at, &here);
        if (!(value > a.shift))
            continue;
        mode = centres[i].at;
        a.shift = value;
        u = here;
    }
    /* the integrand falls off as a normal density does, or faster */
    integrate(&a, fmax(low[0], mode - 40), fmin(high[0], mode + 40), total);
    const double p = total[0];
    if (p > 0 && isfinite(p))
        *out = (tril_truncated){ a.shift + log(p),
                                 { total[1] / p, total[4] / p },
                                 { total[2] / p, total[3] / p, total[5] / p } };
    else /* so far out that there is one number only */
        *out = (tril_truncated){ a.shift,
                                 { mode, *u.mean },
                                 { mode * mode - 1, mode * *u.mean, *u.second } };
}
