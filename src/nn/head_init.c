/* Where training begins: the last layer's bias at the Gaussian fit of the targets. */
#include <math.h>
#include <string.h>

#include "core/params.h"
#include "kernels/mvn.h"
#include "nn/dense.h"
#include "nn/head.h"

/* Mean [d] and covariance [d, d]; both begin at zero. */
static bool moments(tril_ctx *ctx, const tril_real *y, size_t rows, size_t d, double *mean,
                    double *covariance)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < d; j++) {
            if (!isfinite(y[i * d + j]))
                return tril_ctx_fail(ctx, TRIL_NOT_FINITE,
                                     "head_init: target column %zu is %g in row %zu", j,
                                     (double)y[i * d + j], i);
            /* from the first row on, so that the mean of a constant is that constant */
            mean[j] += ((double)y[i * d + j] - (double)y[j]) / (double)rows;
        }
    for (size_t j = 0; j < d; j++)
        mean[j] += (double)y[j];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < d; j++)
            for (size_t k = 0; k < d; k++)
                covariance[j * d + k] += ((double)y[i * d + j] - mean[j]) *
                                         ((double)y[i * d + k] - mean[k]) / (double)rows;
    return true;
}

bool tril_head_fit(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                   const double *covariance, double *raw)
{
    memset(raw, 0, (h->width + tril_head_shared_size(h->d, &h->opts)) * sizeof *raw);
    return !h->opts.kind->init || h->opts.kind->init(ctx, h, mean, covariance, raw);
}

static void store(tril_param param, const double *x)
{
    for (size_t i = 0; i < tril_shape_size(tril_param_shape(param)); i++)
        tril_param_values(param)[i] = tril_saturate(x[i]);
}

bool tril_head_start_moments(tril_dense *last, const double *mean, const double *covariance,
                             size_t d, const tril_head_opts *opts)
{
    tril_ctx *ctx = last->weight.params->ctx;
    size_t outputs = tril_param_shape(last->weight).dim[0];
    tril_head_layout h;
    if (!tril_head_layout_of(ctx, d, opts, &h))
        return false;
    if (outputs != h.width || !last->bias.params)
        return tril_ctx_fail(
            ctx, TRIL_BAD_SHAPE,
            "head_init: the last layer has %zu outputs%s, but %zu targets need %zu and a bias",
            outputs, last->bias.params ? "" : " and no bias", d, h.width);
    const size_t shared = tril_head_shared_size(d, &h.opts);
    double *own = tril_ctx_alloc(ctx, "head_init", d * d + h.width + shared, sizeof *own);
    if (!own)
        return false;
    double *raw = own + d * d;
    memcpy(own, covariance, d * d * sizeof *own);
    for (size_t j = 0; j < d; j++)
        own[j * (d + 1)] += h.opts.floor * h.opts.floor;
    bool fitted = tril_head_fit(ctx, &h, mean, own, raw);
    if (fitted) {
        store(last->bias, raw);
        if (shared)
            store(h.opts.shared, raw + h.width);
        memset(tril_param_values(last->weight), 0,
               tril_shape_size(tril_param_shape(last->weight)) * sizeof(tril_real));
    }
    tril_ctx_release(ctx, own);
    return fitted;
}

bool tril_head_init(tril_dense *last, const tril_real *targets, size_t rows, size_t d,
                    const tril_head_opts *opts)
{
    if (!last || tril_ctx_failed(last->weight.params->ctx))
        return false;
    tril_ctx *ctx = last->weight.params->ctx;
    tril_head_layout h;
    if (!tril_head_layout_of(ctx, d, opts, &h))
        return false;
    if (rows == 0 || !targets)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head_init: there are no targets");
    double *mean = tril_ctx_alloc(ctx, "head_init", d * (1 + d), sizeof *mean);
    if (!mean)
        return false;
    memset(mean, 0, d * (1 + d) * sizeof *mean);
    bool done = moments(ctx, targets, rows, d, mean, mean + d) &&
                tril_head_start_moments(last, mean, mean + d, d, opts);
    tril_ctx_release(ctx, mean);
    return done;
}
