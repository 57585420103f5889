/* Sums over arrays, in double. */
#include "kernels/reduce.h"

#include "kernels/cpu_dispatch.h"
#include "kernels/mvn.h"

double tril_sum_of(size_t n, const tril_real *x)
{
    double part[8] = { 0 };
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            part[k] += (double)x[i + k];
    for (; i < n; i++)
        part[i % 8] += (double)x[i];
    return ((part[0] + part[4]) + (part[1] + part[5])) +
           ((part[2] + part[6]) + (part[3] + part[7]));
}

TRIL_INLINE void row_squares(size_t rows, size_t n, const tril_real *restrict x,
                             double *restrict sums)
{
    for (size_t i = 0; i < rows; i++, x += n) {
        double part[8] = { 0 }, rest = 0;
        size_t j = 0;
        for (; j + 8 <= n; j += 8)
            for (size_t k = 0; k < 8; k++)
                part[k] += (double)x[j + k] * (double)x[j + k];
        for (; j < n; j++)
            rest += (double)x[j] * (double)x[j];
        sums[i] = ((part[0] + part[4]) + (part[1] + part[5])) +
                  ((part[2] + part[6]) + (part[3] + part[7])) + rest;
    }
}

TRIL_FOR_EACH_TARGET(, tril_row_squares, (size_t rows, size_t n, const tril_real *x, double *sums),
                     (rows, n, x, sums), row_squares(rows, n, x, sums))

TRIL_INLINE void scale_rows(size_t rows, size_t n, const tril_real *restrict scale,
                            tril_real *restrict x)
{
    for (size_t i = 0; i < rows; i++, x += n)
        for (size_t j = 0; j < n; j++)
            x[j] *= scale[i];
}

TRIL_FOR_EACH_TARGET(, tril_scale_rows,
                     (size_t rows, size_t n, const tril_real *scale, tril_real *x),
                     (rows, n, scale, x), scale_rows(rows, n, scale, x))

TRIL_INLINE void subtract_rows(size_t rows, size_t n, const tril_real *restrict x,
                               const size_t *restrict at, const tril_real *restrict y,
                               const size_t *restrict at_y, tril_real *restrict to)
{
    for (size_t i = 0; i < rows; i++, to += n)
        for (size_t j = 0; j < n; j++)
            to[j] = x[at[i] + j] - y[at_y[i] + j];
}

TRIL_FOR_EACH_TARGET(, tril_subtract_rows,
                     (size_t rows, size_t n, const tril_real *x, const size_t *at,
                      const tril_real *y, const size_t *at_y, tril_real *to),
                     (rows, n, x, at, y, at_y, to), subtract_rows(rows, n, x, at, y, at_y, to))

void tril_add_to_sums(size_t n, const tril_real *x, double *sums)
{
    for (size_t j = 0; j < n; j++)
        sums[j] += (double)x[j];
}

enum { COLUMNS = 32 }; /* whose sums stay in registers */

TRIL_INLINE void some_columns(size_t rows, size_t n, size_t count, double scale, const tril_real *x,
                              tril_real *out)
{
    double sums[COLUMNS] = { 0 };
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < count; j++)
            sums[j] += (double)x[i * n + j];
    for (size_t j = 0; j < count; j++)
        out[j] = (tril_real)(scale * sums[j]);
}

TRIL_INLINE void column_sums(size_t rows, size_t n, double scale, const tril_real *x,
                             tril_real *out)
{
    size_t j = 0;
    for (; n - j >= COLUMNS; j += COLUMNS)
        some_columns(rows, n, COLUMNS, scale, x + j, out + j);
    if (j < n)
        some_columns(rows, n, n - j, scale, x + j, out + j);
}

TRIL_FOR_EACH_TARGET(, tril_column_sums,
                     (size_t rows, size_t n, double scale, const tril_real *x, tril_real *out),
                     (rows, n, scale, x, out), column_sums(rows, n, scale, x, out))

void tril_store_sums(size_t n, const double *sums, tril_real *out)
{
    for (size_t j = 0; j < n; j++)
        out[j] = (tril_real)sums[j];
}

TRIL_INLINE void weigh(size_t n, double weight, const tril_real *restrict x, double *restrict out)
{
    for (size_t j = 0; j < n; j++)
        out[j] = weight * (double)x[j];
}

TRIL_FOR_EACH_TARGET(, tril_weigh, (size_t n, double weight, const tril_real *x, double *out),
                     (n, weight, x, out), weigh(n, weight, x, out))

TRIL_INLINE void add_sums(size_t n, const double *restrict x, double *restrict sums)
{
    for (size_t j = 0; j < n; j++)
        sums[j] += x[j];
}

TRIL_FOR_EACH_TARGET(, tril_add_sums, (size_t n, const double *x, double *sums), (n, x, sums),
                     add_sums(n, x, sums))

TRIL_INLINE void saturate_sums(size_t n, const double *restrict sums, tril_real *restrict out)
{
    for (size_t j = 0; j < n; j++)
        out[j] = tril_saturate(sums[j]);
}

TRIL_FOR_EACH_TARGET(, tril_saturate_sums, (size_t n, const double *sums, tril_real *out),
                     (n, sums, out), saturate_sums(n, sums, out))

TRIL_INLINE void add_to_rows(size_t rows, size_t n, const tril_real *restrict b,
                             tril_real *restrict y)
{
    for (size_t i = 0; i < rows; i++, y += n)
        for (size_t j = 0; j < n; j++)
            y[j] += b[j];
}

TRIL_FOR_EACH_TARGET(, tril_add_to_rows, (size_t rows, size_t n, const tril_real *b, tril_real *y),
                     (rows, n, b, y), add_to_rows(rows, n, b, y))
