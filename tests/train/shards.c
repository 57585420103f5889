/* Shards of rows over threads: the same bits for any number of them, failures, memory. */
#define _GNU_SOURCE /* pthread_setattr_default_np */
#include "support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 10007, INPUTS = 2, TARGETS = 3 };

/* A network with a head on rows of data, trained by Adam. */
typedef struct training {
    tril_ctx *ctx;
    tril_real *xs, *ys;
    tril_params *params;
    tril_mlp *net;
    tril_optim *adam;
    tril_shards *shards;
} training;

static void begin(training *t, tril_ctx *ctx, size_t rows, const tril_shards_opts *opts)
{
    *t = (training){ .ctx = ctx };
    t->xs = malloc(rows * INPUTS * sizeof *t->xs);
    t->ys = malloc(rows * TARGETS * sizeof *t->ys);
    ck_assert(t->xs && t->ys);
    tril_random random = tril_random_stream(3, 1);
    tril_random_normal(&random, t->xs, rows * INPUTS);
    tril_random_normal(&random, t->ys, rows * TARGETS);
    for (size_t i = 0; i < rows; i++)
        t->ys[TARGETS * i] += 2 * t->xs[INPUTS * i];
    t->params = tril_params_new(ctx);
    tril_mlp_opts shape = { .inputs = INPUTS,
                            .hidden = { 16 },
                            .outputs = tril_head_width(TARGETS, NULL) };
    t->net = tril_mlp_new(t->params, "net", &shape);
    t->adam = tril_adam_new(t->params, &(tril_adam_opts){ .lr = 1e-2 });
    t->shards = tril_shards_new(t->params, opts);
}

static void end(training *t)
{
    tril_shards_free(t->shards);
    tril_optim_free(t->adam);
    tril_params_free(t->params);
    free(t->xs);
    free(t->ys);
}

static tril_dist predicted(const training *t, tril_tape *tape, size_t first, size_t n)
{
    tril_var x = tril_input(tape, t->xs + INPUTS * first, TRIL_SHAPE(n, INPUTS));
    return tril_head(tril_mlp_apply(t->net, x), TARGETS, NULL);
}

static tril_var nll(tril_tape *tape, size_t first, size_t n, void *user)
{
    const training *t = user;
    tril_var y = tril_input(tape, t->ys + TARGETS * first, TRIL_SHAPE(n, TARGETS));
    return tril_neg(tril_mean(tril_log_prob(predicted(t, tape, first, n), y)));
}

/* the mean square of what is drawn, through which the gradient flows */
static tril_var drawn(tril_tape *tape, size_t first, size_t n, void *user)
{
    return tril_mean(tril_square(tril_rsample(predicted(user, tape, first, n), 1)));
}

typedef struct trained {
    tril_real *values;
    size_t size;
    double mean, drawn;
} trained;

static trained train(size_t threads, size_t steps)
{
    training t;
    trained result = { 0 };
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 5 });
    begin(&t, ctx, ROWS, &(tril_shards_opts){ .threads = threads });
    for (size_t i = 0; i < steps; i++) {
        tril_shards_backward(t.shards, ROWS, nll, &t, &result.mean);
        tril_optim_step(t.adam);
        tril_shards_backward(t.shards, ROWS, drawn, &t, &result.drawn);
        tril_optim_step(t.adam);
    }
    ck_fine(ctx);
    result.size = tril_params_size(t.params);
    result.values = malloc(result.size * sizeof *result.values);
    ck_assert_ptr_nonnull(result.values);
    memcpy(result.values, tril_params_values(t.params), result.size * sizeof *result.values);
    end(&t);
    tril_ctx_free(ctx);
    return result;
}

static bool same(trained a, trained b)
{
    return a.size == b.size && a.mean == b.mean && a.drawn == b.drawn &&
           memcmp(a.values, b.values, a.size * sizeof *a.values) == 0;
}

START_TEST(test_same_bits)
{
    const size_t threads[] = { 2, 3, 8, 1, 8 }; /* and from run to run */
    trained one = train(1, 4);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        trained other = train(threads[i], 4);
        ck_assert_msg(same(one, other), "not what one thread gives: %zu threads", threads[i]);
        free(other.values);
    }
    free(one.values);
}
END_TEST

