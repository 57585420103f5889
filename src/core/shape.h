/* Shapes inside the library: indices for messages, and walks over operands that broadcast. */
#ifndef TRIL_CORE_SHAPE_H
#define TRIL_CORE_SHAPE_H

#include <tril/extend.h>

/* The index of an element, as text: "5, 2". */
tril_shape_str tril_shape_index(tril_shape shape, size_t element);

/* The same in brackets behind a preposition: " of row [5, 2]"; nothing for a shape of rank 0, where
 * there is only one. */
tril_shape_str tril_shape_where(const char *preposition, tril_shape shape, size_t element);

/* The shape without its last `drop` axes, without any where it has no more: that of a var that was
 * never made has rank 0. */
tril_shape tril_shape_leading(tril_shape shape, size_t drop);

/* Adds an axis at the end; false when the rank is full. */
bool tril_shape_append(tril_shape *shape, size_t dim);

/* A walk over the rows of a broadcast result: axis 0 is the innermost (the row itself), offset[k]
 * is where operand k's row begins, stride[0][k] its step along the row, 0 where it stays. Axes that
 * lie one behind the other in every operand are merged, so that equal shapes are a single row. The
 * result itself is contiguous. */
enum { TRIL_WALK_OPERANDS = 4 };

typedef struct tril_broadcast_iter {
    size_t n, rank;
    size_t dim[TRIL_MAX_RANK], index[TRIL_MAX_RANK];
    size_t stride[TRIL_MAX_RANK][TRIL_WALK_OPERANDS], offset[TRIL_WALK_OPERANDS];
} tril_broadcast_iter;

tril_broadcast_iter tril_broadcast_iter_new(tril_shape out, const tril_shape *operands, size_t n);

/* The next row; false after the last. A result without elements has no first row: test the size
 * before walking. */
bool tril_broadcast_iter_next(tril_broadcast_iter *walk);

#endif
