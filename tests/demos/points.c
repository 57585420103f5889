/* The demo that trains on a CSV file: its figures beside README's and beside what is known, models
 * that `tril` reads, and bad input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "demos/demo.h"

enum { TRAINING, VALIDATION };

/* a number of the table of a file, from the row of that name on */
static double figure(const char *text, const char *file, const char *row, int part)
{
    char key[64];
    double number[2] = { 0 };
    snprintf(key, sizeof key, "\n%s ", row);
    const char *table = strstr(text, file), *at = table ? strstr(table, key) : NULL;
    ck_assert_msg(at, "no %s of %s in: %s", row, file, text);
    at += strlen(key);
    ck_assert(sscanf(at, "%lf +- %*f %lf", &number[0], &number[1]) == 2 ||
              sscanf(at, "%lf %lf", &number[0], &number[1]) == 2);
    return number[part];
}

START_TEST(test_figures)
{
    static char text[8192], readme[65536];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    ck_assert_int_eq(demo_run("points", folder, text, sizeof text), 0);
    /* without inputs the closed form is the best there is */
    double gap = figure(text, "quakes.csv", "network", TRAINING) -
                 figure(text, "quakes.csv", "full normal", TRAINING);
    ck_assert_double_ge(gap, -1e-4);
    ck_assert_double_le(gap, 1e-3);
    /* with inputs: near the truth on rows that training did not see */
    ck_assert_double_le(figure(text, "points.csv", "network", VALIDATION) -
                            figure(text, "points.csv", "truth", VALIDATION),
                        0.03);
    FILE *f = fopen("README.md", "r");
    ck_assert_ptr_nonnull(f);
    readme[fread(readme, 1, sizeof readme - 1, f)] = 0;
    fclose(f);
    for (int part = 0; part < 2; part++)
        ck_close(figure(text, "points.csv", "network", part),
                 figure(readme, "points.csv", "network", part), 0.02, 1);
    ck_assert_int_eq(demo_tril(folder, "info $/points.safetensors", text, sizeof text), 0);
    ck_assert_msg(strstr(text, "targets"), "%s", text);
    demo_remove(folder);
}
END_TEST

static const struct {
    const char *arguments; /* %s is the file */
    const char *content;   /* NULL: there is no file */
    const char *sentence;
} bad[] = {
    { ". %s a,b", NULL, "No such file" },
    { ". %s a,b", "", "line 1: the file is empty" },
    { ". %s a,d", "a,b,c\n1,2,3\n2,1,4\n3,5,6\n4,4,8\n5,6,7\n", "there is no column named d" },
    { ". %s", "a,b\n1,2\n", "usage: points" },
};

START_TEST(test_bad_input)
{
    static char text[8192];
    char path[64], arguments[128], folder[DEMO_FOLDER];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/data.csv", folder);
    if (bad[_i].content)
        demo_write(path, bad[_i].content);
    snprintf(arguments, sizeof arguments, bad[_i].arguments, path);
    ck_assert_int_ne(demo_run("points", arguments, text, sizeof text), 0);
    ck_assert_msg(strstr(text, bad[_i].sentence), "'%s' lacks '%s'", text, bad[_i].sentence);
    demo_remove(folder);
}
END_TEST

/* what could not be written is no success */
START_TEST(test_full_disk)
{
    static const char *const program[] = { "categories", "shapes", "points" };
    static const char *const arguments[] = { "", "10", NULL };
    char text[64], line[64], folder[DEMO_FOLDER];
    demo_folder(folder);
    snprintf(line, sizeof line, "%s >/dev/full", arguments[_i] ? arguments[_i] : folder);
    ck_assert_int_eq(demo_run(program[_i], line, text, sizeof text), 1);
    demo_remove(folder);
}
END_TEST

Suite *suite_demos_points(void)
{
    Suite *suite = suite_create("demos/points");
    TCase *tcase = tcase_create("points");
    tcase_set_tags(tcase, "program trains");
    tcase_add_test(tcase, test_figures);
    tcase_add_loop_test(tcase, test_bad_input, 0, sizeof bad / sizeof *bad);
    tcase_add_loop_test(tcase, test_full_disk, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite;
}
