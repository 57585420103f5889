/* Transforms against SciPy (reference/transforms.py writes reference/transforms.csv), their slopes
 * against differences, and their texts. */
#include "model/transform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

START_TEST(test_reference)
{
    static const char *const names[] = { "kind", "a", "b", "t", "z", "log_slope" };
    double *x[6];
    size_t rows = 0;
    for (size_t k = 0; k < 6; k++)
        x[k] = reference("reference/transforms.csv", names[k], &rows);
    ck_assert_uint_gt(rows, 90);
    for (size_t i = 0; i < rows; i++) {
        char text[64];
        tril_transform g;
        if (x[0][i] == 0)
            strcpy(text, "log");
        else if (x[0][i] == 1)
            sprintf(text, "logit(%.17g,%.17g)", x[1][i], x[2][i]);
        else
            sprintf(text, "yeo-johnson(%.17g)", x[1][i]);
        ck_assert_msg(tril_transform_read(text, &g), "%s", text);
        const double z = tril_transform_forward(&g, x[3][i]);
        ck_close(z, x[4][i], 1e-12, 1e-3);
        /* SciPy takes the slope's logarithm from differences of larger numbers */
        ck_close(tril_transform_log_slope(&g, z), x[5][i], 1e-10, 1);
        ck_close(tril_transform_inverse(&g, z), x[3][i], 1e-12, x[0][i] == 1 ? x[2][i] : 1e-3);
    }
    for (size_t k = 0; k < 6; k++)
        free(x[k]);
}
END_TEST

static const char *const texts[] = {
    "log",
    "logit(0,1)",
    "logit(-2.5,1e+20)",
    "yeo-johnson(0)",
    "yeo-johnson(0.37)",
    "yeo-johnson(1)",
    "yeo-johnson(2)",
    "yeo-johnson(1e-09)",
};
enum { TEXTS = sizeof texts / sizeof *texts };

/* the slope is that of the inverse, from far below to far above; and z grows with t */
START_TEST(test_slopes)
{
    tril_transform g;
    ck_assert(tril_transform_read(texts[_i], &g));
    ck_assert_str_eq(tril_transform_write(&g).text, texts[_i]);
    double before = -HUGE_VAL;
    for (double z = -6; z <= 6; z += 0.4375) { /* a curve bends at 0 */
        const double h = 1e-4, up = tril_transform_inverse(&g, z + h),
                     down = tril_transform_inverse(&g, z - h), slope = (up - down) / (2 * h),
                     t = tril_transform_inverse(&g, z);
        ck_close(slope, exp(-tril_transform_log_slope(&g, z)), 1e-6, 0);
        ck_assert(t > before);
        before = t;
    }
}
END_TEST

/* beyond what a kind takes z is infinite, and back; what is missing stays missing */
START_TEST(test_ends)
{
    tril_transform g, none;
    ck_assert(tril_transform_read("log", &g) && tril_transform_read(NULL, &none));
    ck_assert(isinf(tril_transform_forward(&g, 0)) && tril_transform_forward(&g, -1) < 0);
    ck_assert(tril_transform_inverse(&g, -HUGE_VAL) == 0);
    ck_assert(isnan(tril_transform_forward(&g, NAN)) && isnan(tril_transform_inverse(&g, NAN)));
    ck_assert(tril_transform_read("logit(2,3)", &g));
    ck_assert(tril_transform_forward(&g, 2) == -HUGE_VAL && tril_transform_forward(&g, 3) > 1e300);
    ck_assert(tril_transform_forward(&g, -HUGE_VAL) == -HUGE_VAL);
    ck_assert(tril_transform_inverse(&g, -HUGE_VAL) == 2 && tril_transform_inverse(&g, 800) == 3);
    ck_assert(tril_transform_forward(&none, 5) == 5 && tril_transform_inverse(&none, -5) == -5);
    ck_assert(tril_transform_log_slope(&none, 3) == 0 && !*tril_transform_write(&none).text);
}
END_TEST

static const struct {
    const char *text;
    bool known, open;
} readings[] = {
    { "", true, false },
    { "auto", true, true },
    { "yeo-johnson", true, true },
    { "yeo-johnson(1.5)", true, false },
    { "logit( 0, 1 )", true, false },
    { "yeo-johnson(2.1)", false, false },
    { "yeo-johnson(-0.1)", false, false },
    { "yeo-johnson(nan)", false, false },
    { "yeo-johnson(1", false, false },
    { "yeo-johnson()", false, false },
    { "yeo-johnson(1,2)", false, false },
    { "log()", false, false },
    { "log(1)", false, false },
    { "lo", false, false },
    { "Log", false, false },
    { "logit", false, false },
    { "logit(0)", false, false },
    { "logit(1,0)", false, false },
    { "logit(1,1)", false, false },
    { "logit(0,inf)", false, false },
    { "logit(-1e308,1e308)", false, false },
    { "logit(0,1))", false, false },
    { "(", false, false },
};

START_TEST(test_readings)
{
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        tril_transform g;
        ck_assert_msg(tril_transform_read(readings[i].text, &g) == readings[i].known, "'%s'",
                      readings[i].text);
        ck_assert_msg(!readings[i].known || g.open == readings[i].open, "'%s'", readings[i].text);
    }
}
END_TEST

Suite *suite_model_transform(void)
{
    Suite *suite = suite_create("model/transform");
    TCase *tcase = tcase_create("transform");
    tcase_add_test(tcase, test_reference);
    tcase_add_loop_test(tcase, test_slopes, 0, TEXTS);
    tcase_add_test(tcase, test_ends);
    tcase_add_test(tcase, test_readings);
    suite_add_tcase(suite, tcase);
    return suite;
}
