/* What a fit is made of: its rows, where the network begins, its optimizer. */
#include <math.h>

#include <tril/extend.h>

#include "core/params.h"
#include "train/fit.h"
#include "train/network.h"

static bool leaves_none(const tril_fit *fit, const char *what)
{
    return tril_ctx_fail(fit->ctx, TRIL_BAD_ARGUMENT,
                         "fit: with a share of %g held out no row is left to %s",
                         fit->opts.validation_share, what);
}

/* a row of weight 0 is none */
static bool counts(tril_batch rows, size_t i)
{
    return !rows.w || rows.w[i] > 0;
}

/* Training rows to the front, those held out behind them. */
static bool split(tril_fit *fit, tril_batch rows)
{
    const tril_fit_opts *o = &fit->opts;
    const double shares[2] = { 1 - o->validation_share, o->validation_share };
    size_t *fold = tril_ctx_alloc(fit->ctx, "fit", rows.n, sizeof *fold), held = rows.n;
    bool dealt = fold && tril_folds(fit->ctx, rows.n, o->group, shares,
                                    o->validation_share > 0 ? 2 : 1, o->seed, fold);
    for (size_t i = rows.n; dealt && i-- > 0;)
        if (fold[i] && counts(rows, i))
            fit->sorted[--held] = i;
    for (size_t i = 0; dealt && i < rows.n; i++)
        if (!fold[i] && counts(rows, i))
            fit->sorted[fit->n++] = i;
    tril_ctx_release(fit->ctx, fold);
    if (!dealt)
        return false;
    if (fit->n == 0)
        return leaves_none(fit, "train on");
    if (o->validation_share == 0)
        return true;
    fit->validation.rows = (tril_batch){ rows.x, rows.y, rows.n - held, rows.w };
    fit->validation.bounds = fit->training.bounds;
    fit->validation.index = fit->sorted + held;
    return held < rows.n || leaves_none(fit, "validate");
}

static bool start(tril_fit *fit)
{
    tril_batch rows = fit->training.rows;
    rows.n = fit->n;
    if (fit->opts.no_init)
        return true;
    return fit->net.line.scale.params
               ? tril_line_start(&fit->net, rows, fit->training.bounds, fit->sorted, fit->opts.flat)
               : tril_flat_start(&fit->net, rows, fit->training.bounds, fit->sorted);
}

/* the targets of a pass's rows in the network's own coordinates, in the place of the caller's */
static bool subtract_line(tril_fit *fit, tril_batch *rows, tril_bounds *bounds)
{
    const tril_real **const numbers[] = { &rows->y, &bounds->low, &bounds->high };
    double *memory = tril_arena_take(&fit->arena, "fit", fit->net.targets, sizeof *memory);
    for (size_t k = 0; k < 3 && *numbers[k] && memory; k++) {
        tril_real *y = tril_arena_take(&fit->arena, "fit", rows->n, fit->net.targets * sizeof *y);
        const tril_batch of = { rows->x, *numbers[k], rows->n };
        if (y)
            tril_line_subtract(&fit->net, of, fit->opts.missing, memory, y);
        *numbers[k] = y;
    }
    return !tril_ctx_failed(fit->ctx);
}

static bool use_line(tril_fit *fit)
{
    if (!fit->net.line.scale.params)
        return true;
    tril_batch *held = &fit->validation.rows;
    if (!subtract_line(fit, &fit->training.rows, &fit->training.bounds))
        return false;
    if (fit->opts.validation_share > 0) {
        held->y = fit->training.rows.y;
        fit->validation.bounds = fit->training.bounds;
    } else if (held->n && !subtract_line(fit, held, &fit->validation.bounds))
        return false;
    fit->log_scale = fit->opts.missing ? 0 : tril_line_log_scale(&fit->net);
    return true;
}

static double weight_of(const tril_fit *fit, size_t i)
{
    return tril_weight_of(fit->training.rows.w, fit->sorted[i]);
}

/* how much the line varies over the training rows, in coordinates of what it leaves: the mean over
 * the targets of its variance */
