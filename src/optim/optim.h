/* What optimizers share: spans of parameters of one group, state as large as the parameters,
 * clipping. */
#ifndef TRIL_OPTIM_OPTIM_H
#define TRIL_OPTIM_OPTIM_H

#include <tril/optim.h>

#include "core/params.h"

enum { TRIL_OPTIM_MAX_STATES = TRIL_OPTIM_ARRAYS - 1 };

/* Parameters of one group that lie one behind the other. */
typedef struct tril_optim_span {
    const char *group;
    size_t offset, size;
    double lr, weight_decay;
} tril_optim_span;

/* An optimizer is one update of a span: values w from gradients g and the optimizer's own state. */
typedef struct tril_optim_kind {
    const char *name;
    size_t n_states; /* blocks of state, as large as the parameters, zero at the start */
    void (*update)(const tril_optim *optim, const tril_optim_span *span, double lr, tril_real *w,
                   const tril_real *g, tril_real *const *state);
    bool no_decay; /* has no weight decay */
} tril_optim_kind;

/* What the natural step works with: the divergence allowed, the events' size, the factors, and d^2
 * numbers of its own. */
typedef struct tril_natural {
    double kl_clip;
    size_t d;
    const tril_real *factors;
    double *scratch;
} tril_natural;

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
    union {
        tril_sgd_opts sgd;
        tril_adam_opts adam;
        tril_natural natural;
    } opts;
};

/* Memory for an optimizer of a kind; lr and weight decay of every group. The caller sets opts. */
tril_optim *tril_optim_new(const tril_optim_kind *kind, tril_params *params, double lr,
                           double weight_decay, tril_clip clip);

/* The span of one parameter. */
tril_optim_span tril_optim_span_of(const tril_param_entry *entry, double lr, double weight_decay);

/* Whether low <= x < high (x finite); fails the context otherwise, naming optimizer and option. */
bool tril_optim_check(tril_params *params, const char *optim, const char *option, double x,
                      double low, double high);

/* Clips the store's gradients in place. */
void tril_optim_clip(tril_params *params, tril_clip clip);

#endif
