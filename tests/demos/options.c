/* What the demos have in common on their command lines. */
#include "demos/demo.h"

/* what could not be written is no success */
START_TEST(test_full_disk)
{
    static const char *const program[] = { "categories", "shapes", "points" };
    static const char *const arguments[] = { "--sweep --seeds 1 >/dev/full",
                                             "--csv --rows 10 --runs 1 >/dev/full",
                                             "--csv --epochs 1 data/quakes.csv >/dev/full" };
    char text[64];
    ck_assert_int_eq(demo_run(program[_i], arguments[_i], text, sizeof text), 1);
}
END_TEST

Suite *suite_demos_options(void)
{
    Suite *suite = suite_create("demos/options");
    TCase *tcase = tcase_create("options");
    tcase_add_loop_test(tcase, test_full_disk, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite;
}
