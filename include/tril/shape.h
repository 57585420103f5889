/* Shapes of tensors: rank 0 (a scalar) to 4, sizes outermost first; a size of 0 is legal. */
#ifndef TRIL_SHAPE_H
#define TRIL_SHAPE_H

#include <tril/ctx.h>

TRIL_API_BEGIN

enum { TRIL_MAX_RANK = 4 };

typedef struct tril_shape {
    size_t rank;
    size_t dim[TRIL_MAX_RANK]; /* dim[rank] and beyond are 0 */
} tril_shape;

TRIL_API_END

/* TRIL_SHAPE(64, 3) is 64 x 3: one to four sizes. */
#ifdef __cplusplus
template <typename... Sizes> inline tril_shape tril_shape_of_sizes(Sizes... sizes)
{
    return tril_shape{ sizeof...(sizes), { static_cast<size_t>(sizes)... } };
}
#define TRIL_SHAPE(...) tril_shape_of_sizes(__VA_ARGS__)
#else
#define TRIL_SHAPE(...)                                                                            \
    ((tril_shape){ sizeof((size_t[]){ __VA_ARGS__ }) / sizeof(size_t), { __VA_ARGS__ } })
#endif

TRIL_API_BEGIN

/* The product of the sizes; 1 for rank 0; SIZE_MAX where it does not fit or the rank is above 4. */
size_t tril_shape_size(tril_shape shape);

bool tril_shape_equal(tril_shape a, tril_shape b);

/* The shape as it stands in messages: "64x3", "5", "scalar", and "a shape of rank 5", which is
 * none. */
typedef struct tril_shape_str {
    char text[96];
} tril_shape_str;
tril_shape_str tril_shape_text(tril_shape shape);

TRIL_API_END
#endif
