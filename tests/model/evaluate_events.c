/* How likely events are: one target and two against what moments say, all heads against draws, and
 * what is known already. */
#include "train/fitting.h"

#include <math.h>
#include <string.h>

#include "kernels/rectangle.h"

enum { N = 70, D = 3, EVENTS = 4, MEMBERS = 6, MOST = N * EVENTS };

static const tril_head_opts heads[MEMBERS] = {
    { .kind = &tril_head_full },
    { .kind = &tril_head_student },
    { .kind = &tril_head_mixture, .components = 2 },
    { .kind = &tril_head_lowrank, .rank = 1 },
    { .kind = &tril_head_diagonal },
    { .kind = &tril_head_mixture, .components = 2, .component = &tril_head_diagonal },
};
static const double weight[MEMBERS] = { 0.4, 0.2, 0.1, 0.1, 0.1, 0.1 };

#define INF HUGE_VAL

static fitting f[MEMBERS];
static tril_network nets[MEMBERS];
static tril_ctx *ctx;
static tril_batch rows;
static double p[MOST], se[MOST];

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

/* one member, or all as one */
static bool judge(int of, tril_evaluation out)
{
    out.weight = of < MEMBERS ? NULL : weight;
    return tril_evaluate(of < MEMBERS ? &nets[of] : nets, of < MEMBERS ? 1 : MEMBERS, rows, &out);
}

/* a normal, by mean and covariance; ten standard deviations from the mean too */
START_TEST(test_normal)
{
    static double mean[N * D], covariance[N * D * D], correlation[N * D * D];
    const double events[EVENTS][2][D] = { { { -INF, 0.5, -INF }, { INF, INF, INF } },
                                          { { -INF, 8, -INF }, { INF, INF, INF } },
                                          { { 0.25, -INF, -INF }, { 1, INF, 0.5 } },
                                          { { -INF, -INF, -INF }, { INF, INF, INF } } };
    const double tolerance = IS_DOUBLE ? 1e-9 : 2e-3;
    ck_assert(judge(0, (tril_evaluation){ .mean = mean,
                                          .covariance = covariance,
                                          .correlation = correlation,
                                          .events = &events[0][0][0],
                                          .n_events = EVENTS,
                                          .probability = p,
                                          .probability_se = se }));
    for (size_t i = 0; i < N; i++) {
        const double *m = mean + i * D, *c = covariance + i * D * D, r = correlation[i * D * D + 2],
                     a = sqrt(c[0]), b = sqrt(c[8]);
        const double *own = p + i * EVENTS;
        for (size_t e = 0; e < 2; e++)
            ck_close(own[e], 0.5 * erfc((events[e][0][1] - m[1]) / sqrt(2 * c[4])), tolerance, 0);
        ck_close(own[2],
                 tril_rectangle_probability(INF, r, sqrt((1 - r) * (1 + r)),
                                            (double[]){ (0.25 - m[0]) / a, -INF },
                                            (double[]){ (1 - m[0]) / a, (0.5 - m[2]) / b }),
                 tolerance, 0);
        ck_assert(own[1] > 0 && own[1] < 1e-3 && own[3] == 1);
        for (size_t e = 0; e < EVENTS; e++)
            ck_assert(se[i * EVENTS + e] == 0);
    }
}
END_TEST

/* A bound that nothing passes makes an event of three targets, by draws, of one that two bound; and
 * the four quarters of a plane are the whole. */
START_TEST(test_draws)
{
    const double events[EVENTS + 1][2][D] = { { { 0.25, -INF, -INF }, { INF, 0.5, INF } },
                                              { { 0.25, 0.5, -INF }, { INF, INF, INF } },
                                              { { -INF, -INF, -INF }, { 0.25, 0.5, INF } },
                                              { { -INF, 0.5, -INF }, { 0.25, INF, INF } },
                                              { { 0.25, -INF, -1e30 }, { INF, 0.5, INF } } };
    static double drawn[N], of_drawn[N], all[N];
    double sum = 0;
    tril_evaluation out = {
        .events = &events[0][0][0], .n_events = EVENTS, .probability = p, .probability_se = se
    };
    ck_assert(judge(_i, out));
    out = (tril_evaluation){ .events = &events[EVENTS][0][0],
                             .n_events = 1,
                             .probability = drawn,
                             .probability_se = of_drawn };
    ck_assert(judge(_i, out));
    for (size_t i = 0; i < N; i++) {
        const double *own = p + i * EVENTS;
        ck_close(own[0] + own[1] + own[2] + own[3], 1, IS_DOUBLE ? 1e-11 : 1e-6, 1);
        ck_assert(se[i * EVENTS] == 0 && of_drawn[i] > 0 && of_drawn[i] <= 0.0051);
        ck_close(drawn[i], own[0], 5 * of_drawn[i], 1);
        sum += (drawn[i] - own[0]) * (drawn[i] - own[0]) / of_drawn[i] / of_drawn[i] / N;
    }
    ck_assert_msg(sum > 0.4 && sum < 2, "the errors are %g times what they say", sqrt(sum));
    out.probability = all;
    out.probability_se = NULL;
    ck_assert(_i > 0 || (judge(_i, out) && memcmp(all, drawn, sizeof all) == 0));
    ck_fine(ctx);
}
END_TEST

