/* `tril predict` as its users meet it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "demos/demo.h"

enum { ROOM = 1 << 18, ROWS = 1000 };

#define MODEL "tests/reference/model.safetensors"

/* column `name` of CSV text, as it stands in a file of the folder; missing cells are NaN */
static size_t column(const char *folder, const char *name, double *out)
{
    char path[128];
    tril_real values[ROWS];
    snprintf(path, sizeof path, "%s/out", folder);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = tril_table_read(ctx, path, NULL);
    size_t n = tril_table_rows(table);
    ck_assert_uint_le(n, ROWS);
    ck_assert_msg(tril_table_columns_missing(table, &name, 1, values), "%s", tril_ctx_message(ctx));
    for (size_t i = 0; i < n; i++)
        out[i] = (double)values[i];
    tril_table_free(table);
    tril_ctx_free(ctx);
    return n;
}

static void run(const char *folder, const char *arguments)
{
    static char text[ROOM];
    demo_must(folder, arguments, text, sizeof text);
}

/* tests/reference/model.py: a model of tril's read by NumPy, and one of PyTorch's read by tril */
static const struct {
    const char *arguments, *reference;
    const char *columns[9];
} references[] = {
    { "predict " MODEL " data/iris.csv -o $/out",
      "reference/model.csv",
      { "mean_petal_length", "mean_petal_width", "sd_petal_length", "sd_petal_width",
        "corr_petal_length_petal_width", "q0.05_petal_length", "q0.05_petal_width", "log_prob" } },
    { "predict tests/reference/model_torch.safetensors data/faithful.csv -o $/out",
      "reference/model_torch.csv",
      { "mean_waiting", "sd_waiting", "q0.05_waiting", "log_prob" } },
};

START_TEST(test_reference)
{
    char folder[DEMO_FOLDER];
    static double got[ROWS];
    demo_folder(folder);
    run(folder, references[_i].arguments);
    for (size_t k = 0; references[_i].columns[k]; k++) {
        size_t n, m = column(folder, references[_i].columns[k], got);
        double *wanted = reference(references[_i].reference, references[_i].columns[k], &n);
        ck_assert_uint_eq(n, m);
        for (size_t i = 0; i < n; i++)
            ck_close(got[i], wanted[i], 1e-5, 1);
        free(wanted);
    }
    demo_remove(folder);
}
END_TEST

/* in a pipe, and without the targets */
START_TEST(test_pipe)
{
    static char one[ROOM], other[ROOM];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    ck_assert_int_eq(demo_tril(folder, "predict " MODEL " data/iris.csv", one, ROOM), 0);
    ck_assert_int_eq(demo_tril(folder, "predict " MODEL " - < data/iris.csv", other, ROOM), 0);
    ck_assert_str_eq(one, other);
    ck_assert_int_eq(demo_tril(folder,
                               "predict " MODEL " --quantiles 0.1 - <<'.'\nsepal_width,species,"
                               "sepal_length\n3.5,setosa,5.1\n.\n",
                               other, ROOM),
                     0);
    ck_assert_msg(strncmp(other,
                          "mean_petal_length,mean_petal_width,sd_petal_length,sd_petal_width,"
                          "corr_petal_length_petal_width,q0.1_petal_length,q0.1_petal_width\n",
                          130) == 0,
                  "%s", other);
    /* the first row of iris */
    ck_assert_double_eq_tol(atof(strchr(other, '\n') + 1), atof(strchr(one, '\n') + 1), 1e-6);
    demo_remove(folder);
}
END_TEST

