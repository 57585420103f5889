/* Tables from files as they should be; table_errors.c has those as they should not. */
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/files.h"

enum { WIDEST = 3, CHUNK = 1 << 16 };
#define BOM "\xEF\xBB\xBF"

static const struct {
    content file;
    size_t rows;
    const char *names[WIDEST + 1];
    double cells[6];
} good[] = {
    { CONTENT("a,b\n1,2\n3,4\n"), 2, { "a", "b" }, { 1, 2, 3, 4 } },
    { CONTENT("a,b\r\n1,2\r\n3,4\r\n"), 2, { "a", "b" }, { 1, 2, 3, 4 } },
    { CONTENT("a,b\n1,2\r\n3,4"), 2, { "a", "b" }, { 1, 2, 3, 4 } },
    { CONTENT("a,b\r\n1,2\r\n3,4\r"), 2, { "a", "b" }, { 1, 2, 3, 4 } },
    { CONTENT("a\n1\n2\n3"), 3, { "a" }, { 1, 2, 3 } },
    { CONTENT("a\n7\n"), 1, { "a" }, { 7 } },
    /* quotes */
    { CONTENT("a\n\"7\""), 1, { "a" }, { 7 } },
    { CONTENT("\"a\",\"b\"\n\"1\",\"2\"\n"), 1, { "a", "b" }, { 1, 2 } },
    { CONTENT("\"a, b\",\"c\nd\",\"e\r\nf\"\n1,2,3"),
      1,
      { "a, b", "c\nd", "e\r\nf" },
      { 1, 2, 3 } },
    { CONTENT("\"\"\"a\"\"\",b,\"c\"\"d\"\n1,2,3\n"), 1, { "\"a\"", "b", "c\"d" }, { 1, 2, 3 } },
    { CONTENT("\"\"\"\",\" b \",\"\n\"\n1,2,3\n"), 1, { "\"", "b", "\n" }, { 1, 2, 3 } },
    { CONTENT(" \"a\" ,\t\"b\"\t\n \"1\" , \"2\" \r\n"), 1, { "a", "b" }, { 1, 2 } },
    { CONTENT("\"\",b\n1,2\n"), 1, { "", "b" }, { 1, 2 } },
    /* UTF-8, byte order mark */
    { CONTENT("größe,温度,\"é, ü\"\n1,2,3\n"), 1, { "größe", "温度", "é, ü" }, { 1, 2, 3 } },
    { CONTENT(BOM "a,b\n1,2\n"), 1, { "a", "b" }, { 1, 2 } },
    { CONTENT(BOM "\"a,\",b\n1,2\n"), 1, { "a,", "b" }, { 1, 2 } },
    { CONTENT(BOM "\r\n\r\na,b\r\n1,2"), 1, { "a", "b" }, { 1, 2 } },
    { CONTENT(BOM BOM "a," BOM "\n1,2\n"), 1, { BOM "a", BOM }, { 1, 2 } }, /* only the first */
    { CONTENT("\xEF\xBB,b\n1,2\n"), 1, { "\xEF\xBB", "b" }, { 1, 2 } },
    /* blanks */
    { CONTENT("\n\na\n\n1\n\r\n\n2\n\n\n"), 2, { "a" }, { 1, 2 } },
    { CONTENT(" \t\na\n  \n1\n\t"), 1, { "a" }, { 1 } },
    { CONTENT(" a\t,  b c \n  1 , \t2\n"), 1, { "a", "b c" }, { 1, 2 } },
    { CONTENT("  \"a b\",c\n1,2\n"), 1, { "a b", "c" }, { 1, 2 } },
};

