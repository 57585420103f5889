/* The normal of a head's form that fits a mean and a covariance. */
#ifndef TRIL_NN_HEAD_FIT_H
#define TRIL_NN_HEAD_FIT_H

#include "nn/head.h"

/* How many doubles of memory a fit takes. */
size_t tril_head_fit_doubles(const tril_head_layout *h);

/* Writes the block of raw outputs of the normal with the largest likelihood: mean [d], covariance
 * [d, d] with floor^2 on its diagonal. False, after failing the context, where a column is constant
 * or, for a form that has correlations, depends on others. Student's t gets the L of the full
 * normal and ten degrees of freedom. */
bool tril_head_fit(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                   const double *covariance, double *memory, double *raw);

/* tril_head_init for targets of this mean [d] and covariance [d, d]. */
bool tril_head_start_moments(tril_dense *last, const double *mean, const double *covariance,
                             size_t d, const tril_head_opts *opts);

#endif
