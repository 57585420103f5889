/* Training the members of a model, with checkpoints: a checkpoint is the model as it stands, the
 * state of the run of the member under way, and what a model file records. */
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
#include "cmd/signals.h"
#include "cmd/text.h"

enum { SECONDS_BETWEEN = 10 };

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
    const bool there = access(p->checkpoint, F_OK) == 0;
    *t = (training){ .work = w, .resumes_nothing = p->resume && !there };
    if (there && !p->resume) {
        fprintf(stderr,
                "tril fit: %s is there, of a run that was stopped: say --resume to go on with it, "
                "or remove it\n",
                text_shown(p->checkpoint));
        return false;
    }
    t->curves = command_alloc(p->model.members, sizeof *t->curves);
    for (size_t k = 0; t->curves && k < p->model.members; k++)
        t->curves[k] = (curve){ 0 };
    if (!t->curves)
        return false;
    if (!there)
        return work_make_model(w) && work_read_cases(w);
    t->checkpoint = tril_tensors_read(w->ctx, p->checkpoint);
    if (!t->checkpoint || !record_check(p, t->checkpoint))
        return false;
    w->model = tril_tensors_get_model(t->checkpoint, NULL);
    return work_read_cases(w) && record_check_rows(w, t->checkpoint) &&
           record_get(t, t->checkpoint);
}

void training_free(training *t)
{
    tril_tensors_free(t->checkpoint);
    for (size_t k = 0; t->curves && k < t->work->plan->model.members; k++)
        free(t->curves[k].row);
    free(t->curves);
    tril_file_free(t->log);
}

/* ---- one member */

static bool keep_figures(curve *c, const tril_fit_status *f, const double scale[2])
{
    if (c->n == c->room) {
        const size_t room = 2 * c->room + 64;
        double(*row)[CURVE_COLUMNS] = realloc(c->row, room * sizeof *row);
        if (!row)
            return fprintf(stderr, "tril fit: out of memory\n"), false;
        c->row = row;
        c->room = room;
    }
    c->row[c->n][CURVE_TRAINING] = f->train_nll + scale[0];
    c->row[c->n][CURVE_VALIDATION] = f->validation_nll + scale[1];
    c->row[c->n++][CURVE_LR] = f->lr;
    return true;
}

/* One member's run. */
typedef struct run {
    training *t;
    tril_fit *fit;
    curve *curve;
    progress shown;
    double scale[2];  /* of training and validation rows, to be added to NLLs */
    size_t first;     /* steps that were over when this process began */
    double kept;      /* when the last checkpoint was written */
    size_t last_kept; /* and in which epoch */
} run;

static bool write_checkpoint(run *r)
{
    tril_tensors *file = tril_tensors_new(r->t->work->ctx);
    bool done = record_put(r->t, file) && tril_tensors_put_fit(file, r->fit) &&
                tril_tensors_write(file, r->t->work->plan->checkpoint);
    tril_tensors_free(file);
    r->kept = now();
    r->last_kept = tril_fit_get_status(r->fit).epoch;
    return done;
}

static bool fail_log(const training *t)
{
    fprintf(stderr, "tril fit: --log %s: it cannot be written\n", text_shown(t->work->plan->log));
    return false;
}

/* line by line: a log may be watched; a signal ends the wait for a slow reader */
static bool log_last(const run *r)
{
    FILE *to = tril_file_stream(r->t->log);
    return !to || (record_log(to, r->t->member, r->curve, r->curve->n - 1) && !fflush(to)) ||
           signals_came() || fail_log(r->t);
}

static bool is_due(const run *r, const tril_fit_status *f)
{
    const size_t every = r->t->work->plan->checkpoint_every;
    return every ? f->epoch >= r->last_kept + every : now() - r->kept >= SECONDS_BETWEEN;
}

static void show(run *r, const tril_fit_status *f)
{
    const size_t members = r->t->work->plan->model.members;
    char which[64] = "", held[64] = "";
    if (members > 1)
        snprintf(which, sizeof which, "%zu/%zu, ", r->t->member + 1, members);
    if (!isnan(f->validation_nll))
        snprintf(held, sizeof held, ", held out %.4f", f->validation_nll + r->scale[1]);
    progress_show(&r->shown, f->steps - r->first, "%sNLL %.4f%s, %.3g rows/s", which,
                  f->train_nll + r->scale[0], held, f->rows_per_second);
}

