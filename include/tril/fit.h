/* Training as a call: a network with a head learns the distribution of targets given inputs, by
 * mini-batches, until a number of epochs is over or validation rows say that it is enough.
 *
 * Columns should be scaled (tril_scaler_fit on the training rows): rates and noise are meant for
 * numbers of size 1. A fit knows scaled numbers only; tril_scaler_log_scale of the targets is what
 * to add to its NLL to have it in their own units.
 *
 * Example: three numbers that depend on two, a fifth of the rows held out.
 *
 *     #include <stdio.h>
 *     #include <tril/tril.h>
 *
 *     enum { ROWS = 500 };
 *
 *     static bool watch(const tril_fit_status *now, void *user)
 *     {
 *         if (now->epoch % 10 == 0)
 *             printf("epoch %zu: NLL %.3f, validation %.3f\n", now->epoch, now->train_nll,
 *                    now->validation_nll);
 *         return !*(bool *)user; // false stops
 *     }
 *
 *     int main(void)
 *     {
 *         static tril_real xs[ROWS * 2], ys[ROWS * 3];
 *         tril_random random = tril_random_stream(1, 1);
 *         tril_random_normal(&random, xs, ROWS * 2);
 *         tril_random_normal(&random, ys, ROWS * 3);
 *         for (int i = 0; i < ROWS; i++)
 *             ys[3 * i + 1] += ys[3 * i] + 2 * xs[2 * i] * xs[2 * i];
 *
 *         tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 7 });
 *         tril_params *params = tril_params_new(ctx);
 *         tril_network net = tril_network_new(params, 3, &(tril_mlp_opts){
 *             .inputs = 2, .hidden = { 16 } }, NULL);
 *         tril_fit *fit = tril_fit_new(&net, (tril_batch){ xs, ys, ROWS }, &(tril_fit_opts){
 *             .epochs = 40, .seed = 7, .lr = 1e-2, .schedule = { .kind = TRIL_COSINE },
 *             .validation_share = 0.2, .patience = 20 });
 *         bool stop = false; // Ctrl-C could set it
 *         double first = tril_fit_get_status(fit).best_nll;
 *         tril_fit_run(fit, watch, &stop);
 *         double best = tril_fit_get_status(fit).best_nll;
 *         puts(tril_ctx_message(ctx));
 *
 *         tril_fit_free(fit);
 *         tril_params_free(params);
 *         tril_ctx_free(ctx);
 *         return !(best < first);
 *     }
 */
#ifndef TRIL_FIT_H
#define TRIL_FIT_H

#include <tril/nn.h>
#include <tril/optim.h>
#include <tril/scaler.h>
#include <tril/shards.h>

TRIL_API_BEGIN

/* A line under a network: y = weight x + bias + scale y', where network and head give the
 * distribution of y'. Parameters of the network's store, which no step moves: weight [d, inputs],
 * bias [d], scale [d, d]: lower triangular, for the head precision upper triangular, for diagonal
 * and lowrank diagonal (a kind's `frame`). So y has a distribution of the head's kind too. */
typedef struct tril_line {
    tril_param weight, bias, scale;
} tril_line;

/* What turns a row of inputs into a distribution of the targets: a value that is copied; the
 * network belongs to its store. */
typedef struct tril_network {
    const tril_mlp *mlp;
    size_t targets;
    tril_head_opts head; /* default: a full normal; a shared covariance is of the network's store */
    tril_line line;      /* default: none */
    TRIL_RESERVED(4);
} tril_network;

/* A network in a store: net.0.weight, ... as tril_mlp_new makes them, of as many outputs as the
 * head needs; "covariance", if the head shares one; line.weight, line.bias and line.scale, which
 * begin as 0, 0 and the identity, unless the kind of head has no `transformed`. head may be NULL.
 * .mlp is NULL on failure. */
tril_network tril_network_new(tril_params *params, size_t targets, const tril_mlp_opts *mlp,
                              const tril_head_opts *head);

/* The distribution of the targets, x [n, inputs]: batch shape [n], event shape [targets]. */
tril_dist tril_network_dist(const tril_network *net, tril_var x);

