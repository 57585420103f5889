/* One loop a step. */
#include "kernels/optim_kernels.h"

#include <tgmath.h>

#include "kernels/cpu_dispatch.h"

TRIL_INLINE tril_real limited(tril_real x, tril_real bound)
{
    return x > bound ? bound : x < -bound ? -bound : x;
}

TRIL_INLINE void adam_loop(tril_adam_step c, size_t n, const tril_real *restrict g,
                           tril_real *restrict m, tril_real *restrict v, tril_real *restrict w)
{
    for (size_t i = 0; i < n; i++) {
        tril_real x = limited(g[i] + c.l2 * w[i], c.bound);
        m[i] = c.beta1 * m[i] + c.rest1 * x;
        v[i] = c.beta2 * v[i] + c.rest2 * x * x;
        if (c.rate != 0) /* frozen means to the last bit */
            w[i] = limited(c.shrink * w[i], TRIL_REAL_MAX) -
                   c.rate * m[i] / (sqrt(v[i] * c.unbias) + c.eps);
    }
}

TRIL_FOR_EACH_TARGET(, tril_adam_move,
                     (const tril_adam_step *c, size_t n, const tril_real *g, tril_real *m,
                      tril_real *v, tril_real *w),
                     (c, n, g, m, v, w), adam_loop(*c, n, g, m, v, w))

TRIL_INLINE void sgd_loop(tril_sgd_step c, size_t n, const tril_real *restrict g,
                          tril_real *restrict m, tril_real *restrict w)
{
    for (size_t i = 0; i < n; i++) {
        tril_real x = limited(g[i] + c.l2 * w[i], c.bound);
        m[i] = c.momentum * m[i] + x;
        if (c.rate != 0)
            w[i] -= c.rate * (c.of_gradient * x + c.of_momentum * m[i]);
    }
}

TRIL_FOR_EACH_TARGET(, tril_sgd_move,
                     (const tril_sgd_step *c, size_t n, const tril_real *g, tril_real *m,
                      tril_real *w),
                     (c, n, g, m, w), sgd_loop(*c, n, g, m, w))
