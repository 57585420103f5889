/* Prediction by a model 5-128-128-5 with two targets: of one row, call by call, and of many, by
 * threads that share the model. */
#include <stdlib.h>

#include "bench/bench.h"

enum { COLUMNS = 3, INPUTS = 5, D = 2 }; /* two numbers and a label of three: five inputs */

void bed_model(bench_bed *bed)
{
    const size_t rows = bed->row->rows;
    tril_table *table = tril_table_read(bed->ctx, "data/iris.csv", NULL);
    bed->model = tril_model_new(
        table, NULL, 0,
        &(tril_model_opts){ .targets = (const char *[]){ "petal_length", "petal_width" },
                            .n_targets = D,
                            .mlp = { .hidden = { 128, 128 } } });
    tril_table_free(table);
    if (bed->model)
        bed->raw = calloc(rows, (COLUMNS + D + D * D) * sizeof *bed->raw);
    bed->x = calloc(INPUTS, sizeof *bed->x);
    for (size_t i = 0; bed->raw && i < rows; i++) {
        double *x = bed->raw + i * COLUMNS;
        x[0] = 4 + (double)(i % 41) / 10, x[1] = 2 + (double)(i % 25) / 10, x[2] = (double)(i % 3);
    }
}

static bool predict(tril_ctx *ctx, const bench_bed *bed, size_t from, size_t to)
{
    double *mean = bed->raw + bed->row->rows * COLUMNS, *covariance = mean + bed->row->rows * D;
    return tril_model_predict(
        ctx, bed->model, bed->raw + from * COLUMNS, NULL, to - from,
        &(tril_prediction){ .mean = mean + from * D, .covariance = covariance + from * D * D });
}

/* ---- calls, in a program whose BLAS has its threads */

static void predict_tape(bench_bed *bed)
{
    tril_tape_reset(bed->tape);
    tril_tape_record(bed->tape, false);
    const tril_var x = tril_input(bed->tape, bed->x, TRIL_SHAPE(bed->row->rows, INPUTS));
    const tril_dist p = tril_network_dist(tril_model_get_info(bed->model)->networks, x);
    tril_dist_mean(p), tril_dist_covariance(p);
}

void bed_model_call(bench_bed *bed)
{
    limits_single_blas(false);
    predict(bed->ctx, bed, 0, bed->row->rows);
}

void bed_model_limit(bench_bed *bed)
{
    limits_single_blas(true);
    predict(bed->ctx, bed, 0, bed->row->rows);
}

void bed_tape_call(bench_bed *bed)
{
    limits_single_blas(false);
    predict_tape(bed);
}

void bed_tape_limit(bench_bed *bed)
{
    limits_single_blas(true);
    predict_tape(bed);
}

void bed_loop(bench_bed *bed)
{
    loop_limit_run(bed->loop);
}

/* a loop as long as the call */
void bed_model_and_loop(bench_bed *bed)
{
    bed_model(bed);
    bed->loop = 1000;
    if (bed->raw)
        bed->loop = (size_t)(1000 * bench_measure(bed, bed->row->work, bed_loop, 0.02).ratio);
}

/* ---- threads, each with a context of its own */

static bool predict_part(void *data, size_t k)
{
    const bench_bed *bed = data;
    const size_t rows = bed->row->rows, threads = bed->row->threads;
    tril_ctx *ctx = tril_ctx_new(NULL);
    const bool done = predict(ctx, bed, k * rows / threads, (k + 1) * rows / threads);
    tril_ctx_free(ctx);
    return done;
}

void bed_threads(bench_bed *bed)
{
    const size_t threads = bed->row->threads;
    if (!tril_tasks_run(threads, threads, predict_part, bed))
        predict(bed->ctx, bed, 0, bed->row->rows); /* says why */
}

void bed_threads_limit(bench_bed *bed)
{
    predict(bed->ctx, bed, 0, bed->row->rows);
}
