/* Dealing rows into those to train on, to stop by, and to judge by. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/commands.h"
#include "cmd/fit_data.h"
#include "cmd/text.h"

/* what is dealt: the rows that no file has put into the test set */
typedef struct deal {
    size_t n;
    size_t *row, *group, *fold; /* fold: at first the number of each group */
} deal;

/* puts the rows that the cells of a column name into the test set */
static bool mark(const plan *p, const tril_table *split, const tril_table *table, part *part_of)
{
    const size_t lines = tril_table_rows(split), rows = tril_table_rows(table);
    const char *name = p->split_column ? p->split_column : tril_table_name(split, 0);
    tril_real *numbers = command_alloc(lines, sizeof *numbers);
    bool done = numbers && tril_table_columns_missing(split, &name, 1, numbers);
    for (size_t i = 0; i < lines && done; i++) {
        if (isnan(numbers[i]))
            continue; /* columns of several splits need not be equally long */
        const double number = (double)numbers[i];
        done = number >= 0 && number < (double)rows && number == floor(number);
        if (done)
            part_of[(size_t)number] = PART_TEST;
        else
            fprintf(
                stderr,
                "tril fit: %s: column %s: there is no row %.9g of %s, whose rows are 0 to %zu\n",
                text_shown(p->split), text_shown(name), number, text_shown(p->settings.data),
                rows - 1);
    }
    free(numbers);
    return done;
}

static bool read_split(const plan *p, tril_ctx *ctx, const tril_table *table, part *part_of)
{
    tril_table *split = tril_table_read(ctx, p->split);
    bool done = split && mark(p, split, table, part_of);
    tril_table_free(split);
    return done;
}

/* the number of each dealt row's group; those of groups that are there begin at 0 */
static bool number_groups(const plan *p, tril_table *table, deal *d)
{
    size_t n, next = 0;
    const char *const *labels = tril_table_labels(table, p->group, &n);
    size_t *of_all = labels ? command_alloc(tril_table_rows(table), sizeof *of_all) : NULL;
    size_t *number = labels ? command_alloc(n, sizeof *number) : NULL;
    bool done = of_all && number && tril_table_classes(table, p->group, labels, n, of_all);
    for (size_t l = 0; l < n && done; l++)
        number[l] = SIZE_MAX;
    for (size_t i = 0; i < d->n && done; i++) {
        size_t *own = &number[of_all[d->row[i]]];
        if (*own == SIZE_MAX)
            *own = next++;
        d->group[i] = *own;
    }
    free(of_all);
    free(number);
    return done;
}

static bool deal_rows(const plan *p, tril_ctx *ctx, tril_table *table, deal *d, part *part_of)
{
    part parts[PARTS];
    double share[PARTS];
    size_t k = 0, got[PARTS] = { 0 };
    for (int i = 0; i < PARTS; i++)
        if (p->share[i] > 0) {
            share[k] = p->share[i];
            parts[k++] = (part)i;
        }
    if (d->n < k) {
        fprintf(stderr, "tril fit: %s: rows for %zu parts are wanted, there are only %zu\n",
                text_shown(p->settings.data), k, d->n);
        return false;
    }
    if ((p->group && !number_groups(p, table, d)) ||
        !tril_folds(ctx, d->n, p->group ? d->group : NULL, share, k, p->fit.seed, d->fold))
        return false;
    for (size_t i = 0; i < d->n; i++) {
        part_of[d->row[i]] = parts[d->fold[i]];
        got[d->fold[i]]++;
    }
    for (size_t i = 0; i < k; i++)
        if (got[i] == 0) {
            fprintf(stderr, "tril fit: %s: %zu rows are too few for a share of %g %s\n",
                    text_shown(p->settings.data), d->n, share[i],
                    parts[i] == PART_TEST         ? "to test"
                    : parts[i] == PART_VALIDATION ? "to validate"
                                                  : "to train on");
            return false;
        }
    return true;
}

static bool split(const plan *p, tril_ctx *ctx, tril_table *table, deal *d, part *part_of)
{
    const size_t n = tril_table_rows(table);
    for (size_t i = 0; i < n; i++)
        part_of[i] = PART_TRAINING;
    if (p->split && !read_split(p, ctx, table, part_of))
        return false;
    for (size_t i = 0; i < n; i++)
        if (part_of[i] == PART_TRAINING)
            d->row[d->n++] = i;
    if (p->split && (d->n == 0 || d->n == n))
        return fprintf(stderr, "tril fit: %s leaves no row to %s\n", text_shown(p->split),
                       d->n ? "test" : "train on"),
               false;
    return deal_rows(p, ctx, table, d, part_of);
}

bool split_rows(const plan *p, tril_ctx *ctx, tril_table *table, size_t *row, size_t count[PARTS])
{
    const size_t n = tril_table_rows(table);
    size_t *memory = command_alloc(3 * n, sizeof *memory), at = 0;
    part *part_of = command_alloc(n, sizeof *part_of);
    deal d = { 0, memory, memory + n, memory + 2 * n };
    bool done = memory && part_of && split(p, ctx, table, &d, part_of);
    for (int k = 0; k < PARTS && done; k++) {
        count[k] = 0;
        for (size_t i = 0; i < n; i++)
            if (part_of[i] == (part)k) {
                row[at++] = i;
                count[k]++;
            }
    }
    free(memory);
    free(part_of);
    return done;
}
