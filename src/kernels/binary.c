/* Loops for the table of elementwise functions of two numbers. */
#include "kernels/binary.h"

#include <math.h>
#include <tgmath.h>

/* the loop once for each pair of steps: with steps known the compiler vectorises it */
#define FOR_STEPS(...)                                                                             \
    if (sa && sb)                                                                                  \
        for (size_t i = 0; i < n; i++) {                                                           \
            const tril_real a = as[i], b = bs[i];                                                  \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    else if (sa)                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                           \
            const tril_real a = as[i], b = bs[0];                                                  \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    else                                                                                           \
        for (size_t i = 0; i < n; i++) {                                                           \
            const tril_real a = as[0], b = bs[i * sb];                                             \
            __VA_ARGS__                                                                            \
        }

#define DEFINE_BACKWARD(function, slope)                                                           \
    static void function(size_t n, const tril_real *as, size_t sa, const tril_real *bs, size_t sb, \
                         const tril_real *ys, const tril_real *dy, tril_real *out)                 \
    {                                                                                              \
        FOR_STEPS({                                                                                \
            const tril_real y = ys[i];                                                             \
            (void)a, (void)b, (void)y;                                                             \
            out[i] = dy[i] * (slope);                                                              \
        })                                                                                         \
    }

#define DEFINE(name, value, da, db)                                                                \
    static void forward_##name(                                                                    \
        size_t n, const tril_real *as, size_t sa, const tril_real *bs, size_t sb,                  \
        tril_real *ys){ FOR_STEPS({ ys[i] = value; }) } DEFINE_BACKWARD(backward_a_##name, da)     \
        DEFINE_BACKWARD(backward_b_##name, db) const tril_binary tril_binary_##name = {            \
            #name, forward_##name, { backward_a_##name, backward_b_##name }                        \
        };

TRIL_BINARY_TABLE(DEFINE)
