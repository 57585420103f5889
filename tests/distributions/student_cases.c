/* Gradient cases of Student's t: degrees of freedom shared or not beside all else. */
#include "ops/cases.h"

static tril_var log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    tril_dist p = tril_student_t(in[0], in[1], in[2]);
    return tril_log_prob(tril_independent(p, (size_t)((const op_case *)user)->number[0]), in[3]);
}

static tril_var mvt_log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_log_prob(tril_mvt(in[0], in[1], in[2]), in[3]);
}

static tril_var entropy(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_entropy(tril_student_t(in[0], tril_scalar(in[0].tape, 1), in[1]));
}

static tril_var mvt_entropy(tril_tape *tape, const tril_var *in, void *user)
{
    (void)user;
    static const tril_real loc[3];
    tril_shape shape = tril_shape_of(in[1]);
    size_t d = shape.rank ? shape.dim[shape.rank - 1] : 0;
    return tril_entropy(tril_mvt(in[0], tril_input(tape, loc, TRIL_SHAPE(d)), in[1]));
}

static tril_var variance(tril_tape *tape, const tril_var *in, void *user)
{
    (void)user;
    /* degrees of freedom from 2.5 on */
    tril_var df = tril_add(in[0], tril_scalar(tape, 2));
    return tril_dist_variance(tril_student_t(df, tril_scalar(tape, 0), in[1]));
}

/* ---- df is a constant: number[1] of them, 0 for a scalar */

static tril_var constant_df(tril_tape *tape, const op_case *row)
{
    static const tril_real df[4] = { .7f, 3, 1.5f, 20 };
    size_t n = (size_t)row->number[1];
    return tril_input(tape, df, n ? TRIL_SHAPE(n) : (tril_shape){ 0 });
}

static tril_var cdf(tril_tape *tape, const tril_var *in, void *user)
{
    return tril_cdf(tril_student_t(constant_df(tape, user), in[0], in[1]), in[2]);
}

/* number[0] draws, the same ones each time */
static tril_var rsample(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    *tril_ctx_random(tril_tape_ctx(tape)) = tril_random_stream(5, 0);
    return tril_rsample(tril_student_t(constant_df(tape, row), in[0], in[1]),
                        (size_t)row->number[0]);
}

static tril_var mvt_rsample(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    *tril_ctx_random(tril_tape_ctx(tape)) = tril_random_stream(5, 0);
    return tril_rsample(tril_mvt(constant_df(tape, row), in[0], in[1]), (size_t)row->number[0]);
}

/* of y the number in place i is missing where bit i of number[0] is set */
static tril_var mvt_observed(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    size_t size = tril_size(in[3]);
    tril_real *gaps = tril_tape_take(tape, size + 1, sizeof *gaps);
    for (size_t i = 0; i < size && gaps; i++)
        gaps[i] = row->number[0] >> i & 1 ? (tril_real)NAN : 0;
    tril_var y = tril_add(in[3], tril_input_missing(tape, gaps, tril_shape_of(in[3])));
    return tril_log_prob_missing(tril_mvt(in[0], in[1], in[2]), y);
}

/* the density of coordinate 1 given 2 and 0, at in[3] */
static tril_var mvt_conditional(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    const size_t index[2] = { 2, 0 };
    tril_var given = tril_slice(in[3], -1, 0, 2), left = tril_slice(in[3], -1, 2, 1);
    return tril_log_prob(tril_dist_conditional(tril_mvt(in[0], in[1], in[2]), index, 2, given),
                         left);
}

/* scales, and degrees of freedom */
#define POSITIVE .low = 0.5, .high = 1.5

#define LOG_PROB(what, df, loc, scale, y, out, n)                                                  \
    {                                                                                              \
        "student_t_log_prob", what, log_prob, 4, { df, loc, scale, y }, out, POSITIVE,             \
        {                                                                                          \
            n                                                                                      \
        }                                                                                          \
    }
#define MVT(what, df, loc, scale_tril, y, out)                                                     \
    {                                                                                              \
        "mvt_log_prob", what, mvt_log_prob, 4, { df, loc, scale_tril, y }, out, POSITIVE           \
    }
#define OBSERVED(what, df, loc, scale_tril, y, out, gaps)                                          \
    {                                                                                              \
        "mvt_log_prob_missing", what, mvt_observed, 4, { df, loc, scale_tril, y }, out, POSITIVE,  \
        {                                                                                          \
            gaps                                                                                   \
        }                                                                                          \
    }
#define CONDITIONAL(what, df, loc, scale_tril, y, out)                                             \
    {                                                                                              \
        "lq", what, mvt_conditional, 4, { df, loc, scale_tril, y }, out, POSITIVE                  \
    }
#define ENTROPY(what, f, df, scale, out)                                                           \
    {                                                                                              \
        "student_entropy", what, f, 2, { df, scale }, out, POSITIVE                                \
    }
#define CDF(what, n_df, loc, scale, y, out)                                                        \
    {                                                                                              \
        "student_t_cdf", what, cdf, 3, { loc, scale, y }, out, POSITIVE,                           \
        {                                                                                          \
            0, n_df                                                                                \
        }                                                                                          \
    }
