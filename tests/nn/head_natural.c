/* Natural gradients: the inverse Fisher matrix times the plain ones, and training that does not
 * depend on the units of the targets. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { D = 3, RANK = 2, MOST = 12, ROWS = 40, INPUTS = 2, STEPS = 40 };

static tril_ctx *ctx;
static tril_tape *tape;

static void begin(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 6 });
    tape = tril_tape_new(ctx);
}

static void end(void)
{
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

/* gradient of a row's log-density in the raw outputs, and in y */
static void gradient(tril_head_opts opts, bool natural, const tril_real *raw, const tril_real *y,
                     double *g, double *gy)
{
    size_t width = tril_head_width(D, &opts);
    const tril_real upstream = 2;
    opts.natural = natural;
    tril_tape_reset(tape);
    tril_var in = tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(width)));
    tril_var point = tril_requires_grad(tril_input(tape, y, TRIL_SHAPE(D)));
    tril_var log_prob = tril_log_prob(tril_head(in, D, &opts), point);
    tril_backward_with(log_prob, &(tril_backward_opts){ .seed = &upstream });
    ck_fine(ctx);
    for (size_t i = 0; i < width; i++)
        g[i] = (double)tril_grad(in)[i] / 2;
    for (size_t i = 0; i < D; i++)
        gy[i] = (double)tril_grad(point)[i];
}

/* raw outputs that want a gradient, of which nothing is recorded */
START_TEST(test_not_recorded)
{
    const tril_real raw[18] = { 0 }, y[6] = { 1, 2, 3 };
    begin();
    for (int record = 1; record >= 0; record--) {
        tril_var in = tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(2, 9)));
        tril_tape_record(tape, record);
        tril_dist p = tril_head(in, D, &(tril_head_opts){ .natural = true });
        const tril_real *x = tril_value(tril_log_prob(p, tril_input(tape, y, TRIL_SHAPE(2, D))));
        ck_fine(ctx);
        ck_close(x[0] - x[1], -7, 1e-5, 1);
    }
    end();
}
END_TEST

/* ---- by hand: v and the slope of log v */

static double v_of(const tril_head_opts *opts, double s, double *slope)
{
    double f = opts->diagonal == TRIL_DIAGONAL_EXP        ? exp(s)
               : opts->diagonal == TRIL_DIAGONAL_SOFTPLUS ? log1p(exp(s))
               : s > 0                                    ? 1 + s
                                                          : exp(s);
    double df = opts->diagonal == TRIL_DIAGONAL_EXP        ? exp(s)
                : opts->diagonal == TRIL_DIAGONAL_SOFTPLUS ? 1 / (1 + exp(-s))
                : s > 0                                    ? 1
                                                           : exp(s);
    *slope = df / (f + opts->floor);
    return f + opts->floor;
}

/* L, and what it changes by with each raw number */
static void factors(const tril_head_opts *opts, const tril_real *raw, size_t width, double l[D][D],
                    double dl[MOST][D][D])
{
    size_t off = D;
    memset(l, 0, D * D * sizeof(double));
    memset(dl, 0, MOST * D * D * sizeof(double));
    for (size_t i = 0; i < D; i++) {
        double slope, v = v_of(opts, (double)raw[width - D + i], &slope);
        double scale = opts->relative_off_diagonal ? v : 1;
        for (size_t j = 0; j < i && opts->kind == &tril_head_full; j++, off++) {
            l[i][j] = (double)raw[off] * scale;
            dl[off][i][j] = scale;
            dl[width - D + i][i][j] = opts->relative_off_diagonal ? l[i][j] * slope : 0;
        }
        l[i][i] = v;
        dl[width - D + i][i][i] = v * slope;
    }
}

/* x = L^-1 x, column by column */
static void solve(double l[D][D], double x[D][D])
{
    for (size_t c = 0; c < D; c++)
        for (size_t i = 0; i < D; i++) {
            for (size_t k = 0; k < i; k++)
                x[i][c] -= l[i][k] * x[k][c];
            x[i][c] /= l[i][i];
        }
}

/* entry a, b of the Fisher matrix: u_a'u_b + tr(S_a S_b) / 2, where u_a = L^-1 dloc, S_a = A + A'
 * and A = L^-1 dL; of loc, dl holds L^-1 in its column of zeros */
static double fisher(double whitened[MOST][D][D], size_t a, size_t b)
{
    double sum = 0;
    if (a < D && b < D)
        for (size_t i = 0; i < D; i++)
            sum += whitened[0][i][a] * whitened[0][i][b];
    else if (a >= D && b >= D)
        for (size_t i = 0; i < D; i++)
            for (size_t j = 0; j < D; j++)
                sum += 0.5 * (whitened[a][i][j] + whitened[a][j][i]) *
                       (whitened[b][i][j] + whitened[b][j][i]);
    return sum;
}

