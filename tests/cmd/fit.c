/* `tril fit` as its users meet it: figures, wrong use, rows, and runs that are stopped. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "demos/demo.h"

enum { ROOM = 1 << 20, TEXT = 8192 };

static int fit(const char *folder, const char *arguments, char *text)
{
    char line[400];
    snprintf(line, sizeof line, "fit %s", arguments);
    return demo_tril(folder, line, text, TEXT);
}

static size_t bytes_of(const char *folder, const char *name, char *bytes)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f, "%s is not there", path);
    size_t n = fread(bytes, 1, ROOM, f);
    fclose(f);
    ck_assert_uint_lt(n, ROOM);
    return n;
}

static bool is_there(const char *folder, const char *name)
{
    char path[128];
    struct stat about;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &about) == 0;
}

/* targets alone are enough, and the network is better than a line where there is more to learn */
START_TEST(test_figures)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    ck_assert_int_eq(
        fit(folder, "data/points.csv --targets x,y,z --inputs u,v --epochs 60 -o $/m --csv", text),
        0);
    ck_assert(is_there(folder, "m") && !is_there(folder, "m.checkpoint"));
    ck_assert(!strncmp(text, "rows,measure,of,value\n", 22));
    ck_assert_double_eq(demo_figure(text, "training,count,"), 3750);
    ck_assert_double_eq(demo_figure(text, "test,count,"), 750);
    /* data/README.md: 2.76 to 2.78 are possible, a linear mean reaches 3.39 */
    ck_assert_double_lt(demo_figure(text, "test,nll,model"), 2.85);
    ck_assert_double_gt(demo_figure(text, "test,nll,linear"), 3.3);
    ck_assert_double_gt(demo_figure(text, "test,nll,full"), 3.6);
    ck_assert_double_gt(demo_figure(text, "test,nll_error,model"), 0.02);
    ck_assert_double_lt(demo_figure(text, "test,nll_error,model"), 0.05);
    /* the mean of x is a sine of u between -1 and 1, its standard deviation 0.63 or so */
    ck_assert_double_gt(demo_figure(text, "test,rmse,x"), 0.55);
    ck_assert_double_lt(demo_figure(text, "test,rmse,x"), 0.72);
    demo_remove(folder);
}
END_TEST

/* the table is for readers, and the model's name the data's */
START_TEST(test_table)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], command[1024], here[256];
    demo_folder(folder);
    const char *build = getenv("BUILD"), *run = getenv("RUN");
    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    snprintf(command, sizeof command,
             "cd %s && %s %s/%s/tril fit %s/data/iris.csv --epochs 20 --ensemble 2 --targets "
             "petal_length,petal_width",
             folder, run ? run : "", here, build ? build : "build", here);
    FILE *out = popen(command, "r");
    text[fread(text, 1, TEXT - 1, out)] = 0;
    ck_assert_int_eq(pclose(out), 0);
    static const char *const wanted[] = {
        "data/iris.csv: 113 rows to train on, 15 to validate, 22 to test; targets petal_length, "
        "petal_width; inputs sepal_length, sepal_width, species\n40 epochs in ",
        "\n\nNLL, nats per row                       training            validation               "
        "   test\ndiagonal normal  ",
        "\nfull normal  ",
        "\nlinear mean, one normal  ",
        "\nensemble of 2  ",
        "\n\nRMSE of the ensemble                    training            validation",
        "\npetal_width  ",
        "\n\nmodel: iris.safetensors\n"
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        ck_assert_msg(strstr(text, wanted[i]), "'%s' lacks '%s'", text, wanted[i]);
    ck_assert(is_there(folder, "iris.safetensors"));
    demo_remove(folder);
}
END_TEST

