/* `tril evaluate` as its users meet it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/demo.h"
#include "io/files.h"

enum { TEXT = 1 << 14, ROWS = 150 };

#define MODEL "tests/reference/model.safetensors"

static char text[TEXT];

static void run(const char *folder, const char *arguments)
{
    demo_must(folder, arguments, text, TEXT);
}

/* what fit says of rows of a file is what evaluate says of that file, whatever the head */
START_TEST(test_same_as_fit)
{
    static const char *const heads[] = { "full",   "diagonal", "precision", "lowrank:1",
                                         "shared", "student",  "mixture:2" };
    static const char *const keys[] = { "nll,diagonal", "nll,full",        "nll,linear",
                                        "nll,model",    "nll_error,model", "rmse,petal_width",
                                        "count," };
    double said[7];
    char folder[DEMO_FOLDER], arguments[256], key[64];
    demo_folder(folder);
    snprintf(arguments, sizeof arguments,
             "fit data/iris.csv --targets petal_length,petal_width --test data/iris.csv --csv "
             "--epochs 30 -o $/m --ensemble %d --head %s",
             _i % 2 + 1, heads[_i]);
    run(folder, arguments);
    for (size_t k = 0; k < 7; k++) {
        snprintf(key, sizeof key, "test,%s", keys[k]);
        said[k] = demo_figure(text, key);
    }
    run(folder, "evaluate $/m data/iris.csv --csv");
    for (size_t k = 0; k < 7; k++) {
        snprintf(key, sizeof key, "all,%s", keys[k]);
        ck_assert_double_eq(demo_figure(text, key), said[k]);
    }
    double sum = 0, last = 0;
    for (int b = 1; b <= 10; b++) {
        snprintf(key, sizeof key, "all,pit_%d,petal_width", b);
        sum += demo_figure(text, key);
    }
    ck_assert_double_eq_tol(sum, 1, 1e-6);
    for (int k = 0; k < 4; k++) {
        snprintf(key, sizeof key, "all,coverage,%g", (double[]){ 0.5, 0.8, 0.9, 0.95 }[k]);
        ck_assert_double_ge(demo_figure(text, key), last);
        last = demo_figure(text, key);
    }
    demo_remove(folder);
}
END_TEST

