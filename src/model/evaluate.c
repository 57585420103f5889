/* Judging rows: networks as a mixture, some rows at a time. */
#include "model/evaluate.h"

#include <math.h>
#include <string.h>

#include <tril/extend.h>

#include "core/params.h"
#include "core/tape.h"
#include "distributions/dist.h"
#include "kernels/blas.h"
#include "kernels/cholesky.h"
#include "kernels/mvn.h"
#include "train/fit.h"
#include "train/network.h"
#include "train/streams.h"

enum { CHUNK = 64 };

static tril_ctx *ctx_of(const tril_chunk *c)
{
    return tril_tape_ctx(c->tape);
}

double tril_chunk_weight(const tril_chunk *c, size_t member)
{
    return c->out.weight ? c->out.weight[member] : 1 / (double)c->n_members;
}

/* values of a var into a sum over the members, [size], which begins with the first one's */
bool tril_chunk_add(const tril_chunk *c, size_t member, tril_var x, double *sum)
{
    const tril_real *values = tril_value(x);
    const double share = tril_chunk_weight(c, member);
    for (size_t i = 0; values && i < tril_size(x); i++)
        sum[i] = (member ? sum[i] : 0) + share * (double)values[i];
    return values;
}

/* ---- densities */

static tril_var log_prob(const tril_chunk *c, tril_dist p, tril_var y)
{
    return c->missing ? tril_log_prob_missing(p, y) : tril_log_prob(p, y);
}

/* the logarithm of the mean of the members' densities, [n]; they are a var each */
static void log_mean(const tril_chunk *c, const tril_real *const *of_members, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        double largest = -HUGE_VAL, sum = 0;
        for (size_t k = 0; k < c->n_members; k++)
            if (tril_chunk_weight(c, k) > 0)
                largest = fmax(largest, (double)of_members[k][i]);
        for (size_t k = 0; k < c->n_members; k++)
            if (tril_chunk_weight(c, k) > 0)
                sum += tril_chunk_weight(c, k) * exp((double)of_members[k][i] - largest);
        out[i] = largest + log(sum);
    }
}

/* Of the rows themselves in a member's own coordinates, as it was trained: where targets are nearly
 * exact those of the targets have too few digits. */
static tril_var own_log_prob(const tril_chunk *c, size_t member)
{
    const tril_network *net = &c->members[member];
    if (c->missing || c->given || !net->line.scale.params)
        return log_prob(c, c->dists[member], c->y);
    tril_real *y = tril_tape_take(c->tape, c->n * c->d, sizeof *y);
    double *memory = tril_tape_take(c->tape, c->d, sizeof *memory);
    if (!y || !memory)
        return (tril_var){ 0 };
    tril_line_subtract(net, (tril_batch){ tril_value(c->x), tril_value(c->y), c->n }, false, memory,
                       y);
    tril_dist p = tril_head(tril_mlp_apply(net->mlp, c->x), c->d, &net->head);
    return tril_sub(tril_log_prob(p, tril_input(c->tape, y, TRIL_SHAPE(c->n, c->d))),
                    tril_scalar(c->tape, (tril_real)tril_line_log_scale(net)));
}

/* log-densities [n] of points, or {0} for the rows' own, by all members together */
bool tril_chunk_densities(const tril_chunk *c, tril_var points, size_t n, double *out)
{
    const tril_real **of_members = tril_tape_take(c->tape, c->n_members, sizeof *of_members);
    for (size_t k = 0; of_members && k < c->n_members; k++) {
        of_members[k] =
            tril_value(points.tape ? log_prob(c, c->dists[k], points) : own_log_prob(c, k));
        if (!of_members[k])
            return false;
    }
    if (of_members)
        log_mean(c, of_members, n, out);
    return of_members;
}

/* ---- moments */

bool tril_chunk_mean(const tril_chunk *c, double *mean)
{
    for (size_t k = 0; k < c->n_members; k++)
        if (!tril_chunk_add(c, k, tril_dist_mean(c->dists[k]), mean))
            return false;
    return true;
}

/* Adds a share of A A' of a member to covariances (or variances), in double: in tril_real they
 * would be none by rounding. */
