/* Heads: distributions of raw outputs. */
#include "nn/head.h"

#include "core/shape.h"
#include "distributions/dist.h"
#include "distributions/student.h"

typedef tril_head_layout head;

static tril_var head_log_prob(const tril_dist *p, tril_var y)
{
    return tril_op_apply(&tril_op_head_log_prob.op, (tril_var[]){ p->param[0], y, p->param[1] }, 3,
                         p->attrs, sizeof(head));
}

static tril_var head_log_prob_missing(const tril_dist *p, tril_var y)
{
    return tril_log_prob_missing(tril_head_base(p), y);
}

static tril_var head_sample(const tril_dist *p, size_t n)
{
    return tril_sample(tril_head_base(p), n);
}

static tril_var head_rsample(const tril_dist *p, size_t n)
{
    return tril_rsample(tril_head_base(p), n);
}

static tril_var log_det_of(const tril_dist *p)
{
    return tril_sum_axis(tril_head_log_diagonal(tril_head_raw(p), p->attrs), -1, false);
}

static tril_var head_entropy(const tril_dist *p)
{
    const head *h = p->attrs;
    if (h->form == TRIL_HEAD_LOW_RANK)
        return tril_entropy(tril_head_base(p));
    tril_var raw = tril_head_raw(p), log_det = log_det_of(p);
    if (h->form == TRIL_HEAD_STUDENT)
        return tril_add(tril_student_entropy_of(tril_head_df(raw, h), h->d), log_det);
    return tril_mvn_entropy_of(log_det, h->d);
}

static tril_var head_mean(const tril_dist *p)
{
    return tril_slice(tril_head_raw(p), -1, 0, ((const head *)p->attrs)->d);
}

static tril_var head_factor(const tril_dist *p)
{
    return tril_dist_factor(tril_head_base(p));
}

static tril_var head_variance(const tril_dist *p)
{
    return tril_dist_variance(tril_head_base(p));
}

static tril_dist head_marginals(const tril_dist *p)
{
    return tril_dist_marginals(tril_head_base(p));
}

static tril_dist head_as_mvn(const tril_dist *p)
{
    tril_dist base = tril_head_base(p);
    return base.kind ? base.kind->as_mvn(&base) : base;
}

static tril_dist head_expand(const tril_dist *p, tril_shape batch)
{
    tril_dist q = *p;
    q.batch = batch;
    for (size_t k = 0; k < 2 && p->param[k].tape; k++) {
        q.param[k] = tril_dist_stretch(&q, "expand", p->param[k], 1);
        if (!q.param[k].tape)
            return (tril_dist){ 0 };
    }
    return q;
}

const tril_dist_kind tril_dist_kind_head = { .name = "head",
                                             .log_prob = head_log_prob,
                                             .log_prob_missing = head_log_prob_missing,
                                             .rsample = head_rsample,
                                             .entropy = head_entropy,
                                             .mean = head_mean,
                                             .variance = head_variance,
                                             .factor = head_factor,
                                             .mode = head_mean,
                                             .as_mvn = head_as_mvn,
                                             .expand = head_expand };

/* no normal; its draws have no gradient in the degrees of freedom, and so none at all */
const tril_dist_kind tril_dist_kind_head_student = { .name = "head_student",
                                                     .log_prob = head_log_prob,
                                                     .sample = head_sample,
                                                     .entropy = head_entropy,
                                                     .mean = head_mean,
                                                     .variance = head_variance,
                                                     .factor = head_factor,
                                                     .mode = head_mean,
                                                     .expand = head_expand,
                                                     .marginals = head_marginals };

/* entropy = d/2 (1 + log 2 pi) + log det / 2 */
tril_var tril_head_log_scale(const tril_dist *p)
{
    const bool own = p->kind == &tril_dist_kind_head || p->kind == &tril_dist_kind_head_student;
    if (own && ((const head *)p->attrs)->form != TRIL_HEAD_LOW_RANK)
        return log_det_of(p);
    tril_var entropy = tril_entropy(*p);
    const double unit = 0.5 * (double)p->event.dim[0] * (1 + TRIL_LOG_2PI);
    return tril_sub(entropy, tril_scalar(entropy.tape, (tril_real)unit));
}

