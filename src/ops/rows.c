/* Gradients of operands that rows have to themselves or share. */
#include "ops/rows.h"

#include <math.h>
#include <string.h>

#include "kernels/targets.h"

static bool is_shared(const tril_node *node, size_t k, size_t rows, size_t event)
{
    return node->in[k]->size != rows * event;
}

static size_t bytes_of(const tril_node *node, size_t k, size_t rows, size_t event, size_t lanes)
{
    return node->in[k]->needs_grad && is_shared(node, k, rows, event)
               ? node->in[k]->size * lanes * sizeof(double)
               : 0;
}

static tril_row_grad begin(const tril_node *node, size_t k, size_t rows, size_t event,
                           tril_real *grad, size_t lanes, char **memory)
{
    tril_row_grad g = { .grad = grad, .size = node->in[k]->size, .lanes = lanes };
    if (grad && is_shared(node, k, rows, event)) {
        g.sums = (double *)(void *)*memory;
        *memory += g.size * lanes * sizeof(double);
        memset(g.sums, 0, g.size * lanes * sizeof(double));
    }
    return g;
}

size_t tril_row_grad_bytes(const tril_node *node, size_t k, size_t rows, size_t event)
{
    return bytes_of(node, k, rows, event, 1);
}

tril_row_grad tril_row_grad_begin(const tril_node *node, size_t k, size_t rows, size_t event,
                                  tril_real *grad, char **memory)
{
    return begin(node, k, rows, event, grad, 1, memory);
}

/* lanes need not be added up where they have the same block */
static size_t lanes_of(const tril_node *node, size_t k, size_t event)
{
    return node->in[k]->size == event ? TRIL_FEW_LANES : 1;
}

size_t tril_row_grad_lanes_bytes(const tril_node *node, size_t k, size_t rows, size_t event)
{
    return bytes_of(node, k, rows, event, lanes_of(node, k, event));
}

tril_row_grad tril_row_grad_begin_lanes(const tril_node *node, size_t k, size_t rows, size_t event,
                                        tril_real *grad, char **memory)
{
    return begin(node, k, rows, event, grad, lanes_of(node, k, event), memory);
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

void tril_row_grad_put_lanes(tril_row_grad *g, size_t n, const size_t *at, size_t width,
                             const double *upstream, const double *x)
{
    if (g->grad && !g->sums)
        tril_lanes_store(n, width, upstream, x, g->grad, at);
    else if (g->grad && g->lanes > 1)
        tril_lanes_add(n, width, upstream, x, g->sums);
    else
        for (size_t l = 0; l < n && g->grad; l++)
            for (size_t k = 0; k < width; k++)
                g->sums[at[l] + k] += put(upstream[l], x[k * TRIL_LANES + l]);
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

tril_lane_rows tril_lane_rows_new(tril_walk walk, size_t rows, const size_t *width)
{
    tril_lane_rows t = { .walk = walk, .rows = rows };
    memcpy(t.width, width, walk.n * sizeof *width);
    return t;
}

bool tril_lane_rows_next(tril_lane_rows *t)
{
    tril_walk *w = &t->walk;
    for (t->n = 0; t->n < TRIL_LANES && t->rows;) {
        if (t->in_line == w->dim[0]) {
            tril_walk_next(w);
            t->in_line = 0;
        }
        size_t left = w->dim[0] - t->in_line, room = TRIL_LANES - t->n;
        size_t run = left < room ? left : room;
        for (size_t k = 0; k < w->n; k++) {
            size_t step = w->stride[0][k] * t->width[k];
            size_t begin = w->offset[k] * t->width[k] + t->in_line * step;
            for (size_t j = 0; j < run; j++, begin += step)
                t->at[k][t->n + j] = begin;
        }
        t->n += run;
        t->in_line += run;
        t->rows -= run;
    }
    for (size_t k = 0; k < w->n; k++)
        for (size_t l = t->n; l < TRIL_LANES; l++)
            t->at[k][l] = t->at[k][0];
    return t->n > 0;
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
