/* Tables as other programs and countries write them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"

#define MISSING ((double)NAN)
#define BLANK "\xC2\xA0"      /* that does not break */
#define NARROW "\xE2\x80\xAF" /* the same, narrow */

/* the columns that are asked for, and their cells */
static const struct {
    const char *file, *names[4];
    double cells[12];
    tril_dialect dialect;
    char delimiter, decimal;
    size_t units;
} files[] = {
    /* separators */
    { "a;b\n1.5;2\n3;4\n", { "a", "b" }, { 1.5, 2, 3, 4 }, { 0 }, ';', '.', 0 },
    { "a\tb\n1.5\t2\n3\t4\n", { "a", "b" }, { 1.5, 2, 3, 4 }, { 0 }, '\t', '.', 0 },
    { "a\tb\n\t2\n3\t\n", { "a", "b" }, { MISSING, 2, 3, MISSING }, { 0 }, '\t', '.', 0 },
    { "a|b\n1.5|2\n3|4\n", { "a", "b" }, { 1.5, 2, 3, 4 }, { 0 }, '|', '.', 0 },
    { "\"a\";\"b\"\n1;2\n", { "a", "b" }, { 1, 2 }, { 0 }, ';', '.', 0 },
    { "a,b;c\n1,2\n3,4\n", { "a", "b;c" }, { 1, 2, 3, 4 }, { 0 }, ',', '.', 0 },
    { "a;b;c,d\n1;2;3\n", { "a", "b", "c,d" }, { 1, 2, 3 }, { 0 }, ';', '.', 0 },
    { "\"a;b\",c\n1,2\n", { "a;b", "c" }, { 1, 2 }, { 0 }, ',', '.', 0 },
    { "sep=;\na;b\n1;2\n", { "a", "b" }, { 1, 2 }, { 0 }, ';', '.', 0 },
    { "a:b\n1:2\n", { "a", "b" }, { 1, 2 }, { .delimiter = ':' }, ':', '.', 0 },
    { "a,b\n1,2\n", { "a,b" }, { 1.2 }, { .delimiter = ';' }, ';', ',', 0 },
    { "#id,a,c\n1,2,x\n", { "id", "a" }, { 1, 2 }, { 0 }, ',', '.', 0 },
    { "a;b;\n1;2;\n3;4;\n", { "a", "b" }, { 1, 2, 3, 4 }, { 0 }, ';', '.', 0 },
    /* decimal commas, groups of digits */
    { "a;b\n1,5;2\n-3,25;4\n", { "a", "b" }, { 1.5, 2, -3.25, 4 }, { 0 }, ';', ',', 0 },
    { "a,b\n\"1,5\",2\n\"3,25\",4\n", { "a", "b" }, { 1.5, 2, 3.25, 4 }, { 0 }, ',', ',', 0 },
    { "a\tb\n1.234,5\t2\n3,1e2\t4\n", { "a", "b" }, { 1234.5, 2, 310, 4 }, { 0 }, '\t', ',', 0 },
    { "a;b\n1,234;2\n3,456;4\n", { "a", "b" }, { 1.234, 2, 3.456, 4 }, { 0 }, ';', ',', 0 },
    { "a;b\n1.234;2\n3.456;4\n", { "a", "b" }, { 1.234, 2, 3.456, 4 }, { 0 }, ';', '.', 0 },
    { "a;b\n0,123;1.234\n", { "a", "b" }, { 0.123, 1234 }, { 0 }, ';', ',', 0 },
    { "a,b\n\"1,234\",2.5\n\"-12,345,678.5\",4\n",
      { "a", "b" },
      { 1234, 2.5, -12345678.5, 4 },
      { 0 },
      ',',
      '.',
      0 },
    { "a,b\n1 234,2\n12 345 678.25,4\n",
      { "a", "b" },
      { 1234, 2, 12345678.25, 4 },
      { 0 },
      ',',
      '.',
      0 },
    { "a,b\n1'234,1" BLANK "000\n1\xE2\x80\x99"
      "234,2" NARROW "000\n",
      { "a", "b" },
      { 1234, 1000, 1234, 2000 },
      { 0 },
      ',',
      '.',
      0 },
    { "a,b\n\xE2\x88\x92"
      "5,1\n",
      { "a", "b" },
      { -5, 1 },
      { 0 },
      ',',
      '.',
      0 },
    { "a;b\n1.5;2,5\n", { "a" }, { 1.5 }, { .decimal = '.' }, ';', '.', 0 },
    /* comments */
    { "# one, two\n#\na,b\n1,2\n#3,4\n5,6\n", { "a", "b" }, { 1, 2, 5, 6 }, { 0 }, ',', '.', 0 },
    { "# a,b\n1,2\n3,4\n", { "a", "b" }, { 1, 2, 3, 4 }, { 0 }, ',', '.', 0 },
    { "a,b\n1,2\n# it's \"quoted\n3,4\n", { "a", "b" }, { 1, 2, 3, 4 }, { 0 }, ',', '.', 0 },
    { "%x\na,b\n1,2\n", { "a", "b" }, { 1, 2 }, { .comment = '%' }, ',', '.', 0 },
    { "#a,b\n#1,2\n", { "b" }, { 2 }, { .comment = '%' }, ',', '.', 0 },
    /* units */
    { "a,b\n[m],[s]\n1,2\n3,4\n", { "a", "b" }, { 1, 2, 3, 4 }, { 0 }, ',', '.', 2 },
    { "c,a\n,degC\nx,1\ny,2\n", { "a" }, { 1, 2 }, { 0 }, ',', '.', 2 },
    /* missing cells */
    { "a,b\nNA,#N/A\nnull,\\N\n-,.\n?,n/a\n1,\n",
      { "a", "b" },
      { MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, 1, MISSING },
      { 0 },
      ',',
      '.',
      0 },
    { "a,b\n-999,none\n-999.0,2\n3, NONE \n",
      { "a", "b" },
      { MISSING, MISSING, MISSING, 2, 3, MISSING },
      { .missing = (const char *[]){ "-999", "none" }, .n_missing = 2 },
      ',',
      '.',
      0 },
    /* dates */
    { "a\n2021-03-01\n1970-01-02T12:00\n\n", { "a" }, { 18687, 1.5 }, { 0 }, ',', '.', 0 },
    { "a;b\n01.03.2021;1,5\n02.03.2021;NA\n",
      { "a", "b" },
      { 18687, 1.5, 18688, MISSING },
      { 0 },
      ';',
      ',',
      0 },
    { "a\n13/01/2021\n02/03/2021\n", { "a" }, { 18640, 18688 }, { 0 }, ',', '.', 0 },
    { "a\n01/13/2021\n03/02/2021\n", { "a" }, { 18640, 18688 }, { 0 }, ',', '.', 0 },
};

