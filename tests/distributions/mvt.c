/* Student's t of vectors: values and gradients of its methods against PyTorch's autograd, and what
 * the header promises. */
#include <math.h>
#include <string.h>

#include "distributions/cursor.h"

/* ---- reference/student_t.py has the same table */

static const struct mvt_case {
    size_t d;
    tril_shape df, loc, scale_tril, y; /* batch shapes */
} cases[] = {
#define NONE                                                                                       \
    {                                                                                              \
        0                                                                                          \
    }
#define TWO                                                                                        \
    {                                                                                              \
        1,                                                                                         \
        {                                                                                          \
            2                                                                                      \
        }                                                                                          \
    }
#define FOUR(df, loc)                                                                              \
    { 2, df, loc, NONE, NONE }, { 2, df, loc, NONE, TWO }, { 2, df, loc, TWO, NONE },              \
    {                                                                                              \
        2, df, loc, TWO, TWO                                                                       \
    }
    FOUR(NONE, NONE),
    FOUR(NONE, TWO),
    FOUR(TWO, NONE),
    FOUR(TWO, TWO),
    { 1, NONE, NONE, NONE, NONE },
    { 1, TWO, TWO, TWO, TWO },
    { 1, TWO, NONE, NONE, TWO },
    { 3, NONE, NONE, NONE, NONE },
    { 3, TWO, TWO, TWO, TWO },
    { 3, TWO, NONE, NONE, TWO },
    { 8, NONE, NONE, NONE, NONE },
    { 8, TWO, TWO, TWO, TWO },
    { 8, TWO, NONE, NONE, TWO },
    { 2, { 2, { 3, 1 } }, { 2, { 1, 2 } }, { 1, { 1 } }, TWO },
    { 3, TWO, { 2, { 1, 2 } }, { 2, { 2, 1 } }, NONE },
    { 33, TWO, NONE, NONE, TWO },
};

enum { N_CASES = sizeof cases / sizeof *cases };

static tril_shape with(tril_shape batch, size_t times, size_t d)
{
    while (times--)
        batch.dim[batch.rank++] = d;
    return batch;
}

static tril_ctx *ctx;
static tril_tape *tape;

START_TEST(test_pytorch)
{
    cursor file = cursor_begin("reference/mvt.csv");
    for (size_t row = 0; row < N_CASES; row++) {
        const struct mvt_case *c = &cases[row];
        ck_fine(ctx);
        tril_tape_reset(tape);
        tril_var df = cursor_input(&file, tape, c->df);
        tril_var loc = cursor_input(&file, tape, with(c->loc, 1, c->d));
        tril_var factor = cursor_input(&file, tape, with(c->scale_tril, 2, c->d));
        tril_var y = cursor_input(&file, tape, with(c->y, 1, c->d));
        const tril_var in[4] = { df, loc, factor, y }, scales[2] = { df, factor };
        tril_dist p = tril_mvt(df, loc, factor);
        cursor_check(&file, tril_log_prob(p, y), in, 4, row, "log_prob");
        ck_fine(ctx);
        cursor_check(&file, tril_entropy(p), scales, 2, row, "entropy");
        if (c->d < 8) {
            cursor_check(&file, tril_dist_variance(p), scales, 2, row, "variance");
            cursor_check(&file, tril_dist_covariance(p), scales, 2, row, "covariance");
        }
        ck_fine(ctx);
    }
    cursor_end(&file);
}
END_TEST

/* ---- many degrees of freedom make it the normal; one dimension makes it the number's */

static const tril_real locs[6] = { 1, -2, 0, .5f, 3, 2 };
static const tril_real factors[12] = { 1, 0, 1, 2, .5f, 0, -1, .5f, 2, 0, 0, 1 };
static const tril_real points[6] = { 0, 0, 1, -1, 4, 1 };

static void set_up(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 6 });
    tape = tril_tape_new(ctx);
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

