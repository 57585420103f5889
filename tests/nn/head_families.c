/* Heads of gamma, beta, poisson and negative-binomial: where they begin, which targets they take.
 */
#include <math.h>

#include <tril/extend.h>

#include "support.h"

enum { ROWS = 300, D = 2 };

static const tril_head_kind *const kinds[] = { &tril_head_gamma, &tril_head_beta,
                                               &tril_head_poisson, &tril_head_negative_binomial };

enum { KINDS = sizeof kinds / sizeof *kinds };

static tril_ctx *ctx;
static tril_tape *tape;

static void set_up(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 3 });
    tape = tril_tape_new(ctx);
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

static tril_head_opts head_of(int kind)
{
    return (tril_head_opts){ .kind = kinds[kind] };
}

/* targets of that kind, whose two columns differ in size */
static void draw_targets(int kind, tril_real *y)
{
    const tril_real a[D] = { 3, .5f }, b[D] = { .125f, 2 };
    tril_var p = tril_input(tape, a, TRIL_SHAPE(D)), q = tril_input(tape, b, TRIL_SHAPE(D));
    const tril_dist of[KINDS] = { tril_gamma(p, q), tril_beta(p, q),
                                  tril_poisson(tril_mul(p, tril_scalar(tape, 20))),
                                  tril_negative_binomial(tril_mul(p, tril_scalar(tape, 20)), q) };
    const tril_real *draws = tril_value(tril_sample(of[kind], ROWS));
    ck_fine(ctx);
    for (size_t i = 0; i < ROWS * D; i++)
        y[i] = draws[i];
}

/* the mean log-density of the targets by the head at the bias of a layer, and its gradient there */
static double likelihood(tril_dense *layer, int kind, const tril_real *y, double *steepest)
{
    const tril_head_opts head = head_of(kind);
    const tril_param bias = tril_dense_bias(layer);
    const size_t width = tril_head_width(D, &head);
    tril_tape_reset(tape);
    tril_var raw = tril_requires_grad(tril_input(tape, tril_param_values(bias), TRIL_SHAPE(width)));
    tril_var points = tril_input(tape, y, TRIL_SHAPE(ROWS, D));
    tril_var mean = tril_mean(tril_log_prob(tril_head(raw, D, &head), points));
    ck_assert(tril_backward(mean));
    *steepest = 0;
    for (size_t k = 0; k < width; k++)
        *steepest = fmax(*steepest, fabs((double)tril_grad(raw)[k]));
    return (double)tril_item(mean);
}

static tril_dense *make_layer(tril_params *params, int kind)
{
    const tril_head_opts head = head_of(kind);
    return tril_dense_new(params, "last",
                          &(tril_dense_opts){ .inputs = 1, .outputs = tril_head_width(D, &head) });
}

/* the start is where the likelihood has no slope */
START_TEST(test_start)
{
    static tril_real y[ROWS * D];
    const tril_head_opts head = head_of(_i);
    double steepest, mean = 0;
    draw_targets(_i, y);
    tril_params *params = tril_params_new(ctx);
    tril_dense *layer = make_layer(params, _i);
    ck_assert(tril_head_init(layer, y, ROWS, D, &head));
    const double best = likelihood(layer, _i, y, &steepest);
    ck_assert_msg(steepest < (IS_DOUBLE ? 1e-5 : 1e-3), "%s: a slope of %g", kinds[_i]->name,
                  steepest);
    tril_real *bias = tril_param_values(tril_dense_bias(layer));
    for (size_t k = 0; k < tril_head_width(D, &head); k++) { /* and it is a peak */
        bias[k] += (tril_real)0.1;
        ck_assert(likelihood(layer, _i, y, &steepest) < best);
        bias[k] -= (tril_real)0.1;
    }
    for (size_t i = 0; i < ROWS; i++)
        mean += (double)y[i * D] / ROWS;
    if (kinds[_i] == &tril_head_poisson)
        ck_close(exp((double)bias[0]), mean, IS_DOUBLE ? 1e-6 : 1e-4, 0);
    tril_params_free(params);
}
END_TEST

