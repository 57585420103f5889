/* Independent normals by loc and scale: one number each, or their last axes taken together as an
 * event. */
#include <math.h>

#include "distributions/dist.h"
#include "distributions/pointwise.h"
#include "kernels/normal.h"
#include "kernels/rectangle.h"
#include "ops/ops.h"

/* ---- log_prob and cdf: inputs loc, scale, y */

static void density_values(size_t events, size_t size, const tril_real *const *x, double *value)
{
    tril_normal_log_prob(events, size, false, x[0], x[1], x[2], value);
}

static void density_slopes(size_t n, const tril_real *const *x, double (*slope)[TRIL_CHUNK])
{
    tril_normal_slopes(n, false, x[0], x[1], x[2], slope[0], slope[1], slope[2]);
}

static const char *not_finite(const double *x)
{
    return isfinite(x[0]) && isfinite(x[2]) ? NULL : "y or loc is not finite";
}

const tril_op tril_op_normal_log_prob = { "log_prob(normal)", tril_numbers_shape,
                                          tril_numbers_forward, tril_numbers_backward };

/* what is missing adds nothing */
static void observed_values(size_t events, size_t size, const tril_real *const *x, double *value)
{
    tril_normal_log_prob(events, size, true, x[0], x[1], x[2], value);
}

static void observed_slopes(size_t n, const tril_real *const *x, double (*slope)[TRIL_CHUNK])
{
    tril_normal_slopes(n, true, x[0], x[1], x[2], slope[0], slope[1], slope[2]);
}

static const char *infinite(const double *x)
{
    return isfinite(x[0]) && !isinf(x[2]) ? NULL : "y is infinite or loc not finite";
}

const tril_op tril_op_normal_log_prob_missing = { "log_prob_missing(normal)", tril_numbers_shape,
                                                  tril_numbers_forward, tril_numbers_backward };

/* (y - loc) / scale, within bounds whose square is finite */
static double standardised(const double *x, double y)
{
    return tril_within((y - x[0]) / x[1], 1e150);
}

static const char *wrong_bounds(const double *x)
{
    return !isfinite(x[0]) || isinf(x[2]) || isinf(x[3]) ? "a bound is infinite or loc not finite"
           : x[2] > x[3]                                 ? "a lower bound is above the upper one"
                                                         : NULL;
}

/* inputs loc, scale, low, high */
static double bounds_log_prob(const double *x, double *slope)
{
    const double low = standardised(x, x[2]), high = standardised(x, x[3]);
    tril_truncated u = { 0 };
    if (wrong_bounds(x))
        u.log_prob = (double)NAN;
    else if (x[2] == x[3])
        u = (tril_truncated){ -0.5 * low * low - log(x[1]) - 0.5 * TRIL_LOG_2PI,
                              { low },
                              { low * low - 1 } };
    else if (!isnan(x[2]) || !isnan(x[3]))
        tril_truncate(isnan(x[2]) ? -HUGE_VAL : low, isnan(x[3]) ? HUGE_VAL : high, &u);
    if (slope) {
        slope[0] = u.mean[0] / x[1];
        slope[1] = u.second[0] / x[1];
        slope[2] = slope[3] = 0;
    }
    return u.log_prob;
}

TRIL_NUMBERS_BY(bounds_log_prob, 4)

const tril_op tril_op_normal_log_prob_censored = { "log_prob_censored(normal)", tril_numbers_shape,
                                                   tril_numbers_forward, tril_numbers_backward };

static const char *not_a_number(const double *x)
{
    return isnan(standardised(x, x[2])) ? "y or loc is not a number" : NULL;
}

static double normal_probability(const double *x, double *slope)
{
    const double root_half = 0.70710678118654752;
    double z = standardised(x, x[2]);
    if (slope) {
        double density = exp(-0.5 * (z * z + TRIL_LOG_2PI)) / x[1];
        slope[0] = -density, slope[1] = -density * z, slope[2] = density;
    }
    return 0.5 * erfc(-z * root_half);
}

TRIL_NUMBERS_BY(normal_probability, 3)

const tril_op tril_op_normal_cdf = { "cdf(normal)", tril_numbers_shape, tril_numbers_forward,
                                     tril_numbers_backward };

/* ---- rsample: inputs loc, scale */

bool tril_normal_rsample_row(tril_row_block *rows)
{
    *rows->value = tril_saturate((double)*rows->x[0] + (double)*rows->x[1] * (double)*rows->noise);
    return true;
}

void tril_normal_rsample_put(tril_row_block *rows)
{
    tril_row_put(rows, 0, 0, 1);
    tril_row_put(rows, 1, 0, (double)*rows->noise);
}

const tril_rowwise tril_op_normal_rsample = { TRIL_ROWWISE("rsample(normal)"), .draws = true,
                                              .kernel = { tril_normal_rsample_row,
                                                          tril_normal_rsample_put } };

/* ---- the distributions */

static tril_var normal_log_prob(const tril_dist *p, tril_var y)
{
    return tril_numbers_apply(&tril_op_normal_log_prob, (tril_var[]){ p->param[0], p->param[1], y },
                              3,
                              (tril_numbers){ .values = density_values,
                                              .slopes = density_slopes,
                                              .wrong = not_finite,
                                              .event_rank = p->event.rank });
}

static tril_var normal_log_prob_missing(const tril_dist *p, tril_var y)
{
    return tril_numbers_apply(&tril_op_normal_log_prob_missing,
                              (tril_var[]){ p->param[0], p->param[1], y }, 3,
                              (tril_numbers){ .values = observed_values,
                                              .slopes = observed_slopes,
                                              .wrong = infinite,
                                              .event_rank = p->event.rank });
}

