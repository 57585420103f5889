/* The note of a model file, which says what the model is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/date.h"
#include "io/json.h"
#include "io/message.h"
#include "io/tensors.h"
#include "model/model.h"
#include "nn/head.h"

enum { VERSION = 1 };

static const char note[] = "tril";

/* what options are called in the note; the first name is the default's */
static const char *const activations[] = { "tanh",     "none", "tanh",    "relu", "elu",
                                           "softplus", "silu", "sigmoid", NULL };
static const char *const diagonals[] = { "elu", "elu", "exp", "softplus", NULL };
static const char *const missings[] = {
    "error", "drop", "mean", "marginal", "mean,marginal", NULL
};
static const char *const cycles[] = { "year", "week", "day", NULL };

/* ---- written: a part that memory lacks makes the whole NULL */

static json_t *texts_of(const char *const *texts, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, json_string(texts[i])))
            return json_decref(list), NULL;
    return list;
}

static json_t *cycles_of(unsigned sum)
{
    const char *names[3];
    size_t n = 0;
    for (int c = 0; c < 3; c++)
        if (sum >> c & 1)
            names[n++] = cycles[c];
    return texts_of(names, n);
}

static json_t *inputs_of(const tril_model_info *about)
{
    json_t *list = json_array();
    for (size_t j = 0; j < about->n_inputs; j++) {
        const tril_column *c = &about->inputs[j];
        json_t *said = c->labels  ? json_pack("{s:s, s:o}", "name", c->name, "labels",
                                              texts_of(c->labels, c->n_labels))
                       : c->dates ? json_pack("{s:s, s:s, s:o}", "name", c->name, "dates", c->dates,
                                              "cycles", cycles_of(c->cycles))
                                  : json_pack("{s:s}", "name", c->name);
        if (json_array_append_new(list, said))
            return json_decref(list), NULL;
    }
    return list;
}

static json_t *hidden_of(const tril_mlp_opts *mlp)
{
    json_t *list = json_array();
    for (size_t i = 0; i < TRIL_MAX_HIDDEN && mlp->hidden[i]; i++)
        if (json_array_append_new(list, json_integer((json_int_t)mlp->hidden[i])))
            return json_decref(list), NULL;
    return list;
}

static json_t *member_of(const tril_head_opts *head, double weight)
{
    return json_pack("{s:s, s:s, s:b, s:f, s:b, s:I, s:I, s:s, s:f}", "form", head->kind->name,
                     "diagonal", diagonals[head->diagonal], "relative_off_diagonal",
                     head->relative_off_diagonal, "floor", head->floor == 0 ? 1e-6 : head->floor,
                     "natural", head->natural, "rank", (json_int_t)head->rank, "components",
                     (json_int_t)head->components, "component", head->component->name, "weight",
                     weight);
}

static json_t *members_of(const tril_model *model)
{
    json_t *list = json_array();
    for (size_t i = 0; i < model->about.n_networks; i++)
        if (json_array_append_new(list, member_of(&model->heads[i], model->weights[i])))
            return json_decref(list), NULL;
    return list;
}

