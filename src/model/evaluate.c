/* Judging rows: networks as a mixture, some rows at a time. */
#include "model/evaluate.h"

#include <math.h>
#include <string.h>

#include <tril/extend.h>

#include "core/params.h"
#include "core/tape.h"
#include "nn/head.h"
#include "train/fit.h"
#include "train/network.h"
#include "train/streams.h"

enum { CHUNK = 64 };

static tril_ctx *ctx_of(const tril_chunk *c)
{
    return tril_tape_ctx(c->tape);
}

/* any finite numbers are a distribution, but large inputs can drive a network beyond these */
static bool check_raw(const tril_chunk *c, tril_var raw)
{
    const size_t at = tril_var_first_not_finite(raw), width = tril_size(raw) / c->n;
    return at == tril_size(raw) || !tril_ctx_validates(ctx_of(c)) ||
           tril_ctx_fail(
               ctx_of(c), TRIL_NOT_FINITE,
               "evaluate: x: row %zu: its numbers are so large that the network's outputs "
               "are not finite",
               c->first + at / width);
}

static bool judge_some(tril_chunk *c, tril_batch rows, tril_bounds bounds)
{
    tril_tape_reset(c->tape);
    tril_tape_record(c->tape, false);
    c->n = rows.n;
    c->x = tril_input(c->tape, rows.x, TRIL_SHAPE(c->n, tril_network_inputs(c->members)));
    c->missing = false;
    for (size_t i = 0; rows.y && i < c->n * c->d; i++)
        c->missing |= isnan(rows.y[i]);
    if (rows.y)
        c->y = tril_input_missing(c->tape, rows.y, TRIL_SHAPE(c->n, c->d));
    c->low = c->high = (tril_var){ 0 };
    if (c->missing && !tril_bounds_vars(c->tape, rows.y, c->n, c->d, bounds, &c->low, &c->high))
        return false;
    c->dists = tril_tape_take(c->tape, c->n_members, sizeof *c->dists);
    for (size_t k = 0; c->x.tape && c->dists && k < c->n_members; k++) {
        const tril_var raw = tril_mlp_apply(c->members[k].mlp, c->x);
        if (!raw.tape || !check_raw(c, raw))
            return false;
        c->dists[k] =
            tril_network_dist_of(&c->members[k], raw, tril_network_shift(&c->members[k], c->x));
    }
    if (tril_ctx_failed(ctx_of(c)))
        return false;
    return c->out.given ? tril_chunk_given(c) : tril_chunk_put(c);
}

static double *at(double *x, size_t first, size_t of_row)
{
    return x ? x + first * of_row : NULL;
}

static bool judge(const tril_network *members, size_t n_members, tril_tape *tape, tril_batch rows,
                  const double *levels, const tril_target *map, const tril_evaluation *out)
{
    const size_t d = members->targets, inputs = tril_network_inputs(members);
    const size_t at_once = out->given ? 1 : CHUNK; /* what is known differs from row to row */
    const tril_bounds bounds = tril_bounds_or_none(out->bounds);
    tril_chunk c = { .members = members,
                     .n_members = n_members,
                     .d = d,
                     .tape = tape,
                     .levels = levels,
                     .map = map };
    for (size_t first = 0; first < rows.n; first += at_once) {
        const tril_batch some = { rows.x + first * inputs, rows.y ? rows.y + first * d : NULL,
                                  rows.n - first < at_once ? rows.n - first : at_once };
        c.out = (tril_evaluation){ at(out->nll, first, 1),
                                   at(out->mean, first, d),
                                   at(out->sd, first, d),
                                   at(out->covariance, first, d * d),
                                   at(out->spread, first, 1),
                                   at(out->pit, first, d),
                                   at(out->level, first, 1),
                                   out->levels,
                                   out->n_levels,
                                   at(out->quantile, first, out->n_levels * d),
                                   at(out->correlation, first, d * d),
                                   out->weight,
                                   at(out->crps, first, d),
                                   at(out->energy, first, 1),
                                   out->given,
                                   out->events,
                                   out->n_events,
                                   at(out->probability, first, out->n_events),
                                   at(out->probability_se, first, out->n_events),
                                   NULL, /* bounds go by themselves */
                                   at(out->classes, first, members->head.classes) };
        c.first = first;
        *tril_ctx_random(tril_tape_ctx(tape)) = tril_stream_for(0, TRIL_FOR_DRAWS, first);
        if (!judge_some(&c, some, tril_bounds_from(bounds, first, d)))
            return false;
    }
    return true;
}

