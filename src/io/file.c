/* Replacing a whole file. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <tril/file.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/message.h"

struct tril_file {
    tril_ctx *ctx;
    FILE *to;
    _Atomic(char *) *slot;          /* in the list for signal handlers; NULL: none */
    char path[TRIL_PATH_SIZE];      /* in sentences */
    char temporary[TRIL_PATH_SIZE]; /* "": nothing is left to be renamed */
};

/* ---- for signal handlers: who takes a path out of the list owns it */

enum { SLOTS = 16 }; /* files beyond these are left behind by a signal */

static _Atomic(char *) under_way[SLOTS];

static void list_temporary(tril_file *file)
{
    for (size_t i = 0; i < SLOTS && !file->slot; i++) {
        char *none = NULL;
        if (atomic_compare_exchange_strong(&under_way[i], &none, file->temporary))
            file->slot = &under_way[i];
    }
}

/* false where a signal handler has it: the program is about to end */
static bool unlist_temporary(tril_file *file)
{
    char *own = file->temporary;
    const bool owned = !file->slot || atomic_compare_exchange_strong(file->slot, &own, NULL);
    file->slot = NULL;
    return owned;
}

void tril_file_remove_temporaries(void)
{
    for (size_t i = 0; i < SLOTS; i++) {
        char *temporary = atomic_exchange(&under_way[i], NULL);
        if (temporary)
            unlink(temporary);
    }
}

/* ---- what a path is */

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool refuse(tril_ctx *ctx, const char *path, const char *reason)
{
    return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "%s: cannot be written: %s", *path ? path : "''",
                         reason);
}

/* the stream that a path, /dev/stdout for one, is another name of, whatever it goes into; 0: none
 */
static int stream_of(const struct stat *about)
{
    struct stat stream;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &stream) == 0 && is_same(&stream, about))
            return fd;
    return 0;
}

static bool add_ending(tril_ctx *ctx, const char *path, const char *target,
                       char temporary[TRIL_PATH_SIZE])
{
    const int length = snprintf(temporary, TRIL_PATH_SIZE, "%s.tmp", target);
    return (length > 0 && length < TRIL_PATH_SIZE) ||
           tril_fail_errno(ctx, path, "written", ENAMETOOLONG);
}

/* of a path where there is no file yet */
static bool temporary_of_new(tril_ctx *ctx, const char *path, char temporary[TRIL_PATH_SIZE])
{
    struct stat link;
    const size_t length = strlen(path);
    if (length == 0)
        return refuse(ctx, path, "this is no name of a file");
    if (path[length - 1] == '/')
        return refuse(ctx, path, "this is the name of a folder");
    if (errno == ENOENT && lstat(path, &link) == 0)
        return refuse(ctx, path, "this is a link to a file that is not there");
    return errno == ENOENT ? add_ending(ctx, path, path, temporary)
                           : tril_fail_errno(ctx, path, "written", errno);
}

bool tril_file_temporary(tril_ctx *ctx, const char *path, char temporary[TRIL_PATH_SIZE])
{
    struct stat about;
    *temporary = 0;
    if (tril_ctx_failed(ctx))
        return false;
    if (!path)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "file: no path was given");
    if (stat(path, &about))
        return temporary_of_new(ctx, path, temporary);
    if (S_ISDIR(about.st_mode))
        return refuse(ctx, path, "this is a folder");
    if (stream_of(&about))
        return true;
    if (!S_ISREG(about.st_mode) && !S_ISFIFO(about.st_mode) && !S_ISCHR(about.st_mode))
        return refuse(ctx, path, "this is no regular file");
    if (access(path, W_OK))
        return tril_fail_errno(ctx, path, "written", errno);
    if (!S_ISREG(about.st_mode))
        return true;
    char *target = realpath(path, NULL);
    const bool done = target ? add_ending(ctx, path, target, temporary)
                             : tril_fail_errno(ctx, path, "written", errno);
    free(target);
    return done;
}

/* ---- opening */

