/* Models: a network, or several as one, with all that stands between it and a table: names of
 * columns, labels, scalers. A file of one is all that prediction needs.
 *
 * Example: the petals of three species, learned, kept in a file, and judged from there.
 *
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *     #include <tril/tril.h>
 *
 *     static const char path[] = "example-model.safetensors";
 *
 *     static void learn(const tril_model *model, tril_batch rows)
 *     {
 *         tril_fit *fit = tril_fit_new(tril_model_get_info(model)->networks, rows,
 *                                      &(tril_fit_opts){ .epochs = 50, .lr = 1e-2 });
 *         tril_fit_run(fit, NULL, NULL);
 *         tril_fit_free(fit);
 *     }
 *
 *     int main(void)
 *     {
 *         tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 7 });
 *         tril_table *table = tril_table_read(ctx, "data/iris.csv", NULL);
 *         tril_model *model = tril_model_new(table, NULL, 0, &(tril_model_opts){
 *             .targets = (const char *[]){ "petal_length", "petal_width" }, .n_targets = 2,
 *             .mlp = { .hidden = { 16 } } }); // inputs: length and width of sepals, species
 *         tril_dataset cases = { 0 };
 *         if (tril_model_dataset(model, table, NULL, 0, &(tril_dataset_opts){ 0 }, &cases))
 *             learn(model, (tril_batch){ cases.x, cases.y, cases.n });
 *         tril_tensors *file = tril_tensors_new(ctx);
 *         tril_tensors_put_model(file, model);
 *         tril_tensors_write(file, path);
 *         tril_tensors_free(file);
 *         tril_model_free(model);
 *
 *         file = tril_tensors_read(ctx, path);
 *         model = tril_tensors_get_model(file, NULL);
 *         const tril_model_info *about = tril_model_get_info(model);
 *         double *nll = malloc((cases.n + 1) * sizeof *nll);
 *         if (about && nll &&
 *             tril_model_evaluate(model, about->networks, about->n_networks,
 *                              (tril_batch){ cases.x, cases.y, cases.n },
 *                              &(tril_evaluation){ .nll = nll }))
 *             printf("%zu inputs, NLL %.2f nats per row\n", about->n_inputs,
 *                    tril_mean_se_of(nll, 1, NULL, cases.n).mean);
 *         bool failed = tril_ctx_failed(ctx);
 *         if (failed)
 *             fprintf(stderr, "%s\n", tril_ctx_message(ctx));
 *         free(nll);
 *         tril_dataset_free(&cases);
 *         tril_model_free(model);
 *         tril_tensors_free(file);
 *         tril_table_free(table);
 *         tril_ctx_free(ctx);
 *         return remove(path) || failed;
 *     }
 */
#ifndef TRIL_MODEL_H
#define TRIL_MODEL_H

#include <tril/evaluate.h>
#include <tril/scaler.h>
#include <tril/table.h>
#include <tril/tensors.h>

TRIL_API_BEGIN

/* What becomes of missing cells. */
typedef enum tril_missing {
    TRIL_MISSING_ERROR, /* default: an error that names file, line and column */
    TRIL_MISSING_DROP,  /* a row with a missing cell is left out */
    TRIL_MISSING_MEAN,  /* a missing input is the training rows' mean, a missing label their shares
                           of each label; a missing target is an error */
    TRIL_MISSING_MARGINAL, /* a missing target is NaN: tril_fit_opts.missing. A row without any
                              target is left out; a missing input is an error */
    TRIL_MISSING_BOTH /* inputs as TRIL_MISSING_MEAN has them, targets as TRIL_MISSING_MARGINAL */
} tril_missing;

typedef struct tril_model_opts {
    const char *const *targets; /* names of columns, at least 1 */
    size_t n_targets;
    const char *const *inputs; /* default, NULL: all columns that are no targets. Otherwise they may
                                  be none: then the network has one input that is always 0 */
    size_t n_inputs;
    tril_mlp_opts mlp; /* of each network; inputs and outputs are the model's to fill in */
    size_t members;    /* networks that predict as one; default 1 */
    const tril_head_opts *heads; /* [n_heads], which the members take by turns; default: full.
                                    .shared is the model's, parameter "covariance"; .classes
                                    are the different cells of the target */
    size_t n_heads;
    tril_missing missing;
    const char *weight; /* a column that says how often each row counts: at least 0, no target and
                           no input. Default: rows count alike */
    TRIL_ADDED const char *const *transforms; /* [n_targets]: how a target t is learned, see below;
                                                 NULL, and a NULL or "" in it: as it is */
    TRIL_RESERVED(7);
} tril_model_opts;

