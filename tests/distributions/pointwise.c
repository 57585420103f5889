/* Ops over numbers go chunk by chunk: events of all sizes, operands of all strides, and errors,
 * before, at and behind the chunks' ends. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/block.h"
#include "support.h"

enum { MOST = 4 * TRIL_CHUNK };

static tril_ctx *ctx;
static tril_tape *tape;
static tril_real numbers[3][MOST]; /* loc, scale, y */

static void set_up(void)
{
    ctx = tril_ctx_new(NULL);
    tape = tril_tape_new(ctx);
    for (size_t k = 0; k < 3; k++) {
        tril_random random = tril_random_stream(11, k);
        tril_random_normal(&random, numbers[k], MOST);
    }
    for (size_t i = 0; i < MOST; i++)
        numbers[1][i] = (tril_real)exp(0.5 * (double)numbers[1][i]);
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

/* where the number of an operand stands that serves element i of a result */
static size_t place_of(tril_shape full, tril_shape operand, size_t i)
{
    size_t place = 0, step = 1;
    for (size_t a = 0; a < full.rank; i /= full.dim[full.rank - 1 - a], a++) {
        if (a >= operand.rank)
            continue;
        size_t dim = operand.dim[operand.rank - 1 - a];
        place += step * (dim == 1 ? 0 : i % full.dim[full.rank - 1 - a]);
        step *= dim;
    }
    return place;
}

static const struct {
    size_t event_rank;
    tril_shape in[3]; /* loc, scale, y, whose own is that of the result */
} shapes[] = {
    { 0, { { 1, { 1 } }, { 1, { 1 } }, { 1, { 1 } } } },
    { 0, { { 1, { 257 } }, { 1, { 257 } }, { 1, { 257 } } } },
    { 0, { { 0 }, { 1, { 1 } }, { 1, { 513 } } } },
    { 0, { { 2, { 7, 1 } }, { 1, { 40 } }, { 2, { 7, 40 } } } },
    { 0, { { 3, { 5, 1, 9 } }, { 2, { 11, 1 } }, { 3, { 5, 11, 9 } } } },
    { 1, { { 2, { 300, 2 } }, { 2, { 300, 2 } }, { 2, { 300, 2 } } } },
    { 1, { { 2, { 200, 3 } }, { 2, { 200, 3 } }, { 2, { 200, 3 } } } },
    { 1, { { 2, { 200, 3 } }, { 1, { 3 } }, { 2, { 200, 3 } } } },
    { 1, { { 2, { 200, 3 } }, { 2, { 200, 1 } }, { 2, { 200, 3 } } } },
    { 1, { { 1, { 4 } }, { 0 }, { 2, { 99, 4 } } } },
    { 1, { { 2, { 61, 5 } }, { 2, { 1, 5 } }, { 2, { 61, 5 } } } },
    { 1, { { 2, { 80, 8 } }, { 2, { 80, 8 } }, { 2, { 80, 8 } } } },
    { 1, { { 2, { 30, 20 } }, { 2, { 30, 20 } }, { 2, { 30, 20 } } } },
    { 1, { { 2, { 3, 255 } }, { 1, { 255 } }, { 2, { 3, 255 } } } },
    { 1, { { 2, { 3, 256 } }, { 2, { 3, 1 } }, { 2, { 3, 256 } } } },
    { 1, { { 2, { 3, 257 } }, { 2, { 3, 257 } }, { 2, { 3, 257 } } } },
    { 1, { { 1, { 600 } }, { 1, { 1 } }, { 1, { 600 } } } },
    { 2, { { 3, { 6, 9, 4 } }, { 2, { 9, 1 } }, { 3, { 6, 9, 4 } } } },
    { 2, { { 3, { 2, 1, 30 } }, { 2, { 12, 30 } }, { 3, { 2, 12, 30 } } } },
    { 1, { { 2, { 0, 3 } }, { 1, { 3 } }, { 2, { 0, 3 } } } },
    { 1, { { 2, { 4, 0 } }, { 1, { 1 } }, { 2, { 4, 0 } } } },
};

START_TEST(test_shapes)
{
    const tril_shape *shape = shapes[_i].in, full = shape[2];
    const size_t rank = shapes[_i].event_rank, n = tril_shape_size(full);
    static double wanted[MOST], grads[3][MOST];
    memset(wanted, 0, sizeof wanted);
    memset(grads, 0, sizeof grads);
    tril_var in[3];
    for (size_t k = 0; k < 3; k++)
        in[k] = tril_requires_grad(tril_input(tape, numbers[k], shape[k]));
    tril_dist p = tril_independent(tril_normal(in[0], in[1]), rank);
    tril_var log_prob = tril_log_prob(p, in[2]);
    ck_fine(ctx);
    const size_t events = tril_size(log_prob);
    tril_real seed[MOST];
    for (size_t i = 0; i < events; i++)
        seed[i] = (tril_real)0.25 * (tril_real)(i % 7) - 1;
    for (size_t i = 0; i < n; i++) {
        size_t at[3], event = i / (n / events);
        for (size_t k = 0; k < 3; k++)
            at[k] = place_of(full, shape[k], i);
        double scale = (double)numbers[1][at[1]], up = (double)seed[event];
        double z = ((double)numbers[2][at[2]] - (double)numbers[0][at[0]]) / scale;
        wanted[event] -= 0.5 * z * z + log(scale) + 0.91893853320467274178;
        grads[0][at[0]] += up * z / scale;
        grads[1][at[1]] += up * (z * z - 1) / scale;
        grads[2][at[2]] -= up * z / scale;
    }
    ck_assert(tril_backward_with(log_prob, &(tril_backward_opts){ .seed = seed }));
    for (size_t i = 0; i < events; i++)
        ck_close(tril_value(log_prob)[i], wanted[i], IS_DOUBLE ? 1e-13 : 1e-6, 1);
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < tril_size(in[k]); i++)
            ck_close(tril_grad(in[k])[i], grads[k][i], IS_DOUBLE ? 1e-12 : 1e-6, 1);
}
END_TEST

