/* Numbers as columns have them: those far from 0 are centred, constant ones are left out, and a few
 * numbers far from the others do not squeeze these. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/table.h"
#include "io/tensors.h"
#include "model/model.h"

/* ---- origins */

/* a column is far from 0 if its mean is, for what it varies by */
static double origin_of(double mean, double scale)
{
    return fabs(mean) > 64 * scale ? mean : 0;
}

double tril_model_find_origin(const tril_table *table, size_t k, tril_date_form dates,
                              const tril_transform *g, const tril_dataset *cases)
{
    double n = 0, mean = 0, squares = 0;
    for (size_t i = 0; i < cases->n; i++) {
        const double cell = tril_table_number(table, cases->row[i], k, dates),
                     x = g ? tril_transform_forward(g, cell) : cell, apart = x - mean;
        if (!isfinite(x))
            continue;
        mean += apart / ++n;
        squares += apart * (x - mean);
    }
    return squares > 0 && isfinite(squares) ? origin_of(mean, sqrt(squares / n)) : 0;
}

bool tril_model_set_origins(tril_model *model)
{
    const size_t width = model->about.mlp.inputs, d = model->about.n_targets;
    model->origin = tril_arena_take(&model->arena, "model", width + d, sizeof *model->origin);
    for (size_t k = 0; k < width + d && model->origin; k++) {
        const tril_scaler *s = k < width ? &model->inputs : &model->targets;
        const size_t j = k < width ? k : k - width;
        model->origin[k] = s->mean ? origin_of(s->mean[j], s->scale[j]) : 0;
    }
    return model->origin;
}

/* ---- constant columns */

/* whether a column, whose numbers in a row begin at `first`, is the same in all rows, but for
 * missing cells; of numbers as the table has them, before they are rounded */
static bool is_constant(const tril_table *table, const tril_column *column,
                        const tril_dataset *cases, size_t width, size_t first)
{
    const double *cells = table->cells + tril_names_find(&table->names, column->name);
    for (size_t k = first; k < first + tril_column_width(column); k++) {
        double seen = (double)NAN;
        for (size_t i = 0; i < cases->n; i++) {
            const double x = column->labels || column->dates ? (double)cases->x[i * width + k]
                                                             : cells[cases->row[i] * table->width];
            seen = isnan(seen) ? x : seen;
            if (!isnan(x) && x != seen)
                return false;
        }
    }
    return true;
}

bool tril_model_leave_out(tril_model *model, const tril_table *table, tril_dataset *cases)
{
    tril_model_info *about = &model->about;
    const size_t width = about->mlp.inputs, n = about->n_inputs;
    tril_column *kept = tril_arena_take(&model->arena, "model", n, sizeof *kept);
    const char **out = tril_arena_take(&model->arena, "model", n, sizeof *out);
    size_t at = 0, to = 0;
    if (!kept || !out)
        return false;
    about->n_inputs = about->n_left_out = 0;
    for (size_t j = 0; j < n; j++) {
        const tril_column *c = &about->inputs[j];
        const size_t own = tril_column_width(c);
        const bool constant = is_constant(table, c, cases, width, at);
        if (constant)
            out[about->n_left_out++] = c->name;
        else
            kept[about->n_inputs++] = *c;
        for (size_t k = 0; k < own && !constant; k++, to++) {
            model->origin[to] = model->origin[at + k];
            for (size_t i = 0; i < cases->n; i++)
                cases->x[i * width + to] = cases->x[i * width + at + k];
        }
        at += own;
    }
    about->inputs = kept;
    about->left_out = out;
    const tril_mlp_opts mlp = about->mlp;
    tril_model_measure(model, &mlp);
    memmove(model->origin + about->mlp.inputs, model->origin + width,
            about->n_targets * sizeof *model->origin);
    model->origin[0] = to ? model->origin[0] : 0;
    for (size_t i = 0; i < cases->n; i++)
        for (size_t k = 0; k < about->mlp.inputs; k++)
            cases->x[i * about->mlp.inputs + k] = to ? cases->x[i * width + k] : 0;
    return true;
}

/* ---- bounds */

static double bounded(double x, double low, double high)
{
    const double width = high - low;
    const double beyond = x > high ? x - high : x < low ? x - low : 0;
    return beyond == 0 ? x : (x > high ? high : low) + width * (beyond / (width + fabs(beyond)));
}

