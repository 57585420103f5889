/* Tensors into a file. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/sentence.h"
#include "data/tensors.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers in files are little-endian");

/* What comes in front of the numbers: the header's length, and the header, filled up with blanks.
 */
typedef struct front {
    char *bytes;
    size_t size;
} front;

static json_t *shape_of(tril_shape shape)
{
    json_t *sizes = json_array();
    for (size_t i = 0; i < shape.rank; i++)
        if (json_array_append_new(sizes, json_integer((json_int_t)shape.dim[i])))
            return json_decref(sizes), NULL;
    return sizes;
}

/* Adds what is said of the tensors whose numbers take so many bytes, the first of them at byte
 * `begin`. */
static bool add_tensors(const tril_tensors *tensors, json_t *header, size_t width, size_t *begin)
{
    for (size_t i = 0; i < tensors->count; i++) {
        const tensor_entry *entry = &tensors->entries[i];
        const tril_tensor *about = &entry->about;
        if (tril_dtype_size(about->dtype) != width)
            continue;
        json_t *said = json_pack("{s:s, s:o, s:[I, I]}", "dtype", tril_dtype_name(about->dtype),
                                 "shape", shape_of(about->shape), "data_offsets",
                                 (json_int_t)*begin, (json_int_t)(*begin + entry->size));
        *begin += entry->size;
        if (json_object_set_new(header, about->name, said))
            return false;
    }
    return true;
}

static json_t *header_of(const tril_tensors *tensors)
{
    json_t *header = json_object(), *notes = json_object();
    size_t begin = 0;
    bool done = header && notes;
    for (size_t i = 0; i < tensors->note_count && done; i++)
        done = json_object_set_new(notes, tensors->notes[i].name,
                                   json_string(tensors->notes[i].text)) == 0;
    done = done && json_object_set_new(notes, TRIL_CRC_NOTE, json_string("00000000")) == 0 &&
           json_object_set(header, "__metadata__", notes) == 0;
    /* wide numbers first: then all are aligned, as some readers want it */
    done =
        done && add_tensors(tensors, header, 8, &begin) && add_tensors(tensors, header, 4, &begin);
    json_decref(notes);
    if (!done)
        json_decref(header);
    return done ? header : NULL;
}

static front front_of(const tril_tensors *tensors)
{
    front f = { 0 };
    json_t *header = header_of(tensors);
    size_t length = header ? json_dumpb(header, NULL, 0, JSON_COMPACT) : 0;
    uint64_t padded = (length + 7) / 8 * 8;
    if (length)
        f.bytes = tril_ctx_alloc(tensors->ctx, "tensors", sizeof padded + padded, 1);
    if (f.bytes) {
        f.size = sizeof padded + padded;
        memset(f.bytes, ' ', f.size);
        memcpy(f.bytes, &padded, sizeof padded);
        length = json_dumpb(header, f.bytes + sizeof padded, length, JSON_COMPACT);
    }
    if (!length)
        tril_ctx_fail(tensors->ctx, TRIL_OUT_OF_MEMORY, "tensors: out of memory for the header");
    json_decref(header);
    return f;
}

/* The temporary file, and the checksum of what has gone into it. */
typedef struct output {
    FILE *file;
    uint32_t crc;
} output;

static bool put(output *o, const void *bytes, size_t n)
{
    o->crc = tril_crc32(o->crc, bytes, n);
    return fwrite(bytes, 1, n, o->file) == n;
}

static bool put_numbers(const tril_tensors *tensors, output *o)
{
    for (size_t width = 8; width >= 4; width /= 2)
        for (size_t i = 0; i < tensors->count; i++) {
            const tensor_entry *entry = &tensors->entries[i];
            if (tril_dtype_size(entry->about.dtype) == width && !put(o, entry->bytes, entry->size))
                return false;
        }
    return true;
}

/* false with errno set */
static bool put_all(const tril_tensors *tensors, const front *f, output *o)
{
    const char *digits = tril_crc_digits(f->bytes, f->size);
    return put(o, f->bytes, f->size) && put_numbers(tensors, o) &&
           fseeko(o->file, digits - f->bytes, SEEK_SET) == 0 &&
           fprintf(o->file, "%08x", (unsigned)o->crc) == TRIL_CRC_DIGITS && fflush(o->file) == 0 &&
           fsync(fileno(o->file)) == 0;
}

/* The temporary file, empty, and locked for as long as it is open: another writer of the same is
 * waited for, and takes what it has written with it, by renaming. One that was killed has left a
 * file without a lock. NULL with errno set. */
static FILE *open_alone(const char *path)
{
    struct stat own, there;
    for (;;) {
        /* no link to elsewhere, and no pipe without a reader */
        int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0666);
        if (fd < 0)
            return NULL;
        while (flock(fd, LOCK_EX) && errno == EINTR)
            ; /* where the file system has no locks it goes without */
        if (fstat(fd, &own) == 0 && stat(path, &there) == 0 && own.st_ino == there.st_ino &&
            own.st_dev == there.st_dev) {
            FILE *file = ftruncate(fd, 0) == 0 ? fdopen(fd, "wb") : NULL;
            return file ? file : (close(fd), NULL);
        }
        close(fd);
    }
}

static bool replace(const tril_tensors *tensors, const front *f, const char *path,
                    const char *temporary)
{
    output o = { .file = open_alone(temporary) };
    bool done = o.file && put_all(tensors, f, &o) && rename(temporary, path) == 0;
    if (!done)
        tril_fail_errno(tensors->ctx, path, "written", errno);
    if (!done && o.file)
        remove(temporary);
    if (o.file)
        fclose(o.file); /* after the renaming: the lock ends here */
    return done;
}

bool tril_tensors_write(const tril_tensors *tensors, const char *path)
{
    struct stat about;
    if (!tensors || tril_ctx_failed(tensors->ctx))
        return false;
    if (!path)
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_ARGUMENT, "tensors: no path was given");
    /* a device must not give way to a file */
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_FILE,
                             "%s: cannot be written: this is no regular file", path);
    size_t length = strlen(path);
    char *temporary = tril_ctx_alloc(tensors->ctx, "tensors", length + sizeof ".tmp", 1);
    front f = { 0 };
    if (temporary) {
        memcpy(temporary, path, length);
        memcpy(temporary + length, ".tmp", sizeof ".tmp");
        f = front_of(tensors);
    }
    bool done = !tril_ctx_failed(tensors->ctx) && replace(tensors, &f, path, temporary);
    tril_ctx_release(tensors->ctx, f.bytes);
    tril_ctx_release(tensors->ctx, temporary);
    return done;
}
