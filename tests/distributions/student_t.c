/* Student's t of numbers: reference/student_t.py writes reference/student_t.csv. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { N = 48, N_IN = 4 };

static tril_ctx *ctx;
static tril_tape *tape;
static tril_real values[N_IN][N];
static const char *const names[N_IN] = { "df", "loc", "scale", "y" };

static void read_into(const char *name, double *out)
{
    size_t rows;
    double *column = reference("reference/student_t.csv", name, &rows);
    ck_assert_uint_eq(rows, N);
    memcpy(out, column, sizeof(double) * N);
    free(column);
}

static void set_up(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 4 });
    tape = tril_tape_new(ctx);
    for (size_t k = 0; k < N_IN; k++) {
        double column[N];
        read_into(names[k], column);
        for (size_t i = 0; i < N; i++)
            values[k][i] = (tril_real)column[i];
    }
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

/* df, loc, scale and y in a shape; those in `wanted` want gradients */
static void inputs(tril_var in[N_IN], tril_shape shape, unsigned wanted)
{
    for (size_t k = 0; k < N_IN; k++) {
        in[k] = tril_input(tape, values[k], shape);
        if (wanted >> k & 1)
            tril_requires_grad(in[k]);
    }
}

static void compare(const tril_real *x, const char *name, double floor)
{
    double wanted[N];
    read_into(name, wanted);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < N; i++)
        ck_assert_msg(fabs((double)x[i] - wanted[i]) <=
                          (IS_DOUBLE ? 1e-10 : 1e-4) * fmax(fabs(wanted[i]), floor),
                      "%s of row %zu is %.17g, wanted %.17g", name, i, (double)x[i], wanted[i]);
}

START_TEST(test_pytorch)
{
    static const char *const of_log_prob[N_IN] = { "dlog_prob_ddf", "dlog_prob_dloc",
                                                   "dlog_prob_dscale", "dlog_prob_dy" };
    tril_var in[N_IN];
    inputs(in, TRIL_SHAPE(N), 15);
    tril_dist p = tril_student_t(in[0], in[1], in[2]);
    tril_var log_prob = tril_log_prob(p, in[3]), entropy = tril_entropy(p);
    ck_assert(tril_backward(tril_sum(log_prob)));
    compare(tril_value(log_prob), "log_prob", 1);
    for (size_t k = 0; k < N_IN; k++)
        compare(tril_grad(in[k]), of_log_prob[k], 1e-3);
    ck_assert(tril_backward(tril_sum(entropy)));
    compare(tril_value(entropy), "entropy", 1);
    compare(tril_grad(in[0]), "dentropy_ddf", 1e-3);
    compare(tril_grad(in[2]), "dentropy_dscale", 1e-3);
}
END_TEST

START_TEST(test_scipy_cdf)
{
    static const char *const of_cdf[N_IN] = { NULL, "dcdf_dloc", "dcdf_dscale", "dcdf_dy" };
    tril_var in[N_IN];
    inputs(in, TRIL_SHAPE(N), 14);
    tril_var cdf = tril_cdf(tril_student_t(in[0], in[1], in[2]), in[3]);
    ck_assert(tril_backward(tril_sum(cdf)));
    compare(tril_value(cdf), "cdf", 1e-30);
    for (size_t k = 1; k < N_IN; k++)
        compare(tril_grad(in[k]), of_cdf[k], 1e-30);
}
END_TEST

/* mean df > 1 and variance scale^2 df / (df - 2) */
START_TEST(test_moments)
{
    tril_var in[N_IN];
    inputs(in, TRIL_SHAPE(N), 0);
    tril_var df = tril_add(in[0], tril_scalar(tape, 2)); /* above 2 */
    tril_dist p = tril_student_t(df, in[1], in[2]);
    const tril_real *variance = tril_value(tril_dist_variance(p));
    ck_assert_mem_eq(tril_value(tril_dist_mean(p)), values[1], sizeof values[1]);
    ck_assert_mem_eq(tril_value(tril_dist_mode(p)), values[1], sizeof values[1]);
    ck_fine(ctx);
    for (size_t i = 0; i < N; i++) {
        double nu = (double)tril_value(df)[i], scale = (double)values[2][i];
        ck_close(variance[i], scale * scale * nu / (nu - 2), IS_DOUBLE ? 1e-13 : 1e-5, 0);
    }
}
END_TEST

