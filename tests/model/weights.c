/* Rows that count more than once: a model of them is that of a table in which they stand so often.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"

#define NAMES(...) ((const char *[]){ __VA_ARGS__ })

enum { ROWS = 80, D = 2 };

/* numbers with a few far off, labels, holes; each row once with its weight, or as often as that */
static tril_table *make_table(tril_ctx *ctx, bool repeated)
{
    growing text = { 0 };
    tril_real noise[4 * ROWS];
    tril_random random = tril_random_stream(11, 1);
    tril_random_normal(&random, noise, 4 * ROWS);
    text_print(&text, "n,u,v,c,y,z\n");
    for (int i = 0; i < ROWS; i++) {
        const int copies = i % 4;
        double u = (double)noise[4 * i] * (i % 20 == 7 ? 30 : 1), v = (double)noise[4 * i + 1];
        double y = (double)noise[4 * i + 2] + u, z = (double)noise[4 * i + 3] + y - v;
        for (int k = 0; k < (repeated ? copies : 1); k++) {
            text_print(&text, "%d,%.6f,", repeated ? 1 : copies, u);
            text_print(&text, i % 9 == 1 ? "," : "%.6f,", 500 + v);
            text_print(&text, "%c,%.6f,", 'a' + i % 3, y);
            text_print(&text, i % 7 == 3 ? "\n" : "%.6f\n", z);
        }
    }
    tril_table *table = table_of(ctx, text.bytes, text.size);
    free(text.bytes);
    ck_fine(ctx);
    return table;
}

/* the table's model, its rows, and the NLL of these by baselines and members */
typedef struct judged {
    tril_table *table;
    tril_model *model;
    const tril_model_info *about;
    tril_dataset rows;
    tril_mean_se nll[TRIL_BASELINES + 1];
    double rmse[D];
} judged;

static judged judge(tril_ctx *ctx, bool repeated)
{
    judged j = { make_table(ctx, repeated) };
    static const tril_head_opts heads[] = { { .kind = &tril_head_full },
                                            { .kind = &tril_head_diagonal } };
    *tril_ctx_random(ctx) = tril_random_stream(5, 0);
    j.model = tril_model_new(j.table, NULL, 0,
                             &(tril_model_opts){ .targets = NAMES("y", "z"),
                                                 .n_targets = D,
                                                 .inputs = NAMES("u", "v", "c"),
                                                 .n_inputs = 3,
                                                 .heads = heads,
                                                 .n_heads = 2,
                                                 .members = 2,
                                                 .weight = repeated ? NULL : "n",
                                                 .missing = TRIL_MISSING_BOTH });
    j.about = tril_model_get_info(j.model);
    ck_fine(ctx);
    ck_assert(tril_model_dataset(j.model, j.table, NULL, 0,
                                 &(tril_dataset_opts){ .missing = TRIL_MISSING_BOTH }, &j.rows));
    const tril_batch rows = { j.rows.x, j.rows.y, j.rows.n, j.rows.w };
    ck_assert(tril_model_weigh(j.model, rows));
    ck_assert(!tril_model_weigh_dataset(j.model, NULL) && !tril_model_weigh_dataset(NULL, &j.rows));
    double *nll = malloc(rows.n * (1 + D) * sizeof *nll);
    for (size_t k = 0; k <= TRIL_BASELINES; k++) {
        const bool baseline = k < TRIL_BASELINES;
        const tril_evaluation out = { .nll = nll, .mean = nll + rows.n };
        ck_assert(tril_model_evaluate(j.model,
                                      baseline ? &j.about->baselines[k] : j.about->networks,
                                      baseline ? 1 : 2, rows, &out));
        j.nll[k] = tril_mean_se_of(nll, 1, rows.w, rows.n);
        tril_rmse(out.mean, rows, D, j.rmse);
    }
    free(nll);
    return j;
}

static void judged_free(judged *j)
{
    tril_dataset_free(&j->rows);
    tril_model_free(j->model);
    tril_table_free(j->table);
}

static void ck_scaler(const tril_scaler *a, const tril_scaler *b, double tolerance)
{
    ck_assert_uint_eq(a->width, b->width);
    for (size_t j = 0; j < a->width; j++) {
        ck_close(a->mean[j], b->mean[j], tolerance, b->scale[j]);
        ck_close(a->scale[j], b->scale[j], tolerance, 0);
    }
}

