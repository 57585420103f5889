/* Reductions: sum, mean, max and logsumexp over one axis, or over all elements seen as one. */
#include <math.h>
#include <string.h>

#include "core/shape.h"
#include "kernels/mvn.h"
#include "kernels/reduce.h"
#include "ops/ops.h"

typedef struct reduction {
    bool all, keep;
    int axis;
    size_t last; /* > 0: over that many of the last axes, and within the range of the type */
    tril_ops_span span;
} reduction;

static bool reduced_shape(tril_node *node)
{
    reduction *r = node->attrs;
    tril_shape x = node->in[0]->shape;
    if (r->all) {
        r->span = (tril_ops_span){ 1, node->in[0]->size, 1 };
        return true; /* rank 0 */
    }
    if (r->last) {
        node->shape = tril_shape_leading(x, r->last);
        r->span = (tril_ops_span){ tril_shape_size(node->shape),
                                   tril_ops_product(x, node->shape.rank, x.rank), 1 };
        return true;
    }
    size_t axis;
    if (!tril_ops_axis(node, r->axis, x.rank, &axis))
        return false;
    r->span = tril_ops_along(x, axis);
    for (size_t i = 0; i < x.rank; i++)
        if (i != axis || r->keep)
            node->shape.dim[node->shape.rank++] = i == axis ? 1 : x.dim[i];
    return true;
}

static bool some_shape(tril_node *node)
{
    if (!reduced_shape(node))
        return false;
    if (((reduction *)node->attrs)->span.n == 0)
        return tril_op_fail(node, TRIL_BAD_SHAPE,
                            "no elements to take it of in a tensor of shape %s",
                            tril_shape_text(node->in[0]->shape).text);
    return true;
}

static void sum_scaled(tril_node *node, double scale)
{
    const reduction *r = node->attrs;
    const tril_ops_span s = r->span;
    const tril_real *x = node->in[0]->value;
    for (size_t o = 0; o < s.outer; o++, x += s.n * s.inner)
        if (r->last)
            node->value[o] = tril_saturate(tril_sum_of(s.n, x));
        else if (s.inner == 1)
            node->value[o] = (tril_real)(scale * tril_sum_of(s.n, x));
        else
            tril_column_sums(s.n, s.inner, scale, x, node->value + o * s.inner);
}

static void spread_scaled(tril_node *node, tril_real scale, tril_real *grad)
{
    const tril_ops_span s = ((reduction *)node->attrs)->span;
    const tril_real *from = node->grad;
    if (s.inner == 1)
        for (size_t o = 0; o < s.outer; o++, grad += s.n) {
            const tril_real each = scale * from[o];
            for (size_t i = 0; i < s.n; i++)
                grad[i] = each;
        }
    else
        for (size_t o = 0; o < s.outer; o++, from += s.inner)
            for (size_t i = 0; i < s.n; i++, grad += s.inner)
                for (size_t j = 0; j < s.inner; j++)
                    grad[j] = scale * from[j];
}

static bool sum_forward(tril_node *node)
{
    sum_scaled(node, 1);
    return true;
}

static void sum_backward(tril_node *node, tril_real *const *grad_in)
{
    spread_scaled(node, 1, grad_in[0]);
}

static bool mean_forward(tril_node *node)
{
    sum_scaled(node, 1 / (double)((reduction *)node->attrs)->span.n);
    return true;
}

static void mean_backward(tril_node *node, tril_real *const *grad_in)
{
    spread_scaled(node, (tril_real)(1 / (double)((reduction *)node->attrs)->span.n), grad_in[0]);
}

/* the place of the largest of n numbers a step apart; that of a NaN if there is one */
static size_t largest(const tril_real *x, size_t n, size_t step)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (x[i * step] > x[best * step] || (isnan(x[i * step]) && !isnan(x[best * step])))
            best = i;
    return best;
}

static bool max_forward(tril_node *node)
{
    const tril_ops_span s = ((reduction *)node->attrs)->span;
    for (size_t k = 0; k < node->size; k++) {
        const tril_real *x = node->in[0]->value + tril_ops_line(s, k);
        node->value[k] = x[largest(x, s.n, s.inner) * s.inner];
    }
    return true;
}

static void max_backward(tril_node *node, tril_real *const *grad_in)
{
    const tril_ops_span s = ((reduction *)node->attrs)->span;
    memset(grad_in[0], 0, node->in[0]->size * sizeof(tril_real));
    for (size_t k = 0; k < node->size; k++) {
        size_t at = tril_ops_line(s, k);
        at += largest(node->in[0]->value + at, s.n, s.inner) * s.inner;
        grad_in[0][at] = node->grad[k];
    }
}

/* saved: the result in its two parts; far from 0 their sum has not the digits for the shares */
static bool logsumexp_shape(tril_node *node)
{
    if (!some_shape(node))
        return false;
    node->saved_bytes = tril_shape_size(node->shape) * sizeof(tril_log_sum);
    return true;
}

static bool logsumexp_forward(tril_node *node)
{
    const tril_ops_span s = ((reduction *)node->attrs)->span;
    tril_log_sum *total = node->saved;
    for (size_t k = 0; k < node->size; k++) {
        total[k] = tril_ops_log_sum_exp(node->in[0]->value + tril_ops_line(s, k), s.n, s.inner);
        node->value[k] = (tril_real)(total[k].top + total[k].rest);
    }
    return true;
}

static void logsumexp_backward(tril_node *node, tril_real *const *grad_in)
{
    const tril_ops_span s = ((reduction *)node->attrs)->span;
    const tril_log_sum *total = node->saved;
    for (size_t k = 0; k < node->size; k++) {
        size_t at = tril_ops_line(s, k);
        for (size_t i = 0; i < s.n; i++) {
            /* all terms zero: none has a share */
            const double x = (double)node->in[0]->value[at + i * s.inner];
            double share = total[k].top == -HUGE_VAL ? 0 : exp(tril_ops_log_share(x, total[k]));
            grad_in[0][at + i * s.inner] = (tril_real)((double)node->grad[k] * share);
        }
    }
}

const tril_op tril_op_sum = { "sum", reduced_shape, sum_forward, sum_backward };
const tril_op tril_op_mean = { "mean", some_shape, mean_forward, mean_backward };
const tril_op tril_op_max = { "max", some_shape, max_forward, max_backward };
const tril_op tril_op_logsumexp = { "logsumexp", logsumexp_shape, logsumexp_forward,
                                    logsumexp_backward };

#define DEFINE(name)                                                                               \
    tril_var tril_##name(tril_var x)                                                               \
    {                                                                                              \
        return tril_op_apply(&tril_op_##name, &x, 1, &(reduction){ .all = true },                  \
                             sizeof(reduction));                                                   \
    }                                                                                              \
    tril_var tril_##name##_axis(tril_var x, int axis, bool keep)                                   \
    {                                                                                              \
        return tril_op_apply(&tril_op_##name, &x, 1, &(reduction){ .axis = axis, .keep = keep },   \
                             sizeof(reduction));                                                   \
    }

DEFINE(sum)
DEFINE(mean)
DEFINE(max)
DEFINE(logsumexp)

tril_var tril_ops_sum_last(tril_var x, size_t n)
{
    return n == 0
               ? x
               : tril_op_apply(&tril_op_sum, &x, 1, &(reduction){ .last = n }, sizeof(reduction));
}
