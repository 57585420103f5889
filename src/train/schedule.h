/* Learning rates over time. */
#ifndef TRIL_TRAIN_SCHEDULE_H
#define TRIL_TRAIN_SCHEDULE_H

#include <tril/fit.h>

/* Fills in the defaults; false, after failing the context, where a number is out of its range. */
bool tril_schedule_check(tril_ctx *ctx, tril_schedule *s);

/* What multiplies the rate in the step that begins after `done` epochs of `epochs` and takes `step`
 * of one; reduced: how often a plateau has reduced it. */
double tril_schedule_at(const tril_schedule *s, double done, double step, double epochs,
                        double reduced);

#endif
