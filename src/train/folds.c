/* Dealing rows into folds. */
#include <math.h>
#include <string.h>

#include <tril/fit.h>

#include "core/ctx.h"
#include "train/streams.h"

/* where one row more would be least above its share (Sainte-Lague's rule) */
static size_t neediest(const size_t *count, const double *share, size_t k)
{
    size_t best = 0;
    double lowest = HUGE_VAL;
    for (size_t j = 0; j < k; j++) {
        double filled = ((double)count[j] + 0.5) / (share ? share[j] : 1);
        if (filled < lowest) {
            lowest = filled;
            best = j;
        }
    }
    return best;
}

static bool check(tril_ctx *ctx, size_t rows, const size_t *group, const double *share, size_t k)
{
    if (k == 0 || k > rows)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "folds: %zu rows cannot make %zu folds", rows,
                             k);
    for (size_t j = 0; share && j < k; j++)
        if (!(share[j] > 0 && isfinite(share[j])))
            return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                                 "folds: the share of fold %zu is %g: it must be positive", j,
                                 share[j]);
    for (size_t i = 0; group && i < rows; i++)
        if (group[i] >= rows)
            return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                                 "folds: row %zu is in group %zu, want a number below %zu", i,
                                 group[i], rows);
    return true;
}

/* size: of each group; order: of the groups; count: of each fold, all in one block */
static void deal(size_t rows, const size_t *group, const double *share, size_t k, uint64_t seed,
                 size_t *block, size_t *fold)
{
    size_t *size = block, *order = size + rows, *home = order + rows, *count = home + rows;
    tril_random random = tril_stream_for(seed, TRIL_FOR_FOLDS, 0);
    memset(size, 0, rows * sizeof *size);
    memset(count, 0, k * sizeof *count);
    for (size_t i = 0; i < rows; i++) {
        size[group ? group[i] : i]++;
        order[i] = i;
    }
    tril_random_shuffle(&random, order, rows);
    for (size_t i = 0; i < rows; i++)
        if (size[order[i]]) {
            size_t j = neediest(count, share, k);
            home[order[i]] = j;
            count[j] += size[order[i]];
        }
    for (size_t i = 0; i < rows; i++)
        fold[i] = home[group ? group[i] : i];
}

bool tril_folds(tril_ctx *ctx, size_t rows, const size_t *group, const double *share, size_t k,
                uint64_t seed, size_t *fold)
{
    if (tril_ctx_failed(ctx) || !check(ctx, rows, group, share, k))
        return false;
    size_t *block = tril_ctx_alloc(ctx, "folds", 3 * rows + k, sizeof *block);
    if (!block)
        return false;
    deal(rows, group, share, k, seed, block, fold);
    tril_ctx_release(ctx, block);
    return true;
}
