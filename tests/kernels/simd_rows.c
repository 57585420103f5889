/* Rows to lanes and back: every number of rows and of columns, and what bounds are for. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/simd_rows.h"
#include "support.h"

enum { WIDEST = 11, STEP = 13, GUARD = 77 };

/* rows from the last to the first, some numbers apart; lanes without a row repeat the first */
static void places(size_t n, size_t *at)
{
    for (size_t l = 0; l < TRIL_LANES; l++)
        at[l] = (TRIL_LANES - 1 - (l < n ? l : 0)) * STEP;
}

static tril_real number(size_t at, size_t k)
{
    return (tril_real)(at * 100 + k);
}

START_TEST(test_there_and_back)
{
    const size_t n = (size_t)_i + 1;
    tril_real rows[TRIL_LANES * STEP], back[TRIL_LANES * STEP], lanes[WIDEST * TRIL_LANES];
    tril_real numbers[WIDEST * TRIL_LANES], factor[TRIL_LANES];
    size_t at[TRIL_LANES];
    places(n, at);
    for (size_t i = 0; i < TRIL_LANES * STEP; i++)
        rows[i] = number(i / STEP, i % STEP);
    for (size_t width = 1; width <= WIDEST; width++) {
        for (size_t i = 0; i < TRIL_LANES * STEP; i++)
            back[i] = GUARD;
        tril_lanes_load(n, width, rows, at, lanes);
        for (size_t l = 0; l < tril_lanes_for(n); l++)
            for (size_t k = 0; k < width; k++)
                ck_assert(lanes[k * TRIL_LANES + l] == rows[at[l] + k]);
        for (size_t l = 0; l < TRIL_LANES; l++) {
            factor[l] = l % 2 ? -1 : 2;
            for (size_t k = 0; k < width; k++)
                numbers[k * TRIL_LANES + l] = l < n ? rows[at[l] + k] : (tril_real)NAN;
        }
        tril_lanes_store(n, width, factor, numbers, back, at);
        for (size_t l = 0; l < TRIL_LANES; l++)
            for (size_t k = 0; k < STEP; k++) {
                size_t place = (TRIL_LANES - 1 - l) * STEP + k;
                double want = l < n && k < width ? (double)(factor[l] * rows[place]) : GUARD;
                ck_assert_msg((double)back[place] == want, "row %zu of %zu, number %zu of %zu", l,
                              n, k, width);
            }
    }
}
END_TEST

/* rows one behind the other, but for one of them */
START_TEST(test_in_line)
{
    const size_t apart = (size_t)_i; /* which one; TRIL_LANES: none */
    tril_real rows[TRIL_LANES * WIDEST], back[TRIL_LANES * WIDEST], lanes[WIDEST * TRIL_LANES];
    tril_real factor[TRIL_LANES];
    size_t at[TRIL_LANES];
    for (size_t i = 0; i < TRIL_LANES * WIDEST; i++)
        rows[i] = number(i / WIDEST, i % WIDEST);
    for (size_t width = 1; width <= WIDEST; width++) {
        for (size_t l = 0; l < TRIL_LANES; l++) {
            at[l] = l == apart ? TRIL_LANES * WIDEST - width : l * width;
            factor[l] = 2;
        }
        for (size_t i = 0; i < TRIL_LANES * WIDEST; i++)
            back[i] = GUARD;
        tril_lanes_load(TRIL_LANES, width, rows, at, lanes);
        tril_lanes_store(TRIL_LANES, width, factor, lanes, back, at);
        for (size_t l = 0; l < TRIL_LANES; l++)
            for (size_t k = 0; k < width; k++) {
                ck_assert(lanes[k * TRIL_LANES + l] == rows[at[l] + k]);
                ck_assert(back[at[l] + k] == 2 * rows[at[l] + k]);
            }
        for (size_t i = TRIL_LANES * width; i < TRIL_LANES * WIDEST - width; i++)
            ck_assert(back[i] == GUARD);
    }
}
END_TEST

