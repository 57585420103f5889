/* The rows and the model of a run. */
#include "cmd/fit_data.h"

#include <tril/extend.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/kinds.h"

/* all columns, or those that are asked for, but targets, groups, weights and those excluded */
static bool list_inputs(work *w)
{
    const plan *p = w->plan;
    const char *const no_inputs[] = { p->group, p->model.weight };
    const size_t width = tril_table_width(w->table), n = p->inputs.name ? p->inputs.n : width;
    for (size_t i = 0, k; i < p->exclude.n; i++)
        if (!tril_table_find(w->table, p->exclude.name[i], &k))
            return false;
    w->inputs.name = command_alloc(n, sizeof *w->inputs.name);
    for (size_t k = 0; k < n && w->inputs.name; k++) {
        const char *name = p->inputs.name ? p->inputs.name[k] : tril_table_name(w->table, k);
        bool input = !names_hold(&p->exclude, name);
        for (size_t i = 0; i < 2 && !p->inputs.name; i++)
            input &= !names_hold(&p->targets, name) &&
                     !(no_inputs[i] && strcmp(no_inputs[i], name) == 0);
        if (input)
            w->inputs.name[w->inputs.n++] = name;
    }
    return w->inputs.name;
}

/* Whether some rows of a table lack some of several targets, but not all, and whether some targets
 * are known by bounds only; not of classes, which are no numbers. */
static void look_at_targets(const plan *p, const tril_table *table, bool *holes, bool *bounds)
{
    const bool classes = p->heads->kind->support == &tril_support_class;
    const size_t d = p->targets.n, n = tril_table_rows(table);
    double *low = table && !classes ? command_alloc(n, 2 * sizeof *low) : NULL,
           *high = low ? low + n : NULL;
    size_t *there = low ? command_alloc(n, sizeof *there) : NULL;
    for (size_t i = 0; i < n && there; i++)
        there[i] = 0;
    bool going = there;
    for (size_t j = 0; j < d && going; j++) {
        going = tril_table_bounds(table, p->targets.name[j], low, high);
        for (size_t i = 0; i < n && going; i++) {
            there[i] += !isnan(low[i]);
            *bounds |= low[i] < high[i];
        }
    }
    for (size_t i = 0; i < n && going; i++)
        *holes |= there[i] > 0 && there[i] < d;
    free(low);
    free(there);
}

/* What five networks for 10000 rows cost is what a first-time user waits for: about a minute. It is
 * counted in rows, so that no result depends on the machine. */
static size_t default_members(size_t rows)
{
    enum { MOST = 5, ROWS = 10000 };
    const size_t members = rows ? MOST * ROWS / rows : MOST;
    return members > MOST ? MOST : members < 1 ? 1 : members;
}

/* bounds of some targets are there */
static bool take_bounds(plan *p)
{
    p->bounds = true;
    if (p->share[PART_CALIBRATION] == 0 && !p->file[PART_CALIBRATION])
        return plan_read_network(p);
    fprintf(stderr,
            "%s: --conformal wants rows whose targets are numbers, and some are known by bounds "
            "only: leave it out, or these rows\n",
            command_name());
    return false;
}

bool work_read(work *w, plan *p)
{
    *w = (work){ .plan = p, .ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = p->fit.seed }) };
    w->table = tril_table_read(w->ctx, p->settings.data, &p->dialect);
    for (int k = 0; k < PARTS; k++)
        if (p->file[k])
            w->files[k] = tril_table_read(w->ctx, p->file[k], &p->dialect);
    bool holes = false, bounds = false;
    if (tril_ctx_failed(w->ctx) || !kinds_find(p, w->table))
        return false;
    look_at_targets(p, w->table, &holes, &bounds);
    for (int k = 0; k < PARTS; k++)
        look_at_targets(p, w->files[k], &holes, &bounds);
    if (tril_ctx_failed(w->ctx) || command_lacked_memory() || (bounds && !take_bounds(p)))
        return false;
    const tril_missing m = p->model.missing;
    p->fit.missing = m == TRIL_MISSING_MARGINAL || (m == TRIL_MISSING_BOTH && holes);
    w->row = command_alloc(tril_table_rows(w->table), sizeof *w->row);
    if (!w->row || !list_inputs(w) || !split_rows(w))
        return false;
    if (p->model.members == 0)
        p->model.members = default_members(w->count[PART_TRAINING]);
    return true;
}

