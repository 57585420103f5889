/* The first number that is none, or not positive: wherever it stands, in a lane, a block or the
 * rest. */
#include "core/finite.h"

#include <math.h>

#include "support.h"

enum { MOST = 5000 };

static const struct {
    size_t n, step; /* every step-th place is tried */
} rows[] = { { 0, 1 }, { 1, 1 }, { 31, 1 }, { 32, 1 }, { 77, 1 }, { 2048, 61 }, { MOST, 61 } };

START_TEST(test_places)
{
    static tril_real x[MOST];
    const size_t n = rows[_i].n;
    const tril_real bad[] = { (tril_real)NAN, (tril_real)INFINITY, -(tril_real)INFINITY };
    for (size_t i = 0; i < n; i++)
        x[i] = i % 3 == 0 ? TRIL_REAL_MAX : i % 3 == 1 ? -TRIL_REAL_MAX : (tril_real)-0.0;
    ck_assert_uint_eq(tril_first_not_finite(x, n), n);
    for (size_t at = 0; at < n; at += rows[_i].step)
        for (size_t k = 0; k < 3; k++) {
            const tril_real good = x[at], last = x[n - 1];
            x[n - 1] = bad[1];
            x[at] = bad[k];
            ck_assert_uint_eq(tril_first_not_finite(x, n), at);
            x[n - 1] = last;
            x[at] = good;
        }
}
END_TEST

START_TEST(test_positive)
{
    static tril_real x[MOST];
    const size_t n = rows[_i].n;
    const tril_real bad[] = { 0, (tril_real)-0.0, -TRIL_REAL_MIN, -TRIL_REAL_MAX };
    for (size_t i = 0; i < n; i++)
        x[i] = i % 3 == 0 ? TRIL_REAL_MAX : i % 3 == 1 ? TRIL_REAL_MIN * TRIL_REAL_EPSILON : 1;
    ck_assert_uint_eq(tril_first_not_positive(x, n), n);
    for (size_t at = 0; at < n; at += rows[_i].step)
        for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
            const tril_real good = x[at], last = x[n - 1];
            x[n - 1] = bad[1];
            x[at] = bad[k];
            ck_assert_uint_eq(tril_first_not_positive(x, n), at);
            x[n - 1] = last;
            x[at] = good;
        }
}
END_TEST

Suite *suite_core_finite(void)
{
    Suite *suite = suite_create("core/finite");
    TCase *tcase = tcase_create("finite");
    tcase_add_loop_test(tcase, test_places, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(tcase, test_positive, 0, sizeof rows / sizeof *rows);
    suite_add_tcase(suite, tcase);
    return suite;
}
