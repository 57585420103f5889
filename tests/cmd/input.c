/* The command tril on files and options as they should not be: one sentence each, and nothing is
 * written. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "demos/demo.h"

#define MODEL "tests/reference/model.safetensors"
#define NAMES "sepal_length,sepal_width,species,petal_length,petal_width\n"
#define ROW "5.1,3.5,setosa,1.4,0.2\n"

/* a file of the folder, if there is a text for it */
static void write_file(const char *folder, const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (text)
        demo_write(path, text);
}

/* the folder holds so many files */
static void ck_files(const char *folder, size_t wanted)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    closedir(dir);
    ck_assert_uint_eq(n, wanted);
}

/* ---- fit: $/d and options, behind "--targets a" */

#define ALL " --validation 0 --test 0"

static const struct {
    const char *data, *options, *sentence;
} fits[] = {
    { "", "", "$/d: line 1: the file is empty, there is no header" },
    { "a,b\n", "", "$/d: line 2: there is a header, but no row" },
    { "1,2\n3,4\n5,6\n", ALL, "$/d: line 1: there is no column named a" },
    { "a,b\n1,2\n3\n", "", "$/d: line 3 has 1 cells, the header has 2" },
    { "a,b\n1,2\n1,5,3\n", "", "$/d: line 3 has 3 cells, the header has 2" },
    { "a,b\n1,\"2\n3,4\n", "", "$/d: line 2: a quoted cell does not end" },
    { "a,b\n1,2\"3\"\n", "", "$/d: line 2: a quote in the middle of a cell" },
    { "a,b\r1,2\r3,4\r", "", "$/d: line 1: a CR alone ends a row: rows end in LF or CRLF" },
    { "\xEF\xBB\xBF"
      "b,a\r\n\r\n1,2\r\n3,x\r\n",
      ALL, "$/d: line 4, column a: 'x' is not a number" },
    { "a,b\n1,2\n\"x\ny\",3\n", ALL, "$/d: line 3, column a: 'x?y' is not a number" },
    { "a,b\n1,2\nnan,3\n", ALL " --missing error", "$/d: line 3, column a: 'nan' is not a number" },
    { "a,b\n1,2\n-inf,3\n", ALL, "$/d: line 3, column a: '-inf' is infinite" },
    { "a,b\n1,2\n1e999,3\n", ALL, "$/d: line 3, column a: '1e999' is infinite" },
    { "a,b\n1,2\n0x10,3\n", ALL, "$/d: line 3, column a: '0x10' is not a number" },
    { "a,b\n1,2\n\"1,5,\",3\n", ALL, "$/d: line 3, column a: '1,5,' is not a number" },
    { "a,b\n1,2\n\"1 00\",3\n", ALL, "$/d: line 3, column a: '1 00' is not a number" },
    { "a,b,b\n1,2,3\n2,3,4\n", ALL, "$/d: line 1: there are two columns named b" },
    { "a,a\n1,2\n2,3\n", ALL, "$/d: line 1: there are two columns named a" },
    { ",a,\n1,2,3\n2,3,4\n", ALL, "$/d: line 1: there are two columns named ''" },
    { "a,\n1,2\n2,\n", ALL " --missing error", "$/d: line 3, column '': the cell is empty" },
    { "a,b\n1,2\n2,3\n", ALL " --inputs b,b", "$/d: column b is named twice among the inputs" },
    { "a,b\n1,2\n2,3\n", ALL " --inputs a", "$/d: column a is a target: it cannot be an input" },
    { "a,b\n1,2\n2,3\n", ALL " --inputs b,,", "$/d: line 1: there is no column named ''" },
    { "a,b\n1,2\n1,3\n", ALL, "$/d: column a is constant in the rows to learn from" },
    { "a,b\nx,1\ny,2\n", ALL, "$/d: column a has 2 different labels in 2 rows, too many" },
    { "a,b\n1,x\n2,y\n3,z\n", ALL, "$/d: column b has 3 different labels in 3 rows, too many" },
    { "a,b\n1,2\n", ALL, "$/d: column a is constant in the rows to learn from" },
    { "a,b\n1,2\n2,3\n", "", "$/d: rows for 3 parts are wanted, there are only 2" },
    { "a,b\n,2\n2,\n", ALL " --missing drop", "$/d: a cell is missing in every row" },
    { "a,b\n1,\n2,3\n", ALL " --missing marginal", "$/d: line 2, column b: the cell is empty" },
    { "a,b\n1,2\n2,3\n3,\n", ALL " --group b", "$/d: line 4, column b: the cell is empty" },
    { "a,b\n1,2\n2,3\n", "--targets ''", "tril fit: say --targets A,B,C: the columns to learn" },
    { "a,b\n1,2\n2,3\n", ALL " --targets a,b,c", "$/d: line 1: there is no column named c" },
    { NULL, "", "$/d: cannot be opened: No such file or directory" },
    { NULL, "< /dev/null -", "want one CSV file, or - for standard input, not several; --help" },
};

