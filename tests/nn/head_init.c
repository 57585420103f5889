/* Where training begins: the Gaussian fit of the targets, for every head and at every scale. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { ROWS = 200, D = 3, WIDTH = 9, INPUTS = 2 };

/* ---- the fit, worked out here once more */

typedef struct gaussian_fit {
    double entropy;  /* d/2 (1 + log 2 pi) + sum log L_ii */
    double residual; /* mean of z'z, d without a floor */
} gaussian_fit;

static void cholesky(const double covariance[D][D], double lower[D][D])
{
    for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = covariance[i][j];
            for (size_t k = 0; k < j; k++)
                sum -= lower[i][k] * lower[j][k];
            lower[i][j] = i == j ? sqrt(sum) : sum / lower[j][j];
        }
}

static gaussian_fit fit_of(const tril_real *y, double floor)
{
    double mean[D] = { 0 }, covariance[D][D] = { { 0 } }, lower[D][D] = { { 0 } };
    gaussian_fit fit = { 0.5 * D * (1 + log(2 * acos(-1))), 0 };
    for (size_t i = 0; i < ROWS * D; i++)
        mean[i % D] += (double)y[i] / ROWS;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < D; j++)
            for (size_t k = 0; k < D; k++)
                covariance[j][k] +=
                    ((double)y[i * D + j] - mean[j]) * ((double)y[i * D + k] - mean[k]) / ROWS;
    for (size_t j = 0; j < D; j++)
        covariance[j][j] += floor * floor;
    cholesky(covariance, lower);
    for (size_t i = 0; i < ROWS; i++) {
        double z[D];
        for (size_t j = 0; j < D; j++) {
            z[j] = (double)y[i * D + j] - mean[j];
            for (size_t k = 0; k < j; k++)
                z[j] -= lower[j][k] * z[k];
            z[j] /= lower[j][j];
            fit.residual += z[j] * z[j] / ROWS;
        }
    }
    for (size_t j = 0; j < D; j++)
        fit.entropy += log(lower[j][j]);
    return fit;
}

/* correlated, skewed columns, each with a scale and a mean of its own */
static void make_targets(tril_real *y, const double *scale)
{
    tril_random random = tril_random_stream(31, 0);
    for (size_t i = 0; i < ROWS; i++) {
        tril_real e[D];
        tril_random_normal(&random, e, D);
        double a = (double)e[0], b = 0.8 * a + 0.5 * (double)e[1],
               c = -0.7 * a + b * b + 0.3 * (double)e[2];
        y[i * D] = (tril_real)(scale[0] * (a + 0.5));
        y[i * D + 1] = (tril_real)(scale[1] * (b - 2));
        y[i * D + 2] = (tril_real)(scale[2] * c);
    }
}

/* ---- the first NLL of a network, and the largest gradient of its last bias */

static double first_nll(const tril_real *y, const tril_head_opts *opts, double *gradient)
{
    static tril_real x[ROWS * INPUTS];
    tril_random random = tril_random_stream(32, 0);
    tril_random_normal(&random, x, ROWS * INPUTS);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_mlp *net = tril_mlp_new(
        params, "net", &(tril_mlp_opts){ .inputs = INPUTS, .hidden = { 5 }, .outputs = WIDTH });
    ck_assert(tril_head_init(tril_mlp_last(net), y, ROWS, D, opts));
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p =
        tril_head(tril_mlp_apply(net, tril_input(tape, x, TRIL_SHAPE(ROWS, INPUTS))), D, opts);
    tril_var log_prob = tril_log_prob(p, tril_input(tape, y, TRIL_SHAPE(ROWS, D)));
    tril_var nll = tril_neg(tril_mean(log_prob));
    tril_backward(nll);
    ck_fine(ctx);
    double value = (double)tril_item(nll);
    *gradient = 0;
    for (size_t i = 0; i < WIDTH; i++)
        *gradient =
            fmax(*gradient, fabs((double)tril_param_grads(tril_dense_bias(tril_mlp_last(net)))[i]));
    tril_tape_free(tape);
    tril_params_free(params);
    tril_ctx_free(ctx);
    return value;
}

