/* Rows to lanes and back, four rows by four numbers at a time: a square that is turned over within
 * the processor's registers. */
#include "kernels/simd_rows.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels/cpu_dispatch.h"
#include "kernels/mvn.h"

enum { SIDE = 4, COLUMNS = 64 }; /* so many columns at a time stay in the cache */

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

/* n columns, 1 to SIDE, of SIDE rows */
TRIL_INLINE void load_square(size_t n, const tril_real *restrict x, const size_t *restrict at,
                             tril_real *restrict lanes)
{
    quad q[SIDE] = { { 0 } };
    GET(q[0], n, x + at[0]);
    GET(q[1], n, x + at[1]);
    GET(q[2], n, x + at[2]);
    GET(q[3], n, x + at[3]);
    TRANSPOSE(q[0], q[1], q[2], q[3]);
    for (size_t k = 0; k < n; k++)
        memcpy(lanes + k * TRIL_LANES, &q[k], sizeof *q);
}

TRIL_INLINE void store_square(size_t n, const tril_real *restrict lanes, tril_real *restrict x,
                              const size_t *restrict at)
{
    quad q[SIDE] = { { 0 } };
    for (size_t k = 0; k < n; k++)
        memcpy(&q[k], lanes + k * TRIL_LANES, sizeof *q);
    TRANSPOSE(q[0], q[1], q[2], q[3]);
    PUT(q[0], n, x + at[0]);
    PUT(q[1], n, x + at[1]);
    PUT(q[2], n, x + at[2]);
    PUT(q[3], n, x + at[3]);
}

/* f of as many columns as there are, SIDE at most: a number that it knows when it is compiled */
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

/* Asks early for what most likely comes next: as many rows further on, where rows stand one behind
 * the other. Any address may be asked for. Short rows come early enough by themselves. */
TRIL_INLINE void ask_for(size_t width, const tril_real *x)
{
    const size_t line = 64 / sizeof *x;
    const uintptr_t next = (uintptr_t)x + TRIL_LANES * width * sizeof *x;
    for (size_t k = 0; k + line <= width; k += line)
        __builtin_prefetch((const void *)(next + k * sizeof *x), 0, 2);
}

/* Whether rows stand one behind the other, short ones in all lanes: then they are turned over at
 * once, by as many columns as the compiler knows. */
TRIL_INLINE bool in_line(size_t n, size_t width, const size_t *restrict at)
{
    size_t apart = 0;
    if (n < TRIL_LANES || width > SIDE)
        return false;
    for (size_t l = 0; l < TRIL_LANES; l++)
        apart |= at[l] ^ (at[0] + l * width);
    return apart == 0;
}

TRIL_INLINE void load_line(size_t width, const tril_real *restrict x, tril_real *restrict lanes)
{
    for (size_t l = 0; l < TRIL_LANES; l++)
        for (size_t k = 0; k < width; k++)
            lanes[k * TRIL_LANES + l] = x[l * width + k];
}

TRIL_INLINE void store_line(size_t width, const tril_real *restrict lanes, tril_real *restrict x)
{
    for (size_t l = 0; l < TRIL_LANES; l++)
        for (size_t k = 0; k < width; k++)
            x[l * width + k] = lanes[k * TRIL_LANES + l];
}

/* row by row, as they stand in memory */
TRIL_INLINE void load_of(size_t n, size_t width, const tril_real *restrict x,
                         const size_t *restrict at, tril_real *restrict lanes)
{
    if (in_line(n, width, at)) {
        OF_COLUMNS(width, load_line, x + at[0], lanes)
        return;
    }
    for (size_t l = 0; l < tril_lanes_for(n); l += SIDE) {
        for (size_t i = 0; i < SIDE; i++)
            ask_for(width, x + at[l + i]);
        for (size_t k = 0; k < width; k += SIDE)
            OF_COLUMNS(width - k, load_square, x + k, at + l, lanes + k * TRIL_LANES + l)
    }
}

TRIL_FOR_EACH_TARGET(, tril_lanes_load,
                     (size_t n, size_t width, const tril_real *x, const size_t *at,
                      tril_real *lanes),
                     (n, width, x, at, lanes), load_of(n, width, x, at, lanes))

/* n numbers in all lanes, times the factors; without bounds `beyond` stays 0 unless one leaves the
 * type's range. */
TRIL_INLINE void scale(size_t lanes, size_t n, bool bounded, const tril_real *restrict factor,
                       const tril_real *restrict x, tril_real *restrict to,
                       tril_real *restrict beyond)
{
    for (size_t k = 0; k < n * TRIL_LANES; k += TRIL_LANES)
        for (size_t l = 0; l < lanes; l++) {
            to[k + l] = bounded ? tril_saturate((double)factor[l] * (double)x[k + l])
                                : factor[l] * x[k + l];
            beyond[l] += 0 * to[k + l];
        }
}