/* where a network learns what is not so, fit says it */
START_TEST(test_worse)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    const char *sentence = "\nwarning: on test rows the network is worse than a linear mean: ";
    demo_folder(folder);
    ck_assert_int_eq(fit(folder,
                         "data/points.csv --targets x,y,z --head full --target-noise 5 "
                         "--validation 0 --epochs 5 "
                         "-o $/m",
                         text),
                     0);
    ck_assert_msg(strstr(text, sentence), "%s", text);
    ck_assert_int_eq(fit(folder, "data/points.csv --targets x,y,z --epochs 5 -o $/m", text), 0);
    ck_assert_msg(!strstr(text, sentence), "%s", text);
    demo_remove(folder);
}
END_TEST

/* README shows what fit prints: simple fits to the last digit, networks as far as processors differ
 */
START_TEST(test_readme)
{
    static const char line[] = "data/iris.csv --targets petal_length,petal_width";
    static const struct {
        const char *readme, *key;
        double tolerance;
    } figures[] = { { "\ndiagonal normal ", "nll,diagonal", 1e-4 },
                    { "\nfull normal ", "nll,full", 1e-4 },
                    { "\nlinear mean, one normal ", "nll,linear", 1e-4 },
                    { "\nensemble of 5 ", "nll,model", 0.1 } };
    static char text[TEXT], readme[1 << 16];
    char folder[DEMO_FOLDER], arguments[256], key[64];
    FILE *f = fopen("README.md", "r");
    readme[fread(readme, 1, sizeof readme - 1, f)] = 0;
    fclose(f);
    snprintf(arguments, sizeof arguments, "\nbuild/tril fit %s\n", line);
    const char *at = strstr(readme, arguments);
    ck_assert_msg(at, "README lacks %s", arguments);
    demo_folder(folder);
    snprintf(arguments, sizeof arguments, "%s --csv -o $/m", line);
    ck_assert_int_eq(fit(folder, arguments, text), 0);
    for (size_t k = 0; k < 4; k++) {
        double training, test;
        at = strstr(at, figures[k].readme);
        ck_assert_ptr_nonnull(at);
        ck_assert_int_eq(
            sscanf(at + strlen(figures[k].readme), "%lf +- %*f %*f +- %*f %lf", &training, &test),
            2);
        snprintf(key, sizeof key, "training,%s", figures[k].key);
        ck_assert_double_eq_tol(demo_figure(text, key), training, figures[k].tolerance);
        snprintf(key, sizeof key, "test,%s", figures[k].key);
        ck_assert_double_eq_tol(demo_figure(text, key), test, figures[k].tolerance);
    }
    demo_remove(folder);
}
END_TEST

/* ---- wrong use, bad input */

static const char small[] = "a,b,c\n1,2,x\n3,1,y\n2,2,x\n5,4,y\n4,4,x\n2,3,y\n7,1,x\n8,8,y\n9,1,x\n"
                            "3,4,y\n1,5,x\n4,2,y\n";
