/* Mixtures: categorical weights over the last batch axis of other distributions. */
#include "distributions/mixture.h"

#include <string.h>

#include "core/tape.h"
#include "distributions/categorical.h"
#include "ops/ops.h"

typedef struct mixture {
    tril_dist weights, components;
} mixture;

static tril_var apply(const tril_rowwise *op, const tril_dist *p, tril_var x, size_t event_rank)
{
    const mixture *m = p->attrs;
    tril_over_components attrs = { .probs = tril_categorical_by_probs(&m->weights),
                                   .event_rank = event_rank };
    return tril_op_apply(&op->op, (tril_var[]){ p->param[0], x }, 2, &attrs, sizeof attrs);
}

/* x with an axis of one, for the components, in front of the last n axes */
static tril_var with_axis(const tril_dist *p, const char *method, tril_var x, size_t n)
{
    tril_shape shape, longer;
    if (!tril_var_shape(x, method, &shape))
        return (tril_var){ 0 };
    longer = tril_shape_leading(shape, n);
    bool room = tril_shape_append(&longer, 1);
    for (size_t i = shape.rank - n; i < shape.rank; i++)
        room = room && tril_shape_append(&longer, shape.dim[i]);
    if (!room)
        return tril_dist_fail(p, method, TRIL_BAD_SHAPE,
                              "%s leaves no room in rank 4 for the axis of the components",
                              tril_shape_text(shape).text);
    return tril_reshape(x, longer);
}

static tril_var mixture_log_prob(const tril_dist *p, tril_var y)
{
    const mixture *m = p->attrs;
    y = with_axis(p, "log_prob", y, p->event.rank);
    return apply(&tril_op_mixture_log_prob, p, tril_log_prob(m->components, y), 0);
}

static tril_var mixture_log_prob_missing(const tril_dist *p, tril_var y)
{
    const mixture *m = p->attrs;
    y = with_axis(p, "log_prob_missing", y, p->event.rank);
    return apply(&tril_op_mixture_log_prob, p, tril_log_prob_missing(m->components, y), 0);
}

static tril_var mixture_log_prob_censored(const tril_dist *p, tril_var low, tril_var high)
{
    const mixture *m = p->attrs;
    low = with_axis(p, "log_prob_censored", low, p->event.rank);
    high = with_axis(p, "log_prob_censored", high, p->event.rank);
    return apply(&tril_op_mixture_log_prob, p, tril_log_prob_censored(m->components, low, high), 0);
}

static tril_var mixture_cdf(const tril_dist *p, tril_var y)
{
    const mixture *m = p->attrs;
    return apply(&tril_op_mixture_mean, p, tril_cdf(m->components, with_axis(p, "cdf", y, 0)), 0);
}

static tril_var mixture_mean(const tril_dist *p)
{
    const mixture *m = p->attrs;
    return apply(&tril_op_mixture_mean, p, tril_dist_mean(m->components), p->event.rank);
}

/* the components' means less that of the mixture */
static tril_var apart(const tril_dist *p, const char *method)
{
    const mixture *m = p->attrs;
    return tril_bounded(tril_sub(tril_dist_mean(m->components),
                                 with_axis(p, method, mixture_mean(p), p->event.rank)));
}

/* the mean of what each is within itself and of what they are apart, each mean within the range of
 * the type: infinities of both signs do not meet */
static tril_var in_all(const tril_dist *p, tril_var within, tril_var between, size_t event_rank)
{
    return tril_add(apply(&tril_op_mixture_mean, p, within, event_rank),
                    apply(&tril_op_mixture_mean, p, between, event_rank));
}

static tril_var mixture_variance(const tril_dist *p)
{
    const mixture *m = p->attrs;
    return in_all(p, tril_dist_variance(m->components), tril_square(apart(p, "variance")),
                  p->event.rank);
}

static tril_var mixture_covariance(const tril_dist *p)
{
    const mixture *m = p->attrs;
    tril_var each = tril_dist_covariance(m->components), off = apart(p, "covariance");
    tril_var row = with_axis(p, "covariance", off, 1), column = with_axis(p, "covariance", off, 0);
    return in_all(p, each, tril_mul(row, column), 2);
}

