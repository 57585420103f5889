/* Training as a call: it starts at the Gaussian fit, learns, stops at the best, and says what is
 * wrong. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "train/fitting.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- where it starts */

/* the NLL of a normal with the moments of the rows in a list, by its formula for two targets */
static double fit_nll(const fitting *f, const size_t *rows, size_t n)
{
    double m[2] = { 0 }, v[3] = { 0 };
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < 2; j++)
            m[j] += (double)f->y[rows[i] * 2 + j] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double a = (double)f->y[rows[i] * 2] - m[0], b = (double)f->y[rows[i] * 2 + 1] - m[1];
        v[0] += a * a / (double)n, v[1] += a * b / (double)n, v[2] += b * b / (double)n;
    }
    return 1 + log(2 * acos(-1.)) + 0.5 * log(v[0] * v[2] - v[1] * v[1]);
}

START_TEST(test_first_nll)
{
    enum { ROWS = 700 };
    const double shares[2] = { 0.7, 0.3 };
    size_t fold[ROWS], training[ROWS], n = 0;
    tril_ctx *ctx = tril_ctx_new(NULL);
    ck_assert(tril_folds(ctx, ROWS, NULL, shares, 2, 4, fold));
    fitting f = fitting_new(ctx, ROWS, 2, 8, NULL);
    for (size_t i = 0; i < ROWS; i++)
        if (fold[i] == 0)
            training[n++] = i;
        else if (_i == 1) /* rows held out have no say */
            f.y[2 * i] = 1000;
    f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS },
                         &(tril_fit_opts){ .validation_share = 0.3, .seed = 4 });
    ck_fine(ctx);
    ck_close(tril_fit_get_status(f.fit).train_nll, fit_nll(&f, training, n),
             IS_DOUBLE ? 1e-9 : 1e-5, 0);
    ck_assert((tril_fit_get_status(f.fit).validation_nll > 1000) == (_i == 1));
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- what it learns */

static const struct {
    tril_head_opts head;
    tril_fit_opts opts;
} ways[] = {
    { { 0 }, { .lr = 1e-2 } },
    { { .kind = &tril_head_diagonal }, { .lr = 1e-2, .weight_decay = 1e-3, .threads = 2 } },
    { { .kind = &tril_head_precision }, { .lr = 1e-2, .loss = &tril_loss_beta, .threads = 3 } },
    { { .kind = &tril_head_lowrank, .rank = 1 }, { .lr = 1e-2, .loss = &tril_loss_faithful } },
    { { .kind = &tril_head_shared }, { .lr = 1e-2, .loss = &tril_loss_warmup } },
    { { .kind = &tril_head_shared }, { .lr = 1e-2, .loss = &tril_loss_beta, .beta = 1 } },
    { { .kind = &tril_head_shared }, { .lr = 1e-2, .loss = &tril_loss_faithful } },
    { { .kind = &tril_head_mixture, .components = 3 },
      { .lr = 1e-2, .loss = &tril_loss_warmup, .input_noise = 1, .target_noise = 0.05 } },
    { { .kind = &tril_head_mixture, .components = 2 }, { .lr = 1e-2, .loss = &tril_loss_beta } },
    { { .kind = &tril_head_mixture, .components = 2 },
      { .lr = 1e-2, .loss = &tril_loss_faithful } },
    { { .kind = &tril_head_student }, { .lr = 1e-2, .loss = &tril_loss_beta } },
    { { .kind = &tril_head_student }, { .lr = 1e-2 } },
    { { .kind = &tril_head_student }, { .lr = 1e-2, .loss = &tril_loss_faithful } },
    { { .natural = true },
      { .lr = 0.05, .optim = &tril_optim_sgd, .momentum = 0.5, .clip = { .norm = 1 } } },
    { { .natural = true }, { .lr = 1e-2, .loss = &tril_loss_faithful, .clip = { .norm = 10 } } },
    { { .natural = true }, { .lr = 1e-2, .loss = &tril_loss_beta, .clip = { .norm = 10 } } },
};