START_TEST(test_fisher)
{
    const tril_head_opts opts = { .kind = _i / 6 ? &tril_head_diagonal : &tril_head_full,
                                  .diagonal = (tril_diagonal_transform)(1 + _i % 3),
                                  .relative_off_diagonal = _i / 3 % 2,
                                  .floor = 0.0625 };
    size_t width = tril_head_width(D, &opts);
    begin();
    for (uint64_t seed = 0; seed < 20; seed++) {
        tril_real raw[MOST], y[D];
        double plain[MOST], natural[MOST], gy[2][D], l[D][D], dl[MOST][D][D];
        tril_random random = tril_random_stream(41, seed);
        tril_random_normal(&random, raw, width);
        tril_random_normal(&random, y, D);
        gradient(opts, false, raw, y, plain, gy[0]);
        gradient(opts, true, raw, y, natural, gy[1]);
        ck_assert(memcmp(gy[0], gy[1], sizeof gy[0]) == 0);
        factors(&opts, raw, width, l, dl);
        for (size_t i = 0; i < D; i++)
            dl[0][i][i] = 1;
        for (size_t a = 0; a < width; a++)
            solve(l, dl[a]);
        double largest = 0;
        for (size_t a = 0; a < width; a++)
            largest = fmax(largest, fabs(plain[a]));
        for (size_t a = 0; a < width; a++) {
            double sum = 0;
            for (size_t b = 0; b < width; b++)
                sum += fisher(dl, a, b) * natural[b];
            ck_close(sum, plain[a], IS_DOUBLE ? 1e-10 : 1e-3, largest);
        }
    }
    end();
}
END_TEST

/* where the floor is nearly all of v, s moves as if it were nine tenths, and no further */
START_TEST(test_reach)
{
    const tril_head_opts opts = { .kind = &tril_head_diagonal,
                                  .diagonal = TRIL_DIAGONAL_EXP,
                                  .floor = 0.5 };
    const tril_real y[D] = { 1, 2, 3 };
    begin();
    for (double s = 0; s > -100; s -= 5) {
        const tril_real raw[2 * D] = { 0, 0, 0, (tril_real)s, 0, 0 };
        double natural[2 * D], gy[D], v = exp(s) + 0.5;
        gradient(opts, true, raw, y, natural, gy);
        ck_close(natural[D], 0.5 * (1 / (v * v) - 1) * fmin(v / exp(s), 10),
                 IS_DOUBLE ? 1e-12 : 1e-5, 1e-3);
    }
    end();
}
END_TEST

/* loc by the covariance, W by v^2, log v by a half */
START_TEST(test_low_rank)
{
    const tril_head_opts opts = { .kind = &tril_head_lowrank,
                                  .rank = RANK,
                                  .diagonal = (tril_diagonal_transform)(1 + _i),
                                  .floor = 0.0625 };
    size_t width = tril_head_width(D, &opts);
    begin();
    for (uint64_t seed = 0; seed < 20; seed++) {
        tril_real raw[MOST], y[D];
        double plain[MOST], natural[MOST], gy[2][D], v[D], slope[D];
        tril_random random = tril_random_stream(42, seed);
        tril_random_normal(&random, raw, width);
        tril_random_normal(&random, y, D);
        gradient(opts, false, raw, y, plain, gy[0]);
        gradient(opts, true, raw, y, natural, gy[1]);
        ck_assert(memcmp(gy[0], gy[1], sizeof gy[0]) == 0);
        double tolerance = IS_DOUBLE ? 1e-11 : 1e-4;
        for (size_t i = 0; i < D; i++)
            v[i] = v_of(&opts, (double)raw[width - D + i], &slope[i]);
        for (size_t i = 0; i < D; i++) {
            double sum = v[i] * v[i] * plain[i];
            for (size_t j = 0; j < D; j++)
                for (size_t a = 0; a < RANK; a++)
                    sum += (double)raw[D + i * RANK + a] * (double)raw[D + j * RANK + a] * plain[j];
            ck_close(natural[i], sum, tolerance, 1);
            for (size_t a = 0; a < RANK; a++)
                ck_close(natural[D + i * RANK + a], v[i] * v[i] * plain[D + i * RANK + a],
                         tolerance, 1);
            ck_close(natural[width - D + i] * slope[i] * slope[i], 0.5 * plain[width - D + i],
                     tolerance, 1);
        }
    }
    end();
}
END_TEST

