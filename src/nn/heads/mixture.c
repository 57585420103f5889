/* The head of a mixture: logits of the weights, then the row of each component. */
#include <math.h>
#include <string.h>

#include "core/ctx.h"
#include "core/shape.h"
#include "nn/head.h"

static size_t width(size_t d, const tril_head_opts *opts)
{
    tril_head_layout h = { *opts, d, 0 };
    return opts->components * (1 + tril_head_component(&h).width);
}

/* r and shift: {0} in the mixture's own coordinates */
static tril_dist mixed(const tril_head_layout *h, tril_var raw, tril_var r, tril_var shift)
{
    const tril_head_layout c = tril_head_component(h);
    const size_t k = h->opts.components;
    tril_shape shape = tril_shape_of(raw);
    shape.dim[shape.rank - 1] = k;
    if (!tril_shape_append(&shape, c.width))
        return tril_var_fail(raw.tape, "head", TRIL_BAD_SHAPE,
                             "raw is %s, whose components have no room in rank 4",
                             tril_shape_text(tril_shape_of(raw)).text),
               (tril_dist){ 0 };
    tril_var rows = tril_reshape(tril_slice(raw, -1, k, k * c.width), shape);
    if (shift.tape)
        shift = tril_reshape(shift, TRIL_SHAPE(shape.dim[0], 1, h->d));
    return tril_mixture(tril_categorical(tril_slice(raw, -1, 0, k)),
                        r.tape ? c.opts.kind->transformed(&c, rows, r, shift)
                               : c.opts.kind->dist(&c, rows, (tril_var){ 0 }));
}

static tril_dist dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    (void)natural;
    return mixed(h, raw, (tril_var){ 0 }, (tril_var){ 0 });
}

static bool is_mean(const tril_head_layout *h, size_t i)
{
    const tril_head_layout c = tril_head_component(h);
    const size_t k = h->opts.components;
    return i >= k && tril_head_is_mean(&c, (i - k) % c.width);
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
static bool init(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                 const double *covariance, double *raw)
{
    const tril_head_layout c = tril_head_component(h);
    const size_t d = h->d, k = h->opts.components;
    const double variance = k > 1 ? 0.25 : 0;
    const double step = k > 1 ? sqrt(12 * variance / ((double)k * (double)k - 1)) : 0;
    double *axis = tril_ctx_alloc(ctx, "head_init", d * (d + 2), sizeof *axis);
    /* names a column that has no variance to give */
    bool done = axis && tril_head_fit(ctx, &c, mean, covariance, raw + k);
    if (done) {
        double *shared = axis + d;
        principal_axis(d, covariance, axis, shared);
        for (size_t i = 0; i < d; i++)
            axis[i] *= sqrt(covariance[i * (d + 1)]);
        for (size_t i = 0; i < d * d; i++)
            shared[i] = covariance[i] - variance * axis[i / d] * axis[i % d];
        memset(raw, 0, k * sizeof *raw);
        done = tril_head_fit(ctx, &c, mean, shared, raw + k);
    }
    for (size_t i = k; i-- > 0 && done;) {
        double *row = raw + k + i * c.width;
        memmove(row, raw + k, c.width * sizeof *row);
        for (size_t j = 0, m = 0; j < c.width; j++)
            if (m < d && tril_head_is_mean(&c, j))
                row[j] += step * ((double)i - 0.5 * (double)(k - 1)) * axis[m++];
    }
    tril_ctx_release(ctx, axis);
    return done;
}

const tril_head_kind tril_head_mixture = { .name = "mixture",
                                           .components = true,
                                           .plain_nll = true,
                                           .width = width,
                                           .dist = dist,
                                           .transformed = mixed,
                                           .init = init,
                                           .is_mean = is_mean };