/* with many degrees of freedom it is the normal: the difference is of order 1/df */
START_TEST(test_tends_to_the_normal)
{
    for (int exponent = 6; exponent <= 12; exponent += 6) {
        const double df = pow(10, exponent);
        tril_var in[N_IN];
        tril_tape_reset(tape);
        inputs(in, TRIL_SHAPE(N), 14);
        tril_var y = tril_add(in[1], tril_mul(in[2], tril_tanh(in[3]))); /* within a scale */
        tril_dist p = tril_student_t(tril_scalar(tape, (tril_real)df), in[1], in[2]);
        tril_dist q = tril_normal(in[1], in[2]);
        const tril_real *a = tril_value(tril_log_prob(p, y)), *b = tril_value(tril_log_prob(q, y));
        const tril_real *c = tril_value(tril_entropy(p)), *d = tril_value(tril_entropy(q));
        const tril_real *e = tril_value(tril_cdf(p, y)), *f = tril_value(tril_cdf(q, y));
        ck_fine(ctx);
        const double tolerance = 4 / df + (IS_DOUBLE ? 1e-14 : 1e-6);
        for (size_t i = 0; i < N; i++) {
            ck_close(a[i], b[i], tolerance, 1);
            ck_close(c[i], d[i], tolerance, 1);
            ck_close(e[i], f[i], tolerance, 1);
        }
    }
}
END_TEST

START_TEST(test_independent)
{
    tril_var in[N_IN];
    inputs(in, TRIL_SHAPE(N / 3, 3), 14);
    tril_dist base = tril_student_t(in[0], in[1], in[2]), p = tril_independent(base, 1);
    const tril_real *a = tril_value(tril_log_prob(p, in[3]));
    const tril_real *b = tril_value(tril_sum_axis(tril_log_prob(base, in[3]), 1, false));
    ck_assert_mem_eq(a, b, N / 3 * sizeof(tril_real));
    ck_assert(tril_shape_equal(tril_shape_of(tril_entropy(p)), TRIL_SHAPE(N / 3)));
    ck_assert(tril_shape_equal(tril_shape_of(tril_sample(p, 2)), TRIL_SHAPE(2, N / 3, 3)));
    ck_assert(tril_shape_equal(tril_shape_of(tril_rsample(p, 2)), TRIL_SHAPE(2, N / 3, 3)));
    ck_fine(ctx);
}
END_TEST

/* ---- draws */

/* those of one do not depend on how often those of another are rejected; d/dscale of a draw is the
 * standard one, however far out it is */
START_TEST(test_draws)
{
    static const tril_real df[2][3] = { { 3, .1f, 2 }, { 3, 40, 2 } };
    tril_real drawn[2][3];
    for (size_t k = 0; k < 2; k++) {
        tril_tape_reset(tape);
        *tril_ctx_random(ctx) = tril_random_stream(9, 0);
        tril_var scale = tril_requires_grad(tril_input(tape, values[2], TRIL_SHAPE(3)));
        tril_dist p =
            tril_student_t(tril_input(tape, df[k], TRIL_SHAPE(3)), tril_scalar(tape, 0), scale);
        tril_var draw = tril_rsample(p, 0);
        ck_assert(tril_backward(tril_sum(draw)));
        memcpy(drawn[k], tril_value(draw), sizeof drawn[k]);
        for (size_t i = 0; i < 3; i++)
            ck_close((double)tril_grad(scale)[i] * (double)values[2][i], drawn[k][i],
                     IS_DOUBLE ? 1e-14 : 1e-6, 0);
    }
    ck_assert(drawn[0][0] == drawn[1][0] && drawn[0][2] == drawn[1][2]);
    ck_assert(drawn[0][1] != drawn[1][1]);
}
END_TEST