static tril_dist shared(tril_var loc, const head *h, tril_param param)
{
    head block = tril_head_block(h);
    block.begin = 0;
    block.width -= h->d;
    return tril_mvn(loc, tril_head_factor(tril_param_var(loc.tape, param), &block));
}

static tril_dist mixture(tril_var raw, size_t d, const tril_head_opts *opts)
{
    const tril_head_opts component = tril_head_component(opts);
    tril_shape shape = tril_shape_of(raw);
    size_t k = opts->components, width = tril_head_width(d, &component);
    shape.dim[shape.rank - 1] = k;
    if (!tril_shape_append(&shape, width))
        return tril_var_fail(raw.tape, "head", TRIL_BAD_SHAPE,
                             "raw is %s, whose components have no room in rank 4",
                             tril_shape_text(tril_shape_of(raw)).text),
               (tril_dist){ 0 };
    tril_var rows = tril_reshape(tril_slice(raw, -1, k, k * width), shape);
    return tril_mixture(tril_categorical(tril_slice(raw, -1, 0, k)),
                        tril_head(rows, d, &component));
}

/* raw: numbers whose gradient is plain; natural: the same numbers again, whose gradient is
 * preconditioned, or {0} */
static tril_dist head_of(tril_var raw, tril_var natural, const head *h, const tril_head_opts *opts)
{
    const tril_dist none = { 0 };
    tril_shape shape;
    if (!tril_var_shape(raw, "head", &shape))
        return none;
    if (shape.rank == 0 || shape.dim[shape.rank - 1] != h->width)
        return tril_var_fail(raw.tape, "head", TRIL_BAD_SHAPE,
                             "raw is %s, but %zu targets need rows of %zu numbers",
                             tril_shape_text(shape).text, h->d, h->width),
               none;
    if (h->form == TRIL_HEAD_SHARED)
        return shared(raw, h, opts->shared);
    if (h->form == TRIL_HEAD_MIXTURE)
        return mixture(raw, h->d, opts);
    const head *kept = tril_tape_copy(raw.tape, h, sizeof *h);
    if (!kept)
        return none;
    return (tril_dist){ h->form == TRIL_HEAD_STUDENT ? &tril_dist_kind_head_student
                                                     : &tril_dist_kind_head,
                        { raw, natural },
                        tril_shape_leading(shape, 1),
                        { 1, { h->d } },
                        kept };
}

tril_dist tril_head(tril_var raw, size_t d, const tril_head_opts *opts)
{
    tril_shape shape;
    head h;
    if (!tril_var_shape(raw, "head", &shape) ||
        !tril_head_layout_of(tril_tape_ctx(raw.tape), d, opts, &h))
        return (tril_dist){ 0 };
    return opts && opts->natural ? head_of(tril_detach(raw), raw, &h, opts)
                                 : head_of(raw, (tril_var){ 0 }, &h, opts);
}

tril_dist tril_mlp_head(const tril_mlp *mlp, tril_var x, size_t d, const tril_head_opts *opts)
{
    tril_shape shape;
    head h;
    if (!opts || !opts->natural || !mlp)
        return tril_head(tril_mlp_apply(mlp, x), d, opts);
    if (!tril_var_shape(x, "mlp_head", &shape) ||
        !tril_head_layout_of(tril_tape_ctx(x.tape), d, opts, &h))
        return (tril_dist){ 0 };
    for (size_t i = 0; i + 1 < tril_mlp_depth(mlp); i++)
        x = tril_dense_apply(tril_mlp_layer(mlp, i), x);
    const tril_dense *last = tril_mlp_last(mlp);
    tril_var weight = tril_param_var(x.tape, tril_dense_weight(last));
    tril_var bias = tril_param_var(x.tape, tril_dense_bias(last));
    return head_of(tril_affine(x, tril_detach(weight), tril_detach(bias), TRIL_NONE),
                   tril_affine(tril_detach(x), weight, bias, TRIL_NONE), &h, opts);
}
