/* Gradient cases of categorical distributions. Probabilities are shares of what is varied, whose
 * sum must stay one. */
#include "ops/cases.h"

static tril_dist made_of(tril_var x, bool probs)
{
    return probs ? tril_categorical_probs(tril_div(x, tril_sum_axis(x, -1, true)))
                 : tril_categorical(x);
}

/* number[0]: by probabilities; number[1]: y is one number, else it has the shape of the result */
static tril_var log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    tril_shape x = row->in[0], shape = row->number[1] ? (tril_shape){ 0 } : row->out;
    size_t n = tril_shape_size(shape);
    tril_real *y = tril_tape_take(tape, n, sizeof *y);
    for (size_t i = 0; y && i < n; i++)
        y[i] = (tril_real)((7 * i + 1) % x.dim[x.rank - 1]);
    return tril_log_prob(made_of(in[0], row->number[0]), tril_input(tape, y, shape));
}

static tril_var entropy(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_entropy(made_of(in[0], ((const op_case *)user)->number[0]));
}

static tril_var kl(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    (void)tape;
    return tril_kl(made_of(in[0], row->number[0]), made_of(in[1], row->number[1]));
}

#define CASE(op, what, x, out, ...)                                                                \
    {                                                                                              \
        "categorical_" #op, what, op, 1, { x }, out, .low = 0.5, .high = 1.5, .number = {          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define KL(what, p, q, out, ...)                                                                   \
    {                                                                                              \
        "categorical_kl", what, kl, 2, { p, q }, out, .low = 0.5, .high = 1.5, .number = {         \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

const op_case categorical_cases[] = {
    CASE(log_prob, "one", S(3), { 0 }, 0),
    CASE(log_prob, "a batch", S(4, 3), S(4), 0),
    CASE(log_prob, "shared", S(3), S(4), 0),
    CASE(log_prob, "y shared", S(4, 3), S(4), 0, 1),
    CASE(log_prob, "stretched", S(2, 1, 3), S(2, 4), 0),
    CASE(log_prob, "several y each", S(2, 3), S(4, 2), 0),
    CASE(log_prob, "one row", S(1, 3), S(1), 0),
    CASE(log_prob, "one class", S(4, 1), S(4), 0),
    CASE(log_prob, "no rows", S(0, 3), S(0), 0),
    CASE(log_prob, "probs", S(4, 3), S(4), 1),
    CASE(log_prob, "probs, shared", S(3), S(4), 1),
    CASE(log_prob, "probs, y shared", S(4, 3), S(4), 1, 1),
    CASE(log_prob, "probs, no rows", S(0, 3), S(0), 1),
    CASE(entropy, "one", S(3), { 0 }, 0),
    CASE(entropy, "a batch", S(2, 2, 3), S(2, 2), 0),
    CASE(entropy, "one row", S(1, 3), S(1), 0),
    CASE(entropy, "no rows", S(0, 3), S(0), 0),
    CASE(entropy, "probs", S(4, 3), S(4), 1),
    KL("one pair", S(3), S(3), { 0 }, 0, 0),
    KL("a batch", S(4, 3), S(4, 3), S(4), 0, 0),
    KL("q shared", S(4, 3), S(3), S(4), 0, 0),
    KL("a grid", S(2, 1, 3), S(4, 3), S(2, 4), 0, 0),
    KL("one row", S(1, 3), S(4, 3), S(4), 0, 0),
    KL("no rows", S(0, 3), S(3), S(0), 0, 0),
    KL("probs", S(4, 3), S(4, 3), S(4), 1, 1),
    KL("probs of p", S(4, 3), S(3), S(4), 1, 0),
    KL("probs of q", S(4, 3), S(3), S(4), 0, 1),
    { 0 },
};
