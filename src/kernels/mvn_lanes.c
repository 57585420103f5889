/* Forward and backward substitution of rows side by side. */
#include "kernels/mvn_lanes.h"

#include <float.h>
#include <string.h>

#include "kernels/vector_math.h"

/* those of mvn.c */
static const double max_loaded = 1e150, max_z = 1e100, max_w = TRIL_MVN_MAX_W;

#define EACH_LANE for (size_t l = 0; l < TRIL_LANES; l++)

static inline size_t at(size_t i)
{
    return i * TRIL_LANES;
}

TRIL_INLINE double loaded(double x)
{
    return sizeof(tril_real) == sizeof(double) ? tril_within(x, max_loaded) : x;
}

TRIL_INLINE void load_of(size_t n, size_t width, size_t stride, const tril_real *restrict rows,
                         double *restrict to)
{
    if (n == TRIL_LANES)
        for (size_t k = 0; k < width; k++)
            EACH_LANE to[at(k) + l] = (double)rows[l * stride + k];
    else
        for (size_t k = 0; k < width; k++)
            EACH_LANE to[at(k) + l] = (double)rows[(l < n ? l : 0) * stride + k];
}

TRIL_FOR_EACH_TARGET(, tril_lanes_load,
                     (size_t n, size_t width, size_t stride, const tril_real *rows, double *to),
                     (n, width, stride, rows, to), load_of(n, width, stride, rows, to))

TRIL_INLINE void store_of(size_t n, size_t width, size_t stride, const double *restrict factor,
                          const double *restrict from, tril_real *restrict rows)
{
    for (size_t k = 0; k < width; k++) {
        tril_real x[TRIL_LANES];
        EACH_LANE x[l] =
            tril_saturate(tril_within(factor[l] * tril_within(from[at(k) + l], DBL_MAX), DBL_MAX));
        for (size_t l = 0; l < n; l++)
            rows[l * stride + k] = x[l];
    }
}

TRIL_FOR_EACH_TARGET(, tril_lanes_store,
                     (size_t n, size_t width, size_t stride, const double *factor,
                      const double *from, tril_real *rows),
                     (n, width, stride, factor, from, rows),
                     store_of(n, width, stride, factor, from, rows))

void tril_lanes_keep(size_t n, size_t width, const double *from, double *rows)
{
    for (size_t l = 0; l < n; l++)
        for (size_t k = 0; k < width; k++)
            rows[l * width + k] = from[at(k) + l];
}

TRIL_INLINE void factor_of(const tril_mvn_lanes *m, const double *restrict matrix)
{
    for (size_t i = 0; i < m->d; i++) {
        double *restrict diag = m->diag + at(i), *restrict log_diag = m->log_diag + at(i);
        EACH_LANE
        {
            diag[l] = matrix[at(i * m->d + i) + l];
            log_diag[l] = tril_log_d(diag[l]);
        }
    }
}

TRIL_FOR_EACH_TARGET(, tril_mvn_lanes_factor, (const tril_mvn_lanes *m, const double *matrix),
                     (m, matrix), factor_of(m, matrix))

TRIL_INLINE void log_prob_of(const tril_mvn_lanes *m, const double *restrict y,
                             const double *restrict loc, const double *restrict s,
                             double *restrict log_prob)
{
    double squares[TRIL_LANES] = { 0 }, log_det[TRIL_LANES] = { 0 }, nothing[TRIL_LANES] = { 0 };
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    for (size_t i = 0; i < m->d; i++) {
        const double *restrict off = m->off + at(tril_lower_begin(m->lower, m->d, i));
        const double *restrict diag = m->diag + at(i);
        double *restrict r = m->r + at(i), *restrict z = m->z + at(i);
        double sum[TRIL_LANES] = { 0 };
        EACH_LANE
        {
            r[l] = tril_within(y[at(i) + l] - loc[at(i) + l], max_loaded);
            nothing[l] += (y[at(i) + l] - y[at(i) + l]) + (loc[at(i) + l] - loc[at(i) + l]) +
                          (s[at(i) + l] - s[at(i) + l]);
        }
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            const double *restrict zj = m->z + at(j);
            EACH_LANE
            {
                sum[l] += loaded(off[at(j) + l]) * zj[l];
                nothing[l] += off[at(j) + l] - off[at(j) + l];
            }
        }
        EACH_LANE
        {
            double x =
                scaled ? tril_within(r[l] / diag[l], max_w) - sum[l] : (r[l] - sum[l]) / diag[l];
            z[l] = tril_within(x, max_z);
            squares[l] += z[l] * z[l];
            log_det[l] += m->log_diag[at(i) + l];
        }
    }
    EACH_LANE log_prob[l] =
        -0.5 * squares[l] - log_det[l] - 0.5 * (double)m->d * TRIL_LOG_2PI + nothing[l];
}