/* Transforms. The networks, scalers and baselines see z = g(t) of a target t; all that a model says
 * is about t, in its units: log p(t) = log p(z) + log dz/dt.
 *
 *     log              log t, of t above 0
 *     logit(LOW,HIGH)  log((t - LOW) / (HIGH - t)), of t between LOW and HIGH
 *     yeo-johnson(P)   ((1 + t)^P - 1) / P of t from 0 on, where P is 0 log(1 + t); of others minus
 *                      the same of -t with 2 - P; P from 0 to 2 (Yeo and Johnson 2000)
 *     yeo-johnson      the same with the P of largest profile likelihood: that of the training rows
 *                      by a line in the inputs with normal errors (Box and Cox 1964)
 *     auto             none, log where all training cells are above 0, or yeo-johnson, by that
 *                      likelihood, of which P costs half the logarithm of the rows (BIC); none,
 *                      unless another is better by 3 nats
 *
 * Quantiles, probabilities, PIT, log_prob and draws are mapped, and as exact as without a
 * transform. Means, standard deviations and covariances are those of t: by closed forms where z is
 * normal and the transform is log, else by quadratures of the components. What a normal's have is
 * right to 1e-8 of standard deviations where these are up to 3 in z, covariances of yeo-johnson,
 * and of pairs of a Student's t, to 1e-6. Where an integral is infinite they are NaN, and so are
 * CRPS and energy score where the mean is: exp of a Student's t has no mean, its median is a
 * quantile like others. CRPS, energy score and level are by draws; the standard deviations that the
 * energy score is in units of are those of z times dt/dz at its mean. Components are those of z.
 */

/* What of dates repeats. */
typedef enum tril_cycle { TRIL_YEAR = 1, TRIL_WEEK = 2, TRIL_DAY = 4 } tril_cycle;

/* A column of inputs: one number; or, of dates, that of tril_table_columns and, for each cycle that
 * they run through (years twice, weeks twice, times of the day that differ), sine and cosine of its
 * part that is over, days from 1970-01-01, years of 365.2425 and weeks of 7 of them; or, where a
 * cell of it is any other word, as many numbers as it has labels: 1 for the row's own, 0 for the
 * others. */
typedef struct tril_column {
    const char *name;
    const char *const *labels; /* NULL: a number or dates */
    size_t n_labels;
    const char *dates; /* how they are written: see tril_table_dates. NULL: there are none */
    unsigned cycles;   /* the sum of those that there are, in the order of tril_cycle */
    TRIL_RESERVED(2);
} tril_column;

/* How many numbers of a row it is. */
size_t tril_column_width(const tril_column *column);

/* Fits that a network must beat: the mean and standard deviation of each target; their mean and
 * covariance; a mean linear in the inputs with the covariance of what is left, as
 * tril_fit_opts.no_init says it. */
typedef enum tril_baseline {
    TRIL_BASELINE_DIAGONAL,
    TRIL_BASELINE_FULL,
    TRIL_BASELINE_LINEAR,
    TRIL_BASELINES
} tril_baseline;

/* What a model is; valid as long as it. */
typedef struct tril_model_info {
    const tril_column *inputs;
    size_t n_inputs;
    const char *const *left_out; /* columns that were named as inputs, or by default, and are not:
                                    they were constant in the rows to learn from, or empty */
    size_t n_left_out;
    const char *const *targets;
    size_t n_targets;
    tril_missing missing;
    const char *weight;   /* the column of the rows' weights; NULL: none */
    tril_dialect dialect; /* only .missing: the words of the table that it was made for */
    tril_mlp_opts mlp;    /* inputs: the numbers of all input columns, or 1; outputs: 0, since they
                             are the head's of each member */
    const tril_network *networks; /* the members */
    size_t n_networks;
    const double *weights; /* of the members in their mixture, of sum 1; at first they are equal */
    tril_network baselines[TRIL_BASELINES]; /* .mlp is NULL for those that a file lacks */
    const tril_scaler
        *inputs_scaler; /* of the inputs' numbers; labels: means are shares, scales 1 */
    const tril_scaler *targets_scaler;
    const double *inputs_bounds;   /* [mlp.inputs, 2], low and high in the table's units: a number
                                      beyond high counts as high + w u / (w + u), u being how far
                                      beyond it is and w = high - low; likewise below low. NULL
                                      without inputs, or where a file has none */
    const double *conformal;       /* [1 + targets, TRIL_CONFORMAL_STEPS - 1], see
                                      tril_model_calibrate; NULL: the model is not calibrated */
    const char *const *transforms; /* [n_targets]: with their parameters, "" where there is none;
                                      NULL where no target has one. Scalers, lines and baselines
                                      are then about z */
    const char *const *labels;     /* [n_labels], of the head categorical: its target's number j in
                                      datasets stands for labels[j]; NULL with other heads */
    size_t n_labels;
} tril_model_info;

