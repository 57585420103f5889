/* Judging: formulas, what is uniform when it ought to be, ensembles, missing targets. */
#include "train/fitting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1000 };

static double normal_cdf(double z)
{
    return 0.5 * erfc(-z / sqrt(2));
}

/* networks with weights of their own, not trained: their last layers' are a third of what they
 * begin with, so that scales stay of order 1 */
static fitting network_new(tril_ctx *ctx, size_t rows, size_t targets, const tril_head_opts *head)
{
    fitting f = fitting_new(ctx, rows, targets, 8, head);
    tril_dense *last = tril_mlp_last(f.net.mlp);
    for (size_t i = 0; i < 8 * tril_param_shape(tril_dense_bias(last)).dim[0]; i++)
        tril_param_values(tril_dense_weight(last))[i] /= 3;
    return f;
}

static const tril_head_opts heads[] = {
    { 0 },
    { .kind = &tril_head_diagonal },
    { .kind = &tril_head_precision },
    { .kind = &tril_head_lowrank, .rank = 1 },
    { .kind = &tril_head_shared },
    { .natural = true },
    { .kind = &tril_head_mixture, .components = 3 },
    { .kind = &tril_head_mixture, .components = 2, .component = &tril_head_diagonal },
    { .kind = &tril_head_student },
};

enum { N_HEADS = sizeof heads / sizeof *heads };

/* ---- one network */

