/* What can be wrong with a distribution's arguments: one sentence each, with the culprit in it. */
#include <math.h>
#include <string.h>

#include "distributions/dist.h"
#include "support.h"

/* ones, on which wrong shapes are built; a factor for [3, 2, 2] with 1 on each diagonal */
static const tril_real ones[64] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
static const tril_real factors[12] = { 1, 0, .5f, 1, 1, 0, .5f, 1, 1, 0, .5f, 1 };

static tril_dist three_of_two(tril_tape *tape)
{
    return tril_mvn(tril_input(tape, ones, TRIL_SHAPE(3, 2)),
                    tril_input(tape, factors, TRIL_SHAPE(3, 2, 2)));
}

static void y_too_wide(tril_tape *tape)
{
    tril_log_prob(three_of_two(tape), tril_input(tape, ones, TRIL_SHAPE(3, 3)));
}

static void y_scalar(tril_tape *tape)
{
    tril_log_prob(three_of_two(tape), tril_scalar(tape, 1));
}

static void y_other_batch(tril_tape *tape)
{
    tril_log_prob(three_of_two(tape), tril_input(tape, ones, TRIL_SHAPE(4, 2)));
}

static void y_nothing(tril_tape *tape)
{
    tril_log_prob(three_of_two(tape), (tril_var){ 0 });
}

static void y_stale(tril_tape *tape)
{
    tril_var y = tril_input(tape, ones, TRIL_SHAPE(3, 2));
    tril_tape_reset(tape);
    tril_log_prob(three_of_two(tape), y);
}

static void p_stale(tril_tape *tape)
{
    tril_dist p = three_of_two(tape);
    tril_tape_reset(tape);
    tril_log_prob(p, tril_input(tape, ones, TRIL_SHAPE(3, 2)));
}

/* the second row of y is the logarithm of -1 */
static void y_nan(tril_tape *tape)
{
    static const tril_real y[6] = { 1, 1, 1, -1, 1, 1 };
    tril_log_prob(three_of_two(tape), tril_log(tril_input(tape, y, TRIL_SHAPE(3, 2))));
}

static void y_infinite(tril_tape *tape)
{
    static const tril_real y[12] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1 };
    tril_log_prob(three_of_two(tape), tril_log(tril_input(tape, y, TRIL_SHAPE(2, 3, 2))));
}

static void loc_nan(tril_tape *tape)
{
    static const tril_real loc[6] = { 1, 1, 1, 1, -1, 1 };
    tril_mvn(tril_sqrt(tril_input(tape, loc, TRIL_SHAPE(3, 2))),
             tril_input(tape, factors, TRIL_SHAPE(2, 2)));
}

static void with_factor(tril_tape *tape, tril_var factor)
{
    tril_mvn(tril_input(tape, ones, TRIL_SHAPE(2)), factor);
}

static void pivot_negative(tril_tape *tape)
{
    static const tril_real f[12] = { 1, 0, .5f, 1, 1, 0, .5f, -2, 1, 0, .5f, 1 };
    with_factor(tape, tril_input(tape, f, TRIL_SHAPE(3, 2, 2)));
}

static void pivot_zero(tril_tape *tape)
{
    static const tril_real f[8] = { 1, 0, .5f, 1, 0, 0, .5f, 1 };
    with_factor(tape, tril_input(tape, f, TRIL_SHAPE(1, 2, 2, 2)));
}

static void pivot_one_factor(tril_tape *tape)
{
    static const tril_real f[4] = { 1, 0, .5f, -.25f };
    with_factor(tape, tril_input(tape, f, TRIL_SHAPE(2, 2)));
}

static void factor_nan(tril_tape *tape)
{
    static const tril_real f[8] = { 1, 1, 1, 1, 1, 1, -1, 1 };
    with_factor(tape, tril_sqrt(tril_input(tape, f, TRIL_SHAPE(2, 2, 2))));
}

static void factor_not_square(tril_tape *tape)
{
    with_factor(tape, tril_input(tape, ones, TRIL_SHAPE(2, 3)));
}

