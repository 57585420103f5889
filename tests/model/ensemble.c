/* Weights of members by how likely rows are by each. */
#include "train/fitting.h"

#include <math.h>
#include <string.h>

enum { MEMBERS = 3, ROWS = 9 };

/* standard normals at 0, 1000 and -1000, and rows of which there is no doubt whose they are */
START_TEST(test_shares)
{
    const tril_head_opts head = { .diagonal = TRIL_DIAGONAL_EXP, .floor = TRIL_NO_FLOOR };
    const tril_real x[ROWS * INPUTS] = { 0 }, y[ROWS] = { 0, 1, 1000, 0, -1, 1001, 999, 0, 1 };
    const double counts[MEMBERS] = { 6, 3, 0 };
    double weight[MEMBERS];
    tril_network nets[MEMBERS];
    fitting f[MEMBERS];
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (int k = 0; k < MEMBERS; k++) {
        f[k] = fitting_new(ctx, 1, 1, 0, &head);
        nets[k] = f[k].net;
        memset(tril_params_values(f[k].params), 0, 4 * sizeof(tril_real));
        *fitting_bias(&f[k], 0) = (tril_real)(k == 2 ? -1000 : 1000 * k);
    }
    ck_assert(tril_ensemble_weights(nets, MEMBERS, (tril_batch){ x, y, ROWS }, weight));
    for (int k = 0; k < MEMBERS; k++)
        ck_close(weight[k], (counts[k] + 1) / (ROWS + MEMBERS), 1e-6, 0);
    ck_assert(tril_ensemble_weights(nets, MEMBERS, (tril_batch){ 0 }, weight));
    for (int k = 0; k < MEMBERS; k++)
        ck_close(weight[k], 1. / MEMBERS, 1e-12, 0);
    for (int k = 0; k < MEMBERS; k++)
        fitting_free(&f[k]);
    tril_ctx_free(ctx);
}
END_TEST

/* of two normals that overlap: where another weight does not give the rows a larger density */
START_TEST(test_best)
{
    enum { N = 2000 };
    static tril_real x[N * INPUTS], y[N];
    double weight[2], each[2], apart = 0;
    tril_network nets[2];
    fitting f[2];
    tril_ctx *ctx = tril_ctx_new(NULL);
    const tril_head_opts head = { .diagonal = TRIL_DIAGONAL_EXP, .floor = TRIL_NO_FLOOR };
    tril_random random = tril_random_stream(3, 1);
    tril_random_normal(&random, y, N);
    for (int i = 0; i < N; i++)
        y[i] += i % 10 < 7 ? 0 : 2; /* 0.7 and 0.3 */
    for (int k = 0; k < 2; k++) {
        f[k] = fitting_new(ctx, 1, 1, 0, &head);
        nets[k] = f[k].net;
        memset(tril_params_values(f[k].params), 0, 4 * sizeof(tril_real));
        *fitting_bias(&f[k], 0) = (tril_real)(2 * k);
    }
    ck_assert(tril_ensemble_weights(nets, 2, (tril_batch){ x, y, N }, weight));
    ck_close(weight[0], 0.7, 0.05, 0);
    for (int i = 0; i < N; i++) { /* what each weight would like to be is what it is */
        for (int k = 0; k < 2; k++)
            each[k] = weight[k] * exp(-0.5 * ((double)y[i] - 2 * k) * ((double)y[i] - 2 * k));
        apart += each[0] / (each[0] + each[1]);
    }
    ck_close(weight[0], (apart + 1) / (N + 2), 1e-5, 0);
    for (int k = 0; k < 2; k++)
        fitting_free(&f[k]);
    tril_ctx_free(ctx);
}
END_TEST

/* what the mixture of densities e^-1 and e^-3, and of two that underflow, is */
START_TEST(test_mixed)
{
    const double nll[] = { 1, 2000, 3, 1990 }, weight[] = { 0.25, 0.75 };
    double out[2], same[2];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_ensemble_nll(nll, weight, 2, 2, out);
    ck_close(out[0], -log(0.25 * exp(-1) + 0.75 * exp(-3)), 1e-14, 0);
    ck_close(out[1], 1990 - log(0.75 + 0.25 * exp(-10)), 1e-14, 0);
    ck_assert(tril_ensemble_stack(ctx, (const double[]){ 5, 5, 5, 5 }, 2, NULL, 2, same));
    ck_close(same[0], 0.5, 1e-12, 0);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_refused)
{
    const tril_real x[INPUTS] = { 0 }, y = (tril_real)NAN;
    double weight[1];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_new(ctx, 1, 1, 0, NULL);
    ck_assert(!tril_ensemble_weights(NULL, 1, (tril_batch){ x, &y, 1 }, weight));
    ck_assert(!tril_ensemble_weights(&f.net, 0, (tril_batch){ x, &y, 1 }, weight));
    ck_assert(!tril_ensemble_weights(&f.net, 1, (tril_batch){ NULL, &y, 1 }, weight));
    ck_assert(tril_ctx_failed(ctx));
    tril_ctx_clear(ctx);
    const double nll[4] = { 1, 2, 3, HUGE_VAL };
    double of[2];
    ck_assert(!tril_ensemble_stack(ctx, nll, 2, (const tril_real[]){ 1, -1 }, 2, of));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "ensemble: the weight of row 1 is -1, want a number");
    ck_assert(!tril_ensemble_stack(ctx, nll, 2, (const tril_real[]){ 0, 0 }, 2, of));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "ensemble: all weights are 0");
    ck_assert(!tril_ensemble_stack(ctx, nll, 2, NULL, 2, of));
    ck_failed(ctx, TRIL_NOT_FINITE, "ensemble: the NLL of member 1 is inf in row 1");
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_model_ensemble(void)
{
    Suite *suite = suite_create("model/ensemble");
    TCase *tcase = tcase_create("weights");
    tcase_add_test(tcase, test_shares);
    tcase_add_test(tcase, test_best);
    tcase_add_test(tcase, test_mixed);
    tcase_add_test(tcase, test_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
