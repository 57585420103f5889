/* Rows with numbers that are known by bounds: the density of what is there, integrated over what
 * may be there. */
#include <math.h>
#include <stdlib.h>

#include "support.h"

enum { D = 3, PATTERNS = 1 << D };

static const tril_real locs[D] = { 1, -2, .5f }, whole[D] = { 0, -1, 1 }, scales[D] = { .5f, 2, 1 };
static const tril_real factor[D * D] = { 1, 0, 0, .5f, 2, 0, -1, .25f, .5f };

static tril_ctx *ctx;
static tril_tape *tape;
static tril_var loc, scale_tril;

static void set_up(void)
{
    ctx = tril_ctx_new(NULL);
    tape = tril_tape_new(ctx);
    loc = tril_input(tape, locs, TRIL_SHAPE(D));
    scale_tril = tril_input(tape, factor, TRIL_SHAPE(D, D));
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

static tril_dist full(void)
{
    return tril_mvn(loc, scale_tril);
}

static tril_dist precision(void)
{
    return tril_mvn_precision_tril(loc, scale_tril);
}

static tril_dist diagonal(void)
{
    return tril_mvn_diag(loc, tril_input(tape, scales, TRIL_SHAPE(D)));
}

static tril_dist independent(void)
{
    return tril_independent(tril_normal(loc, tril_scalar(tape, 2)), 1);
}

static tril_dist mixture(void)
{
    tril_var locs2 =
        tril_mul(loc, tril_reshape(tril_input(tape, scales, TRIL_SHAPE(2)), TRIL_SHAPE(2, 1)));
    return tril_mixture(tril_categorical(tril_input(tape, scales, TRIL_SHAPE(2))),
                        tril_mvn(locs2, scale_tril));
}

static tril_dist (*const normals[])(void) = { full, precision, diagonal, independent, mixture };

enum { N_NORMALS = sizeof normals / sizeof *normals };

/* whole, but for the numbers whose bits are set: these lie below it or above it by so much, NaN
 * being any */
static tril_var bounds(unsigned bits, double by)
{
    tril_real *y = tril_tape_take(tape, D, sizeof *y);
    for (size_t i = 0; i < D; i++)
        y[i] = bits >> i & 1 ? whole[i] + (tril_real)by : whole[i];
    return tril_input_missing(tape, y, TRIL_SHAPE(D));
}

static size_t count(unsigned bits)
{
    return (bits & 1) + (bits >> 1 & 1) + (bits >> 2 & 1);
}

/* the density at the points of Gauss and Legendre's rule of two in short pieces of the bounds, over
 * one number or two */
static double integral(tril_dist p, unsigned bits, double low, double high)
{
    enum { PIECES = 24, POINTS = 2 * PIECES };
    const size_t n = count(bits) == 2 ? POINTS * POINTS : POINTS;
    const double piece = (high - low) / PIECES;
    tril_real *y = malloc(n * D * sizeof *y);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0, k = 0; j < D; j++) {
            const size_t at = k ? i / POINTS : i % POINTS;
            const double off = 0.5 + (at % 2 ? 0.5 : -0.5) * 0.57735026918962576;
            y[i * D + j] = whole[j];
            if (bits >> j & 1) {
                y[i * D + j] += (tril_real)(low + piece * ((double)(at / 2) + off));
                k++;
            }
        }
    const tril_real *log_p = tril_value(tril_log_prob(p, tril_input(tape, y, TRIL_SHAPE(n, D))));
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)log_p[i]) * pow(piece / 2, (double)count(bits));
    free(y);
    return log(sum);
}

START_TEST(test_is_the_integral)
{
    tril_dist p = normals[_i]();
    for (unsigned bits = 1; bits < PATTERNS - 1; bits++) {
        tril_var log_prob = tril_log_prob_censored(p, bounds(bits, -0.7), bounds(bits, 1.1));
        ck_fine(ctx);
        ck_close(tril_item(log_prob), integral(p, bits, -0.7, 1.1), IS_DOUBLE ? 1e-6 : 1e-5, 1);
    }
    ck_close(tril_item(tril_log_prob_censored(p, bounds(0, 0), bounds(0, 0))),
             tril_item(tril_log_prob(p, bounds(0, 0))), 1e-6, 1);
    ck_close(tril_item(tril_log_prob_censored(p, bounds(6, NAN), bounds(6, NAN))),
             tril_item(tril_log_prob_missing(p, bounds(6, NAN))), 1e-6, 1);
}
END_TEST

/* below and above together are all there is */
START_TEST(test_sides)
{
    tril_dist p = normals[_i]();
    for (unsigned bits = 1; bits < PATTERNS - 1; bits <<= 1)
        for (double at = -6; at < 6; at += 1.3) {
            tril_var below = tril_log_prob_censored(p, bounds(bits, NAN), bounds(bits, at)),
                     above = tril_log_prob_censored(p, bounds(bits, at), bounds(bits, NAN)),
                     any = tril_log_prob_missing(p, bounds(bits, NAN));
            ck_fine(ctx);
            ck_close(exp((double)tril_item(below)) + exp((double)tril_item(above)),
                     exp((double)tril_item(any)), IS_DOUBLE ? 1e-12 : 1e-5, 0);
        }
}
END_TEST

