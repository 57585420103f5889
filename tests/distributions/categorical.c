/* Categorical distributions: values and gradients against PyTorch (reference/categorical.py has the
 * same tables), extremes, draws, and what is refused. */
#include <math.h>
#include <string.h>

#include "distributions/cursor.h"

static tril_ctx *ctx;
static tril_tape *tape;

static void set_up(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 5 });
    tape = tril_tape_new(ctx);
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

static tril_dist made_of(bool probs, tril_var x)
{
    return probs ? tril_categorical_probs(x) : tril_categorical(x);
}

/* ---- PyTorch */

static const struct {
    tril_shape a, b; /* batch shapes: of the distribution and y, or of p and q */
} batches[] = {
    { { 0 }, { 0 } },
    { { 1, { 2 } }, { 0 } },
    { { 0 }, { 1, { 2 } } },
    { { 1, { 2 } }, { 1, { 2 } } },
    { { 2, { 2, 1 } }, { 1, { 3 } } },
};

enum { N_BATCHES = sizeof batches / sizeof *batches };

static tril_shape with(tril_shape batch, size_t k)
{
    batch.dim[batch.rank++] = k;
    return batch;
}

static void check_one(cursor *file, size_t k, bool probs, size_t b)
{
    tril_tape_reset(tape);
    tril_var x = cursor_input(file, tape, with(batches[b].a, k));
    tril_var y = cursor_input(file, tape, batches[b].b);
    tril_dist p = made_of(probs, x);
    cursor_check(file, tril_log_prob(p, y), &x, 1, b, probs ? "log_prob by probs" : "log_prob");
    for (size_t i = 0; i < tril_size(y); i++)
        ck_assert(tril_grad(y)[i] == 0);
    cursor_check(file, tril_entropy(p), &x, 1, b, probs ? "entropy by probs" : "entropy");
    ck_fine(ctx);
}

static void check_kl(cursor *file, size_t k, int probs, size_t b)
{
    tril_tape_reset(tape);
    tril_var in[2] = { cursor_input(file, tape, with(batches[b].a, k)),
                       cursor_input(file, tape, with(batches[b].b, k)) };
    tril_dist p = made_of(probs & 2, in[0]), q = made_of(probs & 1, in[1]);
    cursor_check(file, tril_kl(p, q), in, 2, b, "kl");
    ck_fine(ctx);
}

START_TEST(test_pytorch)
{
    static const size_t sizes[] = { 1, 2, 3, 8, 33 }, kl_sizes[] = { 1, 3, 8 };
    cursor file = cursor_begin("reference/categorical.csv");
    for (size_t i = 0; i < 5; i++)
        for (int probs = 0; probs < 2; probs++)
            for (size_t b = 0; b < N_BATCHES; b++)
                check_one(&file, sizes[i], probs, b);
    for (size_t i = 0; i < 3; i++)
        for (int probs = 0; probs < 4; probs++)
            for (size_t b = 0; b < N_BATCHES; b++)
                check_kl(&file, kl_sizes[i], probs, b);
    cursor_end(&file);
}
END_TEST

/* ---- divergence */

START_TEST(test_kl_of_itself)
{
    static const tril_real given[2][6] = { { 1, -2, 50, 0, 1e-3f, 30 },
                                           { .5f, .25f, .25f, 1, 0, 0 } };
    tril_var x = tril_requires_grad(tril_input(tape, given[_i], TRIL_SHAPE(2, 3)));
    tril_var z = tril_requires_grad(tril_input(tape, given[_i], TRIL_SHAPE(2, 3)));
    tril_var kl = tril_kl(made_of(_i, x), made_of(_i, z));
    ck_assert(tril_backward(tril_sum(kl)));
    for (size_t i = 0; i < 2; i++)
        ck_assert(tril_value(kl)[i] == 0);
    for (size_t i = 0; i < 6; i++)
        ck_assert(tril_grad(x)[i] == 0 && tril_grad(z)[i] == 0);
}
END_TEST

/* At a small distance e of one logit, or of two probabilities, it is half the square of e in the
 * metric of Fisher and Rao, up to a term of its cube. Differences of log-weights would have lost
 * half of the digits. */
START_TEST(test_kl_near)
{
    const double e = IS_DOUBLE ? 0x1.9p-40 : 0x1.9p-20, digits = IS_DOUBLE ? 1e-11 : 1e-5;
    const tril_real logits[4] = { 0, 1, (tril_real)e, 1 };
    const tril_real probs[4] = { .25f, .75f, (tril_real)(.25 + e), (tril_real)(.75 - e) };
    const double wanted[2] = { e * e / 2 * exp(1) / pow(1 + exp(1), 2), e * e / 2 * 16 / 3 };
    for (int by = 0; by < 2; by++) {
        const tril_real *x = by ? probs : logits;
        tril_dist p = made_of(by, tril_input(tape, x, TRIL_SHAPE(2)));
        tril_dist q = made_of(by, tril_input(tape, x + 2, TRIL_SHAPE(2)));
        ck_close(tril_item(tril_kl(p, q)), wanted[by], digits, 0);
        ck_close(tril_item(tril_kl(q, p)), wanted[by], digits, 0);
    }
    ck_fine(ctx);
}
END_TEST

