/* Operations that move numbers: reshape, broadcast_to, transpose, slice, select, concat, stack. */
#include <string.h>

#include "core/shape.h"
#include "kernels/reduce.h"
#include "ops/ops.h"
#include "ops/row_grad.h"

static bool reshape_shape(tril_node *node)
{
    node->shape = *(tril_shape *)node->attrs;
    if (node->shape.rank > TRIL_MAX_RANK || tril_shape_size(node->shape) != node->in[0]->size)
        return tril_op_fail(
            node, TRIL_BAD_SHAPE, "x is %s, which does not have as many elements as %s",
            tril_shape_text(node->in[0]->shape).text, tril_shape_text(node->shape).text);
    return node->shares_value = true;
}

static void reshape_backward(tril_node *node, tril_real *const *grad_in)
{
    memcpy(grad_in[0], node->grad, node->size * sizeof(tril_real));
}

/* ---- broadcast_to; saved: sums of the gradient */

static bool broadcast_to_shape(tril_node *node)
{
    const tril_shape *wanted = node->attrs, x = node->in[0]->shape;
    if (wanted->rank > TRIL_MAX_RANK || !tril_shape_broadcast(x, *wanted, &node->shape) ||
        !tril_shape_equal(node->shape, *wanted))
        return tril_op_fail(node, TRIL_BAD_SHAPE, "x is %s, which cannot be stretched to %s",
                            tril_shape_text(x).text, tril_shape_text(*wanted).text);
    node->saved_bytes = tril_row_grad_bytes(node, 0, tril_shape_size(node->shape), 1, false);
    return true;
}

static bool broadcast_to_forward(tril_node *node)
{
    tril_real *to = node->value;
    tril_broadcast_iter w = tril_broadcast_iter_new(node->shape, &node->in[0]->shape, 1);
    do {
        for (size_t i = 0; i < w.dim[0]; i++)
            *to++ = node->in[0]->value[w.offset[0] + i * w.stride[0][0]];
    } while (tril_broadcast_iter_next(&w));
    return true;
}

static void broadcast_to_backward(tril_node *node, tril_real *const *grad_in)
{
    char *memory = node->saved;
    const tril_real *from = node->grad;
    tril_row_grad grad = tril_row_grad_begin(node, 0, node->size, 1, false, grad_in[0], &memory);
    tril_broadcast_iter w = tril_broadcast_iter_new(node->shape, &node->in[0]->shape, 1);
    do {
        for (size_t i = 0; i < w.dim[0]; i++)
            tril_row_grad_put(&grad, w.offset[0] + i * w.stride[0][0], 1, (double)*from++);
    } while (tril_broadcast_iter_next(&w));
    tril_row_grad_end(&grad);
}

typedef struct transpose {
    int axis_a, axis_b;
    size_t a, b;
} transpose;

static bool transpose_shape(tril_node *node)
{
    transpose *p = node->attrs;
    tril_shape x = node->in[0]->shape;
    if (!tril_ops_axis(node, p->axis_a, x.rank, &p->a) ||
        !tril_ops_axis(node, p->axis_b, x.rank, &p->b))
        return false;
    node->shape = x;
    node->shape.dim[p->a] = x.dim[p->b];
    node->shape.dim[p->b] = x.dim[p->a];
    return true;
}

/* y = x, a tensor of the given shape, with two axes exchanged */
static void exchange(tril_shape shape, size_t a, size_t b, const tril_real *x, tril_real *y)
{
    size_t step[TRIL_MAX_RANK], at[TRIL_MAX_RANK] = { 0 }, size = tril_shape_size(shape),
                                offset = 0;
    for (size_t i = 0; i < shape.rank; i++) /* of x, along each axis of y */
        step[i == a ? b : i == b ? a : i] = tril_ops_product(shape, i + 1, shape.rank);
    tril_shape out = shape;
    out.dim[a] = shape.dim[b];
    out.dim[b] = shape.dim[a];
    for (size_t k = 0; k < size; k++) {
        y[k] = x[offset];
        for (size_t i = shape.rank; i-- > 0;) {
            offset += step[i];
            if (++at[i] < out.dim[i])
                break;
            offset -= step[i] * out.dim[i];
            at[i] = 0;
        }
    }
}

static bool transpose_forward(tril_node *node)
{
    const transpose *p = node->attrs;
    exchange(node->in[0]->shape, p->a, p->b, node->in[0]->value, node->value);
    return true;
}

static void transpose_backward(tril_node *node, tril_real *const *grad_in)
{
    const transpose *p = node->attrs;
    exchange(node->shape, p->a, p->b, node->grad, grad_in[0]);
}

typedef struct slice {
    int axis;
    size_t start, count;
    tril_ops_span span;
} slice;

