/* log_prob of multivariate normals and Student's t: which kernel suits the operands, and the one
 * that goes row by row. */
#include "distributions/mvn.h"
#include "kernels/blas.h"
#include "kernels/special.h"

/* up to LARGEST dimensions rows side by side are faster than one by one; for FEW rows BLAS, which
 * has fewer digits in float, is not worth it */
enum { LARGEST = 12, FEW = 32 };

/* ---- row by row; memory: a row's arrays; kept: slopes */

static size_t row_doubles(const tril_node *node)
{
    return tril_mvn_row_doubles(tril_rows_last(node, TRIL_MVN_LOC));
}

static size_t slopes_doubles(const tril_node *node)
{
    return tril_mvn_slopes_doubles(tril_rows_last(node, TRIL_MVN_LOC),
                                   tril_mvn_form_of(node)->of_precision);
}

static tril_mvn_slopes slopes_of(const tril_row_block *rows)
{
    return tril_mvn_slopes_at(rows->kept, rows->width[TRIL_MVN_LOC],
                              tril_mvn_form_of(rows->node)->of_precision);
}

static bool row_forward(tril_row_block *rows)
{
    const tril_mvn_form *form = tril_mvn_form_of(rows->node);
    tril_mvn_row row = tril_mvn_row_of(rows, rows->memory, rows->moved[TRIL_MVN_FACTOR]);
    tril_mvn_slopes slopes = slopes_of(rows);
    if (!tril_mvn_residual(rows, 0, &row))
        return tril_mvn_not_finite(rows, 0);
    *rows->value = tril_saturate(form->log_prob(&row));
    if (rows->node->needs_grad)
        form->slopes(&row, &slopes);
    return true;
}

static void row_backward(tril_row_block *rows)
{
    size_t d = rows->width[TRIL_MVN_LOC];
    tril_mvn_slopes slopes = slopes_of(rows);
    tril_mvn_put_row(rows, 0, &slopes);
    tril_mvn_put_df(rows, tril_mvn_squares(d, slopes.z), d);
}

static const tril_row_kernel row_kernel = { row_forward, row_backward, row_doubles,
                                            slopes_doubles };

/* ---- */

const tril_row_kernel *tril_mvn_kernel_of(const tril_node *node)
{
    const tril_mvn_form *form = tril_mvn_form_of(node);
    size_t d = tril_rows_last(node, TRIL_MVN_LOC), rows = tril_shape_size(node->shape);
    bool is_student = tril_mvn_has_df(node);
    if (form->missing)
        return &tril_mvn_missing_kernel;
    if (!form->of_precision && d <= LARGEST)
        return &tril_mvn_lanes_kernel;
    if (!is_student && node->in[TRIL_MVN_FACTOR]->size == d * d && tril_blas_fits(d) && rows >= FEW)
        return &tril_mvn_shared_kernel;
    return &row_kernel;
}

tril_var tril_mvn_log_prob_by(const tril_rowwise *op, const tril_mvn_form *form, const tril_dist *p,
                              tril_var y, tril_var high)
{
    tril_var in[4] = { p->param[0], p->param[1], y };
    size_t n = 3;
    if (p->param[2].tape) {
        tril_shape shape = tril_shape_of(p->param[2]);
        tril_shape_append(&shape, 1); /* tril_mvt has looked */
        in[n++] = tril_reshape(p->param[2], shape);
    }
    if (high.tape)
        in[n++] = high;
    return tril_op_apply(&op->op, in, n, &form, sizeof form);
}
