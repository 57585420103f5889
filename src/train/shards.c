/* Shards of rows over threads. Their gradients are added in a binary tree over the shards' numbers.
 * Runs of 2^k shards are branches of it: worker w takes the runs w, w + T, w + 2T, ... of T
 * workers, counted from the last, which is the caller's, who needs the sum. It hands over the sum
 * of each when it is its turn: in the order of the runs, whoever is done first. So the bits do not
 * depend on the number of threads, and with the same rows a worker has the same shards in every
 * step, for which its tape has the memory from the first on. */
#include <tril/shards.h>

#include <math.h>
#include <string.h>

#include "core/tape.h"
#include "kernels/blas.h"
#include "kernels/reduce.h"
#include "train/group.h"
#include "train/spinwait.h"
#include "train/thread.h"
#include "train/tree.h"

enum { MAX_STORES = 4 };

/* A thread's own: what a shard is computed with. */
typedef struct worker {
    _Alignas(64) tril_ctx ctx;
    tril_tape *tape;
    tril_real *grads; /* of one shard, of all stores one behind the other */
    tril_tree tree;   /* of the shards of a run; behind the gradients the value */
    tril_shards *shards;
    size_t index, failed; /* failed: the shard */
    pthread_t thread;     /* but of worker 0, which is the caller */
    tril_spinwait gate;
    atomic_size_t begun; /* steps that it was sent into */
} worker;

/* What the workers are to do; no loss: to end. */
typedef struct shards_step {
    tril_shard_loss *loss;
    void *user;
    size_t rows, count;   /* of shards */
    tril_group_part part; /* the shards that are this process's */
    size_t run, runs;     /* shards of a run, and how many runs there are */
    bool direct;          /* the gradients of the only shard are left in the stores */
    uint64_t seed;
    bool backward;
} shards_step;

struct tril_shards {
    tril_ctx *ctx;
    tril_arena arena;
    tril_params *stores[MAX_STORES];
    size_t n_stores, size; /* of all gradients */
    size_t rows;           /* of a shard */
    tril_group group;
    worker *workers;
    size_t n_workers, n_started;
    shards_step step;
    /* of the worker whose turn it is */
    atomic_size_t turn; /* the run that is added next */
    tril_tree tree;     /* of runs */
    double *sum;
    const worker *culprit; /* whose shard is the first that failed */
};

static size_t rows_of(const tril_shards *shards, size_t rows, size_t first)
{
    return rows - first < shards->rows ? rows - first : shards->rows;
}

/* Mean loss and gradients of one shard. A single shard leaves its gradients in the stores. */
static bool compute(worker *w, const shards_step *step, size_t shard, double *value)
{
    const tril_shards *shards = w->shards;
    tril_tape_reset(w->tape);
    tril_tape_record(w->tape, step->backward);
    w->ctx.random = tril_random_stream(step->seed, shard);
    tril_real *grads = w->grads;
    for (size_t k = 0; k < shards->n_stores; k++) {
        tril_params *store = shards->stores[k];
        if (!tril_tape_lend(w->tape, store, step->direct ? store->grads : grads))
            return false;
        grads += store->size;
    }
    size_t first = shard * shards->rows;
    tril_var loss = step->loss(w->tape, first, rows_of(shards, step->rows, first), step->user);
    if (!tril_ctx_failed(&w->ctx) && loss.tape != w->tape)
        return tril_ctx_fail(&w->ctx, TRIL_BAD_VAR,
                             "shards: the loss is no var of the tape that was given");
    if (step->backward && !tril_backward(loss))
        return false;
    *value = (double)tril_item(loss);
    return !tril_ctx_failed(&w->ctx);
}

/* the first number of a block that counts */
static size_t first_of(const tril_shards *shards, const shards_step *step)
{
    return step->backward && !step->direct ? 0 : shards->size;
}

