/* Scalers as tensors. */
#include <math.h>

#include <tril/model.h>

#include "io/tensors.h"

bool tril_tensors_put_scaler(tril_tensors *tensors, const char *name, const tril_scaler *scaler)
{
    char mean[TRIL_TENSOR_NAME_ROOM], scale[TRIL_TENSOR_NAME_ROOM];
    if (!tensors || tril_ctx_failed(tensors->ctx))
        return false;
    tril_shape shape = TRIL_SHAPE(scaler->width);
    return tril_tensors_join(tensors, mean, name, ".mean") &&
           tril_tensors_join(tensors, scale, name, ".scale") &&
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
    char mean[TRIL_TENSOR_NAME_ROOM], scale[TRIL_TENSOR_NAME_ROOM];
    if (!tensors || tril_ctx_failed(tensors->ctx) ||
        !tril_tensors_join(tensors, mean, name, ".mean") ||
        !tril_tensors_join(tensors, scale, name, ".scale"))
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
