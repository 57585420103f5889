/* What distributions share. Kinds are global, named tril_dist_kind_NAME: the tests find every one
 * by that name. */
#ifndef TRIL_DIST_DIST_H
#define TRIL_DIST_DIST_H

#include <tril/extend.h>
#include <tril/ops.h>

/* Fails with "METHOD(KIND): ..."; returns the inert var. */
__attribute__((format(printf, 4, 5))) tril_var
tril_dist_fail(const tril_dist *p, const char *method, tril_status status, const char *format, ...);

/* x [..., event] stretched to [batch, event]. */
tril_var tril_dist_expand(tril_var x, tril_shape batch, size_t event_rank);

#endif
