/* Tables from CSV files: columns by name.
 *
 * Example: the mean of a column.
 *
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *     #include <tril/tril.h>
 *
 *     int main(void)
 *     {
 *         tril_ctx *ctx = tril_ctx_new(NULL);
 *         tril_table *table = tril_table_read(ctx, "data/faithful.csv");
 *         size_t rows = tril_table_rows(table);
 *         tril_real *x = malloc((rows + 1) * sizeof *x);
 *         double mean = 0;
 *         if (x && tril_table_columns(table, (const char *[]){ "waiting" }, 1, x))
 *             for (size_t i = 0; i < rows; i++)
 *                 mean += (double)x[i] / (double)rows;
 *
 *         bool failed = tril_ctx_failed(ctx);
 *         if (failed)
 *             fprintf(stderr, "%s\n", tril_ctx_message(ctx));
 *         else
 *             printf("%zu rows, mean waiting time %.1f minutes\n", rows, mean);
 *         free(x);
 *         tril_table_free(table);
 *         tril_ctx_free(ctx);
 *         return failed;
 *     }
 */
#ifndef TRIL_TABLE_H
#define TRIL_TABLE_H

#include <tril/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A CSV file in memory: columns by name, cells as numbers or words. */
typedef struct tril_table tril_table;

/* Reads a CSV file as RFC 4180 has it: comma, one header row, quotes doubled inside quoted cells,
 * LF or CRLF, UTF-8 with or without byte order mark; blank lines are skipped, and so are spaces
 * and tabs around a cell. Path "-" is standard input. A cell is a number (any decimal notation of
 * C, whatever the locale), missing (empty or blank; NA, N/A, NaN or null, in letters of any case;
 * or ?), or a word, and no error until its column is asked for. An error names file and line: a
 * file that cannot be read, without a header or without rows, a row with more or fewer cells than
 * the header, a row that ends in CR alone, a quote inside an unquoted cell, quotes that do not
 * close, a NUL byte, a line (or a quoted cell of several) longer than 16 MiB. NULL on failure. A
 * number takes eight bytes, a word as many more as it has letters. */
tril_table *tril_table_read(tril_ctx *ctx, const char *path);
void tril_table_free(tril_table *table);

/* Rows without the header, and the names of columns in their order; NULL beyond the last. */
size_t tril_table_rows(const tril_table *table);
size_t tril_table_width(const tril_table *table);
const char *tril_table_name(const tril_table *table, size_t column);

/* Whether a column of that name is there, and whether a cell of it is a word; no error if not. */
bool tril_table_has(const tril_table *table, const char *name);
bool tril_table_is_text(const tril_table *table, const char *name);

/* Copies n columns side by side: out [rows, n]. A column that is not there or twice there, and a
 * cell that is missing, no number, or infinite (also in tril_real), is an error that names file,
 * line and column. False on failure. */
bool tril_table_columns(const tril_table *table, const char *const *names, size_t n,
                        tril_real *out);

/* The same, but a missing cell is NaN, as tril_input_missing takes it. */
bool tril_table_columns_missing(const tril_table *table, const char *const *names, size_t n,
                                tril_real *out);

/* The n labels of a column of classes: its different cells that are not missing, first numbers by
 * size, then words by their bytes. Equal numbers are one label, however they are written (1 and
 * 1.0: "1"). Valid until the table is freed; NULL on failure, also where all cells are missing. */
const char *const *tril_table_labels(tril_table *table, const char *name, size_t *n);

/* A column as classes: out[i] is the place of row i's cell among n different labels, which may be
 * those of another table. A missing cell has the label "", if that is among them. A cell whose
 * label is not is an error that names file, line and column. False on failure. */
bool tril_table_classes(const tril_table *table, const char *name, const char *const *labels,
                        size_t n, size_t *out);

#ifdef __cplusplus
}
#endif
#endif
