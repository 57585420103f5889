/* The head of a full multivariate normal: against PyTorch, against tril_mvn, and its errors. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { D = 3, WIDTH = 9, MAX_ROWS = 64 };

/* ---- against PyTorch: reference/head.py */

static const struct variant {
    const char *file, *name; /* the columns' first word or words */
    tril_head_opts opts;
} variants[] = {
#define FILE_1 "reference/head.csv"
#define FILE_2 "reference/head_variants.csv"
    { FILE_1, "elu", { .floor = TRIL_NO_FLOOR } },
    { FILE_1, "elu floor", { 0 } },
    { FILE_2, "elu scaled", { .relative_off_diagonal = true, .floor = TRIL_NO_FLOOR } },
    { FILE_2,
      "elu scaled floor",
      { .diagonal = TRIL_DIAGONAL_ELU, .relative_off_diagonal = true, .floor = 1e-6 } },
    { FILE_2, "exp", { .diagonal = TRIL_DIAGONAL_EXP, .floor = TRIL_NO_FLOOR } },
    { FILE_2, "exp floor", { .diagonal = TRIL_DIAGONAL_EXP } },
    { FILE_2,
      "exp scaled",
      { .diagonal = TRIL_DIAGONAL_EXP, .relative_off_diagonal = true, .floor = TRIL_NO_FLOOR } },
    { FILE_2,
      "exp scaled floor",
      { .diagonal = TRIL_DIAGONAL_EXP, .relative_off_diagonal = true } },
    { FILE_2, "softplus", { .diagonal = TRIL_DIAGONAL_SOFTPLUS, .floor = TRIL_NO_FLOOR } },
    { FILE_2, "softplus floor", { .diagonal = TRIL_DIAGONAL_SOFTPLUS } },
    { FILE_2,
      "softplus scaled",
      { .diagonal = TRIL_DIAGONAL_SOFTPLUS,
        .relative_off_diagonal = true,
        .floor = TRIL_NO_FLOOR } },
    { FILE_2,
      "softplus scaled floor",
      { .diagonal = TRIL_DIAGONAL_SOFTPLUS, .relative_off_diagonal = true } },
};

enum { N_VARIANTS = sizeof variants / sizeof *variants };

/* n columns name0, name1, ... side by side; returns the number of rows */
static size_t columns(const char *file, const char *name, size_t n, double *out)
{
    size_t rows = 0;
    for (size_t k = 0; k < n; k++) {
        char full[64];
        snprintf(full, sizeof full, n > 1 ? "%s%zu" : "%s", name, k);
        double *column = reference(file, full, &rows);
        ck_assert_uint_le(rows, MAX_ROWS);
        for (size_t i = 0; i < rows; i++)
            out[i * n + k] = column[i];
        free(column);
    }
    return rows;
}

/* Relative to the largest number of the row. In float that is for the rounding of the result: the
 * head computes in double. */
static void compare(const struct variant *v, const char *what, const tril_real *x, size_t n)
{
    double wanted[MAX_ROWS * WIDTH];
    char name[64];
    snprintf(name, sizeof name, "%s %s", v->name, what);
    size_t rows = columns(v->file, name, n, wanted);
    ck_assert_uint_gt(rows, 0);
    for (size_t i = 0; i < rows; i++) {
        double largest = 0;
        for (size_t k = 0; k < n; k++)
            largest = fmax(largest, fabs(wanted[i * n + k]));
        for (size_t k = 0; k < n; k++)
            ck_assert_msg(fabs((double)x[i * n + k] - wanted[i * n + k]) <=
                              (IS_DOUBLE ? 1e-12 : 1e-5) * largest,
                          "%s: row %zu, number %zu is %.17g, PyTorch says %.17g", name, i, k,
                          (double)x[i * n + k], wanted[i * n + k]);
    }
}

static tril_var input(tril_tape *tape, tril_real *memory, const double *x, size_t rows, size_t n)
{
    for (size_t i = 0; i < rows * n; i++)
        memory[i] = (tril_real)x[i];
    return tril_requires_grad(tril_input(tape, memory, TRIL_SHAPE(rows, n)));
}

