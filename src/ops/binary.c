/* Elementwise operations of two tensors that broadcast: kernels/binary.h has the table. */
#include <string.h>

#include "core/shape.h"
#include "kernels/binary.h"
#include "kernels/reduce.h"
#include "ops/ops.h"

/* saved, where an input was stretched: sums of its gradient in double, then a row of the result */
static bool broadcast_shape(tril_node *node)
{
    const tril_node *a = node->in[0], *b = node->in[1];
    if (!tril_shape_broadcast(a->shape, b->shape, &node->shape))
        return tril_op_fail(node, TRIL_BAD_SHAPE, "%s and %s do not broadcast",
                            tril_shape_text(a->shape).text, tril_shape_text(b->shape).text);
    size_t size = tril_shape_size(node->shape), sums = 0;
    for (size_t k = 0; k < 2; k++)
        if (node->in[k]->size != size && node->in[k]->needs_grad && node->in[k]->size > sums)
            sums = node->in[k]->size;
    if (sums)
        node->saved_bytes = sums * sizeof(double) + size * sizeof(tril_real);
    return true;
}

static tril_broadcast_iter walk_of(const tril_node *node)
{
    return tril_broadcast_iter_new(node->shape,
                                   (tril_shape[]){ node->in[0]->shape, node->in[1]->shape }, 2);
}

static void forward(tril_node *node, const tril_binary *kernel)
{
    tril_broadcast_iter w = walk_of(node);
    tril_real *y = node->value;
    do {
        kernel->forward(w.dim[0], node->in[0]->value + w.offset[0], w.stride[0][0],
                        node->in[1]->value + w.offset[1], w.stride[0][1], y);
        y += w.dim[0];
    } while (tril_broadcast_iter_next(&w));
}

/* an input of the result's size gets its gradient written straight away, a stretched one as sums
 * over the rows */
static void backward_of(tril_node *node, const tril_binary *kernel, size_t k, tril_real *grad)
{
    size_t size = node->in[k]->size, row = 0;
    bool stretched = size != node->size;
    double *sums = node->saved;
    tril_real *row_of_result = stretched ? (tril_real *)(sums + size) : grad;
    if (stretched)
        memset(sums, 0, size * sizeof *sums);
    tril_broadcast_iter w = walk_of(node);
    do {
        tril_real *out = row_of_result + (stretched ? 0 : row);
        kernel->backward[k](w.dim[0], node->in[0]->value + w.offset[0], w.stride[0][0],
                            node->in[1]->value + w.offset[1], w.stride[0][1], node->value + row,
                            node->grad + row, out);
        if (stretched && w.stride[0][k])
            tril_add_to_sums(w.dim[0], out, sums + w.offset[k]);
        else if (stretched)
            sums[w.offset[k]] += tril_sum_of(w.dim[0], out);
        row += w.dim[0];
    } while (tril_broadcast_iter_next(&w));
    if (stretched)
        tril_store_sums(size, sums, grad);
}

static void backward(tril_node *node, const tril_binary *kernel, tril_real *const *grad_in)
{
    for (size_t k = 0; k < 2; k++)
        if (grad_in[k])
            backward_of(node, kernel, k, grad_in[k]);
}

#define DEFINE(name, ...)                                                                          \
    static bool name##_forward(tril_node *node)                                                    \
    {                                                                                              \
        forward(node, &tril_binary_##name);                                                        \
        return true;                                                                               \
    }                                                                                              \
    static void name##_backward(tril_node *node, tril_real *const *grad_in)                        \
    {                                                                                              \
        backward(node, &tril_binary_##name, grad_in);                                              \
    }                                                                                              \
    const tril_op tril_op_##name = { #name, broadcast_shape, name##_forward, name##_backward };    \
    tril_var tril_##name(tril_var a, tril_var b)                                                   \
    {                                                                                              \
        return tril_op_apply(&tril_op_##name, (tril_var[]){ a, b }, 2, NULL, 0);                   \
    }

TRIL_BINARY_TABLE(DEFINE)

tril_var tril_clamp(tril_var x, tril_var low, tril_var high)
{
    return tril_minimum(tril_maximum(x, low), high);
}

tril_var tril_where(tril_var condition, tril_var a, tril_var b)
{
    return tril_add(tril_masked(a, condition), tril_unmasked(b, condition));
}
