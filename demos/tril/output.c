/* Files that take the place of others. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names.h"

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The temporary file, empty, and locked for as long as it is open; NULL while another process
 * writes it. What that one has renamed meanwhile must not be emptied. */
static FILE *open_alone(const char *path)
{
    struct stat own, there;
    const int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (fd < 0)
        return NULL;
    /* where the file system has no locks it goes without */
    const bool alone = (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) &&
                       fstat(fd, &own) == 0 && stat(path, &there) == 0 && is_same(&own, &there) &&
                       ftruncate(fd, 0) == 0;
    FILE *file = alone ? fdopen(fd, "w") : NULL;
    return file ? file : (close(fd), NULL);
}

/* The stream that a path such as /dev/stdout is another name of, whatever file it goes into; 0:
 * none. */
static int stream_of(const struct stat *about)
{
    struct stat stream;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &stream) == 0 && is_same(&stream, about))
            return fd;
    return 0;
}

bool output_is(const char *path, const char *other)
{
    struct stat a, b;
    return strcmp(path, other) == 0 ||
           (stat(path, &a) == 0 && stat(other, &b) == 0 && S_ISREG(a.st_mode) && is_same(&a, &b));
}

bool output_open(output *o, const char *path)
{
    struct stat about;
    *o = (output){ .path = path };
    const bool there = stat(path, &about) == 0;
    const int stream = there ? stream_of(&about) : 0;
    if (stream) {
        o->to = fdopen(dup(stream), "w");
    } else if (there && !S_ISREG(about.st_mode)) {
        o->to = fopen(path, "w");
    } else {
        o->temporary = text_join(path, ".tmp");
        o->to = o->temporary ? open_alone(o->temporary) : NULL;
    }
    return o->to;
}

bool output_keep(output *o)
{
    if (fflush(o->to) || ferror(o->to))
        return false;
    if (o->temporary && rename(o->temporary, o->path))
        return false;
    free(o->temporary);
    o->temporary = NULL;
    return true;
}

bool output_close(output *o)
{
    const bool failed = o->to && ferror(o->to);
    if (o->to && o->temporary)
        remove(o->temporary);
    const bool closed = !o->to || fclose(o->to) == 0;
    free(o->temporary);
    *o = (output){ 0 };
    return closed && !failed;
}