START_TEST(test_good)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    const char *const *names = good[_i].names;
    size_t width = 0;
    tril_real x[6];
    tril_table *table = table_of(ctx, good[_i].file.bytes, good[_i].file.size);
    ck_fine(ctx);
    for (; names[width]; width++) {
        ck_assert_str_eq(tril_table_name(table, width), names[width]);
        ck_assert(tril_table_has(table, names[width]));
    }
    ck_assert_uint_eq(tril_table_width(table), width);
    ck_assert_ptr_null(tril_table_name(table, width));
    ck_assert(!tril_table_has(table, "no such name"));
    ck_assert_uint_eq(tril_table_rows(table), good[_i].rows);
    ck_assert_msg(tril_table_columns(table, names, width, x), "%s", tril_ctx_message(ctx));
    for (size_t i = 0; i < width * good[_i].rows; i++)
        ck_assert_double_eq((double)x[i], good[_i].cells[i]);
    tril_table_free(table);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
}
END_TEST

/* as the compiler reads them */
#define NUMBER(x)                                                                                  \
    {                                                                                              \
#x, x                                                                                      \
    }
static const struct {
    const char *text;
    double number;
} numbers[] = {
    NUMBER(0),
    NUMBER(1),
    NUMBER(-1),
    NUMBER(+1),
    NUMBER(.5),
    NUMBER(-.5),
    NUMBER(5.),
    NUMBER(0.1),
    NUMBER(1e3),
    NUMBER(1E3),
    NUMBER(1E-5),
    NUMBER(1e+2),
    NUMBER(-2.5e-3),
    NUMBER(.5E1),
    NUMBER(3.40282346e38),
    NUMBER(-3.40282346e38),
    NUMBER(1.17549435e-38),
    NUMBER(123456789012345678901234567890.),
    NUMBER(0.1000000000000000055511151231257827021181583404541015625),
    NUMBER(9007199254740993.),
    NUMBER(2.2250738585072011e-308),
    NUMBER(1e-320),
    { "-0", -0. },
    { "-0.0e5", -0. },
    { "007", 7 },
    { "1e-999", 0 },
    { "0e999", 0 },
    { "\"1.5\"", 1.5 },
    { "\" 1.5 \"", 1.5 },
    { " \t1.5 \t", 1.5 },
    { "0000000000000000000000000000000000000000000000000000000000000001.5", 1.5 },
};

/* in the middle of a line, at the end of one, at the end of the file */
START_TEST(test_number)
{
    const char *cell = numbers[_i].text;
    tril_ctx *ctx = tril_ctx_new(NULL);
    growing file = { 0 };
    text_print(&file, "a,b\n%s,%s\n0,%s", cell, cell, cell);
    tril_table *table = table_of(ctx, file.bytes, file.size);
    tril_real x[4], wanted = (tril_real)numbers[_i].number;
    ck_assert_msg(tril_table_columns(table, (const char *[]){ "a", "b" }, 2, x), "%s",
                  tril_ctx_message(ctx));
    for (int i = 0; i < 4; i++)
        if (i != 2)
            ck_assert_msg(x[i] == wanted && signbit(x[i]) == signbit(wanted), "%s is read as %.17g",
                          cell, (double)x[i]);
    free(file.bytes);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* of a table with words: any order, one twice, none; the words are no error until asked for */
START_TEST(test_choice)
{
    static const char words[] = "id,a,word,b\nx1,1,\"one, \"\"1\"\"\",10\nx2,2,,20\n,3,nan,30\n";
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, words, sizeof words - 1);
    tril_real x[9] = { 0 };
    ck_assert(tril_table_columns(table, NULL, 0, NULL));
    ck_assert(tril_table_columns(table, (const char *[]){ "b", "a", "b" }, 3, x));
    for (int i = 0; i < 9; i++)
        ck_assert_double_eq((double)x[i], (i / 3 + 1) * (i % 3 == 1 ? 1 : 10));
    ck_assert(!tril_table_columns(table, (const char *[]){ "a", "word" }, 2, x));
    ck_sentence(ctx, TRIL_BAD_DATA, "line 2, column word: 'one, \"1\"' is not a number");
    ck_assert(tril_table_columns(table, (const char *[]){ "a" }, 1, x));
    ck_assert_double_eq((double)x[2], 3);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* what is written is read back, bit for bit; columns in reverse */
static void round_trip(size_t rows, size_t width)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_real *x = malloc(2 * rows * width * sizeof *x), *back = x + rows * width;
    char(*names)[16] = malloc(width * sizeof *names);
    const char **order = malloc(width * sizeof *order);
    growing file = { 0 };
    tril_random random = tril_random_stream(11, width);
    tril_random_normal(&random, x, rows * width);
    for (size_t j = 0; j < width; j++) {
        snprintf(names[j], sizeof names[j], "column %zu", j);
        order[width - 1 - j] = names[j];
        text_print(&file, "%s%s", j ? "," : "", names[j]);
    }
    for (size_t i = 0; i < rows * width; i++)
        text_print(&file, "%s%.*g", i % width ? "," : "\n", IS_DOUBLE ? 17 : 9, (double)x[i]);
    tril_table *table = table_of(ctx, file.bytes, file.size);
    ck_fine(ctx);
    ck_assert_uint_eq(tril_table_rows(table), rows);
    ck_assert_uint_eq(tril_table_width(table), width);
    ck_assert(tril_table_columns(table, order, width, back));
    for (size_t i = 0; i < rows * width; i++)
        if (back[i] != x[i / width * width + width - 1 - i % width])
            ck_abort_msg("cell %zu is read as %.17g", i, (double)back[i]);
    tril_table_free(table);
    tril_ctx_free(ctx);
    free(x);
    free(names);
    free(order);
    free(file.bytes);
}

