/* Cases of src/ops/unary.c: one input, elementwise. */
#include "ops/cases.h"
#include "ops/ops.h"

#define CALL(name)                                                                                 \
    static tril_var name##_of(tril_tape *tape, const tril_var *in, void *user)                     \
    {                                                                                              \
        (void)tape, (void)user;                                                                    \
        return tril_##name(in[0]);                                                                 \
    }

CALL(neg)
CALL(exp)
CALL(log)
CALL(log1p)
CALL(expm1)
CALL(sqrt)
CALL(square)
CALL(abs)
CALL(tanh)
CALL(sigmoid)
CALL(relu)
CALL(elu)
CALL(softplus)
CALL(silu)
CALL(bounded)

/* the shapes that every elementwise op takes */
#define CASES(name, low, high, n_reference)                                                        \
    { #name, "a scalar", name##_of, 1, { { 0 } }, { 0 }, low, high },                              \
        { #name, "reference", name##_of,        1, { S(n_reference) }, S(n_reference),             \
          low,   high,        .reference = true },                                                 \
        { #name, "one row", name##_of, 1, { S(1, 5) }, S(1, 5), low, high },                       \
        { #name, "rank 4", name##_of, 1, { S(2, 3, 1, 4) }, S(2, 3, 1, 4), low, high },            \
    {                                                                                              \
#name, "no rows", name##_of, 1, { S(0, 3) }, S(0, 3), low, high                            \
    }

const op_case unary_cases[] = {
    CASES(neg, -2, 2, 14),      CASES(exp, -2, 2, 14),
    CASES(log, 0.5, 3, 8),      CASES(log1p, -0.5, 3, 9),
    CASES(expm1, -2, 2, 16),    CASES(sqrt, 0.5, 3, 8),
    CASES(square, -2, 2, 14),   CASES(abs, -2, 2, 15),
    CASES(tanh, -2, 2, 14),     CASES(sigmoid, -4, 4, 14),
    CASES(relu, -2, 2, 15),     CASES(elu, -2, 2, 19),
    CASES(softplus, -4, 4, 14), CASES(silu, -4, 4, 14),
    CASES(bounded, -2, 2, 14),  { 0 },
};
