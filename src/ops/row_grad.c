/* Gradients of operands that rows have to themselves or share. */
#include "ops/row_grad.h"

#include <math.h>
#include <string.h>

#include "kernels/cpu_dispatch.h"

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

/* as tril_row_grad_put has it */
TRIL_INLINE double put(double upstream, double x)
{
    return tril_within(upstream * tril_within(x, DBL_MAX), DBL_MAX);
}

TRIL_INLINE void put_all(size_t n, double upstream, double a, const double *restrict x,
                         double *restrict sums, tril_real *restrict grad)
{
    for (size_t j = 0; j < n && sums; j++)
        sums[j] += put(upstream, a * x[j]);
    for (size_t j = 0; j < n && !sums; j++)
        grad[j] = tril_saturate(put(upstream, a * x[j]));
}

TRIL_FOR_EACH_TARGET(static, put_everywhere,
                     (size_t n, double upstream, double a, const double *x, double *sums,
                      tril_real *grad),
                     (n, upstream, a, x, sums, grad), put_all(n, upstream, a, x, sums, grad))

void tril_row_grad_put_all(tril_row_grad *g, size_t at, size_t n, double upstream, double a,
                           const double *x)
{
    if (g->grad)
        put_everywhere(n, upstream, a, x, g->sums ? g->sums + at : NULL, g->grad + at);
}

TRIL_INLINE void put_reals(size_t n, double upstream, const tril_real *restrict x,
                           double *restrict sums, tril_real *restrict grad)
{
    for (size_t j = 0; j < n && sums; j++)
        sums[j] += put(upstream, (double)x[j]);
    for (size_t j = 0; j < n && !sums; j++)
        grad[j] = tril_saturate(put(upstream, (double)x[j]));
}

TRIL_FOR_EACH_TARGET(static, put_reals_everywhere,
                     (size_t n, double upstream, const tril_real *x, double *sums, tril_real *grad),
                     (n, upstream, x, sums, grad), put_reals(n, upstream, x, sums, grad))

void tril_row_grad_put_reals(tril_row_grad *g, size_t at, size_t n, double upstream,
                             const tril_real *x)
{
    if (g->grad)
        put_reals_everywhere(n, upstream, x, g->sums ? g->sums + at : NULL, g->grad + at);
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
                g->sums[at[l] + k] += put((double)upstream[l], (double)x[k * TRIL_LANES + l]);
}

void tril_row_grad_end(tril_row_grad *g)
{
    for (size_t i = 0; g->sums && i < g->size; i++) {
        double sum = 0;
        for (size_t l = 0; l < g->lanes; l++)
            sum += tril_within(g->sums[i * g->lanes + l], DBL_MAX / TRIL_FEW_LANES);
        g->grad[i] = tril_saturate(sum);
    }
}

TRIL_INLINE void put_triangle(size_t d, double upstream, const double *restrict left,
                              const double *restrict right, const double *restrict diag,
                              double *restrict sums, tril_real *restrict grad)
{
    double most = 0;
    for (size_t j = 0; j < d; j++)
        most = fabs(right[j]) > most ? fabs(right[j]) : most;
    for (size_t i = 0; i < d && sums; i++, sums += d) {
        for (size_t j = 0; j < i; j++)
            sums[j] += put(upstream, left[i] * right[j]);
        sums[i] += put(upstream, diag[i]);
    }
    for (size_t i = 0; i < d && !sums; i++, grad += d) {
        const double factor = upstream * left[i];
        if (fabs(factor) * most < (double)TRIL_REAL_MAX) /* as good as always */
            for (size_t j = 0; j < i; j++)
                grad[j] = (tril_real)(factor * right[j]);
        else
            for (size_t j = 0; j < i; j++)
                grad[j] = tril_saturate(put(upstream, left[i] * right[j]));
        grad[i] = tril_saturate(put(upstream, diag[i]));
        memset(grad + i + 1, 0, (d - i - 1) * sizeof *grad);
    }
}

TRIL_FOR_EACH_TARGET(static, put_triangle_everywhere,
                     (size_t d, double upstream, const double *left, const double *right,
                      const double *diag, double *sums, tril_real *grad),
                     (d, upstream, left, right, diag, sums, grad),
                     put_triangle(d, upstream, left, right, diag, sums, grad))

void tril_row_grad_put_triangle(tril_row_grad *g, size_t at, size_t d, double upstream,
                                const double *left, const double *right, const double *diag)
{
    if (g->grad)
        put_triangle_everywhere(d, upstream, left, right, diag, g->sums ? g->sums + at : NULL,
                                g->grad + at);
}