/* a line for each row, whatever is missing there */
START_TEST(test_missing)
{
    static const char rows[] = "sepal_length,sepal_width,species,petal_length,petal_width\n"
                               "5.1,3.5,setosa,1.4,0.2\n,3.5,setosa,1.4,0.2\n5.1,3.5,,1.4,0.2\n"
                               "5.1,3.5,setosa,,0.2\n5.1,3.5,setosa,,\n";
    char folder[DEMO_FOLDER], path[64];
    double mean[5], log_prob[5], sd[5];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, rows);
    demo_refused(folder, "predict " MODEL " $/d -o $/out", 2,
                 "tril predict: $/d: line 3, column sepal_length: the cell is empty");
    run(folder, "predict " MODEL " $/d --missing drop -o $/out");
    ck_assert_uint_eq(column(folder, "mean_petal_width", mean), 5);
    column(folder, "log_prob", log_prob);
    ck_assert(isnan(mean[1]) && isnan(mean[2]) && isnan(log_prob[1]) && isnan(log_prob[2]));
    ck_assert(mean[0] == mean[3] && mean[0] == mean[4] && !isnan(log_prob[3]));
    ck_assert(isnan(log_prob[4]));
    /* one target alone: its own normal */
    column(folder, "sd_petal_width", sd);
    const double z = (0.2 - mean[3]) / sd[3];
    ck_assert_double_eq_tol(log_prob[3], -0.5 * z * z - log(sd[3] * sqrt(2 * acos(-1.))), 1e-5);
    run(folder, "predict " MODEL " $/d --missing mean -o $/out");
    column(folder, "mean_petal_width", mean);
    column(folder, "log_prob", log_prob);
    ck_assert(mean[0] == mean[3] && mean[1] != mean[0] && !isnan(mean[2]) && !isnan(log_prob[1]));
    demo_remove(folder);
}
END_TEST

/* draws have the mean and the quantiles that predict says; of an ensemble, of a mixture */
START_TEST(test_sample)
{
    static const struct {
        const char *column;
        double level;
    } quantiles[] = { { "q0.05_petal_width", 0.05 },
                      { "q0.5_petal_width", 0.5 },
                      { "q0.95_petal_width", 0.95 } };
    static const char *const heads[] = { "", "--ensemble 3", "--head mixture:2", "--head student" };
    enum { DRAWS = 900 };
    static double x[ROWS], mean[ROWS], sd[ROWS], draw[ROWS], at[3][ROWS];
    char folder[DEMO_FOLDER], arguments[256];
    demo_folder(folder);
    snprintf(arguments, sizeof arguments,
             "fit data/iris.csv --targets petal_length,petal_width --epochs 40 -o $/m %s",
             heads[_i]);
    run(folder, arguments);
    run(folder, "predict $/m data/iris.csv -o $/out");
    column(folder, "mean_petal_width", mean);
    column(folder, "sd_petal_width", sd);
    for (size_t k = 0; k < 3; k++)
        column(folder, quantiles[k].column, at[k]);
    run(folder, "predict $/m - --sample 900 -o $/out <<'.'\nsepal_length,sepal_width,species\n"
                "5.1,3.5,setosa\n.\n");
    ck_assert_uint_eq(column(folder, "petal_width", x), DRAWS);
    column(folder, "draw", draw);
    double sum = 0, below[3] = { 0 };
    for (size_t i = 0; i < DRAWS; i++) {
        ck_assert_double_eq(draw[i], (double)i);
        sum += x[i] / DRAWS;
        for (size_t k = 0; k < 3; k++)
            below[k] += (x[i] < at[k][0]) / (double)DRAWS;
    }
    ck_assert_double_lt(fabs(sum - mean[0]), 4 * sd[0] / sqrt(DRAWS));
    for (size_t k = 0; k < 3; k++) {
        const double level = quantiles[k].level;
        ck_assert_double_lt(fabs(below[k] - level), 4 * sqrt(level * (1 - level) / DRAWS));
    }
    demo_remove(folder);
}
END_TEST

/* An extreme input is bounded; a row with a target beyond the range of numbers is left empty and
 * loses nothing for the others; strictly it is an error. */
