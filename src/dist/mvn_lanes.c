/* log_prob of multivariate normals or Student's t with few dimensions: rows side by side. */
#include <string.h>

#include "dist/mvn.h"
#include "kernels/mvn_lanes.h"

/* memory: what the kernel needs, the operands in lanes, a tile of the factor's gradients; kept:
 * gradients of loc, of the factor below its diagonal, and on it; that of Student's df */

typedef struct lanes {
    tril_real *x[TRIL_MVN_DF], *factor_grad;
    double *v, *log_v, df[TRIL_LANES];
    tril_mvn_lanes m;
} lanes;

static size_t packed(size_t d)
{
    return d + d * (d + 1) / 2;
}

static size_t memory_doubles(const tril_node *node)
{
    size_t d = tril_rows_last(node, TRIL_MVN_LOC);
    return tril_mvn_lanes_doubles(d) + (2 * d + tril_row_reals(2 * d * d + 2 * d)) * TRIL_LANES;
}

static size_t kept_doubles(const tril_node *node)
{
    return tril_row_reals(packed(tril_rows_last(node, TRIL_MVN_LOC))) + (node->n_in > TRIL_MVN_DF);
}

static void lanes_of(tril_row_block *rows, lanes *t)
{
    const size_t d = rows->width[TRIL_MVN_LOC], array = d * TRIL_LANES;
    double *kept = rows->kept;
    t->v = rows->memory;
    t->log_v = t->v + array;
    double *arrays = t->log_v + array;
    t->x[0] = (tril_real *)(void *)(arrays + tril_mvn_lanes_doubles(d));
    t->x[1] = t->x[0] + array;
    t->x[2] = t->x[1] + d * array;
    t->factor_grad = t->x[2] + array;
    t->m =
        (tril_mvn_lanes){ .d = d,
                          .n =
                              rows->node->size, /* all tiles alike: what is shared is loaded once */
                          .lower = TRIL_LOWER_FULL,
                          .y = t->x[TRIL_MVN_Y],
                          .loc = t->x[TRIL_MVN_LOC],
                          .off = t->x[TRIL_MVN_FACTOR],
                          .s = t->x[TRIL_MVN_FACTOR],
                          .s_step = array + TRIL_LANES,
                          .v = t->v,
                          .log_v = t->log_v,
                          .arrays = arrays };
    if (rows->node->n_in > TRIL_MVN_DF) {
        t->m.df = t->df;
        t->m.df_slope = kept;
        kept += TRIL_LANES;
    }
    t->m.g = rows->node->needs_grad ? (tril_real *)(void *)kept : NULL;
}

static bool lanes_forward(tril_row_block *rows)
{
    double log_prob[TRIL_LANES];
    lanes t;
    lanes_of(rows, &t);
    t.m.log_prob = log_prob;
    for (size_t k = 0; k < TRIL_MVN_DF; k++)
        if (rows->moved[k])
            tril_lanes_load(t.m.n, rows->width[k], rows->node->in[k]->value, rows->at[k], t.x[k]);
    if (rows->moved[TRIL_MVN_FACTOR])
        tril_mvn_lanes_factor(t.m.d, t.m.n, t.x[TRIL_MVN_FACTOR], t.v, t.log_v);
    for (size_t l = 0; l < TRIL_LANES && t.m.df; l++)
        t.df[l] = (double)rows->node->in[TRIL_MVN_DF]->value[rows->at[TRIL_MVN_DF][l]];
    tril_mvn_lanes_run(&t.m);
    size_t good = tril_lanes_values(rows->n, log_prob, rows->value);
    return good == rows->n || tril_mvn_not_finite(rows, good);
}

/* a factor's gradients with all entries, from those of its lower triangle */
static const tril_real *whole_factor(const tril_row_block *rows, const lanes *t)
{
    const size_t d = t->m.d;
    const tril_real *off = t->m.g + d * TRIL_LANES, *diag = off + d * (d - 1) / 2 * TRIL_LANES;
    if (rows->index == 0)
        memset(t->factor_grad, 0, d * d * TRIL_LANES * sizeof *off);
    for (size_t i = 0; i < d; i++, off += (i - 1) * TRIL_LANES, diag += TRIL_LANES) {
        tril_real *to = t->factor_grad + i * d * TRIL_LANES;
        memcpy(to, off, i * TRIL_LANES * sizeof *off);
        memcpy(to + i * TRIL_LANES, diag, TRIL_LANES * sizeof *off);
    }
    return t->factor_grad;
}

static void lanes_backward(tril_row_block *rows)
{
    tril_real up[TRIL_LANES] = { 0 }, down[TRIL_LANES] = { 0 };
    tril_row_grad *grad = rows->grad;
    lanes t;
    lanes_of(rows, &t);
    for (size_t l = 0; l < rows->n; l++) {
        up[l] = rows->upstream[l];
        down[l] = -up[l];
    }
    tril_row_grad_put_lanes(&grad[TRIL_MVN_LOC], rows->n, rows->at[TRIL_MVN_LOC], t.m.d, up, t.m.g);
    tril_row_grad_put_lanes(&grad[TRIL_MVN_Y], rows->n, rows->at[TRIL_MVN_Y], t.m.d, down, t.m.g);
    if (grad[TRIL_MVN_FACTOR].grad)
        tril_row_grad_put_lanes(&grad[TRIL_MVN_FACTOR], rows->n, rows->at[TRIL_MVN_FACTOR],
                                t.m.d * t.m.d, up, whole_factor(rows, &t));
    for (size_t l = 0; l < rows->n && t.m.df; l++)
        tril_row_grad_put(&grad[TRIL_MVN_DF], rows->at[TRIL_MVN_DF][l], (double)up[l],
                          t.m.df_slope[l]);
}

const tril_row_kernel tril_mvn_lanes_kernel = { .forward = lanes_forward,
                                                .backward = lanes_backward,
                                                .memory = memory_doubles,
                                                .kept = kept_doubles,
                                                .at_once = TRIL_LANES,
                                                .lanes = true };
