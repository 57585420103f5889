/* What the operations share: axes. */
#include "ops/ops.h"

bool tril_ops_axis(tril_node *node, int axis, size_t rank, size_t *result)
{
    long long counted = axis < 0 ? (long long)rank + axis : axis;
    if (counted < 0 || counted >= (long long)rank)
        return tril_op_fail(node, TRIL_BAD_ARGUMENT, "axis %d of a tensor of rank %zu", axis, rank);
    *result = (size_t)counted;
    return true;
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
