/* Layers, networks, and heads that turn a network's outputs into distributions.
 *
 * Layers belong to the parameter store that they are made in, and are freed with it. Parameters are
 * named as in a PyTorch nn.Sequential whose activations count: a network "net" of three layers has
 * net.0.weight [out, in], net.0.bias [out], net.2.weight, net.2.bias, net.4.weight, net.4.bias.
 *
 * Example: a network learns the distribution of three numbers that depend on two.
 *
 *     #include <stdio.h>
 *     #include <tril/tril.h>
 *
 *     int main(void)
 *     {
 *         enum { ROWS = 64 };
 *         tril_real xs[ROWS * 2], ys[ROWS * 3];
 *         tril_random random = tril_random_stream(1, 1);
 *         tril_random_normal(&random, xs, ROWS * 2);
 *         tril_random_normal(&random, ys, ROWS * 3);
 *         for (int i = 0; i < ROWS; i++)
 *             ys[3 * i + 1] += ys[3 * i] + xs[2 * i]; // correlated; the mean depends on x
 *
 *         tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 7 });
 *         tril_params *params = tril_params_new(ctx);
 *         tril_mlp *net = tril_mlp_new(params, "net", &(tril_mlp_opts){
 *             .inputs = 2, .hidden = { 16 }, .outputs = tril_head_width(3, NULL) });
 *         tril_head_init(tril_mlp_last(net), ys, ROWS, 3, NULL);
 *         tril_optim *adam = tril_adam_new(params, &(tril_adam_opts){ .lr = 1e-2 });
 *         tril_tape *tape = tril_tape_new(ctx);
 *
 *         double first = 0, last = 0;
 *         for (int step = 0; step < 200; step++) {
 *             tril_tape_reset(tape);
 *             tril_var x = tril_input(tape, xs, TRIL_SHAPE(ROWS, 2));
 *             tril_var y = tril_input(tape, ys, TRIL_SHAPE(ROWS, 3));
 *             tril_dist p = tril_head(tril_mlp_apply(net, x), 3, NULL);
 *             tril_var nll = tril_neg(tril_mean(tril_log_prob(p, y)));
 *             tril_backward(nll);
 *             tril_optim_step(adam);
 *             last = tril_item(nll);
 *             first = step ? first : last;
 *         }
 *         bool failed = tril_ctx_failed(ctx);
 *         printf("first NLL %.2f, last %.2f\n", first, last);
 *
 *         tril_tape_free(tape);
 *         tril_optim_free(adam);
 *         tril_params_free(params);
 *         tril_ctx_free(ctx);
 *         return failed || !(last < first);
 *     }
 */
#ifndef TRIL_NN_H
#define TRIL_NN_H

#include <tril/distributions.h>
#include <tril/ops.h>

TRIL_API_BEGIN

/* How a layer's weights begin; biases begin at zero. */
typedef enum tril_init {
    TRIL_INIT_DEFAULT, /* He before relu, elu, softplus and silu, Xavier otherwise */
    TRIL_XAVIER,       /* uniform on +- sqrt(6 / (in + out)) (Glorot and Bengio 2010) */
    TRIL_HE,           /* uniform on +- sqrt(6 / in) (He, Zhang, Ren and Sun 2015) */
    TRIL_ZERO
} tril_init;

/* A dense layer: activation(x W' + b), x [..., inputs], result [..., outputs]. */
typedef struct tril_dense tril_dense;

typedef struct tril_dense_opts {
    size_t inputs, outputs;     /* at least 1 each */
    tril_activation activation; /* default: none */
    tril_init init;             /* default: by the activation */
    bool no_bias;               /* default: a bias */
    TRIL_RESERVED(4);
} tril_dense_opts;

/* Adds NAME.weight [outputs, inputs] and NAME.bias [outputs] to the store. NULL on failure. */
tril_dense *tril_dense_new(tril_params *params, const char *name, const tril_dense_opts *opts);
tril_var tril_dense_apply(const tril_dense *dense, tril_var x);

/* Its parameters; .params is NULL for a bias that it does not have. */
tril_param tril_dense_weight(const tril_dense *dense);
tril_param tril_dense_bias(const tril_dense *dense);

/* Dense layers one behind the other. */
typedef struct tril_mlp tril_mlp;

enum { TRIL_MAX_HIDDEN = 16 };

typedef struct tril_mlp_opts {
    size_t inputs;                  /* at least 1 */
    size_t hidden[TRIL_MAX_HIDDEN]; /* widths, up to the first 0; default: no hidden layer */
    size_t outputs;                 /* at least 1 */
    tril_activation activation;     /* of hidden layers; default tanh. The last layer has none. */
    tril_init init;                 /* of all layers; default: by the activation that follows */
    TRIL_RESERVED(4);
} tril_mlp_opts;

/* Layer i is named NAME.2i. NULL on failure. */
tril_mlp *tril_mlp_new(tril_params *params, const char *name, const tril_mlp_opts *opts);
tril_var tril_mlp_apply(const tril_mlp *mlp, tril_var x);

