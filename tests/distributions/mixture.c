/* Mixtures: values and gradients against PyTorch (reference/mixture.py has the same table), what a
 * weight of zero and densities beyond the type's range do, draws, and what is refused. */
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

/* ---- PyTorch */

typedef struct mixture_case {
    size_t d, k;
    bool probs;
    tril_shape weights, loc, factor, y; /* without classes and event */
} mixture_case;

#define ONE(n)                                                                                     \
    {                                                                                              \
        1,                                                                                         \
        {                                                                                          \
            n                                                                                      \
        }                                                                                          \
    }
#define TWO(m, n)                                                                                  \
    {                                                                                              \
        2,                                                                                         \
        {                                                                                          \
            m, n                                                                                   \
        }                                                                                          \
    }

static const mixture_case some_cases[] = {
    { 2, 3, false, TWO(2, 1), TWO(2, 3), TWO(2, 3), TWO(2, 2) },
    { 2, 3, true, { 0 }, ONE(3), TWO(2, 3), TWO(2, 1) },
    { 2, 1, false, ONE(2), ONE(1), { 0 }, { 0 } },
    { 8, 2, true, { 0 }, ONE(2), ONE(2), ONE(2) },
    { 33, 2, false, { 0 }, ONE(2), { 0 }, ONE(2) },
};

static tril_shape with(tril_shape batch, size_t times, size_t d)
{
    while (times--)
        batch.dim[batch.rank++] = d;
    return batch;
}

static tril_dist made_of(const tril_var *in, bool probs, bool vectors)
{
    return tril_mixture(probs ? tril_categorical_probs(in[0]) : tril_categorical(in[0]),
                        vectors ? tril_mvn(in[1], in[2]) : tril_normal(in[1], in[2]));
}

static void check_case(cursor *file, const mixture_case *c, size_t row)
{
    tril_tape_reset(tape);
    size_t event = c->d > 0;
    tril_var in[4] = { cursor_input(file, tape, with(c->weights, 1, c->k)),
                       cursor_input(file, tape, with(c->loc, event, c->d)),
                       cursor_input(file, tape, with(c->factor, 2 * event, c->d)),
                       cursor_input(file, tape, with(c->y, event, c->d)) };
    tril_dist p = made_of(in, c->probs, event);
    cursor_check(file, tril_log_prob(p, in[3]), in, 4, row, "log_prob");
    cursor_check(file, tril_dist_mean(p), in, 2, row, "mean");
    cursor_check(file, tril_dist_variance(p), in, 3, row, "variance");
    if (!event)
        cursor_check(file, tril_cdf(p, in[3]), in, 4, row, "cdf");
    ck_fine(ctx);
}

START_TEST(test_pytorch)
{
    static const size_t sizes[3] = { 0, 1, 3 };
    cursor file = cursor_begin("reference/mixture.csv");
    for (size_t i = 0; i < 3; i++)
        for (size_t n = 0; n < 8; n++) { /* a batch of two or none: of weights, loc and y */
            mixture_case c = { sizes[i], 2, n % 2, { 0 }, ONE(2), ONE(2), { 0 } };
            if (n & 4)
                c.weights = TRIL_SHAPE(2);
            if (n & 2)
                c.loc = TRIL_SHAPE(2, 2);
            if (n & 1)
                c.y = TRIL_SHAPE(2);
            check_case(&file, &c, 8 * i + n);
        }
    for (size_t i = 0; i < sizeof some_cases / sizeof *some_cases; i++)
        check_case(&file, &some_cases[i], 24 + i);
    cursor_end(&file);
}
END_TEST

/* ---- a mixture of one is its component, to the last bit */

static const tril_real numbers[64] = { .5f, -1,  .25f, 2,  1,     1.5f, .75f, -2,   3, 1,   0,
                                       4,   .5f, 1,    -1, .125f, 2,    1,    -.5f, 1, .5f, -3 };

static void check_same(tril_var a, tril_var b)
{
    ck_fine(ctx);
    ck_assert_uint_eq(tril_size(a), tril_size(b));
    ck_assert_mem_eq(tril_value(a), tril_value(b), tril_size(a) * sizeof(tril_real));
}

