/* Models from tables: columns, scalers, rows, baselines, and units. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"

#define NAMES(...) ((const char *[]){ __VA_ARGS__ })

static tril_model *petals(tril_table *table, const size_t *rows, size_t n)
{
    return tril_model_new(table, rows, n,
                          &(tril_model_opts){ .targets = NAMES("petal_length", "petal_width"),
                                              .n_targets = 2,
                                              .mlp = { .hidden = { 4 } } });
}

static double cell(const tril_table *table, const char *name, size_t row)
{
    tril_real column[200];
    ck_assert(tril_table_columns(table, &name, 1, column));
    return (double)column[row];
}

/* inputs are all the others, text by its labels; scalers know the rows to train on alone */
START_TEST(test_columns)
{
    enum { ROWS = 60 };
    static const char *const species[] = { "setosa", "versicolor", "virginica" };
    static const double shares[] = { 5. / 6, 1. / 6, 0 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = tril_table_read(ctx, "data/iris.csv", NULL);
    size_t rows[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        rows[i] = i;
    tril_model *model = petals(table, rows, ROWS);
    const tril_model_info *about = tril_model_get_info(model);
    ck_fine(ctx);
    ck_assert_uint_eq(about->n_inputs, 3);
    ck_assert_str_eq(about->inputs[0].name, "sepal_length");
    ck_assert(!about->inputs[0].labels);
    ck_assert_str_eq(about->inputs[2].name, "species");
    ck_assert_uint_eq(about->inputs[2].n_labels, 3);
    for (size_t l = 0; l < 3; l++)
        ck_assert_str_eq(about->inputs[2].labels[l], species[l]);
    ck_assert_str_eq(about->targets[1], "petal_width");
    ck_assert(about->mlp.inputs == 5 && about->mlp.outputs == 0 && about->mlp.hidden[0] == 4);

    double sum = 0, squares = 0;
    for (size_t i = 0; i < ROWS; i++)
        sum += cell(table, "petal_width", i) / ROWS;
    for (size_t i = 0; i < ROWS; i++)
        squares += pow(cell(table, "petal_width", i) - sum, 2) / ROWS;
    ck_close(about->targets_scaler->mean[1], sum, 1e-12, 0);
    ck_close(about->targets_scaler->scale[1], sqrt(squares), 1e-12, 0);
    ck_assert_uint_eq(about->inputs_scaler->width, 5);
    for (size_t l = 0; l < 3; l++) { /* of 60 rows 50 are setosa, 10 versicolor */
        ck_close(about->inputs_scaler->mean[2 + l], shares[l], 1e-12, 1);
        ck_assert_double_eq(about->inputs_scaler->scale[2 + l], 1);
    }
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* numbers less their mean by their scale, in the order of the rows asked for */
START_TEST(test_cases)
{
    static const size_t rows[3] = { 149, 0, 70 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = tril_table_read(ctx, "data/iris.csv", NULL);
    tril_model *model = petals(table, NULL, 0);
    const tril_model_info *about = tril_model_get_info(model);
    tril_dataset cases = { 0 };
    ck_assert(tril_model_dataset(model, table, NULL, 0, NULL, &cases));
    ck_assert_uint_eq(cases.n, 150);
    ck_assert(tril_model_dataset(model, table, rows, 3, NULL, &cases));
    ck_assert_uint_eq(cases.n, 3);
    for (size_t i = 0; i < 3; i++) {
        const tril_real *x = cases.x + 5 * i, *y = cases.y + 2 * i;
        const tril_scaler *s = about->inputs_scaler, *t = about->targets_scaler;
        ck_assert_uint_eq(cases.row[i], rows[i]);
        double width = (cell(table, "sepal_width", rows[i]) - s->mean[1]) / s->scale[1];
        double petal = (cell(table, "petal_length", rows[i]) - t->mean[0]) / t->scale[0];
        ck_close(x[1], width, 1e-6, 1);
        ck_close(y[0], petal, 1e-6, 1);
        for (size_t l = 0; l < 3; l++)
            ck_close(x[2 + l], (rows[i] / 50 == l) - 1. / 3, 1e-6, 1);
    }
    ck_assert(!tril_model_dataset(model, table, (size_t[]){ 150 }, 1, NULL, &cases));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "data/iris.csv: there is no row 150, there are 150");
    ck_assert(!tril_model_dataset(model, table, rows, 0, NULL, &cases));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "data/iris.csv: no rows are asked for");
    ck_assert_uint_eq(cases.n, 3); /* as before */
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* seven rows, in four of which something is missing; a second set without some columns */
static const char holes[] = "u,c,y,z\n1,a,1,7\n2,b,,8\n,a,3,9\n4,,4,7\n5,b,,\n6,a,6,5\n7,b,9,4\n";
static const char no_z[] = "u,c,y\n1,a,1\n2,,2\n";

static const struct {
    const char *content;
    tril_missing missing;
    bool predict;
    const char *sentence;
    size_t n, row[7];
} policies[] = {
    { holes, TRIL_MISSING_ERROR, false, "line 4, column u: the cell is empty", 0, { 0 } },
    { holes, TRIL_MISSING_ERROR, true, "line 4, column u: the cell is empty", 0, { 0 } },
    { holes, TRIL_MISSING_DROP, false, NULL, 3, { 0, 5, 6 } },
    { holes, TRIL_MISSING_DROP, true, NULL, 5, { 0, 1, 4, 5, 6 } },
    { holes, TRIL_MISSING_MEAN, false, "line 3, column y: the cell is empty", 0, { 0 } },
    { holes, TRIL_MISSING_MEAN, true, NULL, 7, { 0, 1, 2, 3, 4, 5, 6 } },
    { holes, TRIL_MISSING_MARGINAL, false, "line 4, column u: the cell is empty", 0, { 0 } },
    { no_z, TRIL_MISSING_MEAN, false, "line 1: there is no column named z", 0, { 0 } },
    { no_z, TRIL_MISSING_MEAN, true, NULL, 2, { 0, 1 } },
    { no_z, TRIL_MISSING_DROP, true, NULL, 1, { 0 } },
    { "u,c,y,z\n1,a,,\n2,b,3,\n3,a,,4\n5,b,6,7\n",
      TRIL_MISSING_MARGINAL,
      false,
      NULL,
      3,
      { 1, 2, 3 } },
    { "u,c,y,z\n1,a,,\n2,b,3,\n", TRIL_MISSING_MARGINAL, true, NULL, 2, { 0, 1 } },
    { "u,c,y,z\n,a,1,2\n2,,3,3\n",
      TRIL_MISSING_DROP,
      false,
      "a cell is missing in every row",
      0,
      { 0 } },
    { "u,c,y,z\n1,d,1,1\n",
      TRIL_MISSING_MEAN,
      false,
      "line 2, column c: 'd' is none of the ",
      0,
      { 0 } },
    { "u,c,y,z\n1,a,b,1\n",
      TRIL_MISSING_MEAN,
      true,
      "line 2, column y: 'b' is not a number",
      0,
      { 0 } },
};

static void ck_case(const tril_model *model, const tril_dataset *cases, size_t i, const char *text)
{
    const tril_scaler *s = tril_model_get_info(model)->inputs_scaler;
    char u[8] = "", c[8] = "";
    const char *line = text;
    for (size_t k = 0; k <= cases->row[i]; k++)
        line = strchr(line, '\n') + 1;
    size_t comma = strcspn(line, ",");
    memcpy(u, line, comma);
    memcpy(c, line + comma + 1, strcspn(line + comma + 1, ","));
    const tril_real *x = cases->x + 3 * i;
    ck_close(x[0], *u ? (atof(u) - s->mean[0]) / s->scale[0] : 0, 1e-6, 1);
    ck_close(x[1], *c ? (*c == 'a') - s->mean[1] : 0, 1e-6, 1);
    ck_close(x[2], *c ? (*c == 'b') - s->mean[2] : 0, 1e-6, 1);
}

START_TEST(test_missing)
{
    const char *text = policies[_i].content;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, holes, sizeof holes - 1);
    tril_model *model = tril_model_new(table, NULL, 0,
                                       &(tril_model_opts){ .targets = NAMES("y", "z"),
                                                           .n_targets = 2,
                                                           .missing = TRIL_MISSING_DROP });
    tril_dataset cases = { 0 };
    ck_fine(ctx);
    /* of rows 0, 5 and 6 */
    ck_close(tril_model_get_info(model)->inputs_scaler->mean[0], 14. / 3, 1e-12, 0);
    ck_close(tril_model_get_info(model)->inputs_scaler->mean[1], 2. / 3, 1e-12, 0);
    tril_table *other = table_of(ctx, text, strlen(text));
    bool done = tril_model_dataset(
        model, other, NULL, 0, &(tril_dataset_opts){ policies[_i].missing, policies[_i].predict },
        &cases);
    ck_assert_int_eq(done, !policies[_i].sentence);
    if (!done)
        ck_failed(ctx, TRIL_BAD_DATA, policies[_i].sentence);
    ck_assert_uint_eq(cases.n, policies[_i].n);
    for (size_t i = 0; i < cases.n; i++) {
        ck_assert_uint_eq(cases.row[i], policies[_i].row[i]);
        ck_case(model, &cases, i, text);
    }
    if (done)
        ck_assert_int_eq(cases.y != NULL, text != no_z);
    if (text == holes && cases.n == 7) {
        ck_assert(isnan(cases.y[2]) && !isnan(cases.y[3]) && isnan(cases.y[8]) &&
                  isnan(cases.y[9]));
    }
    tril_dataset_free(&cases);
    tril_table_free(other);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* means of what is there, where models are made with such policies */
START_TEST(test_scalers_of_holes)
{
    static const char text[] = "u,c,y\n1,a,1\n,b,3\n4,,4\n7,a,2\n";
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, text, sizeof text - 1);
    tril_model *model = tril_model_new(
        table, NULL, 0,
        &(tril_model_opts){ .targets = NAMES("y"), .n_targets = 1, .missing = TRIL_MISSING_MEAN });
    ck_fine(ctx);
    const tril_scaler *s = tril_model_get_info(model)->inputs_scaler;
    ck_close(s->mean[0], 4, 1e-12, 0);
    ck_close(s->scale[0], sqrt(6), 1e-12, 0);
    ck_close(s->mean[1], 2. / 3, 1e-12, 0);
    ck_close(s->mean[2], 1. / 3, 1e-12, 0);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* what no model can be made of */
static const char plain[] = "u,v,y,w\n1,2,3,4\n2,5,1,4\n3,3,3,4\n4,1,2,4\n";
static const struct {
    const char *content;
    tril_model_opts opts;
    const char *sentence;
} wrong[] = {
    { plain, { .targets = NULL }, "model: it has no targets" },
    { plain, { .targets = NAMES("y"), .n_targets = 0 }, "model: it has no targets" },
    { plain,
      { .targets = NAMES("y"), .n_targets = 1, .n_heads = 2 },
      "model: of 2 heads there is no list" },
    { plain, { .targets = NAMES("q"), .n_targets = 1 }, "line 1: there is no column named q" },
    { plain,
      { .targets = NAMES("y", "y"), .n_targets = 2 },
      "column y is named twice among the t" },
    { plain,
      { .targets = NAMES("y"), .n_targets = 1, .inputs = NAMES("u", "u"), .n_inputs = 2 },
      "column u is named twice among the inputs" },
    { plain,
      { .targets = NAMES("y"), .n_targets = 1, .inputs = NAMES("u", "y"), .n_inputs = 2 },
      "column y is a target: it cannot be an input too" },
    { plain,
      { .targets = NAMES("y"), .n_targets = 1, .inputs = NAMES("q"), .n_inputs = 1 },
      "line 1: there is no column named q" },
    { plain, { .targets = NAMES("w"), .n_targets = 1 }, "column w is constant in the rows to" },
    { "u,y\n1,1\n2,x\n3,3\n",
      { .targets = NAMES("y"), .n_targets = 1 },
      "line 3, column y: 'x' is not a number" },
    { "u,y,z\n1,,1\n2,,2\n3,,3\n",
      { .targets = NAMES("y", "z"), .n_targets = 2, .missing = TRIL_MISSING_MARGINAL },
      "column y is missing in all rows to learn from" },
    { "u,y\n,1\n2,2\n3,3\n", { .targets = NAMES("y"), .n_targets = 1 }, "line 2, column u: the" },
    { "u,y\n1,\n2,\n",
      { .targets = NAMES("y"), .n_targets = 1, .missing = TRIL_MISSING_MARGINAL },
      "a cell is missing in every row" },
    { "u,y,z\n1,1,0\n2,2,0\n",
      { .targets = NAMES("y"), .n_targets = 1, .weight = "z" },
      "a cell is missing in every row, or its weight is 0" },
    { "u,y,z\n1,1,1\n2,2,-3\n",
      { .targets = NAMES("y"), .n_targets = 1, .weight = "z" },
      "line 3, column z: -3 is no weight, which is at least 0" },
    { "u,y,z\n1,1,1\n2,2,\n",
      { .targets = NAMES("y"), .n_targets = 1, .weight = "z" },
      "line 3, column z: the" },
    { "u,y\n1,1\n2,2\n",
      { .targets = NAMES("y"), .n_targets = 1, .weight = "y" },
      "column y is a target: it cannot be the weight too" },
    { "u,y\n1,1\n2,2\n",
      { .targets = NAMES("y"), .n_targets = 1, .weight = "u", .inputs = NAMES("u"), .n_inputs = 1 },
      "column u is the weight: it cannot be an input too" },
    { "u,y\n1,1\n2,2\n",
      { .targets = NAMES("y"), .n_targets = 1, .weight = "n" },
      "there is no column n" },
    { "y\n1e17\n100000000000000064\n100000000000000128\n",
      { .targets = NAMES("y"), .n_targets = 1 },
      "column y is too far from 0 for what it varies by" },
    { "u,y\n1e17,1\n100000000000000064,2\n100000000000000128,4\n",
      { .targets = NAMES("y"), .n_targets = 1 },
      "column u is too far from 0 for what it varies by: its numbers are rounded too coarsely; "
      "subtract a constant from them" },
    { IS_DOUBLE ? "u,y\n1e-309,1\n1e-322,2\n0,3\n" : "u,y\n1e-50,1\n3e-45,2\n0,3\n",
      { .targets = NAMES("y"), .n_targets = 1 },
      "column u is too close to 0: its numbers are rounded too coarsely; multiply them by" },
    { "c,y\na,1\nb,2\nc,3\n",
      { .targets = NAMES("y"), .n_targets = 1 },
      "column c has 3 different labels in 3 rows, too many to learn from" },
    { "u,u,y\n1,1,1\n2,3,2\n", { .targets = NAMES("y"), .n_targets = 1 }, "two columns named u" },
    { "c,y\n\xFC,1\na,2\n\xFC,3\na,5\n",
      { .targets = NAMES("y"), .n_targets = 1 },
      "column c has a label that is not UTF-8" },
    { "\xFC,y\n1,1\n2,2\n", { .targets = NAMES("y"), .n_targets = 1 }, "a name that is not UTF-8" },
    { "u,\xFC\n1,1\n2,2\n", { .targets = NAMES("\xFC"), .n_targets = 1 }, "is not UTF-8" },
    { plain,
      { .targets = NAMES("y"),
        .n_targets = 1,
        .inputs = NAMES("u"),
        .n_inputs = 1,
        .heads = &(const tril_head_opts){ .kind = &tril_head_lowrank },
        .n_heads = 1 },
      "head: a rank of 0, want at least 1" },
    { plain,
      { .targets = NAMES("y"),
        .n_targets = 1,
        .inputs = NAMES("u"),
        .n_inputs = 1,
        .members = SIZE_MAX - 2 },
      "model: it cannot have" },
};

START_TEST(test_wrong)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    tril_table *table = table_of(ctx, wrong[_i].content, strlen(wrong[_i].content));
    ck_fine(ctx);
    size_t blocks = counter.blocks;
    tril_model *model = tril_model_new(table, NULL, 0, &wrong[_i].opts);
    ck_assert(!model);
    const char *message = tril_ctx_message(ctx);
    if (strstr(wrong[_i].sentence, "column") || strstr(wrong[_i].sentence, "line"))
        ck_assert_msg(!strncmp(message, file_path(), strlen(file_path())), "%s", message);
    ck_assert_msg(strstr(message, wrong[_i].sentence), "'%s' lacks '%s'", message,
                  wrong[_i].sentence);
    ck_assert_uint_le(counter.blocks, blocks + 1); /* the table may have grown by labels */
    tril_ctx_clear(ctx);
    tril_table_free(table);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
}
END_TEST

/* Cells that overflow when they are scaled: inputs are bounded before that, targets are named. */
#define HUGE_CELL (IS_DOUBLE ? "1e307" : "1e37")
static const struct {
    const char *rows, *sentence; /* NULL: which rows are left follows */
    bool leave_out;
    size_t n, row[3];
} extremes[] = {
    { "a,.001,1\nb,%s,2\na,.002,3\n", NULL, false, 3, { 0, 1, 2 } }, /* inputs are bounded */
    { "a,.001,1\nb,.002,-%s\na,.002,3\n",
      "line 3, column y: -%s is beyond the range of float when it", false },
    { "a,%s,1\nb,.001,2\na,.002,%s\n", NULL, true, 2, { 0, 1 } },
    { "a,.001,%s\nb,.001,-%s\n", "line 3, column y: -%s is beyond the range", true },
    { "a,.001,1\nb,1e999,2\na,%s,3\n", "line 3, column u: '1e999' is infinite", true },
};

START_TEST(test_extremes)
{
    static const char train[] = "c,u,y\na,0,.001\nb,.001,.002\na,.002,.004\nb,.004,.001\n";
    char text[200], sentence[128];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, train, strlen(train));
    tril_model *model =
        tril_model_new(table, NULL, 0, &(tril_model_opts){ .targets = NAMES("y"), .n_targets = 1 });
    tril_dataset cases = { 0 };
    ck_assert(tril_model_dataset(model, table, NULL, 0, NULL, &cases));
    strcpy(text, "c,u,y\n");
    snprintf(text + 6, sizeof text - 6, extremes[_i].rows, HUGE_CELL, HUGE_CELL);
    tril_table *other = table_of(ctx, text, strlen(text));
    const bool done = tril_model_dataset(
        model, other, NULL, 0, &(tril_dataset_opts){ .leave_out_extreme = extremes[_i].leave_out },
        &cases);
    ck_assert(done == !extremes[_i].sentence);
    if (done) {
        ck_assert(cases.n == extremes[_i].n && cases.extreme == 3 - cases.n);
        for (size_t i = 0; i < cases.n; i++)
            ck_assert_uint_eq(cases.row[i], extremes[_i].row[i]);
    } else {
        snprintf(sentence, sizeof sentence, extremes[_i].sentence, IS_DOUBLE ? "1e+307" : "1e+37");
        ck_assert_msg(strstr(tril_ctx_message(ctx), sentence), "%s", tril_ctx_message(ctx));
        ck_assert(cases.n == 4 && cases.extreme == 0);
    }
    tril_ctx_clear(ctx);
    tril_dataset_free(&cases);
    tril_table_free(other);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* labels of names, of which half the rows is not too few */
START_TEST(test_most_labels)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (size_t labels = 1024; labels <= 1025; labels++) {
        growing text = { 0 };
        text_print(&text, "c,y\n");
        for (size_t i = 0; i < 2100; i++)
            text_print(&text, "l%zu,%zu\n", i % labels, i);
        tril_table *table = table_of(ctx, text.bytes, text.size);
        tril_model *model = tril_model_new(
            table, NULL, 0,
            &(tril_model_opts){
                .targets = NAMES("y"), .n_targets = 1, .inputs = NAMES("c"), .n_inputs = 1 });
        ck_assert_int_eq(model != NULL, labels == 1024);
        if (labels > 1024)
            ck_failed(ctx, TRIL_BAD_DATA, "column c has 1025 different labels in 2100 rows");
        tril_model_free(model);
        tril_table_free(table);
        free(text.bytes);
    }
    tril_ctx_free(ctx);
}
END_TEST

/* ---- baselines and units */

static double nll_of(const tril_model *model, const tril_network *nets, size_t n,
                     const tril_dataset *cases)
{
    double *nll = malloc(cases->n * sizeof *nll);
    ck_assert(tril_model_evaluate(model, nets, n, (tril_batch){ cases->x, cases->y, cases->n },
                                  &(tril_evaluation){ .nll = nll }));
    double mean = tril_mean_se_of(nll, 1, NULL, cases->n).mean;
    free(nll);
    return mean;
}

/* data/README.md has the figures of the first 4000 rows' fits on the last 1000 */
START_TEST(test_baselines)
{
    static size_t rows[5000];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = tril_table_read(ctx, "data/points.csv", NULL);
    for (size_t i = 0; i < 5000; i++)
        rows[i] = i;
    tril_model *model = tril_model_new(table, rows, 4000,
                                       &(tril_model_opts){ .targets = NAMES("x", "y", "z"),
                                                           .n_targets = 3,
                                                           .inputs = NAMES("u", "v"),
                                                           .n_inputs = 2 });
    const tril_model_info *about = tril_model_get_info(model);
    tril_dataset cases = { 0 };
    ck_assert(tril_model_dataset(model, table, rows + 4000, 1000, NULL, &cases));
    ck_assert_double_eq_tol(nll_of(model, &about->baselines[TRIL_BASELINE_FULL], 1, &cases), 3.7288,
                            6e-5);
    ck_assert_double_eq_tol(nll_of(model, &about->baselines[TRIL_BASELINE_LINEAR], 1, &cases),
                            3.3858, 6e-5);
    /* by the table's own numbers */
    static tril_real y[5000 * 3];
    double nll = 1.5 * log(6.283185307179586);
    tril_table_columns(table, NAMES("x", "y", "z"), 3, y);
    for (size_t j = 0; j < 3; j++) {
        double mean = 0, variance = 0, of_last = 0;
        for (size_t i = 0; i < 4000; i++)
            mean += (double)y[3 * i + j] / 4000;
        for (size_t i = 0; i < 4000; i++)
            variance += pow((double)y[3 * i + j] - mean, 2) / 4000;
        for (size_t i = 4000; i < 5000; i++)
            of_last += pow((double)y[3 * i + j] - mean, 2) / 1000;
        nll += 0.5 * of_last / variance + 0.5 * log(variance);
    }
    ck_assert_double_eq_tol(nll_of(model, &about->baselines[TRIL_BASELINE_DIAGONAL], 1, &cases),
                            nll, 1e-4);
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* A number far out is bounded at three times the quartiles' distance from them, unless the target
 * goes along with it: then at the range beyond the range. Cells that are missing change nothing. */
START_TEST(test_bounds)
{
    growing text = { 0 };
    size_t n = 0;
    double u[64];
    tril_ctx *ctx = tril_ctx_new(NULL);
    text_print(&text, "u,y\n");
    for (int i = 0; i < 40; i++) {
        text_print(&text, i % 13 == 5 ? "," : "%d,", i);
        text_print(&text, i % 17 == 3 ? "\n" : "%d\n", i + i * i % 7);
        if (i % 13 != 5)
            u[n++] = i;
    }
    text_print(&text, "10000,%d\n", _i ? 10000 : 20);
    u[n++] = 10000;
    const double quarter = u[n / 4], three = u[n - 1 - n / 4], box = three - quarter;
    tril_table *table = table_of(ctx, text.bytes, text.size);
    tril_model *model = tril_model_new(
        table, NULL, 0,
        &(tril_model_opts){ .targets = NAMES("y"), .n_targets = 1, .missing = TRIL_MISSING_BOTH });
    ck_fine(ctx);
    const double *bounds = tril_model_get_info(model)->inputs_bounds;
    ck_close(bounds[0], _i ? -10000 : quarter - 3 * box, 1e-6, 1);
    ck_close(bounds[1], _i ? 20000 : three + 3 * box, 1e-6, 1);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
    free(text.bytes);
}
END_TEST

/* inputs that add up to one another: labels do, and so does a copy */
START_TEST(test_collinear)
{
    growing text = { 0 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    text_print(&text, "u,v,c,y\n");
    for (int i = 0; i < 60; i++)
        text_print(&text, "%d,%d,%c,%d\n", i, 2 * i, "abc"[i % 3], 3 * i + i % 3 + (i * i) % 7);
    tril_table *table = table_of(ctx, text.bytes, text.size);
    tril_model *model =
        tril_model_new(table, NULL, 0, &(tril_model_opts){ .targets = NAMES("y"), .n_targets = 1 });
    tril_dataset cases = { 0 };
    ck_assert(tril_model_dataset(model, table, NULL, 0, NULL, &cases));
    const tril_model_info *about = tril_model_get_info(model);
    /* what is left is the square's rest, of variance 4 or so */
    double nll = nll_of(model, &about->baselines[TRIL_BASELINE_LINEAR], 1, &cases);
    ck_assert_msg(nll < 2.3, "%g", nll);
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
    free(text.bytes);
}
END_TEST

/* all that is said of scaled rows, and what it is in the table's units; two members, targets
 * missing */
START_TEST(test_units)
{
    enum { N = 150, D = 2 };
    static double own[6][N * D * D], scaled[6][N * D * D];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = tril_table_read(ctx, "data/iris.csv", NULL);
    tril_model *model = tril_model_new(
        table, NULL, 0,
        &(tril_model_opts){
            .targets = NAMES("petal_length", "petal_width"), .n_targets = D, .members = 2 });
    const tril_model_info *about = tril_model_get_info(model);
    const double *m = about->targets_scaler->mean, *s = about->targets_scaler->scale;
    tril_dataset cases = { 0 };
    ck_assert(tril_model_dataset(model, table, NULL, 0, NULL, &cases));
    cases.y[1] = cases.y[3] = (tril_real)NAN;
    tril_batch rows = { cases.x, cases.y, N };
    ck_assert_uint_eq(about->n_networks, 2);
    for (int i = 0; i < 2; i++) {
        double(*to)[N * D * D] = i ? own : scaled;
        tril_evaluation out = { to[0], to[1], to[2], to[3], to[4], to[5], NULL };
        ck_assert(i ? tril_model_evaluate(model, about->networks, 2, rows, &out)
                    : tril_evaluate(about->networks, 2, rows, &out));
    }
    for (size_t i = 0; i < N; i++) {
        const double both = log(s[0]) + log(s[1]);
        ck_close(own[0][i], scaled[0][i] + (i < 2 ? log(s[0]) : both), 1e-12, 1);
        ck_close(own[4][i], scaled[4][i] * sqrt(s[0] * s[1]), 1e-12, 0);
    }
    for (size_t i = 0; i < N * D; i++) {
        ck_close(own[1][i], m[i % D] + s[i % D] * scaled[1][i], 1e-12, 1);
        ck_close(own[2][i], s[i % D] * scaled[2][i], 1e-12, 0);
        ck_assert(i == 1 || i == 3 ? isnan(own[5][i]) : own[5][i] == scaled[5][i]);
        for (size_t j = 0; j < D; j++)
            ck_close(own[3][i * D + j], s[i % D] * s[j] * scaled[3][i * D + j], 1e-12, 0);
    }
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* without inputs all rows have one distribution, which is the full normal */
START_TEST(test_no_inputs)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = tril_table_read(ctx, "data/faithful.csv", NULL);
    tril_model *model = tril_model_new(table, NULL, 0,
                                       &(tril_model_opts){ .targets = NAMES("eruptions", "waiting"),
                                                           .n_targets = 2,
                                                           .mlp = { .hidden = { 4 } } });
    const tril_model_info *about = tril_model_get_info(model);
    ck_fine(ctx);
    ck_assert(about->n_inputs == 0 && about->mlp.inputs == 1);
    tril_dataset cases = { 0 };
    ck_assert(tril_model_dataset(model, table, NULL, 0, NULL, &cases));
    for (size_t i = 0; i < cases.n; i++)
        ck_assert(cases.x[i] == 0);
    tril_fit *fit = tril_fit_new(about->networks, (tril_batch){ cases.x, cases.y, cases.n }, NULL);
    ck_close(nll_of(model, about->networks, 1, &cases),
             nll_of(model, &about->baselines[TRIL_BASELINE_FULL], 1, &cases), 1e-6, 1);
    ck_close(nll_of(model, &about->baselines[TRIL_BASELINE_LINEAR], 1, &cases),
             nll_of(model, &about->baselines[TRIL_BASELINE_FULL], 1, &cases), 1e-6, 1);
    tril_fit_free(fit);
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_null)
{
    tril_dataset cases = { 0 };
    ck_assert(!tril_model_new(NULL, NULL, 0, NULL) && !tril_model_get_info(NULL));
    ck_assert(!tril_model_dataset(NULL, NULL, NULL, 0, NULL, &cases));
    ck_assert(!tril_model_evaluate(NULL, NULL, 0, (tril_batch){ 0 }, &(tril_evaluation){ 0 }));
    tril_model_free(NULL);
    tril_dataset_free(NULL);
    tril_dataset_free(&cases);
}
END_TEST

static void make_one(tril_ctx *ctx)
{
    static const char text[] = "u,c,d,y,z\n1,a,2021-01-01,1,2\n2,b,2021-01-02,2,1\n"
                               ",a,2021-02-03,5,6\n4,,2021-01-01,3,3\n5,b,2022-01-01,1,2\n";
    tril_table *table = table_of(ctx, text, sizeof text - 1);
    tril_model *model = tril_model_new(
        table, NULL, 0,
        &(tril_model_opts){ .targets = NAMES("y", "z"),
                            .n_targets = 2,
                            .mlp = { .hidden = { 3 } },
                            .heads = &(const tril_head_opts){ .kind = &tril_head_shared },
                            .n_heads = 1,
                            .members = 2,
                            .missing = TRIL_MISSING_MEAN });
    tril_dataset cases = { 0 };
    double nll[5];
    const tril_model_info *about = tril_model_get_info(model);
    if (tril_model_dataset(model, table, NULL, 0, &(tril_dataset_opts){ TRIL_MISSING_DROP },
                           &cases))
        tril_model_evaluate(model, about->networks, 2, (tril_batch){ cases.x, cases.y, cases.n },
                            &(tril_evaluation){ .nll = nll });
    tril_dataset_free(&cases);
    tril_model_free(model);
    tril_table_free(table);
}

/* what is far from 0 loses nothing when it is rounded: a table and the same one far away have the
 * same scaled rows, and predictions as far away */
START_TEST(test_far)
{
    enum { ROWS = 40 };
    static const double away[] = { 0, 1.7e9 };
    tril_dataset rows[2] = { { 0 } };
    double mean[2][ROWS];
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (int k = 0; k < 2; k++) {
        growing file = { 0 };
        text_print(&file, "t,u,y\n");
        for (int i = 0; i < ROWS; i++)
            text_print(&file, "%.0f,%d,%.2f\n", away[k] + 7 * i, i * i % 11,
                       away[k] / 1000 + i % 13 * 0.25);
        tril_table *table = table_of(ctx, file.bytes, file.size);
        tril_model *model = tril_model_new(
            table, NULL, 0, &(tril_model_opts){ .targets = NAMES("y"), .n_targets = 1 });
        ck_fine(ctx);
        ck_assert(tril_model_dataset(model, table, NULL, 0, NULL, &rows[k]));
        const tril_model_info *about = tril_model_get_info(model);
        ck_assert_double_eq_tol(about->inputs_scaler->mean[0], away[k] + 7 * (ROWS - 1) / 2., 1e-5);
        ck_assert(tril_model_evaluate(model, &about->baselines[TRIL_BASELINE_LINEAR], 1,
                                      (tril_batch){ rows[k].x, rows[k].y, ROWS },
                                      &(tril_evaluation){ .mean = mean[k] }));
        tril_model_free(model);
        tril_table_free(table);
        free(file.bytes);
    }
    for (size_t i = 0; i < ROWS; i++) {
        ck_close((double)rows[0].x[2 * i], (double)rows[1].x[2 * i], 1e-6, 1);
        ck_close((double)rows[0].y[i], (double)rows[1].y[i], 1e-6, 1);
        ck_assert_double_eq_tol(mean[0][i], mean[1][i] - away[1] / 1000, 1e-5);
    }
    tril_dataset_free(&rows[0]);
    tril_dataset_free(&rows[1]);
    tril_ctx_free(ctx);
}
END_TEST

/* a column of dates: days, and sine and cosine of what they run through */
START_TEST(test_dates)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_dataset rows = { 0 };
    growing file = { 0 };
    text_print(&file, "d,y\n");
    for (int i = 0; i < 40; i++)
        text_print(&file, "%02d.%02d.2021 %02d:00,%d\n", i % 28 + 1, i / 28 + 1, i * 5 % 24, i % 3);
    tril_table *table = table_of(ctx, file.bytes, file.size);
    tril_model *model =
        tril_model_new(table, NULL, 0, &(tril_model_opts){ .targets = NAMES("y"), .n_targets = 1 });
    ck_fine(ctx);
    const tril_model_info *about = tril_model_get_info(model);
    ck_assert_str_eq(about->inputs[0].dates, "dmy");
    ck_assert_uint_eq(about->inputs[0].cycles, TRIL_WEEK | TRIL_DAY);
    ck_assert_uint_eq(tril_column_width(about->inputs), 5);
    ck_assert_uint_eq(about->mlp.inputs, 5);
    ck_assert(tril_model_dataset(model, table, NULL, 0, NULL, &rows));
    const tril_scaler *s = about->inputs_scaler;
    for (size_t i = 0; i < 40; i++) { /* 2021-01-01 is day 18628 */
        const double days = 18628 + (double)(i / 28 * 31 + i % 28) + (double)(i * 5 % 24) / 24;
        const double turns[] = { days / 7, days };
        const tril_real *x = rows.x + 5 * i;
        ck_close((double)x[0] * s->scale[0] + s->mean[0], days, 1e-6, 1);
        for (int c = 0; c < 2; c++) {
            const double turn = 2 * acos(-1) * turns[c];
            ck_assert_double_eq_tol((double)x[1 + 2 * c] * s->scale[1 + 2 * c] + s->mean[1 + 2 * c],
                                    sin(turn), 1e-5);
            ck_assert_double_eq_tol((double)x[2 + 2 * c] * s->scale[2 + 2 * c] + s->mean[2 + 2 * c],
                                    cos(turn), 1e-5);
        }
    }
    tril_dataset_free(&rows);
    tril_model_free(model);
    tril_table_free(table);
    free(file.bytes);
    tril_ctx_free(ctx);
}
END_TEST

enum { ARRAY_ROWS = 60 };

/* the same cells by way of a file, or of arrays */
static tril_table *make_table(tril_ctx *ctx, bool arrays)
{
    static const char *const labels[] = { "a", "b", NULL };
    double u[ARRAY_ROWS], y[ARRAY_ROWS];
    char dates[ARRAY_ROWS][16];
    const char *c[ARRAY_ROWS], *d[ARRAY_ROWS];
    growing text = { 0 };
    text_print(&text, "u,c,d,y\n");
    for (int i = 0; i < ARRAY_ROWS; i++) {
        u[i] = i % 7 == 3 ? (double)NAN : sin(i);
        y[i] = cos(i) + 1e-9 * i;
        c[i] = labels[i % 5 % 3];
        snprintf(dates[i], sizeof dates[i], "2021-%02d-%02d", i % 12 + 1, i % 28 + 1);
        d[i] = dates[i];
        if (!isnan(u[i]))
            text_print(&text, "%.17g", u[i]);
        text_print(&text, ",%s,%s,%.17g\n", c[i] ? c[i] : "", d[i], y[i]);
    }
    const tril_table_column columns[] = { { .name = "u", .numbers = u },
                                          { .name = "c", .words = c },
                                          { .name = "d", .words = d },
                                          { .name = "y", .numbers = y } };
    tril_table *table = arrays ? tril_table_new(ctx, "arrays", columns, 4, ARRAY_ROWS)
                               : table_of(ctx, text.bytes, text.size);
    free(text.bytes);
    return table;
}

/* a model's file in memory, to be freed */
static char *file_of(tril_ctx *ctx, const tril_model *model, size_t *size)
{
    char *bytes = NULL;
    FILE *stream = open_memstream(&bytes, size);
    tril_tensors *t = tril_tensors_new(ctx);
    ck_assert(tril_tensors_put_model(t, model) && tril_tensors_write_stream(t, stream, NULL));
    ck_assert(fclose(stream) == 0 && tril_tensors_write(t, file_path()));
    tril_tensors_free(t);
    char *same = malloc(*size + 1);
    FILE *file = fopen(file_path(), "rb");
    ck_assert_uint_eq(fread(same, 1, *size + 1, file), *size);
    ck_assert_mem_eq(bytes, same, *size);
    ck_assert(fclose(file) == 0 && remove(file_path()) == 0);
    free(same);
    return bytes;
}

/* the file of a model that has learned from it, and what that says of the rows */
static char *learn(bool arrays, size_t *size, double nll[ARRAY_ROWS])
{
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 5 });
    tril_table *table = make_table(ctx, arrays);
    tril_model *model = tril_model_new(table, NULL, 0,
                                       &(tril_model_opts){ .targets = NAMES("y"),
                                                           .n_targets = 1,
                                                           .mlp = { .hidden = { 4 } },
                                                           .missing = TRIL_MISSING_MEAN });
    tril_dataset rows = { 0 };
    ck_assert(tril_model_dataset(model, table, NULL, 0, &(tril_dataset_opts){ TRIL_MISSING_MEAN },
                                 &rows));
    const tril_batch batch = { rows.x, rows.y, rows.n };
    tril_fit *fit = tril_fit_new(tril_model_get_info(model)->networks, batch,
                                 &(tril_fit_opts){ .epochs = 3, .lr = 1e-2 });
    ck_assert(tril_fit_run(fit, NULL, NULL));
    tril_fit_free(fit);
    char *bytes = file_of(ctx, model, size);
    tril_model_free(model);

    FILE *stream = fmemopen(bytes, *size, "rb");
    tril_tensors *t = tril_tensors_read_stream(ctx, stream, NULL);
    model = tril_tensors_get_model(t, NULL);
    const tril_model_info *about = tril_model_get_info(model);
    ck_fine(ctx);
    ck_assert(about->inputs[0].labels == NULL && about->inputs[1].n_labels == 2);
    ck_assert_str_eq(about->inputs[2].dates, "ymd");
    ck_assert(tril_model_evaluate(model, about->networks, 1, batch, &(tril_evaluation){ nll }));
    fclose(stream);
    tril_dataset_free(&rows);
    tril_model_free(model);
    tril_tensors_free(t);
    tril_table_free(table);
    tril_ctx_free(ctx);
    return bytes;
}