START_TEST(test_extreme)
{
    static char text[ROOM];
    static double mean[ROWS], alone[ROWS];
    const char *huge = IS_DOUBLE ? "1e308" : "1e38";
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, "u,y\n0,0\n1,2e-4\n2,4e-4\n3,3e-4\n4,1e-4\n5,5e-4\n");
    run(folder, "fit $/d --targets y --validation 0 --test 0 --epochs 2 -o $/m");
    snprintf(path, sizeof path, "%s/e", folder);
    snprintf(text, sizeof text, "u,y\n1,1e-4\n2,%s\n3,1e-4\n%s,1e-4\n", huge, huge);
    demo_write(path, text);
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/e -o $/out", text, ROOM), 0);
    ck_assert_msg(strstr(text,
                         "/e: 1 row has numbers that the model does not take and is left empty; "
                         "--strict makes that an error\n"),
                  "%s", text);
    ck_assert_uint_eq(column(folder, "mean_y", mean), 4);
    ck_assert(isfinite(mean[0]) && isnan(mean[1]) && isfinite(mean[2]) && isfinite(mean[3]));
    run(folder, "predict $/m $/d -o $/out");
    column(folder, "mean_y", alone);
    ck_assert_double_eq_tol(mean[0], alone[1], 1e-9);
    ck_assert_double_eq_tol(mean[2], alone[3], 1e-9);
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/e --sample 2 -o $/out", text, ROOM), 0);
    ck_assert_msg(strstr(text, "and is left out;"), "%s", text);
    ck_assert_uint_eq(column(folder, "row", mean), 6);
    ck_assert(mean[1] == 0 && mean[2] == 2);
    demo_refused(folder, "predict $/m $/e --strict", 2, "$/e: line 3, column y: 1e+");
    demo_refused(folder, "predict $/m $/e --strict --sample 1", 2, "$/e: line 3, column y: 1e+");
    if (!IS_DOUBLE) { /* beyond the type */
        demo_write(path, "u\n1\n1e39\n");
        run(folder, "predict $/m $/e -o $/out");
        ck_assert_uint_eq(column(folder, "mean_y", mean), 2);
        ck_assert(isfinite(mean[0]) && isfinite(mean[1]));
    }
    snprintf(text, sizeof text, "u,y\n1,%s\n", huge); /* nothing is left */
    demo_write(path, text);
    demo_refused(folder, "predict $/m $/e", 2, "$/e: line 2, column y: 1e+");
    demo_remove(folder);
}
END_TEST

/* A model of another program may bound no inputs: a row by which its network leaves the range of
 * numbers is left empty too, and so is one whose scaled numbers do. */
START_TEST(test_unbounded)
{
    static char text[ROOM];
    static double mean[ROWS], alone[ROWS];
    static const char *const targets[] = { ",6", "" };
    const char *huge = IS_DOUBLE ? "1.7e308" : "3e38", *left = "are left empty; --strict makes";
    char folder[DEMO_FOLDER], path[64], other[64];
    demo_folder(folder);
    run(folder, "fit data/iris.csv --targets sepal_length --inputs petal_length,sepal_width "
                "--activation relu --head diagonal --epochs 2 -o $/m");
    snprintf(path, sizeof path, "%s/m", folder);
    snprintf(other, sizeof other, "%s/n", folder);
    demo_alter(path, other, "inputs.bounds", (tril_shape){ 0 });
    snprintf(path, sizeof path, "%s/d", folder);
    for (int k = 0; k < 2; k++) {
        const char *y = targets[k];
        snprintf(text, sizeof text,
                 "petal_length,sepal_width%s\n1.4,3.5%s\n%s,3.5%s\n1.4,%s%s\n1.3,3%s\n",
                 k ? "" : ",sepal_length", y, huge, y, huge, y, y);
        demo_write(path, text);
        ck_assert_int_eq(demo_tril(folder, "predict $/n $/d -o $/out", text, ROOM), 0);
        ck_assert_msg(strstr(text, "/d: 2 rows have numbers") && strstr(text, left), "%s", text);
        ck_assert_uint_eq(column(folder, "mean_sepal_length", mean), 4);
        ck_assert(isfinite(mean[0]) && isnan(mean[1]) && isnan(mean[2]) && isfinite(mean[3]));
        run(folder, "predict $/m $/d -o $/out");
        column(folder, "mean_sepal_length", alone);
        ck_assert(isfinite(alone[1]) && isfinite(alone[2]));
        ck_assert_double_eq_tol(alone[0], mean[0], 1e-4);
    }
    demo_refused(folder, "predict $/n $/d --strict", 2, "$/d: line 4, column sepal_width: ");
    /* the network alone: nothing is left, or all rows must be */
    snprintf(text, sizeof text, "petal_length,sepal_width,sepal_length\n%s,3.5,6\n", huge);
    demo_write(path, text);
    demo_refused(folder, "predict $/n $/d", 1, "row 0: its numbers are so large that the network");
    demo_refused(folder, "predict $/n $/d --strict", 1,
                 "row 0: its numbers are so large that the network");
    demo_refused(folder, "evaluate $/n $/d", 1, "row 0: its numbers are so large");
    demo_refused(folder, "plot $/n $/d -o $/p.png", 1, "row 0: its numbers are so large");
    demo_remove(folder);
}
END_TEST

