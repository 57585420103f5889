/* From any number s to a positive one, v = f(s) + floor: the diagonals of heads. */
#ifndef TRIL_KERNELS_POSITIVE_H
#define TRIL_KERNELS_POSITIVE_H

#include <stddef.h>

typedef struct tril_positive {
    double value; /* v, within 1e-300 and 1e300 */
    double log;   /* log v, from s where v alone would lose it; finite for any finite s */
    double slope; /* (dv/ds) / v = d log v / ds */
} tril_positive;

typedef struct tril_positive_transform {
    tril_positive (*of)(double s, double floor);
    void (*of_all)(size_t n, double floor, const double *s, double *value, double *log,
                   double *slope); /* of each of n numbers */
    double (*inverse)(double f);   /* s such that f(s) = f > 0 */
} tril_positive_transform;

extern const tril_positive_transform
    tril_positive_elu; /* f = 1 + ELU(s): exp(s) for s <= 0, 1 + s above */
extern const tril_positive_transform tril_positive_exp;      /* f = exp(s) */
extern const tril_positive_transform tril_positive_softplus; /* f = log(1 + exp(s)) */

#endif
