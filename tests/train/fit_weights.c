/* Rows that count more than once, or not at all: as if they stood there so often. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/fitting.h"

enum { ROWS = 60, MOST_ROWS = 4 * ROWS, D = 2, WIDTH = INPUTS + D };

/* rows of some weights, and the same rows as often; in another order, with rows that do not count
 */
typedef struct sets {
    tril_real x[2][MOST_ROWS * INPUTS], y[2][MOST_ROWS * D], w[MOST_ROWS];
    tril_batch weighted, repeated;
} sets;

static void add(sets *r, bool repeated, const tril_real *x, const tril_real *y)
{
    tril_batch *to = repeated ? &r->repeated : &r->weighted;
    memcpy(r->x[repeated] + to->n * INPUTS, x, INPUTS * sizeof *x);
    memcpy(r->y[repeated] + to->n++ * D, y, D * sizeof *y);
}

static void make_rows(tril_ctx *ctx, bool missing, sets *r)
{
    static const tril_head_opts head = { 0 };
    fitting f = fitting_new(ctx, ROWS, D, 0, &head);
    *r = (sets){ .weighted = { r->x[0], r->y[0], 0, r->w }, .repeated = { r->x[1], r->y[1] } };
    for (size_t i = 0; i < ROWS; i++) {
        const size_t copies = i % 4;
        if (missing && i % 5 == 1)
            f.y[i * D + i % D] = (tril_real)NAN;
        r->w[i] = (tril_real)copies;
        add(r, false, f.x + i * INPUTS, f.y + i * D);
        for (size_t k = 0; k < copies; k++)
            add(r, true, f.x + i * INPUTS, f.y + i * D);
    }
    fitting_free(&f);
}

static const tril_head_opts heads[] = {
    { .kind = &tril_head_full },
    { .kind = &tril_head_precision },
    { .kind = &tril_head_shared },
    { .kind = &tril_head_mixture, .components = 2, .component = &tril_head_full },
};
static const tril_loss *const losses[] = { &tril_loss_nll, &tril_loss_beta, &tril_loss_faithful,
                                           &tril_loss_mse };

/* a fit of all rows in one batch, of which some steps were taken; its parameters are copied */
static tril_fit_status fit_rows(tril_ctx *ctx, tril_batch rows, const tril_head_opts *head,
                                bool line, tril_fit_opts opts, tril_real *params)
{
    *tril_ctx_random(ctx) = tril_random_stream(5, 0);
    tril_params *store = tril_params_new(ctx);
    tril_mlp_opts mlp = { .inputs = INPUTS, .hidden = { 6 }, .outputs = tril_head_width(D, head) };
    tril_network net = { .targets = D, .head = *head };
    if (line) {
        net = tril_network_new(store, D, &mlp, head);
    } else {
        if (head->kind == &tril_head_shared)
            net.head.shared = tril_head_shared_new(store, "covariance", D);
        net.mlp = tril_mlp_new(store, "net", &mlp);
    }
    opts.optim = &tril_optim_sgd;
    opts.lr = 0.05;
    opts.epochs = 3;
    opts.batch = MOST_ROWS;
    opts.keep_last = true;
    tril_fit *fit = tril_fit_new(&net, rows, &opts);
    for (size_t i = 0; i < tril_params_size(store); i++)
        params[i] = tril_params_values(store)[i];
    for (size_t at = tril_params_size(store), k = 0; k < 2 && tril_fit_epoch(fit); k++)
        for (size_t i = 0; i < tril_params_size(store); i++)
            params[at++] = tril_params_values(store)[i];
    const tril_fit_status status = tril_fit_get_status(fit);
    tril_fit_free(fit);
    tril_params_free(store);
    return status;
}

/* start, gradients (a step of SGD each) and figures */
START_TEST(test_repeated)
{
    enum { MOST = 3 * 400, CASES = 4 };
    static sets r;
    const double tolerance = IS_DOUBLE ? 1e-11 : 2e-4;
    tril_ctx *ctx = tril_ctx_new(NULL);
    const tril_head_opts *head = &heads[_i % CASES];
    for (size_t l = 0; l < CASES; l++) {
        tril_real a[MOST] = { 0 }, b[MOST] = { 0 };
        const bool missing = _i / CASES % 2, line = _i / CASES / 2;
        make_rows(ctx, missing, &r);
        tril_fit_opts opts = { .loss = losses[l], .missing = missing, .validation = r.weighted };
        tril_fit_status s = fit_rows(ctx, r.weighted, head, line, opts, a);
        opts.validation = r.repeated;
        tril_fit_status t = fit_rows(ctx, r.repeated, head, line, opts, b);
        ck_fine(ctx);
        ck_assert_uint_eq(s.epoch, 2);
        ck_close(s.train_nll, t.train_nll, tolerance, 1);
        ck_close(s.validation_nll, t.validation_nll, tolerance, 1);
        double size = 0;
        for (size_t i = 0; i < MOST; i++) {
            ck_close(a[i], b[i], tolerance, 1);
            size += fabs((double)a[i]);
        }
        ck_assert(a[MOST - 1] == 0 && size > 1);
    }
    tril_ctx_free(ctx);
}
END_TEST

