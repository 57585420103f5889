/* How likely classes are: each of them, and events of them. */
#include "model/evaluate.h"

#include <tril/extend.h>

#include "distributions/categorical.h"

/* probabilities of a member's classes, {0} where it has none */
static tril_var classes_of(const tril_chunk *c, size_t member)
{
    const tril_dist each = tril_independent_base(&c->dists[member], 1);
    return each.kind == &tril_dist_kind_categorical ? tril_softmax(each.param[0], -1)
                                                    : (tril_var){ 0 };
}

bool tril_chunk_classes(const tril_chunk *c)
{
    for (size_t k = 0; k < c->n_members; k++)
        if (!tril_chunk_add(c, k, classes_of(c, k), c->out.classes))
            return tril_ctx_fail(tril_tape_ctx(c->tape), TRIL_BAD_ARGUMENT,
                                 "evaluate: there are no classes: the head is %s, want categorical",
                                 c->members[k].head.kind->name);
    return true;
}

bool tril_chunk_add_classes(const tril_chunk *c, size_t member, double low, double high,
                            double *probability)
{
    const tril_var p = classes_of(c, member);
    const tril_real *value = p.tape ? tril_value(p) : NULL;
    const size_t k = value ? tril_size(p) / c->n : 0;
    for (size_t i = 0; i < c->n * k; i++)
        if ((double)(i % k) >= low && (double)(i % k) <= high)
            probability[i / k] += tril_chunk_weight(c, member) * (double)value[i];
    return value;
}
