/* Rows of the multivariate normal side by side, in lanes that the processor works on at once: what
 * mvn.h does with one row, with the same bounds on numbers. Number k of lane i stands at [k *
 * TRIL_LANES + i]. */
#ifndef TRIL_KERNELS_MVN_LANES_H
#define TRIL_KERNELS_MVN_LANES_H

#include "kernels/mvn.h"

enum { TRIL_LANES = 16 };

typedef struct tril_mvn_lanes {
    size_t d;
    tril_lower lower;
    const double *off;       /* off-diagonals, as `lower` says */
    double *diag, *log_diag; /* L_ii > 0; its logarithm */
    double *r, *z, *w;       /* as in a row */
} tril_mvn_lanes;

/* How many doubles r, z and w take, all of it behind each other with diag and log_diag in front. */
static inline size_t tril_mvn_lanes_doubles(size_t d)
{
    return 5 * d * TRIL_LANES;
}

static inline tril_mvn_lanes tril_mvn_lanes_at(double *memory, size_t d, tril_lower lower,
                                               const double *off)
{
    const size_t array = d * TRIL_LANES;
    return (tril_mvn_lanes){ .d = d,
                             .lower = lower,
                             .off = off,
                             .diag = memory,
                             .log_diag = memory + array,
                             .r = memory + 2 * array,
                             .z = memory + 3 * array,
                             .w = memory + 4 * array };
}

/* `width` numbers of each of n rows, which begin `stride` apart, into lanes; those without a row
 * repeat the first. */
void tril_lanes_load(size_t n, size_t width, size_t stride, const tril_real *rows, double *to);

/* And back, times the number of each lane, as far as it is within the type's range. */
void tril_lanes_store(size_t n, size_t width, size_t stride, const double *factor,
                      const double *from, tril_real *rows);

/* Rows of doubles behind each other. */
void tril_lanes_keep(size_t n, size_t width, const double *from, double *rows);

/* diag and log_diag from matrices in lanes, whose entry i d + j is L_ij. */
void tril_mvn_lanes_factor(const tril_mvn_lanes *m, const double *matrix);

/* r = y - loc, both in lanes; log-densities, r to z. A number that is not finite, be it among those
 * that diag comes from, s, makes its lane's NaN. */
void tril_mvn_lanes_log_prob(const tril_mvn_lanes *m, const double *y, const double *loc,
                             const double *s, double *log_prob);

/* After that, gradients: of loc, of off, and of s, whose d log L_ii / ds are `slope`. z to w. */
void tril_mvn_lanes_gradient(const tril_mvn_lanes *m, const double *slope, double *loc, double *off,
                             double *s);

/* The gradient times the inverse of the Fisher matrix, where `reach` is ds / d log L_ii. */
void tril_mvn_lanes_natural(const tril_mvn_lanes *m, const double *reach, double *loc, double *off,
                            double *s);

#endif
