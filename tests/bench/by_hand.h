/* Limits with derivatives written by hand: no tape, no generality, nothing that another network or
 * another loss could use. Compiled for this processor, with all liberties of floating point. */
#ifndef TESTS_BENCH_BY_HAND_H
#define TESTS_BENCH_BY_HAND_H

#include <stddef.h>

#include <tril/real.h>

/* A training step of the network 8-64-64-9, tanh, with a 3-D full head, and Adam. Parameters are
 * laid out as a tril_mlp's. */
enum {
    STEP_INPUTS = 8,
    STEP_HIDDEN = 64,
    STEP_TARGETS = 3,
    STEP_OUTPUTS = 9,
    STEP_PARAMS = STEP_HIDDEN * (STEP_INPUTS + 1) + STEP_HIDDEN * (STEP_HIDDEN + 1) +
                  STEP_OUTPUTS * (STEP_HIDDEN + 1)
};

typedef struct step_by_hand step_by_hand;

/* x [rows, 8] and y [rows, 3] are not copied, start is; NULL where memory or threads run out. */
step_by_hand *step_by_hand_new(size_t rows, size_t threads, double lr, const tril_real *x,
                               const tril_real *y, const tril_real *start);
void step_by_hand_free(step_by_hand *step);

/* One step; the mean NLL and its gradient before it. */
double step_by_hand_run(step_by_hand *step);
const tril_real *step_by_hand_grads(const step_by_hand *step);

/* A trial of two categories: two 2-D normals, whose densities a linear layer turns into logits;
 * cross-entropy; the natural step for the normals, SGD with momentum for the weights. */
typedef struct trial_by_hand {
    tril_real loc[2][2], factor[2][2][2], weight[2][2];
    tril_real momentum[2][2], remembered[2][2]; /* of weights; of loc and factor of each normal */
} trial_by_hand;

enum { TRIAL_POINTS = 64 };
#define TRIAL_LR 0.1
#define TRIAL_MOMENTUM 0.3
#define TRIAL_LR_LOC 0.002
#define TRIAL_LR_FACTOR 0.01
#define TRIAL_KL_CLIP 0.001

void trial_by_hand_run(trial_by_hand *trial, const tril_real x[2], size_t category);

/* Log-densities of normals, a factor for each row, and their gradients; d is 2, 3 or 8, and there
 * are at least 64 rows. */
void mvn_by_hand(size_t d, size_t rows, const tril_real *loc, const tril_real *factor,
                 const tril_real *y, tril_real *log_prob, tril_real *dloc, tril_real *dfactor);

#endif