static const struct {
    const char *arguments, *data, *sentence;
} wrong[] = {
    { "", NULL, "want one CSV file" },
    { "$/d $/d --targets a", small, "want one CSV file, or - for standard input, not several" },
    { "$/d", small, "say --targets A,B,C" },
    { "$/d --targets a -o $/d", small, "--output $/d: this would take the place of $/d" },
    { "$/d --targets a --log $/d", small, "--log $/d: this would take the place of $/d" },
    { "$/d --targets a --log $/m", small, "--log $/m: this would take the place of $/m" },
    { "$/d --target", small, "tril fit: --target is short for several options" },
    { "$/d --targets", small, "tril fit: --targets wants a value" },
    { "$/d --targets a --csv=1", small, "tril fit: --csv takes no value" },
    { "$/d --nonsense", small, "tril fit: there is no option --nonsense" },
    { "$/d --targets a --head half", small, "--head wants full, diagonal, precision, lowrank, " },
    { "$/d --targets a --head lowrank", small, "--head lowrank wants a number behind a colon" },
    { "$/d --targets a --head lowrank:x", small, "--head lowrank wants a number behind a colon" },
    { "$/d --targets a --head lowrank:2:full", small, "--head lowrank wants a number behind" },
    { "$/d --targets a --head student,half", small, "--head wants full, diagonal, precision, " },
    { "$/d --targets a --head auto,full", small,
      ", negative-binomial, categorical, or auto by itself, not 'auto'" },
    { "$/d --targets a --natural", small, "student has no natural gradient; full has" },
    { "$/d --targets a --head ''", small, "--head wants 1 to 16 forms, not ''" },
    { "$/d --targets a --head full,full,full,full,full,full,full,full,full,full,full,full,full,"
      "full,full,full,full",
      small, "--head wants 1 to 16 forms, not 'full,full" },
    { "$/d --targets a --head full:3", small, "--head full wants nothing behind it" },
    { "$/d --targets a --head mixture:2:half", small, "--head wants full," },
    { "$/d --targets a --head mixture:2:shared", small,
      "head: no mixture has components of the form shared" },
    { "$/d --targets a --hidden 3,x", small, "--hidden wants a whole number from 1" },
    { "$/d --targets a --hidden 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", small,
      "wants up to 16 widths" },
    { "$/d --targets a --hidden ''", small, "--hidden wants up to 16 widths" },
    { "$/d --targets a --activation gelu", small, "--activation wants tanh, relu," },
    { "$/d --targets a --ensemble 0", small, "--ensemble wants a whole number from 1" },
    { "$/d --targets a --missing no", small, "--missing wants error, drop, mean, marginal" },
    { "$/d --targets a --lr 0", small, "--lr wants a rate above 0" },
    { "$/d --targets a --lr 1x", small, "--lr wants a number, at least 0, not '1x'" },
    { "$/d --targets a --lr -1", small, "--lr wants a number, at least 0, not '-1'" },
    { "$/d --targets a --clip inf", small, "--clip wants a number, at least 0, not 'inf'" },
    { "$/d --targets a --average 1", small, "average is 1, want a number from 0 to below 1" },
    { "$/d --targets a --beta 2", small, "beta is 2, want a number above 0" },
    { "$/d --targets a --loss x", small, "--loss wants nll, beta, faithful, mse, warmup, not 'x'" },
    { "$/d --targets a --optimizer x", small, "--optimizer wants adam, sgd, not 'x'" },
    { "$/d --targets a --schedule x", small, "--schedule wants constant, step, cosine, plateau" },
    { "$/d --targets a --epochs 0", small, "--epochs wants a whole number from 1" },
    { "$/d --targets a --seed x", small, "--seed wants a whole number from 0" },
    { "$/d --targets a --validation 1", small, "--validation wants a share from 0 to below 1" },
    { "$/d --targets a --validation .5 --test .5", small, "leave no row to train on" },
    { "$/d --targets a --conformal x", small, "x: cannot be opened" },
    { "$/d --targets a --conformal 1", small, "--conformal wants a share from 0 to below 1" },
    { "$/d --targets a --validation $/none", small, "none: cannot be opened" },
    { "$/d --targets a --test .01", small, "$/d: 12 rows are too few for a share of 0.01 to test" },
    { "$/d --targets a --split $/none:s", small, "none: cannot be opened" },
    { "$/d --targets a --split $/d:q", small, "there is no column named q" },
    { "$/d --targets a --split $/d:b --validation 0 --group q", small, "no column named q" },
    { "$/d --targets a --group q", small, "there is no column named q" },
    { "$/none --targets a", NULL, "none: cannot be opened: No such file" },
    { "$/d --targets q", small, "$/d: line 1: there is no column named q" },
    { "$/d --targets a,a", small, "$/d: column a is named twice among the targets" },
    { "$/d --targets a --inputs b,a", small, "$/d: column a is a target: it cannot be an input" },
    { "$/d --targets a --inputs q", small, "$/d: line 1: there is no column named q" },
    { "$/d --targets a --inputs '\"b\"q,c'", small, "there is no column named bq, only a, b, c" },
    { "$/d --targets a --missing-values '\xFF'", small,
      "model: a word for missing cells is not UTF-8" },
    { "$/d --targets a,c", small, "--targets a,c: c has words, and classes have a model" },
    { "$/d --targets a --validation 0 --test 0", "a,b\n1,2\n1,3\n",
      "$/d: column a is constant in" },
    { "$/d --targets a", "a,b\n1,2\n1,3,4\n", "$/d: line 3 has 3 cells, the header has 2" },
    { "$/d --targets a", "a,b\n1,2\n,3\n", "rows" },
    { "$/d --targets a --missing error --test 0 --validation 0", "a,b\n1,2\n,3\n",
      "line 3, column a: the cell is " },
    { "$/d --targets a --test 0 --validation 0 --missing mean", "a,b\n1,2\n,3\n2,4\n",
      "line 3, column a: the cell is empty" },
    { "$/d --targets a --test 0 --validation 0 --missing marginal", "a,b\n1,\n2,3\n2,4\n",
      "line 2, column b: the cell is empty" },
    { "$/d --targets a", "", "$/d: line 1: the file is empty" },
    { "$/d --targets a", "a,b\n1,\"2\n", "$/d: line 2: a quoted cell does not end" },
};

