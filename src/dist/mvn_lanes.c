/* log_prob of multivariate normals with a small scale_tril each: rows side by side. */
#include <math.h>
#include <string.h>

#include "dist/mvn.h"
#include "kernels/mvn_lanes.h"

/* where it stops to be faster than row by row */
enum { LARGEST = 12 };

/* Operands as ever: loc, factor, y. saved: z of all rows, if gradients will be wanted, or of as
 * many as there are lanes; upstream gradients, gradients of the log-densities in the operands, the
 * normals' arrays, the operands in lanes; then sums of shared gradients */
enum { OPERANDS = 3 };

typedef struct lanes {
    double *z, *of[OPERANDS], *upstream;
    tril_real *x[OPERANDS];
    tril_mvn_lanes m;
    tril_lane_rows rows;
} lanes;

/* how many rows' z are kept */
static size_t kept(const tril_node *node, size_t rows)
{
    return node->needs_grad ? (rows / TRIL_LANES + 1) * TRIL_LANES : TRIL_LANES;
}

/* what of it are doubles, but z, and numbers of the operands */
static size_t saved_doubles(size_t d)
{
    return (d * d + 2 * d + 1) * TRIL_LANES + tril_mvn_lanes_doubles(d);
}

static size_t saved_reals(size_t d)
{
    return (d * d + 2 * d) * TRIL_LANES;
}

static size_t saved_bytes(const tril_node *node, size_t rows)
{
    const size_t d = tril_mvn_dim(node);
    return (kept(node, rows) * d + saved_doubles(d)) * sizeof(double) +
           saved_reals(d) * sizeof(tril_real);
}

static bool lanes_shape(tril_node *node)
{
    if (!tril_mvn_batch_shape(node, &node->shape))
        return false;
    const size_t rows = tril_shape_size(node->shape), d = tril_mvn_dim(node);
    node->saved_bytes = saved_bytes(node, rows);
    for (size_t k = 0; k < OPERANDS; k++)
        node->saved_bytes += tril_row_grad_lanes_bytes(node, k, rows, tril_mvn_event(k, d));
    return true;
}

static lanes lanes_of(const tril_node *node)
{
    const size_t d = tril_mvn_dim(node);
    size_t width[OPERANDS];
    lanes t = { .z = node->saved };
    t.upstream = t.z + kept(node, node->size) * d;
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
    t.m.n = node->size; /* all tiles alike: what is shared is taken once */
    t.rows = tril_lane_rows_new(tril_mvn_walk(node, node->shape), node->size, width);
    return t;
}

/* operand k of the next rows; one that all rows share is taken once */
static bool load(const tril_node *node, lanes *t, size_t k, size_t index)
{
    if (index > 0 && node->in[k]->size == t->rows.width[k])
        return false;
    tril_lanes_load(t->m.n, t->rows.width[k], node->in[k]->value, t->rows.at[k], t->x[k]);
    return true;
}

static bool lanes_forward(tril_node *node)
{
    double log_prob[TRIL_LANES];
    lanes t = lanes_of(node);
    const size_t d = t.m.d;
    for (size_t index = 0; tril_lane_rows_next(&t.rows); index += t.rows.n) {
        load(node, &t, 0, index);
        load(node, &t, 2, index);
        if (load(node, &t, 1, index))
            tril_mvn_lanes_factor(&t.m, t.x[1], true);
        t.m.z = t.z + (node->needs_grad ? index * d : 0);
        tril_mvn_lanes_log_prob(&t.m, t.x[2], t.x[0], t.x[1], (d + 1) * TRIL_LANES, log_prob);
        size_t good = tril_lanes_values(t.rows.n, log_prob, node->value + index);
        if (good < t.rows.n)
            return tril_op_fail(node, TRIL_NOT_FINITE, "y or loc%s is not finite",
                                tril_shape_where(" of row ", node->shape, index + good).text);
    }
    return true;
}

static void lanes_backward(tril_node *node, tril_real *const *grad_in)
{
    lanes t = lanes_of(node);
    const size_t d = t.m.d, array = d * TRIL_LANES;
    char *memory = (char *)node->saved + saved_bytes(node, node->size);
    tril_row_grad grads[OPERANDS];
    for (size_t k = 0; k < OPERANDS; k++)
        grads[k] =
            tril_row_grad_begin_lanes(node, k, node->size, t.rows.width[k], grad_in[k], &memory);
    memset(t.of[1], 0, d * array * sizeof(double));
    memset(t.upstream, 0, TRIL_LANES * sizeof(double));
    for (size_t index = 0; tril_lane_rows_next(&t.rows); index += t.rows.n) {
        if (load(node, &t, 1, index))
            tril_mvn_lanes_factor(&t.m, t.x[1], false);
        t.m.z = t.z + index * d;
        /* dL_ii = L_ii dlog L_ii */
        tril_mvn_lanes_gradient(&t.m, t.m.inverse, t.of[0], t.of[1], t.of[1], array + TRIL_LANES);
        for (size_t k = 0; k < array && grads[2].grad; k++)
            t.of[2][k] = -t.of[0][k];
        for (size_t l = 0; l < t.rows.n; l++)
            t.upstream[l] = (double)node->grad[index + l];
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
