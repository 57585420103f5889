/* Parameters and scalers as tensors. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/sentence.h"
#include "data/tensors.h"

enum { NAME_ROOM = 512 };

static bool join(const tril_tensors *tensors, char room[NAME_ROOM], const char *prefix,
                 const char *name)
{
    int length = snprintf(room, NAME_ROOM, "%s%s", prefix, name);
    return (length >= 0 && length < NAME_ROOM) ||
           tril_ctx_fail(tensors->ctx, TRIL_BAD_ARGUMENT, "%s: the name %.32s... is too long",
                         tensors->source, room);
}

bool tril_tensors_put_params(tril_tensors *tensors, const char *prefix, tril_params *params)
{
    char name[NAME_ROOM];
    if (!tensors || tril_ctx_failed(tensors->ctx) || !params)
        return false;
    for (size_t i = 0; i < tril_params_count(params); i++) {
        tril_param p = tril_params_at(params, i);
        if (!join(tensors, name, prefix, tril_param_name(p)) ||
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
    char name[NAME_ROOM], room[TRIL_SHOWN_ROOM];
    for (size_t i = 0; i < tril_params_count(params); i++) {
        tril_param p = tril_params_at(params, i);
        if (!join(tensors, name, prefix, tril_param_name(p)) ||
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
    char name[NAME_ROOM];
    if (!tensors || tril_ctx_failed(tensors->ctx) || !params ||
        !check_params(tensors, prefix, params))
        return false;
    for (size_t i = 0; i < tril_params_count(params); i++) {
        tril_param p = tril_params_at(params, i);
        join(tensors, name, prefix, tril_param_name(p));
        tril_tensors_get(tensors, name, TRIL_REAL_DTYPE, tril_param_shape(p), tril_param_values(p));
    }
    return true;
}

bool tril_tensors_put_scaler(tril_tensors *tensors, const char *name, const tril_scaler *scaler)
{
    char mean[NAME_ROOM], scale[NAME_ROOM];
    if (!tensors || tril_ctx_failed(tensors->ctx))
        return false;
    tril_shape shape = TRIL_SHAPE(scaler->width);
    return join(tensors, mean, name, ".mean") && join(tensors, scale, name, ".scale") &&
           tril_tensors_put(tensors, mean, TRIL_F64, shape, scaler->mean) &&
           tril_tensors_put(tensors, scale, TRIL_F64, shape, scaler->scale);
}

/* whether numbers can be a scaler's */
static bool check_scaler(const tril_tensors *tensors, const char *name, const tril_scaler *scaler)
{
    for (size_t j = 0; j < scaler->width; j++)
        if (!isfinite(scaler->mean[j]) || !(scaler->scale[j] > 0) || isinf(scaler->scale[j]))
            return tril_ctx_fail(tensors->ctx, TRIL_BAD_DATA,
                                 "%s: %s: column number %zu has mean %g and scale %g",
                                 tensors->source, name, j, scaler->mean[j], scaler->scale[j]);
    return true;
}

bool tril_tensors_get_scaler(const tril_tensors *tensors, const char *name, tril_scaler *scaler)
{
    char mean[NAME_ROOM], scale[NAME_ROOM];
    if (!tensors || tril_ctx_failed(tensors->ctx) || !join(tensors, mean, name, ".mean") ||
        !join(tensors, scale, name, ".scale"))
        return false;
    size_t width = tril_tensors_find(tensors, mean).shape.dim[0];
    tril_shape shape = TRIL_SHAPE(width);
    if (!tril_tensors_fit(tensors, mean, TRIL_F64, shape) ||
        !tril_tensors_fit(tensors, scale, TRIL_F64, shape))
        return false;
    tril_scaler own = { tensors->ctx, width };
    own.mean = tril_ctx_alloc(tensors->ctx, "scaler", 2 * width, sizeof *own.mean);
    if (!own.mean)
        return false;
    own.scale = own.mean + width;
    tril_tensors_get(tensors, mean, TRIL_F64, shape, own.mean);
    tril_tensors_get(tensors, scale, TRIL_F64, shape, own.scale);
    if (!check_scaler(tensors, name, &own))
        return tril_ctx_release(tensors->ctx, own.mean), false;
    tril_scaler_free(scaler);
    *scaler = own;
    return true;
}
