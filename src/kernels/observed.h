/* One multivariate normal, or Student's t, and one point of which some coordinates are missing: the
 * density of those that are there, and its gradient, in double. */
#ifndef TRIL_KERNELS_OBSERVED_H
#define TRIL_KERNELS_OBSERVED_H

#include <stdbool.h>
#include <stddef.h>

#include <tril/real.h>

typedef struct tril_observed {
    size_t d, n;   /* of the normal; how many coordinates are there */
    size_t *index; /* n: which */
    double *r;     /* n: y - loc, until backward */
    double *rows;  /* n x d: those rows of L */
    double *m;     /* n x d: their LQ factor M in the first n columns */
    double *slope; /* n x (d + 1): the gradients of those rows; in the last column z, then a = M^-T
                      z, the gradient with respect to loc */
    double *least; /* n: the diagonal of L there */
    double df, squares; /* degrees of freedom, 0 for a normal; z'z */
} tril_observed;

/* How many doubles the arrays take, and a row whose arrays stand there. */
size_t tril_observed_doubles(size_t d);
tril_observed tril_observed_at(double *memory, size_t d);

/* Finds what is there: NaN in y is missing. False where y is infinite or loc not finite. */
bool tril_observed_load(tril_observed *o, const tril_real *y, const tril_real *loc,
                        const tril_real *factor);

/* The log-density, 0 of nothing; finds M and z. */
double tril_observed_log_prob(tril_observed *o);

/* z to gradients. */
void tril_observed_backward(tril_observed *o);

#endif
