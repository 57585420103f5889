/* The simple fit: a mean linear in the inputs, and one covariance of what it leaves over. */
#ifndef TRIL_TRAIN_LINEAR_FIT_H
#define TRIL_TRAIN_LINEAR_FIT_H

#include <tril/fit.h>

/* y is near weight x + bias: weight [d, inputs], bias [d]; the covariance [d, d] is that of the
 * residuals. One block of memory, that of weight. */
typedef struct tril_linear_fit {
    double *weight, *bias, *covariance;
} tril_linear_fit;

/* Fits rows index[0 .. n-1] (NULL: the first n) by least squares with the ridge of
 * least generalised cross-validation (Golub, Heath and Wahba 1979), among them an infinite one,
 * which leaves the mean alone; `flat` asks for that one. Sums of squares of residuals are divided
 * by the rows less the degrees of freedom of the line, the intercept's apart: without a line the
 * fit is the one of largest likelihood. NaN in y is a missing number: a target's line is that of
 * the rows that have it, the covariance the one of largest likelihood; a number known by bounds
 * counts as its mean given these and the others of its row, by which lines and covariance are found
 * in turn; of more than two in a row the others count as missing for the covariance. False on
 * failure; to be released by tril_ctx_release of the weight. */
bool tril_linear_fit_rows(tril_ctx *ctx, tril_batch rows, tril_bounds bounds, const size_t *index,
                          size_t inputs, size_t d, bool flat, tril_linear_fit *out);

#endif
