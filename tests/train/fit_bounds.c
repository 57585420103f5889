/* Targets that are known by bounds only: simple fits, training, evaluation. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { ROWS = 3000, P = 2, D = 2, MOST = 600 };

/* A pair whose mean is linear in x, and what is known of it: the lowest 30 % of each number are
 * below a limit. */
typedef struct pairs {
    tril_real x[ROWS * P], y[ROWS * D], known[ROWS * D], put[ROWS * D], low[ROWS * D],
        high[ROWS * D];
    double nll; /* the truth's, of what is known */
} pairs;

static const double slope[D][P] = { { 1, -0.5 }, { 0.3, 0.8 } }, limit[D] = { -0.1, -0.8 };

static double normal_cdf(double z)
{
    return 0.5 * erfc(-z / sqrt(2));
}

/* -log of the standard normal density */
static double square(double z)
{
    return 0.5 * z * z + 0.91893853320467274;
}

/* P(u < a, 0.6 u + 0.8 v < b), by Simpson's rule */
static double both_below(double a, double b)
{
    enum { STEPS = 400 };
    const double from = -9, step = (a - from) / STEPS;
    double sum = 0;
    for (int k = 0; k <= STEPS && a > from; k++) {
        const double u = from + k * step, weight = k % STEPS == 0 ? 1 : k % 2 ? 4 : 2;
        sum += weight * exp(-square(u)) * normal_cdf((b - 0.6 * u) / 0.8) * step / 3;
    }
    return sum;
}

/* of z = (u, 0.6 u + 0.8 v), of which numbers may be below bounds */
static double true_nll(const double *z, const double *bound, const bool *below)
{
    if (below[0] && below[1])
        return -log(both_below(bound[0], bound[1]));
    const size_t there = below[0];
    const double other = 0.6 * z[there];
    if (below[0] || below[1])
        return square(z[there]) - log(normal_cdf((bound[!there] - other) / 0.8));
    return square(z[0]) + square((z[1] - other) / 0.8) + log(0.8);
}

static void make_pairs(pairs *p)
{
    tril_random random = tril_random_stream(4, 1);
    tril_random_normal(&random, p->x, ROWS * P);
    p->nll = 0;
    for (size_t i = 0; i < ROWS; i++) {
        tril_real n[D];
        double z[D], bound[D];
        bool below[D];
        tril_random_normal(&random, n, D);
        z[0] = (double)n[0], z[1] = 0.6 * z[0] + 0.8 * (double)n[1];
        for (size_t j = 0; j < D; j++) {
            const size_t at = i * D + j;
            double line = 0.5;
            for (size_t k = 0; k < P; k++)
                line += slope[j][k] * (double)p->x[i * P + k];
            p->y[at] = (tril_real)(line + z[j]);
            below[j] = line + z[j] < limit[j];
            bound[j] = limit[j] - line;
            p->known[at] = below[j] ? (tril_real)NAN : p->y[at];
            p->put[at] = below[j] ? (tril_real)limit[j] : p->y[at];
            p->low[at] = i % 2 ? (tril_real)NAN : -(tril_real)HUGE_VAL; /* either is no bound */
            p->high[at] = below[j] ? (tril_real)limit[j] : (tril_real)NAN;
        }
        p->nll += true_nll(z, bound, below) / ROWS;
    }
}

/* a network of some hidden units, and its fit, whose line is the simple fit's */
typedef struct fitted {
    tril_params *params;
    tril_network net;
    tril_fit *fit;
} fitted;

static fitted fit_of(tril_ctx *ctx, const tril_real *x, const tril_real *y, size_t n, size_t d,
                     const tril_head_opts *head, const tril_fit_opts *opts)
{
    *tril_ctx_random(ctx) = tril_random_stream(5, 0);
    fitted f = { tril_params_new(ctx) };
    f.net = tril_network_new(f.params, d, &(tril_mlp_opts){ .inputs = P, .hidden = { 8 } }, head);
    f.fit = tril_fit_new(&f.net, (tril_batch){ x, y, n }, opts);
    return f;
}

static void fitted_free(fitted *f)
{
    tril_fit_free(f->fit);
    tril_params_free(f->params);
}

/* how far slopes, means and covariance are from the truth, at most; the mean is that at x = 0 */
static double error_of(const fitted *f)
{
    const tril_real *b = tril_param_values(f->net.line.weight),
                    *c = tril_param_values(f->net.line.bias),
                    *r = tril_param_values(f->net.line.scale);
    const double covariance[] = { 1, 0.6, 1 },
                 own[] = { (double)(r[0] * r[0]), (double)(r[0] * r[2]),
                           (double)(r[2] * r[2] + r[3] * r[3]) };
    double most = 0;
    for (size_t j = 0; j < D; j++) {
        most = fmax(most, fabs((double)c[j] - 0.5));
        for (size_t k = 0; k < P; k++)
            most = fmax(most, fabs((double)b[j * P + k] - slope[j][k]));
    }
    for (size_t k = 0; k < 3; k++)
        most = fmax(most, fabs(own[k] - covariance[k]));
    return most;
}

