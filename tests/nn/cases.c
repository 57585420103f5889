/* Gradient cases of the heads' operations: each diagonal transform, rows scaled or not, batches. */
#include "ops/cases.h"

/* what number[] holds: the event's size, place in tril_heads and transform, whether rows are
 * scaled, floor or none
 */
enum { DIAGONAL = 4 * 1, PRECISION = 4 * 2, LOW_RANK = 4 * 3, STUDENT = 4 * 6 };

static tril_dist head(const op_case *row, tril_var raw)
{
    const int *number = row->number;
    const tril_head_opts opts = { .kind = tril_heads[number[1] / 4],
                                  .diagonal = (tril_diagonal_transform)(number[1] % 4),
                                  .relative_off_diagonal = number[2],
                                  .rank = 2,
                                  .floor = number[3] ? 0.25 : TRIL_NO_FLOOR };
    /* few degrees of freedom: many are as good as any number */
    static const tril_real shift[21] = { [20] = -6 };
    size_t d = (size_t)number[0], t = tril_head_width(d, &opts) - 1;
    if (opts.kind == &tril_head_student)
        raw = tril_add(raw, tril_input(raw.tape, shift + 20 - t, TRIL_SHAPE(t + 1)));
    return tril_head(raw, d, &opts);
}

static tril_var log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_log_prob(head(user, in[0]), in[1]);
}

/* the factor is not to be had by itself; the covariance is made from it */
static tril_var covariance(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_dist_covariance(head(user, in[0]));
}

static tril_var entropy(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_entropy(head(user, in[0]));
}

#define LOG_DIAGONAL(what, raw, out, ...)                                                          \
    {                                                                                              \
        "head_log_diagonal", what, entropy, 1, { raw }, out, .number = { __VA_ARGS__ }             \
    }
#define LOG_PROB(what, raw, y, out, ...)                                                           \
    {                                                                                              \
        "head_log_prob", what, log_prob, 2, { raw, y }, out, .number = { __VA_ARGS__ }             \
    }
#define FACTOR(what, raw, out, ...)                                                                \
    {                                                                                              \
        "head_factor", what, covariance, 1, { raw }, out, .number = { __VA_ARGS__ }                \
    }

/* every transform, rows as they are or scaled, floor or not: d = 3, four rows */
#define EACH(X)                                                                                    \
    X("elu", TRIL_DIAGONAL_ELU, 0, 0)                                                              \
    X("elu, floor", TRIL_DIAGONAL_ELU, 0, 1)                                                       \
    X("elu, scaled", TRIL_DIAGONAL_ELU, 1, 0)                                                      \
    X("elu, scaled, floor", TRIL_DIAGONAL_ELU, 1, 1)                                               \
    X("exp", TRIL_DIAGONAL_EXP, 0, 0)                                                              \
    X("exp, floor", TRIL_DIAGONAL_EXP, 0, 1)                                                       \
    X("exp, scaled", TRIL_DIAGONAL_EXP, 1, 0)                                                      \
    X("exp, scaled, floor", TRIL_DIAGONAL_EXP, 1, 1)                                               \
    X("softplus", TRIL_DIAGONAL_SOFTPLUS, 0, 0)                                                    \
    X("softplus, floor", TRIL_DIAGONAL_SOFTPLUS, 0, 1)                                             \
    X("softplus, scaled", TRIL_DIAGONAL_SOFTPLUS, 1, 0)                                            \
    X("softplus, scaled, floor", TRIL_DIAGONAL_SOFTPLUS, 1, 1)

#define EACH_LOG_PROB(what, ...) LOG_PROB(what, S(4, 9), S(4, 3), S(4), 3, __VA_ARGS__),
#define EACH_LOG_DIAGONAL(what, ...) LOG_DIAGONAL(what, S(4, 9), S(4), 3, __VA_ARGS__),
#define EACH_FACTOR(what, ...) FACTOR(what, S(4, 9), S(4, 3, 3), 3, __VA_ARGS__),