/* targets that are multiples of one another but for rounding */
START_TEST(test_correlated)
{
    static char rows[ROOM];
    static double r[3][ROWS];
    char folder[DEMO_FOLDER], path[64];
    size_t n = (size_t)snprintf(rows, ROOM, "u,a,b,c\n");
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(rows + n, ROOM - n, "%d,%.9g,%.9g,%.9g\n", i % 7, sin(i),
                              2 * sin(i) + 1e-7 * cos(3 * i), -3 * sin(i) + 1e-6 * cos(5 * i));
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, rows);
    run(folder, "fit $/d --targets a,b,c --epochs 1 --lr 1e-9 --head student -o $/m");
    run(folder, "predict $/m $/d -o $/out");
    n = column(folder, "corr_a_b", r[0]);
    column(folder, "corr_a_c", r[1]);
    column(folder, "corr_b_c", r[2]);
    ck_assert_uint_eq(n, 100);
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < 3; k++)
            ck_assert(fabs(r[k][i]) <= 1);
        ck_assert(r[0][i] > 0.999 && r[1][i] < -0.999 && r[2][i] < -0.999);
    }
    demo_remove(folder);
}
END_TEST

/* in the targets' units, of one and of two; given one of them; of a row that is left out nothing */
START_TEST(test_probability)
{
    static const char one[] = "--prob 'petal_length>4&petal_length<=5' --prob 'petal_length>=4' "
                              "--prob 'petal_length > 5'",
                      two[] = "--prob 'petal_length<5 & petal_width<1' "
                              "--prob 'petal_length<5 & petal_width>1'";
    static const char *const names[] = { "mean_petal_length",
                                         "sd_petal_length",
                                         "petal_length>4&petal_length<=5",
                                         "petal_length>=4",
                                         "petal_length > 5",
                                         "petal_length<5 & petal_width<1",
                                         "petal_length<5 & petal_width>1" };
    static double x[7][ROWS];
    const size_t n = _i ? 5 : 7;
    char folder[DEMO_FOLDER], arguments[512];
    demo_folder(folder);
    snprintf(arguments, sizeof arguments, "predict " MODEL " data/iris.csv -o $/out %s %s", one,
             _i ? "--given petal_width" : two);
    run(folder, arguments);
    for (size_t k = 0; k < n; k++)
        ck_assert_uint_eq(column(folder, names[k], x[k]), 150);
    for (size_t i = 0; i < 150; i++) {
        ck_close(x[4][i], 0.5 * erfc((5 - x[0][i]) / x[1][i] * sqrt(0.5)), 1e-5, 1);
        ck_close(x[2][i], x[3][i] - x[4][i], 1e-6, 1);
        if (!_i)
            ck_close(x[5][i] + x[6][i], 1 - x[4][i], 1e-6, 1);
    }
    snprintf(arguments, sizeof arguments,
             "predict " MODEL " - -o $/out --missing drop %s <<'.'\n"
             "sepal_length,sepal_width,species\n,3,setosa\n5.1,3.5,setosa\n.\n",
             _i ? one : two);
    run(folder, arguments);
    for (size_t k = _i ? 2 : 5; k < n; k++) {
        ck_assert_uint_eq(column(folder, names[k], x[k]), 2);
        ck_assert(isnan(x[k][0]) && x[k][1] >= 0);
    }
    demo_remove(folder);
}
END_TEST

/* of three targets by draws; a target's name may hold what stands between conditions */
START_TEST(test_probability_drawn)
{
    static double x[3][ROWS];
    static const char *const names[] = { "a & b>1&c<9&c d>=-9", "a & b>1&c<9&c d>=-9_se",
                                         "a & b>1&c<9" };
    static char rows[ROOM];
    char folder[DEMO_FOLDER], path[64];
    size_t n = (size_t)snprintf(rows, ROOM, "u,a & b,c,c d\n");
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(rows + n, ROOM - n, "%d,%.9g,%.9g,%.9g\n", i % 7, 1 + sin(i),
                              sin(2 * i), cos(i * i));
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, rows);
    run(folder, "fit $/d --targets 'a & b,c,c d' --epochs 2 --ensemble 2 -o $/m");
    run(folder, "predict $/m $/d -o $/out --probability 'a & b>1&c<9&c d>=-9' --probability "
                "'a & b>1&c<9'");
    for (size_t k = 0; k < 3; k++)
        ck_assert_uint_eq(column(folder, names[k], x[k]), 100);
    for (size_t i = 0; i < 100; i++) {
        ck_assert(x[1][i] > 0 && x[1][i] < 0.0051);
        ck_assert(fabs(x[0][i] - x[2][i]) < 5 * x[1][i]);
    }
    demo_remove(folder);
}
END_TEST

