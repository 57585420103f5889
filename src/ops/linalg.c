/* Linear algebra of small matrices in batches: Cholesky and LQ factorisations, triangular solves.
 * Each matrix is worked on in double. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/cholesky.h"
#include "kernels/lq.h"
#include "kernels/mvn.h"
#include "kernels/triangle.h"
#include "ops/ops.h"
#include "ops/rowwise.h"

static size_t last_dim(const tril_node *node)
{
    return node->shape.dim[node->shape.rank - 1];
}

static tril_shape_str index_of(const tril_node *node, size_t matrix)
{
    return tril_shape_where(" of batch index ", tril_shape_leading(node->shape, 2), matrix);
}

/* ---- cholesky; attributes: whom to name in a message; saved: two matrices in double */

static bool cholesky_shape(tril_node *node)
{
    tril_shape a = node->in[0]->shape;
    if (a.rank < 2 || a.dim[a.rank - 1] != a.dim[a.rank - 2])
        return tril_op_fail(node, TRIL_BAD_SHAPE, "the matrix is %s, want [..., d, d]",
                            tril_shape_text(a).text);
    node->shape = a;
    node->saved_bytes = 2 * last_dim(node) * last_dim(node) * sizeof(double);
    return true;
}

static bool cholesky_forward(tril_node *node)
{
    size_t d = last_dim(node), matrix = d * d;
    double *a = node->saved;
    for (size_t first = 0; first < node->size; first += matrix) {
        for (size_t i = 0; i < matrix; i++)
            a[i] = (double)node->in[0]->value[first + i];
        size_t pivot = tril_cholesky_factor(d, a, 0);
        if (pivot < d)
            return tril_var_fail(node->tape, *(const char **)node->attrs, TRIL_NOT_POSITIVE,
                                 "the matrix%s is not positive definite: pivot %zu is %g",
                                 index_of(node, first / matrix).text, pivot, a[pivot * d + pivot]),
                   false;
        for (size_t i = 0; i < matrix; i++)
            node->value[first + i] = (tril_real)a[i];
    }
    return true;
}

/* the lower triangle of L' G with its diagonal halved: what a change of the factor L by G means for
 * the product L L' */
static void change_of_product(size_t d, const tril_real *l, const tril_real *g, double *s)
{
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            double sum = 0;
            for (size_t k = i; k < d && j <= i; k++)
                sum += (double)l[k * d + i] * (double)g[k * d + j];
            s[i * d + j] = i == j ? sum / 2 : sum;
        }
}

/* Murray 2016, Differentiation of the Cholesky decomposition (arXiv:1602.07527): with S = L^-T P(L'
 * dL) L^-1, where P takes the lower triangle with its diagonal halved, the gradient is (S + S')
 * / 2. */
static void cholesky_backward(tril_node *node, tril_real *const *grad_in)
{
    size_t d = last_dim(node), matrix = d * d;
    double *s = node->saved, *t = s + matrix;
    for (size_t first = 0; first < node->size; first += matrix) {
        const tril_real *l = node->value + first;
        change_of_product(d, l, node->grad + first, s);
        tril_solve_lower(true, d, d, l, s);
        for (size_t i = 0; i < matrix; i++)
            t[i] = s[i % d * d + i / d];
        tril_solve_lower(true, d, d, l, t); /* t = S' */
        for (size_t i = 0; i < matrix; i++)
            grad_in[0][first + i] = (tril_real)((t[i] + t[i % d * d + i / d]) / 2);
    }
}

/* ---- lq; inputs a and, optional, the least pivots; saved: two matrices like a, then one like L,
 * in double */

static bool lq_shape(tril_node *node)
{
    tril_shape a = node->in[0]->shape;
    if (a.rank < 2 || a.dim[a.rank - 2] > a.dim[a.rank - 1])
        return tril_op_fail(node, TRIL_BAD_SHAPE, "the matrix is %s, want [..., n, m] with n <= m",
                            tril_shape_text(a).text);
    size_t n = a.dim[a.rank - 2], m = a.dim[a.rank - 1];
    node->shape = a;
    node->shape.dim[a.rank - 1] = n;
    node->saved_bytes = (2 * n * m + n * n) * sizeof(double);
    return true;
}

static size_t columns_of(const tril_node *node)
{
    return node->in[0]->shape.dim[node->in[0]->shape.rank - 1];
}

static bool lq_forward(tril_node *node)
{
    size_t n = last_dim(node), m = columns_of(node);
    double *a = node->saved, *least = a + n * m;
    for (size_t first = 0, index = 0; first < node->size; first += n * n, index++) {
        for (size_t i = 0; i < n * m; i++)
            a[i] = (double)node->in[0]->value[index * n * m + i];
        for (size_t i = 0; i < n && node->in[1]; i++)
            least[i] = (double)node->in[1]->value[index * n + i];
        size_t pivot = tril_lq_factor(n, m, a, node->in[1] ? least : NULL);
        if (pivot < n)
            return tril_op_fail(node, TRIL_NOT_POSITIVE,
                                "the rows%s are not independent: pivot %zu is %g",
                                index_of(node, index).text, pivot, a[pivot * m + pivot]);
        for (size_t i = 0; i < n * n; i++)
            node->value[first + i] = tril_saturate(a[i / n * m + i % n]);
    }
    return true;
}

/* A = L Q with Q Q' = I. From dA A' + A dA' = dL L' + L dL' follows, with P the lower triangle of
 * L' G, its diagonal halved, and G the gradient of L: that of A is L^-T (P + P') Q. */
