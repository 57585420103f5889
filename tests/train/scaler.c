/* Scaling of columns against numbers by hand, an independent two-pass in long double, and the
 * density of scaled data. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define EPSILON ((double)TRIL_REAL_EPSILON)

START_TEST(test_by_hand)
{
    tril_real x[9] = { 1, 10, -1, 3, 20, 1, 5, 60, -1 };
    static const double mean[3] = { 3, 30, -1. / 3 }, variance[3] = { 8. / 3, 1400. / 3, 8. / 9 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_scaler scaler = { 0 };
    ck_assert(tril_scaler_fit(ctx, &scaler, x, NULL, 3, 3, NULL));
    ck_assert_uint_eq(scaler.width, 3);
    for (int j = 0; j < 3; j++) {
        ck_close(scaler.mean[j], mean[j], 1e-15, 0);
        ck_close(scaler.scale[j], sqrt(variance[j]), 1e-15, 0);
    }
    ck_close(tril_scaler_log_scale(&scaler), .5 * log(8. / 3 * 1400 / 3 * 8 / 9), 1e-15, 0);
    tril_scaler_apply(&scaler, x, 3);
    ck_close(x[0], -sqrt(1.5), 2 * EPSILON, 0);
    ck_close(x[3], 0, EPSILON, 1);
    ck_close(x[7], 30 / sqrt(1400. / 3), 2 * EPSILON, 0);
    ck_close(x[5], sqrt(2), 2 * EPSILON, 0);
    tril_scaler_undo(&scaler, x + 6, 1); /* any rows, not only all */
    ck_close(x[6], 5, 4 * EPSILON, 0);
    ck_close(x[8], -1, 4 * EPSILON, 0);
    ck_close(x[0], -sqrt(1.5), 2 * EPSILON, 0);
    tril_scaler_free(&scaler);
    tril_ctx_free(ctx);
}
END_TEST

/* numbers at an offset, with a spread */
static const struct {
    size_t rows, width;
    double offset, spread;
} random_sets[] = { { 2, 1, 0, 1 },          { 3, 2, 5, 1e-3 },      { 1000, 1, 0, 1 },
                    { 1000, 7, -1e3, 10 },   { 5000, 3, 1e6, 1 },    { 5000, 3, 1e6, 1e6 },
                    { 100, 3, 0, 1e-15 },    { 100, 3, 1e12, 1e15 }, { 300, 200, 0.1, 1e2 },
                    { 100000, 2, 16e6, 1.5 } };

static tril_real *random_set(int i, uint64_t stream)
{
    size_t n = random_sets[i].rows * random_sets[i].width;
    tril_real *x = malloc(n * sizeof *x);
    tril_random random = tril_random_stream(21, stream);
    tril_random_normal(&random, x, n);
    for (size_t k = 0; k < n; k++)
        x[k] = (tril_real)(random_sets[i].offset + random_sets[i].spread * (double)x[k]);
    return x;
}

static void two_pass(const tril_real *x, size_t rows, size_t width, double *mean, double *scale)
{
    long double sum = 0, squares = 0;
    for (size_t k = 0; k < rows; k++)
        sum += (long double)x[k * width];
    long double m = sum / (long double)rows;
    for (size_t k = 0; k < rows; k++)
        squares += ((long double)x[k * width] - m) * ((long double)x[k * width] - m);
    *mean = (double)m;
    *scale = (double)sqrtl(squares / (long double)rows);
}

START_TEST(test_two_pass)
{
    size_t rows = random_sets[_i].rows, width = random_sets[_i].width;
    tril_real *x = random_set(_i, 0);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_scaler scaler = { 0 };
    ck_assert_msg(tril_scaler_fit(ctx, &scaler, x, NULL, rows, width, NULL), "%s",
                  tril_ctx_message(ctx));
    double log_scale = 0, tolerance = 1e-14 + 1.2e-16 * (double)rows; /* sums of rows terms */
    for (size_t j = 0; j < width; j++) {
        double mean, scale;
        two_pass(x + j, rows, width, &mean, &scale);
        ck_close(scaler.mean[j], mean, tolerance, scale);
        ck_close(scaler.scale[j], scale, tolerance, 0);
        log_scale += log(scale);
    }
    ck_close(tril_scaler_log_scale(&scaler), log_scale, tolerance, (double)width);

    /* scaled: mean 0 and standard deviation 1, up to the rounding of x itself */
    tril_scaler_apply(&scaler, x, rows);
    for (size_t j = 0; j < width; j++) {
        double mean, scale;
        two_pass(x + j, rows, width, &mean, &scale);
        double rounding = 4 * EPSILON + tolerance + 1e-15 * fabs(scaler.mean[j]) / scaler.scale[j];
        ck_close(mean, 0, rounding, 1);
        ck_close(scale, 1, rounding, 1);
    }
    tril_scaler_free(&scaler);
    tril_ctx_free(ctx);
    free(x);
}
END_TEST