static const double scales[][D] = {
    { 1, 1, 1 },      { 1e-3, 1e-3, 1e-3 }, { 1e3, 1e3, 1e3 },
    { 1e-3, 1, 1e3 }, { 1e3, 1, 1e-3 },     { 1, 1e3, 1e-3 },
};

static const double floors[] = { TRIL_NO_FLOOR, 0, 0.0625 };

/* Without a floor the NLL is the fit's entropy. With one the covariance is a little larger than
 * that of the targets, and the NLL smaller by half of what the residuals lack to d. */
START_TEST(test_first_nll)
{
    static tril_real y[ROWS * D];
    const double *scale = scales[_i];
    make_targets(y, scale);
    for (int k = 0; k < 3 * 2 * 3; k++) {
        const tril_head_opts opts = { .diagonal = (tril_diagonal_transform)(1 + k % 3),
                                      .relative_off_diagonal = k / 3 % 2,
                                      .floor = floors[k / 6] };
        if (opts.floor > 0.1 * scale[0] || opts.floor > 0.1 * scale[2])
            continue; /* a floor of that size is not for such targets: the next test has it */
        double floor = opts.floor == TRIL_NO_FLOOR ? 0 : opts.floor > 0 ? opts.floor : 1e-6;
        gaussian_fit fit = fit_of(y, floor);
        double gradient, nll = first_nll(y, &opts, &gradient);
        double wanted = fit.entropy - 0.5 * (D - fit.residual);
        ck_assert_msg(fabs(nll - wanted) < (IS_DOUBLE ? 1e-10 : 1e-5),
                      "options %d: the first NLL is %.12g, that of the fit %.12g", k, nll, wanted);
        /* the fit is where the likelihood is largest: the bias stays where it is */
        if (_i == 0 && floor == 0)
            ck_assert_double_lt(gradient, IS_DOUBLE ? 1e-12 : 1e-5);
    }
}
END_TEST

/* ---- targets without a covariance of full rank */

static void constant_0(tril_real *y)
{
    y[0] = (tril_real)0.1;
}

static void constant_2(tril_real *y)
{
    y[2] = (tril_real)-1234.7;
}

static void copied(tril_real *y)
{
    y[1] = y[0];
}

static void combined(tril_real *y)
{
    /* multiples of 1/64, so that the sum is exact */
    y[0] = (tril_real)(round((double)y[0] * 64) / 64);
    y[1] = (tril_real)(round((double)y[1] * 64) / 64);
    y[2] = y[0] - 3 * y[1];
}

static const struct {
    void (*change)(tril_real *row);
    size_t column; /* the first that depends on those before it */
    const char *text;
} degenerate[] = {
    { constant_0, 0, "head_init: target column 0 is constant or a combination" },
    { constant_2, 2, "head_init: target column 2 is constant or a combination" },
    { copied, 1, "head_init: target column 1 is constant or a combination" },
    { combined, 2, "head_init: target column 2 is constant or a combination" },
};

/* each at three scales: without a floor an error, whatever rounding leaves of the variance; with
 * one a start whose NLL is finite, and which gives such a column the floor as its scale */
START_TEST(test_degenerate)
{
    static const double orders[3] = { 1, 64, 1024 };
    for (size_t k = 0; k < 3; k++) {
        static tril_real y[ROWS * D];
        make_targets(y, (double[D]){ orders[k], orders[k], orders[k] });
        for (size_t i = 0; i < ROWS; i++)
            degenerate[_i].change(y + i * D);
        tril_ctx *ctx = tril_ctx_new(NULL);
        tril_params *params = tril_params_new(ctx);
        tril_dense *last = tril_dense_new(params, "last",
                                          &(tril_dense_opts){ .inputs = INPUTS, .outputs = WIDTH });
        ck_assert(!tril_head_init(last, y, ROWS, D, &(tril_head_opts){ .floor = TRIL_NO_FLOOR }));
        ck_failed(ctx, TRIL_NOT_POSITIVE, degenerate[_i].text);
        ck_assert_msg(tril_head_init(last, y, ROWS, D, NULL), "scale %g: %s", orders[k],
                      tril_ctx_message(ctx));
        double s =
            (double)tril_param_values(tril_dense_bias(last))[WIDTH - D + degenerate[_i].column];
        /* far down, but not where no gradient would ever bring it back from */
        ck_assert_msg(s < log(1e-4) && s > log(1e-10), "scale %g: raw diagonal %g", orders[k], s);
        double gradient, nll = first_nll(y, NULL, &gradient);
        ck_assert(isfinite(nll) && isfinite(gradient));
        tril_params_free(params);
        tril_ctx_free(ctx);
    }
}
END_TEST

