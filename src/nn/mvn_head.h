/* How the head of a full normal reads its row of raw outputs. */
#ifndef TRIL_NN_MVN_HEAD_H
#define TRIL_NN_MVN_HEAD_H

#include <tril/nn.h>

#include "kernels/diag.h"
#include "kernels/mvn.h"

typedef struct tril_mvn_head_layout {
    size_t d;
    const tril_diag_transform *diagonal;
    double floor;
    tril_lower lower;
} tril_mvn_head_layout;

/* The user's options with their defaults filled in; false after failing the context. */
bool tril_mvn_head_layout_of(tril_ctx *ctx, size_t d, const tril_mvn_head_opts *opts,
                             tril_mvn_head_layout *h);

#endif
