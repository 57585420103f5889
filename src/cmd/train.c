/* Training the members of a model, several at a time where there are threads for it, with
 * checkpoints: a checkpoint is the model as it stands, the states of the runs under way, and what a
 * model file records. Members are trained in slices of time; between them no thread but this one
 * runs, which writes checkpoint and log and shows how far it all is. */
#include "cmd/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <tril/extend.h>

#include "cmd/checkpoint.h"
#include "cmd/commands.h"
#include "cmd/progress.h"
#include "cmd/ranks.h"
#include "cmd/signals.h"
#include "cmd/text.h"
#include "cmd/train_ranks.h"

enum { SECONDS_BETWEEN = 10 };   /* two checkpoints */
static const double slice = 0.1; /* seconds */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the beginning */

bool training_begin(training *t, work *w)
{
    const plan *p = w->plan;
    const size_t members = p->model.members;
    bool there;
    *t = (training){ .work = w };
    if (!ranks_find(p->checkpoint, &there))
        return false;
    t->resumes_nothing = p->resume && !there;
    if (there && !p->resume) {
        fprintf(stderr,
                "%s: %s is there, of a run that was stopped: say --resume to go on with it, "
                "or remove it\n",
                command_name(), text_shown(p->checkpoint));
        return false;
    }
    t->members = command_alloc(members, sizeof *t->members);
    for (size_t k = 0; t->members && k < members; k++)
        t->members[k] = (member_run){ .index = k };
    t->left = command_alloc(members, sizeof *t->left);
    t->state = command_alloc(members, sizeof *t->state);
    t->owner = command_alloc(members, sizeof *t->owner);
    t->others = command_alloc(ranks_count(), sizeof *t->others);
    for (size_t k = 0; t->others && k < ranks_count(); k++)
        t->others[k] = NULL;
    if (!t->members || !t->left || !t->state || !t->owner || !t->others)
        return false;
    for (size_t k = 0; k < members; k++) {
        t->state[k] = (member_state){ .done = false };
        t->owner[k] = SIZE_MAX;
    }
    if (!there)
        return work_make_model(w) && work_read_cases(w);
    t->checkpoint = ranks_read(w->ctx, p->checkpoint);
    if (!t->checkpoint || !record_check(p, t->checkpoint))
        return false;
    w->model = tril_tensors_get_model(t->checkpoint, NULL);
    return work_read_cases(w) && record_check_rows(w, t->checkpoint) &&
           record_get(t, t->checkpoint);
}

static void end_fit(member_run *m)
{
    tril_fit_free(m->fit);
    tril_ctx_free(m->ctx);
    m->fit = NULL;
    m->ctx = NULL;
}

void training_free(training *t)
{
    tril_tensors_free(t->checkpoint);
    for (size_t k = 0; t->members && k < t->work->plan->model.members; k++) {
        end_fit(&t->members[k]);
        free(t->members[k].curve.row);
    }
    for (size_t k = 0; t->others && k < ranks_count(); k++)
        tril_tensors_free(t->others[k]);
    free(t->members);
    free(t->left);
    free(t->state);
    free(t->owner);
    free(t->others);
    tril_file_free(t->log);
}

/* ---- one member, on any thread */

static bool keep_figures(const training *t, member_run *m)
{
    const tril_fit_status f = tril_fit_get_status(m->fit);
    curve *c = &m->curve;
    if (c->n == c->room) {
        const size_t room = 2 * c->room + 64;
        double(*row)[CURVE_COLUMNS] = realloc(c->row, room * sizeof *row);
        if (!row)
            return tril_ctx_fail(m->ctx, TRIL_OUT_OF_MEMORY, "out of memory");
        c->row = row;
        c->room = room;
    }
    c->row[c->n][CURVE_TRAINING] = f.train_nll + t->scale[0];
    c->row[c->n][CURVE_VALIDATION] = f.validation_nll + t->scale[1];
    c->row[c->n++][CURVE_LR] = f.lr;
    return true;
}

/* its state in a checkpoint is not looked at here */
static bool begin_fit(const training *t, member_run *m)
{
    const work *w = t->work;
    const tril_dataset *rows = &w->cases[PART_TRAINING], *held = &w->cases[PART_VALIDATION];
    const tril_network *net = &tril_model_get_info(w->model)->networks[m->index];
    const size_t threads = w->plan->fit.threads;
    tril_fit_opts opts = plan_member(w->plan, m->index);
    opts.ctx = m->ctx = tril_ctx_new(NULL);
    /* those that networks side by side leave idle */
    opts.threads = threads > t->n_left ? threads / t->n_left : 1;
    opts.validation = (tril_batch){ held->x, held->y, held->n, held->w };
    opts.bounds = rows->bounds;
    opts.validation_bounds = held->bounds;
    if (m->ctx)
        m->fit = tril_fit_new(net, (tril_batch){ rows->x, rows->y, rows->n, rows->w }, &opts);
    t->state[m->index].status = tril_fit_get_status(m->fit);
    return m->fit && (m->resumes || keep_figures(t, m));
}