START_TEST(test_fit)
{
    char folder[DEMO_FOLDER], arguments[200];
    demo_folder(folder);
    write_file(folder, "d", fits[_i].data);
    snprintf(arguments, sizeof arguments, "fit $/d -o $/m --targets a %s", fits[_i].options);
    demo_refused(folder, arguments, 2, fits[_i].sentence);
    ck_files(folder, fits[_i].data != NULL);
    demo_remove(folder);
}
END_TEST

/* ---- fit: options beside good data, and $/s */

static const struct {
    const char *rows, *options, *sentence;
} options[] = {
    { "s\n1\n150\n", "",
      "$/s: column s: there is no row 150 of data/iris.csv, whose rows are 0 to "
      "149" },
    { "s\n-1\n", "", "$/s: column s: there is no row -1 of data/iris.csv" },
    { "s\n1.5\n", "", "$/s: column s: there is no row 1.5 of data/iris.csv" },
    { "s\n1\nx\n", "", "$/s: line 3, column s: 'x' is not a number" },
    { "s,t\n,1\n", "", "$/s leaves no row to test" },
    { "s,t\n,1\n", "--split $/s:u", "$/s: line 1: there is no column named u" },
    { "s,t\n,1\n", "--split $/s:", "$/s: line 1: there is no column named ''" },
    { "s\n", "", "$/s: line 2: there is a header, but no row" },
    { "", "", "$/s: line 1: the file is empty" },
    { NULL, "--split ''", "tril fit: '': cannot be opened" },
    { "s\n1\n", "--validation $/s", "$/s: line 1: there is no column named " },
    { "s\n1\n", "--validation 0.999", "149 rows are too few for a share of 0.001" },
    { "s\n1\n", "--validation nan", "--validation wants a share from 0 to below 1, or a file" },
    { "s\n1\n", "--head mixture:-1", "--head mixture wants a number behind a colon" },
    { "s\n1\n", "--head 'mixture: 2'", "--head mixture wants a number behind a colon" },
    { "s\n1\n", "--head lowrank:99999999999999999999", "--head lowrank wants a number behind" },
    { "s\n1\n", "--hidden 1000000000", "--hidden wants a whole number from 0 to 1000000" },
    { "s\n1\n", "--threads 100000", "--threads wants a whole number from 1 to 1024" },
    { "s\n1\n", "--ensemble 1000000000", "--ensemble wants a whole number from 1 to 1000" },
    { "s\n1\n", "--lr nan", "--lr wants a number, at least 0, not 'nan'" },
    { "s\n1\n", "--seed 18446744073709551616", "--seed wants a whole number from 0 to 184467440" },
};

START_TEST(test_options)
{
    char folder[DEMO_FOLDER], arguments[200];
    demo_folder(folder);
    write_file(folder, "s", options[_i].rows);
    snprintf(arguments, sizeof arguments,
             "fit data/iris.csv -o $/m --targets petal_width --split $/s %s", options[_i].options);
    demo_refused(folder, arguments, 2, options[_i].sentence);
    ck_files(folder, options[_i].rows != NULL);
    demo_remove(folder);
}
END_TEST

/* ---- what uses models: $/d with a model, by all commands */

