/* The multivariate normal with covariance W W' + diag(D). */
#include "kernels/low_rank.h"

#include <math.h>

#include "distributions/dist.h"
#include "ops/ops.h"
#include "ops/rowwise.h"

/* Operations' inputs are loc [..., d], factor W [..., d, r], diag D [..., d] and, for log_prob, y
 * [..., d]. */
enum { LOC, FACTOR, DIAG, Y, N_IN };

static size_t rank_of(const tril_node *node)
{
    return tril_rows_last(node, FACTOR);
}

/* ---- log_prob; memory: a row's arrays; kept: gradients of loc, W and D */

static size_t row_doubles(const tril_node *node)
{
    return tril_low_rank_row_doubles(tril_rows_last(node, LOC), rank_of(node));
}

static size_t kept_doubles(const tril_node *node)
{
    return tril_rows_last(node, LOC) * (2 + rank_of(node));
}

/* the row that the memory knows, with W and D taken over where they are new */
static tril_low_rank_row row_of(const tril_row_block *rows, bool is_new)
{
    tril_low_rank_row row =
        tril_low_rank_row_at(rows->memory, rows->width[LOC], rank_of(rows->node));
    for (size_t j = 0; j < row.d && is_new; j++) {
        double diag = (double)rows->x[DIAG][j];
        row.scale[j] = sqrt(diag);
        row.log_scale[j] = 0.5 * log(diag);
    }
    if (is_new)
        tril_low_rank_row_factor(&row, rows->x[FACTOR]);
    return row;
}

static bool log_prob_forward(tril_row_block *rows)
{
    bool is_new = rows->moved[FACTOR] || rows->moved[DIAG];
    tril_low_rank_row row = row_of(rows, is_new);
    double *loc = rows->kept, *factor = loc + row.d, *diag = factor + row.d * row.r;
    if (!tril_low_rank_row_residual(&row, rows->x[Y], rows->x[LOC]))
        return tril_op_fail(rows->node, TRIL_NOT_FINITE, "y or loc%s is not finite",
                            tril_rows_where(rows, " of row ", 0).text);
    *rows->value = tril_saturate(tril_low_rank_row_log_prob(&row));
    if (!rows->node->needs_grad)
        return true;
    if (is_new)
        tril_low_rank_row_backward(&row);
    for (size_t j = 0; j < row.d; j++) {
        loc[j] = tril_low_rank_row_dloc(&row, j);
        diag[j] = 0.5 * tril_low_rank_row_dlog_scale(&row, j) / row.scale[j] / row.scale[j];
        for (size_t a = 0; a < row.r; a++)
            *factor++ = tril_low_rank_row_dw(&row, j, a);
    }
    return true;
}

static void log_prob_backward(tril_row_block *rows)
{
    size_t d = rows->width[LOC];
    const double *of[N_IN] = { rows->kept, rows->kept + d, rows->kept + d + rows->width[FACTOR],
                               rows->kept };
    for (size_t k = 0; k < N_IN; k++)
        tril_row_grad_put_all(&rows->grad[k], rows->at[k][0], rows->width[k],
                              (double)*rows->upstream, k == Y ? -1 : 1, of[k]);
}

const tril_rowwise tril_op_low_rank_log_prob = {
    TRIL_ROWWISE("log_prob(mvn_low_rank)"), .axes = { 1, 2, 1, 1 },
    .kernel = { log_prob_forward, log_prob_backward, row_doubles, kept_doubles }
};

/* ---- rsample: loc + W e + sqrt(D) eps; a row's normal numbers are e, then eps */

static size_t noise_of(const tril_node *node)
{
    return rank_of(node) + tril_rows_last(node, LOC);
}

static bool rsample_forward(tril_row_block *rows)
{
    size_t d = rows->width[LOC], r = rank_of(rows->node);
    for (size_t j = 0; j < d; j++) {
        double sum =
            (double)rows->x[LOC][j] + sqrt((double)rows->x[DIAG][j]) * (double)rows->noise[r + j];
        for (size_t a = 0; a < r; a++)
            sum += (double)rows->x[FACTOR][j * r + a] * (double)rows->noise[a];
        rows->value[j] = tril_saturate(sum);
    }
    return true;
}

