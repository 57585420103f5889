/* tril on tables as people have them: what it reads, what it predicts from there, what it warns of.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/demo.h"
#include "io/files.h"

enum { TEXT = 1 << 16, ROWS = 300 };

#define ONCE " -o $/m --ensemble 1 --hidden 16 --epochs 40 "
#define ALL ONCE "--validation 0 --test 0 "

/* ---- tables, row by row: i is the row, z are normal */

typedef void row_writer(growing *to, int i, const tril_real *z);

static void plain(growing *to, int i, const tril_real *z)
{
    text_print(to, i < 0 ? "u,v,y\n" : "%.4f,%.4f,%.4f\n", (double)z[0], (double)z[1],
               (double)(z[0] - z[1]) + 0.5 * (double)z[2]);
}

static void curved(growing *to, int i, const tril_real *z)
{
    const double u = (double)z[0];
    text_print(to, i < 0 ? "u,y\n" : "%.4f,%.4f\n", u, u * u / 2 + (double)z[1]);
}

static void uneven(growing *to, int i, const tril_real *z)
{
    const double u = (double)z[0];
    text_print(to, i < 0 ? "u,y\n" : "%.4f,%.4f\n", u, u + exp(0.5 * u) * (double)z[1]);
}

static void labelled(growing *to, int i, const tril_real *z)
{
    static const char *const words[] = { "red", "green", "blue" };
    const int k = (int)(fabs((double)z[0]) * 10) % 3;
    text_print(to, i < 0 ? "c,k,x,y\n" : "%s,%d,%.4f,%.4f\n", words[k],
               (int)(fabs((double)z[1]) * 3), k + (double)z[2],
               k - (double)z[2] / 2 + (double)z[3]);
}

static void spike(growing *to, int i, const tril_real *z)
{
    text_print(to, i < 0 ? "u,y\n" : "%.4f,%.4f\n", (double)z[0], i % 17 ? 0.0 : 12 + (double)z[1]);
}

static void counted(growing *to, int i, const tril_real *z)
{
    if (i < 0)
        text_print(to, ",u,y\n");
    else
        text_print(to, "%d,%.4f,%.4f\n", i + 1, (double)z[0], 0.05 * i + (double)z[1]);
}

static void counted_down(growing *to, int i, const tril_real *z)
{
    text_print(to, i < 0 ? "u,left,y\n" : "%.4f,%d,%.4f\n", (double)z[0], 5000 - i, (double)z[1]);
}

static void copied(growing *to, int i, const tril_real *z)
{
    const double y = 5 * (double)z[0];
    text_print(to, i < 0 ? "high,u,y\n" : "%.4f,%.4f,%.4f\n", y + 0.02 * (double)z[1], (double)z[2],
               y);
}

static void copied_below(growing *to, int i, const tril_real *z)
{
    const double y = 5 * (double)z[0];
    text_print(to, i < 0 ? "u,fahrenheit,y\n" : "%.4f,%.3f,%.4f\n", (double)z[2], 32 + 1.8 * y, y);
}

static void shares(growing *to, int i, const tril_real *z)
{
    const double a = 0.3 + 0.05 * (double)z[0], b = 0.4 + 0.05 * (double)z[1];
    text_print(to, i < 0 ? "u,a,b,c\n" : "%.3f,%.4f,%.4f,%.4f\n", (double)z[2], a, b, 1 - a - b);
}

static void averages(growing *to, int i, const tril_real *z)
{
    const double a = 300 + 50 * (double)z[0], b = (double)z[1];
    text_print(to, i < 0 ? "u,a,b,c\n" : "%.3f,%.5f,%.5f,%.5f\n", (double)z[2], a, b,
               a / 2 - 20 * b);
}

static void grouped(growing *to, int i, const tril_real *z)
{
    tril_real own;
    tril_random random = tril_random_stream(99, (uint64_t)(i / 6));
    tril_random_normal(&random, &own, 1);
    text_print(to, i < 0 ? "subject,u,y\n" : "s%d,%.4f,%.4f\n", i / 6, (double)z[0],
               3 * (double)own + 0.5 * (double)z[1]);
}

