/* Adam and AdamW. */
#include <math.h>

#include "kernels/mvn.h"
#include "kernels/optim_kernels.h"
#include "optim/optim.h"

/* l2 goes into the gradient, shrink multiplies the parameter: Adam has one, AdamW the other */
static void update(const tril_optim_update *u, double l2, double shrink)
{
    const tril_adam_opts *o = u->opts;
    const double steps = (double)u->step;
    const tril_adam_step step = {
        .beta1 = (tril_real)o->beta1,
        .rest1 = (tril_real)(1 - o->beta1),
        .beta2 = (tril_real)o->beta2,
        .rest2 = (tril_real)(1 - o->beta2),
        /* within the range of the type: infinity times 0 is no step, and neither is 0 / 0 */
        .rate = tril_saturate(u->lr / (1 - pow(o->beta1, steps))),
        .unbias = (tril_real)(1 / (1 - pow(o->beta2, steps))),
        .eps = tril_saturate(fmax(o->eps, (double)TRIL_REAL_MIN)),
        .l2 = tril_saturate(l2),
        .shrink = tril_saturate(shrink),
        /* a larger gradient's square would be infinite, and the parameter would never move again */
        .bound = (tril_real)(1e-3 * sqrt((double)TRIL_REAL_MAX)),
    };
    tril_adam_move(&step, u->n, u->g, u->state[0], u->state[1], u->w);
}

static void adam_update(const tril_optim_update *u)
{
    update(u, u->weight_decay, 1);
}

static void adamw_update(const tril_optim_update *u)
{
    update(u, 0, 1 - u->lr * u->weight_decay);
}

static tril_optim *adam_new(const tril_optim_kind *kind, tril_params *params, tril_adam_opts o)
{
    const tril_optim_opts common = { .lr = o.lr, .weight_decay = o.weight_decay, .clip = o.clip };
    o.beta1 = o.beta1 == 0 ? 0.9 : o.beta1;
    o.beta2 = o.beta2 == 0 ? 0.999 : o.beta2;
    o.eps = o.eps == 0 ? 1e-8 : o.eps;
    if (!tril_optim_check(params, kind->name, "beta1", o.beta1, 0, 1) ||
        !tril_optim_check(params, kind->name, "beta2", o.beta2, 0, 1) ||
        !tril_optim_check(params, kind->name, "eps", o.eps, 0, HUGE_VAL))
        return NULL;
    return tril_optim_new(kind, params, &common, &o, sizeof o);
}

/* a fit's weight decay is AdamW's */
static tril_optim *make(tril_params *params, const tril_optim_opts *o)
{
    return adam_new(
        o->weight_decay == 0 ? &tril_optim_adam : &tril_optim_adamw, params,
        (tril_adam_opts){ .lr = o->lr, .weight_decay = o->weight_decay, .clip = o->clip });
}

const tril_optim_kind tril_optim_adam = { "adam", 0.001, 2, adam_update, make };
const tril_optim_kind tril_optim_adamw = { "adamw", 0.001, 2, adamw_update, make };

tril_optim *tril_adam_new(tril_params *params, const tril_adam_opts *opts)
{
    return adam_new(&tril_optim_adam, params, opts ? *opts : (tril_adam_opts){ 0 });
}

tril_optim *tril_adamw_new(tril_params *params, const tril_adam_opts *opts)
{
    tril_adam_opts o = opts ? *opts : (tril_adam_opts){ 0 };
    o.weight_decay = o.weight_decay == 0 ? 0.01 : o.weight_decay;
    return adam_new(&tril_optim_adamw, params, o);
}
