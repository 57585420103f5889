/* Models: what they own, and their making from a table. */
#include "model/model.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/message.h"
#include "io/table.h"
#include "io/tensors.h"

tril_model *tril_model_make(tril_ctx *ctx)
{
    tril_model *model = tril_ctx_alloc(ctx, "model", 1, sizeof *model);
    if (!model)
        return NULL;
    *model = (tril_model){ .ctx = ctx, .arena = { .ctx = ctx } };
    model->about.inputs_scaler = &model->inputs;
    model->about.targets_scaler = &model->targets;
    return model;
}

void tril_model_free(tril_model *model)
{
    if (!model)
        return;
    for (size_t i = 0; model->stores && i < model->about.n_networks + TRIL_BASELINES; i++)
        tril_params_free(model->stores[i]);
    tril_scaler_free(&model->inputs);
    tril_scaler_free(&model->targets);
    tril_arena_free(&model->arena);
    tril_ctx_release(model->ctx, model);
}

const tril_model_info *tril_model_get_info(const tril_model *model)
{
    return model ? &model->about : NULL;
}

/* ---- columns */

/* a column of a table that is to become a model's */
typedef struct candidate {
    const tril_table *table;
    const char *name;
    size_t k;
} candidate;

__attribute__((format(printf, 2, 3))) static bool fail_column(const candidate *c,
                                                              const char *format, ...)
{
    char what[256], room[TRIL_SHOWN_ROOM];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return tril_ctx_fail(c->table->ctx, TRIL_BAD_DATA, "%s: column %s %s", c->table->path,
                         tril_shown(room, c->name), what);
}

typedef enum role { ROLE_NONE, ROLE_TARGET, ROLE_WEIGHT, ROLE_INPUT } role;

/* gives each column its role, which it can have once */
static bool claim(const tril_table *table, const char *const *names, size_t n, role as, role *roles)
{
    for (size_t j = 0; j < n; j++) {
        candidate c = { table, names[j], 0 };
        if (!tril_table_find(table, c.name, &c.k))
            return false;
        if (roles[c.k] == as)
            return fail_column(&c, "is named twice among the %s",
                               as == ROLE_TARGET ? "targets" : "inputs");
        if (roles[c.k])
            return fail_column(&c, "is %s: it cannot be %s too",
                               roles[c.k] == ROLE_TARGET ? "a target" : "the weight",
                               as == ROLE_INPUT ? "an input" : "the weight");
        roles[c.k] = as;
    }
    return true;
}

/* sets the cycles that the dates of a column run through twice, whose parts are not all the same */
static void set_cycles(const tril_table *table, size_t k, tril_column *column)
{
    static const double days[] = { 365.2425, 7, 1 };
    const tril_date_form form = tril_date_find(column->dates);
    double low = HUGE_VAL, high = -HUGE_VAL, part[3][2];
    for (int c = 0; c < 3; c++)
        part[c][0] = HUGE_VAL, part[c][1] = -HUGE_VAL;
    for (size_t i = 0; i < table->rows; i++) {
        const double x = tril_table_number(table, i, k, form);
        if (isnan(x))
            continue;
        low = fmin(low, x);
        high = fmax(high, x);
        for (int c = 0; c < 3; c++) {
            const double own = x / days[c] - floor(x / days[c]);
            part[c][0] = fmin(part[c][0], own);
            part[c][1] = fmax(part[c][1], own);
        }
    }
    for (int c = 0; c < 3; c++)
        if ((form == TRIL_TIME ? c == 2 : high - low >= 2 * days[c] * (c ? 1 : 0.99)) &&
            part[c][1] - part[c][0] > 0.03)
            column->cycles |= 1u << c;
}

static bool set_inputs(tril_model *model, tril_table *table, const char *const *names, size_t n)
{
    tril_column *columns = tril_arena_take(&model->arena, "model", n, sizeof *columns);
    for (size_t j = 0; j < n && columns; j++) {
        const candidate c = { table, names[j], 0 };
        if (!tril_is_utf8(c.name))
            return fail_column(&c, "has a name that is not UTF-8");
        columns[j] = (tril_column){ .name = tril_model_keep(model, c.name) };
        if (!columns[j].name)
            return false;
        columns[j].dates = tril_table_dates(table, c.name);
        if (columns[j].dates)
            set_cycles(table, tril_names_find(&table->names, c.name), &columns[j]);
        else if (tril_table_is_text(table, c.name) &&
                 !tril_model_set_labels(model, table, &columns[j]))
            return false;
    }
    model->about.inputs = columns;
    model->about.n_inputs = n;
    return columns;
}

