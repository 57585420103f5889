/* A row some of whose targets are known: its distributions given these, and its part of the
 * figures.
 */
#include "model/evaluate.h"

#include <math.h>

#include <tril/extend.h>

/* The members' conditional distributions, and their weights: each one's share of the density of
 * what is known, y [1, n]. */
static bool condition(tril_chunk *c, const size_t *order, size_t n, tril_var y)
{
    double *weight = tril_tape_take(c->tape, c->n_members, sizeof *weight), most = -HUGE_VAL,
           sum = 0;
    for (size_t k = 0; weight && k < c->n_members; k++) {
        const tril_dist p = c->dists[k];
        const tril_real *log_p = tril_value(tril_log_prob(tril_dist_marginal(p, order, n), y));
        c->dists[k] = tril_dist_conditional(p, order, n, y);
        if (!log_p || !c->dists[k].kind)
            return false;
        weight[k] = log(tril_chunk_weight(c, k)) + (double)*log_p;
        most = fmax(most, weight[k]);
    }
    for (size_t k = 0; weight && k < c->n_members; k++)
        sum += weight[k] = exp(weight[k] - most);
    for (size_t k = 0; weight && k < c->n_members; k++)
        weight[k] /= sum;
    c->out.weight = weight;
    return weight;
}

/* numbers of the coordinates behind the known ones to their places; those of these: y, or a number
 */
static void scatter(const size_t *order, size_t n, size_t d, const double *from, double known,
                    const tril_real *y, double *to)
{
    for (size_t i = 0; i < d && to; i++)
        to[order[i]] = i >= n ? from[i - n] : y ? (double)y[order[i]] : known;
}

static void scatter_matrix(const size_t *order, size_t n, size_t d, const double *from,
                           double diagonal, double *to)
{
    for (size_t i = 0; i < d * d && to; i++) {
        const size_t a = i / d, b = i % d;
        to[order[a] * d + order[b]] = a >= n && b >= n ? from[(a - n) * (d - n) + b - n]
                                      : a == b         ? diagonal
                                                       : 0;
    }
}

/* what the map says of the m others, by the tape */
static bool keep_map(tril_chunk *c, const size_t *order, size_t n)
{
    tril_target *own = c->map ? tril_tape_take(c->tape, c->d, sizeof *own) : NULL;
    for (size_t i = n; own && i < c->d; i++)
        own[i - n] = c->map[order[i]];
    const bool done = own || !c->map;
    c->map = own;
    return done;
}

/* room for what is wanted of the m others */
static bool make_room(const tril_chunk *c, size_t m, tril_evaluation *own)
{
    double **const arrays[] = { &own->mean,     &own->sd,         &own->pit,        &own->crps,
                                &own->quantile, &own->covariance, &own->correlation };
    for (size_t i = 0; i < 7; i++) {
        const size_t size = i < 4 ? m : i == 4 ? c->out.n_levels * m : m * m;
        if (*arrays[i] && !(*arrays[i] = tril_tape_take(c->tape, size, sizeof(double))))
            return false;
    }
    return true;
}

/* The events of the m others, by the tape; 0 or 1 for each, whether what is known is within it. */
static double *put_events(tril_chunk *c, const size_t *order, size_t n, const tril_real *y)
{
    const size_t d = c->d, m = d - n, events = c->out.probability ? c->out.n_events : 0;
    double *bounds = tril_tape_take(c->tape, events * 2 * m, sizeof *bounds),
           *inside = tril_tape_take(c->tape, events, sizeof *inside);
    for (size_t e = 0; bounds && inside && e < events; e++) {
        const double *low = c->out.events + e * 2 * d, *high = low + d;
        inside[e] = 1;
        for (size_t i = 0; i < d; i++)
            if (i < n)
                inside[e] *=
                    (double)y[order[i]] >= low[order[i]] && (double)y[order[i]] <= high[order[i]];
            else
                bounds[e * 2 * m + i - n] = low[order[i]],
                                       bounds[e * 2 * m + m + i - n] = high[order[i]];
    }
    c->out.events = bounds;
    return bounds ? inside : NULL;
}

