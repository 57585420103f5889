/* Models of classes: through tables, files and raw rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"

enum { ROWS = 12, K = 3 };

static const char rows[] = "u,kind\n1,b\n2,c\n3,a\n4,b\n5,c\n6,a\n7,b\n8,\n9,c\n10,a\n11,b\n12,a\n";

static const tril_head_opts head = { .kind = &tril_head_categorical };

static tril_model *make_model(tril_table *table)
{
    return tril_model_new(table, NULL, 0,
                          &(tril_model_opts){ .targets = (const char *[]){ "kind" },
                                              .n_targets = 1,
                                              .mlp = { .hidden = { 4 } },
                                              .members = 2,
                                              .heads = &head,
                                              .n_heads = 1,
                                              .missing = TRIL_MISSING_DROP });
}

/* A file says the same as the model, by rows of a table and by raw ones; one label is missing. */
START_TEST(test_file)
{
    double classes[2][ROWS * K], raw[ROWS * K], nll[ROWS], log_prob[ROWS], event[ROWS];
    double x[ROWS], y[ROWS];
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 5 });
    tril_table *table = table_of(ctx, rows, sizeof rows - 1);
    tril_tensors *file = tril_tensors_new(ctx);
    tril_model *models[2] = { make_model(table) };
    ck_fine(ctx);
    ck_assert(tril_tensors_put_model(file, models[0]));
    models[1] = tril_tensors_get_model(file, NULL);
    ck_fine(ctx);
    tril_dataset cases = { 0 };
    for (int i = 0; i < 2; i++) {
        const tril_model_info *about = tril_model_get_info(models[i]);
        ck_assert_uint_eq(about->n_labels, K);
        for (size_t k = 0; k < K; k++)
            ck_assert_int_eq(*about->labels[k], "abc"[k]);
        ck_assert(tril_model_dataset(models[i], table, NULL, 0,
                                     &(tril_dataset_opts){ .missing = TRIL_MISSING_DROP }, &cases));
        ck_assert_uint_eq(cases.n, ROWS - 1);
        const double bounds[] = { 1, 1 };
        ck_assert(tril_model_evaluate(models[i], about->networks, 2,
                                      (tril_batch){ cases.x, cases.y, cases.n },
                                      &(tril_evaluation){ .nll = nll,
                                                          .classes = classes[i],
                                                          .events = bounds,
                                                          .n_events = 1,
                                                          .probability = event }));
    }
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = (double)i + 1;
        y[i] = i == 7 ? (double)NAN : (double)cases.y[i - (i > 7)];
    }
    ck_assert(tril_model_predict(ctx, models[1], x, y, ROWS,
                                 &(tril_prediction){ .log_prob = log_prob, .classes = raw }));
    ck_fine(ctx);
    for (size_t i = 0; i < ROWS - 1; i++) {
        const size_t own = i + (i > 6);
        double sum = 0;
        for (size_t k = 0; k < K; k++) {
            ck_assert_double_eq(classes[0][i * K + k], classes[1][i * K + k]);
            ck_close(raw[own * K + k], classes[1][i * K + k], IS_DOUBLE ? 1e-12 : 1e-5, 0);
            sum += raw[own * K + k];
        }
        ck_close(sum, 1, IS_DOUBLE ? 1e-14 : 1e-6, 0);
        ck_close(exp(-nll[i]), classes[1][i * K + (size_t)y[own]], IS_DOUBLE ? 1e-12 : 1e-5, 0);
        ck_close(log_prob[own], -nll[i], IS_DOUBLE ? 1e-12 : 1e-5, 1);
        ck_assert_double_eq(event[i], classes[1][i * K + 1]);
    }
    ck_assert(isnan(log_prob[7]));
    tril_dataset_free(&cases);
    for (int i = 0; i < 2; i++)
        tril_model_free(models[i]);
    tril_tensors_free(file);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* what classes have not, and what numbers have not */
START_TEST(test_refused)
{
    double out[ROWS * K], x[1] = { 1 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, rows, sizeof rows - 1);
    tril_model *model = make_model(table);
    ck_fine(ctx);
    ck_assert(!tril_model_predict(ctx, model, x, NULL, 1, &(tril_prediction){ .mean = out }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "mean(categorical): there is no closed form");
    ck_assert(!tril_model_predict(ctx, model, x, (double[]){ 3 }, 1,
                                  &(tril_prediction){ .log_prob = out }));
    ck_failed(ctx, TRIL_BAD_DATA, "is 3 in row 0, but each target of the head categorical");
    tril_tensors *file = tril_tensors_new(ctx);
    ck_assert(tril_tensors_put_model(file, model));
    const char *note = tril_tensors_metadata(file, "tril");
    static const struct {
        const char *from, *to, *sentence;
    } notes[] = { { "\"labels\":[\"a\"", "\"labels\":[1  ", "labels are texts, and number 0 is" },
                  { "categorical", "poisson\"   ", "labels are for the form categorical" } };
    for (size_t i = 0; i < 2; i++) {
        tril_tensors *other = tril_tensors_new(ctx);
        char *changed = strcpy(malloc(strlen(note) + 1), note);
        for (char *at = changed; (at = strstr(at, notes[i].from)); at++)
            memcpy(at, notes[i].to, strlen(notes[i].to));
        for (char *at = changed; i == 1 && (at = strstr(at, "   \"")); at++)
            at[3] = ' ';
        for (size_t k = 0; k < 2; k++) /* as many as there are members */
            tril_tensors_put(other, k ? "a" : "b", TRIL_F64, TRIL_SHAPE(1), x);
        ck_assert(tril_tensors_set_metadata(other, "tril", changed));
        ck_assert_ptr_null(tril_tensors_get_model(other, NULL));
        ck_failed(ctx, TRIL_BAD_DATA, notes[i].sentence);
        free(changed);
        tril_tensors_free(other);
    }
    tril_tensors_free(file);
    tril_model_free(model);
    model = tril_model_new(table, NULL, 0,
                           &(tril_model_opts){ .targets = (const char *[]){ "u" },
                                               .n_targets = 1,
                                               .missing = TRIL_MISSING_MEAN });
    ck_fine(ctx);
    tril_dataset cases = { 0 };
    ck_assert(tril_model_dataset(model, table, NULL, 0,
                                 &(tril_dataset_opts){ .missing = TRIL_MISSING_MEAN }, &cases));
    ck_assert(!tril_model_evaluate(model, tril_model_get_info(model)->networks, 1,
                                   (tril_batch){ cases.x, cases.y, cases.n },
                                   &(tril_evaluation){ .classes = out }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "evaluate: there are no classes: the head is full, want");
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_model_model_labels(void)
{
    Suite *suite = suite_create("model/model_labels");
    TCase *tcase = tcase_create("labels");
    tcase_add_test(tcase, test_file);
    tcase_add_test(tcase, test_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
