/* Forward and backward substitution of one row, and the products that take their place where the
 * factor is that of the precision. */
#include "kernels/mvn.h"

#include <math.h>
#include <string.h>

#include "kernels/vector_math.h"

enum { BLOCK = 8 }; /* lines of L that are solved for together, and parts of a sum, side by side */

TRIL_INLINE void load(tril_mvn_row *row, const tril_real *factor)
{
    row->off = factor;
    for (size_t i = 0; i < row->d; i++)
        row->diag[i] = (double)factor[i * row->d + i];
    for (size_t i = 0; i < row->d; i++) {
        row->inverse[i] = 1 / row->diag[i];
        row->log_diag[i] = tril_log_d(row->diag[i]);
    }
}

TRIL_FOR_EACH_TARGET(, tril_mvn_row_load, (tril_mvn_row * row, const tril_real *factor),
                     (row, factor), load(row, factor))

bool tril_mvn_row_residual(tril_mvn_row *row, const tril_real *y, const tril_real *loc)
{
    bool finite = true;
    for (size_t i = 0; i < row->d; i++) {
        finite &= isfinite(y[i]) && isfinite(loc[i]);
        row->r[i] = tril_within((double)y[i] - (double)loc[i], TRIL_MVN_MAX_LOADED);
    }
    return finite;
}

/* x / L_ii; a product is faster, and in float, whose smallest number has a finite inverse in
 * double, as good */
TRIL_INLINE double over_diag(const tril_mvn_row *row, double x, size_t i)
{
    return sizeof(tril_real) == sizeof(double) ? x / row->diag[i] : x * row->inverse[i];
}

/* sum of l_j z_j, where n is a multiple of BLOCK */
TRIL_INLINE double dot(size_t n, const tril_real *restrict l, const double *restrict z)
{
    double part[BLOCK] = { 0 };
    for (size_t j = 0; j < n; j += BLOCK)
        for (size_t k = 0; k < BLOCK; k++)
            part[k] += tril_mvn_loaded(l[j + k]) * z[j + k];
    for (size_t half = BLOCK / 2; half > 0; half /= 2)
        for (size_t k = 0; k < half; k++)
            part[k] += part[k + half];
    return part[0];
}

/* Asks for the first n numbers of a line of the next block, or, behind the last, of what most often
 * is the next row's factor. */
TRIL_INLINE void fetch(size_t n, uintptr_t line)
{
    const size_t cache_line = 64;
    for (size_t at = 0; at < n * sizeof(tril_real); at += cache_line)
        __builtin_prefetch((const void *)(line + at), 0, 2);
}

/* z of n lines, where that of the lines before them is known */
TRIL_INLINE void forward_block(const tril_mvn_row *row, size_t first, size_t n)
{
    const tril_real *l = row->off + first * row->d;
    double sum[BLOCK], z[BLOCK];
    for (size_t k = 0; k < n; k++) {
        const tril_real *line = l + k * row->d;
        fetch(first, (uintptr_t)line + BLOCK * row->d * sizeof *line);
        sum[k] = dot(first, line, row->z);
    }
    TRIL_UNROLL
    for (size_t k = 0; k < n; k++) {
        const tril_real *line = l + k * row->d + first;
        double x = row->r[first + k] - sum[k];
        TRIL_UNROLL
        for (size_t j = 0; j < k; j++)
            x -= tril_mvn_loaded(line[j]) * z[j];
        row->z[first + k] = z[k] = tril_within(over_diag(row, x, first + k), TRIL_MVN_MAX_Z);
    }
}

TRIL_INLINE void log_prob(const tril_mvn_row *row, double *out)
{
    double squares = 0, log_det = 0;
    size_t i = 0;
    for (; row->d - i >= BLOCK; i += BLOCK)
        forward_block(row, i, BLOCK);
    forward_block(row, i, row->d - i);
    for (i = 0; i < row->d; i++) {
        squares += row->z[i] * row->z[i];
        log_det += row->log_diag[i];
    }
    *out = -0.5 * squares - log_det - 0.5 * (double)row->d * TRIL_LOG_2PI;
}

