/* What the operations share: axes, and lines along them. */
#include "ops/ops.h"

#include <math.h>

#include "kernels/blas.h"

bool tril_ops_axis(tril_node *node, int axis, size_t rank, size_t *result)
{
    long long counted = axis < 0 ? (long long)rank + axis : axis;
    if (counted < 0 || counted >= (long long)rank)
        return tril_op_fail(node, TRIL_BAD_ARGUMENT, "axis %d of a tensor of rank %zu", axis, rank);
    *result = (size_t)counted;
    return true;
}

bool tril_ops_blas(tril_node *node)
{
    return tril_blas_ready() ||
           tril_op_fail(node, TRIL_OUT_OF_MEMORY, "out of memory for a buffer of BLAS");
}

size_t tril_ops_product(tril_shape shape, size_t from, size_t to)
{
    size_t product = 1;
    for (size_t i = from; i < to; i++)
        product *= shape.dim[i];
    return product;
}

tril_ops_span tril_ops_along(tril_shape shape, size_t axis)
{
    return (tril_ops_span){ tril_ops_product(shape, 0, axis), shape.dim[axis],
                            tril_ops_product(shape, axis + 1, shape.rank) };
}

tril_log_sum tril_ops_log_sum_exp(const tril_real *x, size_t n, size_t step)
{
    double top = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < n; i++)
        top = (double)x[i * step] > top || isnan(x[i * step]) ? (double)x[i * step] : top;
    if (!isfinite(top))
        return (tril_log_sum){ top, 0 };
    for (size_t i = 0; i < n; i++)
        sum += exp((double)x[i * step] - top);
    return (tril_log_sum){ top, log(sum) };
}
