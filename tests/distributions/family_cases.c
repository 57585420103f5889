/* Gradient cases of gamma, beta, Poisson, negative binomial and von Mises. */
#include "ops/cases.h"

static tril_dist make(int family, tril_var a, tril_var b)
{
    return family == 0   ? tril_gamma(a, b)
           : family == 1 ? tril_beta(a, b)
           : family == 2 ? tril_poisson(a)
           : family == 3 ? tril_negative_binomial(a, b)
                         : tril_von_mises(a, b);
}

/* number[0]: the family; inputs a, b, y, which of counts is made here, in the shape of the result
 */
static tril_var log_prob(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    const int family = row->number[0];
    if (family < 2 || family == 4)
        return tril_log_prob(make(family, in[0], in[1]), in[2]);
    const size_t n = tril_shape_size(row->out);
    tril_real *y = tril_tape_take(tape, n, sizeof *y);
    for (size_t i = 0; y && i < n; i++)
        y[i] = (tril_real)(i * i % 23);
    return tril_log_prob(make(family, in[0], in[row->n_inputs - 1]), tril_input(tape, y, row->out));
}

static tril_var entropy(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_entropy(make(((const op_case *)user)->number[0], in[0], in[1]));
}

static tril_var mode(tril_tape *tape, const tril_var *in, void *user)
{
    const op_case *row = user;
    (void)tape;
    return tril_dist_mode(make(row->number[0], in[0], in[row->n_inputs - 1]));
}

#define CASE(op, what, f, n, a, b, y, out, family, more)                                           \
    {                                                                                              \
        op, what, f, n, { a, b, y }, out, .low = 0.2, .high = 0.9, .number = { family, more }      \
    }
#define THREE(name, family)                                                                        \
    CASE(#name "_log_prob", "numbers", log_prob, 3, { 0 }, { 0 }, { 0 }, { 0 }, family, 0),        \
        CASE(#name "_log_prob", "all batched", log_prob, 3, S(4), S(4), S(4), S(4), family, 0),    \
        CASE(#name "_log_prob", "a shared", log_prob, 3, S(1), S(4), S(4), S(4), family, 0),       \
        CASE(#name "_log_prob", "a grid", log_prob, 3, S(2, 1, 1), S(3, 1), S(2), S(2, 3, 2),      \
             family, 0),                                                                           \
        CASE(#name "_log_prob", "no rows", log_prob, 3, S(1), S(0), S(0), S(0), family, 0)
#define VALUE(what, a, b, out, family)                                                             \
    {                                                                                              \
        "family_value", what, entropy, 2, { a, b }, out, .low = 0.2, .high = 0.9, .number = {      \
            family                                                                                 \
        }                                                                                          \
    }
/* where densities have a peak, and those of counts do not jump to the next one */
#define MODE(what, n, family)                                                                      \
    {                                                                                              \
        "family_value", what, mode, n, { S(4), S(1) }, S(4), .low = 2.2, .high = 2.8, .number = {  \
            family                                                                                 \
        }                                                                                          \
    }

const op_case family_cases[] = {
    THREE(gamma, 0),
    THREE(beta, 1),
    THREE(von_mises, 4),
    CASE("poisson_log_prob", "a batch", log_prob, 1, S(6), { 0 }, { 0 }, S(6), 2, 0),
    CASE("poisson_log_prob", "shared", log_prob, 1, S(2, 1), { 0 }, { 0 }, S(2, 3), 2, 0),
    CASE("poisson_log_prob", "no rows", log_prob, 1, S(0), { 0 }, { 0 }, S(0), 2, 0),
    CASE("negative_binomial_log_prob", "a batch", log_prob, 2, S(6), S(6), { 0 }, S(6), 3, 0),
    CASE("negative_binomial_log_prob", "shared", log_prob, 2, S(2, 1), { 0 }, { 0 }, S(2, 3), 3, 0),
    CASE("negative_binomial_log_prob", "no rows", log_prob, 2, S(0), S(1), { 0 }, S(0), 3, 0),
    VALUE("entropy of gamma", S(4), S(4), S(4), 0),
    VALUE("entropy of beta", S(2, 1), S(3), S(2, 3), 1),
    VALUE("entropy of von Mises", S(4), S(1), S(4), 4),
    MODE("mode of gamma", 2, 0),
    MODE("mode of beta", 2, 1),
    MODE("mode of Poisson", 1, 2),
    MODE("mode of negative binomial", 2, 3),
    MODE("mode of von Mises", 2, 4),
    VALUE("no rows", S(0), S(1), S(0), 0),
    { 0 },
};
