/* What --transform says, and the targets of a model with their transforms. */
#ifndef CMD_TRANSFORMS_H
#define CMD_TRANSFORMS_H

#include <tril/tril.h>

/* Of each of n targets the transform that a text says, "Y=log,Z=logit(0,1)" or "log" for all, or
 * NULL; text may be NULL. They are to be freed, and last as long as *own, which is too. False after
 * a sentence.
 */
bool transforms_read(const char *program, const char *text, const char *const *targets, size_t n,
                     const char ***transforms, char **own);

/* Whether a text that may be NULL ends in a log. */
bool transform_may_be_log(const char *text);

/* The transform of a target of a model, "" where it has none; and "log(y)", a text like those of
 * text_shown. */
const char *transform_of(const tril_model_info *about, size_t j);
const char *transform_shown(const tril_model_info *about, size_t j);

/* Says of which targets means are missing among mean [n, targets], which are NaN, and why. */
void transforms_warn(const char *program, const tril_model_info *about, const double *mean,
                     size_t n, const char *instead);

#endif