/* against the methods of its distribution */
START_TEST(test_moments)
{
    enum { N = 150, D = 3 };
    static double nll[N], mean[N * D], sd[N * D], covariance[N * D * D], spread[N];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = network_new(ctx, N, D, &heads[_i]);
    ck_assert(tril_evaluate(
        &f.net, 1, (tril_batch){ f.x, f.y, N },
        &(tril_evaluation){
            .nll = nll, .mean = mean, .sd = sd, .covariance = covariance, .spread = spread }));
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p =
        tril_mlp_head(f.net.mlp, tril_input(tape, f.x, TRIL_SHAPE(N, INPUTS)), D, &f.net.head);
    const tril_real *log_p = tril_value(tril_log_prob(p, tril_input(tape, f.y, TRIL_SHAPE(N, D))));
    const tril_real *m = tril_value(tril_dist_mean(p)), *v = tril_value(tril_dist_variance(p));
    tril_var c = tril_dist_covariance(p);
    const tril_real *factor = tril_value(tril_cholesky(c));
    ck_fine(ctx);
    const double tolerance = IS_DOUBLE ? 1e-12 : 2e-5;
    for (size_t i = 0; i < N; i++) {
        double log_det = 0;
        ck_close(nll[i], -(double)log_p[i], tolerance, 1);
        for (size_t j = 0; j < D; j++) {
            ck_close(mean[i * D + j], m[i * D + j], tolerance, 1);
            ck_close(sd[i * D + j], sqrt((double)v[i * D + j]), tolerance, 0);
            log_det += log((double)factor[(i * D + j) * D + j]);
            for (size_t k = 0; k < D; k++)
                ck_close(covariance[(i * D + j) * D + k], tril_value(c)[(i * D + j) * D + k],
                         tolerance, 1);
        }
        ck_close(spread[i], exp(log_det / D), IS_DOUBLE ? 1e-9 : 1e-3, 0);
    }
    tril_tape_free(tape);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* a standard normal in d dimensions, and points at the 95 % quantile of chi-squared */
START_TEST(test_level)
{
    const struct {
        size_t d;
        double quantile;
    } cases[] = { { 1, 3.841458820694124 },  { 2, 5.991464547107979 },   { 3, 7.814727903251178 },
                  { 4, 9.487729036781154 },  { 5, 11.07049769351635 },   { 10, 18.30703805327515 },
                  { 11, 19.67513757268249 }, { 100, 124.34211340400407 } };
    const size_t d = cases[_i].d;
    tril_real y[3 * 100] = { 0 };
    double level[3], pit[3 * 100], nll[3];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    const tril_head_opts head = { .kind = &tril_head_diagonal, .floor = TRIL_NO_FLOOR };
    tril_network net = { .targets = d, .head = head };
    net.mlp = tril_mlp_new(
        params, "net",
        &(tril_mlp_opts){ .inputs = 1, .outputs = tril_head_width(d, &head), .init = TRIL_ZERO });
    const tril_real inputs[3] = { 0 };
    y[d - 1] = (tril_real)sqrt(cases[_i].quantile);
    for (size_t j = 0; j < d; j++)
        y[2 * d + j] = (tril_real)1e3;
    ck_assert(tril_evaluate(&net, 1, (tril_batch){ inputs, y, 3 },
                            &(tril_evaluation){ .nll = nll, .level = level, .pit = pit }));
    ck_close(level[0], 0.95, IS_DOUBLE ? 1e-12 : 1e-5, 0);
    ck_assert(level[1] == 0 || level[1] < 1e-6);
    ck_close(level[2], 1, 1e-12, 0);
    ck_close(pit[d - 1], normal_cdf(sqrt(cases[_i].quantile)), 1e-6, 0);
    ck_close(pit[d], 0.5, 1e-6, 0);
    ck_close(nll[1], 0.5 * (double)d * log(2 * acos(-1.)), 1e-6, 0);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov's distance of n numbers from the uniform distribution: beyond 1.63 / sqrt(n) by chance
 * in one of 100 cases; they are the seed's */
static void ck_uniform(const char *what, const double *x, size_t step, size_t n)
{
    double sorted[ROWS], distance = 0;
    for (size_t i = 0; i < n; i++)
        sorted[i] = x[i * step];
    qsort(sorted, n, sizeof *sorted, ascending);
    for (size_t i = 0; i < n; i++)
        distance = fmax(distance, fabs(sorted[i] - ((double)i + 0.5) / (double)n));
    ck_assert_msg(distance < 1.63 / sqrt((double)n), "%s: distance %g of %zu", what, distance, n);
}

/* targets that are drawn from the networks themselves, one of them for each row */
static void draw_targets(tril_ctx *ctx, const tril_network *nets, size_t n_nets, fitting *f)
{
    tril_tape *tape = tril_tape_new(ctx);
    const size_t d = nets->targets;
    for (size_t k = 0; k < n_nets; k++) {
        tril_var x = tril_input(tape, f->x, TRIL_SHAPE(f->rows, INPUTS));
        tril_var y = tril_sample(tril_mlp_head(nets[k].mlp, x, d, &nets[k].head), 0);
        ck_fine(ctx);
        for (size_t i = k; i < f->rows; i += n_nets)
            memcpy(f->y + i * d, tril_value(y) + i * d, d * sizeof *f->y);
    }
    tril_tape_free(tape);
}

/* then pit and level are uniform; if the networks are wrong about the targets they are not */
START_TEST(test_calibrated)
{
    enum { D = 2 };
    static double level[ROWS], pit[ROWS * D];
    const double quantiles[] = { 0.5, 0.8, 0.9, 0.95 };
    const size_t n_nets = _i < N_HEADS ? 1 : 3;
    fitting f[3];
    tril_network nets[3];
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 12 });
    for (size_t k = 0; k < n_nets; k++) {
        f[k] = network_new(ctx, ROWS, D, &heads[_i % N_HEADS]);
        nets[k] = f[k].net;
        for (size_t j = 0; j < D; j++) /* members that differ */
            *fitting_bias(&f[k], j) = (tril_real)k;
    }
    draw_targets(ctx, nets, n_nets, f);
    const tril_batch rows = { f->x, f->y, ROWS };
    const tril_evaluation out = { .level = level, .pit = pit };
    ck_assert(tril_evaluate(nets, n_nets, rows, &out));
    ck_uniform("level", level, 1, ROWS);
    for (size_t j = 0; j < D; j++)
        ck_uniform("pit", pit + j, D, ROWS);
    for (size_t q = 0; q < 4; q++)
        ck_assert_double_lt(fabs(tril_coverage(level, NULL, ROWS, quantiles[q]) - quantiles[q]),
                            0.03);
    for (size_t i = 0; i < ROWS * D; i++)
        f->y[i] *= 2;
    ck_assert(tril_evaluate(nets, n_nets, (tril_batch){ f->x, f->y, 300 }, &out));
    ck_assert_double_lt(tril_coverage(level, NULL, 300, 0.9), 0.8);
    for (size_t k = 0; k < n_nets; k++)
        fitting_free(&f[k]);
    tril_ctx_free(ctx);
}
END_TEST