static void lq_backward(tril_node *node, tril_real *const *grad_in)
{
    size_t n = last_dim(node), m = columns_of(node);
    double *q = node->saved, *x = q + n * m, *p = x + n * m;
    for (size_t first = 0, index = 0; first < node->size; first += n * n, index++) {
        const tril_real *l = node->value + first;
        change_of_product(n, l, node->grad + first, p);
        for (size_t i = 0; i < n * m; i++)
            q[i] = (double)node->in[0]->value[index * n * m + i];
        tril_solve_lower(false, n, m, l, q);
        for (size_t i = 0; i < n * m; i++) {
            x[i] = 0;
            for (size_t k = 0; k < n; k++)
                x[i] += (p[i / m * n + k] + p[k * n + i / m]) * q[k * m + i % m];
        }
        tril_solve_lower(true, n, m, l, x);
        for (size_t i = 0; i < n * m; i++)
            grad_in[0][index * n * m + i] = tril_saturate(x[i]);
    }
}

/* ---- solve_tril: inputs L [..., d, d] and B [..., d, k]; attributes: whether L'; memory: a matrix
 * in double */

static bool solve_tril_shape(tril_node *node)
{
    tril_shape l = node->in[0]->shape, b = node->in[1]->shape, unused;
    if (l.rank < 2 || b.rank < 2 || l.dim[l.rank - 1] != l.dim[l.rank - 2] ||
        b.dim[b.rank - 2] != l.dim[l.rank - 1] ||
        !tril_shape_broadcast(tril_shape_leading(l, 2), tril_shape_leading(b, 2), &unused))
        return tril_op_fail(node, TRIL_BAD_SHAPE,
                            "the factor is %s and the right side %s, want [..., d, d] and "
                            "[..., d, k]",
                            tril_shape_text(l).text, tril_shape_text(b).text);
    return tril_rowwise_shape(node);
}

static size_t right_side(const tril_node *node)
{
    return tril_rows_last(node, 0) * tril_rows_last(node, 1);
}

/* the row of a factor whose diagonal is zero or no number; d if there is none */
static size_t bad_pivot(size_t d, const tril_real *l)
{
    for (size_t i = 0; i < d; i++)
        if (!(l[i * d + i] < 0 || l[i * d + i] > 0))
            return i;
    return d;
}

static bool solve_tril_forward(tril_row_block *rows)
{
    const bool transpose = *(const bool *)rows->node->attrs;
    const tril_real *l = rows->x[0];
    size_t d = tril_rows_last(rows->node, 0), n = rows->width[1], pivot = bad_pivot(d, l);
    double *x = rows->memory;
    if (pivot < d)
        return tril_op_fail(rows->node, TRIL_NOT_POSITIVE, "pivot %zu%s is %g", pivot,
                            tril_rows_where(rows, " of batch index ", 0).text,
                            (double)l[pivot * d + pivot]);
    for (size_t j = 0; j < n; j++)
        x[j] = (double)rows->x[1][j];
    tril_solve_lower(transpose, d, tril_rows_last(rows->node, 1), l, x);
    for (size_t j = 0; j < n; j++) /* beyond the range of float or double alike */
        rows->value[j] = (tril_real)(fabs(x[j]) == DBL_MAX ? copysign(HUGE_VAL, x[j]) : x[j]);
    return true;
}

/* X = L^-1 B: dB = L^-T dX, dL = -tril(dB X'). X = L^-T B: dB = L^-1 dX, dL = -tril(X dB'). */
static void solve_tril_backward(tril_row_block *rows)
{
    const bool transpose = *(const bool *)rows->node->attrs;
    const size_t d = tril_rows_last(rows->node, 0), k = tril_rows_last(rows->node, 1);
    double *db = rows->memory;
    for (size_t j = 0; j < d * k; j++)
        db[j] = (double)rows->upstream[j];
    tril_solve_lower(!transpose, d, k, rows->x[0], db);
    for (size_t j = 0; j < d * k; j++)
        tril_row_put_by(rows, 1, j, 1, db[j]);
    for (size_t j = 0; j < d * d && rows->grad[0].grad; j++) {
        size_t row = j / d, column = j % d, p = transpose ? column : row,
               q = transpose ? row : column;
        double sum = 0;
        for (size_t c = 0; c < k && column <= row; c++)
            sum += db[p * k + c] * tril_within((double)rows->value[q * k + c], DBL_MAX);
        tril_row_put_by(rows, 0, j, 1, -sum);
    }
}

const tril_op tril_op_cholesky = { "cholesky", cholesky_shape, cholesky_forward,
                                   cholesky_backward };
const tril_op tril_op_lq = { "lq", lq_shape, lq_forward, lq_backward, 1 };
const tril_rowwise tril_op_solve_tril = {
    .op = { "solve_tril", solve_tril_shape, tril_rowwise_forward, tril_rowwise_backward },
    .axes = { 2, 0 },
    .source = 1,
    .event_rank = 2,
    .kernel = { solve_tril_forward, solve_tril_backward, right_side }
};

tril_var tril_cholesky_for(const char *what, tril_var a)
{
    return tril_op_apply(&tril_op_cholesky, &a, 1, &what, sizeof what);
}

tril_var tril_cholesky(tril_var a)
{
    return tril_cholesky_for("cholesky", a);
}

tril_var tril_lq(tril_var a)
{
    return tril_lq_above(a, (tril_var){ 0 });
}

tril_var tril_lq_above(tril_var a, tril_var least)
{
    return tril_op_apply(&tril_op_lq, (tril_var[]){ a, least }, 2, NULL, 0);
}

tril_var tril_solve_tril(tril_var factor, tril_var b, bool transpose)
{
    return tril_op_apply(&tril_op_solve_tril.op, (tril_var[]){ factor, b }, 2, &transpose,
                         sizeof transpose);
}
