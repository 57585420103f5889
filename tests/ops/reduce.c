/* Cases of src/ops/reduce.c, and what reductions promise at the edges. */
#include <math.h>
#include <string.h>

#include "ops/cases.h"

enum { KEEP = 1 };

/* over everything; then over axis number[0] */
#define CALL(name)                                                                                 \
    static tril_var name##_all(tril_tape *tape, const tril_var *in, void *user)                    \
    {                                                                                              \
        (void)tape, (void)user;                                                                    \
        return tril_##name(in[0]);                                                                 \
    }                                                                                              \
    static tril_var name##_along(tril_tape *tape, const tril_var *in, void *user)                  \
    {                                                                                              \
        const op_case *row = user;                                                                 \
        (void)tape;                                                                                \
        return tril_##name##_axis(in[0], row->number[0], row->number[1] == KEEP);                  \
    }

CALL(sum)
CALL(mean)
CALL(max)
CALL(logsumexp)

/* wide enough that no step of the finite differences changes which element is the largest */
#define SPREAD .low = -3, .high = 3

#define ALONG(name, what, in, out, ...)                                                            \
    {                                                                                              \
#name, what, name##_along, 1, { in }, out, SPREAD, .number = { __VA_ARGS__ }               \
    }
#define CASES(name, in, out)                                                                       \
    { #name, "all", name##_all, 1, { S(2, 4) }, { 0 }, SPREAD },                                   \
        { #name,  "reference",     name##_along,     1, { in }, out,                               \
          SPREAD, .number = { 1 }, .reference = true },                                            \
        { #name, "a scalar", name##_all, 1, { { 0 } }, { 0 }, SPREAD },                            \
        { #name, "one row", name##_all, 1, { S(1, 5) }, { 0 }, SPREAD },                           \
        ALONG(name, "first axis", S(3, 2), S(2), 0), ALONG(name, "last axis", S(2, 3), S(2), -1),  \
        ALONG(name, "middle axis", S(2, 3, 2), S(2, 2), 1),                                        \
        ALONG(name, "middle axis, kept", S(2, 3, 2), S(2, 1, 2), -2, KEEP),                        \
        ALONG(name, "an axis of size 1", S(3, 1, 2), S(3, 2), 1),                                  \
        ALONG(name, "rank 4", S(2, 2, 3, 2), S(2, 2, 2), 2),                                       \
        ALONG(name, "no rows", S(0, 3), S(0), 1),                                                  \
        ALONG(name, "no rows, kept", S(3, 0), S(1, 0), 0, KEEP)

#define REFUSAL(name, in, axis, text)                                                              \
    {                                                                                              \
#name, text, name##_along, 1,                                                              \
            { in }, .number = { axis }, .status = TRIL_BAD_ARGUMENT, .message = #name ": " text    \
    }
#define REFUSALS(name)                                                                             \
    REFUSAL(name, S(2, 3), 2, "axis 2 of a tensor of rank 2"),                                     \
        REFUSAL(name, S(2, 3), -3, "axis -3 of a tensor of rank 2"),                               \
        REFUSAL(name, { 0 }, 0, "axis 0 of a tensor of rank 0")
#define NO_ELEMENTS(name, shape)                                                                   \
    .status = TRIL_BAD_SHAPE,                                                                      \
    .message = #name ": no elements to take it of in a tensor of shape " shape
#define OF_NOTHING(name)                                                                           \
    { #name, "of nothing", name##_all, 1, { S(0, 3) }, NO_ELEMENTS(name, "0x3") },                 \
    {                                                                                              \
#name, "along nothing", name##_along, 1,                                                   \
            { S(3, 0) }, .number = { 1 }, NO_ELEMENTS(name, "3x0")                                 \
    }

const op_case reduce_cases[] = {
    CASES(sum, S(2, 3, 2), S(2, 2)),
    CASES(mean, S(2, 3, 2), S(2, 2)),
    CASES(max, S(2, 3, 2), S(2, 2)),
    CASES(logsumexp, S(8, 3), S(8)),
    { "sum", "of nothing", sum_all, 1, { S(0, 3) }, { 0 } },
    ALONG(sum, "over no rows", S(0, 3), S(3), 0),

    REFUSALS(sum),
    REFUSALS(mean),
    REFUSALS(max),
    REFUSALS(logsumexp),
    OF_NOTHING(mean),
    OF_NOTHING(max),
    OF_NOTHING(logsumexp),
    { 0 },
};

static const tril_real values[6] = { 1, 3, 3, 3, 2, 1 };

START_TEST(test_max_of_equals)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var x = tril_requires_grad(tril_input(tape, values, TRIL_SHAPE(2, 3)));
    tril_backward(tril_sum(tril_max_axis(x, 1, false)));
    ck_fine(ctx);
    static const tril_real wanted[6] = { 0, 1, 0, 1, 0, 0 };
    ck_assert_mem_eq(tril_grad(x), wanted, sizeof wanted);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_sums_of_nothing)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var none = tril_input(tape, NULL, TRIL_SHAPE(0, 2));
    ck_assert_uint_eq(tril_size(tril_concat((tril_var[]){ none, none }, 2, 0)), 0);
    ck_assert(tril_item(tril_sum(none)) == 0);
    const tril_real *columns = tril_value(tril_sum_axis(none, 0, false));
    ck_fine(ctx);
    ck_assert(columns[0] == 0 && columns[1] == 0);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* in float, one after the other, the ones would be lost */
START_TEST(test_sums_are_double)
{
    static tril_real x[4097];
    x[0] = 0x1p24;
    for (size_t i = 1; i < 4097; i++)
        x[i] = 1;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    const double wanted = 0x1p24 + 4096;
    tril_var row = tril_input(tape, x, TRIL_SHAPE(4097)),
             column = tril_reshape(row, TRIL_SHAPE(4097, 1));
    ck_assert((double)tril_item(tril_sum(row)) == wanted);
    ck_assert((double)tril_item(tril_sum_axis(column, 0, false)) == wanted);
    ck_assert((double)tril_item(tril_sum(tril_mean(row))) == (double)(tril_real)(wanted / 4097));
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* infinities are values to a reduction; NaN comes through */
START_TEST(test_what_is_not_finite)
{
    static const tril_real low[2] = { -(tril_real)INFINITY, -(tril_real)INFINITY },
                           high[2] = { 1, (tril_real)INFINITY }, nan_[3] = { 1, (tril_real)NAN, 2 };
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .no_validation = true });
    tril_tape *tape = tril_tape_new(ctx);
    tril_var x = tril_requires_grad(tril_input(tape, low, TRIL_SHAPE(2)));
    tril_var y = tril_logsumexp(x);
    ck_assert(tril_item(y) == -(tril_real)INFINITY);
    tril_backward_with(y, &(tril_backward_opts){ .seed = (tril_real[]){ 1 } });
    ck_fine(ctx);
    ck_assert(tril_grad(x)[0] == 0 && tril_grad(x)[1] == 0);
    ck_assert(tril_item(tril_logsumexp(tril_input(tape, high, TRIL_SHAPE(2)))) ==
              (tril_real)INFINITY);
    tril_var with_nan = tril_input(tape, nan_, TRIL_SHAPE(3));
    ck_assert(isnan(tril_item(tril_max(with_nan))));
    ck_assert(isnan(tril_item(tril_logsumexp(with_nan))));
    ck_assert(isnan(tril_item(tril_sum(with_nan))));
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_ops_reduce(void)
{
    Suite *suite = suite_create("ops/reduce");
    TCase *tcase = tcase_create("reduce");
    tcase_add_test(tcase, test_max_of_equals);
    tcase_add_test(tcase, test_sums_of_nothing);
    tcase_add_test(tcase, test_sums_are_double);
    tcase_add_test(tcase, test_what_is_not_finite);
    suite_add_tcase(suite, tcase);
    return suite;
}
