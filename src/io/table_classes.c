/* Columns of classes: the labels of their cells. */
#include "io/message.h"
#include "io/number.h"
#include "io/table.h"

#include <stdlib.h>

/* What a cell says: a number, or a word, which is empty where the cell is missing. */
typedef struct label {
    const char *word; /* NULL: a number */
    double number;
    size_t index; /* among the labels that are known */
} label;

static label label_of(const tril_table *table, const double *cell)
{
    const char *text = NULL;
    if (isfinite(*cell))
        return (label){ .number = *cell };
    cell_kind kind = cell_get(table, cell, &text);
    return (label){ .word = kind == CELL_MISSING ? "" : text };
}

static int compare(const void *a, const void *b)
{
    const label *x = a, *y = b;
    if (x->word && y->word)
        return strcmp(x->word, y->word);
    if (x->word || y->word)
        return x->word ? 1 : -1;
    return (x->number > y->number) - (x->number < y->number);
}

/* the different labels of column k in their order, and how many; to be released; NULL on failure */
static label *find_labels(const tril_table *table, size_t k, size_t *n)
{
    label *labels = tril_ctx_alloc(table->ctx, "table", table->rows, sizeof *labels);
    if (!labels)
        return NULL;
    size_t cells = 0;
    for (size_t i = 0; i < table->rows; i++) {
        label own = label_of(table, table->cells + i * table->width + k);
        if (!own.word || *own.word)
            labels[cells++] = own;
    }
    qsort(labels, cells, sizeof *labels, compare);
    *n = 0;
    for (size_t i = 0; i < cells; i++)
        if (i == 0 || compare(&labels[i], &labels[*n - 1]) != 0)
            labels[(*n)++] = labels[i];
    return labels;
}

/* as texts that live as long as the table */
static const char **write_labels(tril_table *table, const label *labels, size_t n)
{
    const char **texts = tril_arena_take(&table->arena, "table", n, sizeof *texts);
    for (size_t i = 0; i < n && texts; i++) {
        texts[i] = labels[i].word;
        if (texts[i])
            continue;
        tril_number_text *number = tril_arena_take(&table->arena, "table", 1, sizeof *number);
        if (!number)
            return NULL;
        *number = tril_number_write(labels[i].number);
        texts[i] = number->text;
    }
    return texts;
}

const char *const *tril_table_labels(tril_table *table, const char *name, size_t *n)
{
    size_t k;
    tril_c_locale locale;
    const char **texts = NULL;
    *n = 0;
    if (!tril_table_find(table, name, &k) || !tril_c_locale_begin(&locale, table->ctx, table->path))
        return NULL;
    label *labels = find_labels(table, k, n);
    if (labels && *n == 0)
        tril_table_fail_cell(table, 0, k, "this cell is missing, and so are all of the column");
    else if (labels)
        texts = write_labels(table, labels, *n);
    tril_ctx_release(table->ctx, labels);
    tril_c_locale_end(&locale);
    *n = texts ? *n : 0;
    return texts;
}

/* labels to look up, sorted, to be released; NULL on failure */
static label *read_labels(const tril_table *table, const char *const *texts, size_t n)
{
    tril_c_locale locale;
    if (!tril_c_locale_begin(&locale, table->ctx, table->path))
        return NULL;
    label *labels = tril_ctx_alloc(table->ctx, "table", n, sizeof *labels);
    for (size_t i = 0; i < n && labels; i++) {
        double x = tril_number_read(texts[i], strlen(texts[i]));
        labels[i] = (label){ isfinite(x) ? NULL : texts[i], x, i };
    }
    tril_c_locale_end(&locale);
    if (labels)
        qsort(labels, n, sizeof *labels, compare);
    return labels;
}

static bool fail_label(const tril_table *table, size_t row, size_t k, size_t n, const char *remedy)
{
    char room[TRIL_SHOWN_ROOM];
    const double *cell = table->cells + row * table->width + k;
    const char *text = NULL;
    if (isfinite(*cell))
        return tril_table_fail_cell(table, row, k, "%g is none of the %zu labels", *cell, n);
    bool missing = cell_get(table, cell, &text) == CELL_MISSING;
    if (*text == 0)
        return tril_table_fail_cell(table, row, k, "the cell is empty%s", remedy);
    if (missing)
        return tril_table_fail_cell(table, row, k, "'%s' is a missing label%s",
                                    tril_shown(room, text), remedy);
    return tril_table_fail_cell(table, row, k, "'%s' is none of the %zu labels",
                                tril_shown(room, text), n);
}

bool tril_table_known_classes(const tril_table *table, const char *name, const char *const *labels,
                              size_t n, bool unseen, const char *remedy, size_t *out)
{
    size_t k, row = 0;
    if (!tril_table_find(table, name, &k))
        return false;
    label *known = read_labels(table, labels, n);
    for (; row < table->rows && known; row++) {
        label own = label_of(table, table->cells + row * table->width + k);
        const label *found = bsearch(&own, known, n, sizeof *known, compare);
        if (!found && !(unseen && !(own.word && !*own.word))) {
            fail_label(table, row, k, n - (n && !*labels[n - 1]), remedy);
            break;
        }
        out[row] = found ? found->index : SIZE_MAX;
    }
    tril_ctx_release(table->ctx, known);
    return !tril_ctx_failed(table->ctx);
}

bool tril_table_classes(const tril_table *table, const char *name, const char *const *labels,
                        size_t n, size_t *out)
{
    return tril_table_known_classes(table, name, labels, n, false, "", out);
}
