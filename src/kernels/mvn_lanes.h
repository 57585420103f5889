/* Rows of the multivariate normal, or of Student's t, side by side: what mvn.h does with one row.
 * In float a row's arithmetic is in float where no number is far out, in double elsewhere, with the
 * bounds of mvn.c. */
#ifndef TRIL_KERNELS_MVN_LANES_H
#define TRIL_KERNELS_MVN_LANES_H

#include "kernels/mvn.h"
#include "kernels/simd_rows.h"

/* Arrays hold numbers of n rows in lanes. */
typedef struct tril_mvn_lanes {
    size_t d, n;
    tril_lower lower;
    const tril_real *y, *loc;
    const tril_real *off;  /* off-diagonals, as `lower` says */
    const tril_real *s;    /* what L_ii comes from */
    size_t s_step;         /* how many numbers apart they stand */
    const double *v;       /* L_ii; NULL: L_ii is s */
    const double *log_det; /* the sum of their logarithms, a number a row */
    const double *slope;   /* d log L_ii / ds, unless L_ii is s */
    const double *reach;   /* ds / d log L_ii, for natural gradients */
    const double *df;      /* Student's t's degrees of freedom, a number a row; NULL: normal */
    double *arrays;        /* of tril_mvn_lanes_doubles */
    double *log_prob, *df_slope; /* results, a number a row */
    tril_real *g, *natural; /* gradients, and those times the inverse of the Fisher matrix: of loc;
                               of off and of s, these in a full factor on its diagonal, else behind
                               all off. NULL: none */
    tril_real *z;           /* left there for tril_mvn_lanes_back; NULL: nowhere */
} tril_mvn_lanes;

static inline size_t tril_mvn_lanes_doubles(size_t d)
{
    return 4 * d * TRIL_LANES;
}

/* log_det from matrices in lanes, whose entry i d + j is L_ij. */
void tril_mvn_lanes_log_det(size_t d, size_t n, const tril_real *matrix, double *log_det);

/* Log-densities, and gradients as far as there is room for them. A number that is not finite makes
 * its lane's log-density NaN; numbers beyond the type's range become its largest. */
void tril_mvn_lanes_run(const tril_mvn_lanes *m);

/* The gradients alone, in g, by a full factor and z from such a run; false where numbers are far
 * out, so that another run is needed. y, loc and log_det are not read. */
bool tril_mvn_lanes_back(const tril_mvn_lanes *m);

#endif
