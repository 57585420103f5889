/* Parameters as tensors. */
#include <stdio.h>
#include <string.h>

#include "io/message.h"
#include "io/tensors.h"

bool tril_tensors_join(const tril_tensors *tensors, char room[TRIL_TENSOR_NAME_ROOM],
                       const char *prefix, const char *name)
{
    int length = snprintf(room, TRIL_TENSOR_NAME_ROOM, "%s%s", prefix, name);
    return (length >= 0 && length < TRIL_TENSOR_NAME_ROOM) ||
           tril_ctx_fail(tensors->ctx, TRIL_BAD_ARGUMENT, "%s: the name %.32s... is too long",
                         tensors->source, room);
}

bool tril_tensors_put_params(tril_tensors *tensors, const char *prefix, tril_params *params)
{
    char name[TRIL_TENSOR_NAME_ROOM];
    if (!tensors || tril_ctx_failed(tensors->ctx) || !params)
        return false;
    for (size_t i = 0; i < tril_params_count(params); i++) {
        tril_param p = tril_params_at(params, i);
        if (!tril_tensors_join(tensors, name, prefix, tril_param_name(p)) ||
            !tril_tensors_put(tensors, name, TRIL_REAL_DTYPE, tril_param_shape(p),
                              tril_param_values(p)))
            return false;
    }
    return true;
}

/* the first part of a dotted name, the dot included */
static size_t module_length(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot ? (size_t)(dot - name) + 1 : strlen(name);
}

/* a tensor of one of the parameters' modules that is none of the parameters */
static bool is_surplus(tril_params *params, const char *name)
{
    size_t length = module_length(name);
    if (tril_params_find(params, name).params)
        return false;
    for (size_t i = 0; i < tril_params_count(params); i++) {
        const char *own = tril_param_name(tril_params_at(params, i));
        if (module_length(own) == length && strncmp(own, name, length) == 0)
            return true;
    }
    return false;
}

static bool check_params(const tril_tensors *tensors, const char *prefix, tril_params *params)
{
    char name[TRIL_TENSOR_NAME_ROOM], room[TRIL_SHOWN_ROOM];
    for (size_t i = 0; i < tril_params_count(params); i++) {
        tril_param p = tril_params_at(params, i);
        if (!tril_tensors_join(tensors, name, prefix, tril_param_name(p)) ||
            !tril_tensors_fit(tensors, name, TRIL_REAL_DTYPE, tril_param_shape(p)))
            return false;
    }
    size_t length = strlen(prefix);
    for (size_t i = 0; i < tensors->count; i++) {
        const char *own = tensors->entries[i].about.name;
        if (strncmp(own, prefix, length) == 0 && is_surplus(params, own + length))
            return tril_ctx_fail(tensors->ctx, TRIL_BAD_DATA,
                                 "%s: tensor %s is there, but no parameter of that name",
                                 tensors->source, tril_shown(room, own));
    }
    return true;
}

bool tril_tensors_get_params(const tril_tensors *tensors, const char *prefix, tril_params *params)
{
    char name[TRIL_TENSOR_NAME_ROOM];
    if (!tensors || tril_ctx_failed(tensors->ctx) || !params ||
        !check_params(tensors, prefix, params))
        return false;
    for (size_t i = 0; i < tril_params_count(params); i++) {
        tril_param p = tril_params_at(params, i);
        tril_tensors_join(tensors, name, prefix, tril_param_name(p));
        tril_tensors_get(tensors, name, TRIL_REAL_DTYPE, tril_param_shape(p), tril_param_values(p));
    }
    return true;
}
