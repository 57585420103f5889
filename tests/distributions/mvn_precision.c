/* The normal by its precision: the same as by its covariance, numbers at the edge, and what is
 * refused. Reference values: mvn_forms.c. */
#include <math.h>

#include "support.h"

enum { MOST = 8 };

static tril_ctx *ctx;
static tril_tape *tape;

static void set_up(void)
{
    ctx = tril_ctx_new(NULL);
    tape = tril_tape_new(ctx);
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

/* Q diag(v), Q a reflection that mixes all axes; squared, what has these eigenvalues and axes */
static tril_var scaled_axes(size_t d, tril_real *memory, double first, double last)
{
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            double v = first * pow(last / first, (double)j / (double)(d - 1));
            double q = (i == j) -
                       2 * (double)((i + 1) * (j + 1)) / (double)(d * (d + 1) * (2 * d + 1) / 6);
            memory[i * d + j] = (tril_real)(q * v);
        }
    return tril_input(tape, memory, TRIL_SHAPE(d, d));
}

static tril_var squared(tril_var x)
{
    return tril_matmul(x, tril_transpose(x, -2, -1));
}

/* eigenvalues of the covariance from 1e-2 to 1e2 */
START_TEST(test_ill_conditioned)
{
    const double digits = IS_DOUBLE ? 1e-9 : 2e-2;
    const size_t d = _i ? MOST : 3;
    static tril_real root[MOST * MOST], inverse[MOST * MOST], ys[4 * MOST];
    const tril_real zero[MOST] = { 0 };
    for (size_t i = 0; i < 4 * d; i++)
        ys[i] = (tril_real)sin((double)(7 * i + 1));
    tril_var wide = scaled_axes(d, root, 0.1, 10), narrow = scaled_axes(d, inverse, 10, 0.1);
    tril_var loc = tril_input(tape, zero, TRIL_SHAPE(d)),
             y = tril_input(tape, ys, TRIL_SHAPE(4, d));
    const tril_real *a = tril_value(tril_log_prob(tril_mvn(loc, tril_lq(wide)), y));
    const tril_real *b = tril_value(tril_log_prob(tril_mvn_covariance(loc, squared(wide)), y));
    const tril_real *c = tril_value(tril_log_prob(tril_mvn_precision(loc, squared(narrow)), y));
    ck_fine(ctx);
    for (size_t i = 0; i < 4; i++) {
        ck_close(b[i], a[i], digits, 1);
        ck_close(c[i], a[i], digits, 1);
    }
}
END_TEST

/* ---- numbers at the edge: the largest finite value, never an infinity or NaN */

static const double edges[] = { 0, 1, -1, (double)TRIL_REAL_MAX, -(double)TRIL_REAL_MAX };
enum { N_EDGES = sizeof edges / sizeof *edges };

static void check_edge(const double *pick, bool draw, size_t at)
{
    const tril_real small = IS_DOUBLE ? (tril_real)1e-300 : (tril_real)1e-38;
    const tril_real loc[2] = { (tril_real)pick[0], 0 },
                    y[2] = { (tril_real)pick[1], (tril_real)pick[2] };
    const tril_real factor[4] = { pick[3] > 0 ? (tril_real)pick[3] : small, 0, (tril_real)pick[4],
                                  small };
    const tril_real seed[2] = { (tril_real)(at % 2), (tril_real)(at % 2) };
    tril_var in[3] = { tril_requires_grad(tril_input(tape, loc, TRIL_SHAPE(2))),
                       tril_requires_grad(tril_input(tape, factor, TRIL_SHAPE(2, 2))),
                       tril_requires_grad(tril_input(tape, y, TRIL_SHAPE(2))) };
    tril_dist p = tril_mvn_precision_tril(in[0], in[1]);
    tril_var x = draw ? tril_rsample(p, 0) : tril_log_prob(p, in[2]);
    ck_fine(ctx);
    for (size_t i = 0; i < tril_size(x); i++)
        ck_assert(isfinite(tril_value(x)[i]));
    ck_assert(tril_backward_with(x, &(tril_backward_opts){ .seed = seed }));
    for (size_t k = 0; k < (draw ? 2 : 3); k++)
        for (size_t i = 0; i < tril_size(in[k]); i++)
            if (!(isfinite(tril_grad(in[k])[i]) && (*seed != 0 || tril_grad(in[k])[i] == 0)))
                ck_abort_msg("combination %zu: gradient %zu of input %zu is %g", at, i, k,
                             (double)tril_grad(in[k])[i]);
}