TRIL_INLINE void store_rows(size_t n, size_t columns, const tril_real *restrict lanes,
                            tril_real *restrict x, const size_t *restrict at)
{
    const size_t squares = n - n % SIDE;
    if (in_line(n, columns, at)) {
        OF_COLUMNS(columns, store_line, lanes, x + at[0])
        return;
    }
    for (size_t l = 0; l < squares; l += SIDE) {
        for (size_t i = 0; i < SIDE; i++)
            ask_for(columns, x + at[l + i]);
        for (size_t k = 0; k < columns; k += SIDE)
            OF_COLUMNS(columns - k, store_square, lanes + k * TRIL_LANES + l, x + k, at + l)
    }
    for (size_t l = squares; l < n; l++)
        for (size_t k = 0; k < columns; k++)
            x[at[l] + k] = lanes[k * TRIL_LANES + l];
}

/* false where bounds are needed */
TRIL_INLINE bool store_lanes(size_t lanes, size_t n, size_t width, bool bounded,
                             const tril_real *factor, const tril_real *from, tril_real *x,
                             const size_t *at)
{
    tril_real scaled[COLUMNS * TRIL_LANES], beyond[TRIL_LANES] = { 0 };
    for (size_t k = 0; k < width; k += COLUMNS) {
        const size_t columns = width - k < COLUMNS ? width - k : COLUMNS;
        scale(lanes, columns, bounded, factor, from + k * TRIL_LANES, scaled, beyond);
        store_rows(n, columns, scaled, x + k, at);
    }
    for (size_t half = lanes / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            beyond[l] += beyond[l + half];
    return beyond[0] == 0;
}

TRIL_INLINE void store_of(size_t n, size_t width, const tril_real *factor, const tril_real *lanes,
                          tril_real *x, const size_t *at)
{
    if (n <= TRIL_FEW_LANES ? store_lanes(TRIL_FEW_LANES, n, width, false, factor, lanes, x, at)
                            : store_lanes(TRIL_LANES, n, width, false, factor, lanes, x, at))
        return;
    store_lanes(tril_lanes_for(n), n, width, true, factor, lanes, x, at);
}

TRIL_FOR_EACH_TARGET(, tril_lanes_store,
                     (size_t n, size_t width, const tril_real *factor, const tril_real *lanes,
                      tril_real *x, const size_t *at),
                     (n, width, factor, lanes, x, at), store_of(n, width, factor, lanes, x, at))

TRIL_INLINE void values_of(size_t n, const double *restrict from, tril_real *restrict x,
                           bool *restrict nan)
{
    double nothing[TRIL_LANES] = { 0 };
    for (size_t l = 0; l < n; l++)
        x[l] = tril_saturate(from[l]);
    for (size_t l = 0; l < n; l++)
        nothing[l] = from[l] == from[l] ? 0 : 1;
    for (size_t half = TRIL_LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            nothing[l] += nothing[l + half];
    *nan = nothing[0] > 0;
}

TRIL_INLINE void values_of_all(size_t n, const double *from, tril_real *x, bool *nan)
{
    if (n == TRIL_LANES)
        values_of(TRIL_LANES, from, x, nan);
    else
        values_of(n, from, x, nan);
}

TRIL_FOR_EACH_TARGET(static, values, (size_t n, const double *from, tril_real *x, bool *nan),
                     (n, from, x, nan), values_of_all(n, from, x, nan))

size_t tril_lanes_values(size_t n, const double *lanes, tril_real *x)
{
    bool nan;
    size_t l = 0;
    values(n, lanes, x, &nan);
    while (l < n && !(nan && isnan(lanes[l])))
        l++;
    return nan ? l : n;
}

/* which lane goes to which sum does not depend on n */
TRIL_INLINE void add_lanes(size_t n, size_t width, bool bounded, const tril_real *restrict factor,
                           const tril_real *restrict lanes, double *restrict sums)
{
    for (size_t k = 0; k < width; k++, lanes += TRIL_LANES, sums += TRIL_FEW_LANES)
        for (size_t l = 0; l < n; l += TRIL_FEW_LANES)
            for (size_t i = 0; i < TRIL_FEW_LANES && l + i < n; i++) {
                double product = (double)factor[l + i] * (double)lanes[l + i];
                sums[i] += bounded ? tril_within(product, DBL_MAX) : product;
            }
}

/* in float no product is beyond the range of a double */
TRIL_INLINE void add_of(size_t n, size_t width, const tril_real *factor, const tril_real *lanes,
                        double *sums)
{
    if (n == TRIL_LANES && sizeof *lanes < sizeof(double))
        add_lanes(TRIL_LANES, width, false, factor, lanes, sums);
    else
        add_lanes(n, width, true, factor, lanes, sums);
}

TRIL_FOR_EACH_TARGET(, tril_lanes_add,
                     (size_t n, size_t width, const tril_real *factor, const tril_real *lanes,
                      double *sums),
                     (n, width, factor, lanes, sums), add_of(n, width, factor, lanes, sums))
