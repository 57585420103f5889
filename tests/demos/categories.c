/* The demo of the categories: accuracy and valid covariances at every rate, the file of normals,
 * and bad input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/demo.h"

enum { RATES = 9 };

/* rates, accuracies and smallest diagonal entries, line by line */
START_TEST(test_table)
{
    static const char *const file[] = { "data/categories.csv", "data/iris.csv" };
    static char text[8192];
    for (int seed = 1; seed <= 3; seed++) {
        char arguments[64];
        snprintf(arguments, sizeof arguments, "%s %d", file[_i], seed);
        ck_assert_int_eq(demo_run("categories", arguments, text, sizeof text), 0);
        const char *line = strstr(text, "\n1e-06 ");
        for (int i = 0; i < RATES; i++) {
            double rate, accuracy, least;
            ck_assert_msg(line && sscanf(line, "%lf %lf %lf", &rate, &accuracy, &least) == 3,
                          "line %d of: %s", i, text);
            ck_assert_msg(accuracy >= (_i ? 0.6 : 0.98) && accuracy <= 1, "rate %g: accuracy %g",
                          rate, accuracy);
            ck_assert_double_gt(least, 1e-3);
            line = strchr(line + 1, '\n');
        }
        ck_assert_str_eq(line, "\n");
    }
}
END_TEST

/* for each rate and category: loc and scale_tril, lower triangular with a positive diagonal */
START_TEST(test_normals)
{
    static char text[8192];
    char path[64], arguments[128], folder[DEMO_FOLDER];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/normals.txt", folder);
    snprintf(arguments, sizeof arguments, "data/categories.csv 7 %s", path);
    ck_assert_int_eq(demo_run("categories", arguments, text, sizeof text), 0);
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    int lines = 0, category;
    double rate, x[6];
    while (fscanf(f, "%lf %d %lf %lf %lf %lf %lf %lf", &rate, &category, x, x + 1, x + 2, x + 3,
                  x + 4, x + 5) == 8) {
        ck_assert_int_eq(category, lines++ % 2);
        ck_assert(x[2] > 0 && x[3] == 0 && x[5] > 0);
    }
    fclose(f);
    ck_assert_int_eq(lines, 2 * RATES);
    demo_remove(folder);
}
END_TEST

static const struct {
    const char *content; /* NULL: there is no file */
    const char *sentence;
} bad[] = {
    { NULL, "No such file" },
    { "", "line 1: the file is empty" },
    { "a\nx\ny\n", "1 to 8 columns, 2 to 8 labels" },
    { "a,b\n1,1\n2,2\n3,3\n4,4\n5,5\n6,6\n7,7\n8,8\n9,9\n", "1 to 8 columns, 2 to 8 labels" },
    { "a,b,c\n1,2,x\n1,2,\n", "line 3, column c: the cell is empty" },
    { "a,b,c\n1,2,x\n1,z,y\n", "line 3, column b: 'z' is not a number" },
    { "a,b,c\n1,2,x\n2,2,y\n3,2,x\n5,2,y\n", "not positive definite: pivot 1 is 0" },
};

START_TEST(test_bad_input)
{
    static char text[8192];
    char path[64], folder[DEMO_FOLDER];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/data.csv", folder);
    if (bad[_i].content)
        demo_write(path, bad[_i].content);
    ck_assert_int_eq(demo_run("categories", path, text, sizeof text), 1);
    ck_assert_msg(strstr(text, bad[_i].sentence), "'%s' lacks '%s'", text, bad[_i].sentence);
    demo_remove(folder);
}
END_TEST

Suite *suite_demos_categories(void)
{
    Suite *suite = suite_create("demos/categories");
    TCase *tcase = tcase_create("categories");
    tcase_set_tags(tcase, "program trains");
    tcase_add_loop_test(tcase, test_table, 0, 2);
    tcase_add_test(tcase, test_normals);
    tcase_add_loop_test(tcase, test_bad_input, 0, sizeof bad / sizeof *bad);
    suite_add_tcase(suite, tcase);
    return suite;
}
