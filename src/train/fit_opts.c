/* The options of a fit: defaults, ranges, and rows that make sense. */
#include <math.h>

#include <tril/extend.h>

#include "core/ctx.h"
#include "core/finite.h"
#include "nn/head.h"
#include "train/fit.h"
#include "train/schedule.h"

size_t tril_network_inputs(const tril_network *net)
{
    return tril_param_shape(tril_dense_weight(tril_mlp_layer(net->mlp, 0))).dim[1];
}

static bool check_network(tril_ctx *ctx, const tril_network *net)
{
    tril_head_layout h;
    tril_param bias = tril_dense_bias(tril_mlp_last(net->mlp));
    if (!tril_head_layout_of(ctx, net->targets, &net->head, &h))
        return false;
    if (net->line.scale.params && net->line.scale.params != bias.params)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "fit: the line is no parameter of the network's store");
    if (tril_head_shared_size(net->targets, &net->head) && net->head.shared.params != bias.params)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "fit: the shared covariance is no parameter of the network's store");
    return tril_param_shape(bias).dim[0] == h.width ||
           tril_ctx_fail(ctx, TRIL_BAD_SHAPE,
                         "fit: the network has %zu outputs, but %zu targets need %zu",
                         tril_param_shape(bias).dim[0], net->targets, h.width);
}

bool tril_batch_check(tril_ctx *ctx, const char *which, const tril_real *x, size_t n, size_t width,
                      bool missing)
{
    size_t at = tril_first_not_finite(x, n * width);
    while (missing && at < n * width && isnan(x[at]))
        at += 1 + tril_first_not_finite(x + at + 1, n * width - at - 1);
    return at >= n * width || tril_ctx_fail(ctx, TRIL_NOT_FINITE, "%s: column %zu is %g in row %zu",
                                            which, at % width, (double)x[at], at / width);
}

/* a number more than the head takes is known by bounds in row i */
static bool fail_bounds(tril_ctx *ctx, const char *which, const tril_head_opts *head, size_t i,
                        size_t column, size_t most)
{
    const char *name = tril_head_kind_of(head)->name;
    if (most == 0)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "%s: column %zu is known by bounds only in row %zu, and the head %s "
                             "takes no bounds: those of normals and mixtures of normals do",
                             which, column, i, name);
    return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                         "%s: more than %zu numbers are known by bounds only in row %zu, column "
                         "%zu too, and the head %s takes no more: the head diagonal does",
                         which, most, i, column, name);
}

bool tril_bounds_check(tril_ctx *ctx, const char *which, const tril_head_opts *head,
                       const tril_real *y, size_t n, size_t targets, tril_bounds bounds,
                       bool missing)
{
    if (!bounds.low != !bounds.high)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "%s: there are bounds on one side only",
                             which);
    const size_t most = tril_head_bounds(head, targets);
    for (size_t i = 0, censored = 0; i < n * targets && bounds.low; i++) {
        const double low = (double)bounds.low[i], high = (double)bounds.high[i];
        const bool known = isnan(y[i]) && (isfinite(low) || isfinite(high));
        censored = known + (i % targets ? censored : 0);
        if (!isnan(y[i]))
            continue;
        if (low >= high || low == HUGE_VAL || high == -HUGE_VAL)
            return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                                 "%s: column %zu is from %g to %g in row %zu, want two numbers, "
                                 "the first below the other",
                                 which, i % targets, low, high, i / targets);
        if (!known && !missing)
            return tril_ctx_fail(ctx, TRIL_NOT_FINITE, "%s: column %zu is %g in row %zu", which,
                                 i % targets, (double)y[i], i / targets);
        if (censored > most)
            return fail_bounds(ctx, which, head, i / targets, i % targets, most);
    }
    return true;
}

bool tril_weights_check(tril_ctx *ctx, const char *which, tril_batch rows)
{
    double sum = rows.w ? 0 : 1;
    for (size_t i = 0; i < rows.n && rows.w; i++) {
        if (!(rows.w[i] >= 0 && isfinite(rows.w[i])))
            return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                                 "%s: the weight of row %zu is %g, want a number of at least 0",
                                 which, i, (double)rows.w[i]);
        sum += (double)rows.w[i];
    }
    return sum > 0 || tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "%s: all weights are 0", which);
}

