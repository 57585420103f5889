/* Conformal calibration of a model by rows that it has not seen. */
#include <math.h>
#include <stdlib.h>

#include "core/ctx.h"
#include "model/model.h"
#include "train/fit.h"

typedef struct scored {
    double score, weight;
} scored;

static int compare(const void *a, const void *b)
{
    const double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x > y) - (x < y);
}

/* For each share k / TRIL_CONFORMAL_STEPS the smallest score that so many of the rows and one more
 * reach, or infinity: with weights of 1 it is the ceil(share (n + 1))-th. */
static void find_levels(scored *rows, size_t n, double *out)
{
    double sum = 0, all = 1;
    qsort(rows, n, sizeof *rows, compare);
    for (size_t i = 0; i < n; i++)
        all += rows[i].weight;
    size_t k = 1;
    for (size_t i = 0; i < n; i++) {
        sum += rows[i].weight;
        for (; k < TRIL_CONFORMAL_STEPS && (double)k * all <= TRIL_CONFORMAL_STEPS * sum; k++)
            out[k - 1] = rows[i].score;
    }
    for (; k < TRIL_CONFORMAL_STEPS; k++)
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

bool tril_model_calibrate(tril_model *model, tril_batch rows)
{
    if (!model || tril_ctx_failed(model->ctx))
        return false;
    const tril_model_info *about = &model->about;
    const size_t n = rows.n, d = about->n_targets;
    if (!n || !rows.y)
        return tril_ctx_fail(model->ctx, TRIL_BAD_ARGUMENT,
                             "conformal: there are no rows to calibrate by");
    if (!tril_weights_check(model->ctx, "conformal", rows))
        return false;
    double *level = tril_ctx_alloc(model->ctx, "conformal", n, (1 + d) * sizeof *level);
    scored *memory = tril_ctx_alloc(model->ctx, "conformal", n, sizeof *memory);
    double *pit = level ? level + n : NULL;
    bool done = level && memory &&
                tril_model_evaluate(model, about->networks, about->n_networks, rows,
                                    &(tril_evaluation){ .pit = pit, .level = level }) &&
                tril_model_make_conformal(model);
    for (size_t i = 0; i < n * d && done; i++)
        pit[i] = 2 * (0.5 + fabs(pit[i] - 0.5)) - 1; /* rounded as levels of quantiles are */
    for (size_t j = 0; j <= d && done; j++)
        calibrate(j ? pit + j - 1 : level, j ? d : 1, rows, memory,
                  model->conformal + j * (TRIL_CONFORMAL_STEPS - 1));
    tril_ctx_release(model->ctx, level);
    tril_ctx_release(model->ctx, memory);
    return done;
}