static double variance_of_line(const tril_fit *fit, const double *slope)
{
    const size_t inputs = tril_network_inputs(&fit->net), d = fit->net.targets;
    double total = 0;
    for (size_t j = 0; j < d; j++) {
        double mean = 0, squares = 0, n = 0; /* West's */
        for (size_t i = 0; i < fit->n; i++) {
            const tril_real *x = fit->training.rows.x + fit->sorted[i] * inputs;
            double line = 0;
            for (size_t k = 0; k < inputs; k++)
                line += slope[j * inputs + k] * (double)x[k];
            const double step = line - mean, weight = weight_of(fit, i);
            n += weight;
            mean += weight * step / n;
            squares += weight * step * (line - mean);
        }
        total += squares / n / (double)d;
    }
    return total;
}

/* tril_fit_opts.input_noise says when, and why */
static bool show_noise_to_line(tril_fit *fit)
{
    const double most = 0.05;
    const size_t inputs = tril_network_inputs(&fit->net);
    tril_pass *pass = &fit->training;
    pass->n_pool = fit->n;
    pass->total = 0;
    for (size_t i = 0; i < fit->n; i++) {
        pass->total += weight_of(fit, i);
        if (pass->below)
            pass->below[i] = pass->total;
    }
    if (!fit->net.line.scale.params || fit->opts.input_noise == 0)
        return true;
    double *slope = tril_arena_take(&fit->arena, "fit", fit->net.targets * inputs, sizeof *slope);
    if (!slope)
        return false;
    tril_line_slope(&fit->net, true, slope);
    if (tril_pass_noise(pass) * sqrt(variance_of_line(fit, slope)) > most)
        return true;
    tril_line_slope(&fit->net, !fit->opts.missing, slope);
    pass->slope = slope;
    return true;
}

static bool make_optim(tril_fit *fit)
{
    const tril_fit_opts *o = &fit->opts;
    const tril_optim_opts opts = { o->lr, o->momentum, o->weight_decay, o->clip };
    const tril_line *line = &fit->net.line;
    for (size_t i = 0; i < fit->params->count && o->weight_decay > 0; i++)
        if (fit->params->entries[i].shape.rank == 1 ||
            (line->scale.params && (i == line->weight.index || i == line->scale.index)))
            fit->params->entries[i].group = "bias"; /* as a line is none that decays */
    fit->optim = o->optim->make ? o->optim->make(fit->params, &opts)
                                : tril_optim_new(o->optim, fit->params, &opts, &opts, sizeof opts);
    return fit->optim &&
           (o->weight_decay == 0 || tril_optim_set_weight_decay(fit->optim, "bias", 0));
}

static void set_mean_weight(tril_pass *pass, const size_t *index, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n && pass->rows.w; i++)
        sum += (double)pass->rows.w[index ? index[i] : i] / (double)n;
    pass->mean_weight = sum;
}

/* memory, and which rows are whose */
static bool make_rows(tril_fit *fit, tril_batch rows)
{
    tril_arena *arena = &fit->arena;
    const tril_fit_opts *o = &fit->opts;
    fit->sorted = tril_arena_take(arena, "fit", rows.n, sizeof *fit->sorted);
    fit->order = tril_arena_take(arena, "fit", rows.n, sizeof *fit->order);
    fit->training =
        (tril_pass){ &fit->net, o, rows, tril_bounds_or_none(o->bounds), .training = true };
    fit->training.noisy = o->input_noise > 0 || o->target_noise > 0;
    fit->validation =
        (tril_pass){ &fit->net, o, o->validation, tril_bounds_or_none(o->validation_bounds) };
    if (!fit->sorted || !fit->order || !split(fit, rows))
        return false;
    set_mean_weight(&fit->training, fit->sorted, fit->n);
    set_mean_weight(&fit->validation, fit->validation.index, fit->validation.rows.n);
    if (rows.w)
        fit->training.below = tril_arena_take(arena, "fit", fit->n, sizeof(double));
    fit->batches = (fit->n - 1) / o->batch + 1;
    const size_t shards = ((fit->n - 1) / fit->batches) / TRIL_SHARD_ROWS + 1;
    fit->training.nll = tril_arena_take(arena, "fit", shards, sizeof *fit->training.nll);
    if (tril_fit_has_validation(fit) && !o->keep_last)
        fit->best = tril_arena_take(arena, "fit", fit->params->size, sizeof *fit->best);
    if (o->average > 0)
        fit->average = tril_arena_take(arena, "fit", fit->params->size, sizeof *fit->average);
    return !tril_ctx_failed(fit->ctx);
}

bool tril_fit_prepare(tril_fit *fit, tril_batch rows)
{
    return make_rows(fit, rows) && start(fit) && use_line(fit) && show_noise_to_line(fit) &&
           make_optim(fit);
}
