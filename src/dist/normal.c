/* Independent normals by loc and scale: one number each, or their last axes taken together as an
 * event. */
#include <math.h>
#include <string.h>

#include "dist/dist.h"
#include "kernels/mvn.h"
#include "ops/ops.h"
#include "ops/rows.h"

/* Numbers of the three operands of the last op, or two for a draw, along a row of the broadcast
 * result. */
static tril_walk walk_of(const tril_node *node, tril_shape full)
{
    const tril_shape operands[3] = { node->in[0]->shape, node->in[1]->shape,
                                     node->n_in > 2 ? node->in[2]->shape : full };
    return tril_walk_new(full, operands, 3);
}

/* what is at element i of the walk's row */
static double at(const tril_node *node, const tril_walk *w, size_t k, size_t i)
{
    return (double)node->in[k]->value[w->offset[k] + i * w->stride[0][k]];
}

/* loc, scale and value stretched against each other; tril_normal and the methods have looked */
static bool full_shape(const tril_node *node, tril_shape *full)
{
    *full = node->in[0]->shape;
    for (size_t k = 1; k < node->n_in; k++)
        if (!tril_shape_broadcast(*full, node->in[k]->shape, full))
            return false;
    return true;
}

static size_t gradient_bytes(const tril_node *node, tril_shape full)
{
    size_t bytes = 0;
    for (size_t k = 0; k < node->n_in; k++)
        bytes += tril_row_grad_bytes(node, k, tril_shape_size(full), 1);
    return bytes;
}

/* ---- log_prob: inputs loc, scale, y; attributes; saved: a sum for each result, then sums of
 * shared gradients */

typedef struct normal {
    size_t event_rank, event_size;
    tril_shape full;
} normal;

static bool log_prob_shape(tril_node *node)
{
    normal *p = node->attrs;
    if (!full_shape(node, &p->full))
        return false;
    node->shape = tril_shape_leading(p->full, p->event_rank);
    p->event_size = tril_ops_product(p->full, node->shape.rank, p->full.rank);
    node->saved_bytes =
        tril_shape_size(node->shape) * sizeof(double) + gradient_bytes(node, p->full);
    return true;
}

/* (y - loc) / scale, within bounds whose square is finite */
static double standardised(const tril_node *node, const tril_walk *w, size_t i)
{
    return tril_within((at(node, w, 2, i) - at(node, w, 0, i)) / at(node, w, 1, i), 1e150);
}

static bool log_prob_forward(tril_node *node)
{
    const normal *p = node->attrs;
    double *sums = node->saved;
    size_t index = 0;
    for (size_t i = 0; i < node->size; i++)
        sums[i] = -0.5 * (double)p->event_size * TRIL_LOG_2PI;
    if (tril_shape_size(p->full) > 0) {
        tril_walk w = walk_of(node, p->full);
        do {
            for (size_t i = 0; i < w.dim[0]; i++, index++) {
                double z = standardised(node, &w, i);
                if (!isfinite(at(node, &w, 0, i)) || !isfinite(at(node, &w, 2, i)))
                    return tril_op_fail(node, TRIL_NOT_FINITE, "y or loc is not finite at [%s]",
                                        tril_shape_index(p->full, index).text);
                sums[index / p->event_size] -= 0.5 * z * z + log(at(node, &w, 1, i));
            }
        } while (tril_walk_next(&w));
    }
    for (size_t i = 0; i < node->size; i++)
        node->value[i] = tril_saturate(sums[i]);
    return true;
}