START_TEST(test_learns)
{
    tril_fit_opts opts = ways[_i].opts;
    opts.epochs = 60;
    opts.validation_share = 0.25;
    opts.schedule = (tril_schedule){ .kind = TRIL_COSINE, .warmup = 1 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_begin(ctx, 1000, 2, &ways[_i].head, &opts);
    double first = tril_fit_get_status(f.fit).validation_nll;
    ck_assert(tril_fit_run(f.fit, NULL, NULL));
    ck_fine(ctx);
    /* the means alone, from inputs that explain most of the variance, are worth more than that */
    ck_assert_msg(tril_fit_get_status(f.fit).best_nll < first - 0.7, "%g after %g",
                  tril_fit_get_status(f.fit).best_nll, first);
    ck_assert(fabs(tril_fit_get_status(f.fit).best_nll - tril_fit_get_status(f.fit).train_nll) <
              0.25);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- epochs */

/* of the NLL, over the rows of the epoch under way */
static double sum_so_far(const fitting *f)
{
    size_t n;
    const tril_array *a = tril_fit_state(f->fit, &n);
    while (strcmp(a->name, "fit.sum") != 0)
        a++;
    return *(const double *)a->values;
}

/* every row once an epoch, whatever the size of the batches: with a rate of next to nothing the
 * mean over the batches is the NLL of all rows; and in an order that changes */
START_TEST(test_every_row_once)
{
    const size_t batches[] = { 1, 2, 7, 100, 101, 300, 1000 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        fitting f = fitting_begin(
            ctx, 601, 2, NULL, &(tril_fit_opts){ .lr = 1e-30, .batch = batches[i], .epochs = 3 });
        double nll = tril_fit_get_status(f.fit).train_nll, before = 0;
        ck_assert_uint_eq(tril_fit_get_status(f.fit).batches, (601 + batches[i] - 1) / batches[i]);
        for (size_t epoch = 0; epoch < 3; epoch++) {
            ck_assert(tril_fit_step(f.fit));
            ck_assert(batches[i] > 601 || sum_so_far(&f) != before);
            before = sum_so_far(&f);
            ck_assert(batches[i] > 601 || tril_fit_epoch(f.fit));
            ck_close(tril_fit_get_status(f.fit).train_nll, nll, IS_DOUBLE ? 1e-13 : 1e-6, 0);
        }
        ck_assert_uint_eq(tril_fit_get_status(f.fit).steps, 3 * tril_fit_get_status(f.fit).batches);
        ck_assert(tril_fit_get_status(f.fit).seconds > 0 &&
                  tril_fit_get_status(f.fit).rows_per_second > 0);
        fitting_free(&f);
    }
    tril_ctx_free(ctx);
}
END_TEST

/* the same seed gives the same bits, with any number of threads; another order gives others */
START_TEST(test_seeds)
{
    const struct {
        uint64_t seed;
        size_t threads;
    } runs[] = { { 3, 1 }, { 3, 1 }, { 3, 2 }, { 3, 3 }, { 4, 1 } };
    tril_real first[256];
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        tril_ctx *ctx = tril_ctx_new(NULL);
        fitting f = fitting_begin(ctx, 1500, 2, NULL,
                                  &(tril_fit_opts){ .batch = 700,
                                                    .epochs = 3,
                                                    .input_noise = _i ? 0.1 : 0,
                                                    .seed = runs[i].seed,
                                                    .threads = runs[i].threads });
        ck_assert(tril_fit_run(f.fit, NULL, NULL));
        size_t bytes = tril_params_size(f.params) * sizeof *first;
        ck_assert_uint_le(bytes, sizeof first);
        if (i == 0)
            memcpy(first, tril_params_values(f.params), bytes);
        ck_assert((memcmp(first, tril_params_values(f.params), bytes) == 0) == (runs[i].seed == 3));
        fitting_free(&f);
        tril_ctx_free(ctx);
    }
}
END_TEST

/* ---- the end */

/* what a fit sees of validation rows, by a fit that trains nothing */
static double validation_nll(const fitting *f, tril_batch validation)
{
    tril_fit *fit = tril_fit_new(&f->net, (tril_batch){ f->x, f->y, f->rows },
                                 &(tril_fit_opts){ .no_init = true, .validation = validation });
    double nll = tril_fit_get_status(fit).validation_nll;
    tril_fit_free(fit);
    return nll;
}

/* few rows, many steps: training ends in time, at the best, unless it is told not to */
START_TEST(test_patience)
{
    enum { PATIENCE = 5 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_new(ctx, 40, 2, 8, NULL);
    tril_batch training = { f.x, f.y, 25 }, held = { f.x + 25 * INPUTS, f.y + 25 * 2, 15 };
    f.fit = tril_fit_new(&f.net, training,
                         &(tril_fit_opts){ .lr = 0.03,
                                           .epochs = 1000,
                                           .batch = 5,
                                           .validation = held,
                                           .patience = _i < 2 ? PATIENCE : 0,
                                           .keep_last = _i == 1 });
    double best = tril_fit_get_status(f.fit).validation_nll, last = 0;
    for (size_t epoch = 0; _i < 2 || epoch < 100; epoch++) {
        ck_assert_uint_eq(tril_fit_get_status(f.fit).epoch, epoch);
        if (!tril_fit_epoch(f.fit))
            break;
        last = tril_fit_get_status(f.fit).validation_nll;
        best = fmin(best, last);
    }
    tril_fit_status now = tril_fit_get_status(f.fit);
    ck_fine(ctx);
    ck_assert(tril_fit_done(f.fit) == (_i < 2));
    ck_assert(now.best_nll == best && last > best);
    ck_assert(_i == 2 || now.epoch - now.best_epoch == PATIENCE);
    if (_i == 2)
        tril_fit_take_best(f.fit);
    ck_assert(validation_nll(&f, held) == (_i == 1 ? last : best));
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* where nothing is better than the start, it is what remains */
START_TEST(test_start_is_best)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_new(ctx, 300, 2, 8, NULL);
    tril_batch all = { f.x, f.y, 300 };
    f.fit =
        tril_fit_new(&f.net, all, &(tril_fit_opts){ .lr = 1e3, .epochs = 20, .validation = all });
    double first = tril_fit_get_status(f.fit).validation_nll;
    ck_assert(tril_fit_run(f.fit, NULL, NULL));
    ck_assert_uint_eq(tril_fit_get_status(f.fit).best_epoch, 0);
    ck_assert(tril_fit_get_status(f.fit).validation_nll > first);
    ck_assert(validation_nll(&f, all) == first);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* step by step beside a fit that averages nothing: the same path, of which the average is judged
 * and, at the end, taken */
START_TEST(test_average)
{
    enum { ROWS = 100, STEPS = 3 * 4, MOST = 256 };
    tril_ctx *ctx = tril_ctx_new(NULL), *same = tril_ctx_new(NULL);
    fitting f = fitting_new(ctx, ROWS, 2, 8, NULL), g = fitting_new(same, ROWS, 2, 8, NULL);
    tril_fit_opts opts = { .lr = 0.1, .epochs = 3, .batch = 25, .average = 0.75 };
    opts.validation = (tril_batch){ f.x, f.y, 30 };
    opts.keep_last = _i;
    f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS }, &opts);
    opts.average = 0;
    g.fit = tril_fit_new(&g.net, (tril_batch){ g.x, g.y, ROWS }, &opts);
    const size_t size = tril_params_size(f.params);
    double average[MOST], best = tril_fit_get_status(f.fit).validation_nll;
    ck_assert_uint_le(size, MOST);
    for (size_t step = 1; step <= STEPS; step++) {
        ck_assert(tril_fit_step(f.fit) && tril_fit_step(g.fit));
        for (size_t i = 0; i < size; i++) {
            const double now = (double)tril_params_values(g.params)[i];
            const double keep = step <= 4 ? (double)(step - 1) / (double)step : 0.75;
            average[i] = step == 1 ? now : keep * average[i] + (1 - keep) * now;
            if (step < STEPS)
                ck_assert(tril_params_values(f.params)[i] == tril_params_values(g.params)[i]);
        }
        best = fmin(best, tril_fit_get_status(f.fit).validation_nll);
    }
    ck_fine(ctx);
    ck_assert(tril_fit_get_status(f.fit).validation_nll !=
              tril_fit_get_status(g.fit).validation_nll);
    ck_assert(validation_nll(&f, opts.validation) ==
              (_i ? tril_fit_get_status(f.fit).validation_nll : best));
    for (size_t i = 0; i < size && _i; i++)
        ck_close((double)tril_params_values(f.params)[i], average[i], IS_DOUBLE ? 1e-13 : 1e-5,
                 1e-6);
    fitting_free(&f), fitting_free(&g);
    tril_ctx_free(ctx), tril_ctx_free(same);
}
END_TEST

/* a line for each epoch; a full disk stops the run */
START_TEST(test_log)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_begin(ctx, 100, 2, NULL,
                              &(tril_fit_opts){ .epochs = 3, .validation_share = _i ? 0.2 : 0 });
    FILE *file = tmpfile(), *full = fopen("/dev/full", "w");
    ck_assert(file && full);
    ck_assert(tril_fit_run(f.fit, tril_fit_log, file));
    fitting g = fitting_begin(ctx, 100, 2, NULL, &(tril_fit_opts){ .epochs = 3 });
    ck_assert(tril_fit_run(g.fit, tril_fit_log, full));
    ck_assert_uint_eq(tril_fit_get_status(g.fit).epoch, 1);
    ck_assert(tril_fit_run(g.fit, tril_fit_log, NULL));
    ck_assert_uint_eq(tril_fit_get_status(g.fit).epoch, 2);
    tril_fit_status now = tril_fit_get_status(f.fit);
    char text[400];
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    ck_assert_ptr_nonnull(strstr(text, "epoch,train_nll,validation_nll,best_nll,lr,seconds\n1,"));
    double train, validation = (double)NAN, best, lr, seconds;
    const char *last = strstr(text, "\n3,");
    ck_assert_ptr_nonnull(last);
    if (_i)
        ck_assert_int_eq(
            sscanf(last, "\n3,%lf,%lf,%lf,%lf,%lf\n", &train, &validation, &best, &lr, &seconds),
            5);
    else
        ck_assert_int_eq(sscanf(last, "\n3,%lf,,%lf,%lf,%lf\n", &train, &best, &lr, &seconds), 4);
    ck_close(train, now.train_nll, 1e-8, 0);
    ck_assert(_i == 0 || fabs(validation - now.validation_nll) < 1e-7);
    ck_close(best, now.best_nll, 1e-8, 0);
    ck_close(lr, now.lr, 1e-8, 0);
    ck_close(seconds, now.seconds, 1e-8, 0);
    fclose(file), fclose(full);
    fitting_free(&f), fitting_free(&g);
    tril_ctx_free(ctx);
}
END_TEST

