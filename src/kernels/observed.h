/* One multivariate normal, or Student's t, and one point of which some coordinates are missing, or
 * known to be within bounds: the density of those that are there, times the probability of the
 * bounds given these, and its gradient, in double. */
#ifndef TRIL_KERNELS_OBSERVED_H
#define TRIL_KERNELS_OBSERVED_H

#include <stdbool.h>
#include <stddef.h>

#include <tril/real.h>

#include "kernels/rectangle.h"

enum { TRIL_CENSORED = 2 }; /* as many coordinates may be known by bounds */

typedef struct tril_observed {
    size_t d, n, censored; /* of the normal; how many coordinates are there, and how many behind
                              them are within bounds */
    size_t *index;         /* n + censored = m: which */
    double *r;             /* n: y - loc, until backward */
    double *rows;          /* m x d: those rows of L */
    double *m;             /* m x d: their LQ factor M in the first m columns */
    double *slope; /* m x (d + 1): the gradients of those rows; in the last column z, then a = M^-T
                      z, the gradient with respect to loc */
    double *least; /* m: the least that their pivots can be */
    double df, squares; /* degrees of freedom, 0 for a normal; z'z */
    double low[TRIL_CENSORED], high[TRIL_CENSORED], second[3]; /* bounds - loc; E z z' - 1 */
} tril_observed;

/* How many doubles the arrays take, and a row whose arrays stand there. */
size_t tril_observed_doubles(size_t d);
tril_observed tril_observed_at(double *memory, size_t d);

/* Finds what is there: NaN in y is missing; or, where there is a `high`, what of it is y too is
 * there, what is not lies from y to high, NaN being no bound. */
typedef enum tril_observed_state {
    TRIL_OBSERVED_FINE,
    TRIL_OBSERVED_NOT_FINITE, /* y or a bound is infinite, or loc not finite */
    TRIL_OBSERVED_CROSSED,    /* a lower bound is above the upper one */
    TRIL_OBSERVED_TOO_MANY    /* more than TRIL_CENSORED are known by bounds */
} tril_observed_state;
tril_observed_state tril_observed_load(tril_observed *o, const tril_real *y, const tril_real *high,
                                       const tril_real *loc, const tril_real *factor);

/* The log-density, 0 of nothing; finds M and z. */
double tril_observed_log_prob(tril_observed *o);

/* Of standard normals u of which t u, t lower triangular of one or two rows of TRIL_CENSORED
 * numbers, is between bounds: tril_truncate, with numbers within its range. */
void tril_observed_truncate(size_t n, const double *t, const double *low, const double *high,
                            tril_truncated *u);

/* z to gradients. */
void tril_observed_backward(tril_observed *o);

#endif
