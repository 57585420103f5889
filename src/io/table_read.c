/* The reading of CSV tables, on libcsv. */
#include <csv.h>
#include <errno.h>
#include <stdio.h>

#include "io/dialect.h"
#include "io/message.h"
#include "io/number.h"
#include "io/table.h"

enum { CHUNK = 1 << 16, LONGEST_LINE = 1 << 24 };

/* The reading of one file. */
typedef struct reader {
    tril_table *table;
    const tril_dialect *dialect;
    size_t first_line; /* that of the header, at the earliest */
    bool skipping;     /* the present line is no part of the table */
    struct csv_parser csv;
    size_t line,
        row_line;   /* the present line, and the one on which the present row began; from 1 */
    size_t ended;   /* the line on which the last row ended; 0: none has */
    size_t cells;   /* of the present row, so far */
    bool in_rows;   /* the header is behind */
    size_t *header; /* where the names of the columns begin in the table's texts, so far */
    size_t header_room;
} reader;

static void read_name(reader *r, const char *text, size_t length)
{
    for (; length && strchr(" \t", *text); length--)
        text++;
    while (length && strchr(" \t", text[length - 1]))
        length--;
    if (r->cells == r->header_room) {
        size_t room = r->header_room ? 2 * r->header_room : 16;
        size_t *header = tril_ctx_resize(r->table->ctx, "table", r->header, room, sizeof *header);
        if (!header)
            return;
        r->header = header;
        r->header_room = room;
    }
    r->header[r->cells++] = tril_table_add_text(r->table, text, length);
}

static void read_cell(reader *r, const char *text, size_t length)
{
    const size_t k = r->cells++;
    if (k < r->table->width)
        tril_table_put(r->table, r->table->rows, k, text, length);
}

static bool make_room(tril_table *table)
{
    if (table->rows < table->capacity)
        return true;
    size_t capacity = table->capacity + table->capacity / 2 + 16;
    double *cells =
        tril_ctx_resize(table->ctx, "table", table->cells, capacity, table->width * sizeof *cells);
    if (cells)
        table->cells = cells;
    size_t *lines =
        cells ? tril_ctx_resize(table->ctx, "table", table->lines, capacity, sizeof *lines) : NULL;
    if (!lines)
        return false;
    table->lines = lines;
    table->capacity = capacity;
    return true;
}

static void on_cell(void *cell, size_t length, void *user)
{
    reader *r = user;
    if (tril_ctx_failed(r->table->ctx))
        return;
    if (!r->in_rows)
        read_name(r, cell, length);
    else if (r->cells || make_room(r->table))
        read_cell(r, cell, length);
}

static void end_of_header(reader *r)
{
    tril_table *table = r->table;
    table->header_line = r->row_line;
    table->width = r->cells;
    table->columns = tril_arena_take(&table->arena, "table", table->width, sizeof *table->columns);
    for (size_t k = 0; k < table->width && table->columns; k++)
        tril_table_name_column(table, k, table->texts + r->header[k]);
    r->in_rows = true;
}

static void on_row(int terminator, void *user)
{
    (void)terminator;
    reader *r = user;
    tril_table *table = r->table;
    if (tril_ctx_failed(table->ctx))
        return;
    if (r->line == r->ended) {
        tril_ctx_fail(table->ctx, TRIL_BAD_DATA,
                      "%s: line %zu: a CR alone ends a row: rows end in LF or CRLF", table->path,
                      r->line);
    } else if (!r->in_rows) {
        end_of_header(r);
    } else if (r->cells != table->width) {
        const char delimiter[] = { '\'', r->dialect->delimiter, '\'', 0 };
        tril_ctx_fail(table->ctx, TRIL_BAD_DATA,
                      "%s: line %zu has %zu cells, the header has %zu: they are separated by %s "
                      "(--delimiter)%s",
                      table->path, r->row_line, r->cells, table->width,
                      delimiter[1] == '\t' ? "tabs" : delimiter,
                      r->cells > table->width ? ", and one that holds it stands in quotes" : "");
    } else {
        table->lines[table->rows++] = r->row_line;
    }
    r->cells = 0;
    r->ended = r->line;
}