START_TEST(test_of_one)
{
    tril_var raw = tril_requires_grad(tril_input(tape, numbers, TRIL_SHAPE(4, 1, 5)));
    tril_var y = tril_input(tape, numbers + 20, TRIL_SHAPE(4, 2));
    tril_dist one = tril_head(tril_reshape(raw, TRIL_SHAPE(4, 5)), 2, NULL);
    tril_dist p = tril_mixture(tril_categorical(tril_scalar(tape, 0)), one);
    ck_failed(ctx, TRIL_BAD_SHAPE, "categorical: logits are scalar");
    tril_var weight = tril_reshape(tril_scalar(tape, 3), TRIL_SHAPE(1));
    p = tril_mixture(tril_categorical(weight), tril_head(raw, 2, NULL));
    check_same(tril_log_prob(p, y), tril_log_prob(one, y));
    check_same(tril_dist_mean(p), tril_dist_mean(one));
    check_same(tril_dist_variance(p), tril_dist_variance(one));
    check_same(tril_dist_covariance(p), tril_dist_covariance(one));
    tril_real own[20];
    ck_assert(tril_backward(tril_sum(tril_log_prob(one, y))));
    memcpy(own, tril_grad(raw), sizeof own);
    ck_assert(tril_backward(tril_sum(tril_log_prob(p, y))));
    ck_assert_mem_eq(own, tril_grad(raw), sizeof own);
}
END_TEST

/* ---- what is missing has no say: the mixture of the marginals */

START_TEST(test_observed)
{
    const tril_real factors[8] = { 1, 0, .5f, 2, .25f, 0, -1, 1 }, logits[2] = { 0, 1 };
    const tril_real y[6] = { 1, NAN, 1, 2, NAN, NAN }, first[2] = { 1, .25f };
    tril_var weights = tril_input(tape, logits, TRIL_SHAPE(2));
    tril_var loc = tril_requires_grad(tril_input(tape, numbers, TRIL_SHAPE(2, 2)));
    tril_var factor = tril_requires_grad(tril_input(tape, factors, TRIL_SHAPE(2, 2, 2)));
    tril_dist p = tril_mixture(tril_categorical(weights), tril_mvn(loc, factor));
    tril_var partly = tril_requires_grad(tril_input_missing(tape, y, TRIL_SHAPE(3, 2)));
    tril_var observed = tril_log_prob_missing(p, partly);
    tril_var scale = tril_input(tape, first, TRIL_SHAPE(2));
    tril_var at = tril_reshape(tril_slice(loc, 1, 0, 1), TRIL_SHAPE(2));
    tril_dist marginal = tril_mixture(tril_categorical(weights), tril_normal(at, scale));
    const double digits = IS_DOUBLE ? 1e-14 : 1e-6;
    ck_close(tril_value(observed)[0], tril_item(tril_log_prob(marginal, tril_scalar(tape, 1))),
             digits, 1);
    ck_close(tril_value(observed)[1],
             tril_item(tril_log_prob(p, tril_input(tape, y + 2, TRIL_SHAPE(2)))), digits, 1);
    ck_close(tril_value(observed)[2], 0, digits, 1);
    ck_assert(tril_backward(tril_sum(observed)));
    ck_assert(tril_grad(partly)[0] != 0 && tril_grad(partly)[1] == 0);
    ck_assert(tril_grad(partly)[4] == 0 && tril_grad(partly)[5] == 0);
    for (size_t i = 0; i < 8; i++)
        ck_assert(isfinite(tril_grad(factor)[i]));
    ck_fine(ctx);
}
END_TEST

/* ---- components 1e4 standard deviations apart: their own density where one is, and between them,
 * where both underflow, that of the nearer; a share that is 0 lets no gradient through */