static bool set_targets(tril_model *model, const tril_table *table, const char *const *names,
                        size_t n)
{
    const char **own = tril_arena_take(&model->arena, "model", n, sizeof *own);
    for (size_t j = 0; j < n && own; j++) {
        const candidate c = { table, names[j], 0 };
        if (!tril_is_utf8(c.name))
            return fail_column(&c, "has a name that is not UTF-8");
        own[j] = tril_model_keep(model, c.name);
        if (!own[j])
            return false;
    }
    model->about.targets = own;
    model->about.n_targets = n;
    return own;
}

/* roles and names have room for the width of the table */
static bool set_columns(tril_model *model, tril_table *table, const tril_model_opts *opts,
                        role *roles, const char **names)
{
    const size_t width = tril_table_width(table);
    size_t n = opts->n_inputs;
    memset(roles, 0, width * sizeof *roles);
    if (!claim(table, opts->targets, opts->n_targets, ROLE_TARGET, roles) ||
        (opts->weight && !claim(table, &opts->weight, 1, ROLE_WEIGHT, roles)) ||
        (opts->inputs && !claim(table, opts->inputs, n, ROLE_INPUT, roles)) ||
        !set_targets(model, table, opts->targets, opts->n_targets))
        return false;
    if (opts->inputs)
        return set_inputs(model, table, opts->inputs, n);
    n = 0;
    for (size_t k = 0; k < width; k++)
        if (roles[k] == ROLE_NONE)
            names[n++] = tril_table_name(table, k);
    return (n == 0 || claim(table, names, n, ROLE_INPUT, roles)) &&
           set_inputs(model, table, names, n);
}

/* ---- scalers */

/* one number of a row, over the rows in which it is there; numbers has room for these, twice */
static bool fit_number(const candidate *c, const tril_column *column, double origin,
                       const tril_dataset *cases, const tril_real *x, size_t width,
                       tril_scaler *scaler, tril_real *numbers)
{
    const tril_table *table = c->table;
    const double *cells = table->cells + tril_names_find(&table->names, c->name), *first = NULL;
    tril_real *w = cases->w ? numbers + cases->n : NULL;
    size_t n = 0;
    bool constant = true, rounded_away = true;
    double sum = 0, total = 0;
    for (size_t i = 0; i < cases->n; i++)
        if (!isnan(x[i * width + c->k])) {
            const double *cell = cells + cases->row[i] * table->width;
            const double weight = tril_weight_of(cases->w, i);
            if (w)
                w[n] = cases->w[i];
            numbers[n++] = x[i * width + c->k];
            first = first ? first : cell;
            constant &= column && column->dates ? numbers[n - 1] == numbers[0] : *cell == *first;
            const double apart = (double)numbers[n - 1] - (double)numbers[0];
            rounded_away &= apart * apart == 0;
            sum += weight * (double)numbers[n - 1];
            total += weight;
        }
    if (n == 0)
        return fail_column(c, "is missing in all rows to learn from");
    if (column && column->labels) {
        scaler->mean[c->k] = sum / total;
        scaler->scale[c->k] = 1;
        return true;
    }
    if (constant)
        return fail_column(c, "is constant in the rows to learn from");
    if (!rounded_away) {
        tril_scaler own = { 0 };
        if (!tril_scaler_fit(table->ctx, &own, numbers, w, n, 1, &c->name))
            return false;
        scaler->mean[c->k] = own.mean[0] + origin;
        scaler->scale[c->k] = own.scale[0];
        tril_scaler_free(&own);
    }
    /* what a cell lost when it was rounded must not show */
    const double least = fmax((double)TRIL_REAL_MIN, 1e-154); /* whose square is a number */
    const double size = fmax(fabs(sum / total), least);
    if (!rounded_away && fmax(size * (double)TRIL_REAL_EPSILON, fabs(origin) * DBL_EPSILON) <=
                             0.01 * scaler->scale[c->k])
        return true;
    return fail_column(c, "is too %s",
                       size > least || origin != 0
                           ? "far from 0 for what it varies by: its numbers are rounded too "
                             "coarsely; subtract a constant from them"
                           : "close to 0: its numbers are rounded too coarsely; multiply them by a "
                             "constant");
}

static bool make_scaler(tril_model *model, tril_scaler *scaler, size_t width)
{
    scaler->mean = tril_ctx_alloc(model->ctx, "model", 2 * width, sizeof *scaler->mean);
    if (!scaler->mean)
        return false;
    scaler->ctx = model->ctx;
    scaler->width = width;
    scaler->scale = scaler->mean + width;
    return true;
}

