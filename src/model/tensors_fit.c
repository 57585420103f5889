/* The state of a run as tensors. */
#include <stdio.h>

#include "io/tensors.h"

#include <tril/model.h>

static tril_dtype dtype_of(const tril_array *array)
{
    static const tril_dtype dtypes[] = { TRIL_REAL_DTYPE, TRIL_F64, TRIL_U64 };
    return dtypes[array->type];
}

typedef struct prefixed {
    char text[96];
} prefixed;

static prefixed name_of(const char *prefix, const tril_array *array)
{
    prefixed name;
    snprintf(name.text, sizeof name.text, "%s%s", prefix, array->name);
    return name;
}

bool tril_tensors_put_fit(tril_tensors *tensors, const char *prefix, tril_fit *fit)
{
    size_t n;
    const tril_array *arrays = tril_fit_state(fit, &n);
    for (size_t i = 0; i < n; i++)
        if (!tril_tensors_put(tensors, name_of(prefix, &arrays[i]).text, dtype_of(&arrays[i]),
                              TRIL_SHAPE(arrays[i].size), arrays[i].values))
            return false;
    return arrays;
}

bool tril_tensors_get_fit(const tril_tensors *tensors, const char *prefix, tril_fit *fit)
{
    size_t n;
    const tril_array *arrays = tril_fit_state(fit, &n);
    if (!tensors || !arrays)
        return false;
    for (size_t i = 0; i < n; i++) {
        const prefixed name = name_of(prefix, &arrays[i]);
        const tril_dtype wanted = dtype_of(&arrays[i]),
                         there = tril_tensors_find(tensors, name.text).dtype;
        if (!tril_tensors_fit(tensors, name.text, wanted, TRIL_SHAPE(arrays[i].size)))
            return false;
        if (there != wanted) /* bits of the other precision */
            return tril_ctx_fail(tensors->ctx, TRIL_BAD_DATA, "%s: tensor %s is %s, wanted is %s",
                                 tensors->source, name.text, tril_dtype_name(there),
                                 tril_dtype_name(wanted));
    }
    for (size_t i = 0; i < n; i++)
        tril_tensors_get(tensors, name_of(prefix, &arrays[i]).text, dtype_of(&arrays[i]),
                         TRIL_SHAPE(arrays[i].size), arrays[i].values);
    return true;
}
