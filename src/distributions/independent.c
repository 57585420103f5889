/* A distribution some of whose batch axes are part of the event. */
#include "distributions/dist.h"

#include "core/shape.h"
#include "ops/ops.h"

/* Normals know what to do by themselves: their kind looks at the event's rank. For others the
 * attributes are the distribution and the number of axes. */
typedef struct independent {
    tril_dist base;
    size_t n;
} independent;

static tril_var independent_log_prob(const tril_dist *p, tril_var y)
{
    const independent *q = p->attrs;
    return tril_ops_sum_last(tril_log_prob(q->base, y), q->n);
}

static tril_var independent_log_prob_missing(const tril_dist *p, tril_var y)
{
    const independent *q = p->attrs;
    return tril_ops_sum_last(tril_log_prob_missing(q->base, y), q->n);
}

static tril_var independent_log_prob_censored(const tril_dist *p, tril_var low, tril_var high)
{
    const independent *q = p->attrs;
    return tril_ops_sum_last(tril_log_prob_censored(q->base, low, high), q->n);
}

static tril_var independent_rsample(const tril_dist *p, size_t n)
{
    return tril_rsample(((const independent *)p->attrs)->base, n);
}

static tril_var independent_sample(const tril_dist *p, size_t n)
{
    return tril_sample(((const independent *)p->attrs)->base, n);
}

static tril_var independent_entropy(const tril_dist *p)
{
    const independent *q = p->attrs;
    return tril_ops_sum_last(tril_entropy(q->base), q->n);
}

static tril_var independent_mean(const tril_dist *p)
{
    return tril_dist_mean(((const independent *)p->attrs)->base);
}

static tril_var independent_variance(const tril_dist *p)
{
    return tril_dist_variance(((const independent *)p->attrs)->base);
}

static tril_var independent_mode(const tril_dist *p)
{
    return tril_dist_mode(((const independent *)p->attrs)->base);
}

/* of vectors of numbers, which have no covariances */
static tril_dist independent_marginals(const tril_dist *p)
{
    return ((const independent *)p->attrs)->base;
}

static tril_var independent_factor(const tril_dist *p)
{
    return tril_diag_embed(tril_sqrt(tril_dist_variance(*p)));
}

static tril_dist independent_expand(const tril_dist *p, tril_shape batch)
{
    const independent *q = p->attrs;
    for (size_t i = 0; i < q->n; i++)
        tril_shape_append(&batch, p->event.dim[i]); /* tril_dist_expand has looked */
    return tril_independent(tril_dist_expand(q->base, batch), q->n);
}

const tril_dist_kind tril_dist_kind_independent = { .name = "independent",
                                                    .log_prob = independent_log_prob,
                                                    .log_prob_missing =
                                                        independent_log_prob_missing,
                                                    .log_prob_censored =
                                                        independent_log_prob_censored,
                                                    .rsample = independent_rsample,
                                                    .sample = independent_sample,
                                                    .entropy = independent_entropy,
                                                    .mean = independent_mean,
                                                    .variance = independent_variance,
                                                    .mode = independent_mode,
                                                    .marginals = independent_marginals,
                                                    .factor = independent_factor,
                                                    .expand = independent_expand };

size_t tril_independent_axes(const tril_dist *p)
{
    return p->kind == &tril_dist_kind_independent ? ((const independent *)p->attrs)->n : 0;
}

tril_dist tril_independent_base(const tril_dist *p, size_t n)
{
    if (tril_independent_axes(p) == n)
        return ((const independent *)p->attrs)->base;
    if (p->event.rank < n ||
        (p->kind != &tril_dist_kind_normal && p->kind != &tril_dist_kind_mvn_diag))
        return (tril_dist){ 0 };
    tril_dist base = *p;
    base.event = (tril_shape){ 0 };
    for (size_t i = 0; i < p->event.rank; i++)
        tril_shape_append(i < n ? &base.batch : &base.event, p->event.dim[i]);
    return base;
}

tril_dist tril_independent(tril_dist p, size_t n)
{
    const tril_dist none = { 0 };
    tril_shape unused;
    if (!p.kind || tril_ctx_failed(tril_tape_ctx(p.param[0].tape)) ||
        !tril_var_shape(p.param[0], "independent", &unused))
        return none;
    if (n > p.batch.rank)
        return tril_dist_fail(&p, "independent", TRIL_BAD_SHAPE,
                              "%zu axes are wanted of batch shape [%s]", n,
                              tril_shape_text(p.batch).text),
               none;
    if (n > 0 && p.kind == &tril_dist_kind_independent) { /* one for all axes, however they came */
        const independent *inner = p.attrs;
        return tril_independent(inner->base, inner->n + n);
    }
    tril_dist q = p;
    q.batch = tril_shape_leading(p.batch, n);
    q.event = (tril_shape){ 0 };
    for (size_t i = 0; i < n; i++)
        tril_shape_append(&q.event, p.batch.dim[p.batch.rank - n + i]);
    for (size_t i = 0; i < p.event.rank; i++)
        tril_shape_append(&q.event, p.event.dim[i]);
    if (n == 0 || p.kind == &tril_dist_kind_normal)
        return q;
    if (p.kind == &tril_dist_kind_mvn_diag) {
        q.kind = &tril_dist_kind_normal;
        return q;
    }
    q.kind = &tril_dist_kind_independent;
    q.attrs = tril_tape_copy(p.param[0].tape, &(independent){ p, n }, sizeof(independent));
    return q.attrs ? q : none;
}