/* a number of each group is missing in the second target */
static void grouped_pairs(growing *to, int i, const tril_real *z)
{
    tril_real own;
    tril_random random = tril_random_stream(99, (uint64_t)(i / 6));
    tril_random_normal(&random, &own, 1);
    if (i < 0)
        text_print(to, "subject,u,y,w\n");
    else
        text_print(to, i % 6 ? "s%d,%.4f,%.4f,%.4f\n" : "s%d,%.4f,%.4f,\n", i / 6, (double)z[0],
                   3 * (double)own + 0.5 * (double)z[1], (double)z[2]);
}

static void walking(growing *to, int i, const tril_real *z)
{
    static double at;
    at = i < 0 ? 0 : 0.95 * at + (double)z[0];
    text_print(to, i < 0 ? "u,y\n" : "%.4f,%.4f\n", (double)z[1], at);
}

static void daily(growing *to, int i, const tril_real *z)
{
    const double at = 1600000000 + 2017.0 * i;
    text_print(to, i < 0 ? "time,y\n" : "%.0f,%.4f\n", at,
               5 * sin(2 * acos(-1) * at / 86400) + 0.3 * (double)z[0]);
}

static void graded(growing *to, int i, const tril_real *z)
{
    if (i < 0)
        text_print(to, "grade,y\n");
    else
        text_print(to, i % 50 == 7 ? "3+,%.4f\n" : "%2$d,%1$.4f\n", (double)z[0], i % 5);
}

static void changed(growing *to, int i, const tril_real *z)
{
    text_print(to, i < 0 ? "t,u,y\n" : "%d.5,%.4f,%.4f\n", 2 * i, (double)z[0],
               (i < 255 ? 1 : 100) * (double)z[1]);
}

static void dated(growing *to, int i, const tril_real *z)
{
    if (i < 0)
        text_print(to, "day,hour,y\n");
    else
        text_print(to, "2022-%02d-%02d,%d,%.4f\n", i / 168 + 1, i / 6 % 28 + 1, i % 6,
                   i / 6 % 7 + (double)(i % 6) + 0.2 * (double)z[0]);
}

static void holed(growing *to, int i, const tril_real *z)
{
    if (i < 0)
        text_print(to, "a,b,u,v\n");
    else
        text_print(to,
                   i % 29 == 3  ? "%3$s,%1$.4f,%1$.4f,%2$.4f\n"
                   : i % 4 == 1 ? "%2$.4f,%1$.4f,%2$.4f,%3$s\n"
                                : "%1$.4f,%2$.4f,%1$.4f,%2$.4f%3$s\n",
                   (double)z[0], (double)z[1] + 0.1 * (double)z[0], "");
}

static void few_values(growing *to, int i, const tril_real *z)
{
    text_print(to, i < 0 ? "u,y\n" : "%d,%d\n", (int)(fabs((double)z[0]) * 2),
               (int)fabs((double)z[1]));
}

static void write_table(const char *folder, const char *name, row_writer *write, int rows,
                        uint64_t seed)
{
    char path[64];
    growing file = { 0 };
    tril_random random = tril_random_stream(seed, 0);
    tril_real z[4] = { 0 };
    write(&file, -1, z);
    for (int i = 0; i < rows; i++) {
        tril_random_normal(&random, z, 4);
        write(&file, i, z);
    }
    text_add(&file, "", 1);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    demo_write(path, file.bytes);
    free(file.bytes);
}

/* ---- warnings */

