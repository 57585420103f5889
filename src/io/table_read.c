/* The reading of CSV tables, on libcsv. */
#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "io/message.h"
#include "io/number.h"
#include "io/table.h"

enum { CHUNK = 1 << 16, LONGEST_LINE = 1 << 24 };

/* The reading of one file. */
typedef struct reader {
    tril_table *table;
    struct csv_parser csv;
    size_t line,
        row_line;   /* the present line, and the one on which the present row began; from 1 */
    size_t ended;   /* the line on which the last row ended; 0: none has */
    size_t cells;   /* of the present row, so far */
    bool in_rows;   /* the header is behind */
    size_t *header; /* where the names of the columns begin in the table's texts, so far */
    size_t header_room;
} reader;

/* Where a cell's text is kept; SIZE_MAX on failure. */
static size_t add_text(tril_table *table, const char *text, size_t length)
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

static void read_name(reader *r, const char *text, size_t length)
{
    if (r->cells == r->header_room) {
        size_t room = r->header_room ? 2 * r->header_room : 16;
        size_t *header = tril_ctx_resize(r->table->ctx, "table", r->header, room, sizeof *header);
        if (!header)
            return;
        r->header = header;
        r->header_room = room;
    }
    r->header[r->cells++] = add_text(r->table, text, length);
}

static cell_kind kind_of(const char *text, double x)
{
    static const char *const missing[] = { "", "NA", "N/A", "NaN", "-NaN", "null", "?" };
    text += strspn(text, " \t");
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        size_t n = strlen(missing[i]);
        if (strncasecmp(text, missing[i], n) == 0 && text[n + strspn(text + n, " \t")] == 0)
            return CELL_MISSING;
    }
    return isinf(x) ? CELL_INFINITE : CELL_WORD;
}

static void read_number(reader *r, const char *text, size_t length)
{
    tril_table *table = r->table;
    size_t k = r->cells++;
    if (k >= table->width)
        return;
    double x = tril_number_read(text, length),
           *cell = table->cells + table->rows * table->width + k;
    *cell = x;
    if (isfinite(x))
        return;
    cell_kind kind = kind_of(text, x);
    size_t at = length ? add_text(table, text, length) : 0;
    cell_put(cell, kind, at);
    table->columns[k].text |= kind == CELL_WORD;
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
        read_number(r, cell, length);
}

static void end_of_header(reader *r)
{
    tril_table *table = r->table;
    table->header_line = r->row_line;
    table->width = r->cells;
    table->columns = tril_arena_take(&table->arena, "table", table->width, sizeof *table->columns);
    for (size_t k = 0; k < table->width && table->columns; k++) {
        const char *name = table->texts + r->header[k];
        size_t before = tril_names_find(&table->names, name);
        if (before == SIZE_MAX) {
            name = tril_names_add(&table->names, name, k);
        } else {
            name = table->columns[before].name;
            table->columns[before].twice = true;
        }
        table->columns[k] = (table_column){ .name = name, .twice = before != SIZE_MAX };
    }
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
        tril_ctx_fail(table->ctx, TRIL_BAD_DATA, "%s: line %zu has %zu cells, the header has %zu",
                      table->path, r->row_line, r->cells, table->width);
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
        if (!parse(r, text, part))
            return false;
        r->line += newline != NULL;
        *line_length = newline && !r->csv.quoted ? 0 : *line_length;
        text += part;
        length -= part;
    }
    return true;
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
    return true;
}

static bool read_file(reader *r, FILE *file)
{
    char *chunk = tril_ctx_alloc(r->table->ctx, "table", CHUNK, 1);
    if (!chunk)
        return false;
    bool first = true, going = true;
    size_t length, line_length = 0;
    while (going && (length = fread(chunk, 1, CHUNK, file)) > 0) {
        size_t mark = first && length >= 3 && memcmp(chunk, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        going = parse_chunk(r, chunk + mark, length - mark, &line_length);
        first = false;
    }
    if (going && ferror(file))
        going = tril_fail_errno(r->table->ctx, r->table->path, "read", errno);
    tril_ctx_release(r->table->ctx, chunk);
    return going && finish(r);
}

static bool read_in_c_locale(tril_table *table, FILE *file)
{
    reader r = { .table = table, .line = 1, .row_line = 1 };
    tril_c_locale locale;
    csv_init(&r.csv, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL); /* fails for NULL alone */
    csv_set_blk_size(&r.csv, CHUNK); /* a long cell does not grow byte by byte */
    bool done = tril_c_locale_begin(&locale, table->ctx, table->path);
    if (done) {
        done = add_text(table, "", 0) == 0 && read_file(&r, file);
        tril_c_locale_end(&locale);
    }
    csv_free(&r.csv);
    tril_ctx_release(table->ctx, r.header);
    return done;
}

tril_table *tril_table_read(tril_ctx *ctx, const char *path)
{
    if (!path)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "table: no path was given"), NULL;
    tril_table *table = tril_ctx_alloc(ctx, "table", 1, sizeof *table);
    if (!table)
        return NULL;
    *table = (tril_table){ .ctx = ctx, .arena = { .ctx = ctx } };
    table->names.arena = &table->arena;
    bool standard = strcmp(path, "-") == 0;
    path = standard ? "standard input" : path;
    size_t length = strlen(path) + 1;
    char *own = tril_arena_take(&table->arena, "table", length, 1);
    table->path = own ? memcpy(own, path, length) : NULL;
    FILE *file = !table->path ? NULL : standard ? stdin : fopen(path, "rb");
    bool done = file ? read_in_c_locale(table, file)
                     : table->path && tril_fail_errno(ctx, table->path, "opened", errno);
    if (file && !standard)
        fclose(file);
    if (done)
        return table;
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
