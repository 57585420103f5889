/* What Student's t of numbers and of vectors share: draws, entropy, and which moments exist. */
#include "distributions/student.h"

#include <float.h>
#include <math.h>

#include "distributions/draws.h"
#include "distributions/pointwise.h"
#include "kernels/special.h"

bool tril_student_has(const tril_dist *p, const char *method, double least)
{
    tril_var df = p->param[2];
    const tril_real *values = tril_value(df);
    bool validates = values && tril_ctx_validates(tril_tape_ctx(df.tape));
    for (size_t i = 0; validates && i < tril_size(df); i++)
        if (!((double)values[i] > least))
            return tril_dist_fail(
                       p, method, TRIL_BAD_ARGUMENT,
                       "df is %g%s: there is no %s unless it is above %g", (double)values[i],
                       tril_shape_where(" at ", tril_shape_of(df), i).text, method, least),
                   false;
    return true;
}

/* with df large the difference of df and df - 2 would have no digits */
tril_var tril_student_spread(tril_var df)
{
    tril_var excess = tril_div(tril_scalar(df.tape, 2), tril_sub(df, tril_scalar(df.tape, 2)));
    return tril_add(excess, tril_scalar(df.tape, 1));
}

/* ---- entropy: inputs df and the number of dimensions, a constant */

static double entropy_of_student(const double *x, double *slope)
{
    if (slope)
        slope[1] = 0;
    return tril_student_entropy(x[0], (size_t)x[1], slope);
}

TRIL_NUMBERS_BY(entropy_of_student, 2)

const tril_op tril_op_student_entropy = { "entropy(student)", tril_numbers_shape,
                                          tril_numbers_forward, tril_numbers_backward };

tril_var tril_student_entropy_of(tril_var df, size_t d)
{
    return tril_numbers_apply(
        &tril_op_student_entropy, (tril_var[]){ df, tril_scalar(df.tape, (tril_real)d) }, 2,
        (tril_numbers){ .values = entropy_of_student_values, .slopes = entropy_of_student_slopes });
}

/* ---- draws: a normal divided by sqrt(chi2 / df), and chi2 / 2 has the gamma distribution of shape
 * df / 2 */

bool tril_student_df_is_constant(tril_node *node, size_t df)
{
    return !node->in[df]->needs_grad ||
           tril_op_fail(node, TRIL_BAD_ARGUMENT, "df wants a gradient, and there is none");
}

/* sqrt(df / chi2), within what any scale of float may multiply. Without validation df may be what
 * no draw would ever be accepted for. */
static double weight(tril_random *random, double df)
{
    const double a = 0.5 * df;
    if (!(df > 0 && df <= DBL_MAX))
        return df > 0 ? 1 : (double)NAN;
    return tril_within(exp(0.5 * (log(a) - tril_draw_log_gamma(random, a))), 1e200);
}

size_t tril_student_doubles(const tril_node *node)
{
    (void)node;
    return sizeof(uint64_t) / sizeof(double);
}

void tril_student_weigh(const tril_row_block *rows, size_t df, size_t n)
{
    /* a stream for each row: how often one rejects does not change the others */
    uint64_t *key = (uint64_t *)(void *)rows->memory;
    if (rows->index == 0)
        *key = tril_random_below(tril_ctx_random(tril_tape_ctx(rows->node->tape)), SIZE_MAX);
    tril_random own = tril_random_stream(*key, rows->index);
    double by = weight(&own, (double)*rows->x[df]);
    for (size_t j = 0; j < n; j++)
        rows->noise[j] = tril_saturate(by * (double)rows->noise[j]);
}