void tril_model_bound(const tril_model *model, tril_dataset *cases)
{
    const size_t width = model->about.mlp.inputs;
    for (size_t i = 0; i < cases->n * width && model->bounds; i++) {
        const double *bound = model->bounds + 2 * (i % width), origin = model->origin[i % width];
        cases->x[i] = (tril_real)bounded((double)cases->x[i], bound[0] - origin, bound[1] - origin);
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A number of a column, and the weight of its row. */
typedef struct weighed {
    double x, w;
} weighed;

/* the first of sorted numbers, or from the last on, below which is a quarter of the weights */
static double quartile(const weighed *sorted, size_t n, double total, bool last)
{
    double below = 0;
    size_t i = 0;
    while (i + 1 < n && (below += sorted[last ? n - 1 - i : i].w) <= total / 4)
        i++;
    return sorted[last ? n - 1 - i : i].x;
}

/* Numbers of a column beside those of a target, as two of four moments about the means. */
typedef struct pairs {
    double n, x, y, xx, xy;
} pairs;

/* The sum of the squared errors of a line for target j through all rows but the one that it is
 * judged by, in the units of that target. */
static double left_out_errors(const tril_dataset *cases, size_t width, size_t d, size_t k, size_t j,
                              const double *bound)
{
    pairs s = { 0 };
    double sum = 0;
    for (int pass = 0; pass < 3; pass++)
        for (size_t i = 0; i < cases->n; i++) {
            const double x = bounded((double)cases->x[i * width + k], bound[0], bound[1]);
            const double y = (double)cases->y[i * d + j];
            if (isnan(x) || isnan(y))
                continue;
            const double w = tril_weight_of(cases->w, i);
            if (pass == 0) {
                s.n += w;
                s.x += w * (x - s.x) / s.n;
                s.y += w * (y - s.y) / s.n;
            } else if (pass == 1) {
                s.xx += w * (x - s.x) * (x - s.x);
                s.xy += w * (x - s.x) * (y - s.y);
            } else {
                const double leverage = 1 / s.n + (x - s.x) * (x - s.x) / s.xx;
                const double error = y - s.y - s.xy / s.xx * (x - s.x);
                sum += w * error * error / fmax((1 - leverage) * (1 - leverage), 1e-20);
            }
        }
    return sum;
}

/* Bounds of number k. A number further from the quartiles than three times their distance is far
 * out (Tukey 1977). Where some are, numbers are bounded there, unless lines through the numbers as
 * they are tell the targets of rows left out better: then what is far out counts as it is.
 * Otherwise numbers are bounded beyond the range of the rows, and as much again to either side. */
static void find_bounds(const tril_dataset *cases, size_t width, size_t d, size_t k,
                        weighed *sorted, double *bound)
{
    size_t n = 0;
    double total = 0, gain = 0;
    for (size_t i = 0; i < cases->n; i++)
        if (!isnan(cases->x[i * width + k])) {
            sorted[n++] = (weighed){ (double)cases->x[i * width + k], tril_weight_of(cases->w, i) };
            total += sorted[n - 1].w;
        }
    if (n == 0)
        return;
    qsort(sorted, n, sizeof *sorted, compare);
    const double least = sorted[0].x, most = sorted[n - 1].x;
    const double quarter = quartile(sorted, n, total, false),
                 three = quartile(sorted, n, total, true), box = three - quarter;
    const double wide[2] = { least - (most - least), most + (most - least) };
    const double narrow[2] = { quarter - 3 * box, three + 3 * box };
    memcpy(bound, wide, sizeof wide);
    if (box == 0 || (least >= narrow[0] && most <= narrow[1]))
        return;
    for (size_t j = 0; j < d; j++)
        gain += log(left_out_errors(cases, width, d, k, j, wide)) -
                log(left_out_errors(cases, width, d, k, j, narrow));
    if (!(gain < 0))
        memcpy(bound, narrow, sizeof narrow);
}

static bool make_bounds(tril_model *model)
{
    model->bounds =
        tril_arena_take(&model->arena, "model", model->about.mlp.inputs, 2 * sizeof *model->bounds);
    model->about.inputs_bounds = model->bounds;
    return model->bounds;
}

bool tril_model_find_bounds(tril_model *model, const tril_dataset *cases)
{
    const tril_model_info *about = &model->about;
    weighed *sorted = tril_ctx_alloc(model->ctx, "model", cases->n, sizeof *sorted);
    bool done = sorted && make_bounds(model);
    for (size_t j = 0, at = 0; j < about->n_inputs && done; j++)
        for (size_t l = 0; l < tril_column_width(&about->inputs[j]); l++, at++) {
            model->bounds[2 * at] = l && about->inputs[j].dates
                                        ? -1
                                        : 0; /* a label is 0 or 1, a cycle's sine from -1 on */
            model->bounds[2 * at + 1] = 1;
            if (about->inputs[j].labels || l)
                continue;
            find_bounds(cases, about->mlp.inputs, about->n_targets, at, sorted,
                        model->bounds + 2 * at);
            model->bounds[2 * at] += model->origin[at];
            model->bounds[2 * at + 1] += model->origin[at];
        }
    tril_ctx_release(model->ctx, sorted);
    return done;
}

static const char bounds[] = "inputs.bounds";

bool tril_model_put_bounds(const tril_model *model, tril_tensors *tensors)
{
    return tril_tensors_put(tensors, bounds, TRIL_F64, TRIL_SHAPE(model->about.mlp.inputs, 2),
                            model->bounds);
}

bool tril_model_get_bounds(tril_model *model, const tril_tensors *tensors)
{
    const tril_shape shape = TRIL_SHAPE(model->about.mlp.inputs, 2);
    if (!tril_tensors_find(tensors, bounds).name)
        return true;
    if (!tril_tensors_fit(tensors, bounds, TRIL_F64, shape) || !make_bounds(model) ||
        !tril_tensors_get(tensors, bounds, TRIL_F64, shape, model->bounds))
        return false;
    for (size_t k = 0; k < shape.dim[0]; k++) {
        const double *bound = model->bounds + 2 * k;
        if (!(bound[0] < bound[1]) || isinf(bound[1] - bound[0]))
            return tril_ctx_fail(tensors->ctx, TRIL_BAD_DATA,
                                 "%s: %s: number %zu lies between %g and %g", tensors->source,
                                 bounds, k, bound[0], bound[1]);
    }
    return true;
}