START_TEST(test_far_apart)
{
    const double of_own = log(.5) - .5 * log(2 * 3.141592653589793);
    const tril_real logits[2] = { 0 }, at[2] = { -5000, 5000 }, where[3] = { -5000, 4999, 1 };
    tril_var weights = tril_requires_grad(tril_input(tape, logits, TRIL_SHAPE(2)));
    tril_var loc = tril_requires_grad(tril_input(tape, at, TRIL_SHAPE(2)));
    tril_var scale = tril_requires_grad(tril_scalar(tape, 1));
    tril_dist p = tril_mixture(tril_categorical(weights), tril_normal(loc, scale));
    tril_var y = tril_requires_grad(tril_input(tape, where, TRIL_SHAPE(3)));
    tril_var log_prob = tril_log_prob(p, y);
    const double wanted[3] = { of_own, of_own - .5, of_own - .5 * 4999. * 4999. };
    for (size_t i = 0; i < 3; i++)
        ck_close(tril_value(log_prob)[i], wanted[i], IS_DOUBLE ? 1e-12 : 1e-6, 1);
    tril_real seed[3] = { 1, 1, 0 };
    ck_assert(tril_backward_with(log_prob, &(tril_backward_opts){ .seed = seed }));
    ck_assert(tril_grad(loc)[0] == 0 && tril_grad(loc)[1] == -1);
    ck_assert(tril_grad(weights)[0] == 0 && tril_grad(weights)[1] == 0);
    ck_assert(tril_backward(tril_sum(log_prob)));
    ck_close(tril_grad(y)[2], 4999, 1e-6, 1);
    ck_close(tril_grad(weights)[1], .5, 1e-6, 1);
    ck_close(tril_item(tril_reshape(tril_dist_variance(p), (tril_shape){ 0 })), 25e6 + 1, 1e-6, 1);
}
END_TEST

/* ---- weights of zero, given by a logit far below or by a probability, where both components are
 * near, and where either or both are beyond float's range. (A logit of -1e30 is not zero beside a
 * density of exp(-1e60).) */

static const struct {
    bool probs;
    tril_real weights[2], loc[2], scale;
} zero_weights[] = {
    { false, { 0, -1e30f }, { 0, 3 }, 1 }, { false, { 0, -1e30f }, { 0, 1e30f }, 1 },
    { true, { 1, 0 }, { 0, 3 }, 1 },       { true, { 1, 0 }, { 0, 1e30f }, 1 },
    { true, { 1, 0 }, { 1e30f, 0 }, 1 },   { true, { 1, 0 }, { 1e30f, -1e30f }, 1e-10f },
};

START_TEST(test_zero_weight)
{
    bool probs = zero_weights[_i].probs;
    tril_var in[3] = { tril_requires_grad(
                           tril_input(tape, zero_weights[_i].weights, TRIL_SHAPE(2))),
                       tril_requires_grad(tril_input(tape, zero_weights[_i].loc, TRIL_SHAPE(2))),
                       tril_requires_grad(tril_scalar(tape, zero_weights[_i].scale)) };
    tril_dist p = made_of(in, probs, false);
    tril_var y = tril_requires_grad(tril_input(tape, numbers + 3, TRIL_SHAPE(1)));
    tril_var log_prob = tril_log_prob(p, y), only = tril_slice(in[1], 0, 0, 1);
    tril_var moments = tril_add(tril_dist_mean(p), tril_dist_variance(p));
    check_same(log_prob, tril_log_prob(tril_normal(only, in[2]), y));
    check_same(tril_reshape(tril_dist_mean(p), TRIL_SHAPE(1)), only);
    const tril_var results[2] = { log_prob, moments };
    for (size_t k = 0; k < 2; k++) {
        ck_assert(tril_backward(tril_sum(results[k])));
        ck_assert(tril_grad(in[1])[1] == 0);
        for (size_t i = 0; i < 2; i++) {
            ck_assert(isfinite(tril_grad(in[0])[i]) && isfinite(tril_grad(in[1])[i]));
            ck_assert(probs || tril_grad(in[0])[i] == 0);
        }
        ck_assert(isfinite(tril_grad(in[2])[0]));
    }
    tril_var draws = tril_reshape(tril_sample(p, 50), TRIL_SHAPE(50));
    ck_fine(ctx);
    for (size_t i = 0; i < 50; i++)
        ck_close(tril_value(draws)[i], zero_weights[_i].loc[0], 1e-6, 1e7);
}
END_TEST

