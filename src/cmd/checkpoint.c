/* What model files and checkpoints say of the training. */
#include "cmd/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/ranks.h"
#include "cmd/text.h"

static const char rows_note[] = "fit.rows", data_note[] = "fit.data", sum_note[] = "fit.sum",
                  members_name[] = "checkpoint.members";

/* of a member, in the tensor of that name */
enum { NOT_BEGUN, UNDER_WAY, DONE };

static void curve_name(char name[32], size_t index)
{
    snprintf(name, 32, "curve.%zu", index);
}

static void run_prefix(char prefix[32], size_t index)
{
    snprintf(prefix, 32, "run.%zu.", index);
}

/* A note is UTF-8, a path need not be: a byte of it that no terminal should have (tril_printable)
 * stands as \xHH, and a backslash as two. NULL where memory ran out. */
static char *note_of(const char *text)
{
    char *printable = text_join(text, ""), *note = command_alloc(strlen(text), 4), *to = note;
    if (printable)
        tril_printable(printable);
    for (size_t i = 0; printable && note && text[i]; i++)
        if (printable[i] != text[i])
            to += sprintf(to, "\\x%02X", (unsigned)(unsigned char)text[i]);
        else
            to += sprintf(to, "%s%c", text[i] == '\\' ? "\\" : "", text[i]);
    if (printable && note)
        *to = 0;
    free(printable);
    return printable ? note : (free(note), NULL);
}

static bool put_note(tril_tensors *file, const char *name, const char *text)
{
    char *note = note_of(text);
    const bool done = note && tril_tensors_set_metadata(file, name, note);
    free(note);
    return done;
}

static bool put_setting(const plan *p, setting which, tril_tensors *file)
{
    char name[64];
    const char *text = p->settings.text[which];
    snprintf(name, sizeof name, "fit.%s", setting_name(which));
    return !text || !setting_is_kept(which) || put_note(file, name, text);
}

static bool put_rows(const work *w, tril_tensors *file)
{
    char text[WORK_ROWS_TEXT];
    work_write_rows(w, "", text);
    if (!tril_tensors_set_metadata(file, rows_note, text))
        return false;
    snprintf(text, sizeof text, "%016" PRIx64, work_fingerprint(w));
    return tril_tensors_set_metadata(file, sum_note, text);
}

bool record_put_settings(const plan *p, tril_tensors *file)
{
    bool done = true;
    for (size_t k = 0; k < N_SETTINGS && done; k++)
        done = put_setting(p, (setting)k, file);
    return done;
}

/* the tensors whose names begin so */
static bool copy_run(const tril_tensors *from, const char *prefix, tril_tensors *to)
{
    bool done = true;
    for (size_t i = 0; i < tril_tensors_count(from) && done; i++) {
        const tril_tensor it = tril_tensors_at(from, i);
        if (strncmp(it.name, prefix, strlen(prefix)) != 0)
            continue;
        size_t n = 1;
        for (uint32_t j = 0; j < it.shape.rank; j++)
            n *= it.shape.dim[j];
        double *values = command_alloc(n, sizeof *values); /* no type has longer ones */
        done = values && tril_tensors_get(from, it.name, it.dtype, it.shape, values) &&
               tril_tensors_put(to, it.name, it.dtype, it.shape, values);
        free(values);
    }
    return done;
}

/* how far each of several members is, and the states of those under way */
static bool put_runs(const training *t, tril_tensors *file)
{
    const size_t members = t->work->plan->model.members;
    char prefix[32];
    uint64_t *how_far = command_alloc(members, sizeof *how_far);
    bool done = how_far;
    for (size_t k = 0; k < members && done; k++) {
        const member_run *m = &t->members[k];
        run_prefix(prefix, k);
        how_far[k] = t->state[k].done ? DONE : t->state[k].status.epochs ? UNDER_WAY : NOT_BEGUN;
        if (m->fit)
            done = tril_tensors_put_fit(file, prefix, m->fit);
        else if (how_far[k] == UNDER_WAY)
            done = copy_run(t->others[t->owner[k]], prefix, file);
    }
    done = done && tril_tensors_put(file, members_name, TRIL_U64, TRIL_SHAPE(members), how_far);
    free(how_far);
    return done;
}

static bool put_curve(const training *t, size_t k, tril_tensors *file)
{
    const curve *c = &t->members[k].curve;
    char name[32];
    curve_name(name, k);
    return c->n == 0 ||
           tril_tensors_put(file, name, TRIL_F64, TRIL_SHAPE(c->n, CURVE_COLUMNS), c->row);
}

bool record_put(const training *t, tril_tensors *file)
{
    const work *w = t->work;
    bool done = tril_tensors_put_model(file, w->model) &&
                put_note(file, data_note, w->plan->settings.data) && put_rows(w, file) &&
                record_put_settings(w->plan, file);
    for (size_t k = 0; k < w->plan->model.members && done; k++)
        done = put_curve(t, k, file);
    return done && (t->n_left == 0 || put_runs(t, file));
}

bool record_curve(const tril_tensors *file, tril_ctx *ctx, size_t member, curve *c)
{
    char name[32];
    curve_name(name, member);
    const tril_tensor about = tril_tensors_find(file, name);
    const size_t n = about.name ? about.shape.dim[0] : 0;
    *c = (curve){ 0 };
    if (n == 0)
        return true;
    c->row = command_alloc(n, sizeof *c->row);
    c->n = c->room = n;
    return c->row && tril_tensors_get(file, name, TRIL_F64, TRIL_SHAPE(n, CURVE_COLUMNS), c->row) &&
           !tril_ctx_failed(ctx);
}

