/* Tensors into a file. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <tril/file.h>

#include "io/message.h"
#include "io/tensors.h"

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
        tril_tensors_turn(f.bytes, 1, sizeof padded);
        length = json_dumpb(header, f.bytes + sizeof padded, length, JSON_COMPACT);
    }
    if (!length)
        tril_ctx_fail(tensors->ctx, TRIL_OUT_OF_MEMORY, "tensors: out of memory for the header");
    json_decref(header);
    return f;
}

/* ---- the file: its checksum first, then its bytes */

static bool put(FILE *file, uint32_t *crc, const void *bytes, size_t n)
{
    if (file)
        return fwrite(bytes, 1, n, file) == n;
    *crc = tril_crc32(*crc, bytes, n);
    return true;
}

/* to the file or, where it is NULL, into the checksum; false with errno set */
static bool put_all(const tril_tensors *tensors, const front *f, FILE *file, uint32_t *crc)
{
    if (!put(file, crc, f->bytes, f->size))
        return false;
    for (size_t width = 8; width >= 4; width /= 2)
        for (size_t i = 0; i < tensors->count; i++) {
            const tensor_entry *entry = &tensors->entries[i];
            if (tril_dtype_size(entry->about.dtype) == width &&
                !put(file, crc, entry->bytes, entry->size))
                return false;
        }
    return true;
}

static void put_crc(const tril_tensors *tensors, const front *f)
{
    char digits[TRIL_CRC_DIGITS + 1];
    uint32_t crc = 0;
    put_all(tensors, f, NULL, &crc);
    snprintf(digits, sizeof digits, "%08x", (unsigned)crc);
    memcpy(tril_crc_digits(f->bytes, f->size), digits, TRIL_CRC_DIGITS);
}

bool tril_tensors_write_stream(const tril_tensors *tensors, FILE *file, const char *name)
{
    if (!tensors || tril_ctx_failed(tensors->ctx))
        return false;
    name = name ? name : "tensors";
    if (!file)
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_ARGUMENT, "%s: no stream was given", name);
    const front f = front_of(tensors);
    if (!tril_ctx_failed(tensors->ctx)) {
        put_crc(tensors, &f);
        errno = 0; /* callbacks need not say why */
        if (!put_all(tensors, &f, file, NULL) || fflush(file) || ferror(file))
            tril_fail_errno(tensors->ctx, name, "written", errno ? errno : EIO);
    }
    tril_ctx_release(tensors->ctx, f.bytes);
    return !tril_ctx_failed(tensors->ctx);
}

bool tril_tensors_write(const tril_tensors *tensors, const char *path)
{
    tril_file *file = tensors ? tril_file_new(tensors->ctx, path) : NULL;
    const bool done = file && tril_tensors_write_stream(tensors, tril_file_stream(file), path) &&
                      tril_file_keep(file);
    tril_file_free(file);
    return done;
}
