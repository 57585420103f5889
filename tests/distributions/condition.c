/* Marginals and conditionals of normals, Student's t and mixtures: together they are the joint one.
 */
#include <math.h>

#include "support.h"

enum { ROWS = 3, D = 4 };

static const tril_real locs[ROWS * D] = { 1, -2, .5f, 0, 0, 3, -1, 2, 1, 1, 2, -.5f };
static const tril_real scales[D] = { .5f, 1, 2, .25f };
static const tril_real factors[ROWS * D * D] = {
    1, 0, 0, 0, .5f,  2, 0, 0, -1, .25f, .5f,  0, 2,     1,   -.5f, 1,   //
    2, 0, 0, 0, -.5f, 1, 0, 0, 1,  .75f, 1.5f, 0, -.25f, 0,   1,    .5f, //
    1, 0, 0, 0, 3,    1, 0, 0, 0,  0,    1,    0, .5f,   .5f, .5f,  .5f
};
static tril_real more[ROWS * 2 * (1 + D + D * (D + 1) / 2)];
static const tril_real ys[ROWS * D] = { 0, 1, 2, -1, 1, 1, -1, .5f, 2, 0, .25f, 1 };

static const struct {
    size_t n, index[D], rest[D];
} splits[] = {
    { 1, { 0 }, { 1, 2, 3 } }, { 1, { 2 }, { 0, 1, 3 } }, { 2, { 3, 1 }, { 0, 2 } },
    { 2, { 0, 1 }, { 2, 3 } }, { 3, { 2, 0, 3 }, { 1 } },
};

enum { N_SPLITS = sizeof splits / sizeof *splits };

static tril_ctx *ctx;
static tril_tape *tape;
static tril_var loc, y;

static void set_up(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 1 });
    tape = tril_tape_new(ctx);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        more[i] = (tril_real)0.5 * factors[7 * i % (ROWS * D * D)];
    loc = tril_input(tape, locs, TRIL_SHAPE(ROWS, D));
    y = tril_input(tape, ys, TRIL_SHAPE(ROWS, D));
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

static tril_dist full(void)
{
    return tril_mvn(loc, tril_input(tape, factors, TRIL_SHAPE(ROWS, D, D)));
}

static tril_dist shared(void)
{
    return tril_mvn(loc, tril_input(tape, factors, TRIL_SHAPE(D, D)));
}

static tril_dist one(void)
{
    return tril_mvn(tril_input(tape, locs, TRIL_SHAPE(D)),
                    tril_input(tape, factors, TRIL_SHAPE(D, D)));
}

static tril_dist precision(void)
{
    return tril_mvn_precision_tril(loc, tril_input(tape, factors, TRIL_SHAPE(ROWS, D, D)));
}

static tril_dist head(void)
{
    return tril_head(tril_input(tape, factors, TRIL_SHAPE(ROWS, D + D * (D + 1) / 2)), D, NULL);
}

static tril_dist diagonal(void)
{
    return tril_mvn_diag(loc, tril_input(tape, scales, TRIL_SHAPE(D)));
}

/* one loc for the whole event */
static tril_dist independent(void)
{
    tril_var m = tril_scalar(tape, 1), s = tril_input(tape, scales, TRIL_SHAPE(D));
    return tril_independent(tril_normal(m, s), 1);
}

static tril_dist student(void)
{
    return tril_mvt(tril_input(tape, scales, TRIL_SHAPE(ROWS)), loc,
                    tril_input(tape, factors, TRIL_SHAPE(ROWS, D, D)));
}

/* whose moments exist */
static tril_dist student_head(void)
{
    return tril_head(tril_input(tape, factors, TRIL_SHAPE(ROWS, 1 + D + D * (D + 1) / 2)), D,
                     &(tril_head_opts){ .kind = &tril_head_student });
}

