/* Gradients of operands that rows have to themselves or share. */
#include "ops/row_grad.h"

#include <string.h>

#include "kernels/reduce.h"

static bool is_shared(const tril_node *node, size_t k, size_t rows, size_t event)
{
    return node->in[k]->size != rows * event;
}

/* lanes need not be added up where they have the same block */
static size_t lanes_of(const tril_node *node, size_t k, size_t event, bool lanes)
{
    return lanes && node->in[k]->size == event ? TRIL_FEW_LANES : 1;
}

size_t tril_row_grad_bytes(const tril_node *node, size_t k, size_t rows, size_t event, bool lanes)
{
    return node->in[k]->needs_grad && is_shared(node, k, rows, event)
               ? node->in[k]->size * lanes_of(node, k, event, lanes) * sizeof(double)
               : 0;
}

tril_row_grad tril_row_grad_begin(const tril_node *node, size_t k, size_t rows, size_t event,
                                  bool lanes, tril_real *grad, char **memory)
{
    tril_row_grad g = { .grad = grad, .size = node->in[k]->size };
    g.lanes = lanes_of(node, k, event, lanes);
    if (grad && is_shared(node, k, rows, event)) {
        g.sums = (double *)(void *)*memory;
        *memory += g.size * g.lanes * sizeof(double);
        memset(g.sums, 0, g.size * g.lanes * sizeof(double));
    }
    return g;
}

void tril_row_grad_put_all(tril_row_grad *g, size_t at, size_t n, double upstream, double a,
                           const double *x)
{
    if (g->grad)
        tril_put_all(n, upstream, a, x, g->sums ? g->sums + at : NULL, g->grad + at);
}

void tril_row_grad_put_rows(tril_row_grad *g, size_t rows, const size_t *at, size_t n,
                            tril_real sign, const tril_real *x)
{
    if (g->grad)
        tril_put_rows(rows, n, sign, x, at, g->sums, g->grad);
}

void tril_row_grad_put_lanes(tril_row_grad *g, size_t n, const size_t *at, size_t width,
                             const tril_real *upstream, const tril_real *x)
{
    if (g->grad && !g->sums)
        tril_lanes_store(n, width, upstream, x, g->grad, at);
    else if (g->grad && g->lanes > 1)
        tril_lanes_add(n, width, upstream, x, g->sums);
    else
        for (size_t l = 0; l < n && g->grad; l++)
            for (size_t k = 0; k < width; k++)
                g->sums[at[l] + k] += tril_put((double)upstream[l], (double)x[k * TRIL_LANES + l]);
}

void tril_row_grad_end(tril_row_grad *g)
{
    if (g->sums && g->lanes == 1)
        tril_saturate_sums(g->size, g->sums, g->grad);
    for (size_t i = 0; g->sums && g->lanes > 1 && i < g->size; i++) {
        double sum = 0;
        for (size_t l = 0; l < g->lanes; l++)
            sum += tril_within(g->sums[i * g->lanes + l], DBL_MAX / TRIL_FEW_LANES);
        g->grad[i] = tril_saturate(sum);
    }
}

void tril_row_grad_put_triangle(tril_row_grad *g, size_t at, size_t d, double upstream,
                                const double *left, const double *right, const double *diag)
{
    if (g->grad)
        tril_put_triangle(d, upstream, left, right, diag, g->sums ? g->sums + at : NULL,
                          g->grad + at);
}
