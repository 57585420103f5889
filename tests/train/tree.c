/* Sums in a fixed tree: runs of 2^k things, summed apart, give the bits of one tree; memory. */
#include "train/tree.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { MOST = 70, SIZE = 3 };

static double number(size_t thing, size_t i)
{
    return sin((double)(7 * thing + i)) * pow(10, (double)(thing % 9));
}

/* as the header defines it: the sum of things first to last - 1, of 2^k at most */
static double by_halves(size_t first, size_t last, size_t power, size_t i)
{
    if (power == 1)
        return number(first, i);
    const size_t middle = first + power / 2;
    return middle >= last
               ? by_halves(first, last, power / 2, i)
               : by_halves(first, middle, power / 2, i) + by_halves(middle, last, power / 2, i);
}

static void put(tril_tree *tree, size_t thing)
{
    for (size_t i = 0; i < SIZE; i++)
        tree->block[0][i] = number(thing, i);
    tril_tree_add(tree, 0);
}

START_TEST(test_runs)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_arena arena = { .ctx = ctx };
    for (size_t n = 1; n <= MOST; n++)
        for (size_t run = 1; run < 2 * MOST; run *= 2) {
            tril_tree whole = { .levels = 0 }, part = { .levels = 0 };
            const size_t runs = (n - 1) / run + 1;
            ck_assert(tril_tree_reserve(&whole, &arena, SIZE, runs) &&
                      tril_tree_reserve(&part, &arena, SIZE, run));
            for (size_t k = 0; k < runs; k++) {
                for (size_t thing = k * run; thing < (k + 1) * run && thing < n; thing++)
                    put(&part, thing);
                memcpy(whole.block[0], *tril_tree_sum(&part, 0), SIZE * sizeof(double));
                tril_tree_add(&whole, 0);
            }
            const double *sum = *tril_tree_sum(&whole, 0);
            for (size_t i = 0; i < SIZE; i++)
                ck_assert_double_eq(sum[i], by_halves(0, n, 128, i));
            ck_assert_uint_eq(whole.there, 0);
        }
    tril_arena_free(&arena);
    tril_ctx_free(ctx);
}
END_TEST

/* one block for a level, whatever has been summed before; and only what counts is touched */
START_TEST(test_memory)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_arena arena = { .ctx = ctx };
    tril_tree tree = { .levels = 0 };
    ck_assert(tril_tree_reserve(&tree, &arena, SIZE, 1000));
    ck_assert_uint_eq(tree.levels, 11);
    ck_assert(tril_tree_reserve(&tree, &arena, SIZE, 1023));
    ck_assert_uint_eq(tree.levels, 11);
    for (size_t k = 0; k < tree.levels; k++)
        for (size_t i = 0; i < SIZE; i++)
            tree.block[k][i] = -1;
    for (size_t thing = 0; thing < 1023; thing++) {
        tree.block[0][SIZE - 1] = 1;
        tril_tree_add(&tree, SIZE - 1);
    }
    const double *sum = *tril_tree_sum(&tree, SIZE - 1);
    ck_assert(sum[SIZE - 1] == 1023 && sum[0] == -1 && sum[SIZE - 2] == -1);
    double of_another[SIZE], *own = tree.home[0];
    tree.block[0] = of_another;
    tree.there = 1;
    tril_tree_clear(&tree);
    ck_assert(tree.block[0] == own && tree.there == 0);
    tril_arena_free(&arena);
    tril_ctx_free(ctx);
}
END_TEST

/* no worker has more things than it must, and runs are as long as that allows */
START_TEST(test_length)
{
    for (size_t n = 1; n < 40; n++)
        for (size_t workers = 1; workers < 10; workers++) {
            const size_t run = tril_tree_run(n, workers);
            const size_t runs = (n - 1) / run + 1, most = ((runs - 1) / workers + 1) * run;
            ck_assert((run & (run - 1)) == 0);
            ck_assert(most >= (n - 1) / workers + 1 &&
                      (run == 1 || most < (n - 1) / workers + 1 + run));
        }
    ck_assert_uint_eq(tril_tree_run(8, 2), 4);
    ck_assert_uint_eq(tril_tree_run(256, 3), 2);
    ck_assert_uint_eq(tril_tree_run(6, 2), 1);
    ck_assert_uint_eq(tril_tree_run(0, 2), 1);
}
END_TEST

Suite *suite_train_tree(void)
{
    Suite *suite = suite_create("train/tree");
    TCase *tcase = tcase_create("tree");
    tcase_add_test(tcase, test_runs);
    tcase_add_test(tcase, test_memory);
    tcase_add_test(tcase, test_length);
    suite_add_tcase(suite, tcase);
    return suite;
}
