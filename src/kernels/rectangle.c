/* Probabilities of rectangles: closed form for one number; for two an integral over the first of
 * its density times the probability that the second, given it, is within its bounds. No term is
 * negative, so that tails keep their digits. */
#include "kernels/rectangle.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

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

/* by Gauss and Legendre's rule of four points, where tails would lose digits */
static double narrow_interval(double df, double low, double width)
{
    static const double at[2] = { 0.33998104358485626, 0.86113631159405258 },
                        weight[2] = { 0.65214515486254614, 0.34785484513745386 };
    const double half = 0.5 * width, middle = low + half;
    double sum = 0;
    for (size_t i = 0; i < 2; i++)
        sum +=
            weight[i] * (density(df, middle - half * at[i]) + density(df, middle + half * at[i]));
    return half * sum;
}

double tril_interval_probability(double df, double low, double high)
{
    if (!(low < high))
        return 0;
    if (low > 0)
        return tril_interval_probability(df, -high, -low);
    if ((high - low) * (1 - fmin(low, -high)) < 0.25 * fmin(1, sqrt(df)))
        return narrow_interval(df, low, high - low);
    return high > 0 ? 1 - lower_tail(df, low) - lower_tail(df, -high)
                    : lower_tail(df, high) - lower_tail(df, low);
}

/* ---- two numbers */

typedef struct rectangle {
    double df, r, s, low[2], high[2];
    double least; /* errors below this do not matter */
} rectangle;

/* the scale of the second number given the first, or of the first given the second */
static double scale_given(const rectangle *a, double z)
{
    return a->s * (isinf(a->df) ? 1 : sqrt((a->df + z * z) / (a->df + 1)));
}

static double slice(const rectangle *a, double z)
{
    const double scale = scale_given(a, z);
    return density(a->df, z) * tril_interval_probability(a->df + 1, (a->low[1] - a->r * z) / scale,
                                                         (a->high[1] - a->r * z) / scale);
}

/* The integral from low to high by Kronrod's rule of 15 points, and how far Gauss's of 7 is from it
 * (nodes and weights as in QUADPACK, Piessens et al. 1983). */
static double integral(const rectangle *a, double low, double high, double *error)
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
    double sum = 0, coarse = 0;
    for (size_t i = 0; i < 8; i++) {
        double y = slice(a, middle + half * at[i]);
        if (i < 7)
            y += slice(a, middle - half * at[i]);
        sum += kronrod[i] * y;
        coarse += i % 2 ? gauss[i / 2] * y : 0;
    }
    *error = half * fabs(sum - coarse);
    return half * sum;
}

/* The same in as many parts as it needs. What rounding makes of the second number's bounds, r z
 * being next to them, is no reason for more. */
static double refined(const rectangle *a, double low, double high, double sum, double error,
                      int depth)
{
    const double middle = 0.5 * (low + high), size = 1 + fmax(fabs(low), fabs(high));
    if (error <= a->least || error <= 1e-14 * size / scale_given(a, middle) * sum || depth == 0)
        return sum;
    double left_error, right_error;
    const double left = integral(a, low, middle, &left_error),
                 right = integral(a, middle, high, &right_error);
    return refined(a, low, middle, left, left_error, depth - 1) +
           refined(a, middle, high, right, right_error, depth - 1);
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
    out[n++] = (centre){ fmin(fmax(0, low), high), fmin(1, sqrt(a->df)) };
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

double tril_rectangle_probability(double df, double r, double s, const double *low,
                                  const double *high)
{
    if (isinf(df) && r == 0)
        return tril_interval_probability(df, low[0], high[0]) *
               tril_interval_probability(df, low[1], high[1]);
    rectangle a = { df, r, s, { low[0], low[1] }, { high[0], high[1] }, 0 };
    const double most = farthest(&a), from = fmax(low[0], -most), to = fmin(high[0], most);
    double breaks[MOST_BREAKS], sum[MOST_BREAKS], error[MOST_BREAKS], total = 0;
    if (!(from < to && low[1] < high[1]))
        return 0;
    const size_t n = find_breaks(&a, from, to, breaks);
    for (size_t i = 0; i + 1 < n; i++)
        total += sum[i] = integral(&a, breaks[i], breaks[i + 1], &error[i]);
    a.least = 1e-14 * total;
    total = 0;
    for (size_t i = 0; i + 1 < n; i++)
        total += refined(&a, breaks[i], breaks[i + 1], sum[i], error[i], 20);
    return fmin(total, 1);
}
