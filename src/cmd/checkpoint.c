/* What model files and checkpoints say of the training. */
#include "cmd/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
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
        how_far[k] = m->done ? DONE : m->fit ? UNDER_WAY : NOT_BEGUN;
        done = !m->fit || tril_tensors_put_fit(file, prefix, m->fit);
    }
    done = done && tril_tensors_put(file, members_name, TRIL_U64, TRIL_SHAPE(members), how_far);
    free(how_far);
    return done;
}

bool record_put(const training *t, tril_tensors *file)
{
    const work *w = t->work;
    char name[32];
    bool done = tril_tensors_put_model(file, w->model) &&
                put_note(file, data_note, w->plan->settings.data) && put_rows(w, file) &&
                record_put_settings(w->plan, file);
    for (size_t k = 0; k < w->plan->model.members && done; k++) {
        const curve *c = &t->members[k].curve;
        curve_name(name, k);
        done = c->n == 0 ||
               tril_tensors_put(file, name, TRIL_F64, TRIL_SHAPE(c->n, CURVE_COLUMNS), c->row);
    }
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
        t->members[k].done = how_far[k] == DONE;
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
    const size_t epochs = tril_fit_get_status(m->fit).epoch;
    if (m->curve.n == epochs + 1)
        return true;
    fprintf(stderr, "%s: %s: curve.%zu has %zu rows after %zu epochs\n", command_name(),
            text_shown(t->work->plan->checkpoint), m->index, m->curve.n, epochs);
    return false;
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