/* the parameters: of an ensemble a line for each member, of which one has degrees of freedom */
START_TEST(test_components)
{
    static double x[9][ROWS], mean[ROWS];
    static const char *const names[] = { "row",
                                         "component",
                                         "weight",
                                         "df",
                                         "loc_petal_length",
                                         "loc_petal_width",
                                         "scale_tril_petal_length_petal_length",
                                         "scale_tril_petal_width_petal_length",
                                         "scale_tril_petal_width_petal_width" };
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    run(folder, "fit data/iris.csv --targets petal_length,petal_width --epochs 5 --ensemble 2 "
                "--head student,mixture:2 -o $/m");
    run(folder, "predict $/m data/iris.csv -o $/out");
    column(folder, "mean_petal_width", mean);
    run(folder, "predict $/m data/iris.csv --components -o $/out");
    for (size_t k = 0; k < 9; k++)
        ck_assert_uint_eq(column(folder, names[k], x[k]), 450);
    for (size_t i = 0; i < 450; i += 3) {
        double sum = 0, own = 0;
        for (size_t k = i; k < i + 3; k++) {
            ck_assert(x[0][k] == (double)(i / 3) && x[1][k] == (double)(k - i));
            ck_assert((k == i) == !isnan(x[3][k]) && x[6][k] > 0 && x[8][k] > 0);
            sum += x[2][k];
            own += x[2][k] * x[5][k];
        }
        ck_close(sum, 1, 1e-6, 1);
        ck_close(own, mean[i / 3], 1e-5, 1);
    }
    demo_remove(folder);
}
END_TEST

START_TEST(test_seeds)
{
    static char text[3][ROOM];
    static const char *const seeds[] = { "", "--seed 1", "--seed 2" };
    char arguments[256];
    for (int i = 0; i < 3; i++) {
        snprintf(arguments, sizeof arguments, "predict " MODEL " data/iris.csv --sample 2 %s",
                 seeds[i]);
        ck_assert_int_eq(demo_tril("", arguments, text[i], ROOM), 0);
    }
    ck_assert_str_eq(text[0], text[1]);
    ck_assert_str_ne(text[0], text[2]);
}
END_TEST

/* one draw a row is by all members too: of rows far out, where members differ */
START_TEST(test_members)
{
    static char rows[ROOM];
    static double x[ROWS], mean[ROWS], sd[ROWS];
    char folder[DEMO_FOLDER], path[64];
    double sum = 0;
    size_t n = (size_t)snprintf(rows, ROOM, "sepal_length,sepal_width,species\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)snprintf(rows + n, ROOM - n, "20,1,setosa\n");
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, rows);
    run(folder, "fit data/iris.csv --targets petal_width,petal_length --ensemble 2 --epochs 20 "
                "-o $/m");
    run(folder, "predict $/m $/d -o $/out");
    column(folder, "mean_petal_width", mean);
    column(folder, "sd_petal_width", sd);
    run(folder, "predict $/m $/d --sample 1 -o $/out");
    column(folder, "petal_width", x);
    for (int i = 0; i < ROWS; i++)
        sum += x[i] / ROWS;
    ck_assert_double_lt(fabs(sum - mean[0]), 4 * sd[0] / sqrt(ROWS));
    demo_remove(folder);
}
END_TEST