/* after a step; false where the run is to end here */
static bool after_step(run *r)
{
    const tril_fit_status f = tril_fit_get_status(r->fit);
    show(r, &f);
    r->t->epochs += f.batch == 0;
    if (f.batch == 0 && !(keep_figures(r->curve, &f, r->scale) && log_last(r)))
        return false;
    if (signals_came()) {
        progress_end(&r->shown);
        if (write_checkpoint(r))
            fprintf(stderr,
                    "tril fit: stopped in epoch %zu; the same line with --resume goes on from %s\n",
                    f.epoch + 1, text_shown(r->t->work->plan->checkpoint));
        return false;
    }
    return !is_due(r, &f) || write_checkpoint(r);
}

/* anew, or from a checkpoint */
static bool begin_run(run *r)
{
    training *t = r->t;
    tril_fit_status f = tril_fit_get_status(r->fit);
    if (!t->checkpoint)
        return keep_figures(r->curve, &f, r->scale) && log_last(r);
    const bool taken = tril_tensors_get_fit(t->checkpoint, r->fit);
    tril_tensors_free(t->checkpoint);
    t->checkpoint = NULL;
    f = tril_fit_get_status(r->fit);
    if (taken && r->curve->n != f.epoch + 1)
        return fprintf(stderr, "tril fit: %s: curve.%zu has %zu rows after %zu epochs\n",
                       text_shown(t->work->plan->checkpoint), t->member, r->curve->n, f.epoch),
               false;
    return taken;
}

/* a step that failed by itself would fail again */
static bool give_up(const work *w)
{
    if (tril_ctx_status(w->ctx) != TRIL_OUT_OF_MEMORY)
        remove(w->plan->checkpoint);
    return false;
}

static bool run_member(run *r)
{
    /* an old log is there until the checkpoint is */
    if (!begin_run(r) || !write_checkpoint(r) || (r->t->log && !tril_file_keep(r->t->log)))
        return false;
    const tril_fit_status f = tril_fit_get_status(r->fit);
    r->first = f.steps;
    r->shown = progress_begin("step", f.epochs * f.batches - f.steps, 0);
    if (r->t->resumes_nothing)
        fprintf(stderr, "tril fit: there is no %s to go on from: this is a new run\n",
                text_shown(r->t->work->plan->checkpoint));
    r->t->resumes_nothing = false;
    while (tril_fit_step(r->fit))
        if (!after_step(r))
            return false;
    progress_end(&r->shown);
    if (!tril_fit_done(r->fit))
        return give_up(r->t->work);
    tril_fit_take_best(r->fit);
    return true;
}

static bool train_member(training *t)
{
    const work *w = t->work;
    const tril_dataset *rows = &w->cases[PART_TRAINING], *held = &w->cases[PART_VALIDATION];
    tril_fit_opts opts = w->plan->fit;
    run r = { .t = t, .curve = &t->curves[t->member] };
    r.scale[0] = work_log_scale(w, PART_TRAINING);
    r.scale[1] = work_log_scale(w, PART_VALIDATION);
    opts.seed += t->member;
    /* whether a line helps is the table's: every other one of several networks does without */
    opts.flat = t->member % 2;
    if (!opts.loss)
        opts.loss = tril_model_get_info(w->model)->networks[t->member].head.kind->components
                        ? &tril_loss_nll
                        : &tril_loss_beta;
    opts.validation = (tril_batch){ held->x, held->y, held->n };
    r.fit = tril_fit_new(&tril_model_get_info(w->model)->networks[t->member],
                         (tril_batch){ rows->x, rows->y, rows->n }, &opts);
    bool done = r.fit && run_member(&r);
    tril_fit_free(r.fit);
    return done;
}

/* ---- all of them */

/* the epochs that a checkpoint knows of come first */
static bool begin_log(training *t)
{
    t->log = tril_file_new(t->work->ctx, t->work->plan->log);
    FILE *to = tril_file_stream(t->log);
    if (!to)
        return false;
    bool done = fputs("network,epoch,train_nll,validation_nll,lr\n", to) >= 0;
    for (size_t k = 0; k < t->work->plan->model.members && done; k++)
        for (size_t i = 0; i < t->curves[k].n && done; i++)
            done = record_log(to, k, &t->curves[k], i);
    return done || fail_log(t);
}

bool training_run(training *t)
{
    const double begun = now();
    bool done = !t->work->plan->log || begin_log(t);
    signals_postpone();
    for (; t->member < t->work->plan->model.members && done; t->member += done)
        done = train_member(t);
    const tril_dataset *held = &t->work->cases[PART_VALIDATION];
    done = done && tril_model_weigh(t->work->model, (tril_batch){ held->x, held->y, held->n }) &&
           (!t->log || tril_file_keep(t->log));
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
