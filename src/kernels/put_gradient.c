/* Loops over the gradients of one row. */
#include "kernels/put_gradient.h"

#include <math.h>
#include <string.h>

#include "kernels/cpu_dispatch.h"

TRIL_INLINE void put_all(size_t n, double upstream, double a, const double *restrict x,
                         double *restrict sums, tril_real *restrict grad)
{
    for (size_t j = 0; j < n && sums; j++)
        sums[j] += tril_put(upstream, a * x[j]);
    for (size_t j = 0; j < n && !sums; j++)
        grad[j] = tril_saturate(tril_put(upstream, a * x[j]));
}

TRIL_FOR_EACH_TARGET(, tril_put_all,
                     (size_t n, double upstream, double a, const double *x, double *sums,
                      tril_real *grad),
                     (n, upstream, a, x, sums, grad), put_all(n, upstream, a, x, sums, grad))

TRIL_INLINE void put_rows(size_t rows, size_t n, tril_real sign, const tril_real *restrict x,
                          const size_t *restrict at, double *restrict sums,
                          tril_real *restrict grad)
{
    for (size_t i = 0; i < rows; i++, x += n)
        for (size_t j = 0; j < n; j++)
            if (sums)
                sums[at[i] + j] += (double)(sign * x[j]);
            else
                grad[at[i] + j] = sign * x[j];
}

TRIL_FOR_EACH_TARGET(, tril_put_rows,
                     (size_t rows, size_t n, tril_real sign, const tril_real *x, const size_t *at,
                      double *sums, tril_real *grad),
                     (rows, n, sign, x, at, sums, grad), put_rows(rows, n, sign, x, at, sums, grad))

TRIL_INLINE void put_triangle(size_t d, double upstream, const double *restrict left,
                              const double *restrict right, const double *restrict diag,
                              double *restrict sums, tril_real *restrict grad)
{
    double most = 0;
    for (size_t j = 0; j < d; j++)
        most = fabs(right[j]) > most ? fabs(right[j]) : most;
    for (size_t i = 0; i < d && sums; i++, sums += d) {
        for (size_t j = 0; j < i; j++)
            sums[j] += tril_put(upstream, left[i] * right[j]);
        sums[i] += tril_put(upstream, diag[i]);
    }
    for (size_t i = 0; i < d && !sums; i++, grad += d) {
        const double factor = upstream * left[i];
        if (fabs(factor) * most < (double)TRIL_REAL_MAX) /* as good as always */
            for (size_t j = 0; j < i; j++)
                grad[j] = (tril_real)(factor * right[j]);
        else
            for (size_t j = 0; j < i; j++)
                grad[j] = tril_saturate(tril_put(upstream, left[i] * right[j]));
        grad[i] = tril_saturate(tril_put(upstream, diag[i]));
        memset(grad + i + 1, 0, (d - i - 1) * sizeof *grad);
    }
}

TRIL_FOR_EACH_TARGET(, tril_put_triangle,
                     (size_t d, double upstream, const double *left, const double *right,
                      const double *diag, double *sums, tril_real *grad),
                     (d, upstream, left, right, diag, sums, grad),
                     put_triangle(d, upstream, left, right, diag, sums, grad))
