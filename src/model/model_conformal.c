/* The levels of conformal calibration: how much of its distribution a region or interval of a model
 * must hold for it to hold a share of new rows, whatever the model. */
#include <math.h>

#include "core/ctx.h"
#include "io/tensors.h"
#include "model/model.h"

static const char name[] = "conformal";

bool tril_model_make_conformal(tril_model *model)
{
    if (!model->conformal)
        model->conformal = tril_arena_take(&model->arena, name, 1 + model->about.n_targets,
                                           (TRIL_CONFORMAL_STEPS - 1) * sizeof *model->conformal);
    model->about.conformal = model->conformal;
    return model->conformal;
}

/* of regions, or of intervals of a target behind them; a share is rounded up */
static double level_of(const tril_model *model, size_t which, double share)
{
    const double k = ceil(share * TRIL_CONFORMAL_STEPS - 1e-6);
    return !model->conformal ? share
           : k < 1           ? 0
           : k < TRIL_CONFORMAL_STEPS
               ? model->conformal[which * (TRIL_CONFORMAL_STEPS - 1) + (size_t)k - 1]
               : HUGE_VAL;
}

double tril_model_region_level(const tril_model *model, double share)
{
    return model ? level_of(model, 0, share) : share;
}

double tril_model_quantile_level(const tril_model *model, size_t target, double level)
{
    if (!model || !model->conformal || target >= model->about.n_targets)
        return level;
    const double share = fmin(level_of(model, 1 + target, fabs(2 * level - 1)), 1);
    return 0.5 + copysign(share / 2, level - 0.5);
}

bool tril_model_put_conformal(const tril_model *model, tril_tensors *tensors)
{
    return !model->conformal ||
           tril_tensors_put(tensors, name, TRIL_F64,
                            TRIL_SHAPE(1 + model->about.n_targets, TRIL_CONFORMAL_STEPS - 1),
                            model->conformal);
}

bool tril_model_get_conformal(tril_model *model, const tril_tensors *tensors)
{
    const tril_shape shape = TRIL_SHAPE(1 + model->about.n_targets, TRIL_CONFORMAL_STEPS - 1);
    if (!tril_tensors_find(tensors, name).name)
        return true;
    if (!tril_tensors_fit(tensors, name, TRIL_F64, shape) || !tril_model_make_conformal(model) ||
        !tril_tensors_get(tensors, name, TRIL_F64, shape, model->conformal))
        return false;
    for (size_t i = 0; i < tril_shape_size(shape); i++) {
        const double level = model->conformal[i],
                     before = i % (TRIL_CONFORMAL_STEPS - 1) ? model->conformal[i - 1] : 0;
        if (!(level >= before && (level <= 1 || isinf(level))))
            return tril_ctx_fail(tensors->ctx, TRIL_BAD_DATA,
                                 "%s: %s: level %zu is %g, want levels from 0 to 1 that do not "
                                 "fall, or infinity",
                                 tensors->source, name, i, level);
    }
    return true;
}
