/* Weights of the members of an ensemble. */
#include <tril/evaluate.h>

#include <math.h>

#include "core/params.h"

/* One step of expectation and maximisation: shares of rows, w [rows] of which are the weights
 * (NULL: 1). log_p [members, rows]. Returns by how much the members' weights changed. */
static double improve(const double *log_p, size_t members, const tril_real *w, size_t n,
                      double *weight, double *share)
{
    double change = 0, total = (double)members;
    for (size_t k = 0; k < members; k++)
        share[k] = 1;
    for (size_t i = 0; i < n; i++) {
        const double row = w ? (double)w[i] : 1;
        double largest = -HUGE_VAL, sum = 0;
        total += row;
        for (size_t k = 0; k < members; k++)
            largest = fmax(largest, log_p[k * n + i]);
        for (size_t k = 0; k < members; k++)
            sum += weight[k] * exp(log_p[k * n + i] - largest);
        for (size_t k = 0; k < members; k++)
            share[k] += row * weight[k] * exp(log_p[k * n + i] - largest) / sum;
    }
    for (size_t k = 0; k < members; k++) {
        const double next = share[k] / total;
        change += fabs(next - weight[k]);
        weight[k] = next;
    }
    return change;
}

bool tril_ensemble_weights(const tril_network *members, size_t n_members, tril_batch rows,
                           double *weight)
{
    enum { MOST = 1000 };
    if (!members || n_members == 0 || !members->mlp)
        return false;
    tril_ctx *ctx = tril_dense_weight(tril_mlp_last(members->mlp)).params->ctx;
    double *nll = tril_ctx_alloc(ctx, "ensemble", n_members, (rows.n + 1) * sizeof *nll);
    bool done = nll;
    for (size_t k = 0; k < n_members && done; k++) {
        weight[k] = 1 / (double)n_members;
        done = rows.n == 0 ||
               tril_evaluate(&members[k], 1, rows, &(tril_evaluation){ .nll = nll + k * rows.n });
    }
    for (size_t i = 0; i < n_members * rows.n && done; i++)
        nll[i] = -nll[i];
    for (int step = 0; step < MOST && done; step++)
        if (improve(nll, n_members, rows.w, rows.n, weight, nll + n_members * rows.n) < 1e-9)
            break;
    tril_ctx_release(ctx, nll);
    return done;
}