/* one number beyond the type's range makes no other one wrong */
START_TEST(test_bounds)
{
    const struct {
        tril_real factor, x, want;
    } cases[] = { { 2, TRIL_REAL_MAX, TRIL_REAL_MAX },
                  { -2, TRIL_REAL_MAX, -TRIL_REAL_MAX },
                  { 0, TRIL_REAL_MAX, 0 },
                  { 0, -TRIL_REAL_MAX, 0 },
                  { TRIL_REAL_MAX, TRIL_REAL_MAX, TRIL_REAL_MAX },
                  { -1, TRIL_REAL_MAX, -TRIL_REAL_MAX } };
    double sums[3 * TRIL_FEW_LANES];
    tril_real to[3 * TRIL_LANES], factor[TRIL_LANES], numbers[3 * TRIL_LANES];
    size_t at[TRIL_LANES];
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (size_t n = 1; n <= TRIL_LANES; n++) {
            for (size_t l = 0; l < TRIL_LANES; l++) {
                at[l] = 3 * l;
                factor[l] = 1;
                for (size_t k = 0; k < 3; k++)
                    numbers[k * TRIL_LANES + l] = (tril_real)l;
            }
            factor[n - 1] = cases[c].factor;
            numbers[TRIL_LANES + n - 1] = cases[c].x;
            tril_lanes_store(n, 3, factor, numbers, to, at);
            for (size_t l = 0; l < n; l++)
                ck_assert(to[at[l] + 1] == (l == n - 1 ? cases[c].want : (tril_real)l));
            memset(sums, 0, sizeof sums);
            tril_lanes_add(n, 3, factor, numbers, sums);
            for (size_t i = 0; i < 3 * TRIL_FEW_LANES; i++)
                ck_assert(isfinite(sums[i]));
        }
}
END_TEST

START_TEST(test_sums)
{
    double sums[2 * TRIL_FEW_LANES];
    tril_real factor[TRIL_LANES], numbers[2 * TRIL_LANES];
    for (size_t n = 1; n <= TRIL_LANES; n++) {
        double want[2] = { 0 };
        for (size_t l = 0; l < TRIL_LANES; l++) {
            factor[l] = (tril_real)(l + 1);
            for (size_t k = 0; k < 2; k++)
                numbers[k * TRIL_LANES + l] = l < n ? (tril_real)(l * l + k) : (tril_real)NAN;
            for (size_t k = 0; k < 2 && l < n; k++)
                want[k] += (double)((l + 1) * (l * l + k));
        }
        memset(sums, 0, sizeof sums);
        tril_lanes_add(n, 2, factor, numbers, sums);
        for (size_t k = 0; k < 2; k++) {
            double sum = 0;
            for (size_t l = 0; l < TRIL_FEW_LANES; l++)
                sum += sums[k * TRIL_FEW_LANES + l];
            ck_assert(sum == want[k]); /* whole numbers: exact in any order */
        }
    }
}
END_TEST

START_TEST(test_values)
{
    for (size_t n = 1; n <= TRIL_LANES; n++)
        for (size_t bad = 0; bad <= n; bad++) {
            double from[TRIL_LANES];
            tril_real to[TRIL_LANES];
            for (size_t l = 0; l < TRIL_LANES; l++)
                from[l] = l == 0 ? -INFINITY : l < n ? (double)l : (double)NAN;
            if (bad < n)
                from[bad] = (double)NAN;
            ck_assert_uint_eq(tril_lanes_values(n, from, to), bad);
            for (size_t l = 0; l < n; l++)
                ck_assert(l == bad || (double)to[l] == (l ? (double)l : -(double)TRIL_REAL_MAX));
        }
}
END_TEST

Suite *suite_kernels_simd_rows(void)
{
    Suite *suite = suite_create("kernels/simd_rows");
    TCase *tcase = tcase_create("lanes");
    tcase_add_loop_test(tcase, test_there_and_back, 0, TRIL_LANES);
    tcase_add_loop_test(tcase, test_in_line, 0, TRIL_LANES + 1);
    tcase_add_test(tcase, test_bounds);
    tcase_add_test(tcase, test_sums);
    tcase_add_test(tcase, test_values);
    suite_add_tcase(suite, tcase);
    return suite;
}