static void *train_with_two(void *result)
{
    *(trained *)result = train(2, 2);
    return NULL;
}

START_TEST(test_two_pools_at_once)
{
    trained here, there, alone = train(1, 2);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, train_with_two, &there), 0);
    train_with_two(&here);
    pthread_join(thread, NULL);
    ck_assert(same(here, alone) && same(there, alone));
    free(alone.values), free(here.values), free(there.values);
}
END_TEST

/* as on one tape, for a single shard to the last bit; and the mean alone is the same mean */
START_TEST(test_as_on_one_tape)
{
    const size_t rows[] = { 1, 100, 101, 700, ROWS };
    const size_t n = rows[_i];
    training t;
    tril_ctx *ctx = tril_ctx_new(NULL);
    begin(&t, ctx, ROWS, &(tril_shards_opts){ .threads = 3, .rows = 100 });
    tril_tape *tape = tril_tape_new(ctx);
    tril_var loss = nll(tape, 0, n, &t);
    ck_assert(tril_backward(loss));
    size_t size = tril_params_size(t.params);
    tril_real *grads = tril_params_grads(t.params), *expected = malloc(size * sizeof *expected);
    ck_assert_ptr_nonnull(expected);
    memcpy(expected, grads, size * sizeof *expected);
    memset(grads, 0xff, size * sizeof *grads); /* NaN: all of it is to be written */
    double mean = 0, alone = 0, tolerance = n <= 100 ? 0 : IS_DOUBLE ? 1e-13 : 2e-5;
    ck_assert(tril_shards_backward(t.shards, n, nll, &t, &mean));
    for (size_t i = 0; i < size; i++)
        ck_close(grads[i], expected[i], tolerance, 0.1);
    ck_close(mean, tril_item(loss), tolerance, 0.1);
    memcpy(expected, grads, size * sizeof *expected);
    ck_assert(tril_shards_mean(t.shards, n, nll, &t, &alone) && alone == mean);
    ck_assert(memcmp(expected, grads, size * sizeof *expected) == 0);
    free(expected);
    tril_tape_free(tape);
    end(&t);
    tril_ctx_free(ctx);
}
END_TEST

static tril_var draw(tril_tape *tape, size_t first, size_t n, void *user)
{
    tril_real *numbers = user;
    tril_var zero = tril_scalar(tape, 0), one = tril_scalar(tape, 1);
    tril_var x = tril_sample(tril_normal(zero, one), 1);
    if (tril_value(x))
        numbers[first / n] = tril_value(x)[0];
    return tril_sum(x);
}

/* each shard of each step has numbers of its own; they are the seed's */
START_TEST(test_draws)
{
    tril_real numbers[2][8];
    for (int run = 0; run < 2; run++) {
        tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 11 });
        tril_params *params = tril_params_new(ctx);
        tril_shards *shards =
            tril_shards_new(params, &(tril_shards_opts){ .threads = 1 + run, .rows = 10 });
        ck_assert(tril_shards_mean(shards, 40, draw, numbers[run], NULL));
        ck_assert(tril_shards_mean(shards, 40, draw, numbers[run] + 4, NULL));
        tril_shards_free(shards);
        tril_params_free(params);
        tril_ctx_free(ctx);
    }
    ck_assert(memcmp(numbers[0], numbers[1], sizeof numbers[0]) == 0);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < i; j++)
            ck_assert(numbers[0][i] != numbers[0][j]);
}
END_TEST