static tril_dist mixture(void)
{
    const tril_head_opts opts = { .kind = &tril_head_mixture, .components = 2 };
    return tril_head(tril_input(tape, more, TRIL_SHAPE(ROWS, 2 * (1 + D + D * (D + 1) / 2))), D,
                     &opts);
}

/* weights by probabilities, of which one is none */
static tril_dist by_probs(void)
{
    static const tril_real probs[] = { .25f, .75f, 0 };
    tril_var m = tril_reshape(loc, TRIL_SHAPE(ROWS, 1, D)), all[3] = { m, tril_neg(m), m };
    return tril_mixture(
        tril_categorical_probs(tril_input(tape, probs, TRIL_SHAPE(3))),
        tril_mvn_diag(tril_concat(all, 3, 1), tril_input(tape, scales, TRIL_SHAPE(D))));
}

static tril_dist (*const normals[])(void) = { full,         shared,   one,      precision,
                                              head,         diagonal, by_probs, independent,
                                              student_head, mixture,  student };

enum { N_NORMALS = sizeof normals / sizeof *normals, N_WITH_MOMENTS = N_NORMALS - 1 };

START_TEST(test_product_is_the_joint)
{
    tril_dist p = normals[_i % N_NORMALS]();
    size_t k = (size_t)_i / N_NORMALS, n = splits[k].n;
    tril_var given = tril_select(y, -1, splits[k].index, n);
    tril_dist a = tril_dist_marginal(p, splits[k].index, n);
    tril_dist b = tril_dist_conditional(p, splits[k].index, n, given);
    tril_var of_a = tril_log_prob(a, given);
    tril_var of_b = tril_log_prob(b, tril_select(y, -1, splits[k].rest, D - n));
    tril_var product = tril_add(of_a, of_b), joint = tril_log_prob(p, y);
    ck_fine(ctx);
    ck_assert_uint_eq(tril_dist_event_shape(a).dim[0], n);
    ck_assert_uint_eq(tril_dist_event_shape(b).dim[0], D - n);
    ck_assert(tril_shape_equal(tril_dist_batch_shape(a), tril_dist_batch_shape(p)));
    ck_assert(tril_shape_equal(tril_dist_batch_shape(b), TRIL_SHAPE(ROWS)));
    for (size_t i = 0; i < ROWS; i++)
        ck_close(tril_value(product)[i], tril_value(joint)[i], IS_DOUBLE ? 1e-12 : 1e-4, 1);
}
END_TEST

/* mean and covariance of some coordinates are those of the whole at their places */
START_TEST(test_moments_of_marginal)
{
    tril_dist p = normals[_i % N_WITH_MOMENTS]();
    size_t k = (size_t)_i / N_WITH_MOMENTS, n = splits[k].n;
    const size_t *index = splits[k].index;
    tril_dist a = tril_dist_marginal(p, index, n);
    tril_var mean = tril_select(tril_dist_mean(p), -1, index, n);
    tril_var covariance =
        tril_select(tril_select(tril_dist_covariance(p), -1, index, n), -2, index, n);
    tril_var of_a[2] = { tril_dist_mean(a), tril_dist_covariance(a) };
    ck_fine(ctx);
    for (size_t i = 0; i < tril_size(mean); i++)
        ck_close(tril_value(of_a[0])[i], tril_value(mean)[i], IS_DOUBLE ? 1e-15 : 1e-6, 1);
    for (size_t i = 0; i < tril_size(covariance); i++)
        ck_close(tril_value(of_a[1])[i], tril_value(covariance)[i], IS_DOUBLE ? 1e-13 : 1e-5, 1);
}
END_TEST

START_TEST(test_diagonal_stays)
{
    for (size_t k = 0; k < 2; k++) {
        tril_dist p = k ? independent() : diagonal();
        tril_var given = tril_select(y, -1, splits[2].index, 2);
        ck_assert_ptr_eq(tril_dist_marginal(p, splits[2].index, 2).kind, p.kind);
        ck_assert_ptr_eq(tril_dist_conditional(p, splits[2].index, 2, given).kind, p.kind);
    }
}
END_TEST