START_TEST(test_wrong)
{
    char folder[DEMO_FOLDER], path[128], arguments[256];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    if (wrong[_i].data)
        demo_write(path, wrong[_i].data);
    snprintf(arguments, sizeof arguments, "fit -o $/m %s", wrong[_i].arguments);
    demo_refused(folder, arguments, 2, wrong[_i].sentence);
    ck_assert(!is_there(folder, "m") && !is_there(folder, "m.checkpoint"));
    demo_remove(folder);
}
END_TEST

/* what cannot be written is a failure, and found before training */
START_TEST(test_unwritable)
{
    static char text[TEXT];
    static const char *const outputs[] = { "/no/such/folder/m", "/proc/m" };
    char folder[DEMO_FOLDER], arguments[128];
    demo_folder(folder);
    snprintf(arguments, sizeof arguments, "data/iris.csv --targets petal_width -o %s --epochs 1%s",
             outputs[_i], "000000");
    ck_assert_int_eq(fit(folder, arguments, text), 1);
    ck_assert_msg(strstr(text, outputs[_i]) && strstr(text, "cannot be written"), "%s", text);
    ck_assert_int_eq(fit(folder, "data/iris.csv --targets petal_width -o $/m --log /no/log", text),
                     1);
    ck_assert_msg(strstr(text, "/no/log: cannot be written: No such file"), "%s", text);
    ck_assert_int_eq(
        fit(folder, "data/iris.csv --targets petal_width -o $/m --log /dev/full", text), 1);
    ck_assert_msg(strstr(text, "tril fit: --log /dev/full: it cannot be written\n"), "%s", text);
    demo_remove(folder);
}
END_TEST

/* a run that fails leaves nothing to go on from */
START_TEST(test_diverged)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    ck_assert_int_eq(fit(folder,
                         "data/iris.csv --targets petal_width -o $/m --optimizer sgd --lr 1e38 "
                         "--activation relu --head diagonal",
                         text),
                     1);
    ck_assert(!is_there(folder, "m") && !is_there(folder, "m.checkpoint"));
    demo_remove(folder);
}
END_TEST

/* ---- rows */

/* a column of one letter for each four rows, and numbers of rows */
static void write_groups(const char *folder)
{
    char path[128], text[TEXT];
    size_t n = (size_t)snprintf(text, TEXT, "g,u,y\n");
    for (int i = 0; i < 80; i++)
        n += (size_t)snprintf(text + n, TEXT - n, "g%d,%d,%d\n", i / 4, i * i % 17, i * 7 % 13);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, text);
    snprintf(path, sizeof path, "%s/s", folder);
    demo_write(path, "s0,s1\n0,79\n1,\n2,40\n");
    snprintf(path, sizeof path, "%s/bad", folder);
    demo_write(path, "s\n3\n80\n");
}

