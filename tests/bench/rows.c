/* The rows: how each is prepared, the work, the limit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"

/* n numbers from N(0, 1), which repeat after a while: a million take long to draw */
static tril_real *numbers(size_t n, uint64_t stream)
{
    enum { PERIOD = 4099 };
    tril_random random = tril_random_stream(5, stream);
    tril_real *x = malloc(n * sizeof *x);
    if (x)
        tril_random_normal(&random, x, n < PERIOD ? n : PERIOD);
    for (size_t i = PERIOD; x && i < n; i++)
        x[i] = x[i - PERIOD];
    return x;
}

void bed_make(bench_bed *bed, const bench_row *row)
{
    memset(bed, 0, sizeof *bed);
    limits_single_blas(true);
    bed->row = row;
    bed->ctx = tril_ctx_new(NULL);
    bed->tape = tril_tape_new(bed->ctx);
    row->prepare(bed);
}

void bed_free(bench_bed *bed)
{
    tril_shards_free(bed->shards);
    for (int i = 0; i < 2; i++) {
        tril_optim_free(bed->optim[i]);
        tril_params_free(bed->params[i]);
    }
    tril_tape_free(bed->tape);
    tril_model_free(bed->model);
    tril_ctx_free(bed->ctx);
    step_by_hand_free(bed->step);
    free(bed->limit), free(bed->raw), free(bed->x), free(bed->y), free(bed->loc), free(bed->factor);
}

/* ---- training steps */

void bed_step(bench_bed *bed, size_t hidden, double lr)
{
    bed->x = numbers(bed->row->rows * STEP_INPUTS, 0);
    bed->y = numbers(bed->row->rows * STEP_TARGETS, 1);
    bed->params[0] = tril_params_new(bed->ctx);
    bed->net =
        tril_mlp_new(bed->params[0], "net",
                     &(tril_mlp_opts){ .inputs = STEP_INPUTS,
                                       .hidden = { hidden, hidden },
                                       .outputs = tril_head_width(STEP_TARGETS, &bed->head) });
    bed->optim[0] = tril_adam_new(bed->params[0], &(tril_adam_opts){ .lr = lr });
    if (bed->row->rows > 256)
        bed->shards =
            tril_shards_new(bed->params[0], &(tril_shards_opts){ .threads = bed->row->threads });
}

static tril_var mean_nll(tril_tape *tape, size_t first, size_t n, void *user)
{
    const bench_bed *bed = user;
    tril_var x = tril_input(tape, bed->x + first * STEP_INPUTS, TRIL_SHAPE(n, STEP_INPUTS));
    tril_var y = tril_input(tape, bed->y + first * STEP_TARGETS, TRIL_SHAPE(n, STEP_TARGETS));
    tril_dist p = tril_head(tril_mlp_apply(bed->net, x), STEP_TARGETS, &bed->head);
    return tril_neg(tril_mean(tril_log_prob(p, y)));
}

void bed_step_work(bench_bed *bed)
{
    if (bed->shards)
        tril_shards_backward(bed->shards, bed->row->rows, mean_nll, bed, &bed->nll);
    else {
        tril_tape_reset(bed->tape);
        tril_var nll = mean_nll(bed->tape, 0, bed->row->rows, bed);
        tril_backward(nll);
        bed->nll = (double)tril_item(nll);
    }
    tril_optim_step(bed->optim[0]);
}

void bed_step_by_hand(bench_bed *bed, double lr)
{
    bed_step(bed, STEP_HIDDEN, lr);
    if (tril_params_size(bed->params[0]) == STEP_PARAMS)
        bed->step = step_by_hand_new(bed->row->rows, bed->row->threads, lr, bed->x, bed->y,
                                     tril_params_values(bed->params[0]));
}

static void prepare_step(bench_bed *bed)
{
    bed_step_by_hand(bed, BENCH_STILL);
}

static void step_limit(bench_bed *bed)
{
    step_by_hand_run(bed->step);
}

static void prepare_mixture(bench_bed *bed)
{
    bed->head = (tril_head_opts){ .kind = &tril_head_mixture, .components = 5 };
    bed_step(bed, STEP_HIDDEN, BENCH_STILL);
    bed->limit = gemm_limit_new(bed->row->rows, STEP_INPUTS, STEP_HIDDEN,
                                tril_head_width(STEP_TARGETS, &bed->head));
}

static void gemms(bench_bed *bed)
{
    gemm_limit_run(bed->limit);
}

/* ---- log-densities */

static tril_shape loc_shape(const bench_bed *bed)
{
    return TRIL_SHAPE(bed->row->rows, bed->row->d);
}

/* Normals and points; factors or scales of this shape, around 1 on the diagonal. */
static void prepare_normals(bench_bed *bed, tril_dist (*normal)(tril_var, tril_var),
                            tril_shape shape)
{
    size_t d = bed->row->d, size = tril_shape_size(shape);
    double below = 0.3 / sqrt((double)d);
    bed->loc = numbers(bed->row->rows * d, 0);
    bed->y = numbers(bed->row->rows * d, 1);
    bed->factor = numbers(size, 2);
    bed->normal = normal;
    bed->factor_shape = shape;
    for (size_t i = 0; bed->factor && i < size; i++) {
        size_t row = i / d % d, column = i % d;
        double x = (double)bed->factor[i];
        if (normal == tril_mvn_diag || row == column)
            bed->factor[i] = (tril_real)(0.8 + 0.2 * sin(x));
        else
            bed->factor[i] = (tril_real)(row > column ? below * x : 0);
    }
}

