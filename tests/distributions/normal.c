/* Normals by loc and scale, one by one and together as an event: reference/normal.py writes
 * reference/normal.csv. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { N = 48, D = 3 };

static tril_ctx *ctx;
static tril_tape *tape;
static tril_real loc[N], scale[N], y[N];

static void read_into(const char *name, double *out)
{
    size_t rows;
    double *column = reference("reference/normal.csv", name, &rows);
    ck_assert_uint_eq(rows, N);
    memcpy(out, column, sizeof(double) * N);
    free(column);
}

static void set_up(void)
{
    static const struct {
        const char *name;
        tril_real *values;
    } inputs[3] = { { "loc", loc }, { "scale", scale }, { "y", y } };
    ctx = tril_ctx_new(NULL);
    tape = tril_tape_new(ctx);
    for (size_t k = 0; k < 3; k++) {
        double column[N];
        read_into(inputs[k].name, column);
        for (size_t i = 0; i < N; i++)
            inputs[k].values[i] = (tril_real)column[i];
    }
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

/* loc, scale and y in a shape */
static void inputs(tril_var in[3], tril_shape shape)
{
    const tril_real *values[3] = { loc, scale, y };
    for (size_t k = 0; k < 3; k++)
        in[k] = tril_requires_grad(tril_input(tape, values[k], shape));
}

/* Relative to the number itself, and in float to 1: y - loc has lost its digits before we see it.
 */
static void compare(const tril_real *x, const char *name, double floor)
{
    double wanted[N];
    read_into(name, wanted);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < N; i++)
        ck_assert_msg(fabs((double)x[i] - wanted[i]) <=
                          (IS_DOUBLE ? 1e-12 : 1e-5) * fmax(fabs(wanted[i]), floor),
                      "%s of row %zu is %.17g, wanted %.17g", name, i, (double)x[i], wanted[i]);
}

START_TEST(test_pytorch)
{
    static const char *const gradients[2][3] = { { "dlog_prob_dloc", "dlog_prob_dscale",
                                                   "dlog_prob_dy" },
                                                 { "dcdf_dloc", "dcdf_dscale", "dcdf_dy" } };
    tril_var in[3];
    inputs(in, TRIL_SHAPE(N));
    tril_dist p = tril_normal(in[0], in[1]);
    tril_var f = _i ? tril_cdf(p, in[2]) : tril_log_prob(p, in[2]);
    ck_assert(tril_backward(tril_sum(f)));
    compare(tril_value(f), _i ? "cdf" : "log_prob", _i ? 1e-30 : 1);
    for (size_t k = 0; k < 3; k++)
        compare(tril_grad(in[k]), gradients[_i][k], _i ? 1e-30 : 1e-3);
    compare(tril_value(tril_entropy(p)), "entropy", 1);
}
END_TEST

/* an event's log-density and entropy are the sums of its numbers', and the three ways agree */
START_TEST(test_events)
{
    tril_var in[3];
    double log_prob[N], entropy[N];
    inputs(in, TRIL_SHAPE(N / D, D));
    tril_dist all[3] = { tril_mvn_diag(in[0], in[1]),
                         tril_independent(tril_normal(in[0], in[1]), 1),
                         tril_mvn(in[0], tril_diag_embed(in[1])) };
    read_into("log_prob", log_prob);
    read_into("entropy", entropy);
    for (size_t k = 0; k < 3; k++) {
        ck_assert(tril_shape_equal(tril_dist_batch_shape(all[k]), TRIL_SHAPE(N / D)));
        ck_assert(tril_shape_equal(tril_dist_event_shape(all[k]), TRIL_SHAPE(D)));
        const tril_real *a = tril_value(tril_log_prob(all[k], in[2]));
        const tril_real *b = tril_value(tril_entropy(all[k]));
        ck_fine(ctx);
        for (size_t i = 0; i < N / D; i++) {
            const double *l = log_prob + i * D, *h = entropy + i * D;
            ck_close(a[i], l[0] + l[1] + l[2], IS_DOUBLE ? 1e-12 : 1e-5, 1);
            ck_close(b[i], h[0] + h[1] + h[2], IS_DOUBLE ? 1e-12 : 1e-5, 1);
        }
    }
}
END_TEST

