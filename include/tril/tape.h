/* Tapes and vars: reverse-mode differentiation.
 *
 * A tape records operations as they are computed and walks them backwards. It is used again and
 * again: after tril_tape_reset its memory is filled anew, so that nothing is allocated after the
 * first step. Tensors are row-major, contiguous, of rank 0 to 4, the batch first.
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
 *         tril_real values[3] = { 1, 2, 3 }, slope = 0;
 *
 *         for (int step = 0; step < 3; step++) {
 *             tril_tape_reset(tape);
 *             tril_var x = tril_requires_grad(tril_input(tape, values, TRIL_SHAPE(3)));
 *             tril_backward(tril_sum(tril_mul(x, tril_square(x)))); // sum of x^3
 *             slope = tril_grad(x) ? tril_grad(x)[1] : 0;           // 3 x^2 at x = 2
 *         }
 *         printf("%g\n", slope);
 *         tril_tape_free(tape);
 *         tril_ctx_free(ctx);
 *         return slope != 12;
 *     }
 */
#ifndef TRIL_TAPE_H
#define TRIL_TAPE_H

#include <tril/params.h>

TRIL_API_BEGIN

typedef struct tril_tape tril_tape;

/* A tensor on a tape: a small value, passed and returned by value so that calls nest. It is valid
 * until the tape's next reset; using it later is an error with a message, not a crash. {0} is no
 * var: an argument left out, or the result of a call that failed. */
typedef struct tril_var {
    tril_tape *tape;
    uint32_t index, epoch;
} tril_var;

/* NULL on failure. The context must outlive the tape. */
tril_tape *tril_tape_new(tril_ctx *ctx);
void tril_tape_free(tril_tape *tape);

/* Begins a new epoch: every var made before is stale, memory is kept. Recording is switched on
 * again. */
void tril_tape_reset(tril_tape *tape);

/* Whether operations from here on are recorded for tril_backward (they are after a reset). Without
 * recording, values are computed and no gradient flows: inference. */
void tril_tape_record(tril_tape *tape, bool record);

/* Memory that the tape holds, in bytes. */
size_t tril_tape_bytes(const tril_tape *tape);

/* A tensor of the caller's numbers. They are borrowed, not copied: leave them in place and
 * unchanged until the next reset. NaN and infinities are an error that names the element, unless
 * the context was made without validation. */
tril_var tril_input(tril_tape *tape, const tril_real *values, tril_shape shape);

/* The same, where NaN is allowed and means that a number is missing (see tril_log_prob_missing).
 */
tril_var tril_input_missing(tril_tape *tape, const tril_real *values, tril_shape shape);

/* A tensor of rank 0 that holds a copy of the number. */
tril_var tril_scalar(tril_tape *tape, tril_real value);

/* A parameter, borrowed from its store; its gradient goes into the store. Asked for twice in an
 * epoch, it is the same var. A tape that does not record also reads stores of other contexts, and
 * writes nothing there. */
tril_var tril_param_var(tril_tape *tape, tril_param param);

/* Marks an input as one whose gradient is wanted, before it is used: afterwards it is an error.
 * Does nothing while nothing is recorded. Returns x. */
tril_var tril_requires_grad(tril_var x);

/* The same values, through which no gradient flows. */
tril_var tril_detach(tril_var x);

/* Gradients of a loss with one element with respect to every var that needs one. Those of
 * parameters are set in their stores (to zero where the loss does not depend on them), not added to
 * what was there. A loss that is NaN or infinite is an error that names the operation which first
 * produced such a number on the way to it. True on success. */
bool tril_backward(tril_var loss);

typedef struct tril_backward_opts {
    const tril_real *seed; /* gradient of y to start from, as many numbers as y has; default: 1, and
                              y must have one */
    bool accumulate; /* add to the parameters' gradients instead of setting them; default false */
    TRIL_RESERVED(4);
} tril_backward_opts;

/* The same with options: a vector-Jacobian product, gradients over several batches. */
bool tril_backward_with(tril_var y, const tril_backward_opts *opts);

/* Values, shape and number of elements; valid until the next reset. NULL, or rank 0 and 0 elements,
 * for a var that is not valid, which also fails the context (unless it is {0}, which has none). */
const tril_real *tril_value(tril_var x);
tril_shape tril_shape_of(tril_var x);
size_t tril_size(tril_var x);

/* The value of a var with one element; 0 for others, which fails the context. */
tril_real tril_item(tril_var x);

/* The gradient that the last tril_backward on the tape left at x, in the shape of x; NULL where
 * none arrived. */
const tril_real *tril_grad(tril_var x);

TRIL_API_END
#endif
