/* Tables from files as they should not be: one sentence each, and the context goes on. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/files.h"

#define BOM "\xEF\xBB\xBF"

/* the context reads a good table, and holds nothing */
static void ck_goes_on(tril_ctx *ctx, const counting *counter)
{
    tril_real x = 0;
    ck_assert_uint_eq(counter->blocks, 1);
    tril_table *table = table_of(ctx, "a\n1\n", 4);
    ck_assert(tril_table_columns(table, (const char *[]){ "a" }, 1, &x));
    ck_assert_double_eq((double)x, 1);
    tril_table_free(table);
    ck_assert_uint_eq(counter->blocks, 1);
}

#define LESS ": they are separated by ',' (--delimiter)"
#define MORE LESS ", and one that holds it stands in quotes"

/* files that are no tables */
static const struct {
    content file;
    const char *sentence;
} bad[] = {
    { CONTENT(""), "line 1: the file is empty, there is no header" },
    { CONTENT(BOM), "line 1: the file is empty, there is no header" },
    { CONTENT("\n"), "line 1: the file is empty, there is no header" },
    { CONTENT("\r\n\r\n\n  \n\t"), "line 1: the file is empty, there is no header" },
    { CONTENT(BOM "\n\n"), "line 1: the file is empty, there is no header" },
    { CONTENT("a,b"), "line 1: there is a header, but no row" },
    { CONTENT("\na,b\n\n\n"), "line 5: there is a header, but no row" },
    { CONTENT(BOM "\"a\nb\"\n"), "line 3: there is a header, but no row" },
    /* ragged */
    { CONTENT("a,b\n1,2\n3\n5,6\n"), "line 3 has 1 cells, the header has 2" LESS },
    { CONTENT("a,b\n1,2\n3,4,5\n"), "line 3 has 3 cells, the header has 2" MORE },
    { CONTENT("a,b\n1,2\n3,4,"), "line 3 has 3 cells, the header has 2" MORE },
    { CONTENT("a\n,\n"), "line 2 has 2 cells, the header has 1" MORE },
    { CONTENT("a,b\r\n1,2\r\n3\r\n"), "line 3 has 1 cells, the header has 2" LESS },
    { CONTENT("a,b\n\n\n1\n"), "line 4 has 1 cells, the header has 2" LESS },
    { CONTENT("a,b\n1,\"\n\n\"\n1\n"), "line 5 has 1 cells, the header has 2" LESS },
    { CONTENT("a,b\n\"1\n\r\n\",2\n\n\"3\n\"\n"), "line 6 has 1 cells, the header has 2" LESS },
    { CONTENT("\"\n\",b\n1,2\n\"3\"\n"), "line 4 has 1 cells, the header has 2" LESS },
    { CONTENT("a,b\n1,2\n1 2\n"), "line 3 has 1 cells, the header has 2" LESS },
    { CONTENT("a,b\n1;2\n"), "line 2 has 1 cells, the header has 2" LESS },
    /* ends of rows */
    { CONTENT("a\r1\r"), "line 1: a CR alone ends a row: rows end in LF or CRLF" },
    { CONTENT("a\r\n1\r\n2\r3"), "line 3: a CR alone ends a row: rows end in LF or CRLF" },
    { CONTENT("a\n\"\n\"\r2\n"), "line 3: a CR alone ends a row: rows end in LF or CRLF" },
    /* quotes */
    { CONTENT("a,b\n1,2\"\n"), "line 2: a quote in the middle of a cell" },
    { CONTENT("a,b\"\n1,2\n"), "line 1: a quote in the middle of a cell" },
    { CONTENT("a,b\n\n1,\"2\" 3\n"), "line 3: a quote in the middle of a cell" },
    { CONTENT("a,b\n1,\"2\"\"\"3\n"), "line 2: a quote in the middle of a cell" },
    { CONTENT("a,b\n\"1\n\",\"2\n\" \"\n"), "line 4: a quote in the middle of a cell" },
    { CONTENT("a,b\n1,\"2\n3,4\n"), "line 2: a quoted cell does not end" },
    { CONTENT("a,b\n1,2\n\n\"3"), "line 4: a quoted cell does not end" },
    { CONTENT("\"a\n"), "line 1: a quoted cell does not end" },
    { CONTENT("a\n\"1\n\"\n\"\"\""), "line 4: a quoted cell does not end" },
    /* NUL bytes */
    { CONTENT("\0"), "line 1 holds a NUL byte: this is no text" },
    { CONTENT("a\n1\0\n"), "line 2 holds a NUL byte: this is no text" },
    { CONTENT("a\0b\n1\n"), "line 1 holds a NUL byte: this is no text" },
    { CONTENT("a,b\n1,2\n1,\"\n\0\"\n"), "line 4 holds a NUL byte: this is no text" },
    { CONTENT("\xFF\xFE"
              "a\0\n\0001\0\n\0"),
      "line 1 holds a NUL byte: this is no text" },
};