#define RSAMPLE(op, what, f, n_df, loc, scale, out, n)                                             \
    {                                                                                              \
        op, what, f, 2, { loc, scale }, out, POSITIVE,                                             \
        {                                                                                          \
            n, n_df                                                                                \
        }                                                                                          \
    }

const op_case student_cases[] = {
    LOG_PROB("numbers", { 0 }, { 0 }, { 0 }, { 0 }, { 0 }, 0),
    LOG_PROB("all batched", S(4), S(4), S(4), S(4), S(4), 0),
    LOG_PROB("df shared", { 0 }, S(4), S(4), S(4), S(4), 0),
    LOG_PROB("loc shared", S(4), S(1), S(4), S(4), S(4), 0),
    LOG_PROB("a grid", S(2, 1, 1), S(3, 1), { 0 }, S(2), S(2, 3, 2), 0),
    LOG_PROB("an event", S(3), S(4, 3), S(4, 1), S(4, 3), S(4), 1),
    LOG_PROB("one row", S(1), S(1), S(1), S(1), S(1), 0),
    LOG_PROB("no rows", S(1), S(0), S(1), S(0), S(0), 0),
    MVT("nothing batched", { 0 }, S(3), S(3, 3), S(3), { 0 }),
    MVT("all batched", S(2), S(2, 3), S(2, 3, 3), S(2, 3), S(2)),
    MVT("df batched", S(4), S(2), S(2, 2), S(2), S(4)),
    MVT("df shared", { 0 }, S(2, 2), S(2, 2, 2), S(2, 2), S(2)),
    MVT("scale_tril shared", S(3), S(3, 2), S(2, 2), S(3, 2), S(3)),
    MVT("a grid", S(2, 1), S(3, 2), S(2, 1, 2, 2), S(2), S(2, 3)),
    MVT("d = 1", S(4), S(4, 1), S(4, 1, 1), S(4, 1), S(4)),
    MVT("one row", S(1), S(1, 2), S(1, 2, 2), S(1, 2), S(1)),
    MVT("no rows", S(1), S(0, 2), S(2, 2), S(0, 2), S(0)),
    OBSERVED("nothing batched", { 0 }, S(3), S(3, 3), S(3), { 0 }, 2),
    OBSERVED("all batched", S(3), S(3, 3), S(3, 3, 3), S(3, 3), S(3), 0x0aa),
    OBSERVED("nothing missing", S(2), S(2, 3), S(2, 3, 3), S(2, 3), S(2), 0),
    OBSERVED("all missing", S(2), S(2), S(2, 2), S(2, 2), S(2), 15),
    OBSERVED("df shared", { 0 }, S(2, 2), S(2, 2), S(2, 2), S(2), 6),
    OBSERVED("no rows", S(1), S(0, 2), S(2, 2), S(0, 2), S(0), 0),
    CONDITIONAL("a conditional", S(2), S(2, 3), S(2, 3, 3), S(2, 3), S(2)),
    CONDITIONAL("a conditional, df shared", { 0 }, S(3), S(3, 3), S(2, 3), S(2)),
    ENTROPY("numbers", entropy, S(4), S(4), S(4)),
    ENTROPY("df shared", entropy, { 0 }, S(4), S(4)),
    ENTROPY("no rows", entropy, S(0), S(1), S(0)),
    ENTROPY("vectors", mvt_entropy, S(2), S(3, 3), S(2)),
    ENTROPY("vectors of two", mvt_entropy, S(1), S(2, 2, 2), S(2)),
    { "mul", "a variance", variance, 2, { S(2, 1), S(3) }, S(2, 3), POSITIVE },
    CDF("numbers", 0, { 0 }, { 0 }, { 0 }, { 0 }),
    CDF("all batched", 4, S(4), S(4), S(4), S(4)),
    CDF("loc and scale shared", 3, S(2, 1), { 0 }, S(3), S(2, 3)),
    CDF("no rows", 1, S(0), S(1), S(0), S(0)),
    RSAMPLE("student_t_rsample", "one draw", rsample, 0, S(3), S(3), S(3), 0),
    RSAMPLE("student_t_rsample", "several draws", rsample, 3, S(2, 1), S(3), S(4, 2, 3), 4),
    RSAMPLE("student_t_rsample", "loc and scale shared", rsample, 4, { 0 }, S(1), S(2, 4), 2),
    RSAMPLE("student_t_rsample", "no rows", rsample, 1, S(0, 3), S(3), S(2, 0, 3), 2),
    RSAMPLE("mvt_rsample", "one draw", mvt_rsample, 0, S(3), S(3, 3), S(3), 0),
    RSAMPLE("mvt_rsample", "several draws", mvt_rsample, 3, S(2), S(2, 2), S(4, 3, 2), 4),
    RSAMPLE("mvt_rsample", "all batched", mvt_rsample, 4, S(4, 2), S(4, 2, 2), S(4, 2), 0),
    RSAMPLE("mvt_rsample", "no rows", mvt_rsample, 1, S(0, 2), S(2, 2), S(2, 0, 2), 2),
    { 0 },
};