/* against what NumPy says of the rows, tests/reference/model.csv */
START_TEST(test_calibration)
{
    static const char *const names[] = { "mean_petal_length", "mean_petal_width", "sd_petal_length",
                                         "sd_petal_width", "corr_petal_length_petal_width" };
    double *r[5], within = 0, lowest = 0, sd = 0, spread = 0;
    tril_real y[2 * ROWS];
    size_t n;
    for (size_t k = 0; k < 5; k++)
        r[k] = reference("reference/model.csv", names[k], &n);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = tril_table_read(ctx, "data/iris.csv", NULL);
    tril_table_columns(table, (const char *[]){ "petal_length", "petal_width" }, 2, y);
    for (size_t i = 0; i < ROWS; i++) {
        const double a = ((double)y[2 * i] - r[0][i]) / r[2][i],
                     b = ((double)y[2 * i + 1] - r[1][i]) / r[3][i], rho = r[4][i];
        const double squares = (a * a - 2 * rho * a * b + b * b) / (1 - rho * rho);
        within += squares <= -2 * log(1 - 0.8);
        lowest += a <= -1.2815515655446004;
        sd += r[2][i] / ROWS;
        spread += sqrt(r[2][i] * r[3][i] * sqrt(1 - rho * rho)) / ROWS;
    }
    run("", "evaluate " MODEL " data/iris.csv --csv");
    ck_assert_double_eq_tol(demo_figure(text, "all,coverage,0.8"), within / ROWS, 1e-6);
    ck_assert_double_eq_tol(demo_figure(text, "all,pit_1,petal_length"), lowest / ROWS, 1e-6);
    ck_assert_double_eq_tol(demo_figure(text, "all,sd,petal_length"), sd, 1e-5);
    ck_assert_double_eq_tol(demo_figure(text, "all,spread,"), spread, 1e-5);
    ck_assert(within > 0 && within < ROWS && lowest > 0);
    for (size_t k = 0; k < 5; k++)
        free(r[k]);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* for readers; baselines that a file lacks are left out */
START_TEST(test_table)
{
    run("", "evaluate " MODEL " - < data/iris.csv");
    static const char *const wanted[] = {
        "-: 150 rows\n",
        "\nNLL, nats per row                            all\ndiagonal normal  ",
        "\nlinear mean, one normal  ",
        "\nnetwork  ",
        "\nCRPS of the network                          all\npetal_length  ",
        "\nenergy score, in sd  ",
        "\nregion that should hold         50.0 %     80.0 %     90.0 %     95.0 %\n",
        "\nstandard error where right       4.1 %      3.3 %      2.4 %      1.8 %\n",
        "\nsharpness: mean standard deviation\npetal_length  ",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        ck_assert_msg(strstr(text, wanted[i]), "'%s' lacks '%s'", text, wanted[i]);
    run("", "evaluate tests/reference/model_torch.safetensors data/faithful.csv");
    ck_assert_msg(strstr(text, "\ndiagonal normal ") && !strstr(text, "linear mean"), "%s", text);
}
END_TEST

/* Of 40 rows to calibrate by and a new one, a share is within what should hold it: of these rows
 * themselves ceil(41 share) are. */
START_TEST(test_conformal)
{
    enum { ROWS_OF = 40 };
    static const double shares[] = { 0.5, 0.8, 0.9, 0.95 };
    char folder[DEMO_FOLDER], path[64], name[64];
    growing rows = { 0 };
    tril_real noise[4 * ROWS_OF];
    tril_random random = tril_random_stream(9, 1);
    tril_random_normal(&random, noise, 4 * ROWS_OF);
    text_print(&rows, "u,y,z\n");
    for (int i = 0; i < ROWS_OF; i++)
        text_print(&rows, "%.6f,%.6f,%.6f\n", (double)noise[4 * i],
                   (double)(noise[4 * i] + noise[4 * i + 1]), exp((double)noise[4 * i + 2]));
    text_fill(&rows, 0, 1);
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, rows.bytes);
    free(rows.bytes);
    run(folder, "fit $/d --targets y,z --epochs 3 --conformal $/d --ensemble 2 -o $/m");
    ck_assert_msg(strstr(text, " to validate, 40 to calibrate, "), "%s", text);
    run(folder, "evaluate $/m $/d --csv");
    for (size_t k = 0; k < 4; k++) {
        const double wanted = ceil(shares[k] * (ROWS_OF + 1)) / ROWS_OF;
        snprintf(name, sizeof name, "all,calibrated,%g", shares[k]);
        ck_assert_double_ge(demo_figure(text, name), wanted); /* ranks among draws may be equal */
        for (size_t j = 0; j < 2; j++) {
            snprintf(name, sizeof name, "all,calibrated_%g,%s", shares[k], j ? "z" : "y");
            ck_assert_double_eq_tol(demo_figure(text, name), wanted, 1e-9);
        }
    }
    run(folder, "evaluate $/m $/d");
    ck_assert_msg(strstr(text, "\ncalibrated, it holds       ") &&
                      strstr(text, "\ncalibrated intervals of\ny    "),
                  "%s", text);
    run(folder, "info $/m");
    ck_assert_msg(strstr(text, "\ncalibrated, to hold              50 %       80 %  ") &&
                      strstr(text, "\nregions are of "),
                  "%s", text);
    run(folder, "fit $/d --targets y,z --epochs 3 --conformal .3 -o $/m");
    ck_assert_msg(strstr(text, "warning: 12 rows to calibrate by are too few for regions and "
                               "intervals of 95 %, which are everything: get more rows"),
                  "%s", text);
}
END_TEST

/* the least likely rows, by lines of the file: one that is far off, blank lines before it */
START_TEST(test_worst)
{
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, "sepal_length,sepal_width,species,petal_length,petal_width\n"
                     "5.1,3.5,setosa,1.4,0.2\n\n\n5.1,3.5,setosa,9,0.2\n"
                     "5.1,3.5,setosa,1.5,0.2\n5.1,3.5,setosa,5,0.2\n");
    run(folder, "evaluate " MODEL " $/d --worst 2");
    const char *first = strstr(text, "\nleast likely rows: line             NLL\n5  ");
    ck_assert_msg(first && strstr(first, "\n7  ") && !strstr(first, "\n2  "), "%s", text);
    run(folder, "evaluate " MODEL " $/d --worst 100 --csv");
    const double worst = demo_figure(text, "all,worst_nll,5"),
                 next = demo_figure(text, "all,worst_nll,7");
    ck_assert(worst > next && next > 5 && demo_figure(text, "all,worst_nll,2") < 5);
    const double rest = demo_figure(text, "all,worst_nll,2") + demo_figure(text, "all,worst_nll,6");
    ck_assert_double_eq_tol(demo_figure(text, "all,nll,model"), (worst + next + rest) / 4,
                            1e-6 * worst);
    /* a fit has them for its rows to test, from their own file too, or to validate */
    run(folder, "fit data/iris.csv --targets petal_length,petal_width --epochs 3 --ensemble 1 "
                "--test $/d --worst 1 -o $/m --csv");
    ck_assert_ptr_null(strstr(text, "test,worst_nll,7"));
    const double of_fit = demo_figure(text, "test,worst_nll,5");
    run(folder, "evaluate $/m $/d --worst 1 --csv");
    ck_assert_double_eq_tol(of_fit, demo_figure(text, "all,worst_nll,5"), 1e-6 * fabs(of_fit));
    run(folder, "fit data/iris.csv --targets petal_width --epochs 3 --ensemble 1 --test 0 "
                "--worst 2 -o $/m");
    ck_assert_msg(strstr(text, "\nleast likely validation rows: line"), "%s", text);
    demo_remove(folder);
}
END_TEST