START_TEST(test_other_distributions)
{
    tril_var mu = tril_input(tape, locs, TRIL_SHAPE(3, 2));
    tril_var factor = tril_input(tape, factors, TRIL_SHAPE(3, 2, 2));
    tril_var y = tril_input(tape, points, TRIL_SHAPE(3, 2));
    tril_dist normal = tril_mvn(mu, factor);
    for (int exponent = 6; exponent <= 12; exponent += 6) {
        const double df = pow(10, exponent);
        tril_dist p = tril_mvt(tril_scalar(tape, (tril_real)df), mu, factor);
        const tril_real *a = tril_value(tril_log_prob(p, y));
        const tril_real *b = tril_value(tril_log_prob(normal, y));
        const tril_real *c = tril_value(tril_entropy(p)), *d = tril_value(tril_entropy(normal));
        ck_fine(ctx);
        for (size_t i = 0; i < 3; i++) {
            ck_close(a[i], b[i], 1e3 / df + (IS_DOUBLE ? 1e-14 : 1e-6), 1);
            ck_close(c[i], d[i], 4 / df + (IS_DOUBLE ? 1e-14 : 1e-6), 1);
        }
    }
    tril_var df = tril_scalar(tape, 3), scale = tril_input(tape, factors, TRIL_SHAPE(1));
    tril_dist p = tril_mvt(df, tril_input(tape, locs, TRIL_SHAPE(6, 1)),
                           tril_reshape(scale, TRIL_SHAPE(1, 1)));
    tril_dist q = tril_student_t(df, tril_input(tape, locs, TRIL_SHAPE(6)), scale);
    const tril_real *a = tril_value(tril_log_prob(p, tril_input(tape, points, TRIL_SHAPE(6, 1))));
    const tril_real *b = tril_value(tril_log_prob(q, tril_input(tape, points, TRIL_SHAPE(6))));
    ck_fine(ctx);
    for (size_t i = 0; i < 6; i++)
        ck_close(a[i], b[i], IS_DOUBLE ? 1e-14 : 1e-6, 1);
}
END_TEST

/* d/dloc of a draw is 1, and d/dL_ij a number that does not depend on i, times which L is the draw
 */
START_TEST(test_draws)
{
    tril_var mu = tril_requires_grad(tril_input(tape, locs, TRIL_SHAPE(2)));
    tril_var factor = tril_requires_grad(tril_input(tape, factors, TRIL_SHAPE(2, 2)));
    tril_dist p = tril_mvt(tril_scalar(tape, (tril_real)1.5), mu, factor);
    for (size_t k = 0; k < 20; k++) {
        tril_var draw = tril_rsample(p, 0);
        ck_assert(tril_backward(tril_sum(draw)));
        const tril_real *x = tril_value(draw), *l = tril_grad(factor);
        ck_assert(tril_grad(mu)[0] == 1 && tril_grad(mu)[1] == 1 && l[1] == 0 && l[0] == l[2]);
        for (size_t i = 0; i < 2; i++)
            ck_close(x[i],
                     (double)locs[i] + (double)factors[2 * i] * (double)l[0] +
                         (double)factors[2 * i + 1] * (double)l[3],
                     IS_DOUBLE ? 1e-14 : 1e-6, 1);
    }
    tril_dist learned = tril_mvt(tril_requires_grad(tril_scalar(tape, 3)), mu, factor);
    tril_dist both = tril_independent(
        tril_mvt(tril_scalar(tape, 3), tril_input(tape, locs, TRIL_SHAPE(3, 2)), factor), 1);
    ck_assert(tril_shape_equal(tril_shape_of(tril_sample(both, 4)), TRIL_SHAPE(4, 3, 2)));
    ck_assert(tril_shape_equal(tril_shape_of(tril_sample(learned, 0)), TRIL_SHAPE(2)));
    ck_fine(ctx);
    tril_rsample(learned, 0);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "rsample(mvt): df wants a gradient, and there is none");
}
END_TEST

/* ---- numbers at the edge: never an infinity or NaN */