/* one line or part of a line, so that errors know where they are */
static bool parse(reader *r, const char *text, size_t length)
{
    if (!r->csv.quoted && r->cells == 0)
        r->row_line = r->line;
    if (csv_parse(&r->csv, text, length, on_cell, on_row, r) != length)
        return tril_ctx_fail(r->table->ctx,
                             csv_error(&r->csv) == CSV_EPARSE ? TRIL_BAD_DATA : TRIL_OUT_OF_MEMORY,
                             "%s: line %zu: %s", r->table->path, r->line,
                             csv_error(&r->csv) == CSV_EPARSE ? "a quote in the middle of a cell"
                                                              : csv_strerror(csv_error(&r->csv)));
    return !tril_ctx_failed(r->table->ctx);
}

/* length: since the last end of a line that is not in quotes */
static bool parse_chunk(reader *r, const char *text, size_t length, size_t *line_length)
{
    while (length) {
        const bool begins = *line_length == 0 && !r->csv.quoted, early = r->line < r->first_line;
        const bool comment = begins && *text == r->dialect->comment && *text;
        const char *newline = memchr(text, '\n', length);
        size_t part = newline ? (size_t)(newline - text) + 1 : length;
        const bool lines = r->csv.quoted && r->row_line < r->line;
        *line_length += part;
        if (*line_length > LONGEST_LINE)
            return tril_ctx_fail(r->table->ctx, TRIL_BAD_DATA,
                                 "%s: line %zu %s longer than 16 MiB: this is no table",
                                 r->table->path, lines ? r->row_line : r->line,
                                 lines ? "begins a quoted cell" : "is");
        if (memchr(text, 0, part))
            return tril_ctx_fail(r->table->ctx, TRIL_BAD_DATA,
                                 "%s: line %zu holds a NUL byte: this is no text", r->table->path,
                                 r->line);
        r->skipping = begins ? early || (comment && r->line != r->first_line) : r->skipping;
        const size_t mark = comment && !r->skipping; /* in front of the header */
        if (!r->skipping && !parse(r, text + mark, part - mark))
            return false;
        r->line += newline != NULL;
        *line_length = newline && !r->csv.quoted ? 0 : *line_length;
        text += part;
        length -= part;
    }
    return true;
}

static void remove_first_row(tril_table *table)
{
    for (size_t k = 0; k < table->width; k++) {
        const double *cell = table->cells + k;
        const char *text;
        const cell_kind kind = isfinite(*cell) ? CELL_NUMBER : cell_get(table, cell, &text);
        table->columns[k].words -= kind == CELL_WORD;
        table->columns[k].missing -= kind == CELL_MISSING;
    }
    table->rows--;
    memmove(table->cells, table->cells + table->width,
            table->rows * table->width * sizeof *table->cells);
    memmove(table->lines, table->lines + 1, table->rows * sizeof *table->lines);
}

/* whether the first row says in which units a column of numbers is */
static bool begins_with_units(const tril_table *table)
{
    bool found = false;
    for (size_t k = 0; k < table->width && table->rows > 2; k++) {
        const table_column *c = &table->columns[k];
        const char *text;
        const cell_kind kind =
            isfinite(table->cells[k]) ? CELL_NUMBER : cell_get(table, table->cells + k, &text);
        if (kind != CELL_WORD && kind != CELL_MISSING)
            return false;
        found |= c->words == 1 && c->words + c->missing < table->rows && kind == CELL_WORD;
    }
    return found;
}

/* rows may end in a separator */
static void remove_last_column(tril_table *table)
{
    const size_t width = table->width - 1;
    for (size_t i = 0; i < table->rows; i++)
        memmove(table->cells + i * width, table->cells + i * table->width,
                width * sizeof *table->cells);
    table->width = width;
}