/* Rows of numbers: x [n, inputs], y [n, targets]. They are borrowed: leave them in place and
 * unchanged as long as what was given them. */
typedef struct tril_batch {
    const tril_real *x, *y;
    size_t n;
    const tril_real *w; /* [n], how often each row counts: 2 is the row twice, 0 no row; NULL: 1.
                           Counts, not shares: they should sum to the number of rows that they
                           stand for, which the start and the noise depend on */
} tril_batch;

/* What is known of numbers that are NaN in y (limits of detection): each is somewhere from low to
 * high [n, targets], as tril_log_prob_censored has it. NaN or an infinity is no bound; a number
 * without any is missing. Bounds of numbers that are there do not count. Borrowed like rows. */
typedef struct tril_bounds {
    const tril_real *low, *high;
} tril_bounds;

/* Rows as a loss sees them: of a network with a line, y is that of the network's own coordinates;
 * with `missing` it is what the line leaves over, in which NaN is a missing number. */
typedef struct tril_loss_rows {
    const tril_network *net;
    tril_var x, y; /* [n, inputs], [n, targets] */
    bool missing;
    double beta;
    tril_var w;                    /* [n], of mean 1 over all rows; {0}: rows count alike */
    TRIL_ADDED tril_var low, high; /* [n, targets], as tril_log_prob_censored takes them; {0}: no
                                      number is known by bounds */
} tril_loss_rows;

/* What is minimised: `value` is a mean over the rows, tril_loss_mean; *log_prob [n] gets their
 * log-densities, for the figures. A program's own is as good as these. */
typedef struct tril_loss {
    const char *name;
    tril_var (*value)(const tril_loss_rows *rows, tril_var *log_prob);
    bool mean_first; /* at first some epochs of the mean alone, tril_fit_opts.warmup_epochs */
    TRIL_ADDED bool all_numbers; /* is for heads whose targets may be any numbers only */
    bool no_bounds;              /* learns from numbers alone: tril_fit_opts.bounds are an error */
    TRIL_RESERVED(3);
} tril_loss;

/* The distribution of y by the network, and log p(y) by such a one. */
tril_dist tril_loss_dist(const tril_loss_rows *rows);
tril_var tril_loss_log_prob(const tril_loss_rows *rows, tril_dist p);

/* The mean of a number of each row, [n], times the row's weight. */
tril_var tril_loss_mean(const tril_loss_rows *rows, tril_var of_rows);

extern const tril_loss tril_loss_nll, /* -log p(y) */
    tril_loss_beta, /* det(L)^(2 beta / d) times that, L the factor of the scale, d the number of
                       targets, the first factor taken as a constant: rows with a large variance
                       keep their weight. For one target and a normal that of Seitzer et al. 2022
                       (arXiv:2203.09168). Of a mixture each component has its own, and its
                       share of the row */
    tril_loss_faithful, /* the mean learns as by squared errors; the rest by NLL, from which no
                           gradient flows to the mean and to the layers before the last (Stirn et
                           al. 2023, arXiv:2212.09184). Of a mixture each mean has its component's
                           share of the row */
    tril_loss_mse,      /* half the squared error of the mean: the rest stays as it begins */
    tril_loss_warmup;   /* -log p(y), after some epochs of the mean alone, with the covariance (and
                           the   weights of a mixture) of the start */

/* These, and NULL. */
extern const tril_loss *const tril_losses[TRIL_LIST_SIZE];

/* The loss that did best, by NLL and by RMSE, for a kind of head on ordinary tables: beta, for
 * mixtures nll. NULL stands for the full form. */
const tril_loss *tril_head_loss(const tril_head_kind *kind);

typedef enum tril_schedule_kind {
    TRIL_CONSTANT, /* default */
    TRIL_STEP,     /* times `factor` every `every` epochs */
    TRIL_COSINE,   /* along half a cosine, step by step, down to `floor` at the last epoch's end */
    TRIL_PLATEAU   /* times `factor` after `every` epochs in a row without a best NLL */
} tril_schedule_kind;

