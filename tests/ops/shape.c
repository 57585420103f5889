/* Cases of src/ops/shape.c, and split, which is made of slices. */
#include <limits.h>
#include <string.h>

#include "ops/cases.h"

static tril_var reshape(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_reshape(in[0], ((const op_case *)user)->out);
}

static tril_var broadcast_to(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_broadcast_to(in[0], ((const op_case *)user)->out);
}

static tril_var transpose(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    (void)tape;
    return tril_transpose(in[0], row->number[0], row->number[1]);
}

/* axis, start, count */
static tril_var slice(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    (void)tape;
    return tril_slice(in[0], row->number[0], (size_t)row->number[1], (size_t)row->number[2]);
}

/* axis, how many indices, two of them; a third is 0 */
static tril_var choose(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    const size_t index[3] = { (size_t)row->number[2], (size_t)row->number[3], 0 };
    (void)tape;
    return tril_select(in[0], row->number[0], index, (size_t)row->number[1]);
}

static tril_var concat(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    (void)tape;
    return tril_concat(in, row->n_inputs, row->number[0]);
}

static tril_var stack(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    (void)tape;
    return tril_stack(in, row->n_inputs, row->number[0]);
}

/* the same var three times */
static tril_var concat_itself(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_concat((tril_var[]){ in[0], in[0], in[0] }, 3, 0);
}

static tril_var stack_itself(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_stack((tril_var[]){ in[0], in[0] }, 2, 0);
}

#define BROADCAST(what, x, to, ...)                                                                \
    {                                                                                              \
        "broadcast_to", what, broadcast_to, 1, { x }, to, __VA_ARGS__                              \
    }
#define SELECT(what, x, to, axis, n, first, second, ...)                                           \
    {                                                                                              \
        "select", what, choose, 1, { x }, to, .number = { axis, n, first, second }, __VA_ARGS__    \
    }

