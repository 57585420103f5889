/* Heads, as training sees them. */
#ifndef TRIL_NN_HEAD_H
#define TRIL_NN_HEAD_H

#include <tril/extend.h>

/* The user's options (NULL: defaults) with their defaults filled in; false after failing the
 * context. */
bool tril_head_layout_of(tril_ctx *ctx, size_t d, const tril_head_opts *opts, tril_head_layout *h);

/* The kind of a head. */
const tril_head_kind *tril_head_kind_of(const tril_head_opts *opts);

/* How many numbers the parameter that all rows share has, 0: there is none. */
size_t tril_head_shared_size(size_t d, const tril_head_opts *opts);

/* Whether the distribution of R y is one of the head's too, and which R. */
bool tril_head_frame(const tril_head_opts *opts, tril_frame *frame);

/* The distribution of R y + shift. */
tril_dist tril_head_transformed(tril_var raw, size_t d, const tril_head_opts *opts, tril_var r,
                                tril_var shift);

/* Whether raw output i of a row is one of a mean. */
bool tril_head_is_mean(const tril_head_layout *h, size_t i);

/* Raw outputs [width], and behind them the shared parameter, of the distribution that fits this
 * mean [d] and covariance [d, d], floor^2 part of it: zeros where the kind has no init. */
bool tril_head_fit(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                   const double *covariance, double *raw);

/* The head of a mixture's components. */
tril_head_layout tril_head_component(const tril_head_layout *h);

/* tril_head_init for targets of this mean [d] and covariance [d, d]. */
bool tril_head_start_moments(tril_dense *last, const double *mean, const double *covariance,
                             size_t d, const tril_head_opts *opts);

/* Whether targets [n, d] are such as the head takes, but for those that are NaN; false after
 * failing the context with "WHAT: ...", which names the first that is not. */
bool tril_support_check(tril_ctx *ctx, const char *what, const tril_head_opts *opts,
                        const tril_real *y, size_t n, size_t d);

/* tril_head_init for a kind with a support, by rows index[0 .. n-1] (NULL: the first n) with these
 * weights (NULL: 1); NaN is missing. From the kind's init on by Newton's method, each target by
 * itself, where a row has one number or two for each. */
bool tril_head_init_rows(tril_dense *last, const tril_real *y, const tril_real *w,
                         const size_t *index, size_t n, size_t d, const tril_head_opts *opts);

/* log det covariance / 2 of a head's distribution; of others that have an entropy, that of the
 * normal with the same entropy. */
tril_var tril_head_log_scale(const tril_dist *p);

#endif
