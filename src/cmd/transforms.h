/* What --transform says, and the targets of a model with their transforms. */
#ifndef CMD_TRANSFORMS_H
#define CMD_TRANSFORMS_H

#include <tril/tril.h>

/* Of each of n targets the transform that a text says, "Y=log,Z=logit(0,1)" or "log" for all, NULL
 * where it says none; text may be NULL. One block, to be freed; NULL after a sentence. */
const char **transforms_read(const char *program, const char *text, const char *const *targets,
                             size_t n);

/* Whether some of them may be log. */
bool transforms_have_log(const char *const *transforms, size_t n);

/* The transform of a target of a model, "" where it has none; and "log(y)", a text like those of
 * text_shown. */
const char *transform_of(const tril_model_info *about, size_t j);
const char *transform_shown(const tril_model_info *about, size_t j);

/* Says of which targets means are missing among mean [n, targets], which are NaN, and why. */
void transforms_warn(const char *program, const tril_model_info *about, const double *mean,
                     size_t n, const char *instead);

#endif
