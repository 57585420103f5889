/* Gradient cases of the distributions' operations: every way in which operands can share rows. */
#include "ops/cases.h"

static tril_var log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_log_prob(tril_mvn(in[0], in[1]), in[2]);
}

/* number[0] draws, the same ones each time */
static tril_var rsample(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    *tril_ctx_random(tril_tape_ctx(tape)) = tril_random_stream(5, 0);
    return tril_rsample(tril_mvn(in[0], in[1]), (size_t)row->number[0]);
}

static tril_var normal_log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    tril_dist p = tril_normal(in[0], in[1]);
    return tril_log_prob(tril_independent(p, (size_t)((const op_case *)user)->number[0]), in[2]);
}

static tril_var normal_cdf(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_cdf(tril_normal(in[0], in[1]), in[2]);
}

static tril_var normal_rsample(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    *tril_ctx_random(tril_tape_ctx(tape)) = tril_random_stream(5, 0);
    return tril_rsample(tril_normal(in[0], in[1]), (size_t)row->number[0]);
}

#define NORMAL(op, what, loc, scale, y, out, ...)                                                  \
    {                                                                                              \
        "normal_" #op, what, normal_##op, 3, { loc, scale, y }, out, POSITIVE, .number = {         \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
static tril_var normal_kl(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    size_t n = (size_t)((const op_case *)user)->number[0];
    return tril_kl(tril_independent(tril_normal(in[0], in[1]), n),
                   tril_independent(tril_normal(in[2], in[3]), n));
}

static tril_var mvn_kl(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_kl(tril_mvn(in[0], in[1]), tril_mvn(in[2], in[3]));
}

#define KL(op, what, loc_p, scale_p, loc_q, scale_q, out, ...)                                     \
    {                                                                                              \
#op, what, op, 4,                                                                          \
            { loc_p, scale_p, loc_q, scale_q }, out, POSITIVE,                                     \
              .number = {                                                                          \
                  __VA_ARGS__ }                                                                    \
    }
#define NORMAL_RSAMPLE(what, loc, scale, out, n)                                                   \
    {                                                                                              \
        "normal_rsample", what, normal_rsample, 2, { loc, scale }, out, POSITIVE, .number = { n }  \
    }

/* the diagonal of scale_tril is positive */
#define POSITIVE .low = 0.5, .high = 1.5

#define LOG_PROB(what, loc, scale_tril, y, out)                                                    \
    {                                                                                              \
        "mvn_log_prob", what, log_prob, 3, { loc, scale_tril, y }, out, POSITIVE                   \
    }
/* by a factor near the identity, and of the size of 1, so that finite differences have digits */
static tril_var large_log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    static tril_real ones[13] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    (void)user;
    tril_var identity = tril_diag_embed(tril_input(tape, ones, TRIL_SHAPE(13)));
    tril_var factor = tril_add(identity, tril_mul(in[1], tril_scalar(tape, (tril_real)0.125)));
    tril_var log_prob = tril_log_prob(tril_mvn(in[0], factor), in[2]);
    return tril_mul(log_prob, tril_scalar(tape, (tril_real)0.0625));
}

#define LARGE(what, loc, scale_tril, y, out)                                                       \
    {                                                                                              \
        "mvn_log_prob", what, large_log_prob, 3, { loc, scale_tril, y }, out                       \
    }
#define SHARED(what, loc, scale_tril, y, out)                                                      \
    {                                                                                              \
        "mvn_log_prob", what, large_log_prob, 3, { loc, scale_tril, y }, out                       \
    }
#define RSAMPLE(what, loc, scale_tril, out, n)                                                     \
    {                                                                                              \
        "mvn_rsample", what, rsample, 2, { loc, scale_tril }, out, POSITIVE,                       \
        {                                                                                          \
            n                                                                                      \
        }                                                                                          \
    }

