/* The parameter store. */
#include "core/params.h"

#include <stdio.h>
#include <string.h>

tril_params *tril_params_new(tril_ctx *ctx)
{
    tril_params *params = tril_ctx_alloc(ctx, "params", 1, sizeof *params);
    if (!params)
        return NULL;
    *params = (tril_params){ .ctx = ctx, .serial = ++ctx->stores, .arena = { .ctx = ctx } };
    params->names.arena = &params->arena;
    return params;
}

void tril_params_free(tril_params *params)
{
    if (!params)
        return;
    tril_arena_free(&params->arena);
    tril_ctx_release(params->ctx, params->entries);
    tril_ctx_release(params->ctx, params->blocks[0]);
    tril_ctx_release(params->ctx, params->blocks[1]);
    tril_ctx_release(params->ctx, params);
}

/* Moves numbers to a larger block, where they begin with a cache line: loops over wide vectors are
 * slower where each vector lies across two lines. */
static bool resize_block(tril_params *params, void **block, tril_real **numbers, size_t capacity)
{
    enum { LINE = 64 };
    char *larger = tril_ctx_alloc(params->ctx, "params", capacity + LINE, sizeof **numbers);
    if (!larger)
        return false;
    void *begin = larger + (LINE - (uintptr_t)larger % LINE) % LINE;
    if (*numbers)
        memcpy(begin, *numbers, params->size * sizeof **numbers);
    tril_ctx_release(params->ctx, *block);
    *block = larger;
    *numbers = begin;
    return true;
}

/* doubling keeps many small parameters cheap */
static bool make_room(tril_params *params, size_t size)
{
    if (params->count == params->capacity) {
        size_t capacity = params->capacity ? 2 * params->capacity : 8;
        tril_param_entry *entries =
            tril_ctx_resize(params->ctx, "params", params->entries, capacity, sizeof *entries);
        if (!entries)
            return false;
        params->entries = entries;
        params->capacity = capacity;
    }
    if (params->blocks_capacity - params->size < size) {
        size_t capacity = 2 * params->blocks_capacity;
        if (capacity - params->size < size)
            capacity = params->size + size;
        if (!resize_block(params, &params->blocks[0], &params->values, capacity) ||
            !resize_block(params, &params->blocks[1], &params->grads, capacity))
            return false;
        params->blocks_capacity = capacity;
    }
    return true;
}

/* names of parameters that were taken back stay in the map */
static size_t find(const tril_params *params, const char *name)
{
    size_t index = tril_names_find(&params->names, name);
    bool there = index < params->count && strcmp(params->entries[index].name, name) == 0;
    return there ? index : SIZE_MAX;
}

void tril_params_back(tril_params *params, size_t count)
{
    if (count < params->count) {
        params->count = count;
        params->size = params->entries[count].offset;
    }
}

tril_param tril_params_add(tril_params *params, const char *name, tril_shape shape)
{
    const tril_param none = { 0 };
    if (!params || tril_ctx_failed(params->ctx))
        return none;
    size_t size = tril_shape_size(shape);
    if (!name || !*name)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT, "params: a parameter needs a name"),
               none;
    if (params->in_use)
        return tril_ctx_fail(
                   params->ctx, TRIL_BAD_ARGUMENT,
                   "params: %s comes too late, a tape or an optimizer already uses the store",
                   name),
               none;
    if (find(params, name) != SIZE_MAX)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "params: there already is a parameter named %s", name),
               none;
    if (shape.rank > TRIL_MAX_RANK || size == 0 ||
        size > SIZE_MAX / 4 / sizeof(tril_real) - params->size)
        return tril_ctx_fail(params->ctx, TRIL_BAD_SHAPE, "params: %s cannot have the shape %s",
                             name, tril_shape_text(shape).text),
               none;
    if (!make_room(params, size))
        return none;
    const char *copy = tril_names_add(&params->names, name, params->count);
    if (!copy)
        return none;
    params->entries[params->count] =
        (tril_param_entry){ copy, "default", shape, params->size, size };
    memset(params->values + params->size, 0, size * sizeof(tril_real));
    memset(params->grads + params->size, 0, size * sizeof(tril_real));
    params->size += size;
    return (tril_param){ params, params->count++ };
}

tril_param tril_params_add_part(tril_params *params, const char *what, const char *layer,
                                const char *part, tril_shape shape)
{
    char name[256];
    int length = snprintf(name, sizeof name, "%s.%s", layer, part);
    if (length < 0 || (size_t)length >= sizeof name)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT, "%s: the name %.32s... is too long",
                             what, layer),
               (tril_param){ 0 };
    return tril_params_add(params, name, shape);
}

tril_param tril_params_find(tril_params *params, const char *name)
{
    size_t index = params && name ? find(params, name) : SIZE_MAX;
    return index == SIZE_MAX ? (tril_param){ 0 } : (tril_param){ params, index };
}

bool tril_params_group(tril_params *params, const char *prefix, const char *group)
{
    if (!params || tril_ctx_failed(params->ctx))
        return false;
    if (!prefix || !group || !*group)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "params: a group needs a prefix and a name");
    if (params->grouped)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "params: group %s comes too late, an optimizer has been made already",
                             group);
    size_t length = strlen(prefix), bytes = strlen(group) + 1, found = 0;
    char *copy = tril_arena_take(&params->arena, "params", bytes, 1);
    if (!copy)
        return false;
    memcpy(copy, group, bytes);
    for (size_t i = 0; i < params->count; i++)
        if (strncmp(params->entries[i].name, prefix, length) == 0) {
            params->entries[i].group = copy;
            found++;
        }
    if (!found)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "params: no parameter's name begins with '%s'", prefix);
    return true;
}

size_t tril_params_count(const tril_params *params)
{
    return params ? params->count : 0;
}

tril_param tril_params_at(tril_params *params, size_t index)
{
    return index < tril_params_count(params) ? (tril_param){ params, index } : (tril_param){ 0 };
}

size_t tril_params_size(const tril_params *params)
{
    return params ? params->size : 0;
}

tril_real *tril_params_values(tril_params *params)
{
    return params ? params->values : NULL;
}

tril_real *tril_params_grads(tril_params *params)
{
    return params ? params->grads : NULL;
}

static const tril_param_entry *entry_of(tril_param param)
{
    return param.params && param.index < param.params->count ? &param.params->entries[param.index]
                                                             : NULL;
}

tril_real *tril_param_values(tril_param param)
{
    const tril_param_entry *entry = entry_of(param);
    return entry ? param.params->values + entry->offset : NULL;
}

tril_real *tril_param_grads(tril_param param)
{
    const tril_param_entry *entry = entry_of(param);
    return entry ? param.params->grads + entry->offset : NULL;
}

const char *tril_param_name(tril_param param)
{
    const tril_param_entry *entry = entry_of(param);
    return entry ? entry->name : NULL;
}

const char *tril_param_group(tril_param param)
{
    const tril_param_entry *entry = entry_of(param);
    return entry ? entry->group : NULL;
}

tril_shape tril_param_shape(tril_param param)
{
    const tril_param_entry *entry = entry_of(param);
    return entry ? entry->shape : (tril_shape){ 0 };
}