/* all numbers of the inputs once, and with gradients of loc and factor those once more, and the
 * log-densities */
static void limit_copy(bench_bed *bed, bool with_gradients)
{
    size_t loc = bed->row->rows * bed->row->d, factor = tril_shape_size(bed->factor_shape);
    bed->limit =
        copy_limit_new(bed->row->rows + 2 * loc + factor + with_gradients * (loc + factor));
}

void bed_normals(bench_bed *bed)
{
    prepare_normals(bed, tril_mvn, TRIL_SHAPE(bed->row->rows, bed->row->d, bed->row->d));
    limit_copy(bed, true);
}

void bed_normals_by_hand(bench_bed *bed)
{
    size_t rows = bed->row->rows, d = bed->row->d;
    prepare_normals(bed, tril_mvn, TRIL_SHAPE(rows, d, d));
    bed->limit = calloc(rows * (1 + d + d * d), sizeof(tril_real));
}

void bed_normals_limit(bench_bed *bed)
{
    size_t rows = bed->row->rows, d = bed->row->d;
    tril_real *to = bed->limit;
    mvn_by_hand(d, rows, bed->loc, bed->factor, bed->y, to, to + rows, to + rows * (1 + d));
}

static void prepare_value(bench_bed *bed)
{
    prepare_normals(bed, tril_mvn, TRIL_SHAPE(bed->row->rows, bed->row->d, bed->row->d));
    limit_copy(bed, false);
}

static void prepare_shared(bench_bed *bed)
{
    prepare_normals(bed, tril_mvn, TRIL_SHAPE(bed->row->d, bed->row->d));
    limit_copy(bed, true);
}

static void prepare_shared_blas(bench_bed *bed)
{
    prepare_normals(bed, tril_mvn, TRIL_SHAPE(bed->row->d, bed->row->d));
    bed->limit = shared_limit_new(bed->row->rows, bed->row->d);
}

static void prepare_diagonal(bench_bed *bed)
{
    prepare_normals(bed, tril_mvn_diag, loc_shape(bed));
    limit_copy(bed, true);
}

static tril_var mean_log_prob(bench_bed *bed, tril_var loc, tril_var factor)
{
    tril_var y = tril_input(bed->tape, bed->y, loc_shape(bed));
    return tril_mean(tril_log_prob(bed->normal(loc, factor), y));
}

static void value(bench_bed *bed)
{
    tril_tape_reset(bed->tape);
    tril_var loc = tril_input(bed->tape, bed->loc, loc_shape(bed));
    tril_var factor = tril_input(bed->tape, bed->factor, bed->factor_shape);
    mean_log_prob(bed, loc, factor);
}

void bed_gradients(bench_bed *bed)
{
    tril_tape_reset(bed->tape);
    tril_var loc = tril_requires_grad(tril_input(bed->tape, bed->loc, loc_shape(bed)));
    tril_var factor = tril_requires_grad(tril_input(bed->tape, bed->factor, bed->factor_shape));
    tril_backward(mean_log_prob(bed, loc, factor));
}

static void copy(bench_bed *bed)
{
    copy_limit_run(bed->limit);
}

static void shared_blas(bench_bed *bed)
{
    shared_limit_run(bed->limit);
}

/* ---- two categories, learned trial by trial */

void bed_trial(bench_bed *bed)
{
    static const tril_real loc[2][2] = { { -0.25f, 0.05f }, { -0.15f, -0.25f } };
    static const tril_real covariance[4] = { 0.02f, 0, 0, 0.02f };
    bed->x = numbers(TRIAL_POINTS * 2, 0);
    for (size_t i = 0; bed->x && i < TRIAL_POINTS * 2; i++)
        bed->x[i] = loc[i / 2 % 2][i % 2] + (tril_real)0.15 * bed->x[i];
    for (int i = 0; i < 2; i++)
        bed->params[i] = tril_params_new(bed->ctx);
    bed->normals = tril_mvn_params_new(bed->params[0], "categories", 2, 2);
    for (size_t c = 0; c < 2; c++)
        tril_mvn_params_set(bed->normals, c, loc[c], covariance);
    bed->association = tril_dense_new(
        bed->params[1], "association",
        &(tril_dense_opts){ .inputs = 2, .outputs = 2, .init = TRIL_ZERO, .no_bias = true });
    bed->optim[0] = tril_natural_new(
        tril_mvn_params_loc(bed->normals), tril_mvn_params_scale_tril(bed->normals),
        &(tril_natural_opts){
            .lr = TRIAL_LR_FACTOR, .lr_loc = TRIAL_LR_LOC, .kl_clip = TRIAL_KL_CLIP });
    bed->optim[1] = tril_sgd_new(bed->params[1],
                                 &(tril_sgd_opts){ .lr = TRIAL_LR, .momentum = TRIAL_MOMENTUM });
    bed->limit = calloc(1, sizeof(trial_by_hand));
    trial_by_hand *t = bed->limit;
    for (size_t c = 0; t && c < 2; c++) {
        memcpy(t->loc[c], loc[c], sizeof loc[c]);
        for (size_t i = 0; i < 2; i++)
            t->factor[c][i][i] = (tril_real)sqrt((double)covariance[0]);
    }
}

