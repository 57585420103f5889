/* Models as tensors. */
#include <stdio.h>
#include <string.h>

#include "core/params.h"
#include "io/tensors.h"
#include "model/model.h"
#include "nn/head.h"

enum { PREFIX_ROOM = 64 };

/* of a network's parameters: network number i of members and baselines */
static void write_prefix(char prefix[PREFIX_ROOM], const tril_model_info *about, size_t i)
{
    static const char *const baselines[] = { "diagonal.", "full.", "linear." };
    if (i >= about->n_networks)
        strcpy(prefix, baselines[i - about->n_networks]);
    else if (about->n_networks > 1)
        snprintf(prefix, PREFIX_ROOM, "members.%zu.", i);
    else
        prefix[0] = 0;
}

static size_t end_of_networks(const tril_model_info *about)
{
    return about->n_networks + TRIL_BASELINES;
}

/* whether a file holds a network: the parameters of the first baseline are zero */
static bool is_kept(const tril_model_info *about, size_t i)
{
    return i != about->n_networks + TRIL_BASELINE_DIAGONAL;
}

bool tril_tensors_put_model(tril_tensors *tensors, const tril_model *model)
{
    char prefix[PREFIX_ROOM];
    if (!tensors || tril_ctx_failed(tensors->ctx) || !model)
        return false;
    const tril_model_info *about = &model->about;
    bool done = tril_model_put_note(model, tensors);
    for (size_t i = 0; i < end_of_networks(about) && done; i++) {
        write_prefix(prefix, about, i);
        if (model->stores[i] && is_kept(about, i))
            done = tril_tensors_put_params(tensors, prefix, model->stores[i]);
    }
    return done &&
           (about->n_inputs == 0 || (tril_tensors_put_scaler(tensors, "inputs", &model->inputs) &&
                                     tril_model_put_bounds(model, tensors))) &&
           tril_tensors_put_scaler(tensors, "targets", &model->targets) &&
           tril_model_put_conformal(model, tensors);
}

/* ---- and back: nothing that a file says is believed */

typedef struct reader {
    const tril_tensors *tensors;
    tril_model *model;
} reader;

static bool fits(const reader *r, const char *prefix, const char *name, tril_shape shape)
{
    char whole[2 * PREFIX_ROOM];
    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    return tril_tensors_fit(r->tensors, whole, TRIL_REAL_DTYPE, shape);
}

static bool is_there(const reader *r, const char *prefix, const char *name)
{
    char whole[2 * PREFIX_ROOM];
    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    return tril_tensors_find(r->tensors, whole).name;
}

/* whether the tensors of network number i are there, before memory is asked for it */
static bool check_network(const reader *r, const char *prefix, size_t i)
{
    char name[PREFIX_ROOM];
    tril_mlp_opts mlp;
    tril_head_opts head;
    tril_model_plan(r->model, i, &mlp, &head);
    size_t inputs = mlp.inputs, d = r->model->about.n_targets;
    for (size_t k = 0, last = 0; !last; k++) {
        last = k == TRIL_MAX_HIDDEN || mlp.hidden[k] == 0;
        const size_t outputs = last ? mlp.outputs : mlp.hidden[k];
        snprintf(name, sizeof name, "net.%zu.weight", 2 * k);
        if (!fits(r, prefix, name, TRIL_SHAPE(outputs, inputs)))
            return false;
        inputs = outputs;
    }
    const size_t shared = tril_head_shared_size(d, &head);
    if (shared && !fits(r, prefix, "covariance", TRIL_SHAPE(shared)))
        return false;
    return i >= r->model->about.n_networks || r->model->no_line ||
           (fits(r, prefix, "line.weight", TRIL_SHAPE(d, mlp.inputs)) &&
            fits(r, prefix, "line.bias", TRIL_SHAPE(d)) &&
            fits(r, prefix, "line.scale", TRIL_SHAPE(d, d)));
}

static bool read_network(const reader *r, size_t i)
{
    char prefix[PREFIX_ROOM];
    tril_model *model = r->model;
    const tril_model_info *about = &model->about;
    if (!is_kept(about, i))
        return tril_model_make_network(model, i);
    write_prefix(prefix, about, i);
    if (i >= about->n_networks && !is_there(r, prefix, "net.0.weight"))
        return true; /* a baseline that the file lacks */
    model->no_line = !is_there(r, prefix, "line.weight");
    return check_network(r, prefix, i) && tril_model_make_network(model, i) &&
           tril_tensors_get_params(r->tensors, prefix, model->stores[i]);
}

static bool read_scaler(const reader *r, const char *name, size_t width, tril_scaler *scaler)
{
    if (!tril_tensors_get_scaler(r->tensors, name, scaler))
        return false;
    return scaler->width == width || tril_ctx_fail(r->tensors->ctx, TRIL_BAD_DATA,
                                                   "%s: %s.mean has %zu numbers, wanted are %zu",
                                                   r->tensors->source, name, scaler->width, width);
}

static bool read_numbers(const reader *r)
{
    tril_model *model = r->model;
    const tril_model_info *about = &model->about;
    if (!read_scaler(r, "targets", about->n_targets, &model->targets) ||
        (about->n_inputs && (!read_scaler(r, "inputs", about->mlp.inputs, &model->inputs) ||
                             !tril_model_get_bounds(model, r->tensors))) ||
        !tril_model_set_origins(model) || !tril_model_set_targets(model) ||
        !tril_model_get_conformal(model, r->tensors))
        return false;
    for (size_t i = 0; i < end_of_networks(about); i++)
        if (!read_network(r, i))
            return false;
    return true;
}

tril_model *tril_tensors_get_model(const tril_tensors *tensors, const tril_head_kind *const *heads)
{
    if (!tensors || tril_ctx_failed(tensors->ctx))
        return NULL;
    const reader r = { tensors, tril_model_make(tensors->ctx) };
    if (r.model && tril_model_get_note(r.model, tensors, heads) && read_numbers(&r))
        return r.model;
    tril_model_free(r.model);
    return NULL;
}
