/* Categorical distributions, by logits or by probabilities: an event is the index of a class. */
#include "distributions/categorical.h"

#include <float.h>
#include <string.h>

#include "kernels/mvn.h"
#include "ops/ops.h"
#include "ops/rowwise.h"

static size_t size_of(const tril_node *node)
{
    return tril_rows_last(node, 0);
}

tril_classes tril_classes_at(double *memory, size_t k, bool probs)
{
    return (tril_classes){ .k = k, .probs = probs, .log_weight = memory };
}

size_t tril_classes_doubles(const tril_node *node)
{
    return size_of(node) + 1;
}

void tril_classes_load(tril_classes *row, const tril_real *x, bool moved)
{
    double *sum = row->log_weight + row->k;
    row->x = x;
    if (moved)
        *sum = 0;
    for (size_t j = 0; j < row->k && row->probs && moved; j++)
        *sum += (double)x[j];
    row->sum = *sum;
    if (!moved)
        return;
    const tril_log_sum total =
        row->probs ? (tril_log_sum){ log(row->sum), 0 } : tril_ops_log_sum_exp(x, row->k, 1);
    for (size_t j = 0; j < row->k; j++)
        row->log_weight[j] =
            tril_ops_log_share(row->probs ? log((double)x[j]) : (double)x[j], total);
}

/* the row that ops look at; attributes: whether by probabilities; memory: its log-weights */
static tril_classes classes_of(const tril_row_block *rows)
{
    tril_classes row =
        tril_classes_at(rows->memory, rows->width[0], *(const bool *)rows->node->attrs);
    tril_classes_load(&row, rows->x[0], rows->moved[0]);
    return row;
}

/* ---- log_prob: inputs parameter, y; attributes: also whether NaN in y is missing */

static bool is_missing(const tril_row_block *rows)
{
    return ((const bool *)rows->node->attrs)[1] && isnan(*rows->x[1]);
}

static bool log_prob_forward(tril_row_block *rows)
{
    double y = (double)*rows->x[1];
    if (is_missing(rows))
        return *rows->value = 0, true;
    if (!(y >= 0 && y < (double)rows->width[0] && y == floor(y)))
        return tril_op_fail(rows->node, isfinite(y) ? TRIL_BAD_ARGUMENT : TRIL_NOT_FINITE,
                            "y%s is %g, which is no class of 0 to %zu",
                            tril_rows_where(rows, " of row ", 0).text, y, rows->width[0] - 1);
    *rows->value = tril_saturate(classes_of(rows).log_weight[(size_t)y]);
    return true;
}

/* s_j = [j = y] / w_j - 1 */
static void log_prob_backward(tril_row_block *rows)
{
    const bool missing = is_missing(rows);
    tril_classes row = classes_of(rows);
    size_t y = missing ? 0 : (size_t)*rows->x[1];
    tril_row_grad_skip(&rows->grad[1], rows->at[1][0], 1);
    for (size_t j = 0; j < row.k; j++) {
        double own = j != y ? 0 : row.probs ? 1 / (double)row.x[j] : 1;
        tril_row_put(rows, 0, j, missing ? 0 : own - tril_classes_slope(&row, j));
    }
}

const tril_rowwise tril_op_categorical_log_prob = {
    TRIL_ROWWISE("log_prob(categorical)"), .axes = { 1, 0 },
    .kernel = { log_prob_forward, log_prob_backward, tril_classes_doubles }
};

/* ---- entropy: input parameter */

static double entropy_of(const tril_classes *row)
{
    double sum = 0;
    for (size_t j = 0; j < row->k; j++) {
        double weight = tril_classes_weight(row, j);
        sum -= weight > 0 ? weight * row->log_weight[j] : 0;
    }
    return sum;
}

static bool entropy_forward(tril_row_block *rows)
{
    tril_classes row = classes_of(rows);
    *rows->value = tril_saturate(entropy_of(&row));
    return true;
}

/* s_j = -(log w_j + entropy) */
static void entropy_backward(tril_row_block *rows)
{
    tril_classes row = classes_of(rows);
    double entropy = entropy_of(&row);
    for (size_t j = 0; j < row.k; j++)
        tril_row_put(rows, 0, j,
                     tril_within(-row.log_weight[j] - entropy, DBL_MAX) *
                         tril_classes_slope(&row, j));
}

const tril_rowwise tril_op_categorical_entropy = {
    TRIL_ROWWISE("entropy(categorical)"), .axes = { 1 },
    .kernel = { entropy_forward, entropy_backward, tril_classes_doubles }
};

/* ---- mode and draws, through which no gradient flows */

static bool each_shape(tril_node *node)
{
    node->shape = tril_shape_leading(node->in[0]->shape, 1);
    return true;
}

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
    node->saved_bytes = tril_classes_doubles(node) * sizeof(double);
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
        tril_classes_load(&row, node->in[0]->value + i * k, true);
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

static tril_var log_prob(const tril_dist *p, tril_var y, bool missing)
{
    const bool attrs[] = { tril_categorical_by_probs(p), missing };
    return tril_op_apply(&tril_op_categorical_log_prob.op, (tril_var[]){ p->param[0], y }, 2, attrs,
                         sizeof attrs);
}

static tril_var categorical_log_prob(const tril_dist *p, tril_var y)
{
    return log_prob(p, y, false);
}

static tril_var categorical_log_prob_missing(const tril_dist *p, tril_var y)
{
    return log_prob(p, y, true);
}

static tril_var categorical_sample(const tril_dist *p, size_t n)
{
    const draws attrs = { tril_categorical_by_probs(p), n };
    return tril_op_apply(&sample_op, p->param, 1, &attrs, sizeof attrs);
}

static tril_var categorical_entropy(const tril_dist *p)
{
    return tril_op_apply(&tril_op_categorical_entropy.op, p->param, 1, p->attrs, sizeof(bool));
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
                                                    .log_prob_missing =
                                                        categorical_log_prob_missing,
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
