/* Heads: the log-density as one node from raw outputs on. */
#include <math.h>

#include "nn/head.h"
#include "ops/rows.h"

typedef tril_head_layout head;

void tril_head_each_row(const head *h, double *memory, tril_head_tile *tile)
{
    for (size_t i = 0; i < tile->n; i++) {
        const tril_real *raw = tile->raw + i * tile->raw_step;
        tile->log_prob[i] = (double)NAN;
        if (!h->rows->load(h, memory, raw))
            continue;
        tile->log_prob[i] = h->rows->log_prob(h, memory, raw, tile->y + i * tile->y_step);
        if (tile->g)
            h->rows->gradient(h, memory, raw, tile->g + i * h->width);
        if (tile->natural)
            h->rows->natural(h, memory, raw, tile->natural + i * h->width);
    }
}

/* Inputs raw, y, and where the gradient is to be preconditioned the same raw numbers
 * again; saved: memory of the form's, gradients of the log-densities and natural ones, if they are
 * wanted, then sums of shared gradients */

enum { RAW, Y, NATURAL, N_IN };

static size_t event_of(const tril_node *node, size_t k)
{
    const head *h = node->attrs;
    return k == Y ? h->d : h->width;
}

static tril_walk walk_of(const tril_node *node)
{
    return tril_walk_new(node->shape,
                         (tril_shape[]){ tril_shape_leading(node->in[RAW]->shape, 1),
                                         tril_shape_leading(node->in[Y]->shape, 1) },
                         2);
}

static bool is_natural(const tril_node *node)
{
    return node->in[NATURAL] && node->in[NATURAL]->needs_grad;
}

static bool log_prob_shape(tril_node *node)
{
    const head *h = node->attrs;
    if (!tril_shape_broadcast(tril_shape_leading(node->in[RAW]->shape, 1),
                              tril_shape_leading(node->in[Y]->shape, 1), &node->shape))
        return false; /* tril_log_prob has looked */
    size_t rows = tril_shape_size(node->shape), kept = node->needs_grad + is_natural(node);
    node->saved_bytes = (h->rows->doubles(h) + kept * rows * h->width) * sizeof(double);
    for (size_t k = 0; k < N_IN; k++)
        if (node->in[k])
            node->saved_bytes += tril_row_grad_bytes(node, k, rows, event_of(node, k));
    return true;
}

/* the gradients of all rows; `which` 0 are plain, 1 natural */
static double *gradients_of(const tril_node *node, size_t which)
{
    const head *h = node->attrs;
    return (double *)node->saved + h->rows->doubles(h) + which * node->size * h->width;
}

/* takes `n` rows of a walk from row i of its line on */
static tril_head_tile tile_of(const tril_node *node, const tril_walk *w, size_t i, size_t index)
{
    const head *h = node->attrs;
    size_t left = w->dim[0] - i;
    tril_head_tile tile = { .n = left < TRIL_LANES ? left : TRIL_LANES,
                            .raw_step = w->stride[0][0] * h->width,
                            .y_step = w->stride[0][1] * h->d };
    tile.raw = node->in[RAW]->value + w->offset[0] * h->width + i * tile.raw_step;
    tile.y = node->in[Y]->value + w->offset[1] * h->d + i * tile.y_step;
    if (node->needs_grad)
        tile.g = gradients_of(node, 0) + index * h->width;
    if (is_natural(node))
        tile.natural = gradients_of(node, 1) + index * h->width;
    return tile;
}

static bool log_prob_forward(tril_node *node)
{
    const head *h = node->attrs;
    size_t index = 0;
    if (node->size == 0)
        return true;
    tril_walk w = walk_of(node);
    do {
        for (size_t i = 0; i < w.dim[0]; i += TRIL_LANES) {
            tril_head_tile tile = tile_of(node, &w, i, index);
            h->rows->run(h, node->saved, &tile);
            for (size_t k = 0; k < tile.n; k++, index++) {
                if (isnan(tile.log_prob[k]))
                    return tril_op_fail(node, TRIL_NOT_FINITE,
                                        "y or the raw outputs%s are not finite",
                                        tril_shape_where(" of row ", node->shape, index).text);
                node->value[index] = tril_saturate(tile.log_prob[k]);
            }
        }
    } while (tril_walk_next(&w));
    return true;
}

static void log_prob_backward(tril_node *node, tril_real *const *grad_in)
{
    const head *h = node->attrs;
    size_t index = 0;
    const double *g = gradients_of(node, 0), *natural = gradients_of(node, 1);
    char *memory = (char *)gradients_of(node, 1 + is_natural(node));
    tril_row_grad grads[N_IN] = { { 0 } };
    for (size_t k = 0; k < N_IN; k++)
        if (node->in[k])
            grads[k] =
                tril_row_grad_begin(node, k, node->size, event_of(node, k), grad_in[k], &memory);
    tril_walk w = walk_of(node);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i++, index++) {
            size_t at = (w.offset[0] + i * w.stride[0][0]) * h->width;
            double upstream = (double)node->grad[index];
            const double *own = g + index * h->width;
            tril_row_grad_put_all(&grads[RAW], at, h->width, upstream, 1, own);
            tril_row_grad_put_all(&grads[Y], (w.offset[1] + i * w.stride[0][1]) * h->d, h->d,
                                  -upstream, 1, own);
            tril_row_grad_put_all(&grads[NATURAL], at, h->width, upstream, 1,
                                  natural + index * h->width);
        }
    } while (node->size && tril_walk_next(&w));
    for (size_t k = 0; k < N_IN; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_head_log_prob = { "log_prob(head)", log_prob_shape, log_prob_forward,
                                        log_prob_backward, 1 };