TRIL_FOR_EACH_TARGET(, tril_mvn_lanes_log_prob,
                     (const tril_mvn_lanes *m, const double *y, const double *loc, const double *s,
                      double *log_prob),
                     (m, y, loc, s, log_prob), log_prob_of(m, y, loc, s, log_prob))

TRIL_INLINE void backward_of(const tril_mvn_lanes *m)
{
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    memcpy(m->w, m->z, at(m->d) * sizeof *m->w);
    for (size_t i = m->d; i-- > 0;) {
        const double *restrict off = m->off + at(tril_lower_begin(m->lower, m->d, i));
        const double *restrict diag = m->diag + at(i);
        double *restrict w = m->w + at(i), a[TRIL_LANES];
        EACH_LANE
        {
            w[l] = tril_within(w[l], max_w);
            a[l] = scaled ? w[l] : tril_within(w[l] / diag[l], max_w);
        }
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            double *restrict wj = m->w + at(j);
            EACH_LANE wj[l] = tril_within(wj[l] - loaded(off[at(j) + l]) * a[l], max_w);
        }
    }
}

TRIL_INLINE void gradient_of(const tril_mvn_lanes *m, const double *restrict slope,
                             double *restrict loc, double *restrict off, double *restrict s)
{
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    backward_of(m);
    for (size_t i = 0; i < m->d; i++) {
        const double *restrict w = m->w + at(i), *restrict r = m->r + at(i);
        const double *restrict z = m->z + at(i), *restrict diag = m->diag + at(i);
        double *restrict to = off + at(tril_lower_begin(m->lower, m->d, i)), of_row[TRIL_LANES];
        EACH_LANE
        {
            double a = tril_within(w[l] / diag[l], max_w);
            /* with respect to log L_ii; a scaled row of L moves with it as a whole */
            double dlog = w[l] * (scaled ? tril_within(r[l] / diag[l], max_w) : z[l]) - 1;
            loc[at(i) + l] = a;
            of_row[l] = scaled ? w[l] : a;
            s[at(i) + l] = tril_within(dlog, DBL_MAX) * slope[at(i) + l];
        }
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            const double *restrict zj = m->z + at(j);
            EACH_LANE to[at(j) + l] = of_row[l] * zj[l];
        }
    }
}

TRIL_FOR_EACH_TARGET(, tril_mvn_lanes_gradient,
                     (const tril_mvn_lanes *m, const double *slope, double *loc, double *off,
                      double *s),
                     (m, slope, loc, off, s), gradient_of(m, slope, loc, off, s))

/* In local coordinates, loc + L delta and L exp(M), the Fisher matrix is 1 for delta and the
 * off-diagonals of M, 2 for its diagonal, and the gradient z and z_i z_j, z_i^2 - 1: loc moves by
 * L z = r, L by L M with M_ij = z_i z_j, M_ii = (z_i^2 - 1) / 2. */
TRIL_INLINE void natural_of(const tril_mvn_lanes *m, const double *restrict reach,
                            double *restrict loc, double *restrict off, double *restrict s)
{
    const double bound = 1e200;
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    memcpy(loc, m->r, at(m->d) * sizeof *loc);
    for (size_t i = 0; i < m->d; i++) {
        const size_t begin = at(tril_lower_begin(m->lower, m->d, i));
        const double *restrict z = m->z + at(i);
        double sum[TRIL_LANES], mi[TRIL_LANES]; /* sum of L_ik z_k from k = i down to j + 1 */
        EACH_LANE
        {
            mi[l] = 0.5 * (z[l] * z[l] - 1);
            sum[l] = scaled ? z[l] : m->diag[at(i) + l] * z[l];
            s[at(i) + l] = mi[l] * reach[at(i) + l];
        }
        for (size_t j = tril_lower_count(m->lower, i); j-- > 0;) {
            const double *restrict zj = m->z + at(j), *restrict own = m->off + begin + at(j);
            double *restrict to = off + begin + at(j);
            EACH_LANE
            {
                double x = loaded(own[l]), mj = 0.5 * (zj[l] * zj[l] - 1) - (scaled ? mi[l] : 0);
                sum[l] = tril_within(sum[l], bound);
                to[l] = zj[l] * sum[l] + tril_within(x * mj, bound);
                sum[l] += x * zj[l];
            }
        }
    }
}

TRIL_FOR_EACH_TARGET(, tril_mvn_lanes_natural,
                     (const tril_mvn_lanes *m, const double *reach, double *loc, double *off,
                      double *s),
                     (m, reach, loc, off, s), natural_of(m, reach, loc, off, s))
