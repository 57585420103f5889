/* The log-density of what is there of rows with missing coordinates, and of what is known by
 * bounds. A row where nothing is missing is done as mvn_log_prob.c does it, at a cost of d^2 and
 * not d^3. */
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

/* finds the log-density of a row */
static tril_observed_state observed_of(const tril_row_block *rows, observed *o, double *log_prob)
{
    const tril_real *const *x = rows->x;
    size_t d = rows->width[TRIL_MVN_LOC];
    double *knows = rows->memory + tril_mvn_row_doubles(d);
    o->slopes = tril_mvn_slopes_at(knows + 1, d, false);
    o->partial = tril_observed_at(knows + 1 + tril_mvn_slopes_doubles(d, false), d);
    if (tril_mvn_has_df(rows->node))
        o->partial.df = (double)*x[TRIL_MVN_DF];
    if (rows->moved[TRIL_MVN_FACTOR])
        *knows = 0;
    const bool bounds = tril_mvn_has_bounds(rows->node);
    const tril_observed_state state =
        tril_observed_load(&o->partial, x[TRIL_MVN_Y], bounds ? x[TRIL_MVN_HIGH] : NULL,
                           x[TRIL_MVN_LOC], x[TRIL_MVN_FACTOR]);
    if (!state && o->partial.n < d)
        *log_prob = tril_observed_log_prob(&o->partial);
    if (state || o->partial.n < d)
        return state;
    o->whole = tril_mvn_row_of(rows, rows->memory, *knows == 0);
    *knows = 1;
    tril_mvn_residual(rows, 0, &o->whole);
    *log_prob = tril_mvn_form_of(rows->node)->log_prob(&o->whole);
    return TRIL_OBSERVED_FINE;
}

static bool fail(const tril_row_block *rows, tril_observed_state state)
{
    static const char *const sentences[] = {
        [TRIL_OBSERVED_NOT_FINITE] = "y is infinite or loc not finite",
        [TRIL_OBSERVED_CROSSED] = "a lower bound is above the upper one",
        [TRIL_OBSERVED_TOO_MANY] = "more than two numbers are known by bounds only"
    };
    return tril_op_fail(rows->node,
                        state == TRIL_OBSERVED_NOT_FINITE ? TRIL_NOT_FINITE : TRIL_BAD_ARGUMENT,
                        "%s%s", sentences[state], tril_rows_where(rows, " in row ", 0).text);
}

static bool observed_forward(tril_row_block *rows)
{
    observed o;
    double log_prob;
    const tril_observed_state state = observed_of(rows, &o, &log_prob);
    if (state)
        return fail(rows, state);
    *rows->value = tril_saturate(log_prob);
    return true;
}

/* what is missing has gradient 0, and so have bounds */
static void put_partial(tril_row_block *rows, const tril_observed *o)
{
    tril_row_grad *factor = &rows->grad[TRIL_MVN_FACTOR];
    const size_t m = o->n + o->censored;
    for (size_t i = 0; i < o->d; i++) {
        size_t k = 0;
        while (k < m && o->index[k] != i)
            k++;
        const bool is_there = k < m;
        const double *slope = o->slope + k * (o->d + 1);
        double a = is_there ? slope[o->d] : 0;
        tril_row_put(rows, TRIL_MVN_LOC, i, a);
        tril_row_put(rows, TRIL_MVN_Y, i, k < o->n ? -a : 0);
        size_t n = is_there ? i + 1 : 0;
        for (size_t j = 0; j < n; j++)
            tril_row_put(rows, TRIL_MVN_FACTOR, i * o->d + j, slope[j]);
        tril_row_grad_skip(factor, rows->at[TRIL_MVN_FACTOR][0] + i * o->d + n, o->d - n);
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
    if (tril_mvn_has_bounds(rows->node))
        tril_row_grad_skip(&rows->grad[TRIL_MVN_HIGH], rows->at[TRIL_MVN_HIGH][0], o.partial.d);
}

const tril_row_kernel tril_mvn_missing_kernel = { observed_forward, observed_backward,
                                                  observed_doubles };