/* names that a CSV file must quote; no quantiles */
START_TEST(test_names)
{
    static char text[ROOM];
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, "\"a \"\"b\"\"\",\"y,\"\"z\"\"\"\n1,2\n2,1\n3,5\n2,4\n1,3\n5,1\n");
    run(folder, "fit $/d --targets 'a \"b\"' --validation 0 --test 0 --epochs 1 -o $/m");
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/d --quantiles ''", text, ROOM), 0);
    static const char header[] = "\"mean_a \"\"b\"\"\",\"sd_a \"\"b\"\"\",log_prob\n";
    ck_assert_msg(strncmp(text, header, strlen(header)) == 0, "%s", text);
    demo_remove(folder);
}
END_TEST

/* a name is not cut, however long, nor a level; "-" is standard output */
START_TEST(test_long_names)
{
    static char text[ROOM], name[301], wanted[1024];
    char folder[DEMO_FOLDER], path[128];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    memset(name, 'n', 300);
    snprintf(wanted, sizeof wanted, "%s,y,x\n1,2,1\n2,1,4\n3,5,3\n2,4,9\n1,3,2\n5,1,0\n", name);
    demo_write(path, wanted);
    run(folder, "fit $/d --targets `head -1 $/d | cut -d , -f 1,2` --validation 0 --test 0 "
                "--epochs 1 -o $/m");
    const char *level = "0.5000000000000000000000000000000000001";
    snprintf(path, sizeof path, "predict $/m $/d -o - --quantiles %s", level);
    ck_assert_int_eq(demo_tril(folder, path, text, ROOM), 0);
    snprintf(wanted, sizeof wanted, ",corr_%s_y,q%s_%s,q%s_y,log_prob\n", name, level, name, level);
    ck_assert_msg(strstr(text, wanted), "%s", text);
    demo_remove(folder);
}
END_TEST

static const struct {
    const char *arguments, *sentence;
    int status;
} wrong[] = {
    { "predict", "want a model and a CSV file, or - for standard input", 2 },
    { "predict " MODEL, "want a model and a CSV file, or - for standard input", 2 },
    { "predict " MODEL " data/iris.csv data/iris.csv", "want a model and a CSV file", 2 },
    { "predict --nonsense", "tril predict: there is no option --nonsense", 2 },
    { "predict " MODEL " data/iris.csv --given x",
      "tril predict: --given wants targets of the model, and x is none", 2 },
    { "predict " MODEL " data/iris.csv --given petal_width,petal_length",
      "tril predict: --given names all targets and leaves none to predict", 2 },
    { "predict " MODEL " data/iris.csv --given petal_width --sample 2",
      "tril predict: --given, --impute, --components and --sample are four answers: say one", 2 },
    { "predict " MODEL " data/iris.csv --probability 'petal_width>1 & x<2 & petal_width<3'",
      "tril predict: --probability: 'x<2 ' is no condition: want a target (petal_length, "
      "petal_width), then >, >=, < or <=, then a number",
      2 },
    { "predict " MODEL " data/iris.csv --probability ''", "--probability: '' is no condition", 2 },
    { "predict " MODEL " data/iris.csv --probability 'petal_width>x'",
      "--probability: 'petal_width>x' is no condition: want a target", 2 },
    { "predict " MODEL " data/iris.csv --probability 'petal_width>1 2'",
      "--probability: 'petal_width>1 2' is no condition", 2 },
    { "predict " MODEL " data/iris.csv --probability 'petal_width<nan'",
      "--probability: 'petal_width<nan' is no condition", 2 },
    { "predict " MODEL " data/iris.csv --probability 'petal_width > 1 &'",
      "--probability: '' is no condition", 2 },
    { "predict " MODEL " data/iris.csv --probability 'petal_width>3 & petal_width <= 3'",
      "tril predict: --probability 'petal_width>3 & petal_width <= 3': no petal_width is above 3 "
      "and below 3",
      2 },
    { "predict " MODEL " data/iris.csv --probability 'petal_width>3' --sample 2",
      "tril predict: --probability has no place beside --sample", 2 },
    { "predict " MODEL " data/iris.csv --probability 'petal_width>3' --given petal_width",
      "tril predict: --probability 'petal_width>3': petal_width is known, says --given", 2 },
    { "predict " MODEL " data/iris.csv --probability 'petal_width>3' --components",
      "tril predict: --probability has no place beside --components", 2 },
    { "predict " MODEL " data/iris.csv --components -o /dev/full",
      "/dev/full: cannot be written: No space left", 1 },
    { "predict " MODEL " data/iris.csv --probability 'petal_width>3' --impute",
      "tril predict: --probability has no place beside --impute", 2 },
    { "predict " MODEL " data/iris.csv --quantiles 0.5,1", "--quantiles wants numbers between 0",
      2 },
    { "predict " MODEL " data/iris.csv --quantiles x", "--quantiles wants numbers between 0 and",
      2 },
    { "predict " MODEL " data/iris.csv --sample 0", "--sample wants a whole number from 1", 2 },
    { "predict " MODEL " data/iris.csv --seed x", "--seed wants a whole number from 0", 2 },
    { "predict " MODEL " data/iris.csv --missing x", "--missing wants error, drop, mean, marg", 2 },
    { "predict $/none data/iris.csv", "tril predict: $/none: cannot be opened: No such file or ",
      2 },
    { "predict data/iris.csv data/iris.csv", "tril predict: data/iris.csv: ", 2 },
    { "predict tests/reference/tensors.safetensors data/iris.csv",
      "tril predict: tests/reference/tensors.safetensors: there is no note tril: this is no model",
      2 },
    { "predict " MODEL " $/none", "tril predict: $/none: cannot be opened", 2 },
    { "predict " MODEL " data/points.csv",
      "data/points.csv: line 1: there is no column named sepal_length", 2 },
    { "predict " MODEL " $/label --strict",
      "$/label: line 2, column species: 'rose' is none of the 3 la", 2 },
    { "predict " MODEL " $/word", "$/word: line 2, column sepal_length: 'x' is not a number", 2 },
    { "predict " MODEL " $/word -o $/./word",
      "--output $/./word: this would take the place of $/word", 2 },
    { "predict " MODEL " data/iris.csv -o /no/folder/out",
      "/no/folder/out: cannot be written: No such file", 1 },
    { "predict " MODEL " data/iris.csv -o /dev/full", "/dev/full: cannot be written: No space left",
      1 },
    { "predict " MODEL " data/iris.csv --sample 1 -o /dev/full",
      "/dev/full: cannot be written: No space left", 1 },
};

