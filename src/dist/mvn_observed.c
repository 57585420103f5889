/* The log-density of what is there of rows with missing coordinates. */
#include "dist/mvn.h"
#include "kernels/observed.h"

/* ---- inputs loc, scale_tril, y; saved: a row's arrays, then sums of shared inputs' gradients */

static bool observed_shape(tril_node *node)
{
    size_t d = tril_mvn_dim(node);
    if (!tril_mvn_log_prob_shape(node))
        return false;
    node->saved_bytes += tril_observed_bytes(d) - tril_mvn_row_doubles(d) * sizeof(double);
    return true;
}

static void places(const tril_walk *w, size_t i, size_t d, size_t at[3])
{
    for (size_t k = 0; k < 3; k++)
        at[k] = (w->offset[k] + i * w->stride[0][k]) * tril_mvn_event(k, d);
}

static bool observed_forward(tril_node *node)
{
    size_t d = tril_mvn_dim(node), row_index = 0, at[3];
    tril_observed o = tril_observed_at(node->saved, d);
    tril_walk w = tril_mvn_walk(node, node->shape);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i++, row_index++) {
            places(&w, i, d, at);
            if (!tril_observed_load(&o, node->in[2]->value + at[2], node->in[0]->value + at[0],
                                    node->in[1]->value + at[1]))
                return tril_op_fail(node, TRIL_NOT_FINITE, "y is infinite or loc not finite%s",
                                    tril_shape_where(" in row ", node->shape, row_index).text);
            node->value[row_index] = tril_saturate(tril_observed_log_prob(&o));
        }
    } while (node->size && tril_walk_next(&w));
    return true;
}

/* what is missing has gradient 0 */
static void put_row(const tril_observed *o, double upstream, tril_row_grad grads[3],
                    const size_t at[3])
{
    for (size_t i = 0, k = 0; i < o->d; i++) {
        bool is_there = k < o->n && o->index[k] == i;
        const double *slope = o->slope + k * (o->d + 1);
        double a = is_there ? slope[o->d] : 0;
        tril_row_grad_put(&grads[0], at[0] + i, upstream, a);
        tril_row_grad_put(&grads[2], at[2] + i, upstream, -a);
        for (size_t j = 0; j < o->d; j++)
            tril_row_grad_put(&grads[1], at[1] + i * o->d + j, upstream,
                              is_there && j <= i ? slope[j] : 0);
        k += is_there;
    }
}

static void observed_backward(tril_node *node, tril_real *const *grad_in)
{
    size_t d = tril_mvn_dim(node), row_index = 0, at[3];
    tril_observed o = tril_observed_at(node->saved, d);
    char *memory = (char *)node->saved + tril_observed_bytes(d);
    tril_row_grad grads[3];
    for (size_t k = 0; k < 3; k++)
        grads[k] =
            tril_row_grad_begin(node, k, node->size, tril_mvn_event(k, d), grad_in[k], &memory);
    tril_walk w = tril_mvn_walk(node, node->shape);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i++, row_index++) {
            places(&w, i, d, at);
            tril_observed_load(&o, node->in[2]->value + at[2], node->in[0]->value + at[0],
                               node->in[1]->value + at[1]);
            tril_observed_log_prob(&o);
            tril_observed_backward(&o);
            put_row(&o, (double)node->grad[row_index], grads, at);
        }
    } while (node->size && tril_walk_next(&w));
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
