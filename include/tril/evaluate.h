/* Judging: what networks say of rows, beside what was there.
 *
 * Several networks are one, the mixture of their distributions (an ensemble, Lakshminarayanan et
 * al. 2017, arXiv:1612.01474): its density is the mean of theirs, not the density of a mean. Train
 * each with a seed and a parameter store of its own; their heads may differ.
 *
 * Example: two networks that differ by seed, judged together on rows that they have not seen.
 *
 *     #include <stdio.h>
 *     #include <tril/tril.h>
 *
 *     enum { ROWS = 400, HELD = 100 };
 *
 *     int main(void)
 *     {
 *         static tril_real xs[ROWS], ys[ROWS * 2];
 *         static double nll[HELD], level[HELD];
 *         tril_random random = tril_random_stream(1, 1);
 *         tril_random_normal(&random, xs, ROWS);
 *         tril_random_normal(&random, ys, ROWS * 2);
 *         for (int i = 0; i < ROWS; i++)
 *             ys[2 * i] += xs[i] * ys[2 * i + 1];
 *
 *         tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 7 });
 *         tril_params *params[2];
 *         tril_network members[2] = { { .targets = 2 }, { .targets = 2 } };
 *         for (int k = 0; k < 2; k++) {
 *             params[k] = tril_params_new(ctx);
 *             members[k].mlp = tril_mlp_new(params[k], "net", &(tril_mlp_opts){
 *                 .inputs = 1, .hidden = { 16 }, .outputs = tril_head_width(2, NULL) });
 *             tril_fit *fit = tril_fit_new(&members[k], (tril_batch){ xs, ys, ROWS - HELD },
 *                                          &(tril_fit_opts){ .epochs = 30, .lr = 1e-2 });
 *             tril_fit_run(fit, NULL, NULL);
 *             tril_fit_free(fit);
 *         }
 *         tril_batch held = { xs + ROWS - HELD, ys + 2 * (ROWS - HELD), HELD };
 *         tril_evaluate(members, 2, held, &(tril_evaluation){ .nll = nll, .level = level });
 *         tril_mean_se average = tril_mean_se_of(nll, 1, NULL, HELD);
 *         double coverage = tril_coverage(level, NULL, HELD, 0.9);
 *         printf("NLL %.3f +- %.3f, %.0f %% of the rows in 90 %% ellipses: %s\n", average.mean,
 *                average.error, 100 * coverage, tril_ctx_message(ctx));
 *         bool failed = tril_ctx_failed(ctx) || coverage < 0.75;
 *
 *         tril_params_free(params[0]), tril_params_free(params[1]);
 *         tril_ctx_free(ctx);
 *         return failed;
 *     }
 */
#ifndef TRIL_EVALUATE_H
#define TRIL_EVALUATE_H

#include <tril/fit.h>

TRIL_API_BEGIN

/* Row by row, into memory of the caller's; NULL: not wanted. Everything is in the units of the
 * (scaled) targets. Of a row in which targets are missing (NaN), nll is that of the others; pit and
 * crps of those that are missing, level and energy are NaN. Only mean, sd, covariance, spread,
 * quantile, correlation and probability are there without targets. Covariances and correlations are
 * computed in double: symmetric, and never indefinite by more than its rounding. */