static const struct {
    const char *arguments, *sentence;
    int status;
} rows[] = {
    { "$/d --targets y", "60 rows to train on, 8 to validate, 12 to test; targets y; inputs g, u",
      0 },
    { "$/d --targets y --group g",
      "60 rows to train on, 8 to validate, 12 to test; targets y; "
      "inputs u\n",
      0 },
    { "$/d --targets y --validation 0 --test .5", "40 rows to train on, 0 to validate, 40 to", 0 },
    { "$/d --targets y --validation $/d --test 0", "80 rows to train on, 80 to validate, 0 to", 0 },
    { "$/d --targets y --split $/s", "69 rows to train on, 8 to validate, 3 to test", 0 },
    { "$/d --targets y --split $/s:s1 --group g", "to validate, 2 to test; targets y; inputs u\n",
      0 },
    { "$/d --targets y --split $/bad", "column s: there is no row 80 of ", 2 },
    { "$/d --targets y --inputs ''", "targets y; no inputs", 0 },
    { "$/d --targets y,u --inputs '' --head student", "targets y, u; no inputs", 0 },
    { "- --targets y < $/d", "-: 60 rows to train on", 0 },
};

START_TEST(test_rows)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], arguments[256];
    demo_folder(folder);
    write_groups(folder);
    snprintf(arguments, sizeof arguments, "--epochs 2 -o $/m %s", rows[_i].arguments);
    ck_assert_msg(fit(folder, arguments, text) == rows[_i].status, "%s", text);
    ck_assert_msg(strstr(text, rows[_i].sentence), "'%s' lacks '%s'", text, rows[_i].sentence);
    demo_remove(folder);
}
END_TEST

/* every option does something: another model than the defaults' */
static const char *const options[] = {
    "--head diagonal",
    "--head precision",
    "--head lowrank:1",
    "--head shared",
    "--head full",
    "--head mixture:2",
    "--head mixture:2:diagonal",
    "--hidden 0",
    "--hidden 3,4,5",
    "--activation silu",
    "--ensemble 2",
    "--missing drop",
    "--validation 0.3",
    "--test 0.3",
    "--epochs 4",
    "--batch 7",
    "--optimizer sgd",
    "--lr 0.1",
    "--schedule cosine",
    "--warmup 2",
    "--weight-decay 0.5",
    "--clip 0.01",
    "--loss nll",
    "--average 0",
    "--loss faithful",
    "--loss mse",
    "--loss warmup",
    "--head full --natural",
    "--input-noise 0.1",
    "--target-noise 0.1",
    "--seed 2",
    "--inputs species",
    "--optimizer sgd --momentum 0.9",
    "--beta 1",
    "--schedule step",
    "--patience 1",
};

START_TEST(test_options)
{
    static char text[TEXT], bytes[2][ROOM];
    char folder[DEMO_FOLDER], arguments[256];
    demo_folder(folder);
    const char *common = "data/iris.csv --targets petal_length,petal_width --hidden 16,16 --epochs "
                         "30 --lr 0.03 -o $/";
    for (int i = 0; i < 2; i++) {
        snprintf(arguments, sizeof arguments, "%s%d %s", common, i, i ? options[_i] : "");
        ck_assert_msg(fit(folder, arguments, text) == 0, "%s", text);
    }
    /* the numbers; the settings stand in the header */
    size_t n = bytes_of(folder, "0", bytes[0]), m = bytes_of(folder, "1", bytes[1]);
    uint64_t header[2];
    memcpy(&header[0], bytes[0], 8);
    memcpy(&header[1], bytes[1], 8);
    n -= (size_t)header[0] + 8, m -= (size_t)header[1] + 8;
    const bool same = n == m && !memcmp(bytes[0] + header[0] + 8, bytes[1] + header[1] + 8, n);
    ck_assert_int_eq(same, !strcmp(options[_i], "--missing drop"));
    demo_remove(folder);
}
END_TEST

/* ---- runs that are stopped */

#define RUN                                                                                        \
    "data/iris.csv --targets petal_length,petal_width --patience 0 --epochs 800 --ensemble 2 "

