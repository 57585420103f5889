/* A run that is stopped, kept and taken over ends with the bits of the run left alone. */
#include "train/fitting.h"

#include <string.h>

enum { EPOCHS = 7, ROWS = 640 };

/* each of losses, optimizers, schedules and heads, and all that has a state or a stream */
static const struct {
    tril_head_opts head;
    tril_fit_opts opts;
} cases[] = {
    { { 0 }, { 0 } },
    { { 0 }, { .loss = &tril_loss_beta, .optim = &tril_optim_sgd, .momentum = 0.9 } },
    { { 0 }, { .loss = &tril_loss_faithful, .schedule = { .kind = TRIL_COSINE, .warmup = 1.5 } } },
    { { 0 }, { .loss = &tril_loss_warmup, .warmup_epochs = 3, .weight_decay = 0.01 } },
    { { .kind = &tril_head_diagonal },
      { .input_noise = 0.1, .target_noise = 0.2, .schedule = { .kind = TRIL_STEP, .every = 2 } } },
    { { .kind = &tril_head_shared },
      { .schedule = { .kind = TRIL_PLATEAU, .every = 2 }, .lr = 1, .validation_share = 0.25 } },
    { { .kind = &tril_head_mixture, .components = 2 },
      { .validation_share = 0.2, .patience = 2, .lr = 0.3, .clip = { .norm = 1 } } },
    { { .natural = true },
      { .optim = &tril_optim_sgd,
        .lr = 0.05,
        .validation_share = 0.2,
        .patience = 5,
        .average = 0.8 } },
    { { 0 }, { .average = 0.9 } },
    { { .kind = &tril_head_lowrank, .rank = 1 },
      { .optim = &tril_optim_sgd,
        .weight_decay = 0.1,
        .validation_share = 0.5,
        .keep_last = true } },
};

enum { N_CASES = sizeof cases / sizeof *cases };

/* the seed is that of the weights */
static fitting begin(size_t which, size_t threads, uint64_t seed)
{
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = seed });
    tril_fit_opts opts = cases[which].opts;
    opts.epochs = EPOCHS;
    opts.batch = 300; /* a shard of 256 and the rest */
    opts.threads = threads;
    opts.seed = 9;
    fitting f = fitting_begin(ctx, ROWS, 2, &cases[which].head, &opts);
    ck_fine(ctx);
    return f;
}

static void end(fitting *f)
{
    tril_ctx *ctx = f->ctx;
    fitting_free(f);
    tril_ctx_free(ctx);
}

static size_t bytes_of(const tril_array *a)
{
    const size_t size[] = { sizeof(tril_real), sizeof(double), sizeof(uint64_t) };
    return a->size * size[a->type];
}

static void copy_state(const fitting *to, const fitting *from)
{
    size_t n, m;
    const tril_array *a = tril_fit_state(to->fit, &n), *b = tril_fit_state(from->fit, &m);
    ck_assert_uint_eq(n, m);
    for (size_t i = 0; i < n; i++) {
        ck_assert_str_eq(a[i].name, b[i].name);
        ck_assert_uint_eq(bytes_of(&a[i]), bytes_of(&b[i]));
        memcpy(a[i].values, b[i].values, bytes_of(&a[i]));
    }
}

static void ck_same(const fitting *a, const fitting *b)
{
    tril_fit_status one = tril_fit_get_status(a->fit), two = tril_fit_get_status(b->fit);
    one.seconds = one.rows_per_second = two.seconds = two.rows_per_second = 0;
    ck_assert_mem_eq(&one, &two, sizeof one);
    ck_assert_mem_eq(tril_params_values(a->params), tril_params_values(b->params),
                     tril_params_size(a->params) * sizeof(tril_real));
}

START_TEST(test_taken_over)
{
    const size_t which = (size_t)_i % N_CASES, threads = 1 + (size_t)_i / N_CASES;
    fitting alone = begin(which, 1, 5);
    ck_assert(tril_fit_run(alone.fit, NULL, NULL));
    ck_assert(tril_fit_done(alone.fit));
    for (size_t k = 0; k <= 21; k += k < 5 ? 1 : 3) { /* steps, some of them the last of an epoch */
        fitting first = begin(which, threads, 5), second = begin(which, 3 - threads, 6);
        for (size_t i = 0; i < k; i++)
            tril_fit_step(first.fit);
        copy_state(&second, &first);
        ck_same(&second, &first);
        ck_assert(tril_fit_run(second.fit, NULL, NULL));
        ck_same(&second, &alone);
        end(&first), end(&second);
    }
    end(&alone);
}
END_TEST

/* a fit that has run takes over another as well as a new one does */
START_TEST(test_set_back)
{
    fitting alone = begin((size_t)_i, 1, 5), first = begin((size_t)_i, 1, 5),
            second = begin((size_t)_i, 1, 6);
    tril_fit_epoch(first.fit);
    tril_fit_step(first.fit);
    tril_fit_run(second.fit, NULL, NULL);
    copy_state(&second, &first);
    tril_fit_run(second.fit, NULL, NULL);
    tril_fit_run(alone.fit, NULL, NULL);
    ck_same(&second, &alone);
    end(&alone), end(&first), end(&second);
}
END_TEST

static bool stop(const tril_fit_status *now, void *user)
{
    (void)now, (void)user;
    return false;
}

/* a watch that stops leaves everything as it is between epochs */
START_TEST(test_stopped)
{
    fitting alone = begin((size_t)_i, 1, 5), stopped = begin((size_t)_i, 1, 5);
    tril_fit_run(alone.fit, NULL, NULL);
    for (size_t epoch = 1; !tril_fit_done(stopped.fit); epoch++) {
        ck_assert(tril_fit_run(stopped.fit, stop, NULL));
        ck_assert_uint_eq(tril_fit_get_status(stopped.fit).epoch, epoch);
        ck_assert_uint_eq(tril_fit_get_status(stopped.fit).batch, 0);
    }
    ck_same(&stopped, &alone);
    ck_assert(tril_fit_run(stopped.fit, stop, NULL) && !tril_fit_step(stopped.fit));
    ck_same(&stopped, &alone);
    end(&alone), end(&stopped);
}
END_TEST

Suite *suite_train_fit_state(void)
{
    Suite *suite = suite_create("train/fit_state");
    TCase *tcase = tcase_create("state");
    tcase_set_tags(tcase, "trains threads");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_set_back, 0, N_CASES);
    tcase_add_loop_test(tcase, test_stopped, 0, N_CASES);
    suite_add_tcase(suite, tcase);
    TCase *taken_over = tcase_create("taken over");
    tcase_set_timeout(taken_over, 60);
    tcase_set_tags(taken_over, "long trains threads");
    tcase_add_loop_test(taken_over, test_taken_over, 0, 2 * N_CASES);
    suite_add_tcase(suite, taken_over);
    return suite;
}
