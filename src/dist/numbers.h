/* Ops over numbers: up to four operands broadcast against each other, a function of each set of
 * numbers, sums over the last axes (the event). An op gives its function as an argument known at
 * compile time; always_inline makes a loop of each, where a call per number would take twice as
 * long. */
#ifndef TRIL_DIST_NUMBERS_H
#define TRIL_DIST_NUMBERS_H

#include "core/shape.h"
#include "kernels/mvn.h"
#include "ops/rows.h"

enum { TRIL_NUMBERS = TRIL_WALK_OPERANDS };

/* The value; in backward, where slope is not NULL and nobody asks for the value, its slope in each
 * of x. */
typedef double tril_number_function(const double *x, double *slope);

/* NULL, or what is wrong with one set: "y is not finite". No function: nothing can be. */
typedef const char *tril_number_check(const double *x);

/* An op's attributes. saved: a number for each result, then sums of shared gradients. */
typedef struct tril_numbers {
    size_t event_rank; /* how many of the last axes are summed */
    size_t draws;      /* > 0: the length of an axis in front of all operands' */
    size_t event_size; /* set by the shape rule, as is the shape of all operands together: */
    tril_shape full;
} tril_numbers;

tril_var tril_numbers_apply(const tril_op *op, const tril_var *inputs, size_t n,
                            tril_numbers attrs);
bool tril_numbers_shape(tril_node *node);
tril_walk tril_numbers_walk(const tril_node *node);

/* Draws loc + scale eps, where loc and scale are the first two operands and forward has found eps,
 * a tril_real for each result, at node->saved. */
bool tril_numbers_draw(tril_node *node);
void tril_numbers_draw_backward(tril_node *node, tril_real *const *grad_in);

/* the numbers at element i of the walk's row */
static inline void tril_numbers_at(const tril_node *node, const tril_walk *w, size_t n_in, size_t i,
                                   double *x)
{
    for (size_t k = 0; k < n_in; k++)
        x[k] = (double)node->in[k]->value[w->offset[k] + i * w->stride[0][k]];
}

static inline __attribute__((always_inline)) bool
tril_numbers_forward(tril_node *node, size_t n_in, tril_number_function of, tril_number_check wrong)
{
    const tril_numbers *p = node->attrs;
    double *sums = node->saved, x[TRIL_NUMBERS];
    size_t index = 0, n = tril_shape_size(p->full);
    for (size_t i = 0; i < node->size; i++)
        sums[i] = 0;
    tril_walk w = tril_numbers_walk(node);
    do {
        for (size_t i = 0; i < w.dim[0] && n; i++, index++) {
            tril_numbers_at(node, &w, n_in, i, x);
            const char *what = wrong ? wrong(x) : NULL;
            if (what)
                return tril_op_fail(node, TRIL_NOT_FINITE, "%s%s", what,
                                    tril_shape_where(" at ", p->full, index).text);
            sums[index / p->event_size] += of(x, NULL);
        }
    } while (n && tril_walk_next(&w));
    for (size_t i = 0; i < node->size; i++)
        node->value[i] = tril_saturate(sums[i]);
    return true;
}

static inline __attribute__((always_inline)) void tril_numbers_backward(tril_node *node,
                                                                        size_t n_in,
                                                                        tril_real *const *grad_in,
                                                                        tril_number_function of)
{
    const tril_numbers *p = node->attrs;
    double x[TRIL_NUMBERS], slope[TRIL_NUMBERS];
    size_t index = 0, n = tril_shape_size(p->full);
    char *memory = (char *)node->saved + node->size * sizeof(double);
    tril_row_grad grads[TRIL_NUMBERS];
    for (size_t k = 0; k < n_in; k++)
        grads[k] = tril_row_grad_begin(node, k, n, 1, grad_in[k], &memory);
    tril_walk w = tril_numbers_walk(node);
    do {
        for (size_t i = 0; i < w.dim[0] && n; i++, index++) {
            tril_numbers_at(node, &w, n_in, i, x);
            of(x, slope);
            for (size_t k = 0; k < n_in; k++)
                tril_row_grad_put(&grads[k], w.offset[k] + i * w.stride[0][k],
                                  (double)node->grad[index / p->event_size], slope[k]);
        }
    } while (n && tril_walk_next(&w));
    for (size_t k = 0; k < n_in; k++)
        tril_row_grad_end(&grads[k]);
}

#endif
