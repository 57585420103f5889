/* The multivariate normal by loc and the factor T of its precision T T'. */
#include "dist/mvn.h"
#include "ops/ops.h"

/* ---- log_prob: d/dloc = T z, d/dT = diag(1/T_ii) - tril(r z') where z = T'r */

static void row_slopes(tril_mvn_row *row, const tril_mvn_slopes *s)
{
    tril_mvn_row_precision_backward(row);
    for (size_t i = 0; i < row->d; i++) {
        s->z[i] = row->z[i];
        s->loc[i] = row->w[i];
        s->left[i] = -row->r[i];
        s->diag[i] = 1 / row->diag[i] - row->r[i] * row->z[i];
    }
}

const tril_op tril_op_mvn_precision_log_prob = { "log_prob(mvn_precision)", tril_mvn_rows_shape,
                                                 tril_mvn_rows_forward, tril_mvn_rows_backward };

/* ---- rsample: loc + u, u = T^-T eps; with g the gradient of the draw, v = T^-1 g: d/dT = -tril(u
 * v'). Attributes and memory: see tril_mvn_rsample_shape; a row's arrays behind eps. */

static bool rsample_shape(tril_node *node)
{
    if (!tril_mvn_rsample_shape(node))
        return false;
    node->saved_bytes += tril_mvn_row_doubles(tril_mvn_dim(node)) * sizeof(double);
    return true;
}

static bool rsample_forward(tril_node *node)
{
    size_t d = tril_mvn_dim(node), row_index = 0;
    tril_real *eps = node->saved;
    tril_random_normal(tril_ctx_random(tril_tape_ctx(node->tape)), eps, node->size);
    if (node->size == 0)
        return true;
    tril_mvn_row row = tril_mvn_row_at((double *)node->saved + node->size, d, TRIL_LOWER_FULL);
    tril_walk w = tril_mvn_walk(node, tril_shape_leading(node->shape, 1));
    do {
        for (size_t i = 0; i < w.dim[0]; i++, row_index++) {
            const tril_real *loc = node->in[0]->value + (w.offset[0] + i * w.stride[0][0]) * d;
            tril_mvn_row_load(&row,
                              node->in[1]->value + (w.offset[1] + i * w.stride[0][1]) * d * d);
            for (size_t j = 0; j < d; j++)
                row.z[j] = (double)eps[row_index * d + j];
            tril_mvn_row_backward(&row);
            for (size_t j = 0; j < d; j++)
                node->value[row_index * d + j] = tril_saturate((double)loc[j] + row.a[j]);
        }
    } while (tril_walk_next(&w));
    return true;
}

/* u from eps once more, and v */
static void solve_both(tril_mvn_row *row, const tril_real *eps, const tril_real *g)
{
    for (size_t j = 0; j < row->d; j++) {
        row->z[j] = (double)eps[j];
        row->r[j] = (double)g[j];
    }
    tril_mvn_row_backward(row);
    tril_mvn_row_log_prob(row);
}

static void rsample_backward(tril_node *node, tril_real *const *grad_in)
{
    size_t d = tril_mvn_dim(node), rows = node->size / d, row_index = 0;
    double *arrays = (double *)node->saved + node->size;
    tril_mvn_row row = tril_mvn_row_at(arrays, d, TRIL_LOWER_FULL);
    char *memory = (char *)(arrays + tril_mvn_row_doubles(d));
    tril_row_grad loc = tril_row_grad_begin(node, 0, rows, d, grad_in[0], &memory);
    tril_row_grad factor = tril_row_grad_begin(node, 1, rows, d * d, grad_in[1], &memory);
    tril_walk w = tril_mvn_walk(node, tril_shape_leading(node->shape, 1));
    do {
        for (size_t i = 0; i < w.dim[0] && rows; i++, row_index++) {
            const tril_real *g = node->grad + row_index * d;
            size_t at = (w.offset[1] + i * w.stride[0][1]) * d * d;
            for (size_t j = 0; j < d; j++)
                tril_row_grad_put(&loc, (w.offset[0] + i * w.stride[0][0]) * d + j, (double)g[j],
                                  1);
            if (!factor.grad)
                continue;
            tril_mvn_row_load(&row, node->in[1]->value + at);
            solve_both(&row, (const tril_real *)node->saved + row_index * d, g);
            for (size_t j = 0; j < d * d; j++)
                tril_row_grad_put(&factor, at + j, 1,
                                  j % d > j / d ? 0 : -row.a[j / d] * row.z[j % d]);
        }
    } while (rows && tril_walk_next(&w));
    tril_row_grad_end(&loc);
    tril_row_grad_end(&factor);
}

