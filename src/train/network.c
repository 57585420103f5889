/* Networks with a line under them: what the line explains is subtracted, what is left is scaled. */
#include "train/network.h"

#include <math.h>
#include <string.h>

#include "core/params.h"
#include "kernels/cholesky.h"
#include "nn/head.h"
#include "train/linear_fit.h"

/* ---- making one */

tril_network tril_network_make(tril_params *params, size_t targets, const tril_mlp_opts *mlp,
                               const tril_head_opts *head, bool line)
{
    tril_network net = { .targets = targets, .head = head ? *head : (tril_head_opts){ 0 } };
    if (!params || !mlp || tril_ctx_failed(params->ctx))
        return (tril_network){ 0 };
    if (!targets)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT, "network: there are no targets"),
               (tril_network){ 0 };
    tril_mlp_opts opts = *mlp;
    const size_t shared = tril_head_shared_size(targets, &net.head);
    if (shared)
        net.head.shared = tril_params_add(params, "covariance", TRIL_SHAPE(shared));
    tril_head_layout layout;
    if (!tril_head_layout_of(params->ctx, targets, &net.head, &layout))
        return (tril_network){ 0 };
    opts.outputs = layout.width;
    net.mlp = tril_mlp_new(params, "net", &opts);
    if (line) {
        net.line.weight = tril_params_add(params, "line.weight", TRIL_SHAPE(targets, opts.inputs));
        net.line.bias = tril_params_add(params, "line.bias", TRIL_SHAPE(targets));
        net.line.scale = tril_params_add(params, "line.scale", TRIL_SHAPE(targets, targets));
    }
    if (tril_ctx_failed(params->ctx))
        return (tril_network){ 0 };
    for (size_t i = 0; i < targets && line; i++)
        tril_param_values(net.line.scale)[i * (targets + 1)] = 1;
    return net;
}

tril_network tril_network_new(tril_params *params, size_t targets, const tril_mlp_opts *mlp,
                              const tril_head_opts *head)
{
    const tril_head_opts opts = head ? *head : (tril_head_opts){ 0 };
    tril_frame unused;
    return tril_network_make(params, targets, mlp, head, tril_head_frame(&opts, &unused));
}

/* ---- R */

/* in which coordinates the distributions of a head stay what they are */
static tril_frame frame_of(const tril_network *net)
{
    tril_frame frame;
    tril_head_frame(&net->head, &frame);
    return frame;
}

/* covariance = R R', floor^2 being part of it; memory [d, d] */
static void factorize(tril_frame as, size_t d, const double *covariance, double least,
                      double *memory, tril_real *r)
{
    const size_t last = d * d - 1;
    for (size_t i = 0; i <= last; i++) /* an upper factor is a lower one, turned about */
        memory[i] = as == TRIL_FRAME_DIAGONAL && i % (d + 1)
                        ? 0
                        : covariance[as == TRIL_FRAME_UPPER ? last - i : i];
    tril_cholesky_factor(d, memory, least);
    for (size_t i = 0; i <= last; i++)
        r[i] = (tril_real)memory[as == TRIL_FRAME_UPPER ? last - i : i];
}

/* v [d, n] becomes R^-1 v */
static void divide(tril_frame as, size_t d, const tril_real *r, size_t n, double *v)
{
    for (size_t k = 0; k < d; k++) {
        const size_t i = as == TRIL_FRAME_UPPER ? d - 1 - k : k;
        const size_t from = as == TRIL_FRAME_UPPER ? i + 1 : 0, to = as == TRIL_FRAME_UPPER ? d : i;
        for (size_t j = from; j < to && as != TRIL_FRAME_DIAGONAL; j++)
            for (size_t l = 0; l < n; l++)
                v[i * n + l] -= (double)r[i * d + j] * v[j * n + l];
        for (size_t l = 0; l < n; l++)
            v[i * n + l] /= (double)r[i * (d + 1)];
    }
}

/* ---- from and to the coordinates of the targets */

bool tril_flat_start(const tril_network *net, tril_batch rows, tril_bounds bounds,
                     const size_t *index)
{
    tril_dense *last = tril_mlp_last(net->mlp);
    tril_ctx *ctx = tril_dense_weight(last).params->ctx;
    tril_linear_fit fit;
    if (tril_head_kind_of(&net->head)->support)
        return tril_head_init_rows(last, rows.y, rows.w, index, rows.n, net->targets, &net->head);
    if (!tril_linear_fit_rows(ctx, rows, bounds, index, 0, net->targets, true, &fit))
        return false;
    bool done = tril_head_start_moments(last, fit.bias, fit.covariance, net->targets, &net->head);
    tril_ctx_release(ctx, fit.weight);
    return done;
}

