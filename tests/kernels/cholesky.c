/* The Cholesky factorisation: factors give the matrix back, and bad pivots are found. */
#include "kernels/cholesky.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { MAX_D = 8 };

START_TEST(test_gives_the_matrix_back)
{
    for (size_t d = 0; d <= MAX_D; d++) {
        double lower[MAX_D * MAX_D] = { 0 }, a[MAX_D * MAX_D] = { 0 };
        tril_random random = tril_random_stream(d, 0);
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j <= i; j++)
                lower[i * d + j] =
                    (double)tril_random_below(&random, 64) / 16 - 2 + (i == j ? 3 : 0);
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++)
                for (size_t k = 0; k <= i && k <= j; k++)
                    a[i * d + j] += lower[i * d + k] * lower[j * d + k];
        /* only the lower triangle is read */
        for (size_t i = 0; i < d; i++)
            for (size_t j = i + 1; j < d; j++)
                a[i * d + j] = (double)NAN;
        ck_assert_uint_eq(tril_cholesky_factor(d, a, 0), d);
        for (size_t i = 0; i < d * d; i++)
            ck_close(a[i], lower[i], 1e-10, 1);
    }
}
END_TEST

static const struct {
    double a[9], least;
    size_t pivot; /* 3: none fails */
    double left;  /* at the diagonal of the pivot, or of the last */
} pivots[] = {
    { { 4, 0, 0, 2, 2, 0, 0, 0, 9 }, 0, 3, 3 },
    { { 0, 0, 0, 2, 2, 0, 0, 0, 9 }, 0, 0, 0 },
    { { -1, 0, 0, 2, 2, 0, 0, 0, 9 }, 0, 0, -1 },
    { { 4, 0, 0, 2, 1, 0, 0, 0, 9 }, 0, 1, 0 },
    { { 4, 0, 0, 2, -1, 0, 0, 0, 9 }, 0, 1, -2 },
    { { 1, 0, 0, 0, 1, 0, 0, 0, -9 }, 0, 2, -9 },
    { { 1, 0, 0, 0, 1, 0, 1, 0, 1 + 0x1p-50 }, 0, 2, 0x1p-50 }, /* rounding of 1 */
    { { 1, 0, 0, 0, 1, 0, 1, 0, 1 + 0x1p-40 }, 0, 3, 0x1p-20 },
    { { 1, 0, 0, 0, 1, 0, 0, 0, 1e-40 }, 0, 3, 1e-20 }, /* small, but not next to itself */
    { { 1, 0, 0, 0, 1, 0, 1, 0, 1 }, 0.25, 3, 0.5 },    /* nothing is left but what was added */
    { { 1, 0, 0, 0, 1, 0, 1, 0, 1 - 0x1p-50 }, 0x1p-60, 3, 0x1p-30 },
    { { 1, 0, 0, 0, (double)NAN, 0, 0, 0, 1 }, 0, 1, (double)NAN },
    { { 1, 0, 0, 0, (double)NAN, 0, 0, 0, 1 }, 0.25, 1, (double)NAN },
};

START_TEST(test_pivots)
{
    double a[9];
    memcpy(a, pivots[_i].a, sizeof a);
    size_t pivot = tril_cholesky_factor(3, a, pivots[_i].least);
    ck_assert_uint_eq(pivot, pivots[_i].pivot);
    double left = a[pivot < 3 ? 4 * pivot : 8];
    ck_assert(left == pivots[_i].left || (isnan(left) && isnan(pivots[_i].left)));
}
END_TEST

Suite *suite_kernels_cholesky(void)
{
    Suite *suite = suite_create("kernels/cholesky");
    TCase *tcase = tcase_create("cholesky");
    tcase_add_test(tcase, test_gives_the_matrix_back);
    tcase_add_loop_test(tcase, test_pivots, 0, sizeof pivots / sizeof *pivots);
    suite_add_tcase(suite, tcase);
    return suite;
}
