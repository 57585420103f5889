/* Inside of the parameter store. */
#ifndef TRIL_CORE_PARAMS_H
#define TRIL_CORE_PARAMS_H

#include <tril/tape.h>

#include "core/names.h"

typedef struct tril_param_entry {
    const char *name, *group;
    tril_shape shape;
    size_t offset, size; /* in the flat blocks */
} tril_param_entry;

struct tril_params {
    tril_ctx *ctx;
    uint64_t serial;  /* among the stores of the context */
    tril_arena arena; /* names, and the layers made from the store */
    tril_names names;
    tril_param_entry *entries;
    size_t count, capacity;
    tril_real *values, *grads; /* in the blocks */
    void *blocks[2];
    size_t size, blocks_capacity;
    bool in_use;  /* by a tape or an optimizer: the blocks must not move any more */
    bool grouped; /* an optimizer has read the groups */
    bool away;    /* a fit has given it another context */
};

/* A new parameter named LAYER.PART; `what` is the kind of layer, for the sentence about a name that
 * is too long. */
tril_param tril_params_add_part(tril_params *params, const char *what, const char *layer,
                                const char *part, tril_shape shape);

/* Takes back all parameters from number `count` on: those of a layer whose making failed. */
void tril_params_back(tril_params *params, size_t count);

#endif
