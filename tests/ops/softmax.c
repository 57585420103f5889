/* Cases of src/ops/softmax.c. */
#include "ops/cases.h"

static tril_var softmax(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_softmax(in[0], ((const op_case *)user)->number[0]);
}

static tril_var log_softmax(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_log_softmax(in[0], ((const op_case *)user)->number[0]);
}

static tril_var cross_entropy(tril_tape *tape, const tril_var *in, void *user)
{
    static const size_t classes[8] = { 2, 0, 1, 2, 1, 0, 0, 2 };
    (void)tape, (void)user;
    return tril_cross_entropy(in[0], classes);
}

/* every row is of the only class */
static tril_var only_class(tril_tape *tape, const tril_var *in, void *user)
{
    static const size_t classes[4] = { 0 };
    (void)tape, (void)user;
    return tril_cross_entropy(in[0], classes);
}

static tril_var unclassified(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_cross_entropy(in[0], NULL);
}

#define CASES(name)                                                                                \
    { #name, "reference", name, 1, { S(8, 3) }, S(8, 3), .number = { 1 }, .reference = true },     \
        { #name, "last axis", name, 1, { S(2, 3) }, S(2, 3), .number = { -1 } },                   \
        { #name, "first axis", name, 1, { S(3, 2) }, S(3, 2), .number = { 0 } },                   \
        { #name, "middle axis", name, 1, { S(2, 3, 2) }, S(2, 3, 2), .number = { 1 } },            \
        { #name, "rank 4", name, 1, { S(2, 1, 3, 2) }, S(2, 1, 3, 2), .number = { 2 } },           \
        { #name, "one row", name, 1, { S(1, 4) }, S(1, 4), .number = { 1 } },                      \
        { #name, "an axis of size 1", name, 1, { S(4, 1) }, S(4, 1), .number = { 1 } },            \
        { #name, "no rows", name, 1, { S(0, 3) }, S(0, 3), .number = { 1 } },                      \
    {                                                                                              \
#name, "along no rows", name, 1, { S(0, 3) }, S(0, 3), .number = { 0 }                     \
    }

#define REFUSAL(name, in, axis, text)                                                              \
    {                                                                                              \
#name, text, name, 1,                                                                      \
            { in }, .number = { axis }, .status = TRIL_BAD_ARGUMENT, .message = #name ": " text    \
    }
#define REFUSALS(name)                                                                             \
    REFUSAL(name, S(2, 3), 2, "axis 2 of a tensor of rank 2"),                                     \
        REFUSAL(name, S(2, 3), -3, "axis -3 of a tensor of rank 2"),                               \
        REFUSAL(name, { 0 }, -1, "axis -1 of a tensor of rank 0")

const op_case softmax_cases[] = {
    CASES(softmax),
    CASES(log_softmax),
    { "cross_entropy", "reference", cross_entropy, 1, { S(8, 3) }, S(8), .reference = true },
    { "cross_entropy", "rows", cross_entropy, 1, { S(4, 3) }, S(4) },
    { "cross_entropy", "a single vector", cross_entropy, 1, { S(3) }, { 0 } },
    { "cross_entropy", "one row", cross_entropy, 1, { S(1, 3) }, S(1) },
    { "cross_entropy", "rank 4", cross_entropy, 1, { S(2, 1, 4, 3) }, S(2, 1, 4) },
    { "cross_entropy", "one class", only_class, 1, { S(4, 1) }, S(4) },
    { "cross_entropy", "no rows", cross_entropy, 1, { S(0, 3) }, S(0) },

    REFUSALS(softmax),
    REFUSALS(log_softmax),
    { "cross_entropy",
      "a scalar",
      cross_entropy,
      1,
      { { 0 } },
      .status = TRIL_BAD_SHAPE,
      .message = "cross_entropy: the logits are scalar, want [..., classes]" },
    { "cross_entropy",
      "no classes to choose from",
      cross_entropy,
      1,
      { S(2, 0) },
      .status = TRIL_BAD_SHAPE,
      .message = "cross_entropy: the logits are 2x0, want [..., classes]" },
    { "cross_entropy",
      "a class too high",
      cross_entropy,
      1,
      { S(2, 2, 2) },
      .status = TRIL_BAD_ARGUMENT,
      .message = "cross_entropy: class 2 in row 0, but there are 2 classes" },
    { "cross_entropy",
      "no classes given",
      unclassified,
      1,
      { S(2, 2) },
      .status = TRIL_BAD_ARGUMENT,
      .message = "cross_entropy: no classes for 2 rows" },
    { 0 },
};
