/* Forward and backward substitution, a row of right sides at a time. */
#include "kernels/triangle.h"

#include <float.h>

#include "kernels/mvn.h"

void tril_solve_lower(bool transpose, size_t d, size_t k, const tril_real *l, double *x)
{
    for (size_t step = 0; step < d; step++) {
        size_t i = transpose ? d - 1 - step : step;
        double *row = x + i * k, pivot = (double)l[i * d + i];
        for (size_t c = 0; c < k; c++)
            row[c] = tril_within(row[c] / pivot, DBL_MAX);
        /* what the solved row means for those that are not solved yet */
        for (size_t j = transpose ? 0 : i + 1; j < (transpose ? i : d); j++) {
            double factor = (double)(transpose ? l[i * d + j] : l[j * d + i]);
            for (size_t c = 0; c < k; c++)
                x[j * k + c] = tril_within(x[j * k + c] - factor * row[c], DBL_MAX);
        }
    }
}
