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

TRIL_API_BEGIN

typedef struct tril_optim tril_optim;

/* What an optimizer does; tril/extend.h has its functions, and how a program adds one of its own.
 */
typedef struct tril_optim_kind tril_optim_kind;
extern const tril_optim_kind tril_optim_adam, tril_optim_adamw, tril_optim_sgd, tril_optim_natural;

/* Those that `tril fit` knows by their names, and NULL: adam, which is AdamW where a fit has weight
 * decay, and sgd. */
extern const tril_optim_kind *const tril_optims[TRIL_LIST_SIZE];

/* Clipping, done on the gradients in place before a step: first by value, then by the norm of all
 * gradients together. */
typedef struct tril_clip {
    double value; /* each gradient is limited to +- value; default: not */
    double norm;  /* gradients are scaled down to this Euclidean norm if theirs is larger; default:
                     not */
    TRIL_RESERVED(2);
} tril_clip;

/* What a fit tells its optimizer. */
typedef struct tril_optim_opts {
    double lr;           /* default: the kind's */
    double momentum;     /* for kinds that have one; default 0 */
    double weight_decay; /* at least 0; default 0 */
    tril_clip clip;
    TRIL_RESERVED(4);
} tril_optim_opts;

/* Stochastic gradient descent, as in PyTorch: g += weight_decay w; b = momentum b + g; w -= lr b,
 * or with nesterov w -= lr (g + momentum b). */
typedef struct tril_sgd_opts {
    double lr;           /* default 0.01 */
    double momentum;     /* in [0, 1); default 0 */
    bool nesterov;       /* needs momentum; default false */
    double weight_decay; /* L2, at least 0; default 0 */
    tril_clip clip;
    TRIL_RESERVED(4);
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
    TRIL_RESERVED(4);
} tril_adam_opts;

/* The natural step for normals by loc [..., d] and scale_tril L [..., d, d]: covariances stay valid
 * at any learning rate. Steps are taken in the normal's own coordinates, loc + L delta and L
 * exp(M), in which the Fisher matrix is constant (Lin, Nielsen, Khan and Schmidt 2021, Tractable
 * structured natural gradient descent using local parameterizations): with gradients g of the loss,
 *
 *     delta = -lr_loc L' g_loc,   M = -lr Phi(L' g_L),   loc += L delta,   L <- L E,
 *
 * Phi the lower triangle with its diagonal halved; E has exp(M_ii) on its diagonal and M_ij below,
 * which agrees with exp(M) to first order. To second order the divergence of the new normal from
 * the old one is |delta|^2 / 2 + |M|^2, where |M|^2 is the sum of M_ij^2 / 2 below the diagonal and
 * of M_ii^2 on it. The step of each normal of the batch is scaled down so that |delta|^2 / 2 and
 * |M|^2 are at most kl_clip / 2 each: one rate does not slow down the other. Where longer steps
 * than that were asked for a little while ago, a step is scaled down as those were (by a factor
 * that fades by 1/40 a step), so that at any rate a row that the model is sure of moves it less
 * than one that it has wrong.
 *
 * A change of units, or any affine map of the data by a lower triangular matrix, leaves the path of
 * the densities what it was; other affine maps do so to first order in the steps. Diagonals stay
 * positive, and scales within 1e-18 and 1e18 (1e-150 and 1e150 in double): variances have room in
 * tril_real. There is no momentum: a sum of past steps outlives the frame it was made in and what
 * clipping has made of them, and on single rows it made training at high rates fail more often.
 * There is no weight decay either. */
typedef struct tril_natural_opts {
    double lr;      /* of scale_tril; 1 on a mean NLL is Fisher scoring; default 0.1 */
    double lr_loc;  /* of loc; default: lr */
    double kl_clip; /* in (0, 1), nats a step and normal; default 0.001, right for single rows at
                       any rate; the gradients of many rows bear more */
    TRIL_RESERVED(4);
} tril_natural_opts;

/* Moves these two parameters of a store and nothing else; the others may have an optimizer in which
 * the group of these two has the rate 0, or stand in another store. The groups of loc and
 * scale_tril have rates of their own where they are different ones. A diagonal that is not positive
 * is an error. NULL on failure; opts may be NULL. The store must outlive the optimizer, and can
 * grow no more. */
tril_optim *tril_natural_new(tril_param loc, tril_param scale_tril, const tril_natural_opts *opts);

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

/* What it has gathered, moments and number of steps, to be kept beside the parameters; rates are
 * the program's. Writes at most TRIL_OPTIM_ARRAYS arrays and returns how many; 0 for NULL. */
enum { TRIL_OPTIM_ARRAYS = 3 };
size_t tril_optim_state(tril_optim *optim, tril_array *arrays);

TRIL_API_END
#endif
