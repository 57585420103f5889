/* Tables from CSV files and from arrays: columns by name.
 *
 * Example: the mean of a column, of a file and of an array.
 *
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *     #include <tril/tril.h>
 *
 *     static void print_mean(const char *title, const tril_table *table)
 *     {
 *         size_t rows = tril_table_rows(table);
 *         tril_real *x = malloc((rows + 1) * sizeof *x);
 *         double mean = 0;
 *         if (x && tril_table_columns(table, (const char *[]){ "waiting" }, 1, x))
 *             for (size_t i = 0; i < rows; i++)
 *                 mean += (double)x[i] / (double)rows;
 *         printf("%s: %zu rows, mean waiting time %.1f minutes\n", title, rows, mean);
 *         free(x);
 *     }
 *
 *     int main(void)
 *     {
 *         static const double waiting[] = { 79, 54, 74 };
 *         static const char *const length[] = { "long", "short", "long" };
 *         static const tril_table_column columns[] = { { .name = "waiting", .numbers = waiting },
 *                                                      { .name = "length", .words = length } };
 *         tril_ctx *ctx = tril_ctx_new(NULL);
 *         tril_table *file = tril_table_read(ctx, "data/faithful.csv", NULL);
 *         tril_table *arrays = tril_table_new(ctx, "three eruptions", columns, 2, 3);
 *         print_mean("file", file);
 *         print_mean("arrays", arrays);
 *         bool failed = tril_ctx_failed(ctx);
 *         if (failed)
 *             fprintf(stderr, "%s\n", tril_ctx_message(ctx));
 *         tril_table_free(arrays);
 *         tril_table_free(file);
 *         tril_ctx_free(ctx);
 *         return failed;
 *     }
 */
#ifndef TRIL_TABLE_H
#define TRIL_TABLE_H

#include <stdio.h>

#include <tril/ctx.h>

TRIL_API_BEGIN

/* A table in memory: columns by name, cells as numbers or words. */
typedef struct tril_table tril_table;

/* How a file writes its table. What is 0 is found from its first 64 KiB. */
typedef struct tril_dialect {
    char delimiter; /* between cells: of the comma, tab, semicolon and | the one by which most rows
                       have as many cells as the header; or the one that a first line "sep=;" names
                     */
    char decimal;   /* mark: a point, or a comma where numbers have it */
    char comment;   /* lines that begin with it are skipped: #, if the file begins so or has such a
                       line that is no row. The last of those that it begins with is the header, if
                       the first row has numbers and as many cells */
    const char *const *missing; /* more cells that are missing: words in letters of any case, and
                                   numbers by their value; default: none */
    size_t n_missing;
    TRIL_RESERVED(4);
} tril_dialect;

/* Reads a CSV file as RFC 4180 has it: one header row, quotes doubled inside quoted cells, LF or
 * CRLF, UTF-8 with or without byte order mark; blank lines are skipped, and so are spaces and tabs
 * around a cell, and around a name inside quotes too. Path "-" is standard input. dialect: NULL, or
 * how the file is written. A cell is a number (any decimal notation of C, whatever the locale, with
 * the file's decimal mark; its digits may stand in groups of three, with the other mark, a blank or
 * an apostrophe between them), missing (empty or blank; NA, N/A, #N/A, NaN, null, \N, -, . or ?, in
 * letters of any case), bounds of a number
 * (tril_table_bounds), or a word, and no error until its column is asked for. A first row in which
 * no cell is a number is left out as one of units if all others of one of its columns are. A last
 * column without name and cells is none. An error names file and line: a file that cannot be read,
 * without a header or without rows, a row with more or fewer cells than the header, a row that ends
 * in CR alone, a quote inside an unquoted cell, quotes that do not close, a NUL byte, a line (or a
 * quoted cell of several) longer than 16 MiB. NULL on failure. A number takes eight bytes, a word
 * as many more as it has letters. */
tril_table *tril_table_read(tril_ctx *ctx, const char *path, const tril_dialect *dialect);

/* Reads the same from a stream, from its position to its end. The stream need not be able to seek,
 * and stays open. Errors begin with the name; NULL: "table". To read from memory, open a stream
 * with POSIX's fmemopen; to read by a callback, with glibc's fopencookie. NULL on failure. */
tril_table *tril_table_read_stream(tril_ctx *ctx, FILE *file, const char *name,
                                   const tril_dialect *dialect);

