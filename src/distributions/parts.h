/* The numbers of which distributions are made. */
#ifndef TRIL_DISTRIBUTIONS_PARTS_H
#define TRIL_DISTRIBUTIONS_PARTS_H

#include "distributions/dist.h"

/* Of each of a batch k normals or Student's t over vectors [n], and their weights. */
typedef struct tril_dist_parts {
    size_t k;
    const tril_real *weight; /* [batch, k]; NULL: 1 */
    const tril_real *df;     /* [batch, k]; NULL: normals */
    const tril_real *loc;    /* [batch, k, n] */
    const tril_real *factor; /* [batch, k, n, n]: scale_tril */
} tril_dist_parts;

/* Those of the coordinates of p with these indices. False where p is made of others, or on failure;
 * memory is the tape's. */
bool tril_dist_take_parts(tril_dist p, const size_t *index, size_t n, tril_dist_parts *out);

#endif
