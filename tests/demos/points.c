/* The demo as its users meet it: figures, exit statuses, sentences, and nothing written where the
 * input is bad. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "demos/demo.h"

/* the number behind "name," at the beginning of a line, from a place on */
static double figure(const char *text, const char *file, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\n%s,", name);
    const char *part = strstr(text, file), *at = part ? strstr(part, key) : NULL;
    ck_assert_msg(at, "no %s of %s in: %s", name, file, text);
    return atof(at + strlen(key));
}

START_TEST(test_figures)
{
    static char text[8192];
    ck_assert_int_eq(demo_run("points", "--csv", text, sizeof text), 0);
    /* the input fixed: the closed form is the best there is */
    double gap = figure(text, "quakes.csv", "nll_train") - figure(text, "quakes.csv", "nll_full");
    ck_assert_double_ge(gap, -1e-5);
    ck_assert_double_le(gap, 1e-3);
    ck_assert_double_gt(figure(text, "quakes.csv", "nll_diagonal"),
                        figure(text, "quakes.csv", "nll_full"));
    /* with inputs: near the truth on rows that training did not see */
    ck_assert_double_le(figure(text, "points.csv", "nll_validation") -
                            figure(text, "points.csv", "nll_truth"),
                        0.03);
}
END_TEST

/* README shows what the demo prints */
START_TEST(test_readme)
{
    static const char *const file[2] = { "quakes.csv", "points.csv" };
    static char text[8192], readme[65536];
    ck_assert_int_eq(demo_run("points", "--csv", text, sizeof text), 0);
    FILE *f = fopen("README.md", "r");
    ck_assert_ptr_nonnull(f);
    readme[fread(readme, 1, sizeof readme - 1, f)] = 0;
    fclose(f);
    const char *at = readme;
    for (int i = 0; i < 2; i++) {
        double train, validation;
        at = strstr(at, "\nnetwork ");
        ck_assert_ptr_nonnull(at);
        ck_assert_int_eq(sscanf(at, "\nnetwork %lf +- %*f %lf", &train, &validation), 2);
        ck_assert_double_eq_tol(figure(text, file[i], "nll_train"), train, 1e-4);
        ck_assert_double_eq_tol(figure(text, file[i], "nll_validation"), validation, 1e-4);
        at++;
    }
}
END_TEST

START_TEST(test_pictures)
{
    static char text[8192];
    char path[256], folder[DEMO_FOLDER];
    struct stat about;
    demo_folder(folder);
    snprintf(path, sizeof path, "--epochs 2 --pictures %s", folder);
    ck_assert_int_eq(demo_run("points", path, text, sizeof text), 0);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s.png", folder, i ? "points" : "quakes");
        ck_assert_msg(stat(path, &about) == 0 && about.st_size > 10000, "%s is no picture", path);
    }
    demo_remove(folder);
}
END_TEST

static const char many[] =
    "a,b,c\n1,2,3\n2,1,4\n3,5,6\n4,4,8\n5,6,7\n6,9,8\n7,7,9\n8,8,1\n9,1,2\n1,5,5\n2,8,4\n";

static const struct {
    const char *arguments; /* %s is the file */
    const char *content;   /* NULL: there is no file */
    const char *sentence;
} bad[] = {
    { "--targets a,b %s", NULL, "No such file" },
    { "--targets a,b %s", "", "line 1: the file is empty" },
    { "--targets a,b %s", "a,b\n", "there is a header, but no row" },
    { "--targets a,b %s", "a,b\n1,2\n3\n", "line 3 has 1 cells, the header has 2" },
    { "--targets a,b %s", "a,b\n1,2\n3,many\n", "too few" },
    { "--targets a,d %s", many, "there is no column named d" },
    { "--targets a,a2 %s",
      "a,a2,a\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n",
      "there are two columns named a" },
    { "--targets a,b %s", "a,b\n1,2\n1,x\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n",
      "line 3, column b: 'x' is not a number" },
    { "--targets a,b %s", "a,b\n1,2\n1,\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n",
      "line 3, column b: the cell is empty" },
    { "--targets a,b %s", "a,b\n1,2\n-inf,3\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n",
      "line 3, column a: '-inf' is infinite" },
    { "--targets a,b %s", "a,b\n1,2\n1,3\n1,4\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n",
      "column a is constant" },
    { "%s", many, "say --targets" },
    { "--epochs 0 --targets a,b %s", many, "--epochs wants a whole number from 1" },
    { "--seed -1 --targets a,b %s", many, "--seed wants a whole number from 0" },
    { "--pictures /no/such/folder --targets a,b %s", many, "no folder to write to" },
    { "--nonsense %s", many, "usage: points" },
    { "--truth t --targets a,b %s", many, "there is no column named t" },
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
    int status = demo_run("points", arguments, text, sizeof text);
    ck_assert_msg(status == 2, "status %d: %s", status, text);
    ck_assert_msg(strstr(text, bad[_i].sentence), "'%s' lacks '%s'", text, bad[_i].sentence);
    snprintf(path, sizeof path, "%s/data.png", folder);
    ck_assert_int_ne(stat(path, &about), 0);
    demo_remove(folder);
}
END_TEST

Suite *suite_demos_points(void)
{
    Suite *suite = suite_create("demos/points");
    TCase *tcase = tcase_create("points");
    tcase_set_tags(tcase, "program");
    tcase_add_test(tcase, test_figures);
    tcase_add_test(tcase, test_readme);
    tcase_add_test(tcase, test_pictures);
    tcase_add_loop_test(tcase, test_bad_input, 0, sizeof bad / sizeof *bad);
    suite_add_tcase(suite, tcase);
    return suite;
}
