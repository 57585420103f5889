/* Targets whose cells are limits of detection, as users of the command meet them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "demos/demo.h"

enum { TEXT = 1 << 17, ROWS = 900 };

/* A pair whose mean is linear in u; how: as it is, with limits, with these in the place of cells.
 */
typedef enum kind { WHOLE, LIMITS, SUBSTITUTED, LOG } kind;

static void put(FILE *f, kind how, double y, double limit)
{
    y = how == LOG ? exp(y) : y;
    limit = how == LOG ? exp(limit) : limit;
    if (how == WHOLE || y >= limit)
        fprintf(f, ",%.6g", y);
    else
        fprintf(f, how == SUBSTITUTED ? ",%.6g" : ",<%.6g", limit);
}

static void write_rows(const char *folder, const char *name, kind how)
{
    char path[64];
    tril_random random = tril_random_stream(1, 1);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    fputs("u,y,z\n", f);
    for (int i = 0; i < ROWS; i++) {
        tril_real n[3];
        tril_random_normal(&random, n, 3);
        const double u = (double)n[0], v = 0.6 * (double)n[1] + 0.8 * (double)n[2];
        fprintf(f, "%.6g", u);
        put(f, how, u + (double)n[1], -0.7);
        put(f, how, v - 0.5 * u, -0.6);
        fputs("\n", f);
    }
    fclose(f);
}

#define FIT "fit $/%s --targets y,z --ensemble 1 --hidden 4 --epochs 20 --threads 1 --csv -o $/%s "

static void fit(const char *folder, const char *name, const char *more, char *text)
{
    char line[256];
    snprintf(line, sizeof line, FIT "%s", name, "m", more);
    ck_assert_msg(demo_tril(folder, line, text, TEXT) == 0, "%s", text);
}

/* how far a model's line of y and its standard deviations are from those of all numbers */
START_TEST(test_truth)
{
    static char text[TEXT];
    static const kind kinds[] = { LIMITS, SUBSTITUTED };
    char folder[DEMO_FOLDER];
    double nll[2], sd[2];
    demo_folder(folder);
    write_rows(folder, "whole", WHOLE);
    for (size_t k = 0; k < 2; k++) {
        write_rows(folder, "d", kinds[k]);
        fit(folder, "d", "--head full", text);
        ck_assert_int_eq(demo_tril(folder, "evaluate $/m $/whole --csv", text, TEXT), 0);
        nll[k] = demo_figure(text, "all,nll,model");
        sd[k] = demo_figure(text, "all,sd,y");
    }
    /* the truth's is 1 + log 2 pi + log 0.8 = 2.615 */
    ck_assert_msg(nll[0] < 2.75 && nll[1] > nll[0] + 0.1, "%g, %g", nll[0], nll[1]);
    ck_assert_msg(fabs(sd[0] - 1) < 0.12 && sd[1] < sd[0] - 0.1, "%g, %g", sd[0], sd[1]);
    demo_remove(folder);
}
END_TEST