typedef struct tril_evaluation {
    double *nll;        /* [n]: -log p(y) */
    double *mean;       /* [n, targets] */
    double *sd;         /* [n, targets]: standard deviations */
    double *covariance; /* [n, targets, targets] */
    double *spread;     /* [n]: det(covariance)^(1/(2 targets)), the geometric mean of standard
                           deviations along the axes of the ellipsoid: sharpness */
    double *pit;   /* [n, targets]: P(Y_j <= y_j) of each target by itself; uniform on (0, 1) where
                      the distributions are right (Dawid 1984); of counts a place in the step of the
                      cdf at y_j, evenly over the rows */
    double *level; /* [n]: the probability of the smallest region that reaches y, where the density
                      is above p(y); uniform on (0, 1) where the distributions are right. Of one
                      normal it is the chi-squared probability of z'z; of others, ensembles
                      included, the share of some 500 draws whose density is higher */
    const double *levels; /* [n_levels], each in (0, 1): of which quantiles */
    size_t n_levels;
    double *quantile;     /* [n, n_levels, targets]: of each target by itself */
    double *correlation;  /* [n, targets, targets]: from -1 to 1, on the diagonal 1 */
    const double *weight; /* [members] of the mixture, at least 0, their sum 1; default: equal */
    double *crps;         /* [n, targets]: the continuous ranked probability score of each target by
                             itself, E|Y - y| - E|Y - Y'| / 2, in its units: an absolute error where the
                             distribution is a point (Gneiting and Raftery 2007) */
    double *energy;    /* [n]: the energy score, the same with Euclidean distances of all targets */
    const bool *given; /* [targets]: those that are known. Everything, nll too, is then of the
                          other targets given these; a known target that is NaN counts as unknown.
                          Of the known ones mean and quantiles are the number itself, sd and
                          covariances 0, correlations with others 0, pit and crps NaN. If all are
                          known, spread, level and energy are NaN. Default: none */
    TRIL_ADDED const double *events; /* [n_events, 2, targets]: the lowest and the highest number of
                                        each target, -INFINITY and INFINITY where it may be any */
    size_t n_events;
    double *probability; /* [n, n_events]: that all targets are within these. Where they bound one
                            target or two of normals, Student's t and mixtures, it is as exact as
                            the parameters are, small ones too; else a share of 10000 draws. A
                            known target is within or not */
    double *probability_se;    /* [n, n_events]: its standard error, 0 where it is exact */
    const tril_bounds *bounds; /* of the rows: nll is then minus the logarithm of the density of
                                  what is there times the probability of the bounds given that, and
                                  pit a place between the probabilities of the bounds, evenly over
                                  the rows; all else takes numbers that are known by bounds for
                                  missing. Default: none */
    double *classes; /* [n, classes]: the probability of each, of the head categorical, which has
                        nll, level, events and no other of these, its target being no number */
    TRIL_RESERVED(1);
} tril_evaluation;

/* Scores are by some 500 draws of each row, and scatter as such do. Draws are from a stream of
 * their own: the same rows are judged the same again. Members have the same inputs and targets, and
 * stores of one context. In the float build levels of quantiles next to 1 are as exact as float is
 * there, 6e-8: above 0.9999 take the double build. False on failure; errors name row and column of
 * a number that is not finite. */
bool tril_evaluate(const tril_network *members, size_t n_members, tril_batch rows,
                   const tril_evaluation *out);

/* Weights for members, weight [n_members], with which their mixture gives the rows, which should be
 * none that trained them, the largest density: stacking (Yao et al. 2018, arXiv:1704.02030). Each
 * member counts as the best for one row more, so that few rows say little. False on failure. */
bool tril_ensemble_weights(const tril_network *members, size_t n_members, tril_batch rows,
                           double *weight);

/* The same weights where it is known what each member says of the rows, nll [members, n], and how
 * often these count, w [n], NULL: once; and what their mixture says, out [n]. */
bool tril_ensemble_stack(tril_ctx *ctx, const double *nll, size_t members, const tril_real *w,
                         size_t n, double *weight);
void tril_ensemble_nll(const double *nll, const double *weight, size_t members, size_t n,
                       double *out);

/* The mean of n numbers, x[0], x[step], ..., and its standard error; w [n] is how often each
 * counts, NULL: once. NaN are left out; NaN where nothing is left, and for the error of a single
 * number (weights of sum 1). */
typedef struct tril_mean_se {
    double mean, error;
} tril_mean_se;
tril_mean_se tril_mean_se_of(const double *x, size_t step, const tril_real *w, size_t n);

/* RMSE per target, out [targets]: of means against the targets of rows. */
void tril_rmse(const double *mean, tril_batch rows, size_t targets, double *out);

/* The share of the levels (or of pit: of one-sided intervals) at or below q, NaN left out: q, where
 * the distributions are right. w [n] is as above. */
double tril_coverage(const double *level, const tril_real *w, size_t n, double q);

TRIL_API_END
#endif
