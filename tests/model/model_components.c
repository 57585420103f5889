/* The parameters of what a model says: their mixture has the moments and the densities that the
 * model has. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"

enum { ROWS = 80, D = 2, MEMBERS = 4, K = 5 };

static const tril_head_opts heads[MEMBERS] = { { .kind = &tril_head_student },
                                               { .kind = &tril_head_mixture, .components = 2 },
                                               { .kind = &tril_head_lowrank, .rank = 1 },
                                               { 0 } };

static tril_model *make(tril_ctx *ctx, const tril_head_opts *of, size_t n, tril_dataset *cases)
{
    growing text = { 0 };
    text_print(&text, "u,y,z\n");
    for (int i = 0; i < ROWS; i++)
        text_print(&text, "%.17g,%.17g,%.17g\n", cos(i), 5 + cos(i) + sin(3 * i),
                   1e3 * (sin(3 * i) - sin(i * i)));
    tril_table *table = table_of(ctx, text.bytes, text.size);
    free(text.bytes);
    tril_model *model = tril_model_new(table, NULL, 0,
                                       &(tril_model_opts){ .targets = (const char *[]){ "y", "z" },
                                                           .n_targets = D,
                                                           .mlp = { .hidden = { 9 } },
                                                           .heads = of,
                                                           .n_heads = n,
                                                           .members = n });
    if (model)
        tril_model_dataset(model, table, NULL, 0, NULL, cases);
    tril_table_free(table);
    return model;
}

static double log_density(double df, const double *loc, const double *l, const double *y)
{
    const double z0 = (y[0] - loc[0]) / l[0], z1 = (y[1] - loc[1] - l[2] * z0) / l[3],
                 m = z0 * z0 + z1 * z1, both = log(l[0] * l[3]) + log(2 * acos(-1.));
    return isinf(df) ? -0.5 * m - both : -(0.5 * df + 1) * log1p(m / df) - both;
}

START_TEST(test_mixture)
{
    static double weight[ROWS][K], df[ROWS][K], loc[ROWS][K][D], l[ROWS][K][D][D];
    static double mean[ROWS][D], covariance[ROWS][D][D], nll[ROWS], alone[ROWS][K];
    const double tolerance = IS_DOUBLE ? 1e-10 : 2e-4;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_dataset cases = { 0 };
    tril_model *model = make(ctx, heads, MEMBERS, &cases);
    ck_fine(ctx);
    const tril_model_info *about = tril_model_get_info(model);
    const tril_batch rows = { .x = cases.x, .y = cases.y, .n = ROWS };
    ck_assert_uint_eq(tril_model_n_components(model), K);
    ck_assert(
        tril_model_components(ctx, model, rows, &(tril_components){ *weight, *df, **loc, ***l }));
    ck_assert(tril_model_components(ctx, model, rows, &(tril_components){ .weight = *alone }));
    ck_assert(memcmp(alone, weight, sizeof alone) == 0);
    ck_assert(tril_model_evaluate(
        model, about->networks, MEMBERS, rows,
        &(tril_evaluation){ .mean = *mean, .covariance = **covariance, .nll = nll }));
    for (int i = 0; i < ROWS; i++) {
        const double y[D] = { 5 + cos(i) + sin(3 * i), 1e3 * (sin(3 * i) - sin(i * i)) };
        double sum = 0, own[D] = { 0 }, second[D][D] = { { 0 } }, density = 0;
        for (int k = 0; k < K; k++) {
            ck_assert((k == 0) == isfinite(df[i][k]) && l[i][k][0][1] == 0);
            ck_assert(l[i][k][0][0] > 0 && l[i][k][1][1] > 0);
            sum += weight[i][k];
            density += weight[i][k] * exp(log_density(df[i][k], loc[i][k], *l[i][k], y));
            for (int j = 0; j < D; j++)
                own[j] += weight[i][k] * loc[i][k][j];
        }
        for (int k = 0; k < K; k++)
            for (int a = 0; a < D; a++)
                for (int b = 0; b < D; b++)
                    second[a][b] +=
                        weight[i][k] *
                        ((l[i][k][a][0] * l[i][k][b][0] + l[i][k][a][1] * l[i][k][b][1]) *
                             (k == 0 ? df[i][k] / (df[i][k] - 2) : 1) +
                         (loc[i][k][a] - own[a]) * (loc[i][k][b] - own[b]));
        ck_close(sum, 1, tolerance, 0);
        ck_close(-log(density), nll[i], tolerance, 1);
        for (int j = 0; j < D * D; j++) {
            ck_close(own[j % D], mean[i][j % D], tolerance, sqrt(second[j % D][j % D]));
            ck_close(second[j / D][j % D], covariance[i][j / D][j % D], tolerance,
                     sqrt(second[j / D][j / D] * second[j % D][j % D]));
        }
    }
    ck_assert_uint_eq(tril_model_n_components(NULL), 0);
    ck_assert(!tril_model_components(ctx, NULL, rows, &(tril_components){ 0 }));
    ck_fine(ctx);
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_ctx_free(ctx);
}
END_TEST

/* a head of a program's own */
static size_t opaque_width(size_t d, const tril_head_opts *opts)
{
    (void)opts;
    return d;
}

static tril_dist opaque_dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    static const tril_dist_kind kind = { .name = "opaque" };
    (void)natural;
    return (tril_dist){ &kind, { raw }, { 1, { tril_size(raw) / h->d } }, { 1, { h->d } }, NULL };
}

START_TEST(test_opaque)
{
    static const tril_head_kind opaque = { "opaque", .width = opaque_width, .dist = opaque_dist };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_dataset cases = { 0 };
    tril_model *model = make(ctx, &(tril_head_opts){ .kind = &opaque }, 1, &cases);
    ck_fine(ctx);
    ck_assert(!tril_model_components(ctx, model, (tril_batch){ .x = cases.x, .n = ROWS },
                                     &(tril_components){ 0 }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT,
              "components: the distributions of network 0 are no mixtures of normals or Student");
    ck_assert(
        !tril_model_components(ctx, model, (tril_batch){ .n = ROWS }, &(tril_components){ 0 }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "components: there are no inputs");
    double p[ROWS];
    const double empty[2][D] = { { 2 }, { 1 } }; /* in the table's units */
    ck_assert(!tril_model_evaluate(
        model, tril_model_get_info(model)->networks, 1, (tril_batch){ .x = cases.x, .n = ROWS },
        &(tril_evaluation){ .events = empty[0], .n_events = 1, .probability = p }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT,
              "evaluate: event 0, target 0: the lowest number is 2 and the highest 1, want none");
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_ctx_free(ctx);
}
END_TEST

static void two_rows(tril_ctx *ctx)
{
    double weight[2][K], loc[2][K][D];
    tril_dataset cases = { 0 };
    tril_model *model = make(ctx, heads, MEMBERS, &cases);
    if (model && cases.x)
        tril_model_components(ctx, model, (tril_batch){ .x = cases.x, .n = 2 },
                              &(tril_components){ .weight = *weight, .loc = **loc });
    tril_dataset_free(&cases);
    tril_model_free(model);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_gt(exhaust(two_rows), 5);
}
END_TEST

Suite *suite_model_model_components(void)
{
    Suite *suite = suite_create("model/model_components");
    TCase *tcase = tcase_create("components");
    tcase_add_test(tcase, test_mixture);
    tcase_add_test(tcase, test_opaque);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
