/* Folds: shares, groups, seeds. */
#include "support.h"

#include <math.h>
#include <string.h>

enum { MOST = 1000 };

static const size_t row_counts[] = { 1, 2, 5, 10, 101, MOST };

static void count(const size_t *fold, size_t rows, size_t k, size_t *counts)
{
    memset(counts, 0, k * sizeof *counts);
    for (size_t i = 0; i < rows; i++) {
        ck_assert_uint_lt(fold[i], k);
        counts[fold[i]]++;
    }
}

/* sizes of equal folds differ by at most one row */
START_TEST(test_equal)
{
    const size_t rows = row_counts[_i];
    size_t fold[MOST], counts[10];
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (size_t k = 1; k <= 10 && k <= rows; k++) {
        ck_assert(tril_folds(ctx, rows, NULL, NULL, k, 3, fold));
        count(fold, rows, k, counts);
        for (size_t j = 0; j < k; j++)
            ck_assert(counts[j] == rows / k || counts[j] == (rows - 1) / k + 1);
    }
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_shares)
{
    const double shares[][3] = { { 0.8, 0.1, 0.1 }, { 1, 2, 3 }, { 70, 29.5, 0.5 } };
    size_t fold[MOST], counts[3];
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (size_t s = 0; s < 3; s++)
        for (size_t rows = 3; rows <= MOST; rows += 37) {
            const double *share = shares[s], all = share[0] + share[1] + share[2];
            ck_assert(tril_folds(ctx, rows, NULL, share, 3, rows, fold));
            count(fold, rows, 3, counts);
            for (size_t j = 0; j < 3; j++)
                ck_assert_double_le(fabs((double)counts[j] - (double)rows * share[j] / all), 1);
        }
    tril_ctx_free(ctx);
}
END_TEST

/* each group is in one fold, and no fold is off by more than the largest group */
START_TEST(test_groups)
{
    size_t group[MOST], fold[MOST], counts[5];
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (size_t largest = 1; largest <= 50; largest += 7) {
        size_t home[MOST] = { 0 };
        for (size_t i = 0; i < MOST; i++)
            group[(i * 7) % MOST] = i / largest; /* not one behind the other */
        ck_assert(tril_folds(ctx, MOST, group, NULL, 5, 1, fold));
        count(fold, MOST, 5, counts);
        for (size_t i = 0; i < MOST; i++) {
            ck_assert(home[group[i]] == 0 || home[group[i]] == fold[i] + 1);
            home[group[i]] = fold[i] + 1;
        }
        for (size_t j = 0; j < 5; j++)
            ck_assert_double_le(fabs((double)counts[j] - MOST / 5), (double)largest);
    }
    tril_ctx_free(ctx);
}
END_TEST

/* the seed's alone; another seed deals otherwise, and the order of the rows has no say */
START_TEST(test_seeds)
{
    size_t one[MOST], same[MOST], other[MOST], equal = 0, of_half = 0;
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 4 });
    tril_random before = *tril_ctx_random(ctx);
    ck_assert(tril_folds(ctx, MOST, NULL, NULL, 4, 8, one));
    ck_assert(tril_folds(ctx, MOST, NULL, NULL, 4, 8, same));
    ck_assert(tril_folds(ctx, MOST, NULL, NULL, 4, 9, other));
    ck_assert_mem_eq(one, same, sizeof one);
    ck_assert_mem_eq(&before, tril_ctx_random(ctx), sizeof before);
    for (size_t i = 0; i < MOST; i++) {
        equal += one[i] == other[i];
        of_half += i < MOST / 2 && one[i] == 0;
    }
    ck_assert_uint_lt(equal, 320); /* 250 expected, standard deviation 14 */
    ck_assert(of_half > 80 && of_half < 170);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_refused)
{
    size_t group[4] = { 0, 1, 4, 1 }, fold[4] = { 7, 7, 7, 7 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    ck_assert(!tril_folds(NULL, 4, NULL, NULL, 2, 0, fold));
    ck_assert(!tril_folds(ctx, 4, NULL, NULL, 0, 0, fold));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "folds: 4 rows cannot make 0 folds");
    ck_assert(!tril_folds(ctx, 4, NULL, NULL, 5, 0, fold));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "folds: 4 rows cannot make 5 folds");
    ck_assert(!tril_folds(ctx, 4, NULL, (double[]){ 1, 0 }, 2, 0, fold));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "folds: the share of fold 1 is 0: it must be positive");
    ck_assert(!tril_folds(ctx, 4, NULL, (double[]){ (double)NAN, 1 }, 2, 0, fold));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "folds: the share of fold 0 is nan");
    ck_assert(!tril_folds(ctx, 4, group, NULL, 2, 0, fold));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "folds: row 2 is in group 4, want a number below 4");
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(fold[i], 7);
    tril_ctx_free(ctx);
}
END_TEST

static void deal(tril_ctx *ctx)
{
    size_t fold[10];
    tril_folds(ctx, 10, NULL, NULL, 3, 0, fold);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_ge(exhaust(deal), 1);
}
END_TEST

Suite *suite_train_folds(void)
{
    Suite *suite = suite_create("train/folds");
    TCase *tcase = tcase_create("folds");
    tcase_add_loop_test(tcase, test_equal, 0, sizeof row_counts / sizeof *row_counts);
    tcase_add_test(tcase, test_shares);
    tcase_add_test(tcase, test_groups);
    tcase_add_test(tcase, test_seeds);
    tcase_add_test(tcase, test_refused);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