/* the first shard that fails, by its rows, gives the sentence; the pool works on */
START_TEST(test_failing_shards)
{
    const size_t threads = (size_t)_i + 1;
    double mean = 0;
    training t;
    tril_ctx *ctx = tril_ctx_new(NULL);
    begin(&t, ctx, ROWS, &(tril_shards_opts){ .threads = threads });
    for (int repeat = 0; repeat < 10; repeat++) {
        t.xs[INPUTS * 800] = t.xs[INPUTS * 1100] = t.ys[TARGETS * 5000] = (tril_real)NAN;
        ck_assert(!tril_shards_backward(t.shards, ROWS, nll, &t, &mean));
        ck_failed(ctx, TRIL_NOT_FINITE, "rows 768 to 1023: input: element [32, 0] of the 256x2");
        t.xs[INPUTS * 800] = t.xs[INPUTS * 1100] = 0;
        ck_assert(!tril_shards_mean(t.shards, ROWS, nll, &t, NULL));
        ck_failed(ctx, TRIL_NOT_FINITE, "rows 4864 to 5119: input: element [136, 0] of the 256x3");
        t.ys[TARGETS * 5000] = 0;
        ck_assert(tril_shards_backward(t.shards, ROWS, nll, &t, &mean));
        ck_assert(tril_optim_step(t.adam));
    }
    ck_fine(ctx);
    end(&t);
    tril_ctx_free(ctx);
}
END_TEST

static tril_var no_loss(tril_tape *tape, size_t first, size_t n, void *user)
{
    (void)tape, (void)first, (void)n, (void)user;
    return (tril_var){ 0 };
}

static tril_var on_another_tape(tril_tape *tape, size_t first, size_t n, void *user)
{
    (void)tape, (void)first, (void)n;
    return tril_square(*(tril_var *)user);
}

static tril_var two_numbers(tril_tape *tape, size_t first, size_t n, void *user)
{
    tril_var one = tril_add(tril_sum(tril_param_var(tape, tril_params_at(user, 0))),
                            tril_scalar(tape, (tril_real)(first + n)));
    return tril_stack((tril_var[]){ one, one }, 2, 0);
}

static tril_var constant(tril_tape *tape, size_t first, size_t n, void *user)
{
    (void)first, (void)n, (void)user;
    return tril_scalar(tape, 3);
}

