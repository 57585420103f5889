/* Stochastic gradient descent with momentum. */
#include "kernels/mvn.h"
#include "kernels/optim_kernels.h"
#include "optim/optim.h"

static void sgd_update(const tril_optim_update *u)
{
    const tril_sgd_opts *o = u->opts;
    const tril_sgd_step step = {
        .momentum = (tril_real)o->momentum,
        .rate = tril_saturate(u->lr), /* infinity times 0 is no step */
        .of_gradient = o->nesterov,
        .of_momentum = (tril_real)(o->nesterov ? o->momentum : 1),
        .l2 = tril_saturate(u->weight_decay),
        /* so that a row of gradients as large as they come does not add up to an infinity, in which
         * the momentum would stay for ever */
        .bound = (tril_real)(0.25 * (1 - o->momentum) * (double)TRIL_REAL_MAX),
    };
    tril_sgd_move(&step, u->n, u->g, u->state[0], u->w);
}

static tril_optim *make(tril_params *params, const tril_optim_opts *o)
{
    return tril_sgd_new(params, &(tril_sgd_opts){ .lr = o->lr,
                                                  .momentum = o->momentum,
                                                  .weight_decay = o->weight_decay,
                                                  .clip = o->clip });
}

const tril_optim_kind tril_optim_sgd = { "sgd", 0.01, 1, sgd_update, make };

tril_optim *tril_sgd_new(tril_params *params, const tril_sgd_opts *opts)
{
    const tril_sgd_opts o = opts ? *opts : (tril_sgd_opts){ 0 };
    const tril_optim_opts common = { .lr = o.lr, .weight_decay = o.weight_decay, .clip = o.clip };
    if (!tril_optim_check(params, "sgd", "momentum", o.momentum, 0, 1))
        return NULL;
    if (o.nesterov && o.momentum == 0)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "sgd: nesterov needs a momentum above 0"),
               NULL;
    return tril_optim_new(&tril_optim_sgd, params, &common, &o, sizeof o);
}