/* ---- other methods have plain gradients, in the same numbers */

START_TEST(test_others_are_plain)
{
    tril_real raw[2 * MOST];
    double first[2 * MOST];
    tril_random random = tril_random_stream(43, 0);
    tril_random_normal(&random, raw, 2 * MOST);
    begin();
    for (int natural = 0; natural < 2; natural++) {
        const tril_head_opts opts = { .kind = tril_heads[_i], .rank = RANK, .natural = natural };
        size_t width = tril_head_width(D, &opts);
        tril_tape_reset(tape);
        tril_var in = tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(2, width)));
        tril_dist p = tril_dist_expand(tril_head(in, D, &opts), TRIL_SHAPE(3, 2));
        tril_var sum = tril_add(tril_sum(tril_entropy(p)), tril_sum(tril_dist_covariance(p)));
        tril_backward(tril_add(sum, tril_sum(tril_square(tril_dist_mean(p)))));
        ck_fine(ctx);
        for (size_t i = 0; i < 2 * width; i++) {
            if (!natural)
                first[i] = (double)tril_grad(in)[i];
            ck_assert((double)tril_grad(in)[i] == first[i]);
        }
    }
    end();
}
END_TEST

/* ---- a network whose last layer has natural gradients, the layers before it plain ones */

typedef struct training {
    tril_params *params;
    tril_mlp *net;
    tril_real x[ROWS * INPUTS], y[ROWS * D];
    double nll[STEPS];
    bool failed;
} training;

static void prepare(training *t, const tril_head_opts *opts, double scale)
{
    tril_random random = tril_random_stream(44, 0);
    *tril_ctx_random(ctx) = tril_random_stream(45, 0); /* weights begin alike */
    tril_random_normal(&random, t->x, ROWS * INPUTS);
    tril_random_normal(&random, t->y, ROWS * D);
    for (size_t i = 0; i < ROWS; i++) {
        tril_real *y = t->y + i * D;
        y[0] += t->x[i * INPUTS];
        y[1] = (tril_real)(0.3 * (double)y[1]) - y[0] * t->x[i * INPUTS + 1];
        for (size_t j = 0; j < D; j++)
            y[j] *= (tril_real)scale;
    }
    t->params = tril_params_new(ctx);
    t->net = tril_mlp_new(t->params, "net",
                          &(tril_mlp_opts){ .inputs = INPUTS,
                                            .hidden = { 8, 8 },
                                            .outputs = tril_head_width(D, opts) });
    tril_head_init(tril_mlp_last(t->net), t->y, ROWS, D, opts);
    ck_fine(ctx);
}

static void train(training *t, const tril_head_opts *opts, double scale)
{
    prepare(t, opts, scale);
    tril_optim *sgd = tril_sgd_new(t->params, &(tril_sgd_opts){ .lr = 0.1 });
    for (size_t step = 0; step < STEPS && !t->failed; step++) {
        tril_tape_reset(tape);
        tril_var x = tril_input(tape, t->x, TRIL_SHAPE(ROWS, INPUTS));
        tril_dist p = tril_mlp_head(t->net, x, D, opts);
        tril_var log_prob = tril_log_prob(p, tril_input(tape, t->y, TRIL_SHAPE(ROWS, D)));
        tril_var nll = tril_neg(tril_mean(log_prob));
        tril_backward(nll);
        t->nll[step] = (double)tril_item(nll) - D * log(scale);
        tril_optim_step(sgd);
        t->failed = tril_ctx_failed(ctx);
    }
    tril_optim_free(sgd);
    tril_params_free(t->params);
}

static const tril_head_opts trained[] = {
    { .kind = &tril_head_full },
    { .kind = &tril_head_full, .relative_off_diagonal = true },
    { .kind = &tril_head_diagonal },
    { .kind = &tril_head_lowrank, .rank = 2 },
};

START_TEST(test_units)
{
    static training a, b;
    for (int natural = 0; natural < 2; natural++) {
        tril_head_opts opts = trained[_i];
        double apart = 0;
        opts.natural = natural;
        opts.diagonal = TRIL_DIAGONAL_EXP;
        opts.floor = TRIL_NO_FLOOR;
        begin();
        a.failed = b.failed = false;
        train(&a, &opts, 1);
        train(&b, &opts, 1024);
        for (size_t step = 0; step < STEPS && !a.failed && !b.failed; step++)
            apart = fmax(apart, fabs(a.nll[step] - b.nll[step]));
        if (natural) {
            ck_assert_msg(apart < (IS_DOUBLE ? 1e-9 : 1e-3), "NLL differ by %g", apart);
            ck_assert_double_lt(a.nll[STEPS - 1], a.nll[0] - 0.3);
        } else {
            ck_assert(a.failed || b.failed || apart > 0.1);
            tril_ctx_clear(ctx);
        }
        end();
    }
}
END_TEST

