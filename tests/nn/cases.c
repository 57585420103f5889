/* Gradient cases of the heads' operations: each diagonal transform, rows scaled or not, batches. */
#include "ops/cases.h"

/* what number[] holds: the event's size, the transform, whether rows are scaled, floor or none */
static tril_dist head(const op_case *row, tril_var raw)
{
    const int *number = row->number;
    const tril_head_opts opts = { .diagonal = (tril_diagonal_transform)number[1],
                                      .row_scaled = number[2],
                                      .floor = number[3] ? 0.25 : TRIL_NO_FLOOR };
    return tril_head(raw, (size_t)number[0], &opts);
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
        "head_log_diagonal", what, entropy, 1, { raw }, out, .number = { __VA_ARGS__ }         \
    }
#define LOG_PROB(what, raw, y, out, ...)                                                           \
    {                                                                                              \
        "head_log_prob", what, log_prob, 2, { raw, y }, out, .number = { __VA_ARGS__ }         \
    }
#define SCALE_TRIL(what, raw, out, ...)                                                            \
    {                                                                                              \
        "head_scale_tril", what, covariance, 1, { raw }, out, .number = { __VA_ARGS__ }        \
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
#define EACH_SCALE_TRIL(what, ...) SCALE_TRIL(what, S(4, 9), S(4, 3, 3), 3, __VA_ARGS__),

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
    SCALE_TRIL("no batch", S(9), S(3, 3), 3, TRIL_DIAGONAL_ELU, 0, 1),
    SCALE_TRIL("one row", S(1, 9), S(1, 3, 3), 3, TRIL_DIAGONAL_ELU, 1, 1),
    SCALE_TRIL("no rows", S(0, 9), S(0, 3, 3), 3, TRIL_DIAGONAL_ELU, 0, 1),
    SCALE_TRIL("two batch axes", S(3, 2, 5), S(3, 2, 2, 2), 2, TRIL_DIAGONAL_EXP, 1, 0),
    LOG_DIAGONAL("no rows", S(0, 9), S(0), 3, TRIL_DIAGONAL_ELU, 0, 1),
    EACH(EACH_LOG_PROB) EACH(EACH_LOG_DIAGONAL) EACH(EACH_SCALE_TRIL){ 0 },
};
