/* Rows of operands that broadcast, one after the other or some at once. */
#include "ops/rowwise.h"

#include <string.h>

#include "ops/ops.h"

static const tril_rowwise *of(const tril_node *node)
{
    return (const tril_rowwise *)node->op; /* its first member */
}

static const tril_row_kernel *kernel_of(const tril_node *node)
{
    return of(node)->kernel_of ? of(node)->kernel_of(node) : &of(node)->kernel;
}

static size_t at_once(const tril_row_kernel *kernel)
{
    return kernel->at_once ? kernel->at_once : 1;
}

static size_t event_rank(const tril_node *node)
{
    return of(node)->event_rank_of ? of(node)->event_rank_of(node) : of(node)->event_rank;
}

static size_t axes_of(const tril_node *node, size_t k)
{
    return of(node)->axes[k] + (k == of(node)->source ? event_rank(node) : 0);
}

static tril_shape batch_of(const tril_node *node, size_t k)
{
    return node->in[k] ? tril_shape_leading(node->in[k]->shape, axes_of(node, k))
                       : (tril_shape){ 0 };
}

static size_t width_of(const tril_node *node, size_t k)
{
    const tril_shape shape = node->in[k] ? node->in[k]->shape : (tril_shape){ 0 };
    return node->in[k] ? tril_ops_product(shape, shape.rank - axes_of(node, k), shape.rank) : 0;
}

static tril_shape rows_of(const tril_node *node)
{
    return tril_shape_leading(node->shape, event_rank(node));
}

/* doubles of all rows' memory between forward and backward, or of as many as there are at once */
static size_t kept_doubles(const tril_node *node, const tril_row_kernel *kernel, size_t rows)
{
    size_t some = at_once(kernel), blocks = node->needs_grad ? rows / some + 1 : 1;
    return kernel->kept ? kernel->kept(node) * blocks * some : 0;
}

static size_t memory_doubles(const tril_node *node, const tril_row_kernel *kernel)
{
    return kernel->memory ? kernel->memory(node) : 0;
}

static size_t results_of(const tril_node *node)
{
    return tril_ops_product(node->shape, node->shape.rank - event_rank(node), node->shape.rank);
}

/* normal numbers of a row */
static size_t noise_of(const tril_node *node)
{
    if (!of(node)->draws)
        return 0;
    return of(node)->noise ? of(node)->noise(node) : results_of(node);
}

/* doubles that hold those of all rows */
static size_t noise_doubles(const tril_node *node, size_t rows)
{
    return tril_row_reals(noise_of(node) * rows);
}

bool tril_rowwise_shape(tril_node *node)
{
    const tril_row_kernel *kernel;
    const size_t draws = of(node)->draws ? *(const size_t *)node->attrs : 0;
    const tril_node *source = node->in[of(node)->source];
    tril_shape batch = { 0 };
    for (size_t k = 0; k < node->n_in; k++)
        if (!tril_shape_broadcast(batch, batch_of(node, k), &batch))
            return false; /* distributions and their methods have looked */
    node->shape = (tril_shape){ .rank = draws > 0, .dim = { draws } };
    bool room = true;
    for (size_t i = 0; i < batch.rank; i++)
        room = room && tril_shape_append(&node->shape, batch.dim[i]);
    size_t rows = tril_shape_size(node->shape);
    for (size_t i = source->shape.rank - event_rank(node); i < source->shape.rank; i++)
        room = room && tril_shape_append(&node->shape, source->shape.dim[i]);
    if (!room)
        return false;
    kernel = kernel_of(node);
    node->saved_bytes = (memory_doubles(node, kernel) + noise_doubles(node, rows) +
                         kept_doubles(node, kernel, rows)) *
                        sizeof(double);
    for (size_t k = 0; k < node->n_in; k++)
        if (node->in[k])
            node->saved_bytes +=
                tril_row_grad_bytes(node, k, rows, width_of(node, k), kernel->lanes);
    return true;
}