/* Parameters are near those that all numbers give, where substituting the limit, or dropping what
 * is below it, is far off; the NLL is the truth's. */
START_TEST(test_truth)
{
    static pairs p;
    make_pairs(&p);
    const tril_bounds bounds = { p.low, p.high };
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitted whole = fit_of(ctx, p.x, p.y, ROWS, D, NULL, NULL),
           known = fit_of(ctx, p.x, p.known, ROWS, D, NULL, &(tril_fit_opts){ .bounds = &bounds }),
           put = fit_of(ctx, p.x, p.put, ROWS, D, NULL, NULL),
           dropped = fit_of(ctx, p.x, p.known, ROWS, D, NULL, &(tril_fit_opts){ .missing = true });
    ck_fine(ctx);
    ck_assert_double_lt(error_of(&whole), 0.09);
    ck_assert_double_lt(error_of(&known), 0.09);
    ck_assert_double_gt(error_of(&put), 0.2);
    ck_assert_double_gt(error_of(&dropped), 0.2);
    ck_assert_double_lt(fabs(tril_fit_get_status(known.fit).train_nll - p.nll), 0.01);
    fitted *all[] = { &whole, &known, &put, &dropped };
    for (size_t k = 0; k < 4; k++)
        fitted_free(all[k]);
    tril_ctx_free(ctx);
}
END_TEST

static const tril_head_opts heads[] = {
    { 0 },
    { .kind = &tril_head_precision },
    { .kind = &tril_head_lowrank, .rank = 1 },
    { .kind = &tril_head_shared },
    { .kind = &tril_head_diagonal },
    { .kind = &tril_head_mixture, .components = 2 },
    { .kind = &tril_head_mixture, .components = 2, .component = &tril_head_diagonal },
};

/* each head learns; for any number of threads the same; the figures are those of tril_evaluate */
START_TEST(test_trained)
{
    static pairs p;
    static double nll[ROWS];
    make_pairs(&p);
    const tril_bounds bounds = { p.low, p.high };
    tril_fit_opts opts = { .bounds = &bounds,
                           .epochs = 3,
                           .batch = 600,
                           .input_noise = 0.1,
                           .target_noise = 0.1,
                           .validation_share = 0.3,
                           .lr = 1e-2,
                           .seed = 3,
                           .loss = &tril_loss_beta };
    double value[2];
    for (size_t threads = 1; threads <= 2; threads++) {
        tril_ctx *ctx = tril_ctx_new(NULL);
        opts.threads = threads;
        fitted f = fit_of(ctx, p.x, p.known, ROWS, D, &heads[_i], &opts);
        const double first = tril_fit_get_status(f.fit).best_nll;
        ck_assert_msg(tril_fit_run(f.fit, NULL, NULL), "%s", tril_ctx_message(ctx));
        value[threads - 1] = tril_fit_get_status(f.fit).validation_nll;
        ck_assert_double_le(tril_fit_get_status(f.fit).best_nll, first);
        ck_assert(isfinite(value[threads - 1]));
        opts.validation = (tril_batch){ p.x, p.known, ROWS };
        opts.validation_bounds = &bounds;
        opts.validation_share = 0;
        opts.no_init = true;
        tril_fit_free(f.fit);
        f.fit = tril_fit_new(&f.net, (tril_batch){ p.x, p.known, ROWS }, &opts);
        ck_assert(tril_evaluate(&f.net, 1, opts.validation,
                                &(tril_evaluation){ .nll = nll, .bounds = &bounds }));
        ck_close(tril_mean_se_of(nll, 1, NULL, ROWS).mean,
                 tril_fit_get_status(f.fit).validation_nll, IS_DOUBLE ? 1e-10 : 1e-4, 1);
        opts.validation = (tril_batch){ 0 };
        opts.validation_bounds = NULL;
        opts.validation_share = 0.3;
        opts.no_init = false;
        fitted_free(&f);
        tril_ctx_free(ctx);
    }
    ck_assert_double_eq(value[0], value[1]);
}
END_TEST

