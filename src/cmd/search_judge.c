/* The rows that judge candidates, their networks, and the file that keeps what these got. */
#include <tril/extend.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/checkpoint.h"
#include "cmd/commands.h"
#include "cmd/ranks.h"
#include "cmd/search.h"
#include "cmd/search_ranks.h"
#include "cmd/signals.h"
#include "cmd/text.h"

enum { SECONDS_BETWEEN = 2 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- folds */

static part judging(const search *s)
{
    return s->work->plan->folds ? PART_TEST : PART_VALIDATION;
}

static bool make_fold(search *s, size_t k, size_t *row)
{
    const work *w = s->work;
    const tril_dataset_opts opts = { .missing = w->plan->model.missing, .unseen = true };
    fold *f = &s->fold[k];
    size_t count[PARTS] = { w->count[PART_TRAINING], w->count[PART_VALIDATION] }, first = 0;
    if (w->plan->folds ? !split_fold(w, k, row, count)
                       : !memcpy(row, w->row, (count[0] + count[1]) * sizeof *row))
        return false;
    f->model = work_model_of(w, row, count[PART_TRAINING]);
    for (int i = 0; i < PARTS; i++) {
        const bool own = i == PART_VALIDATION && w->files[i];
        if ((own || count[i]) &&
            !tril_model_dataset(f->model, own ? w->files[i] : w->table, own ? NULL : row + first,
                                count[i], &opts, &f->part[i]))
            return false;
        first += count[i];
    }
    s->rows += f->part[judging(s)].n;
    return true;
}

/* of the rows that judge, fold by fold */
static tril_real *list_weights(const search *s)
{
    tril_real *weight = command_alloc(s->rows, sizeof *weight), *to = weight;
    for (size_t k = 0; k < s->n_folds && to; k++) {
        const tril_dataset *judge = &s->fold[k].part[judging(s)];
        memcpy(to, judge->w, judge->n * sizeof *to);
        to += judge->n;
    }
    return weight;
}

static bool make_folds(search *s)
{
    const plan *p = s->work->plan;
    const size_t n = p->folds ? p->folds : 1;
    size_t *row = command_alloc(tril_table_rows(s->work->table), sizeof *row);
    s->fold = row ? command_alloc(n, sizeof *s->fold) : NULL;
    bool done = s->fold;
    /* weights that the last networks begin with are those of a fit without a search */
    const tril_random before = *tril_ctx_random(s->work->ctx);
    for (size_t k = 0; k < n && done; k++, s->n_folds++)
        s->fold[k] = (fold){ 0 };
    for (size_t k = 0; k < n && done; k++)
        done = make_fold(s, k, row);
    *tril_ctx_random(s->work->ctx) = before;
    free(row);
    s->weight = done && p->settings.text[SETTING_WEIGHT] ? list_weights(s) : NULL;
    if (done && s->rows == 0)
        done = fprintf(stderr, "%s: no row is left to judge by: say --validation or --folds\n",
                       command_name()) < 0;
    return done;
}

void search_free(search *s)
{
    for (size_t k = 0; k < s->n_folds; k++) {
        for (int i = 0; i < PARTS; i++)
            tril_dataset_free(&s->fold[k].part[i]);
        tril_model_free(s->fold[k].model);
    }
    free(s->fold);
    free(s->weight);
    tril_tensors_free(s->kept);
}

/* ---- the file */

static const char sum_note[] = "search.sum";

static bool write_kept(search *s)
{
    s->written = now();
    return !ranks_first() || tril_tensors_write(s->kept, s->work->plan->search);
}

/* the plan as it was asked for */
static plan plan_asked(const plan *p)
{
    plan asked = *p;
    asked.checkpoint = p->search;
    for (size_t i = 0; i < N_TRIED && p->ways->n; i++)
        asked.settings.text[settings_tried[i].which] = p->asked[i];
    return asked;
}

static bool begin_kept(search *s)
{
    const plan *p = s->work->plan, asked = plan_asked(p);
    bool there;
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    char text[32];
    for (size_t k = 0; k < s->n_folds; k++)
        sum = work_add_fingerprint(sum, s->fold[k].model, s->fold[k].part);
    snprintf(text, sizeof text, "%016llx", (unsigned long long)sum);
    if (!ranks_find(p->search, &there))
        return false;
    if (!there) {
        s->kept = tril_tensors_new(s->work->ctx);
        return record_put_settings(&asked, s->kept) &&
               tril_tensors_set_metadata(s->kept, sum_note, text) && write_kept(s);
    }
    s->kept = ranks_read(s->work->ctx, p->search);
    if (!s->kept || !record_check(&asked, s->kept))
        return false;
    const char *then = tril_tensors_metadata(s->kept, sum_note);
    return (then && strcmp(then, text) == 0) || record_blame_rows(&asked);
}

/* whether the heads that are tried are all of counts or classes, or none is */
static bool check_heads(const plan *p)
{
    size_t counts = 0;
    for (size_t k = 0; k < p->ways->n; k++) {
        plan tried = *p;
        if (!plan_try(&tried, 0, p->ways->name[k]))
            return false;
        const tril_support *own = tried.heads->kind->support;
        counts += own == &tril_support_count || own == &tril_support_class;
    }
    if (counts == 0 || counts == p->ways->n)
        return true;
    fprintf(stderr,
            "%s: --head %s: the NLL of counts and classes is that of probabilities, which cannot "
            "be compared with that of a density\n",
            command_name(), text_shown(*p->asked));
    return false;
}

bool search_begin(search *s, work *w)
{
    plan *p = w->plan;
    *s = (search){ .work = w };
    if (!p->search)
        return true;
    if (!check_heads(p))
        return false;
    const char *const paths[] = { p->search, p->checkpoint };
    bool there[2];
    for (int i = 0; i < 2; i++) {
        if (!ranks_find(paths[i], &there[i]))
            return false;
        if (there[i] && !p->resume)
            return fprintf(stderr,
                           "%s: %s is there, of a run that was stopped: say --resume to go on with "
                           "it, or remove it\n",
                           command_name(), text_shown(paths[i])),
                   false;
    }
    /* a run that was stopped before it came to its last networks has no checkpoint yet */
    p->resume &= !there[0] || there[1];
    signals_postpone();
    return make_folds(s) && begin_kept(s);
}

/* ---- the networks of some candidates */

/* Their trials, members of folds of candidates; the numbers of each: its epochs, and behind them
 * its NLLs. */
typedef struct group {
    search *s;
    tril_trial *trial;
    double **numbers;
    size_t n, members, over, first; /* first: the number of the first candidate */
} group;

static size_t stop_rows(const fold *f)
{
    return f->part[PART_VALIDATION].n;
}

static const fold *fold_of(const group *g, size_t k)
{
    return &g->s->fold[k / g->members % g->s->n_folds];
}

static size_t count_numbers(const fold *f)
{
    return 1 + stop_rows(f) + f->part[PART_TEST].n;
}

static void name_trial(const group *g, size_t k, char name[80])
{
    const size_t folds = g->s->n_folds;
    snprintf(name, 80, "trial.%zu.%zu.%zu", g->first + k / g->members / folds,
             k / g->members % folds, k % g->members);
}

static tril_batch batch_of(const tril_dataset *c)
{
    return (tril_batch){ c->x, c->y, c->n, c->w };
}

/* trial k, of a candidate, or, where the file has it, what it got */
static bool make_trial(group *g, size_t k, const plan *p)
{
    const fold *f = fold_of(g, k);
    const size_t member = k % g->members;
    tril_trial *t = &g->trial[k];
    char name[80];
    *t = (tril_trial){ .targets = p->targets.n,
                       .mlp = p->model.mlp,
                       .head = p->heads[member % p->model.n_heads],
                       .fit = plan_member(p, member),
                       .rows = batch_of(&f->part[PART_TRAINING]),
                       .held = batch_of(&f->part[PART_TEST]),
                       .nll = g->numbers[k] + 1 };
    t->mlp.inputs = tril_model_get_info(f->model)->mlp.inputs;
    t->head.classes = tril_model_get_info(f->model)->n_labels;
    t->fit.validation = batch_of(&f->part[PART_VALIDATION]);
    t->fit.bounds = f->part[PART_TRAINING].bounds;
    t->fit.validation_bounds = f->part[PART_VALIDATION].bounds;
    t->held_bounds = f->part[PART_TEST].bounds;
    t->fit.threads = 1;
    name_trial(g, k, name);
    if (!tril_tensors_find(g->s->kept, name).name)
        return true;
    t->done =
        tril_tensors_get(g->s->kept, name, TRIL_F64, TRIL_SHAPE(count_numbers(f)), g->numbers[k]);
    t->epochs = *g->numbers[k];
    g->over += t->done;
    return t->done;
}

static bool go_on(void *user)
{
    (void)user;
    return !signals_came();
}

static bool after(const tril_trial *trial, void *user)
{
    group *g = user;
    const size_t k = (size_t)(trial - g->trial);
    char name[80];
    *g->numbers[k] = trial->epochs;
    name_trial(g, k, name);
    progress_show(&g->s->shown, ++g->over, "candidates %zu to %zu", g->first + 1,
                  g->first + g->n / g->s->n_folds / g->members);
    return tril_tensors_put(g->s->kept, name, TRIL_F64, TRIL_SHAPE(count_numbers(fold_of(g, k))),
                            g->numbers[k]) &&
           (now() - g->s->written < SECONDS_BETWEEN || write_kept(g->s));
}

/* what was interrupted goes on from the file; what failed would fail again */
static bool stop(search *s)
{
    const plan *p = s->work->plan;
    if (tril_ctx_failed(s->work->ctx)) {
        if (tril_ctx_status(s->work->ctx) != TRIL_OUT_OF_MEMORY && ranks_first())
            remove(p->search);
    } else if (ranks_agree(write_kept(s))) { /* not where a rank is gone */
        fprintf(stderr, "%s: stopped; the same line with --resume goes on from %s\n",
                command_name(), text_shown(p->search));
    }
    return false;
}

static bool run(group *g)
{
    search *s = g->s;
    const tril_trials_opts opts = {
        .threads = s->work->plan->fit.threads, .go_on = go_on, .after = after, .user = g
    };
    s->shown = progress_begin("network", g->n, ranks_lines());
    const bool done = search_ranks_run(s->work->ctx, g->trial, g->n, &opts);
    progress_end(&s->shown);
    for (size_t k = 0; k < g->n && done; k++)
        s->spent += g->trial[k].epochs * (double)g->trial[k].rows.n;
    return done ? write_kept(s) : stop(s);
}

/* what members from trial k on, as one, say of the rows of their fold that judge */
static bool mix(const group *g, size_t k, double *nll)
{
    const fold *f = fold_of(g, k);
    const tril_dataset *judge = &f->part[judging(g->s)];
    const size_t stops = stop_rows(f);
    const size_t skip = judging(g->s) == PART_TEST ? stops : 0;
    double *of = command_alloc(g->members, (stops + judge->n + 1) * sizeof *of);
    double *held = of ? of + g->members * stops : NULL,
           *weight = of ? held + g->members * judge->n : NULL;
    for (size_t m = 0; m < g->members && of; m++) {
        const double *own = g->trial[k + m].nll;
        memcpy(of + m * stops, own, stops * sizeof *own);
        memcpy(held + m * judge->n, own + skip, judge->n * sizeof *own);
    }
    const bool done = of && tril_ensemble_stack(g->s->work->ctx, of, g->members,
                                                f->part[PART_VALIDATION].w, stops, weight);
    if (done) {
        tril_ensemble_nll(held, weight, g->members, judge->n, nll);
        tril_model_targets_add_log_scale(f->model, judge->y, judge->n, NULL, nll);
    }
    free(of);
    return done;
}

static bool make_room(group *g)
{
    size_t room = 0;
    g->trial = command_alloc(g->n, sizeof *g->trial);
    g->numbers = command_alloc(g->n, sizeof *g->numbers);
    for (size_t k = 0; k < g->n; k++)
        room += count_numbers(fold_of(g, k));
    if (!g->trial || !g->numbers)
        return false;
    double *numbers = *g->numbers = command_alloc(room, sizeof *numbers);
    for (size_t k = 0; k < g->n && numbers; k++) {
        g->numbers[k] = numbers;
        numbers += count_numbers(fold_of(g, k));
    }
    return numbers;
}

bool search_judge(search *s, const plan *candidates, size_t n, double *nll)
{
    const size_t members = s->work->plan->model.members;
    group g = { s, .n = n * s->n_folds * members, .members = members, .first = s->n_candidates };
    if (n == 0)
        return true;
    s->n_candidates += n;
    bool done = make_room(&g);
    for (size_t k = 0; k < g.n && done; k++)
        done = make_trial(&g, k, &candidates[k / members / s->n_folds]);
    done = done && run(&g);
    for (size_t k = 0; k < g.n && done; k += members) {
        done = mix(&g, k, nll);
        nll += fold_of(&g, k)->part[judging(s)].n;
    }
    if (g.numbers)
        free(*g.numbers);
    free(g.numbers);
    free(g.trial);
    return done;
}