static bool check_rows(tril_ctx *ctx, const tril_network *net, const tril_batch *rows,
                       tril_bounds bounds, const char *x_name, const char *y_name,
                       const char *w_name, bool missing)
{
    if (rows->n == 0 || !rows->x || !rows->y)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "%s and y: there are no rows", x_name);
    return tril_batch_check(ctx, x_name, rows->x, rows->n, tril_network_inputs(net), false) &&
           tril_batch_check(ctx, y_name, rows->y, rows->n, net->targets, missing || bounds.low) &&
           tril_bounds_check(ctx, y_name, &net->head, rows->y, rows->n, net->targets, bounds,
                             missing) &&
           tril_support_check(ctx, y_name, &net->head, rows->y, rows->n, net->targets) &&
           tril_weights_check(ctx, w_name, *rows);
}

static bool check_ranges(tril_ctx *ctx, const tril_fit_opts *o)
{
    const struct {
        const char *name, *want;
        double value;
        bool right;
    } numbers[] = {
        { "beta", "a number above 0, at most 1", o->beta, o->beta > 0 && o->beta <= 1 },
        { "validation_share", "a number from 0 to below 1", o->validation_share,
          o->validation_share >= 0 && o->validation_share < 1 },
        { "average", "a number from 0 to below 1", o->average, o->average >= 0 && o->average < 1 },
        { "input_noise", "at least 0", o->input_noise,
          o->input_noise >= 0 && isfinite(o->input_noise) },
        { "target_noise", "at least 0", o->target_noise,
          o->target_noise >= 0 && isfinite(o->target_noise) },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!numbers[i].right)
            return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "fit: %s is %g, want %s", numbers[i].name,
                                 numbers[i].value, numbers[i].want);
    return true;
}

/* what does not go together */
static bool check_together(tril_ctx *ctx, const tril_fit_opts *o)
{
    const char *sentence = NULL;
    if (o->validation.n && o->validation_share > 0)
        sentence = "validation rows and a share of the others cannot both be held out";
    else if (o->patience && !o->validation.n && o->validation_share == 0)
        sentence = "patience needs validation rows";
    else if (!o->optim->name || !o->optim->update)
        sentence = "the optimizer has no name or no update";
    else if (!o->loss->name || !o->loss->value)
        sentence = "the loss has no name or no value";
    else if (o->loss->mean_first && o->no_init)
        sentence = "the warm-up of the mean needs the covariance of the start";
    else if (o->loss->no_bounds && (o->bounds || o->validation_bounds))
        sentence =
            "the losses mse and faithful learn from numbers alone, not from bounds of these: "
            "take nll or beta";
    return !sentence || tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "fit: %s", sentence);
}

/* targets in their own units */
static bool check_support(tril_ctx *ctx, const tril_head_kind *kind, const tril_fit_opts *o)
{
    if (!kind->support)
        return true;
    if (o->loss->all_numbers)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "fit: the loss %s is not for the head %s, whose loss is nll",
                             o->loss->name, kind->name);
    return o->target_noise == 0 ||
           tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                         "fit: a target noise of %g is not for the head %s, each of whose targets "
                         "is %s",
                         o->target_noise, kind->name, kind->support->what);
}

bool tril_fit_check(tril_ctx *ctx, const tril_network *net, const tril_batch *rows,
                    tril_fit_opts *o)
{
    o->epochs = o->epochs ? o->epochs : 100;
    o->batch = o->batch ? o->batch : 64;
    o->optim = o->optim ? o->optim : &tril_optim_adam;
    o->lr = o->lr != 0 ? o->lr : o->optim->lr;
    o->loss = o->loss ? o->loss : &tril_loss_nll;
    o->beta = o->beta != 0 ? o->beta : 0.5;
    o->warmup_epochs = o->warmup_epochs ? o->warmup_epochs : 10;
    const tril_bounds bounds = tril_bounds_or_none(o->bounds),
                      held = tril_bounds_or_none(o->validation_bounds);
    const bool missing = o->missing;
    o->missing |= bounds.low || held.low;
    return check_network(ctx, net) &&
           check_rows(ctx, net, rows, bounds, "fit: x", "fit: y", "fit: w", missing) &&
           (!o->validation.n || check_rows(ctx, net, &o->validation, held, "fit: validation.x",
                                           "fit: validation.y", "fit: validation.w", missing)) &&
           check_ranges(ctx, o) && tril_schedule_check(ctx, &o->schedule) &&
           check_together(ctx, o) && check_support(ctx, tril_head_kind_of(&net->head), o);
}
