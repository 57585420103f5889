/* From any number s to a positive one, v = f(s) + floor: the diagonals of heads. */
#ifndef TRIL_KERNELS_DIAG_H
#define TRIL_KERNELS_DIAG_H

#include <stddef.h>

typedef struct tril_diag {
    double value; /* v, within 1e-300 and 1e300 */
    double log;   /* log v, from s where v alone would lose it; finite for any finite s */
    double slope; /* (dv/ds) / v = d log v / ds */
} tril_diag;

typedef struct tril_diag_transform {
    tril_diag (*of)(double s, double floor);
    void (*of_all)(size_t n, double floor, const double *s, double *value, double *log,
                   double *slope); /* of each of n numbers */
    double (*inverse)(double f);   /* s such that f(s) = f > 0 */
} tril_diag_transform;

extern const tril_diag_transform tril_diag_elu; /* f = 1 + ELU(s): exp(s) for s <= 0, 1 + s above */
extern const tril_diag_transform tril_diag_exp; /* f = exp(s) */
extern const tril_diag_transform tril_diag_softplus; /* f = log(1 + exp(s)) */

#endif
