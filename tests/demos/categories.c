/* The demo of the categories as its users meet it: the sweep's lines, tables, pictures, exit
 * statuses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "demos/demo.h"

static const double rates[] = { 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100 };

enum { RATES = sizeof rates / sizeof *rates, SEEDS = 3 };

/* nothing but its lines, no run fails, and categories are told apart at any rate */
START_TEST(test_sweep)
{
    static char text[8192];
    ck_assert_int_eq(demo_run("categories", "--sweep --seeds 3", text, sizeof text), 0);
    static const char header[] = "rate,seed,accuracy,failed\n";
    ck_assert_int_eq(strncmp(text, header, strlen(header)), 0);
    const char *line = text + strlen(header);
    for (int i = 0; i < RATES * SEEDS; i++) {
        double rate, accuracy;
        int seed, failed, length = 0;
        ck_assert_msg(sscanf(line, "%lf,%d,%lf,%d%n", &rate, &seed, &accuracy, &failed, &length) ==
                              4 &&
                          line[length] == '\n',
                      "line %d: %.60s", i, line);
        ck_close(rate, rates[i / SEEDS], 1e-9, 0);
        ck_assert_int_eq(seed, i % SEEDS + 1);
        ck_assert_int_eq(failed, 0);
        ck_assert_msg(accuracy >= 0.98 && accuracy <= 1, "rate %g, seed %d: accuracy %g", rate,
                      seed, accuracy);
        line += length + 1;
    }
    ck_assert_str_eq(line, "");
}
END_TEST

/* the numbers of a row, from a place on: behind its name, at the beginning of a line */
static const char *row_of(const char *text, const char *name, double number[3])
{
    char key[64];
    snprintf(key, sizeof key, "\n%s ", name);
    const char *at = text ? strstr(text, key) : NULL;
    ck_assert_msg(at, "no row %s in: %s", name, text ? text : "");
    int found = sscanf(at + strlen(key), "%lf %lf %lf", number, number + 1, number + 2);
    ck_assert_msg(found == 3, "%s: %d numbers", name, found);
    return at + 1;
}

/* the fit by steps is the one in closed form; covariances are valid at every rate */
START_TEST(test_tables)
{
    static const char *const file[2] = { "categories.csv", "iris.csv" };
    static char text[8192];
    ck_assert_int_eq(demo_run("categories", "", text, sizeof text), 0);
    for (int i = 0; i < 2; i++) {
        double number[3], closed[3];
        const char *part = strstr(text, file[i]);
        for (int k = 0; k < RATES; k++) {
            char name[16];
            snprintf(name, sizeof name, "%g", rates[k]);
            row_of(part, name, number);
            ck_assert(number[0] >= (i ? 0.6 : 0.98) && number[1] > 1e-3 && number[2] < 10);
        }
        row_of(part, "500 natural steps", number);
        row_of(part, "closed form", closed);
        ck_assert_double_le(number[2], 1e-5);
        ck_close(number[1], closed[1], 1e-4, 1);
        ck_assert(number[0] == closed[0] && number[0] >= 0.97);
    }
}
END_TEST

/* README shows what the demo prints */
START_TEST(test_readme)
{
    static const char *const name[] = {
        "1e-06", "0.1", "100", "start", "500 natural steps", "truth", "1e-06", "closed form"
    };
    static char text[8192], readme[65536];
    ck_assert_int_eq(demo_run("categories", "", text, sizeof text), 0);
    FILE *f = fopen("README.md", "r");
    ck_assert_ptr_nonnull(f);
    readme[fread(readme, 1, sizeof readme - 1, f)] = 0;
    fclose(f);
    const char *at = strstr(text, "categories.csv"), *shown = strstr(readme, "400 rows of 2");
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        double number[3], wanted[3];
        at = row_of(at, name[i], number);
        shown = row_of(shown, name[i], wanted);
        for (int k = 0; k < 3; k++)
            ck_close(number[k], wanted[k], 2e-5, 1);
    }
}
END_TEST

START_TEST(test_pictures)
{
    static char text[8192];
    char path[256], folder[DEMO_FOLDER];
    struct stat about;
    demo_folder(folder);
    snprintf(path, sizeof path, "--seed 3 --pictures %s", folder);
    ck_assert_int_eq(demo_run("categories", path, text, sizeof text), 0);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s.png", folder, i ? "iris" : "categories");
        ck_assert_msg(stat(path, &about) == 0 && about.st_size > 10000, "%s is no picture", path);
    }
    demo_remove(folder);
}
END_TEST

