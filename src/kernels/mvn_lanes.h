/* Rows of the multivariate normal side by side: what mvn.h does with one row, with the same bounds
 * on numbers. */
#ifndef TRIL_KERNELS_MVN_LANES_H
#define TRIL_KERNELS_MVN_LANES_H

#include "kernels/lanes.h"
#include "kernels/mvn.h"

typedef struct tril_mvn_lanes {
    size_t d, n; /* of n rows */
    tril_lower lower;
    const tril_real *off;       /* off-diagonals, as `lower` says */
    double *inverse, *log_diag; /* 1 / L_ii; logarithms of L_ii, or others of the same sum */
    double *r, *z, *w;          /* as in a row */
} tril_mvn_lanes;

/* How many doubles the arrays take, all of them behind each other with inverse and log_diag in
 * front.
 */
static inline size_t tril_mvn_lanes_doubles(size_t d)
{
    return 5 * d * TRIL_LANES;
}

static inline tril_mvn_lanes tril_mvn_lanes_at(double *memory, size_t d, tril_lower lower,
                                               const tril_real *off)
{
    const size_t array = d * TRIL_LANES;
    return (tril_mvn_lanes){ .d = d,
                             .lower = lower,
                             .off = off,
                             .inverse = memory,
                             .log_diag = memory + array,
                             .r = memory + 2 * array,
                             .z = memory + 3 * array,
                             .w = memory + 4 * array };
}

/* inverse from matrices in lanes, whose entry i d + j is L_ij, and, if they are wanted, logarithms:
 * they take longer than the rest of a log-density. */
void tril_mvn_lanes_factor(const tril_mvn_lanes *m, const tril_real *matrix, bool logarithms);

/* r = y - loc, both in lanes; log-densities, r to z. A number that is not finite, be it among those
 * that L_ii comes from, s, which stand s_step numbers apart, makes its lane's NaN. */
void tril_mvn_lanes_log_prob(const tril_mvn_lanes *m, const tril_real *y, const tril_real *loc,
                             const tril_real *s, size_t s_step, double *log_prob);

/* After that, by z and inverse, and where rows are scaled by r, gradients: of loc, of off, and of
 * s, whose d log L_ii / ds are `slope`, and which are to stand s_step apart. z to w. */
void tril_mvn_lanes_gradient(const tril_mvn_lanes *m, const double *slope, double *loc, double *off,
                             double *s, size_t s_step);

/* The gradient times the inverse of the Fisher matrix, where `reach` is ds / d log L_ii. */
void tril_mvn_lanes_natural(const tril_mvn_lanes *m, const double *reach, double *loc, double *off,
                            double *s);

#endif
