/* Draws from a model. */
#ifndef CMD_DRAWS_H
#define CMD_DRAWS_H

#include "cmd/load.h"

/* Draws of n rows from number `first` on, of one member of the model each, in the units of the
 * targets: out [draws, n, targets]. False on failure. */
bool draws_make(const loaded *l, tril_tape *tape, size_t first, size_t n, size_t draws,
                double *out);

#endif