const op_case dist_cases[] = {
    LOG_PROB("nothing batched", S(3), S(3, 3), S(3), { 0 }),
    LOG_PROB("all batched", S(4, 3), S(4, 3, 3), S(4, 3), S(4)),
    LOG_PROB("loc batched", S(4, 3), S(3, 3), S(3), S(4)),
    LOG_PROB("scale_tril batched", S(3), S(4, 3, 3), S(3), S(4)),
    LOG_PROB("y batched", S(3), S(3, 3), S(4, 3), S(4)),
    LOG_PROB("loc shared", S(3), S(4, 3, 3), S(4, 3), S(4)),
    LOG_PROB("scale_tril shared", S(4, 3), S(3, 3), S(4, 3), S(4)),
    LOG_PROB("y shared", S(4, 3), S(4, 3, 3), S(3), S(4)),
    LOG_PROB("one row", S(1, 3), S(1, 3, 3), S(1, 3), S(1)),
    LOG_PROB("one row stretched", S(1, 2), S(4, 2, 2), S(4, 2), S(4)),
    SHARED("no rows", S(0, 13), S(13, 13), S(0, 13), S(0)),
    LOG_PROB("no rows", S(0, 3), S(3, 3), S(0, 3), S(0)),
    LOG_PROB("no rows at all", S(0, 3), S(0, 3, 3), S(0, 3), S(0)),
    LOG_PROB("two batch axes", S(2, 3, 2), S(3, 2, 2), S(2, 1, 2), S(2, 3)),
    LOG_PROB("a grid", S(3, 1, 2), S(3, 1, 2, 2), S(4, 2), S(3, 4)),
    LOG_PROB("three batch axes", S(2, 1, 2, 2), S(2, 2, 2), S(3, 1, 2), S(2, 3, 2)),
    LOG_PROB("d = 1", S(4, 1), S(4, 1, 1), S(4, 1), S(4)),
    LOG_PROB("d = 5", S(2, 5), S(2, 5, 5), S(2, 5), S(2)),
    LOG_PROB("more rows than lanes", S(37, 2), S(37, 2, 2), S(37, 2), S(37)),
    LOG_PROB("more than few lanes", S(9, 2), S(9, 2, 2), S(9, 2), S(9)),
    LOG_PROB("no factors", S(0, 3), S(0, 3, 3), S(0, 3), S(0)),
    LARGE("d = 13", S(13), S(13, 13), S(13), { 0 }),
    LARGE("d = 13, loc and y batched", S(2, 13), S(1, 13, 13), S(3, 1, 13), S(3, 2)),
    LARGE("d = 13, no rows", S(13), S(0, 13, 13), S(13), S(0)),
    SHARED("one for nine rows", S(9, 13), S(13, 13), S(9, 13), S(9)),
    SHARED("loc shared too", S(13), S(1, 13, 13), S(9, 13), S(9)),
    SHARED("y shared too", S(9, 13), S(13, 13), S(13), S(9)),
    SHARED("a grid", S(4, 1, 13), S(13, 13), S(3, 13), S(4, 3)),
    SHARED("three batch axes", S(2, 1, 2, 13), S(13, 13), S(3, 1, 13), S(2, 3, 2)),
    LOG_PROB("one for nine rows", S(9, 3), S(3, 3), S(9, 3), S(9)),
    LOG_PROB("one for nine rows, loc shared too", S(3), S(1, 3, 3), S(9, 3), S(9)),
    LOG_PROB("one for nine rows, y shared too", S(9, 2), S(2, 2), S(2), S(9)),
    LOG_PROB("one for a grid", S(4, 1, 2), S(2, 2), S(3, 2), S(4, 3)),
    LOG_PROB("one for more rows than lanes", S(70, 2), S(2, 2), S(2), S(70)),
    LOG_PROB("one for three batch axes", S(2, 1, 2, 2), S(2, 2), S(3, 1, 2), S(2, 3, 2)),
    LOG_PROB("one, d = 1", S(9, 1), S(1, 1), S(1, 1), S(9)),
    RSAMPLE("one draw", S(3), S(3, 3), S(3), 0),
    RSAMPLE("n = 1", S(3), S(3, 3), S(1, 3), 1),
    RSAMPLE("all batched", S(4, 3), S(4, 3, 3), S(4, 3), 0),
    RSAMPLE("several draws", S(4, 3), S(4, 3, 3), S(2, 4, 3), 2),
    RSAMPLE("loc shared", S(2), S(4, 2, 2), S(3, 4, 2), 3),
    RSAMPLE("scale_tril shared", S(4, 2), S(2, 2), S(4, 2), 0),
    RSAMPLE("a grid", S(3, 1, 2), S(4, 2, 2), S(3, 4, 2), 0),
    RSAMPLE("one row", S(1, 3), S(1, 3, 3), S(1, 3), 0),
    RSAMPLE("no rows", S(0, 3), S(3, 3), S(2, 0, 3), 2),
    RSAMPLE("d = 1", S(4, 1), S(1, 1), S(4, 1), 0),
    NORMAL(log_prob, "numbers", { 0 }, { 0 }, { 0 }, { 0 }, 0),
    NORMAL(log_prob, "all batched", S(4), S(4), S(4), S(4), 0),
    NORMAL(log_prob, "loc shared", { 0 }, S(4), S(4), S(4), 0),
    NORMAL(log_prob, "scale shared", S(4), S(1), S(4), S(4), 0),
    NORMAL(log_prob, "y shared", S(2, 1), S(1, 3), { 0 }, S(2, 3), 0),
    NORMAL(log_prob, "an event", S(4, 3), S(4, 3), S(4, 3), S(4), 1),
    NORMAL(log_prob, "an event, scale shared", S(4, 3), S(3), S(4, 3), S(4), 1),
    NORMAL(log_prob, "an event, loc shared within", S(4, 1), S(4, 3), S(3), S(4), 1),
    NORMAL(log_prob, "an event of rank 2", S(2, 2, 3), S(2, 3), S(2, 2, 3), S(2), 2),
    NORMAL(log_prob, "all an event", S(2, 3), S(3), S(4, 2, 3), S(4), 2),
    NORMAL(log_prob, "one row", S(1, 3), S(1, 3), S(1, 3), S(1), 1),
    NORMAL(log_prob, "no rows", S(0, 3), S(3), S(0, 3), S(0), 1),
    NORMAL(log_prob, "an event of nothing", S(4, 0), S(4, 0), S(4, 0), S(4), 1),
    NORMAL(cdf, "all batched", S(4), S(4), S(4), S(4), 0),
    NORMAL(cdf, "loc and scale shared", S(2, 1), { 0 }, S(3), S(2, 3), 0),
    NORMAL(cdf, "one row", S(1), S(1), S(1), S(1), 0),
    NORMAL(cdf, "no rows", S(0), S(1), S(0), S(0), 0),
    KL(normal_kl, "numbers", { 0 }, { 0 }, { 0 }, { 0 }, { 0 }, 0),
    KL(normal_kl, "all batched", S(4), S(4), S(4), S(4), S(4), 0),
    KL(normal_kl, "q shared", S(4), S(4), { 0 }, S(1), S(4), 0),
    KL(normal_kl, "p shared, an event", S(3), S(3), S(4, 3), S(4, 3), S(4), 1),
    KL(normal_kl, "a grid of events", S(2, 1, 2), S(2), S(3, 2), S(3, 2), S(2, 3), 1),
    KL(normal_kl, "one row", S(1, 2), S(1, 2), S(1, 2), S(1, 2), S(1), 1),
    KL(normal_kl, "no rows", S(0, 2), S(2), S(0, 2), S(2), S(0), 1),
    KL(mvn_kl, "nothing batched", S(3), S(3, 3), S(3), S(3, 3), { 0 }, 0),
    KL(mvn_kl, "all batched", S(2, 3), S(2, 3, 3), S(2, 3), S(2, 3, 3), S(2), 0),
    KL(mvn_kl, "q shared", S(2, 3), S(2, 3, 3), S(3), S(3, 3), S(2), 0),
    KL(mvn_kl, "factors shared", S(2, 3), S(3, 3), S(2, 3), S(3, 3), S(2), 0),
    KL(mvn_kl, "a grid", S(2, 1, 2), S(2, 2), S(3, 2), S(3, 2, 2), S(2, 3), 0),
    KL(mvn_kl, "d = 1", S(4, 1), S(4, 1, 1), S(1), S(1, 1), S(4), 0),
    KL(mvn_kl, "one row", S(1, 2), S(1, 2, 2), S(1, 2), S(1, 2, 2), S(1), 0),
    KL(mvn_kl, "no rows", S(0, 2), S(2, 2), S(0, 2), S(2, 2), S(0), 0),
    NORMAL_RSAMPLE("one draw", S(3), S(3), S(3), 0),
    NORMAL_RSAMPLE("several draws", S(2, 3), S(3), S(4, 2, 3), 4),
    NORMAL_RSAMPLE("loc shared", { 0 }, S(2, 1), S(3, 2, 1), 3),
    NORMAL_RSAMPLE("one row", S(1), S(1), S(1), 0),
    NORMAL_RSAMPLE("no rows", S(0, 3), S(3), S(2, 0, 3), 2),
    { 0 },
};
