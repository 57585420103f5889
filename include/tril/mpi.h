/* Steps over the processes that mpirun starts: a library of its own, libtril_mpi, made where there
 * is an MPI. */
#ifndef TRIL_MPI_H
#define TRIL_MPI_H

#include <tril/shards.h>

TRIL_API_BEGIN

/* Starts MPI, if the program has not, and gives the group of all processes: of one where mpirun has
 * not started it. Only the thread that calls this may use the group. False where MPI does not
 * start.
 */
bool tril_mpi_begin(tril_group *group);

/* Has a message that waits for the other process ask again and again whether it shall: at false it
 * fails, as if that process were gone, and the group is of no use any more. NULL, as at first: it
 * waits for ever. A process that is told to end because another one died can end in time so. */
void tril_mpi_wait_while(bool (*go_on)(void));

/* Ends MPI, if tril_mpi_begin started it. Call it only in a process that succeeded: one that failed
 * exits without it, and mpirun ends the others. */
void tril_mpi_end(void);

TRIL_API_END
#endif