/* P(event) of the others where what is known is within it; with all known, whether it is */
START_TEST(test_given)
{
    static const bool first[D] = { true }, all[D] = { true, true, true };
    static double mean[N * D], sd[N * D];
    const double events[EVENTS][2][D] = { { { -INF, 0.5, -INF }, { INF, INF, INF } },
                                          { { 0, 0.5, -INF }, { INF, INF, INF } },
                                          { { 0, -INF, -INF }, { INF, INF, INF } },
                                          { { 0, -1e30, -1e30 }, { INF, 1e30, 1e30 } } };
    tril_evaluation out = { .mean = mean,
                            .sd = sd,
                            .given = first,
                            .events = &events[0][0][0],
                            .n_events = EVENTS,
                            .probability = p,
                            .probability_se = se };
    f[0].y[3 * D] = (tril_real)NAN;
    ck_assert(judge(0, out));
    for (size_t i = 0; i < N; i++) {
        const double wanted = 0.5 * erfc((0.5 - mean[i * D + 1]) / sd[i * D + 1] * sqrt(0.5));
        const double *own = p + i * EVENTS, inside = rows.y[i * D] >= 0;
        ck_close(own[0], wanted, IS_DOUBLE ? 1e-9 : 1e-3, 0);
        if (i == 3)
            continue;
        ck_assert(own[1] == inside * own[0] && own[2] == inside);
        ck_close(own[3], inside, 1e-12, 1);
    }
    ck_assert(p[3 * EVENTS + 1] < p[3 * EVENTS] && p[3 * EVENTS + 2] < 1);
    ck_assert(fabs(p[3 * EVENTS + 3] - p[3 * EVENTS + 2]) < 5 * se[3 * EVENTS + 3]);
    out.given = all;
    f[0].y[3 * D] = 1;
    ck_assert(judge(MEMBERS, out));
    for (size_t i = 0; i < N; i++) {
        const tril_real *y = rows.y + i * D;
        ck_assert(p[i * EVENTS] == (y[1] >= (tril_real)0.5));
        ck_assert(p[i * EVENTS + 1] == (y[1] >= (tril_real)0.5 && y[0] >= 0));
        ck_assert(p[i * EVENTS + 3] == (y[0] >= 0) && se[i * EVENTS] == 0);
    }
}
END_TEST

/* of an ensemble too, with the members' weights by what is known: the parts make the whole */
START_TEST(test_given_parts)
{
    static const bool second[D] = { false, true };
    const double events[EVENTS][2][D] = { { { 0.25, -INF, -INF }, { INF, INF, 0.5 } },
                                          { { 0.25, -INF, 0.5 }, { INF, INF, INF } },
                                          { { -INF, -INF, -INF }, { 0.25, INF, 0.5 } },
                                          { { -INF, -INF, 0.5 }, { 0.25, INF, INF } } };
    static double pit[N * D];
    ck_assert(judge(_i, (tril_evaluation){ .given = second,
                                           .events = &events[0][0][0],
                                           .n_events = EVENTS,
                                           .probability = p }));
    for (size_t i = 0; i < N; i++)
        f[0].y[i * D] = (tril_real)0.25;
    ck_assert(judge(_i, (tril_evaluation){ .given = second, .pit = pit }));
    for (size_t i = 0; i < N; i++) {
        const double *own = p + i * EVENTS;
        ck_close(own[0] + own[1], 1 - pit[i * D], IS_DOUBLE ? 1e-11 : 1e-5, 1);
        ck_close(own[2] + own[3], pit[i * D], IS_DOUBLE ? 1e-11 : 1e-5, 1);
    }
}
END_TEST