bool record_get(training *t, const tril_tensors *file)
{
    const size_t members = t->work->plan->model.members;
    if (tril_model_get_info(t->work->model)->n_networks != members)
        return fprintf(stderr, "%s: %s: it is of %zu networks, not of %zu\n", command_name(),
                       text_shown(t->work->plan->checkpoint),
                       tril_model_get_info(t->work->model)->n_networks, members),
               false;
    uint64_t *how_far = command_alloc(members, sizeof *how_far);
    bool done =
        how_far && tril_tensors_get(file, members_name, TRIL_U64, TRIL_SHAPE(members), how_far);
    for (size_t k = 0; k < members && done; k++) {
        t->members[k].resumes = how_far[k] == UNDER_WAY;
        t->state[k].done = t->members[k].delivered = how_far[k] == DONE;
        done = record_curve(file, t->work->ctx, k, &t->members[k].curve);
    }
    free(how_far);
    return done;
}

bool record_get_fit(const training *t, const tril_tensors *file, member_run *m)
{
    char prefix[32];
    run_prefix(prefix, m->index);
    if (!m->resumes)
        return true;
    if (!tril_tensors_get_fit(file, prefix, m->fit))
        return false;
    t->state[m->index].status = tril_fit_get_status(m->fit);
    const size_t epochs = t->state[m->index].status.epoch;
    if (m->curve.n == epochs + 1)
        return true;
    fprintf(stderr, "%s: %s: curve.%zu has %zu rows after %zu epochs\n", command_name(),
            text_shown(t->work->plan->checkpoint), m->index, m->curve.n, epochs);
    return false;
}

/* ---- between ranks: run.K. of one under way, done.K. of one that is done, and its curve */

static tril_params *params_of(const training *t, size_t k)
{
    const tril_network *net = &tril_model_get_info(t->work->model)->networks[k];
    return tril_dense_weight(tril_mlp_last(net->mlp)).params;
}

bool record_put_own(training *t, tril_tensors *file)
{
    char prefix[32];
    bool done = true;
    for (size_t k = 0; k < t->work->plan->model.members && done; k++) {
        member_run *m = &t->members[k];
        const bool ended = t->state[k].done && !m->delivered && t->owner[k] == ranks_own();
        if (!m->fit && !ended)
            continue;
        snprintf(prefix, sizeof prefix, "done.%zu.", k);
        if (m->fit)
            run_prefix(prefix, k);
        done = put_curve(t, k, file) &&
               (m->fit ? tril_tensors_put_fit(file, prefix, m->fit)
                       : tril_tensors_put_params(file, prefix, params_of(t, k)));
        m->delivered = ended;
    }
    return done;
}

bool record_take(training *t, size_t rank)
{
    const tril_tensors *file = t->others[rank];
    char name[32], prefix[32];
    bool done = true;
    for (size_t k = 0; k < t->work->plan->model.members && done; k++) {
        member_run *m = &t->members[k];
        curve_name(name, k);
        if (t->owner[k] != rank || m->delivered || !tril_tensors_find(file, name).name)
            continue;
        m->delivered = t->state[k].done;
        snprintf(prefix, sizeof prefix, "done.%zu.", k);
        free(m->curve.row);
        done = record_curve(file, t->work->ctx, k, &m->curve) &&
               (!m->delivered || tril_tensors_get_params(file, prefix, params_of(t, k)));
    }
    return done;
}

const char *record_data(const tril_tensors *file)
{
    return tril_tensors_metadata(file, data_note);
}

const char *record_rows(const tril_tensors *file)
{
    return tril_tensors_metadata(file, rows_note);
}

const char *record_setting(const tril_tensors *file, setting which)
{
    char name[64];
    snprintf(name, sizeof name, "fit.%s", setting_name(which));
    return tril_tensors_metadata(file, name);
}

bool record_is_checkpoint(const tril_tensors *file)
{
    return tril_tensors_find(file, members_name).name;
}

/* as a note, where there is a text */
static bool is_noted(const char *then, const char *now)
{
    char *note = now ? note_of(now) : NULL;
    const bool same = now ? note && then && strcmp(then, note) == 0 : !then;
    free(note);
    return same;
}

bool record_check(const plan *p, const tril_tensors *file)
{
    for (size_t k = 0; k < N_SETTINGS; k++) {
        const char *then = record_setting(file, (setting)k);
        if (!setting_is_kept((setting)k) || is_noted(then, p->settings.text[k]))
            continue;
        if (command_lacked_memory())
            return false;
        fprintf(stderr, "%s: %s was begun with%s --%s%s%s\n", command_name(),
                text_shown(p->checkpoint), then ? "" : "out", setting_name((setting)k),
                then ? " " : "", then ? text_shown(then) : "");
        return false;
    }
    return true;
}

bool record_blame_rows(const plan *p)
{
    fprintf(stderr, "%s: %s: these are not the rows that %s was begun with\n", command_name(),
            text_shown(p->settings.data), text_shown(p->checkpoint));
    return false;
}

bool record_check_rows(const work *w, const tril_tensors *file)
{
    char sum[32];
    const char *then = tril_tensors_metadata(file, sum_note);
    snprintf(sum, sizeof sum, "%016" PRIx64, work_fingerprint(w));
    return (then && strcmp(then, sum) == 0) || record_blame_rows(w->plan);
}

bool record_log(FILE *log, size_t member, const curve *c, size_t i)
{
    const double *row = c->row[i];
    return fprintf(log, "%zu,%zu,%.9g,", member, i, row[CURVE_TRAINING]) > 0 &&
           (isnan(row[CURVE_VALIDATION]) || fprintf(log, "%.9g", row[CURVE_VALIDATION]) > 0) &&
           fprintf(log, ",%.9g\n", row[CURVE_LR]) > 0;
}
