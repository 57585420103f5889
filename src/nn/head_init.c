/* Where training begins: the last layer's bias at the fit to moments of the targets. */
#include <string.h>

#include "core/params.h"
#include "kernels/mvn.h"
#include "nn/dense.h"
#include "nn/head.h"

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