static const struct {
    row_writer *write;
    int rows;
    const char *options, *sentence; /* NULL: no warning */
} warned[] = {
    { spike, ROWS, "--targets y", "94 % of the rows have one value of y, 0, which no normal fits" },
    { spike, 3000, "--targets y --missing-values 0", NULL },
    { counted, ROWS, "--targets y",
      "column '' (without a name) counts the rows, and new rows have no place in this file: leave "
      "it out with --exclude '\"\"'" },
    { counted_down, ROWS, "--targets y", "column left counts the rows" },
    { counted_down, ROWS, "--targets y --exclude left", NULL },
    { copied, ROWS, "--targets y", "column high is almost the target y (correlation 0.9999" },
    { copied, ROWS, "--targets y --exclude high", NULL },
    { copied_below, ROWS, "--targets y", "column fahrenheit is almost the target y (correlat" },
    { shares, ROWS, "--targets a,b,c", "linearly dependent, c = 1 - a - b, so that" },
    { shares, ROWS, "--targets c,a,b", "linearly dependent, b = 1 - c - a, so that" },
    { shares, ROWS, "--targets a,b --inputs u", NULL },
    { averages, ROWS, "--targets a,b,c", "c = " },
    { copied_below, ROWS, "--targets u,y,fahrenheit", "fahrenheit = 32 + 1.8 y, so that" },
    { averages, ROWS, "--targets a,b,c", "+ 0.5 a - 20 b, so that" },
    { plain, 20, "--targets y", "2 rows to validate and 3 to test are too few" },
    { grouped, ROWS, "--targets y --exclude subject",
      "rows with the same subject are much alike, so test rows are no new ones: --group subject" },
    { grouped, ROWS, "--targets y --group subject", NULL },
    { grouped_pairs, ROWS, "--targets w,y --exclude subject --head full --missing marginal",
      "rows with the same subject are much alike" },
    { walking, ROWS, "--targets y", "the network errs much alike in rows next to each other" },
    { daily, 600, "--targets y", "rows with near inputs are alike in y to within 0." },
    { graded, ROWS, "--targets y", "column grade has cells that are no numbers, 3+ for one" },
    { changed, ROWS, "--targets y --order t", "validation and test rows are " },
    { plain, ROWS, "--targets y --head full --target-noise 5 --validation 0",
      "on test rows the network is worse than a linear mean" },
};

START_TEST(test_warned)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], arguments[256];
    demo_folder(folder);
    write_table(folder, "d", warned[_i].write, warned[_i].rows, 1);
    for (int csv = 0; csv < 2; csv++) {
        snprintf(arguments, sizeof arguments, "fit $/d" ONCE "%s%s", warned[_i].options,
                 csv ? " --csv" : "");
        ck_assert_int_eq(demo_tril(folder, arguments, text, TEXT), 0);
        const char *at = strstr(text, csv ? "\nall,warning,\"" : "\nwarning: ");
        at = at || !csv ? at : strstr(text, "\nall,warning,");
        ck_assert_msg(!at == !warned[_i].sentence, "%s", text);
        /* CSV doubles the quotes of a sentence */
        if (at && !(csv && strchr(warned[_i].sentence, '"')))
            ck_assert_msg(strstr(at, warned[_i].sentence), "%s", text);
    }
    demo_remove(folder);
}
END_TEST

/* independent rows and columns that are as they should be */
START_TEST(test_not_warned)
{
    static row_writer *const writers[] = { plain, curved, uneven, labelled };
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    write_table(folder, "d", writers[_i % 4], ROWS, (uint64_t)_i);
    ck_assert_int_eq(
        demo_tril(folder, _i % 4 == 3 ? "fit $/d --targets x,y" ONCE : "fit $/d --targets y" ONCE,
                  text, TEXT),
        0);
    ck_assert_msg(!strstr(text, "warning"), "%s", text);
    demo_remove(folder);
}
END_TEST

START_TEST(test_own)
{
    static const char *const lines[] = { "data/iris.csv --targets petal_length,petal_width",
                                         "data/iris.csv --targets sepal_length",
                                         "data/faithful.csv --targets eruptions,waiting",
                                         "data/quakes.csv --targets lat,long,depth",
                                         "data/points.csv --targets x,y,z",
                                         "data/categories.csv --targets x,y" };
    static char text[TEXT];
    char folder[DEMO_FOLDER], arguments[256];
    demo_folder(folder);
    snprintf(arguments, sizeof arguments, "fit %s" ONCE, lines[_i]);
    ck_assert_int_eq(demo_tril(folder, arguments, text, TEXT), 0);
    ck_assert_msg(!strstr(text, "warning"), "%s", text);
    demo_remove(folder);
}
END_TEST

