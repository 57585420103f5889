/* Heads of every form but the full one: the same distribution as by hand, and errors. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { D = 3, RANK = 2, ROWS = 5, MOST = 12, FACTOR = D * (D + 1) / 2 };

static tril_ctx *ctx;
static tril_tape *tape;
static tril_params *params;

static void begin(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 3 });
    tape = tril_tape_new(ctx);
    params = tril_params_new(ctx);
}

static void end(void)
{
    tril_tape_free(tape);
    tril_params_free(params);
    tril_ctx_free(ctx);
}

/* ---- by hand */

static double v_of(const tril_head_opts *opts, tril_real s)
{
    double x = (double)s;
    double f = opts->diagonal == TRIL_DIAGONAL_EXP        ? exp(x)
               : opts->diagonal == TRIL_DIAGONAL_SOFTPLUS ? log1p(exp(x))
               : x > 0                                    ? 1 + x
                                                          : exp(x);
    return f + opts->floor;
}

/* a factor's rows from its strict lower triangle and what stands on its diagonal; scaled
 * off-diagonals are relative to that of their row, or of their column */
static void triangle(const tril_head_opts *opts, const tril_real *off, const double *diagonal,
                     tril_real *factor)
{
    for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j < D; j++) {
            size_t base = opts->kind == &tril_head_precision ? j : i;
            factor[i * D + j] =
                j < i ? (tril_real)((double)*off++ *
                                    (opts->relative_off_diagonal ? diagonal[base] : 1))
                      : (tril_real)(j == i ? diagonal[i] : 0);
        }
}

/* the distribution of the same rows, from tensors that are kept in these */
static tril_real locs[ROWS * D], factors[ROWS * D * D], scales[ROWS * D], dfs[ROWS];

static tril_dist by_hand(const tril_head_opts *opts, const tril_real *raw, size_t width)
{
    for (size_t r = 0; r < ROWS; r++) {
        const tril_real *row = raw + r * width, *last = row + width - 1;
        const tril_real *s = last + (opts->kind != &tril_head_student) - D;
        double diagonal[D];
        memcpy(locs + r * D, row, D * sizeof *locs);
        dfs[r] = (tril_real)(2.01 + 1000 / (1 + exp(-(double)*last)));
        for (size_t i = 0; i < D; i++) {
            double v = v_of(opts, s[i]);
            diagonal[i] = opts->kind == &tril_head_precision ? 1 / v : v;
            scales[r * D + i] = (tril_real)(opts->kind == &tril_head_lowrank ? v * v : v);
        }
        if (opts->kind == &tril_head_lowrank)
            memcpy(factors + r * D * RANK, row + D, D * RANK * sizeof *factors);
        else if (opts->kind != &tril_head_diagonal)
            triangle(opts, row + D, diagonal, factors + r * D * D);
    }
    tril_var loc = tril_input(tape, locs, TRIL_SHAPE(ROWS, D));
    tril_var scale = tril_input(tape, scales, TRIL_SHAPE(ROWS, D));
    if (opts->kind == &tril_head_diagonal)
        return tril_mvn_diag(loc, scale);
    if (opts->kind == &tril_head_lowrank)
        return tril_mvn_low_rank(loc, tril_input(tape, factors, TRIL_SHAPE(ROWS, D, RANK)), scale);
    tril_var factor = tril_input(tape, factors, TRIL_SHAPE(ROWS, D, D));
    if (opts->kind == &tril_head_student)
        return tril_mvt(tril_input(tape, dfs, TRIL_SHAPE(ROWS)), loc, factor);
    return opts->kind == &tril_head_precision ? tril_mvn_precision_tril(loc, factor)
                                              : tril_mvn(loc, factor);
}

static void ck_same(tril_var x, tril_var y, const char *what)
{
    ck_fine(ctx);
    ck_assert(tril_shape_equal(tril_shape_of(x), tril_shape_of(y)));
    for (size_t i = 0; i < tril_size(x); i++) {
        double a = (double)tril_value(x)[i], b = (double)tril_value(y)[i];
        ck_assert_msg(fabs(a - b) <= (IS_DOUBLE ? 1e-11 : 1e-4) * fmax(fabs(b), 1),
                      "%s: %.17g of the head, %.17g by hand", what, a, b);
    }
}

static const tril_head_kind *const forms[] = { &tril_head_full, &tril_head_diagonal,
                                               &tril_head_precision, &tril_head_lowrank,
                                               &tril_head_student };