const tril_op tril_op_mvn_precision_rsample = { "rsample(mvn_precision)", rsample_shape,
                                                rsample_forward, rsample_backward };

/* ---- the distribution */

static tril_var precision_log_prob(const tril_dist *p, tril_var y)
{
    static const tril_mvn_form by_precision = { tril_mvn_row_precision_log_prob, row_slopes, true };
    if (tril_mvn_is_shared(p, y))
        return tril_mvn_shared_log_prob(&by_precision, p, y);
    return tril_op_apply(&tril_op_mvn_precision_log_prob,
                         (tril_var[]){ p->param[0], p->param[1], y }, 3,
                         &(const tril_mvn_form *){ &by_precision }, sizeof(tril_mvn_form *));
}

static tril_var precision_rsample(const tril_dist *p, size_t n)
{
    return tril_op_apply(&tril_op_mvn_precision_rsample, p->param, 2, &n, sizeof n);
}

static tril_var precision_entropy(const tril_dist *p)
{
    tril_var log_det = tril_sum_axis(tril_log(tril_diagonal(p->param[1])), -1, false);
    return tril_dist_stretch(p, "entropy", tril_mvn_entropy_of(tril_neg(log_det), p->event.dim[0]),
                             0);
}

/* T^-T, the upper triangular factor of the covariance */
static tril_var upper_factor(const tril_dist *p)
{
    tril_tape *tape = p->param[1].tape;
    size_t d = p->event.dim[0];
    tril_real *ones = tril_tape_take(tape, d, sizeof *ones);
    for (size_t i = 0; i < d && ones; i++)
        ones[i] = 1;
    tril_var identity = tril_diag_embed(tril_input(tape, ones, TRIL_SHAPE(d)));
    return tril_solve_tril(p->param[1], identity, true);
}

static tril_var precision_variance(const tril_dist *p)
{
    tril_var squares = tril_sum_axis(tril_square(upper_factor(p)), -1, false);
    return tril_dist_stretch(p, "variance", squares, 1);
}

/* Given all others, coordinate i has the standard deviation 1 / |T_i|, and no pivot is below; nor
 * below 1 / sum_j |T_ij|, which has no squares. */
static tril_dist precision_as_mvn(const tril_dist *p)
{
    tril_var upper = upper_factor(p), t = tril_tril(tril_detach(p->param[1]));
    if (!upper.tape || !tril_dist_valid("scale_tril(mvn_precision)",
                                        "the inverse of precision_tril", upper, false))
        return (tril_dist){ 0 };
    tril_var least = tril_div(tril_scalar(t.tape, 1), tril_sum_axis(tril_abs(t), -1, false));
    tril_var scale_tril = tril_lq_above(upper, least);
    return scale_tril.tape ? tril_mvn(p->param[0], scale_tril) : (tril_dist){ 0 };
}

const tril_dist_kind tril_dist_kind_mvn_precision = { .name = "mvn_precision",
                                                      .log_prob = precision_log_prob,
                                                      .rsample = precision_rsample,
                                                      .entropy = precision_entropy,
                                                      .mean = tril_mvn_mean,
                                                      .variance = precision_variance,
                                                      .factor = upper_factor,
                                                      .mode = tril_mvn_mean,
                                                      .as_mvn = precision_as_mvn };

tril_dist tril_mvn_precision_tril(tril_var loc, tril_var precision_tril)
{
    return tril_mvn_by_factor(&tril_dist_kind_mvn_precision, "mvn_precision", "precision_tril", loc,
                              precision_tril);
}

tril_dist tril_mvn_precision(tril_var loc, tril_var precision)
{
    return tril_mvn_by_matrix(&tril_dist_kind_mvn_precision, "mvn_precision", "precision", loc,
                              precision);
}