START_TEST(test_extremes)
{
    for (size_t at = 0; at < N_EDGES * N_EDGES * N_EDGES * N_EDGES * N_EDGES; at++) {
        double pick[5];
        for (size_t k = 0, rest = at; k < 5; k++, rest /= N_EDGES)
            pick[k] = edges[rest % N_EDGES];
        tril_tape_reset(tape);
        check_edge(pick, _i, at);
    }
}
END_TEST

/* the covariance [1 + 1e30, 1e15; 1e15, 1] is singular to rounding, its precision is not */
START_TEST(test_nearly_singular)
{
    static const size_t index[1] = { 1 };
    const tril_real factor[4] = { 1, 0, -1e15f, 1 }, zero[2] = { 0 };
    const tril_real some[2] = { (tril_real)NAN, 0 };
    tril_var loc = tril_input(tape, zero, TRIL_SHAPE(2));
    tril_dist p = tril_mvn_precision_tril(loc, tril_input(tape, factor, TRIL_SHAPE(2, 2)));
    tril_var y = tril_input_missing(tape, some, TRIL_SHAPE(2));
    ck_close(tril_item(tril_log_prob_missing(p, y)), -0.91893853320467274, 1e-6, 1);
    ck_close(tril_item(tril_dist_variance(tril_dist_marginal(p, index, 1))), 1, 1e-6, 1);
    ck_assert(tril_item(tril_kl(p, p)) == 0);
    ck_fine(ctx);
    /* and one whose covariance is beyond the range */
    const tril_real tiny = IS_DOUBLE ? (tril_real)0x1p-1000 : (tril_real)0x1p-120;
    const tril_real beyond[4] = { tiny, 0, -1e30f, tiny };
    p = tril_mvn_precision_tril(loc, tril_input(tape, beyond, TRIL_SHAPE(2, 2)));
    ck_assert_ptr_null(tril_dist_marginal(p, index, 1).kind);
    ck_failed(ctx, TRIL_NOT_FINITE,
              "scale_tril(mvn_precision): the inverse of precision_tril is inf at [0, 1]");
}
END_TEST

START_TEST(test_errors)
{
    const tril_real bad[8] = { 1, 0, 0, 1, 1, 2, 2, 1 };
    tril_var loc = tril_input(tape, bad, TRIL_SHAPE(2));
    tril_var matrices = tril_input(tape, bad, TRIL_SHAPE(2, 2, 2));
    tril_var matrix = tril_slice(tril_reshape(matrices, TRIL_SHAPE(4, 2)), 0, 2, 2);
    ck_assert_ptr_null(tril_mvn_precision(loc, matrices).kind);
    ck_failed(
        ctx, TRIL_NOT_POSITIVE,
        "mvn_precision: the matrix of batch index [1] is not positive definite: pivot 1 is -3");
    tril_mvn_precision_tril(loc, tril_neg(matrix));
    ck_failed(ctx, TRIL_NOT_POSITIVE,
              "mvn_precision: precision_tril is -1 at [0, 0]: its diagonal must be positive");
    tril_mvn_precision(tril_slice(loc, 0, 0, 1), matrix);
    ck_failed(ctx, TRIL_BAD_SHAPE,
              "mvn_precision: loc is 1 and precision 2x2, want [..., d] and [..., d, d]");
    tril_mvn_precision_tril(loc, (tril_var){ 0 });
    ck_failed(ctx, TRIL_BAD_VAR,
              "mvn_precision: loc and precision_tril are not two vars of one tape");
    tril_mvn_covariance(loc, tril_slice(matrices, -2, 0, 1));
    ck_failed(ctx, TRIL_BAD_SHAPE,
              "mvn_covariance: loc is 2 and covariance 2x1x2, want [..., d] and [..., d, d]");
    tril_mvn_covariance(loc, matrix);
    ck_failed(ctx, TRIL_NOT_POSITIVE,
              "mvn_covariance: the matrix is not positive definite: pivot 1 is -3");
    tril_dist p = tril_mvn_precision_tril(loc, tril_slice(matrices, 0, 0, 1));
    tril_log_prob(p, tril_log(tril_sub(loc, loc)));
    ck_failed(ctx, TRIL_NOT_FINITE, "log_prob(mvn_precision): y or loc of row [0] is not finite");
}
END_TEST

Suite *suite_distributions_mvn_precision(void)
{
    Suite *suite = suite_create("distributions/mvn_precision");
    TCase *tcase = tcase_create("precision");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_ill_conditioned, 0, 2);
    tcase_add_loop_test(tcase, test_extremes, 0, 2);
    tcase_add_test(tcase, test_nearly_singular);
    tcase_add_test(tcase, test_errors);
    suite_add_tcase(suite, tcase);
    return suite;
}