static void factor_other_size(tril_tape *tape)
{
    with_factor(tape, tril_input(tape, ones, TRIL_SHAPE(3, 3)));
}

static void factor_vector(tril_tape *tape)
{
    with_factor(tape, tril_input(tape, ones, TRIL_SHAPE(2)));
}

static void loc_scalar(tril_tape *tape)
{
    tril_mvn(tril_scalar(tape, 1), tril_input(tape, ones, TRIL_SHAPE(1, 1)));
}

static void loc_empty(tril_tape *tape)
{
    tril_mvn(tril_input(tape, ones, TRIL_SHAPE(3, 0)), tril_input(tape, ones, TRIL_SHAPE(3, 0, 0)));
}

static void batches_differ(tril_tape *tape)
{
    tril_mvn(tril_input(tape, ones, TRIL_SHAPE(4, 2)),
             tril_input(tape, factors, TRIL_SHAPE(3, 2, 2)));
}

static void loc_nothing(tril_tape *tape)
{
    tril_mvn((tril_var){ 0 }, tril_input(tape, factors, TRIL_SHAPE(2, 2)));
}

static void factor_nothing(tril_tape *tape)
{
    with_factor(tape, (tril_var){ 0 });
}

static void no_room_for_draws(tril_tape *tape)
{
    tril_sample(tril_mvn(tril_input(tape, ones, TRIL_SHAPE(1, 1, 3, 2)),
                         tril_input(tape, factors, TRIL_SHAPE(2, 2))),
                5);
}

static void no_room_for_covariance(tril_tape *tape)
{
    tril_dist_covariance(tril_mvn(tril_input(tape, ones, TRIL_SHAPE(1, 1, 3, 2)),
                                  tril_input(tape, factors, TRIL_SHAPE(2, 2))));
}

static const struct {
    void (*run)(tril_tape *tape);
    tril_status status;
    const char *text;
} errors[] = {
    { y_too_wide, TRIL_BAD_SHAPE,
      "log_prob(mvn): y is 3x3 but the distribution has event shape [2]" },
    { y_scalar, TRIL_BAD_SHAPE,
      "log_prob(mvn): y is scalar but the distribution has event shape [2]" },
    { y_other_batch, TRIL_BAD_SHAPE,
      "log_prob(mvn): y is 4x2, whose rows do not broadcast with the distribution's batch shape "
      "[3]" },
    { y_nothing, TRIL_BAD_VAR, "log_prob(mvn): y is no var" },
    { y_stale, TRIL_BAD_VAR, "log_prob: a var from before the tape's last reset" },
    { p_stale, TRIL_BAD_VAR, "log_prob(mvn): a var from before the tape's last reset" },
    { y_nan, TRIL_NOT_FINITE, "log_prob(mvn): y or loc of row [1] is not finite" },
    { y_infinite, TRIL_NOT_FINITE, "log_prob(mvn): y or loc of row [1, 2] is not finite" },
    { loc_nan, TRIL_NOT_FINITE, "nan at [2, 0]" },
    { pivot_negative, TRIL_NOT_POSITIVE,
      "mvn: scale_tril of batch index [1] is -2 at [1, 1]: its diagonal must be positive" },
    { pivot_zero, TRIL_NOT_POSITIVE,
      "mvn: scale_tril of batch index [0, 1] is 0 at [0, 0]: its diagonal must be positive" },
    { pivot_one_factor, TRIL_NOT_POSITIVE, "is -0.25 at [1, 1]: its diagonal must be positive" },
    { factor_nan, TRIL_NOT_FINITE, "mvn: scale_tril of batch index [1] is " },
    { factor_not_square, TRIL_BAD_SHAPE,
      "mvn: loc is 2 and scale_tril 2x3, want [..., d] and [..., d, d]" },
    { factor_other_size, TRIL_BAD_SHAPE, "mvn: loc is 2 and scale_tril 3x3" },
    { factor_vector, TRIL_BAD_SHAPE, "mvn: loc is 2 and scale_tril 2, want" },
    { loc_scalar, TRIL_BAD_SHAPE, "mvn: loc is scalar and scale_tril 1x1, want" },
    { loc_empty, TRIL_BAD_SHAPE, "mvn: loc is 3x0 and scale_tril 3x0x0, want" },
    { batches_differ, TRIL_BAD_SHAPE,
      "mvn: loc is 4x2 and scale_tril 3x2x2: their batch dimensions do not broadcast" },
    { loc_nothing, TRIL_BAD_VAR, "mvn: loc and scale_tril are not two vars of one tape" },
    { factor_nothing, TRIL_BAD_VAR, "mvn: loc and scale_tril are not two vars of one tape" },
    { no_room_for_draws, TRIL_BAD_SHAPE, "sample(mvn): many draws of batch shape [1x1x3]" },
    { no_room_for_covariance, TRIL_BAD_SHAPE,
      "covariance(mvn): the result has no room for batch shape" },
};