/* whatever a network puts out */
START_TEST(test_extreme_heads)
{
    static const tril_real values[7] = { 0, 1, -1, 100, -100, 1e30f, -1e30f };
    enum { K = 2, WIDTH = 5, N = 343 };
    tril_real logits[N * K], raw[N * K * WIDTH];
    for (size_t i = 0; i < N * K; i++)
        logits[i] = values[(i * 5 + i / 7) % 7];
    for (size_t i = 0; i < N * K * WIDTH; i++)
        raw[i] = values[(i * 3 + i / 7 + i / 49) % 7];
    tril_var weights = tril_requires_grad(tril_input(tape, logits, TRIL_SHAPE(N, K)));
    tril_var heads = tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(N, K, WIDTH)));
    tril_dist p = tril_mixture(tril_categorical(weights), tril_head(heads, 2, NULL));
    tril_var y = tril_input(tape, numbers + 20, TRIL_SHAPE(2));
    tril_var log_prob = tril_log_prob(p, y), mean = tril_dist_mean(p);
    ck_assert(tril_backward(tril_sum(tril_mul(log_prob, tril_scalar(tape, 1e-6f)))));
    for (size_t i = 0; i < N; i++)
        ck_assert(isfinite(tril_value(log_prob)[i]) && isfinite(tril_value(mean)[2 * i]));
    for (size_t i = 0; i < N * K * WIDTH; i++)
        ck_assert(isfinite(tril_grad(heads)[i]));
    for (size_t i = 0; i < N * K; i++)
        ck_assert(isfinite(tril_grad(weights)[i]));
    ck_fine(ctx);
}
END_TEST

/* ---- it integrates to one, and its cdf is its integral; so do pairs of it */

static const tril_real probs[3] = { .5f, .25f, .25f }, locs[3] = { -1, 0, 2 },
                       scales[3] = { .5f, 1, .25f };

static tril_dist three_numbers(void)
{
    const tril_var in[3] = { tril_input(tape, probs, TRIL_SHAPE(3)),
                             tril_input(tape, locs, TRIL_SHAPE(3)),
                             tril_input(tape, scales, TRIL_SHAPE(3)) };
    return made_of(in, true, false);
}

START_TEST(test_integral)
{
    enum { N = 2001 };
    tril_real y[N];
    for (size_t i = 0; i < N; i++)
        y[i] = (tril_real)(((double)i - 1000) / 100);
    tril_dist p = three_numbers();
    tril_var x = tril_input(tape, y, TRIL_SHAPE(N));
    const tril_real *log_prob = tril_value(tril_log_prob(p, x)), *cdf = tril_value(tril_cdf(p, x));
    ck_fine(ctx);
    double sum = 0;
    for (size_t i = 0; i < N; i++) {
        double share = exp((double)log_prob[i]) / 100;
        ck_assert(fabs((double)cdf[i] - (sum + share / 2)) < 1e-5);
        sum += share;
    }
    ck_close(sum, 1, 1e-6, 1);
    /* pairs of independent ones */
    tril_dist pairs = tril_independent(tril_dist_expand(p, TRIL_SHAPE(2)), 1);
    tril_var two = tril_log_prob(pairs, tril_input(tape, y + 900, TRIL_SHAPE(100, 2)));
    ck_fine(ctx);
    for (size_t i = 0; i < 100; i++)
        ck_close(tril_value(two)[i], (double)log_prob[900 + 2 * i] + (double)log_prob[901 + 2 * i],
                 1e-6, 1);
}
END_TEST

/* ---- draws */

/* as many draws of each component as its weight says: 14 is passed at 2 degrees of freedom once in
 * a thousand times */