static bool is_own(const training *t, const member_run *m)
{
    return t->owner[m->index] == ranks_own();
}

static bool begin_member(void *data, size_t k)
{
    training *t = data;
    member_run *m = t->left[k];
    bool *failed = &t->state[m->index].failed;
    *failed = is_own(t, m) && !begin_fit(t, m);
    return !*failed;
}

static bool slice_is_over(const training *t)
{
    return atomic_load(&t->stop) || now() >= t->deadline;
}

/* A signal, and an epoch after which there is a checkpoint, end the slice of all. */
static bool take_step(training *t, member_run *m)
{
    if (!tril_fit_step(m->fit))
        return false;
    const tril_fit_status f = tril_fit_get_status(m->fit);
    const size_t every = t->work->plan->checkpoint_every;
    t->state[m->index].epochs += f.batch == 0;
    t->state[m->index].status = f;
    if (signals_came() || (every && f.epoch >= m->kept + every))
        atomic_store(&t->stop, true);
    return f.batch > 0 || keep_figures(t, m);
}

static bool train_member(void *data, size_t k)
{
    training *t = data;
    member_run *m = t->left[k];
    member_state *state = &t->state[m->index];
    if (!is_own(t, m) || slice_is_over(t))
        return true;
    if (!m->fit && !begin_member(t, k))
        return false;
    while (!slice_is_over(t) && !tril_fit_done(m->fit) && !state->failed)
        state->failed = !take_step(t, m);
    if (state->failed || !tril_fit_done(m->fit))
        return !state->failed;
    tril_fit_take_best(m->fit);
    state->done = true;
    end_fit(m);
    return true;
}

/* ---- all of them, on this thread */

static void list_left(training *t)
{
    t->n_left = 0;
    for (size_t k = 0; k < t->work->plan->model.members; k++)
        if (!t->state[k].done)
            t->left[t->n_left++] = &t->members[k];
}

static bool write_checkpoint(training *t)
{
    t->kept = now();
    for (size_t k = 0; k < t->n_left; k++)
        t->left[k]->kept = t->state[t->left[k]->index].status.epoch;
    if (!ranks_first())
        return true;
    tril_tensors *file = tril_tensors_new(t->work->ctx);
    const bool done = record_put(t, file) && tril_tensors_write(file, t->work->plan->checkpoint);
    tril_tensors_free(file);
    return done;
}

static bool fail_log(const training *t)
{
    fprintf(stderr, "%s: --log %s: it cannot be written\n", command_name(),
            text_shown(t->work->plan->log));
    return false;
}

/* What is new of a member, if all before it are done: so the log is the same for any number of
 * threads. It may be watched; a signal ends the wait for a slow reader. */
static bool write_log(training *t)
{
    FILE *to = tril_file_stream(t->log);
    bool done = true, next = to;
    while (next && done && t->logged < t->work->plan->model.members) {
        const member_run *m = &t->members[t->logged];
        while (done && t->logged_rows < m->curve.n)
            done = record_log(to, m->index, &m->curve, t->logged_rows++);
        next = t->state[m->index].done;
        t->logged += next;
        t->logged_rows = next ? 0 : t->logged_rows;
    }
    return !to || (done && !fflush(to)) || signals_came() || fail_log(t);
}

static bool begin_log(training *t)
{
    t->log = tril_file_new(t->work->ctx, t->work->plan->log);
    FILE *to = tril_file_stream(t->log);
    return to && (fputs("network,epoch,train_nll,validation_nll,lr\n", to) >= 0 || fail_log(t));
}

/* Those that a checkpoint has under way; others as far as there are threads. */
static bool begin_members(training *t)
{
    const size_t threads = t->work->plan->fit.threads;
    size_t n = 0;
    while (n < t->n_left && (n < threads * ranks_count() || t->left[n]->resumes))
        n++;
    training_deal(t);
    tril_tasks_run(threads, n, begin_member, t);
    if (!training_meet(t))
        return false;
    for (size_t k = 0; k < n; k++)
        if (is_own(t, t->left[k]) && !record_get_fit(t, t->checkpoint, t->left[k]))
            return false;
    tril_tensors_free(t->checkpoint);
    t->checkpoint = NULL;
    return training_meet(t) && training_collect(t);
}

static void begin_progress(training *t)
{
    const tril_fit_status f = t->state[t->left[0]->index].status;
    size_t total = t->n_left * (t->steps = f.epochs * f.batches);
    for (size_t k = 0; k < t->n_left; k++)
        total -= t->left[k]->first = t->state[t->left[k]->index].status.steps;
    t->to_train = t->n_left;
    t->shown = progress_begin("step", total, ranks_lines());
}