/* ---- what is read: $/d, and what fit says of it */

#define NUMBERS "1,2,0.5\n2,1,1.5\n3,5,2\n4,4,0.25\n5,7,3\n6,9,1\n"
static const struct {
    const char *file, *options, *said;
} read[] = {
    { "a,b,\"y (MPa, 28 d) \"\n" NUMBERS, "--targets '\"y (MPa, 28 d)\"'",
      "targets y (MPa, 28 d); inputs a, b\n" },
    { "\"a, \"\"b\"\"\",b,y\n" NUMBERS, "--targets y --inputs 'b,\"a, \"\"b\"\"\"'",
      "inputs b, a, \"b\"\n" },
    { ",b,y\n" NUMBERS, "--targets y --exclude '\"\"'", "; inputs b\n" },
    { "a,b,y\n" NUMBERS, "--targets y --exclude a,b", "; no inputs\n" },
    { "a,b,c,y\n1,2,7,0\n2,2,7,5\n3,2,,2\n4,2,7,1\n", "--targets y",
      "inputs a; 2 left out, constant or empty: b, c\n" },
    { "a,b,y\n1,,0\n2,,5\n3,,2\n", "--targets y", "inputs a; 1 left out, constant or empty: b\n" },
    { "Tag;a;y;\n01.03.2021;8,5;4,25;\n02.03.2021;3,5;2,5;\n03.03.2021;14,5;6;\n;;;\n",
      "--targets y",
      "inputs Tag, a\nTag holds dates (dmy): days, and the cycles none\nmissing cells: 2 of "
      "inputs, "
      "1 of targets; 0 labels not seen; 1 rows left out\n" },
    { "a,y\nm,kg\n1,2\n2,3\n3,5\n", "--targets y", "line 2 holds units and is no row\n" },
    { "a:y\n1:2\n2:3\n3:5\n", "--targets y --delimiter :", "targets y; inputs a\n" },
    { "a\ty\n1\t2\n2\t3\n3\t5\n", "--targets y --delimiter tab", "targets y; inputs a\n" },
    { "a,y\n1,-9\n2,3\n3,5\n-9,7\n", "--targets y --missing-values -9",
      "3 rows to train on, 0 to validate, 0 to test; targets y; inputs a\nmissing cells: 1 of "
      "inputs, 1 of targets; 0 labels not seen; 1 rows left out\n" },
    /* numbers far from 0 */
    { "t,y\n1600000001,1\n1600000002,2\n1600000004,4\n1600000005,3\n", "--targets y",
      "inputs t\n" },
};

START_TEST(test_read)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], path[64], arguments[256];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, read[_i].file);
    snprintf(arguments, sizeof arguments, "fit $/d" ALL "%s", read[_i].options);
    ck_assert_int_eq(demo_tril(folder, arguments, text, TEXT), 0);
    ck_assert_msg(strstr(text, read[_i].said), "%s", text);
    if (strstr(read[_i].said, "left out, constant or empty: b, c")) {
        ck_assert_int_eq(demo_tril(folder, "info $/m", text, TEXT), 0);
        ck_assert_msg(strstr(text, "\nleft out, being constant or empty: b, c\n"), "%s", text);
    }
    demo_remove(folder);
}
END_TEST

