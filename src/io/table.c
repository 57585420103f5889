/* What a table holds. */
#include "io/table.h"

#include <stdio.h>

#include "io/message.h"

size_t tril_table_rows(const tril_table *table)
{
    return table ? table->rows : 0;
}

size_t tril_table_width(const tril_table *table)
{
    return table ? table->width : 0;
}

const char *tril_table_name(const tril_table *table, size_t column)
{
    return column < tril_table_width(table) ? table->columns[column].name : NULL;
}

bool tril_table_has(const tril_table *table, const char *name)
{
    return table && name && tril_names_find(&table->names, name) != SIZE_MAX;
}

bool tril_table_is_text(const tril_table *table, const char *name)
{
    return tril_table_has(table, name) && table->columns[tril_names_find(&table->names, name)].text;
}

/* a name as it stands in a sentence, where nothing at all could not be seen */
static const char *shown_name(char room[TRIL_SHOWN_ROOM], const char *name)
{
    return *name ? tril_shown(room, name) : "''";
}

bool tril_table_find(const tril_table *table, const char *name, size_t *k)
{
    char room[TRIL_SHOWN_ROOM];
    if (!table || tril_ctx_failed(table->ctx))
        return false;
    if (!name)
        return tril_ctx_fail(table->ctx, TRIL_BAD_ARGUMENT, "%s: a column has no name",
                             table->path);
    *k = tril_names_find(&table->names, name);
    if (*k == SIZE_MAX)
        return tril_ctx_fail(table->ctx, TRIL_BAD_DATA, "%s: line %zu: there is no column named %s",
                             table->path, table->header_line, shown_name(room, name));
    if (table->columns[*k].twice)
        return tril_ctx_fail(table->ctx, TRIL_BAD_DATA,
                             "%s: line %zu: there are two columns named %s", table->path,
                             table->header_line, shown_name(room, name));
    return true;
}

bool tril_table_fail_cell(const tril_table *table, size_t row, size_t k, const char *format, ...)
{
    char what[256], room[TRIL_SHOWN_ROOM];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return tril_ctx_fail(table->ctx, TRIL_BAD_DATA, "%s: line %zu, column %s: %s", table->path,
                         table->lines[row], shown_name(room, table->columns[k].name), what);
}

/* why a cell is no number that can be had */
static bool fail_number(const tril_table *table, size_t row, size_t k, const double *cell)
{
    char room[TRIL_SHOWN_ROOM];
    const char *text;
    if (isfinite(*cell))
        return tril_table_fail_cell(table, row, k, "%g is beyond the range of float", *cell);
    cell_kind kind = cell_get(table, cell, &text);
    if (*text == 0)
        return tril_table_fail_cell(table, row, k, "the cell is empty");
    return tril_table_fail_cell(table, row, k, "'%s' is %s", tril_shown(room, text),
                                kind == CELL_INFINITE ? "infinite" : "not a number");
}

static bool copy_column(const tril_table *table, size_t k, bool missing, bool extreme,
                        tril_real *out, size_t step)
{
    for (size_t i = 0; i < table->rows; i++, out += step) {
        const double *cell = table->cells + i * table->width + k;
        const char *text;
        if (isfinite(*cell) && fabs(*cell) <= (double)TRIL_REAL_MAX)
            *out = (tril_real)*cell;
        else if (missing && !isfinite(*cell) && cell_get(table, cell, &text) == CELL_MISSING)
            *out = (tril_real)NAN;
        else if (extreme && isfinite(*cell))
            *out = (tril_real)copysign(HUGE_VAL, *cell);
        else
            return fail_number(table, i, k, cell);
    }
    return true;
}

static bool copy_columns(const tril_table *table, const char *const *names, size_t n, bool missing,
                         tril_real *out)
{
    if (!table || tril_ctx_failed(table->ctx))
        return false;
    for (size_t j = 0, k; j < n; j++)
        if (!tril_table_find(table, names[j], &k) ||
            !copy_column(table, k, missing, false, out + j, n))
            return false;
    return true;
}

bool tril_table_numbers(const tril_table *table, const char *name, bool missing, bool extreme,
                        tril_real *out)
{
    size_t k;
    return tril_table_find(table, name, &k) && copy_column(table, k, missing, extreme, out, 1);
}

bool tril_table_columns(const tril_table *table, const char *const *names, size_t n, tril_real *out)
{
    return copy_columns(table, names, n, false, out);
}

bool tril_table_columns_missing(const tril_table *table, const char *const *names, size_t n,
                                tril_real *out)
{
    return copy_columns(table, names, n, true, out);
}
