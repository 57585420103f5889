/* Loops for the table of elementwise functions. */
#include "kernels/unary.h"

#include <math.h>
#include <tgmath.h>

#include "kernels/vector_math.h"

#define MATH TRIL_MATH

#define DEFINE(name, value, slope, needs_x)                                                        \
    TRIL_INLINE void name##_values(size_t n, const tril_real *xs, tril_real *ys)                   \
    {                                                                                              \
        TRIL_VECTORISE                                                                             \
        for (size_t i = 0; i < n; i++) {                                                           \
            const tril_real x = xs[i];                                                             \
            ys[i] = value;                                                                         \
        }                                                                                          \
    }                                                                                              \
    TRIL_FOR_EACH_TARGET(static, name##_forward, (size_t n, const tril_real *x, tril_real *y),     \
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
        static, name##_backward,                                                                   \
        (size_t n, const tril_real *x, const tril_real *y, const tril_real *dy, tril_real *dx),    \
        (n, x, y, dy, dx), name##_slopes(n, x, y, dy, dx))                                         \
    const tril_unary tril_unary_##name = { #name, name##_forward, name##_backward, needs_x };

TRIL_UNARY_TABLE(DEFINE)