START_TEST(test_round_trip)
{
    round_trip(10000, 10);
    round_trip(3, 2000);
    round_trip(257, 1);
}
END_TEST

/* blank lines shift a table over the border of two chunks, byte by byte */
static const char hard[] = "\"n \"\"q\"\",\r\n\xE6\xB8\xA9\",b,c\r\n"
                           "-12.5e-1,  \"2\" ,7\r\n"
                           "\"3\",\"w\r\n,\"\"\xE6\xB8\xA9\",x\r\n"
                           "\"4\",w,7\r\n";
static const char *const hard_names[] = { "n \"q\",\r\n\xE6\xB8\xA9", "b", "c" };

static void check_hard(tril_ctx *ctx, const tril_table *table, size_t line)
{
    static const char *const words[] = { "", "w?\?,\"\xE6\xB8\xA9", "x" };
    tril_real x[3];
    ck_fine(ctx);
    ck_assert_uint_eq(tril_table_rows(table), 3);
    for (size_t k = 0; k < 3; k++)
        ck_assert_str_eq(tril_table_name(table, k), hard_names[k]);
    ck_assert(tril_table_columns(table, hard_names, 1, x));
    ck_assert((double)x[0] == -1.25 && x[1] == 3 && x[2] == 4);
    for (int k = 1; k < 3; k++) {
        char sentence[100];
        snprintf(sentence, sizeof sentence, "line %zu, column %s: '%s' is not a number", line + 3,
                 hard_names[k], words[k]);
        ck_assert(!tril_table_columns(table, hard_names + k, 1, x));
        ck_sentence(ctx, TRIL_BAD_DATA, sentence);
    }
    char sentence[100];
    snprintf(sentence, sizeof sentence,
             "line %zu: there is no column named d, only \"n \"q\",\?\?温\", b, c", line);
    ck_assert(!tril_table_columns(table, (const char *[]){ "d" }, 1, x));
    ck_sentence(ctx, TRIL_BAD_DATA, sentence);
}

START_TEST(test_chunk_border)
{
    const char *mark = _i ? BOM : "";
    for (size_t before = 0; before < sizeof hard; before++) {
        tril_ctx *ctx = tril_ctx_new(NULL);
        growing file = { 0 };
        text_print(&file, "%s", mark);
        text_fill(&file, '\n', CHUNK - before - file.size);
        size_t blank = file.size - strlen(mark);
        text_add(&file, hard, sizeof hard - 1);
        tril_table *table = table_of(ctx, file.bytes, file.size);
        check_hard(ctx, table, blank + 1);
        tril_table_free(table);
        tril_ctx_free(ctx);
        free(file.bytes);
    }
}
END_TEST

/* a byte order mark is one only at the beginning of the file, not of a chunk; and a file may end
 * with a chunk */