/* of a kind that is not a normal, and of a part of the axes */
START_TEST(test_independent)
{
    tril_var in[3];
    inputs(in, TRIL_SHAPE(2, N / 2 / D, D));
    tril_dist base = tril_mvn(in[0], tril_diag_embed(in[1])), p = tril_independent(base, 1);
    ck_assert(tril_shape_equal(tril_dist_batch_shape(p), TRIL_SHAPE(2)));
    ck_assert(tril_shape_equal(tril_dist_event_shape(p), TRIL_SHAPE(N / 2 / D, D)));
    const tril_real *a = tril_value(tril_log_prob(p, in[2]));
    const tril_real *b = tril_value(tril_sum_axis(tril_log_prob(base, in[2]), 1, false));
    ck_fine(ctx);
    ck_assert(a[0] == b[0] && a[1] == b[1]);
    /* normals by loc and scale take the axes in themselves */
    tril_dist q = tril_independent(tril_mvn_diag(in[0], in[1]), 1);
    const tril_real *c = tril_value(tril_log_prob(q, in[2]));
    ck_close(c[0], a[0], IS_DOUBLE ? 1e-13 : 1e-6, 1);
    ck_assert_str_eq(q.kind->name, "normal");
    ck_assert(tril_independent(base, 0).kind == base.kind);
    ck_assert_ptr_null(tril_independent(base, 3).kind);
    ck_failed(ctx, TRIL_BAD_SHAPE, "independent(mvn): 3 axes are wanted of batch shape [2x8]");
    ck_assert_ptr_null(tril_independent((tril_dist){ 0 }, 1).kind);
}
END_TEST

/* ---- what is refused */

static const tril_real good[2] = { 1, 1 }, zero[2] = { 1, 0 };

static void zero_scale(void)
{
    tril_normal(tril_input(tape, good, TRIL_SHAPE(2)), tril_input(tape, zero, TRIL_SHAPE(2)));
}

static void infinite_loc(void)
{
    tril_var bad =
        tril_div(tril_input(tape, good, TRIL_SHAPE(2)), tril_input(tape, zero, TRIL_SHAPE(2)));
    tril_mvn_diag(bad, tril_input(tape, good, TRIL_SHAPE(2)));
}

static void other_shapes(void)
{
    tril_normal(tril_input(tape, loc, TRIL_SHAPE(2)), tril_input(tape, scale, TRIL_SHAPE(3)));
}

static void no_event_axis(void)
{
    tril_mvn_diag(tril_scalar(tape, 1), tril_scalar(tape, 1));
}

static void infinite_y(void)
{
    tril_var bad =
        tril_div(tril_input(tape, good, TRIL_SHAPE(2)), tril_input(tape, zero, TRIL_SHAPE(2)));
    tril_log_prob(tril_normal(tril_scalar(tape, 0), tril_scalar(tape, 1)), bad);
}

static void cdf_of_nan(void)
{
    tril_var zeros = tril_input(tape, zero + 1, TRIL_SHAPE(1));
    tril_cdf(tril_normal(tril_scalar(tape, 0), tril_scalar(tape, 1)), tril_div(zeros, zeros));
}

static void too_many_axes(void)
{
    tril_var in[3];
    inputs(in, TRIL_SHAPE(N / D, D));
    tril_dist_expand(tril_mvn_diag(in[0], in[1]), TRIL_SHAPE(1, 1, 1, N / D));
}

static void cdf_of_vectors(void)
{
    tril_var in[3];
    inputs(in, TRIL_SHAPE(N / D, D));
    tril_cdf(tril_independent(tril_normal(in[0], in[1]), 1), in[2]);
}

static void nothing(void)
{
    tril_normal((tril_var){ 0 }, tril_scalar(tape, 1));
}

static const struct {
    void (*run)(void);
    tril_status status;
    const char *text;
} errors[] = {
    { zero_scale, TRIL_NOT_POSITIVE, "normal: scale is 0 at [1]: it must be positive" },
    { infinite_loc, TRIL_NOT_FINITE, "mvn_diag: loc is inf at [1]" },
    { other_shapes, TRIL_BAD_SHAPE, "normal: loc is 2 and scale 3: they do not broadcast" },
    { no_event_axis, TRIL_BAD_SHAPE,
      "mvn_diag: loc is scalar and scale scalar: there is no axis for the event" },
    { infinite_y, TRIL_NOT_FINITE, "log_prob(normal): y or loc is not finite at [1]" },
    { cdf_of_nan, TRIL_NOT_FINITE, "cdf(normal): y or loc is not a number at [0]" },
    { too_many_axes, TRIL_BAD_SHAPE,
      "expand(mvn_diag): batch shape [1x1x1x16] and event shape [3] have no room in rank 4" },
    { cdf_of_vectors, TRIL_BAD_ARGUMENT, "cdf(normal): there is no closed form" },
    { nothing, TRIL_BAD_VAR, "normal: loc and scale are not two vars of one tape" },
};

START_TEST(test_errors)
{
    errors[_i].run();
    ck_failed(ctx, errors[_i].status, errors[_i].text);
}
END_TEST

Suite *suite_distributions_normal(void)
{
    Suite *suite = suite_create("distributions/normal");
    TCase *tcase = tcase_create("normal");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_pytorch, 0, 2);
    tcase_add_test(tcase, test_events);
    tcase_add_test(tcase, test_independent);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    suite_add_tcase(suite, tcase);
    return suite;
}
