/* Ops over numbers: what does not depend on the function. */
#include "dist/numbers.h"

#include "ops/ops.h"

tril_var tril_numbers_apply(const tril_op *op, const tril_var *inputs, size_t n, tril_numbers attrs)
{
    return tril_op_apply(op, inputs, n, &attrs, sizeof attrs);
}

bool tril_numbers_shape(tril_node *node)
{
    tril_numbers *p = node->attrs;
    tril_shape *full = &p->full;
    *full = (tril_shape){ .rank = p->draws > 0, .dim = { p->draws } };
    tril_shape operands = { 0 };
    for (size_t k = 0; k < node->n_in; k++)
        if (!tril_shape_broadcast(operands, node->in[k]->shape, &operands))
            return false; /* distributions and methods have looked */
    for (size_t i = 0; i < operands.rank; i++)
        tril_shape_append(full, operands.dim[i]);
    node->shape = tril_shape_leading(*full, p->event_rank);
    p->event_size = tril_ops_product(*full, node->shape.rank, full->rank);
    node->saved_bytes = tril_shape_size(node->shape) * sizeof(double);
    for (size_t k = 0; k < node->n_in; k++)
        node->saved_bytes += tril_row_grad_bytes(node, k, tril_shape_size(*full), 1);
    return true;
}

tril_walk tril_numbers_walk(const tril_node *node)
{
    tril_shape operands[TRIL_NUMBERS];
    for (size_t k = 0; k < node->n_in; k++)
        operands[k] = node->in[k]->shape;
    return tril_walk_new(((const tril_numbers *)node->attrs)->full, operands, node->n_in);
}

bool tril_numbers_draw(tril_node *node)
{
    const tril_real *eps = node->saved;
    double x[2];
    size_t index = 0;
    tril_walk w = tril_numbers_walk(node);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i++, index++) {
            tril_numbers_at(node, &w, 2, i, x);
            node->value[index] = tril_saturate(x[0] + x[1] * (double)eps[index]);
        }
    } while (node->size && tril_walk_next(&w));
    return true;
}

void tril_numbers_draw_backward(tril_node *node, tril_real *const *grad_in)
{
    const tril_real *eps = node->saved;
    char *memory = (char *)node->saved + node->size * sizeof(double);
    tril_row_grad grads[2];
    size_t index = 0;
    for (size_t k = 0; k < 2; k++)
        grads[k] = tril_row_grad_begin(node, k, node->size, 1, grad_in[k], &memory);
    tril_walk w = tril_numbers_walk(node);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i++, index++)
            for (size_t k = 0; k < 2; k++)
                tril_row_grad_put(&grads[k], w.offset[k] + i * w.stride[0][k],
                                  (double)node->grad[index], k ? (double)eps[index] : 1);
    } while (node->size && tril_walk_next(&w));
    for (size_t k = 0; k < 2; k++)
        tril_row_grad_end(&grads[k]);
}