START_TEST(test_chunk_ends)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    growing file = { 0 };
    text_fill(&file, '\n', CHUNK);
    text_print(&file, BOM "a\n1\n");
    tril_table *table = table_of(ctx, file.bytes, file.size);
    ck_fine(ctx);
    ck_assert_str_eq(tril_table_name(table, 0), BOM "a");
    tril_table_free(table);

    file.size = 0;
    text_print(&file, "a\n");
    text_fill(&file, '0', CHUNK - file.size - 1);
    text_print(&file, "7");
    ck_assert_uint_eq(file.size, CHUNK);
    table = table_of(ctx, file.bytes, file.size);
    tril_real x = 0;
    ck_assert(tril_table_columns(table, (const char *[]){ "a" }, 1, &x));
    ck_assert_double_eq((double)x, 7);
    tril_table_free(table);
    tril_ctx_free(ctx);
    free(file.bytes);
}
END_TEST

/* a line of 16 MiB is the longest; the error for one more is in table_errors.c */
START_TEST(test_longest_line)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    growing file = { 0 };
    text_print(&file, "a\n");
    text_fill(&file, ' ', (1 << 24) - 2);
    text_print(&file, "7\n8\n");
    tril_table *table = table_of(ctx, file.bytes, file.size);
    tril_real x[2] = { 0 };
    ck_fine(ctx);
    ck_assert_uint_eq(tril_table_rows(table), 2);
    ck_assert(tril_table_columns(table, (const char *[]){ "a" }, 1, x));
    ck_assert(x[0] == 7 && x[1] == 8);
    tril_table_free(table);
    tril_ctx_free(ctx);
    free(file.bytes);
}
END_TEST

/* the thread's own locale is there again after a reading, whether it succeeds or not */
START_TEST(test_locale_stays)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    locale_t own = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    ck_assert(own != (locale_t)0);
    locale_t before = uselocale(own);
    tril_table *table = table_of(ctx, "a\n1.5\n", 6);
    ck_assert(table && uselocale((locale_t)0) == own);
    tril_table_free(table);
    ck_assert_ptr_null(table_of(ctx, "a\n1,5\n", 6));
    ck_assert(uselocale((locale_t)0) == own);
    uselocale(before);
    freelocale(own);
    tril_ctx_free(ctx);
}
END_TEST

