/* log_prob of a multivariate normal whose factor is one for all rows: blocks of rows are solved for
 * together, by BLAS in the library's precision; what is summed over blocks is in double. A row
 * whose numbers leave the range in which products are finite goes as mvn_log_prob.c has it, alone.
 */
#include <string.h>

#include "distributions/mvn.h"
#include "kernels/blas.h"
#include "kernels/reduce.h"
#include "ops/ops.h"

/* |z|^2, |a|^2, and |r|^2 where it is a factor's gradient's, are below this, and so is the square
 * of what comes down the tape: no sum of their products overflows */
static const double most = sizeof(tril_real) == sizeof(double) ? 1e200 : 1e24;

/* memory: a row's arrays and slopes; a block's gradient of the factor, and a block of rows. kept:
 * z, and whether the row goes alone */
typedef struct shared {
    const tril_mvn_form *form;
    size_t d;
    tril_mvn_row row;
    tril_mvn_slopes slopes;
    tril_real *tile, *gram, *z, *alone;
} shared;

static size_t shared_doubles(const tril_node *node)
{
    size_t d = tril_rows_last(node, TRIL_MVN_LOC);
    return tril_mvn_row_doubles(d) + tril_mvn_slopes_doubles(d, true) +
           tril_row_reals(d * d + TRIL_ROWS * d);
}

static size_t kept_doubles(const tril_node *node)
{
    return tril_row_reals(tril_rows_last(node, TRIL_MVN_LOC) + 1);
}

static shared shared_of(const tril_row_block *rows)
{
    size_t d = rows->width[TRIL_MVN_LOC];
    double *slopes = rows->memory + tril_mvn_row_doubles(d);
    shared s = { tril_mvn_form_of(rows->node), d };
    s.row = tril_mvn_row_of(rows, rows->memory, rows->moved[TRIL_MVN_FACTOR]);
    s.slopes = tril_mvn_slopes_at(slopes, d, s.form->of_precision);
    s.gram = (tril_real *)(void *)(slopes + tril_mvn_slopes_doubles(d, true));
    s.tile = s.gram + d * d;
    s.z = (tril_real *)(void *)rows->kept;
    s.alone = s.z + rows->n * d;
    return s;
}

/* each row x of a block becomes L^-1 x, or L^-T x; with T it is T'x or T x */
static void apply(const shared *s, const tril_row_block *rows, bool transpose, tril_real *x)
{
    bool product = s->form->of_precision;
    tril_triangle_rows(!product, transpose != product, rows->n, s->d, rows->x[TRIL_MVN_FACTOR], x);
}

/* y - loc; what is not finite shows in z */
static void residuals(const tril_row_block *rows, size_t d, tril_real *x)
{
    tril_node *const *in = rows->node->in;
    tril_subtract_rows(rows->n, d, in[TRIL_MVN_Y]->value, rows->at[TRIL_MVN_Y],
                       in[TRIL_MVN_LOC]->value, rows->at[TRIL_MVN_LOC], x);
}

/* what all log-densities share */
static double constant_of(const shared *s)
{
    double log_det = 0;
    for (size_t i = 0; i < s->d; i++)
        log_det += s->row.log_diag[i];
    return (s->form->of_precision ? log_det : -log_det) - 0.5 * (double)s->d * TRIL_LOG_2PI;
}

static bool shared_forward(tril_row_block *rows)
{
    if (!tril_ops_blas(rows->node))
        return false;
    shared s = shared_of(rows);
    double constant = constant_of(&s), squares[TRIL_ROWS] = { 0 };
    residuals(rows, s.d, s.z);
    if (s.form->of_precision)
        tril_row_squares(rows->n, s.d, s.z, squares);
    for (size_t i = 0; i < rows->n; i++)
        s.alone[i] = (tril_real) !(squares[i] < most);
    apply(&s, rows, false, s.z);
    tril_row_squares(rows->n, s.d, s.z, squares);
    for (size_t i = 0; i < rows->n; i++) {
        double log_prob = constant - 0.5 * squares[i];
        if (s.alone[i] != 0 || !(log_prob > constant - 0.5 * most)) {
            s.alone[i] = 1;
            memset(s.z + i * s.d, 0, s.d * sizeof *s.z);
            if (!tril_mvn_residual(rows, i, &s.row))
                return tril_mvn_not_finite(rows, i);
            log_prob = s.form->log_prob(&s.row);
        }
        rows->value[i] = tril_saturate(log_prob);
    }
    return true;
}

/* the gradients of one row on its own */
static void put_alone(tril_row_block *rows, shared *s, size_t i)
{
    tril_mvn_residual(rows, i, &s->row);
    s->form->log_prob(&s->row);
    s->form->slopes(&s->row, &s->slopes);
    tril_mvn_put_row(rows, i, &s->slopes);
}

/* The gradients of loc and y: a = L^-T z times what comes down the tape. Leaves in the tile what
 * the factor's gradient has of z on the other side, g a for L, -g r for T, nothing of rows that go
 * alone; returns the sum of what comes down to the others. */
static double put_rows(tril_row_block *rows, shared *s)
{
    const size_t n = rows->n, d = s->d;
    double total = 0, squares[TRIL_ROWS];
    tril_real g[TRIL_ROWS];
    bool alone[TRIL_ROWS];
    memcpy(s->tile, s->z, n * d * sizeof *s->z);
    apply(s, rows, true, s->tile);
    tril_row_squares(n, d, s->tile, squares);
    for (size_t i = 0; i < n; i++) {
        double up = (double)rows->upstream[i];
        alone[i] = s->alone[i] != 0 || !(up * up < most) || !(squares[i] < most);
        g[i] = alone[i] ? 0 : rows->upstream[i];
        total += (double)g[i];
        if (alone[i])
            memset(s->tile + i * d, 0, d * sizeof *s->tile);
    }
    tril_scale_rows(n, d, g, s->tile);
    tril_row_grad_put_rows(&rows->grad[TRIL_MVN_LOC], n, rows->at[TRIL_MVN_LOC], d, 1, s->tile);
    tril_row_grad_put_rows(&rows->grad[TRIL_MVN_Y], n, rows->at[TRIL_MVN_Y], d, -1, s->tile);
    if (s->form->of_precision) {
        residuals(rows, d, s->tile);
        for (size_t i = 0; i < n; i++)
            g[i] = -g[i];
        tril_scale_rows(n, d, g, s->tile);
    }
    for (size_t i = 0; i < n; i++)
        if (alone[i]) {
            put_alone(rows, s, i);
            memset(s->tile + i * d, 0, d * sizeof *s->tile);
        }
    return total;
}

static void shared_backward(tril_row_block *rows)
{
    shared s = shared_of(rows);
    tril_row_grad *factor = &rows->grad[TRIL_MVN_FACTOR];
    double total = put_rows(rows, &s);
    if (!factor->grad)
        return;
    tril_gemm(true, false, s.d, s.d, rows->n, s.tile, s.z, 0, s.gram);
    total = s.form->of_precision ? -total : total;
    for (size_t i = 0; i < s.d; i++) {
        tril_add_to_sums(i + 1, s.gram + i * s.d, factor->sums + i * s.d);
        tril_row_grad_put(factor, i * (s.d + 1), 1, -total / s.row.diag[i]);
    }
}

const tril_row_kernel tril_mvn_shared_kernel = { .forward = shared_forward,
                                                 .backward = shared_backward,
                                                 .memory = shared_doubles,
                                                 .kept = kept_doubles,
                                                 .at_once = TRIL_ROWS };