static const struct {
    const char *file, *options, *sentence;
} refused[] = {
    { "a,\"y, z\"\n1,2\n2,3\n", "--targets 'y, z'", "no column named y, only a, \"y, z\"" },
    { "a,y\n1,2\n2,3\n", "--targets y --exclude b", "no column named b, only a, y" },
    { "a,y\n1,2\n2,3\n", "--targets y --order b", "no column named b, only a, y" },
    { "a,y\n1,2\n2,3\n", "--targets y --order a --group a", "--order and --group are two ways" },
    { "a,y\nx,2\n2,3\n", "--targets y --order a", "line 2, column a: 'x' is not a number" },
    { "a,y\n1,2\n,3\n", "--targets y --order a", "a cell of column a is missing: --order wants" },
    { "a,y\n1,2\n2,3\n", "--targets y --delimiter ab", "--delimiter wants one byte, or tab" },
    { "a,y\n1,2\n,3\n", "--targets y --missing error", "the cell is empty: --missing mean takes" },
    { "a,y\n1,2\n,3\n", "--targets y --missing marginal",
      "the cell is empty: --missing mean,marginal takes it" },
    { "a,y\n1,2\n2,\n", "--targets y --missing error",
      "the cell is empty: --missing marginal takes it" },
    { "a,y\n1,2\n2,\n", "--targets y --missing mean",
      "the cell is empty: --missing mean,marginal takes it" },
    { "c,y\nx,2\nx,3\n,4\ny,2\n", "--targets y --missing error",
      "line 4, column c: the cell is empty: --missing mean takes it" },
    { "a,y\n1,1\n2,2\n3,3\n4,4\n5,5\n6,6\n7,7\n8,8\n9,9\n10,8\n11,7\n12,6\n13,5\n14,4\n15,3\n16,2\n"
      "17,1\n18,2\n19,3\n20,4\n21,5\nten,6\n",
      "--targets y",
      "line 23, column a: 'ten' is not a number, as 21 of 22 cells are, and 22 different cells are "
      "too many for labels: --missing-values (tril_dialect.missing) counts words as missing, "
      "--exclude leaves the column out" },
    { "a,y\n2021-01-01,1\n2021-01-02,2\n2021-01-03,3\n2021-02-30,4\n", "--targets y",
      "line 5, column a: '2021-02-30' is not a date as the others are" },
};

START_TEST(test_refused)
{
    char folder[DEMO_FOLDER], path[64], arguments[256];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, refused[_i].file);
    snprintf(arguments, sizeof arguments, "fit $/d" ALL "%s", refused[_i].options);
    demo_refused(folder, arguments, 2, refused[_i].sentence);
    demo_remove(folder);
}
END_TEST

/* the same rows in any dialect are the same run */
START_TEST(test_dialects)
{
    static const char *const filters[] = { "tr , ';'",
                                           "tr , '\\t'",
                                           "tr , '|'",
                                           "tr .,  ',;'",
                                           "(printf '# a, b\\n#\\n'; cat)",
                                           "sed '1s/.*/\"u\",\"v\",\"y\"/'",
                                           "(sed '1s/$/\\nm,,kg/')" };
    static char one[TEXT], other[TEXT];
    char folder[DEMO_FOLDER], arguments[256];
    demo_folder(folder);
    write_table(folder, "d", plain, 60, 3);
    ck_assert_int_eq(demo_tril(folder, "fit - < $/d" ONCE "--targets y --csv", one, TEXT), 0);
    snprintf(arguments, sizeof arguments, "fit $/e" ONCE "--targets y --csv; x=$?; exit $x");
    char line[256];
    snprintf(line, sizeof line, "%s < %s/d > %s/e", filters[_i], folder, folder);
    ck_assert_int_eq(system(line), 0);
    ck_assert_int_eq(demo_tril(folder, "fit - < $/e" ONCE "--targets y --csv", other, TEXT), 0);
    ck_assert_str_eq(one, other);
    demo_remove(folder);
}
END_TEST

/* ---- which rows train, validate and test */

/* how many, as fit says first */
static void parts_of(const char *folder, const char *options, int rows[3])
{
    static char text[TEXT];
    char arguments[256];
    snprintf(arguments, sizeof arguments, "fit $/d" ONCE "--targets y %s", options);
    ck_assert_int_eq(demo_tril(folder, arguments, text, TEXT), 0);
    ck_assert_msg(sscanf(strchr(text, ':'), ": %d rows to train on, %d to validate, %d to test",
                         rows, rows + 1, rows + 2) == 3,
                  "%s", text);
}

