/* Training as an object. What a step depends on is what the options say, the progress, and the
 * blocks of parameters and optimizer; all else is made of these anew. */
#include <math.h>
#include <string.h>
#include <time.h>

#include <tril/extend.h>
#include <tril/shards.h>

#include "core/params.h"
#include "train/fit.h"
#include "train/network.h"
#include "train/schedule.h"
#include "train/streams.h"

enum { OWN_ARRAYS = 12 }; /* of the state, but for the optimizer's */

/* What a run that goes on must know, beside the blocks. */
typedef struct progress {
    uint64_t epoch, batch;          /* over; batches of the epoch under way */
    uint64_t best_epoch, reduced;   /* how often a plateau has reduced the rate */
    uint64_t since;                 /* the epoch of the last reduction */
    double sum;                     /* of the NLL over the epoch's rows so far */
    double train, validation, best; /* NLL at the end of the last epoch, and the best */
} progress;

struct tril_fit {
    tril_ctx *ctx;
    tril_arena arena;
    tril_network net;
    tril_params *params;
    tril_fit_opts opts;
    tril_optim *optim;
    tril_shards *shards;
    tril_pass training, validation;
    double log_scale;       /* what the network's own coordinates take from an NLL */
    size_t n, batches;      /* training rows, and into how many batches they go */
    size_t *sorted, *order; /* training rows, and in the order of the epoch number ordered - 1 */
    uint64_t ordered;
    progress progress;
    tril_real *best, *average; /* of parameters, where they may be needed */
    tril_array arrays[OWN_ARRAYS + TRIL_OPTIM_ARRAYS];
    size_t n_arrays;
    double seconds; /* that the epoch's steps took, and how many rows these had */
    size_t timed;
};

/* ---- making one */

static bool leaves_none(const tril_fit *fit, const char *what)
{
    return tril_ctx_fail(fit->ctx, TRIL_BAD_ARGUMENT,
                         "fit: with a share of %g held out no row is left to %s",
                         fit->opts.validation_share, what);
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
        if (fold[i])
            fit->sorted[--held] = i;
    for (size_t i = 0; dealt && i < rows.n; i++)
        if (!fold[i])
            fit->sorted[fit->n++] = i;
    tril_ctx_release(fit->ctx, fold);
    if (!dealt)
        return false;
    if (fit->n == 0)
        return leaves_none(fit, "train on");
    if (o->validation_share == 0)
        return true;
    fit->validation.rows = (tril_batch){ rows.x, rows.y, rows.n - held };
    fit->validation.index = fit->sorted + held;
    return held < rows.n || leaves_none(fit, "validate");
}

/* the last layer at the fit of the training rows of which nothing is missing */
static bool start(tril_fit *fit)
{
    const size_t d = fit->net.targets;
    const tril_real *y = fit->training.rows.y;
    if (fit->opts.no_init)
        return true;
    if (fit->net.line.scale.params)
        return tril_line_start(&fit->net, (tril_batch){ fit->training.rows.x, y, fit->n },
                               fit->sorted);
    tril_real *complete = tril_ctx_alloc(fit->ctx, "fit", fit->n * d, sizeof *complete);
    size_t rows = 0;
    for (size_t i = 0; complete && i < fit->n; i++) {
        bool missing = false;
        for (size_t j = 0; j < d; j++) {
            complete[rows * d + j] = y[fit->sorted[i] * d + j];
            missing |= isnan(complete[rows * d + j]);
        }
        rows += !missing;
    }
    if (complete && rows == 0)
        tril_ctx_fail(fit->ctx, TRIL_BAD_ARGUMENT,
                      "fit: there is no training row of which nothing is missing");
    bool started = tril_head_init(tril_mlp_last(fit->net.mlp), complete, rows, d, &fit->net.head);
    tril_ctx_release(fit->ctx, complete);
    return started;
}

/* the targets of a pass's rows in the network's own coordinates, in the place of the caller's */
static bool subtract_line(tril_fit *fit, tril_batch *rows)
{
    tril_real *y = tril_arena_take(&fit->arena, "fit", rows->n, fit->net.targets * sizeof *y);
    bool done = y && tril_line_subtract(&fit->net, *rows, fit->opts.missing, y);
    rows->y = y;
    return done;
}

