/* What is minimised: each loss against its formula or what it promises; noise; missing targets. */
#include "train/fitting.h"

#include <math.h>
#include <string.h>

enum { ROWS = 50 };

/* a linear network of one target, its parameters set by hand: loc = 0.3 + 0.5 x_0 - 0.2 x_1,
 * log scale = -0.4 + 0.1 x_0 + 0.6 x_1 */
static fitting linear(tril_ctx *ctx, const tril_fit_opts *opts)
{
    static const tril_real weight[] = { (tril_real)0.5, (tril_real)-0.2, (tril_real)0.1,
                                        (tril_real)0.6 },
                           bias[] = { (tril_real)0.3, (tril_real)-0.4 };
    fitting f =
        fitting_new(ctx, ROWS, 1, 0,
                    &(tril_head_opts){ .diagonal = TRIL_DIAGONAL_EXP, .floor = TRIL_NO_FLOOR });
    tril_dense *last = tril_mlp_last(f.net.mlp);
    memcpy(tril_param_values(tril_dense_weight(last)), weight, sizeof weight);
    memcpy(tril_param_values(tril_dense_bias(last)), bias, sizeof bias);
    f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS }, opts);
    ck_fine(ctx);
    return f;
}

/* The step of one batch of all rows at rate 1 is minus the gradient; d loss / d loc = -weight_loc
 * (y - loc) / scale^2, d loss / d log scale = -weight_scale (z^2 - 1), by row. */
typedef struct weights {
    double loc, scale;
} weights;

static weights of_nll(double scale)
{
    (void)scale;
    return (weights){ 1, 1 };
}

static weights of_beta(double scale)
{
    return (weights){ scale, scale };
}

static weights of_beta_1(double scale)
{
    return (weights){ scale * scale, scale * scale };
}

static weights of_faithful(double scale)
{
    return (weights){ scale * scale, 1 };
}

static const struct {
    tril_fit_opts opts;
    weights (*of)(double scale);
} gradients[] = {
    { { .loss = &tril_loss_nll }, of_nll },
    { { .loss = &tril_loss_beta }, of_beta },
    { { .loss = &tril_loss_beta, .beta = 1 }, of_beta_1 },
    { { .loss = &tril_loss_faithful }, of_faithful },
};

