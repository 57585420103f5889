/* Ops over the rows of operands that broadcast: one shape rule, one forward and one backward for
 * all of them, from functions that see one row, or some rows at once. */
#ifndef TRIL_OPS_ROWWISE_H
#define TRIL_OPS_ROWWISE_H

#include "ops/row_grad.h"

enum { TRIL_ROWS = 256 }; /* at most so many at once */

/* Some rows of the result, in their order, and what belongs to them. */
typedef struct tril_row_block {
    tril_node *node;
    size_t index, n;                          /* the number of the first; how many */
    size_t width[TRIL_WALK_OPERANDS];         /* of each operand, numbers in a row */
    size_t at[TRIL_WALK_OPERANDS][TRIL_ROWS]; /* where its rows begin */
    const tril_real *x[TRIL_WALK_OPERANDS];   /* the first of them */
    bool moved[TRIL_WALK_OPERANDS];           /* it is another row than the last time */
    double *memory, *kept;                    /* the op's own, and that of these rows */
    tril_real *noise;                         /* normal numbers, of an op that draws */
    tril_real *value;                         /* results, in forward */
    const tril_real *upstream;                /* their gradients, in backward */
    tril_row_grad grad[TRIL_WALK_OPERANDS];   /* the operands', in backward */
    size_t left, in_line;                     /* rows still to come; place in the walk */
    tril_broadcast_iter walk;
} tril_row_block;

/* What an op does with rows. */
typedef struct tril_row_kernel {
    /* Writes value, and into kept what backward needs. False after tril_op_fail. */
    bool (*forward)(tril_row_block *rows);

    /* Puts gradients of all operands. */
    void (*backward)(tril_row_block *rows);

    size_t (*memory)(const tril_node *node); /* doubles that rows hand on; NULL: none */
    size_t (*kept)(const tril_node *node);   /* doubles of each row; NULL: none */
    size_t at_once;                          /* rows at most; 0: one */
    bool lanes; /* gradients are put by tril_row_grad_put_lanes; a place without a row repeats the
                   first one */
} tril_row_kernel;

/* The descriptor of such an op, which begins with what the tape knows of it. */
typedef struct tril_rowwise {
    tril_op op;
    size_t axes[TRIL_WALK_OPERANDS]; /* how many of an operand's last axes are one row's */

    /* The results of a row are a number, or numbers in the shape of further axes of operand
     * `source`, behind those. */
    size_t source, event_rank;
    size_t (*event_rank_of)(const tril_node *node); /* if it depends on attributes */

    /* Draws: attributes begin with the length of an axis in front, a size_t, 0 for none; as many
     * normal numbers as a row has results, unless so many are asked for. */
    bool draws;
    size_t (*noise)(const tril_node *node);
    tril_row_kernel kernel;
    const tril_row_kernel *(*kernel_of)(const tril_node *node); /* in place of kernel */
} tril_rowwise;

bool tril_rowwise_shape(tril_node *node);
bool tril_rowwise_forward(tril_node *node);
void tril_rowwise_backward(tril_node *node, tril_real *const *grad_in);

#define TRIL_ROWWISE(title)                                                                        \
    .op = { title, tril_rowwise_shape, tril_rowwise_forward, tril_rowwise_backward }

/* " of row [5, 2]" for row i of these, after a preposition and the like; see tril_shape_where. */
tril_shape_str tril_rows_where(const tril_row_block *rows, const char *preposition, size_t i);

/* Puts upstream x into number j of the first row of operand k; and what comes down the tape to the
 * number that the row's result is, times x. */
static inline void tril_row_put_by(tril_row_block *rows, size_t k, size_t j, double upstream,
                                   double x)
{
    tril_row_grad_put(&rows->grad[k], rows->at[k][0] + j, upstream, x);
}

static inline void tril_row_put(tril_row_block *rows, size_t k, size_t j, double x)
{
    tril_row_put_by(rows, k, j, (double)*rows->upstream, x);
}

/* The length of the last axis of operand k. */
static inline size_t tril_rows_last(const tril_node *node, size_t k)
{
    return node->in[k]->shape.dim[node->in[k]->shape.rank - 1];
}

#endif
