/* What optimizers share: spans of parameters of one group, state as large as the parameters,
 * clipping. */
#ifndef TRIL_OPTIM_OPTIM_H
#define TRIL_OPTIM_OPTIM_H

#include <tril/extend.h>

#include "core/params.h"

/* Parameters of one group that lie one behind the other. */
typedef struct tril_optim_span {
    const char *group;
    size_t offset, size;
    double lr, weight_decay;
} tril_optim_span;

struct tril_optim {
    const tril_optim_kind *kind;
    tril_params *params;
    tril_arena arena; /* spans and state */
    tril_optim_span *spans;
    size_t n_spans;
    tril_real *state[TRIL_OPTIM_MAX_STATES];
    tril_clip clip;
    double lr_factor;
    uint64_t steps; /* done, the present one included while it is under way */
    void *own;      /* options of the kind */
};

/* The span of one parameter. */
tril_optim_span tril_optim_span_of(const tril_param_entry *entry, double lr, double weight_decay);

/* Whether low <= x < high (x finite); fails the context otherwise, naming optimizer and option. */
bool tril_optim_check(tril_params *params, const char *optim, const char *option, double x,
                      double low, double high);

/* Clips the store's gradients in place. */
void tril_optim_clip(tril_params *params, tril_clip clip);

#endif