static void add(worker *w, const shards_step *step, size_t shard, double value)
{
    const tril_shards *shards = w->shards;
    /* weights of at most 1: no sum is larger than the largest gradient */
    const double weight =
        (double)rows_of(shards, step->rows, shard * shards->rows) / (double)step->rows;
    double *block = w->tree.block[0];
    const size_t first = first_of(shards, step);
    tril_weigh(shards->size - first, weight, w->grads + first, block + first);
    block[shards->size] = weight * value;
    tril_tree_add(&w->tree, first);
}

/* its shards, up to the first that fails */
static bool sum_run(worker *w, const shards_step *step, size_t run)
{
    const size_t first = step->part.first + run * step->run;
    const size_t end = step->part.last - first > step->run ? first + step->run : step->part.last;
    w->tree.there = 0;
    for (size_t shard = first; shard < end; shard++) {
        double value = 0;
        if (!compute(w, step, shard, &value)) {
            w->failed = shard;
            return false;
        }
        add(w, step, shard, value);
    }
    return true;
}

/* by the worker whose turn it is */
static void add_run(worker *w, const shards_step *step)
{
    tril_tree *tree = &w->shards->tree;
    const size_t first = first_of(w->shards, step);
    double **sum = tril_tree_sum(&w->tree, first), *block = *sum;
    *sum = tree->block[0];
    tree->block[0] = block;
    tril_tree_add(tree, first);
}

/* Its runs of a step; after the first that failed, in the order of the runs, only the turns are
 * taken. */
static void work(worker *w)
{
    tril_shards *shards = w->shards;
    const shards_step step = shards->step; /* the next may be set before the last turn is over */
    const size_t n_workers = shards->n_workers;
    bool failed = false;
    tril_tree_clear(&w->tree);
    w->ctx.status = TRIL_OK;
    for (size_t k = (step.runs - 1 - w->index) % n_workers; k < step.runs; k += n_workers) {
        tril_blas_single(true);
        const bool summed = !failed && sum_run(w, &step, k);
        tril_blas_single(false);
        tril_spinwait_await(&w->gate, &shards->turn, k);
        failed = shards->culprit || !summed;
        if (!failed) {
            add_run(w, &step);
        } else if (!shards->culprit) {
            shards->culprit = w;
        }
        const size_t next = k + 1 < step.runs ? (step.runs - 2 - k) % n_workers : 0;
        tril_spinwait_set(&shards->workers[next].gate, &shards->turn, k + 1);
    }
}

static void *serve(void *arg)
{
    worker *w = arg;
    for (size_t step = 1;; step++) {
        tril_spinwait_await(&w->gate, &w->begun, step);
        if (!w->shards->step.loss)
            return NULL;
        work(w);
    }
}

static void send(worker *w)
{
    tril_spinwait_set(&w->gate, &w->begun, atomic_load(&w->begun) + 1);
}

/* While shards run, the context of their stores counts as failed, so that nothing that a loss might
 * do with it has an effect: it is no thread's. */
static void lend_context(tril_ctx *ctx)
{
    static const char sentence[] = "shards: a loss has used another context than its tape's";
    memcpy(ctx->message, sentence, sizeof sentence);
    ctx->status = TRIL_BAD_ARGUMENT;
}

static void run_step(tril_shards *shards)
{
    const size_t runs = shards->step.runs;
    atomic_store(&shards->turn, 0);
    shards->culprit = NULL;
    tril_tree_clear(&shards->tree);
    lend_context(shards->ctx);
    for (size_t i = 1; i < shards->n_workers && i < runs; i++)
        send(&shards->workers[i]);
    if (runs)
        work(&shards->workers[0]);
    tril_spinwait_await(&shards->workers[0].gate, &shards->turn, runs);
    tril_ctx_clear(shards->ctx);
}

static bool fail_group(const tril_shards *shards)
{
    return tril_ctx_fail(shards->ctx, TRIL_NO_THREAD, "shards: a process of the group is gone");
}

