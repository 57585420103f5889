/* What a fit's shards compute: rows of a batch, their noise, their loss. */
#include <math.h>
#include <string.h>

#include "core/params.h"
#include "nn/head.h"
#include "train/fit.h"
#include "train/network.h"

/* ---- the rows */

double tril_pass_noise(const tril_pass *pass)
{
    return 0.35 * pass->opts->input_noise / sqrt(pass->total);
}

/* one of the pool, as often as its weight says */
static const tril_real *draw_inputs(const tril_pass *pass, tril_random *random, size_t inputs)
{
    size_t low = 0, high = pass->n_pool - 1;
    if (!pass->below) {
        low = tril_random_below(random, pass->n_pool);
    } else {
        const double at = ldexp((double)tril_random_below(random, 1u << 31), -31) * pass->total;
        while (low < high) {
            const size_t middle = low + (high - low) / 2;
            if (pass->below[middle] > at)
                high = middle;
            else
                low = middle + 1;
        }
    }
    return pass->rows.x + pass->pool[low] * inputs;
}

/* to the numbers of one row: from blocks of the stream that it has to itself, whatever shard it is
 * in */
static void add_noise(const tril_pass *pass, size_t row, tril_real *x, size_t inputs,
                      tril_real *const *ys, tril_real *normals)
{
    enum { BLOCKS = 2 }; /* for the numbers of two rows */
    const size_t targets = pass->net->targets;
    const double scale = pass->opts->target_noise;
    const tril_real h = (tril_real)(tril_pass_noise(pass) / sqrt(2));
    tril_random random = pass->noise;
    random.position = row * (BLOCKS + targets / 2 + 1);
    const tril_real *a = draw_inputs(pass, &random, inputs),
                    *b = draw_inputs(pass, &random, inputs);
    for (size_t i = 0; i < inputs; i++)
        x[i] += h * (a[i] - b[i]);
    random.position = row * (BLOCKS + targets / 2 + 1) + BLOCKS;
    tril_random_normal(&random, normals, scale > 0 ? targets : 0);
    for (; *ys; ys++) {
        for (size_t i = 0; i < targets * inputs && pass->slope; i++)
            (*ys)[i / inputs] -= (tril_real)pass->slope[i] * h * (a[i % inputs] - b[i % inputs]);
        for (size_t i = 0; i < targets && scale > 0; i++)
            (*ys)[i] += (tril_real)(scale * (double)normals[i]);
    }
}

/* copies of some rows on the tape */
static bool gather(const tril_pass *pass, tril_tape *tape, size_t first, size_t n, tril_batch *out,
                   tril_bounds *bounds)
{
    const size_t inputs = tril_network_inputs(pass->net), targets = pass->net->targets;
    tril_real *x = tril_tape_take(tape, n * inputs, sizeof *x);
    const tril_real *const from[] = { pass->rows.y, pass->bounds.low, pass->bounds.high };
    const size_t kinds = pass->bounds.low ? 3 : 1; /* of numbers of targets: themselves, bounds */
    tril_real *y = tril_tape_take(tape, kinds * n * targets, sizeof *y);
    tril_real *normals = tril_tape_take(tape, targets, sizeof *normals);
    if (!x || !y || !normals)
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t row = pass->index[first + i];
        tril_real *ys[4] = { 0 };
        memcpy(x + i * inputs, pass->rows.x + row * inputs, inputs * sizeof *x);
        for (size_t k = 0; k < kinds; k++) {
            ys[k] = y + (k * n + i) * targets;
            memcpy(ys[k], from[k] + row * targets, targets * sizeof *y);
        }
        if (pass->noisy)
            add_noise(pass, first + i, x + i * inputs, inputs, ys, normals);
    }
    out->x = x;
    out->y = y;
    if (kinds > 1)
        *bounds = (tril_bounds){ y + n * targets, y + 2 * n * targets };
    return true;
}

static tril_real or_none(tril_real bound)
{
    return isinf(bound) ? (tril_real)NAN : bound;
}

