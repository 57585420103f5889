/* Student's t of vectors, by df, loc and scale_tril: the normal's operations with one more input.
 */
#include "distributions/mvn.h"
#include "distributions/student.h"
#include "kernels/special.h"
#include "ops/ops.h"

static double row_log_prob(tril_mvn_row *row)
{
    double log_det = 0;
    tril_mvn_row_log_prob(row);
    for (size_t i = 0; i < row->d; i++)
        log_det += row->log_diag[i];
    return tril_student_log(tril_mvn_squares(row->d, row->z), row->df, row->d) - log_det -
           0.5 * (double)row->d * TRIL_LOG_2PI;
}

static void row_slopes(tril_mvn_row *row, const tril_mvn_slopes *s)
{
    double m = tril_mvn_squares(row->d, row->z);
    tril_mvn_row_slopes(row, (row->df + (double)row->d) / (row->df + m), s);
}

static const tril_mvn_form student = { row_log_prob, row_slopes };
static const tril_mvn_form missing = { row_log_prob, row_slopes, .missing = true };

const tril_rowwise tril_op_mvt_log_prob = TRIL_MVN_LOG_PROB("log_prob(mvt)");
const tril_rowwise tril_op_mvt_log_prob_missing = TRIL_MVN_LOG_PROB("log_prob_missing(mvt)");

/* ---- draws: inputs loc, scale_tril, df; memory: what tril_student_weigh needs */

enum { DRAWS_DF = 2 };

static bool rsample_shape(tril_node *node)
{
    return tril_student_df_is_constant(node, DRAWS_DF) && tril_rowwise_shape(node);
}

static bool rsample_row(tril_row_block *rows)
{
    tril_student_weigh(rows, DRAWS_DF, rows->width[TRIL_MVN_LOC]);
    return tril_mvn_rsample_row(rows);
}

const tril_rowwise tril_op_mvt_rsample = TRIL_MVN_RSAMPLE(
    "rsample(mvt)", rsample_shape, rsample_row, tril_mvn_rsample_put, tril_student_doubles);

/* df as an input of operations, [..., 1] */
static tril_var column(tril_var df)
{
    tril_shape shape = tril_shape_of(df);
    tril_shape_append(&shape, 1); /* tril_mvt has looked */
    return tril_reshape(df, shape);
}

static tril_var mvt_log_prob(const tril_dist *p, tril_var y)
{
    return tril_mvn_log_prob_by(&tril_op_mvt_log_prob, &student, p, y, (tril_var){ 0 });
}

static tril_var mvt_log_prob_missing(const tril_dist *p, tril_var y)
{
    return tril_mvn_log_prob_by(&tril_op_mvt_log_prob_missing, &missing, p, y, (tril_var){ 0 });
}

static tril_var draw(const tril_dist *p, tril_var df, size_t n)
{
    const tril_var in[3] = { p->param[0], p->param[1], column(df) };
    return tril_op_apply(&tril_op_mvt_rsample.op, in, 3, &n, sizeof n);
}

static tril_var mvt_rsample(const tril_dist *p, size_t n)
{
    return draw(p, p->param[2], n);
}

static tril_var mvt_sample(const tril_dist *p, size_t n)
{
    return draw(p, tril_detach(p->param[2]), n);
}

static tril_var mvt_entropy(const tril_dist *p)
{
    tril_var log_det = tril_sum_axis(tril_log(tril_diagonal(p->param[1])), -1, false);
    tril_var standard = tril_student_entropy_of(p->param[2], p->event.dim[0]);
    return tril_dist_stretch(p, "entropy", tril_add(standard, log_det), 0);
}

static tril_var mvt_mean(const tril_dist *p)
{
    return tril_student_has(p, "mean", 1) ? tril_mvn_mean(p) : (tril_var){ 0 };
}

/* what the normal of the same loc and scale_tril has, times what the tails add */
static tril_var spread(const tril_dist *p, const char *method, tril_var of_normal, tril_var by,
                       size_t event_rank)
{
    return tril_dist_stretch(p, method, tril_mul(of_normal, tril_student_spread(by)), event_rank);
}

