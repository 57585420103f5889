/* The log-density of what is there of rows with missing coordinates. A row where nothing is missing
 * is done as mvn_log_prob.c does it, at a cost of d^2 and not d^3. */
#include "distributions/mvn.h"
#include "kernels/observed.h"

/* memory: a row's arrays, those of a row that is whole and its slopes, and whether they know the
 * factor */
typedef struct observed {
    tril_observed partial;
    tril_mvn_row whole;
    tril_mvn_slopes slopes;
} observed;

static size_t observed_doubles(const tril_node *node)
{
    size_t d = tril_rows_last(node, TRIL_MVN_LOC);
    return tril_mvn_row_doubles(d) + 1 + tril_mvn_slopes_doubles(d, false) +
           tril_observed_doubles(d);
}

/* finds the log-density of a row; false where it is not finite */
static bool observed_of(const tril_row_block *rows, observed *o, double *log_prob)
{
    const tril_real *const *x = rows->x;
    size_t d = rows->width[TRIL_MVN_LOC];
    double *knows = rows->memory + tril_mvn_row_doubles(d);
    o->slopes = tril_mvn_slopes_at(knows + 1, d, false);
    o->partial = tril_observed_at(knows + 1 + tril_mvn_slopes_doubles(d, false), d);
    if (rows->node->n_in > TRIL_MVN_DF)
        o->partial.df = (double)*x[TRIL_MVN_DF];
    if (rows->moved[TRIL_MVN_FACTOR])
        *knows = 0;
    if (!tril_observed_load(&o->partial, x[TRIL_MVN_Y], x[TRIL_MVN_LOC], x[TRIL_MVN_FACTOR]))
        return false;
    if (o->partial.n < d) {
        *log_prob = tril_observed_log_prob(&o->partial);
        return true;
    }
    o->whole = tril_mvn_row_of(rows, rows->memory, *knows == 0);
    *knows = 1;
    tril_mvn_residual(rows, 0, &o->whole);
    *log_prob = tril_mvn_form_of(rows->node)->log_prob(&o->whole);
    return true;
}

static bool observed_forward(tril_row_block *rows)
{
    observed o;
    double log_prob;
    if (!observed_of(rows, &o, &log_prob))
        return tril_op_fail(rows->node, TRIL_NOT_FINITE, "y is infinite or loc not finite%s",
                            tril_rows_where(rows, " in row ", 0).text);
    *rows->value = tril_saturate(log_prob);
    return true;
}

/* what is missing has gradient 0 */
static void put_partial(tril_row_block *rows, const tril_observed *o)
{
    tril_row_grad *factor = &rows->grad[TRIL_MVN_FACTOR];
    for (size_t i = 0, k = 0; i < o->d; i++) {
        bool is_there = k < o->n && o->index[k] == i;
        const double *slope = o->slope + k * (o->d + 1);
        double a = is_there ? slope[o->d] : 0;
        tril_row_put(rows, TRIL_MVN_LOC, i, a);
        tril_row_put(rows, TRIL_MVN_Y, i, -a);
        size_t n = is_there ? i + 1 : 0;
        for (size_t j = 0; j < n; j++)
            tril_row_put(rows, TRIL_MVN_FACTOR, i * o->d + j, slope[j]);
        tril_row_grad_skip(factor, rows->at[TRIL_MVN_FACTOR][0] + i * o->d + n, o->d - n);
        k += is_there;
    }
    tril_mvn_put_df(rows, o->squares, o->n);
}

static void observed_backward(tril_row_block *rows)
{
    observed o;
    double unused;
    observed_of(rows, &o, &unused);
    if (o.partial.n < o.partial.d) {
        tril_observed_backward(&o.partial);
        put_partial(rows, &o.partial);
    } else {
        tril_mvn_form_of(rows->node)->slopes(&o.whole, &o.slopes);
        tril_mvn_put_row(rows, 0, &o.slopes);
        tril_mvn_put_df(rows, tril_mvn_squares(o.whole.d, o.slopes.z), o.whole.d);
    }
}

const tril_row_kernel tril_mvn_missing_kernel = { observed_forward, observed_backward,
                                                  observed_doubles };
