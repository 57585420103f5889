/* What distributions share. Kinds are global, named tril_dist_kind_NAME: the tests find every one
 * by that name. */
#ifndef TRIL_DIST_DIST_H
#define TRIL_DIST_DIST_H

#include <tril/extend.h>
#include <tril/ops.h>

/* Fails with "METHOD(KIND): ..."; returns the inert var. */
__attribute__((format(printf, 4, 5))) tril_var
tril_dist_fail(const tril_dist *p, const char *method, tril_status status, const char *format, ...);

extern const tril_dist_kind tril_dist_kind_normal, tril_dist_kind_mvn_diag;

/* Whether a parameter of that name has finite numbers, which must be positive if so said. Where it
 * has not the context fails with "WHAT: NAME is VALUE at [INDEX]", unless it does not validate. */
bool tril_dist_valid(const char *what, const char *name, tril_var x, bool positive);

/* The entropy of a normal of d dimensions from sum log L_ii. */
tril_var tril_mvn_entropy_of(tril_var log_det, size_t d);

/* x [..., event] stretched to [batch, event], for a method of that name. */
tril_var tril_dist_stretch(const tril_dist *p, const char *method, tril_var x, size_t event_rank);

#endif