static bool use_line(tril_fit *fit)
{
    if (!fit->net.line.scale.params)
        return true;
    tril_batch *held = &fit->validation.rows;
    if (!subtract_line(fit, &fit->training.rows))
        return false;
    if (fit->opts.validation_share > 0)
        held->y = fit->training.rows.y;
    else if (held->n && !subtract_line(fit, held))
        return false;
    fit->log_scale = fit->opts.missing ? 0 : tril_line_log_scale(&fit->net);
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

static void list_state(tril_fit *fit)
{
    progress *p = &fit->progress;
    const tril_array own[OWN_ARRAYS] = {
        { "fit.params", fit->params->values, TRIL_ARRAY_REAL, fit->params->size },
        { "fit.epoch", &p->epoch, TRIL_ARRAY_COUNT, 1 },
        { "fit.batch", &p->batch, TRIL_ARRAY_COUNT, 1 },
        { "fit.best_epoch", &p->best_epoch, TRIL_ARRAY_COUNT, 1 },
        { "fit.reduced", &p->reduced, TRIL_ARRAY_COUNT, 1 },
        { "fit.since", &p->since, TRIL_ARRAY_COUNT, 1 },
        { "fit.sum", &p->sum, TRIL_ARRAY_DOUBLE, 1 },
        { "fit.train_nll", &p->train, TRIL_ARRAY_DOUBLE, 1 },
        { "fit.validation_nll", &p->validation, TRIL_ARRAY_DOUBLE, 1 },
        { "fit.best_nll", &p->best, TRIL_ARRAY_DOUBLE, 1 },
        { "fit.best", fit->best, TRIL_ARRAY_REAL, fit->params->size },
        { "fit.average", fit->average, TRIL_ARRAY_REAL, fit->params->size },
    };
    size_t n = 0;
    for (size_t i = 0; i < OWN_ARRAYS; i++)
        if (own[i].values)
            fit->arrays[n++] = own[i];
    fit->n_arrays = n + tril_optim_state(fit->optim, fit->arrays + n);
}

static bool has_validation(const tril_fit *fit)
{
    return fit->validation.rows.n > 0;
}

/* memory, and which rows are whose */
static bool make_rows(tril_fit *fit, tril_batch rows)
{
    tril_arena *arena = &fit->arena;
    const tril_fit_opts *o = &fit->opts;
    fit->sorted = tril_arena_take(arena, "fit", rows.n, sizeof *fit->sorted);
    fit->order = tril_arena_take(arena, "fit", rows.n, sizeof *fit->order);
    fit->training = (tril_pass){ &fit->net, o, rows, .training = true };
    fit->training.noisy = o->input_noise > 0 || o->target_noise > 0;
    fit->validation = (tril_pass){ &fit->net, o, o->validation };
    if (!fit->sorted || !fit->order || !split(fit, rows))
        return false;
    fit->batches = (fit->n - 1) / o->batch + 1;
    const size_t shards = ((fit->n - 1) / fit->batches) / TRIL_FIT_SHARD + 1;
    fit->training.nll = tril_arena_take(arena, "fit", shards, sizeof *fit->training.nll);
    if (has_validation(fit) && !o->keep_last)
        fit->best = tril_arena_take(arena, "fit", fit->params->size, sizeof *fit->best);
    if (o->average > 0)
        fit->average = tril_arena_take(arena, "fit", fit->params->size, sizeof *fit->average);
    return !tril_ctx_failed(fit->ctx);
}

/* noise is the seed's and the batch's: number 0 is the start's, in which all rows are one */
static tril_random noise_of(const tril_fit *fit, uint64_t number)
{
    return tril_stream_for(fit->opts.seed, TRIL_FOR_NOISE, number);
}

static void copy_params(tril_real *to, const tril_real *from, const tril_fit *fit)
{
    if (to && from)
        memcpy(to, from, fit->params->size * sizeof *to);
}

/* the mean NLL of n rows as things stand */
static bool judge(tril_fit *fit, const tril_pass *of, size_t n, double *nll)
{
    tril_pass pass = *of;
    pass.training = false;
    bool done = tril_shards_mean(fit->shards, n, tril_pass_loss, &pass, nll);
    *nll += fit->log_scale;
    return done;
}

static void keep_best(tril_fit *fit)
{
    progress *p = &fit->progress;
    p->best = has_validation(fit) ? p->validation : p->train;
    p->best_epoch = p->epoch;
    copy_params(fit->best, fit->params->values, fit);
}

static bool make(tril_fit *fit, tril_batch rows)
{
    progress *p = &fit->progress;
    if (!tril_fit_check(fit->ctx, &fit->net, &rows, &fit->opts) || !make_rows(fit, rows) ||
        !start(fit) || !use_line(fit) || !make_optim(fit))
        return false;
    fit->shards = tril_shards_new(
        fit->params, &(tril_shards_opts){ .threads = fit->opts.threads, .rows = TRIL_FIT_SHARD });
    fit->training.index = fit->training.pool = fit->sorted;
    fit->training.n_pool = fit->n;
    fit->training.noise = noise_of(fit, 0);
    p->validation = (double)NAN;
    if (!judge(fit, &fit->training, fit->n, &p->train) ||
        (has_validation(fit) &&
         !judge(fit, &fit->validation, fit->validation.rows.n, &p->validation)))
        return false;
    keep_best(fit);
    copy_params(fit->average, fit->params->values, fit);
    list_state(fit);
    return true;
}

tril_fit *tril_fit_new(const tril_network *net, tril_batch rows, const tril_fit_opts *opts)
{
    tril_params *params = net ? tril_dense_weight(tril_mlp_last(net->mlp)).params : NULL;
    if (!params || tril_ctx_failed(params->ctx))
        return NULL;
    tril_fit *fit = tril_ctx_alloc(params->ctx, "fit", 1, sizeof *fit);
    if (!fit)
        return NULL;
    *fit = (tril_fit){ .ctx = params->ctx,
                       .arena = { .ctx = params->ctx },
                       .net = *net,
                       .params = params,
                       .opts = opts ? *opts : (tril_fit_opts){ 0 } };
    if (make(fit, rows))
        return fit;
    tril_fit_free(fit);
    return NULL;
}

void tril_fit_free(tril_fit *fit)
{
    if (!fit)
        return;
    tril_shards_free(fit->shards);
    tril_optim_free(fit->optim);
    tril_arena_free(&fit->arena);
    tril_ctx_release(fit->ctx, fit);
}

/* ---- running it */

bool tril_fit_done(const tril_fit *fit)
{
    if (!fit)
        return true;
    const progress *p = &fit->progress;
    return p->epoch >= fit->opts.epochs ||
           (fit->opts.patience && p->epoch - p->best_epoch >= fit->opts.patience);
}

void tril_fit_take_best(tril_fit *fit)
{
    if (fit)
        copy_params(fit->params->values, fit->best ? fit->best : fit->average, fit);
}

/* of the step that comes next */
static double rate_factor(const tril_fit *fit)
{
    const progress *p = &fit->progress;
    const double steps = (double)fit->batches;
    return tril_schedule_at(&fit->opts.schedule,
                            ((double)p->epoch * steps + (double)p->batch) / steps, 1 / steps,
                            (double)fit->opts.epochs, (double)p->reduced);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* the order is the seed's and the epoch's, wherever the run began */
static void set_order(tril_fit *fit)
{
    const uint64_t epoch = fit->progress.epoch;
    if (fit->ordered == epoch + 1)
        return;
    tril_random random = tril_stream_for(fit->opts.seed, TRIL_FOR_ORDER, epoch);
    memcpy(fit->order, fit->sorted, fit->n * sizeof *fit->order);
    tril_random_shuffle(&random, fit->order, fit->n);
    fit->ordered = epoch + 1;
}

/* at first the mean of all steps, then one that forgets */
static void move_average(tril_fit *fit)
{
    const progress *p = &fit->progress;
    const double step = (double)p->epoch * (double)fit->batches + (double)p->batch + 1;
    const tril_real share = (tril_real)fmax(1 - fit->opts.average, 1 / step);
    for (size_t i = 0; fit->average && i < fit->params->size; i++)
        fit->average[i] += share * (fit->params->values[i] - fit->average[i]);
}

/* what is judged for what is trained, and back */
static void swap_average(tril_fit *fit)
{
    for (size_t i = 0; fit->average && i < fit->params->size; i++) {
        const tril_real trained = fit->params->values[i];
        fit->params->values[i] = fit->average[i];
        fit->average[i] = trained;
    }
}

/* batches differ by one row, the larger ones first */
static bool learn_batch(tril_fit *fit)
{
    progress *p = &fit->progress;
    const size_t batch = (size_t)p->batch, least = fit->n / fit->batches;
    const size_t larger = fit->n % fit->batches, rows = least + (batch < larger);
    tril_pass pass = fit->training;
    set_order(fit);
    const double begin = now();
    pass.index = fit->order + batch * least + (batch < larger ? batch : larger);
    pass.noise = noise_of(fit, 1 + p->epoch * fit->batches + batch);
    if (!tril_optim_set_lr_factor(fit->optim, rate_factor(fit)) ||
        !tril_shards_backward(fit->shards, rows, tril_pass_loss, &pass, NULL))
        return false;
    if (fit->opts.loss->mean_first && p->epoch < fit->opts.warmup_epochs)
        tril_fit_mean_alone(&fit->net);
    if (!tril_optim_step(fit->optim))
        return false;
    move_average(fit);
    for (size_t i = 0; i < (rows - 1) / TRIL_FIT_SHARD + 1; i++)
        p->sum += pass.nll[i];
    p->batch++;
    fit->seconds = now() - begin + (batch ? fit->seconds : 0);
    fit->timed = rows + (batch ? fit->timed : 0);
    return true;
}

/* counts an epoch that has been judged */
static void close_epoch(tril_fit *fit)
{
    progress *p = &fit->progress;
    p->train = p->sum / (double)fit->n + fit->log_scale;
    p->sum = 0;
    p->batch = 0;
    p->epoch++;
    const uint64_t last = p->best_epoch > p->since ? p->best_epoch : p->since;
    if ((has_validation(fit) ? p->validation : p->train) < p->best) {
        keep_best(fit);
    } else if (fit->opts.schedule.kind == TRIL_PLATEAU &&
               p->epoch - last >= fit->opts.schedule.every) {
        p->reduced++;
        p->since = p->epoch;
    }
}

static bool end_epoch(tril_fit *fit)
{
    swap_average(fit);
    const bool judged = !has_validation(fit) || judge(fit, &fit->validation, fit->validation.rows.n,
                                                      &fit->progress.validation);
    if (judged)
        close_epoch(fit);
    swap_average(fit);
    if (judged && tril_fit_done(fit))
        tril_fit_take_best(fit);
    return judged;
}

bool tril_fit_step(tril_fit *fit)
{
    if (!fit || tril_ctx_failed(fit->ctx) || tril_fit_done(fit))
        return false;
    if (fit->progress.batch < fit->batches && !learn_batch(fit))
        return false;
    return fit->progress.batch < fit->batches || end_epoch(fit);
}

bool tril_fit_epoch(tril_fit *fit)
{
    do
        if (!tril_fit_step(fit))
            return false;
    while (fit->progress.batch > 0);
    return true;
}

bool tril_fit_run(tril_fit *fit, tril_fit_progress *watch, void *user)
{
    while (tril_fit_epoch(fit)) {
        tril_fit_status figures = tril_fit_get_status(fit);
        if (watch && !watch(&figures, user))
            break;
    }
    return fit && !tril_ctx_failed(fit->ctx);
}

tril_fit_status tril_fit_get_status(const tril_fit *fit)
{
    if (!fit)
        return (tril_fit_status){ 0 };
    const progress *p = &fit->progress;
    return (tril_fit_status){ .epoch = (size_t)p->epoch,
                              .epochs = fit->opts.epochs,
                              .batch = (size_t)p->batch,
                              .batches = fit->batches,
                              .steps = (size_t)p->epoch * fit->batches + (size_t)p->batch,
                              .train_nll = p->train,
                              .validation_nll = p->validation,
                              .best_nll = p->best,
                              .best_epoch = (size_t)p->best_epoch,
                              .lr = fit->opts.lr * rate_factor(fit),
                              .seconds = fit->seconds,
                              .rows_per_second =
                                  fit->seconds > 0 ? (double)fit->timed / fit->seconds : 0 };
}

const tril_array *tril_fit_state(tril_fit *fit, size_t *n)
{
    *n = fit ? fit->n_arrays : 0;
    return fit ? fit->arrays : NULL;
}