static bool check_members(tril_ctx *ctx, const tril_network *members, size_t n_members)
{
    for (size_t k = 0; k < n_members; k++) {
        if (!members[k].mlp)
            return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "evaluate: member %zu has no network", k);
        if (members[k].targets != members->targets ||
            tril_network_inputs(&members[k]) != tril_network_inputs(members))
            return tril_ctx_fail(
                ctx, TRIL_BAD_SHAPE,
                "evaluate: member %zu has %zu inputs and %zu targets, the first %zu "
                "and %zu",
                k, tril_network_inputs(&members[k]), members[k].targets,
                tril_network_inputs(members), members->targets);
    }
    return true;
}

static bool check_weights(tril_ctx *ctx, size_t n_members, const double *weight)
{
    double sum = 0;
    for (size_t k = 0; weight && k < n_members; k++)
        sum += weight[k] >= 0 ? weight[k] : (double)NAN;
    return !weight || fabs(sum - 1) < 1e-6 ||
           tril_ctx_fail(
               ctx, TRIL_BAD_ARGUMENT,
               "evaluate: the sum of the members' weights is %g, want weights of at least 0 "
               "and the sum 1",
               sum);
}

static bool check_levels(tril_ctx *ctx, const tril_evaluation *out)
{
    for (size_t l = 0; out->quantile && l < out->n_levels; l++)
        if (!(out->levels[l] > 0 && out->levels[l] < 1))
            return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                                 "evaluate: there is no quantile of level %g, want one in (0, 1)",
                                 out->levels[l]);
    return true;
}

bool tril_events_check(tril_ctx *ctx, size_t d, const tril_evaluation *out)
{
    if (out->probability && out->n_events && !out->events)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "evaluate: there are no events");
    for (size_t i = 0; out->probability && i < out->n_events * d; i++) {
        const double *low = out->events + i / d * 2 * d + i % d, high = low[d];
        if (!(*low <= high))
            return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                                 "evaluate: event %zu, target %zu: the lowest number is %g and the "
                                 "highest %g, want none above the other",
                                 i / d, i % d, *low, high);
    }
    return true;
}

/* all members know the bounds */
static bool check_bounds(tril_ctx *ctx, const tril_network *members, size_t n_members,
                         tril_batch rows, const tril_evaluation *out)
{
    for (size_t k = 0; k < n_members && rows.y && out->bounds; k++)
        if (!tril_bounds_check(ctx, "evaluate: y", &members[k].head, rows.y, rows.n,
                               members->targets, *out->bounds, true))
            return false;
    return true;
}

static bool check_rows(tril_ctx *ctx, const tril_network *net, tril_batch rows,
                       const tril_evaluation *out)
{
    if (rows.n && !rows.x)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "evaluate: there are no inputs");
    if (!rows.y && (out->given || out->nll || out->pit || out->level || out->crps || out->energy))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "evaluate: there are no targets");
    return tril_batch_check(ctx, "evaluate: x", rows.x, rows.n, tril_network_inputs(net), false) &&
           (!rows.y ||
            (tril_batch_check(ctx, "evaluate: y", rows.y, rows.n, net->targets, true) &&
             tril_support_check(ctx, "evaluate: y", &net->head, rows.y, rows.n, net->targets)));
}

bool tril_evaluate_with(tril_ctx *ctx, const tril_network *members, size_t n_members,
                        tril_batch rows, const double *levels, const tril_target *map,
                        const tril_evaluation *out)
{
    if (tril_ctx_failed(ctx) || !check_members(ctx, members, n_members) ||
        !check_levels(ctx, out) || !check_weights(ctx, n_members, out->weight) ||
        !tril_events_check(ctx, members->targets, out) || !check_rows(ctx, members, rows, out) ||
        !check_bounds(ctx, members, n_members, rows, out))
        return false;
    const tril_random before = *tril_ctx_random(ctx);
    tril_tape *tape = tril_tape_new(ctx);
    bool done = tape && judge(members, n_members, tape, rows, levels, map, out);
    tril_tape_free(tape);
    *tril_ctx_random(ctx) = before;
    return done;
}

bool tril_evaluate(const tril_network *members, size_t n_members, tril_batch rows,
                   const tril_evaluation *out)
{
    tril_params *params =
        members && n_members ? tril_dense_weight(tril_mlp_last(members->mlp)).params : NULL;
    return params && tril_evaluate_with(params->ctx, members, n_members, rows, NULL, NULL, out);
}