TRIL_FOR_EACH_TARGET(static, log_prob_of, (const tril_mvn_row *row, double *out), (row, out),
                     log_prob(row, out))

double tril_mvn_row_log_prob(tril_mvn_row *row)
{
    double out;
    log_prob_of(row, &out);
    return out;
}

/* w_j - L_ij a_i within bounds. In float L_ij is below 4e38, and so eight of them times a_i are
 * finite: once a block is enough. */
TRIL_INLINE double reduced(double w, tril_real l, double a)
{
    double x = w - tril_mvn_loaded(l) * a;
    return sizeof l == sizeof(double) ? tril_within(x, TRIL_MVN_MAX_W) : x;
}

/* w and a of n lines, where those of the lines after them are known, and what they take from w of
 * the lines before them */
TRIL_INLINE void backward_block(const tril_mvn_row *row, size_t first, size_t n)
{
    const tril_real *line[BLOCK];
    double a[BLOCK] = { 0 }, *restrict w = row->w;
    for (size_t k = 0; k < BLOCK; k++)
        line[k] = row->off + (first + (k < n ? k : n - 1)) * row->d;
    TRIL_UNROLL
    for (size_t k = n; k-- > 0;) {
        double x = w[first + k];
        TRIL_UNROLL
        for (size_t j = n - 1; j > k; j--)
            x = reduced(x, line[j][first + k], a[j]);
        a[k] = tril_within(over_diag(row, x, first + k), TRIL_MVN_MAX_W);
        w[first + k] = tril_within(x, TRIL_MVN_MAX_W);
    }
    memcpy(row->a + first, a, n * sizeof *a);
    for (size_t j = 0; j < first; j++) {
        double x = w[j];
        for (size_t k = BLOCK; k-- > 0;)
            x = reduced(x, line[k][j], a[k]);
        w[j] = tril_within(x, TRIL_MVN_MAX_W);
    }
}

TRIL_INLINE void backward(const tril_mvn_row *row)
{
    size_t i = row->d - row->d % BLOCK;
    memcpy(row->w, row->z, row->d * sizeof *row->w);
    if (i < row->d)
        backward_block(row, i, row->d - i);
    for (; i > 0; i -= BLOCK)
        backward_block(row, i - BLOCK, BLOCK);
}

TRIL_FOR_EACH_TARGET(, tril_mvn_row_backward, (tril_mvn_row * row), (row), backward(row))

TRIL_INLINE void slopes(const tril_mvn_row *row, double ratio, const tril_mvn_slopes *s)
{
    backward(row);
    memcpy(s->z, row->z, row->d * sizeof *s->z);
    for (size_t i = 0; i < row->d; i++) {
        double w = tril_within(ratio * row->w[i], TRIL_MVN_MAX_W);
        s->loc[i] = tril_within(ratio * row->a[i], TRIL_MVN_MAX_W);
        s->diag[i] = (w * s->z[i] - 1) / row->diag[i];
    }
}

TRIL_FOR_EACH_TARGET(, tril_mvn_row_slopes,
                     (tril_mvn_row * row, double ratio, const tril_mvn_slopes *s), (row, ratio, s),
                     slopes(row, ratio, s))

double tril_mvn_row_precision_log_prob(tril_mvn_row *row)
{
    double squares = 0, log_det = 0;
    bool scaled = row->lower == TRIL_LOWER_SCALED;
    for (size_t i = 0; i < row->d; i++) {
        const tril_real *off = row->off + tril_lower_begin(row->lower, row->d, i);
        for (size_t j = 0; j < i; j++)
            row->z[j] += tril_mvn_loaded(off[j]) * row->r[i];
        row->z[i] = (scaled ? 1 : tril_within(row->diag[i], TRIL_MVN_MAX_LOADED)) * row->r[i];
        log_det += row->log_diag[i];
    }
    for (size_t i = 0; i < row->d; i++) {
        row->z[i] = tril_within((scaled ? row->diag[i] : 1) * row->z[i], TRIL_MVN_MAX_Z);
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
