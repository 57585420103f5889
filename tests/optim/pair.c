/* A store with loc and scale_tril of two normals. */
#include "optim/pair.h"

#include <math.h>

const double pair_rates[N_PAIR_RATES] = { 1e-12, 1e-6, 1e-3, 0.1, 1, 100, 1e12 };

static const double start_loc[LOCS] = { 0.5, -1.25, 2, 0.75, -0.5, 1.5 };
static const double start_factor[FACTORS] = { 1,    0, 0, 0.5, 0.75, 0, -0.25, 1,   2,
                                              0.25, 0, 0, -1,  1.5,  0, 0,     0.5, 0.5 };

pair pair_new(tril_ctx *ctx, const tril_natural_opts *opts)
{
    pair p = { .ctx = ctx, .params = tril_params_new(ctx) };
    p.p_loc = tril_params_add(p.params, "c.loc", TRIL_SHAPE(K, D));
    p.p_other = tril_params_add(p.params, "other", TRIL_SHAPE(4));
    p.p_factor = tril_params_add(p.params, "c.scale_tril", TRIL_SHAPE(K, D, D));
    tril_params_group(p.params, "c.loc", "means");
    tril_params_group(p.params, "c.scale_tril", "factors");
    if (tril_ctx_failed(ctx))
        return p;
    p.loc = tril_param_values(p.p_loc), p.g_loc = tril_param_grads(p.p_loc);
    p.factor = tril_param_values(p.p_factor), p.g_factor = tril_param_grads(p.p_factor);
    p.other = tril_param_values(p.p_other), p.g_other = tril_param_grads(p.p_other);
    for (size_t i = 0; i < LOCS; i++)
        p.loc[i] = (tril_real)start_loc[i];
    for (size_t i = 0; i < FACTORS; i++)
        p.factor[i] = (tril_real)start_factor[i];
    p.optim = tril_natural_new(p.p_loc, p.p_factor, opts);
    return p;
}

void pair_free(pair *p)
{
    tril_optim_free(p->optim);
    tril_params_free(p->params);
}

size_t pair_at(size_t i)
{
    static const size_t place[LOWER] = { 0, 3, 4, 6, 7, 8 };
    return i / LOWER * D * D + place[i % LOWER];
}

void pair_random(pair *p, tril_random *random, double scale)
{
    tril_real u[LOCS + K * LOWER];
    tril_random_uniform(random, u, sizeof u / sizeof *u);
    for (size_t i = 0; i < sizeof u / sizeof *u; i++)
        *(i < LOCS ? p->g_loc + i : p->g_factor + pair_at(i - LOCS)) =
            (tril_real)(scale * (2 * (double)u[i] - 1));
}

void pair_formula(pair *p, size_t step, double scale)
{
    scale *= step % 4 ? 1 : 16;
    for (size_t i = 0; i < LOCS + K * LOWER; i++) {
        double w = (double)(i < LOCS ? p->loc[i] : p->factor[pair_at(i - LOCS)]);
        *(i < LOCS ? p->g_loc + i : p->g_factor + pair_at(i - LOCS)) =
            (tril_real)(scale * sin(3 * w + (double)step + (double)i));
    }
}
