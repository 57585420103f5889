/* Categorical distributions, by logits or by probabilities: an event is the index of a class. */
#include "dist/categorical.h"

#include <float.h>
#include <string.h>

#include "kernels/mvn.h"
#include "ops/ops.h"
#include "ops/rows.h"

static size_t size_of(const tril_node *node)
{
    return node->in[0]->shape.dim[node->in[0]->shape.rank - 1];
}

tril_classes tril_classes_at(double *memory, size_t k, bool probs)
{
    return (tril_classes){ .k = k, .probs = probs, .log_weight = memory };
}

void tril_classes_load(tril_classes *row, const tril_real *x)
{
    if (row->x == x)
        return;
    row->x = x;
    row->sum = 0;
    for (size_t j = 0; j < row->k && row->probs; j++)
        row->sum += (double)x[j];
    const tril_log_sum total =
        row->probs ? (tril_log_sum){ log(row->sum), 0 } : tril_ops_log_sum_exp(x, row->k, 1);
    for (size_t j = 0; j < row->k; j++)
        row->log_weight[j] =
            tril_ops_log_share(row->probs ? log((double)x[j]) : (double)x[j], total);
}

/* the row that a node of one row each begins with; attributes: whether by probabilities */
static tril_classes classes_of(const tril_node *node)
{
    return tril_classes_at(node->saved, size_of(node), *(const bool *)node->attrs);
}

/* ---- log_prob: inputs parameter, y; saved: log-weights, then sums of shared gradients */

static tril_walk walk_of(const tril_node *node)
{
    return tril_walk_new(
        node->shape,
        (tril_shape[]){ tril_shape_leading(node->in[0]->shape, 1), node->in[1]->shape }, 2);
}

static bool log_prob_shape(tril_node *node)
{
    if (!tril_shape_broadcast(tril_shape_leading(node->in[0]->shape, 1), node->in[1]->shape,
                              &node->shape))
        return false; /* tril_log_prob has looked */
    size_t k = size_of(node);
    node->saved_bytes =
        k * sizeof(double) + tril_row_grad_bytes(node, 0, tril_shape_size(node->shape), k);
    return true;
}

static bool log_prob_forward(tril_node *node)
{
    tril_classes row = classes_of(node);
    size_t index = 0;
    if (node->size == 0)
        return true;
    tril_walk w = walk_of(node);
    do {
        for (size_t i = 0; i < w.dim[0]; i++, index++) {
            double y = (double)node->in[1]->value[w.offset[1] + i * w.stride[0][1]];
            if (!(y >= 0 && y < (double)row.k && y == floor(y)))
                return tril_op_fail(node, isfinite(y) ? TRIL_BAD_ARGUMENT : TRIL_NOT_FINITE,
                                    "y%s is %g, which is no class of 0 to %zu",
                                    tril_shape_where(" of row ", node->shape, index).text, y,
                                    row.k - 1);
            tril_classes_load(&row,
                              node->in[0]->value + (w.offset[0] + i * w.stride[0][0]) * row.k);
            node->value[index] = tril_saturate(row.log_weight[(size_t)y]);
        }
    } while (tril_walk_next(&w));
    return true;
}

/* s_j = [j = y] / w_j - 1 */
static void log_prob_backward(tril_node *node, tril_real *const *grad_in)
{
    tril_classes row = classes_of(node);
    size_t index = 0;
    char *memory = (char *)(row.log_weight + row.k);
    tril_row_grad g = tril_row_grad_begin(node, 0, node->size, row.k, grad_in[0], &memory);
    if (grad_in[1])
        memset(grad_in[1], 0, node->in[1]->size * sizeof(tril_real));
    tril_walk w = walk_of(node);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size && g.grad; i++, index++) {
            size_t at = (w.offset[0] + i * w.stride[0][0]) * row.k;
            size_t y = (size_t)node->in[1]->value[w.offset[1] + i * w.stride[0][1]];
            tril_classes_load(&row, node->in[0]->value + at);
            for (size_t j = 0; j < row.k; j++) {
                double own = j != y ? 0 : row.probs ? 1 / (double)row.x[j] : 1;
                tril_row_grad_put(&g, at + j, (double)node->grad[index],
                                  own - tril_classes_slope(&row, j));
            }
        }
    } while (node->size && tril_walk_next(&w));
    tril_row_grad_end(&g);
}

