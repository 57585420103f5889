/* Tasks over threads: each of them runs once, none after one that failed; fits of several networks
 * of one context, each in a context of its own. */
#define _GNU_SOURCE /* pthread_setattr_default_np */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "train/fitting.h"

enum { TASKS = 100, FITS = 5, ROWS = 300 };

typedef struct counts {
    atomic_size_t runs[TASKS], all;
    size_t bad;
} counts;

static bool count(void *data, size_t k)
{
    counts *c = data;
    atomic_fetch_add(&c->runs[k], 1);
    atomic_fetch_add(&c->all, 1);
    return k != c->bad;
}

START_TEST(test_each_once)
{
    static const size_t threads[] = { 0, 1, 2, 3, 8, 2 * TASKS };
    counts c = { .bad = TASKS };
    ck_assert(tril_tasks_run(threads[_i], TASKS, count, &c));
    for (size_t k = 0; k < TASKS; k++)
        ck_assert_uint_eq(c.runs[k], 1);
    ck_assert(tril_tasks_run(threads[_i], 0, count, &c));
    ck_assert_uint_eq(c.all, TASKS);
}
END_TEST

START_TEST(test_failure)
{
    counts c = { .bad = 7 };
    ck_assert(!tril_tasks_run((size_t)_i + 1, TASKS, count, &c));
    for (size_t k = 0; k < TASKS; k++)
        ck_assert(k <= 7 ? c.runs[k] == 1 : c.runs[k] <= 1);
    ck_assert(_i > 0 || c.all == 8);
}
END_TEST

/* no address space has room for such a stack */
START_TEST(test_no_thread)
{
    pthread_attr_t before, attr;
    pthread_getattr_default_np(&before);
    pthread_attr_init(&attr);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, (size_t)1 << 50), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&attr), 0);
    counts c = { .bad = TASKS };
    ck_assert(tril_tasks_run(4, TASKS, count, &c));
    ck_assert_uint_eq(c.all, TASKS);
    ck_assert_int_eq(pthread_setattr_default_np(&before), 0);
    pthread_attr_destroy(&attr);
    pthread_attr_destroy(&before);
}
END_TEST

/* ---- fits */

static bool fit_one(void *data, size_t k)
{
    fitting *f = (fitting *)data + k;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_fit *fit = tril_fit_new(&f->net, (tril_batch){ f->x, f->y, f->rows },
                                 &(tril_fit_opts){ .epochs = 3, .seed = k, .ctx = ctx });
    const bool done = tril_fit_run(fit, NULL, NULL) && tril_params_size(f->params) > 0;
    tril_fit_free(fit);
    tril_ctx_free(ctx);
    return done;
}

static void begin(tril_ctx *ctx, fitting fits[FITS])
{
    for (size_t k = 0; k < FITS; k++)
        fits[k] = fitting_new(ctx, ROWS, 2, 4 + k, NULL);
    ck_fine(ctx);
}

START_TEST(test_fits)
{
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 4 }),
             *same = tril_ctx_new(&(tril_ctx_opts){ .seed = 4 });
    fitting one[FITS], many[FITS];
    begin(ctx, one), begin(same, many);
    for (size_t k = 0; k < FITS; k++)
        ck_assert(fit_one(one, k));
    ck_assert(tril_tasks_run((size_t)_i, FITS, fit_one, many));
    for (size_t k = 0; k < FITS; k++) {
        ck_assert_mem_eq(tril_params_values(one[k].params), tril_params_values(many[k].params),
                         tril_params_size(one[k].params) * sizeof(tril_real));
        /* the stores are their context's again */
        tril_fit *fit = tril_fit_new(&many[k].net, (tril_batch){ many[k].x, many[k].y, ROWS },
                                     &(tril_fit_opts){ .lr = -1 });
        ck_assert_ptr_null(fit);
        ck_failed(same, TRIL_BAD_ARGUMENT, "adam: lr is -1");
        fitting_free(&one[k]), fitting_free(&many[k]);
    }
    tril_ctx_free(ctx), tril_ctx_free(same);
}
END_TEST

/* what a fit fails of is said by its own context */
START_TEST(test_other_context)
{
    counting counter = { 0 };
    tril_ctx *ctx = tril_ctx_new(NULL), *own = tril_ctx_new(NULL), *other = counting_ctx(&counter);
    fitting f = fitting_new(ctx, ROWS, 2, 4, NULL);
    tril_fit_opts opts = { .ctx = other };
    ck_assert_ptr_null(tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS }, &opts));
    ck_failed(other, TRIL_BAD_ARGUMENT, "fit: its context has another allocator than the network");
    opts = (tril_fit_opts){ .ctx = own, .beta = 2 };
    ck_assert_ptr_null(tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS }, &opts));
    ck_failed(own, TRIL_BAD_ARGUMENT, "fit: beta is 2");
    ck_fine(ctx);

    /* no second fit trains the store meanwhile, whichever context it has */
    tril_ctx *const contexts[] = { NULL, own, ctx };
    opts = (tril_fit_opts){ .ctx = own };
    tril_fit *fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS }, &opts);
    for (size_t i = 0; i < 3; i++) {
        opts.ctx = contexts[i];
        ck_assert_ptr_null(tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS }, &opts));
        ck_failed(contexts[i] ? contexts[i] : own, TRIL_BAD_ARGUMENT, "fit: another fit, with a");
    }
    ck_assert(tril_fit_epoch(fit));
    tril_fit_free(fit);
    fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS }, NULL);
    ck_assert(tril_fit_epoch(fit));
    tril_fit_free(fit);
    ck_fine(ctx);
    fitting_free(&f);
    tril_ctx_free(ctx), tril_ctx_free(own), tril_ctx_free(other);
    ck_assert_uint_eq(counter.blocks, 0);
}
END_TEST

Suite *suite_train_tasks(void)
{
    Suite *suite = suite_create("train/tasks");
    TCase *tcase = tcase_create("tasks");
    tcase_add_loop_test(tcase, test_each_once, 0, 6);
    tcase_add_loop_test(tcase, test_failure, 0, 3);
    tcase_add_loop_test(tcase, test_fits, 1, 5);
    tcase_add_test(tcase, test_other_context);
    tcase_add_test(tcase, test_no_thread);
    suite_add_tcase(suite, tcase);
    return suite;
}
