/* Cases of src/ops/triangle.c. */
#include "ops/cases.h"

#define CALL(name)                                                                                 \
    static tril_var name##_of(tril_tape *tape, const tril_var *in, void *user)                     \
    {                                                                                              \
        (void)tape, (void)user;                                                                    \
        return tril_##name(in[0]);                                                                 \
    }

CALL(diagonal)
CALL(diag_embed)
CALL(tril)
CALL(unpack_tril)

#define CASE(name, what, in, ...)                                                                  \
    {                                                                                              \
#name, what, name##_of, 1, { in }, __VA_ARGS__                                             \
    }

#define REFUSAL(name, in, text)                                                                    \
    {                                                                                              \
#name, text, name##_of, 1, { in }, .status = TRIL_BAD_SHAPE, .message = #name ": " text    \
    }

const op_case triangle_cases[] = {
    CASE(diagonal, "reference", S(2, 3, 3), S(2, 3), .reference = true),
    CASE(diag_embed, "reference", S(2, 3), S(2, 3, 3), .reference = true),
    CASE(tril, "reference", S(2, 3, 3), S(2, 3, 3), .reference = true),
    CASE(unpack_tril, "reference", S(2, 6), S(2, 3, 3), .reference = true),
    CASE(diagonal, "a matrix", S(3, 3), S(3)),
    CASE(diagonal, "one number", S(1, 1), S(1)),
    CASE(diagonal, "one row of matrices", S(1, 2, 2), S(1, 2)),
    CASE(diagonal, "rank 4", S(2, 2, 3, 3), S(2, 2, 3)),
    CASE(diagonal, "no rows", S(0, 3, 3), S(0, 3)),
    CASE(diagonal, "no numbers", S(2, 0, 0), S(2, 0)),
    CASE(diag_embed, "a vector", S(3), S(3, 3)),
    CASE(diag_embed, "one number", S(1), S(1, 1)),
    CASE(diag_embed, "one row", S(1, 3), S(1, 3, 3)),
    CASE(diag_embed, "to rank 4", S(2, 2, 3), S(2, 2, 3, 3)),
    CASE(diag_embed, "no rows", S(0, 3), S(0, 3, 3)),
    CASE(diag_embed, "no numbers", S(2, 0), S(2, 0, 0)),
    CASE(tril, "a matrix", S(3, 3), S(3, 3)),
    CASE(tril, "one number", S(1, 1), S(1, 1)),
    CASE(tril, "one row of matrices", S(1, 2, 2), S(1, 2, 2)),
    CASE(tril, "rank 4", S(2, 2, 3, 3), S(2, 2, 3, 3)),
    CASE(tril, "no rows", S(0, 3, 3), S(0, 3, 3)),
    CASE(unpack_tril, "a vector", S(6), S(3, 3)),
    CASE(unpack_tril, "one number", S(1), S(1, 1)),
    CASE(unpack_tril, "one row", S(1, 10), S(1, 4, 4)),
    CASE(unpack_tril, "to rank 4", S(2, 2, 3), S(2, 2, 2, 2)),
    CASE(unpack_tril, "no rows", S(0, 6), S(0, 3, 3)),
    CASE(unpack_tril, "no rows of very many numbers", S(0, 2147450880), S(0, 65535, 65535)),

    REFUSAL(diagonal, S(2, 3), "x is 2x3, want [..., d, d]"),
    REFUSAL(diagonal, S(3), "x is 3, want [..., d, d]"),
    REFUSAL(diag_embed, { 0 }, "x is scalar, want rank 1 to 3"),
    REFUSAL(diag_embed, S(1, 2, 1, 2), "x is 1x2x1x2, want rank 1 to 3"),
    REFUSAL(tril, S(3, 2), "x is 3x2, want [..., d, d]"),
    REFUSAL(tril, { 0 }, "x is scalar, want [..., d, d]"),
    REFUSAL(unpack_tril, S(2, 5), "x is 2x5, want [..., d (d + 1) / 2] of rank 1 to 3"),
    REFUSAL(unpack_tril, { 0 }, "x is scalar, want [..., d (d + 1) / 2] of rank 1 to 3"),
    REFUSAL(unpack_tril, S(2, 0), "x is 2x0, want [..., d (d + 1) / 2] of rank 1 to 3"),
    REFUSAL(unpack_tril, S(1, 1, 1, 3), "x is 1x1x1x3, want [..., d (d + 1) / 2] of rank 1 to 3"),
    { 0 },
};
