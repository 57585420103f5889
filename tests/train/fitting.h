/* A small network and rows for it to learn: what the tests of tril_fit share. */
#ifndef TESTS_TRAIN_FITTING_H
#define TESTS_TRAIN_FITTING_H

#include "support.h"

enum { INPUTS = 2, MOST_TARGETS = 3 };

typedef struct fitting {
    tril_ctx *ctx;
    tril_real *x, *y;
    size_t rows;
    tril_params *params;
    tril_network net;
    tril_fit *fit; /* NULL where it was refused */
} fitting;

/* Rows whose mean and covariance depend on the inputs, the same for everybody; a network with
 * `hidden` units in two layers (0: none) drawn from the context's stream. A shared covariance is
 * made here. */
fitting fitting_new(tril_ctx *ctx, size_t rows, size_t targets, size_t hidden,
                    const tril_head_opts *head);

/* The same with a fit. */
fitting fitting_begin(tril_ctx *ctx, size_t rows, size_t targets, const tril_head_opts *head,
                      const tril_fit_opts *opts);
void fitting_free(fitting *f);

/* A number of the last layer's bias. */
tril_real *fitting_bias(const fitting *f, size_t i);

#endif
