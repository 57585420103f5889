/* Normals whose means and factors are parameters. */
#include <math.h>

#include <tril/extend.h>
#include <tril/nn.h>

#include "core/params.h"
#include "core/shape.h"
#include "kernels/cholesky.h"
#include "kernels/mvn.h"

struct tril_mvn_params {
    tril_param loc, scale_tril;
    size_t k, d;
};

tril_mvn_params *tril_mvn_params_new(tril_params *params, const char *name, size_t k, size_t d)
{
    if (!params || tril_ctx_failed(params->ctx))
        return NULL;
    if (!name || !*name || k == 0 || d == 0)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "mvn_params: %s has %zu normals in %zu dimensions, want a name and at "
                             "least 1 each",
                             name && *name ? name : "(no name)", k, d),
               NULL;
    size_t before = params->count;
    tril_mvn_params *normals = tril_arena_take(&params->arena, "mvn_params", 1, sizeof *normals);
    if (!normals)
        return NULL;
    normals->k = k;
    normals->d = d;
    normals->loc = tril_params_add_part(params, "mvn_params", name, "loc", TRIL_SHAPE(k, d));
    normals->scale_tril =
        tril_params_add_part(params, "mvn_params", name, "scale_tril", TRIL_SHAPE(k, d, d));
    if (tril_ctx_failed(params->ctx))
        return tril_params_back(params, before), NULL;
    for (size_t i = 0; i < k * d; i++)
        tril_param_values(normals->scale_tril)[i * d + i % d] = 1;
    return normals;
}

/* copies the covariance and factors it */
static bool factor_of(const tril_mvn_params *normals, size_t index, const tril_real *covariance,
                      double *factor)
{
    tril_ctx *ctx = normals->loc.params->ctx;
    const char *name = tril_param_name(normals->scale_tril);
    size_t d = normals->d;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++) {
            factor[i * d + j] = (double)covariance[i * d + j];
            if (!isfinite(factor[i * d + j]))
                return tril_ctx_fail(ctx, TRIL_NOT_FINITE,
                                     "mvn_params_set: the covariance for %s[%zu] is %g at [%zu, "
                                     "%zu]",
                                     name, index, factor[i * d + j], i, j);
        }
    size_t pivot = tril_cholesky_factor(d, factor, 0);
    return pivot == d ||
           tril_ctx_fail(ctx, TRIL_NOT_POSITIVE,
                         "mvn_params_set: the covariance for %s[%zu] is not positive definite: "
                         "pivot %zu is %g",
                         name, index, pivot, factor[pivot * d + pivot]);
}

bool tril_mvn_params_set(tril_mvn_params *normals, size_t index, const tril_real *loc,
                         const tril_real *covariance)
{
    if (!normals || tril_ctx_failed(normals->loc.params->ctx))
        return false;
    tril_ctx *ctx = normals->loc.params->ctx;
    size_t d = normals->d;
    if (index >= normals->k || !loc || !covariance)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "mvn_params_set: %s has %zu normals, want an index below that (it is "
                             "%zu), a loc and a covariance",
                             tril_param_name(normals->loc), normals->k, index);
    for (size_t i = 0; i < d; i++)
        if (!isfinite(loc[i]))
            return tril_ctx_fail(ctx, TRIL_NOT_FINITE,
                                 "mvn_params_set: the loc for %s[%zu] is %g at [%zu]",
                                 tril_param_name(normals->loc), index, (double)loc[i], i);
    double *factor = tril_ctx_alloc(ctx, "mvn_params_set", d * d, sizeof *factor);
    bool fine = factor && factor_of(normals, index, covariance, factor);
    for (size_t i = 0; i < d && fine; i++) {
        tril_param_values(normals->loc)[index * d + i] = loc[i];
        for (size_t j = 0; j < d; j++)
            tril_param_values(normals->scale_tril)[(index * d + i) * d + j] =
                tril_saturate(factor[i * d + j]);
    }
    tril_ctx_release(ctx, factor);
    return fine;
}

tril_dist tril_mvn_params_dist(const tril_mvn_params *normals, tril_tape *tape)
{
    if (!normals)
        return tril_var_fail(tape, "mvn_params", TRIL_BAD_ARGUMENT, "there are no normals"),
               (tril_dist){ 0 };
    return tril_mvn(tril_param_var(tape, normals->loc), tril_param_var(tape, normals->scale_tril));
}

tril_param tril_mvn_params_loc(const tril_mvn_params *normals)
{
    return normals ? normals->loc : (tril_param){ 0 };
}

tril_param tril_mvn_params_scale_tril(const tril_mvn_params *normals)
{
    return normals ? normals->scale_tril : (tril_param){ 0 };
}
