/* Student's t of one number each, by df, loc and scale. */
#include <math.h>

#include "distributions/pointwise.h"
#include "distributions/student.h"
#include "kernels/special.h"

/* ---- log_prob and cdf: inputs loc, scale, df, y */

static double standardised(const double *x)
{
    return (x[3] - x[0]) / x[1];
}

static const char *not_finite(const double *x)
{
    return isfinite(x[0]) && isfinite(x[3]) ? NULL : "y or loc is not finite";
}

/* with z = (y - loc) / scale and w = (df + 1) / (df + z^2): d/dloc = w z / scale = -d/dy, d/dscale
 * = (w z^2 - 1) / scale */
static double student_t_log_density(const double *x, double *slope)
{
    double z = tril_within(standardised(x), 1e150), scale = x[1], df = x[2];
    if (slope) {
        double w = (df + 1) / (df + z * z);
        slope[0] = w * z / scale, slope[1] = (w * z * z - 1) / scale, slope[3] = -slope[0];
        slope[2] = tril_student_log_slope(z * z, df, 1);
        return 0; /* nobody asks for the value, which takes as long */
    }
    double nothing = (x[3] - x[3]) + (x[0] - x[0]); /* NaN where y or loc is not finite */
    return tril_student_log(z * z, df, 1) - 0.5 * TRIL_LOG_2PI - log(scale) + nothing;
}

TRIL_NUMBERS_BY(student_t_log_density, 4)

const tril_op tril_op_student_t_log_prob = { "log_prob(student_t)", tril_numbers_shape,
                                             tril_numbers_forward, tril_numbers_backward };

static const char *not_a_number(const double *x)
{
    return isnan(standardised(x)) ? "y or loc is not a number" : NULL;
}

/* the shape rule has seen to it that nobody asks for d/ddf */
static double student_t_probability(const double *x, double *slope)
{
    double z = standardised(x);
    if (slope) {
        double at = tril_within(z, 1e150);
        double density = exp(tril_student_log(at * at, x[2], 1) - 0.5 * TRIL_LOG_2PI) / x[1];
        slope[0] = -density, slope[1] = -density * at, slope[2] = 0, slope[3] = density;
    }
    return isnan(z) ? z : tril_student_cdf(z, x[2]);
}

TRIL_NUMBERS_BY(student_t_probability, 4)

static bool constant_df_shape(tril_node *node)
{
    return tril_student_df_is_constant(node, 2) && tril_numbers_shape(node);
}

const tril_op tril_op_student_t_cdf = { "cdf(student_t)", constant_df_shape, tril_numbers_forward,
                                        tril_numbers_backward };

/* ---- rsample: inputs loc, scale, df */

static bool rsample_shape(tril_node *node)
{
    return tril_student_df_is_constant(node, 2) && tril_rowwise_shape(node);
}

static bool rsample_row(tril_row_block *rows)
{
    tril_student_weigh(rows, 2, 1);
    return tril_normal_rsample_row(rows);
}

const tril_rowwise tril_op_student_t_rsample = {
    .op = { "rsample(student_t)", rsample_shape, tril_rowwise_forward, tril_rowwise_backward },
    .draws = true,
    .kernel = { rsample_row, tril_normal_rsample_put, tril_student_doubles }
};

/* ---- the distribution */

static tril_var of_y(const tril_op *op, const tril_dist *p, tril_var y, tril_numbers attrs)
{
    return tril_numbers_apply(op, (tril_var[]){ p->param[0], p->param[1], p->param[2], y }, 4,
                              attrs);
}

static tril_var student_log_prob(const tril_dist *p, tril_var y)
{
    return of_y(&tril_op_student_t_log_prob, p, y,
                (tril_numbers){ .values = student_t_log_density_values,
                                .slopes = student_t_log_density_slopes,
                                .wrong = not_finite });
}

static tril_var student_cdf(const tril_dist *p, tril_var y)
{
    return of_y(&tril_op_student_t_cdf, p, y,
                (tril_numbers){ .values = student_t_probability_values,
                                .slopes = student_t_probability_slopes,
                                .wrong = not_a_number });
}

static tril_var student_rsample(const tril_dist *p, size_t n)
{
    return tril_op_apply(&tril_op_student_t_rsample.op, p->param, 3, &n, sizeof n);
}

static tril_var student_sample(const tril_dist *p, size_t n)
{
    tril_dist q = *p;
    q.param[2] = tril_detach(p->param[2]);
    return student_rsample(&q, n);
}

static tril_var student_entropy(const tril_dist *p)
{
    tril_var sum = tril_add(tril_student_entropy_of(p->param[2], 1), tril_log(p->param[1]));
    return tril_dist_stretch(p, "entropy", sum, 0);
}

static tril_var student_mode(const tril_dist *p)
{
    return tril_dist_stretch(p, "mode", p->param[0], 0);
}

static tril_var student_mean(const tril_dist *p)
{
    return tril_student_has(p, "mean", 1) ? student_mode(p) : (tril_var){ 0 };
}

static tril_var student_variance(const tril_dist *p)
{
    if (!tril_student_has(p, "variance", 2))
        return (tril_var){ 0 };
    return tril_dist_stretch(
        p, "variance", tril_mul(tril_square(p->param[1]), tril_student_spread(p->param[2])), 0);
}

const tril_dist_kind tril_dist_kind_student_t = { .name = "student_t",
                                                  .log_prob = student_log_prob,
                                                  .rsample = student_rsample,
                                                  .sample = student_sample,
                                                  .entropy = student_entropy,
                                                  .mean = student_mean,
                                                  .variance = student_variance,
                                                  .mode = student_mode,
                                                  .cdf = student_cdf };

tril_dist tril_student_t(tril_var df, tril_var loc, tril_var scale)
{
    const tril_dist none = { 0 };
    const char *what = tril_dist_kind_student_t.name;
    tril_tape *tape = df.tape ? df.tape : loc.tape ? loc.tape : scale.tape;
    tril_shape f, m, s, batch;
    if (!df.tape || df.tape != loc.tape || df.tape != scale.tape)
        return tril_var_fail(tape, what, TRIL_BAD_VAR,
                             "df, loc and scale are not three vars of one tape"),
               none;
    if (!tril_var_shape(df, what, &f) || !tril_var_shape(loc, what, &m) ||
        !tril_var_shape(scale, what, &s))
        return none;
    if (!tril_shape_broadcast(m, s, &batch) || !tril_shape_broadcast(f, batch, &batch))
        return tril_var_fail(tape, what, TRIL_BAD_SHAPE,
                             "df is %s, loc %s and scale %s: they do not broadcast",
                             tril_shape_text(f).text, tril_shape_text(m).text,
                             tril_shape_text(s).text),
               none;
    if (!tril_dist_valid(what, "df", df, true) || !tril_dist_valid(what, "loc", loc, false) ||
        !tril_dist_valid(what, "scale", scale, true))
        return none;
    return (tril_dist){ &tril_dist_kind_student_t, { loc, scale, df }, batch, { 0 }, NULL };
}
