/* Inside of a fit: its options, and what its shards compute. */
#ifndef TRIL_TRAIN_FIT_H
#define TRIL_TRAIN_FIT_H

#include <tril/fit.h>

enum { TRIL_FIT_SHARD = 256 };

/* Fills in the defaults and looks through options and rows; false after failing the context. */
bool tril_fit_check(tril_ctx *ctx, const tril_network *net, const tril_batch *rows,
                    tril_fit_opts *o);

/* The width of a network's inputs. */
size_t tril_network_inputs(const tril_network *net);

/* Fails the context, naming the first number of x [n, width] that is infinite or, unless some may
 * be missing, NaN. */
bool tril_batch_check(tril_ctx *ctx, const char *which, const tril_real *x, size_t n, size_t width,
                      bool missing);

/* One pass over some rows, in shards: the mean NLL, or the mean of what is minimised. */
typedef struct tril_pass {
    const tril_network *net;
    const tril_fit_opts *opts;
    tril_batch rows;
    const size_t *index; /* of those that it passes over; NULL: all, as they stand */
    bool training;
    bool noisy; /* with the noise of the options, from this stream; the rows have an index */
    tril_random noise;
    const size_t *pool; /* training rows, whose differences are the noise of the inputs */
    size_t n_pool;
    double *nll; /* training: the sum over the rows of each shard is left here */
} tril_pass;

/* A tril_shard_loss; user: the pass. */
tril_var tril_pass_loss(tril_tape *tape, size_t first, size_t n, void *user);

/* Zero gradients for all that is not the mean: what the last layer gives beside it, and a shared
 * covariance. The weights for the former are zero at the start and remain so; so nothing flows back
 * through them either. */
void tril_fit_mean_alone(const tril_network *net);

#endif
