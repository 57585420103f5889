/* Where heads of other forms than the full one begin: at their fit of the targets, or near it. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { ROWS = 200, D = 3, INPUTS = 2, MOST = 80 };

/* ---- targets: correlated, skewed columns, each with a scale and a mean of its own */

static tril_real targets[ROWS * D];

static void make_targets(const double *scale, double correlation)
{
    tril_random random = tril_random_stream(33, 0);
    for (size_t i = 0; i < ROWS; i++) {
        tril_real e[D];
        tril_random_normal(&random, e, D);
        double a = (double)e[0], b = correlation * a + 0.5 * (double)e[1],
               c = correlation * (b * b - a) + 0.3 * (double)e[2];
        targets[i * D] = (tril_real)(scale[0] * (a + 0.5));
        targets[i * D + 1] = (tril_real)(scale[1] * (b - 2));
        targets[i * D + 2] = (tril_real)(scale[2] * c);
    }
}

static void moments(double mean[D], double s[D][D])
{
    memset(mean, 0, D * sizeof *mean);
    memset(s, 0, D * sizeof *s);
    for (size_t i = 0; i < ROWS * D; i++)
        mean[i % D] += (double)targets[i] / ROWS;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < D; j++)
            for (size_t k = 0; k < D; k++)
                s[j][k] += ((double)targets[i * D + j] - mean[j]) *
                           ((double)targets[i * D + k] - mean[k]) / ROWS;
}

/* the NLL of the full or of the diagonal fit: d/2 (1 + log 2 pi) + log det / 2 */
static double fit(bool diagonal)
{
    double mean[D], s[D][D];
    moments(mean, s);
    double log_det = log(s[0][0]) + log(s[1][1]) + log(s[2][2]);
    if (!diagonal) {
        double r01 = s[0][1] / sqrt(s[0][0] * s[1][1]), r02 = s[0][2] / sqrt(s[0][0] * s[2][2]),
               r12 = s[1][2] / sqrt(s[1][1] * s[2][2]);
        log_det += log(1 - r01 * r01 - r02 * r02 - r12 * r12 + 2 * r01 * r02 * r12);
    }
    return 0.5 * D * (1 + log(2 * acos(-1))) + 0.5 * log_det;
}

/* ---- the first NLL of a network, and the bias that it begins with */

static double bias[MOST];
static double covariance[D * D]; /* of the distribution that it begins with */

static double first_nll(tril_head_opts opts)
{
    static tril_real x[ROWS * INPUTS];
    tril_random random = tril_random_stream(32, 0);
    tril_random_normal(&random, x, ROWS * INPUTS);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    if (opts.kind == &tril_head_shared)
        opts.shared = tril_head_shared_new(params, "covariance", D);
    size_t width = tril_head_width(D, &opts);
    ck_assert_uint_le(width, MOST);
    tril_mlp *net = tril_mlp_new(
        params, "net", &(tril_mlp_opts){ .inputs = INPUTS, .hidden = { 5 }, .outputs = width });
    tril_dense *last = tril_mlp_last(net);
    bool started = tril_head_init(last, targets, ROWS, D, &opts);
    ck_fine(ctx);
    ck_assert(started);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var input = tril_input(tape, x, TRIL_SHAPE(ROWS, INPUTS));
    tril_dist p = tril_head(tril_mlp_apply(net, input), D, &opts);
    tril_var log_prob = tril_log_prob(p, tril_input(tape, targets, TRIL_SHAPE(ROWS, D)));
    double nll = -(double)tril_item(tril_mean(log_prob));
    const tril_real *first = tril_value(tril_dist_covariance(p));
    ck_fine(ctx);
    for (size_t i = 0; i < D * D; i++)
        covariance[i] = (double)first[i];
    for (size_t i = 0; i < width; i++)
        bias[i] = (double)tril_param_values(tril_dense_bias(last))[i];
    tril_tape_free(tape);
    tril_params_free(params);
    tril_ctx_free(ctx);
    return nll;
}

static const double scales[][D] = {
    { 1, 1, 1 }, { 1e-3, 1e-3, 1e-3 }, { 1e3, 1e3, 1e3 }, { 1e-3, 1, 1e3 }, { 1e3, 1, 1e-3 },
};