START_TEST(test_gradients)
{
    double expected[6] = { 0 }, nll = 0; /* weights of loc, of log scale; biases */
    tril_fit_opts opts = gradients[_i].opts;
    opts.optim = &tril_optim_sgd;
    opts.lr = 1;
    opts.batch = ROWS;
    opts.no_init = true;
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = linear(ctx, &opts);
    tril_real before[6], *values = tril_params_values(f.params);
    memcpy(before, values, sizeof before);
    for (size_t i = 0; i < ROWS; i++) {
        const double x[3] = { (double)f.x[2 * i], (double)f.x[2 * i + 1], 1 };
        const double s = -0.4 + 0.1 * x[0] + 0.6 * x[1], scale = exp(s);
        const double z = ((double)f.y[i] - (0.3 + 0.5 * x[0] - 0.2 * x[1])) / scale;
        const weights w = gradients[_i].of(scale);
        for (size_t k = 0; k < 3; k++) {
            expected[k < 2 ? k : 4] += w.loc * z / scale * x[k] / ROWS;
            expected[k < 2 ? k + 2 : 5] += w.scale * (z * z - 1) * x[k] / ROWS;
        }
        nll += (0.5 * z * z + s + 0.5 * log(2 * acos(-1.))) / ROWS;
    }
    ck_close(tril_fit_get_status(f.fit).train_nll, nll, IS_DOUBLE ? 1e-12 : 1e-5, 0);
    ck_assert(tril_fit_epoch(f.fit));
    ck_close(tril_fit_get_status(f.fit).train_nll, nll, IS_DOUBLE ? 1e-12 : 1e-5, 0);
    for (size_t k = 0; k < 6; k++)
        ck_close((double)values[k] - (double)before[k], expected[k], IS_DOUBLE ? 1e-10 : 1e-4, 0.1);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* for more than one target: the sum over rows of det(covariance)^(beta/d) times the gradient of
 * each row's NLL by itself, natural or plain */
START_TEST(test_beta_of_many)
{
    static const tril_head_opts heads[] = { { 0 },
                                            { .kind = &tril_head_diagonal },
                                            { .kind = &tril_head_precision },
                                            { .kind = &tril_head_lowrank, .rank = 1 },
                                            { .kind = &tril_head_shared },
                                            { .natural = true } };
    const double beta = 0.7;
    double expected[256] = { 0 };
    tril_real before[256];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_new(ctx, ROWS, 2, 8, &heads[_i]);
    tril_tape *tape = tril_tape_new(ctx);
    const tril_real *values = tril_params_values(f.params), *grads = tril_params_grads(f.params);
    const size_t size = tril_params_size(f.params);
    ck_assert_uint_le(size, 256);
    for (size_t row = 0; row < ROWS; row++) {
        tril_tape_reset(tape);
        tril_var x = tril_input(tape, f.x + row * INPUTS, TRIL_SHAPE(1, INPUTS));
        tril_var y = tril_input(tape, f.y + row * 2, TRIL_SHAPE(1, 2));
        tril_dist p = tril_mlp_head(f.net.mlp, x, 2, &f.net.head);
        const tril_real *c = tril_value(tril_dist_covariance(p));
        const double det = (double)c[0] * (double)c[3] - (double)c[1] * (double)c[2];
        ck_assert(tril_backward(tril_sum(tril_log_prob(p, y))));
        for (size_t i = 0; i < size; i++)
            expected[i] += pow(det, beta / 2) * (double)grads[i] / ROWS;
    }
    memcpy(before, values, size * sizeof *before);
    f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS },
                         &(tril_fit_opts){ .loss = &tril_loss_beta,
                                           .beta = beta,
                                           .optim = &tril_optim_sgd,
                                           .lr = 1,
                                           .batch = ROWS,
                                           .no_init = true });
    ck_assert(tril_fit_epoch(f.fit));
    for (size_t i = 0; i < size; i++)
        ck_close((double)values[i] - (double)before[i], expected[i], IS_DOUBLE ? 1e-10 : 1e-4, 0.1);
    tril_tape_free(tape);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* the mean of the faithful loss is that of squared errors, whatever the covariance: it takes the
 * same path beside a covariance of another form */
START_TEST(test_faithful_mean)
{
    const tril_head_opts heads[2] = { { 0 }, { .kind = &tril_head_shared } };
    tril_real trunk[2][8 * (INPUTS + 1) + 8 * 9], mean[2][2 * 9];
    for (int i = 0; i < 2; i++) {
        tril_ctx *ctx = tril_ctx_new(NULL);
        fitting f = fitting_begin(
            ctx, 200, 2, &heads[i],
            &(tril_fit_opts){
                .loss = &tril_loss_faithful, .optim = &tril_optim_sgd, .lr = 0.05, .epochs = 10 });
        ck_assert(tril_fit_run(f.fit, NULL, NULL));
        tril_real *first = tril_param_values(tril_params_find(f.params, "net.0.weight"));
        memcpy(trunk[i], first, sizeof *trunk);
        memcpy(mean[i], tril_param_values(tril_params_find(f.params, "net.4.weight")),
               2 * 8 * sizeof **mean);
        memcpy(mean[i] + 16, fitting_bias(&f, 0), 2 * sizeof **mean);
        ck_assert(fabs((double)mean[i][0]) > 1e-3);
        fitting_free(&f);
        tril_ctx_free(ctx);
    }
    for (size_t k = 0; k < sizeof *trunk / sizeof **trunk; k++)
        ck_close(trunk[0][k], trunk[1][k], IS_DOUBLE ? 1e-10 : 1e-4, 0.1);
    for (size_t k = 0; k < 18; k++)
        ck_close(mean[0][k], mean[1][k], IS_DOUBLE ? 1e-10 : 1e-4, 0.1);
}
END_TEST

