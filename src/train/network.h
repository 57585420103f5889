/* Inside of a network: the line under it. */
#ifndef TRIL_TRAIN_NETWORK_H
#define TRIL_TRAIN_NETWORK_H

#include <tril/fit.h>

/* tril_network_new, with a line or without. */
tril_network tril_network_make(tril_params *params, size_t targets, const tril_mlp_opts *mlp,
                               const tril_head_opts *head, bool line);

/* Sets the last layer of a network without a line to the mean and covariance of the targets of rows
 * index[0 .. n-1] (NULL: the first n), those of largest likelihood where some are missing. */
bool tril_flat_start(const tril_network *net, tril_batch rows, tril_bounds bounds,
                     const size_t *index);

/* Sets the line of a network that has one to the simple fit of rows index[0 .. n-1] (NULL: the
 * first n), and the head to the covariance of its residuals; flat: to the mean of the targets. */
bool tril_line_start(const tril_network *net, tril_batch rows, tril_bounds bounds,
                     const size_t *index, bool flat);

/* Writes the targets of all rows in the network's own coordinates: R^-1 (y - B x - b), or
 * y - B x - b where `missing`: numbers of these may be NaN. memory [targets], to [n, targets]. */
void tril_line_subtract(const tril_network *net, tril_batch rows, bool missing, double *memory,
                        tril_real *to);

/* The slope of the line in coordinates in which what it leaves has size 1, R^-1 B, or in those of
 * the targets: to [targets, inputs]. */
void tril_line_slope(const tril_network *net, bool own, double *to);

/* log det R. */
double tril_line_log_scale(const tril_network *net);

/* What the line says of some inputs, B x + b; {0} without a line. */
tril_var tril_network_shift(const tril_network *net, tril_var x);

/* The distribution of R y' + shift, y' that of rows of raw outputs; shift [n, targets], or {0}. */
tril_dist tril_network_dist_of(const tril_network *net, tril_var raw, tril_var shift);

#endif