/* what goes set by set adds up over chunks too */
START_TEST(test_set_by_set)
{
    const tril_shape shape = TRIL_SHAPE(3, 300);
    tril_var m = tril_input(tape, numbers[0], shape), s = tril_input(tape, numbers[1], shape);
    tril_var y = tril_input(tape, numbers[2], shape), one = tril_scalar(tape, 1);
    const tril_real *kl = tril_value(tril_kl(tril_mvn_diag(m, s), tril_mvn_diag(y, one)));
    const tril_real *cdf = tril_value(tril_cdf(tril_normal(m, s), y));
    ck_fine(ctx);
    for (size_t i = 0; i < 3; i++) {
        double sum = 0;
        for (size_t at = i * 300; at < (i + 1) * 300; at++) {
            double loc = (double)numbers[0][at], scale = (double)numbers[1][at];
            double point = (double)numbers[2][at];
            sum += 0.5 * (scale * scale - 1 + (point - loc) * (point - loc)) - log(scale);
            ck_close(cdf[at], 0.5 * erfc((loc - point) / scale / sqrt(2)), IS_DOUBLE ? 1e-12 : 1e-6,
                     1);
        }
        ck_close(kl[i], sum, IS_DOUBLE ? 1e-12 : 1e-6, 1);
    }
}
END_TEST

/* ---- errors name the first number, in whatever chunk it stands */

enum { ROWS = 120, COLUMNS = 5 };

/* numbers of which those from one on are infinite, or none */
static tril_var wrong_from(size_t at, bool infinite)
{
    static tril_real above[ROWS * COLUMNS], below[ROWS * COLUMNS];
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        above[i] = i < at || infinite;
        below[i] = i < at;
    }
    const tril_shape shape = TRIL_SHAPE(ROWS, COLUMNS);
    return tril_div(tril_input(tape, above, shape), tril_input(tape, below, shape));
}

typedef tril_var method(tril_dist p, tril_var y);

static tril_dist diagonal(void)
{
    return tril_mvn_diag(tril_input(tape, numbers[0], TRIL_SHAPE(ROWS, COLUMNS)),
                         tril_input(tape, numbers[1], TRIL_SHAPE(COLUMNS)));
}

static tril_dist of_numbers(void)
{
    return tril_normal(tril_scalar(tape, 0), tril_scalar(tape, 1));
}

static tril_dist students(void)
{
    return tril_student_t(tril_scalar(tape, 3), tril_scalar(tape, 0), tril_scalar(tape, 1));
}

static const struct {
    method *of;
    tril_dist (*make)(void);
    bool infinite;
    const char *text;
} wrong[] = {
    { tril_log_prob, diagonal, true, "log_prob(normal): y or loc is not finite at [" },
    { tril_log_prob, diagonal, false, "log_prob(normal): y or loc is not finite at [" },
    { tril_log_prob, of_numbers, true, "log_prob(normal): y or loc is not finite at [" },
    { tril_log_prob_missing, of_numbers, true,
      "log_prob_missing(normal): y is infinite or loc not finite at [" },
    { tril_cdf, of_numbers, false, "cdf(normal): y or loc is not a number at [" },
    { tril_log_prob, students, true, "log_prob(student_t): y or loc is not finite at [" },
    { tril_log_prob, students, false, "log_prob(student_t): y or loc is not finite at [" },
    { tril_cdf, students, false, "cdf(student_t): y or loc is not a number at [" },
};