bool tril_bounds_vars(tril_tape *tape, const tril_real *y, size_t n, size_t targets,
                      tril_bounds bounds, tril_var *low, tril_var *high)
{
    const size_t size = n * targets;
    const tril_shape shape = TRIL_SHAPE(n, targets);
    tril_real *l = bounds.low ? tril_tape_take(tape, 2 * size, sizeof *l) : NULL;
    for (size_t i = 0; i < size && l; i++) {
        const bool there = !isnan(y[i]);
        l[i] = there ? y[i] : or_none(bounds.low[i]);
        l[size + i] = there ? y[i] : or_none(bounds.high[i]);
    }
    if (l) {
        *low = tril_input_missing(tape, l, shape);
        *high = tril_input_missing(tape, l + size, shape);
    }
    return !bounds.low || (l && high->tape);
}

/* the weights of rows, in units of their mean; {0} where they count alike */
static tril_var weights(const tril_pass *pass, tril_tape *tape, size_t first, size_t n)
{
    tril_real *w = pass->rows.w ? tril_tape_take(tape, n, sizeof *w) : NULL;
    for (size_t i = 0; i < n && w; i++)
        w[i] = (tril_real)((double)pass->rows.w[pass->index ? pass->index[first + i] : first + i] /
                           pass->mean_weight);
    return w ? tril_input(tape, w, TRIL_SHAPE(n)) : (tril_var){ 0 };
}

/* ---- */

/* Rows that are judged at once: their products with a layer of 128 units leave BLAS's threads to
 * the program. */
enum { JUDGED = 64 };

tril_var tril_pass_loss(tril_tape *tape, size_t first, size_t n, void *user)
{
    const tril_pass *pass = user;
    const size_t inputs = tril_network_inputs(pass->net), targets = pass->net->targets;
    if (!pass->training && n > JUDGED) {
        const tril_var share = tril_scalar(tape, (tril_real)JUDGED / (tril_real)n);
        const tril_var some = tril_pass_loss(tape, first, JUDGED, user);
        const tril_var others = tril_pass_loss(tape, first + JUDGED, n - JUDGED, user);
        return tril_add(others, tril_mul(share, tril_sub(some, others)));
    }
    tril_batch rows = { pass->rows.x + first * inputs, pass->rows.y + first * targets, n };
    tril_bounds bounds = tril_bounds_from(pass->bounds, first, targets);
    if (pass->index && !gather(pass, tape, first, n, &rows, &bounds))
        return (tril_var){ 0 };
    tril_loss_rows of = { .net = pass->net,
                          .x = tril_input(tape, rows.x, TRIL_SHAPE(n, inputs)),
                          .missing = pass->opts->missing,
                          .beta = pass->opts->beta,
                          .w = weights(pass, tape, first, n) };
    of.y = (of.missing ? tril_input_missing : tril_input)(tape, rows.y, TRIL_SHAPE(n, targets));
    if (!tril_bounds_vars(tape, rows.y, n, targets, bounds, &of.low, &of.high))
        return (tril_var){ 0 };
    tril_var log_prob = { 0 };
    if (!pass->training)
        return tril_loss_nll.value(&of, &log_prob);
    tril_var loss = pass->opts->loss->value(&of, &log_prob);
    if (loss.tape && tril_size(log_prob) != n)
        return tril_var_fail(tape, pass->opts->loss->name, TRIL_BAD_SHAPE,
                             "the loss leaves log_prob of %zu numbers for %zu rows",
                             tril_size(log_prob), n);
    const tril_real *of_rows = tril_value(log_prob), *w = of.w.tape ? tril_value(of.w) : NULL;
    double sum = 0;
    for (size_t i = 0; of_rows && i < n; i++)
        sum -= tril_weight_of(w, i) * (double)of_rows[i];
    pass->nll[first / TRIL_SHARD_ROWS] = sum;
    return loss;
}

void tril_fit_mean_alone(const tril_network *net)
{
    const tril_dense *last = tril_mlp_last(net->mlp);
    tril_param weight = tril_dense_weight(last), bias = tril_dense_bias(last);
    const size_t inputs = tril_param_shape(weight).dim[1];
    tril_head_layout h;
    const bool known = tril_head_layout_of(bias.params->ctx, net->targets, &net->head, &h);
    for (size_t i = 0; known && i < h.width; i++)
        if (!tril_head_is_mean(&h, i)) {
            memset(tril_param_grads(weight) + i * inputs, 0, inputs * sizeof(tril_real));
            tril_param_grads(bias)[i] = 0;
        }
    const size_t shared = tril_head_shared_size(net->targets, &net->head);
    if (shared)
        memset(tril_param_grads(net->head.shared), 0, shared * sizeof(tril_real));
}
