/* Loops for the table of elementwise functions. */
#include "kernels/unary.h"

#include <math.h>
#include <tgmath.h>

static tril_real sigmoid(tril_real x)
{
    tril_real e = exp(-fabs(x));
    return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

#define DEFINE(name, value, slope, needs_x)                                                        \
    static void name##_forward(size_t n, const tril_real *xs, tril_real *ys)                       \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            const tril_real x = xs[i];                                                             \
            ys[i] = value;                                                                         \
        }                                                                                          \
    }                                                                                              \
    static void name##_backward(size_t n, const tril_real *xs, const tril_real *ys,                \
                                const tril_real *dy, tril_real *dx)                                \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            const tril_real x = xs[i], y = ys[i];                                                  \
            (void)x, (void)y;                                                                      \
            dx[i] = dy[i] * (slope);                                                               \
        }                                                                                          \
    }                                                                                              \
    const tril_unary tril_unary_##name = { #name, name##_forward, name##_backward, needs_x };

TRIL_UNARY_TABLE(DEFINE)