START_TEST(test_pytorch)
{
    const struct variant *v = &variants[_i];
    double x[MAX_ROWS * WIDTH];
    tril_real memory[2][MAX_ROWS * WIDTH];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    size_t rows = columns(v->file, "raw", WIDTH, x);
    tril_var raw = input(tape, memory[0], x, rows, WIDTH);
    ck_assert_uint_eq(columns(v->file, "y", D, x), rows);
    ck_assert_uint_eq(rows, strcmp(v->file, FILE_1) == 0 ? 64 : 10);
    tril_var y = input(tape, memory[1], x, rows, D);
    /* all defaults are the same as no options */
    bool defaults = v->opts.floor == 0 && !v->opts.relative_off_diagonal && v->opts.diagonal == 0;
    for (size_t repeat = 0; repeat < (defaults ? 2 : 1); repeat++) {
        tril_var log_prob = tril_log_prob(tril_head(raw, D, repeat ? NULL : &v->opts), y);
        tril_backward(tril_sum(log_prob));
        ck_fine(ctx);
        compare(v, "log_prob", tril_value(log_prob), 1);
        compare(v, "g", tril_grad(raw), WIDTH);
        compare(v, "gy", tril_grad(y), D);
    }
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- the other methods are those of tril_mvn with loc and scale_tril built by hand */

static double diagonal_of(const tril_head_opts *opts, double s)
{
    double floor = opts->floor == 0 ? 1e-6 : opts->floor == TRIL_NO_FLOOR ? 0 : opts->floor;
    switch (opts->diagonal) {
    case TRIL_DIAGONAL_EXP:
        return exp(s) + floor;
    case TRIL_DIAGONAL_SOFTPLUS:
        return log(1 + exp(s)) + floor;
    case TRIL_DIAGONAL_DEFAULT:
    case TRIL_DIAGONAL_ELU:
        break;
    }
    return (s > 0 ? 1 + s : exp(s)) + floor;
}

static void by_hand(const tril_head_opts *opts, const tril_real *raw, tril_real *loc,
                    tril_real *factor)
{
    const tril_real *off = raw + D, *s = raw + WIDTH - D;
    for (size_t i = 0; i < D; i++) {
        double diagonal = diagonal_of(opts, (double)s[i]);
        loc[i] = raw[i];
        for (size_t j = 0; j < D; j++)
            factor[i * D + j] =
                j < i ? (tril_real)((double)*off++ * (opts->relative_off_diagonal ? diagonal : 1))
                      : (tril_real)(j == i ? diagonal : 0);
    }
}

static void ck_equal(tril_var x, tril_var y, const char *what)
{
    ck_assert(tril_shape_equal(tril_shape_of(x), tril_shape_of(y)));
    for (size_t i = 0; i < tril_size(y); i++) {
        double a = (double)tril_value(x)[i], b = (double)tril_value(y)[i];
        ck_assert_msg(fabs(a - b) <= (IS_DOUBLE ? 1e-13 : 1e-5) * fmax(fabs(b), 1),
                      "%s: %.17g of the head, %.17g by hand", what, a, b);
    }
}

START_TEST(test_by_hand)
{
    enum { ROWS = 5 };
    const tril_head_opts *opts = &variants[_i].opts;
    tril_real raw[ROWS * WIDTH], loc[ROWS * D], factor[ROWS * D * D], y[ROWS * D];
    tril_random random = tril_random_stream(21, 0);
    tril_random_normal(&random, raw, ROWS * WIDTH);
    tril_random_normal(&random, y, ROWS * D);
    for (size_t i = 0; i < ROWS; i++)
        by_hand(opts, raw + i * WIDTH, loc + i * D, factor + i * D * D);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p = tril_head(tril_input(tape, raw, TRIL_SHAPE(ROWS, WIDTH)), D, opts);
    tril_dist q = tril_mvn(tril_input(tape, loc, TRIL_SHAPE(ROWS, D)),
                           tril_input(tape, factor, TRIL_SHAPE(ROWS, D, D)));
    tril_var points = tril_input(tape, y, TRIL_SHAPE(ROWS, D));
    ck_equal(tril_dist_mean(p), tril_dist_mean(q), "mean");
    ck_equal(tril_dist_covariance(p), tril_dist_covariance(q), "covariance");
    ck_equal(tril_entropy(p), tril_entropy(q), "entropy");
    ck_equal(tril_log_prob(p, points), tril_log_prob(q, points), "log_prob");
    for (size_t n = 0; n < 3; n += 2) {
        tril_random at = *tril_ctx_random(ctx);
        tril_var drawn = tril_sample(p, n);
        *tril_ctx_random(ctx) = at;
        ck_equal(drawn, tril_sample(q, n), "sample");
    }
    ck_assert(tril_shape_equal(tril_dist_batch_shape(p), TRIL_SHAPE(ROWS)));
    ck_assert(tril_shape_equal(tril_dist_event_shape(p), TRIL_SHAPE(D)));
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_width)
{
    /* of a size that wrapped around, no width is right */
    ck_assert_uint_eq(tril_head_width((size_t)-4, NULL), SIZE_MAX);
    ck_assert_uint_eq(tril_head_width((size_t)-3, NULL), SIZE_MAX);
    const size_t widths[] = { SIZE_MAX, 2, 5, 9, 14 };
    for (size_t d = 0; d < 5; d++)
        ck_assert_uint_eq(tril_head_width(d, NULL), widths[d]);
}
END_TEST

/* ---- errors */

static const tril_real ones[36] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static const struct {
    tril_shape raw, y;
    size_t d;
    tril_head_opts opts;
    const char *text;
    tril_status status;
} errors[] = {
    { { 2, { 4, 8 } },
      { 2, { 4, 3 } },
      3,
      { 0 },
      "head: raw is 4x8, but 3 targets need rows of 9 numbers",
      TRIL_BAD_SHAPE },
    { { 2, { 4, 9 } },
      { 2, { 4, 3 } },
      2,
      { 0 },
      "head: raw is 4x9, but 2 targets need rows of 5 numbers",
      TRIL_BAD_SHAPE },
    { { 0 }, { 2, { 4, 3 } }, 3, { 0 }, "head: raw is scalar, but", TRIL_BAD_SHAPE },
    { { 2, { 4, 0 } },
      { 2, { 4, 0 } },
      0,
      { 0 },
      "head: no network has 0 targets",
      TRIL_BAD_ARGUMENT },
    { { 2, { 4, 9 } },
      { 2, { 4, 2 } },
      3,
      { 0 },
      "log_prob(head): y is 4x2 but the distribution has event shape [3]",
      TRIL_BAD_SHAPE },
    { { 2, { 4, 9 } },
      { 2, { 3, 3 } },
      3,
      { 0 },
      "log_prob(head): y is 3x3, whose rows do not broadcast with the distribution's batch "
      "shape [4]",
      TRIL_BAD_SHAPE },
    { { 2, { 4, 9 } },
      { 2, { 4, 3 } },
      3,
      { .floor = -0.5 },
      "head: a floor of -0.5, want a positive number or TRIL_NO_FLOOR",
      TRIL_BAD_ARGUMENT },
    { { 2, { 4, 9 } },
      { 2, { 4, 3 } },
      3,
      { .floor = HUGE_VAL },
      "head: a floor of inf",
      TRIL_BAD_ARGUMENT },
    { { 2, { 4, 9 } },
      { 2, { 4, 3 } },
      3,
      { .diagonal = (tril_diagonal_transform)4 },
      "head: there is no diagonal number 4",
      TRIL_BAD_ARGUMENT },
};

START_TEST(test_errors)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_log_prob(tril_head(tril_input(tape, ones, errors[_i].raw), errors[_i].d, &errors[_i].opts),
                  tril_input(tape, ones, errors[_i].y));
    ck_failed(ctx, errors[_i].status, errors[_i].text);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* a NaN anywhere in a row of raw outputs, or in y, names the row */
START_TEST(test_not_finite)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    for (size_t at = 0; at < WIDTH + D; at++) {
        tril_real x[4 * (WIDTH + D)];
        memcpy(x, ones, sizeof ones);
        for (size_t i = 36; i < 48; i++)
            x[i] = 1;
        x[2 * (WIDTH + D) + at] = at % 2 ? -1 : 0; /* NaN or an infinity after the logarithm */
        tril_tape_reset(tape);
        tril_var both = tril_log(tril_input(tape, x, TRIL_SHAPE(4, WIDTH + D)));
        tril_dist p = tril_head(tril_slice(both, -1, 0, WIDTH), D, NULL);
        tril_log_prob(p, tril_slice(both, -1, WIDTH, D));
        ck_failed(ctx, TRIL_NOT_FINITE,
                  "log_prob(head): y or the raw outputs of row [2] are not finite");
    }
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* nothing in, nothing out; a stale var is an error */
START_TEST(test_inert)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    ck_assert(!tril_head((tril_var){ 0 }, D, NULL).kind);
    tril_var raw = tril_input(tape, ones, TRIL_SHAPE(4, WIDTH));
    tril_tape_reset(tape);
    ck_assert(!tril_head(raw, D, NULL).kind);
    ck_failed(ctx, TRIL_BAD_VAR, "from before the tape's last reset");
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_nn_head(void)
{
    Suite *suite = suite_create("nn/head");
    TCase *tcase = tcase_create("head");
    tcase_add_loop_test(tcase, test_pytorch, 0, N_VARIANTS);
    tcase_add_loop_test(tcase, test_by_hand, 0, N_VARIANTS);
    tcase_add_test(tcase, test_width);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    tcase_add_test(tcase, test_not_finite);
    tcase_add_test(tcase, test_inert);
    suite_add_tcase(suite, tcase);
    return suite;
}