typedef struct tril_model tril_model;

/* A model for a table, its networks untrained; scalers and baselines are fitted to rows[0 .. n-1]
 * of it (NULL: to all), by their weights, and take no notice of the others; labels are those of all
 * rows. Errors name file and column: one that is not there, or named twice; a target among the
 * inputs; a target that is constant, but for missing cells; one that is so far from 0 that double
 * rounds its numbers, or so close to it that tril_real does, by more than a hundredth of their
 * standard deviation; more labels than half the rows or than 1024, as of a column of names, or a
 * column of numbers with other words that has over 20 labels; and what tril_table_columns refuses,
 * words in targets among it. NULL on failure. */
tril_model *tril_model_new(tril_table *table, const size_t *rows, size_t n,
                           const tril_model_opts *opts);
void tril_model_free(tril_model *model);

/* NULL for a NULL model. */
const tril_model_info *tril_model_get_info(const tril_model *model);

/* Rows of a table as its networks take them, scaled. Begins as {0}. */
typedef struct tril_dataset {
    tril_ctx *ctx;
    size_t n;
    tril_real *x, *y; /* [n, about.mlp.inputs] and [n, targets]; y may be NULL */
    tril_real *w;     /* [n]: weights; NULL where there are none */
    size_t *row;      /* of the table, each */
    size_t extreme;   /* how many rows were left out for extreme numbers */
    size_t missing_inputs, missing_targets; /* how many cells of the rows were missing */
    size_t unseen;                  /* how many cells had labels that the model has not seen */
    TRIL_ADDED tril_bounds *bounds; /* of targets that the table knows by bounds only, whose y is
                                       NaN; NULL where there are none */
    TRIL_RESERVED(3);
} tril_dataset;

typedef struct tril_dataset_opts {
    tril_missing missing;
    bool predict; /* targets are not needed: y is NULL unless the table has all their columns, and a
                     missing one is NaN, whatever becomes of missing inputs; default: they are */
    bool leave_out_extreme; /* rows with a number that is beyond the range of tril_real, as it is or
                               scaled, are left out where others are there; default: an error */
    bool unseen;            /* a label that the model has not seen counts as a missing one with
                               TRIL_MISSING_MEAN,            as the training rows' shares; default: an error */
    const char *weight; /* a column of weights, "" for none; default: the model's. To predict there
                           are none. Rows of weight 0 are left out */
    const bool *needed; /* [targets], to predict: y is there; NaN where the table lacks the column
                           of a target that is not needed. Default: as `predict` says */
    TRIL_RESERVED(3);
} tril_dataset_opts;

/* Replaces the cases by rows[0 .. n-1] of a table (NULL: by all). A target may be known by bounds
 * (tril_table_bounds), as many in a row as all members' heads take (tril_head_bounds); these go
 * through its transform, whose parameter goes by the numbers that are there. Errors are those of
 * tril_table_columns and tril_table_classes, so a label that the model has never seen is one; that
 * missing cells or weights of 0 leave no row; a weight that is missing or below 0; and a number
 * that is infinite when it is scaled. False on failure. */
bool tril_model_dataset(const tril_model *model, const tril_table *table, const size_t *rows,
                        size_t n, const tril_dataset_opts *opts, tril_dataset *cases);
void tril_dataset_free(tril_dataset *cases);

/* Targets [n, targets] in the data's own units from scaled ones, as a dataset has them, and back:
 * -INFINITY or INFINITY where a transform has no z for a number. NaN stay NaN. */
void tril_model_targets_undo(const tril_model *model, const tril_real *y, size_t n, double *out);
void tril_model_targets_apply(const tril_model *model, const double *y, size_t n, tril_real *out);

/* Adds to NLLs of n rows of scaled targets what makes them those in the data's own units; targets
 * that are missing, or given [targets] (NULL: none), have no part in it. */
void tril_model_targets_add_log_scale(const tril_model *model, const tril_real *y, size_t n,
                                      const bool *given, double *nll);

/* Weighs the members by rows that trained none of them, scaled as cases are: tril_ensemble_weights;
 * by cases with their bounds. False on failure. */
bool tril_model_weigh(tril_model *model, tril_batch rows);
bool tril_model_weigh_dataset(tril_model *model, const tril_dataset *cases);

