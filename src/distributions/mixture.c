/* Mixtures: categorical weights over the last batch axis of other distributions. */
#include <float.h>
#include <string.h>

#include "core/tape.h"
#include "distributions/categorical.h"
#include "distributions/mixture.h"
#include "kernels/mvn.h"
#include "ops/ops.h"
#include "ops/rowwise.h"

/* ---- what the two operations share: inputs are the weights' parameter [..., k] and numbers of
 * each component [..., k, event]; memory: log-weights; kept: the results in double */

typedef struct over_components {
    bool probs;
    size_t event_rank;
} over_components;

static size_t event_rank_of(const tril_node *node)
{
    return ((const over_components *)node->attrs)->event_rank;
}

static size_t event_size(const tril_node *node)
{
    const tril_shape shape = node->in[1]->shape;
    return tril_ops_product(shape, shape.rank - event_rank_of(node), shape.rank);
}

static tril_classes weights_of(const tril_row_block *rows)
{
    const over_components *a = rows->node->attrs;
    tril_classes weights = tril_classes_at(rows->memory, rows->width[0], a->probs);
    tril_classes_load(&weights, rows->x[0], rows->moved[0]);
    return weights;
}

#define OVER_COMPONENTS(title, forward, backward)                                                  \
    {                                                                                              \
        TRIL_ROWWISE(title), .axes = { 1, 1 }, .source = 1, .event_rank_of = event_rank_of,        \
                             .kernel = {                                                           \
                                 forward,                                                          \
                                 backward,                                                         \
                                 tril_classes_doubles,                                             \
                                 event_size                                                        \
                             }                                                                     \
    }

/* what component j says of number i; infinities must not meet */
static double number_of(const tril_row_block *rows, size_t j, size_t i)
{
    return tril_within((double)rows->x[1][j * event_size(rows->node) + i], DBL_MAX);
}

/* ---- log_prob: log sum_j w_j p_j(y) from l_j = log p_j(y); a weight of zero makes a term of
 * -infinity, whatever l_j is. A large l_j would swallow log w_j: differences come first. What is
 * kept of a row is the logarithm of the sum in units of the p_j(y) of its largest term. */

/* log(p_j(y) / p_k(y)); finite, since the weight of either may be infinitely small */
static double apart_by(const tril_row_block *rows, size_t j, size_t k)
{
    return tril_within(number_of(rows, j, 0) - number_of(rows, k, 0), DBL_MAX);
}

/* the component with the largest term */
static size_t largest_term(const tril_row_block *rows, const tril_classes *weights)
{
    const double *log_weight = weights->log_weight;
    size_t top = 0;
    for (size_t j = 1; j < weights->k; j++)
        if (isinf(log_weight[top]) ||
            apart_by(rows, j, top) + (log_weight[j] - log_weight[top]) > 0)
            top = j;
    return top;
}

static bool log_prob_forward(tril_row_block *rows)
{
    const tril_classes weights = weights_of(rows);
    const size_t top = largest_term(rows, &weights);
    double sum = 0;
    for (size_t j = 0; j < weights.k; j++)
        sum += exp(apart_by(rows, j, top) + (weights.log_weight[j] - weights.log_weight[top]));
    *rows->kept = weights.log_weight[top] + log(sum);
    *rows->value = tril_saturate(number_of(rows, top, 0) + *rows->kept);
    return true;
}

/* With the responsibilities r_j, the shares of the terms in their sum: d/dl_j = r_j; of logits r_j
 * - w_j; of probabilities (p_j(y) / p(y) - 1) / sum(probs), which needs no division by w_j. */
static void log_prob_backward(tril_row_block *rows)
{
    const tril_classes weights = weights_of(rows);
    const size_t top = largest_term(rows, &weights);
    for (size_t j = 0; j < weights.k; j++) {
        double ahead = apart_by(rows, j, top);
        double share = exp(ahead + (weights.log_weight[j] - *rows->kept));
        tril_row_put(rows, 0, j,
                     weights.probs ? expm1(ahead - *rows->kept) / weights.sum
                                   : share - tril_classes_weight(&weights, j));
        tril_row_put(rows, 1, j, share);
    }
}

