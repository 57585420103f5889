/* Members of a model over the ranks of a run: each trains those that it has begun, and between two
 * slices of time all of them know how far every one is. */
#ifndef CMD_TRAIN_RANKS_H
#define CMD_TRAIN_RANKS_H

#include "cmd/train.h"

/* Those that nobody has begun, in their order, to ranks with a thread that has none; those that
 * were under way in a checkpoint in any case. */
void training_deal(training *t);

/* The states of all members, to all ranks. False, with a failed context, where one has failed. */
bool training_meet(training *t);

/* What the first rank needs for a checkpoint and a model, from the others. */
bool training_collect(training *t);

#endif
