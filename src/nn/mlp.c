/* Dense layers one behind the other. */
#include <stdio.h>

#include <tril/extend.h>

#include "core/params.h"
#include "nn/dense.h"

struct tril_mlp {
    size_t depth;
    tril_dense *layers[TRIL_MAX_HIDDEN + 1];
};

tril_mlp *tril_mlp_new(tril_params *params, const char *name, const tril_mlp_opts *opts)
{
    if (!params || tril_ctx_failed(params->ctx))
        return NULL;
    if (!name || !*name || !opts)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT, "mlp: it needs a name and options"),
               NULL;
    tril_mlp *mlp = tril_arena_take(&params->arena, "mlp", 1, sizeof *mlp);
    if (!mlp)
        return NULL;
    *mlp = (tril_mlp){ 0 };
    size_t inputs = opts->inputs, before = params->count;
    for (bool last = false; !last; mlp->depth++) {
        last = mlp->depth == TRIL_MAX_HIDDEN || opts->hidden[mlp->depth] == 0;
        tril_activation hidden =
            opts->activation == TRIL_ACTIVATION_DEFAULT ? TRIL_TANH : opts->activation;
        tril_dense_opts layer = { .inputs = inputs,
                                  .outputs = last ? opts->outputs : opts->hidden[mlp->depth],
                                  .activation = last ? TRIL_NONE : hidden,
                                  .init = opts->init };
        char layer_name[256];
        if (snprintf(layer_name, sizeof layer_name, "%s.%zu", name, 2 * mlp->depth) >=
            (int)sizeof layer_name)
            tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT, "mlp: the name %.32s... is too long",
                          name);
        mlp->layers[mlp->depth] = tril_dense_new(params, layer_name, &layer);
        inputs = layer.outputs;
    }
    if (tril_ctx_failed(params->ctx))
        return tril_params_back(params, before), NULL;
    return mlp;
}

tril_var tril_mlp_apply(const tril_mlp *mlp, tril_var x)
{
    if (!mlp)
        return tril_var_fail(x.tape, "mlp", TRIL_BAD_ARGUMENT, "there is no network");
    for (size_t i = 0; i < mlp->depth && (i == 0 || x.tape); i++)
        x = tril_dense_apply(mlp->layers[i], x);
    return x;
}

size_t tril_mlp_depth(const tril_mlp *mlp)
{
    return mlp ? mlp->depth : 0;
}

tril_dense *tril_mlp_layer(const tril_mlp *mlp, size_t i)
{
    return i < tril_mlp_depth(mlp) ? mlp->layers[i] : NULL;
}

tril_dense *tril_mlp_last(const tril_mlp *mlp)
{
    return mlp ? mlp->layers[mlp->depth - 1] : NULL;
}