/* nothing is looked through, and nothing goes on for ever: NaN, or the normal's draws */
START_TEST(test_draws_without_validation)
{
    tril_ctx *trusting = tril_ctx_new(&(tril_ctx_opts){ .no_validation = true });
    tril_tape *other = tril_tape_new(trusting);
    const tril_real df[4] = { (tril_real)NAN, -1, 0, (tril_real)INFINITY };
    tril_var zero = tril_scalar(other, 0), one = tril_scalar(other, 1);
    tril_var draws =
        tril_sample(tril_student_t(tril_input(other, df, TRIL_SHAPE(4)), zero, one), 0);
    ck_fine(trusting);
    for (size_t i = 0; i < 3; i++)
        ck_assert(isnan(tril_value(draws)[i]));
    ck_assert(isfinite(tril_value(draws)[3]));
    tril_tape_free(other);
    tril_ctx_free(trusting);
}
END_TEST

/* the tails of draws: the cdf of them is uniform for few degrees of freedom too */
START_TEST(test_heavy_draws)
{
    enum { DRAWS = 20000, BINS = 20 };
    static const tril_real df[4] = { .05f, .6f, 1, 2.5f };
    tril_dist p = tril_student_t(tril_input(tape, df, TRIL_SHAPE(4)), tril_scalar(tape, 0),
                                 tril_scalar(tape, 1));
    const tril_real *cdf = tril_value(tril_cdf(p, tril_sample(p, DRAWS)));
    ck_fine(ctx);
    for (size_t k = 0; k < 4; k++) {
        double count[BINS] = { 0 }, chi2 = 0;
        for (size_t i = 0; i < DRAWS; i++) {
            size_t bin = (size_t)((double)cdf[4 * i + k] * BINS);
            count[bin < BINS ? bin : BINS - 1]++;
        }
        for (size_t i = 0; i < BINS; i++)
            chi2 += pow(count[i] - DRAWS / BINS, 2) / (DRAWS / BINS);
        ck_assert_msg(chi2 < 51, "chi square is %g at df = %g", chi2, (double)df[k]);
    }
}
END_TEST

/* ---- numbers at the edge: never an infinity or NaN */

START_TEST(test_extremes)
{
    const tril_real max = TRIL_REAL_MAX, small = IS_DOUBLE ? (tril_real)1e-300 : (tril_real)1e-38;
    const tril_real numbers[] = { 0, 1, -1, max, -max, small };
    enum { M = sizeof numbers / sizeof *numbers };
    for (size_t at = 0; at < M * M * M * M; at++) {
        const tril_real df = numbers[at % M], scale = numbers[at / M % M];
        if (!(df > 0 && scale > 0))
            continue;
        tril_tape_reset(tape);
        tril_var in[4] = { tril_requires_grad(tril_scalar(tape, df)),
                           tril_requires_grad(tril_scalar(tape, numbers[at / M / M % M])),
                           tril_requires_grad(tril_scalar(tape, scale)),
                           tril_requires_grad(tril_scalar(tape, numbers[at / M / M / M])) };
        tril_dist p = tril_student_t(in[0], in[1], in[2]);
        tril_dist fixed = tril_student_t(tril_detach(in[0]), in[1], in[2]);
        const tril_var results[] = { tril_log_prob(p, in[3]), tril_cdf(fixed, in[3]),
                                     tril_entropy(p), tril_rsample(fixed, 0) };
        for (size_t k = 0; k < sizeof results / sizeof *results; k++) {
            ck_assert_msg(isfinite(tril_item(results[k])), "combination %zu: value %zu", at, k);
            ck_assert(tril_backward(results[k]));
            for (size_t i = 0; i < 4; i++)
                ck_assert_msg(!tril_grad(in[i]) || isfinite(*tril_grad(in[i])),
                              "combination %zu: gradient %zu of value %zu is %g", at, i, k,
                              (double)*tril_grad(in[i]));
        }
        ck_fine(ctx);
    }
}
END_TEST

/* ---- what is refused */

static tril_dist with_df(const tril_real *df, size_t n)
{
    return tril_student_t(tril_input(tape, df, TRIL_SHAPE(n)), tril_scalar(tape, 0),
                          tril_scalar(tape, 1));
}

