/* Stochastic gradient descent with momentum. */
#include "kernels/optim_kernels.h"
#include "optim/optim.h"

static void sgd_update(const tril_optim *optim, const tril_optim_span *span, double lr_now,
                       tril_real *w, const tril_real *g, tril_real *const *state)
{
    const tril_sgd_opts *o = &optim->opts.sgd;
    const tril_sgd_step step = {
        .momentum = (tril_real)o->momentum,
        .rate = (tril_real)lr_now,
        .of_gradient = o->nesterov,
        .of_momentum = (tril_real)(o->nesterov ? o->momentum : 1),
        .l2 = (tril_real)span->weight_decay,
        /* so that a row of gradients as large as they come does not add up to an infinity, in which
         * the momentum would stay for ever */
        .bound = (tril_real)(0.25 * (1 - o->momentum) * (double)TRIL_REAL_MAX),
    };
    tril_sgd_move(&step, span->size, g, state[0], w);
}

const tril_optim_kind tril_optim_kind_sgd = { "sgd", 1, sgd_update };

tril_optim *tril_sgd_new(tril_params *params, const tril_sgd_opts *opts)
{
    tril_sgd_opts o = opts ? *opts : (tril_sgd_opts){ 0 };
    o.lr = o.lr == 0 ? 0.01 : o.lr;
    if (!tril_optim_check(params, "sgd", "momentum", o.momentum, 0, 1))
        return NULL;
    if (o.nesterov && o.momentum == 0)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "sgd: nesterov needs a momentum above 0"),
               NULL;
    tril_optim *optim = tril_optim_new(&tril_optim_kind_sgd, params, o.lr, o.weight_decay, o.clip);
    if (optim)
        optim->opts.sgd = o;
    return optim;
}
