/* Heads whose row is a block: its layout, its distributions, its fit. */
#include "nn/head_block.h"

#include <math.h>
#include <string.h>

#include "core/ctx.h"
#include "distributions/dist.h"
#include "kernels/cholesky.h"

typedef tril_head_block head;

head tril_head_block_of(const tril_head_layout *h)
{
    static const tril_positive_transform *const diagonals[] = {
        &tril_positive_elu, &tril_positive_elu, &tril_positive_exp, &tril_positive_softplus
    };
    const tril_head_form *form = h->opts.kind->form;
    return (head){ .form = form,
                   .d = h->d,
                   .rank = h->opts.rank,
                   .begin = h->d,
                   .s = h->width - h->d - form->df,
                   .width = h->width,
                   .diagonal = diagonals[h->opts.diagonal],
                   .floor = h->opts.floor,
                   .lower = form->diagonal                  ? TRIL_LOWER_NONE
                            : h->opts.relative_off_diagonal ? TRIL_LOWER_SCALED
                                                            : TRIL_LOWER_PACKED };
}

/* ---- the distribution: param[0] are raw outputs, param[1] is {0} or the same numbers again, whose
 * gradient is preconditioned */

static tril_var head_log_prob(const tril_dist *p, tril_var y)
{
    return tril_op_apply(&tril_op_head_log_prob.op, (tril_var[]){ p->param[0], y, p->param[1] }, 3,
                         p->attrs, sizeof(head));
}

/* the raw outputs for other methods: no gradient is preconditioned on its way */
static tril_var raw_of(const tril_dist *p)
{
    tril_var natural = p->param[1];
    if (!natural.tape)
        return p->param[0];
    /* the plain numbers, and a zero through which the gradient reaches the others too */
    return tril_add(p->param[0], tril_sub(natural, tril_detach(natural)));
}

static tril_var head_mean(const tril_dist *p)
{
    return tril_slice(raw_of(p), -1, 0, ((const head *)p->attrs)->d);
}

static tril_dist base_of(const tril_dist *p)
{
    const head *h = p->attrs;
    tril_var raw = raw_of(p);
    return h->form->base(h, raw, tril_slice(raw, -1, 0, h->d), (tril_var){ 0 });
}

static tril_var head_log_prob_missing(const tril_dist *p, tril_var y)
{
    return tril_log_prob_missing(base_of(p), y);
}

static tril_var head_log_prob_censored(const tril_dist *p, tril_var low, tril_var high)
{
    return tril_log_prob_censored(base_of(p), low, high);
}

static tril_var head_sample(const tril_dist *p, size_t n)
{
    return tril_sample(base_of(p), n);
}

static tril_var head_rsample(const tril_dist *p, size_t n)
{
    return tril_rsample(base_of(p), n);
}

static tril_var log_det_of(const tril_dist *p)
{
    return tril_sum_axis(tril_head_log_diagonal(raw_of(p), p->attrs), -1, false);
}

static tril_var head_entropy(const tril_dist *p)
{
    const head *h = p->attrs;
    return h->form->entropy ? h->form->entropy(h, raw_of(p), log_det_of(p))
                            : tril_entropy(base_of(p));
}

static tril_var head_factor(const tril_dist *p)
{
    return tril_dist_factor(base_of(p));
}

static tril_var head_variance(const tril_dist *p)
{
    return tril_dist_variance(base_of(p));
}

static tril_dist head_marginals(const tril_dist *p)
{
    return tril_dist_marginals(base_of(p));
}

static tril_dist head_marginal(const tril_dist *p, const size_t *index, size_t n)
{
    return tril_dist_marginal(base_of(p), index, n);
}

static tril_dist head_conditional(const tril_dist *p, const size_t *order, size_t n, tril_var y)
{
    return tril_dist_conditional(base_of(p), order, n, y);
}

static tril_dist head_as_mvn(const tril_dist *p)
{
    tril_dist base = base_of(p);
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
                                             .log_prob_censored = head_log_prob_censored,
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
                                                     .log_prob_missing = head_log_prob_missing,
                                                     .marginal = head_marginal,
                                                     .conditional = head_conditional,
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
    if (own && ((const head *)p->attrs)->form->entropy)
        return log_det_of(p);
    tril_var entropy = tril_entropy(*p);
    const double unit = 0.5 * (double)p->event.dim[0] * (1 + TRIL_LOG_2PI);
    return tril_sub(entropy, tril_scalar(entropy.tape, (tril_real)unit));
}

/* ---- the kind's functions */

tril_dist tril_head_block_dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    const head block = tril_head_block_of(h),
               *kept = tril_tape_copy(raw.tape, &block, sizeof block);
    if (!kept)
        return (tril_dist){ 0 };
    return (tril_dist){ block.form->dist,
                        { raw, natural },
                        tril_shape_leading(tril_shape_of(raw), 1),
                        { 1, { h->d } },
                        kept };
}

tril_var tril_head_loc(const tril_head_layout *h, tril_var raw, tril_var r, tril_var shift)
{
    tril_var loc = tril_affine(tril_slice(raw, -1, 0, h->d), r, (tril_var){ 0 }, TRIL_NONE);
    return shift.tape ? tril_add(loc, shift) : loc;
}

tril_dist tril_head_block_transformed(const tril_head_layout *h, tril_var raw, tril_var r,
                                      tril_var shift)
{
    const head block = tril_head_block_of(h);
    return block.form->base(&block, raw, tril_head_loc(h, raw, r, shift), r);
}

bool tril_head_block_init(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                          const double *covariance, double *raw)
{
    const head block = tril_head_block_of(h);
    const size_t d = h->d, rank = block.rank;
    double *memory = tril_ctx_alloc(ctx, "head_init",
                                    2 * d * (d + 1) + 3 * d * rank + 2 * rank * rank, sizeof *raw);
    memcpy(raw, mean, d * sizeof *raw);
    bool done = memory && block.form->fit(ctx, &block, covariance, memory, raw + d, raw + block.s);
    tril_ctx_release(ctx, memory);
    return done;
}

/* ---- of several fits */

double tril_head_s_of(const head *h, double v)
{
    return h->diagonal->inverse(fmax(v - h->floor, 1e-3 * h->floor));
}

bool tril_head_degenerate(tril_ctx *ctx, size_t column, const char *text, double pivot)
{
    return tril_ctx_fail(ctx, TRIL_NOT_POSITIVE,
                         "head_init: target column %zu is constant%s (pivot %g)", column, text,
                         pivot);
}

bool tril_head_deviations(tril_ctx *ctx, const head *h, const double *covariance, double *sd)
{
    for (size_t i = 0; i < h->d; i++) {
        sd[i] = covariance[i * (h->d + 1)];
        if (tril_cholesky_factor(1, sd + i, h->floor * h->floor) < 1)
            return tril_head_degenerate(ctx, i, "", sd[i]);
    }
    return true;
}
