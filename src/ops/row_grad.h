/* Gradients of operands that are one block per row, or fewer blocks that rows share. */
#ifndef TRIL_OPS_ROW_GRAD_H
#define TRIL_OPS_ROW_GRAD_H

#include "core/shape.h"
#include "kernels/put_gradient.h"
#include "kernels/simd_rows.h"

/* How many doubles hold n numbers. */
static inline size_t tril_row_reals(size_t n)
{
    return (n * sizeof(tril_real) + sizeof(double) - 1) / sizeof(double);
}

/* The gradient of one operand. Where each row has a block of its own, rows write it; where blocks
 * are shared, they add to sums in double, which tril_row_grad_end stores. Numbers beyond the type's
 * range become its largest. */
typedef struct tril_row_grad {
    tril_real *grad; /* NULL where nobody needs it */
    double *sums;    /* NULL where every row has a block */
    size_t size;
    size_t lanes; /* how many sums each number has */
} tril_row_grad;

/* Bytes of memory for the sums of input k of a node with the given number of rows, whose blocks
 * have `event` numbers; more where they are put by tril_row_grad_put_lanes. */
size_t tril_row_grad_bytes(const tril_node *node, size_t k, size_t rows, size_t event, bool lanes);

/* Begins; takes its sums from *memory, which moves on. */
tril_row_grad tril_row_grad_begin(const tril_node *node, size_t k, size_t rows, size_t event,
                                  bool lanes, tril_real *grad, char **memory);

/* tril_put; nothing where nobody needs it. */
static inline void tril_row_grad_put(tril_row_grad *g, size_t at, double upstream, double x)
{
    if (!g->grad)
        return;
    x = tril_put(upstream, x);
    if (g->sums)
        g->sums[at] += x;
    else
        g->grad[at] = tril_saturate(x);
}

/* upstream (a x_j) for n numbers in a row */
void tril_row_grad_put_all(tril_row_grad *g, size_t at, size_t n, double upstream, double a,
                           const double *x);

/* sign x for rows of n numbers, whose blocks begin at `at`; all within the type's range */
void tril_row_grad_put_rows(tril_row_grad *g, size_t rows, const size_t *at, size_t n,
                            tril_real sign, const tril_real *x);

/* What comes down to n rows side by side, and the same with the other sign; 0 in lanes without one.
 * Clearing all lanes first shows in the time of small tiles. */
static inline void tril_lanes_upstream(size_t n, const tril_real *upstream, tril_real *up,
                                       tril_real *down)
{
    for (size_t l = 0; l < n; l++)
        up[l] = upstream[l], down[l] = -upstream[l];
    for (size_t l = n; l < TRIL_LANES; l++)
        up[l] = down[l] = 0;
}

/* upstream x of n rows side by side, whose blocks begin at `at`. */
void tril_row_grad_put_lanes(tril_row_grad *g, size_t n, const size_t *at, size_t width,
                             const tril_real *upstream, const tril_real *x);

/* n numbers in a row that have nothing to put */
static inline void tril_row_grad_skip(tril_row_grad *g, size_t at, size_t n)
{
    for (size_t j = 0; j < n && g->grad && !g->sums; j++)
        g->grad[at + j] = 0;
}

/* upstream (left_i right_j) below the diagonal of [d, d], whose products are finite, upstream
 * diag_i on it, nothing above. */
void tril_row_grad_put_triangle(tril_row_grad *g, size_t at, size_t d, double upstream,
                                const double *left, const double *right, const double *diag);

void tril_row_grad_end(tril_row_grad *g);

#endif
