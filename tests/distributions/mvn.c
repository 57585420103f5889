/* The multivariate normal: values and gradients of all its methods against PyTorch, and what the
 * header promises. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "distributions/cursor.h"

/* ---- against PyTorch: reference/mvn.py has the same table */

static const struct mvn_case {
    size_t d;
    tril_shape loc, scale_tril, y; /* batch shapes */
} cases[] = {
#define EIGHT(d)                                                                                   \
    { d, { 0 }, { 0 }, { 0 } }, { d, { 0 }, { 0 }, { 1, { 2 } } },                                 \
        { d, { 0 }, { 1, { 2 } }, { 0 } }, { d, { 0 }, { 1, { 2 } }, { 1, { 2 } } },               \
        { d, { 1, { 2 } }, { 0 }, { 0 } }, { d, { 1, { 2 } }, { 0 }, { 1, { 2 } } },               \
        { d, { 1, { 2 } }, { 1, { 2 } }, { 0 } },                                                  \
    {                                                                                              \
        d, { 1, { 2 } }, { 1, { 2 } },                                                             \
        {                                                                                          \
            1,                                                                                     \
            {                                                                                      \
                2                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }
    EIGHT(1),
    EIGHT(2),
    EIGHT(3),
    { 2, { 2, { 2, 1 } }, { 1, { 3 } }, { 2, { 2, 3 } } },
    { 3, { 1, { 2 } }, { 2, { 1, 1 } }, { 2, { 3, 1 } } },
    { 8, { 0 }, { 0 }, { 0 } },
    { 8, { 1, { 2 } }, { 0 }, { 1, { 2 } } },
    { 8, { 1, { 1 } }, { 1, { 2 } }, { 1, { 2 } } },
};

enum { N_CASES = sizeof cases / sizeof *cases };

static tril_shape with(tril_shape batch, size_t times, size_t d)
{
    while (times--)
        batch.dim[batch.rank++] = d;
    return batch;
}

START_TEST(test_pytorch)
{
    cursor file = cursor_begin("reference/mvn.csv");
    for (size_t row = 0; row < N_CASES; row++) {
        const struct mvn_case *c = &cases[row];
        tril_ctx *ctx = tril_ctx_new(NULL);
        tril_tape *tape = tril_tape_new(ctx);
        tril_var in[3] = { cursor_input(&file, tape, with(c->loc, 1, c->d)),
                           cursor_input(&file, tape, with(c->scale_tril, 2, c->d)),
                           cursor_input(&file, tape, with(c->y, 1, c->d)) };
        tril_dist p = tril_mvn(in[0], in[1]);
        cursor_check(&file, tril_log_prob(p, in[2]), in, 3, row, "log_prob");
        cursor_check(&file, tril_entropy(p), in + 1, 1, row, "entropy");
        cursor_check(&file, tril_dist_mean(p), in, 1, row, "mean");
        cursor_check(&file, tril_dist_covariance(p), in + 1, 1, row, "covariance");
        ck_fine(ctx);
        tril_tape_free(tape);
        tril_ctx_free(ctx);
    }
    cursor_end(&file);
}
END_TEST

/* ---- one factor for all rows is as good as a copy for each, to the last bit */

START_TEST(test_shared_factor)
{
    enum { ROWS = 5, D = 3 };
    tril_real loc[ROWS * D], y[ROWS * D], factor[D * D] = { 1, 0, 0, -2, .5, 0, .25, 3, 2 };
    tril_real copies[ROWS * D * D];
    double sums[D * D] = { 0 };
    tril_random random = tril_random_stream(3, 0);
    tril_random_normal(&random, loc, ROWS * D);
    tril_random_normal(&random, y, ROWS * D);
    for (size_t i = 0; i < ROWS; i++)
        memcpy(copies + i * D * D, factor, sizeof factor);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var mu = tril_input(tape, loc, TRIL_SHAPE(ROWS, D)),
             points = tril_input(tape, y, TRIL_SHAPE(ROWS, D));
    tril_var one = tril_requires_grad(tril_input(tape, factor, TRIL_SHAPE(D, D)));
    tril_var each = tril_requires_grad(tril_input(tape, copies, TRIL_SHAPE(ROWS, D, D)));
    tril_var of_one = tril_log_prob(tril_mvn(mu, one), points),
             of_each = tril_log_prob(tril_mvn(mu, each), points);
    tril_backward(tril_sum(tril_add(of_one, of_each)));
    ck_fine(ctx);
    ck_assert_mem_eq(tril_value(of_one), tril_value(of_each), ROWS * sizeof(tril_real));
    for (size_t i = 0; i < ROWS * D * D; i++)
        sums[i % (D * D)] += (double)tril_grad(each)[i];
    for (size_t i = 0; i < D * D; i++)
        ck_close(tril_grad(one)[i], sums[i], IS_DOUBLE ? 1e-14 : 1e-6, 1);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- what stands above the diagonal: large numbers, and NaN without validation */

static void log_prob_of(tril_real above, bool no_validation, tril_real *values)
{
    const tril_real loc[2] = { 1, 2 }, y[2] = { 0, 4 };
    const tril_real factor[4] = { 2, above, .5f, 1 };
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .no_validation = no_validation });
    tril_tape *tape = tril_tape_new(ctx);
    tril_var scale_tril = tril_requires_grad(tril_input(tape, factor, TRIL_SHAPE(2, 2)));
    tril_dist p = tril_mvn(tril_input(tape, loc, TRIL_SHAPE(2)), scale_tril);
    tril_var log_prob = tril_log_prob(p, tril_input(tape, y, TRIL_SHAPE(2)));
    values[0] = tril_item(log_prob);
    values[1] = tril_item(tril_entropy(p));
    memcpy(values + 2, tril_value(tril_dist_covariance(p)), 4 * sizeof *values);
    memcpy(values + 6, tril_value(tril_rsample(p, 0)), 2 * sizeof *values);
    tril_backward(log_prob);
    ck_fine(ctx);
    memcpy(values + 8, tril_grad(scale_tril), 4 * sizeof *values);
    ck_assert(values[9] == 0);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

START_TEST(test_above_the_diagonal)
{
    tril_real zero[12], other[12];
    log_prob_of(0, false, zero);
    log_prob_of((tril_real)1e30, false, other);
    ck_assert_mem_eq(zero, other, sizeof zero);
    log_prob_of((tril_real)NAN, true, other);
    ck_assert_mem_eq(zero, other, sizeof zero);
}
END_TEST

/* computed factors, the first with NaN above its diagonal: right, unless something is wrong
 * elsewhere */
START_TEST(test_nan_above_the_diagonal)
{
    static const struct {
        size_t at;
        tril_real divisor;
        const char *text;
    } table[] = {
        { 0, 1, NULL },
        { 2, 0, "mvn: scale_tril of batch index [0] is inf at [1, 0]" },
        { 4, 0, "mvn: scale_tril of batch index [1] is inf at [0, 0]" },
        { 7, -1, "mvn: scale_tril of batch index [1] is -1 at [1, 1]: its diagonal must be" },
    };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const tril_real x[8] = { 1, 0, 1, 1, 1, 1, 1, 1 };
        tril_real divisor[8] = { 1, 0, 1, 1, 1, 1, 1, 1 };
        divisor[table[i].at] = table[i].divisor;
        tril_tape_reset(tape);
        const tril_shape shape = TRIL_SHAPE(2, 2, 2);
        tril_var l = tril_div(tril_input(tape, x, shape), tril_input(tape, divisor, shape));
        tril_dist p = tril_mvn(tril_input(tape, (tril_real[]){ 0, 0 }, TRIL_SHAPE(2)), l);
        ck_assert(!p.kind == (table[i].text != NULL));
        if (table[i].text)
            ck_failed(ctx, table[i].divisor < 0 ? TRIL_NOT_POSITIVE : TRIL_NOT_FINITE,
                      table[i].text);
        ck_fine(ctx);
    }
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- the density integrates to 1: the trapezoidal rule, which is exact to rounding for a Gaussian
 * on so fine a grid */

static double integral(size_t d, const tril_real *loc, const tril_real *factor)
{
    enum { STEPS = 256 };
    static tril_real grid[STEPS * STEPS * 2];
    const double low = -12, h = 24. / STEPS;
    size_t n = d == 1 ? STEPS : STEPS * STEPS;
    for (size_t i = 0; i < n; i++) {
        grid[i * d] = (tril_real)(low + h * (double)(i % STEPS));
        if (d == 2)
            grid[i * d + 1] = (tril_real)(low + h * (double)(i / STEPS));
    }
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p =
        tril_mvn(tril_input(tape, loc, TRIL_SHAPE(d)), tril_input(tape, factor, TRIL_SHAPE(d, d)));
    tril_var density = tril_exp(tril_log_prob(p, tril_input(tape, grid, TRIL_SHAPE(n, d))));
    ck_fine(ctx);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)tril_value(density)[i];
    tril_tape_free(tape);
    tril_ctx_free(ctx);
    return sum * pow(h, (double)d);
}

START_TEST(test_integrates_to_one)
{
    static const struct {
        size_t d;
        tril_real loc[2], factor[4];
    } table[] = {
        { 1, { 0 }, { 1 } },
        { 1, { .5f }, { .25f } },
        { 1, { -2 }, { 1.25f } },
        { 2, { 0, 0 }, { 1, 0, 0, 1 } },
        { 2, { 1, -.5f }, { .5f, 0, -.75f, 1 } },
        { 2, { -1, .25f }, { 1.25f, 0, 1, .25f } },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        ck_close(integral(table[i].d, table[i].loc, table[i].factor), 1, IS_DOUBLE ? 1e-12 : 1e-6,
                 1);
}
END_TEST

/* ---- numbers at the edge: the largest finite value, never an infinity or NaN */

START_TEST(test_extremes)
{
    const tril_real max = TRIL_REAL_MAX, small = IS_DOUBLE ? (tril_real)1e-300 : (tril_real)1e-38;
    const tril_real numbers[] = { 0, 1, -1, max, -max, small };
    enum { N = sizeof numbers / sizeof *numbers };
    for (size_t at = 0; at < N * N * N * N * N; at++) {
        tril_real pick[5];
        for (size_t k = 0, rest = at; k < 5; k++, rest /= N)
            pick[k] = numbers[rest % N];
        const tril_real loc[2] = { pick[0], 0 }, y[2] = { pick[1], pick[2] };
        const tril_real diagonal = pick[3] > 0 ? pick[3] : 1;
        const tril_real factor[4] = { diagonal, 0, pick[4], small };
        /* a gradient that arrives as 0 must not become NaN on its way */
        const tril_real seed = (tril_real)(at % 2);
        tril_ctx *ctx = tril_ctx_new(NULL);
        tril_tape *tape = tril_tape_new(ctx);
        tril_var in[3] = { tril_requires_grad(tril_input(tape, loc, TRIL_SHAPE(2))),
                           tril_requires_grad(tril_input(tape, factor, TRIL_SHAPE(2, 2))),
                           tril_requires_grad(tril_input(tape, y, TRIL_SHAPE(2))) };
        tril_var log_prob = tril_log_prob(tril_mvn(in[0], in[1]), in[2]);
        ck_assert(isfinite(tril_item(log_prob)));
        ck_assert(tril_backward_with(log_prob, &(tril_backward_opts){ .seed = &seed }));
        for (size_t k = 0; k < 3; k++)
            for (size_t i = 0; i < tril_size(in[k]); i++)
                if (!(isfinite(tril_grad(in[k])[i]) && (seed != 0 || tril_grad(in[k])[i] == 0)))
                    ck_abort_msg("combination %zu: gradient %zu of input %zu is %g", at, i, k,
                                 (double)tril_grad(in[k])[i]);
        ck_fine(ctx);
        tril_tape_free(tape);
        tril_ctx_free(ctx);
    }
}
END_TEST

Suite *suite_distributions_mvn(void)
{
    Suite *suite = suite_create("distributions/mvn");
    TCase *tcase = tcase_create("mvn");
    tcase_add_test(tcase, test_pytorch);
    tcase_add_test(tcase, test_shared_factor);
    tcase_add_test(tcase, test_above_the_diagonal);
    tcase_add_test(tcase, test_nan_above_the_diagonal);
    tcase_add_test(tcase, test_integrates_to_one);
    tcase_add_test(tcase, test_extremes);
    suite_add_tcase(suite, tcase);
    return suite;
}
