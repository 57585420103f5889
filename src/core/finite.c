/* Block by block, so that the loop over good numbers has no exit and vectorises. */
#include "core/finite.h"

#include <math.h>
#include <stdbool.h>

enum { BLOCK = 256 };

size_t tril_first_not_finite(const tril_real *x, size_t n)
{
    size_t i = 0;
    while (i < n) {
        const size_t end = n - i < BLOCK ? n : i + BLOCK;
        bool bad = false;
        for (size_t k = i; k < end; k++)
            bad |= !(x[k] - x[k] == 0);
        if (bad)
            break;
        i = end;
    }
    while (i < n && isfinite(x[i]))
        i++;
    return i;
}
