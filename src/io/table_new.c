/* How tables are made: what the reader of files fills, and tables of a program's own arrays. */
#include <strings.h>

#include "io/message.h"
#include "io/number.h"
#include "io/table.h"

/* Keeps the words of the caller. */
static bool keep_missing(tril_table *table, const tril_dialect *given)
{
    table->dialect = *given;
    const char **own = tril_arena_take(&table->arena, "table", given->n_missing + 1, sizeof *own);
    for (size_t i = 0; i < given->n_missing && own; i++) {
        const size_t size = strlen(given->missing[i]) + 1;
        char *word = tril_arena_take(&table->arena, "table", size, 1);
        if (!word)
            return false;
        own[i] = memcpy(word, given->missing[i], size);
    }
    table->dialect.missing = own;
    return own;
}

tril_table *tril_table_begin(tril_ctx *ctx, const char *name, const tril_dialect *dialect)
{
    tril_table *table = tril_ctx_alloc(ctx, "table", 1, sizeof *table);
    if (!table)
        return NULL;
    *table = (tril_table){ .ctx = ctx, .arena = { .ctx = ctx } };
    table->names.arena = &table->arena;
    name = name ? name : "table";
    const size_t size = strlen(name) + 1;
    char *own = tril_arena_take(&table->arena, "table", size, 1);
    if (own && keep_missing(table, dialect) && tril_table_add_text(table, "", 0) == 0) {
        table->path = memcpy(own, name, size);
        return table;
    }
    tril_table_free(table);
    return NULL;
}

void tril_table_free(tril_table *table)
{
    if (!table)
        return;
    tril_ctx_release(table->ctx, table->cells);
    tril_ctx_release(table->ctx, table->lines);
    tril_ctx_release(table->ctx, table->texts);
    tril_arena_free(&table->arena);
    tril_ctx_release(table->ctx, table);
}

size_t tril_table_add_text(tril_table *table, const char *text, size_t length)
{
    size_t at = table->texts_size;
    if (table->texts_room - at <= length) {
        size_t room = table->texts_room + table->texts_room / 2 + length + 256;
        char *texts = tril_ctx_resize(table->ctx, "table", table->texts, room, 1);
        if (!texts)
            return SIZE_MAX;
        table->texts = texts;
        table->texts_room = room;
    }
    memcpy(table->texts + at, text, length);
    table->texts[at + length] = 0;
    table->texts_size += length + 1;
    return at;
}

void tril_table_name_column(tril_table *table, size_t k, const char *name)
{
    const size_t before = tril_names_find(&table->names, name);
    if (before == SIZE_MAX) {
        name = tril_names_add(&table->names, name, k);
    } else {
        name = table->columns[before].name;
        table->columns[before].twice = true;
    }
    table->columns[k] = (table_column){ .name = name, .twice = before != SIZE_MAX };
}

/* ---- cells */

/* whether a cell is that word, but for blanks around it and the case of letters; or that number */
static bool is_same(const char *text, double x, const char *missing)
{
    const size_t n = strlen(missing);
    if (isfinite(x))
        return tril_number_read(missing, n) == x;
    text += strspn(text, " \t");
    return strncasecmp(text, missing, n) == 0 && text[n + strspn(text + n, " \t")] == 0;
}

static cell_kind kind_of(const tril_dialect *dialect, const char *text, double x)
{
    static const char *const missing[] = { "",     "NA",  "N/A", "#N/A", "NaN", "-NaN",
                                           "null", "\\N", "-",   ".",    "?" };
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if (!isfinite(x) && is_same(text, x, missing[i]))
            return CELL_MISSING;
    for (size_t i = 0; i < dialect->n_missing; i++)
        if (is_same(text, x, dialect->missing[i]))
            return CELL_MISSING;
    double bounds[2];
    if (isnan(x))
        return tril_bounds_read(text, dialect->decimal, bounds) ? CELL_BOUNDS : CELL_WORD;
    return isinf(x) ? CELL_INFINITE : CELL_NUMBER;
}

void tril_table_put(tril_table *table, size_t row, size_t k, const char *text, size_t length)
{
    const double x = tril_number_read_as(text, length, table->dialect.decimal);
    double *cell = table->cells + row * table->width + k;
    *cell = x;
    if (isfinite(x) && !table->dialect.n_missing)
        return;
    const cell_kind kind = kind_of(&table->dialect, text, x);
    if (kind == CELL_NUMBER)
        return;
    cell_put(cell, kind, length ? tril_table_add_text(table, text, length) : 0);
    table->columns[k].words += kind == CELL_WORD;
    table->columns[k].missing += kind == CELL_MISSING;
    table->columns[k].bounds += kind == CELL_BOUNDS;
}

/* ---- arrays */

static bool check_columns(const tril_table *table, const tril_table_column *columns, size_t n)
{
    char room[TRIL_SHOWN_ROOM];
    if (!n || !columns || !table->rows)
        return tril_ctx_fail(table->ctx, TRIL_BAD_ARGUMENT, "%s: there is no %s", table->path,
                             n && columns ? "row" : "column");
    for (size_t k = 0; k < n; k++) {
        if (!columns[k].name)
            return tril_ctx_fail(table->ctx, TRIL_BAD_ARGUMENT, "%s: column %zu has no name",
                                 table->path, k);
        if (!columns[k].numbers == !columns[k].words)
            return tril_ctx_fail(table->ctx, TRIL_BAD_ARGUMENT,
                                 "%s: column %s needs either numbers or words", table->path,
                                 tril_shown(room, columns[k].name));
    }
    return true;
}

static void copy_column(tril_table *table, size_t k, const tril_table_column *column)
{
    tril_table_name_column(table, k, column->name);
    for (size_t i = 0; i < table->rows && !tril_ctx_failed(table->ctx); i++) {
        const double x = column->numbers ? column->numbers[i] : (double)NAN;
        const char *word = !column->numbers ? column->words[i]
                           : isnan(x)       ? "NaN"
                           : x < 0          ? "-inf"
                                            : "inf";
        if (isfinite(x))
            table->cells[i * table->width + k] = x;
        else
            tril_table_put(table, i, k, word ? word : "", word ? strlen(word) : 0);
    }
}

static bool copy_columns(tril_table *table, const tril_table_column *columns, size_t n)
{
    tril_c_locale locale;
    if (!check_columns(table, columns, n))
        return false;
    table->width = n;
    table->columns = tril_arena_take(&table->arena, "table", n, sizeof *table->columns);
    table->cells = tril_ctx_alloc(table->ctx, "table", table->rows, n * sizeof *table->cells);
    if (!table->columns || !table->cells || !tril_c_locale_begin(&locale, table->ctx, table->path))
        return false;
    for (size_t k = 0; k < n; k++)
        copy_column(table, k, &columns[k]);
    tril_c_locale_end(&locale);
    return !tril_ctx_failed(table->ctx);
}

tril_table *tril_table_new(tril_ctx *ctx, const char *name, const tril_table_column *columns,
                           size_t n_columns, size_t rows)
{
    static const tril_dialect plain = { .delimiter = ',', .decimal = '.' };
    tril_table *table = tril_table_begin(ctx, name, &plain);
    if (!table)
        return NULL;
    table->rows = rows;
    if (copy_columns(table, columns, n_columns))
        return table;
    tril_table_free(table);
    return NULL;
}