static tril_dist mixture_expand(const tril_dist *p, tril_shape batch)
{
    const mixture *m = p->attrs;
    tril_shape of_components = batch;
    if (!tril_shape_append(&of_components, tril_categorical_size(&m->weights)))
        return tril_dist_fail(p, "expand", TRIL_BAD_SHAPE,
                              "batch shape [%s] leaves no room in rank 4 for the components' axis",
                              tril_shape_text(batch).text),
               (tril_dist){ 0 };
    return tril_mixture(tril_dist_expand(m->weights, batch),
                        tril_dist_expand(m->components, of_components));
}

/* [batch, k]: of weights that are stretched */
static tril_var root_weights(const mixture *m)
{
    tril_var x = m->weights.param[0];
    tril_var w = tril_categorical_by_probs(&m->weights) ? tril_div(x, tril_sum_axis(x, -1, true))
                                                        : tril_softmax(x, -1);
    return tril_sqrt(w);
}

/* Side by side, each by the root of its component's weight: the components' own, and what their
 * means are apart. The covariance has another way, with a gradient where a weight is 0. */
static tril_var mixture_factor(const tril_dist *p)
{
    const char *method = "covariance";
    const tril_dist all = mixture_expand(p, p->batch);
    const mixture *m = all.attrs;
    if (!m)
        return (tril_var){ 0 };
    tril_var root = with_axis(p, method, with_axis(p, method, root_weights(m), 0), 0);
    tril_var parts[2] = { tril_dist_stretch(&m->components, method, tril_dist_factor(m->components),
                                            2),
                          with_axis(p, method, apart(&all, method), 0) };
    tril_var a = tril_transpose(tril_mul(tril_concat(parts, 2, -1), root), -3, -2);
    tril_shape shape = tril_shape_of(a);
    if (!a.tape)
        return a;
    shape.dim[shape.rank - 2] *= shape.dim[shape.rank - 1];
    shape.rank--;
    return tril_reshape(a, shape);
}

/* takes from a draw of each component the one that was chosen */
static void choose(const tril_real *classes, size_t rows, size_t k, size_t event,
                   const tril_real *each, tril_real *out)
{
    for (size_t i = 0; i < rows; i++)
        memcpy(out + i * event, each + (i * k + (size_t)classes[i]) * event, event * sizeof *out);
}

/* A kind can draw from all of its batch only, so each draw is one of every component, of which one
 * is taken; the tape then goes back, so that many draws need no more memory than one. */
static tril_var mixture_sample(const tril_dist *p, size_t n)
{
    tril_dist all = mixture_expand(p, p->batch);
    const mixture *m = all.attrs;
    tril_var classes = m ? tril_sample(m->weights, n) : (tril_var){ 0 };
    tril_shape shape;
    if (!tril_var_shape(classes, "sample", &shape))
        return classes;
    size_t rows = tril_shape_size(p->batch), event = tril_shape_size(p->event);
    for (size_t i = 0; i < p->event.rank; i++)
        tril_shape_append(&shape, p->event.dim[i]);
    tril_tape *tape = p->param[0].tape;
    const size_t size = tril_shape_size(shape), times = size ? size / rows / event : 0;
    tril_real *out = tril_tape_take(tape, size, sizeof *out);
    tril_tape_mark mark = tril_tape_here(tape);
    for (size_t i = 0; i < times && out; i++) {
        const tril_real *each = tril_value(tril_sample(m->components, 0));
        if (!each)
            return (tril_var){ 0 };
        choose(tril_value(classes) + i * rows, rows, tril_categorical_size(&m->weights), event,
               each, out + i * rows * event);
        tril_tape_back(tape, mark);
    }
    return out ? tril_input(tape, out, shape) : (tril_var){ 0 };
}

bool tril_mixture_parts(const tril_dist *p, tril_var *logits, tril_dist *components)
{
    const mixture *m = p->attrs;
    if (p->kind != &tril_dist_kind_mixture)
        return false;
    *logits = tril_categorical_by_probs(&m->weights) ? tril_log(p->param[0]) : p->param[0];
    *components = m->components;
    return true;
}

/* ---- coordinates: mixtures of the components' own */

/* of weight 0 too */
static tril_dist weights_by(tril_var logits)
{
    return tril_categorical(tril_bounded(logits));
}