/* all that is NULL or failed is inert */
START_TEST(test_inert)
{
    tril_real x = 5;
    tril_table_free(NULL);
    ck_assert_uint_eq(tril_table_rows(NULL), 0);
    ck_assert_uint_eq(tril_table_width(NULL), 0);
    ck_assert_ptr_null(tril_table_name(NULL, 0));
    ck_assert(!tril_table_has(NULL, "a"));
    ck_assert(!tril_table_columns(NULL, (const char *[]){ "a" }, 1, &x));
    ck_assert_ptr_null(table_of(NULL, "a\n1\n", 4));
    ck_assert_ptr_null(tril_table_read_stream(NULL, stdin, NULL, NULL));

    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, "a\n1\n", 4);
    ck_assert_ptr_null(tril_table_read(ctx, NULL, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "table: no path was given");
    ck_assert_ptr_null(tril_table_read_stream(ctx, NULL, "rows", NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "rows: no stream was given");
    ck_assert_ptr_null(table_of(ctx, "", 0));
    ck_assert_ptr_null(table_of(ctx, "a\n1\n", 4));
    ck_assert(!tril_table_columns(table, (const char *[]){ "a" }, 1, &x));
    ck_assert_double_eq((double)x, 5);
    ck_sentence(ctx, TRIL_BAD_DATA, "line 1: the file is empty, there is no header");
    ck_assert(tril_table_columns(table, (const char *[]){ "a" }, 1, &x));
    ck_assert_double_eq((double)x, 1);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* missing cells are NaN to whom it may concern, and nothing else is */
START_TEST(test_missing)
{
    static const char file[] = "a,b,c,d\n1,2,3,1\n,NA,NaN,inf\n4, ? ,n/a,1\n\"null\",5,x,1\n";
    static const double wanted[] = { 1, 2, NAN, NAN, 4, NAN, NAN, 5 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, file, sizeof file - 1);
    tril_real x[8];
    ck_assert(tril_table_columns_missing(table, (const char *[]){ "a", "b" }, 2, x));
    for (int i = 0; i < 8; i++)
        ck_assert(isnan(wanted[i]) ? isnan(x[i]) : (double)x[i] == wanted[i]);
    ck_assert(!tril_table_columns_missing(table, (const char *[]){ "c" }, 1, x));
    ck_sentence(ctx, TRIL_BAD_DATA, "line 5, column c: 'x' is not a number");
    ck_assert(!tril_table_columns_missing(table, (const char *[]){ "d" }, 1, x));
    ck_sentence(ctx, TRIL_BAD_DATA, "line 3, column d: 'inf' is infinite");
    ck_assert(!tril_table_columns(table, (const char *[]){ "b" }, 1, x));
    ck_sentence(ctx, TRIL_BAD_DATA, "line 3, column b: 'NA' is not a number");
    ck_assert(!tril_table_columns_missing(NULL, (const char *[]){ "d" }, 1, x));
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* "-" is standard input: a file, a pipe, one that never ends; it stays open */
START_TEST(test_standard_input)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    write_file("a\n1\nx\n", 6);
    ck_assert_ptr_nonnull(freopen(file_path(), "r", stdin));
    tril_table *table = tril_table_read(ctx, "-", NULL);
    tril_real x[2];
    ck_assert(!tril_table_columns(table, (const char *[]){ "a" }, 1, x));
    ck_assert_str_eq(tril_ctx_message(ctx),
                     "standard input: line 3, column a: 'x' is not a number");
    tril_ctx_clear(ctx);
    tril_table_free(table);
    ck_assert_int_ne(fcntl(STDIN_FILENO, F_GETFD), -1);
    ck_assert_ptr_nonnull(freopen("/", "r", stdin));
    ck_assert_ptr_null(tril_table_read(ctx, "-", NULL));
    ck_assert_str_eq(tril_ctx_message(ctx), "standard input: cannot be read: Is a directory");
    tril_ctx_clear(ctx);
    FILE *endless = popen("yes | tr -d '\\n'", "r");
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", fileno(endless));
    ck_assert_ptr_nonnull(freopen(path, "r", stdin));
    ck_assert_ptr_null(tril_table_read(ctx, "-", NULL));
    ck_assert_str_eq(tril_ctx_message(ctx),
                     "standard input: line 1 is longer than 16 MiB: this is no table");
    ck_assert_ptr_nonnull(freopen("/dev/null", "r", stdin));
    pclose(endless);
    ck_assert_int_eq(remove(file_path()), 0);
    tril_ctx_free(ctx);
}
END_TEST

/* From a stream of any kind, behind what was read of it before, a table is the same as from a file:
 * one smaller than what is read at once, one larger. The stream stays open. */
START_TEST(test_stream)
{
    static const char before[] = "read before\n";
    static char bytes[1 << 19];
    static tril_real x[2][30000];
    static const char *const names[] = { "x", "y", "z", "u", "v", "eruptions", "waiting" };
    const bool large = _i % 2;
    const char *path = large ? "data/points.csv" : "data/faithful.csv";
    const char *const *columns = names + (large ? 0 : 5);
    const size_t begin = strlen(before), n = large ? 5 : 2;
    memcpy(bytes, before, begin);
    FILE *file = fopen(path, "rb");
    const size_t size = fread(bytes + begin, 1, sizeof bytes - begin, file);
    fclose(file);
    tril_ctx *ctx = tril_ctx_new(NULL);
    char line[32];
    FILE *stream = stream_of(_i / 2, bytes, begin + size);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, stream));
    tril_table *own = tril_table_read_stream(ctx, stream, "rows", NULL);
    tril_table *wanted = tril_table_read(ctx, path, NULL);
    ck_fine(ctx);
    const size_t rows = tril_table_rows(wanted);
    ck_assert_uint_eq(tril_table_rows(own), rows);
    ck_assert_uint_eq(tril_table_line(own, rows - 1), tril_table_line(wanted, rows - 1));
    ck_assert(tril_table_columns(own, columns, n, x[0]));
    ck_assert(tril_table_columns(wanted, columns, n, x[1]));
    ck_assert_mem_eq(x[0], x[1], rows * n * sizeof **x);
    ck_assert(fgetc(stream) == EOF && !ferror(stream));
    ck_assert_int_eq(fclose(stream), 0);
    tril_table_free(own);
    tril_table_free(wanted);
    tril_ctx_free(ctx);
}
END_TEST