START_TEST(test_draws)
{
    enum { DRAWS = 20000 };
    static const tril_real far[6] = { -100, 0, 0, 0, 100, 0 };
    tril_dist weights = tril_categorical_probs(tril_input(tape, probs, TRIL_SHAPE(3)));
    tril_dist p = tril_mixture(
        weights, tril_mvn_diag(tril_input(tape, far, TRIL_SHAPE(3, 2)), tril_scalar(tape, 1)));
    tril_var draws = tril_sample(tril_dist_expand(p, TRIL_SHAPE(2)), DRAWS);
    ck_fine(ctx);
    ck_assert(tril_shape_equal(tril_shape_of(draws), TRIL_SHAPE(DRAWS, 2, 2)));
    for (size_t b = 0; b < 2; b++) {
        double counts[3] = { 0 }, chi = 0;
        for (size_t i = 0; i < DRAWS; i++)
            counts[(size_t)(((double)tril_value(draws)[(2 * i + b) * 2] + 150) / 100)]++;
        for (size_t j = 0; j < 3; j++) {
            double wanted = DRAWS * (double)probs[j];
            chi += (counts[j] - wanted) * (counts[j] - wanted) / wanted;
        }
        ck_assert_msg(chi < 14, "chi-square of row %zu is %g", b, chi);
    }
    ck_assert(tril_value(draws)[1] != tril_value(draws)[3]);
}
END_TEST

/* many draws take the memory of the draws, not that of all components' */
START_TEST(test_memory_of_draws)
{
    enum { K = 64, DRAWS = 20000 };
    static const tril_real zeros[K];
    tril_dist weights = tril_categorical(tril_input(tape, zeros, TRIL_SHAPE(K)));
    tril_dist components =
        tril_normal(tril_input(tape, zeros, TRIL_SHAPE(K)), tril_scalar(tape, 1));
    tril_var draws = tril_sample(tril_mixture(weights, components), DRAWS);
    ck_fine(ctx);
    ck_assert_uint_eq(tril_size(draws), DRAWS);
    ck_assert_uint_lt(tril_tape_bytes(tape), 8 * DRAWS * sizeof(tril_real));
}
END_TEST

/* ---- what is refused */

static tril_dist weights_of(size_t k)
{
    return tril_categorical(tril_input(tape, numbers, TRIL_SHAPE(k)));
}

static tril_dist normals(tril_shape shape)
{
    return tril_normal(tril_input(tape, numbers, shape), tril_scalar(tape, 1));
}

static void no_categorical(void)
{
    tril_mixture(normals(TRIL_SHAPE(3)), normals(TRIL_SHAPE(3)));
}

static void no_components(void)
{
    tril_mixture(weights_of(3), (tril_dist){ 0 });
}

static void no_weights(void)
{
    tril_mixture((tril_dist){ 0 }, normals(TRIL_SHAPE(3)));
}

static void other_number(void)
{
    tril_mixture(weights_of(3), normals(TRIL_SHAPE(3, 2)));
}

static void no_axis(void)
{
    tril_mixture(weights_of(3), normals((tril_shape){ 0 }));
}

static void other_batch(void)
{
    tril_mixture(
        tril_categorical(tril_input(tape, numbers, TRIL_SHAPE(4, 3))),
        tril_mvn_diag(tril_input(tape, numbers, TRIL_SHAPE(2, 3, 2)), tril_scalar(tape, 1)));
}

static void no_room(void)
{
    tril_mixture(tril_categorical(tril_input(tape, numbers, TRIL_SHAPE(2, 1, 2, 3))),
                 tril_mvn_diag(tril_input(tape, numbers, TRIL_SHAPE(3, 2)), tril_scalar(tape, 1)));
}

static void other_event(void)
{
    tril_dist components =
        tril_mvn_diag(tril_input(tape, numbers, TRIL_SHAPE(3, 2)), tril_scalar(tape, 1));
    tril_log_prob(tril_mixture(weights_of(3), components),
                  tril_input(tape, numbers, TRIL_SHAPE(4, 3)));
}

static void y_of_rank_four(void)
{
    tril_log_prob(tril_mixture(weights_of(3), normals(TRIL_SHAPE(3))),
                  tril_input(tape, numbers, TRIL_SHAPE(1, 1, 2, 2)));
}

