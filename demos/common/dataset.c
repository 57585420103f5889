/* A CSV file as training and validation rows. */
#include "dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { FEWEST_ROWS = 10 };

bool column_list_parse(column_list *list, char *text)
{
    *list = (column_list){ 0 };
    char *rest;
    for (char *name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        if (list->n == DATASET_MAX_COLUMNS)
            return false;
        list->name[list->n++] = name;
    }
    return list->n > 0;
}

/* the chosen columns of a table, side by side; NULL on failure */
static tril_real *columns(const tril_table *table, const column_list *list)
{
    tril_real *x = malloc(tril_table_rows(table) * list->n * sizeof *x);
    if (x && tril_table_columns(table, list->name, list->n, x))
        return x;
    free(x);
    return NULL;
}

/* rows order[0 .. n-1] of x [.., width] */
static tril_real *pick(const tril_real *x, size_t width, const size_t *order, size_t n)
{
    tril_real *picked = x ? malloc(n * width * sizeof *picked) : NULL;
    for (size_t i = 0; picked && i < n; i++)
        memcpy(picked + i * width, x + order[i] * width, width * sizeof *x);
    return picked;
}

/* every matrix that is there, cut into training and validation rows */
static bool split(dataset *set, const tril_real *x, const tril_real *y, const tril_real *log_prob,
                  const size_t *order)
{
    size_t first = 0;
    for (rows *part = &set->train; part; part = part == &set->train ? &set->validation : NULL) {
        part->x = pick(x, set->input_width, order + first, part->n);
        part->y = pick(y, set->targets.n, order + first, part->n);
        part->log_prob = pick(log_prob, 1, order + first, part->n);
        if (!part->x || !part->y || (log_prob && !part->log_prob))
            return false;
        first += part->n;
    }
    return true;
}

static bool scale(dataset *set, tril_ctx *ctx)
{
    if (set->inputs.n) {
        if (!tril_scaler_fit(ctx, &set->x_scaler, set->train.x, set->train.n, set->inputs.n,
                             set->inputs.name))
            return false;
        tril_scaler_apply(&set->x_scaler, set->train.x, set->train.n);
        tril_scaler_apply(&set->x_scaler, set->validation.x, set->validation.n);
    }
    if (!tril_scaler_fit(ctx, &set->y_scaler, set->train.y, set->train.n, set->targets.n,
                         set->targets.name))
        return false;
    tril_scaler_apply(&set->y_scaler, set->train.y, set->train.n);
    tril_scaler_apply(&set->y_scaler, set->validation.y, set->validation.n);
    set->log_scale = tril_scaler_log_scale(&set->y_scaler);
    return true;
}

static bool read_table(dataset *set, tril_ctx *ctx, const tril_table *table, const char *truth,
                       uint64_t seed)
{
    const column_list truths = { { truth }, 1 };
    size_t n = tril_table_rows(table);
    set->validation.n = n / 5;
    set->train.n = n - n / 5;
    set->input_width = set->inputs.n ? set->inputs.n : 1;

    size_t *order = malloc(n * sizeof *order);
    tril_real *y = columns(table, &set->targets);
    tril_real *x = set->inputs.n ? columns(table, &set->inputs) : malloc(n * sizeof *x);
    tril_real *log_prob = truth ? columns(table, &truths) : NULL;
    bool done = order && x && y && (log_prob || !truth);
    for (size_t i = 0; done && i < n; i++) {
        order[i] = i;
        if (!set->inputs.n)
            x[i] = 1;
    }
    if (done) {
        tril_random random = tril_random_stream(seed, 1);
        tril_random_shuffle(&random, order, n);
        done = split(set, x, y, log_prob, order) && scale(set, ctx);
    }
    free(order);
    free(x);
    free(y);
    free(log_prob);
    return done;
}

bool dataset_read(dataset *set, tril_ctx *ctx, const char *path, const job *what, uint64_t seed)
{
    *set = (dataset){ .inputs = what->inputs, .targets = what->targets };
    tril_table *table = tril_table_read(ctx, path);
    bool done = table != NULL;
    if (done && tril_table_rows(table) < FEWEST_ROWS) {
        fprintf(stderr, "%s: %zu rows are too few to train and to validate\n", text_shown(path),
                tril_table_rows(table));
        done = false;
    }
    done = done && read_table(set, ctx, table, what->truth, seed);
    tril_table_free(table);
    return done;
}

static void rows_free(rows *part)
{
    free(part->x);
    free(part->y);
    free(part->log_prob);
}

void dataset_free(dataset *set)
{
    rows_free(&set->train);
    rows_free(&set->validation);
    tril_scaler_free(&set->x_scaler);
    tril_scaler_free(&set->y_scaler);
}