const tril_rowwise tril_op_mixture_log_prob =
    OVER_COMPONENTS("log_prob(mixture)", log_prob_forward, log_prob_backward);

/* ---- mean over the components: sum_j w_j x_j; what has no weight does not count, even if it is
 * infinite */

static bool mean_forward(tril_row_block *rows)
{
    const tril_classes weights = weights_of(rows);
    size_t n = event_size(rows->node);
    memset(rows->kept, 0, n * sizeof *rows->kept);
    for (size_t j = 0; j < weights.k; j++) {
        double weight = tril_classes_weight(&weights, j);
        for (size_t i = 0; i < n && weight > 0; i++)
            rows->kept[i] += weight * number_of(rows, j, i);
    }
    for (size_t i = 0; i < n; i++)
        rows->value[i] = tril_saturate(rows->kept[i]);
    return true;
}

/* s_j = sum_i g_i (x_ji - mean_i) for the weights */
static void mean_backward(tril_row_block *rows)
{
    const tril_classes weights = weights_of(rows);
    size_t n = event_size(rows->node);
    for (size_t j = 0; j < weights.k; j++) {
        double weight = tril_classes_weight(&weights, j), slope = 0;
        for (size_t i = 0; i < n; i++) {
            double upstream = (double)rows->upstream[i];
            slope += upstream * tril_within(number_of(rows, j, i) - rows->kept[i], DBL_MAX);
            tril_row_put_by(rows, 1, j * n + i, upstream, weight);
        }
        tril_row_put_by(rows, 0, j, tril_classes_slope(&weights, j), slope);
    }
}

const tril_rowwise tril_op_mixture_mean =
    OVER_COMPONENTS("mean(mixture)", mean_forward, mean_backward);

/* ---- the distribution */

typedef struct mixture {
    tril_dist weights, components;
} mixture;

static tril_var apply(const tril_rowwise *op, const tril_dist *p, tril_var x, size_t event_rank)
{
    const mixture *m = p->attrs;
    over_components attrs = { .probs = tril_categorical_by_probs(&m->weights),
                              .event_rank = event_rank };
    return tril_op_apply(&op->op, (tril_var[]){ p->param[0], x }, 2, &attrs, sizeof attrs);
}

tril_var tril_mixture_axis(const tril_dist *p, const char *method, tril_var x, size_t n)
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
    y = tril_mixture_axis(p, "log_prob", y, p->event.rank);
    return apply(&tril_op_mixture_log_prob, p, tril_log_prob(m->components, y), 0);
}

static tril_var mixture_log_prob_missing(const tril_dist *p, tril_var y)
{
    const mixture *m = p->attrs;
    y = tril_mixture_axis(p, "log_prob_missing", y, p->event.rank);
    return apply(&tril_op_mixture_log_prob, p, tril_log_prob_missing(m->components, y), 0);
}

static tril_var mixture_cdf(const tril_dist *p, tril_var y)
{
    const mixture *m = p->attrs;
    return apply(&tril_op_mixture_mean, p,
                 tril_cdf(m->components, tril_mixture_axis(p, "cdf", y, 0)), 0);
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
                                 tril_mixture_axis(p, method, mixture_mean(p), p->event.rank)));
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
    tril_var row = tril_mixture_axis(p, "covariance", off, 1),
             column = tril_mixture_axis(p, "covariance", off, 0);
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
    tril_var root =
        tril_mixture_axis(p, method, tril_mixture_axis(p, method, root_weights(m), 0), 0);
    tril_var parts[2] = { tril_dist_stretch(&m->components, method, tril_dist_factor(m->components),
                                            2),
                          tril_mixture_axis(p, method, apart(&all, method), 0) };
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

const tril_dist_kind tril_dist_kind_mixture = { .name = "mixture",
                                                .log_prob = mixture_log_prob,
                                                .log_prob_missing = mixture_log_prob_missing,
                                                .sample = mixture_sample,
                                                .mean = mixture_mean,
                                                .variance = mixture_variance,
                                                .factor = mixture_factor,
                                                .covariance = mixture_covariance,
                                                .cdf = mixture_cdf,
                                                .expand = mixture_expand,
                                                .marginal = tril_mixture_marginal,
                                                .conditional = tril_mixture_conditional,
                                                .marginals = tril_mixture_marginals };

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