const op_case shape_cases[] = {
    BROADCAST("reference", S(2, 1), S(2, 2, 3), .reference = true),
    BROADCAST("a number", { 0 }, S(2, 3), .number = { 0 }),
    BROADCAST("one row", S(1, 3), S(4, 3), .number = { 0 }),
    BROADCAST("as it is", S(2, 3), S(2, 3), .number = { 0 }),
    BROADCAST("to rank 4", S(2, 1, 3), S(2, 2, 2, 3), .number = { 0 }),
    BROADCAST("no rows", S(0, 3), S(2, 0, 3), .number = { 0 }),
    BROADCAST("to no rows", S(1, 3), S(0, 3), .number = { 0 }),
    BROADCAST("refused", S(2, 3), S(4, 3), .status = TRIL_BAD_SHAPE,
              .message = "broadcast_to: x is 2x3, which cannot be stretched to 4x3"),
    BROADCAST("refused", S(2, 3), S(3), .status = TRIL_BAD_SHAPE,
              .message = "broadcast_to: x is 2x3, which cannot be stretched to 3"),
    SELECT("reference", S(2, 3, 2), S(2, 3, 2), 1, 3, 2, 0, .reference = true),
    SELECT("columns", S(3, 4), S(3, 2), -1, 2, 3, 1),
    SELECT("rows", S(4, 2), S(3, 2), 0, 3, 2, 2),
    SELECT("one row", S(1, 3), S(3, 3), 0, 3, 0, 0),
    SELECT("nothing", S(2, 3), S(2, 0), 1, 0, 0, 0),
    SELECT("rank 4", S(2, 1, 3, 2), S(2, 1, 2, 2), 2, 2, 1, 0),
    SELECT("no rows", S(0, 4), S(0, 2), 1, 2, 3, 1),
    SELECT("refused", S(3, 2), { 0 }, 0, 2, 1, 3, .status = TRIL_BAD_ARGUMENT,
           .message = "select: index 1 is 3, but axis 0 of x (3x2) has 3"),
    SELECT("refused", S(3, 2), { 0 }, 2, 1, 0, 0, .status = TRIL_BAD_ARGUMENT,
           .message = "select: axis 2 of a tensor of rank 2"),
    { "reshape", "reference", reshape, 1, { S(2, 3, 2) }, S(3, 4), .reference = true },
    { "transpose",
      "reference",
      transpose,
      1,
      { S(2, 3, 2) },
      S(2, 3, 2),
      .number = { 0, 2 },
      .reference = true },
    { "slice",
      "reference",
      slice,
      1,
      { S(2, 3, 2) },
      S(2, 2, 2),
      .number = { 1, 1, 2 },
      .reference = true },
    { "concat",
      "reference",
      concat,
      2,
      { S(2, 1), S(2, 3) },
      S(2, 4),
      .number = { 1 },
      .reference = true },
    { "stack",
      "reference",
      stack,
      2,
      { S(2, 3), S(2, 3) },
      S(2, 2, 3),
      .number = { 1 },
      .reference = true },
    { "reshape", "two axes to one", reshape, 1, { S(2, 3) }, S(6) },
    { "reshape", "to rank 4", reshape, 1, { S(12) }, S(2, 3, 1, 2) },
    { "reshape", "to a scalar", reshape, 1, { S(1, 1) }, { 0 } },
    { "reshape", "one row", reshape, 1, { S(1, 4) }, S(2, 2) },
    { "reshape", "no rows", reshape, 1, { S(0, 3) }, S(2, 0) },
    { "transpose", "a matrix", transpose, 1, { S(2, 3) }, S(3, 2), .number = { 0, 1 } },
    { "transpose", "one row", transpose, 1, { S(1, 4) }, S(4, 1), .number = { -2, -1 } },
    { "transpose", "the ends", transpose, 1, { S(2, 3, 4) }, S(4, 3, 2), .number = { 0, -1 } },
    { "transpose", "rank 4", transpose, 1, { S(2, 3, 2, 4) }, S(2, 2, 3, 4), .number = { 2, 1 } },
    { "transpose",
      "ends of 4",
      transpose,
      1,
      { S(2, 3, 1, 4) },
      S(4, 3, 1, 2),
      .number = { 0, 3 } },
    { "transpose", "with itself", transpose, 1, { S(2, 3) }, S(2, 3), .number = { 1, -1 } },
    { "transpose", "no rows", transpose, 1, { S(0, 3) }, S(3, 0), .number = { 0, 1 } },
    { "slice", "columns", slice, 1, { S(3, 5) }, S(3, 2), .number = { -1, 1, 2 } },
    { "slice", "rows", slice, 1, { S(4, 2) }, S(3, 2), .number = { 0, 1, 3 } },
    { "slice", "all", slice, 1, { S(4, 2) }, S(4, 2), .number = { 0, 0, 4 } },
    { "slice", "nothing", slice, 1, { S(4, 2) }, S(0, 2), .number = { 0, 4, 0 } },
    { "slice", "a middle axis", slice, 1, { S(2, 3, 2) }, S(2, 1, 2), .number = { 1, 2, 1 } },
    { "slice", "one row", slice, 1, { S(1, 4) }, S(1, 1), .number = { 1, 3, 1 } },
    { "slice", "rank 4", slice, 1, { S(2, 1, 3, 2) }, S(2, 1, 2, 2), .number = { 2, 1, 2 } },
    { "slice", "no rows", slice, 1, { S(0, 4) }, S(0, 2), .number = { 1, 1, 2 } },
    { "concat", "rows", concat, 2, { S(2, 3), S(1, 3) }, S(3, 3), .number = { 0 } },
    { "concat", "columns", concat, 3, { S(2, 1), S(2, 3), S(2, 2) }, S(2, 6), .number = { -1 } },
    { "concat",
      "a middle axis",
      concat,
      2,
      { S(2, 1, 2), S(2, 3, 2) },
      S(2, 4, 2),
      .number = { 1 } },
    { "concat", "only one", concat, 1, { S(2, 3) }, S(2, 3), .number = { 1 } },
    { "concat",
      "one of them empty",
      concat,
      3,
      { S(2, 1), S(2, 0), S(2, 2) },
      S(2, 3),
      .number = { 1 } },
    { "concat", "itself", concat_itself, 1, { S(2, 2) }, S(6, 2) },
    { "concat", "no rows", concat, 2, { S(0, 1), S(0, 2) }, S(0, 3), .number = { 1 } },
    { "stack", "in front", stack, 2, { S(2, 3), S(2, 3) }, S(2, 2, 3), .number = { 0 } },
    { "stack", "behind", stack, 3, { S(2), S(2), S(2) }, S(2, 3), .number = { -1 } },
    { "stack", "in the middle", stack, 2, { S(2, 3), S(2, 3) }, S(2, 2, 3), .number = { 1 } },
    { "stack", "scalars", stack, 3, { { 0 }, { 0 }, { 0 } }, S(3), .number = { 0 } },
    { "stack", "to rank 4", stack, 2, { S(2, 1, 3), S(2, 1, 3) }, S(2, 1, 2, 3), .number = { 2 } },
    { "stack", "itself", stack_itself, 1, { S(1, 3) }, S(2, 1, 3) },
    { "stack", "no rows", stack, 2, { S(0, 3), S(0, 3) }, S(0, 2, 3), .number = { 1 } },

    { "reshape",
      "refused",
      reshape,
      1,
      { S(2, 3) },
      .out = S(4),
      .status = TRIL_BAD_SHAPE,
      .message = "reshape: x is 2x3, which does not have as many elements as 4" },
    { "reshape",
      "refused",
      reshape,
      1,
      { S(2, 3) },
      .status = TRIL_BAD_SHAPE,
      .message = "reshape: x is 2x3, which does not have as many elements as scalar" },
    { "reshape",
      "refused",
      reshape,
      1,
      { S(2) },
      .out = { 5, { 1, 1, 1, 2 } },
      .status = TRIL_BAD_SHAPE,
      .message = "reshape: x is 2, which does not have as many elements as a shape of rank 5" },
    { "transpose",
      "refused",
      transpose,
      1,
      { S(2, 3) },
      .number = { 2, 0 },
      .status = TRIL_BAD_ARGUMENT,
      .message = "transpose: axis 2 of a tensor of rank 2" },
    { "transpose",
      "refused",
      transpose,
      1,
      { S(2, 3) },
      .number = { 1, -3 },
      .status = TRIL_BAD_ARGUMENT,
      .message = "transpose: axis -3 of a tensor of rank 2" },
    { "transpose",
      "refused",
      transpose,
      1,
      { { 0 } },
      .number = { 0, 0 },
      .status = TRIL_BAD_ARGUMENT,
      .message = "transpose: axis 0 of a tensor of rank 0" },
    { "slice",
      "refused",
      slice,
      1,
      { S(3, 2) },
      .number = { 0, 1, 3 },
      .status = TRIL_BAD_ARGUMENT,
      .message = "slice: 3 elements from 1 on, but axis 0 of x (3x2) has 3" },
    { "slice",
      "refused",
      slice,
      1,
      { S(3, 2) },
      .number = { -1, 3, 0 },
      .status = TRIL_BAD_ARGUMENT,
      .message = "slice: 0 elements from 3 on, but axis -1 of x (3x2) has 2" },
    { "slice",
      "refused",
      slice,
      1,
      { S(3, 2) },
      .number = { 0, 2, -1 },
      .status = TRIL_BAD_ARGUMENT,
      .message = "slice: 18446744073709551615 elements from 2 on, but axis 0 of x (3x2) has 3" },
    { "slice",
      "refused",
      slice,
      1,
      { S(3, 2) },
      .number = { 2, 0, 1 },
      .status = TRIL_BAD_ARGUMENT,
      .message = "slice: axis 2 of a tensor of rank 2" },
    { "concat",
      "refused",
      concat,
      2,
      { S(2, 3), S(3, 2) },
      .number = { 1 },
      .status = TRIL_BAD_SHAPE,
      .message = "concat: tensor 1 is 2x3 but tensor 2 is 3x2: only axis 1 may differ" },
    { "concat",
      "refused",
      concat,
      3,
      { S(2, 3), S(2, 3), S(2) },
      .number = { -1 },
      .status = TRIL_BAD_SHAPE,
      .message = "concat: tensor 1 is 2x3 but tensor 3 is 2: only axis -1 may differ" },
    { "concat",
      "refused",
      concat,
      2,
      { S(2, 3), S(2, 3) },
      .number = { 2 },
      .status = TRIL_BAD_ARGUMENT,
      .message = "concat: axis 2 of a tensor of rank 2" },
    { "concat",
      "refused",
      concat,
      2,
      { { 0 }, { 0 } },
      .number = { 0 },
      .status = TRIL_BAD_ARGUMENT,
      .message = "concat: axis 0 of a tensor of rank 0" },
    { "stack",
      "refused",
      stack,
      2,
      { S(2, 3), S(3, 2) },
      .number = { 0 },
      .status = TRIL_BAD_SHAPE,
      .message = "stack: tensor 1 is 2x3 but tensor 2 is 3x2" },
    { "stack",
      "refused",
      stack,
      2,
      { S(2, 3), S(2, 3) },
      .number = { 3 },
      .status = TRIL_BAD_ARGUMENT,
      .message = "stack: axis 3 of a tensor of rank 3" },
    { "stack",
      "refused",
      stack,
      1,
      { S(2, 1, 1, 2) },
      .number = { 0 },
      .status = TRIL_BAD_SHAPE,
      .message = "stack: tensors of shape 2x1x1x2 have no axis to spare" },
    { 0 },
};

