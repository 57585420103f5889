/* Divergences of normals: reference/kl.py writes reference/kl.csv. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { ROWS = 8, D = 3, MOST = ROWS * D * D };

static tril_ctx *ctx;
static tril_tape *tape;
static tril_real numbers[4][MOST];
static tril_var in[4];

static size_t block_of(const char *block, double *out)
{
    char line[128], name[32];
    double number;
    size_t n = 0;
    FILE *f = fopen("tests/reference/kl.csv", "r");
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "%31[^,],%lf", name, &number) == 2 && strcmp(name, block) == 0) {
            ck_assert_uint_lt(n, MOST);
            out[n++] = number;
        }
    fclose(f);
    return n;
}

static void set_up(void)
{
    static const char *const names[4] = { "loc_p", "tril_p", "loc_q", "tril_q" };
    ctx = tril_ctx_new(NULL);
    tape = tril_tape_new(ctx);
    for (size_t k = 0; k < 4; k++) {
        double block[MOST];
        size_t n = block_of(names[k], block);
        ck_assert_uint_eq(n, k % 2 ? ROWS * D * D : ROWS * D);
        for (size_t i = 0; i < n; i++)
            numbers[k][i] = (tril_real)block[i];
        tril_shape shape = k % 2 ? TRIL_SHAPE(ROWS, D, D) : TRIL_SHAPE(ROWS, D);
        in[k] = tril_requires_grad(tril_input(tape, numbers[k], shape));
    }
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

/* relative to the largest number of the block */
static void compare(const tril_real *x, const char *name, const char *of)
{
    double wanted[MOST], largest = 0;
    char block[64];
    snprintf(block, sizeof block, "%s%s", name, of);
    size_t n = block_of(block, wanted);
    ck_assert_msg(x && n, "%s", block);
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(wanted[i]));
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)x[i] - wanted[i]) <= (IS_DOUBLE ? 1e-12 : 1e-5) * largest,
                      "%s[%zu] is %.17g, wanted %.17g", block, i, (double)x[i], wanted[i]);
}

static tril_dist diagonal(size_t k)
{
    return tril_mvn_diag(in[k], tril_diagonal(in[k + 1]));
}

static const char *const pairs[] = { "full", "diag", "mixed" };

START_TEST(test_pytorch)
{
    tril_dist p = _i == 0 ? tril_mvn(in[0], in[1]) : diagonal(0);
    tril_dist q = _i == 1 ? diagonal(2) : tril_mvn(in[2], in[3]);
    tril_var kl = tril_kl(p, q);
    ck_assert(tril_backward(tril_sum(kl)));
    compare(tril_value(kl), pairs[_i], "");
    compare(tril_grad(in[0]), pairs[_i], "_dloc_p");
    compare(tril_grad(in[1]), pairs[_i], "_dtril_p");
    compare(tril_grad(in[2]), pairs[_i], "_dloc_q");
    compare(tril_grad(in[3]), pairs[_i], "_dtril_q");
}
END_TEST

/* of itself it is 0, and so is its gradient, to the last bit */
START_TEST(test_of_itself)
{
    tril_dist p = _i == 0 ? tril_mvn(in[0], in[1]) : diagonal(0);
    tril_dist q = _i == 0 ? tril_mvn(tril_detach(in[0]), tril_detach(in[1]))
                          : tril_mvn_diag(tril_detach(in[0]), tril_diagonal(tril_detach(in[1])));
    tril_var kl = tril_kl(p, q);
    ck_assert(tril_backward(tril_sum(kl)));
    for (size_t i = 0; i < ROWS; i++)
        ck_assert(tril_value(kl)[i] == 0);
    for (size_t i = 0; i < ROWS * D; i++)
        ck_assert(tril_grad(in[0])[i] == 0);
    for (size_t i = 0; i < ROWS * D * D; i++)
        ck_assert(tril_grad(in[1])[i] == 0);
}
END_TEST

/* At a small distance in mean, scale or shear, KL is the square of the distance in the metric of
 * Fisher and Rao, e^2 / 2, e^2 and e^2 / 2, up to a term of its cube. Float keeps the digits of a
 * distance that it can hold. */
