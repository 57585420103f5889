/* Forward and backward substitution of one row, and the products that take their place where the
 * factor is that of the precision. */
#include "kernels/mvn.h"

#include <math.h>
#include <string.h>

#include "kernels/targets.h"

enum { PARTS = 16 }; /* of a sum, side by side */

/* Bounds that no useful number meets. With |L_ij| and |r_i| at most 1e150, |z| at most 1e100 and
 * |w| at most 1e180, every product below is finite: infinities never meet. In float only z and w
 * can come near them. */
static const double max_loaded = 1e150, max_z = 1e100, max_w = TRIL_MVN_MAX_W;

bool tril_mvn_row_residual(tril_mvn_row *row, const tril_real *y, const tril_real *loc)
{
    bool finite = true;
    for (size_t i = 0; i < row->d; i++) {
        finite &= isfinite(y[i]) && isfinite(loc[i]);
        row->r[i] = tril_within((double)y[i] - (double)loc[i], max_loaded);
    }
    return finite;
}

/* sum of l_j z_j, in parts whose order depends on n alone */
TRIL_INLINE double dot(size_t n, const tril_real *restrict l, const double *restrict z)
{
    double part[PARTS] = { 0 }, sum = 0;
    size_t j = 0;
    for (; n - j >= PARTS; j += PARTS)
        for (size_t k = 0; k < PARTS; k++)
            part[k] += tril_mvn_loaded(l[j + k]) * z[j + k];
    for (; j < n; j++)
        sum += tril_mvn_loaded(l[j]) * z[j];
    for (size_t k = 0; k < PARTS; k++)
        sum += part[k];
    return sum;
}

TRIL_INLINE void forward(const tril_mvn_row *row)
{
    for (size_t i = 0; i < row->d; i++) {
        const tril_real *off = row->off + tril_lower_begin(row->lower, row->d, i);
        row->z[i] = tril_within((row->r[i] - dot(i, off, row->z)) / row->diag[i], max_z);
    }
}

TRIL_FOR_EACH_TARGET(static, solve_forward, (const tril_mvn_row *row), (row), forward(row))

double tril_mvn_row_log_prob(tril_mvn_row *row)
{
    double squares = 0, log_det = 0;
    solve_forward(row);
    for (size_t i = 0; i < row->d; i++) {
        squares += row->z[i] * row->z[i];
        log_det += row->log_diag[i];
    }
    return -0.5 * squares - log_det - 0.5 * (double)row->d * TRIL_LOG_2PI;
}

TRIL_INLINE void backward(const tril_mvn_row *row)
{
    double *restrict w = row->w;
    memcpy(w, row->z, row->d * sizeof *w);
    for (size_t i = row->d; i-- > 0;) {
        const tril_real *restrict off = row->off + tril_lower_begin(row->lower, row->d, i);
        w[i] = tril_within(w[i], max_w);
        double a = tril_within(w[i] / row->diag[i], max_w);
        for (size_t j = 0; j < i; j++)
            w[j] = tril_within(w[j] - tril_mvn_loaded(off[j]) * a, max_w);
    }
}

TRIL_FOR_EACH_TARGET(, tril_mvn_row_backward, (tril_mvn_row * row), (row), backward(row))

double tril_mvn_row_precision_log_prob(tril_mvn_row *row)
{
    double squares = 0, log_det = 0;
    bool scaled = row->lower == TRIL_LOWER_SCALED;
    for (size_t i = 0; i < row->d; i++) {
        const tril_real *off = row->off + tril_lower_begin(row->lower, row->d, i);
        for (size_t j = 0; j < i; j++)
            row->z[j] += tril_mvn_loaded(off[j]) * row->r[i];
        row->z[i] = (scaled ? 1 : tril_within(row->diag[i], max_loaded)) * row->r[i];
        log_det += row->log_diag[i];
    }
    for (size_t i = 0; i < row->d; i++) {
        row->z[i] = tril_within((scaled ? row->diag[i] : 1) * row->z[i], max_z);
        squares += row->z[i] * row->z[i];
    }
    return log_det - 0.5 * squares - 0.5 * (double)row->d * TRIL_LOG_2PI;
}

void tril_mvn_row_precision_backward(tril_mvn_row *row)
{
    for (size_t i = 0; i < row->d; i++) {
        const tril_real *off = row->off + tril_lower_begin(row->lower, row->d, i);
        row->w[i] = tril_mvn_row_scaled_z(row, i);
        for (size_t j = 0; j < i; j++)
            row->w[i] +=
                tril_mvn_loaded(off[j]) *
                (row->lower == TRIL_LOWER_SCALED ? tril_mvn_row_scaled_z(row, j) : row->z[j]);
    }
}