START_TEST(test_by_hand)
{
    const tril_head_opts opts = { .kind = forms[_i / 6],
                                  .rank = RANK,
                                  .diagonal = (tril_diagonal_transform)(1 + _i % 3),
                                  .relative_off_diagonal = _i / 3 % 2,
                                  .floor = 0.125 };
    size_t width = tril_head_width(D, &opts);
    tril_real raw[ROWS * MOST], y[ROWS * D];
    tril_random random = tril_random_stream(22, (uint64_t)_i);
    tril_random_normal(&random, raw, ROWS * width);
    tril_random_normal(&random, y, ROWS * D);
    begin();
    tril_dist p = tril_head(tril_input(tape, raw, TRIL_SHAPE(ROWS, width)), D, &opts);
    tril_dist q = by_hand(&opts, raw, width);
    tril_var points = tril_input(tape, y, TRIL_SHAPE(ROWS, D));
    ck_same(tril_log_prob(p, points), tril_log_prob(q, points), "log_prob");
    ck_same(tril_dist_mean(p), tril_dist_mean(q), "mean");
    ck_same(tril_dist_mode(p), tril_dist_mode(q), "mode");
    ck_same(tril_dist_variance(p), tril_dist_variance(q), "variance");
    ck_same(tril_dist_covariance(p), tril_dist_covariance(q), "covariance");
    ck_same(tril_entropy(p), tril_entropy(q), "entropy");
    for (size_t n = 0; n < 3; n += 2) {
        tril_random at = *tril_ctx_random(ctx);
        tril_var drawn = tril_sample(p, n);
        *tril_ctx_random(ctx) = at;
        ck_same(drawn, tril_sample(q, n), "sample");
    }
    end();
}
END_TEST

/* ---- a shared covariance is that of a full head whose rows all say the same; so are gradients */

START_TEST(test_shared)
{
    const bool scaled = _i;
    const size_t width = D + FACTOR;
    tril_real locations[ROWS * D], raw[ROWS * (D + FACTOR)], y[ROWS * D];
    tril_random random = tril_random_stream(23, 0);
    tril_random_normal(&random, locations, ROWS * D);
    tril_random_normal(&random, y, ROWS * D);
    begin();
    tril_param shared = tril_head_shared_new(params, "covariance", D);
    ck_fine(ctx);
    ck_assert(tril_shape_equal(tril_param_shape(shared), TRIL_SHAPE(FACTOR)));
    tril_random_normal(&random, tril_param_values(shared), FACTOR);
    for (size_t i = 0; i < ROWS; i++) {
        memcpy(raw + i * width, locations + i * D, D * sizeof *raw);
        memcpy(raw + i * width + D, tril_param_values(shared), FACTOR * sizeof *raw);
    }
    const tril_head_opts full = { .relative_off_diagonal = scaled };
    const tril_head_opts opts = { .kind = &tril_head_shared,
                                  .relative_off_diagonal = scaled,
                                  .shared = shared };
    ck_assert_uint_eq(tril_head_width(D, &opts), D);
    tril_var points = tril_input(tape, y, TRIL_SHAPE(ROWS, D));
    tril_var rows = tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(ROWS, width)));
    tril_var loc = tril_requires_grad(tril_input(tape, locations, TRIL_SHAPE(ROWS, D)));
    tril_var a = tril_log_prob(tril_head(loc, D, &opts), points);
    tril_var b = tril_log_prob(tril_head(rows, D, &full), points);
    ck_same(a, b, "log_prob");
    ck_assert(tril_backward(tril_sum(a)));
    double sums[FACTOR], tolerance = IS_DOUBLE ? 1e-12 : 1e-4;
    for (size_t k = 0; k < FACTOR; k++)
        sums[k] = (double)tril_param_grads(shared)[k];
    for (size_t i = 0; i < ROWS * D; i++)
        locations[i] = tril_grad(loc)[i];
    ck_assert(tril_backward(tril_sum(b)));
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < width; k++)
            if (k < D)
                ck_close(locations[i * D + k], tril_grad(rows)[i * width + k], tolerance, 1);
            else
                sums[k - D] -= (double)tril_grad(rows)[i * width + k];
    for (size_t k = 0; k < FACTOR; k++)
        ck_assert_double_lt(fabs(sums[k]), 10 * tolerance);
    end();
}
END_TEST