static bool fit_scalers(tril_model *model, const tril_table *table, const tril_dataset *cases)
{
    const tril_model_info *about = &model->about;
    const size_t d = about->n_targets, width = about->mlp.inputs;
    tril_real *numbers = tril_ctx_alloc(model->ctx, "model", cases->n, 2 * sizeof *numbers);
    bool done = numbers && make_scaler(model, &model->targets, d) &&
                (about->n_inputs == 0 || make_scaler(model, &model->inputs, width));
    for (size_t j = 0; j < d && done && !about->labels; j++)
        done = fit_number(&(candidate){ table, about->targets[j], j }, NULL,
                          model->origin[width + j], cases, cases->y, d, &model->targets, numbers);
    for (size_t j = 0; j < d && done && tril_model_support(model); j++)
        model->targets.mean[j] = 0, model->targets.scale[j] = 1;
    for (size_t j = 0, at = 0; j < about->n_inputs && done; j++) {
        const tril_column *column = &about->inputs[j];
        for (size_t l = 0; l < tril_column_width(column) && done; l++, at++)
            done = fit_number(&(candidate){ table, column->name, at }, column, model->origin[at],
                              cases, cases->x, width, &model->inputs, numbers);
    }
    tril_ctx_release(model->ctx, numbers);
    return done;
}

/* ---- the whole */

static bool read_columns(tril_model *model, tril_table *table, const tril_model_opts *opts)
{
    const size_t width = tril_table_width(table);
    role *roles = tril_ctx_alloc(model->ctx, "model", width, sizeof *roles);
    const char **names = tril_ctx_alloc(model->ctx, "model", width, sizeof *names);
    bool done = roles && names && set_columns(model, table, opts, roles, names);
    tril_ctx_release(model->ctx, roles);
    tril_ctx_release(model->ctx, names);
    return done;
}

static bool keep_words(tril_model *model, const tril_dialect *dialect)
{
    const size_t n = dialect->n_missing;
    const char **own = tril_arena_take(&model->arena, "model", n + 1, sizeof *own);
    for (size_t i = 0; i < n && own; i++) {
        if (!tril_is_utf8(dialect->missing[i]))
            return tril_ctx_fail(model->ctx, TRIL_BAD_ARGUMENT,
                                 "model: a word for missing cells is not UTF-8");
        own[i] = tril_model_keep(model, dialect->missing[i]);
        if (!own[i])
            return false;
    }
    model->about.dialect = (tril_dialect){ .missing = own, .n_missing = n };
    return own;
}

static bool make(tril_model *model, tril_table *table, const size_t *rows, size_t n,
                 const tril_model_opts *opts)
{
    const size_t members = opts->members ? opts->members : 1;
    tril_dataset cases = { 0 };
    model->about.missing = opts->missing;
    model->about.weight = opts->weight ? tril_model_keep(model, opts->weight) : NULL;
    bool done = (model->about.weight || !opts->weight) &&
                keep_words(model, tril_table_dialect(table)) && read_columns(model, table, opts) &&
                tril_model_read_transforms(model, TRIL_BAD_ARGUMENT, "model", opts->transforms) &&
                tril_model_set_classes(model, table, opts) &&
                tril_model_make_room(model, members, opts->heads, opts->n_heads);
    if (done)
        tril_model_measure(model, &opts->mlp);
    done = done && tril_model_set_origins(model) &&
           tril_model_gather(model, table, rows, n,
                             &(tril_dataset_opts){ .missing = opts->missing }, &cases) &&
           tril_model_leave_out(model, table, &cases) &&
           tril_model_choose_transforms(model, table, &cases) &&
           (model->about.n_inputs == 0 || tril_model_find_bounds(model, &cases));
    if (done) {
        tril_model_bound(model, &cases);
        done = fit_scalers(model, table, &cases) && tril_model_set_targets(model);
    }
    for (size_t i = 0; i < members + TRIL_BASELINES && done; i++)
        done = tril_model_make_network(model, i);
    done = done && tril_model_scale(model, table, false, &cases) &&
           tril_model_fit_baselines(model, &cases);
    tril_dataset_free(&cases);
    return done;
}

tril_model *tril_model_new(tril_table *table, const size_t *rows, size_t n,
                           const tril_model_opts *opts)
{
    if (!table || tril_ctx_failed(table->ctx))
        return NULL;
    if (!opts || !opts->targets || opts->n_targets == 0)
        return tril_ctx_fail(table->ctx, TRIL_BAD_ARGUMENT, "model: it has no targets"), NULL;
    if (!opts->heads && opts->n_heads)
        return tril_ctx_fail(table->ctx, TRIL_BAD_ARGUMENT, "model: of %zu heads there is no list",
                             opts->n_heads),
               NULL;
    tril_model *model = tril_model_make(table->ctx);
    if (model && make(model, table, rows, n, opts))
        return model;
    tril_model_free(model);
    return NULL;
}
