/* Judging rows some of whose targets are known: what they have together is what is known and the
 * others given it. */
#include "train/fitting.h"

#include <math.h>
#include <string.h>

enum { N = 40, D = 3, MEMBERS = 3 };

static const tril_head_opts heads[MEMBERS] = {
    { .kind = &tril_head_student },
    { .kind = &tril_head_mixture, .components = 2 },
    { .kind = &tril_head_full },
};
static const double weight[MEMBERS] = { 0.5, 0.3, 0.2 };
static const bool given[D] = { true, false, true };

static fitting f[MEMBERS];
static tril_network nets[MEMBERS];
static tril_ctx *ctx;
static tril_batch rows;

static void set_up(void)
{
    ctx = tril_ctx_new(NULL);
    for (size_t k = 0; k < MEMBERS; k++) {
        f[k] = fitting_new(ctx, N, D, 8, &heads[k]);
        nets[k] = f[k].net;
    }
    rows = (tril_batch){ f[0].x, f[0].y, N };
}

static void tear_down(void)
{
    for (size_t k = 0; k < MEMBERS; k++)
        fitting_free(&f[k]);
    tril_ctx_free(ctx);
}

/* by one member, or by all as one; in a row something known is missing, in another what is not */
START_TEST(test_product_is_the_joint)
{
    static double all[N], known[N], rest[N];
    const bool one = _i < MEMBERS;
    const tril_network *of = one ? &nets[_i] : nets;
    const size_t members = one ? 1 : MEMBERS;
    tril_evaluation out = { .nll = rest, .given = given, .weight = one ? NULL : weight };
    f[0].y[5 * D + 2] = f[0].y[7 * D + 1] = f[0].y[7 * D] = (tril_real)NAN;
    ck_assert(tril_evaluate(of, members, rows, &out));
    out = (tril_evaluation){ .nll = all, .weight = out.weight };
    ck_assert(tril_evaluate(of, members, rows, &out));
    for (size_t i = 0; i < N; i++)
        f[0].y[i * D + 1] = (tril_real)NAN;
    out.nll = known;
    ck_assert(tril_evaluate(of, members, rows, &out));
    ck_fine(ctx);
    for (size_t i = 0; i < N; i++)
        ck_close(known[i] + rest[i], all[i], IS_DOUBLE ? 1e-11 : 1e-4, 1);
    ck_close(rest[7], 0, 1e-12, 1);
    ck_assert(fabs(rest[3]) > 1e-3);
}
END_TEST

/* m + C_rs C_ss^-1 (y - m_s), and the variance that is left; what is known stays what it is */
START_TEST(test_moments)
{
    static double mean[N * D], covariance[N * D * D], m[N * D], sd[N * D], c[N * D * D],
        quantile[N * D], correlation[N * D * D], pit[N * D];
    const double tolerance = IS_DOUBLE ? 1e-9 : 1e-4, median = 0.5;
    ck_assert(tril_evaluate(&nets[2], 1, rows,
                            &(tril_evaluation){ .mean = mean, .covariance = covariance }));
    ck_assert(tril_evaluate(&nets[2], 1, rows,
                            &(tril_evaluation){ .mean = m,
                                                .sd = sd,
                                                .covariance = c,
                                                .levels = &median,
                                                .n_levels = 1,
                                                .quantile = quantile,
                                                .correlation = correlation,
                                                .pit = pit,
                                                .given = given }));
    for (size_t i = 0; i < N; i++) {
        const double *s = covariance + i * D * D;
        const tril_real *y = rows.y + i * D;
        const double a = (double)y[0] - mean[i * D], b = (double)y[2] - mean[i * D + 2],
                     det = s[0] * s[8] - s[2] * s[6];
        const double u = (s[8] * s[3] - s[2] * s[5]) / det, v = (s[0] * s[5] - s[2] * s[3]) / det;
        const double variance = s[4] - u * s[3] - v * s[5];
        ck_close(m[i * D + 1], mean[i * D + 1] + u * a + v * b, tolerance, 1);
        ck_close(sd[i * D + 1], sqrt(variance), 10 * tolerance, 0);
        ck_close(c[i * D * D + 4], variance, 10 * tolerance, 0);
        ck_close(quantile[i * D + 1], m[i * D + 1], tolerance, 1);
        ck_assert(m[i * D] == (double)y[0] && quantile[i * D + 2] == (double)y[2]);
        ck_assert(sd[i * D] == 0 && c[i * D * D] == 0 && c[i * D * D + 1] == 0);
        ck_assert(correlation[i * D * D] == 1 && correlation[i * D * D + 1] == 0);
        ck_assert(correlation[i * D * D + 4] == 1 && isnan(pit[i * D]) && !isnan(pit[i * D + 1]));
    }
}
END_TEST

/* nothing is known, or everything */
START_TEST(test_none_and_all)
{
    static double a[N], b[N], mean[N * D], level[N], spread[N], energy[N], crps[N * D];
    const bool whole[D] = { true, true, true }, none[D] = { 0 };
    tril_evaluation out = { .nll = a };
    ck_assert(tril_evaluate(nets, MEMBERS, rows, &out));
    out = (tril_evaluation){ .nll = b, .given = none };
    ck_assert(tril_evaluate(nets, MEMBERS, rows, &out));
    for (size_t i = 0; i < N; i++)
        ck_close(b[i], a[i], IS_DOUBLE ? 1e-13 : 1e-5, 1);
    out = (tril_evaluation){ .nll = b,
                             .mean = mean,
                             .level = level,
                             .spread = spread,
                             .energy = energy,
                             .crps = crps,
                             .given = whole };
    ck_assert(tril_evaluate(nets, MEMBERS, rows, &out));
    for (size_t i = 0; i < N; i++) {
        ck_assert(b[i] == 0 && isnan(level[i]) && isnan(spread[i]) && isnan(energy[i]));
        for (size_t j = i * D; j < i * D + D; j++)
            ck_assert(mean[j] == (double)rows.y[j] && isnan(crps[j]));
    }
    rows.y = NULL;
    ck_assert(
        !tril_evaluate(nets, MEMBERS, rows, &(tril_evaluation){ .mean = mean, .given = whole }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "evaluate: there are no targets");
}
END_TEST

static void judge_two(tril_ctx *on)
{
    fitting own = fitting_new(on, 2, D, 2, &heads[1]);
    double nll[2], mean[2 * D], crps[2 * D];
    if (own.net.mlp)
        tril_evaluate(&own.net, 1, (tril_batch){ own.x, own.y, 2 },
                      &(tril_evaluation){ .nll = nll, .mean = mean, .crps = crps, .given = given });
    fitting_free(&own);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_gt(exhaust(judge_two), 5);
}
END_TEST

Suite *suite_model_evaluate_given(void)
{
    Suite *suite = suite_create("model/evaluate_given");
    TCase *tcase = tcase_create("given");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_product_is_the_joint, 0, MEMBERS + 1);
    tcase_add_test(tcase, test_moments);
    tcase_add_test(tcase, test_none_and_all);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