/* bytes that an allocator gives out, the old block and the new one while one is resized */
typedef struct weighing {
    size_t now, most;
} weighing;

static void *weighed(void *user, void *ptr, size_t size)
{
    weighing *w = user;
    size_t *block = ptr ? (size_t *)ptr - 2 : NULL, before = block ? *block : 0;
    w->now += size;
    w->most = w->now > w->most ? w->now : w->most;
    w->now -= before;
    if (size == 0)
        return free(block), NULL;
    block = realloc(block, 2 * sizeof *block + size);
    if (block)
        *block = size;
    return block ? block + 2 : NULL;
}

/* less than three times the numbers' own, also where the last row needs new room */
START_TEST(test_memory)
{
    enum { WIDTH = 10 };
    size_t rows = 16;
    while (rows < 40000)
        rows += rows / 2 + 16;
    rows += _i;
    growing file = { 0 };
    for (size_t i = 0; i <= rows; i++)
        text_print(&file, i ? "1,2,3,4,5,6,7,8,9,0\n" : "a,b,c,d,e,f,g,h,i,j\n");
    weighing w = { 0 };
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .allocator = { weighed, &w } });
    tril_table *table = table_of(ctx, file.bytes, file.size);
    ck_assert_uint_eq(tril_table_rows(table), rows);
    ck_assert_msg(w.most < 3 * rows * WIDTH * sizeof(double), "%zu bytes for %zu numbers", w.most,
                  rows * WIDTH);
    free(file.bytes);
    tril_table_free(table);
    tril_ctx_free(ctx);
    ck_assert_uint_eq(w.now, 0);
}
END_TEST

/* header and rows long enough for all that grows to grow */
static void read_much(tril_ctx *ctx)
{
    growing file = { 0 };
    for (int j = 0; j < 150; j++)
        text_print(&file, "%sa column with the number %d", j ? "," : "", j);
    for (int i = 0; i < 150; i++)
        for (int j = 0; j < 150; j++)
            text_print(&file, "%s%s", j ? "," : "\n", i > 40 && j == i - 30 ? "word" : "1");
    tril_table *table = table_of(ctx, file.bytes, file.size);
    tril_real x[150];
    tril_table_columns(table, (const char *[]){ "a column with the number 7" }, 1, x);
    tril_table_free(table);
    free(file.bytes);
}

static const struct {
    const char *cell;
    char decimal;
    double low, high; /* NaN: no bounds, a word */
} limits[] = {
    { "<0.01", '.', -HUGE_VAL, 0.01 },
    { " > 1000 ", '.', 1000, HUGE_VAL },
    { "2..3", '.', 2, 3 },
    { "-2.5 .. -1e-3", '.', -2.5, -0.001 },
    { ".5...75", '.', 0.5, 0.75 },
    { "< 0,01", ',', -HUGE_VAL, 0.01 },
    { "1,5..2,5", ',', 1.5, 2.5 },
    { ">1,000", '.', 1000, HUGE_VAL },
    { "\"<\"\"1\"", '.', NAN, NAN },
    { "<", '.', NAN, NAN },
    { "..", '.', NAN, NAN },
    { "2..", '.', NAN, NAN },
    { "3..2", '.', NAN, NAN },
    { "2..2", '.', NAN, NAN },
    { "<inf", '.', NAN, NAN },
    { "<1..2", '.', NAN, NAN },
    { "<a", '.', NAN, NAN },
    { "a..b", '.', NAN, NAN },
    { "<=1", '.', NAN, NAN },
    { "0x1..2", '.', NAN, NAN },
};

