/* The methods of distributions: each asks the kind, and says so where the kind has no answer. */
#include "distributions/dist.h"

#include <math.h>
#include <stdio.h>

#include "core/ctx.h"
#include "core/finite.h"
#include "core/shape.h"
#include "core/tape.h"

tril_var tril_dist_fail(const tril_dist *p, const char *method, tril_status status,
                        const char *format, ...)
{
    char what[64];
    snprintf(what, sizeof what, "%s(%s)", method, p->kind->name);
    va_list args;
    va_start(args, format);
    tril_ctx_vfail(tril_tape_ctx(p->param[0].tape), status, what, format, args);
    va_end(args);
    return (tril_var){ 0 };
}

/* whether the parameters are vars of the present epoch */
static bool is_current(const tril_dist *p, const char *method)
{
    if (!p->kind || tril_var_is_current(p->param[0]))
        return p->kind;
    char what[64];
    tril_shape shape;
    snprintf(what, sizeof what, "%s(%s)", method, p->kind->name);
    return tril_var_shape(p->param[0], what, &shape);
}

/* whether y, of that name, is a var whose last axes are the event's and whose others broadcast with
 * the batch */
static bool takes(const tril_dist *p, const char *method, const char *name, tril_var y)
{
    tril_shape shape, out;
    if (!p->kind)
        return tril_var_fail(y.tape, method, TRIL_BAD_ARGUMENT, "there is no distribution"), false;
    if (!y.tape)
        return tril_dist_fail(p, method, TRIL_BAD_VAR, "%s is no var", name), false;
    if (!is_current(p, method) || !tril_var_shape(y, method, &shape))
        return false;
    bool fits = shape.rank >= p->event.rank;
    for (size_t i = 0; fits && i < p->event.rank; i++)
        fits = shape.dim[shape.rank - p->event.rank + i] == p->event.dim[i];
    if (!fits)
        return tril_dist_fail(p, method, TRIL_BAD_SHAPE,
                              "%s is %s but the distribution has event shape [%s]", name,
                              tril_shape_text(shape).text, tril_shape_text(p->event).text),
               false;
    if (!tril_shape_broadcast(tril_shape_leading(shape, p->event.rank), p->batch, &out))
        return tril_dist_fail(
                   p, method, TRIL_BAD_SHAPE,
                   "%s is %s, whose rows do not broadcast with the distribution's batch shape [%s]",
                   name, tril_shape_text(shape).text, tril_shape_text(p->batch).text),
               false;
    return true;
}

tril_var tril_log_prob(tril_dist p, tril_var y)
{
    return takes(&p, "log_prob", "y", y) ? p.kind->log_prob(&p, y) : (tril_var){ 0 };
}

tril_var tril_log_prob_missing(tril_dist p, tril_var y)
{
    if (!takes(&p, "log_prob_missing", "y", y))
        return (tril_var){ 0 };
    if (p.kind->log_prob_missing)
        return p.kind->log_prob_missing(&p, y);
    if (!p.kind->as_mvn || p.event.rank != 1)
        return tril_dist_fail(&p, "log_prob_missing", TRIL_BAD_ARGUMENT, "there is no closed form");
    tril_dist q = p.kind->as_mvn(&p);
    return q.kind ? q.kind->log_prob_missing(&q, y) : (tril_var){ 0 };
}

tril_var tril_log_prob_censored(tril_dist p, tril_var low, tril_var high)
{
    const char *method = "log_prob_censored";
    if (!takes(&p, method, "low", low) || !takes(&p, method, "high", high))
        return (tril_var){ 0 };
    tril_shape a = tril_shape_of(low), b = tril_shape_of(high), out;
    if (!tril_shape_broadcast(a, b, &out))
        return tril_dist_fail(&p, method, TRIL_BAD_SHAPE,
                              "low is %s and high %s: they do not broadcast",
                              tril_shape_text(a).text, tril_shape_text(b).text);
    if (p.kind->log_prob_censored)
        return p.kind->log_prob_censored(&p, low, high);
    if (!p.kind->as_mvn || p.event.rank != 1)
        return tril_dist_fail(&p, method, TRIL_BAD_ARGUMENT, "there is no closed form");
    tril_dist q = p.kind->as_mvn(&p);
    return q.kind ? q.kind->log_prob_censored(&q, low, high) : (tril_var){ 0 };
}

tril_var tril_cdf(tril_dist p, tril_var y)
{
    if (!takes(&p, "cdf", "y", y))
        return (tril_var){ 0 };
    if (!p.kind->cdf || p.event.rank > 0)
        return tril_dist_fail(&p, "cdf", TRIL_BAD_ARGUMENT, "there is no closed form");
    return p.kind->cdf(&p, y);
}

/* whether draws can be had this way, and have room */
static bool can_draw(const tril_dist *p, const char *method, bool has, size_t n)
{
    if (!is_current(p, method))
        return false;
    if (!has)
        return tril_dist_fail(p, method, TRIL_BAD_ARGUMENT,
                              p->kind->sample ? "draws cannot be differentiated"
                                              : "there are no draws"),
               false;
    if ((n > 0) + p->batch.rank + p->event.rank > TRIL_MAX_RANK)
        return tril_dist_fail(
                   p, method, TRIL_BAD_SHAPE,
                   "many draws of batch shape [%s] and event shape [%s] have no room in rank 4",
                   tril_shape_text(p->batch).text, tril_shape_text(p->event).text),
               false;
    return true;
}

