/* With S the coordinates that are there: L_S = M Q by LQ, z = M^-1 r, log p = -z'z/2 - sum log M_ii
 * - n/2 log 2 pi; d/dloc = M^-T z, d/dL_S = M^-T (z (Q'z)' - Q). Of Student's t z there is
 * z (df + n) / (df + z'z). */
#include "kernels/observed.h"

#include <math.h>
#include <string.h>

#include "kernels/lq.h"
#include "kernels/mvn.h"
#include "kernels/special.h"

size_t tril_observed_doubles(size_t d)
{
    return d * (3 * d + 4); /* an index is no larger than a double */
}

tril_observed tril_observed_at(double *x, size_t d)
{
    return (tril_observed){ .d = d,
                            .rows = x,
                            .m = x + d * d,
                            .slope = x + 2 * d * d,
                            .r = x + d * (3 * d + 1),
                            .least = x + d * (3 * d + 2),
                            .index = (size_t *)(void *)(x + d * (3 * d + 3)) };
}

bool tril_observed_load(tril_observed *o, const tril_real *y, const tril_real *loc,
                        const tril_real *factor)
{
    bool fine = true;
    o->n = 0;
    for (size_t i = 0; i < o->d; i++) {
        fine &= !isinf(y[i]) && isfinite(loc[i]);
        if (isnan(y[i]))
            continue;
        double *row = o->rows + o->n * o->d;
        for (size_t j = 0; j < o->d; j++)
            row[j] = j > i ? 0 : tril_within((double)factor[i * o->d + j], TRIL_MVN_MAX_LOADED);
        o->least[o->n] = row[i];
        o->r[o->n] = tril_within((double)y[i] - (double)loc[i], TRIL_MVN_MAX_LOADED);
        o->index[o->n++] = i;
    }
    return fine;
}

double tril_observed_log_prob(tril_observed *o)
{
    const size_t d = o->d;
    double squares = 0, log_det = 0;
    for (size_t i = 0; i < o->n * d; i++)
        o->m[i] = o->rows[i];
    tril_lq_factor(o->n, d, o->m, o->least);
    for (size_t i = 0; i < o->n; i++) {
        double sum = 0;
        for (size_t j = 0; j < i; j++)
            sum += o->m[i * d + j] * o->slope[j * (d + 1) + d];
        double z = tril_within((o->r[i] - sum) / o->m[i * d + i], TRIL_MVN_MAX_Z);
        o->slope[i * (d + 1) + d] = z;
        squares += z * z;
        log_det += log(o->m[i * d + i]);
    }
    o->squares = squares;
    return (o->df > 0 ? tril_student_log(squares, o->df, o->n) : -0.5 * squares) - log_det -
           0.5 * (double)o->n * TRIL_LOG_2PI;
}

static void subtract(size_t n, double factor, const double *from, double *x, double bound)
{
    for (size_t j = 0; j < n; j++)
        x[j] = tril_within(x[j] - factor * from[j], bound);
}

/* Q = M^-1 L_S, whose numbers are at most 1, and then z (Q'z)' - Q beside z; r is no longer needed
 * and takes Q'z */
static void right_side(tril_observed *o)
{
    const size_t d = o->d, width = d + 1;
    const double weight = o->df > 0 ? (o->df + (double)o->n) / (o->df + o->squares) : 1;
    memset(o->r, 0, d * sizeof *o->r);
    for (size_t i = 0; i < o->n; i++) {
        double *q = o->slope + i * width;
        memcpy(q, o->rows + i * d, d * sizeof *q);
        for (size_t k = 0; k < i; k++)
            subtract(d, o->m[i * d + k], o->slope + k * width, q, TRIL_MVN_MAX_LOADED);
        for (size_t j = 0; j < d; j++) {
            q[j] = tril_within(q[j] / o->m[i * d + i], 1);
            o->r[j] += q[j] * q[d];
        }
    }
    for (size_t i = 0; i < o->n; i++) {
        double *q = o->slope + i * width;
        for (size_t j = 0; j < d; j++)
            q[j] = weight * q[d] * o->r[j] - q[j];
        q[d] *= weight;
    }
}

void tril_observed_backward(tril_observed *o)
{
    const size_t width = o->d + 1;
    right_side(o);
    for (size_t i = o->n; i-- > 0;) {
        double *x = o->slope + i * width;
        for (size_t j = 0; j < width; j++)
            x[j] = tril_within(x[j] / o->m[i * o->d + i], TRIL_MVN_MAX_W);
        for (size_t k = 0; k < i; k++)
            subtract(width, o->m[i * o->d + k], x, o->slope + k * width, TRIL_MVN_MAX_W);
    }
}