/* The number of its layers; layer i; the last one. NULL where there is none. */
size_t tril_mlp_depth(const tril_mlp *mlp);
tril_dense *tril_mlp_layer(const tril_mlp *mlp, size_t i);
tril_dense *tril_mlp_last(const tril_mlp *mlp);

/* ---- Heads: from rows of raw outputs to distributions of d targets.
 *
 * Whatever the numbers of a row are, the covariance is valid: what must be positive is v = f(s) +
 * floor, where s stands in the row. Any finite numbers give a finite log-density, and no gradient
 * is NaN; one beyond the range of tril_real is its largest finite value. Logarithms of v are
 * computed from s, not from v, in log-density and entropy alike. Methods that need a factor as a
 * tensor (draws, covariance) hold its diagonal within the range of tril_real; a covariance whose
 * entries are beyond that range is infinite. */

/* A kind of head: the covariance, and the layout of a row; parts in the order given, matrices row
 * by row. tril/extend.h has its functions, and how a program adds one of its own. */
typedef struct tril_head_kind tril_head_kind;

extern const tril_head_kind
    tril_head_full,     /* default: L L', L lower triangular with diagonal v: loc (d) | strict lower
                           triangle of L (d (d - 1) / 2) | s (d) */
    tril_head_diagonal, /* diag(v^2), standard deviations v: loc (d) | s (d) */
    tril_head_precision, /* (T T')^-1, T lower triangular with diagonal 1 / v: v_i is the standard
                            deviation of target i given those after it. The log-density takes no
                            division: loc (d) | strict lower triangle of T | s (d) */
    tril_head_lowrank,   /* W W' + diag(v^2), W d x rank: loc (d) | W (d rank) | s (d) */
    tril_head_shared,    /* L L' as in the full form, but one for all rows, a parameter: loc (d) */
    tril_head_mixture,   /* K normal components of one kind, not shared: logits of their weights (K)
                            | row of component 0 | row of component 1 | ... */
    tril_head_student,   /* Student's t by L as in the full form: loc (d) | strict lower triangle of
                            L | s (d) | t. Its degrees of freedom are 2.01 + 1000 / (1 + exp(-t)):
                            there is a covariance, L L' df / (df - 2), whatever t is, and a t of 0
                            or more is next to the normal */
    /* Of targets in their own units, independent of each other given the inputs: logarithms of the
     * means (d) | logarithms of what holds the spread (d), both cut off where float ends; in place
     * of the mean's logarithm that of its odds, log(m / (1 - m)), for shares. */
    tril_head_gamma,             /* positive numbers: the concentration */
    tril_head_beta,              /* numbers between 0 and 1: concentration1 + concentration0 */
    tril_head_poisson,           /* counts: there is no second part */
    tril_head_negative_binomial, /* counts that vary more: total_count */
    tril_head_categorical; /* one target, the number of its class: logits (classes). Of two classes
                              that is Bernoulli's distribution */

/* These, and NULL. */
extern const tril_head_kind *const tril_heads[TRIL_LIST_SIZE];

typedef enum tril_diagonal_transform {
    TRIL_DIAGONAL_DEFAULT, /* 1 + ELU */
    TRIL_DIAGONAL_ELU,     /* 1 + ELU(s): exp(s) for s <= 0, 1 + s above */
    TRIL_DIAGONAL_EXP,     /* exp(s): the gradient of the NLL in s is 1 - z^2, whatever the scale */
    TRIL_DIAGONAL_SOFTPLUS /* log(1 + exp(s)) */
} tril_diagonal_transform;

#define TRIL_NO_FLOOR (-1.)

typedef struct tril_head_opts {
    const tril_head_kind *kind;       /* default: full */
    tril_diagonal_transform diagonal; /* f; default 1 + ELU */
    bool
        relative_off_diagonal; /* off-diagonals are L_ij / L_ii, or T_ij / T_jj: minus the weight of
                       target i in the regression of target j on those after it. Their gradient then
                       does not grow as the diagonal shrinks. Default: they are L_ij, or T_ij */
    double floor;      /* of v, in the units of the targets; default 1e-6; TRIL_NO_FLOOR for none */
    size_t rank;       /* low rank: columns of W, at least 1 */
    tril_param shared; /* shared: the covariance's parameter, from tril_head_shared_new */
    size_t components; /* mixture: K, at least 1 */
    const tril_head_kind *component; /* mixture: the kind of each; default full */
    bool natural; /* log_prob's gradient in the raw outputs is preconditioned; see below. For the
                     full, diagonal and low-rank forms; default: it is plain */
    TRIL_ADDED size_t classes; /* categorical: how many, at least 2 */
    TRIL_RESERVED(3);
} tril_head_opts;

/* How many numbers a row must have for events of size d; opts may be NULL. SIZE_MAX where no row
 * will do. */
size_t tril_head_width(size_t d, const tril_head_opts *opts);

/* The parameter of a shared covariance: NAME [d (d + 1) / 2], laid out strict lower triangle | s,
 * zeros to begin with. {0} on failure. */
tril_param tril_head_shared_new(tril_params *params, const char *name, size_t d);

