/* Tensors from a file: nothing that stands in it is believed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "io/message.h"
#include "io/tensors.h"

enum { LONGEST_HEADER = 100000000 }; /* as the format's own reader has it */

/* The reading of one file. */
typedef struct reader {
    tril_tensors *tensors;
    FILE *file;
    uint64_t length; /* of the header */
    size_t size;     /* of the numbers, in bytes */
    char *header;
} reader;

__attribute__((format(printf, 2, 3))) static bool fail(const reader *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tril_ctx_vfail(r->tensors->ctx, TRIL_BAD_DATA, r->tensors->source, format, args);
    va_end(args);
    return false;
}

static bool read_bytes(const reader *r, void *out, size_t n)
{
    if (fread(out, 1, n, r->file) == n)
        return true;
    return ferror(r->file) ? tril_fail_errno(r->tensors->ctx, r->tensors->source, "read", errno)
                           : fail(r, "the file has become shorter while it was read");
}

/* the three parts of the file, into memory; no more is asked for than the file has bytes */
static bool read_parts(reader *r)
{
    tril_ctx *ctx = r->tensors->ctx;
    off_t end = fseeko(r->file, 0, SEEK_END) == 0 ? ftello(r->file) : -1;
    if (end < 0 || fseeko(r->file, 0, SEEK_SET) != 0)
        return tril_fail_errno(ctx, r->tensors->source, "read", errno);
    if (end < (off_t)sizeof r->length)
        return fail(r, "the file has %lld bytes: this is no file of tensors", (long long)end);
    if (!read_bytes(r, &r->length, sizeof r->length))
        return false;
    tril_tensors_turn(&r->length, 1, sizeof r->length);
    uint64_t rest = (uint64_t)end - sizeof r->length;
    if (r->length > LONGEST_HEADER || r->length > rest)
        return fail(
            r, "a header of %llu bytes is too long: this is no file of tensors, or a part of one",
            (unsigned long long)r->length);
    r->size = rest - r->length;
    r->header = tril_ctx_alloc(ctx, "tensors", r->length, 1);
    r->tensors->data = r->header ? tril_ctx_alloc(ctx, "tensors", r->size, 1) : NULL;
    return r->tensors->data && read_bytes(r, r->header, r->length) &&
           read_bytes(r, r->tensors->data, r->size);
}

/* a file without a checksum, of other hands, is taken as it is */
static bool check_crc(const reader *r)
{
    char *digits = tril_crc_digits(r->header, r->length);
    char said[TRIL_CRC_DIGITS + 1] = "", own[TRIL_CRC_DIGITS + 1], room[TRIL_SHOWN_ROOM];
    if (!digits)
        return true;
    memcpy(said, digits, TRIL_CRC_DIGITS);
    memset(digits, '0', TRIL_CRC_DIGITS);
    uint64_t length = r->length;
    tril_tensors_turn(&length, 1, sizeof length);
    uint32_t crc = tril_crc32(0, &length, sizeof length);
    crc = tril_crc32(tril_crc32(crc, r->header, r->length), r->tensors->data, r->size);
    snprintf(own, sizeof own, "%08x", (unsigned)crc);
    return strcmp(said, own) == 0 ||
           fail(r, "the file was altered: its CRC-32 is %s, and was %s when it was written", own,
                tril_shown(room, said));
}

static bool read_notes(const reader *r, json_t *notes)
{
    const char *name;
    json_t *text;
    char room[TRIL_SHOWN_ROOM];
    if (!json_is_object(notes))
        return fail(r, "__metadata__ is no object");
    json_object_foreach(notes, name, text)
    {
        if (!json_is_string(text))
            return fail(r, "__metadata__: %s is no text", tril_shown(room, name));
        if (strcmp(name, TRIL_CRC_NOTE) != 0 &&
            !tril_tensors_add_metadata(r->tensors, name, json_string_value(text)))
            return false;
    }
    return true;
}

static bool read_shape(const json_t *sizes, tril_shape *shape)
{
    shape->rank = json_array_size(sizes);
    bool fits = shape->rank <= TRIL_MAX_RANK;
    for (size_t i = 0; i < shape->rank && fits; i++) {
        const json_t *size = json_array_get(sizes, i);
        fits = json_is_integer(size) && json_integer_value(size) >= 0;
        shape->dim[i] = (size_t)json_integer_value(size);
    }
    return fits;
}

static bool read_dtype(const char *name, tril_dtype *dtype)
{
    for (*dtype = 0; tril_dtype_name(*dtype); ++*dtype)
        if (strcmp(tril_dtype_name(*dtype), name) == 0)
            return true;
    return false;
}

