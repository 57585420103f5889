/* Conformal calibration: a share of new rows is within what should hold it, whatever the model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"

enum { M = 50, HELD = 100, D = 2 };

/* an untrained model of two targets without inputs: about normals of unit variance, scaled */
static tril_model *make_model(tril_ctx *ctx)
{
    static const char rows[] = "y,z\n1,5\n2,3\n3,7\n4,6\n5,9\n";
    tril_table *table = table_of(ctx, rows, sizeof rows - 1);
    tril_model *model = tril_model_new(table, NULL, 0,
                                       &(tril_model_opts){ .targets = (const char *[]){ "y", "z" },
                                                           .n_targets = D,
                                                           .inputs = (const char *[]){ NULL } });
    tril_table_free(table);
    ck_fine(ctx);
    return model;
}

static tril_real zeros[M + HELD], ys[(M + HELD) * D];

/* twice as wide as the model has it */
static tril_batch draw_rows(tril_random *random)
{
    tril_random_normal(random, ys, sizeof ys / sizeof *ys);
    for (size_t i = 0; i < sizeof ys / sizeof *ys; i++)
        ys[i] *= 2;
    return (tril_batch){ .x = zeros, .y = ys, .n = M };
}

static bool judge(tril_model *model, tril_batch rows, double *level, double *pit)
{
    const tril_model_info *about = tril_model_get_info(model);
    return tril_model_evaluate(model, about->networks, 1, rows,
                               &(tril_evaluation){ .level = level, .pit = pit });
}

/* 200 times: the mean of the shares is ceil(0.9 (m + 1)) / (m + 1), within two of its errors */
START_TEST(test_promise)
{
    enum { TIMES = 200 };
    static double shares[TIMES][1 + D], plain[TIMES], level[HELD], pit[HELD * D];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_model *model = make_model(ctx);
    tril_random random = tril_random_stream(5, 1);
    for (int t = 0; t < TIMES; t++) {
        const tril_batch rows = draw_rows(&random),
                         held = { .x = zeros, .y = ys + M * D, .n = HELD };
        ck_assert(tril_model_calibrate(model, rows) && judge(model, held, level, pit));
        plain[t] = tril_coverage(level, NULL, HELD, 0.9);
        shares[t][0] = tril_coverage(level, NULL, HELD, tril_model_region_level(model, 0.9));
        for (size_t j = 0; j < D; j++) {
            const double low = tril_model_quantile_level(model, j, 0.05),
                         high = tril_model_quantile_level(model, j, 0.95);
            shares[t][1 + j] = 0;
            for (size_t i = 0; i < HELD; i++)
                shares[t][1 + j] +=
                    (pit[i * D + j] >= low && pit[i * D + j] <= high) / (double)HELD;
        }
    }
    ck_assert_double_lt(tril_mean_se_of(plain, 1, NULL, TIMES).mean, 0.6);
    for (size_t k = 0; k <= D; k++) {
        const tril_mean_se s = tril_mean_se_of(*shares + k, 1 + D, NULL, TIMES);
        ck_close(s.mean, 46. / 51, 2 * s.error, 0);
    }
    tril_model_free(model);
    tril_ctx_free(ctx);
}
END_TEST

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* each level is a row's own, and a row of weight 2 is two */
START_TEST(test_levels)
{
    static tril_real twice[2 * M * D], weights[M];
    static double level[M], pit[M * D];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_model *model = make_model(ctx);
    tril_random random = tril_random_stream(6, 1);
    tril_batch rows = draw_rows(&random);
    ck_assert(tril_model_region_level(model, 0.3) == 0.3 &&
              tril_model_quantile_level(model, 1, 0.3) == 0.3 &&
              !tril_model_get_info(model)->conformal);
    ck_assert(judge(model, rows, level, pit) && tril_model_calibrate(model, rows));
    qsort(level, M, sizeof *level, compare);
    ck_assert(tril_model_region_level(model, 0) == 0);
    ck_assert(tril_model_region_level(model, 0.9) == level[45]);
    ck_assert(tril_model_region_level(model, 0.2) == level[10]);
    ck_assert(tril_model_region_level(model, 0.98) == level[49]);
    ck_assert(isinf(tril_model_region_level(model, 0.981)));
    ck_assert(tril_model_quantile_level(model, 0, 0.5) == 0.5);
    ck_assert(tril_model_quantile_level(model, 0, 0.005) == 0);
    ck_assert(tril_model_quantile_level(model, 1, 0.995) == 1);
    const double *conformal = tril_model_get_info(model)->conformal;
    static double first[(1 + D) * (TRIL_CONFORMAL_STEPS - 1)];
    for (size_t i = 0; i < M; i++) {
        weights[i] = (tril_real)(i % 3);
        for (size_t k = 0, n = 0; k <= i; k++)
            for (size_t copy = 0; copy < k % 3; copy++, n++) {
                memcpy(twice + n * D, ys + k * D, D * sizeof *ys);
                rows.n = n + 1;
            }
    }
    ck_assert(
        tril_model_calibrate(model, (tril_batch){ .x = zeros, .y = ys, .n = M, .w = weights }));
    memcpy(first, conformal, sizeof first);
    rows.y = twice;
    ck_assert(tril_model_calibrate(model, rows));
    ck_assert(memcmp(first, conformal, sizeof first) == 0);
    tril_model_free(model);
    tril_ctx_free(ctx);
}
END_TEST

