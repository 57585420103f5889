/* Householder reflections from the right, row by row. */
#include "kernels/lq.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

static const double rounding = 1e-14;

/* of squares, beside 1: no more than rounding, and near what cannot be divided by */
static const double nothing = 1e-280;

static double largest(size_t n, const double *x)
{
    double most = 0;
    for (size_t k = 0; k < n; k++)
        most = fmax(most, fabs(x[k]));
    return most;
}

/* Divides numbers by a power of 2 that leaves their largest near 1, so that no square is beyond the
 * range; returns that power. */
static double scale_down(size_t n, double *x)
{
    int exponent;
    frexp(largest(n, x), &exponent);
    double scale = ldexp(1, exponent - 1);
    for (size_t k = 0; k < n; k++)
        x[k] /= scale;
    return scale;
}

static double squares(size_t n, const double *x)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += x[k] * x[k];
    return sum;
}

/* The reflection that takes row i, from column i on, to [norm, 0, ...], done to the rows below. */
static void reflect(size_t n, size_t m, double *a, size_t i, double norm)
{
    double *v = a + i * m, x = v[i], sign = x < 0 ? -1 : 1;
    v[i] += sign * norm;
    for (size_t j = i + 1; j < n; j++) {
        double *row = a + j * m, sum = 0;
        for (size_t k = i; k < m; k++)
            sum += v[k] * row[k];
        sum /= norm * (norm + fabs(x));
        for (size_t k = i; k < m; k++)
            row[k] -= sum * v[k];
        row[i] *= -sign;
    }
    memset(v + i, 0, (m - i) * sizeof *v);
    v[i] = norm;
}

/* the same where there is nothing behind column i: only signs change, no digit is rounded */
static void turn(size_t n, size_t m, double *a, size_t i)
{
    for (size_t j = n; j-- > i;)
        a[j * m + i] = a[i * m + i] < 0 ? -a[j * m + i] : a[j * m + i];
    memset(a + i * m + i + 1, 0, (m - i - 1) * sizeof *a);
}

size_t tril_lq_factor(size_t n, size_t m, double *a, const double *least)
{
    bool rounded = false; /* whether reflections have left their rounding in row i */
    for (size_t i = 0; i < n; i++) {
        double *row = a + i * m, limit = rounded ? rounding * largest(m, row) : 0;
        double scale = scale_down(m - i, row + i), behind = squares(m - i - 1, row + i + 1);
        if (behind > nothing)
            reflect(n, m, a, i, sqrt(row[i] * row[i] + behind));
        else
            turn(n, m, a, i);
        rounded |= behind > nothing;
        row[i] *= scale;
        if (least)
            row[i] = fmax(row[i], least[i]);
        else if (!(row[i] > limit && row[i] <= DBL_MAX))
            return i;
    }
    return n;
}