/* any numbers of the parameter make a covariance */
START_TEST(test_shared_extremes)
{
    static const double numbers[] = { 0, 17.4, -17.4, 80, -80, 1e4, -1e4, 1e300, -1e300 };
    begin();
    tril_param shared = tril_head_shared_new(params, "covariance", 2);
    for (int k = 0; k < 9 * 9 * 9 * 2; k++) {
        const tril_head_opts opts = { .kind = &tril_head_shared,
                                      .relative_off_diagonal = k % 2,
                                      .floor = TRIL_NO_FLOOR,
                                      .shared = shared };
        const tril_real y[2] = { 1, -2 };
        for (int i = 0, rest = k / 2; i < 3; i++, rest /= 9)
            tril_param_values(shared)[i] = (tril_real)fmax(
                -(double)TRIL_REAL_MAX, fmin((double)TRIL_REAL_MAX, numbers[rest % 9]));
        tril_tape_reset(tape);
        tril_var point = tril_input(tape, y, TRIL_SHAPE(1, 2));
        tril_var log_prob = tril_log_prob(tril_head(point, 2, &opts), tril_mul(point, point));
        ck_fine(ctx);
        ck_assert(isfinite(tril_item(log_prob)));
        tril_backward(tril_sum(log_prob));
        ck_fine(ctx);
        for (int i = 0; i < 3; i++)
            ck_assert(isfinite(tril_param_grads(shared)[i]));
    }
    end();
}
END_TEST

/* ---- a mixture: logits, then a row for each component */

START_TEST(test_mixture)
{
    enum { K = 3 };
    const tril_head_opts component = {
        .kind = forms[_i], .rank = RANK, .diagonal = TRIL_DIAGONAL_EXP, .floor = 0.125
    };
    tril_head_opts opts = component;
    opts.kind = &tril_head_mixture;
    opts.components = K;
    opts.component = component.kind;
    size_t width = tril_head_width(D, &opts), each = tril_head_width(D, &component);
    tril_real raw[ROWS * K * (1 + MOST)], y[ROWS * D], rows[K][ROWS * MOST];
    tril_random random = tril_random_stream(24, (uint64_t)_i);
    tril_random_normal(&random, raw, ROWS * width);
    tril_random_normal(&random, y, ROWS * D);
    begin();
    ck_assert_uint_eq(width, K * (1 + each));
    tril_var points = tril_input(tape, y, TRIL_SHAPE(ROWS, D));
    tril_dist p = tril_head(tril_input(tape, raw, TRIL_SHAPE(ROWS, width)), D, &opts);
    const tril_real *log_probs[K], *log_prob = tril_value(tril_log_prob(p, points));
    for (size_t k = 0; k < K; k++) {
        for (size_t i = 0; i < ROWS * each; i++)
            rows[k][i] = raw[i / each * width + K + k * each + i % each];
        tril_dist q = tril_head(tril_input(tape, rows[k], TRIL_SHAPE(ROWS, each)), D, &component);
        log_probs[k] = tril_value(tril_log_prob(q, points));
    }
    ck_fine(ctx);
    for (size_t i = 0; i < ROWS; i++) {
        double weights = 0, sum = 0;
        for (size_t k = 0; k < K; k++) {
            weights += exp((double)raw[i * width + k]);
            sum += exp((double)raw[i * width + k] + (double)log_probs[k][i]);
        }
        ck_close(log_prob[i], log(sum / weights), IS_DOUBLE ? 1e-12 : 1e-5, 1);
    }
    end();
}
END_TEST

/* ---- widths */

START_TEST(test_width)
{
    static const struct {
        tril_head_opts opts;
        size_t d, width;
    } widths[] = {
        { { 0 }, 3, 9 },
        { { .kind = &tril_head_diagonal }, 3, 6 },
        { { .kind = &tril_head_precision }, 3, 9 },
        { { .kind = &tril_head_lowrank, .rank = 2 }, 3, 12 },
        { { .kind = &tril_head_lowrank, .rank = SIZE_MAX }, 3, SIZE_MAX },
        { { .kind = &tril_head_shared }, 3, 3 },
        { { .kind = &tril_head_student }, 3, 10 },
        { { .kind = &tril_head_mixture, .components = 2, .component = &tril_head_student },
          3,
          SIZE_MAX },
        { { .kind = &tril_head_diagonal }, SIZE_MAX / 2, SIZE_MAX },
        { { .kind = &tril_head_mixture, .components = 4 }, 3, 40 },
        { { .kind = &tril_head_mixture,
            .components = 2,
            .component = &tril_head_lowrank,
            .rank = 1 },
          3,
          20 },
        { { .kind = &tril_head_mixture, .components = SIZE_MAX / 8 }, 3, SIZE_MAX },
    };
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        ck_assert_uint_eq(tril_head_width(widths[i].d, &widths[i].opts), widths[i].width);
}
END_TEST

/* ---- errors */

