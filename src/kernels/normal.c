/* Log-densities of numbers and their slopes. The logarithm of an event's scales is that of the
 * product of their significands, each from 1 to 2, and the sum of their exponents. */
#include "kernels/normal.h"

#include <math.h>

#include "kernels/mvn.h"
#include "kernels/vector_math.h"

static const bool is_double = sizeof(tril_real) == sizeof(double);

/* x / scale; in float, where no scale is so small that its inverse is infinite, by that inverse */
TRIL_INLINE double over(double x, double scale, double inverse)
{
    return is_double ? x / scale : x * inverse;
}

/* (y - loc) / scale, within bounds whose square is finite; in float it is */
TRIL_INLINE double standardised(double loc, double scale, double inverse, double y)
{
    double z = over(y - loc, scale, inverse);
    return is_double ? tril_within(z, 1e150) : z;
}

/* x = m 2^k with m from 1 to 2, for a positive number */
TRIL_INLINE double significand_of(double x, double *k)
{
    const bool small = is_double && x < 0x1p-1022;
    const uint64_t one = tril_bits_d(1), fraction = ((uint64_t)1 << 52) - 1;
    uint64_t u = tril_bits_d(small ? x * 0x1p54 : x);
    *k = tril_from_bits_d((u >> 52) | tril_bits_d(0x1.8p52)) - (0x1.8p52 + 1023) - (small ? 54 : 0);
    return tril_from_bits_d((u & fraction) | one);
}

/* each number's part of the log-density but for its significand */
TRIL_INLINE void parts_of(size_t n, bool missing, const tril_real *restrict locs,
                          const tril_real *restrict scales, const tril_real *restrict ys,
                          double *restrict part, double *restrict m)
{
    const double log_2 = 0.69314718055994530942;
    for (size_t i = 0; i < n; i++) {
        double k, loc = (double)locs[i], scale = (double)scales[i], y = (double)ys[i];
        double z = standardised(loc, scale, 1 / scale, y), own = significand_of(scale, &k);
        double nothing = is_double ? (y - y) + (loc - loc) : z - z;
        double x = nothing - 0.5 * (z * z + TRIL_LOG_2PI) - k * log_2;
        part[i] = scale > 0 && scale <= (double)TRIL_REAL_MAX ? x : (double)NAN;
        m[i] = own;
        if (missing) {
            part[i] = y == y ? part[i] : loc - loc;
            m[i] = y == y ? own : 1;
        }
    }
}

TRIL_INLINE void gather(size_t events, size_t size, const double *restrict part,
                        const double *restrict m, double *restrict sums, double *restrict products)
{
    for (size_t e = 0; e < events; e++) {
        double sum = 0, product = 1;
        for (size_t i = 0; i < size; i++)
            sum += part[e * size + i], product *= m[e * size + i];
        sums[e] = sum;
        products[e] = product;
    }
}

TRIL_INLINE void log_prob_of(size_t events, size_t size, bool missing, const tril_real *loc,
                             const tril_real *scale, const tril_real *y, double *restrict log_prob)
{
    double part[TRIL_CHUNK], m[TRIL_CHUNK], product[TRIL_CHUNK];
    parts_of(events * size, missing, loc, scale, y, part, m);
#define GATHER(n) gather(events, n, part, m, log_prob, product)
    TRIL_FOR_EVENT_SIZE(size, GATHER)
    for (size_t e = 0; e < events; e++)
        log_prob[e] -= tril_log_of_normal_d(product[e], 0, 0);
}

TRIL_FOR_EACH_TARGET(, tril_normal_log_prob,
                     (size_t events, size_t size, bool missing, const tril_real *loc,
                      const tril_real *scale, const tril_real *y, double *log_prob),
                     (events, size, missing, loc, scale, y, log_prob),
                     missing ? log_prob_of(events, size, true, loc, scale, y, log_prob)
                             : log_prob_of(events, size, false, loc, scale, y, log_prob))

/* with z = (y - loc) / scale: d/dloc = z / scale = -d/dy, d/dscale = (z^2 - 1) / scale */
TRIL_INLINE void slopes_of(size_t n, bool missing, const tril_real *restrict loc,
                           const tril_real *restrict scales, const tril_real *restrict y,
                           double *restrict of_loc, double *restrict of_scale,
                           double *restrict of_y)
{
    for (size_t i = 0; i < n; i++) {
        double scale = (double)scales[i], inverse = 1 / scale;
        double z = standardised((double)loc[i], scale, inverse, (double)y[i]);
        bool nothing = missing && y[i] != y[i];
        of_loc[i] = nothing ? 0 : over(z, scale, inverse);
        of_scale[i] = nothing ? 0 : over(z * z - 1, scale, inverse);
        of_y[i] = -of_loc[i];
    }
}

TRIL_FOR_EACH_TARGET(, tril_normal_slopes,
                     (size_t n, bool missing, const tril_real *loc, const tril_real *scale,
                      const tril_real *y, double *of_loc, double *of_scale, double *of_y),
                     (n, missing, loc, scale, y, of_loc, of_scale, of_y),
                     missing ? slopes_of(n, true, loc, scale, y, of_loc, of_scale, of_y)
                             : slopes_of(n, false, loc, scale, y, of_loc, of_scale, of_y))
