/* What is behind Student's t, against numbers of 60 digits over the whole range:
 * reference/student_t.py writes reference/special.csv and reference/student_tails.csv. */
#include "kernels/special.h"

#include <math.h>
#include <stdlib.h>

#include "support.h"

enum { MAX_COLUMNS = 7 };

/* columns of a file; returns the number of rows */
static size_t read_columns(const char *file, const char *const *names, size_t n, double **columns)
{
    size_t rows = 0;
    for (size_t k = 0; k < n; k++)
        columns[k] = reference(file, names[k], &rows);
    return rows;
}

START_TEST(test_density_and_entropy)
{
    static const char *const names[MAX_COLUMNS] = { "df",           "d",         "m",
                                                    "log",          "log_slope", "entropy",
                                                    "entropy_slope" };
    double *x[MAX_COLUMNS];
    size_t rows = read_columns("reference/special.csv", names, MAX_COLUMNS, x);
    ck_assert_uint_gt(rows, 200);
    for (size_t i = 0; i < rows; i++) {
        double df = x[0][i], d = x[1][i], m = x[2][i], entropy_slope;
        ck_close(tril_student_log(m, df, (size_t)d), x[3][i], 1e-13, 1);
        /* its parts are of this order, and may cancel */
        ck_close(tril_student_log_slope(m, df, (size_t)d), x[4][i], 1e-13,
                 d / ((1 + df) * (1 + df)));
        ck_close(tril_student_entropy(df, (size_t)d, &entropy_slope), x[5][i], 1e-13, 1);
        ck_close(entropy_slope, x[6][i], 1e-13, 0);
    }
    for (size_t k = 0; k < MAX_COLUMNS; k++)
        free(x[k]);
}
END_TEST

START_TEST(test_cdf)
{
    static const char *const names[3] = { "df", "t", "tail" };
    double *x[3];
    size_t rows = read_columns("reference/student_tails.csv", names, 3, x);
    ck_assert_uint_gt(rows, 100);
    for (size_t i = 0; i < rows; i++) {
        ck_close(tril_student_cdf(-x[1][i], x[0][i]), x[2][i], 1e-13, 0);
        ck_close(tril_student_cdf(x[1][i], x[0][i]), 1 - x[2][i], 1e-15, 1);
    }
    for (size_t k = 0; k < 3; k++)
        free(x[k]);
}
END_TEST

/* many degrees of freedom are the normal's */
START_TEST(test_normal_limit)
{
    for (double df = 1e18; df < 1e308; df *= 1e50)
        for (double t = 0; t < 30; t += 0.37) {
            ck_close(tril_student_log(t * t, df, 1), -0.5 * t * t, 1e-13, 1);
            ck_assert(fabs(tril_student_log_slope(t * t, df, 1)) < t * t * t * t * 1e-30 + 1e-29);
            ck_close(tril_student_cdf(-t, df), 0.5 * erfc(t * sqrt(0.5)), 1e-12, 1e-300);
        }
}
END_TEST

/* numbers at the edge give numbers */
START_TEST(test_extremes)
{
    const double numbers[] = { 0, 5e-324, 1e-300, 1e-150, 1e-10, 1, 1e10, 1e150, 1e300 };
    enum { N = sizeof numbers / sizeof *numbers };
    for (size_t i = 1; i < N; i++)
        for (size_t j = 0; j < N; j++)
            for (size_t d = 1; d < 1000; d = 3 * d + 1) {
                double df = numbers[i], x = numbers[j], slope;
                ck_assert(!isnan(tril_student_log(x, df, d)));
                ck_assert(isfinite(tril_student_log_slope(x, df, d)));
                ck_assert(isfinite(tril_student_entropy(df, d, &slope)) && !isnan(slope));
                double p = tril_student_cdf(x, df), q = tril_student_cdf(-x, df);
                ck_assert(q >= 0 && q <= p && p <= 1);
            }
    ck_assert(tril_student_cdf((double)INFINITY, 3) == 1);
    ck_assert(tril_student_cdf(-(double)INFINITY, 3) == 0);
}
END_TEST

Suite *suite_kernels_special(void)
{
    Suite *suite = suite_create("kernels/special");
    TCase *tcase = tcase_create("special");
    tcase_add_test(tcase, test_density_and_entropy);
    tcase_add_test(tcase, test_cdf);
    tcase_add_test(tcase, test_normal_limit);
    tcase_add_test(tcase, test_extremes);
    suite_add_tcase(suite, tcase);
    return suite;
}
