/* How likely events are: rectangles, of up to two targets in closed form or by a quadrature, of
 * more by draws. */
#include "model/evaluate.h"

#include <math.h>

#include <tril/extend.h>

#include "core/tape.h"
#include "distributions/dist.h"
#include "distributions/parts.h"
#include "kernels/mvn.h"
#include "kernels/rectangle.h"

enum { DRAWS = 10000, AT_ONCE = 500 };

/* An event: the targets that it bounds, and within what. */
typedef struct event {
    const double *low, *high;
    size_t *index, n;
    double *probability, *variance; /* [rows] */
} event;

/* P of one row, whose bounded targets have this df, loc [n] and scale_tril [n, n] */
static double row_probability(const event *e, double df, const tril_real *loc,
                              const tril_real *scale_tril)
{
    double low[2], high[2], scale[2] = { (double)scale_tril[0] };
    if (e->n == 2)
        scale[1] = hypot((double)scale_tril[2], (double)scale_tril[3]);
    for (size_t j = 0; j < e->n; j++) {
        low[j] = (e->low[e->index[j]] - (double)loc[j]) / scale[j];
        high[j] = (e->high[e->index[j]] - (double)loc[j]) / scale[j];
    }
    return e->n == 1 ? tril_interval_probability(df, low[0], high[0])
                     : tril_rectangle_probability(df, (double)scale_tril[2] / scale[1],
                                                  (double)scale_tril[3] / scale[1], low, high);
}

/* Adds a member's share. False with *drawn, if there is no closed form, or on failure. */
static bool add_exact(const tril_chunk *c, size_t member, const event *e, bool *drawn)
{
    tril_dist_parts parts;
    if (!tril_dist_take_parts(c->dists[member], e->index, e->n, &parts)) {
        *drawn = !tril_ctx_failed(tril_tape_ctx(c->tape));
        return false;
    }
    for (size_t i = 0; i < c->n * parts.k; i++) {
        const double share =
            tril_chunk_weight(c, member) * (parts.weight ? (double)parts.weight[i] : 1);
        if (share > 0)
            e->probability[i / parts.k] +=
                share * row_probability(e, parts.df ? (double)parts.df[i] : HUGE_VAL,
                                        parts.loc + i * e->n, parts.factor + i * e->n * e->n);
    }
    return true;
}

/* P(Y_j <= bound_j) of all targets, [n, d]; below: P(Y_j < bound_j). NULL on failure. */
static const tril_real *cdf_of_bounds(const tril_chunk *c, tril_dist each, const double *bounds,
                                      bool below)
{
    tril_real *y = tril_tape_take(c->tape, c->d, sizeof *y);
    for (size_t j = 0; y && j < c->d; j++)
        y[j] = tril_saturate(below && each.kind->discrete ? ceil(bounds[j]) - 1 : bounds[j]);
    tril_var p = y ? tril_cdf(each, tril_input(c->tape, y, TRIL_SHAPE(c->d))) : (tril_var){ 0 };
    return p.tape ? tril_value(tril_broadcast_to(p, TRIL_SHAPE(c->n, c->d))) : NULL;
}

/* Adds a member's share where targets are independent and each has a cdf. */
static bool add_product(const tril_chunk *c, size_t member, tril_dist each, const event *e)
{
    const tril_real *low = cdf_of_bounds(c, each, e->low, true);
    const tril_real *high = low ? cdf_of_bounds(c, each, e->high, false) : NULL;
    for (size_t i = 0; i < c->n && high; i++) {
        double product = tril_chunk_weight(c, member);
        for (size_t k = 0; k < e->n; k++) {
            const size_t at = i * c->d + e->index[k];
            product *= fmax((double)high[at] - (double)low[at], 0);
        }
        e->probability[i] += product;
    }
    return high;
}

/* Adds a member's share, by as many of the draws; a count of none, or of all, may be one by chance.
 */
static bool add_drawn(const tril_chunk *c, size_t member, const event *e)
{
    const double share = tril_chunk_weight(c, member);
    double *count = tril_tape_take(c->tape, c->n, sizeof *count);
    const tril_tape_mark mark = tril_tape_here(c->tape);
    size_t drawn = 0;
    for (size_t i = 0; count && i < c->n; i++)
        count[i] = 0;
    for (; count && (double)drawn < share * DRAWS; drawn += AT_ONCE) {
        const tril_real *y = tril_value(tril_sample(c->dists[member], AT_ONCE));
        if (!y)
            return false;
        for (size_t i = 0; i < AT_ONCE * c->n; i++, y += c->d) {
            bool inside = true;
            for (size_t j = 0; j < c->d; j++)
                inside &= (double)y[j] >= e->low[j] && (double)y[j] <= e->high[j];
            count[i % c->n] += inside;
        }
        tril_tape_back(c->tape, mark);
    }
    for (size_t i = 0; count && drawn > 0 && i < c->n; i++) {
        const double n = (double)drawn, p = (count[i] + 0.5) / (n + 1);
        e->probability[i] += share * count[i] / n;
        e->variance[i] += share * share * p * (1 - p) / n;
    }
    return count;
}

static bool put_event(const tril_chunk *c, const event *e)
{
    for (size_t i = 0; i < c->n; i++) {
        e->probability[i] = e->n == 0;
        e->variance[i] = 0;
    }
    for (size_t k = 0; k < c->n_members && e->n > 0; k++) {
        bool drawn = e->n > 2;
        if (e->n == 1 && tril_chunk_add_classes(c, k, *e->low, *e->high, e->probability))
            continue;
        const bool independent = tril_independent_axes(&c->dists[k]) == 1;
        const tril_dist each = independent ? tril_dist_marginals(c->dists[k]) : (tril_dist){ 0 };
        if (each.kind && each.kind->cdf ? add_product(c, k, each, e)
                                        : !drawn && add_exact(c, k, e, &drawn))
            continue;
        if (!drawn || !add_drawn(c, k, e))
            return false;
    }
    return true;
}

bool tril_chunk_events(const tril_chunk *c)
{
    const tril_evaluation *out = &c->out;
    double *memory = tril_tape_take(c->tape, 2 * c->n, sizeof *memory);
    size_t *index = tril_tape_take(c->tape, c->d, sizeof *index);
    for (size_t k = 0; k < out->n_events && memory && index; k++) {
        const double *bounds = out->events + 2 * k * c->d;
        event e = { bounds, bounds + c->d, index, 0, memory, memory + c->n };
        for (size_t j = 0; j < c->d; j++)
            if (e.low[j] > -HUGE_VAL || e.high[j] < HUGE_VAL)
                index[e.n++] = j;
        if (!put_event(c, &e))
            return false;
        for (size_t i = 0; i < c->n; i++) {
            out->probability[i * out->n_events + k] = fmin(e.probability[i], 1);
            if (out->probability_se)
                out->probability_se[i * out->n_events + k] = sqrt(e.variance[i]);
        }
    }
    return memory && index;
}
