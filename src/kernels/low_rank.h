/* One normal with covariance W W' + diag(s^2), W d x r, and one point, in double. With V = W / s
 * and z = (y - loc) / s, I + V'V = L L' is factored by the LQ decomposition of [V' I], so that a
 * small s costs no digits, and the quadratic form is a sum of squares, |z - V zeta|^2 + |zeta|^2
 * with zeta = (I + V'V)^-1 V'z (the least there is). No infinities meet. */
#ifndef TRIL_KERNELS_LOW_RANK_H
#define TRIL_KERNELS_LOW_RANK_H

#include <stdbool.h>
#include <stddef.h>

#include <tril/real.h>

typedef struct tril_low_rank_row {
    size_t d, r;
    double *scale, *log_scale; /* s > 0; its logarithm */
    double *v;                 /* V [d, r] */
    double *lq;                /* L in the first r columns of [r, d + r] */
    double *residual;          /* y - loc */
    double *u;                 /* z - V zeta */
    double *zeta, *step;       /* [r]; the last change of zeta */
    double *b;                 /* V (I + V'V)^-1 [d, r] */
    double *leverage;          /* the diagonal of V (I + V'V)^-1 V', within 0 and 1 */
} tril_low_rank_row;

/* How many doubles the arrays of a row take, and a row whose arrays stand there. */
size_t tril_low_rank_row_doubles(size_t d, size_t r);
tril_low_rank_row tril_low_rank_row_at(double *memory, size_t d, size_t r);

/* scale and W [d, r] to V and L. */
void tril_low_rank_row_factor(tril_low_rank_row *row, const tril_real *w);

/* residual = y - loc. False where it is not finite. */
bool tril_low_rank_row_residual(tril_low_rank_row *row, const tril_real *y, const tril_real *loc);

/* The log-density; residual to u and zeta. */
double tril_low_rank_row_log_prob(tril_low_rank_row *row);

/* V and L to b and leverage. */
void tril_low_rank_row_backward(tril_low_rank_row *row);

/* Gradients of the log-density: with respect to loc, W and log s. */
double tril_low_rank_row_dloc(const tril_low_rank_row *row, size_t i);
double tril_low_rank_row_dw(const tril_low_rank_row *row, size_t i, size_t a);
double tril_low_rank_row_dlog_scale(const tril_low_rank_row *row, size_t i);

#endif