/* ---- a head of a program's own, of which draws are all that there is */

static size_t plain_width(size_t d, const tril_head_opts *opts)
{
    (void)opts;
    return 2 * d;
}

static tril_dist plain_dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    (void)natural;
    return tril_mvn_diag(tril_slice(raw, -1, 0, h->d), tril_exp(tril_slice(raw, -1, h->d, h->d)));
}

static tril_dist opaque_dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    static tril_dist_kind opaque = { .name = "opaque" };
    tril_dist own = plain_dist(h, raw, natural);
    opaque.rsample = own.kind->rsample;
    own.kind = &opaque;
    return own;
}

START_TEST(test_opaque)
{
    static const tril_head_kind plain = { "plain", .width = plain_width, .dist = plain_dist },
                                opaque = { "opaque", .width = plain_width, .dist = opaque_dist };
    static double exact[N];
    const double event[2][D] = { { 0.25, -INF, -INF }, { INF, 0.5, INF } };
    fitting own = fitting_new(ctx, N, D, 8, &(tril_head_opts){ .kind = &plain });
    tril_evaluation out = {
        .events = event[0], .n_events = 1, .probability = exact, .probability_se = se
    };
    ck_assert(tril_evaluate(&own.net, 1, rows, &out) && se[0] == 0);
    own.net.head.kind = &opaque;
    out.probability = p;
    ck_assert(tril_evaluate(&own.net, 1, rows, &out));
    for (size_t i = 0; i < N; i++)
        ck_assert(se[i] > 0 && fabs(p[i] - exact[i]) < 5 * se[i]);
    ck_fine(ctx);
    fitting_free(&own);
}
END_TEST

START_TEST(test_refusals)
{
    double bounds[2][D] = { { 0, 0, 1 }, { 1, 1, 0.5 } };
    const tril_evaluation out = { .events = bounds[0], .n_events = 1, .probability = p };
    ck_assert(!judge(0, out));
    ck_failed(ctx, TRIL_BAD_ARGUMENT,
              "evaluate: event 0, target 2: the lowest number is 1 and the highest 0.5, want none "
              "above the other");
    bounds[1][2] = (double)NAN;
    ck_assert(!judge(0, out));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "target 2: the lowest number is 1 and the highest nan");
    bounds[1][2] = 1;
    ck_assert(!judge(0, (tril_evaluation){ .n_events = 1, .probability = p }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "evaluate: there are no events");
    ck_assert(judge(0, out));
    ck_assert(p[0] == 0 && p[N - 1] == 0);
}
END_TEST

/* two rows, and what is known of them; draws of a mixture would take too many allocations */
static void judge_two(tril_ctx *on, const tril_head_opts *head, size_t n_events)
{
    static const bool given[D] = { true };
    const double events[2][2][D] = { { { -1, -1, -INF }, { INF, INF, INF } },
                                     { { -1, -1, -1 }, { 1, 1, 1 } } };
    double own_p[4], own_se[4];
    fitting own = fitting_new(on, 2, D, 2, head);
    tril_evaluation out = { .events = &events[0][0][0],
                            .n_events = n_events,
                            .probability = own_p,
                            .probability_se = own_se };
    if (own.net.mlp && tril_evaluate(&own.net, 1, (tril_batch){ own.x, own.y, 2 }, &out)) {
        out.given = given;
        tril_evaluate(&own.net, 1, (tril_batch){ own.x, own.y, 2 }, &out);
    }
    fitting_free(&own);
}

static void judge_exact(tril_ctx *on)
{
    judge_two(on, &heads[5], 1);
}

static void judge_drawn(tril_ctx *on)
{
    judge_two(on, &heads[0], 2);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_gt(exhaust(judge_exact), 5);
    ck_assert_uint_gt(exhaust(judge_drawn), 5);
}
END_TEST

Suite *suite_model_evaluate_events(void)
{
    Suite *suite = suite_create("model/evaluate_events");
    TCase *tcase = tcase_create("events");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_normal);
    tcase_add_test(tcase, test_given);
    tcase_add_loop_test(tcase, test_given_parts, 0, 5);
    tcase_add_test(tcase, test_opaque);
    tcase_add_test(tcase, test_refusals);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    TCase *draws = tcase_create("draws");
    tcase_set_tags(draws, "long");
    tcase_add_checked_fixture(draws, set_up, tear_down);
    tcase_add_loop_test(draws, test_draws, 0, MEMBERS + 1);
    suite_add_tcase(suite, draws);
    return suite;
}
