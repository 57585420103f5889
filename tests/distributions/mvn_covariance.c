/* The normal by its covariance is the one by its factor. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { D = 3 };

static const tril_real factor[D * D] = { 1.5f, 0, 0, .5f, 1, 0, -.25f, .75f, 2 };
static const tril_real loc[D] = { 1, -1, .5f }, ys[2 * D] = { 0, 0, 0, 2, -2, 1 };

static void covariance_of(tril_real *covariance)
{
    for (size_t i = 0; i < D * D; i++) {
        double sum = 0;
        for (size_t k = 0; k < D; k++)
            sum += (double)factor[i / D * D + k] * (double)factor[i % D * D + k];
        covariance[i] = (tril_real)sum;
    }
}

START_TEST(test_is_the_same)
{
    tril_real covariance[D * D];
    covariance_of(covariance);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var m = tril_input(tape, loc, TRIL_SHAPE(D)), y = tril_input(tape, ys, TRIL_SHAPE(2, D));
    tril_var sigma = tril_input(tape, covariance, TRIL_SHAPE(D, D));
    tril_dist p = tril_mvn(m, tril_input(tape, factor, TRIL_SHAPE(D, D)));
    tril_dist q = tril_mvn_covariance(m, sigma);
    const tril_real *a = tril_value(tril_log_prob(p, y)), *b = tril_value(tril_log_prob(q, y));
    const tril_real *c = tril_value(tril_dist_covariance(q));
    ck_fine(ctx);
    for (size_t i = 0; i < 2; i++)
        ck_close(a[i], b[i], IS_DOUBLE ? 1e-14 : 1e-5, 1);
    for (size_t i = 0; i < D * D; i++)
        ck_close(c[i], covariance[i], IS_DOUBLE ? 1e-14 : 1e-5, 1);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

static tril_var symmetric_log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    (void)user;
    tril_var sum = tril_add(in[0], tril_transpose(in[0], 0, 1));
    tril_var sigma = tril_mul(sum, tril_scalar(tape, (tril_real)0.5));
    return tril_log_prob(tril_mvn_covariance(tril_input(tape, loc, TRIL_SHAPE(D)), sigma),
                         tril_input(tape, ys, TRIL_SHAPE(2, D)));
}

/* (a a' - the inverse) / 2 in closed form; here against differences, a matrix moved with its
 * transpose */
START_TEST(test_gradient)
{
    tril_real covariance[D * D];
    covariance_of(covariance);
    tril_gradcheck_input input = { covariance, TRIL_SHAPE(D, D) };
    tril_gradcheck_report report;
    tril_ctx *ctx = tril_ctx_new(NULL);
    bool right = tril_gradcheck(ctx, symmetric_log_prob, NULL, &input, 1, NULL, &report);
    ck_fine(ctx);
    ck_assert_msg(right, "%s", report.text);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_not_definite)
{
    const tril_real sigma[8] = { 1, 0, 0, 1, 1, 2, 2, 1 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p = tril_mvn_covariance(tril_input(tape, loc, TRIL_SHAPE(2)),
                                      tril_input(tape, sigma, TRIL_SHAPE(2, 2, 2)));
    ck_assert_ptr_null(p.kind);
    ck_failed(
        ctx, TRIL_NOT_POSITIVE,
        "mvn_covariance: the matrix of batch index [1] is not positive definite: pivot 1 is -3");
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_distributions_mvn_covariance(void)
{
    Suite *suite = suite_create("distributions/mvn_covariance");
    TCase *tcase = tcase_create("covariance");
    tcase_add_test(tcase, test_is_the_same);
    tcase_add_test(tcase, test_gradient);
    tcase_add_test(tcase, test_not_definite);
    suite_add_tcase(suite, tcase);
    return suite;
}
