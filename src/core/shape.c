/* Shapes: sizes, equality, text, broadcasting. */
#include "core/shape.h"

#include <stdio.h>

size_t tril_shape_size(tril_shape shape)
{
    bool too_large = false, empty = false;
    size_t size = 1;
    if (shape.rank > TRIL_MAX_RANK)
        return SIZE_MAX;
    for (size_t i = 0; i < shape.rank; i++) {
        empty |= shape.dim[i] == 0;
        too_large |= __builtin_mul_overflow(size, shape.dim[i], &size);
    }
    return empty ? 0 : too_large ? SIZE_MAX : size;
}

bool tril_shape_equal(tril_shape a, tril_shape b)
{
    if (a.rank != b.rank || a.rank > TRIL_MAX_RANK)
        return false;
    for (size_t i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i])
            return false;
    return true;
}

tril_shape_str tril_shape_text(tril_shape shape)
{
    tril_shape_str s = { "scalar" };
    size_t used = 0;
    if (shape.rank > TRIL_MAX_RANK)
        snprintf(s.text, sizeof s.text, "a shape of rank %zu", shape.rank);
    for (size_t i = 0; i < shape.rank && shape.rank <= TRIL_MAX_RANK && used < sizeof s.text; i++)
        used +=
            (size_t)snprintf(s.text + used, sizeof s.text - used, i ? "x%zu" : "%zu", shape.dim[i]);
    return s;
}

tril_shape_str tril_shape_index(tril_shape shape, size_t element)
{
    tril_shape_str s = { "" };
    size_t index[TRIL_MAX_RANK], used = 0;
    for (size_t i = shape.rank; i-- > 0; element /= shape.dim[i])
        index[i] = element % shape.dim[i];
    for (size_t i = 0; i < shape.rank && used < sizeof s.text; i++)
        used +=
            (size_t)snprintf(s.text + used, sizeof s.text - used, i ? ", %zu" : "%zu", index[i]);
    return s;
}

tril_shape_str tril_shape_where(const char *preposition, tril_shape shape, size_t element)
{
    tril_shape_str s = { "" };
    if (shape.rank > 0)
        snprintf(s.text, sizeof s.text, "%s[%.80s]", preposition,
                 tril_shape_index(shape, element).text);
    return s;
}

bool tril_shape_broadcast(tril_shape a, tril_shape b, tril_shape *out)
{
    size_t rank = a.rank > b.rank ? a.rank : b.rank;
    if (rank > TRIL_MAX_RANK)
        return false;
    *out = (tril_shape){ .rank = rank };
    for (size_t i = 0; i < rank; i++) {
        size_t p = i + a.rank < rank ? 1 : a.dim[i + a.rank - rank];
        size_t q = i + b.rank < rank ? 1 : b.dim[i + b.rank - rank];
        if (p != q && p != 1 && q != 1)
            return false;
        out->dim[i] = p == 1 ? q : p;
    }
    return true;
}

tril_shape tril_shape_leading(tril_shape shape, size_t drop)
{
    tril_shape leading = { .rank = drop < shape.rank ? shape.rank - drop : 0 };
    for (size_t i = 0; i < TRIL_MAX_RANK; i++)
        leading.dim[i] = i < leading.rank ? shape.dim[i] : 0;
    return leading;
}

bool tril_shape_append(tril_shape *shape, size_t dim)
{
    if (shape->rank == TRIL_MAX_RANK)
        return false;
    shape->dim[shape->rank++] = dim;
    return true;
}

tril_broadcast_iter tril_broadcast_iter_new(tril_shape out, const tril_shape *operands, size_t n)
{
    tril_broadcast_iter walk = { .n = n };
    size_t full[TRIL_WALK_OPERANDS]; /* stride that each operand has at the present axis */
    for (size_t k = 0; k < n; k++)
        full[k] = 1;
    /* axes from the last to the first; one that continues the axis before it in every operand is
     * merged with it */
    for (size_t i = out.rank; i-- > 0;) {
        size_t stride[TRIL_WALK_OPERANDS];
        bool merges = walk.rank > 0;
        for (size_t k = 0; k < n; k++) {
            size_t missing = out.rank - operands[k].rank;
            size_t dim = i < missing ? 1 : operands[k].dim[i - missing];
            stride[k] = dim == 1 ? 0 : full[k];
            full[k] *= dim;
            if (merges)
                merges = stride[k] == walk.stride[walk.rank - 1][k] * walk.dim[walk.rank - 1];
        }
        if (out.dim[i] == 1)
            continue;
        if (merges) {
            walk.dim[walk.rank - 1] *= out.dim[i];
            continue;
        }
        walk.dim[walk.rank] = out.dim[i];
        for (size_t k = 0; k < n; k++)
            walk.stride[walk.rank][k] = stride[k];
        walk.rank++;
    }
    if (walk.rank == 0)
        walk.dim[walk.rank++] = 1;
    return walk;
}

bool tril_broadcast_iter_next(tril_broadcast_iter *walk)
{
    for (size_t i = 1; i < walk->rank; i++) {
        for (size_t k = 0; k < walk->n; k++)
            walk->offset[k] += walk->stride[i][k];
        if (++walk->index[i] < walk->dim[i])
            return true;
        for (size_t k = 0; k < walk->n; k++)
            walk->offset[k] -= walk->stride[i][k] * walk->dim[i];
        walk->index[i] = 0;
    }
    return false;
}
