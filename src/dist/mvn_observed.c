/* The log-density of what is there of rows with missing coordinates. */
#include "dist/mvn.h"
#include "kernels/observed.h"

/* ---- inputs loc, scale_tril, y; saved: a row's arrays, those of a row that is whole and its
 * slopes, then sums of shared inputs' gradients */

static bool observed_shape(tril_node *node)
{
    if (!tril_mvn_log_prob_shape(node))
        return false;
    size_t d = tril_mvn_dim(node);
    node->saved_bytes +=
        tril_observed_bytes(d) + tril_mvn_slopes_doubles(d, false) * sizeof(double);
    return true;
}

/* A row; where nothing is missing it is done as tril_log_prob does it, at a cost of d^2 and not
 * d^3. */
typedef struct rows {
    size_t d, at[3];
    tril_observed partial;
    tril_mvn_row whole;
    tril_walk walk;
} rows;

static rows rows_of(const tril_node *node)
{
    size_t d = tril_mvn_dim(node);
    char *memory = node->saved;
    return (rows){ .d = d,
                   .partial = tril_observed_at(memory, d),
                   .whole = tril_mvn_row_at((double *)(void *)(memory + tril_observed_bytes(d)), d,
                                            TRIL_LOWER_FULL),
                   .walk = tril_mvn_walk(node, node->shape) };
}

/* element i of the walk's row; false where it is not finite */
static bool load(const tril_node *node, rows *r, size_t i)
{
    const tril_real *x[3];
    for (size_t k = 0; k < 3; k++) {
        r->at[k] = (r->walk.offset[k] + i * r->walk.stride[0][k]) * tril_mvn_event(k, r->d);
        x[k] = node->in[k]->value + r->at[k];
    }
    if (!tril_observed_load(&r->partial, x[2], x[0], x[1]))
        return false;
    if (r->partial.n < r->d)
        return true;
    if (r->whole.off != x[1])
        tril_mvn_row_load(&r->whole, x[1]);
    return tril_mvn_row_residual(&r->whole, x[2], x[0]);
}

static double log_prob_of(rows *r)
{
    return r->partial.n < r->d ? tril_observed_log_prob(&r->partial)
                               : tril_mvn_row_log_prob(&r->whole);
}

static bool observed_forward(tril_node *node)
{
    size_t row_index = 0;
    rows r = rows_of(node);
    do {
        for (size_t i = 0; i < r.walk.dim[0] && node->size; i++, row_index++) {
            if (!load(node, &r, i))
                return tril_op_fail(node, TRIL_NOT_FINITE, "y is infinite or loc not finite%s",
                                    tril_shape_where(" in row ", node->shape, row_index).text);
            node->value[row_index] = tril_saturate(log_prob_of(&r));
        }
    } while (node->size && tril_walk_next(&r.walk));
    return true;
}

/* what is missing has gradient 0 */
static void put_partial(const tril_observed *o, double upstream, tril_row_grad grads[3],
                        const size_t at[3])
{
    for (size_t i = 0, k = 0; i < o->d; i++) {
        bool is_there = k < o->n && o->index[k] == i;
        const double *slope = o->slope + k * (o->d + 1);
        double a = is_there ? slope[o->d] : 0;
        tril_row_grad_put(&grads[0], at[0] + i, upstream, a);
        tril_row_grad_put(&grads[2], at[2] + i, upstream, -a);
        size_t line = at[1] + i * o->d, n = is_there ? i + 1 : 0;
        for (size_t j = 0; j < n; j++)
            tril_row_grad_put(&grads[1], line + j, upstream, slope[j]);
        tril_row_grad_skip(&grads[1], line + n, o->d - n);
        k += is_there;
    }
}

static void observed_backward(tril_node *node, tril_real *const *grad_in)
{
    size_t row_index = 0;
    rows r = rows_of(node);
    double *slopes_memory = r.whole.diag + tril_mvn_row_doubles(r.d);
    char *memory = (char *)(slopes_memory + tril_mvn_slopes_doubles(r.d, false));
    tril_mvn_slopes slopes = tril_mvn_slopes_at(slopes_memory, r.d, false);
    tril_row_grad grads[3];
    for (size_t k = 0; k < 3; k++)
        grads[k] =
            tril_row_grad_begin(node, k, node->size, tril_mvn_event(k, r.d), grad_in[k], &memory);
    do {
        for (size_t i = 0; i < r.walk.dim[0] && node->size; i++, row_index++) {
            double upstream = (double)node->grad[row_index];
            load(node, &r, i);
            log_prob_of(&r);
            if (r.partial.n < r.d) {
                tril_observed_backward(&r.partial);
                put_partial(&r.partial, upstream, grads, r.at);
            } else {
                tril_mvn_by_scale.slopes(&r.whole, &slopes);
                tril_mvn_put_row(r.d, &slopes, upstream, grads, r.at);
            }
        }
    } while (node->size && tril_walk_next(&r.walk));
    for (size_t k = 0; k < 3; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_mvn_log_prob_observed = { "log_prob_observed(mvn)", observed_shape,
                                                observed_forward, observed_backward };

tril_var tril_mvn_log_prob_observed(const tril_dist *p, tril_var y)
{
    return tril_op_apply(&tril_op_mvn_log_prob_observed,
                         (tril_var[]){ p->param[0], p->param[1], y }, 3, NULL, 0);
}
