/* Loops for the table of elementwise functions. */
#include "kernels/unary.h"

#include <math.h>
#include <tgmath.h>

#include "kernels/vector_math.h"

#define MATH TRIL_MATH

enum { COLUMNS = 32 }; /* whose sums stay in registers */

#define DEFINE(name, value, slope, needs_x)                                                        \
    TRIL_INLINE void name##_values(size_t n, const tril_real *xs, tril_real *ys)                   \
    {                                                                                              \
        TRIL_VECTORISE                                                                             \
        for (size_t i = 0; i < n; i++) {                                                           \
            const tril_real x = xs[i];                                                             \
            ys[i] = value;                                                                         \
        }                                                                                          \
    }                                                                                              \
    TRIL_FOR_EACH_TARGET(static, forward_##name, (size_t n, const tril_real *x, tril_real *y),     \
                         (n, x, y), name##_values(n, x, y))                                        \
    TRIL_INLINE void name##_slopes(size_t n, const tril_real *xs, const tril_real *ys,             \
                                   const tril_real *dy, tril_real *dx)                             \
    {                                                                                              \
        TRIL_VECTORISE                                                                             \
        for (size_t i = 0; i < n; i++) {                                                           \
            const tril_real x = xs[i], y = ys[i];                                                  \
            (void)x, (void)y;                                                                      \
            dx[i] = dy[i] * (slope);                                                               \
        }                                                                                          \
    }                                                                                              \
    TRIL_FOR_EACH_TARGET(                                                                          \
        static, backward_##name,                                                                   \
        (size_t n, const tril_real *x, const tril_real *y, const tril_real *dy, tril_real *dx),    \
        (n, x, y, dy, dx), name##_slopes(n, x, y, dy, dx))                                         \
    TRIL_INLINE void name##_row_values(size_t rows, size_t n, const tril_real *restrict b,         \
                                       tril_real *xs, tril_real *ys)                               \
    {                                                                                              \
        for (size_t i = 0; i < rows; i++, xs += n, ys += n) {                                      \
            TRIL_VECTORISE                                                                         \
            for (size_t j = 0; j < n; j++) {                                                       \
                const tril_real x = xs[j] + b[j];                                                  \
                if (needs_x)                                                                       \
                    xs[j] = x;                                                                     \
                ys[j] = value;                                                                     \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    TRIL_FOR_EACH_TARGET(static, forward_rows_##name,                                              \
                         (size_t rows, size_t n, const tril_real *b, tril_real *x, tril_real *y),  \
                         (rows, n, b, x, y), name##_row_values(rows, n, b, x, y))                  \
    TRIL_INLINE void name##_columns(size_t rows, size_t n, size_t count, const tril_real *xs,      \
                                    const tril_real *ys, const tril_real *dy, tril_real *dx,       \
                                    tril_real *db)                                                 \
    {                                                                                              \
        double sums[COLUMNS] = { 0 };                                                              \
        for (size_t i = 0; i < rows; i++, xs += n, ys += n, dy += n, dx += n) {                    \
            TRIL_VECTORISE                                                                         \
            for (size_t j = 0; j < count; j++) {                                                   \
                const tril_real x = xs[j], y = ys[j], d = dy[j] * (slope);                         \
                (void)x, (void)y;                                                                  \
                dx[j] = d;                                                                         \
                sums[j] += (double)d;                                                              \
            }                                                                                      \
        }                                                                                          \
        for (size_t j = 0; j < count && db; j++)                                                   \
            db[j] = (tril_real)sums[j];                                                            \
    }                                                                                              \
    TRIL_INLINE void name##_row_slopes(size_t rows, size_t n, const tril_real *xs,                 \
                                       const tril_real *ys, const tril_real *dy, tril_real *dx,    \
                                       tril_real *db)                                              \
    {                                                                                              \
        for (size_t j = 0; j < n; j += COLUMNS) {                                                  \
            tril_real *to = db ? db + j : NULL;                                                    \
            if (n - j >= COLUMNS)                                                                  \
                name##_columns(rows, n, COLUMNS, xs + j, ys + j, dy + j, dx + j, to);              \
            else                                                                                   \
                name##_columns(rows, n, n - j, xs + j, ys + j, dy + j, dx + j, to);                \
        }                                                                                          \
    }                                                                                              \
    TRIL_FOR_EACH_TARGET(static, backward_rows_##name,                                             \
                         (size_t rows, size_t n, const tril_real *x, const tril_real *y,           \
                          const tril_real *dy, tril_real *dx, tril_real *db),                      \
                         (rows, n, x, y, dy, dx, db),                                              \
                         name##_row_slopes(rows, n, x, y, dy, dx, db))                             \
    const tril_unary tril_unary_##name = { #name,   forward_##name,      backward_##name,          \
                                           needs_x, forward_rows_##name, backward_rows_##name };

TRIL_UNARY_TABLE(DEFINE)
