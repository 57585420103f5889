/* Elementwise functions of two numbers along a row: one line each in the table below. */
#ifndef TRIL_KERNELS_BINARY_H
#define TRIL_KERNELS_BINARY_H

#include <stddef.h>

#include <tril/real.h>

/* name, value in a and b, derivatives with respect to a and to b, also in y */
#define TRIL_BINARY_TABLE(X)                                                                       \
    X(add, a + b, 1, 1)                                                                            \
    X(sub, a - b, 1, -1)                                                                           \
    X(mul, a *b, b, a)                                                                             \
    X(div, a / b, 1 / b, -y / b)                                                                   \
    X(minimum, a < b || isnan(a) ? a : b, HALF(a < b, a == b), HALF(b < a, a == b))                \
    X(maximum, a > b || isnan(a) ? a : b, HALF(a > b, a == b), HALF(b > a, a == b))                \
    X(pow, pow(a, b), b == 0 ? 0 : b * pow(a, b - 1), a == 0 && b >= 0 ? 0 : y * log(a))           \
    X(masked, b != 0 ? a : 0, b != 0, 0)                                                           \
    X(unmasked, b != 0 ? 0 : a, b == 0, 0)

/* 1, a half, or 0 */
#define HALF(whole, half) ((tril_real)(whole) + (tril_real)(half) / 2)

/* sa and sb are the steps along a and b: 1, or 0 for a number that stays; y, dy and out step by 1.
 * out may be dy. */
typedef struct tril_binary {
    const char *name;
    void (*forward)(size_t n, const tril_real *a, size_t sa, const tril_real *b, size_t sb,
                    tril_real *y);
    /* out = dy times the derivative with respect to a, and to b */
    void (*backward[2])(size_t n, const tril_real *a, size_t sa, const tril_real *b, size_t sb,
                        const tril_real *y, const tril_real *dy, tril_real *out);
} tril_binary;

#define TRIL_BINARY_DECLARE(name, value, da, db) extern const tril_binary tril_binary_##name;
TRIL_BINARY_TABLE(TRIL_BINARY_DECLARE)
#undef TRIL_BINARY_DECLARE

#endif