/* far apart, and where one of the two says never */
START_TEST(test_kl_far)
{
    const tril_real far[4] = { 1000, 0, 0, 1000 }, sure[2] = { 1, 0 }, even[2] = { .5f, .5f };
    tril_var x = tril_requires_grad(tril_input(tape, far, TRIL_SHAPE(2)));
    tril_var z = tril_requires_grad(tril_input(tape, far + 2, TRIL_SHAPE(2)));
    tril_var kl = tril_kl(tril_categorical(x), tril_categorical(z));
    ck_close(tril_item(kl), 1000, 1e-6, 1);
    ck_assert(tril_backward(kl));
    ck_close(tril_grad(z)[0], -1, 1e-6, 1);
    ck_close(tril_grad(z)[1], 1, 1e-6, 1);
    ck_assert(tril_grad(x)[0] == 0 && tril_grad(x)[1] == 0);
    tril_var a = tril_requires_grad(tril_input(tape, sure, TRIL_SHAPE(2)));
    tril_var b = tril_requires_grad(tril_input(tape, even, TRIL_SHAPE(2)));
    tril_dist p = tril_categorical_probs(a), q = tril_categorical_probs(b);
    ck_close(tril_item(tril_kl(p, q)), log(2), 1e-6, 1);
    ck_assert(tril_item(tril_kl(q, p)) == TRIL_REAL_MAX);
    ck_assert(
        tril_backward(tril_add(tril_kl(p, q), tril_mul(tril_kl(q, p), tril_scalar(tape, 0)))));
    for (size_t i = 0; i < 2; i++)
        ck_assert(isfinite(tril_grad(a)[i]) && isfinite(tril_grad(b)[i]));
}
END_TEST

/* ---- probabilities of zero, and logits far beyond exp's range */

START_TEST(test_zero_probability)
{
    static const tril_real given[2][3] = { { 0, -3e38f, 0 }, { .5f, 0, .5f } };
    static const tril_real classes[2] = { 1, 2 };
    tril_var x = tril_requires_grad(tril_input(tape, given[_i], TRIL_SHAPE(3)));
    tril_var log_prob = tril_log_prob(made_of(_i, x), tril_input(tape, classes, TRIL_SHAPE(2)));
    tril_var entropy = tril_entropy(made_of(_i, x));
    ck_assert(tril_value(log_prob)[0] <= (tril_real)-3e38);
    if (_i)
        ck_assert(tril_value(log_prob)[0] == -TRIL_REAL_MAX);
    ck_close(tril_value(log_prob)[1], -log(2), 1e-6, 1);
    ck_close(tril_item(entropy), log(2), 1e-6, 1);
    const tril_var results[2] = { tril_sum(log_prob), entropy };
    for (size_t k = 0; k < 2; k++) {
        ck_assert(tril_backward(results[k]));
        for (size_t i = 0; i < 3; i++)
            ck_assert(isfinite(tril_grad(x)[i]));
    }
}
END_TEST

/* ---- draws */

/* Chi-square of the classes drawn: at 7 and at 2 degrees of freedom, 26 and 14 are passed once in
 * two thousand times. A class of weight zero is never drawn. */
START_TEST(test_draws)
{
    enum { K = 8, DRAWS = 20000 };
    static const tril_real probs[2 * K] = { .25f,   .125f,  .125f, .25f, .0625f, .0625f,
                                            .0625f, .0625f, 0,     .5f,  0,      .25f,
                                            0,      0,      .25f,  0 };
    tril_var x = tril_requires_grad(tril_input(tape, probs, TRIL_SHAPE(2, K)));
    tril_dist p = tril_categorical_probs(x);
    tril_var draws = tril_sample(p, DRAWS);
    ck_fine(ctx);
    ck_assert(tril_shape_equal(tril_shape_of(draws), TRIL_SHAPE(DRAWS, 2)));
    for (size_t b = 0; b < 2; b++) {
        double counts[K] = { 0 }, chi = 0;
        for (size_t i = 0; i < DRAWS; i++)
            counts[(size_t)tril_value(draws)[2 * i + b]]++;
        for (size_t j = 0; j < K; j++) {
            double wanted = DRAWS * (double)probs[b * K + j];
            ck_assert(wanted > 0 || counts[j] == 0);
            chi += wanted > 0 ? (counts[j] - wanted) * (counts[j] - wanted) / wanted : 0;
        }
        ck_assert_msg(chi < (b ? 14 : 26), "chi-square of row %zu is %g", b, chi);
    }
    ck_assert(tril_value(tril_dist_mode(p))[0] == 0 && tril_value(tril_dist_mode(p))[1] == 1);
}
END_TEST

/* ---- what is refused */

static const tril_real third[3] = { .5f, .25f, .25f };

