/* Block by block, so that the loop over good numbers has no exit and vectorises. */
#include "core/finite.h"

#include <math.h>
#include <stdbool.h>

enum { BLOCK = 2048, LANES = 32 };

/* 0 times a number is no number where that is NaN or infinite, and so is a sum it is in; lanes by
 * hand, because sums may not be reordered */
static bool all_finite(const tril_real *x, size_t n)
{
    tril_real sum[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            sum[k] += 0 * x[i + k];
    for (size_t k = 0; i + k < n; k++)
        sum[k] += 0 * x[i + k];
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t k = 0; k < half; k++)
            sum[k] += sum[k + half];
    return sum[0] == 0;
}

size_t tril_first_not_finite(const tril_real *x, size_t n)
{
    size_t i = 0;
    while (n - i >= LANES) {
        const size_t block = n - i < BLOCK ? n - i : BLOCK;
        if (!all_finite(x + i, block))
            break;
        i += block;
    }
    while (i < n && isfinite(x[i]))
        i++;
    return i;
}

static bool all_positive(const tril_real *x, size_t n)
{
    tril_real least[LANES];
    size_t i = 0;
    for (size_t k = 0; k < LANES; k++)
        least[k] = 1;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            least[k] = x[i + k] < least[k] ? x[i + k] : least[k];
    for (size_t k = 0; i + k < n; k++)
        least[k] = x[i + k] < least[k] ? x[i + k] : least[k];
    bool all = true;
    for (size_t k = 0; k < LANES; k++)
        all &= least[k] > 0;
    return all;
}

size_t tril_first_not_positive(const tril_real *x, size_t n)
{
    size_t i = 0;
    while (i < n) {
        const size_t block = n - i < BLOCK ? n - i : BLOCK;
        if (!all_positive(x + i, block))
            break;
        i += block;
    }
    while (i < n && x[i] > 0)
        i++;
    return i;
}
