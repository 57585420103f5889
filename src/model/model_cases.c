/* Rows of a table as a model's networks take them, and what these say of them in the table's units.
 */
#include <math.h>
#include <string.h>

#include "io/table.h"
#include "model/model.h"

void tril_dataset_free(tril_dataset *cases)
{
    if (!cases)
        return;
    if (cases->ctx) {
        tril_ctx_release(cases->ctx, cases->x);
        tril_ctx_release(cases->ctx, cases->y);
        tril_ctx_release(cases->ctx, cases->row);
    }
    *cases = (tril_dataset){ 0 };
}

/* ---- from cells to numbers */

/* What is to be done about cells. */
typedef struct policy {
    bool missing, extreme; /* are no error */
    void *column;          /* room for one of the table */
} policy;

/* numbers of one column of the table into one of the rows */
static bool put_numbers(const tril_table *table, const char *name, const policy *how,
                        const tril_dataset *cases, tril_real *to, size_t width)
{
    const tril_real *column = how->column;
    if (!tril_table_numbers(table, name, how->missing, how->extreme, how->column))
        return false;
    for (size_t i = 0; i < cases->n; i++)
        to[i * width] = column[cases->row[i]];
    return true;
}

static bool put_labels(const tril_table *table, const tril_column *c, const policy *how,
                       const tril_dataset *cases, tril_real *to, size_t width)
{
    size_t *column = how->column;
    /* behind the last label stands that of missing cells */
    if (!tril_table_classes(table, c->name, c->labels, c->n_labels + how->missing, column))
        return false;
    for (size_t i = 0; i < cases->n; i++) {
        const size_t label = column[cases->row[i]];
        for (size_t l = 0; l < c->n_labels; l++)
            to[i * width + l] = label == c->n_labels ? (tril_real)NAN : (tril_real)(l == label);
    }
    return true;
}

static bool put_inputs(const tril_model *model, const tril_table *table, const policy *how,
                       const tril_dataset *cases)
{
    const tril_model_info *about = &model->about;
    const size_t width = about->mlp.inputs;
    tril_real *to = cases->x;
    memset(to, 0, cases->n * width * sizeof *to); /* without columns it is 0 */
    for (size_t j = 0; j < about->n_inputs; j++) {
        const tril_column *c = &about->inputs[j];
        if (!(c->labels ? put_labels(table, c, how, cases, to, width)
                        : put_numbers(table, c->name, how, cases, to, width)))
            return false;
        to += c->labels ? c->n_labels : 1;
    }
    return true;
}

static bool put_targets(const tril_model *model, const tril_table *table, const policy *how,
                        const tril_dataset *cases)
{
    const tril_model_info *about = &model->about;
    for (size_t j = 0; j < about->n_targets && cases->y; j++)
        if (!put_numbers(table, about->targets[j], how, cases, cases->y + j, about->n_targets))
            return false;
    return true;
}

static bool has_targets(const tril_model_info *about, const tril_table *table)
{
    for (size_t j = 0; j < about->n_targets; j++)
        if (!tril_table_has(table, about->targets[j]))
            return false;
    return true;
}

/* ---- which rows */

static size_t count_missing(const tril_real *x, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += isnan(x[i]);
    return count;
}

/* moves row i to the place of row `to` */
static void move_row(tril_dataset *cases, size_t width, size_t d, size_t i, size_t to)
{
    memmove(cases->x + to * width, cases->x + i * width, width * sizeof *cases->x);
    if (cases->y)
        memmove(cases->y + to * d, cases->y + i * d, d * sizeof *cases->y);
    cases->row[to] = cases->row[i];
}

/* moves those that count to the front */
static void leave_out(tril_dataset *cases, size_t width, size_t d, const tril_dataset_opts *opts)
{
    size_t n = 0;
    for (size_t i = 0; i < cases->n; i++) {
        const bool no_input = count_missing(cases->x + i * width, width);
        const size_t no_target =
            cases->y && !opts->predict ? count_missing(cases->y + i * d, d) : 0;
        if ((opts->missing == TRIL_MISSING_DROP && (no_input || no_target)) ||
            (opts->missing == TRIL_MISSING_MARGINAL && no_target == d))
            continue;
        move_row(cases, width, d, i, n++);
    }
    cases->n = n;
}

static bool set_rows(const tril_table *table, const size_t *rows, tril_dataset *cases)
{
    for (size_t i = 0; i < cases->n; i++) {
        cases->row[i] = rows ? rows[i] : i;
        if (cases->row[i] >= table->rows)
            return tril_ctx_fail(table->ctx, TRIL_BAD_ARGUMENT,
                                 "%s: there is no row %zu, there are %zu", table->path,
                                 cases->row[i], table->rows);
    }
    return true;
}

static bool gather(const tril_model *model, const tril_table *table, const size_t *rows,
                   const tril_dataset_opts *opts, tril_dataset *cases, void *column)
{
    const bool drop = opts->missing == TRIL_MISSING_DROP;
    const policy of_inputs = { drop || opts->missing == TRIL_MISSING_MEAN, opts->leave_out_extreme,
                               column };
    const policy of_targets = { drop || opts->missing == TRIL_MISSING_MARGINAL || opts->predict,
                                opts->leave_out_extreme, column };
    if (!set_rows(table, rows, cases) || !put_inputs(model, table, &of_inputs, cases) ||
        !put_targets(model, table, &of_targets, cases))
        return false;
    leave_out(cases, model->about.mlp.inputs, model->about.n_targets, opts);
    return cases->n > 0 || tril_ctx_fail(model->ctx, TRIL_BAD_DATA,
                                         "%s: a cell is missing in every row", table->path);
}