/* apply, then undo, on the rows it was fitted to and on others */
START_TEST(test_undo)
{
    size_t rows = random_sets[_i].rows, width = random_sets[_i].width;
    tril_real *x = random_set(_i, 0);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_scaler scaler = { 0 };
    ck_assert(tril_scaler_fit(ctx, &scaler, x, NULL, rows, width, NULL));
    for (uint64_t stream = 0; stream < 2; stream++) {
        tril_real *y = random_set(_i, stream), *before = random_set(_i, stream);
        tril_scaler_apply(&scaler, y, rows);
        tril_scaler_undo(&scaler, y, rows);
        for (size_t k = 0; k < rows * width; k++) {
            double unit = 6 * scaler.scale[k % width] + fabs(scaler.mean[k % width]);
            if (!(fabs((double)y[k] - (double)before[k]) <= 2 * EPSILON * unit))
                ck_abort_msg("%.17g becomes %.17g", (double)before[k], (double)y[k]);
        }
        free(y);
        free(before);
    }
    tril_scaler_free(&scaler);
    tril_ctx_free(ctx);
    free(x);
}
END_TEST

/* a constant column among others, at any length; the earlier fit stays */
START_TEST(test_constant)
{
    static const double constants[] = { 0, 0.1, -0.3, 1. / 3, 1e6, 1e-30, 123456.789, -1e20 };
    static const size_t lengths[] = { 1, 2, 3, 7, 10, 1000, 300000 };
    size_t rows = lengths[_i];
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    tril_scaler scaler = { 0 };
    tril_real *x = malloc(rows * 3 * sizeof *x);
    const tril_real fitted[2] = { 1, 5 };
    ck_assert(tril_scaler_fit(ctx, &scaler, fitted, NULL, 2, 1, NULL));
    for (size_t c = 0; c < sizeof constants / sizeof *constants; c++) {
        for (size_t k = 0; k < rows * 3; k++)
            x[k] = (tril_real)(k % 3 == 1 ? constants[c] : sin((double)k));
        ck_assert(!tril_scaler_fit(ctx, &scaler, x, NULL, rows, 3, NULL));
        ck_failed(ctx, TRIL_BAD_DATA,
                  rows == 1 ? "scaler: column number 0 is constant"
                            : "scaler: column number 1 is constant");
        ck_assert(scaler.width == 1 && scaler.mean[0] == 3 && scaler.scale[0] == 2);
    }
    tril_scaler_free(&scaler);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
    free(x);
}
END_TEST