tril_model *work_model_of(const work *w, const size_t *row, size_t n)
{
    tril_model_opts opts = w->plan->model;
    opts.inputs = w->inputs.name;
    opts.n_inputs = w->inputs.n;
    return tril_model_new(w->table, row, n, &opts);
}

tril_fit_opts plan_member(const plan *p, size_t k)
{
    tril_fit_opts opts = p->fit;
    opts.seed += k;
    /* whether a line helps is the table's: every other one of several networks does without */
    opts.flat = k % 2;
    if (!opts.loss)
        opts.loss = tril_head_loss(p->heads[k % p->model.n_heads].kind);
    return opts;
}

bool work_make_model(work *w)
{
    w->model = work_model_of(w, w->row, w->count[PART_TRAINING]);
    return w->model;
}

bool work_read_cases(work *w)
{
    const tril_dataset_opts opts = { .missing = w->plan->model.missing, .unseen = true };
    size_t first = 0;
    for (int k = 0; k < PARTS; k++) {
        const bool own = w->files[k];
        if (own || w->count[k]) {
            if (!tril_model_dataset(w->model, own ? w->files[k] : w->table,
                                    own ? NULL : w->row + first, w->count[k], &opts, &w->cases[k]))
                return false;
        }
        first += w->count[k];
    }
    return true;
}

void work_write_rows(const work *w, const char *rows, char text[WORK_ROWS_TEXT])
{
    const tril_dataset *c = w->cases;
    char calibrate[48] = "";
    if (c[PART_CALIBRATION].n)
        snprintf(calibrate, sizeof calibrate, ", %zu to calibrate", c[PART_CALIBRATION].n);
    snprintf(text, WORK_ROWS_TEXT, "%zu%s to train on, %zu to validate%s, %zu to test",
             c[PART_TRAINING].n, rows, c[PART_VALIDATION].n, calibrate, c[PART_TEST].n);
}

void work_free(work *w)
{
    for (int k = 0; k < PARTS; k++) {
        tril_dataset_free(&w->cases[k]);
        tril_table_free(w->files[k]);
    }
    tril_model_free(w->model);
    tril_table_free(w->table);
    tril_ctx_free(w->ctx);
    names_free(&w->inputs);
    free(w->row);
}

/* FNV-1a */
static uint64_t hash(uint64_t before, const void *bytes, size_t n)
{
    for (const unsigned char *p = bytes; n--; p++)
        before = (before ^ *p) * UINT64_C(0x100000001b3);
    return before;
}

uint64_t work_add_fingerprint(uint64_t sum, const tril_model *model, const tril_dataset *parts)
{
    const tril_model_info *about = tril_model_get_info(model);
    for (int k = 0; k < PARTS; k++) {
        const tril_dataset *c = &parts[k];
        sum = hash(sum, &c->n, sizeof c->n);
        sum = hash(sum, c->x, c->n * about->mlp.inputs * sizeof *c->x);
        sum = hash(sum, c->y, c->n * about->n_targets * sizeof *c->y);
        sum = hash(sum, c->w, (c->w ? c->n : 0) * sizeof *c->w);
        for (size_t side = 0; side < 2 && c->bounds; side++)
            sum = hash(sum, side ? c->bounds->high : c->bounds->low,
                       c->n * about->n_targets * sizeof(tril_real));
    }
    return sum;
}

uint64_t work_fingerprint(const work *w)
{
    return work_add_fingerprint(UINT64_C(0xcbf29ce484222325), w->model, w->cases);
}

double work_log_scale(const work *w, part which)
{
    const tril_dataset *c = &w->cases[which];
    const size_t d = tril_model_get_info(w->model)->n_targets;
    double sum = 0, rows = 0;
    for (size_t i = 0; i < c->n; i++) {
        const double weight = tril_weight_of(c->w, i);
        double own = 0;
        tril_model_targets_add_log_scale(w->model, c->y + i * d, 1, NULL, &own);
        rows += weight;
        sum += weight * own;
    }
    return rows > 0 ? sum / rows : 0;
}