/* what else than a mean stays as it was while the means warm up, to the last bit */
START_TEST(test_warmup)
{
    static const struct {
        tril_head_opts head;
        bool is_mean[11];
    } cases[] = {
        { { 0 }, { true, true } },
        { { .kind = &tril_head_lowrank, .rank = 1 }, { true, true } },
        { { .kind = &tril_head_shared }, { true, true } },
        { { .kind = &tril_head_full, .natural = true }, { true, true } },
        { { .kind = &tril_head_mixture, .components = 2, .component = &tril_head_diagonal },
          { false, false, true, true, false, false, true, true } },
    };
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_begin(ctx, 200, 2, &cases[_i].head,
                              &(tril_fit_opts){ .loss = &tril_loss_warmup,
                                                .warmup_epochs = 3,
                                                .weight_decay = 0.1,
                                                .epochs = 4,
                                                .clip = { .norm = 1 },
                                                .lr = 0.01 });
    const size_t width = tril_head_width(2, &f.net.head);
    tril_real bias[16], shared[3] = { 0 };
    const tril_param covariance = f.net.head.shared;
    memcpy(bias, fitting_bias(&f, 0), width * sizeof *bias);
    if (covariance.params)
        memcpy(shared, tril_param_values(covariance), sizeof shared);
    for (size_t epoch = 0; epoch < 4; epoch++) {
        ck_assert(tril_fit_epoch(f.fit));
        for (size_t i = 0; i < width; i++)
            ck_assert_msg((*fitting_bias(&f, i) == bias[i]) == (epoch < 3 && !cases[_i].is_mean[i]),
                          "epoch %zu, raw output %zu", epoch, i);
        if (covariance.params)
            ck_assert((memcmp(tril_param_values(covariance), shared, sizeof shared) == 0) ==
                      (epoch < 3));
    }
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- noise: drawn afresh, and as wide as is said */

static double noisy_nll(tril_ctx *ctx, uint64_t seed)
{
    fitting f = fitting_begin(
        ctx, 1, 2, NULL,
        &(tril_fit_opts){ .lr = 1e-30, .no_init = true, .target_noise = 0.3, .seed = seed });
    tril_fit_epoch(f.fit);
    double nll = tril_fit_get_status(f.fit).train_nll;
    fitting_free(&f);
    return nll;
}

/* of a single row, whose order is always the same */
START_TEST(test_noise_is_the_seeds)
{
    double nll[3];
    for (int i = 0; i < 3; i++) {
        tril_ctx *ctx = tril_ctx_new(NULL);
        nll[i] = noisy_nll(ctx, i < 2 ? 7 : 8);
        tril_ctx_free(ctx);
    }
    ck_assert(nll[0] == nll[1] && nll[0] != nll[2]);
}
END_TEST

START_TEST(test_noise_is_fresh)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    double nll[4] = { 0 };
    fitting f = fitting_begin(ctx,
                              _i < 2    ? 500
                              : _i == 2 ? 20
                                        : 1,
                              2, NULL,
                              &(tril_fit_opts){ .lr = 1e-30,
                                                .no_init = true,
                                                .input_noise = _i % 2 == 0 ? 20 : 0,
                                                .target_noise = _i % 2 == 1 ? 0.3 : 0 });
    nll[0] = tril_fit_get_status(f.fit).train_nll;
    for (size_t epoch = 1; epoch < 4; epoch++) {
        ck_assert(tril_fit_epoch(f.fit));
        nll[epoch] = tril_fit_get_status(f.fit).train_nll;
        for (size_t i = 0; i < epoch; i++)
            ck_assert_double_gt(fabs(nll[epoch] - nll[i]), 1e-4);
    }
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* each row has noise of its own: of the variance of the targets, it adds 1/2 to the NLL of a normal
 * with their moments, at the start and in every epoch of one batch, never twice the same */
START_TEST(test_noise_of_rows)
{
    enum { N = 4000 };
    double variance = 0;
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_new(ctx, N, 1, 0, NULL);
    tril_random random = tril_random_stream(8, 1);
    tril_random_normal(&random, f.y, N);
    for (size_t i = 0; i < N; i++)
        variance += (double)f.y[i] * (double)f.y[i] / N;
    f.fit =
        tril_fit_new(&f.net, (tril_batch){ f.x, f.y, N },
                     &(tril_fit_opts){ .lr = 1e-30, .batch = N, .target_noise = sqrt(variance) });
    const double without = 0.5 * (1 + log(2 * acos(-1.) * variance));
    double last = 0;
    for (size_t epoch = 0; epoch < 4; epoch++) {
        ck_assert(tril_fit_get_status(f.fit).train_nll != last);
        last = tril_fit_get_status(f.fit).train_nll;
        ck_close(last, without + 0.5, 0.05, 1);
        ck_assert(tril_fit_epoch(f.fit));
    }
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* Without noise the covariance shrinks to that of the targets given the inputs; noise in the
 * targets adds its variance, noise in inputs that of their noise as the mean passes it on. */
START_TEST(test_noise_width)
{
    enum { N = 4000 };
    const double input_noise = 0.4, target_noise = 0.5, unit = 0.35 / sqrt(N);
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f =
        fitting_new(ctx, N, 1, 0,
                    &(tril_head_opts){ .kind = &tril_head_shared, .diagonal = TRIL_DIAGONAL_EXP });
    tril_random random = tril_random_stream(8, 1);
    tril_random_normal(&random, f.y, N);
    for (size_t i = 0; i < N; i++)
        f.y[i] = (tril_real)(0.3 * (double)f.y[i] + 2 * (double)f.x[2 * i]);
    f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, N },
                         &(tril_fit_opts){ .lr = 0.03,
                                           .epochs = 60,
                                           .schedule = { .kind = TRIL_COSINE },
                                           .input_noise = _i == 1 ? input_noise / unit : 0,
                                           .target_noise = _i == 2 ? target_noise : 0 });
    ck_assert(tril_fit_run(f.fit, NULL, NULL));
    /* least squares with noisy inputs of variance 1: slope 2 / (1 + noise^2) */
    const double h = _i == 1 ? input_noise * input_noise : 0, slope = 2 / (1 + h);
    const double variance = 0.09 + (2 - slope) * (2 - slope) + h * slope * slope +
                            (_i == 2 ? target_noise * target_noise : 0);
    ck_close(tril_param_values(tril_dense_weight(tril_mlp_last(f.net.mlp)))[0], slope, 0.03, 0);
    ck_close(exp((double)tril_param_values(f.net.head.shared)[0]), sqrt(variance), 0.04, 0);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- missing targets */

/* rows with nothing missing learn as if NaN were not allowed; half of the second target gone, it is
 * learned from the other half and from what it has in common with the first */
START_TEST(test_missing)
{
    static const tril_head_opts heads[] = { { 0 },
                                            { .kind = &tril_head_diagonal },
                                            { .kind = &tril_head_mixture, .components = 2 },
                                            { 0 },
                                            { 0 } };
    static const tril_loss *const losses[] = { &tril_loss_nll, &tril_loss_beta, &tril_loss_nll,
                                               &tril_loss_faithful, &tril_loss_warmup };
    double best[2] = { 0 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (int holes = 0; holes < 2; holes++) {
        fitting f = fitting_new(ctx, 1200, 2, 8, &heads[_i]);
        const size_t n = 900;
        for (size_t i = 0; i < n && holes; i += 2)
            f.y[2 * i + 1] = (tril_real)NAN;
        tril_fit_opts opts = { .lr = 0.01, .epochs = 40, .missing = holes, .loss = losses[_i] };
        opts.validation = (tril_batch){ f.x + n * INPUTS, f.y + n * 2, 300 };
        f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, n }, &opts);
        ck_assert(tril_fit_run(f.fit, NULL, NULL));
        ck_fine(ctx);
        best[holes] = tril_fit_get_status(f.fit).best_nll;
        fitting_free(&f);
    }
    ck_assert_double_lt(fabs(best[0] - best[1]), 0.2);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_train_fit_losses(void)
{
    Suite *suite = suite_create("train/fit_losses");
    TCase *tcase = tcase_create("losses");
    tcase_set_tags(tcase, "trains");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_gradients, 0, sizeof gradients / sizeof *gradients);
    tcase_add_loop_test(tcase, test_beta_of_many, 0, 6);
    tcase_add_test(tcase, test_faithful_mean);
    tcase_add_loop_test(tcase, test_warmup, 0, 5);
    tcase_add_test(tcase, test_noise_is_the_seeds);
    tcase_add_loop_test(tcase, test_noise_is_fresh, 0, 4);
    tcase_add_test(tcase, test_noise_of_rows);
    tcase_add_loop_test(tcase, test_missing, 0, 1);
    suite_add_tcase(suite, tcase);
    TCase *learned = tcase_create("what is learned");
    tcase_set_timeout(learned, 60);
    tcase_set_tags(learned, "long trains");
    tcase_add_loop_test(learned, test_noise_width, 0, 3);
    tcase_add_loop_test(learned, test_missing, 1, 5);
    suite_add_tcase(suite, learned);
    return suite;
}