/* with z = (y - loc) / scale: d/dloc = z / scale = -d/dy, d/dscale = (z^2 - 1) / scale */
static void log_prob_backward(tril_node *node, tril_real *const *grad_in)
{
    const normal *p = node->attrs;
    size_t n = tril_shape_size(p->full), index = 0;
    char *memory = (char *)node->saved + node->size * sizeof(double);
    tril_row_grad grads[3];
    for (size_t k = 0; k < 3; k++)
        grads[k] = tril_row_grad_begin(node, k, n, 1, grad_in[k], &memory);
    tril_walk w = walk_of(node, p->full);
    do {
        for (size_t i = 0; i < w.dim[0] && n; i++, index++) {
            double z = standardised(node, &w, i), scale = at(node, &w, 1, i);
            const double slope[3] = { z / scale, (z * z - 1) / scale, -z / scale };
            for (size_t k = 0; k < 3; k++)
                if (grads[k].grad)
                    tril_row_grad_put(&grads[k], w.offset[k] + i * w.stride[0][k],
                                      (double)node->grad[index / p->event_size], slope[k]);
        }
    } while (n && tril_walk_next(&w));
    for (size_t k = 0; k < 3; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_normal_log_prob = { "log_prob(normal)", log_prob_shape, log_prob_forward,
                                          log_prob_backward };

/* ---- cdf: inputs loc, scale, y; saved: sums of shared gradients */

static bool cdf_shape(tril_node *node)
{
    if (!full_shape(node, &node->shape))
        return false;
    node->saved_bytes = gradient_bytes(node, node->shape);
    return true;
}

static bool cdf_forward(tril_node *node)
{
    const double root_half = 0.70710678118654752;
    size_t index = 0;
    if (node->size == 0)
        return true;
    tril_walk w = walk_of(node, node->shape);
    do {
        for (size_t i = 0; i < w.dim[0]; i++, index++) {
            double z = standardised(node, &w, i);
            if (isnan(z))
                return tril_op_fail(node, TRIL_NOT_FINITE, "y or loc is not a number at [%s]",
                                    tril_shape_index(node->shape, index).text);
            node->value[index] = (tril_real)(0.5 * erfc(-z * root_half));
        }
    } while (tril_walk_next(&w));
    return true;
}

static void cdf_backward(tril_node *node, tril_real *const *grad_in)
{
    size_t index = 0;
    char *memory = node->saved;
    tril_row_grad grads[3];
    for (size_t k = 0; k < 3; k++)
        grads[k] = tril_row_grad_begin(node, k, node->size, 1, grad_in[k], &memory);
    tril_walk w = walk_of(node, node->shape);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i++, index++) {
            double z = standardised(node, &w, i);
            double density = exp(-0.5 * (z * z + TRIL_LOG_2PI)) / at(node, &w, 1, i);
            const double slope[3] = { -density, -density * z, density };
            for (size_t k = 0; k < 3; k++)
                if (grads[k].grad)
                    tril_row_grad_put(&grads[k], w.offset[k] + i * w.stride[0][k],
                                      (double)node->grad[index], slope[k]);
        }
    } while (node->size && tril_walk_next(&w));
    for (size_t k = 0; k < 3; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_normal_cdf = { "cdf(normal)", cdf_shape, cdf_forward, cdf_backward };

/* ---- rsample: inputs loc, scale; attributes: number of draws; saved: eps, then sums of shared
 * gradients */

static bool rsample_shape(tril_node *node)
{
    const size_t n = *(const size_t *)node->attrs;
    tril_shape full;
    if (!full_shape(node, &full))
        return false;
    node->shape.rank = n > 0;
    node->shape.dim[0] = n;
    for (size_t i = 0; i < full.rank; i++)
        tril_shape_append(&node->shape, full.dim[i]);
    node->saved_bytes =
        tril_shape_size(node->shape) * sizeof(double) + gradient_bytes(node, node->shape);
    return true;
}

static bool rsample_forward(tril_node *node)
{
    size_t index = 0;
    tril_real *eps = node->saved;
    tril_random_normal(tril_ctx_random(tril_tape_ctx(node->tape)), eps, node->size);
    if (node->size == 0)
        return true;
    tril_walk w = walk_of(node, node->shape);
    do {
        for (size_t i = 0; i < w.dim[0]; i++, index++)
            node->value[index] =
                tril_saturate(at(node, &w, 0, i) + at(node, &w, 1, i) * (double)eps[index]);
    } while (tril_walk_next(&w));
    return true;
}

static void rsample_backward(tril_node *node, tril_real *const *grad_in)
{
    size_t index = 0;
    const tril_real *eps = node->saved;
    char *memory = (char *)node->saved + node->size * sizeof(double);
    tril_row_grad loc = tril_row_grad_begin(node, 0, node->size, 1, grad_in[0], &memory);
    tril_row_grad scale = tril_row_grad_begin(node, 1, node->size, 1, grad_in[1], &memory);
    tril_walk w = walk_of(node, node->shape);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i++, index++) {
            double g = (double)node->grad[index];
            if (loc.grad)
                tril_row_grad_put(&loc, w.offset[0] + i * w.stride[0][0], g, 1);
            if (scale.grad)
                tril_row_grad_put(&scale, w.offset[1] + i * w.stride[0][1], g, (double)eps[index]);
        }
    } while (node->size && tril_walk_next(&w));
    tril_row_grad_end(&loc);
    tril_row_grad_end(&scale);
}