/* Calibrates a model by rows that neither trained nor stopped nor chose it, scaled as cases are
 * (split conformal prediction: Vovk et al. 2005; with level and pit as scores). If they and new
 * rows come from one source in any order, a region of tril_model_region_level(model, share), or the
 * interval between the quantiles of tril_model_quantile_level(model, j, p) with p = (1 - share) / 2
 * and p = (1 + share) / 2, holds a new row with a probability of at least share, whatever the
 * model: with n rows the share ceil(share (n + 1)) / (n + 1). A weight of 2 is the row twice; rows
 * with missing targets count for those that are there. Of k = 1, ..., TRIL_CONFORMAL_STEPS - 1 the
 * model keeps, for shares k / TRIL_CONFORMAL_STEPS, the level of regions and then the content of
 * intervals of each target; shares between are rounded up. False on failure. */
enum { TRIL_CONFORMAL_STEPS = 1000 };
bool tril_model_calibrate(tril_model *model, tril_batch rows);

/* The level, as tril_evaluation has it, of the region that holds a share of new rows, and of the
 * quantile of a target; those of the arguments where the model is not calibrated, or has no such
 * target. Where there are
 * too few rows to say so, a region's is INFINITY: everything; a quantile's is 0 or 1: any number.
 */
double tril_model_region_level(const tril_model *model, double share);
double tril_model_quantile_level(const tril_model *model, size_t target, double level);

/* tril_evaluate in the data's own units: rows are scaled, as cases are, and all that is wanted
 * comes back unscaled, nll and spread included, but for the energy score: units of targets differ.
 * Quantiles of a calibrated model's members are at tril_model_quantile_level, unless targets are
 * given; all else is of the distributions as they are. The networks are the model's members, with
 * the model's weights, or one of its baselines. False on failure. */
bool tril_model_evaluate(const tril_model *model, const tril_network *networks, size_t n,
                         tril_batch rows, const tril_evaluation *out);

/* Draws of rows, which are scaled as cases are, in the data's own units: out [draws, n, targets],
 * from the stream of ctx, which need not be the model's. first: the number of the first of the rows
 * among all; the member of an ensemble that a draw is of goes by it. False on failure. */
bool tril_model_sample(tril_ctx *ctx, const tril_model *model, tril_batch rows, size_t first,
                       size_t draws, double *out);

/* The distributions of rows, which are scaled as cases are, as mixtures in the data's own units,
 * the components of one member behind those of another; NULL: not wanted. Normals have df INFINITY.
 */
typedef struct tril_components {
    double *weight;     /* [n, components], the sum of each row 1 */
    double *df;         /* [n, components]: degrees of freedom of Student's t */
    double *loc;        /* [n, components, targets]; of a transformed target of z */
    double *scale_tril; /* [n, components, targets, targets]; above the diagonal 0 */
    TRIL_RESERVED(4);
} tril_components;

/* How many components a model's distributions have, and those of rows; failures are ctx's, which
 * need not be the model's. False on failure, and where a head of the program's own is no mixture of
 * normals or Student's t. */
size_t tril_model_n_components(const tril_model *model);
bool tril_model_components(tril_ctx *ctx, const tril_model *model, tril_batch rows,
                           const tril_components *out);

/* What tril_model_predict writes, into memory of the caller's; NULL: not wanted. In the units of
 * the targets. */
typedef struct tril_prediction {
    double *mean;         /* [n, targets] */
    double *sd;           /* [n, targets]: standard deviations */
    double *covariance;   /* [n, targets, targets] */
    double *log_prob;     /* [n]: log p(y), of the targets that are there; NaN where none is */
    const double *levels; /* [n_levels], each in (0, 1): of which quantiles */
    size_t n_levels;
    double *quantile; /* [n, n_levels, targets]: of each target by itself */
    size_t n_draws;
    double *draws;              /* [n_draws, n, targets], from the stream of ctx */
    TRIL_ADDED double *classes; /* [n, n_labels]: the probability of each label; beside it there
                                   are log_prob and draws, numbers of labels, and no others */
    TRIL_RESERVED(7);
} tril_prediction;

/* What a model says of n rows as a program has them. x [n, n_inputs]: of each input column its
 * number, the number of its label (0, 1, ... in the order of tril_column.labels), or, of dates,
 * days since 1970-01-01 in UTC; NaN is a missing one and counts as the training rows' mean, or
 * their shares of each label. y [n, targets], NaN where missing; needed for log_prob alone, else
 * NULL will do. A model is not written to: any number of threads may call this at once, each with a
 * context of its own. ctx gets the failures. False on failure, which names row and column. */
bool tril_model_predict(tril_ctx *ctx, const tril_model *model, const double *x, const double *y,
                        size_t n, const tril_prediction *out);

