/* Adam's and AdamW's own options. */
#include <math.h>
#include <string.h>

#include "optim/optims.h"

typedef tril_optim *adam_new(tril_params *params, const tril_adam_opts *opts);
static adam_new *const makers[] = { tril_adam_new, tril_adamw_new };

/* a value and a gradient through one step */
static double step(adam_new *make, const tril_adam_opts *opts, double w, double g)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_params_add(params, "w", TRIL_SHAPE(1));
    tril_optim *optim = make(params, opts);
    tril_params_values(params)[0] = (tril_real)w;
    tril_params_grads(params)[0] = (tril_real)g;
    ck_assert(tril_optim_step(optim));
    w = (double)tril_params_values(params)[0];
    ck_fine(ctx);
    tril_optim_free(optim);
    tril_params_free(params);
    tril_ctx_free(ctx);
    return w;
}

/* the first step is lr g / (|g| + eps), whatever the betas, and whatever the gradient's size */
START_TEST(test_first_step)
{
    static const double gradients[] = { 1e-12, -1e-6, 1e-3, -1, 1e6, -1e12, 1e18, 0 };
    const double tolerance = IS_DOUBLE ? 1e-12 : 1e-5;
    for (size_t i = 0; i < sizeof gradients / sizeof *gradients; i++) {
        double g = gradients[i];
        const tril_adam_opts opts = { .lr = 0.5, .beta1 = 0.5, .beta2 = 0.75, .eps = 1e-3 };
        ck_close(step(makers[_i], &opts, 0, g), -0.5 * g / (fabs(g) + 1e-3), tolerance, 1e-30);
        ck_close(step(makers[_i], NULL, 0, g), -0.001 * g / (fabs(g) + 1e-8), tolerance, 1e-30);
    }
}
END_TEST

/* options beyond the range of the type: a step, and none without a gradient, but never NaN */
START_TEST(test_extreme_options)
{
    const tril_adam_opts tiny = { .lr = 0.001, .eps = 1e-300 },
                         huge = { .lr = 1e300, .eps = 1e300 };
    ck_close(step(makers[_i], &tiny, 2, 0), 2, 1e-4, 1);
    ck_assert(!isnan(step(makers[_i], &huge, 2, 0)) && step(makers[_i], &huge, 2, 1) <= 2);
}
END_TEST

/* weight decay: into the gradient for Adam, whose first step then is lr whatever the decay; apart
 * from it for AdamW, and 0.01 by default */
START_TEST(test_weight_decay)
{
    const tril_adam_opts opts = { .lr = 0.125, .weight_decay = 0.5 };
    const double tolerance = 4 * (double)TRIL_REAL_EPSILON;
    ck_close(step(tril_adam_new, &opts, 2, 0), 2 - 0.125, 1e-6, 1);
    ck_close(step(tril_adamw_new, &opts, 2, 0), 2 - 0.125 * 0.5 * 2, tolerance, 1);
    ck_assert(step(tril_adam_new, NULL, 2, 0) == 2);
    ck_close(step(tril_adamw_new, NULL, 2, 0), 2 - 0.001 * 0.01 * 2, tolerance, 1);
}
END_TEST

static const struct {
    tril_adam_opts opts;
    const char *text;
} errors[] = {
    { { .beta1 = 1 }, "beta1 is 1, want 0 <= beta1 < 1" },
    { { .beta1 = -0.5 }, "beta1 is -0.5, want" },
    { { .beta2 = 1.5 }, "beta2 is 1.5, want 0 <= beta2 < 1" },
    { { .beta2 = (double)NAN }, "beta2 is nan, want" },
    { { .eps = -1e-8 }, "eps is -1e-08, want" },
    { { .eps = HUGE_VAL }, "eps is inf, want" },
};

START_TEST(test_errors)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_params_add(params, "w", TRIL_SHAPE(1));
    for (size_t k = 0; k < 2; k++) {
        ck_assert_ptr_null(makers[k](params, &errors[_i].opts));
        ck_assert(strncmp(tril_ctx_message(ctx), k ? "adamw: " : "adam: ", k ? 7 : 6) == 0);
        ck_failed(ctx, TRIL_BAD_ARGUMENT, errors[_i].text);
    }
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_optim_adam(void)
{
    Suite *suite = suite_create("optim/adam");
    TCase *tcase = tcase_create("adam");
    tcase_set_tags(tcase, "trains");
    tcase_add_loop_test(tcase, test_extreme_options, 0, 2);
    tcase_add_loop_test(tcase, test_first_step, 0, 2);
    tcase_add_test(tcase, test_weight_decay);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    suite_add_tcase(suite, tcase);
    return suite;
}