const tril_op tril_op_normal_rsample = { "rsample(normal)", rsample_shape, rsample_forward,
                                         rsample_backward };

/* ---- the distributions */

static tril_var normal_log_prob(const tril_dist *p, tril_var y)
{
    normal attrs = { .event_rank = p->event.rank };
    return tril_op_apply(&tril_op_normal_log_prob, (tril_var[]){ p->param[0], p->param[1], y }, 3,
                         &attrs, sizeof attrs);
}

static tril_var normal_rsample(const tril_dist *p, size_t n)
{
    return tril_op_apply(&tril_op_normal_rsample, p->param, 2, &n, sizeof n);
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
    return tril_op_apply(&tril_op_normal_cdf, (tril_var[]){ p->param[0], p->param[1], y }, 3, NULL,
                         0);
}

/* loc and scale may be shared within the event; the diagonal of a matrix may not */
static tril_dist normal_as_mvn(const tril_dist *p)
{
    return tril_mvn(normal_mean(p), tril_diag_embed(whole(p, "kl", p->param[1])));
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
        .name = title, .log_prob = normal_log_prob, .rsample = normal_rsample,                     \
        .entropy = normal_entropy, .mean = normal_mean, .variance = normal_variance,               \
        .mode = normal_mean, .cdf = normal_cdf, .covariance = diag_covariance,                     \
        .as_mvn = normal_as_mvn, .expand = normal_expand                                           \
    }

const tril_dist_kind tril_dist_kind_normal = KIND_NAMED("normal");
const tril_dist_kind tril_dist_kind_mvn_diag = KIND_NAMED("mvn_diag");

/* finite numbers, and positive scales */
static bool valid(const char *what, tril_var loc, tril_var scale)
{
    const tril_real *m = tril_value(loc), *s = tril_value(scale);
    for (size_t i = 0; i < tril_size(loc); i++)
        if (!isfinite(m[i]))
            return tril_var_fail(loc.tape, what, TRIL_NOT_FINITE, "loc is %g at [%s]", (double)m[i],
                                 tril_shape_index(tril_shape_of(loc), i).text),
                   false;
    for (size_t i = 0; i < tril_size(scale); i++)
        if (!(s[i] > 0) || !isfinite(s[i]))
            return tril_var_fail(loc.tape, what,
                                 isfinite(s[i]) ? TRIL_NOT_POSITIVE : TRIL_NOT_FINITE,
                                 "scale is %g at [%s]%s", (double)s[i],
                                 tril_shape_index(tril_shape_of(scale), i).text,
                                 isfinite(s[i]) ? ": it must be positive" : ""),
                   false;
    return true;
}

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
    if (tril_ctx_validates(tril_tape_ctx(tape)) && !valid(kind->name, loc, scale))
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
