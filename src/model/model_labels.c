/* Texts that a model keeps, and labels of columns: of inputs, and of a target that is one of
 * classes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/message.h"
#include "io/table.h"
#include "io/tensors.h"
#include "model/model.h"
#include "nn/head.h"

enum { MOST_LABELS = 1024, MOST_LABELS_OF_NUMBERS = 20 };

const char *tril_model_keep(tril_model *model, const char *text)
{
    size_t size = strlen(text) + 1;
    char *own = tril_arena_take(&model->arena, "model", size, 1);
    return own ? memcpy(own, text, size) : NULL;
}

/* A column of numbers with a few other words: whatever it is, it is no list of labels. */
static bool fail_mixed(const tril_table *table, size_t k, size_t n)
{
    char room[TRIL_SHOWN_ROOM];
    const table_column *column = &table->columns[k];
    const char *text = "";
    size_t row = 0;
    for (;; row++) {
        const double *cell = table->cells + row * table->width + k;
        if (!isfinite(*cell) && cell_get(table, cell, &text) == CELL_WORD)
            break;
    }
    return tril_table_fail_cell(
        table, row, k,
        "'%s' is not a number, as %zu of %zu cells are, and %zu different cells are too many for "
        "labels: --missing-values (tril_dialect.missing) counts words as missing, --exclude leaves "
        "the column out",
        tril_shown(room, text), table->rows - column->words - column->missing, table->rows, n);
}

/* "FILE: column NAME WHAT" */
static bool fail_column(const tril_table *table, const char *name, const char *what)
{
    char room[TRIL_SHOWN_ROOM];
    return tril_ctx_fail(table->ctx, TRIL_BAD_DATA, "%s: column %s %s", table->path,
                         tril_shown(room, name), what);
}

/* remedy: what to do about too many of them */
static bool set_labels(tril_model *model, tril_table *table, const char *remedy,
                       tril_column *column)
{
    const char *const *labels = tril_table_labels(table, column->name, &column->n_labels);
    const size_t n = column->n_labels, half = tril_table_rows(table) / 2;
    size_t k;
    char what[256];
    if (!labels || !tril_table_find(table, column->name, &k))
        return false;
    const table_column *cells = &table->columns[k];
    if (cells->words && n > MOST_LABELS_OF_NUMBERS &&
        cells->words + cells->bounds < (table->rows - cells->missing) / 2)
        return fail_mixed(table, k, n);
    if (n > half || n > MOST_LABELS) {
        snprintf(what, sizeof what, "has %zu different labels in %zu rows, too many to learn%s", n,
                 tril_table_rows(table), remedy);
        return fail_column(table, column->name, what);
    }
    const char **own = tril_arena_take(&model->arena, "model", n + 1, sizeof *own);
    for (size_t i = 0; i <= n && own; i++) {
        if (i < n && !tril_is_utf8(labels[i]))
            return fail_column(table, column->name, "has a label that is not UTF-8");
        own[i] = tril_model_keep(model, i < n ? labels[i] : "");
        if (!own[i])
            return false;
    }
    column->labels = own;
    return own;
}

bool tril_model_set_labels(tril_model *model, tril_table *table, tril_column *column)
{
    return set_labels(model, table, " from: leave it out of the inputs (--exclude)", column);
}

bool tril_model_set_classes(tril_model *model, tril_table *table, const tril_model_opts *opts)
{
    tril_column target = { .name = *model->about.targets };
    bool any = false;
    for (size_t i = 0; i < opts->n_heads; i++)
        any |= tril_head_kind_of(&opts->heads[i])->support == &tril_support_class;
    if (!any || opts->n_targets > 1)
        return true; /* which the head refuses */
    if (!set_labels(model, table, ": they are no classes", &target))
        return false;
    model->about.labels = target.labels;
    model->about.n_labels = target.n_labels;
    return target.n_labels > 1 ||
           fail_column(table, target.name, "has one label, and there is nothing to learn");
}

bool tril_model_put_classes(const tril_model *model, const tril_table *table, bool missing,
                            const char *remedy, size_t *column, tril_dataset *cases)
{
    const tril_model_info *about = &model->about;
    const size_t n = about->n_labels;
    if (!tril_table_known_classes(table, *about->targets, about->labels, n + missing, false, remedy,
                                  column))
        return false;
    for (size_t i = 0; i < cases->n; i++) {
        const size_t label = column[cases->row[i]];
        cases->y[i] = label < n ? (tril_real)label : (tril_real)NAN;
    }
    return true;
}