static void show(training *t)
{
    const size_t members = t->work->plan->model.members;
    char which[64] = "", held[64] = "";
    size_t steps = (t->to_train - t->n_left) * t->steps;
    double rows = 0;
    for (size_t k = 0; k < members; k++)
        steps -= t->members[k].first;
    for (size_t k = 0; k < t->n_left; k++) {
        const tril_fit_status *f = &t->state[t->left[k]->index].status;
        steps += f->steps;
        rows += f->rows_per_second;
    }
    const tril_fit_status f = t->state[t->left[0]->index].status;
    if (members > 1)
        snprintf(which, sizeof which, "%zu/%zu, ", t->left[0]->index + 1, members);
    if (!isnan(f.validation_nll))
        snprintf(held, sizeof held, ", held out %.4f", f.validation_nll + t->scale[1]);
    if (steps && f.epochs)
        progress_show(&t->shown, steps, "%sNLL %.4f%s, %.3g rows/s", which,
                      f.train_nll + t->scale[0], held, rows);
}

static bool begin_run(training *t)
{
    const plan *p = t->work->plan;
    t->scale[0] = work_log_scale(t->work, PART_TRAINING);
    t->scale[1] = work_log_scale(t->work, PART_VALIDATION);
    list_left(t);
    /* an old log is there until the checkpoint is */
    if ((p->log && ranks_first() && !begin_log(t)) || !begin_members(t) || !write_log(t) ||
        !write_checkpoint(t) || (t->log && !tril_file_keep(t->log)))
        return false;
    if (t->n_left)
        begin_progress(t);
    if (t->resumes_nothing)
        fprintf(stderr, "%s: there is no %s to go on from: this is a new run\n", command_name(),
                text_shown(p->checkpoint));
    return true;
}

static bool is_due(const training *t, size_t left_before)
{
    return t->n_left < left_before || now() - t->kept >= SECONDS_BETWEEN ||
           (t->work->plan->checkpoint_every && atomic_load(&t->stop));
}

static bool end_here(training *t)
{
    progress_end(&t->shown);
    if (write_checkpoint(t))
        fprintf(stderr, "%s: stopped in epoch %zu; the same line with --resume goes on from %s\n",
                command_name(), t->state[t->left[0]->index].status.epoch + 1,
                text_shown(t->work->plan->checkpoint));
    return false;
}

static bool run_slice(training *t)
{
    const size_t left_before = t->n_left;
    atomic_store(&t->stop, false);
    t->deadline = now() + slice;
    tril_tasks_run(t->work->plan->fit.threads, t->n_left, train_member, t);
    if (!training_meet(t)) {
        progress_end(&t->shown);
        /* a step that failed by itself would fail again */
        if (ranks_first() && tril_ctx_failed(t->work->ctx) &&
            tril_ctx_status(t->work->ctx) != TRIL_OUT_OF_MEMORY)
            remove(t->work->plan->checkpoint);
        return false;
    }
    list_left(t);
    bool ends = signals_came(), due = is_due(t, left_before);
    if (!ranks_any(&ends) || !ranks_any(&due) || ((ends || due) && !training_collect(t)) ||
        !(ends || write_log(t))) /* its reader may be one that no longer reads */
        return false;
    if (t->n_left == 0)
        return progress_end(&t->shown), true;
    training_deal(t);
    show(t);
    if (ends)
        return end_here(t);
    return !due || write_checkpoint(t);
}

/* what is left when all members are there */
static bool complete(training *t)
{
    const tril_dataset *held = &t->work->cases[PART_VALIDATION],
                       *fresh = &t->work->cases[PART_CALIBRATION];
    return tril_model_weigh_dataset(t->work->model, held) &&
           (!fresh->n ||
            tril_model_calibrate(t->work->model,
                                 (tril_batch){ fresh->x, fresh->y, fresh->n, fresh->w })) &&
           (!t->log || tril_file_keep(t->log));
}

bool training_run(training *t)
{
    const double begun = now();
    signals_postpone();
    bool done = begin_run(t);
    while (done && t->n_left)
        done = run_slice(t);
    done = done && (!ranks_first() || complete(t));
    for (size_t k = 0; t->state && k < t->work->plan->model.members; k++)
        t->epochs += t->state[k].epochs;
    t->seconds = now() - begun;
    return done;
}

bool training_end(training *t)
{
    const plan *p = t->work->plan;
    tril_tensors *file = tril_tensors_new(t->work->ctx);
    bool done = record_put(t, file) && tril_tensors_write(file, p->output);
    tril_tensors_free(file);
    if (done)
        remove(p->checkpoint);
    return done;
}
