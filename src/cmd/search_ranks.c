/* Trials over ranks: threads train those that are this rank's, and this thread tells the other
 * ranks again and again what is over, and who gets what comes next. */
#include "cmd/search_ranks.h"

#include <tril/extend.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/commands.h"
#include "cmd/ranks.h"

enum { NAP = 10000000 }; /* nanoseconds between two meetings */

typedef struct news {
    bool done, failed;
    double epochs;
} news;

typedef struct failure {
    tril_status status;
    char message[1024];
} failure;

typedef struct shared {
    tril_trial *trial;
    const tril_trials_opts *opts;
    size_t n, *owner;     /* owner: a rank; SIZE_MAX where it has none yet, or was over before */
    news *news;           /* what all ranks know */
    bool *over;           /* which `after` knows of */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more;
    news *own;   /* what this rank's threads have found out */
    bool *taken; /* by a thread */
    bool ends;   /* no other trial begins */
    atomic_bool given_up;
    failure failure; /* of this rank's trial that failed first */
} shared;

static bool go_on(void *user)
{
    shared *s = user;
    return !atomic_load(&s->given_up) && s->opts->go_on(s->opts->user);
}

/* the next one that is this rank's; n: there will be no more */
static size_t take(shared *s)
{
    size_t k = s->n;
    pthread_mutex_lock(&s->lock);
    while (!s->ends) {
        for (k = 0; k < s->n && (s->owner[k] != ranks_own() || s->taken[k]); k++)
            ;
        if (k < s->n)
            break;
        pthread_cond_wait(&s->more, &s->lock);
    }
    k = s->ends ? s->n : k;
    if (k < s->n)
        s->taken[k] = true;
    pthread_mutex_unlock(&s->lock);
    return k;
}

/* on one of the threads */
static bool serve(void *data, size_t thread)
{
    shared *s = data;
    (void)thread;
    for (size_t k; (k = take(s)) < s->n;) {
        tril_ctx *ctx = tril_ctx_new(NULL);
        const tril_trials_opts opts = { .go_on = go_on, .user = s };
        const bool done = tril_trials_run(ctx, &s->trial[k], 1, &opts);
        pthread_mutex_lock(&s->lock);
        s->own[k] = (news){ done, !done && tril_ctx_failed(ctx), s->trial[k].epochs };
        if (s->own[k].failed && s->failure.status == TRIL_OK) {
            s->failure.status = tril_ctx_status(ctx);
            snprintf(s->failure.message, sizeof s->failure.message, "%s", tril_ctx_message(ctx));
        }
        pthread_mutex_unlock(&s->lock);
        tril_ctx_free(ctx);
    }
    return true;
}

static void *run_threads(void *data)
{
    const shared *s = data;
    const size_t threads = s->opts->threads;
    tril_tasks_run(threads, threads, serve, data);
    return NULL;
}

/* ---- the meeting */

static size_t under_way(const shared *s, size_t rank)
{
    size_t n = 0;
    for (size_t k = 0; k < s->n; k++)
        n += s->owner[k] == rank && !s->news[k].done;
    return n;
}

static void deal(shared *s)
{
    pthread_mutex_lock(&s->lock);
    for (size_t k = 0; k < s->n; k++) {
        size_t least = 0;
        if (s->news[k].done || s->owner[k] != SIZE_MAX)
            continue;
        for (size_t rank = 1; rank < ranks_count(); rank++)
            if (under_way(s, rank) < under_way(s, least))
                least = rank;
        if (under_way(s, least) >= s->opts->threads)
            break;
        s->owner[k] = least;
    }
    pthread_cond_broadcast(&s->more);
    pthread_mutex_unlock(&s->lock);
}

/* what a trial of some rank failed of, the search failed of */
static bool fail_as_trial(tril_ctx *ctx, shared *s, size_t rank)
{
    pthread_mutex_lock(&s->lock);
    failure of = s->failure;
    pthread_mutex_unlock(&s->lock);
    if (ranks_share(rank, &of, sizeof of))
        tril_ctx_fail(ctx, of.status, "%s", of.message);
    return false;
}

static bool finish(shared *s, size_t k)
{
    tril_trial *t = &s->trial[k];
    if (!ranks_share(s->owner[k], t->nll, (t->fit.validation.n + t->held.n) * sizeof *t->nll))
        return false;
    s->over[k] = t->done = true;
    t->epochs = s->news[k].epochs;
    return s->opts->after(t, s->opts->user);
}

/* What is new; *left: how many are not over. */
static bool meet(tril_ctx *ctx, shared *s, size_t *left)
{
    bool ends = !s->opts->go_on(s->opts->user);
    pthread_mutex_lock(&s->lock);
    for (size_t k = 0; k < s->n; k++)
        s->news[k] = s->own[k];
    pthread_mutex_unlock(&s->lock);
    if (!ranks_any(&ends) || !ranks_gather(s->news, s->n, sizeof *s->news, s->owner))
        return false;
    *left = 0;
    for (size_t k = 0; k < s->n; k++) {
        if (s->news[k].failed)
            return fail_as_trial(ctx, s, s->owner[k]);
        if (s->news[k].done && !s->over[k] && !finish(s, k))
            return false;
        *left += !s->news[k].done;
    }
    return !ends;
}

static bool meet_to_the_end(tril_ctx *ctx, shared *s)
{
    const struct timespec nap = { .tv_nsec = NAP };
    size_t left;
    while (meet(ctx, s, &left)) {
        if (left == 0)
            return true;
        deal(s);
        nanosleep(&nap, NULL);
    }
    return false;
}

static void end_threads(shared *s, bool done)
{
    atomic_store(&s->given_up, !done);
    pthread_mutex_lock(&s->lock);
    s->ends = true;
    pthread_cond_broadcast(&s->more);
    pthread_mutex_unlock(&s->lock);
}

/* all in one block of memory */
static bool make(shared *s)
{
    void *room = command_alloc(s->n, 2 * sizeof *s->news + sizeof *s->owner + 2 * sizeof(bool));
    if (!room)
        return false;
    s->news = room;
    s->own = s->news + s->n;
    s->owner = (size_t *)(void *)(s->own + s->n);
    s->over = (bool *)(s->owner + s->n);
    s->taken = s->over + s->n;
    for (size_t k = 0; k < s->n; k++) {
        const tril_trial *t = &s->trial[k];
        s->over[k] = t->done;
        s->taken[k] = false;
        s->owner[k] = SIZE_MAX;
        s->news[k] = s->own[k] = (news){ t->done, false, t->epochs };
    }
    return true;
}

bool search_ranks_run(tril_ctx *ctx, tril_trial *trial, size_t n, const tril_trials_opts *opts)
{
    shared s = { .trial = trial, .opts = opts, .n = n };
    pthread_t threads;
    if (ranks_count() == 1)
        return tril_trials_run(ctx, trial, n, opts);
    if (!make(&s))
        return false;
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.more, NULL);
    const int error = pthread_create(&threads, NULL, run_threads, &s);
    bool done = !error;
    if (error)
        tril_ctx_fail(ctx, TRIL_NO_THREAD, "a thread cannot be started: %s", strerror(error));
    else
        done = meet_to_the_end(ctx, &s);
    end_threads(&s, done);
    if (!error)
        pthread_join(threads, NULL);
    pthread_cond_destroy(&s.more);
    pthread_mutex_destroy(&s.lock);
    free(s.news);
    return done;
}
