/* Which transform rows ask for: as SciPy has it without inputs, and by what a line leaves over. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { ROWS = 400 };

static double u[ROWS], y[ROWS], w[ROWS];

/* what a model of y makes of a text, without u or with it */
static const char *chosen(tril_ctx *ctx, const char *text, bool input, char out[64])
{
    const tril_table_column columns[] = { { .name = "u", .numbers = u },
                                          { .name = "y", .numbers = y },
                                          { .name = "w", .numbers = w } };
    tril_table *table = tril_table_new(ctx, NULL, columns, 3, ROWS);
    tril_model *model =
        tril_model_new(table, NULL, 0,
                       &(tril_model_opts){ .targets = (const char *[]){ "y" },
                                           .n_targets = 1,
                                           .inputs = (const char *[]){ "u" },
                                           .n_inputs = input,
                                           .weight = "w",
                                           .transforms = (const char *[]){ text } });
    ck_fine(ctx);
    const char *const *transforms = tril_model_get_info(model)->transforms;
    strcpy(out, transforms ? *transforms : "");
    tril_model_free(model);
    tril_table_free(table);
    return out;
}

static double drawn(tril_random *random)
{
    tril_real n;
    tril_random_normal(random, &n, 1);
    return (double)n;
}

static void fill(double (*make)(double u, double noise))
{
    tril_random random = tril_random_stream(5, 1);
    for (size_t i = 0; i < ROWS; i++) {
        u[i] = drawn(&random);
        y[i] = make(u[i], drawn(&random));
        w[i] = 1;
    }
}

static double plain(double x, double noise)
{
    return 20 + 3 * x + noise;
}

static double log_normal(double x, double noise)
{
    return 1e-3 * exp(x + 0.3 * noise);
}

/* far from normal by itself, but what the line leaves over is normal */
static double skew_line(double x, double noise)
{
    return 3 + exp(1.2 * x) + 0.5 * noise;
}

/* both signs, with a long tail to one side */
static double skew(double x, double noise)
{
    const double z = 0.5 + 0.2 * x + noise; /* yeo-johnson(0.5) */
    return z < 0 ? 1 - pow(1 - 1.5 * z, 1 / 1.5) : (1 + z / 2) * (1 + z / 2) - 1;
}

static const struct {
    double (*make)(double u, double noise);
    bool input;
    const char *wanted; /* what it begins with */
} cases[] = {
    { plain, true, "" },          { plain, false, "" },           { log_normal, true, "log" },
    { log_normal, false, "log" }, { skew, true, "yeo-johnson(" },
};

START_TEST(test_auto)
{
    char text[64];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fill(cases[_i].make);
    chosen(ctx, "auto", cases[_i].input, text);
    ck_assert_msg(*cases[_i].wanted ? strncmp(text, cases[_i].wanted, strlen(cases[_i].wanted)) == 0
                                    : !*text,
                  "'%s'", text);
    tril_ctx_free(ctx);
}
END_TEST

/* What the inputs explain needs no transform, however far from normal it is by itself. */
START_TEST(test_by_the_line)
{
    char with[64], without[64];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fill(skew_line);
    for (size_t i = 0; i < ROWS; i++)
        u[i] = exp(1.2 * u[i]);
    ck_assert_str_eq(chosen(ctx, "auto", true, with), "");
    ck_assert_str_ne(chosen(ctx, "auto", false, without), "");
    tril_ctx_free(ctx);
}
END_TEST

/* the maximum of the likelihood of one normal, to 1e-3; a weight is so many rows */
START_TEST(test_power)
{
    char text[64], of_weights[64];
    tril_ctx *ctx = tril_ctx_new(NULL);
    double power, low, high;
    fill(skew);
    chosen(ctx, "yeo-johnson", false, text);
    ck_assert_int_eq(sscanf(text, "yeo-johnson(%lf)", &power), 1);
    /* scipy.stats.yeojohnson_llf has it, written out */
    double best = -HUGE_VAL, at = 0;
    for (double p = 0; p <= 2; p += 1e-3) {
        double sum = 0, squares = 0, slopes = 0;
        for (size_t i = 0; i < ROWS; i++) {
            const double m = y[i] < 0 ? 2 - p : p, s = log1p(fabs(y[i])),
                         z = copysign(m == 0 ? s : expm1(m * s) / m, y[i]);
            sum += z / ROWS;
            squares += z * z / ROWS;
            slopes += (p - 1) * copysign(s, y[i]);
        }
        const double value = slopes - 0.5 * ROWS * log(squares - sum * sum);
        at = value > best ? p : at;
        best = fmax(best, value);
    }
    ck_assert(at > 0.01 && at < 1);
    ck_assert_msg(fabs(power - at) < 3e-3, "%g, wanted %g", power, at);
    for (size_t i = 0; i < ROWS; i++)
        w[i] = 1 + (double)(i % 3);
    chosen(ctx, "yeo-johnson", false, of_weights);
    ck_assert_int_eq(sscanf(of_weights, "yeo-johnson(%lf)", &low), 1);
    for (size_t i = 0; i < ROWS; i++)
        w[i] *= 10;
    chosen(ctx, "yeo-johnson", false, of_weights);
    ck_assert_int_eq(sscanf(of_weights, "yeo-johnson(%lf)", &high), 1);
    ck_assert(fabs(low - high) < 1e-3 && low != power);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_model_model_transform_choose(void)
{
    Suite *suite = suite_create("model/model_transform_choose");
    TCase *tcase = tcase_create("choose");
    tcase_add_loop_test(tcase, test_auto, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tcase, test_by_the_line);
    tcase_add_test(tcase, test_power);
    suite_add_tcase(suite, tcase);
    return suite;
}
