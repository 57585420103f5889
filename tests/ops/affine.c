/* Cases of src/ops/affine.c. */
#include "ops/cases.h"

static tril_var affine(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    (void)tape;
    tril_var bias = row->n_inputs > 2 ? in[2] : (tril_var){ 0 };
    return tril_affine(in[0], in[1], bias, (tril_activation)row->number[0]);
}

/* x is its own weight */
static tril_var affine_itself(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_affine(in[0], in[0], (tril_var){ 0 }, TRIL_TANH);
}

#define CASES(activation)                                                                          \
    { "affine", #activation ", bias",    affine, 3, { S(4, 3), S(2, 3), S(2) },                    \
      S(4, 2),  .number = { activation } },                                                        \
    {                                                                                              \
        "affine", #activation ", no bias", affine, 2, { S(4, 3), S(2, 3) }, S(4, 2), .number = {   \
            activation                                                                             \
        }                                                                                          \
    }

#define REFUSAL(what, n, text, ...)                                                                \
    {                                                                                              \
        "affine", what, affine, n, { __VA_ARGS__ }, .status = TRIL_BAD_SHAPE, .message = text      \
    }

const op_case affine_cases[] = {
    { "affine",
      "reference",
      affine,
      3,
      { S(4, 3), S(2, 3), S(2) },
      S(4, 2),
      .number = { TRIL_TANH },
      .reference = true },
    CASES(TRIL_ACTIVATION_DEFAULT),
    CASES(TRIL_NONE),
    CASES(TRIL_TANH),
    CASES(TRIL_RELU),
    CASES(TRIL_ELU),
    CASES(TRIL_SOFTPLUS),
    CASES(TRIL_SILU),
    CASES(TRIL_SIGMOID),
    { "affine", "a vector", affine, 3, { S(3), S(2, 3), S(2) }, S(2), .number = { TRIL_SILU } },
    { "affine", "one row", affine, 3, { S(1, 3), S(2, 3), S(2) }, S(1, 2), .number = { TRIL_ELU } },
    { "affine", "rank 4", affine, 3, { S(2, 1, 3, 2), S(4, 2), S(4) }, S(2, 1, 3, 4) },
    { "affine", "one column", affine, 3, { S(3, 1), S(1, 1), S(1) }, S(3, 1) },
    { "affine",
      "no rows",
      affine,
      3,
      { S(0, 3), S(2, 3), S(2) },
      S(0, 2),
      .number = { TRIL_TANH } },
    { "affine", "no rows, no bias", affine, 2, { S(0, 3), S(2, 3) }, S(0, 2) },
    { "affine",
      "no inputs",
      affine,
      3,
      { S(4, 0), S(2, 0), S(2) },
      S(4, 2),
      .number = { TRIL_SILU } },
    { "affine", "no outputs", affine, 3, { S(4, 3), S(0, 3), S(0) }, S(4, 0) },
    { "affine", "its own weight", affine_itself, 1, { S(3, 3) }, S(3, 3) },

    REFUSAL("weight of another width", 2,
            "affine: x is 4x3 but the weight is 2x4, want [..., in] and [out, in]", S(4, 3),
            S(2, 4)),
    REFUSAL("x is a scalar", 2,
            "affine: x is scalar but the weight is 2x3, want [..., in] and [out, in]", { 0 },
            S(2, 3)),
    REFUSAL("weight is a vector", 2,
            "affine: x is 4x3 but the weight is 3, want [..., in] and [out, in]", S(4, 3), S(3)),
    REFUSAL("bias of another width", 3,
            "affine: the bias is 3 but the weight is 2x3, want [out] and [out, in]", S(4, 3),
            S(2, 3), S(3)),
    REFUSAL("bias is a matrix", 3,
            "affine: the bias is 1x2 but the weight is 2x3, want [out] and [out, in]", S(4, 3),
            S(2, 3), S(1, 2)),
    REFUSAL("wider than BLAS can count", 2,
            "affine: x is 0x3000000000 and the weight 0x3000000000: more rows or columns than BLAS "
            "can count",
            S(0, 3000000000), S(0, 3000000000)),
    { "affine",
      "no such activation",
      affine,
      2,
      { S(4, 3), S(2, 3) },
      .number = { 99 },
      .status = TRIL_BAD_ARGUMENT,
      .message = "affine: there is no activation number 99" },
    { 0 },
};