START_TEST(test_errors)
{
    const size_t places[] = { 0, 239, 240, 255, 256, 301, ROWS * COLUMNS - 1 };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s%zu, %zu]", wrong[_i].text, places[i] / COLUMNS,
                 places[i] % COLUMNS);
        tril_tape_reset(tape);
        tril_dist p = wrong[_i].make();
        ck_assert_ptr_null(wrong[_i].of(p, wrong_from(places[i], wrong[_i].infinite)).tape);
        ck_failed(ctx, TRIL_NOT_FINITE, text);
    }
}
END_TEST

/* ---- missing numbers add nothing, and have no gradient */

START_TEST(test_missing)
{
    static tril_real y[MOST];
    double wanted = 0;
    for (size_t i = 0; i < MOST; i++) {
        double z = ((double)numbers[2][i] - (double)numbers[0][i]) / (double)numbers[1][i];
        y[i] = i % 3 ? numbers[2][i] : (tril_real)NAN;
        if (i % 3)
            wanted -= 0.5 * z * z + log((double)numbers[1][i]) + 0.91893853320467274178;
    }
    tril_var in[2];
    for (size_t k = 0; k < 2; k++)
        in[k] = tril_requires_grad(tril_input(tape, numbers[k], TRIL_SHAPE(MOST)));
    tril_var points = tril_requires_grad(tril_input_missing(tape, y, TRIL_SHAPE(MOST)));
    tril_var log_prob = tril_log_prob_missing(tril_mvn_diag(in[0], in[1]), points);
    ck_close(tril_item(log_prob), wanted, IS_DOUBLE ? 1e-13 : 1e-6, 1);
    ck_assert(tril_backward(log_prob));
    for (size_t i = 0; i < MOST; i++) {
        ck_assert((tril_grad(in[0])[i] == 0 && tril_grad(in[1])[i] == 0) == (i % 3 == 0));
        ck_assert(tril_grad(points)[i] == -tril_grad(in[0])[i]);
    }
}
END_TEST

/* ---- numbers at the edge, whose own the gradient is or shared: never an infinity or NaN */

START_TEST(test_extremes)
{
    const tril_real max = TRIL_REAL_MAX, least = TRIL_REAL_MIN * TRIL_REAL_EPSILON;
    const tril_real edges[] = { 0, 1, -1, max, -max, TRIL_REAL_MIN, least };
    enum { E = sizeof edges / sizeof *edges };
    for (size_t at = 0; at < E * E * E * 4; at++) {
        const tril_real loc = edges[at % E], scale = edges[at / E % E], y = edges[at / E / E % E];
        if (!(scale > 0))
            continue;
        const size_t n = at / E / E / E % 2 ? 2 : 1;
        const tril_real points[2] = { y, -y }, seed[2] = { (tril_real)(at / E / E / E / 2), 0 };
        tril_tape_reset(tape);
        tril_var in[3] = { tril_requires_grad(tril_scalar(tape, loc)),
                           tril_requires_grad(tril_scalar(tape, scale)),
                           tril_requires_grad(tril_input(tape, points, TRIL_SHAPE(n))) };
        tril_var log_prob = tril_log_prob(tril_normal(in[0], in[1]), in[2]);
        ck_assert(tril_backward_with(log_prob, &(tril_backward_opts){ .seed = seed }));
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(isfinite(tril_value(log_prob)[i]), "combination %zu", at);
        for (size_t k = 0; k < 3; k++)
            for (size_t i = 0; i < tril_size(in[k]); i++) {
                tril_real g = tril_grad(in[k])[i];
                ck_assert_msg(isfinite(g) && (seed[0] != 0 || g == 0),
                              "combination %zu: gradient %zu of input %zu is %g", at, i, k,
                              (double)g);
            }
        ck_fine(ctx);
    }
}
END_TEST

Suite *suite_distributions_pointwise(void)
{
    Suite *suite = suite_create("distributions/pointwise");
    TCase *tcase = tcase_create("numbers");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_shapes, 0, sizeof shapes / sizeof *shapes);
    tcase_add_test(tcase, test_set_by_set);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tcase, test_missing);
    tcase_add_test(tcase, test_extremes);
    suite_add_tcase(suite, tcase);
    return suite;
}