/* a group is held out whole: the targets of each are a constant of its own, which shows */
START_TEST(test_groups_held_out)
{
    enum { ROWS = 120 };
    size_t group[ROWS], fold[ROWS];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_new(ctx, ROWS, 2, 8, NULL);
    for (size_t i = 0; i < ROWS; i++)
        group[i] = i % 10;
    ck_assert(tril_folds(ctx, ROWS, group, (double[]){ 0.8, 0.2 }, 2, 6, fold));
    tril_fit_opts opts = { .validation_share = 0.2, .group = group, .seed = 6, .lr = 1e-30 };
    opts.batch = ROWS;
    f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS }, &opts);
    double first = tril_fit_get_status(f.fit).train_nll;
    tril_fit_free(f.fit);
    for (size_t i = 0; i < ROWS; i++) /* of rows held out */
        f.y[2 * i] += fold[i] ? 5 : 0;
    f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS }, &opts);
    ck_fine(ctx);
    ck_assert(tril_fit_get_status(f.fit).train_nll == first);
    ck_assert(tril_fit_epoch(f.fit));
    ck_close(tril_fit_get_status(f.fit).train_nll, first, 1e-6, 0);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- memory */

static void train_a_little(tril_ctx *ctx)
{
    fitting f = fitting_begin(ctx, 100, 2, NULL,
                              &(tril_fit_opts){ .epochs = 2,
                                                .batch = 30,
                                                .threads = 2,
                                                .validation_share = 0.2,
                                                .target_noise = 0.1,
                                                .average = 0.9 });
    tril_fit_run(f.fit, NULL, NULL);
    fitting_free(&f);
}