/* rows that are equally likely, being at the bottom of the range, stand as in the file */
START_TEST(test_equally_likely)
{
    char folder[DEMO_FOLDER], path[64], rows[256];
    const char *far = IS_DOUBLE ? "1e300" : "1e37";
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    snprintf(rows, sizeof rows,
             "sepal_length,sepal_width,species,petal_length,petal_width\n5.1,3.5,setosa,%s,0.2\n"
             "5.1,3.5,setosa,1.4,0.2\n5,3,setosa,%s,0.2\n5.1,3.5,setosa,%s,0.2\n",
             far, far, far);
    demo_write(path, rows);
    run(folder, "evaluate " MODEL " $/d --worst 3 --csv");
    const char *at = strstr(text, "\nall,worst_nll,2,");
    ck_assert_msg(at && (at = strstr(at, "\nall,worst_nll,4,")) && strstr(at, ",worst_nll,5,"),
                  "%s", text);
    demo_remove(folder);
}
END_TEST

/* missing targets count as far as they are there */
START_TEST(test_marginal)
{
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, "sepal_length,sepal_width,species,petal_length,petal_width\n"
                     "5.1,3.5,setosa,1.4,0.2\n5.1,3.5,setosa,,0.2\n4,3,setosa,,\n");
    demo_refused(folder, "evaluate " MODEL " $/d", 2,
                 "tril evaluate: $/d: line 3, column petal_length: the cell is empty");
    run(folder, "evaluate " MODEL " $/d --missing drop --csv");
    ck_assert_double_eq(demo_figure(text, "all,count,"), 1);
    run(folder, "evaluate " MODEL " $/d --missing marginal --csv");
    ck_assert_double_eq(demo_figure(text, "all,count,"), 2);
    demo_remove(folder);
}
END_TEST