enum { N_SCALES = sizeof scales / sizeof *scales };

START_TEST(test_exact)
{
    static const tril_head_kind *const forms[] = { &tril_head_diagonal, &tril_head_precision,
                                                   &tril_head_shared };
    make_targets(scales[_i], 0.8);
    for (int k = 0; k < 3 * 3 * 2; k++) {
        const tril_head_opts opts = { .kind = forms[k / 6],
                                      .diagonal = (tril_diagonal_transform)(1 + k % 3),
                                      .relative_off_diagonal = k / 3 % 2,
                                      .floor = TRIL_NO_FLOOR };
        ck_close(first_nll(opts), fit(opts.kind == &tril_head_diagonal), IS_DOUBLE ? 1e-10 : 1e-5,
                 1);
    }
}
END_TEST

/* One factor explains three correlations, but for signs that no factor has; what is between the two
 * fits is the share that it explains. */
START_TEST(test_low_rank)
{
    for (size_t rank = 1; rank < 5; rank++)
        for (double correlation = 0; correlation < 3; correlation += 0.8) {
            make_targets(scales[_i], correlation);
            const tril_head_opts opts = { .kind = &tril_head_lowrank,
                                          .rank = rank,
                                          .diagonal = TRIL_DIAGONAL_EXP,
                                          .floor = TRIL_NO_FLOOR };
            double nll = first_nll(opts), diagonal = fit(true), full = fit(false);
            ck_assert_double_le(nll, diagonal + 1e-6);
            ck_assert_double_ge(nll, full - 1e-6);
            ck_assert_double_le(nll, full + 0.05 * (diagonal - full) + 2e-3);
            for (size_t i = 0; i < D * rank; i++)
                ck_assert(bias[D + i] != 0);
        }
}
END_TEST

/* not more than 1/3 + log(3/4) / 2 above the fit of one component, whose means are not one */
START_TEST(test_mixture)
{
    static const tril_head_kind *const forms[] = { &tril_head_full, &tril_head_diagonal,
                                                   &tril_head_precision, &tril_head_lowrank };
    for (size_t form = 0; form < 4; form++)
        for (size_t k = 1; k < 7; k++) {
            make_targets(scales[_i], 0.8);
            tril_head_opts opts = { .kind = forms[form],
                                    .rank = 1,
                                    .diagonal = TRIL_DIAGONAL_EXP,
                                    .floor = TRIL_NO_FLOOR };
            size_t width = tril_head_width(D, &opts);
            double one = first_nll(opts);
            opts.component = opts.kind;
            opts.kind = &tril_head_mixture;
            opts.components = k;
            double nll = first_nll(opts);
            ck_assert_double_le(nll, one + (k > 1) * 0.19 + (IS_DOUBLE ? 1e-10 : 1e-5));
            double mean[D], s[D][D];
            moments(mean, s);
            for (size_t i = 0; i < D * D && opts.component != &tril_head_lowrank; i++)
                if (opts.component != &tril_head_diagonal || i % (D + 1) == 0)
                    ck_close(covariance[i], s[i / D][i % D], IS_DOUBLE ? 1e-10 : 1e-4,
                             sqrt(s[i / D][i / D] * s[i % D][i % D]));
            for (size_t c = 1; c < k; c++)
                for (size_t j = 0; j < D; j++)
                    ck_assert_double_gt(
                        fabs(bias[k + c * width + j] - bias[k + (c - 1) * width + j]),
                        0.01 * scales[_i][j]);
        }
}
END_TEST

/* At most d/20 above the fit for any targets: near it for skewed ones, below where a few rows are
 * far off. With the covariance of the fit, but for what ten degrees of freedom add. */
