/* Inside of mixtures. */
#ifndef TRIL_DISTRIBUTIONS_MIXTURE_H
#define TRIL_DISTRIBUTIONS_MIXTURE_H

#include "distributions/dist.h"

/* x with an axis of one, for the components, in front of the last n axes. */
tril_var tril_mixture_axis(const tril_dist *p, const char *method, tril_var x, size_t n);

/* The kind's functions of that name. */
tril_dist tril_mixture_marginals(const tril_dist *p);
tril_dist tril_mixture_marginal(const tril_dist *p, const size_t *index, size_t n);
tril_dist tril_mixture_conditional(const tril_dist *p, const size_t *order, size_t n, tril_var y);

#endif