/* A column of arrays: either numbers or words, one for each row of the table. */
typedef struct tril_table_column {
    const char *name;
    const double *numbers;    /* NaN: missing */
    const char *const *words; /* each read as a file's cell in quotes is, with a decimal point: a
                                 number, missing, a date, or a word; NULL: missing */
    TRIL_RESERVED(2);
} tril_table_column;

/* Makes a table from n_columns columns of so many rows. It copies them, numbers exactly as they
 * are. Every call that takes a table takes this one. Errors begin with the name (NULL: "table"),
 * and name the row, from 0, where those of a file name the line. It is an error if there is no
 * column or no row, or if a column has no name, no cells, or both kinds. NULL on failure. */
tril_table *tril_table_new(tril_ctx *ctx, const char *name, const tril_table_column *columns,
                           size_t n_columns, size_t rows);
void tril_table_free(tril_table *table);

/* Rows without the header, and the names of columns in their order; NULL beyond the last. */
size_t tril_table_rows(const tril_table *table);
size_t tril_table_width(const tril_table *table);
const char *tril_table_name(const tril_table *table, size_t column);

/* How the file is written: what was found, and what was given; the table's own. Of arrays: comma
 * and point. */
const tril_dialect *tril_table_dialect(const tril_table *table);

/* The line of the file in which a row begins, from 1; 0 where there is no such row or no file. */
size_t tril_table_line(const tril_table *table, size_t row);

/* The line of a row of units that was left out; 0: there was none. */
size_t tril_table_units_line(const tril_table *table);

/* Whether a column of that name is there, and whether a cell of it is a word, or all are bounds of
 * numbers (tril_table_bounds); no error if not. */
bool tril_table_has(const tril_table *table, const char *name);
bool tril_table_is_text(const tril_table *table, const char *name);

/* Whether the column of that name is there once, and its number; an error, with the names that
 * there are, if not. */
bool tril_table_find(const tril_table *table, const char *name, size_t *column);

/* How a column writes dates, if most of its cells are some that are no numbers: "ymd" (2021-03-01,
 * 2021/3/1, 2021-03), "mdy" (3/1/2021, Mar 1, 2021), "dmy" (1.3.2021, 01/03/21, 1-Mar-2021), each
 * with or without a time behind it, as ISO 8601 has it or with AM or PM; or "time", a time alone.
 * What may be "mdy" or "dmy" is "mdy". NULL: otherwise. */
const char *tril_table_dates(const tril_table *table, const char *name);

/* Copies n columns side by side: out [rows, n]. A date is the number of days since 1970-01-01, in
 * UTC if it says its zone; a time alone is its part of a day. A column that is not there or twice
 * there, and a cell that is missing, no number, or infinite (also in tril_real), is an error that
 * names file, line and column. False on failure. */
bool tril_table_columns(const tril_table *table, const char *const *names, size_t n,
                        tril_real *out);

/* The same, but a missing cell is NaN, as tril_input_missing takes it. */
bool tril_table_columns_missing(const tril_table *table, const char *const *names, size_t n,
                                tril_real *out);

/* One column in double: numbers or dates, a missing cell is NaN. False on failure. */
bool tril_table_doubles(const tril_table *table, const char *name, double *out);

/* What one column says numbers are: low[i] and high[i] are both the number of row i, or between
 * which it is where its cell has bounds: "<0.01" (from -INFINITY), ">1000" (to INFINITY), "2..3",
 * as limits of detection are written; blanks may stand around each number. A missing cell is NaN.
 * All other calls for numbers take a cell of bounds for an error. False on failure. */
bool tril_table_bounds(const tril_table *table, const char *name, double *low, double *high);

/* For each row the first one that is equal to it in these columns, by hashes of 64 bits. False on
 * failure. */
bool tril_table_equals(const tril_table *table, const char *const *names, size_t n, size_t *first);

/* Of how many runs of equal cells, one behind the other, a column is made, by hashes of 64 bits; 0
 * on failure. */
size_t tril_table_runs(const tril_table *table, const char *name);

/* The n labels of a column of classes: its different cells that are not missing, first numbers by
 * size, then words by their bytes. Equal numbers are one label, however they are written (1 and
 * 1.0: "1"). Valid until the table is freed; NULL on failure, also where all cells are missing. */
const char *const *tril_table_labels(tril_table *table, const char *name, size_t *n);

/* A column as classes: out[i] is the place of row i's cell among n different labels, which may be
 * those of another table. A missing cell has the label "", if that is among them. A cell whose
 * label is not is an error that names file, line and column. False on failure. */
bool tril_table_classes(const tril_table *table, const char *name, const char *const *labels,
                        size_t n, size_t *out);

TRIL_API_END
#endif