/* ---- OpenBLAS's threads are the program's */

int openblas_get_num_threads(void) __attribute__((weak));
void openblas_set_num_threads(int n);

static size_t settings;

/* in the place of OpenBLAS's own, which does the work */
void openblas_set_num_threads(int n)
{
    void (*own)(int) = dlsym(RTLD_NEXT, "openblas_set_num_threads");
    settings++;
    if (own)
        own(n);
}

/* from the first line to the last pass, of batches of 64 rows and layers of 128 units; a larger
 * batch does what the test would see */
START_TEST(test_blas_threads)
{
    if (!openblas_get_num_threads)
        return; /* another BLAS */
    openblas_set_num_threads(2);
    const int threads = openblas_get_num_threads();
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (size_t batch = 64; batch <= 256; batch *= 4) {
        fitting f = fitting_new(ctx, 700, 2, 128, NULL);
        settings = 0;
        f.fit =
            tril_fit_new(&f.net, (tril_batch){ f.x, f.y, 700 },
                         &(tril_fit_opts){ .batch = batch, .epochs = 2, .validation_share = 0.4 });
        ck_assert(tril_fit_run(f.fit, NULL, NULL));
        ck_assert((settings > 0) == (batch > 64 && threads > 1));
        ck_assert_int_eq(openblas_get_num_threads(), threads);
        fitting_free(&f);
    }
    openblas_set_num_threads(1);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_out_of_memory)
{
    ck_assert_uint_ge(exhaust(train_a_little), 20);
}
END_TEST

