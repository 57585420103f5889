/* log_prob of multivariate normals or Student's t with few dimensions: rows side by side. */
#include <string.h>

#include "distributions/mvn.h"
#include "kernels/mvn_lanes.h"

/* memory, in lanes: log det L, what the kernel needs, the operands, gradients of loc and factor;
 * kept:
 * z */
typedef struct lanes {
    tril_real *x[TRIL_MVN_DF], *g;
    double log_prob[TRIL_LANES], df[TRIL_LANES], df_slope[TRIL_LANES];
    tril_mvn_lanes m;
} lanes;

static size_t lanes_doubles(const tril_node *node)
{
    size_t d = tril_rows_last(node, TRIL_MVN_LOC);
    return tril_mvn_lanes_doubles(d) + (1 + tril_row_reals(2 * d * d + 3 * d)) * TRIL_LANES;
}

static size_t kept_doubles(const tril_node *node)
{
    return tril_row_reals(tril_rows_last(node, TRIL_MVN_LOC));
}

static void load(const tril_row_block *rows, size_t k, lanes *t)
{
    tril_lanes_load(t->m.n, rows->width[k], rows->node->in[k]->value, rows->at[k], t->x[k]);
}

/* log-densities of the rows; or their gradients, which need loc and y only where numbers are far
 * out
 */
static void run(const tril_row_block *rows, bool gradients, lanes *t)
{
    const size_t d = rows->width[TRIL_MVN_LOC], array = d * TRIL_LANES;
    const size_t n = rows->node->size; /* all tiles alike: what is shared is loaded once */
    double *log_det = rows->memory, *arrays = log_det + TRIL_LANES;
    tril_real *to = (tril_real *)(void *)(arrays + tril_mvn_lanes_doubles(d));
    for (size_t k = 0; k < TRIL_MVN_DF; to += rows->width[k++] * TRIL_LANES)
        t->x[k] = to;
    t->g = to;
    /* each member, so that none need be cleared before, which shows in small tiles */
    t->m = (tril_mvn_lanes){ .d = d,
                             .n = n,
                             .lower = TRIL_LOWER_FULL,
                             .y = t->x[TRIL_MVN_Y],
                             .loc = t->x[TRIL_MVN_LOC],
                             .off = t->x[TRIL_MVN_FACTOR],
                             .s = t->x[TRIL_MVN_FACTOR],
                             .s_step = array + TRIL_LANES,
                             .v = NULL,
                             .slope = NULL,
                             .reach = NULL,
                             .df = rows->node->n_in > TRIL_MVN_DF ? t->df : NULL,
                             .natural = NULL,
                             .log_det = log_det,
                             .arrays = arrays,
                             .log_prob = t->log_prob,
                             .df_slope = t->df_slope,
                             .g = gradients ? t->g : NULL,
                             .z = (tril_real *)(void *)rows->kept };
    if (rows->moved[TRIL_MVN_FACTOR])
        load(rows, TRIL_MVN_FACTOR, t);
    if (gradients && tril_mvn_lanes_back(&t->m))
        return;
    for (size_t k = 0; k < TRIL_MVN_DF; k++)
        if (k != TRIL_MVN_FACTOR && (gradients || rows->moved[k]))
            load(rows, k, t);
    if (gradients || rows->moved[TRIL_MVN_FACTOR])
        tril_mvn_lanes_log_det(d, n, t->x[TRIL_MVN_FACTOR], log_det);
    for (size_t l = 0; l < TRIL_LANES && t->m.df; l++)
        t->df[l] = (double)rows->node->in[TRIL_MVN_DF]->value[rows->at[TRIL_MVN_DF][l]];
    tril_mvn_lanes_run(&t->m);
}

static bool lanes_forward(tril_row_block *rows)
{
    lanes t;
    run(rows, false, &t);
    size_t good = tril_lanes_values(rows->n, t.log_prob, rows->value);
    return good == rows->n || tril_mvn_not_finite(rows, good);
}

static void lanes_backward(tril_row_block *rows)
{
    const size_t d = rows->width[TRIL_MVN_LOC], array = d * TRIL_LANES, n = rows->n;
    tril_real up[TRIL_LANES], down[TRIL_LANES];
    tril_row_grad *grad = rows->grad;
    lanes t;
    if (rows->index == 0) /* what stands above diagonals stays so */
        memset(rows->memory, 0, lanes_doubles(rows->node) * sizeof(double));
    run(rows, true, &t);
    tril_lanes_upstream(n, rows->upstream, up, down);
    tril_row_grad_put_lanes(&grad[TRIL_MVN_LOC], n, rows->at[TRIL_MVN_LOC], d, up, t.g);
    tril_row_grad_put_lanes(&grad[TRIL_MVN_Y], n, rows->at[TRIL_MVN_Y], d, down, t.g);
    tril_row_grad_put_lanes(&grad[TRIL_MVN_FACTOR], n, rows->at[TRIL_MVN_FACTOR], d * d, up,
                            t.g + array);
    for (size_t l = 0; l < n && t.m.df; l++)
        tril_row_grad_put(&grad[TRIL_MVN_DF], rows->at[TRIL_MVN_DF][l], (double)up[l],
                          t.df_slope[l]);
}

const tril_row_kernel tril_mvn_lanes_kernel = { .forward = lanes_forward,
                                                .backward = lanes_backward,
                                                .memory = lanes_doubles,
                                                .kept = kept_doubles,
                                                .at_once = TRIL_LANES,
                                                .lanes = true };