START_TEST(test_bad)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    ck_assert_ptr_null(table_of(ctx, bad[_i].file.bytes, bad[_i].file.size));
    ck_sentence(ctx, TRIL_BAD_DATA, bad[_i].sentence);
    ck_goes_on(ctx, &counter);
    tril_ctx_free(ctx);
}
END_TEST

/* tables that do not hold what is asked for: column b */
static const struct {
    content file;
    const char *sentence;
} asked[] = {
    { CONTENT("a\n1\n"), "line 1: there is no column named b, only a" },
    { CONTENT("\n\r\n\"a\n\"\n1\n"), "line 3: there is no column named b, only a?" },
    { CONTENT("B,\"b,c \",bb\n1,2,3\n"),
      "line 1: there is no column named b, only B, \"b,c\", bb" },
    { CONTENT("b,b\n1,2\n"), "line 1: there are two columns named b" },
    { CONTENT("\nb,a,\"b\", b\n1,2,3,4\n"), "line 2: there are two columns named b" },
    /* no number */
    { CONTENT("a,b\n1,2\n3,word\n"), "line 3, column b: 'word' is not a number" },
    { CONTENT("b\nword"), "line 2, column b: 'word' is not a number" },
    { CONTENT("b\n1\n2 3\n"), "line 3, column b: '2 3' is not a number" },
    { CONTENT("b\n1x\n"), "line 2, column b: '1x' is not a number" },
    { CONTENT("b\n--1\n"), "line 2, column b: '--1' is not a number" },
    { CONTENT("b\n1e\n"), "line 2, column b: '1e' is not a number" },
    { CONTENT("b\n.\n"), "line 2, column b: '.' is not a number" },
    { CONTENT("b\n\"1,50,\"\n"), "line 2, column b: '1,50,' is not a number" },
    { CONTENT("b\n\"1\n\"\n"), "line 2, column b: '1?' is not a number" },
    { CONTENT("b\n0x10\n"), "line 2, column b: '0x10' is not a number" },
    { CONTENT("b\n-0X1p3\n"), "line 2, column b: '-0X1p3' is not a number" },
    { CONTENT("b\n0x1p9999\n"), "line 2, column b: '0x1p9999' is not a number" },
    { CONTENT("b\nnan\n"), "line 2, column b: 'nan' is not a number" },
    { CONTENT("b\n-NaN\n"), "line 2, column b: '-NaN' is not a number" },
    { CONTENT("b\nnan(1)\n"), "line 2, column b: 'nan(1)' is not a number" },
    { CONTENT("b\nNA\n"), "line 2, column b: 'NA' is not a number" },
    /* infinite */
    { CONTENT("b\n1\ninf\n"), "line 3, column b: 'inf' is infinite" },
    { CONTENT("b\n1\n-inf\n"), "line 3, column b: '-inf' is infinite" },
    { CONTENT("b\n+Infinity\n"), "line 2, column b: '+Infinity' is infinite" },
    { CONTENT("b\n1e999\n"), "line 2, column b: '1e999' is infinite" },
    { CONTENT("b\n-1e999\n"), "line 2, column b: '-1e999' is infinite" },
    /* empty */
    { CONTENT("a,b\n1,\n"), "line 2, column b: the cell is empty" },
    { CONTENT("b,a\n,1\n"), "line 2, column b: the cell is empty" },
    { CONTENT("b,a\n1,1\n  ,1\n"), "line 3, column b: the cell is empty" },
    { CONTENT("b\n1\n\"\"\n"), "line 3, column b: the cell is empty" },
    { CONTENT("b\n1\n\" \"\n"), "line 3, column b: ' ' is not a number" },
    /* the first one, and its line */
    { CONTENT("a,b\n1,2\n1,x\n1,y\n"), "line 3, column b: 'x' is not a number" },
    { CONTENT("a,b\nx,2\ny,z\n"), "line 3, column b: 'z' is not a number" },
    { CONTENT("\n\nb\n\n\r\n1\n\nx\n"), "line 8, column b: 'x' is not a number" },
    { CONTENT("a,b\n\"\n\n\",2\n1,x\n"), "line 5, column b: 'x' is not a number" },
    { CONTENT("a,b\r\n\"\r\n\r\n\",2\r\n1,x\r\n"), "line 5, column b: 'x' is not a number" },
    { CONTENT("a,b\n1,\"2\"\n\"1\",x\n"), "line 3, column b: 'x' is not a number" },
    { CONTENT("\"\na\",b\n1,x\n"), "line 3, column b: 'x' is not a number" },
    { CONTENT("a,b\n\"\n\n\",x\n"), "line 2, column b: 'x' is not a number" },
    /* a long cell is cut, but no character in it */
    { CONTENT("b\n1234567890123456789012345678901234567e999\n"),
      "line 2, column b: '1234567890123456789012345678901234567e99...' is infinite" },
    { CONTENT("b\n0123456789012345678901234567890123456789\n"
              "x123456789012345678901234567890123456789\n"),
      "line 3, column b: 'x123456789012345678901234567890123456789' is not a number" },
    { CONTENT("b\nx12345678901234567890123456789012345678\xC3\xA9\n"),
      "line 2, column b: 'x12345678901234567890123456789012345678...' is not a number" },
    { CONTENT("b\n\xE6\xB8\xA9x\t\n\"\x1B\x7F\r\n\"\n"),
      "line 2, column b: '\xE6\xB8\xA9x' is not a number" },
    { CONTENT("b\n\"\x1B\x7F\r\n\"\n"), "line 2, column b: '\?\?\?\?' is not a number" },
};

