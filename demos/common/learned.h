/* What a network has learned, in the data's units: the distribution at a few settings of its
 * inputs. */
#ifndef DEMOS_LEARNED_H
#define DEMOS_LEARNED_H

#include "dataset.h"

enum { LEARNED_MOST = 3 };

typedef struct learned {
    double input[DATASET_MAX_COLUMNS];
    double mean[DATASET_MAX_COLUMNS];
    double covariance[DATASET_MAX_COLUMNS][DATASET_MAX_COLUMNS];
} learned;

/* How many settings a set is shown at: one where its input is held fixed. */
size_t learned_count(const dataset *set);

/* Scaled inputs to show the distribution at, [learned_count, input_width]: each input at a low, the
 * middle and a high quantile of the training rows. False when memory ran out. */
bool learned_inputs(const dataset *set, tril_real *x);

/* What a network predicts at them. False on failure, which the context
 * explains. */
bool learned_read(learned *out, const dataset *set, const tril_real *x, const tril_network *net);

/* Mean, standard deviations and correlations of one setting. */
void learned_print(const learned *l, const dataset *set);

#endif
