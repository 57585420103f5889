/* Scaling of columns to mean 0 and standard deviation 1. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <tril/scaler.h>

#include "core/ctx.h"
#include "train/fit.h"

/* the sentence says which column: by name where there are names */
static bool fail_column(tril_ctx *ctx, size_t j, const char *const *names, double scale)
{
    char number[32];
    snprintf(number, sizeof number, "number %zu", j);
    const char *column = names ? names[j] : number;
    if (scale == 0)
        return tril_ctx_fail(ctx, TRIL_BAD_DATA, "scaler: column %s is constant", column);
    return tril_ctx_fail(ctx, TRIL_NOT_FINITE, "scaler: column %s is not finite", column);
}

bool tril_scaler_fit(tril_ctx *ctx, tril_scaler *scaler, const tril_real *x, const tril_real *w,
                     size_t rows, size_t width, const char *const *names)
{
    if (tril_ctx_failed(ctx))
        return false;
    if (rows == 0 || width == 0 || !x)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "scaler: no rows or no columns to fit it to");
    if (!tril_weights_check(ctx, "scaler", (tril_batch){ .n = rows, .w = w }))
        return false;
    double total = w ? 0 : (double)rows;
    for (size_t i = 0; i < rows && w; i++)
        total += (double)w[i];
    double *mean = tril_ctx_alloc(ctx, "scaler", 2 * width, sizeof *mean);
    if (!mean)
        return false;
    double *scale = mean + width;
    memset(mean, 0, 2 * width * sizeof *mean);
    /* differences from the first row: of a constant nothing is left, not even rounding */
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < width; j++)
            mean[j] += tril_weight_of(w, i) * ((double)x[i * width + j] - (double)x[j]) / total;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < width; j++) {
            double r = (double)x[i * width + j] - (double)x[j] - mean[j];
            scale[j] += tril_weight_of(w, i) * r * r / total;
        }
    for (size_t j = 0; j < width; j++) {
        mean[j] += (double)x[j];
        scale[j] = sqrt(scale[j]);
        if (scale[j] != 0 && isfinite(scale[j]))
            continue;
        fail_column(ctx, j, names, scale[j]);
        tril_ctx_release(ctx, mean);
        return false;
    }
    tril_scaler_free(scaler);
    *scaler = (tril_scaler){ ctx, width, mean, scale };
    return true;
}

void tril_scaler_free(tril_scaler *scaler)
{
    if (!scaler)
        return;
    if (scaler->ctx)
        tril_ctx_release(scaler->ctx, scaler->mean); /* scale lies behind it */
    *scaler = (tril_scaler){ 0 };
}

void tril_scaler_apply(const tril_scaler *scaler, tril_real *x, size_t rows)
{
    for (size_t i = 0; i < rows * scaler->width; i++) {
        size_t j = i % scaler->width;
        x[i] = (tril_real)(((double)x[i] - scaler->mean[j]) / scaler->scale[j]);
    }
}

void tril_scaler_undo(const tril_scaler *scaler, tril_real *x, size_t rows)
{
    for (size_t i = 0; i < rows * scaler->width; i++) {
        size_t j = i % scaler->width;
        x[i] = (tril_real)((double)x[i] * scaler->scale[j] + scaler->mean[j]);
    }
}

double tril_scaler_log_scale(const tril_scaler *scaler)
{
    double sum = 0;
    for (size_t j = 0; j < scaler->width; j++)
        sum += log(scaler->scale[j]);
    return sum;
}