START_TEST(test_help)
{
    static char text[8192];
    ck_assert_int_eq(demo_run("categories", "--help", text, sizeof text), 0);
    ck_assert_ptr_nonnull(strstr(text, "usage: categories"));
}
END_TEST

static const struct {
    const char *arguments; /* %s is the file */
    const char *content;   /* NULL: there is no file */
    const char *sentence;
} bad[] = {
    { "%s", NULL, "No such file" },
    { "%s", "", "line 1: the file is empty" },
    { "%s", "a,b,c\n1,2,x\n1,2\n", "line 3 has 2 cells, the header has 3" },
    { "%s", "a,c\n1,x\n2,y\n", "want from 2 to 31 columns of numbers, and the category" },
    { "%s", "a,b,c\n1,2,x\n3,4,x\n", "only one category in the last column" },
    { "%s", "a,b,c\n1,2,1\n1,2,2\n1,2,3\n1,2,4\n1,2,5\n1,2,6\n1,2,7\n1,2,8\n1,2,9\n",
      "more than 8 categories in the last column" },
    { "%s", "a,b,c\n1,2,x\n1,2,\n", "line 3, column c: the cell is empty" },
    { "%s", "a,b,c\n1,2,x\n1,2,NA\n", "line 3, column c: 'NA' is a missing label" },
    { "%s", "a,b,c\n1,2,x\n1,z,y\n", "line 3, column b: 'z' is not a number" },
    { "%s", "a,b,c\n1,2,x\n2,2,y\n3,2,x\n5,2,y\n", "is not positive definite: pivot 1 is 0" },
    { "--seeds 0 %s", NULL, "--seeds wants a whole number from 1" },
    { "--seed -1 %s", NULL, "--seed wants a whole number from 0" },
    { "--pictures /no/such/folder %s", NULL, "no folder to write to" },
    { "--nonsense %s", NULL, "usage: categories" },
    { "--sweep %s", NULL, "usage: categories" },
};

START_TEST(test_bad_input)
{
    static char text[8192];
    char arguments[256], path[128], folder[DEMO_FOLDER];
    struct stat about;
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/data.csv", folder);
    if (bad[_i].content)
        demo_write(path, bad[_i].content);
    snprintf(arguments, sizeof arguments, "--pictures %s ", folder);
    snprintf(arguments + strlen(arguments), sizeof arguments - strlen(arguments), bad[_i].arguments,
             path);
    int status = demo_run("categories", arguments, text, sizeof text);
    ck_assert_msg(status == 2, "status %d: %s", status, text);
    ck_assert_msg(strstr(text, bad[_i].sentence), "'%s' lacks '%s'", text, bad[_i].sentence);
    snprintf(path, sizeof path, "%s/data.png", folder);
    ck_assert_int_ne(stat(path, &about), 0);
    demo_remove(folder);
}
END_TEST

/* quotes belong to the file, and commas and new lines inside them to the name; blanks around a cell
 * to nothing */
START_TEST(test_names)
{
    static char text[8192];
    char path[128], folder[DEMO_FOLDER];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/data.csv", folder);
    demo_write(path, "a,b,c\n1,2,\"x, y\"\n2,3,\"z, y\"\n3,1,\"x, y\" \n5,2,\"z, y\"\n"
                     "1,7,\"x, y\"\r\n \n4,4, \"z, y\"\n"
                     "0,1,\"an island in the middle\nof the ocean\"\n"
                     "2,9,\"an island in the middle\nof the ocean\"\n"
                     "3,3, \"an island in the middle\nof the ocean\"\n");
    ck_assert_int_eq(demo_run("categories", path, text, sizeof text), 0);
    ck_assert_ptr_nonnull(strstr(text, "9 rows of 2 columns, 3 categories"));
    demo_remove(folder);
}
END_TEST

Suite *suite_demos_categories(void)
{
    Suite *suite = suite_create("demos/categories");
    TCase *tcase = tcase_create("categories");
    tcase_set_tags(tcase, "program");
    tcase_add_test(tcase, test_sweep);
    tcase_add_test(tcase, test_tables);
    tcase_add_test(tcase, test_readme);
    tcase_add_test(tcase, test_pictures);
    tcase_add_test(tcase, test_help);
    tcase_add_loop_test(tcase, test_bad_input, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tcase, test_names);
    suite_add_tcase(suite, tcase);
    return suite;
}
