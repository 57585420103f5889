/* Inside of a table. */
#ifndef TRIL_IO_TABLE_H
#define TRIL_IO_TABLE_H

#include <math.h>
#include <string.h>

#include <tril/table.h>

#include "core/names.h"
#include "io/date.h"

typedef struct table_column {
    const char *name;
    bool twice;            /* another column has the same name */
    size_t words, missing; /* how many cells are */
} table_column;

/* What a cell is that is no finite number. */
typedef enum cell_kind { CELL_WORD, CELL_MISSING, CELL_INFINITE, CELL_NUMBER } cell_kind;

struct tril_table {
    tril_ctx *ctx;
    tril_arena arena; /* path, columns, names, labels */
    const char *path;
    tril_dialect dialect;
    tril_names names;
    table_column *columns;
    size_t header_line, units_line, width, rows, capacity;
    double *cells; /* [rows, width]; a NaN that says what is there and where its text begins, where
                      a cell is no finite number */
    size_t *lines; /* where each row begins in the file */
    char *texts;   /* of cells, each with its end; the first is the empty one */
    size_t texts_size, texts_room;
};

/* Such a NaN: quiet, with the kind and the place in its other bits. */
static inline void cell_put(double *cell, cell_kind kind, size_t at)
{
    uint64_t bits = UINT64_C(0x7FF8) << 48 | (uint64_t)kind << 48 | at;
    memcpy(cell, &bits, sizeof bits);
}

static inline cell_kind cell_get(const tril_table *table, const double *cell, const char **text)
{
    uint64_t bits;
    memcpy(&bits, cell, sizeof bits);
    *text = table->texts + (bits & ((UINT64_C(1) << 48) - 1));
    return (cell_kind)(bits >> 48 & 3);
}

/* How a column of numbers, or dates, is read. */
typedef struct tril_cells {
    bool missing, extreme; /* a missing cell is NaN, and a number beyond the range of tril_real
                              infinite; otherwise they are errors */
    tril_date_form dates;
    double origin;      /* subtracted before numbers are rounded */
    const char *remedy; /* NULL, or what the sentence about a missing cell ends in */
} tril_cells;

/* Column k: number i goes to out[i * step]. */
bool tril_table_numbers(const tril_table *table, size_t k, const tril_cells *as, tril_real *out,
                        size_t step);

/* tril_table_classes, where remedy is as above, or, if unseen, a label that is not known SIZE_MAX.
 */
bool tril_table_known_classes(const tril_table *table, const char *name, const char *const *labels,
                              size_t n, bool unseen, const char *remedy, size_t *out);

/* One cell as a number, or as a date; NaN where it is none. */
double tril_table_number(const tril_table *table, size_t row, size_t k, tril_date_form form);

/* Fails with "PATH: line N, column NAME: ", and what is wrong with the cell. */
bool tril_table_fail_cell(const tril_table *table, size_t row, size_t k, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
