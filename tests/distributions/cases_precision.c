/* Gradient cases of the normal by its precision, and of what is made of normals' coordinates. */
#include <math.h>

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

/* y, of which the number in place i is missing where bit i of number[0] is set */
static tril_var with_gaps(tril_tape *tape, tril_var y, int bits)
{
    size_t size = tril_size(y);
    tril_real *gaps = tril_tape_take(tape, size + 1, sizeof *gaps);
    for (size_t i = 0; i < size && gaps; i++)
        gaps[i] = bits >> i & 1 ? (tril_real)NAN : 0;
    return tril_add(y, tril_input_missing(tape, gaps, tril_shape_of(y)));
}

static tril_var observed(tril_tape *tape, const tril_var *in, void *user)
{
    tril_var y = with_gaps(tape, in[2], ((const op_case *)user)->number[0]);
    return tril_log_prob_missing(tril_mvn(in[0], in[1]), y);
}

static tril_var normal_observed(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    tril_var y = with_gaps(tape, in[2], row->number[0]);
    tril_dist p = tril_independent(tril_normal(in[0], in[1]), (size_t)row->number[1]);
    return tril_log_prob_missing(p, y);
}

/* bounds of numbers: bits 2 i and 2 i + 1 of number[0] say of number i whether it has a lower and
 * an upper one; with neither it is there */
static void put_bounds(tril_tape *tape, tril_shape shape, int bits, tril_var *low, tril_var *high)
{
    const size_t size = tril_shape_size(shape);
    tril_real *l = tril_tape_take(tape, size + 1, sizeof *l),
              *h = tril_tape_take(tape, size + 1, sizeof *h);
    for (size_t i = 0; i < size && l && h; i++) {
        const int own = bits >> 2 * i & 3;
        l[i] = own == 2 ? (tril_real)NAN : (tril_real)(0.1 * (double)(i % 7) - 0.2);
        h[i] = own == 1 ? (tril_real)NAN : l[i];
        if (own & 2)
            h[i] = (tril_real)(0.3 + 0.1 * (double)(i % 5));
    }
    *low = tril_input_missing(tape, l, shape);
    *high = tril_input_missing(tape, h, shape);
}

static tril_var censored(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    tril_var low, high;
    put_bounds(tape, row->in[0], row->number[0], &low, &high);
    return tril_log_prob_censored(tril_mvn(in[0], in[1]), low, high);
}

static tril_var normal_censored(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    tril_var low, high;
    put_bounds(tape, row->in[0], row->number[0], &low, &high);
    return tril_log_prob_censored(tril_mvn_diag(in[0], in[1]), low, high);
}

/* coordinate 1 given 2 and 0, at in[2] */
static tril_var conditional(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    const size_t index[2] = { 2, 0 };
    tril_dist p = tril_dist_conditional(tril_mvn(in[0], in[1]), index, 2, in[2]);
    return tril_dist_mean(p);
}

/* the diagonal of a factor is positive */
#define POSITIVE .low = 0.5, .high = 1.5

#define LOG_PROB(what, loc, precision_tril, y, out)                                                \
    {                                                                                              \
        "mvn_precision_log_prob", what, log_prob, 3, { loc, precision_tril, y }, out, POSITIVE     \
    }
#define SHARED(what, loc, precision_tril, y, out)                                                  \
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

#define OBSERVED(what, loc, scale_tril, y, out, gaps)                                              \
    {                                                                                              \
        "mvn_log_prob_missing", what, observed, 3, { loc, scale_tril, y }, out, POSITIVE,          \
        {                                                                                          \
            gaps                                                                                   \
        }                                                                                          \
    }
#define NORMAL_OBSERVED(what, loc, scale, y, out, gaps, axes)                                      \
    {                                                                                              \
        "normal_log_prob_missing", what, normal_observed, 3, { loc, scale, y }, out, POSITIVE,     \
        {                                                                                          \
            gaps, axes                                                                             \
        }                                                                                          \
    }
#define CENSORED(what, loc, scale_tril, out, bits)                                                 \
    {                                                                                              \
        "mvn_log_prob_censored", what, censored, 2, { loc, scale_tril }, out, POSITIVE,            \
        {                                                                                          \
            bits                                                                                   \
        }                                                                                          \
    }
#define NORMAL_CENSORED(what, loc, scale, out, bits)                                               \
    {                                                                                              \
        "normal_log_prob_censored", what, normal_censored, 2, { loc, scale }, out, POSITIVE,       \
        {                                                                                          \
            bits                                                                                   \
        }                                                                                          \
    }
#define CONDITIONAL(what, loc, scale_tril, y, out)                                                 \
    {                                                                                              \
        "lq", what, conditional, 3, { loc, scale_tril, y }, out, POSITIVE                          \
    }

