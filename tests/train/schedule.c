/* Learning rates over time, as figures show them. */
#include "train/fitting.h"

#include <math.h>

enum { ROWS = 40, BATCHES = 4, EPOCHS = 6 };

typedef double expected(size_t step);

static double constant(size_t step)
{
    (void)step;
    return 1;
}

static double falling(size_t step)
{
    return fmax(pow(0.25, (double)(step / (2 * BATCHES))), 0.1);
}

static double cosine(size_t step)
{
    double done = (double)step / (EPOCHS * BATCHES);
    return 0.2 + 0.8 * 0.5 * (1 + cos(acos(-1.) * done));
}

/* half of one epoch: 2 steps */
static double risen(size_t step)
{
    return step < 2 ? (double)(step + 1) / 2 : 1;
}

/* 6 steps, then the rest of the cosine */
static double risen_cosine(size_t step)
{
    double done = ((double)step - 6) / (EPOCHS * BATCHES - 6);
    return step < 6 ? (double)(step + 1) / 6 : 0.5 * (1 + cos(acos(-1.) * done));
}

static const struct {
    tril_schedule schedule;
    expected *factor;
} cases[] = {
    { { 0 }, constant },
    { { .kind = TRIL_STEP, .factor = 0.25, .every = 2, .floor = 0.1 }, falling },
    { { .kind = TRIL_COSINE, .floor = 0.2 }, cosine },
    { { .warmup = 0.5 }, risen },
    { { .kind = TRIL_COSINE, .warmup = 1.5 }, risen_cosine },
};

START_TEST(test_rates)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_begin(ctx, ROWS, 1, NULL,
                              &(tril_fit_opts){ .lr = 0.01,
                                                .epochs = EPOCHS,
                                                .batch = ROWS / BATCHES,
                                                .schedule = cases[_i].schedule });
    for (size_t step = 0; step < EPOCHS * BATCHES; step++) {
        ck_assert_uint_eq(tril_fit_get_status(f.fit).steps, step);
        ck_close(tril_fit_get_status(f.fit).lr, 0.01 * cases[_i].factor(step), 1e-12, 0);
        ck_assert(tril_fit_step(f.fit));
    }
    ck_assert(!tril_fit_step(f.fit));
    ck_fine(ctx);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* the rate that is shown is the one that is taken: with SGD and a constant gradient, the length of
 * the step */
START_TEST(test_rate_is_taken)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_new(ctx, ROWS, 1, 0, NULL);
    for (size_t i = 0; i < ROWS; i++) /* the mean's gradient is as good as constant */
        f.y[i] = (tril_real)(100 + (i % 2 ? 1 : -1));
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        f.x[i] = 0;
    f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS },
                         &(tril_fit_opts){ .optim = &tril_optim_sgd,
                                           .lr = 1e-6,
                                           .no_init = true,
                                           .loss = &tril_loss_faithful,
                                           .batch = ROWS,
                                           .epochs = EPOCHS,
                                           .schedule = { .kind = TRIL_STEP, .every = 2 } });
    for (size_t i = 0; i < EPOCHS; i++) {
        double before = (double)*fitting_bias(&f, 0), lr = tril_fit_get_status(f.fit).lr;
        ck_assert(tril_fit_step(f.fit));
        ck_close((double)*fitting_bias(&f, 0) - before, lr * (100 - before), 1e-3, 0);
    }
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* after two epochs in a row without a best NLL, counted anew each time */
START_TEST(test_plateau)
{
    size_t last = 0, reductions = 0;
    double rate = 10, best = HUGE_VAL; /* by far too high */
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_begin(
        ctx, ROWS, 1, NULL,
        &(tril_fit_opts){
            .lr = rate,
            .epochs = 60,
            .batch = 10,
            .validation_share = 0.3,
            .schedule = { .kind = TRIL_PLATEAU, .every = 2, .factor = 0.1, .floor = 1e-3 } });
    best = tril_fit_get_status(f.fit).validation_nll;
    while (tril_fit_epoch(f.fit)) {
        tril_fit_status now = tril_fit_get_status(f.fit);
        if (now.validation_nll < best) {
            best = now.validation_nll;
            last = now.epoch;
        } else if (now.epoch - last == 2) {
            last = now.epoch;
            rate = fmax(0.1 * rate, 1e-2);
            reductions++;
        }
        ck_close(now.lr, rate, 1e-12, 0);
        ck_assert(now.best_nll == best);
    }
    ck_fine(ctx);
    ck_assert_uint_ge(reductions, 4);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* Without validation rows the NLL of noisy rows decides, at the start too: what is learned does not
 * pass for a plateau because the start was judged without noise. */
START_TEST(test_plateau_with_noise)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_begin(ctx, 500, 2, NULL,
                              &(tril_fit_opts){ .lr = 0.003,
                                                .epochs = 10,
                                                .target_noise = 2,
                                                .schedule = { .kind = TRIL_PLATEAU, .every = 5 } });
    ck_assert(tril_fit_run(f.fit, NULL, NULL));
    ck_assert(tril_fit_get_status(f.fit).lr == 0.003 && tril_fit_get_status(f.fit).best_epoch > 5);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_train_schedule(void)
{
    Suite *suite = suite_create("train/schedule");
    TCase *tcase = tcase_create("schedule");
    tcase_set_tags(tcase, "trains");
    tcase_add_loop_test(tcase, test_rates, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tcase, test_rate_is_taken);
    tcase_add_test(tcase, test_plateau);
    tcase_add_test(tcase, test_plateau_with_noise);
    suite_add_tcase(suite, tcase);
    return suite;
}
