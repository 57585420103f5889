/* Heads: the log-density as one node from raw outputs on. */
#include <math.h>

#include "nn/head.h"
#include "ops/rows.h"

typedef tril_head_layout head;

static void keep(size_t width, const double *row, size_t lane, double *lanes)
{
    for (size_t k = 0; k < width; k++)
        lanes[k * TRIL_LANES + lane] = row[k];
}

/* lanes without a row repeat the last */
void tril_head_each_row(const head *h, double *memory, tril_head_tile *tile)
{
    double *row = memory + h->rows->doubles(h);
    for (size_t l = 0; l < tile->n; l++) {
        const tril_real *raw = tile->raw + tile->raw_at[l];
        const size_t end = l + 1 < tile->n ? l + 1 : tril_lanes_for(tile->n);
        tile->log_prob[l] = (double)NAN;
        if (!h->rows->load(h, memory, raw))
            continue;
        tile->log_prob[l] = h->rows->log_prob(h, memory, raw, tile->y + tile->y_at[l]);
        if (tile->g)
            h->rows->gradient(h, memory, raw, row);
        for (size_t k = l; k < end && tile->g; k++)
            keep(h->width, row, k, tile->g);
        if (tile->natural)
            h->rows->natural(h, memory, raw, row);
        for (size_t k = l; k < end && tile->natural; k++)
            keep(h->width, row, k, tile->natural);
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

/* of one kind of gradients, of all rows */
static size_t kept_doubles(const tril_node *node)
{
    const head *h = node->attrs;
    size_t rows = tril_shape_size(node->shape), tiles = rows / TRIL_LANES + (rows % TRIL_LANES > 0);
    return tiles * TRIL_LANES * h->width;
}

static size_t form_doubles(const head *h)
{
    return h->rows->doubles(h) + h->width;
}

static bool log_prob_shape(tril_node *node)
{
    const head *h = node->attrs;
    if (!tril_shape_broadcast(tril_shape_leading(node->in[RAW]->shape, 1),
                              tril_shape_leading(node->in[Y]->shape, 1), &node->shape))
        return false; /* tril_log_prob has looked */
    size_t rows = tril_shape_size(node->shape), kinds = node->needs_grad + is_natural(node);
    node->saved_bytes = (form_doubles(h) + kinds * kept_doubles(node)) * sizeof(double);
    for (size_t k = 0; k < N_IN; k++)
        if (node->in[k])
            node->saved_bytes += tril_row_grad_lanes_bytes(node, k, rows, event_of(node, k));
    return true;
}

/* the gradients of all rows; `which` 0 are plain, 1 natural */
static double *gradients_of(const tril_node *node, size_t which)
{
    return (double *)node->saved + form_doubles(node->attrs) + which * kept_doubles(node);
}

static tril_lane_rows rows_of(const tril_node *node)
{
    const head *h = node->attrs;
    return tril_lane_rows_new(walk_of(node), node->size, (size_t[]){ h->width, h->d });
}

static bool log_prob_forward(tril_node *node)
{
    const head *h = node->attrs;
    double *g = gradients_of(node, 0), *natural = gradients_of(node, 1);
    tril_lane_rows rows = rows_of(node);
    for (size_t index = 0; tril_lane_rows_next(&rows); index += rows.n) {
        tril_head_tile tile = { .n = rows.n,
                                .raw = node->in[RAW]->value,
                                .raw_at = rows.at[RAW],
                                .y = node->in[Y]->value,
                                .y_at = rows.at[Y],
                                .g = node->needs_grad ? g + index * h->width : NULL,
                                .natural = is_natural(node) ? natural + index * h->width : NULL };
        h->rows->run(h, node->saved, &tile);
        size_t good = tril_lanes_values(rows.n, tile.log_prob, node->value + index);
        if (good < rows.n)
            return tril_op_fail(node, TRIL_NOT_FINITE, "y or the raw outputs%s are not finite",
                                tril_shape_where(" of row ", node->shape, index + good).text);
    }
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
            grads[k] = tril_row_grad_begin_lanes(node, k, node->size, event_of(node, k), grad_in[k],
                                                 &memory);
    tril_lane_rows rows = rows_of(node);
    for (; tril_lane_rows_next(&rows); index += rows.n) {
        double up[TRIL_LANES] = { 0 }, down[TRIL_LANES] = { 0 };
        const size_t tile = index * h->width;
        for (size_t l = 0; l < rows.n; l++) {
            up[l] = (double)node->grad[index + l];
            down[l] = -up[l];
        }
        tril_row_grad_put_lanes(&grads[RAW], rows.n, rows.at[RAW], h->width, up, g + tile);
        tril_row_grad_put_lanes(&grads[Y], rows.n, rows.at[Y], h->d, down, g + tile);
        tril_row_grad_put_lanes(&grads[NATURAL], rows.n, rows.at[RAW], h->width, up,
                                natural + tile);
    }
    for (size_t k = 0; k < N_IN; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_head_log_prob = { "log_prob(head)", log_prob_shape, log_prob_forward,
                                        log_prob_backward, 1 };
