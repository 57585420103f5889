/* Clipping of gradients. */
#include <math.h>

#include "optim/optim.h"

/* scales x down to a Euclidean norm; its largest number is taken out first, so that neither a
 * square nor the norm itself can overflow */
static void clip_norm(tril_real *x, size_t n, double bound)
{
    double largest = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)x[i]));
    for (size_t i = 0; i < n && largest > 0; i++) {
        double share = (double)x[i] / largest;
        squares += share * share;
    }
    double norm = sqrt(squares); /* in units of the largest */
    if (norm > bound / largest)
        for (size_t i = 0; i < n; i++)
            x[i] = (tril_real)((double)x[i] / largest / norm * bound);
}

void tril_optim_clip(tril_params *params, tril_clip clip)
{
    tril_real *g = params->grads;
    if (clip.value > 0) {
        const tril_real bound = (tril_real)fmin(clip.value, (double)TRIL_REAL_MAX);
        for (size_t i = 0; i < params->size; i++)
            g[i] = g[i] > bound ? bound : g[i] < -bound ? -bound : g[i];
    }
    if (clip.norm > 0)
        clip_norm(g, params->size, clip.norm);
}