static bool slice_shape(tril_node *node)
{
    slice *p = node->attrs;
    tril_shape x = node->in[0]->shape;
    size_t axis;
    if (!tril_ops_axis(node, p->axis, x.rank, &axis))
        return false;
    if (p->start > x.dim[axis] || p->count > x.dim[axis] - p->start)
        return tril_op_fail(node, TRIL_BAD_ARGUMENT,
                            "%zu elements from %zu on, but axis %d of x (%s) has %zu", p->count,
                            p->start, p->axis, tril_shape_text(x).text, x.dim[axis]);
    p->span = tril_ops_along(x, axis);
    node->shape = x;
    node->shape.dim[axis] = p->count;
    return true;
}

static bool slice_forward(tril_node *node)
{
    const slice *p = node->attrs;
    size_t from = p->span.n * p->span.inner, to = p->count * p->span.inner;
    for (size_t o = 0; o < p->span.outer; o++)
        memcpy(node->value + o * to, node->in[0]->value + o * from + p->start * p->span.inner,
               to * sizeof(tril_real));
    return true;
}

static void slice_backward(tril_node *node, tril_real *const *grad_in)
{
    const slice *p = node->attrs;
    size_t from = p->span.n * p->span.inner, to = p->count * p->span.inner;
    memset(grad_in[0], 0, node->in[0]->size * sizeof(tril_real));
    for (size_t o = 0; o < p->span.outer; o++)
        memcpy(grad_in[0] + o * from + p->start * p->span.inner, node->grad + o * to,
               to * sizeof(tril_real));
}

/* ---- select; saved: sums of the gradient of one block along the axis, because an index may stand
 * there twice */

typedef struct selection {
    int axis;
    const size_t *index;
    size_t n;
    tril_ops_span span;
} selection;

static bool select_shape(tril_node *node)
{
    selection *p = node->attrs;
    tril_shape x = node->in[0]->shape;
    size_t axis;
    if (!tril_ops_axis(node, p->axis, x.rank, &axis))
        return false;
    for (size_t k = 0; k < p->n; k++)
        if (p->index[k] >= x.dim[axis])
            return tril_op_fail(node, TRIL_BAD_ARGUMENT,
                                "index %zu is %zu, but axis %d of x (%s) has %zu", k, p->index[k],
                                p->axis, tril_shape_text(x).text, x.dim[axis]);
    p->span = tril_ops_along(x, axis);
    node->shape = x;
    node->shape.dim[axis] = p->n;
    node->saved_bytes = p->span.n * p->span.inner * sizeof(double);
    return true;
}

static bool select_forward(tril_node *node)
{
    const selection *p = node->attrs;
    const size_t inner = p->span.inner;
    for (size_t o = 0; o < p->span.outer; o++)
        for (size_t k = 0; k < p->n; k++)
            memcpy(node->value + (o * p->n + k) * inner,
                   node->in[0]->value + (o * p->span.n + p->index[k]) * inner,
                   inner * sizeof(tril_real));
    return true;
}

static void select_backward(tril_node *node, tril_real *const *grad_in)
{
    const selection *p = node->attrs;
    const size_t inner = p->span.inner, block = p->span.n * inner;
    double *sums = node->saved;
    for (size_t o = 0; o < p->span.outer; o++) {
        memset(sums, 0, block * sizeof *sums);
        for (size_t k = 0; k < p->n; k++)
            tril_add_to_sums(inner, node->grad + (o * p->n + k) * inner,
                             sums + p->index[k] * inner);
        tril_store_sums(block, sums, grad_in[0] + o * block);
    }
}

/* concat and stack copy the same way: inputs as [outer, its own length] into [outer, total] */
typedef struct joint {
    int axis;
    size_t outer, total;
} joint;

static bool concat_shape(tril_node *node)
{
    joint *p = node->attrs;
    tril_shape first = node->in[0]->shape;
    size_t axis, sum = 0;
    if (!tril_ops_axis(node, p->axis, first.rank, &axis))
        return false;
    for (size_t k = 0; k < node->n_in; k++) {
        tril_shape x = node->in[k]->shape, like_first = x;
        if (axis < x.rank)
            like_first.dim[axis] = first.dim[axis];
        if (!tril_shape_equal(like_first, first))
            return tril_op_fail(node, TRIL_BAD_SHAPE,
                                "tensor 1 is %s but tensor %zu is %s: only axis %d may differ",
                                tril_shape_text(first).text, k + 1, tril_shape_text(x).text,
                                p->axis);
        sum += x.dim[axis];
    }
    node->shape = first;
    node->shape.dim[axis] = sum;
    tril_ops_span span = tril_ops_along(node->shape, axis);
    p->outer = span.outer;
    p->total = span.n * span.inner;
    return true;
}

