/* What a model says of rows as the parameters of mixtures, in the units of its table. */
#include <math.h>

#include <tril/extend.h>

#include "distributions/parts.h"
#include "model/model.h"

static size_t of_member(const tril_network *net)
{
    return net->head.kind && net->head.kind->components ? net->head.components : 1;
}

size_t tril_model_n_components(const tril_model *model)
{
    size_t n = 0;
    for (size_t k = 0; model && k < model->about.n_networks; k++)
        n += of_member(&model->members[k]);
    return n;
}

/* component i of the parts, of a member of this weight, to place `at` */
static void put(const tril_model_info *about, const tril_dist_parts *parts, size_t i, double weight,
                size_t at, const tril_components *out)
{
    const double *m = about->targets_scaler->mean, *s = about->targets_scaler->scale;
    const size_t d = about->n_targets;
    if (out->weight)
        out->weight[at] = weight * (parts->weight ? (double)parts->weight[i] : 1);
    if (out->df)
        out->df[at] = parts->df ? (double)parts->df[i] : HUGE_VAL;
    for (size_t j = 0; j < d && out->loc; j++)
        out->loc[at * d + j] = m[j] + s[j] * (double)parts->loc[i * d + j];
    for (size_t j = 0; j < d * d && out->scale_tril; j++)
        out->scale_tril[at * d * d + j] =
            j % d > j / d ? 0 : s[j / d] * (double)parts->factor[i * d * d + j];
}

/* of the rows from number first on */
static bool put_some(tril_tape *tape, const tril_model_info *about, tril_batch rows, size_t first,
                     size_t all, const tril_components *out)
{
    const size_t d = about->n_targets;
    tril_tape_reset(tape);
    tril_tape_record(tape, false);
    size_t *order = tril_tape_take(tape, d, sizeof *order), before = 0;
    const tril_var x = tril_input(tape, rows.x, TRIL_SHAPE(rows.n, about->mlp.inputs));
    for (size_t j = 0; j < d && order; j++)
        order[j] = j;
    for (size_t k = 0; order && k < about->n_networks; k++) {
        tril_dist_parts parts;
        if (!tril_dist_take_parts(tril_network_dist(&about->networks[k], x), order, d, &parts))
            return tril_ctx_fail(tril_tape_ctx(tape), TRIL_BAD_ARGUMENT,
                                 "components: the distributions of network %zu are no mixtures of "
                                 "normals or Student's t",
                                 k);
        for (size_t i = 0; i < rows.n * parts.k; i++)
            put(about, &parts, i, about->weights[k],
                (first + i / parts.k) * all + before + i % parts.k, out);
        before += parts.k;
    }
    return order;
}

bool tril_model_components(tril_ctx *ctx, const tril_model *model, tril_batch rows,
                           const tril_components *out)
{
    enum { AT_ONCE = 64 };
    if (!model || tril_ctx_failed(ctx))
        return false;
    if (rows.n && !rows.x)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "components: there are no inputs");
    const size_t inputs = model->about.mlp.inputs, all = tril_model_n_components(model);
    tril_tape *tape = tril_tape_new(ctx);
    bool done = tape;
    for (size_t i = 0; i < rows.n && done; i += AT_ONCE) {
        const tril_batch some = { .x = rows.x + i * inputs,
                                  .n = rows.n - i < AT_ONCE ? rows.n - i : AT_ONCE };
        done = put_some(tape, &model->about, some, i, all, out);
    }
    tril_tape_free(tape);
    return done;
}
