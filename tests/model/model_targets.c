/* Models of transformed targets: the same networks as of targets transformed by hand, and what they
 * say in the targets' own units. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"
#include "model/transform.h"

enum { ROWS = 150, D = 3, LEVELS = 3, DRAWS = 4 };

static const double levels[LEVELS] = { 0.05, 0.5, 0.9 };
static const char *const texts[D] = { "log", "logit(-1,3)", "yeo-johnson(0.4)" };
static const char *const names[D + 1] = { "u", "a", "b", "c" };

/* u, and targets of three kinds that depend on it, or, by hand, what their transforms make of them
 */
static double columns[D + 1][ROWS];

static void fill_columns(bool by_hand)
{
    tril_random random = tril_random_stream(9, 1);
    for (size_t i = 0; i < ROWS; i++) {
        tril_real n[D + 1];
        tril_random_normal(&random, n, D + 1);
        columns[0][i] = (double)n[0];
        columns[1][i] = 50 * exp((double)n[0] + 0.4 * (double)n[1]);
        columns[2][i] = -1 + 4 / (1 + exp(-(double)n[1] - 0.5 * (double)n[2]));
        columns[3][i] = (double)(n[0] * n[2] + 2 * n[3]);
    }
    for (size_t j = 0; j < D && by_hand; j++) {
        tril_transform g;
        ck_assert(tril_transform_read(texts[j], &g));
        for (size_t i = 0; i < ROWS; i++)
            columns[j + 1][i] = tril_transform_forward(&g, columns[j + 1][i]);
    }
    columns[2][4] = columns[1][7] = columns[3][7] = (double)NAN;
}

static tril_table *make_table(tril_ctx *ctx)
{
    tril_table_column of[D + 1] = { { .name = NULL } };
    for (size_t j = 0; j <= D; j++)
        of[j] = (tril_table_column){ .name = names[j], .numbers = columns[j] };
    return tril_table_new(ctx, NULL, of, D + 1, ROWS);
}

static const tril_dataset_opts with_holes = { .missing = TRIL_MISSING_BOTH };

static const tril_head_opts heads[] = { { .kind = &tril_head_student },
                                        { .kind = &tril_head_mixture, .components = 2 },
                                        { 0 } };

/* a model, its rows, and all that it says of them */
typedef struct answers {
    tril_ctx *ctx;
    tril_table *table;
    tril_model *model;
    tril_dataset cases;
    double nll[ROWS], linear[ROWS], pit[ROWS][D], quantile[ROWS][LEVELS][D], probability[ROWS][2],
        level[ROWS], mean[ROWS][D], sd[ROWS][D], covariance[ROWS][D][D], crps[ROWS][D],
        energy[ROWS], spread[ROWS], correlation[ROWS][D][D], draws[DRAWS][ROWS][D];
} answers;

static const tril_model_opts opts = { .targets = names + 1,
                                      .n_targets = D,
                                      .inputs = names,
                                      .n_inputs = 1,
                                      .mlp = { .hidden = { 7 } },
                                      .heads = heads,
                                      .missing = TRIL_MISSING_BOTH };

/* heads of some, trained a little */
static void make(answers *a, const char *const *transforms, const tril_head_opts *of, size_t n)
{
    tril_model_opts own = opts;
    own.transforms = transforms;
    own.heads = of;
    own.n_heads = own.members = n;
    a->ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 3 });
    a->table = make_table(a->ctx);
    a->model = tril_model_new(a->table, NULL, 0, &own);
    ck_fine(a->ctx);
    const tril_model_info *about = tril_model_get_info(a->model);
    ck_assert(tril_model_dataset(a->model, a->table, NULL, 0, &with_holes, &a->cases));
    ck_assert_uint_eq(a->cases.n, ROWS);
    for (size_t k = 0; k < n; k++) {
        tril_fit *fit =
            tril_fit_new(&about->networks[k], (tril_batch){ a->cases.x, a->cases.y, ROWS },
                         &(tril_fit_opts){ .epochs = 3, .lr = 1e-2, .missing = true });
        ck_assert_msg(tril_fit_run(fit, NULL, NULL), "%s", tril_ctx_message(a->ctx));
        tril_fit_free(fit);
    }
}

static tril_batch rows_of(const answers *a)
{
    return (tril_batch){ .x = a->cases.x, .y = a->cases.y, .n = ROWS };
}