/* a file that holds each row twice, and one with rows of few values */
START_TEST(test_equal_rows)
{
    char folder[DEMO_FOLDER], line[256];
    int rows[3];
    demo_folder(folder);
    write_table(folder, "e", plain, 61, 1);
    snprintf(line, sizeof line, "(cat %s/e; tail -n +2 %s/e) > %s/d", folder, folder, folder);
    ck_assert_int_eq(system(line), 0);
    parts_of(folder, "", rows);
    ck_assert(rows[0] % 2 == 0 && rows[1] % 2 == 0 && rows[2] % 2 == 0);
    ck_assert_int_eq(rows[0] + rows[1] + rows[2], 122);
    parts_of(folder, "--exclude u,v", rows);
    ck_assert(rows[0] % 2 == 0 && rows[1] % 2 == 0 && rows[2] % 2 == 0);
    write_table(folder, "d", few_values, 100, 1);
    parts_of(folder, "", rows);
    ck_assert(rows[0] == 75 && rows[1] == 10 && rows[2] == 15);
    demo_remove(folder);
}
END_TEST

/* the past trains; rows of one time stay together; dates have an order too */
START_TEST(test_order)
{
    static char one[TEXT], other[TEXT];
    char folder[DEMO_FOLDER], line[256];
    int rows[3];
    demo_folder(folder);
    write_table(folder, "d", changed, 100, 1);
    snprintf(line, sizeof line,
             "cd %s && head -76 d > a && (head -1 d; tail -n +77 d | head -10) > b && "
             "(head -1 d; tail -15 d) > c && (head -1 d; tail -n +2 d | tac) > e",
             folder);
    ck_assert_int_eq(system(line), 0);
    ck_assert_int_eq(demo_tril(folder, "fit $/d --order t --targets y --csv" ONCE, one, TEXT), 0);
    ck_assert_int_eq(demo_tril(folder, "fit $/a --validation $/b --test $/c --targets y --csv" ONCE,
                               other, TEXT),
                     0);
    const size_t figures = (size_t)(strstr(one, "test,rmse") - one);
    ck_assert_msg(strncmp(one, other, figures) == 0, "%s%s", one, other);
    ck_assert_int_eq(demo_tril(folder, "fit $/e --order t --targets y --csv" ONCE, other, TEXT), 0);
    ck_assert_double_eq_tol(demo_figure(one, "test,nll,diagonal"),
                            demo_figure(other, "test,nll,diagonal"), 1e-5);
    write_table(folder, "d", dated, 300, 1); /* six rows a day */
    parts_of(folder, "--order day", rows);
    ck_assert(rows[0] == 228 && rows[1] == 30 && rows[2] == 42);
    demo_remove(folder);
}
END_TEST

/* ---- what is predicted */

/* days, of which the model has seen none; and a model keeps how they are written */
START_TEST(test_dates)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    write_table(folder, "d", dated, 6 * 28 * 2, 1);
    ck_assert_int_eq(
        demo_tril(folder, "fit $/d -o $/m --targets y --ensemble 1 --activation silu", text, TEXT),
        0);
    ck_assert_msg(strstr(text, "\nday holds dates (ymd): days, and the cycles week\n"), "%s", text);
    ck_assert_int_eq(demo_tril(folder, "info $/m", text, TEXT), 0);
    ck_assert_msg(strstr(text, "  days, and their cycles: week\nhour "), "%s", text);
    snprintf(path, sizeof path, "%s/e", folder);
    demo_write(path, "day,hour\n2022-03-01,0\nNA,5\n");
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/e", text, TEXT), 0);
    const double first = atof(strchr(text, '\n') + 1);
    ck_assert_msg(first > -4 && first < 10, "%s", text);
    demo_write(path, "day,hour\n1.3.2022,0\n");
    demo_refused(folder, "predict $/m $/e", 2, "line 2, column day: '1.3.2022' is not a date");
    demo_remove(folder);
}
END_TEST

