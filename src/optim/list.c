/* The list of optimizers. */
#include <tril/extend.h>

const tril_optim_kind *const tril_optims[TRIL_LIST_SIZE] = { &tril_optim_adam, &tril_optim_sgd,
                                                             NULL };