/* Puts a model: its networks' parameters (net.0.weight, ...; those of several members begin with
 * members.0., members.1., ...) with those of their lines, scalers inputs and targets,
 * inputs.bounds, baselines' parameters (full.net.0.weight, linear.net.0.weight, ...), conformal,
 * F64 as in tril_model_info, where it is calibrated, and the note "tril", a JSON object:
 *
 *     {"version": 1,
 *      "inputs": [{"name": "u"}, {"name": "species", "labels": ["setosa", "virginica"]},
 *                 {"name": "day", "dates": "ymd", "cycles": ["year", "week", "day"]}],
 *      "left_out": ["zip"],    default: none
 *      "targets": ["x", "y"],
 *      "hidden": [64, 64],     widths; default: none
 *      "activation": "tanh",   default; none, relu, elu, softplus, silu, sigmoid
 *      "members": [{"form": "full",      default; the names of tril_heads: "lowrank", ...
 *                   "diagonal": "elu",   default; exp, softplus
 *                   "relative_off_diagonal": false, "floor": 1e-6, "natural": false,   defaults
 *                   "rank": 0, "components": 0, "component": "full",  where the form needs them
 *                   "weight": 1}],       default; of sum 1
 *      "labels": ["a", "b"],   of the target; default: none. "form": "categorical" needs them
 *      "row_weight": "n",      a column; default: none
 *      "transforms": ["log", "", "logit(0,1)", "yeo-johnson(0.25)"],    of each target, "" where
 *                              there is none; default: none
 *      "missing": "error",     default; drop, mean, marginal, "mean,marginal"
 *      "missing_values": ["none"]}    default: no more than tril_table_read knows
 *
 * A file that another program writes needs it, the networks' parameters and the scalers; lines,
 * bounds, baselines and conformal may be missing. A network without input columns has no scaler of
 * inputs.
 *
 * What such a file says of a row: x is the numbers of each input column, see tril_column, in the
 * order of the note; a single 0 if there is no input. With low and high from inputs.bounds
 * [numbers, 2] and w = high - low, a number beyond high by u becomes high + w u / (w + u), one
 * below low by u low - w u / (w + u). Then s = (x - inputs.mean) / inputs.scale goes through linear
 * layers net.0, net.2, ..., each weight [outputs, inputs] and bias [outputs], and the activation
 * between two of them, as through torch.nn.Sequential. What comes out is laid out as the kind of
 * head says (tril/nn.h), with the floor, and the parameter "covariance" for the form "shared": the
 * distribution of y'. That of t = line.weight s + line.bias + line.scale y' is (y - targets.mean) /
 * targets.scale's: if y' has the mean m and the covariance L L', t has line.weight s + line.bias +
 * line.scale m and the factor line.scale L. Without a line t is y'. The density of y is that of t
 * over the product of targets.scale; that of several members is the sum of weight times theirs.
 * With transforms all of this is about z = g(y), and the density of y is that of z times dz/dy, the
 * product of 1/y (log), (HIGH - LOW) / ((y - LOW) (HIGH - y)) (logit), (1 + |y|)^(P - 1), or, of y
 * below 0, ^(1 - P) (yeo-johnson).
 * False on failure. */
bool tril_tensors_put_model(tril_tensors *tensors, const tril_model *model);

/* The model of a file, or of tensors that it was put into. heads: kinds of the program's own, which
 * a model may have beside the library's, and NULL; it may be NULL. NULL on failure. */
tril_model *tril_tensors_get_model(const tril_tensors *tensors, const tril_head_kind *const *heads);

/* Puts and gets a scaler: tensors NAME.mean and NAME.scale, F64 [width]. What is got replaces an
 * earlier fit; mean and scale must be finite and scale positive. */
bool tril_tensors_put_scaler(tril_tensors *tensors, const char *name, const tril_scaler *scaler);
bool tril_tensors_get_scaler(const tril_tensors *tensors, const char *name, tril_scaler *scaler);

/* Puts the state of a run, tril_fit_state: tensors by the names of its arrays behind a prefix,
 * which is a short one or "" and tells several runs in a file apart; and copies it into a fit that
 * was made as that one was. A tensor that is not there, or of another shape or type (that of the
 * other precision's build among it), is an error that names file and tensor; the fit then stays as
 * it was. False on failure. */
bool tril_tensors_put_fit(tril_tensors *tensors, const char *prefix, tril_fit *fit);
bool tril_tensors_get_fit(const tril_tensors *tensors, const char *prefix, tril_fit *fit);

TRIL_API_END
#endif
