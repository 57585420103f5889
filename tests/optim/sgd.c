/* SGD's own options. */
#include <math.h>

#include "optim/optims.h"

static tril_params *one_parameter(tril_ctx *ctx)
{
    tril_params *params = tril_params_new(ctx);
    tril_params_add(params, "w", TRIL_SHAPE(1));
    return params;
}

/* the second of two steps with gradient 1, by the formula in the header: exact in binary */
static const struct {
    tril_sgd_opts opts;
    double after[2]; /* from w = 1 */
} steps[] = {
    { { .lr = 0.25 }, { 0.75, 0.5 } },
    { { .lr = 0.25, .momentum = 0.5 }, { 0.75, 0.375 } },
    { { .lr = 0.25, .momentum = 0.5, .nesterov = true }, { 0.625, 0.1875 } },
    { { .lr = 0.25, .weight_decay = 0.5 }, { 0.625, 0.296875 } },
};

START_TEST(test_formula)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = one_parameter(ctx);
    tril_optim *optim = tril_sgd_new(params, &steps[_i].opts);
    tril_params_values(params)[0] = 1;
    for (int k = 0; k < 2; k++) {
        tril_params_grads(params)[0] = 1;
        ck_assert(tril_optim_step(optim));
        ck_assert((double)tril_params_values(params)[0] == steps[_i].after[k]);
    }
    tril_optim_free(optim);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_defaults)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = one_parameter(ctx);
    tril_optim *optim = tril_sgd_new(params, NULL);
    tril_params_values(params)[0] = 1;
    tril_params_grads(params)[0] = 2;
    ck_assert(tril_optim_step(optim));
    ck_close(tril_params_values(params)[0], 0.98, 2 * (double)TRIL_REAL_EPSILON, 1);
    tril_optim_free(optim);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

static const struct {
    tril_sgd_opts opts;
    const char *text;
} errors[] = {
    { { .momentum = 1 }, "sgd: momentum is 1, want 0 <= momentum < 1" },
    { { .momentum = -0.1 }, "sgd: momentum is -0.1, want" },
    { { .momentum = (double)NAN }, "sgd: momentum is nan, want" },
    { { .nesterov = true }, "sgd: nesterov needs a momentum above 0" },
};

START_TEST(test_errors)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = one_parameter(ctx);
    ck_assert_ptr_null(tril_sgd_new(params, &errors[_i].opts));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, errors[_i].text);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_optim_sgd(void)
{
    Suite *suite = suite_create("optim/sgd");
    TCase *tcase = tcase_create("sgd");
    tcase_set_tags(tcase, "trains");
    tcase_add_loop_test(tcase, test_formula, 0, sizeof steps / sizeof *steps);
    tcase_add_test(tcase, test_defaults);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    suite_add_tcase(suite, tcase);
    return suite;
}
