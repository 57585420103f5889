/* softmax, log_softmax and cross-entropy along an axis; sums in double, the largest element taken
 * out first. */
#include <math.h>
#include <string.h>

#include "ops/ops.h"

typedef struct softmax {
    int axis;
    tril_ops_span span;
} softmax;

static bool softmax_shape(tril_node *node)
{
    softmax *p = node->attrs;
    size_t axis;
    node->shape = node->in[0]->shape;
    if (!tril_ops_axis(node, p->axis, node->shape.rank, &axis))
        return false;
    p->span = tril_ops_along(node->shape, axis);
    return true;
}

/* log softmax of each line, and its exponential where that is asked for */
static bool forward(tril_node *node, bool exponential)
{
    const tril_ops_span s = ((softmax *)node->attrs)->span;
    for (size_t k = 0; k < s.outer * s.inner; k++) {
        const tril_real *x = node->in[0]->value + tril_ops_line(s, k);
        tril_real *y = node->value + tril_ops_line(s, k);
        const tril_log_sum total = tril_ops_log_sum_exp(x, s.n, s.inner);
        for (size_t i = 0; i < s.n; i++) {
            double log_share = tril_ops_log_share((double)x[i * s.inner], total);
            y[i * s.inner] = (tril_real)(exponential ? exp(log_share) : log_share);
        }
    }
    return true;
}

static bool log_softmax_forward(tril_node *node)
{
    return forward(node, false);
}

static bool softmax_forward(tril_node *node)
{
    return forward(node, true);
}

static void log_softmax_backward(tril_node *node, tril_real *const *grad_in)
{
    const tril_ops_span s = ((softmax *)node->attrs)->span;
    for (size_t k = 0; k < s.outer * s.inner; k++) {
        const tril_real *y = node->value + tril_ops_line(s, k),
                        *dy = node->grad + tril_ops_line(s, k);
        tril_real *dx = grad_in[0] + tril_ops_line(s, k);
        double total = 0;
        for (size_t i = 0; i < s.n; i++)
            total += (double)dy[i * s.inner];
        for (size_t i = 0; i < s.n; i++)
            dx[i * s.inner] =
                (tril_real)((double)dy[i * s.inner] - exp((double)y[i * s.inner]) * total);
    }
}

static void softmax_backward(tril_node *node, tril_real *const *grad_in)
{
    const tril_ops_span s = ((softmax *)node->attrs)->span;
    for (size_t k = 0; k < s.outer * s.inner; k++) {
        const tril_real *y = node->value + tril_ops_line(s, k),
                        *dy = node->grad + tril_ops_line(s, k);
        tril_real *dx = grad_in[0] + tril_ops_line(s, k);
        double mean = 0;
        for (size_t i = 0; i < s.n; i++)
            mean += (double)y[i * s.inner] * (double)dy[i * s.inner];
        for (size_t i = 0; i < s.n; i++)
            dx[i * s.inner] =
                (tril_real)((double)y[i * s.inner] * ((double)dy[i * s.inner] - mean));
    }
}

/* attributes: the class of each row; saved: log of the sum of exp(logits) of each row */
static bool cross_entropy_shape(tril_node *node)
{
    tril_shape logits = node->in[0]->shape;
    if (logits.rank == 0 || logits.dim[logits.rank - 1] == 0)
        return tril_op_fail(node, TRIL_BAD_SHAPE, "the logits are %s, want [..., classes]",
                            tril_shape_text(logits).text);
    node->shape = logits;
    node->shape.dim[--node->shape.rank] = 0;
    const size_t *classes = node->attrs, k = logits.dim[logits.rank - 1];
    for (size_t i = 0; i < tril_shape_size(node->shape); i++)
        if (classes[i] >= k)
            return tril_op_fail(node, TRIL_BAD_ARGUMENT,
                                "class %zu in row %zu, but there are %zu classes", classes[i], i,
                                k);
    node->saved_bytes = tril_shape_size(node->shape) * sizeof(tril_log_sum);
    return true;
}

static bool cross_entropy_forward(tril_node *node)
{
    const tril_shape logits = node->in[0]->shape;
    const size_t *classes = node->attrs, k = logits.dim[logits.rank - 1];
    tril_log_sum *total = node->saved;
    for (size_t i = 0; i < node->size; i++) {
        const tril_real *x = node->in[0]->value + i * k;
        total[i] = tril_ops_log_sum_exp(x, k, 1);
        node->value[i] = (tril_real)(total[i].top - (double)x[classes[i]] + total[i].rest);
    }
    return true;
}

static void cross_entropy_backward(tril_node *node, tril_real *const *grad_in)
{
    const tril_shape logits = node->in[0]->shape;
    const size_t *classes = node->attrs, k = logits.dim[logits.rank - 1];
    const tril_log_sum *total = node->saved;
    for (size_t i = 0; i < node->size; i++)
        for (size_t j = 0; j < k; j++) {
            double p = exp(tril_ops_log_share((double)node->in[0]->value[i * k + j], total[i]));
            grad_in[0][i * k + j] = (tril_real)((double)node->grad[i] * (p - (j == classes[i])));
        }
}

const tril_op tril_op_softmax = { "softmax", softmax_shape, softmax_forward, softmax_backward };
const tril_op tril_op_log_softmax = { "log_softmax", softmax_shape, log_softmax_forward,
                                      log_softmax_backward };
const tril_op tril_op_cross_entropy = { "cross_entropy", cross_entropy_shape, cross_entropy_forward,
                                        cross_entropy_backward };

tril_var tril_softmax(tril_var x, int axis)
{
    return tril_op_apply(&tril_op_softmax, &x, 1, &(softmax){ .axis = axis }, sizeof(softmax));
}

tril_var tril_log_softmax(tril_var x, int axis)
{
    return tril_op_apply(&tril_op_log_softmax, &x, 1, &(softmax){ .axis = axis }, sizeof(softmax));
}

tril_var tril_cross_entropy(tril_var logits, const size_t *classes)
{
    tril_shape shape;
    if (!tril_var_shape(logits, "cross_entropy", &shape))
        return (tril_var){ 0 };
    size_t rows = shape.rank ? tril_ops_product(shape, 0, shape.rank - 1) : 0;
    if (!classes && rows)
        return tril_var_fail(logits.tape, "cross_entropy", TRIL_BAD_ARGUMENT,
                             "no classes for %zu rows", rows);
    return tril_op_apply(&tril_op_cross_entropy, &logits, 1, classes, rows * sizeof *classes);
}
