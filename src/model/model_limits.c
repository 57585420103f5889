/* Bounds of targets: what a table says of numbers that it does not have. */
#include <math.h>
#include <string.h>

#include "io/message.h"
#include "io/table.h"
#include "model/model.h"

/* whose memory they are */
static tril_real *low_of(const tril_dataset *cases)
{
    return (tril_real *)cases->bounds->low;
}

static tril_real *high_of(const tril_dataset *cases)
{
    return (tril_real *)cases->bounds->high;
}

static bool are_known(const tril_dataset *cases, size_t at)
{
    return cases->bounds && isnan(cases->y[at]) &&
           (isfinite(cases->bounds->low[at]) || isfinite(cases->bounds->high[at]));
}

size_t tril_model_count_missing_targets(const tril_dataset *cases, size_t d, size_t first, size_t n)
{
    size_t count = 0;
    for (size_t i = first * d; i < (first + n) * d; i++)
        count += isnan(cases->y[i]) && !are_known(cases, i);
    return count;
}

void tril_model_move_limits(tril_dataset *cases, size_t d, size_t i, size_t to)
{
    if (!cases->bounds)
        return;
    memmove(low_of(cases) + to * d, low_of(cases) + i * d, d * sizeof(tril_real));
    memmove(high_of(cases) + to * d, high_of(cases) + i * d, d * sizeof(tril_real));
}

void tril_model_free_limits(tril_dataset *cases)
{
    if (cases->bounds)
        tril_ctx_release(cases->ctx, low_of(cases));
    tril_ctx_release(cases->ctx, cases->bounds);
}

/* none at first */
static bool make_bounds(tril_dataset *cases, size_t d)
{
    if (cases->bounds)
        return true;
    tril_bounds *bounds = tril_ctx_alloc(cases->ctx, "cases", 1, sizeof *bounds);
    tril_real *low = tril_ctx_alloc(cases->ctx, "cases", cases->n, 2 * d * sizeof *low);
    if (!bounds || !low) {
        tril_ctx_release(cases->ctx, bounds);
        tril_ctx_release(cases->ctx, low);
        return false;
    }
    for (size_t i = 0; i < 2 * cases->n * d; i++)
        low[i] = (tril_real)NAN;
    *bounds = (tril_bounds){ low, low + cases->n * d };
    cases->bounds = bounds;
    return true;
}

static const char *text_of(const tril_table *table, size_t row, size_t k, char *room)
{
    const char *text;
    cell_get(table, table->cells + row * table->width + k, &text);
    return tril_shown(room, text);
}

bool tril_model_put_limits(const tril_model *model, const tril_table *table, size_t j, size_t k,
                           tril_dataset *cases)
{
    const size_t d = model->about.n_targets;
    const tril_transform *g = &model->transforms[j];
    const double origin = model->origin[model->about.mlp.inputs + j];
    char room[TRIL_SHOWN_ROOM];
    if (!table->columns[k].bounds)
        return true;
    double *low = tril_ctx_alloc(cases->ctx, "cases", table->rows, 2 * sizeof *low), *high = low;
    bool done = low && make_bounds(cases, d) &&
                tril_table_bounds(table, model->about.targets[j], low, high += table->rows);
    for (size_t i = 0; i < cases->n && done; i++) {
        const size_t row = cases->row[i], at = i * d + j;
        if (!isnan(cases->y[at]))
            continue;
        const double a = tril_transform_forward(g, low[row]),
                     b = tril_transform_forward(g, high[row]);
        low_of(cases)[at] = (tril_real)(a - origin);
        high_of(cases)[at] = (tril_real)(b - origin);
        if (a == HUGE_VAL || b == -HUGE_VAL)
            done = tril_table_fail_cell(table, row, k,
                                        "no number of '%s' is one that the transform takes, %s: "
                                        "leave the cell empty, or choose another (--transform)",
                                        text_of(table, row, k, room), g->kind->takes);
    }
    tril_ctx_release(cases->ctx, low);
    return done;
}

/* the member that takes fewest */
static const tril_head_opts *narrowest(const tril_model *model)
{
    const size_t d = model->about.n_targets;
    const tril_head_opts *head = model->heads;
    for (size_t i = 1; i < model->about.n_networks; i++)
        if (tril_head_bounds(&model->heads[i], d) < tril_head_bounds(head, d))
            head = &model->heads[i];
    return head;
}

bool tril_model_check_limits(const tril_model *model, const tril_table *table,
                             const tril_dataset *cases)
{
    const size_t d = model->about.n_targets, size = cases->bounds ? cases->n * d : 0;
    const tril_head_opts *head = narrowest(model);
    const size_t most = tril_head_bounds(head, d);
    char room[TRIL_SHOWN_ROOM];
    for (size_t i = 0, n = 0, k; i < size; i++) {
        n = (i % d ? n : 0) + are_known(cases, i);
        if (n <= most)
            continue;
        if (!tril_table_find(table, model->about.targets[i % d], &k))
            return false;
        const size_t row = cases->row[i / d];
        const char *text = text_of(table, row, k, room);
        if (most)
            return tril_table_fail_cell(table, row, k,
                                        "with '%s' more than %zu targets of the row are known by "
                                        "bounds only, which the head %s does not take: take --head "
                                        "diagonal, or leave the row out",
                                        text, most, head->kind->name);
        return tril_table_fail_cell(table, row, k,
                                    "'%s' is no number but bounds of one, which the head %s does "
                                    "not take: take one of normals, as --head full, or leave the "
                                    "cell empty",
                                    text, head->kind->name);
    }
    return true;
}