static const struct {
    size_t width;
    tril_head_opts opts;
    tril_status status;
    const char *text;
} errors[] = {
    { 9, { .kind = &tril_head_lowrank }, TRIL_BAD_ARGUMENT, "head: a rank of 0, want at least 1" },
    { 9, { .kind = &tril_head_mixture }, TRIL_BAD_ARGUMENT, "head: a mixture of 0 components" },
    { 9,
      { .kind = &tril_head_mixture, .components = SIZE_MAX / 8 },
      TRIL_BAD_ARGUMENT,
      "head: no row is as long as 3 targets, rank 0 and " },
    { 9,
      { .kind = &tril_head_lowrank, .rank = 2 },
      TRIL_BAD_SHAPE,
      "head: raw is 2x9, but 3 targets need rows of 12 numbers" },
    { 9,
      { .kind = &tril_head_diagonal },
      TRIL_BAD_SHAPE,
      "head: raw is 2x9, but 3 targets need rows of 6 numbers" },
    { 9,
      { .kind = &tril_head_student },
      TRIL_BAD_SHAPE,
      "head: raw is 2x9, but 3 targets need rows of 10 numbers" },
    { 9,
      { .kind = &tril_head_mixture, .components = 2, .component = &tril_head_student },
      TRIL_BAD_ARGUMENT,
      "head: no mixture has components of the form student" },
    { 3,
      { .kind = &tril_head_shared },
      TRIL_BAD_ARGUMENT,
      "head: a covariance shared by rows of 3 targets needs a parameter of 6 numbers" },
};

START_TEST(test_errors)
{
    static const tril_real zeros[24];
    begin();
    tril_head(tril_input(tape, zeros, TRIL_SHAPE(2, errors[_i].width)), D, &errors[_i].opts);
    ck_failed(ctx, errors[_i].status, errors[_i].text);
    end();
}
END_TEST

START_TEST(test_shared_errors)
{
    const tril_real zeros[6] = { 0 };
    begin();
    const tril_head_opts opts = { .kind = &tril_head_shared,
                                  .shared = tril_head_shared_new(params, "covariance", 2) };
    ck_assert_ptr_null(tril_head(tril_input(tape, zeros, TRIL_SHAPE(2, 3)), 3, &opts).kind);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "head: a covariance shared by rows of 3 targets needs");
    ck_assert_ptr_null(tril_head_shared_new(params, "none", 0).params);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "head_shared: no covariance has 0 targets");
    ck_assert_ptr_null(tril_head_shared_new(NULL, "none", 2).params);
    /* matrices of a batch of three axes */
    const tril_head_opts low_rank = { .kind = &tril_head_lowrank, .rank = 1 };
    tril_dist p = tril_head(tril_input(tape, zeros, TRIL_SHAPE(1, 1, 1, 6)), 2, &low_rank);
    ck_fine(ctx);
    tril_entropy(p);
    ck_failed(ctx, TRIL_BAD_SHAPE, "head: raw is 1x1x1x6, whose matrices have no room in rank 4");
    const tril_head_opts mixture = { .kind = &tril_head_mixture, .components = 1 };
    tril_head(tril_input(tape, zeros, TRIL_SHAPE(1, 1, 1, 6)), 2, &mixture);
    ck_failed(ctx, TRIL_BAD_SHAPE, "head: raw is 1x1x1x6, whose components have no room in rank 4");
    /* where targets are missing a diagonal needs none */
    const tril_head_opts diagonal = { .kind = &tril_head_diagonal };
    p = tril_head(tril_input(tape, zeros, TRIL_SHAPE(1, 1, 1, 4)), 2, &diagonal);
    const tril_real missing[2] = { (tril_real)NAN, 0 };
    tril_var y = tril_input_missing(tape, missing, TRIL_SHAPE(2));
    ck_close(tril_item(tril_log_prob_missing(p, y)), -0.91893853320467274, 1e-5, 1);
    ck_fine(ctx);
    end();
}
END_TEST

Suite *suite_nn_head_forms(void)
{
    Suite *suite = suite_create("nn/head_forms");
    TCase *tcase = tcase_create("forms");
    tcase_add_loop_test(tcase, test_by_hand, 0, 30);
    tcase_add_loop_test(tcase, test_shared, 0, 2);
    tcase_add_test(tcase, test_shared_extremes);
    tcase_add_loop_test(tcase, test_mixture, 0, 4);
    tcase_add_test(tcase, test_width);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    tcase_add_test(tcase, test_shared_errors);
    suite_add_tcase(suite, tcase);
    return suite;
}