/* quantiles of one row at levels of each target's own, or at the same for all */
static void ask(tril_model *model, const double *levels, size_t n, double *out)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_model_predict(ctx, model, NULL, NULL, 1,
                       &(tril_prediction){ .levels = levels, .n_levels = n, .quantile = out });
    ck_fine(ctx);
    tril_ctx_free(ctx);
}

/* A model's quantiles are at the levels of its calibration, without an end where rows are too few,
 * as of a target that many rows lack; and so they are once it has been a file. */
START_TEST(test_quantiles)
{
    static const double levels[] = { 0.02, 0.1, 0.9 };
    double quantile[3][D], plain[3][D], again[3][D], own[3];
    tril_ctx *ctx = tril_ctx_new(NULL), *other = tril_ctx_new(NULL);
    tril_model *model = make_model(ctx), *bare = make_model(other);
    tril_random random = tril_random_stream(7, 1);
    const tril_batch rows = draw_rows(&random);
    for (size_t i = 0; i < 30; i++)
        ys[i * D] = (tril_real)NAN;
    ck_assert(tril_model_calibrate(model, rows));
    ask(model, levels, 3, *quantile);
    for (size_t j = 0; j < D; j++) {
        for (size_t l = 0; l < 3; l++)
            own[l] = tril_model_quantile_level(model, j, levels[l]);
        own[0] = own[0] > 0 ? own[0] : levels[0];
        ask(bare, own, 3, *plain);
        for (size_t l = j == 0; l < 3; l++)
            ck_close(quantile[l][j], plain[l][j], 1e-6, 1);
    }
    ck_assert(quantile[0][0] == -HUGE_VAL && quantile[0][1] > -HUGE_VAL);
    tril_tensors *file = tril_tensors_new(ctx);
    ck_assert(tril_tensors_put_model(file, model));
    tril_model *back = tril_tensors_get_model(file, NULL);
    ask(back, levels, 3, *again);
    ck_assert(memcmp(quantile, again, sizeof again) == 0);
    tril_model_free(back);
    tril_tensors_free(file);
    tril_model_free(model);
    tril_model_free(bare);
    tril_ctx_free(ctx);
    tril_ctx_free(other);
}
END_TEST

/* nothing that a file says is believed; and rows without targets calibrate nothing */
START_TEST(test_refused)
{
    static double levels[1 + D][TRIL_CONFORMAL_STEPS - 1];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_model *model = make_model(ctx);
    tril_tensors *file = tril_tensors_new(ctx);
    levels[1][4] = 0.5; /* then 0 */
    tril_tensors_put_model(file, model);
    tril_tensors_put(file, "conformal", TRIL_F64, TRIL_SHAPE(1 + D, TRIL_CONFORMAL_STEPS - 1),
                     levels);
    ck_fine(ctx);
    ck_assert(!tril_tensors_get_model(file, NULL));
    ck_failed(ctx, TRIL_BAD_DATA,
              "tensors: conformal: level 1004 is 0, want levels from 0 to 1 that do not fall, or "
              "infinity");
    tril_tensors_free(file);
    ck_assert(!tril_model_calibrate(model, (tril_batch){ .x = zeros, .n = M }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "conformal: there are no rows to calibrate by");
    const tril_real weights[M] = { 1, -1 };
    ck_assert(
        !tril_model_calibrate(model, (tril_batch){ .x = zeros, .y = ys, .n = M, .w = weights }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT,
              "conformal: the weight of row 1 is -1, want a number of at least 0");
    ck_assert(!tril_model_get_info(model)->conformal &&
              tril_model_calibrate(model, (tril_batch){ .x = zeros, .y = ys, .n = M }) &&
              tril_model_quantile_level(model, D, 0.3) == 0.3);
    ck_assert(!tril_model_calibrate(NULL, (tril_batch){ .x = zeros, .y = ys, .n = M }));
    tril_model_free(model);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_model_model_conformal(void)
{
    Suite *suite = suite_create("model/model_conformal");
    TCase *tcase = tcase_create("conformal");
    tcase_add_test(tcase, test_promise);
    tcase_add_test(tcase, test_levels);
    tcase_add_test(tcase, test_quantiles);
    tcase_add_test(tcase, test_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