START_TEST(test_wrong)
{
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/label", folder);
    demo_write(path, "sepal_length,sepal_width,species\n1,2,rose\n");
    snprintf(path, sizeof path, "%s/word", folder);
    demo_write(path, "sepal_length,sepal_width,species\nx,2,setosa\n");
    demo_refused(folder, wrong[_i].arguments, wrong[_i].status, wrong[_i].sentence);
    demo_remove(folder);
}
END_TEST

/* predictions that do not fit on the disk leave what was there */
START_TEST(test_full)
{
    demo_full(_i ? "predict " MODEL " data/iris.csv --sample 9 -o $/p"
                 : "predict " MODEL " data/iris.csv -o $/p",
              "p", "tril predict: $/p: cannot be written: ");
}
END_TEST

/* standard output by another name is no file to be replaced, even where it goes into one */
START_TEST(test_stream)
{
    static double row[ROWS];
    char folder[DEMO_FOLDER], path[64], text[64];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/link", folder);
    ck_assert_int_eq(symlink("/proc/self/fd/1", path), 0);
    run(folder, "predict " MODEL " data/iris.csv --sample 1 -o $/link > $/out");
    ck_assert_int_eq(readlink(path, text, sizeof text), strlen("/proc/self/fd/1"));
    ck_assert_uint_eq(column(folder, "row", row), 150);
    demo_remove(folder);
}
END_TEST

/* what another process is writing to the same file stays as it is */
START_TEST(test_another)
{
    char folder[DEMO_FOLDER], path[64], text[8] = "";
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/p.tmp", folder);
    demo_write(path, "half");
    FILE *other = fopen(path, "r");
    ck_assert_int_eq(flock(fileno(other), LOCK_EX), 0);
    demo_refused(folder, "predict " MODEL " data/iris.csv -o $/p", 1,
                 "tril predict: $/p: cannot be written: ");
    ck_assert_ptr_nonnull(fgets(text, sizeof text, other));
    ck_assert_str_eq(text, "half");
    fclose(other);
    run(folder, "predict " MODEL " data/iris.csv -o $/p");
    ck_assert_int_ne(access(path, F_OK), 0);
    demo_remove(folder);
}
END_TEST