START_TEST(test_asked)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    tril_table *table = table_of(ctx, asked[_i].file.bytes, asked[_i].file.size);
    tril_real x[8];
    for (int i = 0; i < 2; i++) { /* the table is there still */
        ck_fine(ctx);
        ck_assert(!tril_table_columns(table, (const char *[]){ "b" }, 1, x));
        ck_sentence(ctx, TRIL_BAD_DATA, asked[_i].sentence);
    }
    tril_table_free(table);
    ck_goes_on(ctx, &counter);
    tril_ctx_free(ctx);
}
END_TEST

/* each row keeps its line, however many there are: column k has its word in row words[k] */
START_TEST(test_many_rows)
{
    static const size_t words[] = { 1, 255, 256, 257, 384, 385, 2999, 3000 };
    enum { WIDTH = sizeof words / sizeof *words, ROWS = 3000 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    growing file = { 0 };
    text_print(&file, "a,b,c,d,e,f,g,h\n");
    for (size_t i = 1; i <= ROWS; i++)
        for (size_t k = 0; k < WIDTH; k++)
            text_print(&file, "%s%s", k ? "," : "\n", i == words[k] ? "word" : "1");
    tril_table *table = table_of(ctx, file.bytes, file.size);
    for (size_t k = 0; k < WIDTH; k++) {
        tril_real x[ROWS];
        char sentence[100];
        const char *name = tril_table_name(table, k);
        snprintf(sentence, sizeof sentence, "line %zu, column %s: 'word' is not a number",
                 words[k] + 2, name);
        ck_assert(!tril_table_columns(table, &name, 1, x));
        ck_sentence(ctx, TRIL_BAD_DATA, sentence);
    }
    free(file.bytes);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* what only float cannot hold */
START_TEST(test_float_range)
{
    static const char *const beyond[] = { "1e300", "-1e300", "3.5e38", "-1.7976931348623157e308" };
    tril_ctx *ctx = tril_ctx_new(NULL);
    char file[64], sentence[100];
    double number = strtod(beyond[_i], NULL);
    snprintf(file, sizeof file, "a,b\n1,2\n3,%s\n", beyond[_i]);
    snprintf(sentence, sizeof sentence, "line 3, column b: %g is beyond the range of float",
             number);
    tril_table *table = table_of(ctx, file, strlen(file));
    tril_real x[2];
    ck_assert_int_eq(tril_table_columns(table, (const char *[]){ "b" }, 1, x), IS_DOUBLE);
    if (IS_DOUBLE)
        ck_assert_double_eq((double)x[1], number);
    else
        ck_sentence(ctx, TRIL_BAD_DATA, sentence);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* names of columns are shown on one line too */
START_TEST(test_strange_names)
{
    static const char file[] = "\"a\nb\",x123456789012345678901234567890123456789y\nw,w\n";
    static const struct {
        const char *name, *sentence;
    } names[] = {
        { "a\nb", "line 3, column a?b: 'w' is not a number" },
        { "x123456789012345678901234567890123456789y",
          "line 3, column x123456789012345678901234567890123456789...: 'w' is not a number" },
        { "a\tb", "line 1: there is no column named a?b, only a?b, "
                  "x123456789012345678901234567890123456789..." },
        { "", "line 1: there is no column named '', only a?b, "
              "x123456789012345678901234567890123456789..." },
    };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, file, sizeof file - 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tril_real x[1];
        ck_assert(!tril_table_columns(table, &names[i].name, 1, x));
        ck_sentence(ctx, TRIL_BAD_DATA, names[i].sentence);
    }
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_no_file)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    ck_assert_ptr_null(tril_table_read(ctx, file_path(), NULL));
    ck_sentence(ctx, TRIL_BAD_FILE, "cannot be opened: No such file or directory");
    ck_assert_int_eq(mkdir(file_path(), 0700), 0);
    ck_assert_ptr_null(tril_table_read(ctx, file_path(), NULL));
    ck_assert_int_eq(rmdir(file_path()), 0);
    ck_sentence(ctx, TRIL_BAD_FILE, "cannot be read: Is a directory");
    ck_assert_ptr_null(tril_table_read(ctx, "", NULL));
    ck_failed(ctx, TRIL_BAD_FILE, ": cannot be opened: No such file or directory");
    ck_goes_on(ctx, &counter);
    tril_ctx_free(ctx);
}
END_TEST

/* sentences about streams begin with their name; a stream that fails is no shorter table */
START_TEST(test_bad_stream)
{
    static const struct {
        int kind;
        const char *bytes;
        tril_status status;
        const char *sentence;
    } streams[] = {
        { STREAM_MEMORY, "", TRIL_BAD_DATA, "line 1: the file is empty, there is no header" },
        { STREAM_PIPE, "a,b\n1\n", TRIL_BAD_DATA, "line 2 has 1 cells, the header has 2" },
        { STREAM_FAILS, "", TRIL_BAD_FILE, "cannot be read: Input/output error" },
        { STREAM_FAILS, "a\n1\n2\n", TRIL_BAD_FILE, "cannot be read: Input/output error" },
        { STREAM_ENDLESS, "a\n1\n", TRIL_BAD_DATA, "line 3 holds a NUL byte: this is no text" },
    };
    static const char *const names[] = { "rows", NULL };
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    for (size_t i = 0; i < 2 * sizeof streams / sizeof *streams; i++) {
        char sentence[128];
        const char *bytes = streams[i / 2].bytes, *name = names[i % 2];
        snprintf(sentence, sizeof sentence, "%s: %s", name ? name : "table",
                 streams[i / 2].sentence);
        FILE *stream = stream_of(streams[i / 2].kind, bytes, strlen(bytes));
        ck_assert_ptr_null(tril_table_read_stream(ctx, stream, name, NULL));
        ck_assert_msg(strstr(tril_ctx_message(ctx), sentence) == tril_ctx_message(ctx), "%s",
                      tril_ctx_message(ctx));
        ck_failed(ctx, streams[i / 2].status, sentence);
        ck_assert_int_eq(fclose(stream), 0);
    }
    FILE *written = fopen(file_path(), "wb");
    ck_assert_ptr_null(tril_table_read_stream(ctx, written, file_path(), NULL));
    ck_sentence(ctx, TRIL_BAD_FILE, "cannot be read: Bad file descriptor");
    fclose(written);
    ck_assert_int_eq(remove(file_path()), 0);
    ck_goes_on(ctx, &counter);
    tril_ctx_free(ctx);
}
END_TEST

/* one byte more than the longest line in table.c: blanks, cells, a quoted cell */
START_TEST(test_long_line)
{
    static const char begin[] = { ' ', ',', '"' };
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    growing file = { 0 };
    text_print(&file, "a\n1\n%c", begin[_i]);
    text_fill(&file, _i < 2 ? begin[_i] : 'x', (1 << 24) - 2);
    text_print(&file, "%c\n", begin[_i]);
    ck_assert_ptr_null(table_of(ctx, file.bytes, file.size));
    ck_sentence(ctx, TRIL_BAD_DATA, "line 3 is longer than 16 MiB: this is no table");
    ck_goes_on(ctx, &counter);
    free(file.bytes);
    tril_ctx_free(ctx);
}
END_TEST

/* a cell of many lines */
START_TEST(test_long_cell)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    growing file = { 0 };
    text_print(&file, "a\n1\n\"");
    for (int i = 0; i < 1 << 14; i++) {
        text_fill(&file, 'x', 1023);
        text_print(&file, "\n");
    }
    ck_assert_ptr_null(table_of(ctx, file.bytes, file.size));
    ck_sentence(ctx, TRIL_BAD_DATA,
                "line 3 begins a quoted cell longer than 16 MiB: this is no table");
    ck_goes_on(ctx, &counter);
    free(file.bytes);
    tril_ctx_free(ctx);
}
END_TEST