static tril_var mvt_variance(const tril_dist *p)
{
    if (!tril_student_has(p, "variance", 2))
        return (tril_var){ 0 };
    tril_dist normal = tril_mvn(p->param[0], p->param[1]);
    return spread(p, "variance", tril_dist_variance(normal), column(p->param[2]), 1);
}

static tril_var mvt_factor(const tril_dist *p)
{
    if (!tril_student_has(p, "covariance", 2))
        return (tril_var){ 0 };
    tril_var by = tril_sqrt(tril_student_spread(column(column(p->param[2]))));
    return tril_bounded(tril_mul(tril_tril(p->param[1]), by));
}

static tril_dist mvt_marginals(const tril_dist *p)
{
    tril_dist normal = tril_mvn(p->param[0], p->param[1]);
    return tril_student_t(column(p->param[2]), p->param[0], tril_sqrt(tril_dist_variance(normal)));
}

static tril_dist mvt_marginal(const tril_dist *p, const size_t *index, size_t n)
{
    tril_dist q = tril_dist_marginal(tril_mvn(p->param[0], p->param[1]), index, n);
    return q.kind ? tril_mvt(p->param[2], q.param[0], q.param[1]) : q;
}

/* With S the n coordinates that are given and z as of them: the normal's, with a factor that is
 * longer by the root of (df + z'z) / (df + n), and df + n degrees of freedom (Ding 2016,
 * arXiv:1604.00561). */
static tril_dist mvt_conditional(const tril_dist *p, const size_t *order, size_t n, tril_var y)
{
    const tril_dist normal = tril_mvn(p->param[0], p->param[1]);
    const tril_dist given = tril_dist_marginal(normal, order, n),
                    rest = tril_dist_conditional(normal, order, n, y);
    if (!given.kind || !rest.kind)
        return (tril_dist){ 0 };
    tril_var z = tril_solve_tril(given.param[1], column(tril_sub(y, given.param[0])), false);
    tril_var squares = tril_sum_axis(tril_sum_axis(tril_square(z), -1, false), -1, false);
    tril_var df = tril_add(p->param[2], tril_scalar(y.tape, (tril_real)n));
    tril_var by = tril_sqrt(tril_div(tril_add(p->param[2], tril_bounded(squares)), df));
    return tril_mvt(df, rest.param[0], tril_mul(rest.param[1], column(column(by))));
}

const tril_dist_kind tril_dist_kind_mvt = { .name = "mvt",
                                            .log_prob = mvt_log_prob,
                                            .log_prob_missing = mvt_log_prob_missing,
                                            .marginal = mvt_marginal,
                                            .conditional = mvt_conditional,
                                            .rsample = mvt_rsample,
                                            .sample = mvt_sample,
                                            .entropy = mvt_entropy,
                                            .mean = mvt_mean,
                                            .variance = mvt_variance,
                                            .factor = mvt_factor,
                                            .mode = tril_mvn_mean,
                                            .marginals = mvt_marginals };

tril_dist tril_mvt(tril_var df, tril_var loc, tril_var scale_tril)
{
    const tril_dist none = { 0 };
    const char *what = tril_dist_kind_mvt.name;
    tril_shape f, batch;
    tril_dist p = tril_mvn_by_factor(&tril_dist_kind_mvt, what, "scale_tril", loc, scale_tril);
    if (!p.kind)
        return none;
    if (df.tape != loc.tape)
        return tril_var_fail(loc.tape, what, TRIL_BAD_VAR, "df is not a var of the tape of loc"),
               none;
    if (!tril_var_shape(df, what, &f))
        return none;
    if (f.rank == TRIL_MAX_RANK || !tril_shape_broadcast(f, p.batch, &batch))
        return tril_var_fail(loc.tape, what, TRIL_BAD_SHAPE,
                             "df is %s, which does not fit loc and scale_tril of batch shape [%s]",
                             tril_shape_text(f).text, tril_shape_text(p.batch).text),
               none;
    if (!tril_dist_valid(what, "df", df, true))
        return none;
    return (tril_dist){ p.kind, { loc, scale_tril, df }, batch, p.event, NULL };
}
