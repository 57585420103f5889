/* Clipping of gradients. */
#include <math.h>

#include "optim/optim.h"

/* the Euclidean norm; the largest number taken out first, so that its square cannot overflow */
static double norm_of(const tril_real *x, size_t n)
{
    double largest = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)x[i]));
    for (size_t i = 0; i < n && largest > 0; i++) {
        double share = (double)x[i] / largest;
        squares += share * share;
    }
    return largest * sqrt(squares);
}

void tril_optim_clip(tril_params *params, tril_clip clip)
{
    tril_real *g = params->grads;
    if (clip.value > 0) {
        const tril_real bound = (tril_real)fmin(clip.value, (double)TRIL_REAL_MAX);
        for (size_t i = 0; i < params->size; i++)
            g[i] = g[i] > bound ? bound : g[i] < -bound ? -bound : g[i];
    }
    double norm = clip.norm > 0 ? norm_of(g, params->size) : 0;
    if (norm > clip.norm)
        for (size_t i = 0; i < params->size; i++)
            g[i] = (tril_real)((double)g[i] / norm * clip.norm);
}
