/* CSV tables on libcsv. */
#include <csv.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tril/data.h>

#include "core/names.h"

enum { CHUNK = 1 << 16, LONGEST_LINE = 1 << 24, SHOWN = 40, SHOWN_ROOM = SHOWN + 4 };

typedef struct table_column {
    const char *name;
    bool twice;         /* another column has the same name */
    const char *not_ok; /* first cell that is no finite number, as shown; NULL if all are */
} table_column;

struct tril_table {
    tril_ctx *ctx;
    tril_arena arena; /* path, columns, names */
    const char *path;
    tril_names names;
    table_column *columns;
    size_t header_line, width, rows, capacity;
    double *cells; /* [rows, width]; NaN or infinite where a cell is no finite number */
    size_t *lines; /* where each row begins in the file */
};

/* The reading of one file. */
typedef struct reader {
    tril_table *table;
    struct csv_parser csv;
    size_t line,
        row_line;        /* the present line, and the one on which the present row began; from 1 */
    size_t cells;        /* of the present row, so far */
    bool in_rows;        /* the header is behind */
    const char **header; /* names of the columns, so far */
    size_t header_room;
} reader;

static const char *keep(tril_table *table, const char *text, size_t length)
{
    char *copy = tril_arena_take(&table->arena, "table", length + 1, 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

/* a text as it stands in a sentence: one line, cut between two characters if it is long */
static const char *shown(char room[SHOWN_ROOM], const char *text)
{
    size_t n = strnlen(text, SHOWN + 1);
    bool cut = n > SHOWN;
    if (cut)
        for (n = SHOWN; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
            n--;
    for (size_t i = 0; i < n; i++)
        room[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7F ? '?' : text[i];
    strcpy(room + n, cut ? "..." : "");
    return room;
}

static void read_name(reader *r, const char *text, size_t length)
{
    if (r->cells == r->header_room) {
        size_t room = r->header_room ? 2 * r->header_room : 16;
        const char **header =
            tril_ctx_resize(r->table->ctx, "table", r->header, room, sizeof *header);
        if (!header)
            return;
        r->header = header;
        r->header_room = room;
    }
    r->header[r->cells++] = keep(r->table, text, length);
}

/* the number in a cell; NaN or infinite if it holds no finite number */
static double number_in(const char *text, size_t length)
{
    char *end;
    double x = strtod(text, &end);
    bool whole = end != text && end + strspn(end, " \t") == text + length;
    /* strtod knows hexadecimals too: words, to a reader of tables */
    return whole && !strpbrk(text, "xX") ? x : (double)NAN;
}

static void read_number(reader *r, const char *text, size_t length)
{
    tril_table *table = r->table;
    size_t k = r->cells++;
    if (k >= table->width)
        return;
    double x = number_in(text, length);
    table->cells[table->rows * table->width + k] = x;
    if (isfinite(x) || table->columns[k].not_ok)
        return;
    char room[SHOWN_ROOM];
    shown(room, text);
    table->columns[k].not_ok = keep(table, room, strlen(room));
}

static bool make_room(tril_table *table)
{
    if (table->rows < table->capacity)
        return true;
    size_t capacity = table->capacity ? table->capacity + table->capacity / 2 : 256;
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
        table->columns[k] = (table_column){ .name = r->header[k] };
        size_t before = tril_names_find(&table->names, r->header[k]);
        if (before == SIZE_MAX)
            tril_names_add(&table->names, r->header[k], k);
        else
            table->columns[before].twice = table->columns[k].twice = true;
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
    if (!r->in_rows) {
        end_of_header(r);
    } else if (r->cells != table->width) {
        tril_ctx_fail(table->ctx, TRIL_BAD_DATA, "%s: line %zu has %zu cells, the header has %zu",
                      table->path, r->row_line, r->cells, table->width);
    } else {
        table->lines[table->rows++] = r->row_line;
    }
    r->cells = 0;
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

static bool parse_chunk(reader *r, const char *text, size_t length, size_t *line_length)
{
    while (length) {
        const char *newline = memchr(text, '\n', length);
        size_t part = newline ? (size_t)(newline - text) + 1 : length;
        *line_length += part;
        if (*line_length > LONGEST_LINE)
            return tril_ctx_fail(r->table->ctx, TRIL_BAD_DATA,
                                 "%s: line %zu is longer than 16 MiB: this is no table",
                                 r->table->path, r->line);
        if (memchr(text, 0, part))
            return tril_ctx_fail(r->table->ctx, TRIL_BAD_DATA,
                                 "%s: line %zu holds a NUL byte: this is no text", r->table->path,
                                 r->line);
        if (!parse(r, text, part))
            return false;
        r->line += newline != NULL;
        *line_length = newline ? 0 : *line_length;
        text += part;
        length -= part;
    }
    return true;
}

static bool fail_errno(tril_table *table, const char *what, int error)
{
    char text[128] = "";
    if (strerror_r(error, text, sizeof text))
        text[0] = 0;
    return tril_ctx_fail(table->ctx, TRIL_BAD_FILE, "%s: cannot be %s: %s", table->path, what,
                         text);
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
        going = fail_errno(r->table, "read", errno);
    tril_ctx_release(r->table->ctx, chunk);
    return going && finish(r);
}

/* decimal points are points, whatever the program's locale says */
static bool read_in_c_locale(tril_table *table, FILE *file)
{
    reader r = { .table = table, .line = 1, .row_line = 1 };
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c || csv_init(&r.csv, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL)) {
        if (c)
            freelocale(c);
        return tril_ctx_fail(table->ctx, TRIL_OUT_OF_MEMORY, "%s: out of memory", table->path);
    }
    csv_set_blk_size(&r.csv, 4096); /* a long cell does not grow byte by byte */
    locale_t before = uselocale(c);
    bool done = read_file(&r, file);
    uselocale(before);
    freelocale(c);
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
    table->path = keep(table, path, strlen(path));
    FILE *file = table->path ? fopen(path, "rb") : NULL;
    bool done =
        file ? read_in_c_locale(table, file) : table->path && fail_errno(table, "opened", errno);
    if (file)
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
    tril_arena_free(&table->arena);
    tril_ctx_release(table->ctx, table);
}

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

static bool fail_cell(const tril_table *table, size_t row, size_t k, double x)
{
    char room[SHOWN_ROOM];
    const char *text = table->columns[k].not_ok, *name = shown(room, table->columns[k].name);
    size_t line = table->lines[row];
    if (isfinite(x))
        return tril_ctx_fail(table->ctx, TRIL_BAD_DATA,
                             "%s: line %zu, column %s: %g is beyond the range of float",
                             table->path, line, name, x);
    if (*text == 0)
        return tril_ctx_fail(table->ctx, TRIL_BAD_DATA,
                             "%s: line %zu, column %s: the cell is empty", table->path, line, name);
    return tril_ctx_fail(table->ctx, TRIL_BAD_DATA, "%s: line %zu, column %s: '%s' is %s",
                         table->path, line, name, text, isinf(x) ? "infinite" : "not a number");
}

static bool copy_column(const tril_table *table, size_t k, tril_real *out, size_t step)
{
    for (size_t i = 0; i < table->rows; i++) {
        double x = table->cells[i * table->width + k];
        if (!isfinite(x) || fabs(x) > (double)TRIL_REAL_MAX)
            return fail_cell(table, i, k, x);
        out[i * step] = (tril_real)x;
    }
    return true;
}

bool tril_table_columns(const tril_table *table, const char *const *names, size_t n, tril_real *out)
{
    if (!table || tril_ctx_failed(table->ctx))
        return false;
    for (size_t j = 0; j < n; j++) {
        char room[SHOWN_ROOM];
        if (!names[j])
            return tril_ctx_fail(table->ctx, TRIL_BAD_ARGUMENT, "%s: column %zu has no name",
                                 table->path, j);
        size_t k = tril_names_find(&table->names, names[j]);
        if (k == SIZE_MAX)
            return tril_ctx_fail(table->ctx, TRIL_BAD_DATA,
                                 "%s: line %zu: there is no column named %s", table->path,
                                 table->header_line, shown(room, names[j]));
        if (table->columns[k].twice)
            return tril_ctx_fail(table->ctx, TRIL_BAD_DATA,
                                 "%s: line %zu: there are two columns named %s", table->path,
                                 table->header_line, shown(room, names[j]));
        if (!copy_column(table, k, out + j, n))
            return false;
    }
    return true;
}