START_TEST(test_bounds)
{
    double low[3], high[3];
    char text[128];
    tril_real x[3];
    const char *const name = "a";
    tril_ctx *ctx = tril_ctx_new(NULL);
    const bool comma = limits[_i].decimal == ',';
    const int size = snprintf(text, sizeof text, "a%sb\n%s%s1\n%s%s2\nNA%s3\n", comma ? ";" : "\t",
                              limits[_i].cell, comma ? ";" : "\t", comma ? "1,5" : "1.5",
                              comma ? ";" : "\t", comma ? ";" : "\t");
    tril_table *table = table_of(ctx, text, (size_t)size);
    ck_fine(ctx);
    ck_assert_uint_eq(tril_table_rows(table), 3);
    if (!isnan(limits[_i].low)) {
        ck_assert(!tril_table_is_text(table, "a"));
        ck_assert(tril_table_bounds(table, "a", low, high));
        ck_assert(low[0] == limits[_i].low && high[0] == limits[_i].high);
        ck_assert(low[1] == 1.5 && high[1] == 1.5 && isnan(low[2]) && isnan(high[2]));
        ck_assert(!tril_table_columns_missing(table, &name, 1, x));
        ck_failed(ctx, TRIL_BAD_DATA, "line 2, column a: '");
        ck_assert(!tril_table_doubles(table, "a", low));
        ck_failed(ctx, TRIL_BAD_DATA, "' says between which bounds a number is");
        ck_assert(!tril_table_bounds(table, "c", low, high));
        ck_failed(ctx, TRIL_BAD_DATA, "there is no column named c");
    }
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* a column of nothing but bounds has labels; one word among numbers and bounds is an error */
START_TEST(test_bounds_as_labels)
{
    static const char file[] = "age,a,b\n<18,<1,1\n18..65,2,>2\n>65,x,3\n<18,3,4\n";
    double low[4], high[4];
    size_t n;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, file, sizeof file - 1);
    ck_assert(tril_table_is_text(table, "age") && tril_table_is_text(table, "a"));
    ck_assert(!tril_table_is_text(table, "b"));
    const char *const *labels = tril_table_labels(table, "age", &n);
    ck_assert_uint_eq(n, 3);
    ck_assert_str_eq(labels[0], "18..65");
    ck_assert(!tril_table_bounds(table, "a", low, high));
    ck_failed(ctx, TRIL_BAD_DATA, "line 4, column a: 'x' is not a number");
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_exhaust)
{
    ck_assert_uint_gt(exhaust(read_much), 8);
}
END_TEST

Suite *suite_io_table(void)
{
    Suite *suite = suite_create("io/table");
    TCase *tcase = tcase_create("good files");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_good, 0, sizeof good / sizeof *good);
    tcase_add_loop_test(tcase, test_number, 0, sizeof numbers / sizeof *numbers);
    tcase_add_test(tcase, test_choice);
    tcase_add_test(tcase, test_round_trip);
    tcase_add_loop_test(tcase, test_chunk_border, 0, 2);
    tcase_add_test(tcase, test_chunk_ends);
    tcase_add_test(tcase, test_locale_stays);
    tcase_add_test(tcase, test_missing);
    tcase_add_test(tcase, test_standard_input);
    tcase_add_loop_test(tcase, test_stream, 0, 2 * STREAM_FAILS);
    tcase_add_test(tcase, test_inert);
    tcase_add_loop_test(tcase, test_bounds, 0, sizeof limits / sizeof *limits);
    tcase_add_test(tcase, test_bounds_as_labels);
    tcase_add_test(tcase, test_exhaust);
    suite_add_tcase(suite, tcase);
    TCase *large = tcase_create("large");
    tcase_set_timeout(large, 120);
    tcase_set_tags(large, "long");
    tcase_add_test(large, test_longest_line);
    tcase_add_loop_test(large, test_memory, 0, 2);
    suite_add_tcase(suite, large);
    return suite;
}
