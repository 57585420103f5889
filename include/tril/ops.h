/* Operations on vars. Each computes its result at once and records how to differentiate it; all
 * inputs of a call are vars of one tape. An axis counts from 0, or from the end when negative: -1
 * is the last.
 *
 * Errors (status in brackets): shapes that do not fit (TRIL_BAD_SHAPE), an axis or index out of
 * range (TRIL_BAD_ARGUMENT), vars that are stale, of another tape or none (TRIL_BAD_VAR). A result
 * that is NaN or infinite, such as the logarithm of -1, is no error by itself: tril_backward names
 * the operation that it came from, and optimizers the parameter whose gradient it has reached.
 *
 * Example:
 *
 *     #include <stdio.h>
 *     #include <tril/tril.h>
 *
 *     int main(void)
 *     {
 *         tril_ctx *ctx = tril_ctx_new(NULL);
 *         tril_tape *tape = tril_tape_new(ctx);
 *         const tril_real logits[6] = { 1, 2, 3, 1, 1, 1 };
 *         const size_t classes[2] = { 2, 0 };
 *
 *         tril_var x = tril_requires_grad(tril_input(tape, logits, TRIL_SHAPE(2, 3)));
 *         tril_var loss = tril_mean(tril_cross_entropy(x, classes));
 *         tril_backward(loss);
 *         printf("%.4f\n", tril_item(loss)); // 0.7531
 *
 *         bool failed = tril_ctx_failed(ctx);
 *         tril_tape_free(tape);
 *         tril_ctx_free(ctx);
 *         return failed;
 *     }
 */
#ifndef TRIL_OPS_H
#define TRIL_OPS_H

#include <tril/tape.h>

TRIL_API_BEGIN

/* Elementwise, two inputs: NumPy's broadcasting, to rank 4; a number is tril_scalar(tape, number).
 */
tril_var tril_add(tril_var a, tril_var b);
tril_var tril_sub(tril_var a, tril_var b);
tril_var tril_mul(tril_var a, tril_var b);
tril_var tril_div(tril_var a, tril_var b);
tril_var tril_minimum(tril_var a, tril_var b); /* NaN if one is; equal ones share the gradient */
tril_var tril_maximum(tril_var a, tril_var b);
tril_var tril_pow(tril_var a, tril_var b);
tril_var tril_clamp(tril_var x, tril_var low, tril_var high); /* minimum(maximum(x, low), high) */

/* masked: x where mask is not 0, else 0; unmasked: the other way round; where: a where the
 * condition is not 0, else b. NaN that is not chosen does no harm, and gets gradient 0. But 0 times
 * infinity is NaN: mask before a logarithm, not behind it. */
tril_var tril_masked(tril_var x, tril_var mask);
tril_var tril_unmasked(tril_var x, tril_var mask);
tril_var tril_where(tril_var condition, tril_var a, tril_var b);

/* Elementwise, one input. */
tril_var tril_neg(tril_var x);
tril_var tril_exp(tril_var x);
tril_var tril_log(tril_var x);
tril_var tril_log1p(tril_var x); /* log(1 + x) */
tril_var tril_expm1(tril_var x); /* exp(x) - 1 */
tril_var tril_sqrt(tril_var x);
tril_var tril_square(tril_var x);
tril_var tril_abs(tril_var x); /* derivative 0 at 0 */
tril_var tril_tanh(tril_var x);
tril_var tril_sigmoid(tril_var x);  /* 1 / (1 + exp(-x)) */
tril_var tril_relu(tril_var x);     /* max(x, 0), derivative 0 at 0 */
tril_var tril_elu(tril_var x);      /* x > 0 ? x : exp(x) - 1 */
tril_var tril_softplus(tril_var x); /* log(1 + exp(x)) */
tril_var tril_silu(tril_var x);     /* x sigmoid(x) */

/* Matrix product [..., m, k] x [..., k, n] = [..., m, n]; ranks 2 to 4, leading dimensions
 * broadcast. */
tril_var tril_matmul(tril_var a, tril_var b);

typedef enum tril_activation {
    TRIL_ACTIVATION_DEFAULT, /* none in an affine map or a dense layer, tanh between the layers of
                                an MLP */
    TRIL_NONE,
    TRIL_TANH,
    TRIL_RELU,
    TRIL_ELU,
    TRIL_SOFTPLUS,
    TRIL_SILU,
    TRIL_SIGMOID
} tril_activation;

