/* Targets of classes as users of the command meet them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "demos/demo.h"

enum { ROOM = 1 << 16 };

static char folder[DEMO_FOLDER], text[ROOM];

/* columns x, kind (words, the second of which stands in quotes), digit (numbers), count */
static void set_up(void)
{
    static char csv[ROOM];
    static const char *const words[] = { "red", "\"blue, dark\"", "", "green" };
    int n = snprintf(csv, sizeof csv, "x,kind,digit,count\n");
    for (size_t i = 0; i < 96; i++)
        n += snprintf(csv + n, sizeof csv - (size_t)n, "%zu,%s,%zu,%zu\n", i % 12,
                      words[i == 50      ? 2
                            : i % 12 < 4 ? 0
                            : i % 12 < 8 ? 1
                                         : 3],
                      (i + i / 12) % 12 < 6 ? 1 + i / 90 : (size_t)7, i % 5);
    demo_folder(folder);
    char path[64];
    snprintf(path, sizeof path, "%s/d.csv", folder);
    demo_write(path, csv);
}

static void tear_down(void)
{
    demo_remove(folder);
}

static void run(const char *arguments)
{
    demo_must(folder, arguments, text, sizeof text);
}

static void has(const char *part)
{
    ck_assert_msg(strstr(text, part), "'%s' lacks '%s'", text, part);
}

static void fit(const char *options)
{
    char line[256];
    snprintf(line, sizeof line,
             "fit $/d.csv -o $/m --inputs x --hidden 8 --epochs 100 --lr 0.03 --ensemble 2 %s",
             options);
    run(line);
}

/* words are classes by themselves; a row without one does not count */
START_TEST(test_words)
{
    fit(_i ? "--targets kind:class" : "--targets kind");
    has("\none categorical ");
    has("The NLL is that of the classes' probabilities.");
    has("\naccuracy of the likeliest ");
    ck_assert(!strstr(text, "RMSE") && !strstr(text, "CRPS"));
    run("info $/m");
    has("target, of classes\nkind: blue, dark, green, red\n");
    run("evaluate $/m $/d.csv");
    has("mean probability\nblue, dark ");
    run("evaluate $/m $/d.csv --csv");
    ck_assert_double_eq(demo_figure(text, "all,count,"), 95);
    ck_close(demo_figure(text, "all,nll,start"), log(3), 0.01, 0);
    ck_assert_double_lt(demo_figure(text, "all,nll,model"), 0.6);
    ck_assert_double_gt(demo_figure(text, "all,accuracy,kind"), 0.9);
    ck_assert_double_lt(demo_figure(text, "all,brier,kind"), 0.4);
    ck_close(demo_figure(text, "all,share,green"), 32. / 95, 1e-5, 0);
    ck_close(demo_figure(text, "all,probability,green"), 1. / 3, 0.3, 0);
    ck_assert(!strstr(text, "rmse") && !strstr(text, "pit") && !strstr(text, "energy"));
}
END_TEST

/* probabilities by label, the likeliest label, events, draws */
START_TEST(test_predict)
{
    double p[3], log_prob, event, either;
    char label[16];
    fit("--targets kind");
    run("predict $/m $/d.csv --probability 'kind = red' --probability 'kind=blue, dark'");
    has("\"p_blue, dark\",p_green,p_red,kind,log_prob,kind = red,\"kind=blue, dark\"\n");
    ck_assert_int_eq(sscanf(strchr(text, '\n'), " %lf,%lf,%lf,%15[a-z],%lf,%lf,%lf", &p[0], &p[1],
                            &p[2], label, &log_prob, &event, &either),
                     7);
    ck_assert_str_eq(label, "red");
    ck_close(p[0] + p[1] + p[2], 1, 1e-5, 0);
    ck_assert(p[2] > p[0] && p[2] > p[1] && event == p[2] && either == p[0]);
    ck_close(exp(log_prob), p[2], 1e-4, 0);
    run("predict $/m $/d.csv --sample 40");
    has("row,draw,kind\n0,0,");
    has(",red\n");
    has(",\"blue, dark\"\n");
    /* rows without the target, or with one that is missing */
    char path[64];
    snprintf(path, sizeof path, "%s/new.csv", folder);
    demo_write(path, "x,kind\n1,\n11,green\n");
    run("predict $/m $/new.csv");
    has(",red,\n");
    has(",green,-0.");
    demo_write(path, "x\n1\n11\n");
    run("predict $/m $/new.csv");
    has("p_red,kind\n");
}
END_TEST