START_TEST(test_extremes)
{
    const tril_real max = TRIL_REAL_MAX, small = IS_DOUBLE ? (tril_real)1e-300 : (tril_real)1e-38;
    const tril_real numbers[] = { 0, 1, -1, max, -max, small };
    enum { M = sizeof numbers / sizeof *numbers };
    for (size_t at = 0; at < M * M * M * M * M; at++) {
        tril_real pick[5];
        for (size_t k = 0, rest = at; k < 5; k++, rest /= M)
            pick[k] = numbers[rest % M];
        const tril_real loc[2] = { pick[0], 0 }, y[2] = { pick[1], pick[2] };
        const tril_real df = pick[3] > 0 ? pick[3] : 1, factor[4] = { 1, 0, pick[4], small };
        const tril_real seed = (tril_real)(at % 2);
        tril_tape_reset(tape);
        tril_var in[4] = { tril_requires_grad(tril_scalar(tape, df)),
                           tril_requires_grad(tril_input(tape, loc, TRIL_SHAPE(2))),
                           tril_requires_grad(tril_input(tape, factor, TRIL_SHAPE(2, 2))),
                           tril_requires_grad(tril_input(tape, y, TRIL_SHAPE(2))) };
        tril_var log_prob = tril_log_prob(tril_mvt(in[0], in[1], in[2]), in[3]);
        ck_assert(isfinite(tril_item(log_prob)));
        ck_assert(tril_backward_with(log_prob, &(tril_backward_opts){ .seed = &seed }));
        for (size_t k = 0; k < 4; k++)
            for (size_t i = 0; i < tril_size(in[k]); i++)
                if (!(isfinite(tril_grad(in[k])[i]) && (seed != 0 || tril_grad(in[k])[i] == 0)))
                    ck_abort_msg("combination %zu: gradient %zu of input %zu is %g", at, i, k,
                                 (double)tril_grad(in[k])[i]);
        ck_fine(ctx);
    }
}
END_TEST

/* moments and draws beyond the range are infinite or the largest number */
START_TEST(test_large)
{
    const tril_real zero[2] = { 0 }, l[4] = { TRIL_REAL_MAX, 0, 0, 1 };
    tril_var loc = tril_input(tape, zero, TRIL_SHAPE(2));
    tril_var factor = tril_input(tape, l, TRIL_SHAPE(2, 2));
    const tril_real *covariance =
        tril_value(tril_dist_covariance(tril_mvt(tril_scalar(tape, 2.5), loc, factor)));
    ck_assert(covariance[0] >= TRIL_REAL_MAX && covariance[1] == 0 && covariance[2] == 0);
    ck_close(covariance[3], 5, 1e-6, 1);
    const tril_real mixed[4] = { (tril_real)3e38, 0, (tril_real)3e38, (tril_real)3e38 };
    tril_dist wild = tril_mvt(tril_scalar(tape, (tril_real)1e-38), loc,
                              tril_input(tape, mixed, TRIL_SHAPE(2, 2)));
    const tril_real *draws = tril_value(tril_sample(wild, 100));
    for (size_t i = 0; i < 200; i++)
        ck_assert(isfinite(draws[i]));

    /* what is given may lie so far away that its square overflows */
    const tril_real ones[4] = { 1, 0, (tril_real)0.5, 1 }, far = TRIL_REAL_MAX / 4;
    const size_t second = 1;
    tril_dist p = tril_dist_conditional(
        tril_mvt(tril_scalar(tape, 3), loc, tril_input(tape, ones, TRIL_SHAPE(2, 2))), &second, 1,
        tril_input(tape, &far, TRIL_SHAPE(1)));
    ck_assert(isfinite(*tril_value(tril_dist_mean(p))) && isfinite(*tril_value(p.param[2])));
    ck_fine(ctx);
}
END_TEST

/* ---- memory that runs out */

static void all_methods(tril_ctx *c)
{
    tril_tape *t = tril_tape_new(c);
    tril_var nu = tril_scalar(t, 3), learned = tril_requires_grad(tril_scalar(t, 3));
    tril_var mu = tril_requires_grad(tril_input(t, locs, TRIL_SHAPE(2, 2)));
    tril_dist p = tril_mvt(learned, mu, tril_input(t, factors, TRIL_SHAPE(2, 2)));
    tril_dist q = tril_student_t(nu, mu, tril_scalar(t, 1));
    tril_var sums[] = { tril_log_prob(p, mu),    tril_entropy(p),       tril_dist_variance(p),
                        tril_dist_covariance(p), tril_sample(p, 2),     tril_log_prob(q, mu),
                        tril_entropy(q),         tril_dist_variance(q), tril_rsample(q, 2),
                        tril_cdf(q, mu),         tril_dist_mode(p),     tril_dist_mean(q) };
    tril_var total = tril_scalar(t, 0);
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        total = tril_add(total, tril_sum(sums[i]));
    tril_backward(total);
    tril_tape_free(t);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_gt(exhaust(all_methods), 3);
}
END_TEST

