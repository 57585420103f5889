/* Gradient cases of mixtures: inputs are weights, loc, scale or scale_tril, y. */
#include "ops/cases.h"

enum { NUMBERS, VECTORS, PROBS }; /* number[0]: vectors or numbers; number[1]: PROBS or 0 */

static tril_dist weights_of(tril_var x, const op_case *row)
{
    return row->number[1] == PROBS ? tril_categorical_probs(tril_div(x, tril_sum_axis(x, -1, true)))
                                   : tril_categorical(x);
}

static tril_dist made_of(const tril_var *in, const op_case *row)
{
    return tril_mixture(weights_of(in[0], row), row->number[0] == VECTORS
                                                    ? tril_mvn(in[1], in[2])
                                                    : tril_normal(in[1], in[2]));
}

static tril_var log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_log_prob(made_of(in, user), in[3]);
}

static tril_var cdf(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_cdf(made_of(in, user), in[3]);
}

/* no scale has a say in it */
static tril_var mean(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    tril_var one = tril_scalar(tape, 1);
    tril_dist components =
        row->number[0] == VECTORS ? tril_mvn_diag(in[1], one) : tril_normal(in[1], one);
    return tril_dist_mean(tril_mixture(weights_of(in[0], row), components));
}

static tril_var variance(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_dist_variance(made_of(in, user));
}

static tril_var covariance(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_dist_covariance(made_of(in, user));
}

#define LOG_PROB(what, weights, loc, scale, y, out, ...)                                           \
    {                                                                                              \
        "mixture_log_prob", what, log_prob, 4, { weights, loc, scale, y }, out,                    \
            .low = 0.5, .high = 1.5, .number = {                                                   \
                __VA_ARGS__                                                                        \
            }                                                                                      \
    }
#define MEAN(f, what, n, weights, loc, scale, y, out, ...)                                         \
    {                                                                                              \
        "mixture_mean", what, f, n, { weights, loc, scale, y }, out, .low = 0.5, .high = 1.5,      \
                                                                     .number = {                   \
                                                                         __VA_ARGS__               \
                                                                     }                             \
    }

const op_case mixture_cases[] = {
    LOG_PROB("numbers", S(3), S(3), S(3), { 0 }, { 0 }, NUMBERS),
    LOG_PROB("numbers, all batched", S(4, 3), S(4, 3), S(4, 3), S(4), S(4), NUMBERS),
    LOG_PROB("numbers, probs", S(4, 3), S(4, 3), S(4, 3), S(4), S(4), NUMBERS, PROBS),
    LOG_PROB("numbers, probs shared", S(3), S(4, 3), S(3), S(4), S(4), NUMBERS, PROBS),
    LOG_PROB("weights shared", S(2), S(3, 2, 2), S(2, 2, 2), S(3, 2), S(3), VECTORS),
    LOG_PROB("components shared", S(3, 2), S(2, 2), S(2, 2, 2), S(3, 2), S(3), VECTORS),
    LOG_PROB("y shared", S(3, 2), S(3, 2, 2), S(2, 2), S(2), S(3), VECTORS),
    LOG_PROB("all shared", S(2), S(2, 2), S(2, 2, 2), S(3, 2), S(3), VECTORS),
    LOG_PROB("a grid", S(2, 1, 2), S(3, 2, 2), S(2, 2), S(2, 3, 2), S(2, 3), VECTORS),
    LOG_PROB("one component", S(3, 1), S(3, 1, 2), S(2, 2), S(3, 2), S(3), VECTORS),
    LOG_PROB("one row", S(1, 2), S(1, 2, 2), S(2, 2, 2), S(1, 2), S(1), VECTORS),
    LOG_PROB("no rows", S(0, 2), S(2, 2), S(2, 2, 2), S(0, 2), S(0), VECTORS),
    MEAN(mean, "of numbers", 2, S(4, 3), S(4, 3), { 0 }, { 0 }, S(4), NUMBERS),
    MEAN(mean, "one", 2, S(2), S(2, 3), { 0 }, { 0 }, S(3), VECTORS),
    MEAN(mean, "weights shared", 2, S(2), S(3, 2, 2), { 0 }, { 0 }, S(3, 2), VECTORS),
    MEAN(mean, "components shared", 2, S(3, 2), S(2, 2), { 0 }, { 0 }, S(3, 2), VECTORS),
    MEAN(mean, "probs", 2, S(3, 2), S(3, 2, 2), { 0 }, { 0 }, S(3, 2), VECTORS, PROBS),
    MEAN(mean, "no rows", 2, S(0, 2), S(2, 2), { 0 }, { 0 }, S(0, 2), VECTORS),
    MEAN(variance, "of numbers", 3, S(4, 3), S(4, 3), S(3), { 0 }, S(4), NUMBERS),
    MEAN(variance, "a grid", 3, S(2, 1, 2), S(3, 2, 2), S(2, 2), { 0 }, S(2, 3, 2), VECTORS),
    MEAN(covariance, "one row", 3, S(1, 2), S(1, 2, 2), S(2, 2), { 0 }, S(1, 2, 2), VECTORS),
    MEAN(covariance, "probs shared", 3, S(2), S(3, 2, 2), S(2, 2), { 0 }, S(3, 2, 2), VECTORS,
         PROBS),
    MEAN(cdf, "cdf", 4, S(4, 3), S(3), S(3), S(4), S(4), NUMBERS),
    MEAN(cdf, "cdf, several y", 4, S(3), S(2, 3), S(3), S(4, 2), S(4, 2), NUMBERS, PROBS),
    { 0 },
};
