/* log_prob of multivariate normals with a small scale_tril each: rows side by side. */
#include <math.h>
#include <string.h>

#include "dist/mvn.h"
#include "kernels/mvn_lanes.h"

/* where it stops to be faster than row by row */
enum { LARGEST = 12 };

/* saved: factors, loc and y in lanes, gradients of the log-densities in these, slopes, upstream
 * gradients, the normals' arrays; then sums of shared gradients */
typedef struct lanes {
    size_t d;
    double *factor, *loc, *y, *of_factor, *of_loc, *of_y, *slope, *upstream;
    tril_mvn_lanes m;
} lanes;

static size_t saved_doubles(size_t d)
{
    return (2 * d * d + 5 * d + 1) * TRIL_LANES + tril_mvn_lanes_doubles(d);
}

static bool lanes_shape(tril_node *node)
{
    size_t d = tril_mvn_dim(node);
    if (!tril_mvn_log_prob_shape(node))
        return false;
    node->saved_bytes -= tril_mvn_row_doubles(d) * sizeof(double);
    node->saved_bytes += saved_doubles(d) * sizeof(double);
    return true;
}

static lanes lanes_of(const tril_node *node)
{
    const size_t d = tril_mvn_dim(node), array = d * TRIL_LANES;
    lanes t = { .d = d, .factor = node->saved };
    t.of_factor = t.factor + d * array;
    t.loc = t.of_factor + d * array;
    t.y = t.loc + array;
    t.of_loc = t.y + array;
    t.of_y = t.of_loc + array;
    t.slope = t.of_y + array;
    t.upstream = t.slope + array;
    t.m = tril_mvn_lanes_at(t.upstream + TRIL_LANES, d, TRIL_LOWER_FULL, t.factor);
    return t;
}

/* n rows from row i of a walk's line on; their log-densities */
static void load(const tril_node *node, const tril_walk *w, size_t i, size_t n, lanes *t,
                 double *log_prob)
{
    double *const to[3] = { t->loc, t->factor, t->y };
    for (size_t k = 0; k < 3; k++) {
        size_t width = tril_mvn_event(k, t->d), step = w->stride[0][k] * width;
        tril_lanes_load(n, width, step, node->in[k]->value + w->offset[k] * width + i * step,
                        to[k]);
    }
    tril_mvn_lanes_factor(&t->m, t->factor);
    tril_mvn_lanes_log_prob(&t->m, t->y, t->loc, t->m.diag, log_prob);
}

static bool lanes_forward(tril_node *node)
{
    double log_prob[TRIL_LANES];
    size_t index = 0;
    if (node->size == 0)
        return true;
    lanes t = lanes_of(node);
    tril_walk w = tril_mvn_walk(node, node->shape);
    do {
        for (size_t i = 0; i < w.dim[0]; i += TRIL_LANES) {
            size_t left = w.dim[0] - i, n = left < TRIL_LANES ? left : TRIL_LANES;
            load(node, &w, i, n, &t, log_prob);
            for (size_t k = 0; k < n; k++, index++) {
                if (isnan(log_prob[k]))
                    return tril_op_fail(node, TRIL_NOT_FINITE, "y or loc%s is not finite",
                                        tril_shape_where(" of row ", node->shape, index).text);
                node->value[index] = tril_saturate(log_prob[k]);
            }
        }
    } while (tril_walk_next(&w));
    return true;
}

/* gradients of the log-densities: the factor's diagonal among the rest */
static void differentiate(lanes *t)
{
    const size_t array = t->d * TRIL_LANES;
    for (size_t k = 0; k < array; k++)
        t->slope[k] = 1 / t->m.diag[k];
    tril_mvn_lanes_gradient(&t->m, t->slope, t->of_loc, t->of_factor, t->of_y);
    for (size_t i = 0; i < t->d; i++)
        memcpy(t->of_factor + i * (t->d + 1) * TRIL_LANES, t->of_y + i * TRIL_LANES,
               TRIL_LANES * sizeof(double));
    for (size_t k = 0; k < array; k++)
        t->of_y[k] = -t->of_loc[k];
}

static void lanes_backward(tril_node *node, tril_real *const *grad_in)
{
    double log_prob[TRIL_LANES];
    size_t index = 0;
    lanes t = lanes_of(node);
    char *memory = (char *)node->saved + saved_doubles(t.d) * sizeof(double);
    tril_row_grad grads[3];
    for (size_t k = 0; k < 3; k++)
        grads[k] =
            tril_row_grad_begin(node, k, node->size, tril_mvn_event(k, t.d), grad_in[k], &memory);
    const double *const of[3] = { t.of_loc, t.of_factor, t.of_y };
    memset(t.of_factor, 0, t.d * t.d * TRIL_LANES * sizeof(double));
    memset(t.upstream, 0, TRIL_LANES * sizeof(double));
    tril_walk w = tril_mvn_walk(node, node->shape);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i += TRIL_LANES) {
            size_t left = w.dim[0] - i, n = left < TRIL_LANES ? left : TRIL_LANES;
            load(node, &w, i, n, &t, log_prob);
            differentiate(&t);
            for (size_t k = 0; k < n; k++, index++)
                t.upstream[k] = (double)node->grad[index];
            for (size_t k = 0; k < 3; k++) {
                size_t width = tril_mvn_event(k, t.d), step = w.stride[0][k] * width;
                tril_row_grad_put_lanes(&grads[k], w.offset[k] * width + i * step, step, n, width,
                                        t.upstream, of[k]);
            }
        }
    } while (node->size && tril_walk_next(&w));
    for (size_t k = 0; k < 3; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_mvn_lanes_log_prob = { "log_prob(mvn)", lanes_shape, lanes_forward,
                                             lanes_backward };

bool tril_mvn_has_lanes(const tril_dist *p)
{
    return p->event.dim[0] <= LARGEST;
}

tril_var tril_mvn_lanes_log_prob_of(const tril_dist *p, tril_var y)
{
    return tril_op_apply(&tril_op_mvn_lanes_log_prob, (tril_var[]){ p->param[0], p->param[1], y },
                         3, NULL, 0);
}
