/* Two ways to learn a normal for each category: trial by trial, from errors of classification, and
 * by maximum likelihood. */
#ifndef DEMOS_LEARNER_H
#define DEMOS_LEARNER_H

#include "classes.h"

/* How the trial by trial learner has fared. */
typedef struct outcome {
    bool failed;       /* a call failed, a number is not finite, or a covariance not valid */
    char message[512]; /* the sentence of the call that failed */
    double accuracy;
    double smallest, largest; /* eigenvalue of any covariance */
    moments normals[CLASSES_MAX];
} outcome;

/* A row activates each category by its density, exp(log_prob); a linear layer without bias, its
 * weights zero at the start, turns activations into logits; the loss is their cross-entropy. Five
 * epochs of single trials in an order by the seed. Weights: SGD, rate 0.1, momentum 0.3. Means and
 * covariances: the natural step, rates 0.002 and `rate`. */
void learner_run(const classes *set, const moments *start, double rate, uint64_t seed,
                 outcome *out);

/* Densities by themselves: NLL in nats per row, each row by its own category's normal; the share of
 * rows that the normal of their category finds most likely; the mean divergence from the normals in
 * closed form. */
typedef struct fit {
    double nll, accuracy, kl;
    moments normals[CLASSES_MAX];
} fit;

/* Judges the given normals after some steps (0: as they are) of maximum likelihood: the natural
 * step at rate 1 on all rows at once. False, after a sentence on standard error, on failure. */
bool learner_fit(const classes *set, const moments *start, size_t steps, fit *out);

#endif
