/* Gradient cases of the normal by its precision, and of what is made of normals' coordinates. */
#include "ops/cases.h"

static tril_var log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_log_prob(tril_mvn_precision_tril(in[0], in[1]), in[2]);
}

/* number[0] draws, the same ones each time */
static tril_var rsample(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    *tril_ctx_random(tril_tape_ctx(tape)) = tril_random_stream(5, 0);
    return tril_rsample(tril_mvn_precision_tril(in[0], in[1]), (size_t)row->number[0]);
}

/* the diagonal of a factor is positive */
#define POSITIVE .low = 0.5, .high = 1.5

#define LOG_PROB(what, loc, precision_tril, y, out)                                                \
    {                                                                                              \
        "mvn_precision_log_prob", what, log_prob, 3, { loc, precision_tril, y }, out, POSITIVE     \
    }
#define RSAMPLE(what, loc, precision_tril, out, n)                                                 \
    {                                                                                              \
        "mvn_precision_rsample", what, rsample, 2, { loc, precision_tril }, out, POSITIVE,         \
        {                                                                                          \
            n                                                                                      \
        }                                                                                          \
    }

const op_case precision_cases[] = {
    LOG_PROB("nothing batched", S(3), S(3, 3), S(3), { 0 }),
    LOG_PROB("all batched", S(4, 3), S(4, 3, 3), S(4, 3), S(4)),
    LOG_PROB("loc batched", S(4, 3), S(3, 3), S(3), S(4)),
    LOG_PROB("factor batched", S(3), S(4, 3, 3), S(3), S(4)),
    LOG_PROB("factor shared", S(4, 3), S(3, 3), S(4, 3), S(4)),
    LOG_PROB("y shared", S(4, 3), S(4, 3, 3), S(3), S(4)),
    LOG_PROB("one row stretched", S(1, 2), S(4, 2, 2), S(4, 2), S(4)),
    LOG_PROB("no rows", S(0, 3), S(3, 3), S(0, 3), S(0)),
    LOG_PROB("a grid", S(3, 1, 2), S(3, 1, 2, 2), S(4, 2), S(3, 4)),
    LOG_PROB("d = 1", S(4, 1), S(4, 1, 1), S(4, 1), S(4)),
    LOG_PROB("d = 5", S(2, 5), S(2, 5, 5), S(2, 5), S(2)),
    RSAMPLE("one draw", S(3), S(3, 3), S(3), 0),
    RSAMPLE("all batched", S(4, 3), S(4, 3, 3), S(4, 3), 0),
    RSAMPLE("several draws", S(4, 3), S(4, 3, 3), S(2, 4, 3), 2),
    RSAMPLE("loc shared", S(2), S(4, 2, 2), S(3, 4, 2), 3),
    RSAMPLE("factor shared", S(4, 2), S(2, 2), S(4, 2), 0),
    RSAMPLE("a grid", S(3, 1, 2), S(4, 2, 2), S(3, 4, 2), 0),
    RSAMPLE("one row", S(1, 3), S(1, 3, 3), S(1, 3), 0),
    RSAMPLE("no rows", S(0, 3), S(3, 3), S(2, 0, 3), 2),
    RSAMPLE("d = 1", S(4, 1), S(1, 1), S(4, 1), 0),
    { 0 },
};