/* The distribution that rows of raw outputs stand for: raw [..., tril_head_width(d, opts)], batch
 * shape [...], event shape [d]. opts may be NULL. log_prob is one node from raw outputs to value
 * and gradient, but for a shared covariance, which is tril_mvn with one factor for all rows, and a
 * mixture, which is tril_mixture. Other methods are those of tril_mvn, tril_mvn_diag,
 * tril_mvn_precision_tril, tril_mvn_low_rank and tril_mvt; that of Student's t has no rsample,
 * there being no gradient of draws in its degrees of freedom. */
tril_dist tril_head(tril_var raw, size_t d, const tril_head_opts *opts);

/* Network and head in one: tril_head(tril_mlp_apply(mlp, x), d, opts), but that with .natural only
 * the last layer's weight and bias get the natural gradient; the layers before it get the plain
 * one. The two fit together: plain gradients fall as the targets grow, weights of the last layer
 * grow with them. So a network that starts at tril_head_init and is trained by SGD is the same
 * network in any units of the targets (with TRIL_DIAGONAL_EXP and no floor, or one in those units).
 *
 * The natural gradient is F^-1 g, F the Fisher matrix of a row's distribution and g the plain
 * gradient of its log-density (Amari 1998); what comes down the tape multiplies it. That of the
 * full and of the diagonal form, with z = L^-1 (y - loc), moves loc by y - loc and L by L M, where
 * below the diagonal M_ij = z_i z_j and on it M_ii = (z_i^2 - 1) / 2 (Tan 2021, Lin et al. 2021).
 * In the low-rank form loc moves by y - loc too; W and log v have no Fisher matrix that can be
 * inverted (turned factors are the same distribution) and take that of y and the latent factors
 * together: each number of row i of W has 1 / v_i^2, and log v_i has 2. It is never less than that
 * of y alone, so that no step is too long. Where the floor makes up more than nine tenths of v, s
 * moves as at nine tenths. Gradients of other methods, and that in y, stay plain. It grows with
 * z^2: keep its rate below 1, and clip. */
tril_dist tril_mlp_head(const tril_mlp *mlp, tril_var x, size_t d, const tril_head_opts *opts);

/* Where training should begin: sets the last layer's weights to zero and its bias (and the
 * parameter of a shared covariance) so that the distribution fits the targets [rows, d]: their
 * mean, and their covariance with divisor `rows` plus floor^2 on its diagonal. The first NLL is
 * then that of the fit, d/2 (1 + log 2 pi) + log det / 2, less floor^2/2 times the trace of the
 * inverse covariance: nothing, for a floor far below the scale of the targets. (A v that would be
 * its floor is a thousandth more.) full, precision, shared: the covariance itself. diagonal: its
 * diagonal. low rank: the factors of largest likelihood as 200 steps of expectation and
 * maximisation find them (Rubin and Thayer 1982), no v below a hundredth of a target's standard
 * deviation, and W moved by a hundredth of v, lest two columns be one. The NLL is between those of
 * diagonal and full form, where v is well above its floor. mixture: equal weights, distinct means
 * along the first principal axis of the correlations, and one covariance, in the form of the
 * components, which together have the moments of the targets. The NLL is at most 0.19 above that of
 * one such component (of low rank, for which nothing is proved: 0.3 in what was tried). student: L
 * of the full form and 10 degrees of freedom, which make its covariance 5/4 of the targets'. The
 * NLL is at most d/20 above that of the full form, for any targets (the logarithm being concave),
 * and below it where their tails are heavy. Targets that are constant, or linearly dependent in a
 * form that has the whole covariance, need a floor. gamma, beta, poisson, negative-binomial: the
 * fit of largest likelihood, each target by itself; a target that has no density is an error.
 * categorical: the shares of the classes, of one that is not there half a row's. False on failure,
 * which names the column. */
bool tril_head_init(tril_dense *last, const tril_real *targets, size_t rows, size_t d,
                    const tril_head_opts *opts);

/* ---- Normals without a network: k of them in d dimensions, their means and factors parameters of
 * a store. tril_natural_new trains them so that covariances stay valid at any learning rate. */
typedef struct tril_mvn_params tril_mvn_params;

/* Adds NAME.loc [k, d], zero, and NAME.scale_tril [k, d, d], identity matrices: standard normals. k
 * and d are at least 1. NULL on failure. */
tril_mvn_params *tril_mvn_params_new(tril_params *params, const char *name, size_t k, size_t d);

/* Sets normal number `index`: loc [d], covariance [d, d], of which the lower triangle is read.
 * False, and nothing is set, where a number is not finite or the covariance not positive definite
 * to the digits that it has. */
bool tril_mvn_params_set(tril_mvn_params *normals, size_t index, const tril_real *loc,
                         const tril_real *covariance);

/* The distributions on a tape: tril_mvn of batch shape [k], event shape [d]. */
tril_dist tril_mvn_params_dist(const tril_mvn_params *normals, tril_tape *tape);

/* Their parameters. */
tril_param tril_mvn_params_loc(const tril_mvn_params *normals);
tril_param tril_mvn_params_scale_tril(const tril_mvn_params *normals);

TRIL_API_END
#endif
