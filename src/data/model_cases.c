/* Rows of a table as a model's networks take them, and what these say of them in the table's units.
 */
#include <math.h>
#include <string.h>

#include "data/model.h"
#include "data/table.h"

void tril_cases_free(tril_cases *cases)
{
    if (!cases)
        return;
    if (cases->ctx) {
        tril_ctx_release(cases->ctx, cases->x);
        tril_ctx_release(cases->ctx, cases->y);
        tril_ctx_release(cases->ctx, cases->row);
    }
    *cases = (tril_cases){ 0 };
}

/* ---- from cells to numbers */

/* numbers of one column of the table into one of the rows; `column` has room for the former */
static bool put_numbers(const tril_table *table, const char *name, bool missing,
                        const tril_cases *cases, tril_real *to, size_t width, tril_real *column)
{
    if (!(missing ? tril_table_columns_missing : tril_table_columns)(table, &name, 1, column))
        return false;
    for (size_t i = 0; i < cases->n; i++)
        to[i * width] = column[cases->row[i]];
    return true;
}

static bool put_labels(const tril_table *table, const tril_column *c, bool missing,
                       const tril_cases *cases, tril_real *to, size_t width, size_t *column)
{
    /* behind the last label stands that of missing cells */
    if (!tril_table_classes(table, c->name, c->labels, c->n_labels + missing, column))
        return false;
    for (size_t i = 0; i < cases->n; i++) {
        const size_t label = column[cases->row[i]];
        for (size_t l = 0; l < c->n_labels; l++)
            to[i * width + l] = label == c->n_labels ? (tril_real)NAN : (tril_real)(l == label);
    }
    return true;
}

static bool put_inputs(const tril_model *model, const tril_table *table, bool missing,
                       const tril_cases *cases, void *column)
{
    const tril_model_parts *about = &model->about;
    const size_t width = about->mlp.inputs;
    tril_real *to = cases->x;
    memset(to, 0, cases->n * width * sizeof *to); /* without columns it is 0 */
    for (size_t j = 0; j < about->n_inputs; j++) {
        const tril_column *c = &about->inputs[j];
        if (!(c->labels ? put_labels(table, c, missing, cases, to, width, column)
                        : put_numbers(table, c->name, missing, cases, to, width, column)))
            return false;
        to += c->labels ? c->n_labels : 1;
    }
    return true;
}

static bool put_targets(const tril_model *model, const tril_table *table, bool missing,
                        const tril_cases *cases, void *column)
{
    const tril_model_parts *about = &model->about;
    for (size_t j = 0; j < about->n_targets && cases->y; j++)
        if (!put_numbers(table, about->targets[j], missing, cases, cases->y + j, about->n_targets,
                         column))
            return false;
    return true;
}

static bool has_targets(const tril_model_parts *about, const tril_table *table)
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

/* moves those that count to the front */
static void leave_out(tril_cases *cases, size_t width, size_t d, const tril_cases_opts *opts)
{
    size_t n = 0;
    for (size_t i = 0; i < cases->n; i++) {
        const bool no_input = count_missing(cases->x + i * width, width);
        const size_t no_target =
            cases->y && !opts->predict ? count_missing(cases->y + i * d, d) : 0;
        if ((opts->missing == TRIL_MISSING_DROP && (no_input || no_target)) ||
            (opts->missing == TRIL_MISSING_MARGINAL && no_target == d))
            continue;
        memmove(cases->x + n * width, cases->x + i * width, width * sizeof *cases->x);
        if (cases->y)
            memmove(cases->y + n * d, cases->y + i * d, d * sizeof *cases->y);
        cases->row[n++] = cases->row[i];
    }
    cases->n = n;
}

static bool set_rows(const tril_table *table, const size_t *rows, tril_cases *cases)
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
                   const tril_cases_opts *opts, tril_cases *cases, void *column)
{
    const bool drop = opts->missing == TRIL_MISSING_DROP;
    const bool no_input = drop || opts->missing == TRIL_MISSING_MEAN;
    const bool no_target = drop || opts->missing == TRIL_MISSING_MARGINAL || opts->predict;
    if (!set_rows(table, rows, cases) || !put_inputs(model, table, no_input, cases, column) ||
        !put_targets(model, table, no_target, cases, column))
        return false;
    leave_out(cases, model->about.mlp.inputs, model->about.n_targets, opts);
    return cases->n > 0 || tril_ctx_fail(model->ctx, TRIL_BAD_DATA,
                                         "%s: a cell is missing in every row", table->path);
}

bool tril_model_gather(const tril_model *model, const tril_table *table, const size_t *rows,
                       size_t n, const tril_cases_opts *opts, tril_cases *cases)
{
    const tril_model_parts *about = &model->about;
    tril_ctx *ctx = model->ctx;
    tril_cases own = { .ctx = ctx, .n = rows ? n : tril_table_rows(table) };
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
        return tril_cases_free(&own), false;
    tril_cases_free(cases);
    *cases = own;
    return true;
}

void tril_model_scale(const tril_model *model, tril_cases *cases)
{
    tril_scaler_apply(&model->inputs, cases->x, cases->n);
    for (size_t i = 0; i < cases->n * model->about.mlp.inputs; i++)
        cases->x[i] = isnan(cases->x[i]) ? 0 : cases->x[i]; /* the mean */
    if (cases->y)
        tril_scaler_apply(&model->targets, cases->y, cases->n);
}

bool tril_model_cases(const tril_model *model, const tril_table *table, const size_t *rows,
                      size_t n, const tril_cases_opts *opts, tril_cases *cases)
{
    const tril_cases_opts defaults = { 0 };
    if (!model || !table || tril_ctx_failed(model->ctx) ||
        !tril_model_gather(model, table, rows, n, opts ? opts : &defaults, cases))
        return false;
    tril_model_scale(model, cases);
    return true;
}

/* ---- back into the table's units */

/* an NLL is that of the numbers that are there */
static void unscale_nll(const tril_scaler *scaler, tril_rows rows, double *nll)
{
    for (size_t i = 0; i < rows.n * scaler->width; i++)
        if (!isnan(rows.y[i]))
            nll[i / scaler->width] += log(scaler->scale[i % scaler->width]);
}

bool tril_model_judge(const tril_model *model, const tril_network *networks, size_t n,
                      tril_rows rows, const tril_verdict *out)
{
    if (!model || !tril_judge(networks, n, rows, out))
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
