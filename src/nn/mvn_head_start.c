/* Where training begins: the last layer's bias at the Gaussian fit of the targets. */
#include <math.h>
#include <string.h>

#include "core/params.h"
#include "kernels/cholesky.h"
#include "nn/dense.h"
#include "nn/mvn_head.h"

/* mean [d], and covariance [d, d] with floor^2 on its diagonal, as its Cholesky factor */
static bool fit(tril_ctx *ctx, const tril_real *y, size_t rows, const tril_mvn_head_layout *h,
                double *mean, double *factor)
{
    size_t d = h->d;
    memset(mean, 0, d * sizeof *mean);
    memset(factor, 0, d * d * sizeof *factor);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < d; j++) {
            if (!isfinite(y[i * d + j]))
                return tril_ctx_fail(ctx, TRIL_NOT_FINITE,
                                     "mvn_head_start: target column %zu is %g in row %zu", j,
                                     (double)y[i * d + j], i);
            /* from the first row on, so that the mean of a constant is that constant */
            mean[j] += ((double)y[i * d + j] - (double)y[j]) / (double)rows;
        }
    for (size_t j = 0; j < d; j++)
        mean[j] += (double)y[j];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < d; j++)
            for (size_t k = 0; k <= j; k++)
                factor[j * d + k] += ((double)y[i * d + j] - mean[j]) *
                                     ((double)y[i * d + k] - mean[k]) / (double)rows;
    for (size_t j = 0; j < d; j++)
        factor[j * d + j] += h->floor * h->floor;
    size_t pivot = tril_cholesky_factor(d, factor, h->floor * h->floor);
    return pivot == d ||
           tril_ctx_fail(
               ctx, TRIL_NOT_POSITIVE,
               "mvn_head_start: target column %zu is constant or a combination of those before "
               "it (pivot %g)",
               pivot, factor[pivot * d + pivot]);
}

bool tril_mvn_head_start(tril_dense *last, const tril_real *targets, size_t rows, size_t d,
                         const tril_mvn_head_opts *opts)
{
    if (!last || tril_ctx_failed(last->weight.params->ctx))
        return false;
    tril_ctx *ctx = last->weight.params->ctx;
    size_t width = tril_mvn_head_width(d), outputs = tril_param_shape(last->weight).dim[0];
    tril_mvn_head_layout h;
    if (!tril_mvn_head_layout_of(ctx, d, opts, &h))
        return false;
    if (outputs != width || !last->bias.params)
        return tril_ctx_fail(
            ctx, TRIL_BAD_SHAPE,
            "mvn_head_start: the last layer has %zu outputs%s, but %zu targets need %zu and a bias",
            outputs, last->bias.params ? "" : " and no bias", d, width);
    if (rows == 0 || !targets)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "mvn_head_start: there are no targets");
    double *mean = tril_ctx_alloc(ctx, "mvn_head_start", d + d * d, sizeof *mean);
    if (!mean)
        return false;
    double *factor = mean + d;
    bool fitted = fit(ctx, targets, rows, &h, mean, factor);
    if (fitted) {
        tril_real *bias = tril_param_values(last->bias), *off = bias + d, *s = bias + width - d;
        for (size_t i = 0; i < d; i++) {
            double pivot = factor[i * d + i], f = fmax(pivot - h.floor, 1e-3 * h.floor);
            bias[i] = tril_saturate(mean[i]);
            for (size_t j = 0; j < i; j++)
                *off++ = tril_saturate(h.lower == TRIL_LOWER_SCALED ? factor[i * d + j] / pivot
                                                                    : factor[i * d + j]);
            s[i] = tril_saturate(h.diagonal->inverse(f));
        }
        memset(tril_param_values(last->weight), 0,
               tril_shape_size(tril_param_shape(last->weight)) * sizeof(tril_real));
    }
    tril_ctx_release(ctx, mean);
    return fitted;
}
