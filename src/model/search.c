/* Networks trained side by side, and the choice among them. */
#include <math.h>
#include <pthread.h>

#include <tril/search.h>
#include <tril/shards.h>

#include "core/ctx.h"
#include "nn/head.h"

/* ---- one trial */

typedef struct trials {
    tril_ctx *ctx;
    tril_trial *trial;
    const tril_trials_opts *opts;
    pthread_mutex_t lock; /* of what follows, and of the caller's `after` */
    size_t failed;        /* the first in the list, whose sentence the context has */
    bool given_up;
} trials;

static bool goes_on(trials *t)
{
    return !t->opts->go_on || t->opts->go_on(t->opts->user);
}

static bool judge(const tril_network *net, tril_batch rows, const tril_bounds *bounds, double *nll)
{
    return rows.n == 0 ||
           tril_evaluate(net, 1, rows, &(tril_evaluation){ .nll = nll, .bounds = bounds });
}

/* false where it was given up, and on failure */
static bool train(trials *t, tril_trial *trial, const tril_network *net)
{
    tril_fit_opts opts = trial->fit;
    opts.ctx = NULL;
    opts.processes = NULL;
    tril_fit *fit = tril_fit_new(net, trial->rows, &opts);
    bool going = true;
    while (going && tril_fit_step(fit))
        going = goes_on(t);
    const bool done = going && fit && tril_fit_done(fit);
    trial->epochs = (double)tril_fit_get_status(fit).epoch;
    tril_fit_take_best(fit);
    tril_fit_free(fit);
    return done && judge(net, opts.validation, opts.validation_bounds, trial->nll) &&
           judge(net, trial->held, trial->held_bounds, trial->nll + opts.validation.n);
}

/* the context's own are the allocator and the checks; the sentence of the first that failed is what
 * any number of threads leaves */
static bool close_trial(trials *t, size_t k, const tril_ctx *own, bool done)
{
    pthread_mutex_lock(&t->lock);
    t->trial[k].done = done;
    if (done && t->opts->after)
        t->given_up |= !t->opts->after(&t->trial[k], t->opts->user);
    if (!done && (!own || tril_ctx_failed(own)) && k < t->failed) {
        tril_ctx_clear(t->ctx);
        tril_ctx_fail(t->ctx, own ? tril_ctx_status(own) : TRIL_OUT_OF_MEMORY, "%s",
                      own ? tril_ctx_message(own) : "search: out of memory");
        t->failed = k;
    }
    done &= !t->given_up;
    pthread_mutex_unlock(&t->lock);
    return done;
}

static bool run_trial(void *data, size_t k)
{
    trials *t = data;
    tril_trial *trial = &t->trial[k];
    if (trial->done)
        return true;
    tril_ctx *own = tril_ctx_new(&(tril_ctx_opts){ .seed = trial->fit.seed,
                                                   .allocator = t->ctx->allocator,
                                                   .no_validation = t->ctx->no_validation });
    tril_params *params = tril_params_new(own);
    const tril_network net = tril_network_new(params, trial->targets, &trial->mlp, &trial->head);
    const bool done = close_trial(t, k, own, net.mlp && train(t, trial, &net));
    tril_params_free(params);
    tril_ctx_free(own);
    return done;
}

bool tril_trials_run(tril_ctx *ctx, tril_trial *trial, size_t n, const tril_trials_opts *opts)
{
    static const tril_trials_opts none = { 0 };
    trials t = { .ctx = ctx, .trial = trial, .opts = opts ? opts : &none, .failed = n };
    if (tril_ctx_failed(ctx))
        return false;
    pthread_mutex_init(&t.lock, NULL);
    const bool done = tril_tasks_run(t.opts->threads, n, run_trial, &t);
    pthread_mutex_destroy(&t.lock);
    return done;
}

/* ---- the choice */

/* by how much one candidate is above another, row by row; infinite if that is not finite */
static tril_mean_se above(const double *one, const double *other, const tril_real *w, size_t n)
{
    double mean = 0, squares = 0, total = 0; /* Welford's */
    for (size_t i = 0; i < n; i++) {
        const double row = tril_weight_of(w, i), step = one[i] - other[i] - mean;
        total += row;
        mean += row > 0 ? step * row / total : 0;
        squares += row * step * (one[i] - other[i] - mean);
    }
    if (!isfinite(mean))
        return (tril_mean_se){ HUGE_VAL, (double)NAN };
    return (tril_mean_se){ mean, total > 1 ? sqrt(squares / (total - 1) / total) : HUGE_VAL };
}

size_t tril_choose(const double *nll, size_t candidates, const tril_real *w, size_t n,
                   size_t targets, tril_mean_se *difference)
{
    size_t best = 0, taken = candidates;
    double lowest = HUGE_VAL, total = 0;
    for (size_t k = 0; k < candidates; k++) {
        double sum = total = 0;
        for (size_t i = 0; i < n; i++) {
            const double row = tril_weight_of(w, i);
            sum += row * nll[k * n + i];
            total += row;
        }
        if (sum < lowest) {
            lowest = sum;
            best = k;
        }
    }
    const double least = 0.02 * (double)targets * sqrt(50 / total);
    for (size_t k = 0; k < candidates; k++) {
        const tril_mean_se d = above(nll + k * n, nll + best * n, w, n);
        if (taken == candidates && (k == best || d.mean <= fmax(least, d.error)))
            taken = k;
        if (difference)
            difference[k] = d;
    }
    return taken;
}
