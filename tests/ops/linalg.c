/* Cases of src/ops/linalg.c, and what its operations refuse. */
#include <math.h>
#include <string.h>

#include "ops/cases.h"

/* a matrix that is positive definite whatever x is: x x' + 2 I */
static tril_var definite(tril_tape *tape, tril_var x)
{
    static const tril_real two_i[4][16] = { { 2 },
                                            { 2, 0, 0, 2 },
                                            { 2, 0, 0, 0, 2, 0, 0, 0, 2 },
                                            { 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2 } };
    tril_shape shape;
    if (!tril_var_shape(x, "cholesky", &shape))
        return x;
    size_t d = shape.dim[shape.rank - 1];
    return tril_add(tril_matmul(x, tril_transpose(x, -2, -1)),
                    tril_input(tape, two_i[d - 1], TRIL_SHAPE(d, d)));
}

static tril_var cholesky(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    return tril_cholesky(row->status ? in[0] : definite(tape, in[0]));
}

static tril_var lq(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_lq(in[0]);
}

static tril_var solve(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_solve_tril(in[0], in[1], ((const op_case *)user)->number[0]);
}

#define CHOLESKY(what, in, out, ...)                                                               \
    {                                                                                              \
        "cholesky", what, cholesky, 1, { in }, out, __VA_ARGS__                                    \
    }
#define LQ(what, in, out, ...)                                                                     \
    {                                                                                              \
        "lq", what, lq, 1, { in }, out, __VA_ARGS__                                                \
    }
#define SOLVE(what, l, b, out, transpose, ...)                                                     \
    {                                                                                              \
        "solve_tril", what, solve, 2, { l, b }, out, .low = 0.5, .high = 1.5,                      \
                                                     .number = { transpose }, __VA_ARGS__          \
    }
#define REFUSAL(name, f, n, l, b, text)                                                            \
    {                                                                                              \
        name, text, f, n, { l, b }, .status = TRIL_BAD_SHAPE, .message = name ": " text            \
    }

const op_case linalg_cases[] = {
    CHOLESKY("reference", S(2, 3, 3), S(2, 3, 3), .reference = true),
    CHOLESKY("a matrix", S(4, 4), S(4, 4), .number = { 0 }),
    CHOLESKY("one number", S(1, 1), S(1, 1), .number = { 0 }),
    CHOLESKY("one row of matrices", S(1, 2, 2), S(1, 2, 2), .number = { 0 }),
    CHOLESKY("rank 4", S(2, 1, 2, 2), S(2, 1, 2, 2), .number = { 0 }),
    CHOLESKY("no rows", S(0, 3, 3), S(0, 3, 3), .number = { 0 }),
    LQ("reference", S(2, 3, 4), S(2, 3, 3), .reference = true),
    LQ("square", S(3, 3), S(3, 3), .number = { 0 }),
    LQ("a row", S(1, 3), S(1, 1), .number = { 0 }),
    LQ("one number", S(1, 1), S(1, 1), .number = { 0 }),
    LQ("one row of matrices", S(1, 2, 3), S(1, 2, 2), .number = { 0 }),
    LQ("rank 4", S(2, 1, 2, 5), S(2, 1, 2, 2), .number = { 0 }),
    LQ("no rows", S(0, 2, 3), S(0, 2, 2), .number = { 0 }),
    LQ("matrices without rows", S(2, 0, 3), S(2, 0, 0), .number = { 0 }),
    SOLVE("reference", S(3, 3), S(2, 3, 2), S(2, 3, 2), false, .reference = true),
    SOLVE("two matrices", S(4, 4), S(4, 2), S(4, 2), false, .reference = false),
    SOLVE("transposed", S(4, 4), S(4, 2), S(4, 2), true, .reference = false),
    SOLVE("one number", S(1, 1), S(1, 1), S(1, 1), false, .reference = false),
    SOLVE("a factor each", S(2, 3, 3), S(2, 3, 1), S(2, 3, 1), false, .reference = false),
    SOLVE("a factor each, transposed", S(2, 3, 3), S(2, 3, 1), S(2, 3, 1), true,
          .reference = false),
    SOLVE("the factor shared, transposed", S(3, 3), S(2, 3, 2), S(2, 3, 2), true,
          .reference = false),
    SOLVE("the right side shared", S(2, 3, 3), S(3, 2), S(2, 3, 2), false, .reference = false),
    SOLVE("both shared", S(2, 1, 2, 2), S(3, 2, 1), S(2, 3, 2, 1), true, .reference = false),
    SOLVE("no rows", S(3, 3), S(0, 3, 2), S(0, 3, 2), false, .reference = false),
    SOLVE("no rows of factors", S(0, 3, 3), S(3, 2), S(0, 3, 2), true, .reference = false),
    SOLVE("no right side", S(3, 3), S(3, 0), S(3, 0), false, .reference = false),

    REFUSAL("cholesky", cholesky, 1, S(2, 3), { 0 }, "the matrix is 2x3, want [..., d, d]"),
    REFUSAL("cholesky", cholesky, 1, S(3), { 0 }, "the matrix is 3, want [..., d, d]"),
    REFUSAL("lq", lq, 1, S(3, 2), { 0 }, "the matrix is 3x2, want [..., n, m] with n <= m"),
    REFUSAL("lq", lq, 1, S(3), { 0 }, "the matrix is 3, want [..., n, m] with n <= m"),
    REFUSAL("solve_tril", solve, 2, S(3, 2), S(3, 1),
            "the factor is 3x2 and the right side 3x1, want [..., d, d] and [..., d, k]"),
    REFUSAL("solve_tril", solve, 2, S(3, 3), S(3),
            "the factor is 3x3 and the right side 3, want [..., d, d] and [..., d, k]"),
    REFUSAL("solve_tril", solve, 2, S(2, 3, 3), S(3, 3, 1),
            "the factor is 2x3x3 and the right side 3x3x1, want [..., d, d] and [..., d, k]"),
    { 0 },
};

