/* What a model says of raw rows: as of the same rows of a table, and in any number of threads. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"

enum { ROWS = 120, D = 2, INPUTS = 3, DRAWS = 7, LEVELS = 2, THREADS = 8 };

static const double levels[LEVELS] = { 0.1, 0.9 };

/* everything at once */
typedef struct answers {
    double mean[ROWS][D], sd[ROWS][D], covariance[ROWS][D][D], log_prob[ROWS];
    double quantile[ROWS][LEVELS][D], draws[DRAWS][ROWS][D];
} answers;

static tril_prediction all_of(answers *a)
{
    return (tril_prediction){ .mean = *a->mean,
                              .sd = *a->sd,
                              .covariance = **a->covariance,
                              .log_prob = a->log_prob,
                              .levels = levels,
                              .n_levels = LEVELS,
                              .quantile = **a->quantile,
                              .n_draws = DRAWS,
                              .draws = **a->draws };
}

/* a number, a label and a date; two targets */
static double xs[ROWS][INPUTS], ys[ROWS][D];

static tril_table *make_table(tril_ctx *ctx, bool holes)
{
    static const char *const labels[] = { "a", "b", "" };
    growing text = { 0 };
    tril_random random = tril_random_stream(3, 1);
    text_print(&text, "u,c,day,y,z\n");
    for (size_t i = 0; i < ROWS; i++) {
        tril_real n[3];
        tril_random_normal(&random, n, 3);
        const size_t label = holes && i % 9 == 2 ? 2 : i % 2, day = 1 + i % 28, month = 1 + i % 12;
        static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
        const size_t year = i % 4; /* 2021 to 2024 */
        xs[i][0] = holes && i % 7 == 1 ? (double)NAN : 1000 + (double)n[0];
        xs[i][1] = label == 2 ? (double)NAN : (double)label;
        xs[i][2] = 18628 + 365. * (double)year + before[month - 1] + (double)day +
                   (year == 3 && month > 2) - 1;
        ys[i][0] = holes && i % 11 == 3 ? (double)NAN : (double)n[1] + (double)n[0];
        ys[i][1] = 1e3 * (double)n[2] + (double)label;
        if (isnan(xs[i][0]))
            text_print(&text, ",%s,", labels[label]);
        else
            text_print(&text, "%.17g,%s,", xs[i][0], labels[label]);
        text_print(&text, "%zu-%02zu-%02zu,", 2021 + year, month, day);
        if (isnan(ys[i][0]))
            text_print(&text, ",%.17g\n", ys[i][1]);
        else
            text_print(&text, "%.17g,%.17g\n", ys[i][0], ys[i][1]);
    }
    tril_table *table = table_of(ctx, text.bytes, text.size);
    free(text.bytes);
    return table;
}

static tril_model *make_model(tril_table *table, const tril_head_opts *heads, size_t members)
{
    tril_model *model =
        tril_model_new(table, NULL, 0,
                       &(tril_model_opts){ .targets = (const char *[]){ "y", "z" },
                                           .n_targets = D,
                                           .mlp = { .hidden = { 9 }, .activation = TRIL_RELU },
                                           .heads = heads,
                                           .n_heads = members,
                                           .members = members,
                                           .missing = TRIL_MISSING_BOTH });
    ck_assert_ptr_nonnull(model);
    return model;
}

static const tril_head_opts three[] = { { .kind = &tril_head_full },
                                        { .kind = &tril_head_diagonal },
                                        { .kind = &tril_head_mixture, .components = 2 } };

START_TEST(test_rows)
{
    static answers a;
    static double mean[ROWS][D], covariance[ROWS][D][D], quantile[ROWS][LEVELS][D], nll[ROWS];
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 4 });
    tril_table *table = make_table(ctx, true);
    tril_model *model = make_model(table, three, 3);
    const tril_model_info *about = tril_model_get_info(model);
    tril_dataset cases = { 0 };
    const tril_prediction out = all_of(&a);
    ck_assert(tril_model_dataset(model, table, NULL, 0,
                                 &(tril_dataset_opts){ .missing = TRIL_MISSING_BOTH }, &cases));
    ck_assert_uint_eq(cases.n, ROWS);
    ck_assert(tril_model_predict(ctx, model, *xs, *ys, ROWS, &out));
    ck_assert(tril_model_evaluate(model, about->networks, 3,
                                  (tril_batch){ .x = cases.x, .y = cases.y, .n = ROWS },
                                  &(tril_evaluation){ .mean = *mean,
                                                      .covariance = **covariance,
                                                      .nll = nll,
                                                      .levels = levels,
                                                      .n_levels = LEVELS,
                                                      .quantile = **quantile }));
    const double tolerance = IS_DOUBLE ? 1e-12 : 1e-5; /* dates, and the origin of u */
    for (size_t i = 0; i < ROWS; i++) {
        ck_close(a.log_prob[i], -nll[i], tolerance, 1);
        for (size_t j = 0; j < D; j++) {
            ck_close(a.mean[i][j], mean[i][j], tolerance, a.sd[i][j]);
            ck_close(a.sd[i][j], sqrt(covariance[i][j][j]), tolerance, 0);
            ck_close(a.covariance[i][0][j], covariance[i][0][j], tolerance,
                     a.sd[i][0] * a.sd[i][j]);
            ck_close(a.quantile[i][1][j], quantile[i][1][j], tolerance, a.sd[i][j]);
            double sum = 0;
            for (size_t k = 0; k < DRAWS; k++)
                sum += a.draws[k][i][j] / DRAWS;
            ck_assert(fabs(sum - mean[i][j]) < 3 * a.sd[i][j]);
        }
    }
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- threads: each with a context of its own, beside a model that is nobody's but is read */