tril_var tril_rsample(tril_dist p, size_t n)
{
    bool can = can_draw(&p, "rsample", p.kind && p.kind->rsample, n);
    return can ? p.kind->rsample(&p, n) : (tril_var){ 0 };
}

tril_var tril_sample(tril_dist p, size_t n)
{
    if (!can_draw(&p, "sample", p.kind && (p.kind->sample || p.kind->rsample), n))
        return (tril_var){ 0 };
    return tril_detach(p.kind->sample ? p.kind->sample(&p, n) : p.kind->rsample(&p, n));
}

#define DEFINE(method, member)                                                                     \
    tril_var method(tril_dist p)                                                                   \
    {                                                                                              \
        if (!is_current(&p, #member))                                                              \
            return (tril_var){ 0 };                                                                \
        if (!p.kind->member)                                                                       \
            return tril_dist_fail(&p, #member, TRIL_BAD_ARGUMENT, "there is no closed form");      \
        return p.kind->member(&p);                                                                 \
    }

DEFINE(tril_entropy, entropy)
DEFINE(tril_dist_mean, mean)
DEFINE(tril_dist_variance, variance)
DEFINE(tril_dist_mode, mode)

tril_var tril_dist_covariance(tril_dist p)
{
    if (!is_current(&p, "covariance"))
        return (tril_var){ 0 };
    if (!(p.kind->covariance || p.kind->factor || p.kind->as_mvn) || p.event.rank != 1)
        return tril_dist_fail(&p, "covariance", TRIL_BAD_ARGUMENT, "there is no closed form");
    if (!tril_dist_has_room(&p, "covariance", p.batch))
        return (tril_var){ 0 };
    if (p.kind->covariance)
        return p.kind->covariance(&p);
    tril_var a = tril_dist_factor(p);
    return tril_dist_stretch(&p, "covariance", tril_matmul(a, tril_transpose(a, -2, -1)), 2);
}

tril_var tril_dist_factor(tril_dist p)
{
    if (!p.kind || p.kind->factor)
        return p.kind ? p.kind->factor(&p) : (tril_var){ 0 };
    if (!p.kind->as_mvn)
        return tril_dist_fail(&p, "covariance", TRIL_BAD_ARGUMENT, "there is no closed form");
    return tril_tril(p.kind->as_mvn(&p).param[1]);
}

tril_shape tril_dist_batch_shape(tril_dist p)
{
    return p.batch;
}

tril_shape tril_dist_event_shape(tril_dist p)
{
    return p.event;
}

bool tril_dist_valid(const char *what, const char *name, tril_var x, bool positive)
{
    if (!tril_ctx_validates(tril_tape_ctx(x.tape)))
        return true;
    const tril_real *values = tril_value(x);
    size_t infinite = tril_var_first_not_finite(x);
    size_t i = positive ? tril_first_not_positive(values, infinite) : infinite;
    if (i == tril_size(x))
        return true;
    return tril_var_fail(x.tape, what, i < infinite ? TRIL_NOT_POSITIVE : TRIL_NOT_FINITE,
                         "%s is %g%s%s", name, (double)values[i],
                         tril_shape_where(" at ", tril_shape_of(x), i).text,
                         i < infinite ? ": it must be positive" : ""),
           false;
}

static tril_var no_room(const tril_dist *p, const char *method, tril_shape batch)
{
    return tril_dist_fail(p, method, TRIL_BAD_SHAPE,
                          "the result has no room for batch shape [%s] in rank 4",
                          tril_shape_text(batch).text);
}

bool tril_dist_has_room(const tril_dist *p, const char *method, tril_shape batch)
{
    if (batch.rank + 2 <= TRIL_MAX_RANK)
        return true;
    return no_room(p, method, batch), false;
}

tril_var tril_dist_stretch(const tril_dist *p, const char *method, tril_var x, size_t event_rank)
{
    tril_shape shape, batch = p->batch;
    if (!tril_var_shape(x, method, &shape))
        return (tril_var){ 0 };
    for (size_t i = event_rank; i > 0; i--)
        if (!tril_shape_append(&batch, shape.dim[shape.rank - i]))
            return no_room(p, method, p->batch);
    return tril_shape_equal(shape, batch) ? x : tril_broadcast_to(x, batch);
}

/* one parameter in the larger batch makes the whole distribution so */
static tril_dist expand_first(const tril_dist *p, tril_shape batch)
{
    tril_dist q = *p;
    q.batch = batch;
    q.param[0] = tril_dist_stretch(&q, "expand", p->param[0], p->event.rank);
    return q.param[0].tape ? q : (tril_dist){ 0 };
}

tril_dist tril_dist_expand(tril_dist p, tril_shape batch)
{
    const tril_dist none = { 0 };
    tril_shape out;
    if (!is_current(&p, "expand"))
        return none;
    if (batch.rank > TRIL_MAX_RANK || batch.rank + p.event.rank > TRIL_MAX_RANK)
        return tril_dist_fail(&p, "expand", TRIL_BAD_SHAPE,
                              "batch shape [%s] and event shape [%s] have no room in rank 4",
                              tril_shape_text(batch).text, tril_shape_text(p.event).text),
               none;
    if (!tril_shape_broadcast(p.batch, batch, &out) || !tril_shape_equal(out, batch))
        return tril_dist_fail(&p, "expand", TRIL_BAD_SHAPE, "batch shape [%s] cannot become [%s]",
                              tril_shape_text(p.batch).text, tril_shape_text(batch).text),
               none;
    return p.kind->expand ? p.kind->expand(&p, batch) : expand_first(&p, batch);
}
