/* Rows with missing numbers, of normals, Student's t and mixtures: the density of what is there is
 * that of the marginal. */
#include <math.h>

#include "support.h"

enum { D = 3, PATTERNS = 1 << D };

static const tril_real locs[D] = { 1, -2, .5f }, whole[D] = { 0, 1, 2 }, scales[D] = { .5f, 2, 1 };
static const tril_real factor[D * D] = { 1, 0, 0, .5f, 2, 0, -1, .25f, .5f };
static tril_real rows[PATTERNS * D]; /* number i of row k is there where bit i of k is set */

static tril_ctx *ctx;
static tril_tape *tape;
static tril_var loc, y;

static void set_up(void)
{
    ctx = tril_ctx_new(NULL);
    tape = tril_tape_new(ctx);
    for (size_t i = 0; i < PATTERNS * D; i++)
        rows[i] = i / D >> i % D & 1 ? whole[i % D] : (tril_real)NAN;
    loc = tril_input(tape, locs, TRIL_SHAPE(D));
    y = tril_input_missing(tape, rows, TRIL_SHAPE(PATTERNS, D));
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

static tril_dist full(void)
{
    return tril_mvn(loc, tril_input(tape, factor, TRIL_SHAPE(D, D)));
}

static tril_dist precision(void)
{
    return tril_mvn_precision_tril(loc, tril_input(tape, factor, TRIL_SHAPE(D, D)));
}

static tril_dist head(void)
{
    return tril_head(tril_input(tape, factor, TRIL_SHAPE(D + D * (D + 1) / 2)), D, NULL);
}

static tril_dist diagonal(void)
{
    return tril_mvn_diag(loc, tril_input(tape, scales, TRIL_SHAPE(D)));
}

static tril_dist independent(void)
{
    return tril_independent(tril_normal(loc, tril_scalar(tape, 2)), 1);
}

static tril_dist student(void)
{
    return tril_mvt(tril_scalar(tape, 3), loc, tril_input(tape, factor, TRIL_SHAPE(D, D)));
}

static tril_dist student_head(void)
{
    static const tril_real raw[] = { 1, 0, 0, .5f, 2, 0, -1, .25f, .5f, 1 };
    return tril_head(tril_input(tape, raw, TRIL_SHAPE(1 + D + D * (D + 1) / 2)), D,
                     &(tril_head_opts){ .kind = &tril_head_student });
}

static tril_dist mixture(void)
{
    tril_dist each = tril_mvt(tril_input(tape, scales, TRIL_SHAPE(2)), loc,
                              tril_input(tape, factor, TRIL_SHAPE(D, D)));
    return tril_mixture(tril_categorical(tril_input(tape, scales, TRIL_SHAPE(2))), each);
}

static tril_dist (*const normals[])(void) = { full,        precision, head,         diagonal,
                                              independent, student,   student_head, mixture };

enum { N_NORMALS = sizeof normals / sizeof *normals };

START_TEST(test_is_the_marginal)
{
    tril_dist p = normals[_i]();
    const tril_real *observed = tril_value(tril_log_prob_missing(p, y));
    tril_var all = tril_input(tape, whole, TRIL_SHAPE(D));
    ck_fine(ctx);
    ck_assert(observed[0] == 0);
    for (size_t k = 1; k < PATTERNS; k++) {
        size_t index[D], n = 0;
        for (size_t i = 0; i < D; i++)
            if (k >> i & 1)
                index[n++] = i;
        tril_dist q = tril_dist_marginal(p, index, n);
        double wanted = (double)tril_item(tril_log_prob(q, tril_select(all, -1, index, n)));
        ck_fine(ctx);
        ck_close(observed[k], wanted, IS_DOUBLE ? 1e-13 : 1e-5, 1);
    }
    ck_close(observed[PATTERNS - 1], tril_item(tril_log_prob(p, all)), IS_DOUBLE ? 1e-14 : 1e-6, 1);
}
END_TEST

/* pairs of vectors: what is there of both */
START_TEST(test_independent_vectors)
{
    tril_var pairs = tril_reshape(y, TRIL_SHAPE(PATTERNS / 2, 2, D));
    tril_dist one = tril_dist_expand(full(), TRIL_SHAPE(2)), p = tril_independent(one, 1);
    const tril_real *a = tril_value(tril_log_prob_missing(p, pairs));
    const tril_real *b = tril_value(tril_log_prob_missing(full(), y));
    ck_fine(ctx);
    for (size_t k = 0; k < PATTERNS / 2; k++)
        ck_close(a[k], b[2 * k] + b[2 * k + 1], IS_DOUBLE ? 1e-15 : 1e-6, 1);
}
END_TEST

START_TEST(test_extremes)
{
    const double edges[] = { 0, 1, -1, (double)TRIL_REAL_MAX, -(double)TRIL_REAL_MAX, NAN };
    enum { N = sizeof edges / sizeof *edges };
    const tril_real small = IS_DOUBLE ? (tril_real)1e-300 : (tril_real)1e-38;
    for (size_t at = 0; at < N * N * N * N * N; at++) {
        double pick[5];
        for (size_t k = 0, rest = at; k < 5; k++, rest /= N)
            pick[k] = edges[rest % N];
        const tril_real m[2] = { isnan(pick[0]) ? small : (tril_real)pick[0], 0 };
        const tril_real values[2] = { (tril_real)pick[1], (tril_real)pick[2] };
        const tril_real l[4] = { pick[3] > 0 ? (tril_real)pick[3] : small, 0,
                                 isnan(pick[4]) ? small : (tril_real)pick[4], small };
        tril_tape_reset(tape);
        tril_var in[3] = { tril_requires_grad(tril_input(tape, m, TRIL_SHAPE(2))),
                           tril_requires_grad(tril_input(tape, l, TRIL_SHAPE(2, 2))),
                           tril_requires_grad(tril_input_missing(tape, values, TRIL_SHAPE(2))) };
        tril_var log_prob = tril_log_prob_missing(tril_mvn(in[0], in[1]), in[2]);
        ck_all_finite(log_prob, in, 3, at);
    }
}
END_TEST

START_TEST(test_errors)
{
    const tril_real infinite[4] = { 0, 1, (tril_real)NAN, (tril_real)INFINITY };
    const tril_real missing[2] = { 1, (tril_real)NAN };
    tril_var zero = tril_scalar(tape, 0);
    tril_log_prob(full(), y);
    ck_failed(ctx, TRIL_NOT_FINITE, "log_prob(mvn): y or loc of row [0] is not finite");
    tril_log_prob(diagonal(), y);
    ck_failed(ctx, TRIL_NOT_FINITE, "log_prob(normal): y or loc is not finite at [0, 0]");
    tril_input_missing(tape, infinite, TRIL_SHAPE(2, 2));
    ck_failed(ctx, TRIL_NOT_FINITE, "input_missing: element [1, 1] of the 2x2 tensor is inf");
    tril_input(tape, missing, TRIL_SHAPE(2));
    ck_failed(ctx, TRIL_NOT_FINITE, "input: element [1] of the 2 tensor is nan");
    tril_var beyond = tril_div(tril_slice(y, 0, 1, PATTERNS - 1), zero);
    tril_log_prob_missing(full(), beyond);
    ck_failed(ctx, TRIL_NOT_FINITE,
              "log_prob_missing(mvn): y is infinite or loc not finite in row [1]");
    tril_log_prob_missing(diagonal(), beyond);
    ck_failed(ctx, TRIL_NOT_FINITE,
              "log_prob_missing(normal): y is infinite or loc not finite at [1, 1]");
    tril_log_prob_missing(full(), loc);
    ck_fine(ctx);
    tril_log_prob_missing(full(), zero);
    ck_failed(ctx, TRIL_BAD_SHAPE,
              "log_prob_missing(mvn): y is scalar but the distribution has event shape [3]");
}
END_TEST

Suite *suite_distributions_mvn_missing(void)
{
    Suite *suite = suite_create("distributions/mvn_missing");
    TCase *tcase = tcase_create("observed");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_is_the_marginal, 0, N_NORMALS);
    tcase_add_test(tcase, test_independent_vectors);
    tcase_add_test(tcase, test_extremes);
    tcase_add_test(tcase, test_errors);
    suite_add_tcase(suite, tcase);
    return suite;
}
