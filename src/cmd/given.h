/* Targets that are known already. */
#ifndef CMD_GIVEN_H
#define CMD_GIVEN_H

#include "cmd/load.h"

/* Which targets are among the names, [targets], to be freed: NULL after a sentence, where a name is
 * no target or they are all, or without memory. */
bool *given_of(const tril_model_info *about, const char *program, const names *given);

/* Whether the table has numbers, not bounds of these, of known targets [targets]; false with a
 * failed context, or without memory. */
bool given_are_numbers(const loaded *l, const bool *known);

/* Writes the targets of all rows of the table: the numbers that are there, and for others their
 * mean given these, or, with a sentence, their median where that is infinite. False with a failed
 * context, or without memory. */
bool given_impute(FILE *to, const loaded *l, const char *program);

#endif