typedef struct worker {
    const tril_model *model;
    answers a;
    bool done;
} worker;

static void *work(void *memory)
{
    worker *w = memory;
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 11 });
    const tril_prediction out = all_of(&w->a);
    w->done = tril_model_predict(ctx, w->model, *xs, *ys, ROWS, &out) &&
              /* and a failure in one is none in another */
              !tril_model_predict(ctx, w->model, *xs, NULL, ROWS, &out);
    tril_ctx_free(ctx);
    return NULL;
}

START_TEST(test_threads)
{
    static worker workers[THREADS + 1];
    pthread_t threads[THREADS];
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 4 });
    tril_table *table = make_table(ctx, true);
    tril_model *model = make_model(table, three, 3);
    for (size_t i = 0; i <= THREADS; i++)
        workers[i].model = model;
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    work(&workers[THREADS]);
    for (size_t i = 0; i <= THREADS; i++) {
        ck_assert(workers[i].done);
        ck_assert_mem_eq(&workers[i].a, &workers[THREADS].a, sizeof(answers));
    }
    ck_fine(ctx);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_wrong)
{
    static answers a;
    tril_ctx *ctx = tril_ctx_new(NULL), *own = tril_ctx_new(NULL);
    tril_table *table = make_table(ctx, false);
    tril_model *model = make_model(table, &(tril_head_opts){ .kind = &tril_head_student }, 1);
    double x[] = { 1000, 2, 19000 }, y[] = { 1, (double)NAN };
    const tril_prediction out = all_of(&a);
    ck_assert(!tril_model_predict(own, NULL, x, y, 1, &out) && !tril_ctx_failed(own));
    ck_assert(!tril_model_predict(own, model, NULL, y, 1, &out));
    ck_failed(own, TRIL_BAD_ARGUMENT, "predict: there are no inputs");
    ck_assert(!tril_model_predict(own, model, x, NULL, 1, &out));
    ck_failed(own, TRIL_BAD_ARGUMENT, "predict: there are no targets, which log_prob needs");
    ck_assert(!tril_model_predict(own, model, x, y, 1, &out));
    ck_failed(own, TRIL_BAD_DATA,
              "predict: x: row 0, column c: 2 is no label: want a whole number below 2, or NaN");
    x[1] = 0;
    ck_assert(tril_model_predict(own, model, x, y, 1, &out) && isfinite(a.log_prob[0]));
    y[0] = (double)NAN;
    ck_assert(tril_model_predict(own, model, x, y, 1, &out) && isnan(a.log_prob[0]));
    ck_assert(tril_model_predict(own, model, x, y, 0, &out));
    ck_assert(tril_model_predict(own, model, x, NULL, 1, &(tril_prediction){ .mean = *a.mean }));
    x[0] = HUGE_VAL;
    ck_assert(tril_model_predict(own, model, x, NULL, 1, &(tril_prediction){ .mean = *a.mean }) ||
              tril_ctx_status(own) == TRIL_NOT_FINITE);
    ck_fine(ctx);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(own);
    tril_ctx_free(ctx);
}
END_TEST

static tril_table *kept_table;
static tril_model *kept;

static void starve(tril_ctx *ctx)
{
    static answers a;
    const tril_prediction out = all_of(&a);
    tril_model_predict(ctx, kept, *xs, *ys, ROWS, &out);
}

START_TEST(test_memory)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    kept_table = make_table(ctx, true);
    kept = make_model(kept_table, three, 3);
    ck_assert_uint_gt(exhaust(starve), 3);
    ck_fine(ctx);
    tril_model_free(kept);
    tril_table_free(kept_table);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_model_model_predict(void)
{
    Suite *suite = suite_create("model/model_predict");
    TCase *tcase = tcase_create("model_predict");
    tcase_set_tags(tcase, "threads");
    tcase_add_test(tcase, test_rows);
    tcase_add_test(tcase, test_threads);
    tcase_add_test(tcase, test_wrong);
    tcase_add_test(tcase, test_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