static bool add_second(const tril_chunk *c, size_t member, bool whole, double *out)
{
    const tril_var a = tril_dist_factor(c->dists[member]);
    const tril_shape shape = tril_shape_of(a);
    const tril_real *values = tril_value(a);
    const size_t d = c->d, of_row = whole ? d * d : d;
    const size_t m = values ? shape.dim[shape.rank - 1] : 0;
    const size_t step = tril_size(a) == d * m ? 0 : d * m; /* one matrix may serve all rows */
    double *row = tril_tape_take(c->tape, d * m, sizeof *row),
           root = sqrt(tril_chunk_weight(c, member));
    for (size_t i = 0; i < c->n && row && values; i++, out += of_row, values += step) {
        for (size_t j = 0; j < d * m; j++) /* A' */
            row[j % m * d + j / m] = root * (double)values[j];
        if (whole)
            tril_add_gram(m, d, d, row, row, out);
        for (size_t j = 0; j < d * m && !whole; j++)
            out[j % d] += row[j] * row[j];
        for (size_t j = 0; j < d * d && whole; j++) /* BLAS may round the two sides differently */
            out[j] = j % d > j / d ? out[j % d * d + j / d] : out[j];
    }
    return row && values;
}

/* the mean of the members' covariances (or variances), and what their means are apart */
bool tril_chunk_second(const tril_chunk *c, bool whole, double *out)
{
    const size_t d = c->d, of_row = whole ? d * d : d;
    double *mean = tril_tape_take(c->tape, c->n * d, sizeof *mean);
    if (!mean || !tril_chunk_mean(c, mean))
        return false;
    memset(out, 0, c->n * of_row * sizeof *out);
    for (size_t k = 0; k < c->n_members; k++)
        if (!add_second(c, k, whole, out))
            return false;
    for (size_t k = 0; k < c->n_members && c->n_members > 1; k++) {
        const tril_real *own = tril_value(tril_dist_mean(c->dists[k]));
        for (size_t i = 0; own && i < c->n * of_row; i++) {
            const size_t row = i / of_row * d, a = row + (whole ? i % of_row / d : i % of_row),
                         b = row + i % d;
            out[i] +=
                tril_chunk_weight(c, k) * ((double)own[a] - mean[a]) * ((double)own[b] - mean[b]);
        }
    }
    return !tril_ctx_failed(ctx_of(c));
}

static bool put_correlation(const tril_chunk *c)
{
    const size_t d = c->d;
    if (!tril_chunk_second(c, true, c->out.correlation))
        return false;
    for (double *a = c->out.correlation; a < c->out.correlation + c->n * d * d; a += d * d) {
        for (size_t i = 0; i < d * d; i++)
            if (i % d < i / d)
                a[i] = a[i % d * d + i / d] =
                    fmax(-1, fmin(1, a[i] / sqrt(a[i / d * (d + 1)]) / sqrt(a[i % d * (d + 1)])));
        for (size_t i = 0; i < d; i++)
            a[i * (d + 1)] = 1;
    }
    return true;
}

bool tril_chunk_is_normal(const tril_chunk *c)
{
    return c->n_members == 1 && c->dists[0].kind->as_mvn;
}

/* entropy = d/2 (1 + log 2 pi) + log det / 2 */
static double log_scale(const tril_chunk *c, double entropy)
{
    return entropy - 0.5 * (double)c->d * (1 + TRIL_LOG_2PI);
}

static bool put_spread(const tril_chunk *c)
{
    const size_t d = c->d;
    if (tril_chunk_is_normal(c)) {
        const tril_real *entropy =
            tril_value(tril_broadcast_to(tril_entropy(c->dists[0]), TRIL_SHAPE(c->n)));
        for (size_t i = 0; entropy && i < c->n; i++)
            c->out.spread[i] = exp(log_scale(c, (double)entropy[i]) / (double)d);
        return entropy;
    }
    double *a = tril_tape_take(c->tape, c->n * d * d, sizeof *a);
    if (!a || !tril_chunk_second(c, true, a))
        return false;
    for (size_t i = 0; i < c->n; i++, a += d * d) {
        bool definite = tril_cholesky_factor(d, a, 0) == d;
        double sum = definite ? 0 : -HUGE_VAL;
        for (size_t j = 0; j < d && definite; j++)
            sum += log(a[j * (d + 1)]) / (double)d;
        c->out.spread[i] = exp(sum);
    }
    return true;
}