static void y_infinite(void)
{
    tril_log_prob(tril_mixture(weights_of(3), normals(TRIL_SHAPE(3))),
                  tril_log(tril_input(tape, numbers + 9, TRIL_SHAPE(2))));
}

static void expanded_too_far(void)
{
    tril_dist_expand(tril_mixture(weights_of(3), normals(TRIL_SHAPE(3))), TRIL_SHAPE(1, 1, 1, 2));
}

static void cdf_of_components(void)
{
    static const tril_real zeros[2];
    tril_dist components = tril_categorical(tril_input(tape, numbers, TRIL_SHAPE(3, 2)));
    tril_cdf(tril_mixture(weights_of(3), components), tril_input(tape, zeros, TRIL_SHAPE(2)));
}

static void divergence(void)
{
    tril_dist p = tril_mixture(weights_of(3), normals(TRIL_SHAPE(3)));
    tril_kl(p, p);
}

static void other_tape(void)
{
    tril_tape *other = tril_tape_new(ctx);
    tril_mixture(tril_categorical(tril_input(other, numbers, TRIL_SHAPE(3))),
                 normals(TRIL_SHAPE(3)));
    tril_tape_free(other);
}

static void stale(void)
{
    tril_dist weights = weights_of(3);
    tril_tape_reset(tape);
    tril_mixture(weights, normals(TRIL_SHAPE(3)));
}

static const struct {
    void (*run)(void);
    tril_status status;
    const char *text;
} errors[] = {
    { no_categorical, TRIL_BAD_ARGUMENT, "mixture: weights are normal, want categorical" },
    { no_components, TRIL_BAD_ARGUMENT, "mixture: there are no components" },
    { no_weights, TRIL_BAD_ARGUMENT, "mixture: there are no weights" },
    { other_number, TRIL_BAD_SHAPE,
      "mixture: weights are 3, components have batch shape [3x2] and event shape [scalar]: the "
      "last axis of the components' batch must be that of the weights" },
    { no_axis, TRIL_BAD_SHAPE,
      "mixture: weights are 3, components have batch shape [scalar] and event shape [scalar]: the "
      "last axis of" },
    { other_batch, TRIL_BAD_SHAPE,
      "mixture: weights are 4x3, components have batch shape [2x3] and event shape [2]: their "
      "batches do not broadcast" },
    { no_room, TRIL_BAD_SHAPE,
      "mixture: weights are 2x1x2x3, components have batch shape [3] and event shape [2]: there is "
      "no room for them in rank 4" },
    { other_event, TRIL_BAD_SHAPE,
      "log_prob(mixture): y is 4x3 but the distribution has event shape [2]" },
    { y_of_rank_four, TRIL_BAD_SHAPE,
      "log_prob(mixture): 1x1x2x2 leaves no room in rank 4 for the axis of the components" },
    { y_infinite, TRIL_NOT_FINITE, "y or loc is not finite at [1, 0]" },
    { expanded_too_far, TRIL_BAD_SHAPE,
      "expand(mixture): batch shape [1x1x1x2] leaves no room in rank 4 for the components' axis" },
    { cdf_of_components, TRIL_BAD_ARGUMENT, "cdf(categorical): there is no closed form" },
    { divergence, TRIL_BAD_ARGUMENT, "kl(mixture, mixture): there is no closed form" },
    { other_tape, TRIL_BAD_VAR, "mixture: weights and components are not of one tape" },
    { stale, TRIL_BAD_VAR, "mixture: a var from before the tape's last reset" },
};

START_TEST(test_errors)
{
    errors[_i].run();
    ck_failed(ctx, errors[_i].status, errors[_i].text);
    tril_log_prob(three_numbers(), tril_scalar(tape, 1));
    ck_fine(ctx);
}
END_TEST

