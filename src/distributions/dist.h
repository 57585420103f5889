/* What distributions share. Kinds are global, named tril_dist_kind_NAME: the tests find every one
 * by that name. */
#ifndef TRIL_DISTRIBUTIONS_DIST_H
#define TRIL_DISTRIBUTIONS_DIST_H

#include <tril/extend.h>
#include <tril/ops.h>

/* Fails with "METHOD(KIND): ..."; returns the inert var. */
__attribute__((format(printf, 4, 5))) tril_var
tril_dist_fail(const tril_dist *p, const char *method, tril_status status, const char *format, ...);

extern const tril_dist_kind tril_dist_kind_normal, tril_dist_kind_mvn_diag, tril_dist_kind_mixture,
    tril_dist_kind_mvt;

/* How many batch axes are part of the event of an independent distribution, 0 for other kinds; and
 * p with n axes of its event back in the batch, inert where it is not made so. */
size_t tril_independent_axes(const tril_dist *p);
tril_dist tril_independent_base(const tril_dist *p, size_t n);

/* A of the covariance A A' of vectors; the batch may be stretched. A covariance in tril_real may be
 * none by rounding; A A' in double is one. */
tril_var tril_dist_factor(tril_dist p);

/* The distributions of the numbers of a vector, [batch, event], with an event of rank 0. */
tril_dist tril_dist_marginals(tril_dist p);

/* Whether p is a mixture; then its components and the logits of their weights. */
bool tril_mixture_parts(const tril_dist *p, tril_var *logits, tril_dist *components);

/* Whether a parameter of that name has finite numbers, which must be positive if so said. Where it
 * has not the context fails with "WHAT: NAME is VALUE at [INDEX]", unless it does not validate. */
bool tril_dist_valid(const char *what, const char *name, tril_var x, bool positive);

/* The entropy of a normal of d dimensions from sum log L_ii. */
tril_var tril_mvn_entropy_of(tril_var log_det, size_t d);

/* Whether a batch of matrices over the event fits in rank 4, as the result of a method of that
 * name. */
bool tril_dist_has_room(const tril_dist *p, const char *method, tril_shape batch);

/* x [..., event] stretched to [batch, event], for a method of that name. */
tril_var tril_dist_stretch(const tril_dist *p, const char *method, tril_var x, size_t event_rank);

#endif
