/* Steps of optimizers over flat blocks: w values, g gradients, m and v moments. */
#ifndef TRIL_KERNELS_OPTIM_KERNELS_H
#define TRIL_KERNELS_OPTIM_KERNELS_H

#include <stddef.h>

#include <tril/real.h>

/* g + l2 w, limited to +- bound; m and v follow it and its square; w = shrink w - rate m / (sqrt(v
 * unbias) + eps) */
typedef struct tril_adam_step {
    tril_real beta1, rest1, beta2, rest2, rate, unbias, eps, l2, shrink, bound;
} tril_adam_step;
void tril_adam_move(const tril_adam_step *c, size_t n, const tril_real *g, tril_real *m,
                    tril_real *v, tril_real *w);

/* g + l2 w, limited to +- bound; m = momentum m + that; w -= rate (of_gradient that + of_momentum
 * m) */
typedef struct tril_sgd_step {
    tril_real momentum, rate, of_gradient, of_momentum, l2, bound;
} tril_sgd_step;
void tril_sgd_move(const tril_sgd_step *c, size_t n, const tril_real *g, tril_real *m,
                   tril_real *w);

#endif