/* mpmath.log(mpmath.ncdf(-1e4)), and the gradient in loc and scale: it has all digits there too */
START_TEST(test_tails)
{
    const tril_real numbers[] = { -10000, 1, (tril_real)NAN };
    for (int side = -1; side <= 1; side += 2)
        for (int vector = 0; vector < 2; vector++) {
            const tril_shape shape = vector ? TRIL_SHAPE(1) : TRIL_SHAPE(1, 1);
            tril_tape_reset(tape);
            tril_var m = tril_requires_grad(tril_input(tape, (tril_real[]){ 0 }, TRIL_SHAPE(1))),
                     s = tril_requires_grad(tril_input(tape, numbers + 1, shape)),
                     none = tril_input_missing(tape, numbers + 2, TRIL_SHAPE(1)),
                     far = tril_input_missing(tape, (tril_real[]){ (tril_real)side * 10000 },
                                              TRIL_SHAPE(1));
            tril_dist p = vector ? tril_mvn_diag(m, s) : tril_mvn(m, s);
            tril_var log_prob = side < 0 ? tril_log_prob_censored(p, none, far)
                                         : tril_log_prob_censored(p, far, none);
            ck_assert(tril_backward(log_prob));
            ck_close(tril_item(log_prob), -50000010.129278913, IS_DOUBLE ? 1e-15 : 1e-7, 0);
            ck_close(*tril_grad(m), side * 10000.0001, IS_DOUBLE ? 1e-12 : 1e-6, 0);
            ck_close(*tril_grad(s), 100000000.99999998, IS_DOUBLE ? 1e-12 : 1e-6, 0);
        }
}
END_TEST

/* the largest numbers, as bounds too: all is finite */
START_TEST(test_extremes)
{
    const double edges[] = { 0, 1, (double)TRIL_REAL_MAX, -(double)TRIL_REAL_MAX, NAN };
    enum { N = sizeof edges / sizeof *edges };
    const tril_real small = IS_DOUBLE ? (tril_real)1e-300 : (tril_real)1e-38;
    for (size_t at = 0; at < N * N * N * N * N; at++) {
        double pick[5];
        for (size_t k = 0, rest = at; k < 5; k++, rest /= N)
            pick[k] = edges[rest % N];
        const tril_real m[2] = { isnan(pick[0]) ? small : (tril_real)pick[0], 0 };
        tril_real low[2] = { (tril_real)pick[1], (tril_real)pick[2] };
        const tril_real high[2] = { (tril_real)pick[3], 2 };
        const tril_real l[4] = { pick[4] > 0 ? (tril_real)pick[4] : small, 0,
                                 isnan(pick[4]) ? small : (tril_real)pick[4], small };
        for (size_t i = 0; i < 2; i++)
            low[i] = low[i] > high[i] ? high[i] : low[i];
        tril_tape_reset(tape);
        tril_var in[2] = { tril_requires_grad(tril_input(tape, m, TRIL_SHAPE(2))),
                           tril_requires_grad(tril_input(tape, l, TRIL_SHAPE(2, 2))) };
        tril_var log_prob = tril_log_prob_censored(tril_mvn(in[0], in[1]),
                                                   tril_input_missing(tape, low, TRIL_SHAPE(2)),
                                                   tril_input_missing(tape, high, TRIL_SHAPE(2)));
        ck_all_finite(log_prob, in, 2, at);
    }
}
END_TEST

START_TEST(test_errors)
{
    ck_assert_ptr_null(tril_log_prob_censored(full(), bounds(7, -1), bounds(7, 1)).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT,
              "log_prob_censored(mvn): more than two numbers are known by bounds only");
    ck_assert_ptr_null(tril_log_prob_censored(full(), bounds(1, 1), bounds(1, -1)).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT,
              "log_prob_censored(mvn): a lower bound is above the upper one");
    ck_assert_ptr_null(tril_log_prob_censored(diagonal(), bounds(2, 1), bounds(2, -1)).tape);
    ck_failed(ctx, TRIL_NOT_FINITE,
              "log_prob_censored(normal): a lower bound is above the upper one at [1]");
    tril_dist student = tril_mvt(tril_scalar(tape, 3), loc, scale_tril);
    ck_assert_ptr_null(tril_log_prob_censored(student, bounds(1, -1), bounds(1, 1)).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "log_prob_censored(mvt): there is no closed form");
    tril_log_prob_censored(full(), loc, tril_scalar(tape, 1));
    ck_failed(ctx, TRIL_BAD_SHAPE,
              "log_prob_censored(mvn): high is scalar but the distribution has event shape [3]");
}
END_TEST

Suite *suite_distributions_censored(void)
{
    Suite *suite = suite_create("distributions/censored");
    TCase *tcase = tcase_create("censored");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_is_the_integral, 0, N_NORMALS);
    tcase_add_loop_test(tcase, test_sides, 0, N_NORMALS);
    tcase_add_test(tcase, test_tails);
    tcase_add_test(tcase, test_extremes);
    tcase_add_test(tcase, test_errors);
    suite_add_tcase(suite, tcase);
    return suite;
}
