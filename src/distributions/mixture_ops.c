/* Mixtures: the operations over components. */
#include <float.h>
#include <string.h>

#include "distributions/categorical.h"
#include "distributions/mixture.h"
#include "kernels/mvn.h"
#include "ops/ops.h"
#include "ops/rowwise.h"

/* ---- what the two share: inputs are the weights' parameter [..., k] and numbers of
 * each component [..., k, event]; memory: log-weights; kept: the results in double */

static size_t event_rank_of(const tril_node *node)
{
    return ((const tril_over_components *)node->attrs)->event_rank;
}

static size_t event_size(const tril_node *node)
{
    const tril_shape shape = node->in[1]->shape;
    return tril_ops_product(shape, shape.rank - event_rank_of(node), shape.rank);
}

static tril_classes weights_of(const tril_row_block *rows)
{
    const tril_over_components *a = rows->node->attrs;
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