/* noise is the difference of rows that are drawn as often as they count: of one there is none */
START_TEST(test_noise)
{
    static sets r;
    tril_real a[1200], b[1200];
    tril_ctx *ctx = tril_ctx_new(NULL);
    make_rows(ctx, false, &r);
    for (size_t i = 0; i < ROWS; i++)
        r.w[i] = i == 7 ? 100 : (tril_real)1e-12;
    const tril_fit_opts none = { 0 }, some = { .input_noise = 1 };
    const tril_fit_status s = fit_rows(ctx, r.weighted, &heads[0], false, none, a),
                          t = fit_rows(ctx, r.weighted, &heads[0], false, some, b);
    ck_fine(ctx);
    ck_assert_double_eq(s.train_nll, t.train_nll);
    r.weighted.w = NULL;
    ck_assert_double_ne(fit_rows(ctx, r.weighted, &heads[0], false, none, a).train_nll,
                        fit_rows(ctx, r.weighted, &heads[0], false, some, b).train_nll);
    tril_ctx_free(ctx);
}
END_TEST

/* a share is held out of the rows that count, and judged by their weights */
START_TEST(test_share)
{
    static sets r;
    tril_real a[1200];
    tril_ctx *ctx = tril_ctx_new(NULL);
    make_rows(ctx, false, &r);
    const tril_fit_opts opts = { .validation_share = 0.3 };
    const double before = fit_rows(ctx, r.weighted, &heads[0], true, opts, a).validation_nll;
    for (size_t i = 0; i < ROWS; i++) {
        if (r.w[i] == 0) /* what is there does not matter */
            r.x[0][i * INPUTS] = r.y[0][i * D] = 1000;
        r.w[i] *= 4;
    }
    ck_close(fit_rows(ctx, r.weighted, &heads[0], true, opts, a).validation_nll, before, 0.05, 1);
    r.weighted.w = NULL;
    ck_assert_double_gt(fit_rows(ctx, r.weighted, &heads[0], true, opts, a).validation_nll,
                        before + 0.5);
    ck_fine(ctx);
    tril_ctx_free(ctx);
}
END_TEST

/* weights that sum to less than a row still give a start and steps that are finite */
START_TEST(test_tiny)
{
    static sets r;
    tril_real a[1200];
    tril_ctx *ctx = tril_ctx_new(NULL);
    make_rows(ctx, false, &r);
    for (size_t i = 0; i < r.weighted.n; i++)
        r.w[i] *= (tril_real)1e-6;
    const tril_fit_status s = fit_rows(ctx, r.weighted, &heads[_i], true, (tril_fit_opts){ 0 }, a);
    ck_fine(ctx);
    ck_assert(isfinite(s.train_nll));
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_wrong)
{
    static sets r;
    tril_real a[1200];
    tril_ctx *ctx = tril_ctx_new(NULL);
    make_rows(ctx, false, &r);
    r.w[3] = -1;
    fit_rows(ctx, r.weighted, &heads[0], true, (tril_fit_opts){ 0 }, a);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "fit: w: the weight of row 3 is -1, want a number of at");
    r.w[3] = (tril_real)NAN;
    fit_rows(ctx, r.repeated, &heads[0], true, (tril_fit_opts){ .validation = r.weighted }, a);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "fit: validation.w: the weight of row 3 is nan");
    memset(r.w, 0, sizeof r.w);
    fit_rows(ctx, r.weighted, &heads[0], true, (tril_fit_opts){ 0 }, a);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "fit: w: all weights are 0");
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_train_fit_weights(void)
{
    Suite *suite = suite_create("train/fit_weights");
    TCase *tcase = tcase_create("weights");
    tcase_add_loop_test(tcase, test_repeated, 0, 16);
    tcase_add_test(tcase, test_noise);
    tcase_add_test(tcase, test_share);
    tcase_add_loop_test(tcase, test_tiny, 0, 4);
    tcase_add_test(tcase, test_wrong);
    suite_add_tcase(suite, tcase);
    return suite;
}
