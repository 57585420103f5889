/* What a table holds. */
#include "io/table.h"

#include <stdio.h>

#include "io/date.h"
#include "io/message.h"
#include "io/number.h"

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

size_t tril_table_line(const tril_table *table, size_t row)
{
    return table && table->lines && row < table->rows ? table->lines[row] : 0;
}

size_t tril_table_units_line(const tril_table *table)
{
    return table ? table->units_line : 0;
}

const tril_dialect *tril_table_dialect(const tril_table *table)
{
    return table ? &table->dialect : NULL;
}

/* SIZE_MAX where there is none */
static size_t find(const tril_table *table, const char *name)
{
    const size_t k = tril_names_find(&table->names, name);
    return k < table->width ? k : SIZE_MAX;
}

bool tril_table_has(const tril_table *table, const char *name)
{
    return table && name && find(table, name) != SIZE_MAX;
}

bool tril_table_is_text(const tril_table *table, const char *name)
{
    const table_column *c = tril_table_has(table, name) ? &table->columns[find(table, name)] : NULL;
    return c && (c->words || (c->bounds && c->bounds + c->missing == table->rows));
}

/* a name as it stands in a sentence, where nothing at all could not be seen */
static const char *shown_name(char room[TRIL_SHOWN_ROOM], const char *name)
{
    return *name ? tril_shown(room, name) : "''";
}

/* the names that there are, as many as a sentence has room for */
static const char *list_names(const tril_table *table, char *text, size_t room)
{
    size_t at = 0, k = 0;
    for (char own[TRIL_SHOWN_ROOM]; k < table->width && at + 2 * sizeof own < room; k++) {
        const char *name = table->columns[k].name, *quote = strchr(name, ',') ? "\"" : "";
        at += (size_t)snprintf(text + at, room - at, "%s%s%s%s", k ? ", " : "", quote,
                               shown_name(own, name), quote);
    }
    if (k < table->width)
        snprintf(text + at, room - at, " and %zu more", table->width - k);
    return text;
}

bool tril_table_find(const tril_table *table, const char *name, size_t *k)
{
    char room[TRIL_SHOWN_ROOM], names[256], header[32] = "";
    if (!table || tril_ctx_failed(table->ctx))
        return false;
    if (!name)
        return tril_ctx_fail(table->ctx, TRIL_BAD_ARGUMENT, "%s: a column has no name",
                             table->path);
    *k = find(table, name);
    if (table->lines)
        snprintf(header, sizeof header, "line %zu: ", table->header_line);
    if (*k == SIZE_MAX)
        return tril_ctx_fail(table->ctx, TRIL_BAD_DATA,
                             "%s: %sthere is no column named %s, only %s", table->path, header,
                             shown_name(room, name), list_names(table, names, sizeof names));
    if (table->columns[*k].twice)
        return tril_ctx_fail(table->ctx, TRIL_BAD_DATA, "%s: %sthere are two columns named %s",
                             table->path, header, shown_name(room, name));
    return true;
}

bool tril_table_fail_cell(const tril_table *table, size_t row, size_t k, const char *format, ...)
{
    char what[256], room[TRIL_SHOWN_ROOM];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return tril_ctx_fail(table->ctx, TRIL_BAD_DATA, "%s: %s %zu, column %s: %s", table->path,
                         table->lines ? "line" : "row", table->lines ? table->lines[row] : row,
                         shown_name(room, table->columns[k].name), what);
}

/* the form in which most words of a column are dates, if any */
static tril_date_form find_dates(const tril_table *table, size_t k)
{
    size_t count[TRIL_DATE_FORMS] = { 0 };
    const size_t words = table->columns[k].words;
    tril_date_form best = TRIL_YMD;
    if (!words || 2 * words < table->rows - table->columns[k].missing)
        return TRIL_NO_DATE;
    for (int form = TRIL_YMD; form < TRIL_DATE_FORMS; form++) {
        for (size_t i = 0; i < table->rows; i++) {
            const double *cell = table->cells + i * table->width + k;
            const char *text;
            count[form] += !isfinite(*cell) && cell_get(table, cell, &text) == CELL_WORD &&
                           !isnan(tril_date_read(text, (tril_date_form)form));
        }
        best = count[form] > count[best] ? (tril_date_form)form : best;
    }
    return 2 * count[best] > words ? best : TRIL_NO_DATE;
}

const char *tril_table_dates(const tril_table *table, const char *name)
{
    return tril_table_has(table, name) ? tril_date_forms[find_dates(table, find(table, name))]
                                       : NULL;
}

static bool is_kind(const tril_table *table, size_t row, size_t k, cell_kind kind)
{
    const double *cell = table->cells + row * table->width + k;
    const char *text;
    return !isfinite(*cell) && cell_get(table, cell, &text) == kind;
}

