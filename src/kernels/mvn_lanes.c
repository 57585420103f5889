/* Forward and backward substitution of rows side by side. */
#include "kernels/mvn_lanes.h"

#include <float.h>
#include <string.h>

#include "kernels/vector_math.h"

/* those of mvn.c */
static const double max_loaded = 1e150, max_z = 1e100, max_w = TRIL_MVN_MAX_W;

#define EACH_LANE TRIL_VECTORISE for (size_t l = 0; l < lanes; l++)

/* f of lanes and dimensions that the compiler knows, where there are few: then values stay in
 * registers. */
#define OF_DIM(d, f, ...)                                                                          \
    switch (d) {                                                                                   \
    case 2:                                                                                        \
        f(2, __VA_ARGS__);                                                                         \
        break;                                                                                     \
    case 3:                                                                                        \
        f(3, __VA_ARGS__);                                                                         \
        break;                                                                                     \
    default:                                                                                       \
        f(d, __VA_ARGS__);                                                                         \
    }
#define OF_LANES(m, f, ...)                                                                        \
    if ((m)->n <= TRIL_FEW_LANES)                                                                  \
        OF_DIM((m)->d, f, TRIL_FEW_LANES, m, __VA_ARGS__)                                          \
    else                                                                                           \
        OF_DIM((m)->d, f, TRIL_LANES, m, __VA_ARGS__)

static inline size_t at(size_t i)
{
    return i * TRIL_LANES;
}

/* Six positive floats multiply within the range of a double: one logarithm does for them. */
enum { GROUP = sizeof(tril_real) == sizeof(double) ? 1 : 6 };

TRIL_INLINE void factor_of(size_t d, size_t lanes, const tril_mvn_lanes *m,
                           const tril_real *restrict matrix, bool logarithms)
{
    for (size_t i = 0; i < d; i++) {
        double *restrict inverse = m->inverse + at(i);
        double *restrict product = m->log_diag + at(i / GROUP);
        const tril_real *restrict own = matrix + at(i * d + i);
        const bool first = i % GROUP == 0;
        EACH_LANE
        {
            double diag = (double)own[l];
            inverse[l] = 1 / diag;
            product[l] = first ? diag : product[l] * diag;
        }
    }
    for (size_t i = 0; i < d; i++) {
        double *restrict log_diag = m->log_diag + at(i);
        if (logarithms && i * GROUP < d)
            EACH_LANE log_diag[l] = tril_log_d(log_diag[l]);
        else
            EACH_LANE log_diag[l] = 0;
    }
}

TRIL_FOR_EACH_TARGET(, tril_mvn_lanes_factor,
                     (const tril_mvn_lanes *m, const tril_real *matrix, bool logarithms),
                     (m, matrix, logarithms), OF_LANES(m, factor_of, matrix, logarithms))

/* Sums of squares of what has to stay within bounds. Where they are below this in all lanes no
 * bound of mvn.c is met, and no number was NaN or infinite; then `bounded` arithmetic would have
 * found the same. */
static const double most = 1e200;

TRIL_INLINE double within(bool bounded, double x, double bound)
{
    return bounded ? tril_within(x, bound) : x;
}

TRIL_INLINE double loaded(bool bounded, tril_real x)
{
    return bounded ? tril_mvn_loaded(x) : (double)x;
}

TRIL_INLINE bool all_good(size_t lanes, const double *restrict sums)
{
    int bad = 0;
    for (size_t l = 0; l < lanes; l++)
        bad += !(sums[l] < most);
    return bad == 0;
}

TRIL_INLINE bool solve(size_t d, size_t lanes, const tril_mvn_lanes *m, bool bounded,
                       const tril_real *restrict y, const tril_real *restrict loc,
                       const tril_real *restrict s, size_t s_step, double *restrict log_prob)
{
    double squares[TRIL_LANES] = { 0 }, log_det[TRIL_LANES] = { 0 }, nothing[TRIL_LANES] = { 0 };
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    for (size_t i = 0; i < d; i++) {
        const tril_real *restrict off = m->off + at(tril_lower_begin(m->lower, d, i));
        const double *restrict inverse = m->inverse + at(i);
        const double *restrict log_diag = m->log_diag + at(i);
        double *restrict r = m->r + at(i), *restrict z = m->z + at(i), sum[TRIL_LANES] = { 0 };
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            const double *restrict zj = m->z + at(j);
            EACH_LANE
            {
                sum[l] += loaded(bounded, off[at(j) + l]) * zj[l];
                nothing[l] += bounded ? 0 * (double)off[at(j) + l] : 0;
            }
        }
        EACH_LANE
        {
            double yl = (double)y[at(i) + l], ml = (double)loc[at(i) + l];
            r[l] = within(bounded, yl - ml, max_loaded);
            double x = scaled ? within(bounded, r[l] * inverse[l], max_w) - sum[l]
                              : (r[l] - sum[l]) * inverse[l];
            z[l] = within(bounded, x, max_z);
            squares[l] += z[l] * z[l];
            log_det[l] += log_diag[l];
            nothing[l] += 0 * (double)s[i * s_step + l];
            nothing[l] += bounded ? 0 * yl + 0 * ml : 0;
        }
    }
    EACH_LANE
    {
        log_prob[l] = -0.5 * squares[l] - log_det[l] - 0.5 * (double)d * TRIL_LOG_2PI + nothing[l];
        squares[l] += log_det[l] * log_det[l] + nothing[l];
    }
    return all_good(lanes, squares);
}

