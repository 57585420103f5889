/* Sums over arrays, in double. */
#include "kernels/reduce.h"

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

void tril_add_to_sums(size_t n, const tril_real *x, double *sums)
{
    for (size_t j = 0; j < n; j++)
        sums[j] += (double)x[j];
}

void tril_store_sums(size_t n, const double *sums, tril_real *out)
{
    for (size_t j = 0; j < n; j++)
        out[j] = (tril_real)sums[j];
}