static bool stack_shape(tril_node *node)
{
    joint *p = node->attrs;
    tril_shape x = node->in[0]->shape;
    size_t axis;
    if (x.rank == TRIL_MAX_RANK)
        return tril_op_fail(node, TRIL_BAD_SHAPE, "tensors of shape %s have no axis to spare",
                            tril_shape_text(x).text);
    if (!tril_ops_axis(node, p->axis, x.rank + 1, &axis))
        return false;
    for (size_t k = 1; k < node->n_in; k++)
        if (!tril_shape_equal(node->in[k]->shape, x))
            return tril_op_fail(node, TRIL_BAD_SHAPE, "tensor 1 is %s but tensor %zu is %s",
                                tril_shape_text(x).text, k + 1,
                                tril_shape_text(node->in[k]->shape).text);
    node->shape.rank = x.rank + 1;
    for (size_t i = 0; i <= x.rank; i++)
        node->shape.dim[i] = i == axis ? node->n_in : x.dim[i - (i > axis)];
    tril_ops_span span = tril_ops_along(node->shape, axis);
    p->outer = span.outer;
    p->total = span.n * span.inner;
    return true;
}

static bool joint_forward(tril_node *node)
{
    const joint *p = node->attrs;
    tril_real *to = node->value;
    for (size_t k = 0; k < node->n_in && p->outer; k++) {
        size_t length = node->in[k]->size / p->outer;
        for (size_t o = 0; o < p->outer; o++)
            memcpy(to + o * p->total, node->in[k]->value + o * length, length * sizeof *to);
        to += length;
    }
    return true;
}

static void joint_backward(tril_node *node, tril_real *const *grad_in)
{
    const joint *p = node->attrs;
    const tril_real *from = node->grad;
    for (size_t k = 0; k < node->n_in && p->outer; k++) {
        size_t length = node->in[k]->size / p->outer;
        for (size_t o = 0; o < p->outer && grad_in[k]; o++)
            memcpy(grad_in[k] + o * length, from + o * p->total, length * sizeof *from);
        from += length;
    }
}

const tril_op tril_op_reshape = { "reshape", reshape_shape, NULL, reshape_backward };
const tril_op tril_op_broadcast_to = { "broadcast_to", broadcast_to_shape, broadcast_to_forward,
                                       broadcast_to_backward };
const tril_op tril_op_transpose = { "transpose", transpose_shape, transpose_forward,
                                    transpose_backward };
const tril_op tril_op_slice = { "slice", slice_shape, slice_forward, slice_backward };
const tril_op tril_op_select = { "select", select_shape, select_forward, select_backward };
const tril_op tril_op_concat = { "concat", concat_shape, joint_forward, joint_backward };
const tril_op tril_op_stack = { "stack", stack_shape, joint_forward, joint_backward };

tril_var tril_reshape(tril_var x, tril_shape shape)
{
    return tril_op_apply(&tril_op_reshape, &x, 1, &shape, sizeof shape);
}

tril_var tril_broadcast_to(tril_var x, tril_shape shape)
{
    return tril_op_apply(&tril_op_broadcast_to, &x, 1, &shape, sizeof shape);
}

tril_var tril_transpose(tril_var x, int axis_a, int axis_b)
{
    return tril_op_apply(&tril_op_transpose, &x, 1, &(transpose){ axis_a, axis_b, 0, 0 },
                         sizeof(transpose));
}

tril_var tril_slice(tril_var x, int axis, size_t start, size_t count)
{
    return tril_op_apply(&tril_op_slice, &x, 1,
                         &(slice){ .axis = axis, .start = start, .count = count }, sizeof(slice));
}

tril_var tril_select(tril_var x, int axis, const size_t *index, size_t n)
{
    tril_shape shape;
    if (!tril_var_shape(x, "select", &shape))
        return (tril_var){ 0 };
    if (!index && n)
        return tril_var_fail(x.tape, "select", TRIL_BAD_ARGUMENT, "no indices, but %zu are wanted",
                             n);
    if (n && !(index = tril_tape_copy(x.tape, index, n * sizeof *index)))
        return (tril_var){ 0 };
    return tril_op_apply(&tril_op_select, &x, 1,
                         &(selection){ .axis = axis, .index = index, .n = n }, sizeof(selection));
}

bool tril_split(tril_var x, int axis, const size_t *sizes, size_t n, tril_var *parts)
{
    tril_shape shape;
    tril_var_shape(x, "split", &shape);
    size_t sum = 0, start = 0, counted = axis < 0 ? shape.rank + (size_t)axis : (size_t)axis;
    for (size_t k = 0; k < n; k++) {
        parts[k] = (tril_var){ 0 };
        sum += sizes[k];
    }
    if (counted < shape.rank && sum != shape.dim[counted])
        return tril_var_fail(x.tape, "split", TRIL_BAD_SHAPE,
                             "sizes add up to %zu, but axis %d of x (%s) has %zu", sum, axis,
                             tril_shape_text(shape).text, shape.dim[counted]),
               false;
    for (size_t k = 0; k < n; start += sizes[k++])
        parts[k] = tril_slice(x, axis, start, sizes[k]);
    return n && parts[n - 1].tape;
}

tril_var tril_concat(const tril_var *xs, size_t n, int axis)
{
    return tril_op_apply(&tril_op_concat, xs, n, &(joint){ .axis = axis }, sizeof(joint));
}

tril_var tril_stack(const tril_var *xs, size_t n, int axis)
{
    return tril_op_apply(&tril_op_stack, xs, n, &(joint){ .axis = axis }, sizeof(joint));
}
