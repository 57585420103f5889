/* One run of the command on several processes. libtril_mpi is loaded where a launcher has started
 * several, and only there: linked with MPI the command would take twice as long to start and would
 * not start at all where no MPI is installed. */
#include "cmd/ranks.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tril/mpi.h>

#include "cmd/commands.h"
#include "cmd/signals.h"
#include "cmd/text.h"

#define STRING(x) #x
#define SONAME(major) "libtril_mpi.so." STRING(major)

static struct {
    bool (*begin)(tril_group *group);
    void (*end)(void);
    void (*wait_while)(bool (*go_on)(void));
} mpi;
static tril_group group = { .size = 1 };
/* a rank has failed; this one has, where the others do not know of it; a rank does not answer */
static enum { WELL, OVER, BROKEN, GONE } state;
static bool timed_out;
static const char *kept[2]; /* paths */
static FILE *said;          /* what this one, not the first, would have said, */
static int terminal;        /* and where */

size_t ranks_count(void)
{
    return group.size;
}

size_t ranks_own(void)
{
    return group.rank;
}

bool ranks_first(void)
{
    return group.rank == 0;
}

size_t ranks_lines(void)
{
    return group.size > 1 && ranks_first() ? 5 : 0;
}

/* ---- beginning and end */

/* beside the command, as it is built and as it is installed, or where the system has it */
static void *load(void)
{
    static const char *const places[] = { "$ORIGIN/" SONAME(TRIL_VERSION_MAJOR),
                                          "$ORIGIN/../lib/" SONAME(TRIL_VERSION_MAJOR),
                                          SONAME(TRIL_VERSION_MAJOR) };
    void *library = NULL;
    for (size_t i = 0; i < sizeof places / sizeof *places && !library; i++)
        library = dlopen(places[i], RTLD_NOW | RTLD_GLOBAL);
    return library;
}

bool ranks_possible(void)
{
    return load();
}

/* What Open MPI's, MPICH's and Slurm's launchers tell what they start: of the last no size. */
static const char *const told[][2] = { { "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK" },
                                       { "PMI_SIZE", "PMI_RANK" },
                                       { "PMIX_RANK", "PMIX_RANK" } };

static bool started_with_others(size_t *rank)
{
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const char *size = getenv(told[i][0]), *own = getenv(told[i][1]);
        *rank = own ? strtoul(own, NULL, 10) : 0;
        if (size)
            return i == 2 || strtoul(size, NULL, 10) > 1;
    }
    return false;
}

/* After a signal the other ranks have a moment to answer: where one has died, the launcher sends
 * one to the rest. The others wait longer for the first, which tells them that it has given up. */
static bool go_on(void)
{
    static double since;
    const double moment = ranks_first() ? 0.3 : 0.6; /* a second later it is killed */
    struct timespec t;
    if (!signals_came())
        return true;
    clock_gettime(CLOCK_MONOTONIC, &t);
    const double now = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    since = since > 0 ? since : now;
    timed_out = now - since >= moment;
    return !timed_out;
}

/* a function of the library: POSIX has pointers to both be alike */
static bool find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    return address;
}

/* what it prints goes nowhere, what it says of failures is kept */
static bool be_silent(void)
{
    said = tmpfile();
    terminal = dup(STDERR_FILENO);
    return said && terminal >= 0 && freopen("/dev/null", "w", stdout) &&
           dup2(fileno(said), STDERR_FILENO) >= 0;
}

bool ranks_begin(void)
{
    size_t rank;
    if (!started_with_others(&rank))
        return true;
    void *library = load();
    if (!library)
        return rank == 0 && fprintf(stderr,
                                    "%s: mpirun has started several processes, but libtril_mpi, "
                                    "which `make mpi` builds, cannot be loaded: %s\n",
                                    command_name(), dlerror()) < 0;
    if (!find(library, "tril_mpi_begin", &mpi.begin) || !find(library, "tril_mpi_end", &mpi.end) ||
        !find(library, "tril_mpi_wait_while", &mpi.wait_while) || !mpi.begin(&group))
        return fprintf(stderr, "%s: MPI does not start\n", command_name()), false;
    mpi.wait_while(go_on);
    return ranks_first() || be_silent() ||
           (fprintf(stderr, "%s: rank %zu has no temporary file\n", command_name(), group.rank),
            false);
}

/* for the first, who has nothing to say or is gone */
static void speak(void)
{
    char text[4096];
    rewind(said);
    const size_t n = fread(text, 1, sizeof text, said);
    if (n && write(terminal, text, n) < 0)
        return;
}

void ranks_keep(const char *search, const char *checkpoint)
{
    kept[0] = search;
    kept[1] = checkpoint;
}

int ranks_end(int status)
{
    if (group.size == 1)
        return status;
    const bool well = ranks_agree(status == 0);
    if (state < BROKEN)
        mpi.end(); /* else the launcher ends who is left */
    return well || status ? status : STATUS_FAILED;
}

/* ---- what all call */

/* by one rank of those that are there */
static void say_gone(void)
{
    const char *from = NULL;
    for (int i = 0; i < 2; i++)
        from = kept[i] && access(kept[i], F_OK) == 0 ? kept[i] : from;
    fprintf(stderr, "%s: a process of this run is gone%s%s\n", command_name(),
            from ? "; the same line with --resume goes on from " : "",
            from ? text_shown(from) : "");
    if (group.rank == 1)
        speak();
}

static bool lose(void)
{
    static const size_t nobody = SIZE_MAX; /* which is no rank */
    if (state == GONE)
        return false;
    state = GONE;
    if (ranks_first() || (group.rank == 1 && timed_out))
        say_gone();
    for (size_t to = 1; to < group.size && ranks_first(); to++)
        group.send(group.user, to, &nobody, sizeof nobody);
    return false;
}

