/* Weights of the members of an ensemble. */
#include "model/evaluate.h"

#include <math.h>

#include "core/params.h"
#include "train/fit.h"

/* the log-density of row i by their mixture; share gets the members' parts of it, times `row` */
static double mix(const double *nll, size_t members, size_t n, size_t i, const double *weight,
                  double row, double *share)
{
    double least = HUGE_VAL, sum = 0;
    for (size_t k = 0; k < members; k++)
        least = fmin(least, nll[k * n + i]);
    for (size_t k = 0; k < members; k++)
        sum += weight[k] * exp(least - nll[k * n + i]);
    for (size_t k = 0; k < members && share; k++)
        share[k] += row * weight[k] * exp(least - nll[k * n + i]) / sum;
    return log(sum) - least;
}

/* One step of expectation and maximisation: shares of rows, w [rows] of which are the weights
 * (NULL: 1). Returns by how much the members' weights changed. */
static double improve(const double *nll, size_t members, const tril_real *w, size_t n,
                      double *weight, double *share)
{
    double change = 0, total = (double)members;
    for (size_t k = 0; k < members; k++)
        share[k] = 1;
    for (size_t i = 0; i < n; i++) {
        const double row = tril_weight_of(w, i);
        total += row;
        mix(nll, members, n, i, weight, row, share);
    }
    for (size_t k = 0; k < members; k++) {
        const double next = share[k] / total;
        change += fabs(next - weight[k]);
        weight[k] = next;
    }
    return change;
}

bool tril_ensemble_stack(tril_ctx *ctx, const double *nll, size_t members, const tril_real *w,
                         size_t n, double *weight)
{
    enum { MOST = 1000 };
    if (n > 0 && !tril_weights_check(ctx, "ensemble", (tril_batch){ .n = n, .w = w }))
        return false;
    for (size_t i = 0; i < members * n; i++)
        if (!isfinite(nll[i]))
            return tril_ctx_fail(ctx, TRIL_NOT_FINITE,
                                 "ensemble: the NLL of member %zu is %g in row %zu", i / n, nll[i],
                                 i % n);
    double *share = tril_ctx_alloc(ctx, "ensemble", members, sizeof *share);
    for (size_t k = 0; k < members && share; k++)
        weight[k] = 1 / (double)members;
    for (int step = 0; step < MOST && share; step++)
        if (improve(nll, members, w, n, weight, share) < 1e-9)
            break;
    tril_ctx_release(ctx, share);
    return share;
}

void tril_ensemble_nll(const double *nll, const double *weight, size_t members, size_t n,
                       double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = -mix(nll, members, n, i, weight, 0, NULL);
}

bool tril_ensemble_weights_with(const tril_network *members, size_t n_members, tril_batch rows,
                                const tril_bounds *bounds, double *weight)
{
    if (!members || n_members == 0 || !members->mlp)
        return false;
    tril_ctx *ctx = tril_dense_weight(tril_mlp_last(members->mlp)).params->ctx;
    double *nll = tril_ctx_alloc(ctx, "ensemble", n_members, (rows.n + 1) * sizeof *nll);
    bool done = nll;
    for (size_t k = 0; k < n_members && done; k++)
        done = rows.n == 0 ||
               tril_evaluate(&members[k], 1, rows,
                             &(tril_evaluation){ .nll = nll + k * rows.n, .bounds = bounds });
    done = done && tril_ensemble_stack(ctx, nll, n_members, rows.w, rows.n, weight);
    tril_ctx_release(ctx, nll);
    return done;
}

bool tril_ensemble_weights(const tril_network *members, size_t n_members, tril_batch rows,
                           double *weight)
{
    return tril_ensemble_weights_with(members, n_members, rows, NULL, weight);
}
