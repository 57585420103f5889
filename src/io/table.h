/* Inside of a table. */
#ifndef TRIL_IO_TABLE_H
#define TRIL_IO_TABLE_H

#include <math.h>
#include <string.h>

#include <tril/table.h>

#include "core/names.h"

typedef struct table_column {
    const char *name;
    bool twice; /* another column has the same name */
    bool text;  /* a cell is a word */
} table_column;

/* What a cell is that is no finite number. */
typedef enum cell_kind { CELL_WORD, CELL_MISSING, CELL_INFINITE } cell_kind;

struct tril_table {
    tril_ctx *ctx;
    tril_arena arena; /* path, columns, names, labels */
    const char *path;
    tril_names names;
    table_column *columns;
    size_t header_line, width, rows, capacity;
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

/* Whether the column of that name is there once, and its number; fails otherwise. */
bool tril_table_find(const tril_table *table, const char *name, size_t *k);

/* A column as tril_table_columns_missing has it, or, where a missing cell is an error,
 * tril_table_columns; with `extreme` a number beyond the range of tril_real is infinite. */
bool tril_table_numbers(const tril_table *table, const char *name, bool missing, bool extreme,
                        tril_real *out);

/* Fails with "PATH: line N, column NAME: ", and what is wrong with the cell. */
bool tril_table_fail_cell(const tril_table *table, size_t row, size_t k, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