START_TEST(test_no_allocation)
{
    const size_t batches[] = { 10, 64, 300, 600, 1000 };
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    fitting f = fitting_begin(ctx, 1000, 2, &ways[_i].head,
                              &(tril_fit_opts){ .loss = ways[_i].opts.loss,
                                                .clip = { .norm = 1 },
                                                .batch = batches[_i % 5],
                                                .epochs = 3,
                                                .validation_share = 0.1,
                                                .input_noise = 0.1,
                                                .threads = 1 + (size_t)_i % 3 });
    ck_assert(tril_fit_step(f.fit));
    size_t before = counter.allocations;
    ck_assert(tril_fit_run(f.fit, NULL, NULL));
    ck_assert_uint_eq(counter.allocations, before);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- what is refused */

static const struct {
    const char *sentence;
    tril_head_opts head;
    tril_fit_opts opts;
    tril_status status; /* 0: an argument */
} refused[] = {
    { "fit: beta is 1.5, want a number above 0, at most 1", { 0 }, { .beta = 1.5 }, 0 },
    { "fit: validation_share is 1, want", { 0 }, { .validation_share = 1 }, 0 },
    { "fit: validation_share is nan", { 0 }, { .validation_share = (double)NAN }, 0 },
    { "fit: with a share of 0.001 held out no row is left to validate",
      { 0 },
      { .validation_share = 0.001 },
      0 },
    { "fit: with a share of 0.999 held out no row is left to train on",
      { 0 },
      { .validation_share = 0.999 },
      0 },
    { "fit: average is 1, want a number from 0 to below 1", { 0 }, { .average = 1 }, 0 },
    { "fit: input_noise is -1, want at least 0", { 0 }, { .input_noise = -1 }, 0 },
    { "fit: target_noise is inf, want at least 0", { 0 }, { .target_noise = HUGE_VAL }, 0 },
    { "natural: it moves the loc and scale_tril of", { 0 }, { .optim = &tril_optim_natural }, 0 },
    { "fit: there is no schedule number 4", { 0 }, { .schedule = { .kind = 4 } }, 0 },
    { "fit: schedule.warmup is -1", { 0 }, { .schedule = { .warmup = -1 } }, 0 },
    { "fit: schedule.factor is 1, want", { 0 }, { .schedule = { .factor = 1 } }, 0 },
    { "fit: schedule.floor is 2, want", { 0 }, { .schedule = { .floor = 2 } }, 0 },
    { "fit: patience needs validation rows", { 0 }, { .patience = 3 }, 0 },
    { "fit: the warm-up of the mean needs the covariance of the start",
      { 0 },
      { .loss = &tril_loss_warmup, .no_init = true },
      0 },
    { "adam: lr is -1", { 0 }, { .lr = -1 }, 0 },
    { "adamw: weight_decay is inf", { 0 }, { .weight_decay = HUGE_VAL }, 0 },
    { "adam: clip.norm is -1", { 0 }, { .clip = { .norm = -1 } }, 0 },
    { "sgd: momentum is 1", { 0 }, { .optim = &tril_optim_sgd, .momentum = 1 }, 0 },
    { "shards: out of memory", { 0 }, { .threads = SIZE_MAX / 2 }, TRIL_OUT_OF_MEMORY },
};

START_TEST(test_refused)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_begin(ctx, 30, 2, &refused[_i].head, &refused[_i].opts);
    ck_assert_ptr_null(f.fit);
    ck_failed(ctx, refused[_i].status ? refused[_i].status : TRIL_BAD_ARGUMENT,
              refused[_i].sentence);
    f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, f.rows }, NULL);
    ck_assert(tril_fit_epoch(f.fit));
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_bad_rows)
{
    size_t n;
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = fitting_new(ctx, 30, 2, 8, NULL);
    const tril_batch rows = { f.x, f.y, 30 };
    const tril_fit_opts own = { .validation = rows },
                        both = { .validation = rows, .validation_share = 0.5 };
    const tril_network narrow = { f.net.mlp, 1, { 0 } };
    ck_assert_ptr_null(tril_fit_new(NULL, rows, NULL));
    ck_assert_ptr_null(tril_fit_new(&(tril_network){ 0 }, rows, NULL));
    ck_assert_ptr_null(tril_fit_new(&narrow, rows, NULL));
    ck_failed(ctx, TRIL_BAD_SHAPE, "fit: the network has 5 outputs, but 1 targets need 2");
    ck_assert_ptr_null(tril_fit_new(&f.net, (tril_batch){ 0 }, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "fit: x and y: there are no rows");
    ck_assert_ptr_null(tril_fit_new(&f.net, rows, &both));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "fit: validation rows and a share of the others cannot");
    ck_assert_ptr_null(
        tril_fit_new(&f.net, rows, &(tril_fit_opts){ .validation = { f.x, NULL, 30 } }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "fit: validation.x and y: there are no rows");
    f.x[7 * INPUTS + 1] = (tril_real)NAN;
    ck_assert_ptr_null(tril_fit_new(&f.net, rows, NULL));
    ck_failed(ctx, TRIL_NOT_FINITE, "fit: x: column 1 is nan in row 7");
    f.x[7 * INPUTS + 1] = 0, f.y[29 * 2] = (tril_real)-INFINITY;
    ck_assert_ptr_null(tril_fit_new(&f.net, (tril_batch){ f.x, f.y, 20 }, &own));
    ck_failed(ctx, TRIL_NOT_FINITE, "fit: validation.y: column 0 is -inf in row 29");
    f.y[0] = f.y[5] = (tril_real)NAN;
    ck_assert_ptr_null(tril_fit_new(&f.net, rows, &(tril_fit_opts){ .missing = true }));
    ck_failed(ctx, TRIL_NOT_FINITE, "fit: y: column 0 is -inf in row 29");
    for (size_t i = 0; i < 30; i++)
        f.y[2 * i] = (tril_real)NAN;
    ck_assert_ptr_null(tril_fit_new(&f.net, rows, &(tril_fit_opts){ .missing = true }));
    ck_failed(ctx, TRIL_BAD_DATA, "fit: target column 0 is missing in every row");
    ck_assert(!tril_fit_step(NULL) && !tril_fit_epoch(NULL) && !tril_fit_run(NULL, NULL, NULL));
    ck_assert(tril_fit_done(NULL) && tril_fit_get_status(NULL).epochs == 0);
    ck_assert(!tril_fit_state(NULL, &n) && n == 0);
    tril_fit_take_best(NULL);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* workers would leave its gradients alone */
START_TEST(test_other_store)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *other = tril_params_new(ctx);
    fitting f = fitting_new(ctx, 30, 2, 8, &(tril_head_opts){ .kind = &tril_head_shared });
    f.net.head.shared = tril_head_shared_new(other, "covariance", 2);
    ck_assert_ptr_null(tril_fit_new(&f.net, (tril_batch){ f.x, f.y, 30 }, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "fit: the shared covariance is no parameter of the network");
    fitting_free(&f);
    f = fitting_new(ctx, 30, 2, 8, NULL);
    f.net.line = tril_network_new(other, 2, &(tril_mlp_opts){ .inputs = INPUTS }, NULL).line;
    ck_assert_ptr_null(tril_fit_new(&f.net, (tril_batch){ f.x, f.y, 30 }, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "fit: the line is no parameter of the network's store");
    fitting_free(&f);
    tril_params_free(other);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_train_fit(void)
{
    const int n_ways = sizeof ways / sizeof *ways;
    Suite *suite = suite_create("train/fit");
    TCase *tcase = tcase_create("fit");
    tcase_set_tags(tcase, "trains");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_first_nll, 0, 2);
    tcase_add_test(tcase, test_every_row_once);
    tcase_add_loop_test(tcase, test_seeds, 0, 2);
    tcase_add_loop_test(tcase, test_patience, 0, 3);
    tcase_add_test(tcase, test_start_is_best);
    tcase_add_loop_test(tcase, test_average, 0, 2);
    tcase_add_loop_test(tcase, test_log, 0, 2);
    tcase_add_test(tcase, test_groups_held_out);
    tcase_add_test(tcase, test_blas_threads);
    tcase_add_test(tcase, test_out_of_memory);
    tcase_add_loop_test(tcase, test_refused, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tcase, test_bad_rows);
    tcase_add_test(tcase, test_other_store);
    suite_add_tcase(suite, tcase);
    TCase *learns = tcase_create("learns");
    tcase_set_timeout(learns, 60);
    tcase_set_tags(learns, "long trains");
    tcase_add_loop_test(learns, test_learns, 0, n_ways);
    suite_add_tcase(suite, learns);
    TCase *blocks = tcase_create("blocks");
    tcase_set_timeout(blocks, 60);
    tcase_set_tags(blocks, "blocks"); /* of an arena, which sanitizers' builds do not have */
    tcase_add_loop_test(blocks, test_no_allocation, 0, n_ways);
    suite_add_tcase(suite, blocks);
    return suite;
}