/* of normal components */
static tril_dist mixture_marginals(const tril_dist *p)
{
    tril_dist each;
    tril_var logits;
    tril_mixture_parts(p, &logits, &each);
    if (!each.kind->as_mvn)
        return tril_dist_fail(p, "marginals", TRIL_BAD_ARGUMENT, "there is no closed form"),
               (tril_dist){ 0 };
    logits = with_axis(p, "marginals", logits, 1);
    tril_var loc = tril_transpose(tril_dist_mean(each), -1, -2);
    tril_var scale = tril_sqrt(tril_transpose(tril_dist_variance(each), -1, -2));
    return tril_mixture(weights_by(logits), tril_normal(loc, scale));
}

static tril_dist mixture_marginal(const tril_dist *p, const size_t *index, size_t n)
{
    tril_dist each;
    tril_var logits;
    tril_mixture_parts(p, &logits, &each);
    return tril_mixture(weights_by(logits), tril_dist_marginal(each, index, n));
}

/* each component's, with a weight that is its share of the density of y */
static tril_dist mixture_conditional(const tril_dist *p, const size_t *order, size_t n, tril_var y)
{
    tril_dist each;
    tril_var logits;
    tril_mixture_parts(p, &logits, &each);
    y = with_axis(p, "conditional", y, 1);
    tril_var share = tril_log_prob(tril_dist_marginal(each, order, n), y);
    return tril_mixture(weights_by(tril_add(tril_log_softmax(logits, -1), share)),
                        tril_dist_conditional(each, order, n, y));
}

const tril_dist_kind tril_dist_kind_mixture = { .name = "mixture",
                                                .log_prob = mixture_log_prob,
                                                .log_prob_missing = mixture_log_prob_missing,
                                                .log_prob_censored = mixture_log_prob_censored,
                                                .sample = mixture_sample,
                                                .mean = mixture_mean,
                                                .variance = mixture_variance,
                                                .factor = mixture_factor,
                                                .covariance = mixture_covariance,
                                                .cdf = mixture_cdf,
                                                .expand = mixture_expand,
                                                .marginal = mixture_marginal,
                                                .conditional = mixture_conditional,
                                                .marginals = mixture_marginals };

/* ---- what it is made of */

/* whether the shapes fit, and the batch shape of the mixture */
static bool fit(const tril_dist *weights, const tril_dist *components, tril_shape *batch)
{
    size_t k = tril_categorical_size(weights), rank = components->batch.rank;
    const char *wrong = NULL;
    if (rank == 0 || components->batch.dim[rank - 1] != k)
        wrong = "the last axis of the components' batch must be that of the weights";
    else if (!tril_shape_broadcast(weights->batch, tril_shape_leading(components->batch, 1), batch))
        wrong = "their batches do not broadcast";
    else if (batch->rank + 1 + components->event.rank > TRIL_MAX_RANK)
        wrong = "there is no room for them in rank 4";
    if (wrong)
        tril_var_fail(weights->param[0].tape, "mixture", TRIL_BAD_SHAPE,
                      "weights are %s, components have batch shape [%s] and event shape [%s]: %s",
                      tril_shape_text(tril_shape_of(weights->param[0])).text,
                      tril_shape_text(components->batch).text,
                      tril_shape_text(components->event).text, wrong);
    return !wrong;
}

tril_dist tril_mixture(tril_dist weights, tril_dist components)
{
    const tril_dist none = { 0 };
    tril_shape unused, batch;
    tril_tape *tape = weights.kind ? weights.param[0].tape : components.param[0].tape;
    if (!weights.kind || !components.kind)
        return tril_var_fail(tape, "mixture", TRIL_BAD_ARGUMENT, "there are no %s",
                             weights.kind ? "components" : "weights"),
               none;
    if (weights.kind != &tril_dist_kind_categorical)
        return tril_var_fail(tape, "mixture", TRIL_BAD_ARGUMENT, "weights are %s, want categorical",
                             weights.kind->name),
               none;
    if (tape != components.param[0].tape)
        return tril_var_fail(tape, "mixture", TRIL_BAD_VAR,
                             "weights and components are not of one tape"),
               none;
    if (!tril_var_shape(weights.param[0], "mixture", &unused) ||
        !tril_var_shape(components.param[0], "mixture", &unused) ||
        !fit(&weights, &components, &batch))
        return none;
    const mixture *kept = tril_tape_copy(tape, &(mixture){ weights, components }, sizeof(mixture));
    return kept ? (tril_dist){ &tril_dist_kind_mixture,
                               { weights.param[0] },
                               batch,
                               components.event,
                               kept }
                : none;
}