/* where all targets are known */
static void put_none(const tril_evaluation *out)
{
    double *const undefined[] = { out->spread, out->level, out->energy };
    for (size_t i = 0; i < 3; i++)
        if (undefined[i])
            *undefined[i] = (double)NAN;
    if (out->nll)
        *out->nll = 0;
    for (size_t e = 0; e < out->n_events && out->probability; e++) {
        out->probability[e] = 1;
        if (out->probability_se)
            out->probability_se[e] = 0;
    }
}

/* The numbers of the targets that are known, then those of the others; what they are; how many are
 * known. */
static size_t sort_known(const tril_chunk *c, size_t *order, tril_real *known, tril_real *rest)
{
    const tril_real *y = tril_value(c->y);
    size_t n = 0, at;
    for (size_t j = 0; j < c->d; j++)
        if (c->out.given[j] && !isnan(y[j])) {
            known[n] = y[j];
            order[n++] = j;
        }
    at = n;
    for (size_t j = 0; j < c->d; j++)
        if (!c->out.given[j] || isnan(y[j])) {
            rest[at - n] = y[j];
            order[at++] = j;
        }
    return n;
}

bool tril_chunk_given(tril_chunk *c)
{
    const size_t d = c->d;
    const tril_real *y = tril_value(c->y);
    const tril_evaluation out = c->out;
    const tril_target *map = c->map;
    size_t *order = tril_tape_take(c->tape, d, sizeof *order);
    tril_real *known = tril_tape_take(c->tape, 2 * d, sizeof *known);
    if (!order || !known)
        return false;
    tril_real *rest = known + d;
    const size_t n = sort_known(c, order, known, rest), m = d - n;
    if (n == 0)
        return tril_chunk_put(c);
    const double *inside = put_events(c, order, n, y);
    bool done = inside && make_room(c, m, &c->out) && keep_map(c, order, n);
    if (m > 0 && done) {
        c->missing = false;
        for (size_t j = 0; j < m; j++)
            c->missing |= isnan(rest[j]);
        c->d = m;
        c->given = true;
        c->y = tril_input_missing(c->tape, rest, TRIL_SHAPE(1, m));
        if (c->low.tape) {
            c->low = tril_select(c->low, -1, order + n, m);
            c->high = tril_select(c->high, -1, order + n, m);
        }
        done = condition(c, order, n, tril_input(c->tape, known, TRIL_SHAPE(1, n))) &&
               tril_chunk_put(c);
        c->d = d;
        c->given = false;
    } else if (done) {
        put_none(&out);
    }
    c->map = map;
    if (!done)
        return false;
    for (size_t e = 0; e < out.n_events && out.probability; e++) {
        out.probability[e] *= inside[e];
        if (out.probability_se)
            out.probability_se[e] *= inside[e];
    }
    scatter(order, n, d, c->out.mean, 0, y, out.mean);
    for (size_t i = 0; i < n && map && out.mean; i++)
        out.mean[order[i]] = tril_target_value(&map[order[i]], (double)y[order[i]]);
    scatter(order, n, d, c->out.sd, 0, NULL, out.sd);
    scatter(order, n, d, c->out.pit, (double)NAN, NULL, out.pit);
    scatter(order, n, d, c->out.crps, (double)NAN, NULL, out.crps);
    for (size_t l = 0; l < out.n_levels && out.quantile; l++)
        scatter(order, n, d, c->out.quantile + l * m, 0, y, out.quantile + l * d);
    scatter_matrix(order, n, d, c->out.covariance, 0, out.covariance);
    scatter_matrix(order, n, d, c->out.correlation, 1, out.correlation);
    return true;
}
