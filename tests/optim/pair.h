/* A store with loc and scale_tril of two normals, a bystander between them, and their natural step.
 */
#ifndef TESTS_OPTIM_PAIR_H
#define TESTS_OPTIM_PAIR_H

#include "optim/optims.h"

enum { K = 2, D = 3, LOCS = K * D, FACTORS = K * D * D, LOWER = D * (D + 1) / 2 };

typedef struct pair {
    tril_ctx *ctx;
    tril_params *params;
    tril_param p_loc, p_factor, p_other;
    tril_real *loc, *factor, *other, *g_loc, *g_factor, *g_other;
    tril_optim *optim;
} pair;

/* Groups are "means", "default" and "factors". */
pair pair_new(tril_ctx *ctx, const tril_natural_opts *opts);
void pair_free(pair *p);

/* Where number i of the lower triangles stands. */
size_t pair_at(size_t i);

/* Gradients by numbers from -scale to scale; nothing above the diagonal. */
void pair_random(pair *p, tril_random *random, double scale);

/* Those of reference/natural.py, whose start the pair's is too. */
void pair_formula(pair *p, size_t step, double scale);

/* Learning rates to try anything at. */
enum { N_PAIR_RATES = 7 };
extern const double pair_rates[N_PAIR_RATES];

#endif