START_TEST(test_read)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_real x[12];
    size_t width = 0;
    write_file(files[_i].file, strlen(files[_i].file));
    tril_table *table = tril_table_read(ctx, file_path(), &files[_i].dialect);
    remove(file_path());
    ck_fine(ctx);
    while (width < 4 && files[_i].names[width])
        width++;
    ck_assert_int_eq(tril_table_dialect(table)->delimiter, files[_i].delimiter);
    ck_assert_int_eq(tril_table_dialect(table)->decimal, files[_i].decimal);
    ck_assert_uint_eq(tril_table_units_line(table), files[_i].units);
    ck_assert_msg(tril_table_columns_missing(table, files[_i].names, width, x), "%s",
                  tril_ctx_message(ctx));
    for (size_t i = 0; i < width * tril_table_rows(table); i++)
        if (isnan(files[_i].cells[i]))
            ck_assert(isnan(x[i]));
        else
            ck_assert_double_eq((double)x[i], (double)(tril_real)files[_i].cells[i]);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* what stays as it is: column a */
static const struct {
    const char *file, *sentence;
} refused[] = {
    { "a,b\n1,2;3\n", NULL },
    { "a\n1.5\n1,5\n", "line 3 has 2 cells, the header has 1: they are separated by ',' "
                       "(--delimiter), and one that holds it stands in quotes" },
    { "a\n12 34\n", "line 2, column a: '12 34' is not a number" },
    { "a,b\n\"1,2345\",1.5\n", "line 2, column a: '1,2345' is not a number" },
    { "a,b\n\"0,123\",1.5\n\"0,5\",2.5\n1,3.5\n", "line 2, column a: '0,123' is not a number" },
    { "a;b\n1,5;2\n1.5;3\n1,25;3\n", "line 3, column a: '1.5' is not a number" },
    { "a,b\n[m],1\n2,3\n4,5\n", "line 2, column a: '[m]' is not a number" },
    { "a\n2021-03-01\n2021-03-02\n2021-02-30\n",
      "line 4, column a: '2021-02-30' is not a date as the others are" },
    { "a\n2021-03-01\n2021-03-02\n7\n", "line 4, column a: '7' is not a date as the others are" },
    { "a;b\n1;2\n3\n", "line 3 has 1 cells, the header has 2: they are separated by ';' "
                       "(--delimiter)" },
    { "a\tb\n1\t2\n3\n", "line 3 has 1 cells, the header has 2: they are separated by tabs "
                         "(--delimiter)" },
    { "#1,b\n#2,3\n", "line 1: there is no column named a, only #1, b" },
};