/* before the first rows; not in one assignment, which would clear all places of rows too */
static void begin(tril_row_block *rows, tril_node *node, const tril_row_kernel *kernel)
{
    tril_shape batches[TRIL_WALK_OPERANDS];
    for (size_t k = 0; k < node->n_in; k++) {
        batches[k] = batch_of(node, k);
        rows->width[k] = width_of(node, k);
        rows->at[k][0] = SIZE_MAX;
    }
    rows->node = node;
    rows->index = rows->n = rows->in_line = 0;
    rows->left = tril_shape_size(rows_of(node));
    rows->memory = node->saved;
    double *noise = rows->memory + memory_doubles(node, kernel);
    rows->noise = (tril_real *)(void *)noise;
    rows->kept = noise + noise_doubles(node, rows->left);
    rows->value = node->value;
    rows->upstream = node->grad;
    rows->walk = tril_broadcast_iter_new(rows_of(node), batches, node->n_in);
}

/* finds at most `most` rows, those that the walk has next; returns how many */
static size_t find(tril_row_block *rows, size_t most)
{
    tril_broadcast_iter *w = &rows->walk;
    size_t n = 0;
    while (n < most && rows->left) {
        if (rows->in_line == w->dim[0]) {
            tril_broadcast_iter_next(w);
            rows->in_line = 0;
        }
        size_t left = w->dim[0] - rows->in_line, run = left < most - n ? left : most - n;
        for (size_t k = 0; k < w->n; k++) {
            size_t step = w->stride[0][k] * rows->width[k];
            size_t at = w->offset[k] * rows->width[k] + rows->in_line * step;
            for (size_t j = 0; j < run; j++, at += step)
                rows->at[k][n + j] = at;
        }
        n += run;
        rows->in_line += run;
        rows->left -= run;
    }
    return n;
}

/* what a row takes of the arrays that all rows have */
typedef struct steps {
    size_t kept, results, noise;
} steps;

/* the next rows, false after the last */
static bool next(tril_row_block *rows, const tril_row_kernel *kernel, steps step)
{
    const tril_node *node = rows->node;
    size_t before[TRIL_WALK_OPERANDS], n = rows->n;
    for (size_t k = 0; k < node->n_in; k++)
        before[k] = rows->at[k][0];
    rows->index += n;
    if (step.kept)
        rows->kept += n * step.kept;
    if (step.noise)
        rows->noise += n * step.noise;
    rows->value += n * step.results;
    if (rows->upstream)
        rows->upstream += n * step.results;
    rows->n = find(rows, at_once(kernel));
    for (size_t k = 0; k < node->n_in; k++) {
        bool single = kernel->at_once <= 1 || (node->in[k] && node->in[k]->size == rows->width[k]);
        rows->moved[k] = !single || rows->at[k][0] != before[k];
        rows->x[k] = node->in[k] ? node->in[k]->value + rows->at[k][0] : NULL;
        for (size_t i = rows->n; i < TRIL_LANES && kernel->lanes; i++)
            rows->at[k][i] = rows->at[k][0];
    }
    return rows->n > 0;
}

static steps steps_of(const tril_node *node, const tril_row_kernel *kernel)
{
    return (steps){ kernel->kept && node->needs_grad ? kernel->kept(node) : 0, results_of(node),
                    noise_of(node) };
}

bool tril_rowwise_forward(tril_node *node)
{
    const tril_row_kernel *kernel = kernel_of(node);
    const steps step = steps_of(node, kernel);
    tril_row_block rows;
    begin(&rows, node, kernel);
    if (of(node)->draws)
        tril_random_normal(tril_ctx_random(tril_tape_ctx(node->tape)), rows.noise,
                           rows.left * step.noise);
    while (next(&rows, kernel, step))
        if (!kernel->forward(&rows))
            return false;
    return true;
}

void tril_rowwise_backward(tril_node *node, tril_real *const *grad_in)
{
    const tril_row_kernel *kernel = kernel_of(node);
    const steps step = steps_of(node, kernel);
    tril_row_block rows;
    begin(&rows, node, kernel);
    size_t n = rows.left;
    char *sums = (char *)(rows.kept + kept_doubles(node, kernel, n));
    for (size_t k = 0; k < node->n_in; k++)
        rows.grad[k] = node->in[k] ? tril_row_grad_begin(node, k, n, rows.width[k], kernel->lanes,
                                                         grad_in[k], &sums)
                                   : (tril_row_grad){ 0 };
    while (next(&rows, kernel, step))
        kernel->backward(&rows);
    for (size_t k = 0; k < node->n_in; k++)
        tril_row_grad_end(&rows.grad[k]);
}

tril_shape_str tril_rows_where(const tril_row_block *rows, const char *preposition, size_t i)
{
    return tril_shape_where(preposition, rows_of(rows->node), rows->index + i);
}
