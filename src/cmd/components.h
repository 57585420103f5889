/* Distributions of rows by their parameters, as CSV. */
#ifndef CMD_COMPONENTS_H
#define CMD_COMPONENTS_H

#include "cmd/load.h"

/* A header, and a line for each component of each row. False with a failed context, or without
 * memory. */
bool components_print(FILE *to, const loaded *l);

#endif
