/* Networks with a line under them: where a fit of one begins, and what noise does to it. */
#include "train/fitting.h"

#include <math.h>
#include <string.h>

enum { ROWS = 1000, TARGETS = 2 };

static tril_real x[ROWS * INPUTS], y[ROWS * TARGETS];

/* a line with residuals that are correlated: sizes 1 and 1/2, correlation 0.6 */
static void draw(tril_real slope)
{
    tril_random random = tril_random_stream(5, 1);
    tril_random_normal(&random, x, ROWS * INPUTS);
    tril_random_normal(&random, y, ROWS * TARGETS);
    for (size_t i = 0; i < ROWS; i++) {
        tril_real *z = y + i * TARGETS;
        z[1] = (tril_real)0.5 * ((tril_real)0.6 * z[0] + (tril_real)0.8 * z[1]);
        z[0] += 3 + slope * (x[i * INPUTS] - 2 * x[i * INPUTS + 1]);
        z[1] += slope * x[i * INPUTS + 1];
    }
}

typedef struct lined {
    tril_ctx *ctx;
    tril_params *params;
    tril_network net;
} lined;

static lined lined_new(void)
{
    lined l = { .ctx = tril_ctx_new(NULL) };
    l.params = tril_params_new(l.ctx);
    l.net = tril_network_new(l.params, TARGETS,
                             &(tril_mlp_opts){ .inputs = INPUTS, .hidden = { 8 } }, NULL);
    ck_fine(l.ctx);
    return l;
}

static void lined_free(lined *l)
{
    tril_params_free(l->params);
    tril_ctx_free(l->ctx);
}

/* what is no network says nothing */
START_TEST(test_inert)
{
    lined l = lined_new();
    tril_tape *tape = tril_tape_new(l.ctx);
    tril_var inputs = tril_input(tape, x, TRIL_SHAPE(1, INPUTS));
    ck_assert_ptr_null(tril_network_new(NULL, 1, &(tril_mlp_opts){ .inputs = 1 }, NULL).mlp);
    ck_assert_ptr_null(tril_network_new(l.params, 1, NULL, NULL).mlp);
    ck_assert_ptr_null(tril_network_new(l.params, 0, &(tril_mlp_opts){ .inputs = 1 }, NULL).mlp);
    ck_failed(l.ctx, TRIL_BAD_ARGUMENT, "network: there are no targets");
    const tril_head_opts one = { .kind = &tril_head_categorical, .classes = 1 };
    tril_params *params = tril_params_new(l.ctx);
    ck_assert_ptr_null(tril_network_new(params, 1, &(tril_mlp_opts){ .inputs = 1 }, &one).mlp);
    ck_failed(l.ctx, TRIL_BAD_ARGUMENT, "head: the head categorical takes one target, of at least");
    tril_params_free(params);
    ck_assert_ptr_null(tril_network_dist(NULL, inputs).kind);
    ck_assert_ptr_null(tril_network_dist(&(tril_network){ 0 }, inputs).kind);
    ck_fine(l.ctx);
    tril_tape_reset(tape);
    ck_assert_ptr_null(tril_network_dist(&l.net, inputs).kind);
    ck_failed(l.ctx, TRIL_BAD_VAR, "network: a var from before the tape's last reset");
    tril_tape_free(tape);
    lined_free(&l);
}
END_TEST

/* NLL before and after an epoch that moves nothing */
static void figures(const tril_fit_opts *opts, double *first, double *after, double slope[4])
{
    lined l = lined_new();
    tril_fit_opts own = *opts;
    own.lr = 1e-30;
    tril_fit *fit = tril_fit_new(&l.net, (tril_batch){ x, y, ROWS }, &own);
    *first = tril_fit_get_status(fit).train_nll;
    tril_fit_epoch(fit);
    *after = tril_fit_get_status(fit).train_nll;
    ck_fine(l.ctx);
    for (size_t i = 0; i < 4; i++)
        slope[i] = (double)tril_param_values(l.net.line.weight)[i];
    tril_fit_free(fit);
    lined_free(&l);
}

/* the covariance of residuals is known: log det = log(0.5 * 0.8), d/2 (1 + log 2 pi) beside it */
START_TEST(test_begins_at_line)
{
    const double wanted[4] = { 1, -2, 0, 1 }, entropy = 1 + log(2 * acos(-1.)) + log(0.4);
    double first, after, slope[4];
    draw(1);
    figures(&(tril_fit_opts){ 0 }, &first, &after, slope);
    ck_close(first, entropy, 0.1, 0);
    ck_close(after, first, 1e-6, 1); /* batches' sums and the whole one */
    for (size_t i = 0; i < 4; i++)
        ck_close(slope[i], wanted[i], 0.1, 1);
    figures(&(tril_fit_opts){ .flat = true }, &first, &after, slope);
    ck_assert(first > entropy + 1);
    for (size_t i = 0; i < 4; i++)
        ck_assert(slope[i] == 0);
}
END_TEST

/* Before the first step a network says the same of all inputs: noise shows in the line alone. That
 * sees it where it moves by less than a twentieth of what it leaves. */
START_TEST(test_noise_in_line)
{
    double first, clean, noisy, slope[4];
    const double scale[] = { 1, 1, 20 };
    draw(_i == 1 ? 50 : 1);
    figures(&(tril_fit_opts){ 0 }, &first, &clean, slope);
    figures(&(tril_fit_opts){ .input_noise = scale[_i] }, &first, &noisy, slope);
    ck_assert((noisy == clean) == (_i > 0));
    ck_close(noisy, clean, 0.01, 1);
}
END_TEST

/* where a target is missing the others see it as they did */
START_TEST(test_noise_and_missing)
{
    double first, clean, noisy, slope[4];
    draw(1);
    y[0] = (tril_real)NAN;
    figures(&(tril_fit_opts){ .missing = true }, &first, &clean, slope);
    figures(&(tril_fit_opts){ .missing = true, .input_noise = 1 }, &first, &noisy, slope);
    ck_assert(isfinite(noisy) && noisy != clean);
    ck_close(noisy, clean, 0.01, 1);
}
END_TEST

Suite *suite_train_network(void)
{
    Suite *suite = suite_create("train/network");
    TCase *tcase = tcase_create("line");
    tcase_add_test(tcase, test_inert);
    tcase_add_test(tcase, test_begins_at_line);
    tcase_add_loop_test(tcase, test_noise_in_line, 0, 3);
    tcase_add_test(tcase, test_noise_and_missing);
    suite_add_tcase(suite, tcase);
    return suite;
}
