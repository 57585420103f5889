/* Gradient cases of the low-rank normal's operations. */
#include "ops/cases.h"

static tril_var log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_log_prob(tril_mvn_low_rank(in[0], in[1], in[2]), in[3]);
}

/* number[0] draws, the same ones each time */
static tril_var rsample(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    *tril_ctx_random(tril_tape_ctx(tape)) = tril_random_stream(5, 0);
    return tril_rsample(tril_mvn_low_rank(in[0], in[1], in[2]), (size_t)row->number[0]);
}

/* diag is positive */
#define POSITIVE .low = 0.4, .high = 2.5

#define LOG_PROB(what, loc, factor, diag, y, out)                                                  \
    {                                                                                              \
        "low_rank_log_prob", what, log_prob, 4, { loc, factor, diag, y }, out, POSITIVE            \
    }
#define RSAMPLE(what, loc, factor, diag, out, n)                                                   \
    {                                                                                              \
        "low_rank_rsample", what, rsample, 3, { loc, factor, diag }, out, POSITIVE, .number = {    \
            n                                                                                      \
        }                                                                                          \
    }

const op_case low_rank_cases[] = {
    LOG_PROB("nothing batched", S(3), S(3, 2), S(3), S(3), { 0 }),
    LOG_PROB("all batched", S(4, 2), S(4, 2, 1), S(4, 2), S(4, 2), S(4)),
    LOG_PROB("loc batched", S(4, 3), S(3, 1), S(3), S(3), S(4)),
    LOG_PROB("factor batched", S(3), S(4, 3, 1), S(3), S(3), S(4)),
    LOG_PROB("diag batched", S(3), S(3, 2), S(4, 3), S(3), S(4)),
    LOG_PROB("factor and diag shared", S(4, 3), S(3, 2), S(3), S(4, 3), S(4)),
    LOG_PROB("y shared", S(4, 3), S(4, 3, 2), S(4, 3), S(3), S(4)),
    LOG_PROB("one row stretched", S(1, 2), S(4, 2, 1), S(1, 2), S(4, 2), S(4)),
    LOG_PROB("no rows", S(0, 3), S(3, 2), S(3), S(0, 3), S(0)),
    LOG_PROB("a grid", S(3, 1, 2), S(3, 1, 2, 2), S(4, 2), S(4, 2), S(3, 4)),
    LOG_PROB("d = 1", S(4, 1), S(4, 1, 1), S(4, 1), S(4, 1), S(4)),
    LOG_PROB("more factors than targets", S(2, 2), S(2, 2, 3), S(2, 2), S(2, 2), S(2)),
    RSAMPLE("one draw", S(3), S(3, 2), S(3), S(3), 0),
    RSAMPLE("all batched", S(4, 3), S(4, 3, 2), S(4, 3), S(4, 3), 0),
    RSAMPLE("several draws", S(4, 3), S(4, 3, 2), S(4, 3), S(2, 4, 3), 2),
    RSAMPLE("factor shared", S(4, 2), S(2, 1), S(2), S(4, 2), 0),
    RSAMPLE("a grid", S(3, 1, 2), S(4, 2, 2), S(2), S(3, 4, 2), 0),
    RSAMPLE("no rows", S(0, 3), S(3, 2), S(3), S(2, 0, 3), 2),
    { 0 },
};