START_TEST(test_near)
{
    const double e = IS_DOUBLE ? 1e-6 : 0x1p-10, digits = IS_DOUBLE ? 1e-5 : 5e-3;
    const tril_real loc[2] = { 0, 0 }, factor[4] = { 1, 0, 0, 1 };
    const tril_real moved_loc[2] = { (tril_real)e, 0 };
    const tril_real wide[4] = { (tril_real)(1 + e), 0, 0, 1 }, shear[4] = { 1, 0, (tril_real)e, 1 };
    tril_var m = tril_input(tape, loc, TRIL_SHAPE(2)),
             l = tril_input(tape, factor, TRIL_SHAPE(2, 2));
    tril_dist p = tril_mvn(m, l);
    tril_dist near[3] = { tril_mvn(tril_input(tape, moved_loc, TRIL_SHAPE(2)), l),
                          tril_mvn(m, tril_input(tape, wide, TRIL_SHAPE(2, 2))),
                          tril_mvn(m, tril_input(tape, shear, TRIL_SHAPE(2, 2))) };
    const double wanted[3] = { e * e / 2, e * e, e * e / 2 };
    for (size_t k = 0; k < 3; k++) {
        ck_close(tril_item(tril_kl(near[k], p)), wanted[k], digits, 0);
        ck_close(tril_item(tril_kl(p, near[k])), wanted[k], digits, 0);
    }
    tril_var s[2] = { tril_scalar(tape, 1), tril_scalar(tape, (tril_real)(1 + e)) };
    tril_dist q = tril_normal(tril_scalar(tape, 0), s[0]);
    ck_close(tril_item(tril_kl(tril_normal(tril_scalar(tape, 0), s[1]), q)), e * e, digits, 0);
    ck_fine(ctx);
}
END_TEST

/* far from each other, and as near as the type can hold, against the formula in high precision */
START_TEST(test_ratios)
{
    static const struct {
        double p, q, wanted;
        bool in_float;
    } ratios[] = {
        { 1e-9, 1e8, 38.643946580898782, true }, /* 17 log 10 - 1/2 */
        { 1e-17, 1, 38.643946580898782, true },
        { 1e-15, 1, 34.03877639491069, true },
        { 3, 1, 4 - 1.0986122886681098, true },
        { 1 + 0x1p-33, 1, 0x1p-66 * (1 - 0x1p-33 / 3), false },
        { 1 + 0x1p-45, 1, 0x1p-90, false },
        { 1e200, 1e-200, HUGE_VAL, false },
    };
    const double digits = IS_DOUBLE ? 1e-12 : 1e-5;
    const tril_real zero[1] = { 0 };
    tril_real p = (tril_real)ratios[_i].p, q = (tril_real)ratios[_i].q;
    if (!IS_DOUBLE && !ratios[_i].in_float)
        p = q = 1; /* it is 1 in float */
    double wanted = p == q ? 0 : fmin(ratios[_i].wanted, (double)TRIL_REAL_MAX);
    tril_var m = tril_input(tape, zero, TRIL_SHAPE(1));
    tril_var sp = tril_input(tape, &p, TRIL_SHAPE(1, 1)),
             sq = tril_input(tape, &q, TRIL_SHAPE(1, 1));
    ck_close(tril_item(tril_kl(tril_mvn(m, sp), tril_mvn(m, sq))), wanted, digits, 0);
    tril_shape one = TRIL_SHAPE(1);
    tril_dist a = tril_normal(m, tril_reshape(sp, one)), b = tril_normal(m, tril_reshape(sq, one));
    ck_close(tril_item(tril_kl(a, b)), wanted, digits, 0);
    ck_fine(ctx);
}
END_TEST

/* every way to write a diagonal normal is the same to KL, and a head's is that of its factor */
START_TEST(test_pairs)
{
    static const tril_real raw[ROWS * 9];
    tril_var scale = tril_diagonal(in[1]);
    tril_dist same[3] = { tril_mvn_diag(in[0], scale),
                          tril_independent(tril_normal(in[0], scale), 1),
                          tril_mvn(in[0], tril_diag_embed(scale)) };
    tril_dist q = tril_mvn(in[2], in[3]);
    tril_dist head = tril_head(tril_input(tape, raw, TRIL_SHAPE(ROWS, 9)), D, NULL);
    const tril_real *wanted = tril_value(tril_kl(same[0], q));
    const tril_real *back = tril_value(tril_kl(q, same[0]));
    for (size_t k = 0; k < 3; k++) {
        const tril_real *a = tril_value(tril_kl(same[k], q)), *b = tril_value(tril_kl(q, same[k]));
        ck_fine(ctx);
        ck_assert(memcmp(a, wanted, ROWS * sizeof *a) == 0 &&
                  memcmp(b, back, ROWS * sizeof *b) == 0);
        for (size_t j = 0; j < 3; j++)
            for (size_t i = 0; i < ROWS; i++)
                ck_assert(tril_value(tril_kl(same[k], same[j]))[i] == 0);
        ck_assert(isfinite(tril_value(tril_kl(same[k], head))[0]));
        ck_assert(isfinite(tril_value(tril_kl(head, same[k]))[0]));
    }
    ck_fine(ctx);
}
END_TEST