bool tril_model_gather(const tril_model *model, const tril_table *table, const size_t *rows,
                       size_t n, const tril_dataset_opts *opts, tril_dataset *cases)
{
    const tril_model_info *about = &model->about;
    tril_ctx *ctx = model->ctx;
    tril_dataset own = { .ctx = ctx, .n = rows ? n : tril_table_rows(table) };
    if (own.n == 0)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "%s: no rows are asked for", table->path);
    own.row = tril_ctx_alloc(ctx, "cases", own.n, sizeof *own.row);
    own.x = tril_ctx_alloc(ctx, "cases", own.n, about->mlp.inputs * sizeof *own.x);
    if (!opts->predict || has_targets(about, table))
        own.y = tril_ctx_alloc(ctx, "cases", own.n, about->n_targets * sizeof *own.y);
    void *column = tril_ctx_alloc(ctx, "cases", table->rows, sizeof(size_t));
    bool done = column && gather(model, table, rows, opts, &own, column);
    tril_ctx_release(ctx, column);
    if (!done)
        return tril_dataset_free(&own), false;
    tril_dataset_free(cases);
    *cases = own;
    return true;
}

static bool has_infinite(const tril_real *x, size_t n)
{
    bool found = false;
    for (size_t j = 0; j < n; j++)
        found |= isinf(x[j]);
    return found;
}

/* the name of the column of that input */
static const char *input_name(const tril_model_info *about, size_t at)
{
    const tril_column *c = about->inputs;
    for (size_t n; at >= (n = c->labels ? c->n_labels : 1); c++)
        at -= n;
    return c->name;
}

/* says which number of row i is infinite now */
static bool fail_extreme(const tril_model *model, const tril_table *table,
                         const tril_dataset *cases, size_t i)
{
    const tril_model_info *about = &model->about;
    const size_t width = about->mlp.inputs, row = cases->row[i];
    size_t j = 0, k;
    while (j < width && !isinf(cases->x[i * width + j]))
        j++;
    const char *name = j < width ? input_name(about, j) : NULL;
    for (j = 0; !name; j++)
        name = isinf(cases->y[i * about->n_targets + j]) ? about->targets[j] : NULL;
    if (!tril_table_find(table, name, &k))
        return false;
    const double cell = table->cells[row * table->width + k];
    return tril_table_fail_cell(table, row, k, "%g is beyond the range of float%s", cell,
                                fabs(cell) > (double)TRIL_REAL_MAX ? "" : " when it is scaled");
}

bool tril_model_scale(const tril_model *model, const tril_table *table, bool leave_out_extreme,
                      tril_dataset *cases)
{
    const size_t width = model->about.mlp.inputs, d = model->about.n_targets, all = cases->n;
    size_t n = 0;
    tril_scaler_apply(&model->inputs, cases->x, all);
    for (size_t i = 0; i < all * width; i++)
        cases->x[i] = isnan(cases->x[i]) ? 0 : cases->x[i]; /* the mean */
    if (cases->y)
        tril_scaler_apply(&model->targets, cases->y, all);
    for (size_t i = 0; i < all; i++)
        if (!has_infinite(cases->x + i * width, width) &&
            !(cases->y && has_infinite(cases->y + i * d, d)))
            move_row(cases, width, d, i, n++);
        else if (!leave_out_extreme || (n == 0 && i + 1 == all))
            return fail_extreme(model, table, cases, i);
    cases->n = n;
    cases->extreme = all - n;
    return true;
}

bool tril_model_dataset(const tril_model *model, const tril_table *table, const size_t *rows,
                        size_t n, const tril_dataset_opts *opts, tril_dataset *cases)
{
    const tril_dataset_opts defaults = { 0 };
    tril_dataset own = { 0 };
    opts = opts ? opts : &defaults;
    if (!model || !table || tril_ctx_failed(model->ctx) ||
        !tril_model_gather(model, table, rows, n, opts, &own))
        return false;
    tril_model_bound(model, &own);
    if (!tril_model_scale(model, table, opts->leave_out_extreme, &own))
        return tril_dataset_free(&own), false;
    tril_dataset_free(cases);
    *cases = own;
    return true;
}

/* ---- back into the table's units */

/* an NLL is that of the numbers that are there */
static void unscale_nll(const tril_scaler *scaler, tril_batch rows, double *nll)
{
    for (size_t i = 0; i < rows.n * scaler->width; i++)
        if (!isnan(rows.y[i]))
            nll[i / scaler->width] += log(scaler->scale[i % scaler->width]);
}

bool tril_model_evaluate(const tril_model *model, const tril_network *networks, size_t n,
                         tril_batch rows, const tril_evaluation *out)
{
    if (!model)
        return false;
    tril_evaluation weighted = *out;
    if (networks == model->members && n == model->about.n_networks)
        weighted.weight = model->weights;
    if (!tril_evaluate(networks, n, rows, &weighted))
        return false;
    const tril_scaler *s = &model->targets;
    const size_t d = s->width;
    const double size = exp(tril_scaler_log_scale(s) / (double)d);
    if (out->nll)
        unscale_nll(s, rows, out->nll);
    for (size_t i = 0; i < rows.n * d; i++) {
        if (out->mean)
            out->mean[i] = s->mean[i % d] + s->scale[i % d] * out->mean[i];
        if (out->sd)
            out->sd[i] *= s->scale[i % d];
        for (size_t j = 0; j < d && out->covariance; j++)
            out->covariance[i * d + j] *= s->scale[i % d] * s->scale[j];
    }
    for (size_t i = 0; i < rows.n * out->n_levels * d && out->quantile; i++)
        out->quantile[i] = s->mean[i % d] + s->scale[i % d] * out->quantile[i];
    for (size_t i = 0; i < rows.n && out->spread; i++)
        out->spread[i] *= size;
    return true;
}
