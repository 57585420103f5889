/* The multivariate normal by loc and scale_tril. */
#include "distributions/mvn.h"
#include "core/finite.h"
#include "core/tape.h"
#include "ops/ops.h"

/* ---- rsample: loc + L eps */

bool tril_mvn_rsample_row(tril_row_block *rows)
{
    const tril_real *loc = rows->x[TRIL_MVN_LOC], *factor = rows->x[TRIL_MVN_FACTOR];
    for (size_t j = 0, d = rows->width[TRIL_MVN_LOC]; j < d; j++) {
        double x = (double)loc[j];
        for (size_t k = 0; k <= j; k++)
            x += (double)factor[j * d + k] * (double)rows->noise[k];
        rows->value[j] = tril_saturate(x);
    }
    return true;
}

void tril_mvn_rsample_put(tril_row_block *rows)
{
    for (size_t j = 0, d = rows->width[TRIL_MVN_LOC]; j < d; j++) {
        double g = (double)rows->upstream[j];
        tril_row_put_by(rows, TRIL_MVN_LOC, j, g, 1);
        for (size_t k = 0; k < d; k++)
            tril_row_put_by(rows, TRIL_MVN_FACTOR, j * d + k, g,
                            k > j ? 0 : (double)rows->noise[k]);
    }
}

const tril_rowwise tril_op_mvn_rsample = TRIL_MVN_RSAMPLE(
    "rsample(mvn)", tril_rowwise_shape, tril_mvn_rsample_row, tril_mvn_rsample_put, NULL);

/* ---- the distribution */

static const tril_mvn_form by_scale = { tril_mvn_row_log_prob, tril_mvn_slopes_by_scale };
static const tril_mvn_form missing = { tril_mvn_row_log_prob, tril_mvn_slopes_by_scale,
                                       .missing = true };

static const tril_mvn_form censored = { tril_mvn_row_log_prob, tril_mvn_slopes_by_scale,
                                        .missing = true, .censored = true };

const tril_rowwise tril_op_mvn_log_prob = TRIL_MVN_LOG_PROB("log_prob(mvn)");
const tril_rowwise tril_op_mvn_log_prob_missing = TRIL_MVN_LOG_PROB("log_prob_missing(mvn)");
const tril_rowwise tril_op_mvn_log_prob_censored = TRIL_MVN_LOG_PROB("log_prob_censored(mvn)");

static tril_var mvn_log_prob(const tril_dist *p, tril_var y)
{
    return tril_mvn_log_prob_by(&tril_op_mvn_log_prob, &by_scale, p, y, (tril_var){ 0 });
}

static tril_var mvn_log_prob_missing(const tril_dist *p, tril_var y)
{
    return tril_mvn_log_prob_by(&tril_op_mvn_log_prob_missing, &missing, p, y, (tril_var){ 0 });
}

static tril_var mvn_log_prob_censored(const tril_dist *p, tril_var low, tril_var high)
{
    return tril_mvn_log_prob_by(&tril_op_mvn_log_prob_censored, &censored, p, low, high);
}

static tril_var mvn_rsample(const tril_dist *p, size_t n)
{
    return tril_op_apply(&tril_op_mvn_rsample.op, p->param, 2, &n, sizeof n);
}

tril_var tril_mvn_entropy_of(tril_var log_det, size_t d)
{
    tril_real constant = (tril_real)(0.5 * (double)d * (1 + TRIL_LOG_2PI));
    return tril_add(log_det, tril_scalar(log_det.tape, constant));
}

static tril_var mvn_entropy(const tril_dist *p)
{
    tril_var log_det = tril_sum_axis(tril_log(tril_diagonal(p->param[1])), -1, false);
    return tril_dist_stretch(p, "entropy", tril_mvn_entropy_of(log_det, p->event.dim[0]), 0);
}

tril_var tril_mvn_mean(const tril_dist *p)
{
    return tril_dist_stretch(p, "mean", p->param[0], 1);
}

/* the diagonal of L L': sums of squares along the rows of L */
static tril_var mvn_variance(const tril_dist *p)
{
    tril_var factor = tril_tril(p->param[1]);
    return tril_dist_stretch(p, "variance", tril_sum_axis(tril_square(factor), -1, false), 1);
}

static tril_dist mvn_as_mvn(const tril_dist *p)
{
    return *p;
}

const tril_dist_kind tril_dist_kind_mvn = { .name = "mvn",
                                            .log_prob = mvn_log_prob,
                                            .log_prob_missing = mvn_log_prob_missing,
                                            .log_prob_censored = mvn_log_prob_censored,
                                            .rsample = mvn_rsample,
                                            .entropy = mvn_entropy,
                                            .mean = tril_mvn_mean,
                                            .variance = mvn_variance,
                                            .mode = tril_mvn_mean,
                                            .as_mvn = mvn_as_mvn };

