/* Independent normals by loc and scale: one number each, or their last axes taken together as an
 * event. */
#include <math.h>

#include "dist/dist.h"
#include "dist/numbers.h"

/* ---- log_prob and cdf: inputs loc, scale, y */

/* (y - loc) / scale, within bounds whose square is finite */
static double standardised(const double *x)
{
    return tril_within((x[2] - x[0]) / x[1], 1e150);
}

static const char *not_finite(const double *x)
{
    return isfinite(x[0]) && isfinite(x[2]) ? NULL : "y or loc is not finite";
}

/* with z = (y - loc) / scale: d/dloc = z / scale = -d/dy, d/dscale = (z^2 - 1) / scale */
static double log_density(const double *x, double *slope)
{
    double z = standardised(x), scale = x[1];
    if (slope)
        slope[0] = z / scale, slope[1] = (z * z - 1) / scale, slope[2] = -z / scale;
    return -0.5 * (z * z + TRIL_LOG_2PI) - log(scale);
}

static bool log_prob_forward(tril_node *node)
{
    return tril_numbers_forward(node, 3, log_density, not_finite);
}

static void log_prob_backward(tril_node *node, tril_real *const *grad_in)
{
    tril_numbers_backward(node, 3, grad_in, log_density);
}

const tril_op tril_op_normal_log_prob = { "log_prob(normal)", tril_numbers_shape, log_prob_forward,
                                          log_prob_backward };

/* what is missing adds nothing */
static double observed_density(const double *x, double *slope)
{
    if (!isnan(x[2]))
        return log_density(x, slope);
    if (slope)
        slope[0] = slope[1] = slope[2] = 0;
    return 0;
}

static const char *infinite(const double *x)
{
    return isfinite(x[0]) && !isinf(x[2]) ? NULL : "y is infinite or loc not finite";
}

static bool log_prob_observed_forward(tril_node *node)
{
    return tril_numbers_forward(node, 3, observed_density, infinite);
}

static void log_prob_observed_backward(tril_node *node, tril_real *const *grad_in)
{
    tril_numbers_backward(node, 3, grad_in, observed_density);
}

const tril_op tril_op_normal_log_prob_observed = { "log_prob_observed(normal)", tril_numbers_shape,
                                                   log_prob_observed_forward,
                                                   log_prob_observed_backward };

static const char *not_a_number(const double *x)
{
    return isnan(standardised(x)) ? "y or loc is not a number" : NULL;
}

static double probability(const double *x, double *slope)
{
    const double root_half = 0.70710678118654752;
    double z = standardised(x);
    if (slope) {
        double density = exp(-0.5 * (z * z + TRIL_LOG_2PI)) / x[1];
        slope[0] = -density, slope[1] = -density * z, slope[2] = density;
    }
    return 0.5 * erfc(-z * root_half);
}

static bool cdf_forward(tril_node *node)
{
    return tril_numbers_forward(node, 3, probability, not_a_number);
}

static void cdf_backward(tril_node *node, tril_real *const *grad_in)
{
    tril_numbers_backward(node, 3, grad_in, probability);
}

const tril_op tril_op_normal_cdf = { "cdf(normal)", tril_numbers_shape, cdf_forward, cdf_backward };

/* ---- rsample: inputs loc, scale */

static bool rsample_forward(tril_node *node)
{
    tril_random_normal(tril_ctx_random(tril_tape_ctx(node->tape)), node->saved, node->size);
    return tril_numbers_draw(node);
}

const tril_op tril_op_normal_rsample = { "rsample(normal)", tril_numbers_shape, rsample_forward,
                                         tril_numbers_draw_backward };

/* ---- the distributions */

static tril_var normal_log_prob(const tril_dist *p, tril_var y)
{
    return tril_numbers_apply(&tril_op_normal_log_prob, (tril_var[]){ p->param[0], p->param[1], y },
                              3, (tril_numbers){ .event_rank = p->event.rank });
}

static tril_var normal_log_prob_observed(const tril_dist *p, tril_var y)
{
    return tril_numbers_apply(&tril_op_normal_log_prob_observed,
                              (tril_var[]){ p->param[0], p->param[1], y }, 3,
                              (tril_numbers){ .event_rank = p->event.rank });
}

static tril_var normal_rsample(const tril_dist *p, size_t n)
{
    return tril_numbers_apply(&tril_op_normal_rsample, p->param, 2, (tril_numbers){ .draws = n });
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
    tril_var sum = whole(p, "entropy", tril_log(p->param[1]));
    for (size_t i = 0; i < p->event.rank; i++)
        sum = tril_sum_axis(sum, -1, false);
    return tril_mvn_entropy_of(sum, tril_shape_size(p->event));
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
                              (tril_numbers){ 0 });
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
        .name = title, .log_prob = normal_log_prob, .log_prob_observed = normal_log_prob_observed, \
        .rsample = normal_rsample, .entropy = normal_entropy, .mean = normal_mean,                 \
        .variance = normal_variance, .mode = normal_mean, .cdf = normal_cdf,                       \
        .covariance = diag_covariance, .as_mvn = normal_as_mvn, .expand = normal_expand            \
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
