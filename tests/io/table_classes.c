/* Labels and classes of columns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"

enum { MOST = 8 };

/* column a of a file: its labels, and the class of each row */
static const struct {
    content file;
    bool text;
    const char *labels[MOST];
    size_t classes[MOST];
} good[] = {
    { CONTENT("a\nred\ngreen\nred\nblue\n"), true, { "blue", "green", "red" }, { 2, 1, 2, 0 } },
    { CONTENT("a,b\nx,1\n"), true, { "x" }, { 0 } },
    { CONTENT("a\n2\n10\n1\n2\n"), false, { "1", "2", "10" }, { 1, 2, 0, 1 } },
    { CONTENT("a\n1\n1.0\n1e0\n+1\n\" 1 \"\n"), false, { "1" }, { 0, 0, 0, 0, 0 } },
    { CONTENT("a\n0\n-0\n0.0\n"), false, { "0" }, { 0, 0, 0 } },
    { CONTENT("a\nx\n2.50\n-1\ny\n2.5\n"), true, { "-1", "2.5", "x", "y" }, { 2, 1, 0, 3, 1 } },
    { CONTENT("a\nb\nB\nab\n\xC3\xA4\n"), true, { "B", "ab", "b", "\xC3\xA4" }, { 2, 0, 1, 3 } },
    { CONTENT("a\n\"x, y\"\n\"x\ny\"\n\"x \"\"y\"\"\"\n"),
      true,
      { "x\ny", "x \"y\"", "x, y" },
      { 2, 0, 1 } },
    { CONTENT("a\ninf\n1\n-inf\n1e999\n"), false, { "1", "-inf", "1e999", "inf" }, { 3, 0, 1, 2 } },
    { CONTENT("a\n0x10\nnone\n--\n"), true, { "--", "0x10", "none" }, { 1, 2, 0 } },
};

START_TEST(test_good)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    size_t n = 0, classes[MOST], wanted = 0;
    tril_table *table = table_of(ctx, good[_i].file.bytes, good[_i].file.size);
    ck_assert(tril_table_is_text(table, "a") == good[_i].text);
    const char *const *labels = tril_table_labels(table, "a", &n);
    ck_fine(ctx);
    while (wanted < MOST && good[_i].labels[wanted])
        wanted++;
    ck_assert_uint_eq(n, wanted);
    for (size_t j = 0; j < n; j++)
        ck_assert_str_eq(labels[j], good[_i].labels[j]);
    ck_assert(tril_table_classes(table, "a", labels, n, classes));
    for (size_t i = 0; i < tril_table_rows(table); i++)
        ck_assert_uint_eq(classes[i], good[_i].classes[i]);
    tril_table_free(table);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
}
END_TEST

