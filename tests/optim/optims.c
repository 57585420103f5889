/* Every optimizer by the name of its kind. */
#include "optim/optims.h"

#include <string.h>

static tril_optim *make_sgd(tril_params *params, optim_options o)
{
    return tril_sgd_new(params, &(tril_sgd_opts){ .lr = o.lr,
                                                  .momentum = o.momentum,
                                                  .nesterov = o.nesterov,
                                                  .weight_decay = o.weight_decay,
                                                  .clip = o.clip });
}

static tril_adam_opts adam_opts(optim_options o)
{
    return (tril_adam_opts){ o.lr, o.beta1, o.beta2, o.eps, o.weight_decay, o.clip };
}

static tril_optim *make_adam(tril_params *params, optim_options o)
{
    tril_adam_opts opts = adam_opts(o);
    return tril_adam_new(params, &opts);
}

static tril_optim *make_adamw(tril_params *params, optim_options o)
{
    tril_adam_opts opts = adam_opts(o);
    return tril_adamw_new(params, &opts);
}

static tril_optim *make_natural(tril_params *params, optim_options o)
{
    return tril_natural_new(tril_params_at(params, 0), tril_params_at(params, 1),
                            &(tril_natural_opts){ .lr = o.lr });
}

const optim_row optim_rows[] = { { "sgd", make_sgd, optim_references },
                                 { "adam", make_adam, optim_references },
                                 { "adamw", make_adamw, optim_references },
                                 { "natural", make_natural, natural_references },
                                 { 0 } };

_Static_assert(sizeof optim_rows / sizeof *optim_rows == N_OPTIMS + 1, "the header counts them");

tril_optim *make_optim(const char *kind, tril_params *params, optim_options o)
{
    const optim_row *row = optim_rows;
    while (strcmp(row->kind, kind) != 0)
        row++;
    return row->make(params, o);
}