START_TEST(test_refused)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_real x[8];
    tril_table *table = table_of(ctx, refused[_i].file, strlen(refused[_i].file));
    bool done = tril_table_columns(table, (const char *[]){ "a" }, 1, x);
    ck_assert(done == !refused[_i].sentence);
    if (!done)
        ck_sentence(ctx, TRIL_BAD_DATA, refused[_i].sentence);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* a file of many columns: as many names as a sentence has room for */
START_TEST(test_names)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    growing file = { 0 };
    tril_real x;
    for (int k = 0; k < 600; k++)
        text_print(&file, "%sb%03d", k ? "," : "", k);
    for (int k = 0; k < 600; k++)
        text_print(&file, "%s1", k ? "," : "\n");
    tril_table *table = table_of(ctx, file.bytes, file.size);
    ck_assert(!tril_table_columns(table, (const char *[]){ "a" }, 1, &x));
    ck_assert(strstr(tril_ctx_message(ctx), "no column named a, only b000, b001, b002, "));
    ck_assert(strstr(tril_ctx_message(ctx), " more"));
    tril_table_free(table);
    free(file.bytes);
    tril_ctx_free(ctx);
}
END_TEST

/* rows that are equal in some columns; numbers by value, words by letters, missing cells alike */
START_TEST(test_equals)
{
    static const char file[] = "a,b,c\n1,x,1\n1.0,x,2\n2,x,3\n,x,4\nNA,x,5\n0,y,6\n-0,y,7\n1,X,8\n";
    static const size_t wanted[] = { 0, 0, 2, 3, 3, 5, 5, 7 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    size_t first[8];
    tril_table *table = table_of(ctx, file, sizeof file - 1);
    ck_assert(tril_table_equals(table, (const char *[]){ "a", "b" }, 2, first));
    for (size_t i = 0; i < 8; i++)
        ck_assert_uint_eq(first[i], wanted[i]);
    ck_assert(!tril_table_equals(table, (const char *[]){ "a", "d" }, 2, first));
    ck_sentence(ctx, TRIL_BAD_DATA, "line 1: there is no column named d, only a, b, c");
    ck_assert(!tril_table_equals(NULL, NULL, 0, first));
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_io_dialect(void)
{
    Suite *suite = suite_create("io/dialect");
    TCase *tcase = tcase_create("dialect");
    tcase_add_loop_test(tcase, test_read, 0, sizeof files / sizeof *files);
    tcase_add_loop_test(tcase, test_refused, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tcase, test_names);
    tcase_add_test(tcase, test_equals);
    suite_add_tcase(suite, tcase);
    return suite;
}
