/* Cases of src/ops/matmul.c, and all ways in which two batches can broadcast. */
#include <math.h>

#include "ops/cases.h"

static tril_var product(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_matmul(in[0], in[1]);
}

static tril_var product_itself(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_matmul(in[0], in[0]);
}

#define REFUSAL(a, b, text)                                                                        \
    {                                                                                              \
        "matmul", text, product, 2, { a, b }, .status = TRIL_BAD_SHAPE, .message = "matmul: " text \
    }

const op_case matmul_cases[] = {
    { "matmul", "reference", product, 2, { S(2, 2, 3), S(3, 4) }, S(2, 2, 4), .reference = true },
    { "matmul", "two matrices", product, 2, { S(2, 3), S(3, 4) }, S(2, 4) },
    { "matmul", "by itself", product_itself, 1, { S(3, 3) }, S(3, 3) },
    { "matmul", "batch by itself", product_itself, 1, { S(2, 3, 3) }, S(2, 3, 3) },
    { "matmul", "one row", product, 2, { S(1, 3), S(3, 2) }, S(1, 2) },
    { "matmul", "one column", product, 2, { S(4, 3), S(3, 1) }, S(4, 1) },
    { "matmul", "an outer product", product, 2, { S(4, 1), S(1, 3) }, S(4, 3) },
    { "matmul", "no rows", product, 2, { S(0, 3), S(3, 2) }, S(0, 2) },
    { "matmul", "no columns", product, 2, { S(2, 3), S(3, 0) }, S(2, 0) },
    { "matmul", "nothing to sum", product, 2, { S(2, 0), S(0, 3) }, S(2, 3) },
    { "matmul", "no matrices", product, 2, { S(0, 2, 3), S(3, 2) }, S(0, 2, 2) },
    { "matmul", "no matrices, the left shared", product, 2, { S(2, 3), S(0, 3, 2) }, S(0, 2, 2) },

    REFUSAL(S(2, 3), S(4, 5), "2x3 times 4x5 does not fit"),
    REFUSAL(S(2, 2, 3), S(3, 3, 4), "2x2x3 times 3x3x4 does not fit"),
    REFUSAL(S(3), S(3, 2), "3 times 3x2: both must be matrices or batches of them"),
    REFUSAL(S(2, 3), { 0 }, "2x3 times scalar: both must be matrices or batches of them"),
    REFUSAL(
        S(0, 3000000000), S(3000000000, 0),
        "0x3000000000 times 3000000000x0: a matrix has more rows or columns than BLAS can count"),
    { 0 },
};

/* ---- Every pair of batch shapes that broadcasts to 2x3 at most */

static const tril_shape batches[] = { { 0 }, S(3), S(1), S(2, 3), S(2, 1), S(1, 3), S(1, 1) };
enum { N_BATCHES = sizeof batches / sizeof *batches };

static tril_shape with_matrix(tril_shape batch, size_t rows, size_t columns)
{
    batch.dim[batch.rank++] = rows;
    batch.dim[batch.rank++] = columns;
    return batch;
}

/* where the matrix of batch index (p, q) begins, counted in matrices */
static size_t matrix_at(tril_shape batch, size_t p, size_t q)
{
    size_t last = batch.rank ? batch.dim[batch.rank - 1] : 1;
    size_t first = batch.rank > 1 ? batch.dim[0] : 1;
    return (first == 1 ? 0 : p) * last + (last == 1 ? 0 : q);
}

static void check_values(tril_ctx *ctx, const tril_gradcheck_input in[2], tril_shape p,
                         tril_shape q)
{
    tril_tape *tape = tril_tape_new(ctx);
    tril_var c = tril_matmul(tril_input(tape, in[0].values, in[0].shape),
                             tril_input(tape, in[1].values, in[1].shape));
    ck_fine(ctx);
    tril_shape batch;
    ck_assert(tril_shape_broadcast(p, q, &batch));
    ck_assert(tril_shape_equal(tril_shape_of(c), with_matrix(batch, 2, 4)));
    size_t last = batch.rank ? batch.dim[batch.rank - 1] : 1;
    for (size_t e = 0; e < tril_size(c); e++) {
        size_t n = e / 8, i = e / 4 % 2, j = e % 4;
        const tril_real *a = in[0].values + 6 * matrix_at(p, n / last, n % last);
        const tril_real *b = in[1].values + 12 * matrix_at(q, n / last, n % last);
        double sum = 0;
        for (size_t k = 0; k < 3; k++)
            sum += (double)a[3 * i + k] * (double)b[4 * k + j];
        ck_close(tril_value(c)[e], sum, IS_DOUBLE ? 1e-14 : 1e-6, 1.);
    }
    tril_tape_free(tape);
}

START_TEST(test_batches)
{
    static tril_real x[36], y[72];
    for (size_t i = 0; i < 72; i++) {
        y[i] = (tril_real)sin((double)i);
        if (i < 36)
            x[i] = (tril_real)cos((double)i);
    }
    tril_shape p = batches[_i / N_BATCHES], q = batches[_i % N_BATCHES];
    tril_gradcheck_input in[2] = { { x, with_matrix(p, 2, 3) }, { y, with_matrix(q, 3, 4) } };
    tril_ctx *ctx = tril_ctx_new(NULL);
    check_values(ctx, in, p, q);
    tril_gradcheck_report report;
    bool right = tril_gradcheck(ctx, product, NULL, in, 2, NULL, &report);
    ck_fine(ctx);
    ck_assert_msg(right, "%s times %s: %s", tril_shape_text(in[0].shape).text,
                  tril_shape_text(in[1].shape).text, report.text);
    tril_ctx_free(ctx);
}
END_TEST

/* products beyond the range that cancel are 0, not NaN; a number that is NaN stays one */
START_TEST(test_large)
{
    const tril_real max = TRIL_REAL_MAX, a[2] = { max, max }, b[4] = { max, max, -max, 1 };
    const tril_real gap[2] = { (tril_real)NAN, 1 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var right = tril_input(tape, b, TRIL_SHAPE(2, 2));
    const tril_real *c = tril_value(tril_matmul(tril_input(tape, a, TRIL_SHAPE(1, 2)), right));
    ck_assert(c[0] == 0 && c[1] >= max);
    c = tril_value(tril_matmul(tril_input_missing(tape, gap, TRIL_SHAPE(1, 2)), right));
    ck_assert(isnan(c[0]) && isnan(c[1]));
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_ops_matmul(void)
{
    Suite *suite = suite_create("ops/matmul");
    TCase *tcase = tcase_create("batches");
    tcase_add_loop_test(tcase, test_batches, 0, N_BATCHES * N_BATCHES);
    tcase_add_test(tcase, test_large);
    suite_add_tcase(suite, tcase);
    return suite;
}