/* what is missing is no word and has no label of its own; "" gives it one */
START_TEST(test_missing)
{
    static const char file[] = "a,b,c\nx,1,\n,2,NA\nna,,nan\nN/a,NA,NULL\n NaN,nAn,?\n?,null,-nan\n"
                               "\" \",\"\",\"NA \"\ny,3,\n";
    static const size_t wanted[] = { 1, 2, 2, 2, 2, 2, 2, 0 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    size_t n, classes[8];
    tril_table *table = table_of(ctx, file, sizeof file - 1);
    ck_assert(tril_table_is_text(table, "a") && !tril_table_is_text(table, "b"));
    ck_assert(!tril_table_is_text(table, "c") && !tril_table_is_text(table, "d"));
    const char *const *labels = tril_table_labels(table, "a", &n);
    ck_assert(labels && n == 2 && !strcmp(labels[0], "x") && !strcmp(labels[1], "y"));
    ck_assert(!tril_table_classes(table, "a", labels, n, classes));
    ck_sentence(ctx, TRIL_BAD_DATA, "line 3, column a: the cell is empty");
    const char *const more[] = { "y", "x", "" };
    ck_assert(tril_table_classes(table, "a", more, 3, classes));
    for (size_t i = 0; i < 8; i++)
        ck_assert_uint_eq(classes[i], wanted[i]);
    ck_assert_ptr_null(tril_table_labels(table, "c", &n));
    ck_assert_uint_eq(n, 0);
    ck_sentence(ctx, TRIL_BAD_DATA,
                "line 2, column c: this cell is missing, and so are all of the column");
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* labels of another table: in their own order, by value; and those that are not among them */
static const struct {
    const char *cell, *sentence; /* NULL: its class is that below */
    size_t class;
} known[] = {
    { "red", NULL, 1 },
    { "2.0", NULL, 2 },
    { "Red", "line 3, column a: 'Red' is none of the 3 labels", 7 },
    { "3", "line 3, column a: 3 is none of the 3 labels", 7 },
    { "NA", "line 3, column a: 'NA' is a missing label", 7 },
    { "inf", "line 3, column a: 'inf' is none of the 3 labels", 7 },
    { "\"r\ned\"", "line 3, column a: 'r?ed' is none of the 3 labels", 7 },
};

START_TEST(test_known)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    growing file = { 0 };
    text_print(&file, "a\nzebra\n%s\n", known[_i].cell);
    tril_table *table = table_of(ctx, file.bytes, file.size);
    size_t classes[2] = { 7, 7 };
    bool done =
        tril_table_classes(table, "a", (const char *[]){ "zebra", "red", "2.00" }, 3, classes);
    ck_assert_int_eq(done, !known[_i].sentence);
    ck_assert_uint_eq(classes[0], 0);
    ck_assert_uint_eq(classes[1], known[_i].class);
    if (!done)
        ck_sentence(ctx, TRIL_BAD_DATA, known[_i].sentence);
    free(file.bytes);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_no_column)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, "b,b\nx,y\n", 8);
    size_t n, class;
    ck_assert_ptr_null(tril_table_labels(table, "a", &n));
    ck_sentence(ctx, TRIL_BAD_DATA, "line 1: there is no column named a, only b, b");
    ck_assert(!tril_table_classes(table, "b", (const char *[]){ "x" }, 1, &class));
    ck_sentence(ctx, TRIL_BAD_DATA, "line 1: there are two columns named b");
    ck_assert_ptr_null(tril_table_labels(table, NULL, &n));
    ck_sentence(ctx, TRIL_BAD_ARGUMENT, "a column has no name");
    ck_assert(!tril_table_labels(NULL, "a", &n) && n == 0);
    ck_assert(!tril_table_classes(NULL, "a", NULL, 0, &class));
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* many rows, many labels: as many as there are, and each row its own */
START_TEST(test_many)
{
    enum { ROWS = 20000, LABELS = 3000 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    growing file = { 0 };
    tril_random random = tril_random_stream(9, 0);
    size_t *drawn = malloc(2 * ROWS * sizeof *drawn), *classes = drawn + ROWS, n;
    text_print(&file, "a\n");
    for (size_t i = 0; i < ROWS; i++) {
        drawn[i] = i < LABELS ? i : tril_random_below(&random, LABELS);
        text_print(&file, drawn[i] % 2 ? "word %06zu\n" : "%zu.5\n", drawn[i]);
    }
    tril_table *table = table_of(ctx, file.bytes, file.size);
    const char *const *labels = tril_table_labels(table, "a", &n);
    ck_assert_uint_eq(n, LABELS);
    ck_assert(tril_table_classes(table, "a", labels, n, classes));
    for (size_t i = 0; i < ROWS; i++)
        ck_assert_uint_eq(classes[i], drawn[i] % 2 * LABELS / 2 + drawn[i] / 2);
    free(drawn);
    free(file.bytes);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

static void classify(tril_ctx *ctx)
{
    growing file = { 0 };
    text_print(&file, "a\n");
    for (int i = 0; i < 1000; i++)
        text_print(&file, i % 2 ? "%d\n" : "word %d\n", i % 600);
    tril_table *table = table_of(ctx, file.bytes, file.size);
    size_t n, classes[1000];
    const char *const *labels = tril_table_labels(table, "a", &n);
    if (tril_table_classes(table, "a", labels, n, classes))
        ck_assert_uint_eq(classes[599], 299);
    free(file.bytes);
    tril_table_free(table);
}

START_TEST(test_exhaust)
{
    ck_assert_uint_gt(exhaust(classify), 8);
}
END_TEST

Suite *suite_io_table_classes(void)
{
    Suite *suite = suite_create("io/table_classes");
    TCase *tcase = tcase_create("classes");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_good, 0, sizeof good / sizeof *good);
    tcase_add_test(tcase, test_missing);
    tcase_add_loop_test(tcase, test_known, 0, sizeof known / sizeof *known);
    tcase_add_test(tcase, test_no_column);
    tcase_add_test(tcase, test_many);
    tcase_add_test(tcase, test_exhaust);
    suite_add_tcase(suite, tcase);
    return suite;
}
