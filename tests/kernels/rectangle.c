/* Probabilities of rectangles against integrals of 40 digits: reference/rectangle.py writes
 * reference/rectangle.csv. */
#include "kernels/rectangle.h"

#include <math.h>
#include <stdlib.h>

#include "support.h"

enum { COLUMNS = 8 };

/* numbers of 1e300 stand for infinities in the file */
static double bound_of(double x)
{
    return fabs(x) < 1e300 ? x : copysign(HUGE_VAL, x);
}

START_TEST(test_reference)
{
    static const char *const names[COLUMNS] = { "df",   "r",    "s",     "low",
                                                "high", "low2", "high2", "probability" };
    double *x[COLUMNS];
    size_t rows = 0;
    for (size_t k = 0; k < COLUMNS; k++)
        x[k] = reference("reference/rectangle.csv", names[k], &rows);
    ck_assert_uint_gt(rows, 70);
    for (size_t i = 0; i < rows; i++) {
        const double low[2] = { bound_of(x[3][i]), bound_of(x[5][i]) },
                     high[2] = { bound_of(x[4][i]), bound_of(x[6][i]) };
        const bool narrow = high[0] - low[0] < 1e-3;
        ck_close(tril_rectangle_probability(bound_of(x[0][i]), x[1][i], x[2][i], low, high),
                 x[7][i], narrow ? 1e-10 : 1e-12, 0);
    }
    for (size_t k = 0; k < COLUMNS; k++)
        free(x[k]);
}
END_TEST

/* of one number: tails of 1e-198, either side alike, and narrow intervals anywhere */
START_TEST(test_interval)
{
    const double tail = 4.906713927148187e-198; /* scipy.stats.norm.sf(30) */
    ck_close(tril_interval_probability(HUGE_VAL, 30, HUGE_VAL), tail, 1e-12, 0);
    ck_close(tril_interval_probability(HUGE_VAL, -HUGE_VAL, -30), tail, 1e-12, 0);
    ck_close(tril_interval_probability(HUGE_VAL, -30, HUGE_VAL), 1, 1e-15, 0);
    ck_close(tril_interval_probability(3, 1e6, HUGE_VAL), 1.1026577908396162e-18, 1e-12, 0);
    for (double df = 1; df < 1e3; df *= 10)
        for (double low = -20; low < 20; low += 0.37) {
            double sum = 0;
            for (int i = 0; i < 64; i++)
                sum += tril_interval_probability(df, low + i / 64., low + (i + 1) / 64.);
            ck_close(tril_interval_probability(df, low, low + 1), sum, 1e-12, 0);
        }
    ck_assert(tril_interval_probability(3, 1, 1) == 0 && tril_interval_probability(3, 2, 1) == 0);
    ck_assert(tril_interval_probability(3, -HUGE_VAL, HUGE_VAL) == 1);
}
END_TEST

/* without a bound for one of the numbers it is the other's interval; all is one; nothing is NaN */
START_TEST(test_one_of_two)
{
    static const double dfs[] = { 0.5, 2.1, 30, HUGE_VAL }, scales[] = { 1e-12, 1e-3, 0.6, 1 };
    static const double bounds[] = { -HUGE_VAL, -1e8, -50, -1, 0, 2, 50, 1e8, HUGE_VAL };
    enum { N = sizeof bounds / sizeof *bounds };
    const double s = scales[_i % 4], df = dfs[_i / 4], r = -sqrt((1 - s) * (1 + s));
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            const double one = tril_interval_probability(df, bounds[i], bounds[j]);
            double low[2] = { bounds[i], -HUGE_VAL }, high[2] = { bounds[j], HUGE_VAL };
            ck_close(tril_rectangle_probability(df, r, s, low, high), one, 1e-11, 1e-300);
            low[1] = low[0], high[1] = high[0];
            low[0] = -HUGE_VAL, high[0] = HUGE_VAL;
            ck_close(tril_rectangle_probability(df, r, s, low, high), one, 1e-11, 1e-300);
            low[0] = -1, high[0] = bounds[i];
            const double p = tril_rectangle_probability(df, r, s, low, high);
            ck_assert_msg(p >= 0 && p <= 1, "%g", p);
        }
}
END_TEST

/* a strip so narrow that rounding moves its ends: its width times the density there times the
 * probability of the rest given that, as far as the width and rounding let it be so */
START_TEST(test_strip)
{
    const double width = pow(10, -1 - _i), at = -0.75, r = -0.8, s = 0.6;
    const double low[2] = { -HUGE_VAL, at }, high[2] = { 0.25, at + width };
    const double own = high[1] - at, others = 0.5 * erfc((r * at - high[0]) / s * sqrt(0.5));
    tril_truncated u;
    tril_truncate_two(r, s, low, high, &u);
    const double wanted = log(own) - 0.5 * at * at - 0.5 * log(2 * acos(-1)) + log(others);
    ck_assert(fabs(u.log_prob - wanted) < 2 * own + 4e-15 / own);
    ck_assert(fabs(r * u.mean[0] + s * u.mean[1] - at) < own + 4e-15);
}
END_TEST

/* normals within bounds: reference/truncated.py writes reference/truncated.csv; what tends to 0 is
 * right beside the others */
START_TEST(test_truncated)
{
    static const char *const names[] = { "r",      "s",        "low",     "high",
                                         "low2",   "high2",    "mean",    "mean2",
                                         "second", "second12", "second2", "log_prob" };
    enum { N = sizeof names / sizeof *names, R = 0, LOW = 2, MEAN = 6, SECOND = 8, LOG_PROB = 11 };
    double *x[N];
    size_t rows = 0;
    for (size_t k = 0; k < N; k++)
        x[k] = reference("reference/truncated.csv", names[k], &rows);
    ck_assert_uint_gt(rows, 30);
    for (size_t i = 0; i < rows; i++) {
        const double low[2] = { bound_of(x[LOW][i]), bound_of(x[LOW + 2][i]) },
                     high[2] = { bound_of(x[LOW + 1][i]), bound_of(x[LOW + 3][i]) };
        const double r = x[R][i], s = x[R + 1][i];
        tril_truncated u;
        if (s > 0)
            tril_truncate_two(r, s, low, high, &u);
        else
            tril_truncate(*low, *high, &u);
        ck_close(u.log_prob, x[LOG_PROB][i], 1e-13, 1e-1);
        for (size_t k = 0; k < (s > 0 ? 2 : 1); k++)
            ck_close(u.mean[k], x[MEAN + k][i], 1e-11, 1e-2);
        for (size_t k = 0; k < (s > 0 ? 3 : 1); k++)
            ck_close(u.second[k], x[SECOND + k][i], 1e-11, 1e-2);
    }
    for (size_t k = 0; k < N; k++)
        free(x[k]);
}
END_TEST

Suite *suite_kernels_rectangle(void)
{
    Suite *suite = suite_create("kernels/rectangle");
    TCase *tcase = tcase_create("rectangle");
    tcase_add_test(tcase, test_reference);
    tcase_add_test(tcase, test_interval);
    tcase_add_test(tcase, test_truncated);
    tcase_add_loop_test(tcase, test_strip, 0, 14);
    suite_add_tcase(suite, tcase);
    TCase *corners = tcase_create("corners");
    tcase_set_tags(corners, "long");
    tcase_add_loop_test(corners, test_one_of_two, 0, 16);
    suite_add_tcase(suite, corners);
    return suite;
}