static bool read_tensor(const reader *r, const char *name, json_t *said)
{
    const char *type;
    json_t *sizes;
    json_int_t begin, end;
    tril_shape shape = { 0 };
    tril_dtype dtype;
    char room[TRIL_SHOWN_ROOM], type_room[TRIL_SHOWN_ROOM];
    tril_shown(room, name);
    if (json_unpack(said, "{s:s, s:o, s:[I, I!]}", "dtype", &type, "shape", &sizes, "data_offsets",
                    &begin, &end) ||
        !json_is_array(sizes))
        return fail(r, "tensor %s lacks its dtype, shape, or data_offsets", room);
    if (!read_dtype(type, &dtype))
        return fail(r, "tensor %s is %s, which is none of F32, F64, I64 and U64", room,
                    tril_shown(type_room, type));
    if (!read_shape(sizes, &shape))
        return fail(r, "tensor %s has a shape that is not up to %d sizes", room, TRIL_MAX_RANK);
    if (begin < 0 || begin > end || (uint64_t)end > r->size)
        return fail(r, "tensor %s takes bytes %lld to %lld, but there are %zu", room,
                    (long long)begin, (long long)end, r->size);
    size_t n = tril_shape_size(shape), size = (size_t)(end - begin);
    if (n > r->size || n * tril_dtype_size(dtype) != size)
        return fail(r, "tensor %s has %zu bytes, which are no %s of %s", room, size, type,
                    tril_shape_text(shape).text);
    return tril_tensors_add(r->tensors, name, dtype, shape, r->tensors->data + begin);
}

static int compare(const void *a, const void *b)
{
    const tensor_entry *x = a, *y = b;
    const char *x_end = x->bytes + x->size, *y_end = y->bytes + y->size;
    int order = (x->bytes > y->bytes) - (x->bytes < y->bytes);
    return order ? order : (x_end > y_end) - (x_end < y_end);
}

/* each tensor begins where another one ends */
static bool check_bytes(const reader *r)
{
    tril_tensors *tensors = r->tensors;
    char room[TRIL_SHOWN_ROOM];
    size_t n = tensors->count, end = 0;
    tensor_entry *sorted = tril_ctx_alloc(tensors->ctx, "tensors", n, sizeof *sorted);
    if (!sorted)
        return false;
    if (n)
        memcpy(sorted, tensors->entries, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    for (size_t i = 0; i < n && !tril_ctx_failed(tensors->ctx); i++) {
        size_t begin = (size_t)(sorted[i].bytes - tensors->data);
        if (begin != end)
            fail(r, "tensor %s begins at byte %zu, where %zu are taken",
                 tril_shown(room, sorted[i].about.name), begin, end);
        end = begin + sorted[i].size;
    }
    if (end != r->size)
        fail(r, "tensors take %zu bytes, but there are %zu", end, r->size);
    tril_ctx_release(tensors->ctx, sorted);
    return !tril_ctx_failed(tensors->ctx);
}

static bool read_header(const reader *r, json_t *header)
{
    const char *name;
    json_t *said;
    if (!json_is_object(header))
        return fail(r, "the header is no JSON object");
    json_object_foreach(header, name, said)
    {
        const bool notes = strcmp(name, "__metadata__") == 0;
        if (!(notes ? read_notes(r, said) : read_tensor(r, name, said)))
            return false;
    }
    return check_bytes(r);
}

static bool read_file(reader *r)
{
    tril_json json;
    json_error_t error;
    char room[TRIL_SHOWN_ROOM];
    if (!read_parts(r) ||
        !tril_json_begin(&json, r->tensors->ctx, r->tensors->source, r->header, r->length))
        return false;
    json_t *header = json_loadb(r->header, r->length, JSON_REJECT_DUPLICATES, &error);
    bool done =
        header ? read_header(r, header) && check_crc(r)
               : fail(r, "byte %d of the header: %s", error.position, tril_shown(room, error.text));
    json_decref(header);
    tril_json_end(&json);
    return done;
}

tril_tensors *tril_tensors_read(tril_ctx *ctx, const char *path)
{
    if (!path)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "tensors: no path was given"), NULL;
    reader r = { .tensors = tril_tensors_new(ctx) };
    if (!r.tensors)
        return NULL;
    size_t length = strlen(path) + 1;
    char *source = tril_arena_take(&r.tensors->arena, "tensors", length, 1);
    bool done = false;
    if (source) {
        r.tensors->source = memcpy(source, path, length);
        r.file = fopen(path, "rb");
        done = r.file ? read_file(&r) : tril_fail_errno(ctx, path, "opened", errno);
    }
    if (r.file)
        fclose(r.file);
    tril_ctx_release(ctx, r.header);
    if (done)
        return r.tensors;
    tril_tensors_free(r.tensors);
    return NULL;
}
