/* Where training begins: the last layer's bias at the Gaussian fit of the targets. */
#include <math.h>
#include <string.h>

#include "core/params.h"
#include "nn/dense.h"
#include "nn/head_fit.h"

typedef tril_head_layout head;

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

/* The first principal axis of the correlations, a unit vector [d], by powers. */
static void principal_axis(size_t d, const double *covariance, double *axis, double *next)
{
    for (size_t i = 0; i < d; i++)
        axis[i] = 1 + 1e-3 * (double)(i % 7);
    for (int step = 0; step < 100; step++) {
        double squares = 0;
        for (size_t i = 0; i < d; i++) {
            next[i] = 0;
            for (size_t j = 0; j < d; j++)
                next[i] += covariance[i * d + j] * axis[j] /
                           sqrt(covariance[i * (d + 1)] * covariance[j * (d + 1)]);
            squares += next[i] * next[i];
        }
        for (size_t i = 0; i < d; i++)
            axis[i] = next[i] / sqrt(squares);
    }
}

/* Components of equal weight whose means stand evenly along the first principal axis w of the
 * correlations, with a quarter of a variance (in units of each target's), which the covariance that
 * they share is without: the moments are those of the targets. The logarithm being concave, the NLL
 * is at most the mean of the components', for any targets: 1/3 + log(3/4) / 2 = 0.19 above the fit
 * of one, w being a unit vector along which the correlations have a variance of at least 1. */
static bool mixture(tril_ctx *ctx, const head *h, const tril_head_opts *opts, const double *mean,
                    double *covariance, double *memory, double *raw)
{
    const tril_head_opts of_each = tril_head_component(opts);
    size_t d = h->d, k = opts->components;
    double *axis = memory, *work = memory + d, variance = k > 1 ? 0.25 : 0;
    head component;
    if (!tril_head_layout_of(ctx, d, &of_each, &component) ||
        !tril_head_fit(ctx, &component, mean, covariance, work, raw + k))
        return false; /* names a column that has no variance to give */
    principal_axis(d, covariance, axis, work);
    for (size_t i = 0; i < d; i++)
        axis[i] *= sqrt(covariance[i * (d + 1)]);
    for (size_t i = 0; i < d * d; i++)
        covariance[i] -= variance * axis[i / d] * axis[i % d];
    double step = k > 1 ? sqrt(12 * variance / ((double)k * (double)k - 1)) : 0;
    memset(raw, 0, k * sizeof *raw);
    for (size_t c = 0; c < k; c++) {
        double *to = raw + k + c * component.width;
        if (!tril_head_fit(ctx, &component, mean, covariance, work, to))
            return false;
        for (size_t i = 0; i < d; i++)
            to[i] += step * ((double)c - 0.5 * (double)(k - 1)) * axis[i];
    }
    return true;
}

static void store(tril_param param, const double *x)
{
    for (size_t i = 0; i < tril_shape_size(tril_param_shape(param)); i++)
        tril_param_values(param)[i] = tril_saturate(x[i]);
}

bool tril_head_start_moments(tril_dense *last, const double *mean, const double *covariance,
                             size_t d, const tril_head_opts *opts)
{
    if (!last || tril_ctx_failed(last->weight.params->ctx))
        return false;
    tril_ctx *ctx = last->weight.params->ctx;
    size_t outputs = tril_param_shape(last->weight).dim[0];
    head h;
    if (!tril_head_layout_of(ctx, d, opts, &h))
        return false;
    if (outputs != h.width || !last->bias.params)
        return tril_ctx_fail(
            ctx, TRIL_BAD_SHAPE,
            "head_init: the last layer has %zu outputs%s, but %zu targets need %zu and a bias",
            outputs, last->bias.params ? "" : " and no bias", d, h.width);
    if (h.form == TRIL_HEAD_SHARED)
        h = tril_head_block(&h);
    double *own =
        tril_ctx_alloc(ctx, "head_init", d * d + h.width + tril_head_fit_doubles(&h), sizeof *own);
    if (!own)
        return false;
    double *raw = own + d * d, *memory = raw + h.width;
    memcpy(own, covariance, d * d * sizeof *own);
    for (size_t j = 0; j < d; j++)
        own[j * (d + 1)] += h.floor * h.floor;
    bool fitted = h.form == TRIL_HEAD_MIXTURE ? mixture(ctx, &h, opts, mean, own, memory, raw)
                                              : tril_head_fit(ctx, &h, mean, own, memory, raw);
    if (fitted) {
        store(last->bias, raw);
        if (outputs < h.width)
            store(opts->shared, raw + d);
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
    head h;
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