/* the gradient of the product is that of the joint */
START_TEST(test_gradients)
{
    tril_var grads[2][2], in[2];
    for (size_t k = 0; k < 2; k++) {
        in[0] = tril_requires_grad(tril_input(tape, locs, TRIL_SHAPE(ROWS, D)));
        in[1] = tril_requires_grad(tril_input(tape, factors, TRIL_SHAPE(ROWS, D, D)));
        tril_dist p = tril_mvn(in[0], in[1]);
        tril_var given = tril_select(y, -1, splits[2].index, 2);
        tril_var rest = tril_select(y, -1, splits[2].rest, 2), log_prob = tril_log_prob(p, y);
        if (k) {
            tril_dist of_rest = tril_dist_conditional(p, splits[2].index, 2, given);
            log_prob = tril_add(tril_log_prob(tril_dist_marginal(p, splits[2].index, 2), given),
                                tril_log_prob(of_rest, rest));
        }
        ck_assert(tril_backward(tril_sum(log_prob)));
        for (size_t j = 0; j < 2; j++)
            grads[k][j] = tril_input(tape, tril_grad(in[j]), tril_shape_of(in[j]));
    }
    ck_fine(ctx);
    for (size_t j = 0; j < 2; j++)
        for (size_t i = 0; i < tril_size(grads[0][j]); i++)
            ck_close(tril_value(grads[1][j])[i], tril_value(grads[0][j])[i],
                     IS_DOUBLE ? 1e-11 : 1e-3, 1);
}
END_TEST

START_TEST(test_errors)
{
    const size_t index[D] = { 0, 2, 1, 3 }, beyond[2] = { 0, 4 }, twice[3] = { 1, 0, 1 };
    tril_dist p = full();
    tril_dist_marginal((tril_dist){ 0 }, index, 2);
    ck_fine(ctx);
    tril_dist_marginal(tril_normal(loc, loc), index, 1);
    ck_failed(ctx, TRIL_NOT_POSITIVE, "normal: scale is -2");
    tril_dist_marginal(tril_independent(p, 1), index, 2);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "marginal(independent): there is no closed form");
    tril_dist_marginal(p, index, 0);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "marginal(mvn): there are no indices");
    tril_dist_marginal(p, beyond, 2);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "marginal(mvn): index 1 is 4, but the event has shape [4]");
    tril_dist_conditional(p, twice, 3, y);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "conditional(mvn): indices 0 and 2 are both 1");
    tril_dist_conditional(p, index, 2, y);
    ck_failed(ctx, TRIL_BAD_SHAPE, "conditional(mvn): y is 3x4 but there are 2 indices");
    tril_dist_conditional(p, index, D, y);
    ck_failed(ctx, TRIL_BAD_ARGUMENT,
              "conditional(mvn): no coordinate is left where all 4 are given");
    tril_dist_conditional(p, index, 2, tril_input(tape, ys, TRIL_SHAPE(2, 2)));
    ck_failed(
        ctx, TRIL_BAD_SHAPE,
        "conditional(mvn): y is 2x2, whose rows do not broadcast with the distribution's batch "
        "shape [3]");
    tril_dist_conditional(p, index, 1, tril_input(tape, ys, TRIL_SHAPE(2, 2, 3, 1)));
    ck_failed(ctx, TRIL_BAD_SHAPE,
              "conditional(mvn): the result has no room for batch shape [2x2x3] in rank 4");
    tril_dist_conditional(p, index, 2, (tril_var){ 0 });
    ck_failed(ctx, TRIL_BAD_VAR, "conditional(mvn): y is no var of its tape");
    tril_var infinite = tril_div(tril_input(tape, ys, TRIL_SHAPE(2)), tril_scalar(tape, 0));
    tril_dist_conditional(p, index, 2, infinite);
    ck_failed(ctx, TRIL_NOT_FINITE, "conditional(mvn): y is ");
    tril_tape_reset(tape);
    tril_dist_marginal(p, index, 2);
    ck_failed(ctx, TRIL_BAD_VAR, "marginal: a var from before the tape's last reset");
}
END_TEST