TRIL_INLINE void log_prob_of(size_t d, size_t lanes, const tril_mvn_lanes *m,
                             const tril_real *restrict y, const tril_real *restrict loc,
                             const tril_real *restrict s, size_t s_step, double *restrict log_prob)
{
    if (!solve(d, lanes, m, false, y, loc, s, s_step, log_prob))
        solve(m->d, lanes, m, true, y, loc, s, s_step, log_prob);
}

TRIL_FOR_EACH_TARGET(, tril_mvn_lanes_log_prob,
                     (const tril_mvn_lanes *m, const tril_real *y, const tril_real *loc,
                      const tril_real *s, size_t s_step, double *log_prob),
                     (m, y, loc, s, s_step, log_prob),
                     OF_LANES(m, log_prob_of, y, loc, s, s_step, log_prob))

TRIL_INLINE bool solve_back(size_t d, size_t lanes, const tril_mvn_lanes *m, bool bounded)
{
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    double squares[TRIL_LANES] = { 0 };
    memcpy(m->w, m->z, at(d) * sizeof *m->w);
    for (size_t i = d; i-- > 0;) {
        const tril_real *restrict off = m->off + at(tril_lower_begin(m->lower, d, i));
        const double *restrict inverse = m->inverse + at(i);
        double *restrict w = m->w + at(i), a[TRIL_LANES];
        EACH_LANE
        {
            double wi = within(bounded, w[l], max_w), ai = wi * inverse[l];
            squares[l] += wi * wi + ai * ai;
            w[l] = wi;
            a[l] = scaled ? wi : within(bounded, ai, max_w);
        }
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            double *restrict wj = m->w + at(j);
            EACH_LANE wj[l] =
                within(bounded, wj[l] - loaded(bounded, off[at(j) + l]) * a[l], max_w);
        }
    }
    return all_good(lanes, squares);
}

TRIL_INLINE void differentiate(size_t d, size_t lanes, const tril_mvn_lanes *m, bool bounded,
                               const double *restrict slope, double *restrict loc,
                               double *restrict off, double *restrict s, size_t s_step)
{
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    for (size_t i = 0; i < d; i++) {
        const double *restrict w = m->w + at(i), *restrict r = m->r + at(i);
        const double *restrict z = m->z + at(i), *restrict inverse = m->inverse + at(i);
        double *restrict to = off + at(tril_lower_begin(m->lower, d, i)), of_row[TRIL_LANES];
        EACH_LANE
        {
            double a = within(bounded, w[l] * inverse[l], max_w);
            /* with respect to log L_ii; a scaled row of L moves with it as a whole */
            double moved = scaled ? within(bounded, r[l] * inverse[l], max_w) : z[l];
            loc[at(i) + l] = a;
            of_row[l] = scaled ? w[l] : a;
            s[i * s_step + l] = within(bounded, w[l] * moved - 1, DBL_MAX) * slope[at(i) + l];
        }
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            const double *restrict zj = m->z + at(j);
            EACH_LANE to[at(j) + l] = of_row[l] * zj[l];
        }
    }
}

TRIL_INLINE void gradient_of(size_t d, size_t lanes, const tril_mvn_lanes *m,
                             const double *restrict slope, double *restrict loc,
                             double *restrict off, double *restrict s, size_t s_step)
{
    if (solve_back(d, lanes, m, false)) {
        differentiate(d, lanes, m, false, slope, loc, off, s, s_step);
        return;
    }
    solve_back(m->d, lanes, m, true);
    differentiate(m->d, lanes, m, true, slope, loc, off, s, s_step);
}

TRIL_FOR_EACH_TARGET(, tril_mvn_lanes_gradient,
                     (const tril_mvn_lanes *m, const double *slope, double *loc, double *off,
                      double *s, size_t s_step),
                     (m, slope, loc, off, s, s_step),
                     OF_LANES(m, gradient_of, slope, loc, off, s, s_step))

/* In local coordinates, loc + L delta and L exp(M), the Fisher matrix is 1 for delta and the
 * off-diagonals of M, 2 for its diagonal, and the gradient z and z_i z_j, z_i^2 - 1: loc moves by
 * L z = r, L by L M with M_ij = z_i z_j, M_ii = (z_i^2 - 1) / 2. */
TRIL_INLINE void natural_of(size_t lanes, const tril_mvn_lanes *m, const double *restrict reach,
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
            sum[l] = scaled ? z[l] : z[l] / m->inverse[at(i) + l];
            s[at(i) + l] = mi[l] * reach[at(i) + l];
        }
        for (size_t j = tril_lower_count(m->lower, i); j-- > 0;) {
            const tril_real *restrict own = m->off + begin + at(j);
            const double *restrict zj = m->z + at(j);
            double *restrict to = off + begin + at(j);
            EACH_LANE
            {
                double x = loaded(true, own[l]),
                       mj = 0.5 * (zj[l] * zj[l] - 1) - (scaled ? mi[l] : 0);
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
                     (m, reach, loc, off, s),
                     natural_of(tril_lanes_for(m->n), m, reach, loc, off, s))