/* numbers are classes if it is said, and a model has two of them */
START_TEST(test_numbers)
{
    fit("--targets digit:class --weight count");
    run("info $/m");
    has("digit: 1, 2, 7\n");
    run("predict $/m $/d.csv --probability 'digit=7'");
    has("p_1,p_2,p_7,digit,log_prob,digit=7\n");
    run("search $/d.csv -o $/s --targets digit:class --inputs x --hidden 4/8 --activation tanh "
        "--weight-decay 0 --input-noise 0 --target-noise 0 --epochs 4 --ensemble 1");
    run("info $/s");
    has("categorical head");
}
END_TEST

/* other words are heads too */
START_TEST(test_kinds)
{
    static const char *const kinds[][2] = { { "count:count", "negative-binomial head" },
                                            { "digit:positive", "gamma head" },
                                            { "count:count --head poisson", "poisson head" } };
    char line[128];
    snprintf(line, sizeof line, "--targets %s", kinds[_i][0]);
    fit(line);
    run("info $/m");
    has(kinds[_i][1]);
}
END_TEST

static const struct {
    int status;
    const char *line, *sentence;
} refused[] = {
    { 1, "export $/m -o $/m.c", "export to C is for heads of normals and Student's t" },
    { 1, "plot $/m $/d.csv -o $/p.png", "a picture is of targets that are numbers, and kind is" },
    { 1, "predict $/m $/d.csv --components", "--components is for heads of normals" },
    { 2, "predict $/m $/d.csv --impute", "--impute is for heads of normals" },
    { 2, "predict $/m $/d.csv --given kind", "--given is for heads of normals" },
    { 2, "predict $/m $/d.csv --quantiles 0.5", "classes have no quantiles" },
    { 2, "predict $/m $/d.csv --probability 'kind>1'",
      "'kind>1' is no condition: want a target (kind), then =, then one of its 3 labels" },
    { 2, "predict $/m $/d.csv --probability kind=pink", "'kind=pink' is no condition" },
    { 2, "predict $/m $/d.csv --probability 'kind=red & kind=green'", "no row is of two classes" },
    { 2, "evaluate $/m $/strange.csv", "line 2, column kind: 'pink' is none of the 3 labels" },
    { 2, "fit $/d.csv --targets kind,x -o $/q",
      "--targets kind,x: kind has words, and classes have a model of their own: fit kind by "
      "itself" },
    { 2, "fit $/d.csv --targets kind:class,count:count -o $/q",
      "the targets of a model are of one kind: fit the others by themselves, with the first ones" },
    { 2, "fit $/d.csv --targets kind:class,digit:class -o $/q", "a model has one target of class" },
    { 2, "fit $/d.csv --targets digit:class --head full -o $/q",
      "--head full is not for the targets of --targets digit:class; categorical is" },
    { 2, "fit $/d.csv --targets kind --conformal 0.2 -o $/q",
      "--conformal is for targets that are numbers, and kind is one of classes" },
    { 2, "fit $/d.csv --targets kind --transform log -o $/q",
      "the head categorical takes targets in their own units, without transforms" },
    { 2, "fit $/d.csv --targets x:class --head categorical,full -o $/q",
      "the heads categorical and full are for different kinds of targets" },
    { 2, "fit $/strange.csv --targets kind --validation 0 --test 0 -o $/q",
      "column kind has 1 different labels in 1 rows, too many to learn: they are no classes" },
    { 2, "fit $/one.csv --targets kind --validation 0 --test 0 -o $/q",
      "column kind has one label, and there is nothing to learn" },
    { 2, "search $/d.csv --targets digit --head full/categorical -o $/q",
      "the NLL of counts and classes is that of probabilities" },
};

START_TEST(test_refused)
{
    char path[64];
    if (strstr(refused[_i].line, "$/m "))
        fit("--targets kind");
    snprintf(path, sizeof path, "%s/strange.csv", folder);
    demo_write(path, "x,kind\n1,pink\n");
    snprintf(path, sizeof path, "%s/one.csv", folder);
    demo_write(path, "x,kind\n1,a\n2,a\n3,a\n");
    demo_refused(folder, refused[_i].line, refused[_i].status, refused[_i].sentence);
}
END_TEST

Suite *suite_cmd_classes(void)
{
    Suite *suite = suite_create("cmd/classes");
    TCase *tcase = tcase_create("classes");
    tcase_set_tags(tcase, "program");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_words, 0, 2);
    tcase_add_test(tcase, test_predict);
    tcase_add_test(tcase, test_numbers);
    tcase_add_loop_test(tcase, test_kinds, 0, 3);
    tcase_add_loop_test(tcase, test_refused, 0, sizeof refused / sizeof *refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
