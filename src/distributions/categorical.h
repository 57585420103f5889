/* What a categorical distribution, its divergence and mixtures share: a row of k logits or
 * probabilities, seen as normalised weights, in double. */
#ifndef TRIL_DISTRIBUTIONS_CATEGORICAL_H
#define TRIL_DISTRIBUTIONS_CATEGORICAL_H

#include <math.h>

#include "distributions/dist.h"

typedef struct tril_classes {
    size_t k;
    bool probs;         /* given by probabilities, not by logits */
    const tril_real *x; /* the row as it was given */
    double sum;         /* of its probabilities */
    double *log_weight; /* k; -infinity where a weight is zero; behind them the sum */
} tril_classes;

extern const tril_dist_kind tril_dist_kind_categorical;

/* Of a categorical distribution: how many classes it has, and what it is given by. */
size_t tril_categorical_size(const tril_dist *p);
bool tril_categorical_by_probs(const tril_dist *p);

/* How many doubles a row takes whose numbers are those of the node's first input; a row that has
 * this memory; and one that holds x, which may be what the memory knows from the last time. */
size_t tril_classes_doubles(const tril_node *node);
tril_classes tril_classes_at(double *memory, size_t k, bool probs);
void tril_classes_load(tril_classes *row, const tril_real *x, bool moved);

static inline double tril_classes_weight(const tril_classes *row, size_t j)
{
    return row->probs ? (double)row->x[j] / row->sum : exp(row->log_weight[j]);
}

/* With s_j = df/dw_j less the mean of these under w, the gradient of any f(w) in what the row is
 * given by is s_j times this. */
static inline double tril_classes_slope(const tril_classes *row, size_t j)
{
    return row->probs ? 1 / row->sum : exp(row->log_weight[j]);
}

/* Sum p_j (log p_j - log q_j) of two categorical distributions whose batches broadcast. */
tril_var tril_categorical_kl(const tril_dist *p, const tril_dist *q);

#endif