static tril_var normal_log_prob_censored(const tril_dist *p, tril_var low, tril_var high)
{
    return tril_numbers_apply(&tril_op_normal_log_prob_censored,
                              (tril_var[]){ p->param[0], p->param[1], low, high }, 4,
                              (tril_numbers){ .values = bounds_log_prob_values,
                                              .slopes = bounds_log_prob_slopes,
                                              .wrong = wrong_bounds,
                                              .event_rank = p->event.rank });
}

static tril_var normal_rsample(const tril_dist *p, size_t n)
{
    return tril_op_apply(&tril_op_normal_rsample.op, p->param, 2, &n, sizeof n);
}

/* x stretched to batch and event shape */
static tril_var whole(const tril_dist *p, const char *method, tril_var x)
{
    tril_dist each = *p;
    for (size_t i = 0; i < p->event.rank; i++)
        tril_shape_append(&each.batch, p->event.dim[i]);
    return tril_dist_stretch(&each, method, x, 0);
}

static tril_var normal_entropy(const tril_dist *p)
{
    tril_var logs = whole(p, "entropy", tril_log(p->param[1]));
    return tril_mvn_entropy_of(tril_ops_sum_last(logs, p->event.rank), tril_shape_size(p->event));
}

static tril_var normal_mean(const tril_dist *p)
{
    return whole(p, "mean", p->param[0]);
}

static tril_var normal_variance(const tril_dist *p)
{
    return whole(p, "variance", tril_square(p->param[1]));
}

static tril_var normal_cdf(const tril_dist *p, tril_var y)
{
    return tril_numbers_apply(&tril_op_normal_cdf, (tril_var[]){ p->param[0], p->param[1], y }, 3,
                              (tril_numbers){ .values = normal_probability_values,
                                              .slopes = normal_probability_slopes,
                                              .wrong = not_a_number });
}

/* loc and scale may be shared within the event; the diagonal of a matrix may not */
static tril_dist normal_as_mvn(const tril_dist *p)
{
    tril_dist of_scale = *p;
    tril_shape scale = tril_shape_of(p->param[1]);
    of_scale.batch = tril_shape_leading(scale, scale.rank > 0);
    if (!tril_dist_has_room(p, "scale_tril", of_scale.batch))
        return (tril_dist){ 0 };
    return tril_mvn(normal_mean(p), tril_diag_embed(whole(&of_scale, "scale_tril", p->param[1])));
}

static tril_dist normal_expand(const tril_dist *p, tril_shape batch)
{
    tril_dist q = *p;
    q.batch = batch;
    q.param[0] = whole(&q, "expand", p->param[0]);
    return q.param[0].tape ? q : (tril_dist){ 0 };
}

static tril_var diag_covariance(const tril_dist *p)
{
    return tril_diag_embed(normal_variance(p));
}

/* One table for both: what a number has and a vector has not, and the reverse, tril_cdf and
 * tril_dist_covariance tell by the event's rank. */
#define KIND_NAMED(title)                                                                          \
    {                                                                                              \
        .name = title, .log_prob = normal_log_prob, .log_prob_missing = normal_log_prob_missing,   \
        .rsample = normal_rsample, .entropy = normal_entropy, .mean = normal_mean,                 \
        .variance = normal_variance, .mode = normal_mean, .cdf = normal_cdf,                       \
        .log_prob_censored = normal_log_prob_censored, .covariance = diag_covariance,              \
        .as_mvn = normal_as_mvn, .expand = normal_expand                                           \
    }

const tril_dist_kind tril_dist_kind_normal = KIND_NAMED("normal");
const tril_dist_kind tril_dist_kind_mvn_diag = KIND_NAMED("mvn_diag");

/* a normal whose last event_rank axes are its event */
static tril_dist make(const tril_dist_kind *kind, tril_var loc, tril_var scale, size_t event_rank)
{
    const tril_dist none = { 0 };
    tril_tape *tape = loc.tape ? loc.tape : scale.tape;
    tril_shape m, s, full;
    if (!loc.tape || loc.tape != scale.tape)
        return tril_var_fail(tape, kind->name, TRIL_BAD_VAR,
                             "loc and scale are not two vars of one tape"),
               none;
    if (!tril_var_shape(loc, kind->name, &m) || !tril_var_shape(scale, kind->name, &s))
        return none;
    if (!tril_shape_broadcast(m, s, &full) || full.rank < event_rank)
        return tril_var_fail(tape, kind->name, TRIL_BAD_SHAPE, "loc is %s and scale %s: %s",
                             tril_shape_text(m).text, tril_shape_text(s).text,
                             full.rank < event_rank ? "there is no axis for the event"
                                                    : "they do not broadcast"),
               none;
    if (!tril_dist_valid(kind->name, "loc", loc, false) ||
        !tril_dist_valid(kind->name, "scale", scale, true))
        return none;
    tril_dist p = { kind, { loc, scale }, tril_shape_leading(full, event_rank), { 0 }, NULL };
    for (size_t i = 0; i < event_rank; i++)
        tril_shape_append(&p.event, full.dim[full.rank - event_rank + i]);
    return p;
}

tril_dist tril_normal(tril_var loc, tril_var scale)
{
    return make(&tril_dist_kind_normal, loc, scale, 0);
}

tril_dist tril_mvn_diag(tril_var loc, tril_var scale)
{
    return make(&tril_dist_kind_mvn_diag, loc, scale, 1);
}