static const tril_real numbers[12] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };

/* the parts of a split, joined, are the whole: along every axis, counted from both ends */
START_TEST(test_split)
{
    static const size_t sizes[3][3] = { { 1, 0, 1 }, { 1, 1, 1 }, { 0, 2, 0 } };
    int axis = _i - 3;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var x = tril_input(tape, numbers, TRIL_SHAPE(2, 3, 2)), parts[3];
    ck_assert(tril_split(x, axis, sizes[(axis + 3) % 3], 3, parts));
    for (size_t k = 0; k < 3; k++)
        ck_assert_uint_eq(tril_shape_of(parts[k]).dim[(axis + 3) % 3], sizes[(axis + 3) % 3][k]);
    tril_var whole = tril_concat(parts, 3, axis);
    ck_fine(ctx);
    ck_assert(tril_shape_equal(tril_shape_of(whole), TRIL_SHAPE(2, 3, 2)));
    ck_assert_mem_eq(tril_value(whole), numbers, sizeof numbers);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_split_errors)
{
    static const struct {
        int axis;
        size_t sizes[2];
        tril_status status;
        const char *message;
    } wrong[] = {
        { 0, { 1, 2 }, TRIL_BAD_SHAPE, "split: sizes add up to 3, but axis 0 of x (2x3x2) has 2" },
        { -2,
          { 1, 1 },
          TRIL_BAD_SHAPE,
          "split: sizes add up to 2, but axis -2 of x (2x3x2) has 3" },
        { 1,
          { SIZE_MAX, 4 },
          TRIL_BAD_ARGUMENT,
          "slice: 18446744073709551615 elements from 0 on, but axis 1 of x (2x3x2) has 3" },
        { 3, { 1, 1 }, TRIL_BAD_ARGUMENT, "axis 3 of a tensor of rank 3" },
        { -4, { 1, 1 }, TRIL_BAD_ARGUMENT, "axis -4 of a tensor of rank 3" },
        { INT_MIN, { 1, 1 }, TRIL_BAD_ARGUMENT, "axis -2147483648 of a tensor of rank 3" },
    };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var x = tril_input(tape, numbers, TRIL_SHAPE(2, 3, 2)), parts[2] = { x, x };
    ck_assert(!tril_split(x, wrong[_i].axis, wrong[_i].sizes, 2, parts));
    ck_failed(ctx, wrong[_i].status, wrong[_i].message);
    ck_assert_ptr_null(parts[1].tape);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_select_nothing)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var x = tril_input(tape, numbers, TRIL_SHAPE(3, 4));
    ck_assert_ptr_null(tril_select(x, 0, NULL, 2).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "select: no indices, but 2 are wanted");
    ck_assert_uint_eq(tril_size(tril_select(x, 0, NULL, 0)), 0);
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_ops_shape(void)
{
    Suite *suite = suite_create("ops/shape");
    TCase *tcase = tcase_create("split");
    tcase_add_loop_test(tcase, test_split, 0, 6);
    tcase_add_loop_test(tcase, test_split_errors, 0, 6);
    tcase_add_test(tcase, test_select_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
