/* The natural step at extremes, and the company that it keeps. */
#include <math.h>
#include <string.h>

#include "optim/pair.h"

/* ---- extremes */

/* finite, and scales within what the header says */
static bool valid(const pair *p)
{
    const double most = IS_DOUBLE ? 1.001e150 : 1.001e18;
    bool all = true;
    for (size_t i = 0; i < LOCS; i++)
        all &= isfinite(p->loc[i]) && (double)p->factor[i * D + i % D] >= 1 / most;
    for (size_t i = 0; i < K * LOWER; i++)
        all &= fabs((double)p->factor[pair_at(i)]) <= most;
    return all;
}

START_TEST(test_extremes)
{
    const double scales[] = { 0, 1e-30, 1e-3, 1, 1e30, (double)TRIL_REAL_MAX };
    pair p = pair_new(tril_ctx_new(NULL), &(tril_natural_opts){ pair_rates[_i], pair_rates[_i],
                                                                pair_rates[_i] > 1 ? 0.999 : 0 });
    tril_random random = tril_random_stream(12, 0);
    for (size_t step = 0; step < 3000; step++) {
        pair_random(&p, &random, scales[(step + step / 100) % 6]);
        ck_assert(tril_optim_step(p.optim));
        ck_assert(valid(&p));
    }
    /* all one way, to the ends of the range and back */
    for (int way = -1; way <= 1; way += 2)
        for (size_t step = 0; step < 2000; step++) {
            for (size_t i = 0; i < LOCS + K * LOWER; i++)
                *(i < LOCS ? p.g_loc + i : p.g_factor + pair_at(i - LOCS)) =
                    (tril_real)way * (step % 2 ? TRIL_REAL_MAX : 1);
            ck_assert(tril_optim_step(p.optim));
            ck_assert(valid(&p));
        }
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

START_TEST(test_many_steps)
{
    pair p = pair_new(tril_ctx_new(NULL), &(tril_natural_opts){ .lr = _i ? 100 : 0.01 });
    tril_random random = tril_random_stream(13, 0);
    for (size_t step = 0; step < 100000; step++) {
        pair_random(&p, &random, 1);
        if (!tril_optim_step(p.optim))
            break;
    }
    ck_fine(p.ctx);
    ck_assert(valid(&p));
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

/* wild gradients do not stop what comes after them: one is forgotten after 91 steps, a row of them
 * after 2729 */
START_TEST(test_forgets)
{
    const size_t wild = _i ? 100 : 1, last = wild + (_i ? 2740 : 100);
    pair p = pair_new(tril_ctx_new(NULL), &(tril_natural_opts){ .lr = 0.01, .kl_clip = 0.001 });
    const double huge = _i ? (double)TRIL_REAL_MAX : 1e30;
    double moved[2] = { 0 };
    for (size_t step = 0; step <= last; step++) {
        double before = (double)p.loc[0];
        /* to and fro, so that loc keeps its digits */
        p.g_loc[0] = (tril_real)((step % 2 ? -1 : 1) * (step && step <= wild ? huge : 0.1));
        ck_assert(tril_optim_step(p.optim));
        if (step == 0 || step == last)
            moved[step > 0] = fabs((double)p.loc[0] - before);
    }
    ck_close(moved[1], moved[0], IS_DOUBLE ? 1e-9 : 1e-3, 1e-12);
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

/* ---- in the company of others: groups, another optimizer, gradients that are no numbers */

START_TEST(test_groups)
{
    static const struct {
        double means, factors, factor;
        bool loc_moves, factor_moves;
    } steps[] = { { 0, 0, 1, false, false },
                  { 0.1, 0, 1, true, false },
                  { 0, 0.1, 0.5, false, true },
                  { 0.1, 0.1, 0, false, false } };
    pair p = pair_new(tril_ctx_new(NULL), NULL);
    tril_random random = tril_random_stream(14, 0);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        tril_real before[2] = { p.loc[1], p.factor[4] };
        ck_assert(tril_optim_set_lr(p.optim, "means", steps[i].means));
        ck_assert(tril_optim_set_lr(p.optim, "factors", steps[i].factors));
        ck_assert(tril_optim_set_lr_factor(p.optim, steps[i].factor));
        pair_random(&p, &random, 1);
        p.g_other[0] = 1;
        ck_assert(tril_optim_step(p.optim));
        ck_assert((p.loc[1] != before[0]) == steps[i].loc_moves);
        ck_assert((p.factor[4] != before[1]) == steps[i].factor_moves);
        ck_assert(p.other[0] == 0);
    }
    ck_assert(!tril_optim_set_lr(p.optim, "default", 1)); /* the bystander's */
    ck_failed(p.ctx, TRIL_BAD_ARGUMENT, "natural: no parameter is in a group named default");
    ck_assert(!tril_optim_set_weight_decay(p.optim, NULL, 0.1));
    ck_failed(p.ctx, TRIL_BAD_ARGUMENT, "natural: it has no weight decay");
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

/* SGD on the same store, with rate 0 for the pair: each moves its own */
START_TEST(test_beside_sgd)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    pair p = pair_new(ctx, NULL), alone = pair_new(ctx, NULL);
    tril_optim *sgd = tril_sgd_new(p.params, &(tril_sgd_opts){ .lr = 0.5, .momentum = 0.5 });
    ck_assert(tril_optim_set_lr(sgd, "means", 0) && tril_optim_set_lr(sgd, "factors", 0));
    for (size_t step = 0; step < 5; step++) {
        pair_formula(&p, step, 1);
        pair_formula(&alone, step, 1);
        p.g_other[0] = 1;
        ck_assert(tril_optim_step(p.optim) && tril_optim_step(sgd));
        ck_assert(tril_optim_step(alone.optim));
    }
    ck_fine(ctx);
    ck_assert_mem_eq(p.loc, alone.loc, LOCS * sizeof *p.loc);
    ck_assert_mem_eq(p.factor, alone.factor, FACTORS * sizeof *p.factor);
    ck_assert((double)p.other[0] == -(1 + 1.5 + 1.75 + 1.875 + 1.9375) / 2);
    tril_optim_free(sgd);
    pair_free(&p);
    pair_free(&alone);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_bad_gradient)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    pair p = pair_new(ctx, NULL), twin = pair_new(ctx, NULL);
    const struct {
        tril_real *place;
        double x;
        const char *text;
    } bad[] = {
        { p.g_loc + 4, (double)NAN, "natural: the gradient of c.loc is nan at [1, 1]" },
        { p.g_factor + 17, HUGE_VAL, "natural: the gradient of c.scale_tril is inf at [1, 2, 2]" },
        { p.g_other, -HUGE_VAL, "natural: the gradient of other is -inf at [0]" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        pair_formula(&p, i, 1);
        pair_formula(&twin, i, 1);
        tril_real good = *bad[i].place;
        *bad[i].place = (tril_real)bad[i].x;
        ck_assert(!tril_optim_step(p.optim));
        ck_failed(ctx, TRIL_NOT_FINITE, bad[i].text);
        *bad[i].place = good;
        ck_assert(tril_optim_step(p.optim) && tril_optim_step(twin.optim));
    }
    ck_assert_mem_eq(p.loc, twin.loc, LOCS * sizeof *p.loc);
    ck_assert_mem_eq(p.factor, twin.factor, FACTORS * sizeof *p.factor);
    pair_free(&p);
    pair_free(&twin);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- memory, and bad arguments */

static void two_steps(tril_ctx *ctx)
{
    pair p = pair_new(ctx, NULL);
    for (size_t step = 0; step < 2 && p.optim; step++) {
        pair_formula(&p, step, 1);
        tril_optim_step(p.optim);
    }
    pair_free(&p);
}

START_TEST(test_memory)
{
    ck_assert_uint_ge(exhaust(two_steps), 4);
    counting counter = { 0 };
    pair p = pair_new(counting_ctx(&counter), NULL);
    size_t before = counter.allocations;
    for (size_t step = 0; step < 10; step++) {
        pair_formula(&p, step, 1);
        ck_assert(tril_optim_step(p.optim));
    }
    ck_assert_uint_eq(counter.allocations, before);
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

static const struct {
    tril_natural_opts opts;
    const char *text;
} bad_options[] = {
    { { .lr = -1 }, "natural: lr is -1, want 0 <= lr < inf" },
    { { .lr_loc = -1 }, "natural: lr_loc is -1, want 0 <= lr_loc < inf" },
    { { .lr = HUGE_VAL }, "natural: lr" },
    { { .kl_clip = -0.1 }, "natural: kl_clip is -0.1, want 0 <= kl_clip < 1" },
    { { .kl_clip = 1 }, "natural: kl_clip is 1, want" },
    { { .kl_clip = (double)NAN }, "natural: kl_clip is nan, want" },
};

START_TEST(test_bad_arguments)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (size_t i = 0; i < sizeof bad_options / sizeof *bad_options; i++) {
        pair p = pair_new(ctx, &bad_options[i].opts);
        ck_assert_ptr_null(p.optim);
        ck_failed(ctx, TRIL_BAD_ARGUMENT, bad_options[i].text);
        pair_free(&p);
    }
    pair p = pair_new(ctx, NULL), q = pair_new(ctx, NULL);
    ck_assert_ptr_null(tril_natural_new(p.p_loc, q.p_factor, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "natural: loc and scale_tril are not two parameters of one");
    tril_param nowhere = { p.p_loc.params, 99 };
    ck_assert_ptr_null(tril_natural_new(p.p_loc, nowhere, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "natural: loc and scale_tril are not two parameters of one");
    ck_assert_ptr_null(tril_natural_new(nowhere, p.p_factor, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "natural: loc and scale_tril are not two parameters of one");
    ck_assert_ptr_null(tril_natural_new(p.p_other, p.p_factor, NULL));
    ck_failed(ctx, TRIL_BAD_SHAPE,
              "natural: other is 4 and c.scale_tril 2x3x3, want [..., d] and [..., d, d]");
    ck_assert_ptr_null(tril_natural_new(p.p_factor, p.p_loc, NULL));
    ck_failed(ctx, TRIL_BAD_SHAPE, "natural: c.scale_tril is 2x3x3 and c.loc 2x3");
    tril_params *params = tril_params_new(ctx);
    tril_params_add(params, "m", TRIL_SHAPE(2, 3));
    tril_params_add(params, "f", TRIL_SHAPE(3, 3, 3));
    ck_assert_ptr_null(
        tril_natural_new(tril_params_at(params, 0), tril_params_at(params, 1), NULL));
    ck_failed(ctx, TRIL_BAD_SHAPE, "natural: m is 2x3 and f 3x3x3");
    tril_params_free(params);
    p.factor[13] = 0;
    ck_assert_ptr_null(tril_natural_new(p.p_loc, p.p_factor, NULL));
    ck_failed(ctx, TRIL_NOT_POSITIVE,
              "natural: c.scale_tril is 0 at [1, 1, 1]: its diagonal must be positive");
    ck_assert_ptr_null(tril_natural_new((tril_param){ 0 }, p.p_factor, NULL));
    ck_fine(ctx);
    pair_free(&p);
    pair_free(&q);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_optim_natural_extremes(void)
{
    Suite *suite = suite_create("optim/natural_extremes");
    TCase *tcase = tcase_create("natural");
    tcase_set_tags(tcase, "trains");
    tcase_add_loop_test(tcase, test_extremes, 0, N_PAIR_RATES);
    tcase_add_loop_test(tcase, test_many_steps, 0, 2);
    tcase_add_loop_test(tcase, test_forgets, 0, 2);
    tcase_add_test(tcase, test_groups);
    tcase_add_test(tcase, test_beside_sgd);
    tcase_add_test(tcase, test_bad_gradient);
    tcase_add_test(tcase, test_memory);
    tcase_add_test(tcase, test_bad_arguments);
    suite_add_tcase(suite, tcase);
    return suite;
}