static bool finish(reader *r)
{
    tril_table *table = r->table;
    if (csv_fini(&r->csv, on_cell, on_row, r))
        return tril_ctx_fail(table->ctx, TRIL_BAD_DATA, "%s: line %zu: a quoted cell does not end",
                             table->path, r->row_line);
    if (tril_ctx_failed(table->ctx))
        return false;
    if (!r->in_rows)
        return tril_ctx_fail(table->ctx, TRIL_BAD_DATA,
                             "%s: line 1: the file is empty, there is no header", table->path);
    if (table->rows == 0)
        return tril_ctx_fail(table->ctx, TRIL_BAD_DATA,
                             "%s: line %zu: there is a header, but no row", table->path, r->line);
    const table_column *last = &table->columns[table->width - 1];
    if (table->width > 1 && !*last->name && last->missing == table->rows)
        remove_last_column(table);
    if (begins_with_units(table)) {
        table->units_line = table->lines[0];
        remove_first_row(table);
    }
    return true;
}

/* of the lines that the first bytes hold whole */
static void find_dialect(reader *r, const char *text, size_t length, bool all)
{
    size_t whole = length;
    while (!all && whole && text[whole - 1] != '\n')
        whole--;
    tril_dialect_find(&r->table->dialect, text, whole ? whole : length, &r->first_line);
    csv_set_delim(&r->csv, (unsigned char)r->dialect->delimiter);
}

static bool read_stream(reader *r, FILE *file)
{
    tril_table *table = r->table;
    char *chunk = tril_ctx_alloc(table->ctx, "table", CHUNK, 1);
    if (!chunk)
        return false;
    bool first = true, going = true;
    size_t length = CHUNK, line_length = 0;
    while (going && length == CHUNK) {
        going = tril_stream_read(table->ctx, file, table->path, chunk, CHUNK, &length);
        size_t mark = first && length >= 3 && memcmp(chunk, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        if (first)
            find_dialect(r, chunk + mark, length - mark, length < CHUNK);
        going = going && parse_chunk(r, chunk + mark, length - mark, &line_length);
        first = false;
    }
    tril_ctx_release(table->ctx, chunk);
    return going && finish(r);
}

static bool read_in_c_locale(tril_table *table, FILE *file)
{
    reader r = { .table = table, .dialect = &table->dialect, .line = 1, .row_line = 1 };
    tril_c_locale locale;
    csv_init(&r.csv, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL); /* fails for NULL alone */
    csv_set_blk_size(&r.csv, CHUNK); /* a long cell does not grow byte by byte */
    bool done = tril_c_locale_begin(&locale, table->ctx, table->path);
    if (done) {
        done = read_stream(&r, file);
        tril_c_locale_end(&locale);
    }
    csv_free(&r.csv);
    tril_ctx_release(table->ctx, r.header);
    return done;
}

tril_table *tril_table_read_stream(tril_ctx *ctx, FILE *file, const char *name,
                                   const tril_dialect *dialect)
{
    tril_table *table = tril_table_begin(ctx, name, dialect ? dialect : &(tril_dialect){ 0 });
    if (table && read_in_c_locale(table, file))
        return table;
    tril_table_free(table);
    return NULL;
}

tril_table *tril_table_read(tril_ctx *ctx, const char *path, const tril_dialect *dialect)
{
    if (tril_ctx_failed(ctx))
        return NULL;
    if (!path)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "table: no path was given"), NULL;
    if (strcmp(path, "-") == 0)
        return tril_table_read_stream(ctx, stdin, "standard input", dialect);
    FILE *file = fopen(path, "rb");
    if (!file)
        return tril_fail_errno(ctx, path, "opened", errno), NULL;
    tril_table *table = tril_table_read_stream(ctx, file, path, dialect);
    fclose(file);
    return table;
}
