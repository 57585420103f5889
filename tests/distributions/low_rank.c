/* The low-rank normal against PyTorch, with everything batched or not, and against its dense form.
 */
#include <math.h>
#include <string.h>

#include "distributions/cursor.h"
#include "kernels/mvn.h"

static tril_ctx *ctx;
static tril_tape *tape;

static void begin(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 4 });
    tape = tril_tape_new(ctx);
}

static void end(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

/* ---- reference/low_rank.py */

/* loc, factor, diag and y; bits of `batched`: y first */
static void inputs_of(cursor *file, size_t d, size_t r, unsigned batched, tril_var *in)
{
    for (unsigned k = 0; k < 4; k++) {
        tril_shape shape = { 0 };
        if (batched >> (3 - k) & 1)
            shape.dim[shape.rank++] = 2;
        shape.dim[shape.rank++] = d;
        if (k == 1)
            shape.dim[shape.rank++] = r;
        in[k] = cursor_input(file, tape, shape);
    }
}

/* the same tensor with each input on the tape that leads to it, so that all have a gradient */
static tril_var reached(tril_var y, const tril_var *in)
{
    for (size_t k = 0; k < 3; k++)
        y = tril_add(y, tril_mul(tril_sum(in[k]), tril_scalar(tape, 0)));
    return y;
}

/* A diagonal of order 1e-4, 1e-8 or 1e-12, with factors of order 1: rounding W and D changes the
 * result by 1e-16 over the square root of that, and no more may be lost. */
static void check_tiny(cursor *file, size_t d, size_t r, size_t order)
{
    tril_var in[4];
    tril_tape_reset(tape);
    inputs_of(file, d, r, 0, in);
    tril_var log_prob = tril_log_prob(tril_mvn_low_rank(in[0], in[1], in[2]), in[3]);
    double tolerance = IS_DOUBLE ? pow(100, (double)order) * 1e-12 : 1e-5;
    tril_backward(log_prob);
    ck_fine(ctx);
    ck_close(tril_item(log_prob), *cursor_take(file, 1), tolerance, 1);
    for (size_t k = 0; k < 4; k++) {
        const double *wanted = cursor_take(file, tril_size(in[k]));
        double largest = 0;
        for (size_t i = 0; i < tril_size(in[k]); i++)
            largest = fmax(largest, fabs(wanted[i]));
        for (size_t i = 0; i < tril_size(in[k]); i++)
            ck_close(tril_grad(in[k])[i], wanted[i], 10 * tolerance, largest);
    }
}

START_TEST(test_pytorch)
{
    static const size_t sizes[5][2] = { { 1, 1 }, { 2, 1 }, { 3, 2 }, { 8, 3 }, { 33, 4 } };
    begin();
    cursor file = cursor_begin("reference/low_rank.csv");
    size_t row = 0;
    for (size_t k = 0; k < 5; k++)
        for (unsigned batched = 0; batched < 16; batched++, row++) {
            tril_var in[4];
            if (k >= 3 && batched > 0 && batched < 15)
                continue;
            tril_tape_reset(tape);
            inputs_of(&file, sizes[k][0], sizes[k][1], batched, in);
            tril_dist p = tril_mvn_low_rank(in[0], in[1], in[2]);
            cursor_check(&file, tril_log_prob(p, in[3]), in, 4, row, "log_prob");
            cursor_check(&file, reached(tril_entropy(p), in), in, 3, row, "entropy");
            cursor_check(&file, reached(tril_dist_variance(p), in), in, 3, row, "variance");
            cursor_check(&file, reached(tril_dist_covariance(p), in), in, 3, row, "covariance");
            ck_fine(ctx);
        }
    static const size_t tiny[4][2] = { { 2, 1 }, { 3, 1 }, { 3, 2 }, { 8, 3 } };
    for (size_t k = 0; k < 12; k++)
        check_tiny(&file, tiny[k % 4][0], tiny[k % 4][1], k / 4);
    check_tiny(&file, 4, 2, 1); /* factors that are nearly parallel */
    check_tiny(&file, 8, 3, 1);
    cursor_end(&file);
    end();
}
END_TEST

/* ---- the dense form says the same: log_prob, moments, divergence; draws have its moments */

static void ck_same(tril_var x, tril_var y)
{
    ck_fine(ctx);
    ck_assert(tril_shape_equal(tril_shape_of(x), tril_shape_of(y)));
    for (size_t i = 0; i < tril_size(x); i++)
        ck_close(tril_value(x)[i], tril_value(y)[i], IS_DOUBLE ? 1e-12 : 1e-5, 1);
}

START_TEST(test_dense)
{
    enum { D = 4, R = 2, ROWS = 3 };
    tril_real loc[ROWS * D], factor[D * R], diag[ROWS * D], y[ROWS * D];
    tril_random random = tril_random_stream(12, 0);
    tril_random_normal(&random, loc, ROWS * D);
    tril_random_normal(&random, factor, D * R);
    tril_random_uniform(&random, diag, ROWS * D);
    tril_random_normal(&random, y, ROWS * D);
    begin();
    for (size_t i = 0; i < ROWS * D; i++)
        diag[i] += (tril_real)0.1;
    tril_var mu = tril_input(tape, loc, TRIL_SHAPE(ROWS, D));
    tril_var w = tril_input(tape, factor, TRIL_SHAPE(D, R));
    tril_var s = tril_input(tape, diag, TRIL_SHAPE(ROWS, D));
    tril_var points = tril_input(tape, y, TRIL_SHAPE(ROWS, D));
    tril_dist p = tril_mvn_low_rank(mu, w, s);
    tril_dist q = tril_mvn_covariance(
        mu, tril_add(tril_matmul(w, tril_transpose(w, -2, -1)), tril_diag_embed(s)));
    ck_same(tril_log_prob(p, points), tril_log_prob(q, points));
    ck_same(tril_entropy(p), tril_entropy(q));
    ck_same(tril_dist_variance(p), tril_dist_variance(q));
    ck_same(tril_dist_covariance(p), tril_dist_covariance(q));
    tril_var kl = tril_kl(p, q);
    for (size_t i = 0; i < ROWS; i++)
        ck_assert_double_lt(fabs((double)tril_value(kl)[i]), IS_DOUBLE ? 1e-24 : 1e-10);
    kl = tril_kl(p, p);
    for (size_t i = 0; i < ROWS; i++)
        ck_assert(tril_value(kl)[i] == 0);
    end();
}
END_TEST

/* A diagonal so far below the factors that rounding hides it, in directions that W leaves alone: a
 * valid normal, whose every method answers, if with few digits. */
START_TEST(test_hidden_diagonal)
{
    static const size_t index[2] = { 0, 1 };
    const tril_real loc[3] = { 0 }, w[6] = { 1, 1, 1, 1, 2, 2 };
    const tril_real diag[3] = { (tril_real)1e-30, (tril_real)1e-30, (tril_real)1e-30 };
    begin();
    tril_var y = tril_input(tape, loc, TRIL_SHAPE(3));
    tril_dist p = tril_mvn_low_rank(y, tril_requires_grad(tril_input(tape, w, TRIL_SHAPE(3, 2))),
                                    tril_requires_grad(tril_input(tape, diag, TRIL_SHAPE(3))));
    /* det = D^2 (D + 12) */
    double wanted = 1.5 * (1 + TRIL_LOG_2PI) + log(1e-30) + 0.5 * log(12);
    ck_assert(fabs((double)tril_item(tril_entropy(p)) - wanted) < 0.1);
    tril_var some = tril_log_prob_missing(p, y);
    some = tril_add(some, tril_entropy(tril_dist_marginal(p, index, 2)));
    some = tril_add(
        some,
        tril_kl(p, tril_mvn(y, tril_diag_embed(tril_sqrt(tril_input(tape, diag, TRIL_SHAPE(3)))))));
    ck_fine(ctx);
    ck_assert(isfinite(tril_item(some)));
    ck_assert(tril_item(tril_kl(p, p)) == 0);
    ck_assert(tril_backward(tril_entropy(p)));
    end();
}
END_TEST

/* ---- errors */

static const tril_real ones[12] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static const struct {
    tril_shape loc, factor, diag;
    tril_status status;
    const char *text;
} errors[] = {
    { { 1, { 3 } },
      { 2, { 2, 1 } },
      { 1, { 3 } },
      TRIL_BAD_SHAPE,
      "mvn_low_rank: loc is 3, factor 2x1 and diag 3, want [..., d], [..., d, r] and [..., d]" },
    { { 1, { 3 } }, { 1, { 3 } }, { 1, { 3 } }, TRIL_BAD_SHAPE, "factor 3 and" },
    { { 1, { 3 } }, { 2, { 3, 0 } }, { 1, { 3 } }, TRIL_BAD_SHAPE, "factor 3x0 and" },
    { { 1, { 3 } }, { 2, { 3, 1 } }, { 0 }, TRIL_BAD_SHAPE, "diag scalar, want" },
    { { 2, { 4, 3 } },
      { 2, { 3, 1 } },
      { 2, { 2, 3 } },
      TRIL_BAD_SHAPE,
      "mvn_low_rank: loc is 4x3, factor 3x1 and diag 2x3: their batch dimensions do not "
      "broadcast" },
};

START_TEST(test_errors)
{
    begin();
    tril_var loc = tril_input(tape, ones, errors[_i].loc);
    tril_var factor = tril_input(tape, ones, errors[_i].factor);
    ck_assert_ptr_null(
        tril_mvn_low_rank(loc, factor, tril_input(tape, ones, errors[_i].diag)).kind);
    ck_failed(ctx, errors[_i].status, errors[_i].text);
    end();
}
END_TEST

/* three axes of batch leave no room for matrices; what needs one says so by its own name */
START_TEST(test_no_room)
{
    static const size_t index[1] = { 0 };
    const tril_shape square = TRIL_SHAPE(2, 2);
    for (size_t d = 1; d <= 2; d++) {
        begin();
        tril_var loc = tril_input(tape, ones, TRIL_SHAPE(d));
        tril_var diag = tril_input(tape, ones, TRIL_SHAPE(2, 1, 3, d));
        tril_var w = tril_input(tape, ones, d > 1 ? square : TRIL_SHAPE(1, 1, 1, 2));
        tril_dist p = tril_mvn_low_rank(loc, w, diag);
        ck_assert_uint_eq(tril_size(tril_log_prob(p, loc)), 6);
        ck_assert_uint_eq(tril_size(tril_dist_variance(p)), 6 * d);
        ck_fine(ctx);
        ck_assert_ptr_null(tril_entropy(p).tape);
        ck_failed(ctx, TRIL_BAD_SHAPE,
                  "entropy(mvn_low_rank): the result has no room for batch shape [2x1x3] in rank "
                  "4");
        ck_assert_ptr_null(tril_log_prob_missing(p, loc).tape);
        ck_failed(ctx, TRIL_BAD_SHAPE, "scale_tril(mvn_low_rank): the result has no room for");
        ck_assert_ptr_null(tril_dist_marginal(p, index, 1).kind);
        ck_failed(ctx, TRIL_BAD_SHAPE, "scale_tril(mvn_low_rank): the result has no room for");
        ck_assert_ptr_null(tril_kl(p, p).tape);
        ck_failed(ctx, TRIL_BAD_SHAPE, "scale_tril(mvn_low_rank): the result has no room for");
        end();
    }
}
END_TEST

START_TEST(test_bad_numbers)
{
    static const char *const texts[] = { "mvn_low_rank: loc is -inf at [1]",
                                         "mvn_low_rank: factor is -inf at [1, 0]",
                                         "mvn_low_rank: diag is -inf at [1]",
                                         "log_prob(mvn_low_rank): y or loc is not finite" };
    begin();
    for (size_t bad = 0; bad < 4; bad++) {
        const tril_real fine[2] = { 1, 1 }, wrong[2] = { 2, 0 };
        tril_tape_reset(tape);
        tril_var in[4];
        for (size_t k = 0; k < 4; k++) {
            in[k] = tril_input(tape, k == bad ? wrong : fine,
                               k == 1 ? TRIL_SHAPE(2, 1) : TRIL_SHAPE(2));
            in[k] = k == bad ? tril_log(in[k]) : in[k];
        }
        tril_log_prob(tril_mvn_low_rank(in[0], in[1], in[2]), in[3]);
        ck_failed(ctx, TRIL_NOT_FINITE, texts[bad]);
    }
    tril_var fine = tril_input(tape, ones, TRIL_SHAPE(3));
    ck_assert_ptr_null(tril_mvn_low_rank(fine, (tril_var){ 0 }, fine).kind);
    ck_failed(ctx, TRIL_BAD_VAR, "mvn_low_rank: loc, factor and diag are not three vars");
    ck_assert_ptr_null(tril_mvn_low_rank((tril_var){ 0 }, (tril_var){ 0 }, (tril_var){ 0 }).kind);
    end();
}
END_TEST

Suite *suite_distributions_low_rank(void)
{
    Suite *suite = suite_create("distributions/low_rank");
    TCase *tcase = tcase_create("low_rank");
    tcase_add_test(tcase, test_pytorch);
    tcase_add_test(tcase, test_dense);
    tcase_add_test(tcase, test_hidden_diagonal);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    tcase_add_test(tcase, test_no_room);
    tcase_add_test(tcase, test_bad_numbers);
    suite_add_tcase(suite, tcase);
    return suite;
}
