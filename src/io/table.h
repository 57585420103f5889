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
    bool twice;                    /* another column has the same name */
    size_t words, missing, bounds; /* how many cells are */
} table_column;

/* What a cell is that is no finite number. */
typedef enum cell_kind {
    CELL_WORD,
    CELL_MISSING,
    CELL_INFINITE,
    CELL_NUMBER,
    CELL_BOUNDS
} cell_kind;

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
    size_t *lines; /* where each row begins in the file; NULL: the table is from arrays */
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
    return (cell_kind)(bits >> 48 & 7);
}

/* A table without columns and rows; NULL on failure. */
tril_table *tril_table_begin(tril_ctx *ctx, const char *name, const tril_dialect *dialect);

/* Copies a text behind the others, and says where it begins; SIZE_MAX on failure. */
size_t tril_table_add_text(tril_table *table, const char *text, size_t length);

/* Gives column k its name, and a cell what its text says: text[length] is 0, and the thread's
 * locale is C's. */
void tril_table_name_column(tril_table *table, size_t k, const char *name);
void tril_table_put(tril_table *table, size_t row, size_t k, const char *text, size_t length);

/* How a column of numbers, or dates, is read. */
typedef struct tril_cells {
    bool missing, extreme; /* a missing cell is NaN, and a number beyond the range of tril_real
                              infinite; otherwise they are errors */
    bool bounds;           /* a cell of bounds is NaN too */
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

/* Fails with "PATH: line N, column NAME: ", or row N of arrays, and what is wrong with the cell. */
bool tril_table_fail_cell(const tril_table *table, size_t row, size_t k, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
