/* Whether limits are honest: what is written by hand must compute what the library does. */
#include <math.h>

#include "bench/bench.h"

/* the largest difference, in units of the largest number; NaN where there is one */
static double difference(const tril_real *x, const tril_real *y, size_t n)
{
    double most = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        double apart = fabs((double)x[i] - (double)y[i]);
        most = apart <= most ? most : apart;
        largest = fmax(largest, fabs((double)y[i]));
    }
    return most / largest;
}

static double larger(double x, double y)
{
    return x <= y ? y : x;
}

static void prepare_learning(bench_bed *bed)
{
    bed_step_by_hand(bed, 1e-3);
}

/* the first gradients, and the losses on the way */
static double of_steps(size_t rows, size_t threads)
{
    const bench_row row = { .rows = rows, .threads = threads, .prepare = prepare_learning };
    bench_bed bed;
    bed_make(&bed, &row);
    double most = bed.step ? 0 : NAN;
    for (int i = 0; i < 10 && bed.step; i++) {
        bed_step_work(&bed);
        double nll = step_by_hand_run(bed.step);
        most = larger(fabs(nll - bed.nll) / fabs(nll), most);
        if (i == 0)
            most = larger(difference(tril_params_grads(bed.params[0]), step_by_hand_grads(bed.step),
                                     STEP_PARAMS),
                          most);
    }
    most = tril_ctx_failed(bed.ctx) ? NAN : most;
    bed_free(&bed);
    return most;
}

/* all that is learned in three times all points */
static double of_trials(void)
{
    const bench_row row = { .rows = 1, .d = 2, .threads = 1, .prepare = bed_trial };
    bench_bed bed;
    bed_make(&bed, &row);
    for (size_t i = 0; i < 3 * TRIAL_POINTS && bed.limit; i++) {
        bed_trial_work(&bed);
        bed_trial_limit(&bed);
    }
    double most = NAN;
    if (bed.limit && !tril_ctx_failed(bed.ctx)) {
        const trial_by_hand *t = bed.limit;
        most = difference(tril_param_values(tril_mvn_params_loc(bed.normals)), *t->loc, 4);
        most = larger(
            difference(tril_param_values(tril_mvn_params_scale_tril(bed.normals)), **t->factor, 8),
            most);
        most = larger(
            difference(tril_param_values(tril_dense_weight(bed.association)), *t->weight, 4), most);
    }
    bed_free(&bed);
    return most;
}

/* log-densities and gradients; those by hand are of the sum of log-densities */
static double of_normals(size_t d)
{
    const bench_row row = { .rows = 100, .d = d, .prepare = bed_normals_by_hand };
    bench_bed bed;
    bed_make(&bed, &row);
    const size_t n = row.rows;
    double most = NAN;
    tril_var loc = tril_requires_grad(tril_input(bed.tape, bed.loc, TRIL_SHAPE(n, d)));
    tril_var factor = tril_requires_grad(tril_input(bed.tape, bed.factor, bed.factor_shape));
    tril_var y = tril_input(bed.tape, bed.y, TRIL_SHAPE(n, d));
    tril_var log_prob = tril_log_prob(tril_mvn(loc, factor), y);
    if (bed.limit && tril_backward(tril_sum(log_prob))) {
        const tril_real *by_hand = bed.limit;
        bed_normals_limit(&bed);
        most = difference(tril_value(log_prob), by_hand, n);
        most = larger(difference(tril_grad(loc), by_hand + n, n * d), most);
        most = larger(difference(tril_grad(factor), by_hand + n * (1 + d), n * d * d), most);
    }
    bed_free(&bed);
    return most;
}

double bench_difference(void)
{
    static const struct {
        size_t rows, threads;
    } steps[] = { { 1, 1 }, { 32, 1 }, { 256, 1 }, { 1000, 1 }, { 1000, 2 } };
    double most = larger(of_normals(2), larger(of_normals(3), larger(of_normals(8), of_trials())));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        most = larger(of_steps(steps[i].rows, steps[i].threads), most);
    return most;
}
