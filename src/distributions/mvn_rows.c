/* Rows of a normal's operands as its kernels take them, and where their gradients go. */
#include "distributions/mvn.h"
#include "kernels/special.h"

tril_mvn_row tril_mvn_row_of(const tril_row_block *rows, double *memory, bool moved)
{
    size_t d = rows->width[TRIL_MVN_LOC];
    tril_mvn_row row = tril_mvn_row_at(memory, d, TRIL_LOWER_FULL);
    row.off = rows->x[TRIL_MVN_FACTOR];
    if (moved)
        tril_mvn_row_load(&row, row.off);
    if (tril_mvn_has_df(rows->node))
        row.df = (double)*rows->x[TRIL_MVN_DF];
    return row;
}

bool tril_mvn_residual(const tril_row_block *rows, size_t i, tril_mvn_row *row)
{
    tril_node *const *in = rows->node->in;
    return tril_mvn_row_residual(row, in[TRIL_MVN_Y]->value + rows->at[TRIL_MVN_Y][i],
                                 in[TRIL_MVN_LOC]->value + rows->at[TRIL_MVN_LOC][i]);
}

bool tril_mvn_not_finite(const tril_row_block *rows, size_t i)
{
    return tril_op_fail(rows->node, TRIL_NOT_FINITE, "y or loc%s is not finite",
                        tril_rows_where(rows, " of row ", i).text);
}

void tril_mvn_slopes_by_scale(tril_mvn_row *row, const tril_mvn_slopes *s)
{
    tril_mvn_row_slopes(row, 1, s);
}

void tril_mvn_put_row(tril_row_block *rows, size_t i, const tril_mvn_slopes *s)
{
    tril_row_grad *g = rows->grad;
    size_t d = rows->width[TRIL_MVN_LOC];
    double upstream = (double)rows->upstream[i];
    tril_row_grad_put_all(&g[TRIL_MVN_LOC], rows->at[TRIL_MVN_LOC][i], d, upstream, 1, s->loc);
    tril_row_grad_put_all(&g[TRIL_MVN_Y], rows->at[TRIL_MVN_Y][i], d, upstream, -1, s->loc);
    tril_row_grad_put_triangle(&g[TRIL_MVN_FACTOR], rows->at[TRIL_MVN_FACTOR][i], d, upstream,
                               s->left, s->z, s->diag);
}

void tril_mvn_put_df(tril_row_block *rows, double squares, size_t d)
{
    if (tril_mvn_has_df(rows->node))
        tril_row_put(rows, TRIL_MVN_DF, 0,
                     tril_student_log_slope(squares, (double)*rows->x[TRIL_MVN_DF], d));
}
