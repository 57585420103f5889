/* Forward and backward substitution of rows side by side. */
#include "kernels/mvn_lanes.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/special.h"
#include "kernels/vector_math.h"

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
#define OF_LANES(d, n, f, ...)                                                                     \
    if ((n) <= TRIL_FEW_LANES)                                                                     \
        OF_DIM(d, f, TRIL_FEW_LANES, __VA_ARGS__)                                                  \
    else                                                                                           \
        OF_DIM(d, f, TRIL_LANES, __VA_ARGS__)

static inline size_t at(size_t i)
{
    return i * TRIL_LANES;
}

/* Six positive floats multiply within the range of a double: one logarithm does for them. */
enum { GROUP = sizeof(tril_real) == sizeof(double) ? 1 : 6 };

TRIL_INLINE void log_det_of(size_t d, size_t lanes, const tril_real *restrict matrix,
                            double *restrict log_det)
{
    double product[TRIL_LANES];
    EACH_LANE log_det[l] = 0;
    for (size_t i = 0; i < d; i++) {
        const tril_real *restrict diag = matrix + at(i * d + i);
        const bool first = i % GROUP == 0;
        EACH_LANE product[l] = first ? (double)diag[l] : product[l] * (double)diag[l];
        if (i % GROUP + 1 == GROUP || i + 1 == d)
            EACH_LANE log_det[l] += tril_log_d(product[l]);
    }
}

TRIL_FOR_EACH_TARGET(, tril_mvn_lanes_log_det,
                     (size_t d, size_t n, const tril_real *matrix, double *log_det),
                     (d, n, matrix, log_det), OF_LANES(d, n, log_det_of, matrix, log_det))

TRIL_INLINE bool all_zero(size_t lanes, const double *restrict x)
{
    double sum = 0;
    for (size_t l = 0; l < lanes; l++)
        sum += x[l];
    return sum == 0;
}

/* Student's t: from z'z of the normal its log-density, and that in df; its gradients in L are the
 * normal's at `root` z, root^2 = (df + d) / (df + z'z), which is never far off, and that in loc is
 * this normal's times root. */
static void student_of(const tril_mvn_lanes *m, size_t lanes, const double *squares, double *root)
{
    for (size_t l = 0; l < lanes; l++) {
        double df = m->df[l];
        m->df_slope[l] = m->g ? tril_student_log_slope(squares[l], df, m->d) : 0;
        root[l] = sqrt((df + (double)m->d) / (df + squares[l]));
        if (!isnan(m->log_prob[l]))
            m->log_prob[l] = tril_student_log(squares[l], df, m->d) - m->log_det[l] -
                             0.5 * (double)m->d * TRIL_LOG_2PI;
    }
}

/* up to so many dimensions a normal's arithmetic has digits enough in float */
enum { FEW_DIMENSIONS = 12 };

/* With bounds, and without them as long as numbers are such that bounds would not be met: what is
 * too far out shows in the result. */
#define NUM double
#define BOUNDED 1
#define KEEPS_Z 0
#define NAME(name) name##_bounded
#include "kernels/mvn_lanes_template.h"

#define NUM double
#define BOUNDED 0
#define KEEPS_Z 0
#define NAME(name) name##_wide
#include "kernels/mvn_lanes_template.h"

#define NUM tril_real
#define BOUNDED 0
#define KEEPS_Z 1
#define NAME(name) name##_real
#include "kernels/mvn_lanes_template.h"

/* what is rare or large need not be known when it is compiled */
TRIL_FOR_EACH_TARGET(static, bounded_of, (const tril_mvn_lanes *m, bool *good), (m, good),
                     run_bounded(m->d, tril_lanes_for(m->n), m, good))
TRIL_FOR_EACH_TARGET(static, wide_of, (const tril_mvn_lanes *m, bool *good), (m, good),
                     run_wide(m->d, tril_lanes_for(m->n), m, good))
TRIL_FOR_EACH_TARGET(static, real_of, (const tril_mvn_lanes *m, bool *good), (m, good),
                     OF_LANES(m->d, m->n, run_real, m, good))

TRIL_FOR_EACH_TARGET(static, back_of, (const tril_mvn_lanes *m, bool *good), (m, good),
                     OF_LANES(m->d, m->n, back_real, m, good))

/* in double the wide one rounds the same way in every lane */
static bool is_real(const tril_mvn_lanes *m)
{
    return sizeof(tril_real) < sizeof(double) && m->d <= FEW_DIMENSIONS && !m->df;
}

void tril_mvn_lanes_run(const tril_mvn_lanes *m)
{
    bool good;
    (is_real(m) ? real_of : wide_of)(m, &good);
    if (m->z && !(good && is_real(m)))
        m->z[0] = (tril_real)NAN;
    if (!good)
        bounded_of(m, &good);
}

bool tril_mvn_lanes_back(const tril_mvn_lanes *m)
{
    bool good = is_real(m) && !isnan(m->z[0]);
    if (good)
        back_of(m, &good);
    return good;
}
