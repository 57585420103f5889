/* Adam and AdamW. */
#include <math.h>

#include "kernels/optim_kernels.h"
#include "optim/optim.h"

/* l2 goes into the gradient, shrink multiplies the parameter: Adam has one, AdamW the other */
static void update(const tril_optim *optim, const tril_optim_span *span, double lr_now,
                   double l2_now, double shrink_now, tril_real *w, const tril_real *g,
                   tril_real *const *state)
{
    const tril_adam_opts *o = &optim->opts.adam;
    const double steps = (double)optim->steps;
    const tril_adam_step step = {
        .beta1 = (tril_real)o->beta1,
        .rest1 = (tril_real)(1 - o->beta1),
        .beta2 = (tril_real)o->beta2,
        .rest2 = (tril_real)(1 - o->beta2),
        .rate = (tril_real)(lr_now / (1 - pow(o->beta1, steps))),
        .unbias = (tril_real)(1 / (1 - pow(o->beta2, steps))),
        .eps = (tril_real)o->eps,
        .l2 = (tril_real)l2_now,
        .shrink = (tril_real)shrink_now,
        /* a larger gradient's square would be infinite, and the parameter would never move again */
        .bound = (tril_real)(1e-3 * sqrt((double)TRIL_REAL_MAX)),
    };
    tril_adam_move(&step, span->size, g, state[0], state[1], w);
}

static void adam_update(const tril_optim *optim, const tril_optim_span *span, double lr,
                        tril_real *w, const tril_real *g, tril_real *const *state)
{
    update(optim, span, lr, span->weight_decay, 1, w, g, state);
}

static void adamw_update(const tril_optim *optim, const tril_optim_span *span, double lr,
                         tril_real *w, const tril_real *g, tril_real *const *state)
{
    update(optim, span, lr, 0, 1 - lr * span->weight_decay, w, g, state);
}

const tril_optim_kind tril_optim_kind_adam = { "adam", 2, adam_update };
const tril_optim_kind tril_optim_kind_adamw = { "adamw", 2, adamw_update };

static tril_optim *adam_new(const tril_optim_kind *kind, tril_params *params,
                            const tril_adam_opts *opts, double default_decay)
{
    tril_adam_opts o = opts ? *opts : (tril_adam_opts){ 0 };
    o.lr = o.lr == 0 ? 0.001 : o.lr;
    o.beta1 = o.beta1 == 0 ? 0.9 : o.beta1;
    o.beta2 = o.beta2 == 0 ? 0.999 : o.beta2;
    o.eps = o.eps == 0 ? 1e-8 : o.eps;
    o.weight_decay = o.weight_decay == 0 ? default_decay : o.weight_decay;
    if (!tril_optim_check(params, kind->name, "beta1", o.beta1, 0, 1) ||
        !tril_optim_check(params, kind->name, "beta2", o.beta2, 0, 1) ||
        !tril_optim_check(params, kind->name, "eps", o.eps, 0, HUGE_VAL))
        return NULL;
    tril_optim *optim = tril_optim_new(kind, params, o.lr, o.weight_decay, o.clip);
    if (optim)
        optim->opts.adam = o;
    return optim;
}

tril_optim *tril_adam_new(tril_params *params, const tril_adam_opts *opts)
{
    return adam_new(&tril_optim_kind_adam, params, opts, 0);
}

tril_optim *tril_adamw_new(tril_params *params, const tril_adam_opts *opts)
{
    return adam_new(&tril_optim_kind_adamw, params, opts, 0.01);
}