bool tril_model_put_note(const tril_model *model, tril_tensors *tensors)
{
    const tril_model_info *about = &model->about;
    json_t *said =
        json_pack("{s:i, s:o, s:o, s:o, s:o, s:s, s:o, s:s, s:o}", "version", VERSION, "inputs",
                  inputs_of(about), "left_out", texts_of(about->left_out, about->n_left_out),
                  "targets", texts_of(about->targets, about->n_targets), "hidden",
                  hidden_of(&about->mlp), "activation", activations[about->mlp.activation],
                  "members", members_of(model), "missing", missings[about->missing],
                  "missing_values", texts_of(about->dialect.missing, about->dialect.n_missing));
    if ((about->labels &&
         json_object_set_new(said, "labels", texts_of(about->labels, about->n_labels))) ||
        (about->weight && json_object_set_new(said, "row_weight", json_string(about->weight))) ||
        (about->transforms &&
         json_object_set_new(said, "transforms", texts_of(about->transforms, about->n_targets)))) {
        json_decref(said);
        said = NULL;
    }
    size_t length = said ? json_dumpb(said, NULL, 0, JSON_COMPACT) : 0;
    char *text = tril_ctx_alloc(tensors->ctx, "tensors", length + 1, 1);
    if (text && json_dumpb(said, text, length, JSON_COMPACT) == length && length) {
        text[length] = 0;
        tril_tensors_set_metadata(tensors, note, text);
    } else {
        tril_ctx_fail(tensors->ctx, TRIL_OUT_OF_MEMORY, "%s: out of memory for the note %s",
                      tensors->source, note);
    }
    json_decref(said);
    tril_ctx_release(tensors->ctx, text);
    return !tril_ctx_failed(tensors->ctx);
}

/* ---- and read: nothing that stands in it is believed */

/* A note under way: whose it is, and its parts, which live as long as it. */
typedef struct reader {
    const tril_tensors *tensors;
    tril_model *model;
    const tril_head_kind *const *heads;
} reader;

__attribute__((format(printf, 2, 3))) static bool fail(const reader *r, const char *format, ...)
{
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return tril_ctx_fail(r->tensors->ctx, TRIL_BAD_DATA, "%s: note %s: %s", r->tensors->source,
                         note, what);
}

static bool read_name(const reader *r, const char *what, const char *const *names, const char *text,
                      int *which)
{
    char room[TRIL_SHOWN_ROOM];
    for (*which = 0; names[*which]; ++*which)
        if (strcmp(names[*which], text) == 0)
            return true;
    return fail(r, "%s is '%s', which is not known", what, tril_shown(room, text));
}

/* one of the library's kinds of heads, or of the reader's own */
static bool read_kind(const reader *r, const char *what, const char *text,
                      const tril_head_kind **kind)
{
    const tril_head_kind *const *const lists[] = { tril_heads, r->heads };
    char room[TRIL_SHOWN_ROOM];
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; lists[i] && lists[i][k]; k++)
            if (strcmp(lists[i][k]->name, text) == 0)
                return *kind = lists[i][k], true;
    return fail(r, "members: %s is '%s', which is not known", what, tril_shown(room, text));
}

static const char *const *read_texts(const reader *r, const json_t *list, const char *what,
                                     size_t *n)
{
    *n = json_array_size(list);
    const char **own = tril_arena_take(&r->model->arena, "model", *n + 1, sizeof *own);
    for (size_t i = 0; i <= *n && own; i++) {
        const char *text = i < *n ? json_string_value(json_array_get(list, i)) : "";
        if (!text)
            return fail(r, "%s are texts, and number %zu is none", what, i), NULL;
        own[i] = tril_model_keep(r->model, text);
        if (!own[i])
            return NULL;
    }
    return own;
}

static bool read_dates(const reader *r, const char *dates, const json_t *list, tril_column *column)
{
    int form;
    if (!read_name(r, "dates", tril_date_forms + 1, dates, &form))
        return false;
    column->dates = tril_date_forms[form + 1];
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        int c;
        if (!read_name(r, "cycle", cycles, name ? name : "", &c))
            return false;
        column->cycles |= 1u << c;
    }
    return true;
}