static tril_dist itself(const tril_dist *p, const size_t *index, size_t n)
{
    (void)index, (void)n;
    return *p;
}

/* a kind of a program's own that has one of the two methods has no other */
START_TEST(test_one_method)
{
    static const tril_dist_kind kind = { .name = "own", .marginal = itself };
    const size_t index[1] = { 0 };
    tril_dist p = full();
    p.kind = &kind;
    ck_assert_ptr_eq(tril_dist_marginal(p, index, 1).kind, &kind);
    tril_dist_conditional(p, index, 1, y);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "conditional(own): there is no closed form");
}
END_TEST

/* the methods of the normal by its precision, parts of it, and rows with gaps; large enough that
 * the tape asks for memory again and again */
static void all_of_precision(tril_tape *on)
{
    enum { LARGE = 60 };
    static tril_real ones[LARGE * LARGE], gaps[LARGE];
    const size_t index[2] = { 7, 3 };
    for (size_t i = 0; i < LARGE * LARGE; i++)
        ones[i] = 1;
    gaps[1] = (tril_real)NAN;
    tril_var m = tril_requires_grad(tril_input(on, ones, TRIL_SHAPE(LARGE)));
    tril_var factor = tril_requires_grad(tril_input(on, ones, TRIL_SHAPE(LARGE, LARGE)));
    tril_dist p = tril_mvn_precision_tril(m, factor);
    tril_dist q = tril_dist_conditional(p, index, 2, tril_input(on, ones, TRIL_SHAPE(2)));
    tril_var sum = tril_log_prob_missing(p, tril_input_missing(on, gaps, TRIL_SHAPE(LARGE)));
    sum = tril_add(sum, tril_log_prob(p, tril_rsample(p, 0)));
    sum = tril_add(sum, tril_sum(tril_dist_covariance(tril_dist_marginal(p, index, 2))));
    sum = tril_add(sum, tril_sum(tril_dist_mean(q)));
    sum = tril_add(sum, tril_sum(tril_dist_variance(tril_dist_expand(p, TRIL_SHAPE(2)))));
    tril_backward(tril_add(sum, tril_kl(p, p)));
}

static void scenario_of_precision(tril_ctx *on)
{
    tril_tape *own = tril_tape_new(on);
    all_of_precision(own);
    tril_tape_free(own);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_gt(exhaust(scenario_of_precision), 3);
}
END_TEST

START_TEST(test_no_allocation)
{
    counting counter = { 0 };
    tril_ctx *own = counting_ctx(&counter);
    tril_tape *on = tril_tape_new(own);
    size_t after_first = 0;
    for (int step = 0; step < 5; step++) {
        tril_tape_reset(on);
        all_of_precision(on);
        ck_fine(own);
        after_first = step ? after_first : counter.allocations;
    }
    ck_assert_uint_eq(counter.allocations, after_first);
    tril_tape_free(on);
    tril_ctx_free(own);
}
END_TEST

Suite *suite_distributions_condition(void)
{
    Suite *suite = suite_create("distributions/condition");
    TCase *tcase = tcase_create("parts");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_product_is_the_joint, 0, N_NORMALS * N_SPLITS);
    tcase_add_loop_test(tcase, test_moments_of_marginal, 0, N_WITH_MOMENTS * N_SPLITS);
    tcase_add_test(tcase, test_diagonal_stays);
    tcase_add_test(tcase, test_gradients);
    tcase_add_test(tcase, test_errors);
    tcase_add_test(tcase, test_one_method);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    TCase *blocks = tcase_create("blocks");
    tcase_set_tags(blocks, "blocks"); /* of an arena, which sanitizers' builds do not have */
    tcase_add_test(blocks, test_no_allocation);
    suite_add_tcase(suite, blocks);
    return suite;
}
