/* Tensors and notes by name. */
#include "io/tensors.h"

#include <math.h>
#include <string.h>

#include "core/shape.h"
#include "io/message.h"

void tril_tensors_turn(void *numbers, size_t n, size_t width)
{
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        return;
    for (unsigned char *p = numbers; n--; p += width)
        for (size_t i = 0; i < width / 2; i++) {
            unsigned char byte = p[i];
            p[i] = p[width - 1 - i];
            p[width - 1 - i] = byte;
        }
}

size_t tril_dtype_size(tril_dtype dtype)
{
    return dtype == TRIL_F32 ? sizeof(float) : sizeof(double);
}

const char *tril_dtype_name(tril_dtype dtype)
{
    static const char *const names[] = { "F32", "F64", "I64", "U64" };
    return (size_t)dtype < sizeof names / sizeof *names ? names[dtype] : NULL;
}

tril_tensors *tril_tensors_new(tril_ctx *ctx)
{
    tril_tensors *tensors = tril_ctx_alloc(ctx, "tensors", 1, sizeof *tensors);
    if (!tensors)
        return NULL;
    *tensors = (tril_tensors){ .ctx = ctx, .arena = { .ctx = ctx }, .source = "tensors" };
    tensors->names.arena = tensors->note_names.arena = &tensors->arena;
    return tensors;
}

void tril_tensors_free(tril_tensors *tensors)
{
    if (!tensors)
        return;
    tril_ctx_release(tensors->ctx, tensors->entries);
    tril_ctx_release(tensors->ctx, tensors->notes);
    tril_ctx_release(tensors->ctx, tensors->data);
    tril_arena_free(&tensors->arena);
    tril_ctx_release(tensors->ctx, tensors);
}

static char *copy(tril_tensors *tensors, const void *bytes, size_t size)
{
    char *own = tril_arena_take(&tensors->arena, "tensors", size, 1);
    return own && size ? memcpy(own, bytes, size) : own;
}

/* a list with room for one more */
static void *make_room(tril_tensors *tensors, void *list, size_t count, size_t *capacity,
                       size_t size)
{
    if (count < *capacity)
        return list;
    size_t room = *capacity ? 2 * *capacity : 16;
    void *larger = tril_ctx_resize(tensors->ctx, "tensors", list, room, size);
    *capacity = larger ? room : *capacity;
    return larger;
}

bool tril_tensors_add(tril_tensors *tensors, const char *name, tril_dtype dtype, tril_shape shape,
                      const char *bytes)
{
    tensor_entry *entries =
        make_room(tensors, tensors->entries, tensors->count, &tensors->capacity, sizeof *entries);
    if (!entries)
        return false;
    tensors->entries = entries;
    name = tril_names_add(&tensors->names, name, tensors->count);
    if (!name)
        return false;
    size_t size = tril_shape_size(shape) * tril_dtype_size(dtype);
    entries[tensors->count++] = (tensor_entry){ { name, dtype, shape }, size, bytes };
    return true;
}

bool tril_tensors_add_metadata(tril_tensors *tensors, const char *name, const char *text)
{
    note_entry *notes = make_room(tensors, tensors->notes, tensors->note_count,
                                  &tensors->note_capacity, sizeof *notes);
    if (!notes)
        return false;
    tensors->notes = notes;
    text = copy(tensors, text, strlen(text) + 1);
    name = text ? tril_names_add(&tensors->note_names, name, tensors->note_count) : NULL;
    if (!name)
        return false;
    notes[tensors->note_count++] = (note_entry){ name, text };
    return true;
}

bool tril_is_utf8(const char *text)
{
    size_t n = 1;
    for (; *text && n; text += n)
        n = tril_utf8_next(text);
    return n;
}

static bool check_name(tril_tensors *tensors, const tril_names *names, const char *name)
{
    char room[TRIL_SHOWN_ROOM];
    if (!tensors || tril_ctx_failed(tensors->ctx))
        return false;
    if (!name || !*name || strcmp(name, "__metadata__") == 0 || strcmp(name, TRIL_CRC_NOTE) == 0)
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_ARGUMENT,
                             "%s: '%s' cannot be the name of a tensor or note", tensors->source,
                             name ? name : "");
    if (tril_names_find(names, name) != SIZE_MAX)
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_ARGUMENT, "%s: %s is there already",
                             tensors->source, tril_shown(room, name));
    return tril_is_utf8(name) ||
           tril_ctx_fail(tensors->ctx, TRIL_BAD_ARGUMENT, "%s: the name %s is not UTF-8",
                         tensors->source, tril_shown(room, name));
}