START_TEST(test_errors)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    errors[_i].run(tape);
    ck_failed(ctx, errors[_i].status, errors[_i].text);
    /* the same tape is good for another try */
    tril_tape_reset(tape);
    tril_log_prob(three_of_two(tape), tril_input(tape, ones, TRIL_SHAPE(3, 2)));
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

static tril_var nothing(const tril_dist *p)
{
    (void)p;
    return (tril_var){ 0 };
}

static tril_var nothing_at(const tril_dist *p, tril_var y)
{
    (void)y;
    return nothing(p);
}

/* a kind whose author had a closed form for log_prob alone */
START_TEST(test_kind_without_methods)
{
    static const tril_dist_kind bare = { .name = "bare", .log_prob = nothing_at };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p = three_of_two(tape);
    p.kind = &bare;
    tril_entropy(p);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "entropy(bare): there is no closed form");
    tril_dist_mean(p);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "mean(bare): there is no closed form");
    tril_dist_covariance(p);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "covariance(bare): there is no closed form");
    tril_dist_factor(p);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "covariance(bare): there is no closed form");
    tril_rsample(p, 0);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "rsample(bare): there are no draws");
    tril_sample(p, 0);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "(bare)");
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* what a failed call returned can be passed on: nothing happens */
START_TEST(test_inert)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var y = tril_input(tape, ones, TRIL_SHAPE(2));
    tril_dist p = tril_mvn((tril_var){ 0 }, (tril_var){ 0 });
    ck_assert(!p.kind && !tril_entropy(p).tape);
    ck_assert(!tril_dist_mean(p).tape && !tril_dist_covariance(p).tape);
    ck_assert(!tril_sample(p, 0).tape && !tril_rsample(p, 3).tape);
    ck_assert(tril_dist_batch_shape(p).rank == 0 && tril_dist_event_shape(p).rank == 0);
    ck_fine(ctx);
    /* a distribution whose context has failed since */
    p = three_of_two(tape);
    tril_add(y, (tril_var){ 0 });
    ck_assert(!tril_dist_mean(p).tape && !tril_dist_covariance(p).tape && !tril_entropy(p).tape);
    ck_failed(ctx, TRIL_BAD_VAR, "add: argument 2 is no var");
    p = (tril_dist){ 0 };
    /* where a context is in reach it is told */
    ck_assert(!tril_log_prob(p, y).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "log_prob: there is no distribution");
    p = three_of_two(tape);
    ck_assert(tril_shape_equal(tril_dist_batch_shape(p), TRIL_SHAPE(3)));
    ck_assert(tril_shape_equal(tril_dist_event_shape(p), TRIL_SHAPE(2)));
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_distributions_dist(void)
{
    Suite *suite = suite_create("distributions/dist");
    TCase *tcase = tcase_create("dist");
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    tcase_add_test(tcase, test_kind_without_methods);
    tcase_add_test(tcase, test_inert);
    suite_add_tcase(suite, tcase);
    return suite;
}
