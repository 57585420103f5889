/* The dense layer and its initialisers. */
#include "nn/dense.h"

#include <math.h>

#include <tril/extend.h>

#include "core/params.h"

/* uniform on +- bound */
static void fill_uniform(tril_ctx *ctx, tril_param weight, double bound)
{
    tril_real *w = tril_param_values(weight);
    size_t size = tril_shape_size(tril_param_shape(weight));
    tril_random_uniform(tril_ctx_random(ctx), w, size);
    for (size_t i = 0; i < size; i++)
        w[i] = (tril_real)((2 * (double)w[i] - 1) * bound);
}

static tril_init init_before(tril_activation activation)
{
    switch (activation) {
    case TRIL_RELU:
    case TRIL_ELU:
    case TRIL_SOFTPLUS:
    case TRIL_SILU:
        return TRIL_HE;
    case TRIL_TANH:
    case TRIL_SIGMOID:
    case TRIL_NONE:
    case TRIL_ACTIVATION_DEFAULT:
        break;
    }
    return TRIL_XAVIER;
}

static void initialise(tril_ctx *ctx, tril_param weight, const tril_dense_opts *opts)
{
    double in = (double)opts->inputs, out = (double)opts->outputs;
    switch (opts->init == TRIL_INIT_DEFAULT ? init_before(opts->activation) : opts->init) {
    case TRIL_HE:
        fill_uniform(ctx, weight, sqrt(6 / in));
        break;
    case TRIL_XAVIER:
    case TRIL_INIT_DEFAULT:
        fill_uniform(ctx, weight, sqrt(6 / (in + out)));
        break;
    case TRIL_ZERO: /* as parameters begin */
        break;
    }
}

tril_dense *tril_dense_new(tril_params *params, const char *name, const tril_dense_opts *opts)
{
    if (!params || tril_ctx_failed(params->ctx))
        return NULL;
    if (!name || !*name || !opts)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT, "dense: it needs a name and options"),
               NULL;
    if (opts->inputs == 0 || opts->outputs == 0)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "dense: %s has %zu inputs and %zu outputs, want at least 1 each", name,
                             opts->inputs, opts->outputs),
               NULL;
    if (opts->activation > TRIL_SIGMOID || opts->init > TRIL_ZERO)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT, "dense: %s: there is no %s number %d",
                             name, opts->init > TRIL_ZERO ? "init" : "activation",
                             opts->init > TRIL_ZERO ? (int)opts->init : (int)opts->activation),
               NULL;
    size_t before = params->count;
    tril_dense *dense = tril_arena_take(&params->arena, "dense", 1, sizeof *dense);
    if (!dense)
        return NULL;
    *dense = (tril_dense){ .activation = opts->activation };
    dense->weight = tril_params_add_part(params, "dense", name, "weight",
                                         TRIL_SHAPE(opts->outputs, opts->inputs));
    if (!opts->no_bias)
        dense->bias =
            tril_params_add_part(params, "dense", name, "bias", TRIL_SHAPE(opts->outputs));
    if (tril_ctx_failed(params->ctx))
        return tril_params_back(params, before), NULL;
    initialise(params->ctx, dense->weight, opts);
    return dense;
}

tril_var tril_dense_apply(const tril_dense *dense, tril_var x)
{
    if (!dense)
        return tril_var_fail(x.tape, "dense", TRIL_BAD_ARGUMENT, "there is no layer");
    if (!x.tape)
        return tril_ctx_fail(dense->weight.params->ctx, TRIL_BAD_VAR, "dense: x is no var"),
               (tril_var){ 0 };
    tril_var weight = tril_param_var(x.tape, dense->weight);
    tril_var bias = dense->bias.params ? tril_param_var(x.tape, dense->bias) : (tril_var){ 0 };
    return tril_affine(x, weight, bias, dense->activation);
}

tril_param tril_dense_weight(const tril_dense *dense)
{
    return dense ? dense->weight : (tril_param){ 0 };
}

tril_param tril_dense_bias(const tril_dense *dense)
{
    return dense ? dense->bias : (tril_param){ 0 };
}