/* a row of weight 2 is one that stands there twice, one of weight 0 is none */
START_TEST(test_weight)
{
    static const char *const keys[] = { "nll,diagonal",       "nll,linear",       "nll,model",
                                        "nll_error,model",    "rmse,petal_width", "coverage,0.8",
                                        "pit_4,petal_length", "sd,petal_width",   "spread," };
    char folder[DEMO_FOLDER], key[64];
    double said[9];
    setenv("d", (demo_folder(folder), folder), 1);
    ck_assert_int_eq(demo_shell("awk -F, -v OFS=, '{ print $0, NR == 1 ? \"n\" : NR % 3 }' "
                                "data/iris.csv > $d/once && awk -F, -v OFS=, "
                                "'{ for (k = NR == 1 ? 1 : NR % 3; k > 0; k--) print $0 }' "
                                "data/iris.csv > $d/often"),
                     0);
    run(folder, "fit $/once --targets petal_length,petal_width --weight n --validation $/once "
                "--test $/once --head full --epochs 5 --ensemble 1 -o $/m --csv");
    for (size_t k = 0; k < 5; k++) {
        snprintf(key, sizeof key, "test,%s", keys[k]);
        said[k] = demo_figure(text, key);
    }
    run(folder, "evaluate $/m $/once --csv");
    for (size_t k = 0; k < 9; k++) {
        snprintf(key, sizeof key, "all,%s", keys[k]);
        ck_assert(k >= 5 || said[k] == demo_figure(text, key));
        said[k] = demo_figure(text, key);
    }
    run(folder, "evaluate $/m $/often --weight '' --csv");
    for (size_t k = 0; k < 9; k++) {
        snprintf(key, sizeof key, "all,%s", keys[k]);
        ck_assert_double_eq_tol(demo_figure(text, key), said[k], 1e-5);
    }
    run(folder, "evaluate $/m $/once");
    ck_assert_msg(strstr(text, ": 100 rows, which count as 150\n"), "%s", text);
    run(folder, "info $/m");
    ck_assert_msg(strstr(text, "weight") && !strstr(text, " n,"), "%s", text);
    demo_refused(folder, "evaluate $/m $/often", 2, "$/often: line 1: there is no column named n");
    demo_refused(folder, "fit $/once --targets petal_length --weight species -o $/m2", 2, "$/once");
    demo_remove(folder);
}
END_TEST

static const struct {
    const char *arguments, *sentence;
} wrong[] = {
    { "evaluate", "tril evaluate: want a model and a CSV file, or - for standard input" },
    { "evaluate " MODEL, "want a model and a CSV file" },
    { "evaluate --nonsense", "tril evaluate: there is no option --nonsense" },
    { "evaluate " MODEL " data/iris.csv --worst 0",
      "tril evaluate: --worst wants a whole number from 1 " },
    { "evaluate " MODEL " data/iris.csv --missing x",
      "tril evaluate: --missing wants error, drop" },
    { "evaluate $/none data/iris.csv", "tril evaluate: $/none: cannot be opened" },
    { "evaluate data/iris.csv data/iris.csv", "tril evaluate: data/iris.csv: " },
    { "evaluate " MODEL " $/none", "tril evaluate: $/none: cannot be opened" },
    { "evaluate " MODEL " $/d", "$/d: line 1: there is no column named petal_length" },
};

START_TEST(test_wrong)
{
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, "sepal_length,sepal_width,species\n1,2,setosa\n");
    demo_refused(folder, wrong[_i].arguments, 2, wrong[_i].sentence);
    demo_remove(folder);
}
END_TEST

START_TEST(test_help)
{
    run("", "evaluate --help");
    ck_assert_msg(strstr(text, "--csv "), "%s", text);
    ck_assert_int_eq(demo_tril("", "evaluate " MODEL " data/iris.csv > /dev/full", text, TEXT), 1);
}
END_TEST

Suite *suite_cmd_evaluate(void)
{
    Suite *suite = suite_create("cmd/evaluate");
    TCase *tcase = tcase_create("evaluate");
    tcase_set_tags(tcase, "program trains");
    tcase_add_loop_test(tcase, test_same_as_fit, 0, 7);
    tcase_add_test(tcase, test_calibration);
    tcase_add_test(tcase, test_table);
    tcase_add_test(tcase, test_conformal);
    tcase_add_test(tcase, test_worst);
    tcase_add_test(tcase, test_equally_likely);
    tcase_add_test(tcase, test_marginal);
    tcase_add_test(tcase, test_weight);
    tcase_add_loop_test(tcase, test_wrong, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tcase, test_help);
    suite_add_tcase(suite, tcase);
    return suite;
}
