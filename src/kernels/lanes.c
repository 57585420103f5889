/* Rows to lanes and back, four rows by four numbers at a time: a square that is turned over within
 * the processor's registers. */
#include "kernels/lanes.h"

#include <float.h>
#include <string.h>

#include "kernels/mvn.h"
#include "kernels/targets.h"

enum { SIDE = 4 };

typedef tril_real quad __attribute__((vector_size(SIDE * sizeof(tril_real))));

#define MIX __builtin_shufflevector

/* The square of a, b, c, d turned over. Vectors of doubles are wider than some targets' registers,
 * and no argument of a function: hence macros. */
#define TRANSPOSE(a, b, c, d)                                                                      \
    do {                                                                                           \
        quad ab = MIX(a, b, 0, 4, 1, 5), ab_high = MIX(a, b, 2, 6, 3, 7);                          \
        quad cd = MIX(c, d, 0, 4, 1, 5), cd_high = MIX(c, d, 2, 6, 3, 7);                          \
        a = MIX(ab, cd, 0, 1, 4, 5);                                                               \
        b = MIX(ab, cd, 2, 3, 6, 7);                                                               \
        c = MIX(ab_high, cd_high, 0, 1, 4, 5);                                                     \
        d = MIX(ab_high, cd_high, 2, 3, 6, 7);                                                     \
    } while (0)

#define GET(q, n, x)                                                                               \
    do {                                                                                           \
        if ((n) == SIDE)                                                                           \
            memcpy(&(q), x, sizeof(q));                                                            \
        else                                                                                       \
            (q) = (quad){ (x)[0], (n) > 1 ? (x)[1] : 0, (n) > 2 ? (x)[2] : 0, 0 };                 \
    } while (0)

#define PUT(q, n, x)                                                                               \
    do {                                                                                           \
        if ((n) == SIDE)                                                                           \
            memcpy(x, &(q), sizeof(q));                                                            \
        for (size_t k = 0; k < (n) && (n) < SIDE; k++)                                             \
            (x)[k] = (q)[k];                                                                       \
    } while (0)

/* n columns, 1 to SIDE, of so many rows, a multiple of SIDE */
TRIL_INLINE void load_columns(size_t n, size_t rows, const tril_real *restrict x,
                              const size_t *restrict at, tril_real *restrict lanes)
{
    for (size_t l = 0; l < rows; l += SIDE) {
        quad q[SIDE];
        GET(q[0], n, x + at[l]);
        GET(q[1], n, x + at[l + 1]);
        GET(q[2], n, x + at[l + 2]);
        GET(q[3], n, x + at[l + 3]);
        TRANSPOSE(q[0], q[1], q[2], q[3]);
        for (size_t k = 0; k < n; k++)
            memcpy(lanes + k * TRIL_LANES + l, &q[k], sizeof *q);
    }
}

TRIL_INLINE void store_columns(size_t n, size_t rows, const tril_real *restrict lanes,
                               tril_real *restrict x, const size_t *restrict at)
{
    for (size_t l = 0; l < rows; l += SIDE) {
        quad q[SIDE] = { { 0 } };
        for (size_t k = 0; k < n; k++)
            memcpy(&q[k], lanes + k * TRIL_LANES + l, sizeof *q);
        TRANSPOSE(q[0], q[1], q[2], q[3]);
        PUT(q[0], n, x + at[l]);
        PUT(q[1], n, x + at[l + 1]);
        PUT(q[2], n, x + at[l + 2]);
        PUT(q[3], n, x + at[l + 3]);
    }
}

/* n columns by a function that knows their number when it is compiled */
#define OF_COLUMNS(n, f, ...)                                                                      \
    switch (n) {                                                                                   \
    case 1:                                                                                        \
        f(1, __VA_ARGS__);                                                                         \
        break;                                                                                     \
    case 2:                                                                                        \
        f(2, __VA_ARGS__);                                                                         \
        break;                                                                                     \
    case 3:                                                                                        \
        f(3, __VA_ARGS__);                                                                         \
        break;                                                                                     \
    default:                                                                                       \
        f(SIDE, __VA_ARGS__);                                                                      \
    }

