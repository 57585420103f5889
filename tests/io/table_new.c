/* Tables of a program's own arrays: each is the same as one from a file. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"

enum { ROWS = 6 };
static const double numbers[ROWS] = { 0.1, -0.0, 5e-324, -1e300, (double)NAN, 1. / 3 };
static const double infinite[ROWS] = { 1, (double)-INFINITY, 2, (double)INFINITY, 3, 4 };
static const char *const words[ROWS] = { "a", "b, \"c\"", NULL, " NA ", "1e2", "a" };
static const char *const dates[ROWS] = { "2021-03-01", "2021-03-02", "",
                                         "2021-03-04", "1970-01-02", "2021-03-06" };
static const char *const empty[ROWS] = { NULL };
static const tril_table_column columns[] = { { .name = "numbers", .numbers = numbers },
                                             { .name = "infinite", .numbers = infinite },
                                             { .name = "words", .words = words },
                                             { .name = "dates", .words = dates },
                                             { .name = "empty", .words = empty } };
enum { WIDTH = sizeof columns / sizeof *columns };

static const char file[] = "numbers,infinite,words,dates,empty\n"
                           "0.1,1,a,2021-03-01,\n"
                           "-0,-inf,\"b, \"\"c\"\"\",2021-03-02,\n"
                           "5e-324,2,,,\n"
                           "-1e300,inf, NA ,2021-03-04,\n"
                           "NaN,3,1e2,1970-01-02,\n"
                           "0.33333333333333331,4,a,2021-03-06,\n";

static bool is_same(const double *a, const double *b)
{
    for (size_t i = 0; i < ROWS; i++)
        if (!(a[i] == b[i] && !signbit(a[i]) == !signbit(b[i])) && !(isnan(a[i]) && isnan(b[i])))
            return false;
    return true;
}

/* cells, what columns are, labels, equal rows, and failures but for where they are */
START_TEST(test_as_file)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *own = tril_table_new(ctx, "arrays", columns, WIDTH, ROWS);
    tril_table *read = table_of(ctx, file, sizeof file - 1);
    ck_fine(ctx);
    ck_assert(tril_table_rows(own) == ROWS && tril_table_width(own) == WIDTH);
    for (size_t k = 0; k < WIDTH; k++) {
        const char *name = columns[k].name, *form = tril_table_dates(read, name);
        double x[2][ROWS] = { { 0 } };
        size_t n[2], first[2][ROWS] = { { 0 } };
        char message[256];
        ck_assert_str_eq(tril_table_name(own, k), name);
        ck_assert(tril_table_is_text(own, name) == tril_table_is_text(read, name));
        ck_assert(form == tril_table_dates(own, name) && !form == (k != 3));
        ck_assert(tril_table_doubles(read, name, x[0]) == (k == 0 || k > 2));
        snprintf(message, sizeof message, "%s", strstr(tril_ctx_message(ctx), ", column"));
        tril_ctx_clear(ctx);
        ck_assert(tril_table_doubles(own, name, x[1]) == (k == 0 || k > 2));
        ck_assert(is_same(x[0], x[1]));
        if (tril_ctx_failed(ctx))
            ck_failed(ctx, TRIL_BAD_DATA, message);
        const char *const *labels = tril_table_labels(read, name, &n[0]);
        tril_ctx_clear(ctx);
        const char *const *same = tril_table_labels(own, name, &n[1]);
        tril_ctx_clear(ctx);
        ck_assert(n[0] == n[1] && !labels == !same && !labels == (k == 4));
        for (size_t i = 0; i < n[0]; i++)
            ck_assert_str_eq(labels[i], same[i]);
        ck_assert(tril_table_equals(own, &name, 1, first[0]));
        ck_assert(tril_table_equals(read, &name, 1, first[1]));
        ck_assert_mem_eq(first[0], first[1], sizeof first[0]);
        ck_assert_uint_eq(tril_table_runs(own, name), tril_table_runs(read, name));
    }
    ck_assert(tril_table_line(own, 0) == 0 && tril_table_line(own, 1) == 0);
    ck_assert(tril_table_units_line(own) == 0);
    ck_assert(tril_table_dialect(own)->delimiter == ',');
    ck_assert(tril_table_dialect(own)->decimal == '.');
    tril_table_free(own);
    tril_table_free(read);
    tril_ctx_free(ctx);
}
END_TEST

/* numbers are those that were given, and the table has its own of all that it was given; no row is
 * one of units, no name is cut */