static pid_t begin(const char *folder, const char *arguments)
{
    char line[512];
    const char *build = getenv("BUILD"), *run = getenv("RUN");
    snprintf(line, sizeof line, "exec %s %s/tril fit " RUN "-o %s/%s >%s/out 2>&1", run ? run : "",
             build ? build : "build", folder, arguments, folder);
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    ck_assert_int_gt(child, 0);
    return child;
}

static void wait_for(long milliseconds)
{
    nanosleep(&(struct timespec){ .tv_sec = milliseconds / 1000,
                                  .tv_nsec = milliseconds % 1000 * 1000000 },
              NULL);
}

/* Ctrl-C: the step is finished, the run is kept, and the sentence says how to go on; another
 * line is not a way to go on */
START_TEST(test_interrupted)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    int status;
    demo_folder(folder);
    pid_t child = begin(folder, "m --epochs 1000000");
    while (!is_there(folder, "m.checkpoint"))
        wait_for(5);
    wait_for(20);
    kill(child, SIGINT);
    waitpid(child, &status, 0);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    text[bytes_of(folder, "out", text)] = 0;
    ck_assert_msg(strstr(text, "tril fit: stopped in epoch ") &&
                      strstr(text, "; the same line with --resume goes on from "),
                  "%s", text);
    ck_assert(!is_there(folder, "m"));
    ck_assert_int_eq(fit(folder, RUN "-o $/m", text), 2);
    ck_assert_msg(strstr(text, "say --resume to go on with it, or remove it"), "%s", text);
    ck_assert_int_eq(fit(folder, RUN "-o $/m --resume", text), 2);
    ck_assert_msg(strstr(text, "was begun with --epochs 1000000\n"), "%s", text);
    ck_assert_int_eq(fit(folder, RUN "-o $/m --resume --epochs 1000000 --natural", text), 2);
    ck_assert_msg(strstr(text, "was begun without --natural\n"), "%s", text);
    ck_assert(is_there(folder, "m.checkpoint"));
    demo_remove(folder);
}
END_TEST

START_TEST(test_help)
{
    char text[TEXT];
    ck_assert_int_eq(demo_run("../tril", "fit --help", text, TEXT), 0);
    ck_assert_msg(strstr(text, "--weight-decay W") && strstr(text, "[128,128]\n"), "%s", text);
    ck_assert_int_eq(demo_run("../tril", "--help", text, TEXT), 0);
    ck_assert(strstr(text, "tril fit "));
    ck_assert_int_eq(demo_run("../tril", "--version", text, TEXT), 0);
    ck_assert_msg(strcmp(text, "tril " TRIL_VERSION "\n") == 0 ||
                      strcmp(text, "tril " TRIL_VERSION ", with MPI\n") == 0,
                  "%s", text);
    ck_assert_int_eq(demo_run("../tril", "", text, TEXT), 2);
    ck_assert_int_eq(demo_run("../tril", "fat", text, TEXT), 2);
    ck_assert(strstr(text, "tril: there is no command fat\n"));
    ck_assert_int_eq(demo_run("../tril", "fit --help >/dev/full", text, TEXT), 1);
}
END_TEST

Suite *suite_cmd_fit(void)
{
    Suite *suite = suite_create("cmd/fit");
    TCase *tcase = tcase_create("fit");
    tcase_set_tags(tcase, "program trains");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_figures);
    tcase_add_test(tcase, test_table);
    tcase_add_test(tcase, test_worse);
    tcase_add_test(tcase, test_readme);
    tcase_add_loop_test(tcase, test_wrong, 0, sizeof wrong / sizeof *wrong);
    tcase_add_loop_test(tcase, test_unwritable, 0, 2);
    tcase_add_test(tcase, test_diverged);
    tcase_add_loop_test(tcase, test_rows, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(tcase, test_options, 0, sizeof options / sizeof *options);
    tcase_add_test(tcase, test_interrupted);
    tcase_add_test(tcase, test_help);
    suite_add_tcase(suite, tcase);
    return suite;
}