/* equal logits are equal weights, however large: the logarithm of their sum has no digits left */
START_TEST(test_large_logits)
{
    const tril_real most = TRIL_REAL_MAX, both[2] = { 1, 1 };
    const size_t first = 0;
    for (tril_real logit = 1; logit < most / 100; logit *= 100) {
        tril_tape_reset(tape);
        tril_var l = tril_input(tape, (tril_real[]){ logit, logit }, TRIL_SHAPE(2));
        tril_dist w = tril_categorical(l);
        tril_var ones = tril_input(tape, both, TRIL_SHAPE(2));
        tril_dist p = tril_mixture(w, tril_normal(ones, ones));
        ck_assert(tril_value(tril_softmax(l, 0))[1] == (tril_real)0.5);
        ck_close(tril_value(tril_log_softmax(l, 0))[1], -log(2), 1e-7, 1);
        ck_close(tril_item(tril_cross_entropy(l, &first)), log(2), 1e-7, 1);
        ck_close(tril_item(tril_entropy(w)), log(2), 1e-7, 1);
        ck_close(tril_item(tril_log_prob(w, tril_scalar(tape, 1))), -log(2), 1e-7, 1);
        ck_assert(tril_item(tril_dist_mean(p)) == 1);
        ck_close(tril_item(tril_cdf(p, tril_scalar(tape, 100))), 1, 1e-7, 1);
        ck_close(tril_item(tril_log_prob(p, tril_scalar(tape, 1))), -0.91893853320467274, 1e-7, 1);
        ck_fine(ctx);
    }
}
END_TEST

/* components further apart than the type can say: what they share is not NaN */
START_TEST(test_large_covariance)
{
    const tril_real max = TRIL_REAL_MAX, far[4] = { max, 1, -max, 1 }, logits[2] = { 0 };
    tril_var loc = tril_input(tape, far, TRIL_SHAPE(2, 2));
    tril_dist weights = tril_categorical(tril_input(tape, logits, TRIL_SHAPE(2)));
    tril_dist p = tril_mixture(weights, tril_mvn_diag(loc, tril_scalar(tape, 2)));
    const tril_real *covariance = tril_value(tril_dist_covariance(p));
    ck_assert(covariance[0] >= max && covariance[1] == 0 && covariance[2] == 0);
    ck_assert(covariance[3] == 4);
    tril_dist twice =
        tril_mixture(tril_categorical(tril_reshape(tril_scalar(tape, 0), TRIL_SHAPE(1))),
                     tril_dist_expand(p, TRIL_SHAPE(1)));
    const tril_real *same = tril_value(tril_dist_covariance(twice));
    for (size_t i = 0; i < 4; i++)
        ck_assert(same[i] >= max ? covariance[i] >= max : same[i] == covariance[i]);
    ck_fine(ctx);
}
END_TEST

static void all_methods(tril_ctx *c)
{
    tril_tape *t = tril_tape_new(c);
    tril_var x = tril_requires_grad(tril_input(t, locs, TRIL_SHAPE(3)));
    tril_dist p = tril_mixture(tril_categorical(x), tril_normal(x, tril_scalar(t, 1)));
    tril_var y = tril_sample(tril_dist_expand(p, TRIL_SHAPE(2)), 3);
    tril_var sum = tril_add(tril_log_prob(p, y), tril_cdf(p, y));
    sum = tril_add(sum, tril_add(tril_dist_mean(p), tril_dist_variance(p)));
    tril_backward(tril_sum(sum));
    tril_tape_free(t);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_gt(exhaust(all_methods), 1);
}
END_TEST

Suite *suite_distributions_mixture(void)
{
    Suite *suite = suite_create("distributions/mixture");
    TCase *tcase = tcase_create("mixture");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_pytorch);
    tcase_add_test(tcase, test_of_one);
    tcase_add_test(tcase, test_observed);
    tcase_add_test(tcase, test_far_apart);
    tcase_add_test(tcase, test_large_logits);
    tcase_add_test(tcase, test_large_covariance);
    tcase_add_loop_test(tcase, test_zero_weight, 0, sizeof zero_weights / sizeof *zero_weights);
    tcase_add_test(tcase, test_extreme_heads);
    tcase_add_test(tcase, test_integral);
    tcase_add_test(tcase, test_draws);
    tcase_add_test(tcase, test_memory_of_draws);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