/* ---- some rows, and all of them */

static bool put_densities(const tril_chunk *c)
{
    const tril_evaluation *out = &c->out;
    if (!out->nll && !out->level)
        return true;
    double *log_p = tril_tape_take(c->tape, c->n, sizeof *log_p);
    if (!log_p || !tril_chunk_densities(c, (tril_var){ 0 }, c->n, log_p) ||
        (out->level && !tril_chunk_level(c, log_p)))
        return false;
    for (size_t i = 0; out->nll && i < c->n; i++)
        out->nll[i] = -log_p[i];
    return true;
}

bool tril_chunk_put(const tril_chunk *c)
{
    const tril_evaluation *out = &c->out;
    bool done = (!out->mean || tril_chunk_mean(c, out->mean)) &&
                (!out->covariance || tril_chunk_second(c, true, out->covariance)) &&
                (!out->sd || tril_chunk_second(c, false, out->sd)) &&
                (!out->correlation || put_correlation(c)) && (!out->spread || put_spread(c)) &&
                (!out->pit || tril_chunk_pit(c)) && (!out->quantile || tril_chunk_quantiles(c));
    for (size_t i = 0; done && out->sd && i < c->n * c->d; i++)
        out->sd[i] = sqrt(out->sd[i]);
    return done && put_densities(c) && ((!out->crps && !out->energy) || tril_chunk_scores(c)) &&
           (!out->probability || tril_chunk_events(c));
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

static bool judge_some(tril_chunk *c, tril_batch rows)
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
                  const tril_evaluation *out)
{
    const size_t d = members->targets, inputs = tril_network_inputs(members);
    const size_t at_once = out->given ? 1 : CHUNK; /* what is known differs from row to row */
    tril_chunk c = { .members = members, .n_members = n_members, .d = d, .tape = tape };
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
                                   at(out->probability_se, first, out->n_events) };
        c.first = first;
        *tril_ctx_random(tril_tape_ctx(tape)) = tril_stream_for(0, TRIL_FOR_DRAWS, first);
        if (!judge_some(&c, some))
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

static bool check_events(tril_ctx *ctx, size_t d, const tril_evaluation *out)
{
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

static bool check_rows(tril_ctx *ctx, const tril_network *net, tril_batch rows,
                       const tril_evaluation *out)
{
    if (rows.n && !rows.x)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "evaluate: there are no inputs");
    if (!rows.y && (out->given || out->nll || out->pit || out->level || out->crps || out->energy))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "evaluate: there are no targets");
    return tril_batch_check(ctx, "evaluate: x", rows.x, rows.n, tril_network_inputs(net), false) &&
           (!rows.y || tril_batch_check(ctx, "evaluate: y", rows.y, rows.n, net->targets, true));
}

bool tril_evaluate_with(tril_ctx *ctx, const tril_network *members, size_t n_members,
                        tril_batch rows, const tril_evaluation *out)
{
    if (tril_ctx_failed(ctx) || !check_members(ctx, members, n_members) ||
        !check_levels(ctx, out) || !check_weights(ctx, n_members, out->weight) ||
        !check_events(ctx, members->targets, out) || !check_rows(ctx, members, rows, out))
        return false;
    const tril_random before = *tril_ctx_random(ctx);
    tril_tape *tape = tril_tape_new(ctx);
    bool done = tape && judge(members, n_members, tape, rows, out);
    tril_tape_free(tape);
    *tril_ctx_random(ctx) = before;
    return done;
}

bool tril_evaluate(const tril_network *members, size_t n_members, tril_batch rows,
                   const tril_evaluation *out)
{
    tril_params *params =
        members && n_members ? tril_dense_weight(tril_mlp_last(members->mlp)).params : NULL;
    return params && tril_evaluate_with(params->ctx, members, n_members, rows, out);
}
