/* Heads: the log-density as one node from raw outputs on. */
#include <math.h>

#include "nn/head_block.h"

typedef tril_head_block head;

/* ---- row by row; memory: the form's; kept: the gradient, and the natural one if it is wanted */

static size_t row_doubles(const tril_node *node)
{
    const head *h = node->attrs;
    return h->form->rows->doubles(h);
}

static size_t kept_doubles(const tril_node *node)
{
    return ((const head *)node->attrs)->width * (1 + tril_head_is_natural(node));
}

static bool row_forward(tril_row_block *rows)
{
    const head *h = rows->node->attrs;
    const tril_real *raw = rows->x[TRIL_HEAD_RAW];
    double *memory = rows->memory, log_prob = (double)NAN;
    if (h->form->rows->load(h, memory, raw))
        log_prob = h->form->rows->log_prob(h, memory, raw, rows->x[TRIL_HEAD_Y]);
    if (isnan(log_prob))
        return tril_head_not_finite(rows, 0);
    *rows->value = tril_saturate(log_prob);
    if (rows->node->needs_grad)
        h->form->rows->gradient(h, memory, raw, rows->kept);
    if (tril_head_is_natural(rows->node))
        h->form->rows->natural(h, memory, raw, rows->kept + h->width);
    return true;
}

static void row_backward(tril_row_block *rows)
{
    const double *g = rows->kept, *natural = g + rows->width[TRIL_HEAD_RAW];
    for (size_t k = 0; k < rows->node->n_in; k++)
        tril_row_grad_put_all(&rows->grad[k], rows->at[k][0], rows->width[k],
                              (double)*rows->upstream, k == TRIL_HEAD_Y ? -1 : 1,
                              k == TRIL_HEAD_NATURAL ? natural : g);
}

static const tril_row_kernel row_kernel = { row_forward, row_backward, row_doubles, kept_doubles };

static const tril_row_kernel *kernel_of(const tril_node *node)
{
    return ((const head *)node->attrs)->form->rows ? &row_kernel : &tril_head_lanes_kernel;
}

const tril_rowwise tril_op_head_log_prob = {
    .op = { "log_prob(head)", tril_rowwise_shape, tril_rowwise_forward, tril_rowwise_backward, 1 },
    .axes = { 1, 1, 1 },
    .kernel_of = kernel_of
};