/* the gradients of each parameter, plain and by tril_mlp_head, natural */
START_TEST(test_layers)
{
    static training t;
    tril_head_opts opts = { .diagonal = TRIL_DIAGONAL_EXP };
    tril_real plain[400];
    begin();
    prepare(&t, &opts, 1);
    tril_random random = tril_random_stream(46, 0);
    tril_dense *last = tril_mlp_last(t.net);
    size_t n = tril_shape_size(tril_param_shape(tril_dense_weight(last)));
    tril_random_normal(&random, tril_param_values(tril_dense_weight(last)), n);
    size_t size = tril_params_size(t.params), tail = n + 9; /* the last layer's are the last */
    ck_assert_uint_le(size, 400);
    for (int how = 0; how < 3; how++) {
        opts.natural = how == 2;
        tril_tape_reset(tape);
        tril_var x = tril_input(tape, t.x, TRIL_SHAPE(ROWS, INPUTS));
        tril_dist p =
            how ? tril_mlp_head(t.net, x, D, &opts) : tril_head(tril_mlp_apply(t.net, x), D, &opts);
        tril_backward(tril_mean(tril_log_prob(p, tril_input(tape, t.y, TRIL_SHAPE(ROWS, D)))));
        ck_fine(ctx);
        const tril_real *g = tril_params_grads(t.params);
        if (how == 0)
            memcpy(plain, g, size * sizeof *g);
        size_t same = 0;
        for (size_t i = 0; i < size; i++)
            same += g[i] == plain[i] && i + tail < size;
        ck_assert_uint_eq(same, size - tail);
        ck_assert((memcmp(g + size - tail, plain + size - tail, tail * sizeof *g) == 0) ==
                  (how < 2));
    }
    tril_params_free(t.params);
    end();
}
END_TEST

/* ---- errors */

START_TEST(test_refused)
{
    static const tril_head_kind *const forms[] = { &tril_head_precision, &tril_head_shared,
                                                   &tril_head_mixture, &tril_head_student };
    static const tril_real zeros[20];
    const tril_head_opts opts = { .kind = forms[_i], .components = 2, .natural = true };
    static const char *const names[] = { "precision", "shared", "mixture", "student" };
    char text[64];
    snprintf(text, sizeof text, "head: the form %s has no natural gradient", names[_i]);
    begin();
    tril_head(tril_input(tape, zeros, TRIL_SHAPE(tril_head_width(D, &opts))), D, &opts);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, text);
    tril_params *params = tril_params_new(ctx);
    tril_mlp *net = tril_mlp_new(params, "net", &(tril_mlp_opts){ .inputs = 2, .outputs = 5 });
    const tril_head_opts natural = { .natural = true };
    tril_var x = tril_input(tape, zeros, TRIL_SHAPE(4, 2));
    ck_assert_ptr_null(tril_mlp_head(net, x, D, &natural).kind);
    ck_failed(ctx, TRIL_BAD_SHAPE, "head: raw is 4x5, but 3 targets need rows of 9 numbers");
    ck_assert_ptr_null(tril_mlp_head(NULL, x, D, &natural).kind);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "mlp: there is no network");
    ck_assert_ptr_null(tril_mlp_head(net, x, 0, &natural).kind);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "head: no network has 0 targets");
    ck_assert_ptr_null(tril_mlp_head(net, tril_transpose(x, 0, 1), D, &natural).kind);
    ck_failed(ctx, TRIL_BAD_SHAPE, "affine: x is 2x4 but the weight is 5x2");
    tril_params_free(params);
    end();
}
END_TEST

Suite *suite_nn_head_natural(void)
{
    Suite *suite = suite_create("nn/head_natural");
    TCase *tcase = tcase_create("natural");
    tcase_set_tags(tcase, "trains");
    tcase_add_loop_test(tcase, test_fisher, 0, 12);
    tcase_add_test(tcase, test_reach);
    tcase_add_loop_test(tcase, test_low_rank, 0, 3);
    tcase_add_loop_test(tcase, test_others_are_plain, 0, 2);
    tcase_add_loop_test(tcase, test_units, 0, sizeof trained / sizeof *trained);
    tcase_add_test(tcase, test_layers);
    tcase_add_test(tcase, test_not_recorded);
    tcase_add_loop_test(tcase, test_refused, 0, 4);
    suite_add_tcase(suite, tcase);
    return suite;
}
