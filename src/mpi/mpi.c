/* A group of the processes of MPI_COMM_WORLD, whose messages are apart from those of the program.
 */
#include <tril/mpi.h>

#include <mpi.h>
#include <time.h>

enum { MOST = 1 << 30 }; /* bytes of a message: MPI counts in int */

static bool own;
static MPI_Comm comm = MPI_COMM_NULL;
static bool (*waits)(void);

void tril_mpi_wait_while(bool (*go_on)(void))
{
    waits = go_on;
}

/* It asks for a moment, some tenths of a millisecond, and then between naps: MPI's own wait keeps a
 * processor busy, which may be the one that the other process needs. */
static bool finish(MPI_Request *request, MPI_Status *status)
{
    enum { ASKS = 2000, NAP = 50000 };
    int done = 0;
    for (int asked = 0; MPI_Test(request, &done, status) == MPI_SUCCESS && !done;)
        if (asked < ASKS)
            asked++;
        else if (!waits || waits())
            nanosleep(&(struct timespec){ .tv_nsec = NAP }, NULL);
        else
            return false;
    return done;
}

static bool send(void *user, size_t to, const void *bytes, size_t n)
{
    const char *at = bytes;
    (void)user;
    for (size_t part; n; at += part, n -= part) {
        part = n < MOST ? n : MOST;
        MPI_Request request;
        if (MPI_Isend(at, (int)part, MPI_BYTE, (int)to, 0, comm, &request) != MPI_SUCCESS ||
            !finish(&request, MPI_STATUS_IGNORE))
            return false;
    }
    return true;
}

static bool receive(void *user, size_t from, void *bytes, size_t n)
{
    char *at = bytes;
    (void)user;
    for (size_t part; n; at += part, n -= part) {
        part = n < MOST ? n : MOST;
        MPI_Request request;
        MPI_Status status;
        int count;
        if (MPI_Irecv(at, (int)part, MPI_BYTE, (int)from, 0, comm, &request) != MPI_SUCCESS ||
            !finish(&request, &status) || MPI_Get_count(&status, MPI_BYTE, &count) != MPI_SUCCESS ||
            count != (int)part)
            return false;
    }
    return true;
}

bool tril_mpi_begin(tril_group *group)
{
    int there = 0, level, rank, size;
    if (MPI_Initialized(&there) != MPI_SUCCESS ||
        (!there && MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS))
        return false;
    own = own || !there;
    if (comm == MPI_COMM_NULL && (MPI_Comm_dup(MPI_COMM_WORLD, &comm) != MPI_SUCCESS ||
                                  MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN) != MPI_SUCCESS))
        return false;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    *group = (tril_group){
        .rank = (size_t)rank, .size = (size_t)size, .send = send, .receive = receive
    };
    return true;
}

void tril_mpi_end(void)
{
    if (comm != MPI_COMM_NULL)
        MPI_Comm_free(&comm);
    if (own)
        MPI_Finalize();
    own = false;
}
