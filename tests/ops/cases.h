/* Cases of operations, one row each. tests/registry.c runs every row and fails when an op that the
 * library registers has none, or none with an input of zero rows:
 *
 *     const op_case dist_cases[] = {
 *         { "mvn_log_prob", "a batch", log_prob, 3, { S(2, 3), S(3, 3), S(2, 3) }, S(2),
 *           .low = 0.5, .high = 1.5 },
 *         { 0 },
 *     };
 *
 * where log_prob is a tril_function:
 *
 *     static tril_var log_prob(tril_tape *tape, const tril_var *in, void *user)
 *     {
 *         return tril_log_prob(tril_mvn(in[0], in[1]), in[2]);
 *     }
 */
#ifndef TESTS_OPS_CASES_H
#define TESTS_OPS_CASES_H

#include "support.h"

enum { OP_CASE_INPUTS = 4, OP_CASE_NUMBERS = 4 };

/* Each row is checked against finite differences: as it is; as f(x) f(x), so that every input has
 * two consumers; and with each input in turn the only one that wants a gradient. Memory is poisoned
 * with NaN beforehand, so that what backward leaves out shows. */
typedef struct op_case {
    const char *op;   /* NAME of tril_op_NAME, a node of which f must make */
    const char *what; /* what is special about the row, for messages */
    tril_function *f; /* user is the row; gives the same numbers each time (a draw sets the stream
                         back first) */
    size_t n_inputs;
    tril_shape in[OP_CASE_INPUTS];
    tril_shape out;   /* of f's result */
    double low, high; /* inputs are spread over (low, high), off 0; default (-1.5, 1.5) */
    int number[OP_CASE_NUMBERS]; /* for f: axes and the like */
    bool reference; /* the op's numbers in reference/ops.csv are those of this row (src/ops only) */

    /* Set where the row must be refused, with exactly this sentence; it then has no gradients. */
    tril_status status;
    const char *message;
} op_case;

/* every table ends with a row of zeros */
#define OPS_CASE_TABLES(X)                                                                         \
    X(affine_cases)                                                                                \
    X(binary_cases)                                                                                \
    X(linalg_cases)                                                                                \
    X(matmul_cases)                                                                                \
    X(reduce_cases)                                                                                \
    X(shape_cases)                                                                                 \
    X(softmax_cases)                                                                               \
    X(triangle_cases)                                                                              \
    X(unary_cases)

#define OP_CASE_TABLES(X)                                                                          \
    OPS_CASE_TABLES(X)                                                                             \
    X(low_rank_cases)                                                                              \
    X(dist_cases)                                                                                  \
    X(categorical_cases)                                                                           \
    X(mixture_cases)                                                                               \
    X(precision_cases)                                                                             \
    X(student_cases)                                                                               \
    X(family_cases)                                                                                \
    X(nn_cases)

#define OP_CASE_DECLARE(table) extern const op_case table[];
OP_CASE_TABLES(OP_CASE_DECLARE)
#undef OP_CASE_DECLARE

/* Row number index, NULL beyond the last: of those that must work, of those among them that are of
 * src/ops, and of those that must be refused. */
const op_case *op_case_at(int index);
const op_case *ops_case_at(int index);
const op_case *op_refusal_at(int index);

/* S(2, 3) is 2 x 3, a scalar's shape is { 0 }; unlike TRIL_SHAPE constant for every compiler. */
#define S(...)                                                                                     \
    {                                                                                              \
        sizeof((size_t[]){ __VA_ARGS__ }) / sizeof(size_t),                                        \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

#endif