/* what commands say and refuse */
START_TEST(test_commands)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    write_rows(folder, "d", LIMITS);
    ck_assert_int_eq(
        demo_tril(folder,
                  "fit $/d --targets y,z --epochs 3 --ensemble 3 --hidden 4 --weight u "
                  "--threads 1 -o $/m",
                  text, TEXT),
        2);
    ck_assert_ptr_nonnull(strstr(text, "is no weight"));
    ck_assert_msg(demo_tril(folder,
                            "fit $/d --targets y,z --epochs 3 --ensemble 3 --hidden 4 --threads 1 "
                            "-o $/m",
                            text, TEXT) == 0,
                  "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "\nknown by bounds only: "));
    ck_assert_ptr_nonnull(strstr(text, " cells of z; errors and regions are of rows without"));
    ck_assert_ptr_null(strstr(text, "nan"));
    ck_assert_int_eq(demo_tril(folder, "info $/m", text, TEXT), 0);
    ck_assert_ptr_null(strstr(text, "student"));
    ck_assert_int_eq(demo_tril(folder, "evaluate $/m $/d --worst 3", text, TEXT), 0);
    ck_assert_ptr_nonnull(strstr(text, "\nknown by bounds only: "));
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/d", text, TEXT), 0);
    snprintf(path, sizeof path, "%s/e", folder);
    demo_write(path, "u,y,z\n1,<0.5,1\n");
    demo_refused(folder, "predict $/m $/e --given y", 1,
                 "line 2, column y: '<0.5' says between which bounds a number is");
    demo_refused(folder, "predict $/m $/e --impute", 1, "line 2, column y: '<0.5' says between");
    demo_refused(folder, "fit $/d --targets z -o $/n", 2,
                 "says between which bounds a number is, which only targets to learn or to "
                 "evaluate may do: write a number, leave the cell empty, or leave the column out "
                 "(--exclude)");
    demo_refused(folder, "fit $/d --targets y,z -o $/n --head full,student", 2,
                 "is no number but bounds of one, which the head student does not take: take one "
                 "of normals, as --head full, or leave the cell empty");
    demo_refused(folder, "fit $/d --targets y,z -o $/n --conformal 0.2", 2,
                 "--conformal wants rows whose targets are numbers, and some are known by bounds");
    demo_refused(folder, "fit $/d --targets y,z -o $/n --loss mse", 2,
                 "the losses mse and faithful learn from numbers alone");
    demo_refused(folder, "fit $/d --targets y,z -o $/n --transform z=log", 2,
                 "is beyond what log takes");
    demo_write(path, "u,a,b,c\n1,<1,<1,<1\n2,2,3,4\n3,3,2,2\n4,1,5,3\n5,4,2,6\n6,>7,9..11,>8\n");
    demo_refused(folder, "fit $/e --targets a,b,c -o $/n --validation 0 --test 0", 2,
                 "line 2, column c: with '<1' more than 2 targets of the row are known by bounds "
                 "only, which the head full does not take: take --head diagonal");
    ck_assert_msg(
        demo_tril(folder,
                  "fit $/e --targets a,b,c -o $/n --validation 0 --test 0 --head diagonal "
                  "--epochs 3 --ensemble 1",
                  text, TEXT) == 0,
        "%s", text);
    demo_remove(folder);
}
END_TEST

/* bounds go through a transform: as a fit of the logarithms; a search leaves Student's t out */
START_TEST(test_transform)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    write_rows(folder, "d", LIMITS);
    write_rows(folder, "log", LOG);
    fit(folder, "d", "--head full", text);
    const double plain = demo_figure(text, "test,nll,linear");
    fit(folder, "log", "--head full --transform log", text);
    const double nll = demo_figure(text, "test,nll,linear");
    ck_assert(isfinite(nll) && fabs(nll - plain) < 2);
    ck_assert_int_eq(demo_tril(folder, "evaluate $/m $/log --csv", text, TEXT), 0);
    for (int k = 1; k <= 10; k++) { /* tenths are even, bounds among them */
        char key[32];
        snprintf(key, sizeof key, "all,pit_%d,y", k);
        ck_assert_msg(fabs(demo_figure(text, key) - 0.1) < 0.05, "%s", text);
    }
    ck_assert_msg(demo_tril(folder,
                            "search $/d --targets y,z --hidden 4 --epochs 2 --ensemble 1 "
                            "--threads 1 -o $/m",
                            text, TEXT) == 0,
                  "%s", text);
    ck_assert_ptr_null(strstr(text, "student"));
    demo_remove(folder);
}
END_TEST

Suite *suite_cmd_limits(void)
{
    Suite *suite = suite_create("cmd/limits");
    TCase *tcase = tcase_create("limits");
    tcase_set_tags(tcase, "program");
    tcase_add_test(tcase, test_truth);
    tcase_add_test(tcase, test_commands);
    tcase_add_test(tcase, test_transform);
    suite_add_tcase(suite, tcase);
    return suite;
}
