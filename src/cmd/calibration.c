/* Whether a model is as sure as it ought to be. */
#include "cmd/calibration.h"

#include <math.h>
#include <stdlib.h>

#include "cmd/commands.h"

const double coverage_levels[COVERAGES] = { 0.5, 0.8, 0.9, 0.95 };

/* shares of tenths, of the numbers that are there */
static void count_tenths(const double *pit, size_t step, const tril_real *w, size_t n,
                         double *share)
{
    double count = 0;
    for (size_t b = 0; b < PIT_BINS; b++)
        share[b] = 0;
    for (size_t i = 0; i < n; i++) {
        const double x = pit[i * step], row = tril_weight_of(w, i);
        if (isnan(x))
            continue;
        share[x < 1 ? (size_t)(x * PIT_BINS) : PIT_BINS - 1] += row;
        count += row;
    }
    for (size_t b = 0; b < PIT_BINS; b++)
        share[b] /= count;
}

/* shares of rows within what should hold them by calibration: regions, and intervals of targets */
static void count_calibrated(const loaded *l, const double *pit, double *memory, calibration *c)
{
    const tril_real *w = l->rows.w;
    const size_t n = l->rows.n, d = tril_model_get_info(l->model)->n_targets;
    for (size_t k = 0; k < COVERAGES; k++) {
        const double share = coverage_levels[k];
        c->calibrated[k] = tril_coverage(c->level, w, n, tril_model_region_level(l->model, share));
        for (size_t j = 0; j < d; j++) {
            for (size_t i = 0; i < n; i++)
                memory[i] = 0.5 + fabs(pit[i * d + j] - 0.5);
            c->interval[j * COVERAGES + k] = tril_coverage(
                memory, w, n, tril_model_quantile_level(l->model, j, 0.5 + share / 2));
        }
    }
}

bool calibration_of(const loaded *l, calibration *c)
{
    const tril_real *w = l->rows.w;
    const size_t n = l->rows.n, d = tril_model_get_info(l->model)->n_targets;
    double *memory = command_alloc(n, (2 * d + 1) * sizeof *memory);
    *c = (calibration){ .pit = command_alloc(d, PIT_BINS * sizeof *c->pit),
                        .sd = command_alloc(d, sizeof *c->sd),
                        .interval = command_alloc(d, COVERAGES * sizeof *c->interval),
                        .level = command_alloc(n, sizeof *c->level) };
    if (!memory)
        return false;
    double *pit = memory, *sd = pit + n * d, *spread = sd + n * d;
    bool done = c->pit && c->sd && c->interval && c->level &&
                load_judge(l, &(tril_evaluation){ .pit = pit,
                                                  .sd = sd,
                                                  .spread = spread,
                                                  .level = c->level,
                                                  .bounds = l->rows.bounds });
    if (done) {
        c->rows = load_count(l);
        for (size_t k = 0; k < COVERAGES; k++)
            c->coverage[k] = tril_coverage(c->level, w, n, coverage_levels[k]);
        for (size_t j = 0; j < d; j++) {
            count_tenths(pit + j, d, w, n, c->pit + j * PIT_BINS);
            c->sd[j] = tril_mean_se_of(sd + j, d, w, n).mean;
        }
        c->spread = tril_mean_se_of(spread, 1, w, n).mean;
        count_calibrated(l, pit, spread, c);
    }
    free(memory);
    return done;
}

void calibration_free(calibration *c)
{
    free(c->pit);
    free(c->sd);
    free(c->interval);
    free(c->level);
    *c = (calibration){ 0 };
}