START_TEST(test_student)
{
    for (int k = 0; k < 3 * 2 * 2; k++) {
        const tril_head_opts opts = { .kind = &tril_head_student,
                                      .diagonal = (tril_diagonal_transform)(1 + k % 3),
                                      .relative_off_diagonal = k / 3 % 2,
                                      .floor = TRIL_NO_FLOOR };
        make_targets(scales[_i], 0.8);
        for (size_t i = 0; i < 4 * D && k / 6; i++)
            targets[i] *= 30;
        double nll = first_nll(opts), full = fit(false), mean[D], s[D][D];
        if (k / 6)
            ck_assert_double_lt(nll, full - 1);
        else
            ck_assert(nll > full - 0.1 && nll < full + D / 20.);
        moments(mean, s);
        for (size_t i = 0; i < D * D; i++)
            ck_close(covariance[i], 1.25 * s[i / D][i % D], IS_DOUBLE ? 1e-10 : 1e-4,
                     sqrt(s[i / D][i / D] * s[i % D][i % D]));
    }
}
END_TEST

/* rows of one distance, which are furthest from a normal's: the bound is all but met */
START_TEST(test_student_bound)
{
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < D; j++) /* plus and minus each axis */
            targets[i * D + j] = (tril_real)(j == i % D ? (i / D % 2 ? -1 : 1) : 0);
    memset(targets + 198 * D, 0, 2 * D * sizeof *targets);
    const tril_head_opts opts = { .kind = &tril_head_student, .floor = TRIL_NO_FLOOR };
    double above = first_nll(opts) - fit(false);
    ck_assert(above > 0.12 && above < D / 20.);
}
END_TEST

/* ---- columns without variance, or that depend on others */

static const struct {
    tril_head_opts opts;
    bool copied;      /* column 1 is column 0; otherwise it is constant */
    const char *text; /* NULL: is fine */
} degenerate[] = {
    { { .kind = &tril_head_diagonal }, false, "target column 1 is constant (pivot 0)" },
    { { .kind = &tril_head_diagonal }, true, NULL },
    { { .kind = &tril_head_precision },
      true,
      "column 0 is constant or a combination of those after" },
    { { .kind = &tril_head_shared },
      true,
      "column 1 is constant or a combination of those before" },
    { { .kind = &tril_head_student },
      true,
      "column 1 is constant or a combination of those before" },
    { { .kind = &tril_head_lowrank, .rank = 1 }, false, "target column 1 is constant (pivot 0)" },
    { { .kind = &tril_head_lowrank, .rank = 1 }, true, NULL },
    { { .kind = &tril_head_mixture, .components = 2 },
      true,
      "column 1 is constant or a combination" },
};

START_TEST(test_degenerate)
{
    make_targets(scales[0], 0.8);
    for (size_t i = 0; i < ROWS; i++)
        targets[i * D + 1] = degenerate[_i].copied ? targets[i * D] : (tril_real)0.1;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_head_opts opts = degenerate[_i].opts;
    opts.floor = TRIL_NO_FLOOR;
    if (opts.kind == &tril_head_shared)
        opts.shared = tril_head_shared_new(params, "covariance", D);
    tril_dense *last = tril_dense_new(
        params, "last",
        &(tril_dense_opts){ .inputs = INPUTS, .outputs = tril_head_width(D, &opts) });
    tril_real before[MOST * 4];
    size_t bytes = tril_params_size(params) * sizeof *before;
    memcpy(before, tril_params_values(params), bytes);
    ck_assert(tril_head_init(last, targets, ROWS, D, &opts) == !degenerate[_i].text);
    if (degenerate[_i].text) {
        ck_failed(ctx, TRIL_NOT_POSITIVE, degenerate[_i].text);
        ck_assert_mem_eq(before, tril_params_values(params), bytes);
    }
    opts.floor = 0;
    ck_assert(tril_head_init(last, targets, ROWS, D, &opts));
    ck_fine(ctx);
    opts.floor = 1e-6;
    ck_assert(isfinite(first_nll(opts)));
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_nn_head_init_forms(void)
{
    Suite *suite = suite_create("nn/head_init_forms");
    TCase *tcase = tcase_create("start");
    tcase_add_loop_test(tcase, test_exact, 0, N_SCALES);
    tcase_add_loop_test(tcase, test_low_rank, 0, N_SCALES);
    tcase_add_loop_test(tcase, test_mixture, 0, N_SCALES);
    tcase_add_loop_test(tcase, test_student, 0, N_SCALES);
    tcase_add_test(tcase, test_student_bound);
    tcase_add_loop_test(tcase, test_degenerate, 0, sizeof degenerate / sizeof *degenerate);
    suite_add_tcase(suite, tcase);
    return suite;
}
