/* Cases of src/ops/binary.c, and all ways in which two shapes can broadcast. */
#include <math.h>
#include <string.h>

#include "ops/cases.h"

#define CALL(name)                                                                                 \
    static tril_var name##_of(tril_tape *tape, const tril_var *in, void *user)                     \
    {                                                                                              \
        (void)tape, (void)user;                                                                    \
        return tril_##name(in[0], in[1]);                                                          \
    }                                                                                              \
    static tril_var name##_itself(tril_tape *tape, const tril_var *in, void *user)                 \
    {                                                                                              \
        (void)tape, (void)user;                                                                    \
        return tril_##name(in[0], in[0]);                                                          \
    }

CALL(add)
CALL(sub)
CALL(mul)
CALL(div)
CALL(minimum)
CALL(maximum)
CALL(pow)
CALL(masked)
CALL(unmasked)

#define CASES(name)                                                                                \
    { #name, "equal shapes", name##_of, 2, { S(2, 3), S(2, 3) }, S(2, 3), 0.5, 2 },                \
        { #name, "both the same", name##_itself, 1, { S(2, 3) }, S(2, 3), 0.5, 2 },                \
        { #name, "one row", name##_of, 2, { S(1, 4), S(4) }, S(1, 4), 0.5, 2 },                    \
        { #name, "two scalars", name##_of, 2, { { 0 }, { 0 } }, { 0 }, 0.5, 2 },                   \
        { #name, "no rows", name##_of, 2, { S(0, 3), S(0, 3) }, S(0, 3), 0.5, 2 },                 \
        { #name, "left over no rows", name##_of, 2, { S(3), S(0, 3) }, S(0, 3), 0.5, 2 },          \
        { #name, "right over no rows", name##_of, 2, { S(0, 3), S(1, 3) }, S(0, 3), 0.5, 2 },      \
    {                                                                                              \
#name, "long rows", name##_of, 2, { S(3, 37), S(37) }, S(3, 37), 0.5, 2                    \
    }

#define NEGATIVE(name)                                                                             \
    {                                                                                              \
#name, "negative", name##_of, 2, { S(2, 3), S(2, 1) }, S(2, 3), -2, -0.5                   \
    }

#define REFUSAL(name, a, b, text)                                                                  \
    {                                                                                              \
#name, text, name##_of, 2,                                                                 \
            { a, b }, .status = TRIL_BAD_SHAPE, .message = #name ": " text " do not broadcast"     \
    }
#define REFUSALS(name)                                                                             \
    REFUSAL(name, S(2, 3), S(2), "2x3 and 2"),                                                     \
        REFUSAL(name, S(2, 3, 1, 4), S(2, 1, 4), "2x3x1x4 and 2x1x4"),                             \
        REFUSAL(name, S(0, 3), S(2, 3), "0x3 and 2x3")

const op_case binary_cases[] = {
    CASES(add),
    CASES(sub),
    CASES(mul),
    CASES(div),
    CASES(minimum),
    CASES(maximum),
    CASES(pow),
    CASES(masked),
    CASES(unmasked),
    NEGATIVE(add),
    NEGATIVE(sub),
    NEGATIVE(mul),
    NEGATIVE(div),
    NEGATIVE(minimum),
    NEGATIVE(maximum),
    NEGATIVE(masked),
    NEGATIVE(unmasked),
    { "add", "reference", add_of, 2, { S(2, 3), S(3) }, S(2, 3), 0.5, 2, .reference = true },
    { "sub", "reference", sub_of, 2, { S(2, 1), S(1, 3) }, S(2, 3), 0.5, 2, .reference = true },
    { "mul", "reference", mul_of, 2, { S(2, 3), S(2, 1) }, S(2, 3), 0.5, 2, .reference = true },
    { "div", "reference", div_of, 2, { S(2, 3), S(3) }, S(2, 3), 0.5, 2, .reference = true },
    { "minimum",
      "reference",
      minimum_of,
      2,
      { S(2, 3), S(3) },
      S(2, 3),
      0.5,
      2,
      .reference = true },
    { "maximum",
      "reference",
      maximum_of,
      2,
      { S(2, 3), S(3) },
      S(2, 3),
      0.5,
      2,
      .reference = true },
    { "pow", "reference", pow_of, 2, { S(2, 3), S(3) }, S(2, 3), 0.5, 2, .reference = true },
    { "masked", "reference", masked_of, 2, { S(2, 3), S(3) }, S(2, 3), 0.5, 2, .reference = true },
    { "unmasked",
      "reference",
      unmasked_of,
      2,
      { S(2, 3), S(3) },
      S(2, 3),
      0.5,
      2,
      .reference = true },
    REFUSALS(add),
    REFUSALS(sub),
    REFUSALS(mul),
    REFUSALS(div),
    REFUSALS(minimum),
    REFUSALS(maximum),
    REFUSALS(pow),
    REFUSALS(masked),
    REFUSALS(unmasked),
    { 0 }
};

/* ---- Every pair of shapes that broadcasts to 2x3x2x4 at most, the axes being there, 1, or missing
 * */

static tril_function *const functions[] = { add_of, sub_of, mul_of, div_of };

/* number 0 to 30: rank 0 to 4, and which axes have size 1 */
static tril_shape stretched_shape(size_t number)
{
    static const size_t full[4] = { 2, 3, 2, 4 };
    tril_shape shape = { 0 };
    while (number >= (size_t)1 << shape.rank)
        number -= (size_t)1 << shape.rank++;
    for (size_t i = 0; i < shape.rank; i++)
        shape.dim[i] = number >> i & 1 ? 1 : full[4 - shape.rank + i];
    return shape;
}

enum { N_SHAPES = 31, N_FUNCTIONS = sizeof functions / sizeof *functions };

/* the value by the rule itself: index of the result to index of the operand, 1 stretches */
static size_t place(tril_shape out, tril_shape x, size_t element)
{
    size_t at = 0, step = 1;
    for (size_t i = 0; i < x.rank; i++) {
        size_t dim = out.dim[out.rank - 1 - i], own = x.dim[x.rank - 1 - i];
        at += own == 1 ? 0 : element % dim * step;
        element /= dim;
        step *= own;
    }
    return at;
}

/* what is not a number stays so; equal numbers share the gradient */
START_TEST(test_clamp)
{
    const tril_real values[5] = { -3, 0.5f, 7, 2, (tril_real)NAN }, wanted[4] = { -1, 0.5f, 2, 2 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var x = tril_requires_grad(tril_input_missing(tape, values, TRIL_SHAPE(5)));
    tril_var y = tril_clamp(x, tril_scalar(tape, -1), tril_scalar(tape, 2));
    for (int i = 0; i < 4; i++)
        ck_assert(tril_value(y)[i] == wanted[i]);
    ck_assert(isnan(tril_value(y)[4]));
    ck_assert(isnan(tril_value(tril_maximum(tril_scalar(tape, 2), x))[4]));
    ck_assert(tril_backward(tril_sum(tril_slice(y, 0, 0, 4))));
    ck_assert(tril_grad(x)[3] == (tril_real)0.5);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* what is not chosen counts for nothing, even where it is not a number */
START_TEST(test_where)
{
    const tril_real values[3] = { -3, (tril_real)NAN, 7 }, chosen[3] = { 1, 0, -2 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var x = tril_requires_grad(tril_input_missing(tape, values, TRIL_SHAPE(3)));
    tril_var y = tril_requires_grad(tril_scalar(tape, 5));
    tril_var z = tril_where(tril_input(tape, chosen, TRIL_SHAPE(3)), x, y);
    ck_assert(tril_value(z)[0] == -3 && tril_value(z)[1] == 5 && tril_value(z)[2] == 7);
    ck_assert(tril_backward(tril_sum(z)));
    ck_assert(tril_grad(x)[0] == 1 && tril_grad(x)[1] == 0 && tril_grad(x)[2] == 1);
    ck_assert(tril_grad(y)[0] == 1);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_broadcasting_values)
{
    static tril_real x[48], y[48];
    for (size_t i = 0; i < 48; i++) {
        x[i] = (tril_real)i;
        y[i] = (tril_real)(100 * i);
    }
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_shape a = stretched_shape((size_t)_i), out;
    for (size_t n = 0; n < N_SHAPES; n++) {
        tril_shape b = stretched_shape(n);
        tril_var sum = tril_add(tril_input(tape, x, a), tril_input(tape, y, b));
        ck_fine(ctx);
        ck_assert(tril_shape_broadcast(a, b, &out));
        ck_assert(tril_shape_equal(tril_shape_of(sum), out));
        for (size_t i = 0; i < tril_shape_size(out); i++)
            ck_assert_msg(tril_value(sum)[i] == x[place(out, a, i)] + y[place(out, b, i)],
                          "%s and %s: element %zu", tril_shape_text(a).text,
                          tril_shape_text(b).text, i);
    }
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_broadcasting_gradients)
{
    static tril_real x[48], y[48];
    for (size_t i = 0; i < 48; i++) {
        x[i] = (tril_real)(0.5 + 0.03 * (double)i);
        y[i] = (tril_real)(2 - 0.02 * (double)i);
    }
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_shape a = stretched_shape((size_t)_i / N_FUNCTIONS);
    for (size_t n = 0; n < N_SHAPES; n++) {
        tril_gradcheck_input in[2] = { { x, a }, { y, stretched_shape(n) } };
        tril_gradcheck_report report;
        bool right = tril_gradcheck(ctx, functions[_i % N_FUNCTIONS], NULL, in, 2, NULL, &report);
        ck_fine(ctx);
        ck_assert_msg(right, "%s and %s: %s", tril_shape_text(a).text,
                      tril_shape_text(in[1].shape).text, report.text);
    }
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_ops_binary(void)
{
    Suite *suite = suite_create("ops/binary");
    TCase *tcase = tcase_create("broadcasting");
    tcase_add_test(tcase, test_clamp);
    tcase_add_test(tcase, test_where);
    tcase_add_loop_test(tcase, test_broadcasting_values, 0, N_SHAPES);
    tcase_add_loop_test(tcase, test_broadcasting_gradients, 0, N_SHAPES * N_FUNCTIONS);
    suite_add_tcase(suite, tcase);
    return suite;
}
