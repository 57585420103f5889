/* The head of Student's t: against tril_mvt, far out, near the normal, and what it refuses. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { D = 3, WIDTH = 10, ROWS = 77 };

static tril_ctx *ctx;
static tril_tape *tape;

static void set_up(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 4 });
    tape = tril_tape_new(ctx);
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

static tril_dist head(tril_var raw, size_t d, double floor)
{
    return tril_head(raw, d,
                     &(tril_head_opts){ .kind = &tril_head_student,
                                        .diagonal = TRIL_DIAGONAL_EXP,
                                        .floor = floor });
}

/* ---- the same from the parts of a row: [..., WIDTH] of exp's logarithms, no floor */

static tril_dist by_parts(tril_var raw)
{
    /* where the lower triangle's numbers stand in a row, its diagonal's exponentials behind it */
    static const size_t order[] = { 3, 0, 4, 1, 2, 5 };
    tril_var off = tril_slice(raw, -1, D, 3), diag = tril_exp(tril_slice(raw, -1, 6, D));
    tril_var packed = tril_select(tril_concat((tril_var[]){ off, diag }, 2, -1), -1, order, 6);
    tril_var t = tril_sum_axis(tril_slice(raw, -1, 9, 1), -1, false);
    tril_var df = tril_add(
        tril_div(tril_scalar(tape, 1000), tril_add(tril_scalar(tape, 1), tril_exp(tril_neg(t)))),
        tril_scalar(tape, (tril_real)2.01));
    return tril_mvt(df, tril_slice(raw, -1, 0, D), tril_unpack_tril(packed));
}

static void ck_same(const tril_real *a, const tril_real *b, size_t n, double tolerance,
                    const char *what)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)a[i] - (double)b[i]) <= tolerance * fmax(1, fabs((double)b[i])),
                      "%s: number %zu is %.17g of the head, %.17g of tril_mvt", what, i,
                      (double)a[i], (double)b[i]);
}

/* more rows than lanes; degrees of freedom from 2.01 to 1002; y up to hundreds of scales away */
START_TEST(test_against_mvt)
{
    tril_real raw[ROWS * WIDTH], y[ROWS * D], gradient[2][ROWS * WIDTH];
    const double tolerance = IS_DOUBLE ? 1e-11 : 2e-4;
    tril_random random = tril_random_stream(25, 0);
    tril_random_normal(&random, raw, ROWS * WIDTH);
    tril_random_normal(&random, y, ROWS * D);
    for (size_t i = 0; i < ROWS; i++) {
        raw[i * WIDTH + 9] = (tril_real)(-15 + 0.3 * (double)i);
        y[i * D] *= i % 7 == 0 ? 300 : 1;
    }
    tril_var in[2], log_prob[2], point = tril_input(tape, y, TRIL_SHAPE(ROWS, D));
    tril_dist p[2];
    for (size_t k = 0; k < 2; k++) {
        in[k] = tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(ROWS, WIDTH)));
        p[k] = k == 0 ? head(in[0], D, TRIL_NO_FLOOR) : by_parts(in[1]);
        log_prob[k] = tril_log_prob(p[k], point);
        ck_fine(ctx);
        ck_assert(tril_backward(tril_sum(log_prob[k])));
        memcpy(gradient[k], tril_grad(in[k]), sizeof gradient[k]);
    }
    ck_same(tril_value(log_prob[0]), tril_value(log_prob[1]), ROWS, tolerance, "log_prob");
    ck_same(gradient[0], gradient[1], ROWS * WIDTH, tolerance, "gradient");
    ck_same(tril_value(tril_entropy(p[0])), tril_value(tril_entropy(p[1])), ROWS, tolerance,
            "entropy");
    ck_same(tril_value(tril_dist_mode(p[0])), tril_value(tril_dist_mean(p[1])), ROWS * D, 0,
            "mode");
    ck_fine(ctx);
}
END_TEST

/* of one raw row, wherever t is: the covariance is there and positive; of the largest t it is near
 * that of the normal, of the smallest 201 times as large */
START_TEST(test_covariance)
{
    const double max = (double)TRIL_REAL_MAX;
    const double ts[] = { -max, -1e4, -20, -7, 0, 7, 20, 1e4, max };
    double before = HUGE_VAL;
    for (size_t i = 0; i < sizeof ts / sizeof *ts; i++) {
        const tril_real raw[3] = { 0, 0, (tril_real)ts[i] };
        tril_dist p = head(tril_input(tape, raw, TRIL_SHAPE(1, 3)), 1, TRIL_NO_FLOOR);
        double e = exp(-ts[i]), df = 2.01 + 1000 / (1 + e);
        double variance = (double)tril_item(tril_dist_variance(p));
        ck_close(variance, df / (df - 2), IS_DOUBLE ? 1e-11 : 1e-4, 1);
        ck_assert(variance <= before);
        before = variance;
        ck_assert(isfinite(tril_item(tril_sample(p, 0))));
        ck_fine(ctx);
    }
    ck_close(before, 1, 0.0021, 1);
}
END_TEST

/* ---- log v comes from s, and z'z may be beyond what float holds: far out the log-density in one
 * dimension is -log v + c(df) - (df + 1)/2 log(1 + z^2/df), and its gradient in s z^2 (df + 1) /
 * (df + z^2) - 1 */

