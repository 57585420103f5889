/* Trials over the ranks of a run. */
#ifndef CMD_SEARCH_RANKS_H
#define CMD_SEARCH_RANKS_H

#include <tril/tril.h>

/* tril_trials_run over all ranks, each with so many threads, which all call it with the same
 * trials: each rank gets the next one when it has a thread for it, and all of them get what it
 * got. `after` is called by this thread. */
bool search_ranks_run(tril_ctx *ctx, tril_trial *trial, size_t n, const tril_trials_opts *opts);

#endif
