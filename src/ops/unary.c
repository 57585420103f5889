/* Elementwise operations of one tensor: kernels/unary.h has the table, each line becomes an op and
 * its function. */
#include <tril/extend.h>
#include <tril/ops.h>

#include "kernels/unary.h"

static bool same_shape(tril_node *node)
{
    node->shape = node->in[0]->shape;
    return true;
}

#define DEFINE(name, ...)                                                                          \
    static bool name##_forward(tril_node *node)                                                    \
    {                                                                                              \
        tril_unary_##name.forward(node->size, node->in[0]->value, node->value);                    \
        return true;                                                                               \
    }                                                                                              \
    static void name##_backward(tril_node *node, tril_real *const *grad_in)                        \
    {                                                                                              \
        tril_unary_##name.backward(node->size, node->in[0]->value, node->value, node->grad,        \
                                   grad_in[0]);                                                    \
    }                                                                                              \
    const tril_op tril_op_##name = { #name, same_shape, name##_forward, name##_backward };         \
    tril_var tril_##name(tril_var x)                                                               \
    {                                                                                              \
        return tril_op_apply(&tril_op_##name, &x, 1, NULL, 0);                                     \
    }

TRIL_UNARY_TABLE(DEFINE)