static void ask(answers *a, const double *events, const bool *given)
{
    const tril_model_info *about = tril_model_get_info(a->model);
    const tril_evaluation out = { .nll = a->nll,
                                  .mean = *a->mean,
                                  .sd = *a->sd,
                                  .covariance = **a->covariance,
                                  .pit = *a->pit,
                                  .level = a->level,
                                  .levels = levels,
                                  .n_levels = LEVELS,
                                  .quantile = **a->quantile,
                                  .correlation = **a->correlation,
                                  .crps = *a->crps,
                                  .energy = a->energy,
                                  .spread = a->spread,
                                  .events = events,
                                  .n_events = events ? 2 : 0,
                                  .probability = events ? *a->probability : NULL,
                                  .given = given };
    ck_assert_msg(
        tril_model_evaluate(a->model, about->networks, about->n_networks, rows_of(a), &out), "%s",
        tril_ctx_message(a->ctx));
    ck_assert(tril_model_evaluate(a->model, &about->baselines[TRIL_BASELINE_LINEAR], 1, rows_of(a),
                                  &(tril_evaluation){ .nll = a->linear }));
    ck_assert(tril_model_sample(a->ctx, a->model, rows_of(a), 0, DRAWS, **a->draws));
}

static void end(answers *a)
{
    tril_dataset_free(&a->cases);
    tril_model_free(a->model);
    tril_table_free(a->table);
    tril_ctx_free(a->ctx);
    *a = (answers){ 0 };
}

static answers own, hand;

/* bit by bit where networks are, by the Jacobian where densities are, and mapped elsewhere */
START_TEST(test_by_hand)
{
    const double low[2][D] = { { 30, -HUGE_VAL, -1 }, { -5, 0, -HUGE_VAL } },
                 high[2][D] = { { HUGE_VAL, HUGE_VAL, 2 }, { HUGE_VAL, 7, HUGE_VAL } },
                 tolerance = IS_DOUBLE ? 1e-12 : 1e-5;
    static const bool known[D] = { false, true, false };
    double events[2][2][D], z[2][2][D];
    tril_transform g[D];
    for (size_t j = 0; j < D; j++) {
        ck_assert(tril_transform_read(texts[j], &g[j]));
        for (size_t e = 0; e < 2; e++) {
            events[e][0][j] = low[e][j], events[e][1][j] = high[e][j];
            z[e][0][j] = tril_transform_forward(&g[j], low[e][j]);
            z[e][1][j] = tril_transform_forward(&g[j], high[e][j]);
        }
    }
    fill_columns(false);
    make(&own, texts, heads, 3);
    ask(&own, **events, _i ? known : NULL);
    fill_columns(true);
    make(&hand, NULL, heads, 3);
    ask(&hand, **z, _i ? known : NULL);
    const size_t params = tril_params_size(
        tril_dense_weight(tril_mlp_last(tril_model_get_info(own.model)->networks->mlp)).params);
    ck_assert_uint_gt(params, 0);
    for (size_t k = 0; k < 3; k++) {
        const tril_network *a = &tril_model_get_info(own.model)->networks[k],
                           *b = &tril_model_get_info(hand.model)->networks[k];
        for (size_t layer = 0; layer < 2; layer++) {
            const tril_param p = tril_dense_weight(tril_mlp_layer(a->mlp, layer)),
                             q = tril_dense_weight(tril_mlp_layer(b->mlp, layer));
            ck_assert_mem_eq(tril_param_values(p), tril_param_values(q),
                             tril_shape_size(tril_param_shape(p)) * sizeof(tril_real));
        }
    }
    ck_assert_mem_eq(own.cases.y, hand.cases.y, sizeof(tril_real) * ROWS * D);
    ck_assert_mem_eq(own.pit, hand.pit, sizeof own.pit);
    ck_assert_mem_eq(own.probability, hand.probability, sizeof own.probability);
    for (size_t i = 0; i < ROWS; i++) {
        double slopes = 0, all = 0;
        for (size_t j = 0; j < D; j++) {
            const double slope =
                isnan(columns[j + 1][i]) ? 0 : tril_transform_log_slope(&g[j], columns[j + 1][i]);
            slopes += _i && known[j] ? 0 : slope;
            all += slope;
            for (size_t l = 0; l < LEVELS; l++)
                ck_close(own.quantile[i][l][j],
                         tril_transform_inverse(&g[j], hand.quantile[i][l][j]), tolerance, 0);
            for (size_t k = 0; k < DRAWS; k++)
                ck_close(own.draws[k][i][j], tril_transform_inverse(&g[j], hand.draws[k][i][j]),
                         tolerance, 0);
        }
        ck_close(own.nll[i], hand.nll[i] - slopes, tolerance, 10);
        ck_close(own.linear[i], hand.linear[i] - all, tolerance, 10);
        /* a Student's t is among them */
        ck_assert(isnan(own.mean[i][0]) && isnan(own.crps[i][0]) && isnan(own.energy[i]));
        ck_assert(isfinite(own.mean[i][1]));
    }
    end(&own), end(&hand);
}
END_TEST