static void rsample_backward(tril_row_block *rows)
{
    size_t d = rows->width[LOC], r = rank_of(rows->node);
    for (size_t j = 0; j < d; j++) {
        double g = (double)rows->upstream[j], eps = (double)rows->noise[r + j];
        tril_row_put_by(rows, LOC, j, g, 1);
        tril_row_put_by(rows, DIAG, j, g, 0.5 * eps / sqrt((double)rows->x[DIAG][j]));
        for (size_t a = 0; a < r; a++)
            tril_row_put_by(rows, FACTOR, j * r + a, g, (double)rows->noise[a]);
    }
}

const tril_rowwise tril_op_low_rank_rsample = { TRIL_ROWWISE("rsample(mvn_low_rank)"),
                                                .axes = { 0, 2, 1 },
                                                .event_rank = 1,
                                                .draws = true,
                                                .noise = noise_of,
                                                .kernel = { rsample_forward, rsample_backward } };

/* ---- the distribution */

static tril_var low_rank_log_prob(const tril_dist *p, tril_var y)
{
    return tril_op_apply(&tril_op_low_rank_log_prob.op,
                         (tril_var[]){ p->param[LOC], p->param[FACTOR], p->param[DIAG], y }, N_IN,
                         NULL, 0);
}

static tril_var low_rank_rsample(const tril_dist *p, size_t n)
{
    return tril_op_apply(&tril_op_low_rank_rsample.op, p->param, 3, &n, sizeof n);
}

static tril_var low_rank_mean(const tril_dist *p)
{
    return tril_dist_stretch(p, "mean", p->param[LOC], 1);
}

static tril_var low_rank_variance(const tril_dist *p)
{
    tril_var of_factors = tril_sum_axis(tril_square(p->param[FACTOR]), -1, false);
    return tril_dist_stretch(p, "variance", tril_add(of_factors, p->param[DIAG]), 1);
}

/* a [..., n, m] and diag(scale) of scale [..., n] side by side, in the batch of both */
static tril_var beside(const tril_dist *p, const char *method, tril_var a, tril_var scale)
{
    tril_shape shape_a, shape_scale, batch;
    if (!tril_var_shape(a, method, &shape_a) || !tril_var_shape(scale, method, &shape_scale) ||
        !tril_shape_broadcast(tril_shape_leading(shape_a, 2), tril_shape_leading(shape_scale, 1),
                              &batch))
        return (tril_var){ 0 };
    tril_dist both = *p;
    both.batch = batch;
    tril_var parts[2] = { tril_dist_stretch(&both, method, a, 2),
                          tril_dist_stretch(&both, method, tril_diag_embed(scale), 2) };
    return tril_concat(parts, 2, -1);
}

static tril_var low_rank_factor(const tril_dist *p)
{
    return beside(p, "covariance", p->param[FACTOR], tril_sqrt(p->param[DIAG]));
}

/* The triangular factor of a a' + diag(scale)^2. No pivot is below scale. */
static tril_var factor_of_both(const tril_dist *p, const char *method, tril_var a, tril_var scale)
{
    tril_var both = beside(p, method, a, scale);
    tril_dist stretched = *p;
    if (!both.tape)
        return both;
    stretched.batch = tril_shape_leading(tril_shape_of(both), 2);
    return tril_lq_above(both, tril_dist_stretch(&stretched, method, tril_detach(scale), 1));
}

/* whether D has room for a further axis; loc needs none */
static bool has_room(const tril_dist *p, const char *method)
{
    return tril_dist_has_room(p, method, tril_shape_leading(tril_shape_of(p->param[DIAG]), 1));
}

static tril_dist low_rank_as_mvn(const tril_dist *p)
{
    if (!has_room(p, "scale_tril"))
        return (tril_dist){ 0 };
    tril_var scale_tril =
        factor_of_both(p, "scale_tril", p->param[FACTOR], tril_sqrt(p->param[DIAG]));
    return scale_tril.tape ? tril_mvn(p->param[LOC], scale_tril) : (tril_dist){ 0 };
}