/* one sentence on one line, about this file */
static void ck_one_sentence(const tril_ctx *ctx)
{
    const char *message = tril_ctx_message(ctx), *path = file_path();
    ck_assert_int_eq(tril_ctx_status(ctx), TRIL_BAD_DATA);
    ck_assert_msg(strncmp(message, path, strlen(path)) == 0, "%s", message);
    ck_assert_msg(strstr(message, ": line "), "%s", message);
    for (const char *p = message; *p; p++)
        ck_assert_msg(!iscntrl((unsigned char)*p), "%s", message);
}

/* a few MB of random bytes are a table or one sentence, and so is each column */
static const struct {
    const char *bytes; /* NULL: any */
    bool table;        /* it cannot fail to be one */
} alphabets[] = {
    { NULL, false },
    { "\"\"\n,ab", false },
    { "0123456789,.-+eE\n", false },
    { "0123456789.-+eExX nNaAiIfF\xC3\xA9\x7F\n", true },
};

START_TEST(test_random_bytes)
{
    enum { SIZE = 5000000 };
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    tril_random random = tril_random_stream(5, _i);
    const char *alphabet = alphabets[_i].bytes;
    size_t letters = alphabet ? strlen(alphabet) : 256;
    char *bytes = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        size_t letter = tril_random_below(&random, letters);
        bytes[i] = alphabet ? alphabet[letter] : (char)letter;
    }
    tril_table *table = table_of(ctx, bytes, SIZE);
    ck_assert(table || !alphabets[_i].table);
    if (!table)
        ck_one_sentence(ctx);
    else
        ck_fine(ctx);
    for (size_t k = 0; k < tril_table_width(table); k++) {
        const char *name = tril_table_name(table, k);
        tril_real *x = malloc(tril_table_rows(table) * sizeof *x);
        ck_assert(!tril_table_columns(table, &name, 1, x));
        ck_one_sentence(ctx);
        tril_ctx_clear(ctx);
        free(x);
    }
    tril_table_free(table);
    tril_ctx_clear(ctx);
    ck_goes_on(ctx, &counter);
    free(bytes);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_io_table_errors(void)
{
    Suite *suite = suite_create("io/table_errors");
    TCase *tcase = tcase_create("bad files");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_bad, 0, sizeof bad / sizeof *bad);
    tcase_add_loop_test(tcase, test_asked, 0, sizeof asked / sizeof *asked);
    tcase_add_test(tcase, test_many_rows);
    tcase_add_loop_test(tcase, test_float_range, 0, 4);
    tcase_add_test(tcase, test_strange_names);
    tcase_add_test(tcase, test_no_file);
    tcase_add_test(tcase, test_bad_stream);
    suite_add_tcase(suite, tcase);
    TCase *large = tcase_create("large");
    tcase_set_timeout(large, 120);
    tcase_set_tags(large, "long");
    tcase_add_loop_test(large, test_long_line, 0, 3);
    tcase_add_test(large, test_long_cell);
    tcase_add_loop_test(large, test_random_bytes, 0, sizeof alphabets / sizeof *alphabets);
    suite_add_tcase(suite, large);
    return suite;
}