/* labels that the model has not seen count as the shares of those that it has */
START_TEST(test_unseen)
{
    static char text[TEXT];
    static const char *const commands[] = { "predict $/m $/e -o $/out", "evaluate $/m $/e",
                                            "predict $/m $/e --missing drop -o $/out" };
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    write_table(folder, "d", labelled, ROWS, 1);
    ck_assert_int_eq(demo_tril(folder, "fit $/d --targets x,y" ONCE, text, TEXT), 0);
    snprintf(path, sizeof path, "%s/e", folder);
    demo_write(path, "c,k,x,y\nred,1,0,0\npink,1,0,0\n,1,0,0\npink,1,1,1\n");
    for (size_t k = 0; k < 3; k++) {
        ck_assert_int_eq(demo_tril(folder, commands[k], text, TEXT), 0);
        ck_assert_msg(strstr(text, "/e: 2 cells have a label that the model has not seen and count "
                                   "as the training rows' shares; --strict makes that an error\n"),
                      "%s", text);
    }
    demo_refused(folder, "predict $/m $/e --strict", 2, "'pink' is none of the 3 labels");
    demo_refused(folder, "evaluate $/m $/e --strict", 2, "'pink' is none of the 3 labels");
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/e --quantiles ''", text, TEXT), 0);
    char *rows[5], *at = strstr(text, "mean_x");
    for (int i = 0; i < 5; i++, at = strchr(at, '\n') + 1)
        rows[i] = at;
    ck_assert_double_eq_tol(atof(rows[2]), atof(rows[3]),
                            1e-6); /* an unseen label, a missing cell */
    ck_assert(fabs(atof(rows[1]) - atof(rows[2])) > 0.01);
    demo_remove(folder);
}
END_TEST

/* mean for inputs and marginal for targets at once, which is the default; words for what is missing
 * stay with the model */
START_TEST(test_holes)
{
    static char one[TEXT], other[TEXT];
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    write_table(folder, "d", holed, ROWS, 1);
    ck_assert_int_eq(demo_tril(folder, "fit $/d --targets u,v --csv" ONCE, one, TEXT), 0);
    ck_assert_int_eq(
        demo_tril(folder, "fit $/d --targets u,v --csv --missing mean,marginal" ONCE, other, TEXT),
        0);
    ck_assert_str_eq(one, other);
    ck_assert_int_eq(demo_tril(folder, "fit $/d --targets u,v --head student" ONCE, one, TEXT), 0);
    ck_assert_msg(strstr(one, "missing cells: 11 of inputs, 72 of targets; 0 labels not seen; 0 "
                              "rows left out\n"),
                  "%s", one);
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/d > $/out", one, TEXT), 0);
    snprintf(path, sizeof path, "%s/e", folder);
    demo_write(path, "a,y\n1,2\n2,3\nx,2\n3,1\n0,2\n");
    ck_assert_int_eq(demo_tril(folder, "fit $/e --targets y --missing-values x" ALL, one, TEXT), 0);
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/e -o $/out", one, TEXT), 0);
    demo_refused(folder, "predict $/m $/e --missing-values z", 2, "'x' is not a number");
    demo_remove(folder);
}
END_TEST

Suite *suite_cmd_tables(void)
{
    Suite *suite = suite_create("cmd/tables");
    TCase *tcase = tcase_create("tables");
    tcase_set_tags(tcase, "program");
    tcase_add_loop_test(tcase, test_warned, 0, sizeof warned / sizeof *warned);
    tcase_add_loop_test(tcase, test_not_warned, 0, 20);
    tcase_add_loop_test(tcase, test_own, 0, 6);
    tcase_add_loop_test(tcase, test_read, 0, sizeof read / sizeof *read);
    tcase_add_loop_test(tcase, test_refused, 0, sizeof refused / sizeof *refused);
    tcase_add_loop_test(tcase, test_dialects, 0, 7);
    tcase_add_test(tcase, test_equal_rows);
    tcase_add_test(tcase, test_order);
    tcase_add_test(tcase, test_dates);
    tcase_add_test(tcase, test_unseen);
    tcase_add_test(tcase, test_holes);
    suite_add_tcase(suite, tcase);
    return suite;
}
