/* Rows of a table as a model's networks take them. */
#include <math.h>
#include <string.h>

#include "io/table.h"
#include "model/model.h"
#include "train/fit.h"

void tril_dataset_free(tril_dataset *cases)
{
    if (!cases)
        return;
    if (cases->ctx) {
        tril_ctx_release(cases->ctx, cases->x);
        tril_ctx_release(cases->ctx, cases->y);
        tril_ctx_release(cases->ctx, cases->w);
        tril_ctx_release(cases->ctx, cases->row);
        tril_model_free_limits(cases);
    }
    *cases = (tril_dataset){ 0 };
}

/* ---- from cells to numbers */

/* What is to be done about cells. */
typedef struct policy {
    tril_cells as;
    bool unseen; /* a label that is not known is missing */
    bool fresh;  /* origins are to be found */
    tril_dataset *cases;
    void *column; /* room for one of the table */
} policy;

/* numbers of one column of the table into one of the rows */
static bool put_numbers(const tril_table *table, const char *name, const policy *how,
                        double *origin, tril_real *to, size_t width)
{
    tril_cells as = how->as;
    const tril_real *column = how->column;
    size_t k;
    if (!tril_table_find(table, name, &k))
        return false;
    if (how->fresh)
        *origin = tril_model_find_origin(table, k, as.dates, NULL, how->cases);
    as.origin = *origin;
    if (!tril_table_numbers(table, k, &as, how->column, 1))
        return false;
    for (size_t i = 0; i < how->cases->n; i++)
        to[i * width] = column[how->cases->row[i]];
    return true;
}

static bool put_dates(const tril_table *table, const tril_column *c, const policy *how,
                      double *origin, tril_real *to, size_t width)
{
    policy as_dates = *how;
    size_t k;
    as_dates.as.dates = tril_date_find(c->dates);
    if (!tril_table_find(table, c->name, &k) ||
        !put_numbers(table, c->name, &as_dates, origin, to++, width))
        return false;
    for (size_t i = 0; i < how->cases->n; i++)
        tril_model_put_cycles(c, tril_table_number(table, how->cases->row[i], k, as_dates.as.dates),
                              to + i * width);
    return true;
}

/* shares: what a label that the model has not seen counts as */
static bool put_labels(const tril_table *table, const tril_column *c, const policy *how,
                       const double *shares, tril_real *to, size_t width)
{
    size_t *column = how->column;
    /* behind the last label stands that of missing cells */
    if (!tril_table_known_classes(table, c->name, c->labels, c->n_labels + how->as.missing,
                                  how->unseen, how->as.remedy, column))
        return false;
    for (size_t i = 0; i < how->cases->n; i++) {
        const size_t label = column[how->cases->row[i]];
        how->cases->unseen += label == SIZE_MAX;
        for (size_t l = 0; l < c->n_labels; l++)
            to[i * width + l] = label == SIZE_MAX      ? (tril_real)shares[l]
                                : label == c->n_labels ? (tril_real)NAN
                                                       : (tril_real)(l == label);
    }
    return true;
}

static bool put_inputs(const tril_model *model, const tril_table *table, const policy *how)
{
    const tril_model_info *about = &model->about;
    const size_t width = about->mlp.inputs;
    tril_real *to = how->cases->x;
    const double *shares = model->inputs.mean;
    double *origin = model->origin;
    memset(to, 0, how->cases->n * width * sizeof *to); /* without columns it is 0 */
    for (size_t j = 0, own; j < about->n_inputs; j++, to += own, origin += own) {
        const tril_column *c = &about->inputs[j];
        own = tril_column_width(c);
        if (!(c->labels  ? put_labels(table, c, how, shares ? shares + (to - how->cases->x) : NULL,
                                      to, width)
              : c->dates ? put_dates(table, c, how, origin, to, width)
                         : put_numbers(table, c->name, how, origin, to, width)))
            return false;
        for (size_t i = 0; i < how->cases->n; i++)
            how->cases->missing_inputs += isnan(to[i * width]);
    }
    return true;
}

static size_t count_missing(const tril_real *x, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += isnan(x[i]);
    return count;
}

