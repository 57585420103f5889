/* Gradients of operands that rows have to themselves or share. */
#include "ops/rows.h"

#include <string.h>

static bool is_shared(const tril_node *node, size_t k, size_t rows, size_t event)
{
    return node->in[k]->size != rows * event;
}

size_t tril_row_grad_bytes(const tril_node *node, size_t k, size_t rows, size_t event)
{
    return node->in[k]->needs_grad && is_shared(node, k, rows, event)
               ? node->in[k]->size * sizeof(double)
               : 0;
}

tril_row_grad tril_row_grad_begin(const tril_node *node, size_t k, size_t rows, size_t event,
                                  tril_real *grad, char **memory)
{
    tril_row_grad g = { .grad = grad, .size = node->in[k]->size };
    if (grad && is_shared(node, k, rows, event)) {
        g.sums = (double *)(void *)*memory;
        *memory += g.size * sizeof(double);
        memset(g.sums, 0, g.size * sizeof(double));
    }
    return g;
}

void tril_row_grad_end(tril_row_grad *g)
{
    for (size_t i = 0; g->sums && i < g->size; i++)
        g->grad[i] = tril_saturate(g->sums[i]);
}
