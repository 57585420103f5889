/* One multivariate normal and one point: log-density and its gradient, in double, from a factor L
 * whose diagonal stands apart from its strict lower triangle. No step divides zero by zero or
 * subtracts infinities, so that any finite factor with a positive diagonal gives numbers, if need
 * be very large ones. */
#ifndef TRIL_KERNELS_MVN_H
#define TRIL_KERNELS_MVN_H

#include <stdbool.h>
#include <stddef.h>

#include <tril/real.h>

#define TRIL_LOG_2PI 1.8378770664093454836

/* How the strict lower triangle stands in memory. */
typedef enum tril_lower {
    TRIL_LOWER_FULL,   /* L_ij at i d + j */
    TRIL_LOWER_PACKED, /* L_ij at i (i - 1) / 2 + j */
    TRIL_LOWER_SCALED, /* the same place, but what stands there is L_ij / L_ii */
    TRIL_LOWER_NONE    /* nowhere: all are 0 */
} tril_lower;

typedef struct tril_mvn_row {
    size_t d;
    tril_lower lower;
    const tril_real *off;              /* off-diagonals, as `lower` says */
    double *diag, *inverse, *log_diag; /* L_ii > 0; 1 / L_ii; its logarithm */
    double *r;                         /* y - loc */
    double *z;                         /* L^-1 r */
    double *a;                         /* L^-T z, the gradient with respect to loc */
    double *w;                         /* L_ii a_i */
    double df;                         /* Student's t's degrees of freedom */
} tril_mvn_row;

/* How many doubles the arrays of a row take, and a row whose arrays stand there. */
static inline size_t tril_mvn_row_doubles(size_t d)
{
    return 7 * d;
}

static inline tril_mvn_row tril_mvn_row_at(double *memory, size_t d, tril_lower lower)
{
    return (tril_mvn_row){ .d = d,
                           .lower = lower,
                           .diag = memory,
                           .inverse = memory + d,
                           .log_diag = memory + 2 * d,
                           .r = memory + 3 * d,
                           .z = memory + 4 * d,
                           .a = memory + 5 * d,
                           .w = memory + 6 * d };
}

/* What the gradients of one row's log-density are made of: of loc; of the factor left_i z_j below
 * its diagonal, diag_i on it. All but diag are such that their products are finite. */
typedef struct tril_mvn_slopes {
    double *z, *loc, *diag, *left;
} tril_mvn_slopes;

/* left is loc where the factor is L, an array of its own where it is T. */
static inline size_t tril_mvn_slopes_doubles(size_t d, bool of_precision)
{
    return (of_precision ? 4 : 3) * d;
}

static inline tril_mvn_slopes tril_mvn_slopes_at(double *memory, size_t d, bool of_precision)
{
    return (tril_mvn_slopes){ memory, memory + d, memory + 2 * d,
                              memory + (of_precision ? 3 : 1) * d };
}

/* Takes over the factor's diagonal, and where the rest of it stands, which is full. */
void tril_mvn_row_load(tril_mvn_row *row, const tril_real *factor);

/* r = y - loc. False where it is not finite. */
bool tril_mvn_row_residual(tril_mvn_row *row, const tril_real *y, const tril_real *loc);

/* The log-density by L, which has been loaded; r to z. */
double tril_mvn_row_log_prob(tril_mvn_row *row);

/* z to a and w. */
void tril_mvn_row_backward(tril_mvn_row *row);

/* The same, and then the slopes, where d/dz is -ratio z, for a normal -z. */
void tril_mvn_row_slopes(tril_mvn_row *row, double ratio, const tril_mvn_slopes *s);

/* The same where diag and off hold T, the factor of the precision T T' (or T_ij / T_jj, scaled),
 * log_diag its diagonal's logarithms: r to z = T'r and the log-density, then z to w = T z, the
 * gradient with respect to loc itself. Nothing is divided. */
double tril_mvn_row_precision_log_prob(tril_mvn_row *row);
void tril_mvn_row_precision_backward(tril_mvn_row *row);

static inline double tril_within(double x, double bound)
{
    return x > bound ? bound : x < -bound ? -bound : x;
}

/* Bounds that no useful number meets. With |L_ij| and |r_i| within the first, |z| within the
 * second, |w| and |a| within the third, every sum of products is finite: infinities never meet, nor
 * infinity and zero. In float only z, w and a can come near them. */
#define TRIL_MVN_MAX_LOADED 1e150
#define TRIL_MVN_MAX_Z 1e100
#define TRIL_MVN_MAX_W 1e180

/* z'z */
static inline double tril_mvn_squares(size_t d, const double *z)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++)
        sum += z[i] * z[i];
    return sum;
}

/* T_ii z_i */
static inline double tril_mvn_row_scaled_z(const tril_mvn_row *row, size_t i)
{
    return tril_within(row->diag[i] * row->z[i], 1e150);
}

/* An off-diagonal within bounds, so that products with it are finite; in float it is. */
static inline double tril_mvn_loaded(tril_real x)
{
    return sizeof x == sizeof(double) ? tril_within((double)x, 1e150) : (double)x;
}

/* How many entries row i of the strict lower triangle has. */
static inline size_t tril_lower_count(tril_lower lower, size_t i)
{
    return lower == TRIL_LOWER_NONE ? 0 : i;
}

/* Where row i of the strict lower triangle begins. */
static inline size_t tril_lower_begin(tril_lower lower, size_t d, size_t i)
{
    return lower == TRIL_LOWER_FULL ? i * d : i * (i - (i > 0)) / 2;
}

/* The nearest number of the type: its largest where x is beyond its range. */
static inline tril_real tril_saturate(double x)
{
    const double max = (double)TRIL_REAL_MAX;
    return (tril_real)(x > max ? max : x < -max ? -max : x);
}

#endif