/* some matrices at a time, which stay in the cache, entry by entry */
static bool positive_diagonals(size_t n, size_t d, const tril_real *l)
{
    enum { SOME = 64 };
    unsigned other = 0;
    for (size_t i = 0; i < n; i += SOME, l += SOME * d * d)
        for (size_t j = 0; j < d; j++) {
            const tril_real *own = l + j * (d + 1);
            for (size_t k = 0; k < SOME && i + k < n; k++)
                other |= !(own[k * d * d] > 0);
        }
    return !other;
}

/* Finite numbers, and a positive diagonal. Lines are looked at only where some number is wrong; it
 * may stand above the diagonal, and is right there. */
static bool valid(const char *what, const char *name, tril_var loc, tril_var factor)
{
    tril_shape shape = tril_shape_of(loc), batch = tril_shape_leading(tril_shape_of(factor), 2);
    const tril_real *l = tril_value(factor);
    size_t d = shape.dim[shape.rank - 1], lines = tril_shape_size(batch) * d;
    if (!tril_dist_valid(what, "loc", loc, false))
        return false;
    if (tril_var_first_not_finite(factor) == lines * d && positive_diagonals(lines / d, d, l))
        return true;
    for (size_t i = 0; i < lines; i++) {
        const tril_real *line = l + i * d;
        size_t pivot = i % d, j = tril_first_not_finite(line, pivot + 1);
        if (j > pivot && line[pivot] > 0)
            continue;
        bool finite = j > pivot;
        j = finite ? pivot : j;
        return tril_var_fail(loc.tape, what, finite ? TRIL_NOT_POSITIVE : TRIL_NOT_FINITE,
                             "%s%s is %g at [%zu, %zu]%s", name,
                             tril_shape_where(" of batch index ", batch, i / d).text,
                             (double)line[j], pivot, j,
                             finite ? ": its diagonal must be positive" : ""),
               false;
    }
    return true;
}

/* whether loc is [..., d] and the other [..., d, d], of one tape */
static bool fits(const char *what, const char *name, tril_var loc, tril_var matrix,
                 tril_shape *batch)
{
    tril_shape m, f;
    if (!loc.tape || loc.tape != matrix.tape)
        return tril_var_fail(loc.tape ? loc.tape : matrix.tape, what, TRIL_BAD_VAR,
                             "loc and %s are not two vars of one tape", name),
               false;
    if (!tril_var_shape(loc, what, &m) || !tril_var_shape(matrix, what, &f))
        return false;
    size_t d = m.rank ? m.dim[m.rank - 1] : 0;
    if (d == 0 || f.rank < 2 || f.dim[f.rank - 1] != d || f.dim[f.rank - 2] != d)
        return tril_var_fail(loc.tape, what, TRIL_BAD_SHAPE,
                             "loc is %s and %s %s, want [..., d] and [..., d, d]",
                             tril_shape_text(m).text, name, tril_shape_text(f).text),
               false;
    if (!tril_shape_broadcast(tril_shape_leading(m, 1), tril_shape_leading(f, 2), batch))
        return tril_var_fail(loc.tape, what, TRIL_BAD_SHAPE,
                             "loc is %s and %s %s: their batch dimensions do not broadcast",
                             tril_shape_text(m).text, name, tril_shape_text(f).text),
               false;
    return true;
}

tril_dist tril_mvn_by_factor(const tril_dist_kind *kind, const char *what, const char *name,
                             tril_var loc, tril_var factor)
{
    tril_dist p = { .kind = kind, .param = { loc, factor } };
    if (!fits(what, name, loc, factor, &p.batch) ||
        (tril_ctx_validates(tril_tape_ctx(loc.tape)) && !valid(what, name, loc, factor)))
        return (tril_dist){ 0 };
    tril_shape m = tril_shape_of(loc);
    p.event = (tril_shape){ 1, { m.dim[m.rank - 1] } };
    return p;
}

tril_dist tril_mvn_by_matrix(const tril_dist_kind *kind, const char *what, const char *name,
                             tril_var loc, tril_var matrix)
{
    tril_shape batch;
    if (!fits(what, name, loc, matrix, &batch))
        return (tril_dist){ 0 };
    tril_var factor = tril_cholesky_for(what, matrix);
    return factor.tape ? tril_mvn_by_factor(kind, what, name, loc, factor) : (tril_dist){ 0 };
}

tril_dist tril_mvn(tril_var loc, tril_var scale_tril)
{
    return tril_mvn_by_factor(&tril_dist_kind_mvn, "mvn", "scale_tril", loc, scale_tril);
}

tril_dist tril_mvn_covariance(tril_var loc, tril_var covariance)
{
    return tril_mvn_by_matrix(&tril_dist_kind_mvn, "mvn_covariance", "covariance", loc, covariance);
}