/* where a quantile is, the pit is its level; and there is no other */
START_TEST(test_quantiles)
{
    enum { N = 100, D = 2, LEVELS = 3 };
    static const double levels[LEVELS] = { 0.01, 0.5, 0.9 };
    static double quantile[N * LEVELS * D], pit[N * D];
    static tril_real y[N * D];
    const size_t n_nets = _i < N_HEADS ? 1 : 2;
    fitting f[2];
    tril_network nets[2];
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (size_t k = 0; k < n_nets; k++) {
        f[k] = network_new(ctx, N, D, &heads[_i % N_HEADS]);
        nets[k] = f[k].net;
        *fitting_bias(&f[k], 0) = (tril_real)(3 * k);
    }
    const tril_evaluation wanted = { .levels = levels, .n_levels = LEVELS, .quantile = quantile };
    ck_assert(tril_evaluate(nets, n_nets, (tril_batch){ f->x, NULL, N }, &wanted));
    for (size_t l = 0; l < LEVELS; l++) {
        for (size_t i = 0; i < N * D; i++)
            y[i] = (tril_real)quantile[(i / D * LEVELS + l) * D + i % D];
        ck_assert(tril_evaluate(nets, n_nets, (tril_batch){ f->x, y, N },
                                &(tril_evaluation){ .pit = pit }));
        for (size_t i = 0; i < N * D; i++)
            ck_close(pit[i], levels[l], IS_DOUBLE ? 1e-9 : 1e-4, 0);
    }
    const double bad[] = { 0, 1, -1, 2, (double)NAN };
    for (size_t l = 0; l < 5; l++) {
        const tril_evaluation out = { .levels = &bad[l], .n_levels = 1, .quantile = quantile };
        ck_assert(!tril_evaluate(nets, n_nets, (tril_batch){ f->x, NULL, N }, &out));
        ck_failed(ctx, TRIL_BAD_ARGUMENT, "evaluate: there is no quantile of level");
    }
    for (size_t k = 0; k < n_nets; k++)
        fitting_free(&f[k]);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- several networks */

/* two normals of one number each, N(-1, 0.5^2) and N(2, 1.5^2), whatever the input */
START_TEST(test_ensemble)
{
    const double loc[2] = { -1, 2 }, scale[2] = { 0.5, 1.5 }, at = 0.25;
    const tril_real x[INPUTS] = { 0 }, y = (tril_real)at;
    const tril_head_opts head = { .diagonal = TRIL_DIAGONAL_EXP, .floor = TRIL_NO_FLOOR };
    double nll, mean, sd, covariance, spread, pit, level, density = 0, cdf = 0;
    const double weights[2][2] = { { 0.5, 0.5 }, { 0.2, 0.8 } }, *weight = weights[_i];
    tril_network nets[2];
    fitting f[2];
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (int k = 0; k < 2; k++) {
        f[k] = fitting_new(ctx, 1, 1, 0, &head);
        nets[k] = f[k].net;
        memset(tril_params_values(f[k].params), 0, 4 * sizeof(tril_real));
        *fitting_bias(&f[k], 0) = (tril_real)loc[k];
        *fitting_bias(&f[k], 1) = (tril_real)log(scale[k]);
        const double z = (at - loc[k]) / scale[k];
        density += weight[k] * exp(-0.5 * z * z) / scale[k] / sqrt(2 * acos(-1.));
        cdf += weight[k] * normal_cdf(z);
    }
    const double tolerance = IS_DOUBLE ? 1e-12 : 1e-5;
    tril_evaluation out = { &nll, &mean, &sd, &covariance, &spread, &pit, &level };
    out.weight = _i ? weight : NULL;
    ck_assert(tril_evaluate(nets, 2, (tril_batch){ x, &y, 1 }, &out));
    ck_close(nll, -log(density), tolerance, 0);
    ck_close(mean, 2 * weight[1] - weight[0], tolerance, 0);
    ck_close(covariance, weight[0] * 0.25 + weight[1] * 2.25 + 9 * weight[0] * weight[1], tolerance,
             0);
    ck_close(sd, sqrt(covariance), 1e-12, 0);
    ck_close(spread, sd, 1e-12, 0);
    ck_close(pit, cdf, tolerance, 0);
    /* density at least 0.0808 = p(0.25) on (-2.00, 0.27) but for the dip beside it, and on
     * (0.25, 3.42): all but 0.5 (2.3 % + 0.4 %) and 0.5 (17 % + 12 %) of the two, roughly */
    if (_i == 0) {
        ck_assert(level > 0.75 && level < 0.95);
        ck_close(501 * level - floor(501 * level), 0.5, 1e-9, 0); /* between two of 500 draws */
    }
    /* so far away that the ratio of the two densities is beyond any number */
    const tril_real far = 200;
    ck_assert(tril_evaluate(nets, 2, (tril_batch){ x, &far, 1 },
                            &(tril_evaluation){ .nll = &nll, .weight = weight }));
    ck_close(nll, 0.5 * 132 * 132 + log(1.5 / weight[1]) + 0.5 * log(2 * acos(-1.)), tolerance, 0);
    for (int k = 0; k < 2; k++)
        fitting_free(&f[k]);
    tril_ctx_free(ctx);
}
END_TEST

/* Where raw outputs are so large that coordinates are all but multiples of one another: symmetric,
 * within bounds, never indefinite; and sd and correlation are those of the covariance. */
static void ck_covariance(const double *a, const double *r, const double *sd, size_t d)
{
    double left[9];
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            const double scale = sd[i] * sd[j];
            ck_assert(a[i * d + j] == a[j * d + i] && r[i * d + j] == r[j * d + i]);
            ck_assert(r[i * d + j] >= -1 && r[i * d + j] <= 1 && (i != j || r[i * d + j] == 1));
            ck_close(a[i * d + j] / scale, r[i * d + j], 1e-12, 1);
            left[i * d + j] = r[i * d + j];
        }
    /* one coordinate after the other is taken out, of what is left no variance is below zero */
    for (size_t k = 0; k + 1 < d; k++)
        for (size_t i = k + 1; i < d; i++) {
            const double pivot = fmax(left[k * (d + 1)], 1e-8);
            for (size_t j = k + 1; j < d; j++)
                left[i * d + j] -= left[i * d + k] * left[k * d + j] / pivot;
            ck_assert_double_gt(left[i * (d + 1)], -1e-6);
        }
    if (d == 3) { /* the determinant */
        const double x = r[1], y = r[2], z = r[5];
        ck_assert_double_gt(1 + 2 * x * y * z - x * x - y * y - z * z, -1e-14);
    }
}