const op_case precision_cases[] = {
    LOG_PROB("nothing batched", S(3), S(3, 3), S(3), { 0 }),
    LOG_PROB("all batched", S(4, 3), S(4, 3, 3), S(4, 3), S(4)),
    LOG_PROB("loc batched", S(4, 3), S(3, 3), S(3), S(4)),
    LOG_PROB("factor batched", S(3), S(4, 3, 3), S(3), S(4)),
    LOG_PROB("factor shared", S(4, 3), S(3, 3), S(4, 3), S(4)),
    LOG_PROB("y shared", S(4, 3), S(4, 3, 3), S(3), S(4)),
    LOG_PROB("one row stretched", S(1, 2), S(4, 2, 2), S(4, 2), S(4)),
    LOG_PROB("no rows at all", S(0, 3), S(0, 3, 3), S(0, 3), S(0)),
    SHARED("no rows", S(0, 3), S(3, 3), S(0, 3), S(0)),
    SHARED("one for nine rows", S(9, 3), S(3, 3), S(9, 3), S(9)),
    SHARED("loc shared too", S(3), S(1, 3, 3), S(9, 3), S(9)),
    SHARED("a grid", S(3, 1, 2), S(2, 2), S(3, 2), S(3, 3)),
    SHARED("more than a tile", S(70, 2), S(2, 2), S(2), S(70)),
    SHARED("d = 1", S(9, 1), S(1, 1), S(1, 1), S(9)),
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
    OBSERVED("the first missing", S(3), S(3, 3), S(3), { 0 }, 1),
    OBSERVED("the second missing", S(3), S(3, 3), S(3), { 0 }, 2),
    OBSERVED("the last missing", S(3), S(3, 3), S(3), { 0 }, 4),
    OBSERVED("only the last there", S(3), S(3, 3), S(3), { 0 }, 3),
    OBSERVED("nothing there", S(3), S(3, 3), S(3), { 0 }, 7),
    OBSERVED("all there", S(2, 3), S(2, 3, 3), S(2, 3), S(2), 0),
    OBSERVED("all batched", S(4, 3), S(4, 3, 3), S(4, 3), S(4), 0x51f),
    OBSERVED("factor shared", S(4, 3), S(3, 3), S(4, 3), S(4), 0x1a5),
    OBSERVED("loc and factor shared", S(3), S(3, 3), S(4, 3), S(4), 0x1a5),
    OBSERVED("y shared", S(4, 3), S(4, 3, 3), S(3), S(4), 2),
    OBSERVED("a grid", S(3, 1, 2), S(3, 1, 2, 2), S(4, 2), S(3, 4), 0x26),
    OBSERVED("d = 1", S(4, 1), S(4, 1, 1), S(4, 1), S(4), 5),
    OBSERVED("d = 4", S(2, 4), S(2, 4, 4), S(2, 4), S(2), 0x29),
    OBSERVED("no rows", S(0, 3), S(3, 3), S(0, 3), S(0), 0),
    NORMAL_OBSERVED("numbers", S(4), S(4), S(4), S(4), 5, 0),
    NORMAL_OBSERVED("vectors, scale shared", S(4, 3), S(3), S(4, 3), S(4), 0x51f, 1),
    NORMAL_OBSERVED("vectors, y shared", S(4, 3), S(4, 3), S(3), S(4), 2, 1),
    NORMAL_OBSERVED("no rows", S(0, 3), S(3), S(0, 3), S(0), 0, 1),
    CENSORED("all there", S(3), S(3, 3), { 0 }, 0),
    CENSORED("the first below", S(3), S(3, 3), { 0 }, 2),
    CENSORED("the second above", S(3), S(3, 3), { 0 }, 4),
    CENSORED("the last between", S(3), S(3, 3), { 0 }, 0x30),
    CENSORED("the first two, one side each", S(3), S(3, 3), { 0 }, 6),
    CENSORED("the first and the last between", S(3), S(3, 3), { 0 }, 0x33),
    CENSORED("the last two", S(3), S(3, 3), { 0 }, 0x24),
    CENSORED("both of two", S(2), S(2, 2), { 0 }, 0xd),
    CENSORED("a batch", S(4, 2), S(4, 2, 2), S(4), 0xd9),
    CENSORED("factor shared", S(4, 2), S(2, 2), S(4), 0x6d),
    CENSORED("d = 1", S(4, 1), S(4, 1, 1), S(4), 0xe4),
    CENSORED("no rows", S(0, 3), S(3, 3), S(0), 0),
    NORMAL_CENSORED("vectors", S(4, 3), S(4, 3), S(4), 0xe4d9b6),
    NORMAL_CENSORED("scale shared", S(4, 3), S(3), S(4), 0x39e4d),
    NORMAL_CENSORED("no rows", S(0, 3), S(3), S(0), 0),
    CONDITIONAL("a conditional", S(2, 3), S(2, 3, 3), S(2, 2), S(2, 1)),
    CONDITIONAL("a conditional, factor shared", S(2, 3), S(3, 3), S(2, 2), S(2, 1)),
    CONDITIONAL("a conditional of one", S(3), S(3, 3), S(2), S(1)),
    CONDITIONAL("conditionals of nothing", S(0, 3), S(3, 3), S(0, 2), S(0, 1)),
    { 0 },
};