/* any finite numbers are a distribution */
START_TEST(test_any_outputs)
{
    const tril_real edges[] = { 0, 1, -1, 50, -50, 1e4f, -1e4f, 3e38f, -3e38f };
    enum { E = sizeof edges / sizeof *edges };
    const tril_head_opts head = head_of(_i);
    const size_t width = tril_head_width(1, &head);
    const double points[KINDS][3] = {
        { 1e-30, 1, 1e30 }, { 1e-30, 0.5, 1 - 1e-7 }, { 0, 3, 1e20 }, { 0, 3, 1e20 }
    };
    for (size_t at = 0; at < E * E * 3; at++) {
        const tril_real raw[2] = { edges[at % E], edges[at / E % E] };
        const tril_real y[1] = { (tril_real)points[_i][at / E / E] };
        tril_tape_reset(tape);
        tril_var x = tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(width)));
        tril_dist p = tril_head(x, 1, &head);
        tril_var log_prob = tril_log_prob(p, tril_input(tape, y, TRIL_SHAPE(1)));
        ck_assert(tril_backward(log_prob));
        ck_assert_msg(isfinite(tril_item(log_prob)), "case %zu: %g", at,
                      (double)tril_item(log_prob));
        for (size_t k = 0; k < width; k++)
            ck_assert_msg(isfinite(tril_grad(x)[k]), "case %zu: a gradient is %g", at,
                          (double)tril_grad(x)[k]);
        ck_assert(kinds[_i]->support->holds((double)*tril_value(tril_sample(p, 0))));
        ck_fine(ctx);
    }
}
END_TEST

/* what is no target of theirs, and what is not for them */
static const struct {
    int kind;
    double y;
    const char *text;
} refused[] = {
    { 0, 0, "column 1 is 0 in row 5, but each target of the head gamma is a positive number" },
    { 1, 1, "column 1 is 1 in row 5, but each target of the head beta is between 0 and 1" },
    { 2, 0.5, "column 1 is 0.5 in row 5, but each target of the head poisson is a count" },
    { 3, -1, "column 1 is -1 in row 5, but each target of the head negative-binomial is a count" },
};

START_TEST(test_refused)
{
    static tril_real x[ROWS], y[ROWS * D];
    const int kind = refused[_i].kind;
    const tril_head_opts head = head_of(kind);
    draw_targets(kind, y);
    y[5 * D + 1] = (tril_real)refused[_i].y;
    tril_params *params = tril_params_new(ctx);
    ck_assert(!tril_head_init(make_layer(params, kind), y, ROWS, D, &head));
    ck_failed(ctx, TRIL_BAD_DATA, refused[_i].text);
    tril_network net = tril_network_new(params, D, &(tril_mlp_opts){ .inputs = 1 }, &head);
    ck_assert_ptr_null(net.line.scale.params);
    ck_assert_ptr_null(tril_fit_new(&net, (tril_batch){ x, y, ROWS }, NULL));
    ck_failed(ctx, TRIL_BAD_DATA, refused[_i].text);
    y[5 * D + 1] = kind < 2 ? (tril_real)0.5 : 1;
    ck_assert_ptr_null(tril_fit_new(&net, (tril_batch){ x, y, ROWS },
                                    &(tril_fit_opts){ .loss = &tril_loss_beta }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "fit: the loss beta is not for the head");
    ck_assert_ptr_null(
        tril_fit_new(&net, (tril_batch){ x, y, ROWS }, &(tril_fit_opts){ .target_noise = 0.1 }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "fit: a target noise of 0.1 is not for the head");
    tril_params_free(params);
}
END_TEST

/* The truth is a distribution whose mean depends on x: a fit of a straight line comes near it. Some
 * targets are missing, and some rows count twice. */
START_TEST(test_fit)
{
    static tril_real x[ROWS], y[ROWS * D], w[ROWS];
    const tril_head_opts head = head_of(_i);
    draw_targets(_i, y);
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = (tril_real)(i % 3) - 1;
        w[i] = i % 5 ? 1 : 2;
        if (_i != 1 && i % 3 == 2)
            y[i * D] = 4 * y[i * D]; /* of a direction that log-linear means have */
        if (i % 7 == 0)
            y[i * D + 1] = (tril_real)NAN;
    }
    tril_params *params = tril_params_new(ctx);
    tril_network net = tril_network_new(params, D, &(tril_mlp_opts){ .inputs = 1 }, &head);
    tril_fit *fit = tril_fit_new(&net, (tril_batch){ x, y, ROWS, w },
                                 &(tril_fit_opts){ .epochs = 30, .lr = 0.03, .missing = true });
    const double first = tril_fit_get_status(fit).train_nll;
    ck_assert(tril_fit_run(fit, NULL, NULL));
    ck_fine(ctx);
    ck_assert(tril_fit_get_status(fit).train_nll < first - (_i == 1 ? -0.05 : 0.01));
    tril_fit_free(fit);
    tril_params_free(params);
}
END_TEST

Suite *suite_nn_head_families(void)
{
    Suite *suite = suite_create("nn/head_families");
    TCase *tcase = tcase_create("families");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_start, 0, KINDS);
    tcase_add_loop_test(tcase, test_any_outputs, 0, KINDS);
    tcase_add_loop_test(tcase, test_refused, 0, KINDS);
    tcase_add_loop_test(tcase, test_fit, 0, KINDS);
    suite_add_tcase(suite, tcase);
    return suite;
}
