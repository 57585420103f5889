/* Elementary functions of kernels/vector_math.h against libm: units in the last place over the
 * whole range of the type, and what stands at its ends. */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels/unary.h"
#include "kernels/vector_math.h"
#include "support.h"

enum { N = 4096, SWEEPS = 64 };

/* sigmoid and softplus as they are best computed */
static long double sigmoid(long double x)
{
    long double e = expl(-fabsl(x));
    return (x < 0 ? e : 1) / (1 + e);
}

static long double softplus(long double x)
{
    return fmaxl(x, 0) + log1pl(expl(-fabsl(x)));
}

/* the arithmetic as it is without the processor's extensions */
#define PLAIN(name)                                                                                \
    static tril_real plain_##name(tril_real x)                                                     \
    {                                                                                              \
        return TRIL_MATH(name)(x);                                                                 \
    }
PLAIN(exp)
PLAIN(expm1)
PLAIN(log)
PLAIN(log1p)
PLAIN(tanh)
PLAIN(sigmoid)
PLAIN(softplus)

static const struct {
    const tril_unary *f; /* loops for the processor at hand */
    tril_real (*plain)(tril_real x);
    long double (*wanted)(long double x);
} rows[] = {
    { &tril_unary_exp, plain_exp, expl },
    { &tril_unary_expm1, plain_expm1, expm1l },
    { &tril_unary_log, plain_log, logl },
    { &tril_unary_log1p, plain_log1p, log1pl },
    { &tril_unary_tanh, plain_tanh, tanhl },
    { &tril_unary_sigmoid, plain_sigmoid, sigmoid },
    { &tril_unary_softplus, plain_softplus, softplus },
};

/* |y - wanted| in units of the last place that a number of wanted's size has in the type */
static double units(tril_real y, long double wanted)
{
    tril_real nearest = (tril_real)wanted;
    int exponent;
    if (isnan(wanted) || !isfinite(nearest) || !isfinite(y))
        return isnan(wanted) ? (isnan(y) ? 0 : HUGE_VAL) : y == nearest ? 0 : HUGE_VAL;
    frexpl(wanted, &exponent);
    int digits = IS_DOUBLE ? 53 : 24, least = IS_DOUBLE ? -1074 : -149;
    return (double)(fabsl((long double)y - wanted) /
                    ldexpl(1, exponent - digits < least ? least : exponent - digits));
}

static void check(const tril_real *x, size_t n)
{
    static tril_real y[N];
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        rows[k].f->forward(n, x, y);
        for (size_t i = 0; i < n; i++) {
            double off = units(y[i], rows[k].wanted((long double)x[i]));
            if (!(off <= 4)) /* each ck_assert is a write to a file: too slow here */
                ck_abort_msg("%s(%a) is %a, %g units in the last place off", rows[k].f->name,
                             (double)x[i], (double)y[i], off);
        }
    }
}

/* every pattern of bits has the same chance: all exponents, both signs, subnormal numbers, NaN */
START_TEST(test_any_bits)
{
    static tril_real x[N];
    tril_random random = tril_random_stream(1, (uint64_t)_i);
    for (size_t i = 0; i < N; i++) {
        size_t bits = tril_random_below(&random, SIZE_MAX);
        memcpy(&x[i], &bits, sizeof x[i]);
    }
    check(x, N);
}
END_TEST

/* where the functions live: |x| from 1e-6 to 1e3 */
START_TEST(test_usual_numbers)
{
    static tril_real x[N];
    tril_random random = tril_random_stream(2, (uint64_t)_i);
    tril_random_uniform(&random, x, N);
    for (size_t i = 0; i < N; i++)
        x[i] = (tril_real)(pow(10, 9 * (double)x[i] - 6) * (i % 2 ? -1 : 1));
    check(x, N);
}
END_TEST

/* the ends of the range, and arrays of every length: what is left over when a vector's width does
 * not divide it */
START_TEST(test_ends)
{
    const tril_real max = TRIL_REAL_MAX, min = TRIL_REAL_MIN, inf = (tril_real)INFINITY;
    const tril_real x[] = { 0,
                            -(tril_real)0,
                            inf,
                            -inf,
                            (tril_real)NAN,
                            max,
                            -max,
                            min,
                            -min,
                            min / 2,
                            -min / 2,
                            min / 8388608,
                            1,
                            -1,
                            88,
                            -88,
                            89,
                            -104,
                            709,
                            710,
                            -745,
                            -746,
                            (tril_real)0.5,
                            (tril_real)-0.5 };
    check(x, sizeof x / sizeof *x);
    for (size_t n = 0; n <= 16; n++)
        check(x, n);
    tril_real y[2];
    tril_unary_tanh.forward(2, x, y);
    ck_assert(y[0] == 0 && !signbit(y[0]) && y[1] == 0 && signbit(y[1]));
}
END_TEST

Suite *suite_kernels_vector_math(void)
{
    Suite *suite = suite_create("kernels/vector_math");
    TCase *tcase = tcase_create("units in the last place");
    tcase_set_tags(tcase, "long");
    tcase_add_loop_test(tcase, test_any_bits, 0, SWEEPS);
    tcase_add_loop_test(tcase, test_usual_numbers, 0, SWEEPS);
    tcase_add_test(tcase, test_ends);
    suite_add_tcase(suite, tcase);
    return suite;
}