/* ---- matrices that have no factor */

static const struct {
    tril_real a[8]; /* two matrices */
    const char *message;
} indefinite[] = {
    { { 1, 0, 0, 1, 1, 0, 2, 1 },
      "cholesky: the matrix of batch index [1] is not positive definite: pivot 1 is -3" },
    { { 0, 0, 0, 1, 1, 0, 0, 1 },
      "cholesky: the matrix of batch index [0] is not positive definite: pivot 0 is 0" },
    { { 4, 0, 6, 9, 1, 0, 0, 1 },
      "cholesky: the matrix of batch index [0] is not positive definite: pivot 1 is 0" },
};

START_TEST(test_not_definite)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    ck_assert_ptr_null(tril_cholesky(tril_input(tape, indefinite[_i].a, TRIL_SHAPE(2, 2, 2))).tape);
    ck_assert_str_eq(tril_ctx_message(ctx), indefinite[_i].message);
    ck_failed(ctx, TRIL_NOT_POSITIVE, "cholesky");
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* what stands above the diagonal is not read, and the factor times its transpose is the matrix
 * again */
START_TEST(test_lower_triangle)
{
    enum { D = 3 };
    const tril_real a[D * D] = { 4, 100, -7, 2, 5, 1e30f, -2, 1, 6 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    const tril_real *l = tril_value(tril_cholesky(tril_input(tape, a, TRIL_SHAPE(D, D))));
    ck_fine(ctx);
    for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k < D; k++)
                sum += (double)l[i * D + k] * (double)l[j * D + k];
            ck_close(sum, a[i * D + j], IS_DOUBLE ? 1e-15 : 1e-6, 1);
            ck_assert(i == j || l[j * D + i] == 0);
        }
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

static const struct {
    tril_real a[12]; /* two matrices */
    const char *message;
} dependent[] = {
    { { 1, 2, 3, 1, 0, 0, 1, 2, 3, 2, 4, 6 },
      "lq: the rows of batch index [1] are not independent: pivot 1 is " },
    { { 0, 0, 0, 1, 0, 0, 1, 2, 3, 1, 0, 0 },
      "lq: the rows of batch index [0] are not independent: pivot 0 is 0" },
    { { 1, 2, 3, 0, 0, 0, 1, 2, 3, 1, 0, 0 },
      "lq: the rows of batch index [0] are not independent: pivot 1 is 0" },
};

START_TEST(test_dependent_rows)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    ck_assert_ptr_null(tril_lq(tril_input(tape, dependent[_i].a, TRIL_SHAPE(2, 2, 3))).tape);
    ck_failed(ctx, TRIL_NOT_POSITIVE, dependent[_i].message);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* a triangle stays as it is to the last bit, but for signs, however far apart its numbers are */
START_TEST(test_lq_of_a_triangle)
{
    const tril_real tiny = IS_DOUBLE ? (tril_real)1e-300 : 1e-30f;
    const tril_real a[12] = { tiny, 0, 0, 0, 3, -2, 0, 0, 1 / tiny, -7, tiny, 0 };
    const tril_real wanted[9] = { tiny, 0, 0, 3, 2, 0, 1 / tiny, 7, tiny };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    const tril_real *l = tril_value(tril_lq(tril_input(tape, a, TRIL_SHAPE(3, 4))));
    ck_fine(ctx);
    for (size_t i = 0; i < 9; i++)
        ck_assert_msg(l[i] == wanted[i], "%zu is %g", i, (double)l[i]);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_singular_factor)
{
    const tril_real l[8] = { 1, 0, 5, 1, 1, 0, 5, 0 }, b[2] = { 1, 2 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_solve_tril(tril_input(tape, l, TRIL_SHAPE(2, 2, 2)), tril_input(tape, b, TRIL_SHAPE(2, 1)),
                    _i);
    ck_failed(ctx, TRIL_NOT_POSITIVE, "solve_tril: pivot 1 of batch index [1] is 0");
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_ops_linalg(void)
{
    Suite *suite = suite_create("ops/linalg");
    TCase *tcase = tcase_create("linalg");
    tcase_add_loop_test(tcase, test_not_definite, 0, sizeof indefinite / sizeof *indefinite);
    tcase_add_test(tcase, test_lower_triangle);
    tcase_add_loop_test(tcase, test_dependent_rows, 0, sizeof dependent / sizeof *dependent);
    tcase_add_test(tcase, test_lq_of_a_triangle);
    tcase_add_loop_test(tcase, test_singular_factor, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