void bed_trial_work(bench_bed *bed)
{
    size_t point = bed->trials++ % TRIAL_POINTS, category = point % 2;
    tril_tape_reset(bed->tape);
    tril_dist p = tril_mvn_params_dist(bed->normals, bed->tape);
    tril_var x = tril_input(bed->tape, bed->x + 2 * point, TRIL_SHAPE(2));
    tril_var logits = tril_dense_apply(bed->association, tril_exp(tril_log_prob(p, x)));
    tril_backward(tril_cross_entropy(logits, &category));
    tril_optim_step(bed->optim[0]);
    tril_optim_step(bed->optim[1]);
}

void bed_trial_limit(bench_bed *bed)
{
    size_t point = bed->trials_by_hand++ % TRIAL_POINTS;
    trial_by_hand_run(bed->limit, bed->x + 2 * point, point % 2);
}

/* ---- the table */

#define STEP "training step", "by hand"
#define NORMALS "normals, gradients", "copy"
#define BY_HAND "normals, gradients", "by hand"
#define SHARED "one factor for all", "bare BLAS"

const bench_row bench_rows[] = {
    { STEP, 1, 3, 1, prepare_step, bed_step_work, step_limit, 1.25 },
    { STEP, 32, 3, 1, prepare_step, bed_step_work, step_limit, 1.25 },
    { STEP, 256, 3, 1, prepare_step, bed_step_work, step_limit, 1.25 },
    { STEP, 4096, 3, 1, prepare_step, bed_step_work, step_limit, 1.25 },
    { STEP, 65536, 3, 1, prepare_step, bed_step_work, step_limit, 1.25 },
    { STEP, 4096, 3, 2, prepare_step, bed_step_work, step_limit, 1.25 },
    { STEP, 65536, 3, 2, prepare_step, bed_step_work, step_limit, 1.25 },
    { "step, mixture of 5", "bare gemms", 256, 3, 1, prepare_mixture, bed_step_work, gemms, 3 },
    { BY_HAND, 100000, 2, 1, bed_normals_by_hand, bed_gradients, bed_normals_limit, 2 },
    { BY_HAND, 100000, 3, 1, bed_normals_by_hand, bed_gradients, bed_normals_limit, 2 },
    { BY_HAND, 100000, 8, 1, bed_normals_by_hand, bed_gradients, bed_normals_limit, 2 },
    { NORMALS, 10000, 32, 1, bed_normals, bed_gradients, copy, 4 },
    { NORMALS, 1000, 128, 1, bed_normals, bed_gradients, copy, 3 },
    { NORMALS, 100, 512, 1, bed_normals, bed_gradients, copy, 3 },
    { "normals, log_prob alone", "copy", 100000, 3, 1, prepare_value, value, copy, 5 },
    { "one factor for all", "copy", 100000, 3, 1, prepare_shared, bed_gradients, copy, 5 },
    { SHARED, 10000, 32, 1, prepare_shared_blas, bed_gradients, shared_blas, 1.4 },
    { SHARED, 1000, 128, 1, prepare_shared_blas, bed_gradients, shared_blas, 1.4 },
    { SHARED, 100, 512, 1, prepare_shared_blas, bed_gradients, shared_blas, 1.4 },
    { "diagonal, gradients", "copy", 100000, 3, 1, prepare_diagonal, bed_gradients, copy, 4 },
    { "diagonal, gradients", "copy", 100000, 8, 1, prepare_diagonal, bed_gradients, copy, 4 },
    { "two-category trial", "by hand", 1, 2, 1, bed_trial, bed_trial_work, bed_trial_limit, 0 },
    { "one row, tape, median", "BLAS on 1", 1, 2, 1, bed_model, bed_tape_call, bed_tape_limit, 1.15,
      0.5 },
    { "one row, tape, 99.9 %", "bare loop", 1, 2, 1, bed_model_and_loop, bed_tape_call, bed_loop,
      1.5, 0.999 },
    { "one row, model, median", "BLAS on 1", 1, 2, 1, bed_model, bed_model_call, bed_model_limit,
      1.15, 0.5 },
    { "one row, model, 99.9 %", "bare loop", 1, 2, 1, bed_model_and_loop, bed_model_call, bed_loop,
      1.5, 0.999 },
    { "predicted by threads", "one thread", 65536, 2, 2, bed_model, bed_threads, bed_threads_limit,
      1 / 1.8 },
    { "predicted by threads", "one thread", 65536, 2, 8, bed_model, bed_threads, bed_threads_limit,
      1 / 1.8 },
};

const size_t bench_n_rows = sizeof bench_rows / sizeof *bench_rows;
