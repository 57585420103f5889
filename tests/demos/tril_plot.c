/* `tril plot` as its users meet it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "demos/demo.h"

enum { TEXT = 1 << 14 };

#define MODEL "tests/reference/model.safetensors"
#define TORCH "tests/reference/model_torch.safetensors"

/* one target and several, with a record and without, each kind of file */
static const struct {
    const char *fit, *plot, *picture, *magic;
    long least; /* bytes */
} cases[] = {
    { NULL, "plot " MODEL " data/iris.csv -o $/p.png", "p.png", "\x89PNG", 20000 },
    { NULL, "plot " MODEL " - --output $/p.svg < data/iris.csv", "p.svg", "<?xml", 20000 },
    { NULL, "plot " MODEL " data/iris.csv -o $/p.pdf --by sepal_width", "p.pdf", "%PDF", 5000 },
    { NULL, "plot " TORCH " data/faithful.csv -o $/p.png", "p.png", "\x89PNG", 20000 },
    { NULL, "evaluate " MODEL " data/iris.csv --plot $/p.png", "p.png", "\x89PNG", 20000 },
    { "fit data/quakes.csv --targets lat,long,depth,mag --epochs 2 -o $/m --ensemble 2",
      "plot $/m data/quakes.csv -o $/p.png", "p.png", "\x89PNG", 40000 },
    { "fit data/faithful.csv --targets waiting,eruptions --epochs 2 --validation 0 -o $/m",
      "plot $/m data/faithful.csv -o $/p.png", "p.png", "\x89PNG", 20000 },
    { "fit data/iris.csv --targets petal_width --epochs 2 -o $/m --head mixture:2",
      "plot $/m data/iris.csv -o \"$/it's.png\"", "it's.png", "\x89PNG", 20000 },
};

START_TEST(test_pictures)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], path[128], begin[8] = "";
    struct stat about;
    demo_folder(folder);
    if (cases[_i].fit)
        ck_assert_int_eq(demo_tril(folder, cases[_i].fit, text, TEXT), 0);
    int status = demo_tril(folder, cases[_i].plot, text, TEXT);
    ck_assert_msg(status == 0, "status %d: %s", status, text);
    ck_assert_msg(!strncmp(cases[_i].plot, "evaluate", 8) || !*text, "%s", text);
    snprintf(path, sizeof path, "%s/%s", folder, cases[_i].picture);
    ck_assert_msg(stat(path, &about) == 0 && about.st_size > cases[_i].least, "%s has %ld bytes",
                  path, (long)about.st_size);
    FILE *f = fopen(path, "rb");
    ck_assert_uint_eq(fread(begin, 1, 5, f), 5);
    fclose(f);
    ck_assert(!strncmp(begin, cases[_i].magic, strlen(cases[_i].magic)));
    demo_remove(folder);
}
END_TEST

static const struct {
    const char *arguments, *sentence;
    int status;
} wrong[] = {
    { "plot", "tril plot: want a model, a CSV file and -o PICTURE", 2 },
    { "plot " MODEL " data/iris.csv", "tril plot: want a model, a CSV file and -o PICTURE", 2 },
    { "plot --nonsense", "tril plot: unrecognized option '--nonsense'", 2 },
    { "plot " MODEL " data/iris.csv -o $/p.jpg", "$/p.jpg: want a name that ends in .png, .svg",
      2 },
    { "plot " MODEL " data/iris.csv -o $/p", "$/p: want a name that ends in .png, .svg or .pdf",
      2 },
    { "plot $/none data/iris.csv -o $/p.png", "tril plot: $/none: cannot be opened", 2 },
    { "plot " MODEL " $/none -o $/p.png", "tril plot: $/none: cannot be opened", 2 },
    { "plot " MODEL " data/points.csv -o $/p.png", "there is no column named sepal_length", 2 },
    { "plot " MODEL " data/iris.csv -o $/p.png --by x", "--by x: the model has no input of that",
      2 },
    { "plot " MODEL " data/iris.csv -o $/p.png --by species", "--by species: the model has no", 2 },
    { "plot " MODEL " data/iris.csv -o $/p.png --missing x", "tril plot: --missing wants error",
      2 },
    { "evaluate " MODEL " data/iris.csv --plot $/p.jpg", "tril evaluate: $/p.jpg: want a name", 2 },
};

START_TEST(test_wrong)
{
    char folder[DEMO_FOLDER], path[64];
    struct stat about;
    demo_folder(folder);
    demo_refused(folder, wrong[_i].arguments, wrong[_i].status, wrong[_i].sentence);
    snprintf(path, sizeof path, "%s/p.png", folder);
    ck_assert_int_ne(stat(path, &about), 0);
    demo_remove(folder);
}
END_TEST

/* without gnuplot, and where it cannot write */
START_TEST(test_no_gnuplot)
{
    static char text[TEXT];
    const char *path = getenv("PATH");
    char *before = malloc(strlen(path) + 1);
    strcpy(before, path);
    setenv("PATH", "/nowhere", 1);
    demo_refused("", "plot " MODEL " data/iris.csv -o p.png", 1,
                 "tril plot: gnuplot is not installed, so there is no picture");
    setenv("PATH", before, 1);
    free(before);
    ck_assert_int_eq(demo_tril("", "plot " MODEL " data/iris.csv -o /no/p.png", text, TEXT), 1);
    ck_assert_msg(strstr(text, "tril plot: gnuplot could not draw /no/p.png\n"), "%s", text);
}
END_TEST

START_TEST(test_help)
{
    static char text[TEXT];
    ck_assert_int_eq(demo_tril("", "plot --help", text, TEXT), 0);
    ck_assert_msg(strstr(text, "50 % and 90 %") && strstr(text, "--by COLUMN"), "%s", text);
}
END_TEST

Suite *suite_demos_tril_plot(void)
{
    Suite *suite = suite_create("demos/tril_plot");
    TCase *tcase = tcase_create("plot");
    tcase_set_tags(tcase, "program");
    tcase_add_loop_test(tcase, test_pictures, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(tcase, test_wrong, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tcase, test_no_gnuplot);
    tcase_add_test(tcase, test_help);
    suite_add_tcase(suite, tcase);
    return suite;
}
