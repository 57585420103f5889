/* The demo of the shapes: demos/README.md shows what it prints, and the forms agree. */
#include <stdio.h>
#include <string.h>

#include "demos/demo.h"

/* everything but the times, line by line */
START_TEST(test_readme)
{
    static char text[8192], readme[65536];
    ck_assert_int_eq(demo_run("shapes", "10", text, sizeof text), 0);
    FILE *f = fopen("demos/README.md", "r");
    ck_assert_ptr_nonnull(f);
    readme[fread(readme, 1, sizeof readme - 1, f)] = 0;
    fclose(f);
    char *times = strstr(text, "\n10 rows of 2 numbers");
    ck_assert_ptr_nonnull(times);
    *times = 0;
    ck_assert_msg(strstr(readme, text), "demos/README.md does not show: %s", text);
}
END_TEST

START_TEST(test_forms_agree)
{
    static char text[8192];
    ck_assert_int_eq(demo_run("shapes", "500 3", text, sizeof text), 0);
    static const char *const form[] = { "independent normals", "diagonal normal", "full normal" };
    const char *at = strstr(text, "\n500 rows of 3 numbers");
    double first = 0;
    for (int i = 0; i < 3; i++) {
        double time, mean;
        at = at ? strstr(at, form[i]) : NULL;
        ck_assert_ptr_nonnull(at);
        ck_assert_int_eq(sscanf(at + strlen(form[i]), "%lf %lf", &time, &mean), 2);
        first = i ? first : mean;
        ck_close(mean, first, 1e-5, 1);
    }
}
END_TEST

START_TEST(test_usage)
{
    static const char *const arguments[] = { "0", "x", "10 257", "10 2 3" };
    static char text[8192];
    ck_assert_int_eq(demo_run("shapes", arguments[_i], text, sizeof text), 2);
    ck_assert_msg(strstr(text, "usage: shapes"), "%s", text);
}
END_TEST

Suite *suite_demos_shapes(void)
{
    Suite *suite = suite_create("demos/shapes");
    TCase *tcase = tcase_create("shapes");
    tcase_set_tags(tcase, "program");
    tcase_add_test(tcase, test_readme);
    tcase_add_test(tcase, test_forms_agree);
    tcase_add_loop_test(tcase, test_usage, 0, 4);
    suite_add_tcase(suite, tcase);
    return suite;
}
