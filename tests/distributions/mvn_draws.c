/* Draws of the multivariate normal: their moments by z-tests at fixed seeds, their gradients, their
 * stream. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { D = 3, BATCH = 2, DRAWS = 20000 };

static const tril_real loc[BATCH * D] = { 1, -2, 3, 0, 10, -.5f };
static const tril_real scale_tril[BATCH * D * D] = { 1,   0, 0, 2, .5f, 0, -1, 1, .25f,
                                                     .5f, 0, 0, 0, 3,   0, 4,  0, 1 };

/* beyond this many standard errors in none of the few dozen numbers compared */
static const double limit = 4.5;

static double true_covariance(size_t b, size_t i, size_t j)
{
    double sum = 0;
    for (size_t k = 0; k < D; k++)
        sum += (double)scale_tril[(b * D + i) * D + k] * (double)scale_tril[(b * D + j) * D + k];
    return sum;
}

/* E (x_i - mu_i)(x_j - mu_j) and its standard error; between members of the batch it is 0 */
static void check_covariance(const tril_real *x, size_t i, size_t j)
{
    double sum = 0, wanted = i / D == j / D ? true_covariance(i / D, i % D, j % D) : 0;
    for (size_t n = 0; n < DRAWS; n++)
        sum += ((double)x[n * BATCH * D + i] - (double)loc[i]) *
               ((double)x[n * BATCH * D + j] - (double)loc[j]);
    double variance = true_covariance(i / D, i % D, i % D) * true_covariance(j / D, j % D, j % D) +
                      wanted * wanted;
    double z = (sum / DRAWS - wanted) / sqrt(variance / DRAWS);
    ck_assert_msg(fabs(z) < limit, "covariance of %zu and %zu is %g standard errors off", i, j, z);
}

START_TEST(test_moments)
{
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 11 });
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p = tril_mvn(tril_input(tape, loc, TRIL_SHAPE(BATCH, D)),
                           tril_input(tape, scale_tril, TRIL_SHAPE(BATCH, D, D)));
    tril_var draws = tril_sample(p, DRAWS);
    ck_fine(ctx);
    ck_assert(tril_shape_equal(tril_shape_of(draws), TRIL_SHAPE(DRAWS, BATCH, D)));
    const tril_real *x = tril_value(draws);
    for (size_t i = 0; i < BATCH * D; i++) {
        double sum = 0, sigma = sqrt(true_covariance(i / D, i % D, i % D));
        for (size_t n = 0; n < DRAWS; n++)
            sum += (double)x[n * BATCH * D + i] - (double)loc[i];
        double z = sum / DRAWS / (sigma / sqrt(DRAWS));
        ck_assert_msg(fabs(z) < limit, "mean %zu is %g standard errors off", i, z);
        for (size_t j = 0; j <= i; j++)
            check_covariance(x, i, j);
    }
    /* -log p of a draw has the entropy as its mean, and variance d/2 */
    tril_var surprise = tril_neg(tril_mean_axis(tril_log_prob(p, draws), 0, false));
    tril_var entropy = tril_entropy(p);
    ck_fine(ctx);
    for (size_t b = 0; b < BATCH; b++) {
        double off = (double)tril_value(surprise)[b] - (double)tril_value(entropy)[b];
        ck_assert_double_lt(fabs(off), limit * sqrt(0.5 * D / DRAWS));
    }
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_sample_and_rsample)
{
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 12 });
    tril_tape *tape = tril_tape_new(ctx);
    tril_var mu = tril_requires_grad(tril_input(tape, loc, TRIL_SHAPE(D)));
    tril_var factor = tril_requires_grad(tril_input(tape, scale_tril, TRIL_SHAPE(D, D)));
    tril_dist p = tril_mvn(mu, factor);
    tril_random at = *tril_ctx_random(ctx);
    tril_var drawn = tril_sample(p, 0), next = tril_sample(p, 0);
    *tril_ctx_random(ctx) = at;
    tril_var again = tril_rsample(p, 0);
    ck_fine(ctx);
    ck_assert_mem_eq(tril_value(drawn), tril_value(again), D * sizeof(tril_real));
    for (size_t i = 0; i < D; i++)
        ck_assert(tril_value(drawn)[i] != tril_value(next)[i]);

    ck_assert(!tril_backward(tril_sum(drawn)));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "backward: the result of sum depends on no parameter");

    /* d sum x / d loc = 1, and / d L_ij = eps_j, which the draw gives back by substitution */
    ck_assert(tril_backward(tril_sum(again)));
    double eps[D];
    for (size_t i = 0; i < D; i++) {
        double rest = (double)tril_value(again)[i] - (double)loc[i];
        for (size_t j = 0; j < i; j++)
            rest -= (double)scale_tril[i * D + j] * eps[j];
        eps[i] = rest / (double)scale_tril[i * D + i];
        ck_assert(tril_grad(mu)[i] == 1);
        for (size_t k = 0; k < D; k++)
            if (k > i)
                ck_assert(tril_grad(factor)[i * D + k] == 0);
            else
                ck_close(tril_grad(factor)[i * D + k], eps[k], IS_DOUBLE ? 1e-13 : 1e-5, 1);
    }
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* draws depend on the seed alone */
START_TEST(test_seeds)
{
    tril_real drawn[3][D];
    for (size_t i = 0; i < 3; i++) {
        tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = i / 2 });
        tril_tape *tape = tril_tape_new(ctx);
        tril_dist p = tril_mvn(tril_input(tape, loc, TRIL_SHAPE(D)),
                               tril_input(tape, scale_tril, TRIL_SHAPE(D, D)));
        memcpy(drawn[i], tril_value(tril_sample(p, 1)), sizeof drawn[i]);
        ck_fine(ctx);
        tril_tape_free(tape);
        tril_ctx_free(ctx);
    }
    ck_assert_mem_eq(drawn[0], drawn[1], sizeof drawn[0]);
    ck_assert_mem_ne(drawn[0], drawn[2], sizeof drawn[0]);
}
END_TEST

Suite *suite_distributions_mvn_draws(void)
{
    Suite *suite = suite_create("distributions/mvn_draws");
    TCase *tcase = tcase_create("draws");
    tcase_add_test(tcase, test_moments);
    tcase_add_test(tcase, test_sample_and_rsample);
    tcase_add_test(tcase, test_seeds);
    suite_add_tcase(suite, tcase);
    return suite;
}
