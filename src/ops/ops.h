/* What the operations share. Descriptors are global, named tril_op_NAME: the tests find every one
 * by that name. */
#ifndef TRIL_OPS_OPS_H
#define TRIL_OPS_OPS_H

#include <tril/extend.h>
#include <tril/ops.h>

/* An axis as the user counts it, for a tensor of the given rank; false after failing the op. */
bool tril_ops_axis(tril_node *node, int axis, size_t rank, size_t *result);

/* Whether BLAS has its memory; false after failing the op. */
bool tril_ops_blas(tril_node *node);

/* tril_cholesky, by whose errors a matrix is that of a caller with this name. */
tril_var tril_cholesky_for(const char *what, tril_var a);

/* tril_lq where no pivot is below these [..., n], as the caller knows: only rounding can make it
 * so, and no rows are refused. `least` wants no gradient. */
tril_var tril_lq_above(tril_var a, tril_var least);

/* x with the largest finite number in place of an infinite one, which times 0 would be NaN; no
 * gradient flows through those. */
tril_var tril_bounded(tril_var x);

/* The sum over the last n axes, which x has, as a log-density is one over an event: beyond the
 * range of tril_real it is the largest finite number. */
tril_var tril_ops_sum_last(tril_var x, size_t n);

/* A tensor seen along one axis: [outer, n, inner]. */
typedef struct tril_ops_span {
    size_t outer, n, inner;
} tril_ops_span;

tril_ops_span tril_ops_along(tril_shape shape, size_t axis);

/* Where line k of outer * inner along that axis begins; its elements are `inner` apart. */
static inline size_t tril_ops_line(tril_ops_span s, size_t k)
{
    return k / s.inner * s.n * s.inner + k % s.inner;
}

/* log sum exp(x) in two parts, of which a large one would swallow the other: the largest x, and
 * what the sum adds to it. */
typedef struct tril_log_sum {
    double top, rest;
} tril_log_sum;

/* That of n numbers a step apart; -infinity for none, NaN if one is. */
tril_log_sum tril_ops_log_sum_exp(const tril_real *x, size_t n, size_t step);

/* The logarithm of the share that exp(x) has in the sum. */
static inline double tril_ops_log_share(double x, tril_log_sum total)
{
    return x - total.top - total.rest;
}

/* The product of the sizes of axes from ... to - 1. */
size_t tril_ops_product(tril_shape shape, size_t from, size_t to);

#endif