/* one row that differs, or a spread that is small beside the mean, is no constant */
START_TEST(test_not_constant)
{
    static const struct {
        tril_real x[4];
        double mean, scale;
    } columns[] = {
        { { 1000000 - 1, 1000000 + 1, 1000000 - 1, 1000000 + 1 }, 1e6, 1 },
        { { 1000000, 1000000, 1000000, 1000000 + 1 }, 1e6 + .25, 0.43301270189221930 },
        { { 16777214, 16777216, 16777214, 16777216 }, 16777215, 1 },
        { { 0, 0, 0, (tril_real)1e-15 }, 2.5e-16, 4.3301270189221930e-16 },
        { { 1, 1, 1, 1 + TRIL_REAL_EPSILON }, 1, 0.43301270189221930 * EPSILON },
    };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_scaler scaler = { 0 };
    ck_assert_msg(tril_scaler_fit(ctx, &scaler, columns[_i].x, NULL, 4, 1, NULL), "%s",
                  tril_ctx_message(ctx));
    ck_close(scaler.mean[0], columns[_i].mean, EPSILON, 0);
    ck_close(scaler.scale[0], columns[_i].scale, 4 * EPSILON, 0);
    tril_scaler_free(&scaler);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_bad)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    tril_scaler scaler = { 0 };
    const tril_real bad[3] = { (tril_real)NAN, (tril_real)INFINITY, -(tril_real)INFINITY };
    ck_assert(!tril_scaler_fit(ctx, &scaler, bad, NULL, 0, 1, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "scaler: no rows");
    ck_assert(!tril_scaler_fit(ctx, &scaler, bad, NULL, 1, 0, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "scaler: no rows");
    ck_assert(!tril_scaler_fit(ctx, &scaler, NULL, NULL, 1, 1, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "scaler: no rows");
    for (int i = 0; i < 6; i++) {
        tril_real x[6] = { 1, 2, 3, 4, 5, 7 };
        x[i] = bad[i % 3];
        ck_assert(!tril_scaler_fit(ctx, &scaler, x, NULL, 3, 2, NULL));
        ck_failed(ctx, TRIL_NOT_FINITE,
                  i % 2 ? "scaler: column number 1 is not finite"
                        : "scaler: column number 0 is not finite");
    }
    const tril_real values[2] = { 1, 3 }, weights[2] = { 1, -1 }, zeros[2] = { 0, 0 };
    ck_assert(!tril_scaler_fit(ctx, &scaler, values, weights, 2, 1, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "scaler: the weight of row 1 is -1, want a number of at");
    ck_assert(!tril_scaler_fit(ctx, &scaler, values, zeros, 2, 1, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "scaler: all weights are 0");
    ck_assert(scaler.width == 0 && !scaler.mean && !scaler.scale && !scaler.ctx);

    /* an empty scaler does nothing, a failed context fits nothing */
    tril_real x[2] = { 1, 3 };
    tril_scaler_apply(&scaler, x, 2);
    tril_scaler_undo(&scaler, x, 2);
    ck_assert(x[0] == 1 && x[1] == 3);
    ck_assert_double_eq(tril_scaler_log_scale(&scaler), 0);
    ck_assert(!tril_scaler_fit(NULL, &scaler, x, NULL, 2, 1, NULL));
    ck_assert(!tril_scaler_fit(ctx, &scaler, x, NULL, 1, 1, NULL));
    ck_assert(!tril_scaler_fit(ctx, &scaler, x, NULL, 2, 1, NULL));
    ck_failed(ctx, TRIL_BAD_DATA, "scaler: column number 0 is constant");
    tril_scaler_free(&scaler);
    tril_scaler_free(NULL);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
}
END_TEST

static void fit_again(tril_ctx *ctx)
{
    const tril_real x[6] = { 1, 2, 4, 8, 16, 33 };
    tril_scaler scaler = { 0 };
    tril_scaler_fit(ctx, &scaler, x, NULL, 6, 1, NULL);
    if (tril_scaler_fit(ctx, &scaler, x, NULL, 2, 3, NULL)) {
        ck_assert_uint_eq(scaler.width, 3);
        ck_assert(scaler.mean[0] == 4.5 && scaler.mean[1] == 9 && scaler.mean[2] == 18.5);
        ck_assert(scaler.scale[0] == 3.5 && scaler.scale[1] == 7 && scaler.scale[2] == 14.5);
    }
    tril_scaler_free(&scaler);
    ck_assert(!scaler.ctx && !scaler.mean);
    tril_scaler_free(&scaler);
}

START_TEST(test_fit_again)
{
    ck_assert_uint_ge(exhaust(fit_again), 2);
}
END_TEST

static double log_prob(tril_ctx *ctx, const tril_real *loc, const tril_real *scale_tril,
                       const tril_real *y)
{
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p = tril_mvn(tril_input(tape, loc, TRIL_SHAPE(3)),
                           tril_input(tape, scale_tril, TRIL_SHAPE(3, 3)));
    tril_var value = tril_log_prob(p, tril_input(tape, y, TRIL_SHAPE(3)));
    ck_fine(ctx);
    double result = (double)tril_value(value)[0];
    tril_tape_free(tape);
    return result;
}

/* the log-density of scaled data, less log_scale, is that of the data in their own units */
START_TEST(test_density)
{
    enum { ROWS = 50 };
    tril_real loc[3] = { 100, -2, (tril_real)0.01 }, y[3 * ROWS];
    const double scale_tril[9] = { 20, 0, 0, 1, .5, 0, -.002, .001, .003 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_scaler scaler = { 0 };
    double own[ROWS];
    tril_real l[9];
    for (int k = 0; k < 9; k++)
        l[k] = (tril_real)scale_tril[k];
    tril_random_normal(tril_ctx_random(ctx), y, 3 * ROWS);
    for (int k = 0; k < ROWS; k++) {
        tril_real *e = y + 3 * k;
        e[2] = loc[2] + l[6] * e[0] + l[7] * e[1] + l[8] * e[2];
        e[1] = loc[1] + l[3] * e[0] + l[4] * e[1];
        e[0] = loc[0] + l[0] * e[0];
        own[k] = log_prob(ctx, loc, l, e);
    }
    ck_assert(tril_scaler_fit(ctx, &scaler, y, NULL, ROWS, 3, NULL));
    ck_assert(fabs(tril_scaler_log_scale(&scaler)) > 1);
    tril_scaler_apply(&scaler, y, ROWS);
    tril_scaler_apply(&scaler, loc, 1);
    for (int k = 0; k < 9; k++)
        l[k] = (tril_real)((double)l[k] / scaler.scale[k / 3]);
    for (int k = 0; k < ROWS; k++)
        ck_close(log_prob(ctx, loc, l, y + 3 * k) - tril_scaler_log_scale(&scaler), own[k],
                 200 * EPSILON, 1);
    tril_scaler_free(&scaler);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_train_scaler(void)
{
    Suite *suite = suite_create("train/scaler");
    TCase *tcase = tcase_create("scaler");
    int sets = sizeof random_sets / sizeof *random_sets;
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_by_hand);
    tcase_add_loop_test(tcase, test_two_pass, 0, sets);
    tcase_add_loop_test(tcase, test_undo, 0, sets);
    tcase_add_loop_test(tcase, test_constant, 0, 7);
    tcase_add_loop_test(tcase, test_not_constant, 0, 5);
    tcase_add_test(tcase, test_bad);
    tcase_add_test(tcase, test_fit_again);
    tcase_add_test(tcase, test_density);
    suite_add_tcase(suite, tcase);
    return suite;
}
