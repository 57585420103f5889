/* The head of classes: its start at their shares, gradients, what it refuses, and how near a fit
 * comes to the truth. */
#include <math.h>

#include <tril/extend.h>

#include "support.h"

enum { ROWS = 3000, CLASSES = 3 };

static const tril_head_opts head = { .kind = &tril_head_categorical, .classes = CLASSES };

static tril_ctx *ctx;

static void set_up(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 3 });
}

static void tear_down(void)
{
    tril_ctx_free(ctx);
}

static tril_dense *make_layer(tril_params *params, size_t outputs)
{
    return tril_dense_new(params, "last", &(tril_dense_opts){ .inputs = 1, .outputs = outputs });
}

/* logarithms of the shares, where one class is not there */
START_TEST(test_start)
{
    const tril_real y[] = { 0, 2, 2, 0, 2, (tril_real)NAN, 2, 2 };
    tril_params *params = tril_params_new(ctx);
    tril_dense *layer = make_layer(params, CLASSES);
    ck_assert(tril_head_init(layer, y, 8, 1, &head));
    const tril_real *bias = tril_param_values(tril_dense_bias(layer));
    const double share[] = { 2 / 7.5, 0.5 / 7.5, 5 / 7.5 };
    for (size_t k = 0; k < CLASSES; k++)
        ck_close((double)bias[k], log(share[k]), IS_DOUBLE ? 1e-14 : 1e-6, 0);
    tril_params_free(params);
}
END_TEST

/* log-densities of three rows, of which the second is missing */
static tril_var log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    static const tril_real y[] = { 2, (tril_real)NAN, 0 };
    (void)user;
    return tril_log_prob_missing(tril_head(in[0], 1, &head),
                                 tril_input_missing(tape, y, TRIL_SHAPE(3, 1)));
}

START_TEST(test_gradient)
{
    static const tril_real raw[] = { 0.5f, -1, 2, 0.25f, 3, -2, 1, 1.5f, -0.5f };
    const tril_gradcheck_input input = { raw, TRIL_SHAPE(3, CLASSES) };
    tril_gradcheck_report report;
    ck_assert_msg(tril_gradcheck(ctx, log_prob, NULL, &input, 1, NULL, &report), "%s", report.text);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var x = tril_input(tape, raw, TRIL_SHAPE(3, CLASSES));
    const tril_real *value = tril_value(log_prob(tape, &x, NULL));
    for (size_t i = 0; i < 3; i++) {
        double sum = 0;
        for (size_t k = 0; k < CLASSES; k++)
            sum += exp((double)raw[i * CLASSES + k]);
        const double own = i == 1 ? 0 : (double)raw[i * CLASSES + (i ? 0 : 2)] - log(sum);
        ck_close((double)value[i], own, IS_DOUBLE ? 1e-14 : 1e-5, 1);
    }
    tril_tape_free(tape);
}
END_TEST

static const struct {
    size_t d, classes;
    const char *text;
} refused[] = {
    { 2, 3, "takes one target, of at least 2 classes, and there are 2, of 3" },
    { 1, 1, "takes one target, of at least 2 classes, and there are 1, of 1" },
    { 1, 0, "takes one target, of at least 2 classes, and there are 1, of 0" },
    { 1, SIZE_MAX, "takes one target, of at least 2 classes" },
};

START_TEST(test_refused)
{
    const tril_real y[4] = { 0, 1, 0, 1 };
    tril_params *params = tril_params_new(ctx);
    const tril_head_opts own = { .kind = &tril_head_categorical, .classes = refused[_i].classes };
    ck_assert(!tril_head_init(make_layer(params, 3), y, 2, refused[_i].d, &own));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, refused[_i].text);
    tril_params_free(params);
}
END_TEST

