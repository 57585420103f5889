/* A model's networks: its members, and the baselines. */
#include <math.h>
#include <string.h>

#include <tril/extend.h>

#include "model/evaluate.h"
#include "model/model.h"
#include "nn/head.h"
#include "train/fit.h"
#include "train/linear_fit.h"
#include "train/network.h"

void tril_model_measure(tril_model *model, const tril_mlp_opts *mlp)
{
    tril_model_info *about = &model->about;
    about->mlp = *mlp;
    about->mlp.outputs = 0;
    about->mlp.inputs = about->n_inputs == 0;
    for (size_t j = 0; j < about->n_inputs; j++)
        about->mlp.inputs += tril_column_width(&about->inputs[j]);
}

static bool set_head(tril_model *model, const tril_head_opts *head, tril_head_opts *own)
{
    const size_t d = model->about.n_targets;
    tril_head_opts checked = *head;
    tril_head_layout layout;
    checked.classes = model->about.n_labels;
    if (tril_head_shared_size(d, head)) /* whose parameter is not there yet */
        checked.kind = NULL;
    if (!tril_head_layout_of(model->ctx, d, &checked, &layout))
        return false;
    *own = *head;
    own->kind = tril_head_kind_of(head);
    own->component = layout.opts.component;
    own->shared = (tril_param){ 0 };
    own->classes = checked.classes;
    return true;
}

const tril_support *tril_model_support(const tril_model *model)
{
    return model->heads->kind->support;
}

/* heads in their targets' own units take no transforms */
static bool check_transforms(const tril_model *model)
{
    const bool own = tril_model_support(model) && model->transforms; /* a file has them last */
    for (size_t j = 0; j < model->about.n_targets && own; j++)
        if (model->transforms[j].kind || model->transforms[j].open)
            return tril_ctx_fail(model->ctx, TRIL_BAD_ARGUMENT,
                                 "model: the head %s takes targets in their own units, without "
                                 "transforms",
                                 model->heads->kind->name);
    return true;
}

bool tril_model_make_room(tril_model *model, size_t members, const tril_head_opts *heads,
                          size_t n_heads)
{
    static const tril_head_opts full = { 0 };
    tril_arena *arena = &model->arena;
    if (members > SIZE_MAX / 2)
        return tril_ctx_fail(model->ctx, TRIL_BAD_ARGUMENT, "model: it cannot have %zu members",
                             members);
    model->members = tril_arena_take(arena, "model", members, sizeof *model->members);
    model->heads = tril_arena_take(arena, "model", members, sizeof *model->heads);
    model->weights = tril_arena_take(arena, "model", members, sizeof *model->weights);
    model->stores =
        tril_arena_take(arena, "model", members + TRIL_BASELINES, sizeof *model->stores);
    model->about.networks = model->members;
    model->about.n_networks = members;
    model->about.weights = model->weights;
    if (!model->members || !model->heads || !model->weights || !model->stores)
        return false;
    memset(model->members, 0, members * sizeof *model->members);
    memset(model->stores, 0, (members + TRIL_BASELINES) * sizeof *model->stores);
    for (size_t i = 0; i < members; i++) {
        model->weights[i] = 1 / (double)members;
        if (!set_head(model, n_heads ? &heads[i % n_heads] : &full, &model->heads[i]))
            return false;
        if (model->heads[i].kind->support != tril_model_support(model))
            return tril_ctx_fail(model->ctx, TRIL_BAD_ARGUMENT,
                                 "model: the heads %s and %s are for different kinds of targets, "
                                 "and their NLL cannot be compared: take one of them",
                                 model->heads->kind->name, model->heads[i].kind->name);
    }
    return check_transforms(model);
}

void tril_model_plan(const tril_model *model, size_t i, tril_mlp_opts *mlp, tril_head_opts *head)
{
    const tril_model_info *about = &model->about;
    if (i < about->n_networks) {
        *mlp = about->mlp;
        *head = model->heads[i];
    } else {
        const bool diagonal = i == about->n_networks + TRIL_BASELINE_DIAGONAL;
        *mlp = (tril_mlp_opts){ .inputs = about->mlp.inputs, .init = TRIL_ZERO };
        *head = (tril_head_opts){ .kind = tril_model_support(model) ? model->heads->kind
                                          : diagonal                ? &tril_head_diagonal
                                                                    : &tril_head_shared,
                                  .classes = about->n_labels };
    }
    mlp->outputs = tril_head_width(about->n_targets, head);
}

bool tril_model_make_network(tril_model *model, size_t i)
{
    tril_model_info *about = &model->about;
    const size_t members = about->n_networks;
    tril_network *net = i < members ? &model->members[i] : &about->baselines[i - members];
    tril_mlp_opts mlp;
    tril_head_opts head;
    if (i >= members && i != members + TRIL_BASELINE_FULL && tril_model_support(model))
        return true; /* the network without inputs is the one baseline */
    tril_params *params = tril_params_new(model->ctx);
    if (!params)
        return false;
    model->stores[i] = params;
    tril_model_plan(model, i, &mlp, &head);
    *net = i < members && !model->no_line
               ? tril_network_new(params, about->n_targets, &mlp, &head)
               : tril_network_make(params, about->n_targets, &mlp, &head, false);
    return net->mlp;
}

bool tril_model_weigh(tril_model *model, tril_batch rows)
{
    return tril_model_weigh_dataset(model, &(tril_dataset){ .n = rows.n,
                                                            .x = (tril_real *)rows.x,
                                                            .y = (tril_real *)rows.y,
                                                            .w = (tril_real *)rows.w });
}

bool tril_model_weigh_dataset(tril_model *model, const tril_dataset *cases)
{
    if (!model || !cases)
        return false;
    const tril_batch rows = { cases->x, cases->y, cases->n, cases->w };
    return tril_ensemble_weights_with(model->members, model->about.n_networks, rows, cases->bounds,
                                      model->weights);
}

/* ---- fitting the baselines */

/* the linear one: the simple fit that members begin at */
static bool fit_line(tril_model *model, tril_batch rows, tril_bounds bounds)
{
    const size_t inputs = model->about.mlp.inputs, d = model->about.n_targets;
    const tril_network *net = &model->about.baselines[TRIL_BASELINE_LINEAR];
    tril_dense *layer = tril_mlp_last(net->mlp);
    tril_linear_fit fit;
    if (!tril_linear_fit_rows(model->ctx, rows, bounds, NULL, inputs, d, false, &fit))
        return false;
    bool done = tril_head_start_moments(layer, fit.bias, fit.covariance, d, &net->head);
    for (size_t i = 0; i < d * inputs && done; i++)
        tril_param_values(tril_dense_weight(layer))[i] = (tril_real)fit.weight[i];
    tril_ctx_release(model->ctx, fit.weight);
    return done;
}

bool tril_model_fit_baselines(tril_model *model, const tril_dataset *cases)
{
    const tril_batch rows = { cases->x, cases->y, cases->n, cases->w };
    const tril_bounds bounds = tril_bounds_or_none(cases->bounds);
    tril_network *baselines = model->about.baselines;
    if (!tril_flat_start(&baselines[TRIL_BASELINE_FULL], rows, bounds, NULL))
        return false;
    if (tril_model_support(model))
        return true;
    /* means and standard deviations are those of the scaler, unless bounds say more */
    return (!bounds.low ||
            tril_flat_start(&baselines[TRIL_BASELINE_DIAGONAL], rows, bounds, NULL)) &&
           fit_line(model, rows, bounds);
}
