/* Coordinates of mixtures: mixtures of the components' own. */
#include "distributions/mixture.h"
#include "ops/ops.h"

/* of weight 0 too */
static tril_dist weights(tril_var logits)
{
    return tril_categorical(tril_bounded(logits));
}

/* of normal components */
tril_dist tril_mixture_marginals(const tril_dist *p)
{
    tril_dist each;
    tril_var logits;
    tril_mixture_parts(p, &logits, &each);
    if (!each.kind->as_mvn)
        return tril_dist_fail(p, "marginals", TRIL_BAD_ARGUMENT, "there is no closed form"),
               (tril_dist){ 0 };
    logits = tril_mixture_axis(p, "marginals", logits, 1);
    tril_var loc = tril_transpose(tril_dist_mean(each), -1, -2);
    tril_var scale = tril_sqrt(tril_transpose(tril_dist_variance(each), -1, -2));
    return tril_mixture(weights(logits), tril_normal(loc, scale));
}

tril_dist tril_mixture_marginal(const tril_dist *p, const size_t *index, size_t n)
{
    tril_dist each;
    tril_var logits;
    tril_mixture_parts(p, &logits, &each);
    return tril_mixture(weights(logits), tril_dist_marginal(each, index, n));
}

/* each component's, with a weight that is its share of the density of y */
tril_dist tril_mixture_conditional(const tril_dist *p, const size_t *order, size_t n, tril_var y)
{
    tril_dist each;
    tril_var logits;
    tril_mixture_parts(p, &logits, &each);
    y = tril_mixture_axis(p, "conditional", y, 1);
    tril_var share = tril_log_prob(tril_dist_marginal(each, order, n), y);
    return tril_mixture(weights(tril_add(tril_log_softmax(logits, -1), share)),
                        tril_dist_conditional(each, order, n, y));
}
