/* Diagonal transforms: value, logarithm and slope against formulas in long double, far into both
 * tails. */
#include "kernels/positive.h"

#include <math.h>

#include "support.h"

static long double elu_of(long double s)
{
    return s > 0 ? 1 + s : expl(s);
}

static long double softplus_of(long double s)
{
    return (s > 0 ? s : 0) + log1pl(expl(-fabsl(s)));
}

/* d f / d s */
static long double elu_slope(long double s)
{
    return s > 0 ? 1 : expl(s);
}

static long double softplus_slope(long double s)
{
    return 1 / (1 + expl(-s));
}

static const struct {
    const char *name;
    const tril_positive_transform *transform;
    long double (*of)(long double s), (*slope)(long double s);
} transforms[] = {
    { "elu", &tril_positive_elu, elu_of, elu_slope },
    { "exp", &tril_positive_exp, expl, expl },
    { "softplus", &tril_positive_softplus, softplus_of, softplus_slope },
};

/* reference values in long double; where f is beyond its range (that of double, under valgrind and
 * on some machines), log f is s and the slope is 1 */
static const double raw[] = { 0,    1e-9,  -1e-9, 0.5,  -0.5, 1,   -1,   5,    -5,
                              17.4, -17.4, 36.5,  -37,  80,   -80, -104, -200, 699,
                              -699, -701,  -745,  -746, -800, 800, 1e4,  -1e4, 1e3 };
static const double floors[] = { 0, 1e-6, 0.25, 1e-30, 10 };

START_TEST(test_values)
{
    for (size_t i = 0; i < sizeof raw / sizeof *raw; i++)
        for (size_t k = 0; k < sizeof floors / sizeof *floors; k++) {
            long double s = (long double)raw[i], v = transforms[_i].of(s) + (long double)floors[k];
            tril_positive x = transforms[_i].transform->of(raw[i], floors[k]);
            /* what the header promises of the value */
            double value = (double)fmaxl(1e-300L, fminl(1e300L, v));
            bool lost = !(v > 1e-300L && v < 1e300L);
            double log_v = lost ? raw[i] : (double)logl(v);
            double slope = lost ? 1 : (double)(transforms[_i].slope(s) / v);
            ck_assert_msg(fabs(x.value - value) <= 1e-15 * value && x.value >= 1e-300 &&
                              x.value <= 1e300,
                          "%s(%g) + %g is %.17g, wanted %.17g", transforms[_i].name, raw[i],
                          floors[k], x.value, value);
            ck_assert_msg(fabs(x.log - log_v) <= 1e-15 * fmax(1, fabs(log_v)),
                          "log %s(%g) + %g is %.17g, wanted %.17g", transforms[_i].name, raw[i],
                          floors[k], x.log, log_v);
            ck_assert_msg(fabs(x.slope - slope) <= 4e-15 * fmax(slope, 1e-270),
                          "slope of log %s(%g) + %g is %.17g, wanted %.17g", transforms[_i].name,
                          raw[i], floors[k], x.slope, slope);
        }
}
END_TEST

/* no finite s gives anything but finite numbers, and the value can be divided by */
START_TEST(test_extremes)
{
    static const double extremes[] = { 1e5, 1e30, 1e300, 1.7976931348623157e308, 5e-324 };
    for (int sign = -1; sign <= 1; sign += 2)
        for (size_t i = 0; i < sizeof extremes / sizeof *extremes; i++)
            for (size_t k = 0; k < sizeof floors / sizeof *floors; k++) {
                tril_positive x = transforms[_i].transform->of(sign * extremes[i], floors[k]);
                ck_assert(x.value >= 1e-300 && x.value <= 1e300);
                ck_assert(isfinite(x.log));
                ck_assert(x.slope >= 0 && x.slope <= 1);
            }
}
END_TEST

/* all at once they are what they are one by one, but for fused products */
START_TEST(test_of_all)
{
    enum { N = sizeof raw / sizeof *raw };
    double value[N], log[N], slope[N];
    for (size_t k = 0; k < sizeof floors / sizeof *floors; k++) {
        transforms[_i].transform->of_all(N, floors[k], raw, value, log, slope);
        for (size_t i = 0; i < N; i++) {
            tril_positive x = transforms[_i].transform->of(raw[i], floors[k]);
            ck_close(value[i], x.value, 1e-15, 0);
            ck_close(log[i], x.log, 1e-15, 1);
            ck_close(slope[i], x.slope, 2e-15, 1e-300);
        }
    }
}
END_TEST

START_TEST(test_inverse)
{
    static const double values[] = { 1e-200, 1e-30,    1e-9, 1e-3, 0.3, 0.999999,
                                     1,      1.000001, 2,    37,   1e3, 1e9 };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        double s = transforms[_i].transform->inverse(values[i]);
        /* an error of s moves f by f' of it */
        double error = (double)transforms[_i].slope((long double)s) * fabs(s) / values[i] + 1;
        ck_close(transforms[_i].of((long double)s), values[i], 4e-16 * error, 0);
    }
}
END_TEST

Suite *suite_kernels_positive(void)
{
    enum { N = sizeof transforms / sizeof *transforms };
    Suite *suite = suite_create("kernels/positive");
    TCase *tcase = tcase_create("diag");
    tcase_add_loop_test(tcase, test_values, 0, N);
    tcase_add_loop_test(tcase, test_extremes, 0, N);
    tcase_add_loop_test(tcase, test_of_all, 0, N);
    tcase_add_loop_test(tcase, test_inverse, 0, N);
    suite_add_tcase(suite, tcase);
    return suite;
}
