/* Matrix product, with leading dimensions that broadcast. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/finite.h"
#include "core/shape.h"
#include "kernels/blas.h"
#include "kernels/mvn.h"
#include "ops/ops.h"

static bool matmul_shape(tril_node *node)
{
    tril_shape a = node->in[0]->shape, b = node->in[1]->shape;
    if (a.rank < 2 || b.rank < 2)
        return tril_op_fail(node, TRIL_BAD_SHAPE,
                            "%s times %s: both must be matrices or batches of them",
                            tril_shape_text(a).text, tril_shape_text(b).text);
    size_t m = a.dim[a.rank - 2], k = a.dim[a.rank - 1], n = b.dim[b.rank - 1];
    if (b.dim[b.rank - 2] != k ||
        !tril_shape_broadcast(tril_shape_leading(a, 2), tril_shape_leading(b, 2), &node->shape))
        return tril_op_fail(node, TRIL_BAD_SHAPE, "%s times %s does not fit",
                            tril_shape_text(a).text, tril_shape_text(b).text);
    if (!tril_blas_fits(m) || !tril_blas_fits(k) || !tril_blas_fits(n))
        return tril_op_fail(node, TRIL_BAD_SHAPE,
                            "%s times %s: a matrix has more rows or columns than BLAS can count",
                            tril_shape_text(a).text, tril_shape_text(b).text);
    return tril_shape_append(&node->shape, m) && tril_shape_append(&node->shape, n) &&
           tril_ops_blas(node);
}

/* the product's sizes, and a walk over its batch with offsets counted in matrices */
typedef struct product {
    size_t m, k, n;
    tril_broadcast_iter walk;
} product;

static product product_of(const tril_node *node)
{
    tril_shape a = node->in[0]->shape, b = node->in[1]->shape;
    tril_shape batch = tril_shape_leading(node->shape, 2);
    product p = { a.dim[a.rank - 2], a.dim[a.rank - 1], b.dim[b.rank - 1],
                  tril_broadcast_iter_new(
                      batch, (tril_shape[]){ tril_shape_leading(a, 2), tril_shape_leading(b, 2) },
                      2) };
    /* one matrix for the whole batch: its rows are those of one larger matrix */
    if (p.walk.rank == 1 && p.walk.stride[0][0] == 1 && p.walk.stride[0][1] == 0 &&
        tril_blas_fits(p.m * p.walk.dim[0])) {
        p.m *= p.walk.dim[0];
        p.walk.dim[0] = 1;
    }
    return p;
}

/* a row times a column of the second matrix; NaN only where one of the numbers is not finite */
static double dot(const product *p, const tril_real *row, const tril_real *column)
{
    double sum = 0;
    for (size_t i = 0; i < p->k; i++) {
        double x = (double)row[i], y = (double)column[i * p->n];
        if (!isfinite(x) || !isfinite(y))
            return (double)NAN;
        sum = tril_within(sum + tril_within(x * y, DBL_MAX), DBL_MAX);
    }
    return sum;
}

/* Sums of products beyond the range may be infinite on both ways and end as NaN: those once more.
 */
static void mend(const product *p, const tril_real *a, const tril_real *b, tril_real *c)
{
    const size_t size = p->m * p->n;
    for (size_t i = 0; (i += tril_first_not_finite(c + i, size - i)) < size; i++)
        if (isnan(c[i]))
            c[i] = (tril_real)dot(p, a + i / p->n * p->k, b + i % p->n);
}

static bool matmul_forward(tril_node *node)
{
    product p = product_of(node);
    tril_real *c = node->value;
    do {
        for (size_t i = 0; i < p.walk.dim[0]; i++, c += p.m * p.n) {
            const tril_real *a =
                node->in[0]->value + (p.walk.offset[0] + i * p.walk.stride[0][0]) * p.m * p.k;
            const tril_real *b =
                node->in[1]->value + (p.walk.offset[1] + i * p.walk.stride[0][1]) * p.k * p.n;
            tril_gemm(false, false, p.m, p.n, p.k, a, b, 0, c);
            mend(&p, a, b, c);
        }
    } while (tril_broadcast_iter_next(&p.walk));
    return true;
}

static void matmul_backward(tril_node *node, tril_real *const *grad_in)
{
    product p = product_of(node);
    /* a stretched input collects gradients of many products; the others are written once each */
    for (size_t k = 0; k < 2; k++)
        if (grad_in[k])
            memset(grad_in[k], 0, node->in[k]->size * sizeof(tril_real));
    const tril_real *dc = node->grad;
    do {
        for (size_t i = 0; i < p.walk.dim[0]; i++, dc += p.m * p.n) {
            size_t at_a = (p.walk.offset[0] + i * p.walk.stride[0][0]) * p.m * p.k;
            size_t at_b = (p.walk.offset[1] + i * p.walk.stride[0][1]) * p.k * p.n;
            if (grad_in[0])
                tril_gemm(false, true, p.m, p.k, p.n, dc, node->in[1]->value + at_b, 1,
                          grad_in[0] + at_a);
            if (grad_in[1])
                tril_gemm(true, false, p.k, p.n, p.m, node->in[0]->value + at_a, dc, 1,
                          grad_in[1] + at_b);
        }
    } while (tril_broadcast_iter_next(&p.walk));
}

const tril_op tril_op_matmul = { "matmul", matmul_shape, matmul_forward, matmul_backward };

tril_var tril_matmul(tril_var a, tril_var b)
{
    return tril_op_apply(&tril_op_matmul, (tril_var[]){ a, b }, 2, NULL, 0);
}
