/* Log-densities of numbers and their slopes, against formulas in long double: with every remainder
 * of a vectorised loop, and what is not a scale or a point. */
#include "kernels/normal.h"

#include <math.h>

#include "support.h"

static tril_real loc[TRIL_CHUNK], scale[TRIL_CHUNK], y[TRIL_CHUNK];

static void set_up(void)
{
    for (size_t i = 0; i < TRIL_CHUNK; i++) {
        loc[i] = (tril_real)sin((double)i);
        scale[i] = (tril_real)exp(4 * sin(3 * (double)i));
        y[i] = (tril_real)(2 * sin(7 * (double)i));
    }
}

START_TEST(test_remainders)
{
    const size_t size = (size_t[]){ 1, 2, 3, 4, 5, 8, 17 }[_i];
    for (size_t events = 1; events <= 41 && events * size <= TRIL_CHUNK; events++) {
        double value[TRIL_CHUNK], slope[3][TRIL_CHUNK];
        tril_normal_log_prob(events, size, false, loc, scale, y, value);
        tril_normal_slopes(events * size, false, loc, scale, y, slope[0], slope[1], slope[2]);
        for (size_t e = 0; e < events; e++) {
            long double wanted = 0;
            for (size_t i = e * size; i < (e + 1) * size; i++) {
                long double s = scale[i], z = ((long double)y[i] - loc[i]) / s;
                wanted -= 0.5L * z * z + logl(s) + 0.91893853320467274178L;
                ck_close(slope[0][i], z / s, 1e-14, 1e-3);
                ck_close(slope[1][i], (z * z - 1) / s, 1e-14, 1e-1);
                ck_assert(slope[2][i] == -slope[0][i]);
            }
            ck_close(value[e], wanted, 1e-14, 1);
        }
    }
}
END_TEST

/* scales over the whole range of the type */
START_TEST(test_scales)
{
    for (int power = -1100; power < 1030; power++) {
        const tril_real s = (tril_real)ldexp(1.25, power), zero = 0;
        if (!(s > 0 && s <= TRIL_REAL_MAX))
            continue;
        double value;
        tril_normal_log_prob(1, 1, false, &zero, &s, &zero, &value);
        ck_close(value, -logl((long double)s) - 0.91893853320467274178L, 1e-15, 1);
    }
}
END_TEST

/* one wrong number makes its event NaN, and no other */
START_TEST(test_wrong)
{
    enum { SIZE = 3, EVENTS = 40, AT = 61 };
    static const struct {
        tril_real *array;
        tril_real wrong;
        bool missing, is_nan;
    } table[] = {
        { scale, 0, false, true },
        { scale, -1, false, true },
        { scale, (tril_real)INFINITY, false, true },
        { scale, (tril_real)NAN, false, true },
        { loc, (tril_real)INFINITY, false, true },
        { loc, (tril_real)NAN, true, true },
        { y, (tril_real)INFINITY, true, true },
        { y, (tril_real)NAN, false, true },
        { y, (tril_real)NAN, true, false },
    };
    double value[EVENTS];
    table[_i].array[AT] = table[_i].wrong;
    tril_normal_log_prob(EVENTS, SIZE, table[_i].missing, loc, scale, y, value);
    for (size_t e = 0; e < EVENTS; e++)
        ck_assert(isnan(value[e]) == (table[_i].is_nan && e == AT / SIZE));
}
END_TEST

Suite *suite_kernels_normal(void)
{
    Suite *suite = suite_create("kernels/normal");
    TCase *tcase = tcase_create("normal");
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_loop_test(tcase, test_remainders, 0, 7);
    tcase_add_test(tcase, test_scales);
    tcase_add_loop_test(tcase, test_wrong, 0, 9);
    suite_add_tcase(suite, tcase);
    return suite;
}