/* whether target j is what the model's heads take */
static bool are_supported(const tril_model *model, const tril_table *table,
                          const tril_dataset *cases, size_t j)
{
    const tril_support *support = tril_model_support(model);
    size_t k;
    for (size_t i = 0; i < cases->n && support; i++) {
        const double y = (double)cases->y[i * model->about.n_targets + j];
        if (!isnan(y) && !support->holds(y))
            return tril_table_find(table, model->about.targets[j], &k) &&
                   tril_table_fail_cell(table, cases->row[i], k,
                                        "%g, but each target of the head %s is %s: correct it, "
                                        "leave the row out, or take --head full",
                                        y, model->heads->kind->name, support->what);
    }
    return true;
}

static bool put_target(const tril_model *model, const tril_table *table, size_t j,
                       const policy *how)
{
    const tril_model_info *about = &model->about;
    tril_dataset *cases = how->cases;
    policy own = *how;
    own.fresh &= !tril_model_support(model);
    own.as.bounds = true;
    own.as.extreme |= model->transforms[j].kind != NULL;
    if (about->labels)
        return tril_model_put_classes(model, table, own.as.missing, own.as.remedy, own.column,
                                      cases);
    return put_numbers(table, about->targets[j], &own, model->origin + about->mlp.inputs + j,
                       cases->y + j, about->n_targets) &&
           tril_model_put_target(model, table, j, how->fresh, how->as.extreme, cases) &&
           are_supported(model, table, cases, j);
}

static bool put_targets(const tril_model *model, const tril_table *table, const bool *needed,
                        const policy *how)
{
    const size_t d = model->about.n_targets;
    tril_dataset *cases = how->cases;
    for (size_t j = 0; j < d && cases->y; j++)
        if (needed && !needed[j] && !tril_table_has(table, model->about.targets[j]))
            for (size_t i = 0; i < cases->n; i++)
                cases->y[i * d + j] = (tril_real)NAN;
        else if (!put_target(model, table, j, how))
            return false;
    cases->missing_targets = cases->y ? tril_model_count_missing_targets(cases, d, 0, cases->n) : 0;
    return true;
}

