/* What targets are, as in species:class: which heads they have by themselves. */
#ifndef CMD_KINDS_H
#define CMD_KINDS_H

#include "cmd/fit_options.h"

/* Reads the names of the targets and takes :class, :count, :positive or :share off them, which is
 * the same for all. False after a sentence. */
bool kinds_read(plan *p);

/* What --head auto stands for; and whether heads are for the kind of the targets: false after a
 * sentence. */
const char *kinds_auto(const plan *p);
bool kinds_check(const plan *p);

/* A single target of words is one of classes. False after a sentence about what classes lack. */
bool kinds_find(plan *p, tril_table *table);

#endif