/* arrays instead of a file, memory instead of a path: the same bits are learned, written and
 * predicted */
START_TEST(test_arrays)
{
    double nll[2][ARRAY_ROWS];
    size_t size[2];
    char *bytes[2];
    for (int arrays = 0; arrays < 2; arrays++)
        bytes[arrays] = learn(arrays, &size[arrays], nll[arrays]);
    ck_assert_uint_eq(size[0], size[1]);
    ck_assert_mem_eq(bytes[0], bytes[1], size[0]);
    ck_assert_mem_eq(nll[0], nll[1], sizeof nll[0]);
    free(bytes[0]);
    free(bytes[1]);
}
END_TEST

START_TEST(test_exhaust)
{
    ck_assert_uint_gt(exhaust(make_one), 30);
}
END_TEST

Suite *suite_model_model(void)
{
    Suite *suite = suite_create("model/model");
    TCase *tcase = tcase_create("models");
    tcase_set_tags(tcase, "trains");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_columns);
    tcase_add_test(tcase, test_far);
    tcase_add_test(tcase, test_dates);
    tcase_add_test(tcase, test_cases);
    tcase_add_loop_test(tcase, test_missing, 0, sizeof policies / sizeof *policies);
    tcase_add_test(tcase, test_scalers_of_holes);
    tcase_add_loop_test(tcase, test_wrong, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tcase, test_baselines);
    tcase_add_loop_test(tcase, test_bounds, 0, 2);
    tcase_add_test(tcase, test_collinear);
    tcase_add_test(tcase, test_units);
    tcase_add_test(tcase, test_no_inputs);
    tcase_add_test(tcase, test_null);
    tcase_add_test(tcase, test_arrays);
    tcase_add_test(tcase, test_exhaust);
    suite_add_tcase(suite, tcase);
    TCase *large = tcase_create("large");
    tcase_set_timeout(large, 60);
    tcase_set_tags(large, "long");
    tcase_add_loop_test(tcase, test_extremes, 0, sizeof extremes / sizeof *extremes);
    tcase_add_test(large, test_most_labels);
    suite_add_tcase(suite, large);
    return suite;
}
