/* Conformal calibration: how much of its distribution a region or interval of a model must hold for
 * it to hold a share of new rows, whatever the model. */
#include <math.h>
#include <stdlib.h>

#include "core/ctx.h"
#include "io/tensors.h"
#include "model/model.h"

enum { STEPS = TRIL_CONFORMAL_STEPS };

static const char name[] = "conformal";

typedef struct scored {
    double score, weight;
} scored;

static int compare(const void *a, const void *b)
{
    const double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x > y) - (x < y);
}

/* For each share k / STEPS the smallest score that so many of the rows and one more reach, or
 * infinity: with weights of 1 it is the ceil(share (n + 1))-th. */
static void find_levels(scored *rows, size_t n, double *out)
{
    double sum = 0, all = 1;
    qsort(rows, n, sizeof *rows, compare);
    for (size_t i = 0; i < n; i++)
        all += rows[i].weight;
    size_t k = 1;
    for (size_t i = 0; i < n; i++) {
        sum += rows[i].weight;
        for (; k < STEPS && (double)k * all <= STEPS * sum; k++)
            out[k - 1] = rows[i].score;
    }
    for (; k < STEPS; k++)
        out[k - 1] = HUGE_VAL;
}

/* scores [n, ...] that are there */
static void calibrate(const double *score, size_t step, tril_batch rows, scored *memory,
                      double *out)
{
    size_t n = 0;
    for (size_t i = 0; i < rows.n; i++)
        if (!isnan(score[i * step]))
            memory[n++] = (scored){ score[i * step], tril_weight_of(rows.w, i) };
    find_levels(memory, n, out);
}

static bool make_room(tril_model *model)
{
    if (!model->conformal)
        model->conformal = tril_arena_take(&model->arena, name, 1 + model->about.n_targets,
                                           (STEPS - 1) * sizeof *model->conformal);
    model->about.conformal = model->conformal;
    return model->conformal;
}

bool tril_model_calibrate(tril_model *model, tril_batch rows)
{
    if (!model || tril_ctx_failed(model->ctx))
        return false;
    const tril_model_info *about = &model->about;
    const size_t n = rows.n, d = about->n_targets;
    if (!n || !rows.y)
        return tril_ctx_fail(model->ctx, TRIL_BAD_ARGUMENT,
                             "conformal: there are no rows to calibrate by");
    double *level = tril_ctx_alloc(model->ctx, name, n, (1 + d) * sizeof *level);
    scored *memory = tril_ctx_alloc(model->ctx, name, n, sizeof *memory);
    double *pit = level ? level + n : NULL;
    bool done = level && memory &&
                tril_model_evaluate(model, about->networks, about->n_networks, rows,
                                    &(tril_evaluation){ .pit = pit, .level = level }) &&
                make_room(model);
    for (size_t i = 0; i < n * d && done; i++)
        pit[i] = 2 * (0.5 + fabs(pit[i] - 0.5)) - 1; /* rounded as levels of quantiles are */
    for (size_t j = 0; j <= d && done; j++)
        calibrate(j ? pit + j - 1 : level, j ? d : 1, rows, memory,
                  model->conformal + j * (STEPS - 1));
    tril_ctx_release(model->ctx, level);
    tril_ctx_release(model->ctx, memory);
    return done;
}

/* of regions, or of intervals of a target behind them; a share is rounded up */
static double level_of(const tril_model *model, size_t which, double share)
{
    const double k = ceil(share * STEPS - 1e-6);
    return !model->conformal ? share
           : k < 1           ? 0
           : k < STEPS       ? model->conformal[which * (STEPS - 1) + (size_t)k - 1]
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
                            TRIL_SHAPE(1 + model->about.n_targets, STEPS - 1), model->conformal);
}

bool tril_model_get_conformal(tril_model *model, const tril_tensors *tensors)
{
    const tril_shape shape = TRIL_SHAPE(1 + model->about.n_targets, STEPS - 1);
    if (!tril_tensors_find(tensors, name).name)
        return true;
    if (!tril_tensors_fit(tensors, name, TRIL_F64, shape) || !make_room(model) ||
        !tril_tensors_get(tensors, name, TRIL_F64, shape, model->conformal))
        return false;
    for (size_t i = 0; i < tril_shape_size(shape); i++) {
        const double level = model->conformal[i],
                     before = i % (STEPS - 1) ? model->conformal[i - 1] : 0;
        if (!(level >= before && (level <= 1 || isinf(level))))
            return tril_ctx_fail(tensors->ctx, TRIL_BAD_DATA,
                                 "%s: %s: level %zu is %g, want levels from 0 to 1 that do not "
                                 "fall, or infinity",
                                 tensors->source, name, i, level);
    }
    return true;
}