bool tril_tensors_put(tril_tensors *tensors, const char *name, tril_dtype dtype, tril_shape shape,
                      const void *values)
{
    if (!check_name(tensors, tensors ? &tensors->names : NULL, name))
        return false;
    size_t n = tril_shape_size(shape), width = tril_dtype_size(dtype);
    if (n > SIZE_MAX / 4 / width)
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_SHAPE, "%s: %s cannot have the shape %s",
                             tensors->source, name, tril_shape_text(shape).text);
    if (!tril_dtype_name(dtype) || (!values && n))
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_ARGUMENT, "%s: %s has no %s", tensors->source,
                             name, values ? "type" : "values");
    char *bytes = copy(tensors, values, n * width);
    if (!bytes)
        return false;
    tril_tensors_turn(bytes, n, width);
    return tril_tensors_add(tensors, name, dtype, shape, bytes);
}

bool tril_tensors_set_metadata(tril_tensors *tensors, const char *name, const char *text)
{
    if (!check_name(tensors, tensors ? &tensors->note_names : NULL, name))
        return false;
    if (!text)
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_ARGUMENT, "%s: the note %s has no text",
                             tensors->source, name);
    if (!tril_is_utf8(text))
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_ARGUMENT,
                             "%s: the text of the note %s is not UTF-8", tensors->source, name);
    return tril_tensors_add_metadata(tensors, name, text);
}

const char *tril_tensors_metadata(const tril_tensors *tensors, const char *name)
{
    size_t k = tensors && name ? tril_names_find(&tensors->note_names, name) : SIZE_MAX;
    return k == SIZE_MAX ? NULL : tensors->notes[k].text;
}

size_t tril_tensors_count(const tril_tensors *tensors)
{
    return tensors ? tensors->count : 0;
}

tril_tensor tril_tensors_at(const tril_tensors *tensors, size_t index)
{
    return index < tril_tensors_count(tensors) ? tensors->entries[index].about : (tril_tensor){ 0 };
}

tril_tensor tril_tensors_find(const tril_tensors *tensors, const char *name)
{
    size_t k = tensors && name ? tril_names_find(&tensors->names, name) : SIZE_MAX;
    return tril_tensors_at(tensors, k);
}

/* a double of a tensor that is to become a float */
static double double_at(const tensor_entry *entry, size_t i)
{
    double x;
    memcpy(&x, entry->bytes + i * sizeof x, sizeof x);
    tril_tensors_turn(&x, 1, sizeof x);
    return x;
}

bool tril_tensors_fit(const tril_tensors *tensors, const char *name, tril_dtype dtype,
                      tril_shape shape)
{
    char room[TRIL_SHOWN_ROOM];
    if (!tensors || tril_ctx_failed(tensors->ctx))
        return false;
    size_t k = name ? tril_names_find(&tensors->names, name) : SIZE_MAX;
    tril_shown(room, name ? name : "");
    if (k == SIZE_MAX)
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_DATA, "%s: there is no tensor %s",
                             tensors->source, room);
    const tensor_entry *entry = &tensors->entries[k];
    const tril_tensor *about = &entry->about;
    if (!tril_shape_equal(about->shape, shape))
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_DATA,
                             "%s: tensor %s has the shape [%s], wanted is [%s]", tensors->source,
                             room, tril_shape_text(about->shape).text, tril_shape_text(shape).text);
    if (about->dtype != dtype && (about->dtype > TRIL_F64 || dtype > TRIL_F64))
        return tril_ctx_fail(tensors->ctx, TRIL_BAD_DATA, "%s: tensor %s is %s, wanted is %s",
                             tensors->source, room, tril_dtype_name(about->dtype),
                             tril_dtype_name(dtype));
    for (size_t i = 0; about->dtype == TRIL_F64 && dtype == TRIL_F32 && i < entry->size / 8; i++)
        if (fabs(double_at(entry, i)) > 0x1.fffffep127 && !isinf(double_at(entry, i)))
            return tril_ctx_fail(tensors->ctx, TRIL_BAD_DATA,
                                 "%s: tensor %s: %g is beyond the range of float", tensors->source,
                                 room, double_at(entry, i));
    return true;
}

bool tril_tensors_get(const tril_tensors *tensors, const char *name, tril_dtype dtype,
                      tril_shape shape, void *values)
{
    if (!tril_tensors_fit(tensors, name, dtype, shape))
        return false;
    const tensor_entry *entry = &tensors->entries[tril_names_find(&tensors->names, name)];
    size_t n = tril_shape_size(shape);
    if (entry->about.dtype == dtype && n) {
        memcpy(values, entry->bytes, entry->size);
        tril_tensors_turn(values, n, tril_dtype_size(dtype));
    } else if (dtype == TRIL_F32)
        for (size_t i = 0; i < n; i++)
            ((float *)values)[i] = (float)double_at(entry, i);
    else
        for (size_t i = 0; i < n; i++) {
            float x;
            memcpy(&x, entry->bytes + i * sizeof x, sizeof x);
            tril_tensors_turn(&x, 1, sizeof x);
            ((double *)values)[i] = (double)x;
        }
    return true;
}