/* One attempt; -1, without an error, while another process has the file. */
static int open_alone(tril_file *file)
{
    struct stat own, there;
    const bool old = lstat(file->temporary, &there) == 0;
    if (old && (!S_ISREG(there.st_mode) || there.st_nlink > 1))
        return tril_ctx_fail(file->ctx, TRIL_BAD_FILE,
                             "%s: cannot be written: %s is in the way: remove it", file->path,
                             file->temporary),
               -1;
    /* what has come there since may be no link to elsewhere, and no pipe without a reader */
    const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    const int fd = open(file->temporary, flags, 0666);
    if (fd < 0)
        return tril_fail_errno(file->ctx, file->path, "written", errno), -1;
    /* where the file system has no locks it goes without; what another process has put in place
     * meanwhile must not be emptied */
    if ((flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && fstat(fd, &own) == 0 &&
        lstat(file->temporary, &there) == 0 && is_same(&own, &there) && S_ISREG(own.st_mode))
        return fd;
    close(fd);
    return -1;
}

/* with all signals blocked but while it waits, so that none is missed */
static int open_temporary(tril_file *file, const sigset_t *signals)
{
    enum { MILLISECONDS = 10, SECONDS = 5 };
    const struct timespec pause = { .tv_nsec = MILLISECONDS * 1000000 };
    int fd = open_alone(file);
    for (int i = 0; fd < 0 && !tril_ctx_failed(file->ctx); i++) {
        if (i == SECONDS * 1000 / MILLISECONDS || pselect(0, NULL, NULL, NULL, &pause, signals))
            return tril_ctx_fail(file->ctx, TRIL_BAD_FILE,
                                 "%s: cannot be written: another process is writing it, as %s",
                                 file->path, file->temporary),
                   -1;
        fd = open_alone(file);
    }
    if (fd >= 0)
        list_temporary(file);
    return fd;
}

static int open_blocked(tril_file *file)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int fd = open_temporary(file, &before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fd;
}

static int open_directly(tril_file *file)
{
    struct stat about = { 0 };
    const int stream = stat(file->path, &about) == 0 ? stream_of(&about) : 0;
    /* a pipe without a reader is an error instead of a wait */
    const int fd = stream ? fcntl(stream, F_DUPFD_CLOEXEC, 0)
                          : open(file->path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENXIO && S_ISFIFO(about.st_mode))
        tril_ctx_fail(file->ctx, TRIL_BAD_FILE, "%s: cannot be written: no program reads this pipe",
                      file->path);
    else if (fd < 0)
        tril_fail_errno(file->ctx, file->path, "written", errno);
    else if (!stream)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

static bool open_file(tril_file *file)
{
    struct stat replaced;
    const bool whole = *file->temporary;
    const int fd = whole ? open_blocked(file) : open_directly(file);
    if (fd < 0)
        return *file->temporary = 0, false; /* it is not ours to remove */
    if (whole && stat(file->path, &replaced) == 0)
        fchmod(fd, replaced.st_mode & 0777);
    file->to = !whole || ftruncate(fd, 0) == 0 ? fdopen(fd, "w") : NULL;
    if (file->to)
        return true;
    tril_fail_errno(file->ctx, file->path, "written", errno);
    close(fd);
    return false;
}

tril_file *tril_file_new(tril_ctx *ctx, const char *path)
{
    char temporary[TRIL_PATH_SIZE];
    tril_file *file = tril_file_temporary(ctx, path, temporary)
                          ? tril_ctx_alloc(ctx, "file", 1, sizeof *file)
                          : NULL;
    if (!file)
        return NULL;
    *file = (tril_file){ .ctx = ctx };
    snprintf(file->path, sizeof file->path, "%s", path);
    strcpy(file->temporary, temporary);
    if (open_file(file))
        return file;
    tril_file_free(file);
    return NULL;
}

FILE *tril_file_stream(tril_file *file)
{
    return file ? file->to : NULL;
}

/* ---- the end */

/* what cannot be synchronised, a pipe for one, needs not be */
static bool sync_to_disk(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL;
}

static bool sync_folder(const char *path)
{
    char folder[TRIL_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return true; /* who may write to it need not be allowed to read it */
    const bool done = sync_to_disk(fd);
    close(fd);
    return done;
}

static bool put_in_place(tril_file *file)
{
    char target[TRIL_PATH_SIZE];
    const size_t length = strlen(file->temporary) - strlen(".tmp");
    memcpy(target, file->temporary, length);
    target[length] = 0;
    unlist_temporary(file); /* once renamed its name may be another process's */
    if (rename(file->temporary, target))
        return false;
    *file->temporary = 0;
    return sync_folder(target);
}

bool tril_file_keep(tril_file *file)
{
    if (!file || tril_ctx_failed(file->ctx))
        return false;
    errno = 0;
    if (fflush(file->to) == 0 && ferror(file->to) && errno == 0)
        return tril_ctx_fail(file->ctx, TRIL_BAD_FILE,
                             "%s: cannot be written: part of it is lost, as on a full disk",
                             file->path);
    if (!ferror(file->to) && sync_to_disk(fileno(file->to)) &&
        (!*file->temporary || put_in_place(file)))
        return true;
    return tril_fail_errno(file->ctx, file->path, "written", errno);
}

void tril_file_free(tril_file *file)
{
    if (!file || !unlist_temporary(file))
        return;
    if (*file->temporary)
        unlink(file->temporary);
    if (file->to)
        fclose(file->to); /* the lock ends here, after the renaming or removing */
    tril_ctx_release(file->ctx, file);
}