/* ---- errors: one sentence each, and the layer stays as it is */

static const struct {
    size_t outputs;
    bool no_bias, no_targets;
    size_t rows, d;
    tril_head_opts opts;
    double bad; /* a number at column 1 of row 2 */
    tril_status status;
    const char *text;
} errors[] = {
    { 8,
      false,
      false,
      ROWS,
      3,
      { 0 },
      1,
      TRIL_BAD_SHAPE,
      "head_init: the last layer has 8 outputs, but 3 targets need 9 and a bias" },
    { 9,
      false,
      false,
      ROWS,
      2,
      { 0 },
      1,
      TRIL_BAD_SHAPE,
      "9 outputs, but 2 targets need 5 and a bias" },
    { 9, false, false, ROWS, 0, { 0 }, 1, TRIL_BAD_ARGUMENT, "no network has 0 targets" },
    { 9,
      false,
      false,
      ROWS,
      (size_t)-4,
      { 0 },
      1,
      TRIL_BAD_ARGUMENT,
      "no network has 18446744073709551612 targets" },
    { 9, true, false, ROWS, 3, { 0 }, 1, TRIL_BAD_SHAPE, "9 outputs and no bias, but 3 targets" },
    { 9, false, false, 0, 3, { 0 }, 1, TRIL_BAD_ARGUMENT, "head_init: there are no targets" },
    { 9, false, true, ROWS, 3, { 0 }, 1, TRIL_BAD_ARGUMENT, "head_init: there are no targets" },
    { 9, false, false, ROWS, 3, { .floor = -2 }, 1, TRIL_BAD_ARGUMENT, "head: a floor of -2" },
    { 9,
      false,
      false,
      ROWS,
      3,
      { .diagonal = (tril_diagonal_transform)9 },
      1,
      TRIL_BAD_ARGUMENT,
      "head: there is no diagonal number 9" },
    { 9,
      false,
      false,
      ROWS,
      3,
      { 0 },
      HUGE_VAL,
      TRIL_NOT_FINITE,
      "head_init: target column 1 is inf in row 2" },
    { 9,
      false,
      false,
      ROWS,
      3,
      { 0 },
      (double)NAN,
      TRIL_NOT_FINITE,
      "head_init: target column 1 is nan in row 2" },
    { 9,
      false,
      false,
      1,
      3,
      { .floor = TRIL_NO_FLOOR },
      1,
      TRIL_NOT_POSITIVE,
      "head_init: target column 0 is constant" },
};

START_TEST(test_errors)
{
    static tril_real y[ROWS * D];
    tril_real before[9 * INPUTS + 9];
    make_targets(y, scales[0]);
    y[2 * D + 1] = (tril_real)errors[_i].bad;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_dense *last = tril_dense_new(params, "last",
                                      &(tril_dense_opts){ .inputs = INPUTS,
                                                          .outputs = errors[_i].outputs,
                                                          .no_bias = errors[_i].no_bias });
    size_t bytes = tril_params_size(params) * sizeof *before;
    memcpy(before, tril_params_values(params), bytes);
    ck_assert(!tril_head_init(last, errors[_i].no_targets ? NULL : y, errors[_i].rows, errors[_i].d,
                              &errors[_i].opts));
    ck_failed(ctx, errors[_i].status, errors[_i].text);
    ck_assert_mem_eq(before, tril_params_values(params), bytes);
    ck_assert(!tril_head_init(NULL, y, ROWS, D, NULL));
    ck_fine(ctx);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_nn_head_init(void)
{
    Suite *suite = suite_create("nn/head_init");
    TCase *tcase = tcase_create("start");
    tcase_add_loop_test(tcase, test_first_nll, 0, sizeof scales / sizeof *scales);
    tcase_add_loop_test(tcase, test_degenerate, 0, sizeof degenerate / sizeof *degenerate);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    suite_add_tcase(suite, tcase);
    return suite;
}