START_TEST(test_copies)
{
    double x[3] = { 0.1 + 0.2, DBL_MAX, 0x1.fffffffffffffp-1023 }, out[3];
    char word[3][8] = { "kg", "1", "2" }, name[] = " a ";
    const char *cells[3] = { word[0], word[1], word[2] };
    tril_table_column own[2] = { { .name = name, .numbers = x }, { .name = "w", .words = cells } };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = tril_table_new(ctx, NULL, own, 2, 3);
    const double wanted[3] = { x[0], x[1], x[2] };
    memset(x, 0, sizeof x), memset(word, 0, sizeof word), memset(cells, 0, sizeof cells);
    memset(own, 0, sizeof own), memset(name, 'x', 3);
    ck_assert(tril_table_doubles(table, " a ", out));
    ck_assert_mem_eq(out, wanted, sizeof out);
    size_t n;
    const char *const *labels = tril_table_labels(table, "w", &n);
    ck_fine(ctx);
    ck_assert_uint_eq(n, 3);
    ck_assert_str_eq(labels[2], "kg");
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* the name of the table, the row from 0, the column */
START_TEST(test_sentences)
{
    static const struct {
        const char *column, *sentence;
    } asked[] = {
        { "numbers", "arrays: row 4, column numbers: 'NaN' is not a number" },
        { "infinite", "arrays: row 1, column infinite: '-inf' is infinite" },
        { "words", "arrays: row 0, column words: 'a' is not a number" },
        { "dates", "arrays: row 2, column dates: the cell is empty" },
        { "empty", "arrays: row 0, column empty: the cell is empty" },
        { "x", "arrays: there is no column named x, only numbers, infinite, words, dates, empty" },
    };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = tril_table_new(ctx, "arrays", columns, WIDTH, ROWS);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        tril_real x[ROWS];
        /* float has no -1e300, which comes first */
        const bool beyond = i == 0 && !IS_DOUBLE;
        ck_assert(!tril_table_columns(table, &asked[i].column, 1, x));
        ck_assert_str_eq(tril_ctx_message(ctx),
                         beyond
                             ? "arrays: row 3, column numbers: -1e+300 is beyond the range of float"
                             : asked[i].sentence);
        ck_failed(ctx, TRIL_BAD_DATA, "arrays: ");
    }
    tril_table_free(table);
    const tril_table_column twice[2] = { columns[0], columns[0] };
    tril_real x[2];
    table = tril_table_new(ctx, "arrays", twice, 2, 1);
    ck_assert(!tril_table_columns(table, &twice[0].name, 1, x));
    ck_failed(ctx, TRIL_BAD_DATA, "arrays: there are two columns named numbers");
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_bad)
{
    static const tril_table_column no_name[] = { { .name = "a", .numbers = numbers },
                                                 { .numbers = numbers } },
                                   no_cells[] = { { .name = "a\n" } },
                                   both[] = { { .name = "b", .numbers = numbers, .words = words } };
    const struct {
        const char *name;
        const tril_table_column *columns;
        size_t n, rows;
        const char *sentence;
    } bad[] = {
        { "arrays", NULL, 0, 1, "arrays: there is no column" },
        { "arrays", NULL, 2, 1, "arrays: there is no column" },
        { NULL, columns, 1, 0, "table: there is no row" },
        { "arrays", no_name, 2, 1, "arrays: column 1 has no name" },
        { "arrays", no_cells, 1, 1, "arrays: column a? needs either numbers or words" },
        { "arrays", both, 1, 1, "arrays: column b needs either numbers or words" },
    };
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_ptr_null(tril_table_new(ctx, bad[i].name, bad[i].columns, bad[i].n, bad[i].rows));
        ck_assert_str_eq(tril_ctx_message(ctx), bad[i].sentence);
        ck_failed(ctx, TRIL_BAD_ARGUMENT, bad[i].sentence);
        ck_assert_uint_eq(counter.blocks, 1);
    }
    ck_assert_ptr_null(tril_table_new(ctx, "arrays", columns, 1, SIZE_MAX));
    ck_failed(ctx, TRIL_OUT_OF_MEMORY, "table: out of memory");
    ck_assert_ptr_null(tril_table_new(NULL, "arrays", columns, 1, 1));
    tril_ctx_free(ctx);
}
END_TEST

static void make_one(tril_ctx *ctx)
{
    enum { MANY = 300 };
    const char *cells[MANY];
    for (size_t i = 0; i < MANY; i++)
        cells[i] = i % 2 ? "a word" : "another one";
    const tril_table_column own[] = { { .name = "a", .words = cells },
                                      { .name = "b", .words = cells } };
    tril_table_free(tril_table_new(ctx, "arrays", own, 2, MANY));
}

START_TEST(test_exhaust)
{
    ck_assert_uint_gt(exhaust(make_one), 8);
}
END_TEST

Suite *suite_io_table_new(void)
{
    Suite *suite = suite_create("io/table_new");
    TCase *tcase = tcase_create("arrays");
    tcase_add_test(tcase, test_as_file);
    tcase_add_test(tcase, test_copies);
    tcase_add_test(tcase, test_sentences);
    tcase_add_test(tcase, test_bad);
    tcase_add_test(tcase, test_exhaust);
    suite_add_tcase(suite, tcase);
    return suite;
}