/* By precision, L^-T (L^-T)' = T T' where T is the LQ factor of L^-T: the same normal, and 0 of
 * itself to the last bit. */
START_TEST(test_precision)
{
    tril_dist p = tril_mvn(in[0], in[1]), q = tril_mvn(in[2], in[3]);
    tril_dist forms[2];
    for (size_t k = 0; k < 2; k++) {
        tril_real ones[D] = { 1, 1, 1 };
        tril_var identity = tril_diag_embed(
            tril_input(tape, tril_tape_copy(tape, ones, sizeof ones), TRIL_SHAPE(D)));
        tril_var inverse = tril_solve_tril(in[2 * k + 1], identity, true);
        forms[k] = tril_mvn_precision_tril(in[2 * k], tril_lq(inverse));
    }
    const tril_real *wanted = tril_value(tril_kl(p, q));
    const tril_real *some[3] = { tril_value(tril_kl(forms[0], forms[1])),
                                 tril_value(tril_kl(forms[0], q)),
                                 tril_value(tril_kl(p, forms[1])) };
    const tril_real *of_itself = tril_value(tril_kl(forms[0], forms[0]));
    ck_fine(ctx);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < 3; k++)
            ck_close(some[k][i], wanted[i], IS_DOUBLE ? 1e-10 : 1e-3, 1);
        ck_assert(of_itself[i] == 0);
    }
}
END_TEST

/* at a distance of 1e-6, to six digits, whichever form says so */
START_TEST(test_near_by_precision)
{
    const double e = IS_DOUBLE ? 1e-6 : 0x1p-10, digits = IS_DOUBLE ? 5e-6 : 1e-2;
    const tril_real loc[2] = { 0, 0 }, factor[4] = { 2, 0, .5f, 1 };
    const tril_real moved[4] = { 2, 0, (tril_real)(.5 + e), 1 },
                    wide[4] = { (tril_real)(2 * (1 + e)), 0, (tril_real)(.5 * (1 + e)), 1 };
    tril_var m = tril_input(tape, loc, TRIL_SHAPE(2));
    tril_dist p = tril_mvn_precision_tril(m, tril_input(tape, factor, TRIL_SHAPE(2, 2)));
    tril_dist near[2] = { tril_mvn_precision_tril(m, tril_input(tape, moved, TRIL_SHAPE(2, 2))),
                          tril_mvn_precision_tril(m, tril_input(tape, wide, TRIL_SHAPE(2, 2))) };
    /* with T = T_p (1 + E): E is e T_p^-1 in the one place, or e in the first of the diagonal */
    const double wanted[2] = { e * e / 2, e * e };
    for (size_t k = 0; k < 2; k++) {
        ck_close(tril_item(tril_kl(near[k], p)), wanted[k], digits, 0);
        ck_close(tril_item(tril_kl(p, near[k])), wanted[k], digits, 0);
    }
    ck_fine(ctx);
}
END_TEST

/* independent vectors: the sum over the axes; normals of numbers take part */
START_TEST(test_independent)
{
    tril_dist p = tril_mvn(in[0], in[1]), q = tril_mvn(in[2], in[3]), r = diagonal(0);
    tril_dist all = tril_independent(tril_normal(in[0], tril_diagonal(in[1])), 2);
    tril_var sums[3] = { tril_sum(tril_kl(p, q)), tril_sum(tril_kl(r, q)),
                         tril_sum(tril_kl(q, r)) };
    tril_var kls[3] = { tril_kl(tril_independent(p, 1), tril_independent(q, 1)),
                        tril_kl(all, tril_independent(q, 1)),
                        tril_kl(tril_independent(q, 1), all) };
    ck_fine(ctx);
    for (size_t k = 0; k < 3; k++)
        ck_close(tril_item(kls[k]), tril_item(sums[k]), IS_DOUBLE ? 1e-14 : 1e-6, 1);
    ck_assert(tril_item(tril_kl(tril_independent(p, 1), tril_independent(p, 1))) == 0);
}
END_TEST