/* of one target: nll, pit within its bounds, all else as of a missing number */
START_TEST(test_evaluate)
{
    static const tril_real x[4 * P], y[4] = { (tril_real)NAN, (tril_real)NAN, (tril_real)NAN, 2 };
    static const tril_real low[4] = { (tril_real)NAN, 1, -1, 5 },
                           high[4] = { -1, (tril_real)HUGE_VAL, (tril_real)0.5, 6 };
    const tril_bounds bounds = { low, high };
    const double p[3] = { normal_cdf(-1), normal_cdf(-1), normal_cdf(0.5) - normal_cdf(-1) },
                 from[3] = { 0, normal_cdf(1), normal_cdf(-1) };
    double nll[4], pit[4], level[4], crps[4];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitted f = fit_of(ctx, x, y, 4, 1, NULL, NULL); /* refused: numbers are missing */
    ck_failed(ctx, TRIL_NOT_FINITE, "fit: y: column 0 is nan in row 0");
    memset(tril_params_values(f.params), 0, tril_params_size(f.params) * sizeof(tril_real));
    *tril_param_values(f.net.line.scale) = 1;
    ck_assert(tril_head_init(tril_mlp_last(f.net.mlp), (tril_real[]){ -1, 1 }, 2, 1, NULL));
    ck_assert(tril_evaluate(
        &f.net, 1, (tril_batch){ x, y, 4 },
        &(tril_evaluation){
            .nll = nll, .pit = pit, .level = level, .crps = crps, .bounds = &bounds }));
    for (size_t i = 0; i < 3; i++) {
        ck_close(nll[i], -log(p[i]), IS_DOUBLE ? 1e-12 : 1e-5, 1);
        ck_assert(pit[i] > from[i] - 1e-6 && pit[i] < from[i] + p[i] + 1e-6);
        ck_assert(isnan(level[i]) && isnan(crps[i]));
    }
    ck_close(nll[3], square(2), IS_DOUBLE ? 1e-12 : 1e-5, 1);
    ck_close(pit[3], normal_cdf(2), 1e-6, 1);
    ck_assert(isfinite(level[3]) && isfinite(crps[3]));
    fitted_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* what is wrong with bounds, in one sentence */
START_TEST(test_wrong)
{
    enum { N = 5, THREE = 3 };
    tril_real x[N * P], y[N * THREE], low[N * THREE], high[N * THREE];
    tril_random random = tril_random_stream(1, 1);
    tril_random_normal(&random, x, N * P);
    tril_random_normal(&random, y, N * THREE);
    for (size_t i = 0; i < N * THREE; i++)
        low[i] = (tril_real)NAN, high[i] = 3;
    y[4] = y[5] = (tril_real)NAN;
    tril_bounds bounds = { low, high };
    tril_fit_opts opts = { .bounds = &bounds };
    const tril_head_opts student = { .kind = &tril_head_student },
                         diagonal = { .kind = &tril_head_diagonal };
    tril_ctx *ctx = tril_ctx_new(NULL);
    ck_assert_uint_eq(tril_head_bounds(&student, THREE), 0);
    ck_assert_uint_eq(tril_head_bounds(&diagonal, THREE), THREE);
    ck_assert_uint_eq(tril_head_bounds(&heads[5], THREE), 2);
    ck_assert_uint_eq(tril_head_bounds(&heads[0], 1), 1);
    ck_assert_uint_eq(tril_head_bounds(NULL, THREE), 2);
#define REFUSED(head, status, sentence)                                                            \
    do {                                                                                           \
        fitted f = fit_of(ctx, x, y, N, THREE, head, &opts);                                       \
        ck_failed(ctx, status, sentence);                                                          \
        fitted_free(&f);                                                                           \
    } while (0)
    REFUSED(&student, TRIL_BAD_ARGUMENT,
            "fit: y: column 1 is known by bounds only in row 1, and the head student takes no");
    opts.loss = &tril_loss_mse;
    REFUSED(NULL, TRIL_BAD_ARGUMENT, "the losses mse and faithful learn from numbers alone");
    opts.loss = NULL;
    low[4] = 4;
    REFUSED(NULL, TRIL_BAD_ARGUMENT, "fit: y: column 1 is from 4 to 3 in row 1, want two numbers");
    low[4] = -1;
    high[5] = (tril_real)NAN;
    REFUSED(NULL, TRIL_NOT_FINITE, "fit: y: column 2 is nan in row 1");
    opts.missing = true;
    fitted fine = fit_of(ctx, x, y, N, THREE, NULL, &opts);
    ck_fine(ctx);
    fitted_free(&fine);
    high[5] = 3;
    y[3] = (tril_real)NAN;
    REFUSED(NULL, TRIL_BAD_ARGUMENT,
            "fit: y: more than 2 numbers are known by bounds only in row 1, column 2 too");
    fine = fit_of(ctx, x, y, N, THREE, &diagonal, &opts);
    ck_fine(ctx);
    ck_assert(isfinite(tril_fit_get_status(fine.fit).train_nll));
    fitted_free(&fine);
    bounds.high = NULL;
    REFUSED(&diagonal, TRIL_BAD_ARGUMENT, "fit: y: there are bounds on one side only");
#undef REFUSED
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_train_fit_bounds(void)
{
    Suite *suite = suite_create("train/fit_bounds");
    TCase *tcase = tcase_create("bounds");
    tcase_add_test(tcase, test_truth);
    tcase_add_loop_test(tcase, test_trained, 0, sizeof heads / sizeof *heads);
    tcase_add_test(tcase, test_evaluate);
    tcase_add_test(tcase, test_wrong);
    suite_add_tcase(suite, tcase);
    return suite;
}
