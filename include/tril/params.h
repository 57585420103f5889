/* Parameters: named tensors that live outside the tape, all values in one flat block, all gradients
 * in a second.
 *
 * Example:
 *
 *     #include <tril/tril.h>
 *
 *     int main(void)
 *     {
 *         tril_ctx *ctx = tril_ctx_new(NULL);
 *         tril_params *params = tril_params_new(ctx);
 *         tril_param scale = tril_params_add(params, "scale", TRIL_SHAPE(3));
 *         tril_real *s = tril_param_values(scale);
 *         if (s)
 *             s[0] = s[1] = s[2] = 1;
 *         bool found = tril_param_values(tril_params_find(params, "scale")) == s;
 *         tril_params_free(params);
 *         tril_ctx_free(ctx);
 *         return !found;
 *     }
 */
#ifndef TRIL_PARAMS_H
#define TRIL_PARAMS_H

#include <tril/shape.h>

TRIL_API_BEGIN

typedef struct tril_params tril_params;

/* One parameter of a store: a small value. params is NULL where a call failed or found nothing. */
typedef struct tril_param {
    tril_params *params;
    size_t index;
} tril_param;

/* An empty store. It also owns the layers that are made from it: they are freed with it. Reset the
 * tapes that have used a store before it is freed, or free them first. */
tril_params *tril_params_new(tril_ctx *ctx);
void tril_params_free(tril_params *params);

/* A new parameter, all zero, in group "default". Names are unique and not empty; layers use those
 * of a PyTorch module
 * ("net.0.weight"). Fails once a tape or an optimizer has used the store, because the blocks may
 * move as they grow. */
tril_param tril_params_add(tril_params *params, const char *name, tril_shape shape);

/* The parameter of that name; .params is NULL, without failing the context, where there is none. */
tril_param tril_params_find(tril_params *params, const char *name);

/* Puts every parameter whose name begins with prefix into a group, which optimizers can give
 * options of its own. Fails when none does, or once an optimizer has been made. */
bool tril_params_group(tril_params *params, const char *prefix, const char *group);

/* How many parameters there are, and parameter number index in the order of their making. */
size_t tril_params_count(const tril_params *params);
tril_param tril_params_at(tril_params *params, size_t index);

/* The flat blocks: tril_params_size numbers each, parameters in the order of their making. The
 * pointers are valid until the next tril_params_add. The gradients are those of the last
 * tril_backward. */
size_t tril_params_size(const tril_params *params);
tril_real *tril_params_values(tril_params *params);
tril_real *tril_params_grads(tril_params *params);

/* One parameter's share of them, its name, shape and group. */
tril_real *tril_param_values(tril_param param);
tril_real *tril_param_grads(tril_param param);
const char *tril_param_name(tril_param param);
const char *tril_param_group(tril_param param);
tril_shape tril_param_shape(tril_param param);

/* ---- State: what an object must keep for its work to go on another day with the same bits, as
 * arrays that a program can copy to a file and, into an object made in the same way, back. */
typedef enum tril_array_type {
    TRIL_ARRAY_REAL,   /* tril_real */
    TRIL_ARRAY_DOUBLE, /* double */
    TRIL_ARRAY_COUNT   /* uint64_t */
} tril_array_type;

typedef struct tril_array {
    const char *name; /* both pointers are the object's, valid as long as it is */
    void *values;
    tril_array_type type;
    size_t size; /* how many values */
} tril_array;

TRIL_API_END
#endif
