/* Tensors from a file: nothing that stands in it is believed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "io/message.h"
#include "io/tensors.h"

enum { LONGEST_HEADER = 100000000, CHUNK = 1 << 16 }; /* the first as the format's own reader */

/* The reading of one file. */
typedef struct reader {
    tril_tensors *tensors;
    FILE *file;
    char *header;
    size_t length; /* of the header */
    uint64_t end;  /* of the last tensor's numbers, as the header says */
    size_t size;   /* of the numbers, in bytes: at most one more than that */
} reader;

__attribute__((format(printf, 2, 3))) static bool fail(const reader *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tril_ctx_vfail(r->tensors->ctx, TRIL_BAD_DATA, r->tensors->source, format, args);
    va_end(args);
    return false;
}

/* Up to `most` bytes, in a block that grows with what is there; to be released, NULL on failure. */
static char *read_bytes(const reader *r, uint64_t most, size_t *n)
{
    tril_ctx *ctx = r->tensors->ctx;
    char *bytes = NULL;
    *n = 0;
    for (size_t room = CHUNK, got = 0;; room *= 2) {
        room = room < most ? room : (size_t)most;
        char *larger = tril_ctx_resize(ctx, "tensors", bytes, room, 1);
        bytes = larger ? larger : bytes;
        if (!larger ||
            !tril_stream_read(ctx, r->file, r->tensors->source, bytes + *n, room - *n, &got))
            return tril_ctx_release(ctx, bytes), NULL;
        *n += got;
        if (*n < room || room == most)
            return bytes;
    }
}

static bool read_front(reader *r)
{
    uint64_t length;
    size_t n;
    if (!tril_stream_read(r->tensors->ctx, r->file, r->tensors->source, &length, sizeof length, &n))
        return false;
    if (n < sizeof length)
        return fail(r, "the file has %zu bytes: this is no file of tensors", n);
    tril_tensors_turn(&length, 1, sizeof length);
    r->header = length <= LONGEST_HEADER ? read_bytes(r, length, &r->length) : NULL;
    return r->length == length ||
           fail(r,
                "a header of %llu bytes is too long: this is no file of tensors, or a part of one",
                (unsigned long long)length);
}

/* how many bytes of numbers the header speaks of: a stream that goes on for ever is left there */
static bool find_end(reader *r, json_t *header)
{
    const char *name;
    json_t *said;
    json_object_foreach(header, name, said)
    {
        const json_t *offsets = json_object_get(said, "data_offsets");
        const json_int_t end = json_integer_value(json_array_get(offsets, 1));
        r->end = end > 0 && (uint64_t)end > r->end ? (uint64_t)end : r->end;
    }
    return true;
}

static bool read_numbers(reader *r)
{
    r->tensors->data = read_bytes(r, r->end + 1, &r->size);
    return r->tensors->data;
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
    if (begin < 0 || begin > end)
        return fail(r, "tensor %s takes bytes %lld to %lld, which cannot be", room,
                    (long long)begin, (long long)end);
    if ((uint64_t)end > r->size)
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
        fail(r, "tensors take %zu bytes, but there are more", end);
    tril_ctx_release(tensors->ctx, sorted);
    return !tril_ctx_failed(tensors->ctx);
}

static bool read_header(reader *r, json_t *header)
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

/* the stream is not read meanwhile: its callbacks may have a use for Jansson of their own */
static bool with_header(reader *r, bool (*use)(reader *, json_t *))
{
    tril_json json;
    json_error_t error;
    char room[TRIL_SHOWN_ROOM];
    if (!tril_json_begin(&json, r->tensors->ctx, r->tensors->source, r->header, r->length))
        return false;
    json_t *header = json_loadb(r->header, r->length, JSON_REJECT_DUPLICATES, &error);
    bool done =
        header ? use(r, header)
               : fail(r, "byte %d of the header: %s", error.position, tril_shown(room, error.text));
    json_decref(header);
    tril_json_end(&json);
    return done;
}

tril_tensors *tril_tensors_read_stream(tril_ctx *ctx, FILE *file, const char *name)
{
    reader r = { .tensors = tril_tensors_new(ctx), .file = file };
    if (!r.tensors)
        return NULL;
    const size_t size = name ? strlen(name) + 1 : 0;
    char *source = size ? tril_arena_take(&r.tensors->arena, "tensors", size, 1) : NULL;
    if (source)
        r.tensors->source = memcpy(source, name, size);
    const bool done = read_front(&r) && with_header(&r, find_end) && read_numbers(&r) &&
                      with_header(&r, read_header) && check_crc(&r);
    tril_ctx_release(ctx, r.header);
    if (done)
        return r.tensors;
    tril_tensors_free(r.tensors);
    return NULL;
}

tril_tensors *tril_tensors_read(tril_ctx *ctx, const char *path)
{
    if (tril_ctx_failed(ctx))
        return NULL;
    if (!path)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "tensors: no path was given"), NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return tril_fail_errno(ctx, path, "opened", errno), NULL;
    tril_tensors *tensors = tril_tensors_read_stream(ctx, file, path);
    fclose(file);
    return tensors;
}