/* a batch of three axes has no room for matrices, but loc needs none */
START_TEST(test_no_room)
{
    tril_var x[2] = { tril_reshape(in[0], TRIL_SHAPE(ROWS, 1, 1, D)),
                      tril_reshape(tril_diagonal(in[1]), TRIL_SHAPE(ROWS, 1, 1, D)) };
    tril_var scale = tril_scalar(tape, 2);
    tril_dist q = tril_mvn(in[2], in[3]), flat = tril_mvn_diag(in[0], scale);
    const tril_real *wide = tril_value(tril_kl(tril_mvn_diag(x[0], scale), q));
    const tril_real *first = tril_value(tril_kl(flat, q));
    ck_fine(ctx);
    for (size_t i = 0; i < ROWS; i++)
        ck_close(wide[i * (ROWS + 1)], first[i], IS_DOUBLE ? 1e-14 : 1e-6, 1);
    ck_assert_ptr_null(tril_kl(tril_mvn_diag(x[0], x[1]), q).tape);
    ck_failed(ctx, TRIL_BAD_SHAPE,
              "scale_tril(mvn_diag): the result has no room for batch shape [8x1x1] in rank 4");
}
END_TEST

START_TEST(test_errors)
{
    tril_dist p = tril_mvn(in[0], in[1]), number = tril_normal(in[0], tril_diagonal(in[1]));
    tril_kl(p, (tril_dist){ 0 });
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "kl: there is no distribution");
    tril_kl(number, p);
    ck_failed(
        ctx, TRIL_BAD_SHAPE,
        "kl(normal, mvn): the events differ, batch shapes [8x3] and [8], event shapes [scalar] "
        "and [3]");
    tril_var loc = tril_slice(in[0], 0, 0, 2), factor = tril_slice(in[1], 0, 0, 2);
    tril_kl(p, tril_mvn(loc, factor));
    ck_failed(ctx, TRIL_BAD_SHAPE, "kl(mvn, mvn): the batches do not broadcast");
    tril_shape two = TRIL_SHAPE(ROWS, 1, D);
    tril_dist q =
        tril_mvn(tril_reshape(in[0], two), tril_reshape(in[1], TRIL_SHAPE(ROWS, 1, D, D)));
    tril_kl(tril_independent(q, 1), tril_independent(q, 2));
    ck_failed(ctx, TRIL_BAD_SHAPE, "kl(independent, independent): the events differ");
    tril_kl(tril_independent(p, 1), tril_independent(tril_independent(p, 0), 1));
    ck_fine(ctx);
    tril_dist student = tril_student_t(tril_scalar(tape, 3), in[0], tril_diagonal(in[1]));
    tril_kl(tril_independent(student, 1), p);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "kl(independent, mvn): there is no closed form");
    tril_dist nested = tril_independent(tril_independent(q, 1), 1);
    ck_assert(tril_item(tril_kl(nested, tril_independent(q, 2))) == 0);
    ck_fine(ctx);
    tril_tape_reset(tape);
    tril_kl(p, p);
    ck_failed(ctx, TRIL_BAD_VAR, "kl: a var from before the tape's last reset");
    ck_assert_ptr_null(tril_independent(nested, 0).kind);
    ck_failed(ctx, TRIL_BAD_VAR, "independent: a var from before the tape's last reset");
}
END_TEST

Suite *suite_distributions_kl(void)
{
    Suite *suite = suite_create("distributions/kl");
    TCase *tcase = tcase_create("kl");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_pytorch, 0, 3);
    tcase_add_loop_test(tcase, test_of_itself, 0, 2);
    tcase_add_test(tcase, test_near);
    tcase_add_loop_test(tcase, test_ratios, 0, 7);
    tcase_add_test(tcase, test_pairs);
    tcase_add_test(tcase, test_precision);
    tcase_add_test(tcase, test_near_by_precision);
    tcase_add_test(tcase, test_independent);
    tcase_add_test(tcase, test_no_room);
    tcase_add_test(tcase, test_errors);
    suite_add_tcase(suite, tcase);
    return suite;
}
