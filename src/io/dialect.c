/* How a file writes its table: separator, decimal mark, comments, the line of the header. */
#include "io/dialect.h"

#include <math.h>
#include <string.h>

#include "io/number.h"

/* A part of the sample that is still to be read, and how. */
typedef struct scan {
    const char *at, *end;
    char delimiter, comment;
} scan;

typedef struct cell {
    const char *text;
    size_t length;
    bool last; /* of its line */
} cell;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* without blanks and quotes around it */
static cell next_cell(scan *s)
{
    while (s->at < s->end && is_blank(*s->at) && *s->at != s->delimiter)
        s->at++;
    const char *begin = s->at, *end;
    bool quoted = false;
    for (; s->at < s->end && (quoted || (*s->at != s->delimiter && *s->at != '\n')); s->at++)
        quoted ^= *s->at == '"';
    end = s->at;
    const bool last = s->at == s->end || *s->at == '\n';
    s->at += s->at < s->end;
    while (end > begin && (is_blank(end[-1]) || end[-1] == '"'))
        end--;
    begin += begin < end && *begin == '"';
    return (cell){ begin, (size_t)(end - begin), last };
}

static double number_of(cell c, char decimal)
{
    char text[64];
    if (c.length >= sizeof text)
        return (double)NAN;
    memcpy(text, c.text, c.length);
    text[c.length] = 0;
    return tril_number_read_as(text, c.length, decimal);
}

static void skip_line(scan *s)
{
    const char *newline = memchr(s->at, '\n', (size_t)(s->end - s->at));
    s->at = newline ? newline + 1 : s->end;
}

/* Cells of the next row; numbers: how many of them are numbers by either decimal mark. 0: none is
 * left. */
static size_t next_row(scan *s, size_t *numbers)
{
    while (s->at < s->end) {
        if (s->comment && *s->at == s->comment) {
            skip_line(s);
            continue;
        }
        size_t n = 0;
        bool empty = true;
        *numbers = 0;
        for (cell c = { .last = false }; !c.last; n++) {
            c = next_cell(s);
            empty &= c.length == 0;
            *numbers += isfinite(number_of(c, '.')) || isfinite(number_of(c, ','));
        }
        if (!empty)
            return n;
    }
    return 0;
}

/* how many rows have as many cells as the header, if that has several */
static size_t count_rows(scan s)
{
    size_t numbers, rows = 0;
    const size_t width = next_row(&s, &numbers);
    for (size_t n; width > 1 && (n = next_row(&s, &numbers)) > 0;)
        rows += n == width;
    return rows;
}

static char find_delimiter(scan s)
{
    static const char candidates[] = ",\t;|";
    size_t most = 0;
    char best = ',';
    for (const char *c = candidates; *c; c++) {
        s.delimiter = *c;
        const size_t rows = count_rows(s);
        if (rows > most)
            best = *c;
        most = rows > most ? rows : most;
    }
    return best;
}

/* Cells that are a number by one of the marks alone are for it. Where there is none, a comma is one
 * in a file that has others between its cells on account of it. */
static char find_decimal(scan s)
{
    ptrdiff_t commas = 0, doubtful = 0;
    while (s.at < s.end) {
        const bool comment = s.comment && *s.at == s.comment;
        if (comment)
            skip_line(&s);
        for (cell c = { .last = comment }; !c.last;) {
            c = next_cell(&s);
            const double point = number_of(c, '.'), comma = number_of(c, ',');
            commas += isnan(point) - isnan(comma);
            if (isfinite(point) && isfinite(comma) && point != comma)
                doubtful += point > comma ? 1 : -1;
        }
    }
    return commas > 0 || (commas == 0 && s.delimiter == ';' && doubtful > 0) ? ',' : '.';
}

/* whether a line that begins as comments do cannot be a row */
static bool has_comments(scan s)
{
    const char comment = s.comment;
    size_t numbers;
    s.comment = 0;
    for (size_t width = next_row(&s, &numbers), n = width; n; n = next_row(&s, &numbers)) {
        if (n != width)
            return true;
        while (s.at < s.end && *s.at != comment)
            skip_line(&s);
    }
    return false;
}

/* The last line of comments above a row with numbers is the header, if it has as many cells: how
 * NumPy and gnuplot write it. */
static bool is_header(scan s, const char *line, const char *row)
{
    size_t numbers, cells, none;
    scan rest = s;
    s.at = line + 1;
    s.end = row;
    s.comment = 0;
    rest.at = row;
    cells = next_row(&s, &none);
    return next_row(&rest, &numbers) == cells && numbers > 0 && none == 0;
}

void tril_dialect_find(tril_dialect *dialect, const char *sample, size_t length, size_t *line)
{
    scan s = { sample, sample + length, dialect->delimiter, dialect->comment };
    const char *comment = NULL;
    *line = 1;
    if (length > 4 && memcmp(sample, "sep=", 4) == 0) { /* as Excel has it */
        s.delimiter = s.delimiter ? s.delimiter : sample[4];
        skip_line(&s);
        ++*line;
    }
    if (!s.comment)
        s.comment = '#';
    for (; s.at < s.end && (*s.at == s.comment || *s.at == '\n' || *s.at == '\r'); ++*line) {
        comment = *s.at == s.comment ? s.at : comment;
        skip_line(&s);
    }
    if (comment && s.at == s.end) { /* then no line is one */
        s.at = sample;
        comment = NULL;
        *line = 1;
    }
    if (!s.delimiter)
        s.delimiter = find_delimiter(s);
    if (!comment && !dialect->comment && !has_comments(s))
        s.comment = 0; /* what begins so is a cell */
    if (comment && is_header(s, comment, s.at))
        --*line;
    *dialect = (tril_dialect){ s.delimiter, dialect->decimal ? dialect->decimal : find_decimal(s),
                               s.comment, dialect->missing, dialect->n_missing };
}