static bool cut_into_runs(tril_shards *shards, shards_step *step)
{
    /* behind the numbers of a block the value, and which shard failed, if one did, counted from 1
     */
    const size_t workers = shards->n_workers, size = shards->size + 2;
    const size_t count = step->part.last - step->part.first;
    step->run = tril_tree_run(count, workers);
    step->runs = (count + step->run - 1) / step->run;
    bool done = tril_tree_reserve(&shards->tree, &shards->arena, size, step->runs);
    for (size_t i = 0; i < workers && i < step->runs && done; i++)
        done = tril_tree_reserve(&shards->workers[i].tree, &shards->arena, size, step->run);
    return done;
}

/* What went wrong in a shard of a rank, to all. */
static bool fail_together(tril_shards *shards, size_t shard)
{
    const shards_step *s = &shards->step;
    const size_t first = shard * shards->rows;
    tril_ctx what = shards->culprit ? shards->culprit->ctx : (tril_ctx){ 0 };
    if (!tril_group_share(&shards->group, shard / s->part.each, &what, sizeof what))
        return fail_group(shards);
    return tril_ctx_fail(shards->ctx, what.status, "rows %zu to %zu: %s", first,
                         first + rows_of(shards, s->rows, first) - 1, what.message);
}

/* the sum over all shards, of this process's and, if there are others, of theirs */
static bool sum_all(tril_shards *shards)
{
    const shards_step *s = &shards->step;
    tril_tree *tree = &shards->tree;
    const size_t first = first_of(shards, s), size = shards->size + 2;
    double **sum = shards->culprit || !s->runs ? NULL : tril_tree_sum(tree, first);
    shards->sum = sum ? *sum : tree->block[1];
    if (!sum) /* what is sent has a value, even where nobody reads it */
        memset(shards->sum, 0, size * sizeof *shards->sum);
    shards->sum[size - 1] = shards->culprit ? (double)(shards->culprit->failed + 1) : 0;
    if (!tril_group_sum(&shards->group, s->part.ranks, shards->sum, tree->block[0], first, size))
        return fail_group(shards);
    const size_t failed = (size_t)shards->sum[size - 1];
    return !failed || fail_together(shards, failed - 1);
}

static bool step(tril_shards *shards, size_t rows, tril_shard_loss *loss, void *user, double *mean,
                 bool backward)
{
    if (!shards || tril_ctx_failed(shards->ctx))
        return false;
    if (!rows || !loss)
        return tril_ctx_fail(shards->ctx, TRIL_BAD_ARGUMENT, "shards: there is no %s",
                             rows ? "loss" : "row");
    const size_t count = (rows - 1) / shards->rows + 1;
    shards->step = (shards_step){ .loss = loss,
                                  .user = user,
                                  .rows = rows,
                                  .count = count,
                                  .part = tril_group_part_of(&shards->group, count),
                                  .direct = count == 1 && shards->group.size == 1,
                                  .seed = tril_random_below(&shards->ctx->random, SIZE_MAX),
                                  .backward = backward };
    if (!cut_into_runs(shards, &shards->step))
        return false;
    run_step(shards);
    if (!sum_all(shards))
        return false;
    if (mean)
        *mean = shards->sum[shards->size];
    return true;
}

bool tril_shards_backward(tril_shards *shards, size_t rows, tril_shard_loss *loss, void *user,
                          double *mean)
{
    if (!step(shards, rows, loss, user, mean, true))
        return false;
    const double *sum = shards->sum;
    for (size_t k = 0; k < shards->n_stores && !shards->step.direct; k++) {
        tril_saturate_sums(shards->stores[k]->size, sum, shards->stores[k]->grads);
        sum += shards->stores[k]->size;
    }
    return true;
}

bool tril_shards_mean(tril_shards *shards, size_t rows, tril_shard_loss *loss, void *user,
                      double *mean)
{
    return step(shards, rows, loss, user, mean, false);
}