/* The learning rate over time, as a multiple of lr. */
typedef struct tril_schedule {
    tril_schedule_kind kind;
    double warmup; /* epochs, at least 0, fractions too: in these the rate rises from 0 in a
                      straight line, step by step; default 0 */
    double factor; /* in (0, 1); default 0.5 */
    size_t every;  /* default 10 */
    double floor;  /* in [0, 1]; step, cosine and plateau do not go below it; default 0 */
    TRIL_RESERVED(2);
} tril_schedule;

typedef struct tril_fit_opts {
    size_t epochs;  /* passes over the training rows, at most; default 100 */
    size_t batch;   /* rows of a step, at most: an epoch's batches differ by one row; default 64 */
    uint64_t seed;  /* of order, split and noise; default 0, any value is legal */
    size_t threads; /* default 1; the same bits for any number. Shards have 256 rows: smaller
                       batches keep one thread busy (tril_shards_new says what threads ask of the
                       context's allocator) */

    const tril_optim_kind *optim; /* default: tril_optim_adam; AdamW where there is
                                     weight decay */
    double lr;                    /* default: the kind's, 1e-3, for SGD 1e-2 */
    double momentum;              /* SGD, in [0, 1); default 0 */
    double weight_decay; /* at least 0, of everything but vectors (biases, a shared covariance),
                            which are put in group "bias"; default 0 */
    tril_clip clip;
    tril_schedule schedule;
    double average; /* in [0, 1), say 0.99: an average of the parameters is judged, kept and taken
                       in their place (Polyak and Juditsky 1992): after each step it moves to them
                       by 1 - average of the way, by 1 / t at step t where that is more; default
                       0: none */

    const tril_loss *loss; /* default: tril_loss_nll */
    double beta;           /* tril_loss_beta: in (0, 1]; default 0.5 */
    size_t warmup_epochs;  /* tril_loss_warmup; default 10 */

    tril_batch validation;   /* default: none */
    double validation_share; /* of the rows, in [0, 1), held out in the place of rows of one's own:
                                fold 1 of tril_folds with the shares { 1 - share, share } and this
                                seed; default 0: none */
    const size_t *group;     /* of each row, for that split; default NULL */
    size_t patience; /* epochs without a best validation NLL, after which it ends; default 0:
                        it does not */
    bool keep_last;  /* default: with validation rows, training ends at the parameters of the
                        best validation NLL, those of the start among them */

    /* Noise on training rows, drawn afresh for each batch: it smooths the density as a kernel of
     * that width does (Rothfuss et al. 2019, arXiv:1907.08982) and widens it by as much. Inputs get
     * h / sqrt(2) times the difference of two random training rows, h = 0.35 input_noise / sqrt(n):
     * it falls with the number of rows (the sum of their weights), and its covariance is h^2 that
     * of the inputs. The line sees it too, as long as it moves by no more than a twentieth of what
     * it leaves: so the whole is smoothed, and not what lies between line and network, where a line
     * of which little is left would make noise the most of it. Targets get normal noise of this
     * standard deviation, in the network's own coordinates. At least 0; default 0. */
    double input_noise, target_noise;

    bool missing; /* NaN in y is a missing number, tril_log_prob_missing; default: an error */
    bool flat;    /* the line has no slope: it begins, and so remains, as the mean of the targets */
    bool no_init; /* parameters begin as they are. Default: the line, if there is one, at the simple
                      fit of the training rows, each target by least squares with the ridge of least
                      generalised cross-validation; scale and head at the covariance of what is
                     left, with its degrees of freedom as divisor. Without a line the head begins at
                     the mean and covariance of the targets. So the first NLL is the simple fit's */
    tril_ctx *ctx; /* the context that the network's store uses from tril_fit_new to tril_fit_free.
                      Give each network its own when several of one context are trained at the same
                      time; no second fit may train the store meanwhile. It must have the store's
                      allocator; default: the store's context */
    TRIL_ADDED const tril_group
        *processes; /* that share each batch of more than 256 rows; copied. All of them make the
                       same fit of the same rows and call the same functions on it; default: none */
    const tril_bounds *bounds, /* of the rows, copied: two numbers of a row, or all where the
                                  head is diagonal (tril_head_bounds); `missing` is about those
                                  that have none. Default: none */
        *validation_bounds;    /* of those of `validation` */
    TRIL_RESERVED(5);
} tril_fit_opts;