double tril_table_number(const tril_table *table, size_t row, size_t k, tril_date_form form)
{
    const double *cell = table->cells + row * table->width + k;
    const char *text;
    if (isfinite(*cell))
        return form == TRIL_NO_DATE ? *cell : (double)NAN;
    return form == TRIL_NO_DATE || cell_get(table, cell, &text) != CELL_WORD
               ? (double)NAN
               : tril_date_read(text, form);
}

/* why a cell is no number that can be had */
static bool fail_number(const tril_table *table, size_t row, size_t k, const tril_cells *as)
{
    char room[TRIL_SHOWN_ROOM], number[32];
    const double *cell = table->cells + row * table->width + k;
    const char *text = number;
    snprintf(number, sizeof number, "%g", *cell);
    const bool date = as->dates != TRIL_NO_DATE;
    if (isfinite(*cell) && !date)
        return tril_table_fail_cell(table, row, k, "%g is beyond the range of float", *cell);
    cell_kind kind = isfinite(*cell) ? CELL_NUMBER : cell_get(table, cell, &text);
    if (kind == CELL_BOUNDS)
        return tril_table_fail_cell(
            table, row, k,
            "'%s' says between which bounds a number is, which only targets "
            "to learn or to evaluate may do: write a number, leave the cell "
            "empty, or leave the column out (--exclude)",
            tril_shown(room, text));
    const char *remedy = kind == CELL_MISSING && as->remedy ? as->remedy : "";
    if (*text == 0)
        return tril_table_fail_cell(table, row, k, "the cell is empty%s", remedy);
    return tril_table_fail_cell(table, row, k, "'%s' is %s%s", tril_shown(room, text),
                                kind == CELL_INFINITE ? "infinite"
                                : date                ? "not a date as the others are"
                                                      : "not a number",
                                remedy);
}

bool tril_table_numbers(const tril_table *table, size_t k, const tril_cells *as, tril_real *out,
                        size_t step)
{
    for (size_t i = 0; i < table->rows; i++, out += step) {
        const double x = tril_table_number(table, i, k, as->dates) - as->origin;
        if (fabs(x) <= (double)TRIL_REAL_MAX)
            *out = (tril_real)x;
        else if (isnan(x) && ((as->missing && is_kind(table, i, k, CELL_MISSING)) ||
                              (as->bounds && is_kind(table, i, k, CELL_BOUNDS))))
            *out = (tril_real)NAN;
        else if (as->extreme && isfinite(x))
            *out = (tril_real)copysign(HUGE_VAL, x);
        else
            return fail_number(table, i, k, as);
    }
    return true;
}

static bool copy_columns(const tril_table *table, const char *const *names, size_t n, bool missing,
                         tril_real *out)
{
    if (!table || tril_ctx_failed(table->ctx))
        return false;
    for (size_t j = 0, k; j < n; j++) {
        if (!tril_table_find(table, names[j], &k))
            return false;
        const tril_cells as = { .missing = missing, .dates = find_dates(table, k) };
        if (!tril_table_numbers(table, k, &as, out + j, n))
            return false;
    }
    return true;
}

bool tril_table_doubles(const tril_table *table, const char *name, double *out)
{
    size_t k;
    if (!tril_table_find(table, name, &k))
        return false;
    const tril_cells as = { .dates = find_dates(table, k) };
    for (size_t i = 0; i < table->rows; i++) {
        out[i] = tril_table_number(table, i, k, as.dates);
        if (isnan(out[i]) && !is_kind(table, i, k, CELL_MISSING))
            return fail_number(table, i, k, &as);
    }
    return true;
}

bool tril_table_bounds(const tril_table *table, const char *name, double *low, double *high)
{
    tril_c_locale locale;
    size_t k, i = 0;
    if (!tril_table_find(table, name, &k) || !tril_c_locale_begin(&locale, table->ctx, table->path))
        return false;
    const tril_cells as = { .dates = find_dates(table, k) };
    for (; i < table->rows; i++) {
        const double *cell = table->cells + i * table->width + k;
        const char *text;
        double of[2] = { tril_table_number(table, i, k, as.dates) };
        of[1] = of[0];
        if (!isfinite(*cell) && cell_get(table, cell, &text) == CELL_BOUNDS)
            tril_bounds_read(text, table->dialect.decimal, of);
        if (isnan(of[0]) && !is_kind(table, i, k, CELL_MISSING))
            break;
        low[i] = of[0], high[i] = of[1];
    }
    tril_c_locale_end(&locale);
    return i == table->rows || fail_number(table, i, k, &as);
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