static bool read_inputs(const reader *r, const json_t *list)
{
    tril_model_info *about = &r->model->about;
    about->n_inputs = json_array_size(list);
    tril_column *columns =
        tril_arena_take(&r->model->arena, "model", about->n_inputs, sizeof *columns);
    if (!json_is_array(list))
        return fail(r, "inputs are no list");
    for (size_t j = 0; j < about->n_inputs && columns; j++) {
        json_t *labels = NULL, *own_cycles = NULL;
        const char *name, *dates = NULL;
        if (json_unpack(json_array_get(list, j), "{s:s, s?o, s?s, s?o!}", "name", &name, "labels",
                        &labels, "dates", &dates, "cycles", &own_cycles) ||
            (labels && dates))
            return fail(r, "input number %zu is not a name, or a name and labels or dates", j);
        columns[j] = (tril_column){ .name = tril_model_keep(r->model, name) };
        if (labels && json_array_size(labels) == 0)
            return fail(r, "input number %zu has no labels in its list of them", j);
        if (labels)
            columns[j].labels = read_texts(r, labels, "labels", &columns[j].n_labels);
        if (!columns[j].name || (labels && !columns[j].labels) ||
            (dates && !read_dates(r, dates, own_cycles, &columns[j])))
            return false;
    }
    about->inputs = columns;
    return columns;
}

static bool read_hidden(const reader *r, const json_t *list, tril_mlp_opts *mlp)
{
    if (list && (!json_is_array(list) || json_array_size(list) > TRIL_MAX_HIDDEN))
        return fail(r, "hidden is no list of up to %d widths", TRIL_MAX_HIDDEN);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_int_t width = json_integer_value(json_array_get(list, i));
        if (width < 1)
            return fail(r, "hidden: number %zu is no width", i);
        mlp->hidden[i] = (size_t)width;
    }
    return true;
}

static bool read_member(const reader *r, json_t *said, tril_head_opts *head, double *weight)
{
    const char *form = tril_head_full.name, *diagonal = diagonals[0], *component = form;
    int relative_off_diagonal = 0, natural = 0, which;
    json_int_t rank = 0, components = 0;
    json_error_t error;
    char room[TRIL_SHOWN_ROOM];
    *head = (tril_head_opts){ 0 };
    *weight = 1;
    if (said &&
        json_unpack_ex(said, &error, 0, "{s?s, s?s, s?b, s?F, s?b, s?I, s?I, s?s, s?F!}", "form",
                       &form, "diagonal", &diagonal, "relative_off_diagonal",
                       &relative_off_diagonal, "floor", &head->floor, "natural", &natural, "rank",
                       &rank, "components", &components, "component", &component, "weight", weight))
        return fail(r, "members: %s", tril_shown(room, error.text));
    if (!read_kind(r, "form", form, &head->kind) ||
        !read_name(r, "members: diagonal", diagonals, diagonal, &which) ||
        !read_kind(r, "component", component, &head->component))
        return false;
    if (rank < 0 || components < 0)
        return fail(r, "members: a negative number");
    head->diagonal = (tril_diagonal_transform)which;
    head->relative_off_diagonal = relative_off_diagonal;
    head->natural = natural;
    head->rank = (size_t)rank;
    head->components = (size_t)components;
    return true;
}

/* NULL stands for one member */
static bool read_members(const reader *r, const json_t *list)
{
    tril_model *model = r->model;
    const size_t n = list ? json_array_size(list) : 1;
    double sum = 0;
    if (list && !json_is_array(list))
        return fail(r, "members are no list");
    if (n == 0 || n > tril_tensors_count(r->tensors))
        return fail(r, "members: %zu of them are not there", n);
    tril_head_opts *heads = tril_ctx_alloc(model->ctx, "model", n, sizeof *heads);
    double *weights = tril_ctx_alloc(model->ctx, "model", n, sizeof *weights);
    bool done = heads && weights;
    for (size_t i = 0; i < n && done; i++) {
        done = read_member(r, json_array_get(list, i), &heads[i], &weights[i]);
        sum += done && weights[i] >= 0 ? weights[i] : (double)NAN;
    }
    if (done && !(fabs(sum - 1) < 1e-6))
        done = fail(r, "members: their weights are not all at least 0 and their sum 1");
    done = done && tril_model_make_room(model, n, heads, n);
    if (done)
        memcpy(model->weights, weights, n * sizeof *weights);
    tril_ctx_release(model->ctx, heads);
    tril_ctx_release(model->ctx, weights);
    return done;
}

