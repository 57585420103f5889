/* Inside of mixtures. */
#ifndef TRIL_DISTRIBUTIONS_MIXTURE_H
#define TRIL_DISTRIBUTIONS_MIXTURE_H

#include "distributions/dist.h"
#include "ops/rowwise.h"

/* The operations' attributes: whether weights are probabilities or logits, and how many of the last
 * axes are an event's. */
typedef struct tril_over_components {
    bool probs;
    size_t event_rank;
} tril_over_components;

/* Of weights and of the components' log-densities: the mixture's; of weights and of numbers of the
 * components: their mean. */
extern const tril_rowwise tril_op_mixture_log_prob, tril_op_mixture_mean;

#endif
