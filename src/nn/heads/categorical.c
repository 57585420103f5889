/* The head of classes: of one target, which is the number of its class. A row is a logit for each
 * class. */
#include <math.h>

#include "distributions/family.h"
#include "nn/head.h"

const tril_support tril_support_class = { "a class, 0, 1, 2, ..., below opts.classes",
                                          tril_is_count };

static size_t width(size_t d, const tril_head_opts *opts)
{
    return d == 1 && opts->classes > 1 ? opts->classes : SIZE_MAX;
}

static tril_dist dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    (void)natural;
    const tril_shape flat = tril_shape_of(raw);
    tril_shape shape = flat;
    if (flat.rank == TRIL_MAX_RANK)
        return tril_var_fail(raw.tape, "head", TRIL_BAD_SHAPE,
                             "raw outputs of classes have %d axes, want one less", TRIL_MAX_RANK),
               (tril_dist){ 0 };
    shape.dim[shape.rank - 1] = 1;
    shape.dim[shape.rank++] = h->width;
    return tril_independent(tril_categorical(tril_reshape(raw, shape)), 1);
}

const tril_head_kind tril_head_categorical = { .name = "categorical",
                                               .width = width,
                                               .dist = dist,
                                               .plain_nll = true,
                                               .support = &tril_support_class };