/* the rows' weights, if they have any */
static bool put_weights(const tril_table *table, const char *name, const policy *how)
{
    tril_dataset *cases = how->cases;
    policy own = *how;
    double zero = 0;
    size_t k = 0;
    own.as = (tril_cells){ .remedy = "" };
    own.fresh = false;
    if (cases->w &&
        (!tril_table_find(table, name, &k) || !put_numbers(table, name, &own, &zero, cases->w, 1)))
        return false;
    for (size_t i = 0; i < cases->n && cases->w; i++)
        if (cases->w[i] < 0)
            return tril_table_fail_cell(table, cases->row[i], k,
                                        "%g is no weight, which is at least 0",
                                        (double)cases->w[i]);
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

/* moves row i to the place of row `to` */
static void move_row(tril_dataset *cases, size_t width, size_t d, size_t i, size_t to)
{
    memmove(cases->x + to * width, cases->x + i * width, width * sizeof *cases->x);
    if (cases->y)
        memmove(cases->y + to * d, cases->y + i * d, d * sizeof *cases->y);
    if (cases->w)
        cases->w[to] = cases->w[i];
    cases->row[to] = cases->row[i];
    tril_model_move_limits(cases, d, i, to);
}

/* moves those that count to the front */
static void leave_out(const tril_model *model, tril_dataset *cases, const tril_dataset_opts *opts)
{
    const size_t width = model->about.mlp.inputs, d = model->about.n_targets;
    const bool drop = opts->missing == TRIL_MISSING_DROP;
    size_t n = 0;
    for (size_t i = 0; i < cases->n; i++) {
        const bool no_input = count_missing(cases->x + i * width, width);
        const size_t no_target =
            cases->y && !opts->predict ? tril_model_count_missing_targets(cases, d, i, 1) : 0;
        if ((cases->w && cases->w[i] == 0) || (drop && (no_input || no_target)) ||
            (opts->missing >= TRIL_MISSING_MARGINAL && no_target == d))
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

static const char *weight_name(const tril_model *model, const tril_dataset_opts *opts)
{
    const char *name = opts->weight ? opts->weight : model->about.weight;
    return name && *name && !opts->predict ? name : NULL;
}

static bool gather(const tril_model *model, const tril_table *table, const size_t *rows,
                   const tril_dataset_opts *opts, tril_dataset *cases, void *column)
{
    const tril_missing m = opts->missing;
    const bool both = m == TRIL_MISSING_DROP || m == TRIL_MISSING_BOTH;
    const policy of_inputs = { .as = { .missing = both || m == TRIL_MISSING_MEAN,
                                       .extreme = opts->leave_out_extreme,
                                       .remedy = m == TRIL_MISSING_MARGINAL
                                                     ? ": --missing mean,marginal takes it"
                                                     : ": --missing mean takes it" },
                               .unseen = opts->unseen && model->inputs.mean,
                               .fresh = !model->targets.mean,
                               .cases = cases,
                               .column = column };
    policy of_targets = of_inputs;
    of_targets.as.missing = both || m == TRIL_MISSING_MARGINAL || opts->predict;
    of_targets.as.remedy = m == TRIL_MISSING_MEAN ? ": --missing mean,marginal takes it"
                                                  : ": --missing marginal takes it";
    if (!set_rows(table, rows, cases) || !put_inputs(model, table, &of_inputs) ||
        !put_targets(model, table, opts->needed, &of_targets) ||
        !put_weights(table, weight_name(model, opts), &of_inputs))
        return false;
    leave_out(model, cases, opts);
    if (!opts->predict && !tril_model_check_limits(model, table, cases))
        return false;
    return cases->n > 0 ||
           tril_ctx_fail(model->ctx, TRIL_BAD_DATA, "%s: a cell is missing in every row%s",
                         table->path, cases->w ? ", or its weight is 0" : "");
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
    if (!opts->predict || opts->needed || has_targets(about, table))
        own.y = tril_ctx_alloc(ctx, "cases", own.n, about->n_targets * sizeof *own.y);
    if (weight_name(model, opts))
        own.w = tril_ctx_alloc(ctx, "cases", own.n, sizeof *own.w);
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
    for (size_t n; at >= (n = tril_column_width(c)); c++)
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
    const bool input = j < width;
    const char *name = input ? input_name(about, j) : NULL;
    for (j = 0; !input && !isinf(cases->y[i * about->n_targets + j]);)
        j++;
    if (!tril_table_find(table, input ? name : about->targets[j], &k))
        return false;
    const double cell = table->cells[row * table->width + k];
    if (!input && isinf(tril_transform_forward(&model->transforms[j], cell)))
        return tril_model_fail_target(model, table, j, row, k);
    return tril_table_fail_cell(table, row, k, "%g is beyond the range of float%s", cell,
                                fabs(cell) > (double)TRIL_REAL_MAX ? "" : " when it is scaled");
}

/* numbers less their origins */
static void scale(const tril_scaler *s, const double *origin, tril_real *x, size_t n)
{
    for (size_t i = 0; i < n * s->width; i++) {
        const size_t j = i % s->width;
        x[i] = (tril_real)(((double)x[i] - (s->mean[j] - origin[j])) / s->scale[j]);
    }
}

void tril_model_scale_all(const tril_model *model, tril_dataset *cases)
{
    const size_t width = model->about.mlp.inputs;
    scale(&model->inputs, model->origin, cases->x, cases->n);
    for (size_t i = 0; i < cases->n * width; i++)
        cases->x[i] = isnan(cases->x[i]) ? 0 : cases->x[i]; /* the mean */
    const tril_bounds bounds = tril_bounds_or_none(cases->bounds);
    tril_real *const targets[] = { cases->y, (tril_real *)bounds.low, (tril_real *)bounds.high };
    for (size_t k = 0; k < 3; k++)
        if (targets[k])
            scale(&model->targets, model->origin + width, targets[k], cases->n);
}

bool tril_model_scale(const tril_model *model, const tril_table *table, bool leave_out_extreme,
                      tril_dataset *cases)
{
    const size_t width = model->about.mlp.inputs, d = model->about.n_targets, all = cases->n;
    size_t n = 0;
    tril_model_scale_all(model, cases);
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