START_TEST(test_nearly_singular)
{
    enum { N = 60, D = 3 };
    static double a[N * D * D], r[N * D * D], sd[N * D];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f[2] = { network_new(ctx, N, D, &heads[_i]), network_new(ctx, N, D, &heads[_i]) };
    const tril_network nets[2] = { f[0].net, f[1].net };
    for (int k = 0; k < 2; k++) {
        const tril_param last = tril_dense_weight(tril_mlp_last(f[k].net.mlp));
        for (size_t i = 0; i < tril_shape_size(tril_param_shape(last)); i++)
            tril_param_values(last)[i] *= 1000;
    }
    for (size_t n = 1; n <= 2; n++) {
        const tril_evaluation out = { .sd = sd, .covariance = a, .correlation = r };
        ck_assert_msg(tril_evaluate(nets, n, (tril_batch){ f[0].x, NULL, N }, &out), "%s",
                      tril_ctx_message(ctx));
        for (size_t i = 0; i < N; i++)
            ck_covariance(a + i * D * D, r + i * D * D, sd + i * D, D);
    }
    fitting_free(&f[0]);
    fitting_free(&f[1]);
    tril_ctx_free(ctx);
}
END_TEST

/* a network that leaves the range of numbers: which row */
START_TEST(test_beyond)
{
    enum { N = 100 };
    double mean[N];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_new(ctx, N, 1, 0, &heads[0]);
    tril_real *weight = tril_param_values(tril_dense_weight(tril_mlp_last(f.net.mlp)));
    for (size_t i = 0; i < 2 * INPUTS; i++)
        weight[i] = TRIL_REAL_MAX / 1000;
    f.x[70 * INPUTS] = 2000;
    ck_assert(!tril_evaluate(&f.net, 1, (tril_batch){ f.x, NULL, N },
                             &(tril_evaluation){ .mean = mean }));
    ck_failed(ctx, TRIL_NOT_FINITE,
              "evaluate: x: row 70: its numbers are so large that the network's");
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* of a normal (Gneiting et al. 2005, eq. 5): the mean over rows, since each is by draws; with one
 * target the energy score is the same number, and so it is of an ensemble of equals */
START_TEST(test_scores)
{
    enum { N = 300 };
    static double crps[N], energy[N];
    static tril_real x[N * INPUTS], y[N];
    const double loc = -1, scale = 0.5;
    const tril_head_opts head = { .diagonal = TRIL_DIAGONAL_EXP, .floor = TRIL_NO_FLOOR };
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_new(ctx, 1, 1, 0, &head);
    memset(tril_params_values(f.params), 0, 4 * sizeof(tril_real));
    *fitting_bias(&f, 0) = (tril_real)loc;
    *fitting_bias(&f, 1) = (tril_real)log(scale);
    const tril_network nets[3] = { f.net, f.net, f.net };
    double wanted = 0, found = 0;
    for (int i = 0; i < N; i++)
        y[i] = (tril_real)(4. * i / N - 3);
    ck_assert(tril_evaluate(nets, (size_t)_i, (tril_batch){ x, y, N },
                            &(tril_evaluation){ .crps = crps, .energy = energy }));
    for (int i = 0; i < N; i++) {
        const double z = ((double)y[i] - loc) / scale, pi = acos(-1.);
        wanted += scale / N *
                  (z * (2 * normal_cdf(z) - 1) + sqrt(2 / pi) * exp(-0.5 * z * z) - 1 / sqrt(pi));
        found += crps[i] / N;
        ck_close(energy[i], crps[i], 1e-12, 1);
    }
    ck_close(found, wanted, 0.01, 0); /* 300 rows of 500 draws: 0.002 or so */
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* several targets: of numbers that are missing there is none */
START_TEST(test_scores_missing)
{
    double crps[4], energy[2], whole[4], all[2];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = network_new(ctx, 2, 2, NULL);
    ck_assert(tril_evaluate(&f.net, 1, (tril_batch){ f.x, f.y, 2 },
                            &(tril_evaluation){ .crps = whole, .energy = all }));
    ck_assert(all[0] > 0 && all[0] < whole[0] + whole[1]);
    f.y[1] = (tril_real)NAN;
    ck_assert(tril_evaluate(&f.net, 1, (tril_batch){ f.x, f.y, 2 },
                            &(tril_evaluation){ .crps = crps, .energy = energy }));
    ck_assert(crps[0] == whole[0] && isnan(crps[1]) && isnan(energy[0]));
    ck_assert(crps[2] == whole[2] && energy[1] == all[1]);
    ck_assert(!tril_evaluate(&f.net, 1, (tril_batch){ f.x, NULL, 2 },
                             &(tril_evaluation){ .crps = crps }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "evaluate: there are no targets");
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* an ensemble of equal members is each of them */
START_TEST(test_equal_members)
{
    enum { N = 100, D = 2 };
    static double one[8][N * D * D], many[8][N * D * D];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = network_new(ctx, N, D, &heads[_i]);
    tril_network nets[3] = { f.net, f.net, f.net };
    const tril_batch rows = { f.x, f.y, N };
    const size_t of_row[] = { 1, D, D, D * D, 1, D, 1 };
    ck_assert(tril_evaluate(
        nets, 1, rows,
        &(tril_evaluation){ one[0], one[1], one[2], one[3], one[4], one[5], one[6] }));
    ck_assert(tril_evaluate(
        nets, 3, rows,
        &(tril_evaluation){ many[0], many[1], many[2], many[3], many[4], many[5], many[6] }));
    for (size_t k = 0; k < 7; k++) /* levels of several are by draws: a standard error of 0.022 */
        for (size_t i = 0; i < N * of_row[k]; i++)
            if (k < 6)
                ck_close(many[k][i], one[k][i], IS_DOUBLE ? 1e-9 : 1e-3, 0.1);
            else
                ck_assert_double_lt(fabs(many[k][i] - one[k][i]), 0.12);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- missing targets */

START_TEST(test_missing)
{
    enum { N = 70, D = 2 };
    static double nll[N], full[N], pit[N * D], whole[N * D], level[N];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = network_new(ctx, N, D, &heads[_i]);
    const tril_batch rows = { f.x, f.y, N };
    ck_assert(tril_evaluate(&f.net, 1, rows, &(tril_evaluation){ .nll = full, .pit = whole }));
    f.y[2 * 3 + 1] = f.y[2 * 5] = f.y[2 * 5 + 1] = (tril_real)NAN;
    ck_assert(tril_evaluate(&f.net, 1, rows,
                            &(tril_evaluation){ .nll = nll, .pit = pit, .level = level }));
    ck_fine(ctx);
    for (size_t i = 0; i < N; i++) {
        ck_assert(!isnan(level[i]) == (i != 3 && i != 5));
        if (i != 3 && i != 5)
            ck_close(nll[i], full[i], IS_DOUBLE ? 1e-11 : 1e-4, 1);
    }
    ck_assert(isnan(pit[7]) && isnan(pit[10]) && isnan(pit[11]));
    ck_assert(pit[6] == whole[6] && pit[8] == whole[8]);
    ck_close(nll[5], 0, 1e-6, 1);
    /* the marginal density of what is there is the slope of its cdf */
    const tril_real y = f.y[6], h = (tril_real)(IS_DOUBLE ? 1e-4 : 1e-2);
    f.y[6] = y + h;
    tril_evaluate(&f.net, 1, rows, &(tril_evaluation){ .pit = pit });
    f.y[6] = y - h;
    tril_evaluate(&f.net, 1, rows, &(tril_evaluation){ .pit = whole });
    ck_close((pit[6] - whole[6]) / (2 * (double)h), exp(-nll[3]), IS_DOUBLE ? 1e-6 : 1e-2, 0.01);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- what is refused, memory, the context's stream */

START_TEST(test_refused)
{
    double nll[10], mean[20];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = network_new(ctx, 10, 2, NULL), g = network_new(ctx, 10, 1, NULL);
    const tril_network nets[2] = { f.net, g.net }, none[2] = { f.net };
    const tril_batch rows = { f.x, f.y, 10 }, inputs = { f.x, NULL, 10 };
    const tril_evaluation out = { .nll = nll };
    tril_random before = *tril_ctx_random(ctx);
    ck_assert(!tril_evaluate(NULL, 1, rows, &out) && !tril_evaluate(nets, 0, rows, &out));
    ck_assert(!tril_evaluate(&(tril_network){ 0 }, 1, rows, &out));
    ck_assert(!tril_evaluate(nets, 2, rows, &out));
    ck_failed(ctx, TRIL_BAD_SHAPE,
              "evaluate: member 1 has 2 inputs and 1 targets, the first 2 and 2");
    ck_assert(!tril_evaluate(none, 2, rows, &out));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "evaluate: member 1 has no network");
    ck_assert(
        !tril_evaluate(nets, 1, rows, &(tril_evaluation){ .nll = nll, .weight = &(double){ 2 } }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "evaluate: the sum of the members' weights is 2, want");
    ck_assert(!tril_evaluate(nets, 1, inputs, &out));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "evaluate: there are no targets");
    ck_assert(tril_evaluate(nets, 1, inputs, &(tril_evaluation){ .mean = mean }));
    ck_assert(!tril_evaluate(nets, 1, (tril_batch){ NULL, f.y, 10 }, &out));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "evaluate: there are no inputs");
    ck_assert(tril_evaluate(nets, 1, (tril_batch){ 0 }, &(tril_evaluation){ .mean = mean }));
    ck_assert_mem_eq(&before, tril_ctx_random(ctx), sizeof before);
    fitting_free(&f), fitting_free(&g);
    tril_ctx_free(ctx);
}
END_TEST

/* by its place among all rows, however many are judged at a time */
START_TEST(test_not_finite)
{
    enum { N = 200 };
    double nll[N];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = network_new(ctx, N, 2, NULL);
    const tril_batch rows = { f.x, f.y, N };
    const tril_evaluation out = { .nll = nll };
    f.x[150 * INPUTS + 1] = (tril_real)NAN;
    ck_assert(!tril_evaluate(&f.net, 1, rows, &out));
    ck_failed(ctx, TRIL_NOT_FINITE, "evaluate: x: column 1 is nan in row 150");
    f.x[150 * INPUTS + 1] = 0;
    f.y[20 * 2] = (tril_real)NAN; /* which is a missing number */
    f.y[170 * 2] = (tril_real)INFINITY;
    ck_assert(!tril_evaluate(&f.net, 1, rows, &out));
    ck_failed(ctx, TRIL_NOT_FINITE, "evaluate: y: column 0 is inf in row 170");
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

static void judge_a_little(tril_ctx *ctx)
{
    double out[8][5 * 4];
    fitting f =
        fitting_new(ctx, 5, 2, 4, &(tril_head_opts){ .kind = &tril_head_mixture, .components = 2 });
    tril_evaluate(&f.net, 1, (tril_batch){ f.x, f.y, 5 },
                  &(tril_evaluation){ out[0], out[1], out[2], out[3], out[4], out[5], out[6],
                                      (double[]){ 0.5 }, 1, out[7] });
    fitting_free(&f);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_ge(exhaust(judge_a_little), 15);
}
END_TEST

/* ---- figures of many rows */

START_TEST(test_figures)
{
    const double nan = (double)NAN, x[] = { 1, -7, 2, -7, nan, -7, 6, -7 }, mean[] = { 1, 2, 3, 4 };
    const tril_real y[] = { 2, 2, 5, (tril_real)NAN };
    double out[2];
    tril_mean_se a = tril_mean_se_of(x, 2, NULL, 4);
    ck_close(a.mean, 3, 1e-15, 0);
    ck_close(a.error, sqrt((4. + 1 + 9) / 2 / 3), 1e-15, 0);
    ck_assert(isnan(tril_mean_se_of(x, 1, NULL, 1).error) &&
              tril_mean_se_of(x, 1, NULL, 1).mean == 1);
    ck_assert(isnan(tril_mean_se_of(x + 4, 1, NULL, 1).mean));
    tril_rmse(mean, (tril_batch){ NULL, y, 2 }, 2, out);
    ck_close(out[0], sqrt((1. + 4) / 2), 1e-15, 0);
    ck_assert(out[1] == 0);
    ck_close(tril_coverage((double[]){ 0.1, nan, 0.9, 0.5 }, NULL, 4, 0.5), 2 / 3., 1e-15, 0);
    ck_assert(isnan(tril_coverage(&nan, NULL, 1, 0.5)));
}
END_TEST

Suite *suite_model_evaluate(void)
{
    Suite *suite = suite_create("model/evaluate");
    TCase *tcase = tcase_create("metrics");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_nearly_singular, 0, N_HEADS);
    tcase_add_test(tcase, test_beyond);
    tcase_add_loop_test(tcase, test_moments, 0, N_HEADS);
    tcase_add_loop_test(tcase, test_level, 0, 8);
    tcase_add_loop_test(tcase, test_quantiles, 0, 2 * N_HEADS);
    tcase_add_loop_test(tcase, test_ensemble, 0, 2);
    tcase_add_loop_test(tcase, test_missing, 0, N_HEADS);
    tcase_add_test(tcase, test_refused);
    tcase_add_test(tcase, test_not_finite);
    tcase_add_test(tcase, test_out_of_memory);
    tcase_add_test(tcase, test_figures);
    suite_add_tcase(suite, tcase);
    TCase *draws = tcase_create("draws");
    tcase_set_timeout(draws, 60);
    tcase_set_tags(draws, "long");
    tcase_add_loop_test(draws, test_equal_members, 0, N_HEADS);
    tcase_add_loop_test(draws, test_scores, 1, 4);
    tcase_add_test(draws, test_scores_missing);
    tcase_add_loop_test(draws, test_calibrated, 0, 2 * N_HEADS);
    suite_add_tcase(suite, draws);
    return suite;
}