static const tril_real few[3] = { 3, 1.5f, .5f };

static void no_mean(void)
{
    tril_dist_mean(with_df(few, 3));
}

static void no_variance(void)
{
    tril_dist_variance(with_df(few, 3));
}

static void infinite_df(void)
{
    tril_var one = tril_scalar(tape, 1);
    tril_student_t(tril_div(one, tril_scalar(tape, 0)), one, one);
}

static void negative_scale(void)
{
    tril_student_t(tril_scalar(tape, 1), tril_scalar(tape, 0), tril_scalar(tape, -2));
}

static void other_shapes(void)
{
    tril_student_t(tril_input(tape, few, TRIL_SHAPE(3)), tril_scalar(tape, 0),
                   tril_input(tape, few, TRIL_SHAPE(2)));
}

static void nothing(void)
{
    tril_student_t((tril_var){ 0 }, tril_scalar(tape, 0), tril_scalar(tape, 1));
}

static tril_dist learned_df(void)
{
    return tril_student_t(tril_requires_grad(tril_scalar(tape, 3)), tril_scalar(tape, 0),
                          tril_scalar(tape, 1));
}

static void gradient_through_draws(void)
{
    tril_dist p = learned_df();
    tril_sample(p, 0);
    ck_fine(ctx);
    tril_rsample(p, 0);
}

static void gradient_through_cdf(void)
{
    tril_cdf(learned_df(), tril_scalar(tape, 1));
}

static void infinite_y(void)
{
    tril_log_prob(with_df(few, 3), tril_div(tril_scalar(tape, 1), tril_scalar(tape, 0)));
}

static void cdf_of_nan(void)
{
    tril_cdf(with_df(few, 3), tril_div(tril_scalar(tape, 0), tril_scalar(tape, 0)));
}

static const struct {
    void (*run)(void);
    tril_status status;
    const char *text;
} errors[] = {
    { no_mean, TRIL_BAD_ARGUMENT,
      "mean(student_t): df is 0.5 at [2]: there is no mean unless it is above 1" },
    { no_variance, TRIL_BAD_ARGUMENT,
      "variance(student_t): df is 1.5 at [1]: there is no variance unless it is above 2" },
    { infinite_df, TRIL_NOT_FINITE, "student_t: df is inf" },
    { negative_scale, TRIL_NOT_POSITIVE, "student_t: scale is -2: it must be positive" },
    { other_shapes, TRIL_BAD_SHAPE,
      "student_t: df is 3, loc scalar and scale 2: they do not broadcast" },
    { nothing, TRIL_BAD_VAR, "student_t: df, loc and scale are not three vars of one tape" },
    { gradient_through_draws, TRIL_BAD_ARGUMENT,
      "rsample(student_t): df wants a gradient, and there is none" },
    { gradient_through_cdf, TRIL_BAD_ARGUMENT,
      "cdf(student_t): df wants a gradient, and there is none" },
    { infinite_y, TRIL_NOT_FINITE, "log_prob(student_t): y or loc is not finite at [0]" },
    { cdf_of_nan, TRIL_NOT_FINITE, "cdf(student_t): y or loc is not a number at [0]" },
};

START_TEST(test_errors)
{
    errors[_i].run();
    ck_failed(ctx, errors[_i].status, errors[_i].text);
}
END_TEST

Suite *suite_distributions_student_t(void)
{
    Suite *suite = suite_create("distributions/student_t");
    TCase *tcase = tcase_create("student_t");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_pytorch);
    tcase_add_test(tcase, test_scipy_cdf);
    tcase_add_test(tcase, test_moments);
    tcase_add_test(tcase, test_tends_to_the_normal);
    tcase_add_test(tcase, test_independent);
    tcase_add_test(tcase, test_draws);
    tcase_add_test(tcase, test_draws_without_validation);
    tcase_add_test(tcase, test_heavy_draws);
    tcase_add_test(tcase, test_extremes);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    suite_add_tcase(suite, tcase);
    return suite;
}
