/* Optimizers: they move the parameters of a store against their gradients, one loop over the flat
 * blocks a step.
 *
 * Example: a straight line through three points.
 *
 *     #include <math.h>
 *     #include <stdio.h>
 *     #include <tril/tril.h>
 *
 *     int main(void)
 *     {
 *         const tril_real x[3] = { 0, 1, 2 }, y[3] = { 1, 3, 5 };
 *         tril_ctx *ctx = tril_ctx_new(NULL);
 *         tril_params *params = tril_params_new(ctx);
 *         tril_dense *line = tril_dense_new(params, "line", &(tril_dense_opts){
 *             .inputs = 1, .outputs = 1 });
 *         tril_optim *sgd = tril_sgd_new(params, &(tril_sgd_opts){ .lr = 0.1, .momentum = 0.9 });
 *         tril_tape *tape = tril_tape_new(ctx);
 *         for (int step = 0; step < 300; step++) {
 *             tril_tape_reset(tape);
 *             tril_var fit = tril_dense_apply(line, tril_input(tape, x, TRIL_SHAPE(3, 1)));
 *             tril_var target = tril_input(tape, y, TRIL_SHAPE(3, 1));
 *             tril_backward(tril_mean(tril_square(tril_sub(fit, target))));
 *             tril_optim_step(sgd);
 *         }
 *         const tril_real *slope = tril_param_values(tril_dense_weight(line));
 *         bool learned = !tril_ctx_failed(ctx) && fabs(slope[0] - 2) < 1e-3;
 *         printf("slope %.3f\n", learned ? slope[0] : 0);
 *         tril_tape_free(tape);
 *         tril_optim_free(sgd);
 *         tril_params_free(params);
 *         tril_ctx_free(ctx);
 *         return !learned;
 *     }
 */
#ifndef TRIL_OPTIM_H
#define TRIL_OPTIM_H

#include <tril/params.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tril_optim tril_optim;

/* Clipping, done on the gradients in place before a step: first by value, then by the norm of all
 * gradients together. */
typedef struct tril_clip {
    double value; /* each gradient is limited to +- value; default: not */
    double norm;  /* gradients are scaled down to this Euclidean norm if theirs is larger; default:
                     not */
} tril_clip;

/* Stochastic gradient descent, as in PyTorch: g += weight_decay w; b = momentum b + g; w -= lr b,
 * or with nesterov w -= lr (g + momentum b). */
typedef struct tril_sgd_opts {
    double lr;           /* default 0.01 */
    double momentum;     /* in [0, 1); default 0 */
    bool nesterov;       /* needs momentum; default false */
    double weight_decay; /* L2, at least 0; default 0 */
    tril_clip clip;
} tril_sgd_opts;

/* Adam (Kingma and Ba 2015) with weight decay as an L2 term, and AdamW (Loshchilov and Hutter 2019)
 * with weight decay apart from the gradient: w -= lr weight_decay w. To have none in AdamW, use
 * tril_optim_set_weight_decay. */
typedef struct tril_adam_opts {
    double lr;           /* default 0.001 */
    double beta1, beta2; /* in [0, 1), and 0 means the default: 0.9 and 0.999 */
    double eps;          /* default 1e-8 */
    double weight_decay; /* at least 0; default 0 for Adam, 0.01 for AdamW */
    tril_clip clip;
} tril_adam_opts;

/* NULL on failure; opts may be NULL. The store must outlive the optimizer, and can grow no more. */
tril_optim *tril_sgd_new(tril_params *params, const tril_sgd_opts *opts);
tril_optim *tril_adam_new(tril_params *params, const tril_adam_opts *opts);
tril_optim *tril_adamw_new(tril_params *params, const tril_adam_opts *opts);
void tril_optim_free(tril_optim *optim);

/* One step with the gradients of the last tril_backward. A gradient that is NaN or infinite is an
 * error that names the parameter, and nothing moves. True on success. */
bool tril_optim_step(tril_optim *optim);

/* The learning rate or weight decay of one group of parameters (tril_params_group); group NULL
 * means all of them. A rate of 0 freezes a group: its parameters stay, while its momentum
 * follows the gradients. False when there is no such group. */
bool tril_optim_set_lr(tril_optim *optim, const char *group, double lr);
bool tril_optim_set_weight_decay(tril_optim *optim, const char *group, double weight_decay);

/* Multiplies every group's learning rate from now on; default 1. Schedules set it each epoch. */
bool tril_optim_set_lr_factor(tril_optim *optim, double factor);

#ifdef __cplusplus
}
#endif
#endif