const tril_op tril_op_categorical_log_prob = { "log_prob(categorical)", log_prob_shape,
                                               log_prob_forward, log_prob_backward };

/* ---- entropy: input parameter; saved: log-weights */

static bool each_shape(tril_node *node)
{
    node->shape = tril_shape_leading(node->in[0]->shape, 1);
    node->saved_bytes = size_of(node) * sizeof(double);
    return true;
}

static double entropy_of(const tril_classes *row)
{
    double sum = 0;
    for (size_t j = 0; j < row->k; j++) {
        double weight = tril_classes_weight(row, j);
        sum -= weight > 0 ? weight * row->log_weight[j] : 0;
    }
    return sum;
}

static bool entropy_forward(tril_node *node)
{
    tril_classes row = classes_of(node);
    for (size_t i = 0; i < node->size; i++) {
        tril_classes_load(&row, node->in[0]->value + i * row.k);
        node->value[i] = tril_saturate(entropy_of(&row));
    }
    return true;
}

/* s_j = -(log w_j + entropy) */
static void entropy_backward(tril_node *node, tril_real *const *grad_in)
{
    tril_classes row = classes_of(node);
    char *memory = NULL; /* each row has a gradient of its own */
    tril_row_grad g = tril_row_grad_begin(node, 0, node->size, row.k, grad_in[0], &memory);
    for (size_t i = 0; i < node->size; i++) {
        tril_classes_load(&row, node->in[0]->value + i * row.k);
        double entropy = entropy_of(&row);
        for (size_t j = 0; j < row.k; j++)
            tril_row_grad_put(&g, i * row.k + j, (double)node->grad[i],
                              tril_within(-row.log_weight[j] - entropy, DBL_MAX) *
                                  tril_classes_slope(&row, j));
    }
}

const tril_op tril_op_categorical_entropy = { "entropy(categorical)", each_shape, entropy_forward,
                                              entropy_backward };

/* ---- mode and draws, through which no gradient flows */

static bool mode_forward(tril_node *node)
{
    size_t k = size_of(node);
    for (size_t i = 0; i < node->size; i++) {
        const tril_real *x = node->in[0]->value + i * k;
        size_t best = 0;
        for (size_t j = 1; j < k; j++)
            best = x[j] > x[best] ? j : best;
        node->value[i] = (tril_real)best;
    }
    return true;
}

static const tril_op mode_op = { "mode(categorical)", each_shape, mode_forward, NULL };

typedef struct draws {
    bool probs;
    size_t n;
} draws;

static bool sample_shape(tril_node *node)
{
    const draws *d = node->attrs;
    tril_shape batch = tril_shape_leading(node->in[0]->shape, 1);
    node->shape.rank = d->n > 0;
    node->shape.dim[0] = d->n;
    for (size_t i = 0; i < batch.rank; i++)
        tril_shape_append(&node->shape, batch.dim[i]);
    node->saved_bytes = size_of(node) * sizeof(double);
    return true;
}

/* the first class at which the sum of the weights passes u; never one whose weight is zero */
static size_t class_at(const tril_classes *row, double u)
{
    size_t last = 0;
    double sum = 0;
    for (size_t j = 0; j < row->k && !(u < sum); j++) {
        double weight = tril_classes_weight(row, j);
        sum += weight;
        last = weight > 0 ? j : last;
    }
    return last;
}

static bool sample_forward(tril_node *node)
{
    const draws *d = node->attrs;
    size_t k = size_of(node), rows = node->in[0]->size / k;
    tril_random *random = tril_ctx_random(tril_tape_ctx(node->tape));
    tril_classes row = tril_classes_at(node->saved, k, d->probs);
    for (size_t i = 0; i < rows; i++) {
        tril_classes_load(&row, node->in[0]->value + i * k);
        for (size_t at = i; at < node->size; at += rows)
            /* 53 bits, also in float, so that a class may be as rare as that */
            node->value[at] = (tril_real)class_at(
                &row, ldexp((double)tril_random_below(random, (size_t)1 << 53), -53));
    }
    return true;
}

static const tril_op sample_op = { "sample(categorical)", sample_shape, sample_forward, NULL };

/* ---- the distribution */

size_t tril_categorical_size(const tril_dist *p)
{
    tril_shape shape = tril_shape_of(p->param[0]);
    return shape.rank ? shape.dim[shape.rank - 1] : 0;
}