/* NULL stands for none */
static bool read_transforms(const reader *r, const json_t *list)
{
    tril_model_info *about = &r->model->about;
    size_t n = about->n_targets;
    about->transforms = list ? read_texts(r, list, "transforms", &n) : NULL;
    if (list && !about->transforms)
        return false;
    if (n != about->n_targets)
        return fail(r, "transforms are %zu texts, and targets %zu", n, about->n_targets);
    if (!tril_model_read_transforms(r->model, TRIL_BAD_DATA, r->tensors->source, about->transforms))
        return false;
    for (size_t j = 0; j < n; j++)
        if (r->model->transforms[j].open)
            return fail(r, "transform number %zu lacks its parameter", j);
    return true;
}

static bool read_note(const reader *r, json_t *said)
{
    json_t *inputs, *targets, *left_out = NULL, *hidden = NULL, *members = NULL, *words = NULL,
                              *transforms = NULL, *labels = NULL;
    const char *activation = activations[0], *missing = missings[0], *weight = NULL;
    int version, which[2];
    json_error_t error;
    char room[TRIL_SHOWN_ROOM];
    tril_mlp_opts mlp = { 0 };
    tril_model_info *about = &r->model->about;
    if (json_unpack_ex(said, &error, 0, "{s:i}", "version", &version))
        return fail(r, "%s", tril_shown(room, error.text));
    if (version != VERSION)
        return fail(r, "version %d is not known, only %d", version, VERSION);
    if (json_unpack_ex(said, &error, 0,
                       "{s:i, s:o, s?o, s:o, s?o, s?s, s?o, s?s, s?o, s?s, s?o, "
                       "s?o!}",
                       "version", &version, "inputs", &inputs, "left_out", &left_out, "targets",
                       &targets, "hidden", &hidden, "activation", &activation, "members", &members,
                       "missing", &missing, "missing_values", &words, "row_weight", &weight,
                       "transforms", &transforms, "labels", &labels))
        return fail(r, "%s", tril_shown(room, error.text));
    if (!read_name(r, "activation", activations, activation, &which[0]) ||
        !read_name(r, "missing", missings, missing, &which[1]) || !read_inputs(r, inputs) ||
        !read_hidden(r, hidden, &mlp))
        return false;
    if (json_array_size(targets) == 0)
        return fail(r, "targets are no list of names");
    mlp.activation = (tril_activation)which[0];
    about->missing = (tril_missing)which[1];
    about->weight = weight ? tril_model_keep(r->model, weight) : NULL;
    about->targets = read_texts(r, targets, "targets", &about->n_targets);
    about->left_out = read_texts(r, left_out, "left_out", &about->n_left_out);
    about->dialect.missing = read_texts(r, words, "missing_values", &about->dialect.n_missing);
    if (!about->targets || !about->left_out || !about->dialect.missing ||
        !read_transforms(r, transforms))
        return false;
    if (labels)
        about->labels = read_texts(r, labels, "labels", &about->n_labels);
    if (labels && !about->labels)
        return false;
    tril_model_measure(r->model, &mlp);
    return read_members(r, members) &&
           (!labels == (tril_model_support(r->model) != &tril_support_class) ||
            fail(r, "labels are for the form %s", tril_head_categorical.name));
}

bool tril_model_get_note(tril_model *model, const tril_tensors *tensors,
                         const tril_head_kind *const *heads)
{
    const reader r = { tensors, model, heads };
    const char *text = tril_tensors_metadata(tensors, note);
    tril_json json;
    json_error_t error;
    char room[TRIL_SHOWN_ROOM];
    if (!text)
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_DATA,
                             "%s: there is no note %s: this is no model", tensors->source, note);
    if (!tril_json_begin(&json, tensors->ctx, tensors->source, text, strlen(text)))
        return false;
    json_t *said = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    bool done = said ? read_note(&r, said) : fail(&r, "%s", tril_shown(room, error.text));
    json_decref(said);
    tril_json_end(&json);
    return done;
}