/* moments of normals and mixtures, by draws and by quantiles */
START_TEST(test_moments)
{
    enum { MANY = 4000, SOME = 10, FINE = 400 };
    static double draws[MANY][SOME][D], fine[FINE], q[ROWS][FINE][D];
    fill_columns(false);
    make(&own, texts, heads + 1, 2);
    ask(&own, NULL, NULL);
    const tril_model_info *about = tril_model_get_info(own.model);
    for (size_t k = 0; k < FINE; k++)
        fine[k] = ((double)k + 0.5) / FINE;
    ck_assert(tril_model_sample(own.ctx, own.model, (tril_batch){ .x = own.cases.x, .n = SOME }, 0,
                                MANY, **draws));
    ck_assert(tril_model_evaluate(
        own.model, about->networks, about->n_networks, rows_of(&own),
        &(tril_evaluation){ .levels = fine, .n_levels = FINE, .quantile = **q }));
    for (size_t i = 0; i < SOME; i++)
        for (size_t a = 0; a < D; a++) {
            double mean = 0, y = columns[a + 1][i], crps = 0;
            for (size_t k = 0; k < MANY; k++)
                mean += draws[k][i][a] / MANY;
            ck_assert(fabs(mean - own.mean[i][a]) < 6 * own.sd[i][a] / sqrt(MANY));
            for (size_t b = 0; b < D; b++) {
                double product = 0;
                const double both = own.sd[i][a] * own.sd[i][b];
                for (size_t k = 0; k < MANY; k++)
                    product += (draws[k][i][a] - own.mean[i][a]) *
                               (draws[k][i][b] - own.mean[i][b]) / MANY;
                ck_close(own.covariance[i][a][b], product, 0.4, both);
                ck_close(own.covariance[i][a][b], own.correlation[i][a][b] * both, 1e-9, both);
            }
            /* twice the integral of the loss of each quantile */
            for (size_t k = 0; k < FINE; k++)
                crps += 2 * ((y < q[i][k][a]) - fine[k]) * (q[i][k][a] - y) / FINE;
            if (!isnan(y))
                ck_close(own.crps[i][a], crps, 0.2, 0.5 * own.sd[i][a]);
            else
                ck_assert(isnan(own.crps[i][a]));
        }
    ck_assert(own.spread[0] > 0 && own.energy[0] > 0);
    end(&own);
}
END_TEST

/* densities of one target are probabilities per unit of it, levels those of regions of that
 * density, and both what raw rows get */
