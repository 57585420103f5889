/* What a fit's shards compute: rows of a batch, noise, and the ways to learn from them. */
#include <math.h>
#include <string.h>

#include "nn/head.h"
#include "train/fit.h"

/* ---- the rows */

/* to the numbers of one row: normal ones that it has to itself, whatever shard it is in */
static void add_noise(const tril_pass *pass, size_t row, tril_real *x, size_t inputs, tril_real *y,
                      tril_real *normals)
{
    const size_t targets = pass->net->targets;
    const struct {
        tril_real *values;
        size_t n, block; /* of the row's in the stream */
        double scale;
    } parts[] = { { x, inputs, 0, pass->opts->input_noise },
                  { y, targets, inputs / 2 + 1, pass->opts->target_noise } };
    tril_random random = pass->noise;
    for (size_t k = 0; k < 2; k++) {
        const size_t n = parts[k].scale > 0 ? parts[k].n : 0;
        random.position = row * (inputs / 2 + targets / 2 + 2) + parts[k].block;
        tril_random_normal(&random, normals, n);
        for (size_t i = 0; i < n; i++)
            parts[k].values[i] += (tril_real)(parts[k].scale * (double)normals[i]);
    }
}

/* copies of some rows on the tape */
static bool gather(const tril_pass *pass, tril_tape *tape, size_t first, size_t n, tril_rows *out)
{
    const size_t inputs = tril_network_inputs(pass->net), targets = pass->net->targets;
    tril_real *x = tril_tape_take(tape, n * inputs, sizeof *x);
    tril_real *y = tril_tape_take(tape, n * targets, sizeof *y);
    tril_real *normals = tril_tape_take(tape, inputs + targets, sizeof *normals);
    if (!x || !y || !normals)
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t row = pass->index[first + i];
        memcpy(x + i * inputs, pass->rows.x + row * inputs, inputs * sizeof *x);
        memcpy(y + i * targets, pass->rows.y + row * targets, targets * sizeof *y);
        if (pass->noisy)
            add_noise(pass, first + i, x + i * inputs, inputs, y + i * targets, normals);
    }
    *out = (tril_rows){ x, y, n };
    return true;
}

/* ---- the losses: each gives the log-densities of the rows too */

static tril_var log_prob(const tril_pass *pass, tril_dist p, tril_var y)
{
    return pass->opts->missing ? tril_log_prob_observed(p, y) : tril_log_prob(p, y);
}

static tril_var nll_loss(const tril_pass *pass, tril_var x, tril_var y, tril_var *densities)
{
    const tril_network *net = pass->net;
    *densities = log_prob(pass, tril_mlp_head(net->mlp, x, net->targets, &net->head), y);
    return tril_neg(tril_mean(*densities));
}

/* log det covariance = 2 entropy - d (1 + log 2 pi) */
static tril_var beta_loss(const tril_pass *pass, tril_var x, tril_var y, tril_var *densities)
{
    const tril_network *net = pass->net;
    const double d = (double)net->targets, of_unit = 0.5 * d * (1 + log(6.283185307179586));
    tril_dist p = tril_mlp_head(net->mlp, x, net->targets, &net->head);
    tril_var half = tril_sub(tril_detach(tril_entropy(p)), tril_scalar(x.tape, (tril_real)of_unit));
    tril_var power = tril_scalar(x.tape, (tril_real)(2 * pass->opts->beta / d));
    *densities = log_prob(pass, p, y);
    return tril_neg(tril_mean(tril_mul(tril_exp(tril_mul(power, half)), *densities)));
}

/* rows first, ..., first + n - 1 of a layer's outputs */
static tril_var part_of(const tril_dense *layer, tril_var x, size_t first, size_t n)
{
    tril_var weight = tril_param_var(x.tape, tril_dense_weight(layer));
    tril_var bias = tril_param_var(x.tape, tril_dense_bias(layer));
    return tril_affine(x, tril_slice(weight, 0, first, n), tril_slice(bias, 0, first, n),
                       TRIL_NONE);
}

static tril_var faithful_loss(const tril_pass *pass, tril_var x, tril_var y, tril_var *densities)
{
    const tril_network *net = pass->net;
    const tril_dense *last = tril_mlp_last(net->mlp);
    const size_t d = net->targets, width = tril_param_shape(tril_dense_bias(last)).dim[0];
    for (size_t i = 0; i + 1 < tril_mlp_depth(net->mlp); i++)
        x = tril_dense_apply(tril_mlp_layer(net->mlp, i), x);
    tril_var loc = part_of(last, x, 0, d), raw = tril_detach(loc);
    if (width > d)
        raw = tril_concat((tril_var[]){ raw, part_of(last, tril_detach(x), d, width - d) }, 2, -1);
    *densities = log_prob(pass, tril_head(raw, d, &net->head), y);
    tril_dist unit = tril_mvn_diag(loc, tril_scalar(x.tape, 1));
    return tril_neg(tril_mean(tril_add(*densities, log_prob(pass, unit, y))));
}

tril_var tril_pass_loss(tril_tape *tape, size_t first, size_t n, void *user)
{
    static tril_var (*const losses[])(const tril_pass *, tril_var, tril_var,
                                      tril_var *) = { nll_loss, beta_loss, faithful_loss,
                                                      nll_loss };
    const tril_pass *pass = user;
    const size_t inputs = tril_network_inputs(pass->net), targets = pass->net->targets;
    tril_rows rows = { pass->rows.x + first * inputs, pass->rows.y + first * targets, n };
    if (pass->index && !gather(pass, tape, first, n, &rows))
        return (tril_var){ 0 };
    tril_var x = tril_input(tape, rows.x, TRIL_SHAPE(n, inputs)), densities = { 0 };
    tril_var y = pass->opts->missing ? tril_input_missing(tape, rows.y, TRIL_SHAPE(n, targets))
                                     : tril_input(tape, rows.y, TRIL_SHAPE(n, targets));
    if (!pass->training)
        return nll_loss(pass, x, y, &densities);
    tril_var loss = losses[pass->opts->loss](pass, x, y, &densities);
    const tril_real *of_rows = tril_value(densities);
    double sum = 0;
    for (size_t i = 0; of_rows && i < n; i++)
        sum -= (double)of_rows[i];
    pass->nll[first / TRIL_FIT_SHARD] = sum;
    return loss;
}

/* whether a number of a row of raw outputs is one of a mean's */
static bool is_mean(const tril_network *net, size_t i)
{
    if (net->head.form != TRIL_HEAD_MIXTURE)
        return i < net->targets;
    const tril_head_opts component = tril_head_component(&net->head);
    const size_t k = net->head.components;
    return i >= k && (i - k) % tril_head_width(net->targets, &component) < net->targets;
}

void tril_fit_mean_alone(const tril_network *net)
{
    const tril_dense *last = tril_mlp_last(net->mlp);
    tril_param weight = tril_dense_weight(last), bias = tril_dense_bias(last);
    const size_t inputs = tril_param_shape(weight).dim[1];
    for (size_t i = 0; i < tril_param_shape(bias).dim[0]; i++)
        if (!is_mean(net, i)) {
            memset(tril_param_grads(weight) + i * inputs, 0, inputs * sizeof(tril_real));
            tril_param_grads(bias)[i] = 0;
        }
    if (net->head.form == TRIL_HEAD_SHARED)
        memset(tril_param_grads(net->head.shared), 0,
               tril_shape_size(tril_param_shape(net->head.shared)) * sizeof(tril_real));
}
