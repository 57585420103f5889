/* The multivariate normal by loc and the factor T of its precision T T'. */
#include "distributions/mvn.h"
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

static const tril_mvn_form by_precision = { tril_mvn_row_precision_log_prob, row_slopes, true };

const tril_rowwise tril_op_mvn_precision_log_prob = TRIL_MVN_LOG_PROB("log_prob(mvn_precision)");

/* ---- rsample: loc + u, u = T^-T eps; with g the gradient of the draw, v = T^-1 g: d/dT = -tril(u
 * v'). memory: a row's arrays */

static size_t row_doubles(const tril_node *node)
{
    return tril_mvn_row_doubles(tril_rows_last(node, TRIL_MVN_LOC));
}

/* u to a */
static tril_mvn_row solve(const tril_row_block *rows)
{
    tril_mvn_row row = tril_mvn_row_of(rows, rows->memory, rows->moved[TRIL_MVN_FACTOR]);
    for (size_t j = 0; j < row.d; j++)
        row.z[j] = (double)rows->noise[j];
    tril_mvn_row_backward(&row);
    return row;
}

static bool rsample_row(tril_row_block *rows)
{
    tril_mvn_row row = solve(rows);
    for (size_t j = 0; j < row.d; j++)
        rows->value[j] = tril_saturate((double)rows->x[TRIL_MVN_LOC][j] + row.a[j]);
    return true;
}

static void rsample_put(tril_row_block *rows)
{
    tril_mvn_row row = solve(rows);
    for (size_t j = 0; j < row.d; j++) {
        row.r[j] = (double)rows->upstream[j];
        tril_row_put_by(rows, TRIL_MVN_LOC, j, row.r[j], 1);
    }
    tril_mvn_row_log_prob(&row); /* v to z */
    for (size_t j = 0; j < row.d * row.d; j++)
        tril_row_put_by(rows, TRIL_MVN_FACTOR, j, 1,
                        j % row.d > j / row.d ? 0 : -row.a[j / row.d] * row.z[j % row.d]);
}

const tril_rowwise tril_op_mvn_precision_rsample = TRIL_MVN_RSAMPLE(
    "rsample(mvn_precision)", tril_rowwise_shape, rsample_row, rsample_put, row_doubles);

/* ---- the distribution */

static tril_var precision_log_prob(const tril_dist *p, tril_var y)
{
    return tril_mvn_log_prob_by(&tril_op_mvn_precision_log_prob, &by_precision, p, y,
                                (tril_var){ 0 });
}

static tril_var precision_rsample(const tril_dist *p, size_t n)
{
    return tril_op_apply(&tril_op_mvn_precision_rsample.op, p->param, 2, &n, sizeof n);
}

static tril_var precision_entropy(const tril_dist *p)
{
    tril_var log_det = tril_sum_axis(tril_log(tril_diagonal(p->param[1])), -1, false);
    return tril_dist_stretch(p, "entropy", tril_mvn_entropy_of(tril_neg(log_det), p->event.dim[0]),
                             0);
}

/* T^-T, the upper triangular factor of the covariance */
static tril_var inverse(const tril_dist *p)
{
    tril_tape *tape = p->param[1].tape;
    size_t d = p->event.dim[0];
    tril_real *ones = tril_tape_take(tape, d, sizeof *ones);
    for (size_t i = 0; i < d && ones; i++)
        ones[i] = 1;
    tril_var identity = tril_diag_embed(tril_input(tape, ones, TRIL_SHAPE(d)));
    return tril_solve_tril(p->param[1], identity, true);
}

static tril_var upper_factor(const tril_dist *p)
{
    return tril_bounded(inverse(p));
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
    tril_var upper = inverse(p), t = tril_tril(tril_detach(p->param[1]));
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