const op_case nn_cases[] = {
    LOG_PROB("no batch", S(9), S(3), { 0 }, 3, TRIL_DIAGONAL_ELU, 0, 1),
    LOG_PROB("raw shared", S(9), S(4, 3), S(4), 3, TRIL_DIAGONAL_ELU, 0, 1),
    LOG_PROB("y shared", S(4, 9), S(3), S(4), 3, TRIL_DIAGONAL_ELU, 0, 1),
    LOG_PROB("raw shared, scaled", S(9), S(4, 3), S(4), 3, TRIL_DIAGONAL_EXP, 1, 0),
    LOG_PROB("a grid", S(3, 1, 5), S(2, 2), S(3, 2), 2, TRIL_DIAGONAL_SOFTPLUS, 0, 1),
    LOG_PROB("three batch axes", S(2, 1, 2, 5), S(3, 1, 2), S(2, 3, 2), 2, TRIL_DIAGONAL_ELU, 1, 1),
    LOG_PROB("one row", S(1, 9), S(1, 3), S(1), 3, TRIL_DIAGONAL_ELU, 0, 1),
    LOG_PROB("no rows", S(0, 9), S(0, 3), S(0), 3, TRIL_DIAGONAL_ELU, 0, 1),
    LOG_PROB("no rows, raw shared", S(9), S(0, 3), S(0), 3, TRIL_DIAGONAL_ELU, 0, 1),
    LOG_PROB("d = 1", S(4, 2), S(4, 1), S(4), 1, TRIL_DIAGONAL_ELU, 1, 1),
    LOG_PROB("d = 5", S(2, 20), S(2, 5), S(2), 5, TRIL_DIAGONAL_EXP, 0, 1),
    LOG_PROB("diagonal", S(4, 6), S(4, 3), S(4), 3, DIAGONAL + TRIL_DIAGONAL_EXP, 0, 1),
    LOG_PROB("diagonal, raw shared", S(6), S(4, 3), S(4), 3, DIAGONAL, 1, 0),
    LOG_PROB("diagonal, no rows", S(0, 6), S(0, 3), S(0), 3, DIAGONAL, 0, 1),
    LOG_PROB("precision", S(4, 9), S(4, 3), S(4), 3, PRECISION, 0, 1),
    LOG_PROB("precision, scaled", S(3, 5), S(3, 2), S(3), 2, PRECISION + TRIL_DIAGONAL_EXP, 1, 1),
    LOG_PROB("precision, raw shared", S(9), S(4, 3), S(4), 3, PRECISION, 1, 1),
    LOG_PROB("precision, d = 1", S(4, 2), S(4, 1), S(4), 1, PRECISION, 0, 0),
    LOG_PROB("precision, no rows", S(0, 9), S(0, 3), S(0), 3, PRECISION, 0, 1),
    LOG_PROB("low rank", S(4, 12), S(4, 3), S(4), 3, LOW_RANK + TRIL_DIAGONAL_SOFTPLUS, 0, 1),
    LOG_PROB("low rank, raw shared", S(12), S(4, 3), S(4), 3, LOW_RANK, 0, 0),
    LOG_PROB("low rank, y shared", S(2, 12), S(3), S(2), 3, LOW_RANK, 0, 1),
    LOG_PROB("low rank, d = 1", S(4, 4), S(4, 1), S(4), 1, LOW_RANK, 0, 1),
    LOG_PROB("low rank, no rows", S(0, 12), S(0, 3), S(0), 3, LOW_RANK, 0, 1),
    LOG_PROB("student", S(4, 10), S(4, 3), S(4), 3, STUDENT, 0, 1),
    LOG_PROB("student, scaled", S(3, 6), S(3, 2), S(3), 2, STUDENT + TRIL_DIAGONAL_EXP, 1, 0),
    LOG_PROB("student, scaled, floor", S(4, 10), S(4, 3), S(4), 3, STUDENT, 1, 1),
    LOG_PROB("student, raw shared", S(10), S(4, 3), S(4), 3, STUDENT, 0, 1),
    LOG_PROB("student, y shared", S(4, 10), S(3), S(4), 3, STUDENT + TRIL_DIAGONAL_SOFTPLUS, 0, 0),
    LOG_PROB("student, a grid", S(3, 1, 6), S(2, 2), S(3, 2), 2, STUDENT, 0, 1),
    LOG_PROB("student, 9 rows", S(9, 3), S(9, 1), S(9), 1, STUDENT, 0, 1),
    LOG_PROB("student, d = 5", S(2, 21), S(2, 5), S(2), 5, STUDENT + TRIL_DIAGONAL_EXP, 0, 1),
    LOG_PROB("student, no rows", S(0, 10), S(0, 3), S(0), 3, STUDENT, 0, 1),
    FACTOR("student", S(4, 10), S(4, 3, 3), 3, STUDENT, 0, 1),
    FACTOR("student, scaled", S(4, 6), S(4, 2, 2), 2, STUDENT + TRIL_DIAGONAL_EXP, 1, 0),
    LOG_DIAGONAL("student", S(4, 10), S(4), 3, STUDENT, 0, 1),
    FACTOR("diagonal", S(4, 6), S(4, 3, 3), 3, DIAGONAL, 0, 1),
    FACTOR("precision", S(4, 9), S(4, 3, 3), 3, PRECISION, 0, 1),
    FACTOR("precision, scaled", S(4, 9), S(4, 3, 3), 3, PRECISION + TRIL_DIAGONAL_EXP, 1, 0),
    FACTOR("low rank", S(4, 12), S(4, 3, 3), 3, LOW_RANK + TRIL_DIAGONAL_EXP, 0, 1),
    FACTOR("low rank, no rows", S(0, 12), S(0, 3, 3), 3, LOW_RANK, 0, 1),
    LOG_DIAGONAL("precision", S(4, 9), S(4), 3, PRECISION, 0, 1),
    LOG_DIAGONAL("diagonal", S(4, 6), S(4), 3, DIAGONAL, 0, 1),
    FACTOR("no batch", S(9), S(3, 3), 3, TRIL_DIAGONAL_ELU, 0, 1),
    FACTOR("one row", S(1, 9), S(1, 3, 3), 3, TRIL_DIAGONAL_ELU, 1, 1),
    FACTOR("no rows", S(0, 9), S(0, 3, 3), 3, TRIL_DIAGONAL_ELU, 0, 1),
    FACTOR("two batch axes", S(3, 2, 5), S(3, 2, 2, 2), 2, TRIL_DIAGONAL_EXP, 1, 0),
    LOG_DIAGONAL("no rows", S(0, 9), S(0), 3, TRIL_DIAGONAL_ELU, 0, 1),
    EACH(EACH_LOG_PROB) EACH(EACH_LOG_DIAGONAL) EACH(EACH_FACTOR){ 0 },
};