bool tril_categorical_by_probs(const tril_dist *p)
{
    return *(const bool *)p->attrs;
}

static tril_var categorical_log_prob(const tril_dist *p, tril_var y)
{
    return tril_op_apply(&tril_op_categorical_log_prob, (tril_var[]){ p->param[0], y }, 2, p->attrs,
                         sizeof(bool));
}

static tril_var categorical_sample(const tril_dist *p, size_t n)
{
    const draws attrs = { tril_categorical_by_probs(p), n };
    return tril_op_apply(&sample_op, p->param, 1, &attrs, sizeof attrs);
}

static tril_var categorical_entropy(const tril_dist *p)
{
    return tril_op_apply(&tril_op_categorical_entropy, p->param, 1, p->attrs, sizeof(bool));
}

static tril_var categorical_mode(const tril_dist *p)
{
    return tril_op_apply(&mode_op, p->param, 1, NULL, 0);
}

static tril_dist categorical_expand(const tril_dist *p, tril_shape batch)
{
    tril_dist q = *p;
    q.batch = batch;
    q.param[0] = tril_dist_stretch(&q, "expand", p->param[0], 1);
    return q.param[0].tape ? q : (tril_dist){ 0 };
}

const tril_dist_kind tril_dist_kind_categorical = { .name = "categorical",
                                                    .log_prob = categorical_log_prob,
                                                    .sample = categorical_sample,
                                                    .entropy = categorical_entropy,
                                                    .mode = categorical_mode,
                                                    .expand = categorical_expand };

/* ---- what it is made of */

static bool finite_logits(tril_var x, size_t k)
{
    (void)k;
    for (size_t i = 0; i < tril_size(x); i++)
        if (!isfinite(tril_value(x)[i]))
            return tril_var_fail(x.tape, "categorical", TRIL_NOT_FINITE, "logits are %g at [%s]",
                                 (double)tril_value(x)[i],
                                 tril_shape_index(tril_shape_of(x), i).text),
                   false;
    return true;
}

/* no number negative, and each row's sum one, up to what rounding and a few digits left out may do
 */
static bool are_probs(tril_var x, size_t k)
{
    tril_shape shape = tril_shape_of(x), batch = tril_shape_leading(shape, 1);
    const tril_real *value = tril_value(x);
    for (size_t i = 0; i < tril_shape_size(batch); i++) {
        double sum = 0;
        for (size_t j = 0; j < k; j++) {
            double prob = (double)value[i * k + j];
            if (!(prob >= 0) || !isfinite(prob))
                return tril_var_fail(x.tape, "categorical_probs",
                                     isfinite(prob) ? TRIL_NOT_POSITIVE : TRIL_NOT_FINITE,
                                     "probs are %g at [%s]%s", prob,
                                     tril_shape_index(shape, i * k + j).text,
                                     isfinite(prob) ? ": they must not be negative" : ""),
                       false;
            sum += prob;
        }
        if (fabs(sum - 1) > 1e-5)
            return tril_var_fail(x.tape, "categorical_probs", TRIL_BAD_ARGUMENT,
                                 "probs%s sum to %.9g, not to 1",
                                 tril_shape_where(" of batch index ", batch, i).text, sum),
                   false;
    }
    return true;
}

static tril_dist make(tril_var x, const char *what, const char *parameter, const bool *by_probs,
                      bool valid(tril_var x, size_t k))
{
    const tril_dist none = { 0 };
    tril_shape shape;
    if (!tril_var_shape(x, what, &shape))
        return none;
    size_t k = shape.rank ? shape.dim[shape.rank - 1] : 0;
    if (k == 0)
        return tril_var_fail(x.tape, what, TRIL_BAD_SHAPE, "%s are %s, want [..., classes]",
                             parameter, tril_shape_text(shape).text),
               none;
    if (tril_ctx_validates(tril_tape_ctx(x.tape)) && !valid(x, k))
        return none;
    return (tril_dist){
        &tril_dist_kind_categorical, { x }, tril_shape_leading(shape, 1), { 0 }, by_probs
    };
}

tril_dist tril_categorical(tril_var logits)
{
    static const bool no = false;
    return make(logits, "categorical", "logits", &no, finite_logits);
}

tril_dist tril_categorical_probs(tril_var probs)
{
    static const bool yes = true;
    return make(probs, "categorical_probs", "probs", &yes, are_probs);
}