START_TEST(test_losses_that_are_none)
{
    const tril_real number = 2;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_params_add(params, "weight", TRIL_SHAPE(2));
    tril_shards *shards = tril_shards_new(params, &(tril_shards_opts){ .threads = 2, .rows = 8 });
    tril_tape *other = tril_tape_new(ctx);
    tril_var x = tril_input(other, &number, TRIL_SHAPE(1));
    ck_assert(!tril_shards_backward(shards, 20, no_loss, NULL, NULL));
    ck_failed(ctx, TRIL_BAD_VAR, "rows 0 to 7: shards: the loss is no var of the tape");
    ck_assert(!tril_shards_backward(shards, 20, on_another_tape, &x, NULL));
    ck_failed(ctx, TRIL_BAD_VAR, "rows 0 to 7: shards: the loss is no var of the tape");
    ck_assert(tril_value(tril_square(x))[0] == 4);
    ck_assert(!tril_shards_backward(shards, 20, two_numbers, params, NULL));
    ck_failed(ctx, TRIL_BAD_SHAPE, "rows 0 to 7: backward: the loss is 2, not one number");
    ck_assert(!tril_shards_mean(shards, 20, two_numbers, params, NULL));
    ck_failed(ctx, TRIL_BAD_SHAPE, "rows 0 to 7: item: x is 2, not one number");
    ck_assert(!tril_shards_backward(shards, 20, constant, NULL, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "rows 0 to 7: backward: the result of input depends on no");
    double mean = 0;
    ck_assert(tril_shards_mean(shards, 20, constant, NULL, &mean));
    ck_close(mean, 3, 1e-15, 0);
    ck_assert(!tril_shards_backward(shards, 0, constant, NULL, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "shards: there is no row");
    ck_assert(!tril_shards_mean(shards, 1, NULL, NULL, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "shards: there is no loss");
    ck_assert(!tril_shards_backward(NULL, 1, constant, NULL, NULL));
    tril_tape_free(other);
    tril_shards_free(shards);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_stores_that_do_not_fit)
{
    tril_ctx *ctx = tril_ctx_new(NULL), *foreign = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx), *other = tril_params_new(foreign);
    ck_assert_ptr_null(tril_shards_new(NULL, NULL));
    ck_assert_ptr_null(tril_shards_new(params, &(tril_shards_opts){ .also = { other } }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "shards: the stores were made with different contexts");
    ck_assert_ptr_null(tril_shards_new(params, &(tril_shards_opts){ .also = { params } }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "shards: a store was given twice");
    ck_assert_ptr_null(tril_shards_new(params, &(tril_shards_opts){ .threads = SIZE_MAX / 2 }));
    ck_failed(ctx, TRIL_OUT_OF_MEMORY, "shards: out of memory");
    tril_params_free(params);
    tril_params_free(other);
    tril_ctx_free(ctx);
    tril_ctx_free(foreign);
}
END_TEST

/* no address space has room for such a stack */
START_TEST(test_no_thread)
{
    pthread_attr_t before, attr;
    pthread_getattr_default_np(&before);
    pthread_attr_init(&attr);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, (size_t)1 << 50), 0);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    ck_assert_int_eq(pthread_setattr_default_np(&attr), 0);
    ck_assert_ptr_null(tril_shards_new(params, &(tril_shards_opts){ .threads = 2 }));
    ck_failed(ctx, TRIL_NO_THREAD, "shards: thread 2 of 2 cannot be started: ");
    ck_assert_int_eq(pthread_setattr_default_np(&before), 0);
    tril_shards *shards = tril_shards_new(params, &(tril_shards_opts){ .threads = 2 });
    ck_fine(ctx);
    tril_shards_free(shards);
    tril_params_free(params);
    tril_ctx_free(ctx);
    pthread_attr_destroy(&attr);
    pthread_attr_destroy(&before);
}
END_TEST

static void train_a_little(tril_ctx *ctx)
{
    training t;
    begin(&t, ctx, 700, &(tril_shards_opts){ .threads = 2 });
    for (int i = 0; i < 2; i++) {
        tril_shards_backward(t.shards, 700, nll, &t, NULL);
        tril_optim_step(t.adam);
    }
    end(&t);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_ge(exhaust(train_a_little), 20);
}
END_TEST

START_TEST(test_no_allocation)
{
    counting counter = { 0 };
    training t;
    tril_ctx *ctx = counting_ctx(&counter);
    begin(&t, ctx, ROWS, &(tril_shards_opts){ .threads = 3 });
    for (int i = 0; i < 20; i++) {
        size_t before = counter.allocations;
        tril_shards_backward(t.shards, ROWS, nll, &t, NULL);
        tril_optim_step(t.adam);
        ck_assert(i == 0 || counter.allocations == before);
    }
    ck_fine(ctx);
    end(&t);
    tril_ctx_free(ctx);
}
END_TEST

typedef struct stores {
    tril_param used, late, other;
} stores;

/* every shard uses the first, those from row 20 on the second, none the rest */
static tril_var of_stores(tril_tape *tape, size_t first, size_t n, void *user)
{
    const stores *s = user;
    tril_var loss =
        tril_mul(tril_sum(tril_param_var(tape, s->used)), tril_scalar(tape, (tril_real)n));
    return first < 20 ? loss : tril_add(loss, tril_sum(tril_param_var(tape, s->late)));
}

static tril_var of_another_store(tril_tape *tape, size_t first, size_t n, void *user)
{
    const stores *s = user;
    (void)first, (void)n;
    return tril_sum(tril_param_var(tape, s->other));
}

START_TEST(test_stores)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *one = tril_params_new(ctx), *two = tril_params_new(ctx),
                *three = tril_params_new(ctx), *four = tril_params_new(ctx);
    stores s = { tril_params_add(one, "used", TRIL_SHAPE(2)),
                 tril_params_add(two, "late", TRIL_SHAPE(1)),
                 tril_params_add(four, "other", TRIL_SHAPE(1)) };
    tril_param unused = tril_params_add(one, "unused", TRIL_SHAPE(1));
    tril_param untouched = tril_params_add(three, "untouched", TRIL_SHAPE(1));
    tril_param_grads(unused)[0] = tril_param_grads(untouched)[0] = 9;
    tril_shards *shards = tril_shards_new(
        one, &(tril_shards_opts){ .threads = 2, .rows = 10, .also = { two, three } });
    ck_assert(tril_shards_backward(shards, 25, of_stores, &s, NULL));
    ck_close(tril_param_grads(s.used)[0], (10 * 10 + 10 * 10 + 5 * 5) / 25., 1e-6, 0);
    ck_close(tril_param_grads(s.used)[1], (10 * 10 + 10 * 10 + 5 * 5) / 25., 1e-6, 0);
    ck_close(tril_param_grads(s.late)[0], 5 / 25., 1e-6, 0);
    ck_assert(tril_param_grads(unused)[0] == 0 && tril_param_grads(untouched)[0] == 0);
    /* one shard */
    ck_assert(tril_shards_backward(shards, 7, of_stores, &s, NULL));
    ck_assert(tril_param_grads(s.used)[1] == 7 && tril_param_grads(s.late)[0] == 0);
    /* a store that was not named; and none grows any more */
    ck_assert(!tril_shards_backward(shards, 25, of_another_store, &s, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "other and the tape were made with different contexts");
    ck_assert_ptr_null(tril_params_add(three, "more", TRIL_SHAPE(1)).params);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "params: more comes too late");
    tril_shards_free(shards);
    tril_params_free(one), tril_params_free(two), tril_params_free(three), tril_params_free(four);
    tril_ctx_free(ctx);
}
END_TEST

__attribute__((weak)) int openblas_get_num_threads(void);
__attribute__((weak)) void openblas_set_num_threads(int n);

/* BLAS's threads, after a product of matrices of so many rows */
static tril_var blas_threads(tril_tape *tape, size_t first, size_t n, void *user)
{
    static tril_real numbers[200 * 200];
    const size_t size = *(size_t *)user;
    (void)first, (void)n;
    const tril_var x = tril_input(tape, numbers, TRIL_SHAPE(size, size));
    tril_matmul(x, x);
    return tril_scalar(tape, (tril_real)openblas_get_num_threads());
}

START_TEST(test_blas)
{
    if (!openblas_get_num_threads || !openblas_set_num_threads)
        return; /* another BLAS, which has no such functions */
    double mean = 0;
    size_t small = 100, large = 200;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_shards *shards = tril_shards_new(params, &(tril_shards_opts){ .threads = 2, .rows = 1 });
    openblas_set_num_threads(2);
    int before = openblas_get_num_threads();
    ck_assert(tril_shards_mean(shards, 4, blas_threads, &small, &mean));
    ck_close(mean, before, 1e-15, 0); /* the program's own products keep them */
    ck_assert(tril_shards_mean(shards, 4, blas_threads, &large, &mean));
    ck_close(mean, 1, 1e-15, 0);
    ck_assert_int_eq(openblas_get_num_threads(), before);
    openblas_set_num_threads(1);
    tril_shards_free(shards);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_train_shards(void)
{
    Suite *suite = suite_create("train/shards");
    TCase *tcase = tcase_create("shards");
    tcase_set_tags(tcase, "trains threads");
    tcase_add_test(tcase, test_two_pools_at_once);
    tcase_add_loop_test(tcase, test_as_on_one_tape, 0, 5);
    tcase_add_test(tcase, test_draws);
    tcase_add_loop_test(tcase, test_failing_shards, 0, 4);
    tcase_add_test(tcase, test_losses_that_are_none);
    tcase_add_test(tcase, test_stores_that_do_not_fit);
    tcase_add_test(tcase, test_no_thread);
    tcase_add_test(tcase, test_out_of_memory);
    tcase_add_test(tcase, test_stores);
    tcase_add_test(tcase, test_blas);
    suite_add_tcase(suite, tcase);
    TCase *same_bits = tcase_create("same bits");
    tcase_set_timeout(same_bits, 60);
    tcase_set_tags(same_bits, "long threads");
    tcase_add_test(same_bits, test_same_bits);
    suite_add_tcase(suite, same_bits);
    TCase *blocks = tcase_create("blocks");
    tcase_set_timeout(blocks, 60);
    tcase_set_tags(blocks,
                   "blocks threads"); /* of an arena, which sanitizers' builds do not have */
    tcase_add_test(blocks, test_no_allocation);
    suite_add_tcase(suite, blocks);
    return suite;
}
