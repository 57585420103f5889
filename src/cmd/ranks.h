/* The processes that mpirun has started for one run of the command, its ranks. All of them read the
 * same command line and the same tables, and do the same work but where it is shared. The first
 * alone prints and writes files. Without mpirun there is one, and nothing here does anything. */
#ifndef CMD_RANKS_H
#define CMD_RANKS_H

#include <tril/tril.h>

/* Whether there is a libtril_mpi to be loaded. */
bool ranks_possible(void);

/* Starts MPI where mpirun, or another launcher, has started this as one of several. False after a
 * sentence. */
bool ranks_begin(void);

/* Paths, which may be NULL: where one is there, the last of them, it is what a run goes on from
 * whose rank is gone, and the sentence says so. */
void ranks_keep(const char *search, const char *checkpoint);

/* The exit status of the run. A failure is said by the first rank or, if that one has not failed,
 * by the lowest that has. */
int ranks_end(int status);

size_t ranks_count(void), ranks_own(void);
bool ranks_first(void);

/* Lines about progress in a pipe: the launcher's is one, and the first rank alone writes there. */
size_t ranks_lines(void);

/* ---- What all ranks call in the same order, each with a status of its own. One that has failed
 * calls any of them, and all are false from there on; a rank that is gone is a failure of all. */

/* Whether all ranks are well. */
bool ranks_agree(bool done);

/* What one rank has, to all. */
bool ranks_share(size_t rank, void *bytes, size_t n);

/* What the first rank says; *said is true where any rank says so. */
bool ranks_follow(bool *said);
bool ranks_any(bool *said);

/* n items of a size, of which every rank has those that it owns, to all. */
bool ranks_gather(void *items, size_t n, size_t size, const size_t *owner);

/* A file as the first rank reads it, NULL on failure; and whether it is there. */
tril_tensors *ranks_read(tril_ctx *ctx, const char *path);
bool ranks_find(const char *path, bool *there);

/* Tensors of each rank but the first to the first, where others[rank] gets them. It is [ranks],
 * NULL in the others. */
bool ranks_collect(tril_ctx *ctx, const tril_tensors *own, tril_tensors **others);

#endif