START_TEST(test_far_out)
{
    const double t = -5, df = 2.01 + 1000 / (1 + exp(-t));
    const double constant = lgamma(0.5 * (df + 1)) - lgamma(0.5 * df) - 0.5 * log(df * acos(-1));
    for (double s = -200; s <= 50; s += 6.25)
        for (double far = -20; far <= 30; far += 5) {
            const tril_real raw[3] = { 0, (tril_real)s, (tril_real)t };
            const tril_real y = (tril_real)exp(fmax(s, -80) + far);
            tril_tape_reset(tape);
            tril_var in = tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(1, 3)));
            tril_var log_prob =
                tril_log_prob(head(in, 1, TRIL_NO_FLOOR), tril_input(tape, &y, TRIL_SHAPE(1, 1)));
            tril_backward(tril_sum(log_prob));
            ck_fine(ctx);
            double z = (double)y * exp(-s), w = (df + 1) / (df + z * z);
            ck_close(tril_item(log_prob), constant - s - 0.5 * (df + 1) * log1p(z * z / df),
                     IS_DOUBLE ? 1e-12 : 1e-6, 1);
            ck_close(tril_grad(in)[1], w * z * z - 1, IS_DOUBLE ? 1e-11 : 1e-5, 1);
            double most = (double)TRIL_REAL_MAX, slope = w * z * exp(-s);
            ck_close(tril_grad(in)[0], fmin(slope, most), IS_DOUBLE ? 1e-11 : 1e-5, 1e-30);
        }
}
END_TEST

/* the largest numbers of the type, whose sum is beyond it */
START_TEST(test_largest)
{
    const tril_real y[D] = { 0 }, max = TRIL_REAL_MAX;
    for (int sign = -1; sign < 2; sign += 2) {
        const tril_real s = (tril_real)sign * max, raw[WIDTH] = { [6] = s, s, s, s };
        tril_var in = tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(WIDTH)));
        tril_var log_prob =
            tril_log_prob(head(in, D, TRIL_NO_FLOOR), tril_input(tape, y, TRIL_SHAPE(D)));
        ck_assert(tril_item(log_prob) == -(tril_real)sign * max);
        ck_assert(tril_backward(log_prob));
        for (size_t i = 0; i < WIDTH; i++)
            ck_assert(tril_grad(in)[i] == -(tril_real)(i >= 6 && i < 9));
        ck_fine(ctx);
    }
}
END_TEST

/* ---- numbers that are none, wherever they stand, name the row */

START_TEST(test_not_finite)
{
    for (size_t at = 0; at < WIDTH + D; at++)
        for (size_t rows = 4; rows <= ROWS; rows += ROWS - 4) {
            static tril_real x[ROWS * (WIDTH + D)];
            for (size_t i = 0; i < ROWS * (WIDTH + D); i++)
                x[i] = 1;
            x[2 * (WIDTH + D) + at] = at % 2 ? -1 : 0; /* NaN or an infinity after the logarithm */
            tril_tape_reset(tape);
            tril_var both = tril_log(tril_input(tape, x, TRIL_SHAPE(rows, WIDTH + D)));
            tril_log_prob(head(tril_slice(both, -1, 0, WIDTH), D, 0),
                          tril_slice(both, -1, WIDTH, D));
            ck_failed(ctx, TRIL_NOT_FINITE,
                      "log_prob(head): y or the raw outputs of row [2] are not finite");
        }
}
END_TEST

/* ---- memory that runs out */

static void all_methods(tril_ctx *c)
{
    static const tril_real raw[2 * WIDTH], y[2 * D];
    tril_tape *t = tril_tape_new(c);
    tril_var in = tril_requires_grad(tril_input(t, raw, TRIL_SHAPE(2, WIDTH)));
    tril_dist p = head(in, D, 0);
    tril_var sums[] = { tril_log_prob(p, tril_input(t, y, TRIL_SHAPE(2, D))),
                        tril_entropy(p),
                        tril_dist_mean(p),
                        tril_dist_mode(p),
                        tril_dist_variance(p),
                        tril_dist_covariance(p),
                        tril_sample(p, 3) };
    tril_var total = tril_scalar(t, 0);
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        total = tril_add(total, tril_sum(sums[i]));
    tril_backward(total);
    tril_tape_free(t);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_gt(exhaust(all_methods), 3);
}
END_TEST

/* ---- what there is not */

START_TEST(test_refused)
{
    static const tril_real raw[2 * WIDTH];
    tril_dist p = head(tril_input(tape, raw, TRIL_SHAPE(2, WIDTH)), D, 0);
    tril_rsample(p, 0);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "rsample(head_student): draws cannot be differentiated");
    tril_kl(p, p);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "kl(head_student, head_student): there is no closed form");
}
END_TEST

Suite *suite_nn_head_student(void)
{
    Suite *suite = suite_create("nn/head_student");
    TCase *tcase = tcase_create("student");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_against_mvt);
    tcase_add_test(tcase, test_covariance);
    tcase_add_test(tcase, test_far_out);
    tcase_add_test(tcase, test_largest);
    tcase_add_test(tcase, test_not_finite);
    tcase_add_test(tcase, test_out_of_memory);
    tcase_add_test(tcase, test_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