START_TEST(test_repeated)
{
    const double tolerance = IS_DOUBLE ? 1e-10 : 1e-4;
    tril_ctx *ctx = tril_ctx_new(NULL);
    judged a = judge(ctx, false), b = judge(ctx, true);
    ck_assert(a.rows.n == 60 && b.rows.n == 120 && a.rows.w && !b.rows.w);
    ck_assert_str_eq(a.about->weight, "n");
    ck_scaler(a.about->inputs_scaler, b.about->inputs_scaler, tolerance);
    ck_scaler(a.about->targets_scaler, b.about->targets_scaler, tolerance);
    for (size_t i = 0; i < 2 * a.about->mlp.inputs; i++)
        ck_close(a.about->inputs_bounds[i], b.about->inputs_bounds[i], 1e-6, 1);
    for (size_t k = 0; k <= TRIL_BASELINES; k++) {
        ck_close(a.nll[k].mean, b.nll[k].mean, tolerance, 1);
        ck_close(a.nll[k].error, b.nll[k].error, tolerance, 1);
    }
    for (size_t k = 0; k < D; k++) {
        ck_close(a.rmse[k], b.rmse[k], tolerance, 1);
        ck_close(a.about->weights[k], b.about->weights[k], tolerance, 1);
    }
    judged_free(&a), judged_free(&b);
    tril_ctx_free(ctx);
}
END_TEST

/* shares of levels, and other weights than the model's, or none */
START_TEST(test_others)
{
    const double level[] = { 0.1, 0.5, (double)NAN, 0.9 };
    const tril_real w[] = { 3, 1, 5, 4 };
    ck_close(tril_coverage(level, w, 4, 0.5), 0.5, 1e-12, 0);
    ck_close(tril_mean_se_of(level, 1, w, 4).mean, 0.55, 1e-12, 0);
    ck_close(tril_mean_se_of(level, 1, w, 4).error,
             sqrt((3 * 0.45 * 0.45 + 0.05 * 0.05 + 4 * 0.35 * 0.35) / 7 / 8), 1e-12, 0);
    tril_ctx *ctx = tril_ctx_new(NULL);
    judged a = judge(ctx, false);
    tril_dataset_opts opts = { .missing = TRIL_MISSING_BOTH, .weight = "" };
    ck_assert(tril_model_dataset(a.model, a.table, NULL, 0, &opts, &a.rows));
    ck_assert(a.rows.n == ROWS && !a.rows.w);
    opts.weight = "u";
    ck_assert(!tril_model_dataset(a.model, a.table, NULL, 0, &opts, &a.rows));
    ck_failed(ctx, TRIL_BAD_DATA, "is no weight, which is at least 0");
    opts = (tril_dataset_opts){ .missing = TRIL_MISSING_BOTH, .predict = true };
    ck_assert(tril_model_dataset(a.model, a.table, NULL, 0, &opts, &a.rows) && !a.rows.w);
    judged_free(&a);
    tril_ctx_free(ctx);
}
END_TEST

static void make_one(tril_ctx *ctx)
{
    static const char cells[] = "n,u,y\n1,1,2\n3,2,1\n0,9,4\n1,4,4\n";
    tril_table *table = table_of(ctx, cells, sizeof cells - 1);
    tril_model *model = tril_model_new(
        table, NULL, 0, &(tril_model_opts){ .targets = NAMES("y"), .n_targets = 1, .weight = "n" });
    tril_dataset rows = { 0 };
    tril_model_dataset(model, table, NULL, 0, NULL, &rows);
    tril_tensors *file = tril_tensors_new(ctx);
    tril_tensors_put_model(file, model);
    tril_model *again = tril_tensors_get_model(file, NULL);
    if (!tril_ctx_failed(ctx))
        ck_assert_str_eq(tril_model_get_info(again)->weight, "n");
    tril_model_free(again);
    tril_tensors_free(file);
    tril_dataset_free(&rows);
    tril_model_free(model);
    tril_table_free(table);
}

/* and the model's file knows the column */
START_TEST(test_exhaust)
{
    ck_assert_uint_gt(exhaust(make_one), 20);
}
END_TEST

Suite *suite_model_weights(void)
{
    Suite *suite = suite_create("model/weights");
    TCase *tcase = tcase_create("weights");
    tcase_add_test(tcase, test_repeated);
    tcase_add_test(tcase, test_others);
    tcase_add_test(tcase, test_exhaust);
    suite_add_tcase(suite, tcase);
    return suite;
}