static const struct {
    const char *data, *arguments, *sentence;
} uses[] = {
    { "", MODEL " $/d", "$/d: line 1: the file is empty" },
    { NAMES, MODEL " $/d", "$/d: line 2: there is a header, but no row" },
    { "sepal_width,species\n1,2\n", MODEL " $/d",
      "$/d: line 1: there is no column named sepal_le" },
    { NAMES ROW "5,3,rose,1,2\n", MODEL " $/d --strict",
      "$/d: line 3, column species: 'rose' is none of" },
    { NAMES ROW "5,3,,1,2\n", MODEL " $/d", "$/d: line 3, column species: the cell is empty" },
    { NAMES ROW "x,3,setosa,1,2\n", MODEL " $/d", "$/d: line 3, column sepal_length: 'x' is not" },
    { NAMES ROW "5,3,setosa,x,2\n", MODEL " $/d", "$/d: line 3, column petal_length: 'x' is not" },
    { "petal_width," NAMES "1,5.1,3.5,setosa,1.4,0.2\n", MODEL " $/d",
      "$/d: line 1: there are two columns named petal_width" },
    { NAMES ROW, "$/d " MODEL, "$/d: a header of " },
    { "\x1F\x8B\x08", MODEL " - < $/d", "standard input: line 1: there is a header, but no row" },
    { NAMES, MODEL " - < /dev/zero", "standard input: line 1 holds a NUL byte: this is no text" },
    { NAMES, "- $/d", "-: cannot be opened" },
    { NAMES, MODEL " $/none", "$/none: cannot be opened: No such file or directory" },
    { NAMES, MODEL " $", "cannot be read: Is a directory" },
    { NAMES, MODEL " /dev/zero", "/dev/zero: line 1 holds a NUL byte: this is no text" },
    { NAMES ROW, MODEL " $/d --missing x",
      "--missing wants error, drop, mean, marginal or mean,marginal" },
    { NAMES ROW, MODEL, "--help says more" },
};

START_TEST(test_use)
{
    char folder[DEMO_FOLDER], arguments[200];
    static const char *const commands[] = { "predict -o $/o", "evaluate --plot $/o.png",
                                            "plot -o $/o.png" };
    demo_folder(folder);
    write_file(folder, "d", uses[_i].data);
    for (size_t k = 0; k < 3; k++) {
        snprintf(arguments, sizeof arguments, "%s %s", commands[k], uses[_i].arguments);
        demo_refused(folder, arguments, 2, uses[_i].sentence);
        ck_files(folder, 1);
    }
    demo_remove(folder);
}
END_TEST

/* rows that models take: other columns in another order, and as many as there are */
START_TEST(test_order)
{
    static char one[8192], other[8192];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    write_file(folder, "d", NAMES ROW);
    write_file(folder, "e",
               "x,petal_width,species,petal_length,sepal_width,sepal_length\n"
               "word,0.2,setosa,1.4,3.5,5.1\n");
    ck_assert_int_eq(demo_tril(folder, "predict " MODEL " $/d", one, sizeof one), 0);
    ck_assert_int_eq(demo_tril(folder, "predict " MODEL " $/e", other, sizeof other), 0);
    ck_assert_str_eq(one, other);
    demo_remove(folder);
}
END_TEST

/* garbage without end is read no further than it takes to see what it is */
START_TEST(test_endless)
{
    static const struct {
        const char *producer, *sentence;
    } endless[] = {
        { "yes 1 | tr -d '\\n'", "line 1 is longer than 16 MiB: this is no table" },
        { "(echo 'a,\"b'; yes)",
          "line 1 begins a quoted cell longer than 16 MiB: this is no table" },
    };
    char text[512], command[256];
    const char *build = getenv("BUILD"), *run = getenv("RUN");
    snprintf(command, sizeof command, "%s | %s %s/tril fit --targets a - 2>&1",
             endless[_i].producer, run ? run : "", build ? build : "build");
    FILE *out = popen(command, "r");
    ck_assert_ptr_nonnull(out);
    text[fread(text, 1, sizeof text - 1, out)] = 0;
    ck_assert_int_eq(WEXITSTATUS(pclose(out)), 2);
    ck_assert_msg(strstr(text, endless[_i].sentence), "%s", text);
}
END_TEST

Suite *suite_cmd_input(void)
{
    Suite *suite = suite_create("cmd/input");
    TCase *tcase = tcase_create("input");
    tcase_set_tags(tcase, "program");
    tcase_add_loop_test(tcase, test_fit, 0, sizeof fits / sizeof *fits);
    tcase_add_loop_test(tcase, test_options, 0, sizeof options / sizeof *options);
    tcase_add_loop_test(tcase, test_use, 0, sizeof uses / sizeof *uses);
    tcase_add_test(tcase, test_order);
    tcase_add_loop_test(tcase, test_endless, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
