/* Elementwise functions of one number over arrays: one line each in the table below. */
#ifndef TRIL_KERNELS_UNARY_H
#define TRIL_KERNELS_UNARY_H

#include <stdbool.h>
#include <stddef.h>

#include <tril/real.h>

/* name, value in x, derivative in x and y, whether the derivative needs x (otherwise x may be
 * overwritten by y). MATH(exp) is the exp of kernels/vector_math.h for tril_real. */
#define TRIL_UNARY_TABLE(X)                                                                        \
    X(neg, -x, -1, false)                                                                          \
    X(exp, MATH(exp)(x), y, false)                                                                 \
    X(log, MATH(log)(x), 1 / x, true)                                                              \
    X(log1p, MATH(log1p)(x), 1 / (1 + x), true)                                                    \
    X(expm1, MATH(expm1)(x), y + 1, false)                                                         \
    X(sqrt, sqrt(x), 1 / (2 * y), false)                                                           \
    X(square, x *x, 2 * x, true)                                                                   \
    X(abs, fabs(x), (tril_real)(x > 0) - (tril_real)(x < 0), true)                                 \
    X(tanh, MATH(tanh)(x), 1 - y * y, false)                                                       \
    X(sigmoid, MATH(sigmoid)(x), y *(1 - y), false)                                                \
    X(relu, x<0 ? 0 : x, y> 0, false)                                                              \
    X(elu, x > 0 ? x : MATH(expm1)(x), y > 0 ? 1 : y + 1, false)                                   \
    X(softplus, MATH(softplus)(x), -MATH(expm1)(-y), false)                                        \
    X(silu, x *MATH(sigmoid)(x), MATH(sigmoid)(x) * (1 + x * (1 - MATH(sigmoid)(x))), true)        \
    X(bounded, isinf(x) ? copysign(TRIL_REAL_MAX, x) : x, !isinf(x), true)

typedef struct tril_unary {
    const char *name;
    void (*forward)(size_t n, const tril_real *x, tril_real *y); /* y may be x */
    void (*backward)(size_t n, const tril_real *x, const tril_real *y, const tril_real *dy,
                     tril_real *dx);
    bool needs_x; /* if not, backward may be given y for x */

    /* The same of rows [rows, n], in one pass each: x += b before (y may be x), and after it sums
     * over rows of dx, in double, unless db is NULL. */
    void (*forward_rows)(size_t rows, size_t n, const tril_real *b, tril_real *x, tril_real *y);
    void (*backward_rows)(size_t rows, size_t n, const tril_real *x, const tril_real *y,
                          const tril_real *dy, tril_real *dx, tril_real *db);
} tril_unary;

#define TRIL_UNARY_DECLARE(name, value, slope, needs_x) extern const tril_unary tril_unary_##name;
TRIL_UNARY_TABLE(TRIL_UNARY_DECLARE)
#undef TRIL_UNARY_DECLARE

#endif