/* How things stand. NLL is the mean over rows, in nats, in the units of the scaled targets. */
typedef struct tril_fit_status {
    size_t epoch, epochs;  /* over, and the most there can be */
    size_t batch, batches; /* over in the epoch under way, and how many an epoch has */
    size_t steps;          /* all in all */
    double train_nll;      /* of the last epoch that is over: the mean over its batches, each before
                              its step; at epoch 0 that of the start. With noise, if there is any */
    double validation_nll; /* at its end; NaN where there are no validation rows */
    double best_nll;       /* the lowest so far at the end of an epoch: of validation rows or, where
                              there are none, train_nll */
    size_t best_epoch;
    double lr;                       /* of the step that comes next */
    double seconds, rows_per_second; /* of the last epoch's steps, or of those of the epoch under
                                        way, as far as this object took them */
    TRIL_RESERVED(4);
} tril_fit_status;

typedef struct tril_fit tril_fit;

/* Prepares training; the first figures are there. All parameters of the network's store are
 * trained; it can grow no more, and must outlive the fit. Errors name the option, or row and column
 * of a number that is not finite. opts may be NULL. NULL on failure. */
tril_fit *tril_fit_new(const tril_network *net, tril_batch rows, const tril_fit_opts *opts);
void tril_fit_free(tril_fit *fit);

/* One step, and after an epoch's last one what ends an epoch; steps up to the end of the epoch that
 * is under way. False where nothing is left to do, and on failure. Nothing is allocated after the
 * first step. */
bool tril_fit_step(tril_fit *fit);
bool tril_fit_epoch(tril_fit *fit);

/* Epoch by epoch to the end, or until `watch`, called after each, returns false; watch may be NULL.
 * A run that was stopped goes on when it is called again. False on failure. */
typedef bool tril_fit_progress(const tril_fit_status *now, void *user);
bool tril_fit_run(tril_fit *fit, tril_fit_progress *watch, void *user);

/* A watch that writes a line of CSV to a FILE, its `user`: epoch, train_nll, validation_nll
 * (nothing where there are no validation rows), best_nll, lr, seconds; before the first epoch's a
 * header. False, which stops the run, where it cannot be written or is NULL. */
bool tril_fit_log(const tril_fit_status *now, void *file);

/* Whether training is over: the epochs, or the patience. */
bool tril_fit_done(const tril_fit *fit);

/* Zeros for a NULL fit. */
tril_fit_status tril_fit_get_status(const tril_fit *fit);

/* Sets the parameters to the best ones, as the end of training does, or to their average where none
 * are kept: for a run that is to go on no more. Otherwise they stay. */
void tril_fit_take_best(tril_fit *fit);

/* All that a run needs to go on with the bits of one that was left alone: parameters, best
 * parameters, the optimizer's arrays, counts. Between any two steps they can be copied, and into a
 * fit that was made from the same rows, network and options in the same build, but for the number
 * of threads. Nothing else is needed: random numbers depend on seed and step alone. While training
 * is not over `epochs` may be another number too, if nothing depends on it (a cosine does). Valid
 * as long as the fit. */
const tril_array *tril_fit_state(tril_fit *fit, size_t *n);

/* Deals rows into k folds, 1 <= k <= rows, for validation, tests and cross-validation: writes the
 * fold, 0 to k - 1, of each row. Rows with the same group[i], a number below `rows`, stay together;
 * group may be NULL. share[j] > 0 is the share of fold j in any unit (NULL: equal ones): groups in
 * an order by the seed go where most is lacking, so that of single rows each fold has its share but
 * for rounding. False on failure. */
bool tril_folds(tril_ctx *ctx, size_t rows, const size_t *group, const double *share, size_t k,
                uint64_t seed, size_t *fold);

TRIL_API_END
#endif
