/* The demo as its users meet it: what README shows, that the forms agree, and wrong use. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "demos/demo.h"

/* everything but the times, line by line */
START_TEST(test_readme)
{
    static char text[8192], readme[65536];
    ck_assert_int_eq(demo_run("shapes", "--rows 10 --runs 1", text, sizeof text), 0);
    FILE *f = fopen("README.md", "r");
    ck_assert_ptr_nonnull(f);
    readme[fread(readme, 1, sizeof readme - 1, f)] = 0;
    fclose(f);
    char *times = strstr(text, "\n10 rows of 2 numbers");
    ck_assert_ptr_nonnull(times);
    *times = 0;
    ck_assert_msg(strstr(readme, text), "README.md does not show: %s", text);
    ck_assert_msg(!strchr(text, '\033'), "escape codes in a pipe");
}
END_TEST

START_TEST(test_times)
{
    static char text[8192];
    ck_assert_int_eq(demo_run("shapes", "--csv --rows 500 --dim 3 --runs 3", text, sizeof text), 0);
    double mean, first = 0;
    int n = 0;
    for (char *line = strchr(text, '\n'); line && line[1]; line = strchr(line + 1, '\n'), n++) {
        double value, gradient;
        ck_assert_int_eq(
            sscanf(line, "\n%*[^,],%*[^,],500,3,%lf,%lf,%lf", &value, &gradient, &mean), 3);
        ck_assert(value > 0 && gradient > 0);
        first = n ? first : mean;
        ck_close(mean, first, 1e-5, 1);
    }
    ck_assert_int_eq(n, 6);
}
END_TEST

static const struct {
    const char *arguments, *sentence;
    int status;
} uses[] = {
    { "--help", "usage: shapes", 0 },
    { "--rows 0", "shapes: --rows wants a whole number from 1", 2 },
    { "--dim x", "shapes: --dim wants a whole number from 1", 2 },
    { "--runs 100", "shapes: --runs wants a whole number from 1 to 99, not '100'", 2 },
    { "--nonsense", "nonsense", 2 },
    { "data/points.csv", "usage: shapes", 2 },
};

START_TEST(test_use)
{
    static char text[8192];
    int status = demo_run("shapes", uses[_i].arguments, text, sizeof text);
    ck_assert_msg(status == uses[_i].status, "status %d: %s", status, text);
    ck_assert_msg(strstr(text, uses[_i].sentence), "'%s' lacks '%s'", text, uses[_i].sentence);
}
END_TEST

Suite *suite_demos_shapes(void)
{
    Suite *suite = suite_create("demos/shapes");
    TCase *tcase = tcase_create("shapes");
    tcase_set_tags(tcase, "program");
    tcase_add_test(tcase, test_readme);
    tcase_add_test(tcase, test_times);
    tcase_add_loop_test(tcase, test_use, 0, sizeof uses / sizeof *uses);
    suite_add_tcase(suite, tcase);
    return suite;
}