bool tril_line_start(const tril_network *net, tril_batch rows, tril_bounds bounds,
                     const size_t *index, bool flat)
{
    const tril_param weight = net->line.weight;
    const size_t d = net->targets, inputs = tril_param_shape(weight).dim[1];
    const tril_frame as = frame_of(net);
    tril_ctx *ctx = weight.params->ctx;
    tril_real *r = tril_param_values(net->line.scale);
    tril_head_layout h;
    tril_linear_fit fit;
    if (!tril_head_layout_of(ctx, d, &net->head, &h) ||
        !tril_linear_fit_rows(ctx, rows, bounds, index, inputs, d, flat, &fit))
        return false;
    double *mean = tril_ctx_alloc(ctx, "fit", d * (d + 2), sizeof *mean);
    if (mean) {
        double *memory = mean + d, *column = memory + d * d;
        const double least = fmax(h.opts.floor * h.opts.floor, 1e-12);
        memset(mean, 0, d * sizeof *mean);
        for (size_t i = 0; i < d * inputs; i++)
            tril_param_values(weight)[i] = (tril_real)fit.weight[i];
        for (size_t i = 0; i < d; i++) {
            tril_param_values(net->line.bias)[i] = (tril_real)fit.bias[i];
            fit.covariance[i * (d + 1)] += least;
        }
        factorize(as, d, fit.covariance, least, memory, r);
        /* R^-1 covariance R^-T, which is 1 but for diagonal R */
        for (int side = 0; side < 2; side++)
            for (size_t j = 0; j < d; j++) {
                for (size_t i = 0; i < d; i++)
                    column[i] = fit.covariance[i * d + j];
                divide(as, d, r, 1, column);
                for (size_t i = 0; i < d; i++)
                    memory[j * d + i] = column[i];
                if (j == d - 1)
                    memcpy(fit.covariance, memory, d * d * sizeof *memory);
            }
    }
    bool done = mean && tril_head_start_moments(tril_mlp_last(net->mlp), mean, fit.covariance, d,
                                                &net->head);
    tril_ctx_release(ctx, mean);
    tril_ctx_release(ctx, fit.weight);
    return done;
}

void tril_line_subtract(const tril_network *net, tril_batch rows, bool missing, double *e,
                        tril_real *to)
{
    const size_t d = net->targets, inputs = tril_param_shape(net->line.weight).dim[1];
    const tril_real *b = tril_param_values(net->line.weight),
                    *r = tril_param_values(net->line.scale);
    const tril_frame as = frame_of(net);
    for (size_t i = 0; i < rows.n; i++) {
        for (size_t j = 0; j < d; j++) {
            e[j] = (double)rows.y[i * d + j] - (double)tril_param_values(net->line.bias)[j];
            for (size_t k = 0; k < inputs; k++)
                e[j] -= (double)b[j * inputs + k] * (double)rows.x[i * inputs + k];
        }
        if (!missing)
            divide(as, d, r, 1, e);
        for (size_t j = 0; j < d; j++)
            to[i * d + j] = (tril_real)e[j];
    }
}

void tril_line_slope(const tril_network *net, bool own, double *to)
{
    const size_t d = net->targets, inputs = tril_param_shape(net->line.weight).dim[1];
    const tril_real *b = tril_param_values(net->line.weight);
    for (size_t i = 0; i < d * inputs; i++)
        to[i] = (double)b[i];
    if (own)
        divide(frame_of(net), d, tril_param_values(net->line.scale), inputs, to);
}

double tril_line_log_scale(const tril_network *net)
{
    const size_t d = net->targets;
    double sum = 0;
    for (size_t i = 0; i < d && net->line.scale.params; i++)
        sum += log((double)tril_param_values(net->line.scale)[i * (d + 1)]);
    return sum;
}

tril_dist tril_network_dist_of(const tril_network *net, tril_var raw, tril_var shift)
{
    if (!net->line.scale.params)
        return tril_head(raw, net->targets, &net->head);
    tril_var r = tril_detach(tril_param_var(raw.tape, net->line.scale));
    return tril_head_transformed(raw, net->targets, &net->head, r, shift);
}

tril_var tril_network_shift(const tril_network *net, tril_var x)
{
    if (!net->line.weight.params)
        return (tril_var){ 0 };
    return tril_affine(x, tril_detach(tril_param_var(x.tape, net->line.weight)),
                       tril_detach(tril_param_var(x.tape, net->line.bias)), TRIL_NONE);
}

tril_dist tril_network_dist(const tril_network *net, tril_var x)
{
    tril_shape shape;
    if (!net || !net->mlp || !tril_var_shape(x, "network", &shape))
        return (tril_dist){ 0 };
    return tril_network_dist_of(net, tril_mlp_apply(net->mlp, x), tril_network_shift(net, x));
}