static bool send(size_t to, const void *bytes, size_t n)
{
    return group.send(group.user, to, bytes, n) || lose();
}

static bool receive(size_t from, void *bytes, size_t n)
{
    return group.receive(group.user, from, bytes, n) || lose();
}

static bool tell(size_t rank, void *bytes, size_t n)
{
    if (rank && group.rank == rank && !send(0, bytes, n))
        return false;
    if (rank && ranks_first() && !receive(rank, bytes, n))
        return false;
    for (size_t to = 1; to < group.size && ranks_first(); to++)
        if (!send(to, bytes, n))
            return false;
    return ranks_first() || receive(0, bytes, n);
}

bool ranks_agree(bool done)
{
    if (group.size == 1)
        return done;
    if (state != WELL)
        return false;
    size_t failed = done ? group.size : 0;
    for (size_t rank = 1; rank < group.size && ranks_first(); rank++) {
        bool other;
        if (!receive(rank, &other, sizeof other))
            return false;
        failed = other || failed < rank ? failed : rank;
    }
    if ((!ranks_first() && !send(0, &done, sizeof done)) || !tell(0, &failed, sizeof failed))
        return false;
    if (failed == group.size)
        return true;
    state = failed < group.size ? OVER : GONE;
    if (failed == group.rank && said)
        speak();
    return false;
}

bool ranks_share(size_t rank, void *bytes, size_t n)
{
    return ranks_agree(true) && (group.size == 1 || tell(rank, bytes, n));
}

bool ranks_follow(bool *first_says)
{
    return ranks_share(0, first_says, sizeof *first_says);
}

bool ranks_any(bool *one_says)
{
    if (!ranks_agree(true))
        return false;
    for (size_t rank = 1; rank < group.size && ranks_first(); rank++) {
        bool other;
        if (!receive(rank, &other, sizeof other))
            return false;
        *one_says |= other;
    }
    return group.size == 1 || ((ranks_first() || send(0, one_says, sizeof *one_says)) &&
                               tell(0, one_says, sizeof *one_says));
}

bool ranks_gather(void *items, size_t n, size_t size, const size_t *owner)
{
    char *item = items, *other = ranks_first() ? command_alloc(n, size) : NULL;
    bool done = ranks_agree(other || !ranks_first());
    for (size_t rank = 1; rank < group.size && ranks_first() && done; rank++) {
        done = receive(rank, other, n * size);
        for (size_t k = 0; k < n && done; k++)
            if (owner[k] == rank)
                memcpy(item + k * size, other + k * size, size);
    }
    free(other);
    return done && (group.size == 1 ||
                    ((ranks_first() || send(0, items, n * size)) && tell(0, items, n * size)));
}

bool ranks_find(const char *path, bool *there)
{
    *there = ranks_first() && access(path, F_OK) == 0;
    return ranks_follow(there);
}

/* ---- tensors, as the bytes of a file */

static char *bytes_of(const tril_tensors *tensors, size_t *n)
{
    char *bytes = NULL;
    FILE *to = open_memstream(&bytes, n);
    const bool done = to && tril_tensors_write_stream(tensors, to, NULL);
    if (to && (fclose(to) != 0 || !done))
        *n = 0;
    return bytes;
}

static tril_tensors *tensors_of(tril_ctx *ctx, char *bytes, size_t n, const char *name)
{
    FILE *from = bytes && n ? fmemopen(bytes, n, "rb") : NULL;
    tril_tensors *tensors = from ? tril_tensors_read_stream(ctx, from, name) : NULL;
    if (from)
        fclose(from);
    return tensors;
}

tril_tensors *ranks_read(tril_ctx *ctx, const char *path)
{
    if (group.size == 1)
        return tril_tensors_read(ctx, path);
    tril_tensors *read = ranks_first() ? tril_tensors_read(ctx, path) : NULL;
    size_t n = 0;
    char *bytes = read ? bytes_of(read, &n) : NULL;
    if (ranks_first() && !n)
        return tril_tensors_free(read), free(bytes), NULL;
    bool done = ranks_share(0, &n, sizeof n);
    if (done && !ranks_first())
        done = (bytes = command_alloc(n, 1));
    done = done && ranks_share(0, bytes, n);
    if (done && !ranks_first())
        read = tensors_of(ctx, bytes, n, path);
    free(bytes);
    return done ? read : (tril_tensors_free(read), NULL);
}

static bool collect_from(tril_ctx *ctx, size_t rank, tril_tensors **tensors)
{
    size_t n;
    if (!receive(rank, &n, sizeof n))
        return false;
    char *bytes = command_alloc(n, 1);
    if (!bytes)
        state = BROKEN;
    if (!bytes || !receive(rank, bytes, n))
        return free(bytes), false;
    tril_tensors_free(*tensors);
    *tensors = tensors_of(ctx, bytes, n, "rank");
    free(bytes);
    if (!*tensors)
        state = BROKEN;
    return *tensors;
}

bool ranks_collect(tril_ctx *ctx, const tril_tensors *own, tril_tensors **others)
{
    size_t n = 0;
    char *bytes = group.size > 1 && !ranks_first() ? bytes_of(own, &n) : NULL;
    bool done = group.size == 1 || ((ranks_first() || n) && ranks_agree(true));
    for (size_t rank = 1; rank < group.size && ranks_first() && done; rank++)
        done = collect_from(ctx, rank, &others[rank]);
    if (done && bytes)
        done = send(0, &n, sizeof n) && send(0, bytes, n);
    free(bytes);
    return done;
}
