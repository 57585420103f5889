/* Row by row (Cholesky-Banachiewicz). */
#include "kernels/cholesky.h"

#include <math.h>

static const double rounding = 1e-13;

size_t tril_cholesky_factor(size_t d, double *a, double least)
{
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            double sum = a[i * d + j], limit = least > 0 ? 0 : rounding * fabs(a[i * d + i]);
            for (size_t k = 0; k < j && j <= i; k++)
                sum -= a[i * d + k] * a[j * d + k];
            if (j < i)
                a[i * d + j] = sum / a[j * d + j];
            else if (j > i)
                a[i * d + j] = 0;
            else if ((sum = least > 0 && sum < least ? least : sum) > limit)
                a[i * d + i] = sqrt(sum);
            else
                return a[i * d + i] = sum, i;
        }
    return d;
}