static bool add_store(tril_shards *shards, tril_params *store)
{
    if (store->ctx != shards->ctx)
        return tril_ctx_fail(shards->ctx, TRIL_BAD_ARGUMENT,
                             "shards: the stores were made with different contexts");
    for (size_t k = 0; k < shards->n_stores; k++)
        if (shards->stores[k] == store)
            return tril_ctx_fail(shards->ctx, TRIL_BAD_ARGUMENT, "shards: a store was given twice");
    shards->stores[shards->n_stores++] = store;
    shards->size += store->size;
    store->in_use = true;
    return true;
}

static bool make_worker(tril_shards *shards, size_t index)
{
    worker *w = &shards->workers[index];
    *w = (worker){ .ctx = { .allocator = shards->ctx->allocator,
                            .no_validation = shards->ctx->no_validation },
                   .shards = shards,
                   .index = index };
    tril_spinwait_init(&w->gate);
    shards->n_workers++;
    w->grads = tril_arena_take(&shards->arena, "shards", shards->size, sizeof *w->grads);
    w->tape = tril_tape_new(&w->ctx);
    return w->tape || tril_ctx_fail(shards->ctx, w->ctx.status, "%s", w->ctx.message);
}

static bool start(tril_shards *shards, worker *w)
{
    const int error = tril_thread_start(&w->thread, serve, w);
    if (error)
        return tril_ctx_fail(shards->ctx, TRIL_NO_THREAD,
                             "shards: thread %zu of %zu cannot be started: %s", w->index + 1,
                             shards->n_workers, strerror(error));
    shards->n_started++;
    return true;
}

static bool make(tril_shards *shards, tril_params *params, const tril_shards_opts *opts)
{
    const size_t threads = opts->threads ? opts->threads : 1;
    if (!tril_group_check(shards->ctx, "shards", &shards->group) || !add_store(shards, params))
        return false;
    for (size_t k = 0; k < MAX_STORES - 1 && opts->also[k]; k++)
        if (!add_store(shards, opts->also[k]))
            return false;
    tril_arena *arena = &shards->arena;
    shards->workers = tril_arena_take(arena, "shards", threads, sizeof *shards->workers);
    if (!shards->workers)
        return false;
    for (size_t i = 0; i < threads; i++)
        if (!make_worker(shards, i))
            return false;
    for (size_t i = 1; i < threads; i++)
        if (!start(shards, &shards->workers[i]))
            return false;
    return true;
}

tril_shards *tril_shards_new(tril_params *params, const tril_shards_opts *opts)
{
    static const tril_shards_opts defaults = { 0 };
    if (!params || tril_ctx_failed(params->ctx))
        return NULL;
    opts = opts ? opts : &defaults;
    tril_shards *shards = tril_ctx_alloc(params->ctx, "shards", 1, sizeof *shards);
    if (!shards)
        return NULL;
    *shards =
        (tril_shards){ .ctx = params->ctx,
                       .arena = { .ctx = params->ctx },
                       .rows = opts->rows ? opts->rows : TRIL_SHARD_ROWS,
                       .group = opts->processes ? *opts->processes : (tril_group){ .size = 1 } };
    if (make(shards, params, opts))
        return shards;
    tril_shards_free(shards);
    return NULL;
}

void tril_shards_free(tril_shards *shards)
{
    if (!shards)
        return;
    shards->step.loss = NULL;
    for (size_t i = 1; i <= shards->n_started; i++) {
        send(&shards->workers[i]);
        pthread_join(shards->workers[i].thread, NULL);
    }
    for (size_t i = 0; i < shards->n_workers; i++) {
        tril_tape_free(shards->workers[i].tape);
        tril_spinwait_destroy(&shards->workers[i].gate);
    }
    tril_arena_free(&shards->arena);
    tril_ctx_release(shards->ctx, shards);
}