START_TEST(test_density)
{
    enum { STEPS = 4000 };
    static double x[STEPS], y[STEPS], log_prob[STEPS], level, q[2];
    static const double ends[2] = { 1e-4, 1 - 1e-4 };
    const tril_head_opts full = { 0 };
    tril_model_opts one = opts;
    fill_columns(false);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = make_table(ctx);
    one.targets = names + 1 + _i;
    one.n_targets = one.n_heads = 1;
    one.heads = &full;
    one.transforms = texts + _i;
    tril_model *model = tril_model_new(table, NULL, 0, &one);
    const tril_model_info *about = tril_model_get_info(model);
    tril_dataset cases = { 0 };
    ck_assert(tril_model_dataset(model, table, NULL, 0, &with_holes, &cases));
    x[0] = columns[0][0];
    ck_assert(
        tril_model_predict(ctx, model, x, NULL, 1,
                           &(tril_prediction){ .levels = ends, .n_levels = 2, .quantile = q }));
    for (size_t k = 0; k < STEPS; k++) {
        x[k] = x[0];
        y[k] = q[0] + (q[1] - q[0]) * ((double)k + 0.5) / STEPS;
    }
    ck_assert(
        tril_model_predict(ctx, model, x, y, STEPS, &(tril_prediction){ .log_prob = log_prob }));
    ck_assert(tril_model_evaluate(model, about->networks, 1, (tril_batch){ cases.x, cases.y, 1 },
                                  &(tril_evaluation){ .level = &level, .nll = q + 1 }));
    double sum = 0, denser = 0;
    const double step = y[1] - y[0];
    for (size_t k = 0; k < STEPS; k++) {
        sum += exp(log_prob[k]) * step;
        denser += log_prob[k] > -q[1] ? exp(log_prob[k]) * step : 0;
    }
    ck_close(sum, 1 - 2e-4, 1e-3, 1);
    ck_assert(fabs(denser - level) < 0.12); /* 500 draws */
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* cells without a z, by row; they are what extreme numbers are where those are left out */
START_TEST(test_outside)
{
    const tril_dataset_opts predicts = { .predict = true, .leave_out_extreme = true };
    double mean[D], y[D] = { 1, 5, 0 };
    tril_dataset cases = { 0 };
    fill_columns(false);
    make(&own, texts, heads, 1);
    tril_table_free(own.table);
    columns[1][2] = 0;
    own.table = make_table(own.ctx);
    ck_assert(!tril_model_dataset(own.model, own.table, NULL, 0, &with_holes, &cases));
    ck_failed(own.ctx, TRIL_BAD_DATA,
              "table: row 2, column a: 0 is beyond what log takes, numbers above 0");
    ck_assert(tril_model_dataset(own.model, own.table, NULL, 0, &predicts, &cases));
    ck_assert_uint_eq(cases.n, ROWS - 1);
    ck_assert_uint_eq(cases.extreme, 1);
    ck_assert(!tril_model_dataset(own.model, own.table, (size_t[]){ 2 }, 1, &predicts, &cases));
    ck_failed(own.ctx, TRIL_BAD_DATA, "0 is beyond what log takes");
    ck_assert(!tril_model_predict(own.ctx, own.model, columns[0], y, 1,
                                  &(tril_prediction){ .mean = mean, .log_prob = mean }));
    ck_failed(own.ctx, TRIL_BAD_DATA, "predict: y: row 0, column b: 5 is beyond what logit(-1,3)");
    tril_model_opts bad = opts;
    bad.transforms = texts;
    bad.n_heads = 1;
    ck_assert_ptr_null(tril_model_new(own.table, NULL, 0, &bad));
    ck_failed(own.ctx, TRIL_BAD_DATA, "row 2, column a: 0 is beyond what log takes");
    bad.transforms = (const char *const[]){ "", NULL, "square" };
    ck_assert_ptr_null(tril_model_new(own.table, NULL, 0, &bad));
    ck_failed(own.ctx, TRIL_BAD_ARGUMENT, "model: target c: 'square' is no transform");
    tril_dataset_free(&cases);
    end(&own);
}
END_TEST

/* through a file, and numbers there and back */
START_TEST(test_file)
{
    static double before[ROWS], there[ROWS * D];
    static tril_real back[ROWS * D];
    fill_columns(false);
    make(&own, texts, heads, 3);
    ask(&own, NULL, NULL);
    memcpy(before, own.nll, sizeof before);
    tril_tensors *file = tril_tensors_new(own.ctx);
    ck_assert(tril_tensors_put_model(file, own.model));
    ck_assert_ptr_nonnull(strstr(tril_tensors_metadata(file, "tril"),
                                 "\"transforms\":[\"log\",\"logit(-1,3)\",\"yeo-johnson(0.4)\"]"));
    tril_model_free(own.model);
    own.model = tril_tensors_get_model(file, NULL);
    ck_fine(own.ctx);
    ck_assert_str_eq(tril_model_get_info(own.model)->transforms[1], "logit(-1,3)");
    ask(&own, NULL, NULL);
    ck_assert_mem_eq(own.nll, before, sizeof before);
    tril_model_targets_undo(own.model, own.cases.y, ROWS, there);
    tril_model_targets_apply(own.model, there, ROWS, back);
    for (size_t i = 0; i < ROWS * D; i++) {
        const double cell = columns[i % D + 1][i / D];
        ck_assert(isnan(cell) == isnan(there[i]) && isnan(cell) == isnan(back[i]));
        if (!isnan(cell)) {
            ck_close(there[i], cell, IS_DOUBLE ? 1e-12 : 1e-5, 1);
            ck_close(back[i], own.cases.y[i], IS_DOUBLE ? 1e-12 : 1e-5, 1);
        }
    }
    tril_tensors_free(file);
    end(&own);
}
END_TEST

static void few_rows(tril_ctx *ctx)
{
    static double mean[D * 2], second[D * D * 2];
    tril_model_opts some = opts;
    some.heads = heads + 1;
    some.n_heads = 1;
    some.transforms = (const char *const[]){ "log", "", "auto" };
    tril_table *table = make_table(ctx);
    tril_dataset cases = { 0 };
    tril_model *model = tril_model_new(table, NULL, 0, &some);
    if (tril_model_dataset(model, table, NULL, 0, &with_holes, &cases))
        tril_model_evaluate(model, tril_model_get_info(model)->networks, 1,
                            (tril_batch){ .x = cases.x, .y = cases.y, .n = 2 },
                            &(tril_evaluation){ .mean = mean, .covariance = second, .crps = mean });
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_table_free(table);
}

START_TEST(test_out_of_memory)
{
    fill_columns(false);
    ck_assert_uint_gt(exhaust(few_rows), 20);
}
END_TEST

Suite *suite_model_model_targets(void)
{
    Suite *suite = suite_create("model/model_targets");
    TCase *tcase = tcase_create("targets");
    tcase_add_loop_test(tcase, test_by_hand, 0, 2);
    tcase_add_loop_test(tcase, test_density, 0, D);
    tcase_add_test(tcase, test_outside);
    tcase_add_test(tcase, test_file);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    TCase *draws = tcase_create("draws");
    tcase_set_tags(draws, "long");
    tcase_add_test(draws, test_moments);
    suite_add_tcase(suite, draws);
    return suite;
}