static void y_between(void)
{
    static const tril_real y[2] = { 1, 1.5f };
    tril_log_prob(tril_categorical_probs(tril_input(tape, third, TRIL_SHAPE(3))),
                  tril_input(tape, y, TRIL_SHAPE(2)));
}

static void y_beyond(void)
{
    tril_log_prob(tril_categorical(tril_input(tape, third, TRIL_SHAPE(3))), tril_scalar(tape, 3));
}

static void y_negative(void)
{
    tril_log_prob(tril_categorical(tril_input(tape, third, TRIL_SHAPE(3))), tril_scalar(tape, -1));
}

static void y_nan(void)
{
    tril_log_prob(tril_categorical(tril_input(tape, third, TRIL_SHAPE(3))),
                  tril_log(tril_scalar(tape, -1)));
}

static void probs_negative(void)
{
    static const tril_real probs[4] = { .5f, .5f, 1.5f, -.5f };
    tril_categorical_probs(tril_input(tape, probs, TRIL_SHAPE(2, 2)));
}

static void probs_too_many(void)
{
    static const tril_real probs[4] = { .5f, .5f, .5f, .75f };
    tril_categorical_probs(tril_input(tape, probs, TRIL_SHAPE(2, 2)));
}

static void no_classes(void)
{
    tril_categorical(tril_input(tape, third, TRIL_SHAPE(3, 0)));
}

static void scalar_probs(void)
{
    tril_categorical_probs(tril_scalar(tape, 1));
}

static void infinite_logits(void)
{
    tril_categorical(
        tril_log(tril_sub(tril_input(tape, third, TRIL_SHAPE(3)), tril_scalar(tape, .25f))));
}

static void other_classes(void)
{
    tril_var x = tril_input(tape, third, TRIL_SHAPE(3));
    tril_kl(tril_categorical(x), tril_categorical(tril_slice(x, 0, 0, 2)));
}

static void no_normal(void)
{
    tril_dist p = tril_normal(tril_scalar(tape, 0), tril_scalar(tape, 1));
    tril_kl(tril_categorical(tril_input(tape, third, TRIL_SHAPE(3))), p);
}

static const struct {
    void (*run)(void);
    tril_status status;
    const char *text;
} errors[] = {
    { y_between, TRIL_BAD_ARGUMENT,
      "log_prob(categorical): y of row [1] is 1.5, which is no class of 0 to 2" },
    { y_beyond, TRIL_BAD_ARGUMENT, "log_prob(categorical): y is 3, which is no class of 0 to 2" },
    { y_negative, TRIL_BAD_ARGUMENT, "y is -1, which is no class of 0 to 2" },
    { y_nan, TRIL_NOT_FINITE, "nan, which is no class of 0 to 2" },
    { probs_negative, TRIL_NOT_POSITIVE,
      "categorical_probs: probs are -0.5 at [1, 1]: they must not be negative" },
    { probs_too_many, TRIL_BAD_ARGUMENT,
      "categorical_probs: probs of batch index [1] sum to 1.25, not to 1" },
    { no_classes, TRIL_BAD_SHAPE, "categorical: logits are 3x0, want [..., classes]" },
    { scalar_probs, TRIL_BAD_SHAPE, "categorical_probs: probs are scalar, want [..., classes]" },
    { infinite_logits, TRIL_NOT_FINITE, "categorical: logits are -inf at [1]" },
    { other_classes, TRIL_BAD_SHAPE, "kl(categorical): p has 3 classes and q has 2" },
    { no_normal, TRIL_BAD_ARGUMENT, "kl(categorical, normal): there is no closed form" },
};

START_TEST(test_errors)
{
    errors[_i].run();
    ck_failed(ctx, errors[_i].status, errors[_i].text);
    tril_entropy(tril_categorical(tril_input(tape, third, TRIL_SHAPE(3))));
    ck_fine(ctx);
}
END_TEST

static void all_methods(tril_ctx *c)
{
    tril_tape *t = tril_tape_new(c);
    tril_var x = tril_requires_grad(tril_input(t, third, TRIL_SHAPE(3)));
    tril_dist p = tril_dist_expand(tril_categorical(x), TRIL_SHAPE(2));
    tril_var y = tril_add(tril_sample(p, 2), tril_scalar(t, 0));
    tril_var sum = tril_add(tril_log_prob(p, y), tril_kl(p, tril_categorical_probs(x)));
    tril_backward(tril_sum(tril_add(sum, tril_entropy(p))));
    tril_log_prob(p, tril_dist_mode(p));
    tril_tape_free(t);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_gt(exhaust(all_methods), 1);
}
END_TEST

Suite *suite_distributions_categorical(void)
{
    Suite *suite = suite_create("distributions/categorical");
    TCase *tcase = tcase_create("categorical");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_pytorch);
    tcase_add_loop_test(tcase, test_kl_of_itself, 0, 2);
    tcase_add_test(tcase, test_kl_near);
    tcase_add_test(tcase, test_kl_far);
    tcase_add_loop_test(tcase, test_zero_probability, 0, 2);
    tcase_add_test(tcase, test_draws);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