/* activation(x W' + b) as one node: x [..., in], W [out, in], b [out] or {0} for none; result [...,
 * out]. */
tril_var tril_affine(tril_var x, tril_var weight, tril_var bias, tril_activation activation);

/* Reductions over all elements, to rank 0, or over one axis; keep leaves that axis in the shape
 * with size 1. Sums are in double. mean, max and logsumexp of no elements are an error. The
 * gradient of max goes to the first of equals. */
tril_var tril_sum(tril_var x);
tril_var tril_mean(tril_var x);
tril_var tril_max(tril_var x);
tril_var tril_logsumexp(tril_var x);
tril_var tril_sum_axis(tril_var x, int axis, bool keep);
tril_var tril_mean_axis(tril_var x, int axis, bool keep);
tril_var tril_max_axis(tril_var x, int axis, bool keep);
tril_var tril_logsumexp_axis(tril_var x, int axis, bool keep);

/* exp(x) / sum exp(x) along an axis, and its logarithm; both safe for any finite x. */
tril_var tril_softmax(tril_var x, int axis);
tril_var tril_log_softmax(tril_var x, int axis);

/* -log softmax(logits)[class] along the last axis: logits [..., k], one class index in 0..k-1 for
 * each row, copied; result [...]. Not averaged: take tril_mean of it for PyTorch's default. */
tril_var tril_cross_entropy(tril_var logits, const size_t *classes);

/* The same numbers in another shape of the same size. */
tril_var tril_reshape(tril_var x, tril_shape shape);

/* x stretched to a shape by the rule of broadcasting; x itself must fit in it. */
tril_var tril_broadcast_to(tril_var x, tril_shape shape);

/* Exchanges two axes. */
tril_var tril_transpose(tril_var x, int axis_a, int axis_b);

/* Elements start ... start + count - 1 along an axis. */
tril_var tril_slice(tril_var x, int axis, size_t start, size_t count);

/* The n elements with these indices along an axis, in this order; an index may stand there twice.
 * The indices are copied. */
tril_var tril_select(tril_var x, int axis, const size_t *index, size_t n);

/* Cuts an axis into n parts of the given sizes, which must add up to it; writes n vars. False on
 * failure. */
bool tril_split(tril_var x, int axis, const size_t *sizes, size_t n, tril_var *parts);

/* Joins n tensors along an axis that they have (concat), or along a new one (stack, shapes must be
 * equal; axis is that of the result). n is at least 1. */
tril_var tril_concat(const tril_var *xs, size_t n, int axis);
tril_var tril_stack(const tril_var *xs, size_t n, int axis);

/* [..., d, d] to its diagonal [..., d]; and [..., d] to a matrix with that diagonal and zeros
 * elsewhere. */
tril_var tril_diagonal(tril_var x);
tril_var tril_diag_embed(tril_var x);

/* The lower triangle of [..., d, d], diagonal included; zeros above. */
tril_var tril_tril(tril_var x);

/* The lower triangular L with a positive diagonal and L L' = a, a [..., d, d] symmetric: only its
 * lower triangle is read, and the gradient is symmetric, as that of (a + a') / 2 is. A matrix that
 * is not positive definite is an error that names batch index, pivot and value. */
tril_var tril_cholesky(tril_var a);

/* The lower triangular L [..., n, n] with a positive diagonal and L L' = a a', a [..., n, m] with
 * n <= m: the factor of a = L Q, by reflections, without forming a a'. Rows that are not
 * independent, to rounding, are an error that names batch index, pivot and value. */
tril_var tril_lq(tril_var a);

/* L^-1 b, or L^-T b with transpose: factor L [..., d, d], of which the lower triangle is read, b
 * [..., d, k]; leading dimensions broadcast. A pivot that is 0 or NaN is an error. */
tril_var tril_solve_tril(tril_var factor, tril_var b, bool transpose);

/* [..., d (d + 1) / 2], the lower triangle row by row, diagonal included, to [..., d, d] with zeros
 * above. */
tril_var tril_unpack_tril(tril_var packed);

TRIL_API_END
#endif