/* ---- what is refused */

static const tril_real df[3] = { 3, 2, .5f };

static tril_dist three(void)
{
    return tril_mvt(tril_input(tape, df, TRIL_SHAPE(3)), tril_input(tape, locs, TRIL_SHAPE(3, 2)),
                    tril_input(tape, factors, TRIL_SHAPE(3, 2, 2)));
}

static void no_mean(void)
{
    tril_dist_mean(three());
}

static void no_variance(void)
{
    tril_dist_variance(three());
}

static void no_covariance(void)
{
    tril_dist_covariance(three());
}

static void infinite_df(void)
{
    tril_dist p = three();
    tril_mvt(tril_div(p.param[2], tril_scalar(tape, 0)), p.param[0], p.param[1]);
}

static void other_batch(void)
{
    tril_mvt(tril_input(tape, df, TRIL_SHAPE(2)), tril_input(tape, locs, TRIL_SHAPE(3, 2)),
             tril_input(tape, factors, TRIL_SHAPE(3, 2, 2)));
}

static void no_df(void)
{
    tril_mvt((tril_var){ 0 }, tril_input(tape, locs, TRIL_SHAPE(2)),
             tril_input(tape, factors, TRIL_SHAPE(2, 2)));
}

static void stale_df(void)
{
    tril_var before = tril_scalar(tape, 3);
    tril_tape_reset(tape);
    tril_mvt(before, tril_input(tape, locs, TRIL_SHAPE(2)),
             tril_input(tape, factors, TRIL_SHAPE(2, 2)));
}

static void zero_pivot(void)
{
    tril_mvt(tril_scalar(tape, 1), tril_input(tape, locs, TRIL_SHAPE(2)),
             tril_input(tape, factors + 1, TRIL_SHAPE(2, 2)));
}

static const struct {
    void (*run)(void);
    tril_status status;
    const char *text;
} errors[] = {
    { no_mean, TRIL_BAD_ARGUMENT,
      "mean(mvt): df is 0.5 at [2]: there is no mean unless it is above 1" },
    { no_variance, TRIL_BAD_ARGUMENT,
      "variance(mvt): df is 2 at [1]: there is no variance unless it is above 2" },
    { no_covariance, TRIL_BAD_ARGUMENT,
      "covariance(mvt): df is 2 at [1]: there is no covariance unless it is above 2" },
    { infinite_df, TRIL_NOT_FINITE, "mvt: df is inf at [0]" },
    { other_batch, TRIL_BAD_SHAPE,
      "mvt: df is 2, which does not fit loc and scale_tril of batch shape [3]" },
    { no_df, TRIL_BAD_VAR, "mvt: df is not a var of the tape of loc" },
    { stale_df, TRIL_BAD_VAR, "mvt: a var from before the tape's last reset" },
    { zero_pivot, TRIL_NOT_POSITIVE,
      "mvt: scale_tril is 0 at [0, 0]: its diagonal must be positive" },
};

START_TEST(test_errors)
{
    errors[_i].run();
    ck_failed(ctx, errors[_i].status, errors[_i].text);
}
END_TEST

Suite *suite_distributions_mvt(void)
{
    Suite *suite = suite_create("distributions/mvt");
    TCase *tcase = tcase_create("mvt");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_pytorch);
    tcase_add_test(tcase, test_other_distributions);
    tcase_add_test(tcase, test_draws);
    tcase_add_test(tcase, test_extremes);
    tcase_add_test(tcase, test_large);
    tcase_add_test(tcase, test_out_of_memory);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    suite_add_tcase(suite, tcase);
    return suite;
}
