/* Training as an object. What a step depends on is what the options say, the progress, and the
 * blocks of parameters and optimizer; all else is made of these anew. */
#include <math.h>
#include <string.h>
#include <time.h>

#include <tril/shards.h>

#include "core/params.h"
#include "train/fit.h"
#include "train/group.h"
#include "train/network.h"
#include "train/schedule.h"
#include "train/streams.h"

/* ---- making one */

static void list_state(tril_fit *fit)
{
    tril_progress *p = &fit->progress;
    const tril_array own[TRIL_FIT_ARRAYS] = {
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
    for (size_t i = 0; i < TRIL_FIT_ARRAYS; i++)
        if (own[i].values)
            fit->arrays[n++] = own[i];
    fit->n_arrays = n + tril_optim_state(fit->optim, fit->arrays + n);
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
    tril_progress *p = &fit->progress;
    p->best = tril_fit_has_validation(fit) ? p->validation : p->train;
    p->best_epoch = p->epoch;
    copy_params(fit->best, fit->params->values, fit);
}

static bool make(tril_fit *fit, tril_batch rows)
{
    tril_progress *p = &fit->progress;
    if (!tril_fit_check(fit->ctx, &fit->net, &rows, &fit->opts) || !tril_fit_prepare(fit, rows))
        return false;
    fit->shards = tril_shards_new(
        fit->params, &(tril_shards_opts){ .threads = fit->opts.threads, .processes = &fit->group });
    fit->training.index = fit->training.pool = fit->sorted;
    fit->training.noise = noise_of(fit, 0);
    p->validation = (double)NAN;
    if (!judge(fit, &fit->training, fit->n, &p->train) ||
        (tril_fit_has_validation(fit) &&
         !judge(fit, &fit->validation, fit->validation.rows.n, &p->validation)))
        return false;
    keep_best(fit);
    copy_params(fit->average, fit->params->values, fit);
    list_state(fit);
    return true;
}

static bool shares_allocator(const tril_ctx *a, const tril_ctx *b)
{
    return a->allocator.resize == b->allocator.resize && a->allocator.user == b->allocator.user;
}

static void move_store(tril_params *params, tril_ctx *to, uint64_t serial, bool away)
{
    params->ctx = params->arena.ctx = to;
    params->serial = serial;
    params->away = away;
}

tril_fit *tril_fit_new(const tril_network *net, tril_batch rows, const tril_fit_opts *opts)
{
    tril_params *params = net ? tril_dense_weight(tril_mlp_last(net->mlp)).params : NULL;
    tril_ctx *ctx = params && opts && opts->ctx ? opts->ctx : params ? params->ctx : NULL;
    if (!params || tril_ctx_failed(params->ctx))
        return NULL;
    if (params->away)
        return tril_ctx_fail(
                   ctx, TRIL_BAD_ARGUMENT,
                   "fit: another fit, with a context of its own, trains these parameters"),
               NULL;
    if (!shares_allocator(ctx, params->ctx))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "fit: its context has another allocator than the network's store"),
               NULL;
    tril_fit *fit = tril_ctx_alloc(ctx, "fit", 1, sizeof *fit);
    if (!fit)
        return NULL;
    *fit = (tril_fit){ .ctx = ctx,
                       .arena = { .ctx = ctx },
                       .net = *net,
                       .params = params,
                       .home = params->ctx,
                       .serial = params->serial,
                       .opts = opts ? *opts : (tril_fit_opts){ 0 } };
    fit->group = fit->opts.processes ? *fit->opts.processes : (tril_group){ .size = 1 };
    if (ctx != params->ctx)
        move_store(params, ctx, ++ctx->stores, true);
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
    if (fit->ctx != fit->home)
        move_store(fit->params, fit->home, fit->serial, false);
    tril_ctx_release(fit->ctx, fit);
}

/* ---- running it */

bool tril_fit_done(const tril_fit *fit)
{
    if (!fit)
        return true;
    const tril_progress *p = &fit->progress;
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
    const tril_progress *p = &fit->progress;
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
    const tril_progress *p = &fit->progress;
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

/* the sum over the shards' rows, in a tree as their gradients, those of other processes too */
static bool add_nll(tril_fit *fit, size_t shards, double *nll)
{
    const tril_group_part part = tril_group_part_of(&fit->group, shards);
    const size_t n = part.last - part.first;
    nll += part.first;
    for (size_t step = 1; step < n; step *= 2)
        for (size_t i = 0; i + step < n; i += 2 * step)
            nll[i] += nll[i + step];
    double sum[2] = { n ? nll[0] : 0, 0 }, other[2];
    if (!tril_group_sum(&fit->group, part.ranks, sum, other, 0, 2))
        return tril_ctx_fail(fit->ctx, TRIL_NO_THREAD, "fit: a process of the group is gone");
    fit->progress.sum += sum[0];
    return true;
}

/* batches differ by one row, the larger ones first */
static bool learn_batch(tril_fit *fit)
{
    tril_progress *p = &fit->progress;
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
    if (!tril_optim_step(fit->optim) || !add_nll(fit, (rows - 1) / TRIL_SHARD_ROWS + 1, pass.nll))
        return false;
    move_average(fit);
    p->batch++;
    fit->seconds = now() - begin + (batch ? fit->seconds : 0);
    fit->timed = rows + (batch ? fit->timed : 0);
    return true;
}

/* counts an epoch that has been judged */
static void close_epoch(tril_fit *fit)
{
    tril_progress *p = &fit->progress;
    p->train = p->sum / (double)fit->n + fit->log_scale;
    p->sum = 0;
    p->batch = 0;
    p->epoch++;
    const uint64_t last = p->best_epoch > p->since ? p->best_epoch : p->since;
    if ((tril_fit_has_validation(fit) ? p->validation : p->train) < p->best) {
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
    const bool judged =
        !tril_fit_has_validation(fit) ||
        judge(fit, &fit->validation, fit->validation.rows.n, &fit->progress.validation);
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
    const tril_progress *p = &fit->progress;
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