TRIL_INLINE void load_of(size_t n, size_t width, const tril_real *restrict x,
                         const size_t *restrict at, tril_real *restrict lanes)
{
    for (size_t k = 0; k < width; k += SIDE)
        OF_COLUMNS(width - k, load_columns, tril_lanes_for(n), x + k, at, lanes + k * TRIL_LANES)
}

TRIL_FOR_EACH_TARGET(, tril_lanes_load,
                     (size_t n, size_t width, const tril_real *x, const size_t *at,
                      tril_real *lanes),
                     (n, width, x, at, lanes), load_of(n, width, x, at, lanes))

/* of one number in all lanes: what factor times it is, and 0 in `beyond` unless that is beyond the
 * type's range */
TRIL_INLINE void scale(size_t lanes, const double *restrict factor, const double *restrict x,
                       tril_real *restrict to, tril_real *restrict beyond)
{
    for (size_t l = 0; l < lanes; l++) {
        to[l] = (tril_real)(factor[l] * x[l]);
        beyond[l] += 0 * to[l];
    }
}

TRIL_INLINE void scale_within(size_t lanes, const double *restrict factor, const double *restrict x,
                              tril_real *restrict to)
{
    for (size_t l = 0; l < lanes; l++)
        to[l] = tril_saturate(factor[l] * tril_within(x[l], DBL_MAX));
}

/* with bounds only where one is met, which is rare */
TRIL_INLINE void scale_columns(size_t lanes, size_t columns, const double *factor, const double *x,
                               tril_real *to)
{
    tril_real beyond[TRIL_LANES] = { 0 };
    for (size_t k = 0; k < columns; k++)
        scale(lanes, factor, x + k * TRIL_LANES, to + k * TRIL_LANES, beyond);
    for (size_t half = lanes / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            beyond[l] += beyond[l + half];
    for (size_t k = 0; k < columns && beyond[0] != 0; k++)
        scale_within(lanes, factor, x + k * TRIL_LANES, to + k * TRIL_LANES);
}

TRIL_INLINE void store_of(size_t n, size_t width, const double *restrict factor,
                          const double *restrict lanes, tril_real *restrict x,
                          const size_t *restrict at)
{
    tril_real scaled[SIDE * TRIL_LANES];
    const size_t squares = n - n % SIDE;
    for (size_t k = 0; k < width; k += SIDE) {
        const size_t columns = width - k < SIDE ? width - k : SIDE;
        if (n <= TRIL_FEW_LANES)
            scale_columns(TRIL_FEW_LANES, columns, factor, lanes + k * TRIL_LANES, scaled);
        else
            scale_columns(TRIL_LANES, columns, factor, lanes + k * TRIL_LANES, scaled);
        OF_COLUMNS(columns, store_columns, squares, scaled, x + k, at)
        for (size_t l = squares; l < n; l++)
            for (size_t i = 0; i < columns; i++)
                x[at[l] + k + i] = scaled[i * TRIL_LANES + l];
    }
}

TRIL_FOR_EACH_TARGET(, tril_lanes_store,
                     (size_t n, size_t width, const double *factor, const double *lanes,
                      tril_real *x, const size_t *at),
                     (n, width, factor, lanes, x, at), store_of(n, width, factor, lanes, x, at))

/* in an order of its own, but always that: halves upon halves; no infinities of both signs meet */
TRIL_INLINE void add_of(size_t n, size_t width, const double *restrict factor,
                        const double *restrict lanes, double *restrict sums)
{
    const double most = DBL_MAX / TRIL_LANES;
    for (size_t k = 0; k < width; k++) {
        double part[TRIL_LANES];
        for (size_t l = 0; l < TRIL_LANES; l++) {
            double x = factor[l] * tril_within(lanes[k * TRIL_LANES + l], DBL_MAX);
            part[l] = l < n ? tril_within(x, most) : 0;
        }
        for (size_t half = TRIL_LANES / 2; half > 0; half /= 2)
            for (size_t l = 0; l < half; l++)
                part[l] += part[l + half];
        sums[k] += part[0];
    }
}

TRIL_FOR_EACH_TARGET(, tril_lanes_add,
                     (size_t n, size_t width, const double *factor, const double *lanes,
                      double *sums),
                     (n, width, factor, lanes, sums), add_of(n, width, factor, lanes, sums))