START_TEST(test_help)
{
    static char text[ROOM];
    ck_assert_int_eq(demo_run("../tril", "predict --help", text, ROOM), 0);
    ck_assert_msg(strstr(text, "--quantiles Q,Q"), "%s", text);
    ck_assert_int_eq(demo_run("../tril", "predict " MODEL " data/iris.csv > /dev/full", text, ROOM),
                     1);
}
END_TEST

/* the others given what is known; their density and that of what is known are the whole */
START_TEST(test_given)
{
    double whole[ROWS], known[ROWS], rest[ROWS], length[ROWS], width[ROWS], mean[ROWS];
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    run(folder, "predict " MODEL " data/iris.csv -o $/out");
    const size_t n = column(folder, "log_prob", whole);
    setenv("d", folder, 1);
    ck_assert_int_eq(
        demo_shell("cut -d, -f1,2,3,5 data/iris.csv > $d/few && "
                   "awk -F, -v OFS=, 'NR > 1 { $4 = \"\" } 1' data/iris.csv > $d/gaps"),
        0);
    run(folder, "predict " MODEL " $/gaps -o $/out");
    column(folder, "log_prob", known);
    run(folder, "predict " MODEL " data/iris.csv --given petal_length -o $/out");
    column(folder, "log_prob", rest);
    column(folder, "mean_petal_width", mean);
    for (size_t i = 0; i < n; i++)
        ck_close(known[i] + rest[i], whole[i], 1e-5, 1);
    run(folder, "predict " MODEL " $/few --given petal_length -o $/out");
    column(folder, "mean_petal_width", rest);
    run(folder, "predict " MODEL " $/few --impute -o $/out");
    ck_assert_uint_eq(column(folder, "petal_length", length), n);
    column(folder, "petal_width", width);
    for (size_t i = 0; i < n; i++)
        ck_assert(rest[i] == mean[i] && width[i] == mean[i]);
    ck_assert_double_eq_tol(length[0], 1.4, 1e-6);
    snprintf(path, sizeof path, "%s/gaps", folder);
    demo_write(path, "sepal_length,sepal_width,species,petal_length,petal_width\n5,3,setosa,,\n"
                     "5,3,setosa,1.5,\n5,3,setosa,,0.25\n");
    run(folder, "predict " MODEL " $/gaps --impute -o $/out");
    ck_assert_uint_eq(column(folder, "petal_width", width), 3);
    ck_assert(!isnan(width[0]) && width[0] != width[1] && width[2] == 0.25);
    run(folder, "predict " MODEL " $/gaps --given petal_width --quantiles '' -o $/out");
    ck_assert_uint_eq(column(folder, "sd_petal_length", width), 3);
    ck_assert(width[0] == width[1] && width[2] < width[0]);
    demo_refused(folder, "predict " MODEL " $/few --given petal_width", 2,
                 "$/few: line 1: there is no column named petal_width");
    demo_remove(folder);
}
END_TEST

Suite *suite_cmd_predict(void)
{
    Suite *suite = suite_create("cmd/predict");
    TCase *tcase = tcase_create("predict");
    tcase_set_tags(tcase, "program");
    tcase_add_loop_test(tcase, test_reference, 0, 2);
    tcase_add_test(tcase, test_pipe);
    tcase_add_test(tcase, test_missing);
    tcase_add_loop_test(tcase, test_sample, 0, 4);
    tcase_add_test(tcase, test_extreme);
    tcase_add_test(tcase, test_unbounded);
    tcase_add_test(tcase, test_correlated);
    tcase_add_test(tcase, test_given);
    tcase_add_test(tcase, test_seeds);
    tcase_add_test(tcase, test_components);
    tcase_add_loop_test(tcase, test_probability, 0, 2);
    tcase_add_test(tcase, test_probability_drawn);
    tcase_add_test(tcase, test_members);
    tcase_add_test(tcase, test_names);
    tcase_add_test(tcase, test_long_names);
    tcase_add_loop_test(tcase, test_wrong, 0, sizeof wrong / sizeof *wrong);
    tcase_add_loop_test(tcase, test_full, 0, 2);
    tcase_add_test(tcase, test_stream);
    tcase_add_test(tcase, test_another);
    tcase_add_test(tcase, test_help);
    suite_add_tcase(suite, tcase);
    return suite;
}