START_TEST(test_bad_class)
{
    const tril_real x[2] = { 0 }, y[2] = { 0, CLASSES };
    tril_params *params = tril_params_new(ctx);
    const char *text = "column 0 is 3 in row 1, but each target of the head categorical is a class";
    ck_assert(!tril_head_init(make_layer(params, CLASSES), y, 2, 1, &head));
    ck_failed(ctx, TRIL_BAD_DATA, text);
    tril_network net = tril_network_new(params, 1, &(tril_mlp_opts){ .inputs = 1 }, &head);
    ck_assert_ptr_null(net.line.scale.params);
    ck_assert_ptr_null(tril_fit_new(&net, (tril_batch){ x, y, 2 }, NULL));
    ck_failed(ctx, TRIL_BAD_DATA, text);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var raw = tril_input(tape, (tril_real[CLASSES]){ 0 }, TRIL_SHAPE(1, 1, 1, CLASSES));
    ck_assert_ptr_null(tril_head(raw, 1, &head).kind);
    ck_failed(ctx, TRIL_BAD_SHAPE, "head: raw outputs of classes have 4 axes");
    tril_tape_free(tape);
    tril_params_free(params);
}
END_TEST

/* logits of the truth at x from -2 to 2 */
static void truth(double x, double logit[CLASSES])
{
    logit[0] = 0;
    logit[1] = 2 * x;
    logit[2] = 1.5 - x * x;
}

static double log_shares(const double *logit, double *log_p)
{
    double sum = 0;
    for (size_t k = 0; k < CLASSES; k++)
        sum += exp(logit[k]);
    for (size_t k = 0; k < CLASSES; k++)
        log_p[k] = logit[k] - log(sum);
    return sum;
}

/* The divergence of the fit from the truth is what its NLL is above the truth's on new rows. */
START_TEST(test_truth)
{
    static tril_real x[ROWS], y[ROWS];
    tril_random random = tril_random_stream(7, 1);
    double logit[CLASSES], log_p[CLASSES], log_q[CLASSES], apart = 0;
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = (tril_real)(4 * (double)i / (ROWS - 1) - 2);
        truth((double)x[i], logit);
        log_shares(logit, log_p);
        double u = ldexp((double)tril_random_below(&random, 1 << 24), -24);
        while ((u -= exp(log_p[(size_t)y[i]])) >= 0 && y[i] < CLASSES - 1)
            y[i]++;
    }
    tril_params *params = tril_params_new(ctx);
    tril_network net =
        tril_network_new(params, 1, &(tril_mlp_opts){ .inputs = 1, .hidden = { 12 } }, &head);
    tril_fit *fit = tril_fit_new(&net, (tril_batch){ x, y, ROWS },
                                 &(tril_fit_opts){ .epochs = 30, .lr = 0.01, .batch = 64 });
    ck_assert(tril_fit_run(fit, NULL, NULL));
    tril_tape *tape = tril_tape_new(ctx);
    const tril_real *raw =
        tril_value(tril_mlp_apply(net.mlp, tril_input(tape, x, TRIL_SHAPE(ROWS, 1))));
    ck_fine(ctx);
    for (size_t i = 0; i < ROWS; i++) {
        truth((double)x[i], logit);
        log_shares(logit, log_p);
        for (size_t k = 0; k < CLASSES; k++)
            logit[k] = (double)raw[i * CLASSES + k];
        log_shares(logit, log_q);
        for (size_t k = 0; k < CLASSES; k++)
            apart += exp(log_p[k]) * (log_p[k] - log_q[k]) / ROWS;
    }
    ck_assert_msg(apart < 0.02, "%g nats per row above the truth", apart);
    tril_tape_free(tape);
    tril_fit_free(fit);
    tril_params_free(params);
}
END_TEST

Suite *suite_nn_head_categorical(void)
{
    Suite *suite = suite_create("nn/head_categorical");
    TCase *tcase = tcase_create("classes");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_start);
    tcase_add_test(tcase, test_gradient);
    tcase_add_loop_test(tcase, test_refused, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tcase, test_bad_class);
    tcase_add_test(tcase, test_truth);
    suite_add_tcase(suite, tcase);
    return suite;
}