/* log det / 2 = sum log D_i / 2 + sum log of the diagonal of lq([V' I]), V = D^-1/2 W */
static tril_var low_rank_entropy(const tril_dist *p)
{
    tril_tape *tape = p->param[DIAG].tape;
    if (!has_room(p, "entropy"))
        return (tril_var){ 0 };
    tril_shape w = tril_shape_of(p->param[FACTOR]), diag = tril_shape_of(p->param[DIAG]);
    size_t r = w.dim[w.rank - 1];
    tril_shape_append(&diag, 1);
    tril_var log_det = tril_sum_axis(tril_log(p->param[DIAG]), -1, false);
    tril_var v = tril_div(p->param[FACTOR], tril_sqrt(tril_reshape(p->param[DIAG], diag)));
    tril_real *ones = tril_tape_take(tape, r, sizeof *ones);
    for (size_t a = 0; a < r && ones; a++)
        ones[a] = 1;
    tril_var l = factor_of_both(p, "entropy", tril_transpose(v, -2, -1),
                                tril_input(tape, ones, TRIL_SHAPE(r)));
    log_det = tril_add(tril_mul(log_det, tril_scalar(tape, (tril_real)0.5)),
                       tril_sum_axis(tril_log(tril_diagonal(l)), -1, false));
    return tril_dist_stretch(p, "entropy", tril_mvn_entropy_of(log_det, p->event.dim[0]), 0);
}

const tril_dist_kind tril_dist_kind_mvn_low_rank = { .name = "mvn_low_rank",
                                                     .log_prob = low_rank_log_prob,
                                                     .rsample = low_rank_rsample,
                                                     .entropy = low_rank_entropy,
                                                     .mean = low_rank_mean,
                                                     .variance = low_rank_variance,
                                                     .factor = low_rank_factor,
                                                     .mode = low_rank_mean,
                                                     .as_mvn = low_rank_as_mvn };

tril_dist tril_mvn_low_rank(tril_var loc, tril_var factor, tril_var diag)
{
    const tril_dist none = { 0 };
    tril_tape *tape = loc.tape ? loc.tape : factor.tape ? factor.tape : diag.tape;
    tril_shape m, w, s, batch;
    if (!tape || loc.tape != factor.tape || loc.tape != diag.tape)
        return tril_var_fail(tape, "mvn_low_rank", TRIL_BAD_VAR,
                             "loc, factor and diag are not three vars of one tape"),
               none;
    if (!tril_var_shape(loc, "mvn_low_rank", &m) || !tril_var_shape(factor, "mvn_low_rank", &w) ||
        !tril_var_shape(diag, "mvn_low_rank", &s))
        return none;
    size_t d = m.rank ? m.dim[m.rank - 1] : 0;
    if (d == 0 || w.rank < 2 || w.dim[w.rank - 2] != d || w.dim[w.rank - 1] == 0 || s.rank == 0 ||
        s.dim[s.rank - 1] != d)
        return tril_var_fail(tape, "mvn_low_rank", TRIL_BAD_SHAPE,
                             "loc is %s, factor %s and diag %s, want [..., d], [..., d, r] and "
                             "[..., d]",
                             tril_shape_text(m).text, tril_shape_text(w).text,
                             tril_shape_text(s).text),
               none;
    if (!tril_shape_broadcast(tril_shape_leading(m, 1), tril_shape_leading(w, 2), &batch) ||
        !tril_shape_broadcast(batch, tril_shape_leading(s, 1), &batch))
        return tril_var_fail(tape, "mvn_low_rank", TRIL_BAD_SHAPE,
                             "loc is %s, factor %s and diag %s: their batch dimensions do not "
                             "broadcast",
                             tril_shape_text(m).text, tril_shape_text(w).text,
                             tril_shape_text(s).text),
               none;
    const char *what = tril_dist_kind_mvn_low_rank.name;
    if (!tril_dist_valid(what, "loc", loc, false) ||
        !tril_dist_valid(what, "factor", factor, false) ||
        !tril_dist_valid(what, "diag", diag, true))
        return none;
    return (tril_dist){
        &tril_dist_kind_mvn_low_rank, { loc, factor, diag }, batch, { 1, { d } }, NULL
    };
}
