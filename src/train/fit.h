/* Inside of a fit: its options, and what its shards compute. */
#ifndef TRIL_TRAIN_FIT_H
#define TRIL_TRAIN_FIT_H

#include <tril/fit.h>

#include "core/arena.h"
#include "train/group.h"

/* Fills in the defaults and looks through options and rows; false after failing the context. */
bool tril_fit_check(tril_ctx *ctx, const tril_network *net, const tril_batch *rows,
                    tril_fit_opts *o);

/* The width of a network's inputs. */
size_t tril_network_inputs(const tril_network *net);

/* Fails the context, naming the first number of x [n, width] that is infinite or, unless some may
 * be missing, NaN. */
bool tril_batch_check(tril_ctx *ctx, const char *which, const tril_real *x, size_t n, size_t width,
                      bool missing);

/* Fails the context where bounds of numbers that y [n, targets] lacks are not in order, or more
 * than the head takes in a row; unless numbers may be missing, where such a number has none. */
bool tril_bounds_check(tril_ctx *ctx, const char *which, const tril_head_opts *head,
                       const tril_real *y, size_t n, size_t targets, tril_bounds bounds,
                       bool missing);

static inline tril_bounds tril_bounds_or_none(const tril_bounds *b)
{
    return b ? *b : (tril_bounds){ 0 };
}

/* From row `first` on. */
static inline tril_bounds tril_bounds_from(tril_bounds b, size_t first, size_t targets)
{
    return b.low ? (tril_bounds){ b.low + first * targets, b.high + first * targets } : b;
}

/* Both bounds of rows, [n, targets], a number that is there being both; {0} where there are none.
 * False on failure. */
bool tril_bounds_vars(tril_tape *tape, const tril_real *y, size_t n, size_t targets,
                      tril_bounds bounds, tril_var *low, tril_var *high);

/* Fails the context where the weights of rows are no numbers of at least 0, or all 0. */
bool tril_weights_check(tril_ctx *ctx, const char *which, tril_batch rows);

/* One pass over some rows, in shards: the mean NLL, or the mean of what is minimised. */
typedef struct tril_pass {
    const tril_network *net;
    const tril_fit_opts *opts;
    tril_batch rows;
    tril_bounds bounds;
    const size_t *index; /* of those that it passes over; NULL: all, as they stand */
    bool training;
    bool noisy; /* with the noise of the options, from this stream; the rows have an index */
    tril_random noise;
    const size_t *pool; /* training rows, whose differences are the noise of the inputs */
    size_t n_pool;
    double *below; /* the sum of the weights up to each of them; NULL where rows count alike */
    double total, mean_weight; /* the sum of the pool's weights; of the rows it passes over */
    const double *slope; /* of the line [targets, inputs], where it sees that noise; or NULL */
    double *nll;         /* training: the sum over the rows of each shard is left here */
} tril_pass;

enum { TRIL_FIT_ARRAYS = 12 }; /* of the state, but for the optimizer's */

/* What a run that goes on must know, beside the blocks. */
typedef struct tril_progress {
    uint64_t epoch, batch;          /* over; batches of the epoch under way */
    uint64_t best_epoch, reduced;   /* how often a plateau has reduced the rate */
    uint64_t since;                 /* the epoch of the last reduction */
    double sum;                     /* of the NLL over the epoch's rows so far */
    double train, validation, best; /* NLL at the end of the last epoch, and the best */
} tril_progress;

struct tril_fit {
    tril_ctx *ctx;
    tril_arena arena;
    tril_network net;
    tril_params *params;
    tril_group group;
    tril_ctx *home; /* of the store, in which it has this serial number */
    uint64_t serial;
    tril_fit_opts opts;
    tril_optim *optim;
    tril_shards *shards;
    tril_pass training, validation;
    double log_scale;       /* what the network's own coordinates take from an NLL */
    size_t n, batches;      /* training rows, and into how many batches they go */
    size_t *sorted, *order; /* training rows, and in the order of the epoch number ordered - 1 */
    uint64_t ordered;
    tril_progress progress;
    tril_real *best, *average; /* of parameters, where they may be needed */
    tril_array arrays[TRIL_FIT_ARRAYS + TRIL_OPTIM_ARRAYS];
    size_t n_arrays;
    double seconds; /* that the epoch's steps took, and how many rows these had */
    size_t timed;
};

static inline bool tril_fit_has_validation(const tril_fit *fit)
{
    return fit->validation.rows.n > 0;
}

/* Memory, and which rows are whose; the start of the network; the optimizer. */
bool tril_fit_prepare(tril_fit *fit, tril_batch rows);

/* The standard deviation of noise on inputs, for inputs of size 1. */
double tril_pass_noise(const tril_pass *pass);

/* A tril_shard_loss; user: the pass. */
tril_var tril_pass_loss(tril_tape *tape, size_t first, size_t n, void *user);

/* Zero gradients for all that is not the mean: what the last layer gives beside it, and a shared
 * covariance. The weights for the former are zero at the start and remain so; so nothing flows back
 * through them either. */
void tril_fit_mean_alone(const tril_network *net);

#endif
