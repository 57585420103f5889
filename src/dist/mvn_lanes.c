/* log_prob of multivariate normals with a small scale_tril each: rows side by side. */
#include <math.h>
#include <string.h>

#include "dist/mvn.h"
#include "kernels/mvn_lanes.h"

/* where it stops to be faster than row by row */
enum { LARGEST = 12 };

/* Operands as ever: loc, factor, y. saved: gradients of the log-densities in these, upstream
 * gradients, the normals' arrays, the operands in lanes; then sums of shared gradients */
enum { OPERANDS = 3 };

typedef struct lanes {
    double *of[OPERANDS], *upstream;
    tril_real *x[OPERANDS];
    tril_mvn_lanes m;
    tril_lane_rows rows;
} lanes;

/* what of it are doubles, and numbers of the operands */
static size_t saved_doubles(size_t d)
{
    return (d * d + 2 * d + 1) * TRIL_LANES + tril_mvn_lanes_doubles(d);
}

static size_t saved_reals(size_t d)
{
    return (d * d + 2 * d) * TRIL_LANES;
}

static size_t saved_bytes(size_t d)
{
    return saved_doubles(d) * sizeof(double) + saved_reals(d) * sizeof(tril_real);
}

static bool lanes_shape(tril_node *node)
{
    size_t d = tril_mvn_dim(node);
    if (!tril_mvn_log_prob_shape(node))
        return false;
    node->saved_bytes -= tril_mvn_row_doubles(d) * sizeof(double);
    node->saved_bytes += saved_bytes(d);
    return true;
}

static lanes lanes_of(const tril_node *node)
{
    const size_t d = tril_mvn_dim(node);
    size_t width[OPERANDS];
    lanes t = { .upstream = node->saved };
    double *doubles = t.upstream + TRIL_LANES;
    tril_real *reals = (tril_real *)(void *)(t.upstream + saved_doubles(d));
    for (size_t k = 0; k < OPERANDS; k++) {
        width[k] = tril_mvn_event(k, d);
        t.of[k] = doubles;
        t.x[k] = reals;
        doubles += width[k] * TRIL_LANES;
        reals += width[k] * TRIL_LANES;
    }
    t.m = tril_mvn_lanes_at(doubles, d, TRIL_LOWER_FULL, t.x[1]);
    t.rows = tril_lane_rows_new(tril_mvn_walk(node, node->shape), node->size, width);
    t.m.n = node->size; /* all tiles alike: what is shared is taken once */
    return t;
}

/* The next rows and their log-densities; an operand that all rows share is taken once. */
static bool next(const tril_node *node, lanes *t, bool logarithms, double *log_prob)
{
    const bool first = t->rows.rows == node->size;
    const size_t d = t->m.d;
    if (!tril_lane_rows_next(&t->rows))
        return false;
    for (size_t k = 0; k < OPERANDS; k++) {
        if (!first && node->in[k]->size == t->rows.width[k])
            continue;
        tril_lanes_load(t->m.n, t->rows.width[k], node->in[k]->value, t->rows.at[k], t->x[k]);
        if (k == 1)
            tril_mvn_lanes_factor(&t->m, t->x[k], logarithms);
    }
    tril_mvn_lanes_log_prob(&t->m, t->x[2], t->x[0], t->x[1], (d + 1) * TRIL_LANES, log_prob);
    return true;
}

static bool lanes_forward(tril_node *node)
{
    double log_prob[TRIL_LANES];
    size_t index = 0;
    lanes t = lanes_of(node);
    while (next(node, &t, true, log_prob))
        for (size_t l = 0; l < t.rows.n; l++, index++) {
            if (isnan(log_prob[l]))
                return tril_op_fail(node, TRIL_NOT_FINITE, "y or loc%s is not finite",
                                    tril_shape_where(" of row ", node->shape, index).text);
            node->value[index] = tril_saturate(log_prob[l]);
        }
    return true;
}

static void lanes_backward(tril_node *node, tril_real *const *grad_in)
{
    double log_prob[TRIL_LANES];
    size_t index = 0;
    lanes t = lanes_of(node);
    const size_t d = t.m.d, array = d * TRIL_LANES;
    char *memory = (char *)node->saved + saved_bytes(d);
    tril_row_grad grads[OPERANDS];
    for (size_t k = 0; k < OPERANDS; k++)
        grads[k] = tril_row_grad_begin(node, k, node->size, t.rows.width[k], grad_in[k], &memory);
    memset(t.of[1], 0, d * array * sizeof(double));
    while (next(node, &t, false, log_prob)) {
        /* dL_ii = L_ii dlog L_ii */
        tril_mvn_lanes_gradient(&t.m, t.m.inverse, t.of[0], t.of[1], t.of[1], array + TRIL_LANES);
        for (size_t k = 0; k < array && grads[2].grad; k++)
            t.of[2][k] = -t.of[0][k];
        for (size_t l = 0; l < t.rows.n; l++, index++)
            t.upstream[l] = (double)node->grad[index];
        for (size_t l = t.rows.n; l < TRIL_LANES; l++)
            t.upstream[l] = 0;
        for (size_t k = 0; k < OPERANDS; k++)
            tril_row_grad_put_lanes(&grads[k], t.rows.n, t.rows.at[k], t.rows.width[k], t.upstream,
                                    t.of[k]);
    }
    for (size_t k = 0; k < OPERANDS; k++)
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
