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
            fprintf(stderr,
                    "%s: %s: column %s: there is no row %.9g of %s, whose rows are 0 to %zu\n",
                    command_name(), text_shown(p->split), text_shown(name), number,
                    text_shown(p->settings.data), rows - 1);
    }
    free(numbers);
    return done;
}

static bool read_split(const plan *p, tril_ctx *ctx, const tril_table *table, part *part_of)
{
    tril_table *split = tril_table_read(ctx, p->split, NULL);
    bool done = split && mark(p, split, table, part_of);
    tril_table_free(split);
    return done;
}

/* ---- which rows stay together */

static size_t root(size_t *of, size_t i)
{
    while (of[i] != i)
        i = of[i] = of[of[i]];
    return i;
}

/* joins the rows of each group: of[i] leads to a row that i stays with */
static bool join_groups(const plan *p, tril_table *table, size_t *of)
{
    size_t labels_n;
    const size_t n = tril_table_rows(table);
    const char *const *labels = tril_table_labels(table, p->group, &labels_n);
    size_t *label = labels ? command_alloc(n, sizeof *label) : NULL;
    size_t *first = labels ? command_alloc(labels_n, sizeof *first) : NULL;
    bool done = label && first && tril_table_classes(table, p->group, labels, labels_n, label);
    for (size_t l = 0; l < labels_n && done; l++)
        first[l] = SIZE_MAX;
    for (size_t i = 0; i < n && done; i++) {
        first[label[i]] = first[label[i]] == SIZE_MAX ? i : first[label[i]];
        of[i] = first[label[i]];
    }
    free(label);
    free(first);
    return done;
}

/* Joins equal rows, unless each stands for more than three: then these are no copies, but columns
 * have few values. */
static bool join_equals(const work *w, size_t *of, bool *joined)
{
    const plan *p = w->plan;
    const size_t n = tril_table_rows(w->table), width = p->targets.n + w->inputs.n;
    const char **name = command_alloc(width, sizeof *name);
    size_t *first = command_alloc(n, sizeof *first), copies = 0;
    bool done = name && first;
    for (size_t j = 0; j < width && done; j++)
        name[j] = j < p->targets.n ? p->targets.name[j] : w->inputs.name[j - p->targets.n];
    done = done && tril_table_equals(w->table, name, width, first);
    for (size_t i = 0; i < n && done; i++)
        copies += first[i] != i;
    *joined = copies > 0 && 3 * copies <= 2 * n;
    for (size_t i = 0; i < n && done && *joined; i++)
        of[root(of, i)] = root(of, first[i]);
    free(first);
    free(name);
    return done;
}

/* the number of each dealt row's group, from 0 on; *grouped: whether there are any */
static bool number_groups(const work *w, deal *d, bool *grouped)
{
    const size_t n = tril_table_rows(w->table);
    size_t *of = command_alloc(n, sizeof *of), *number = command_alloc(n, sizeof *number), next = 0;
    bool done = of && number;
    *grouped = false;
    for (size_t i = 0; i < n && done; i++) {
        of[i] = i;
        number[i] = SIZE_MAX;
    }
    done = done && (!w->plan->group || join_groups(w->plan, w->table, of)) &&
           join_equals(w, of, grouped);
    *grouped |= w->plan->group != NULL;
    for (size_t i = 0; i < d->n && done; i++) {
        size_t *own = &number[root(of, d->row[i])];
        if (*own == SIZE_MAX)
            *own = next++;
        d->group[i] = *own;
    }
    free(of);
    free(number);
    return done;
}

/* ---- by order */

typedef struct ordered {
    double at;
    size_t row;
} ordered;

static int compare(const void *a, const void *b)
{
    const ordered *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Folds one behind the other; rows at the same place stay together. */
static bool order_rows(const work *w, const double *share, size_t k, deal *d)
{
    double *at = command_alloc(tril_table_rows(w->table), sizeof *at), whole = 0;
    ordered *rows = command_alloc(d->n, sizeof *rows);
    bool done = at && rows && tril_table_doubles(w->table, w->plan->order, at);
    for (size_t i = 0; i < k; i++)
        whole += share[i];
    for (size_t i = 0; i < d->n && done; i++) {
        rows[i] = (ordered){ at[d->row[i]], d->row[i] };
        if (isnan(rows[i].at))
            done = fprintf(stderr, "%s: %s: a cell of column %s is missing: --order wants all\n",
                           command_name(), text_shown(w->plan->settings.data),
                           text_shown(w->plan->order)) < 0;
    }
    if (done)
        qsort(rows, d->n, sizeof *rows, compare);
    for (size_t i = 0, fold = 0; i < d->n && done; i++) {
        double behind = 0;
        for (size_t f = 0; f <= fold; f++)
            behind += share[f] / whole * (double)d->n;
        fold += (double)i + 0.5 > behind && fold + 1 < k && rows[i].at != rows[i - (i > 0)].at;
        d->row[i] = rows[i].row;
        d->fold[i] = fold;
    }
    free(at);
    free(rows);
    return done;
}

/* ---- all of them */

/* gives each dealt row one of k shares */
static bool deal_shares(const work *w, const double *share, size_t k, deal *d)
{
    bool grouped;
    return w->plan->order ? order_rows(w, share, k, d)
                          : number_groups(w, d, &grouped) &&
                                tril_folds(w->ctx, d->n, grouped ? d->group : NULL, share, k,
                                           w->plan->fit.seed, d->fold);
}

static bool deal_rows(const work *w, deal *d, part *part_of)
{
    const plan *p = w->plan;
    part parts[PARTS];
    double share[PARTS];
    size_t k = 0, got[PARTS] = { 0 };
    for (int i = 0; i < PARTS; i++)
        if (p->share[i] > 0) {
            share[k] = p->share[i];
            parts[k++] = (part)i;
        }
    if (d->n < k) {
        fprintf(stderr, "%s: %s: rows for %zu parts are wanted, there are only %zu\n",
                command_name(), text_shown(p->settings.data), k, d->n);
        return false;
    }
    if (!deal_shares(w, share, k, d))
        return false;
    for (size_t i = 0; i < d->n; i++) {
        part_of[d->row[i]] = parts[d->fold[i]];
        got[d->fold[i]]++;
    }
    for (size_t i = 0; i < k; i++)
        if (got[i] == 0) {
            fprintf(stderr, "%s: %s: %zu rows are too few for a share of %g %s\n", command_name(),
                    text_shown(p->settings.data), d->n, share[i],
                    parts[i] == PART_TEST         ? "to test"
                    : parts[i] == PART_VALIDATION ? "to validate"
                                                  : "to train on");
            return false;
        }
    return true;
}

static bool split(work *w, deal *d, part *part_of)
{
    const plan *p = w->plan;
    const size_t n = tril_table_rows(w->table);
    for (size_t i = 0; i < n; i++)
        part_of[i] = PART_TRAINING;
    if (p->split && !read_split(p, w->ctx, w->table, part_of))
        return false;
    for (size_t i = 0; i < n; i++)
        if (part_of[i] == PART_TRAINING)
            d->row[d->n++] = i;
    if (p->split && (d->n == 0 || d->n == n))
        return fprintf(stderr, "%s: %s leaves no row to %s\n", command_name(), text_shown(p->split),
                       d->n ? "test" : "train on"),
               false;
    return deal_rows(w, d, part_of);
}

/* memory of a deal over all rows, and the part of each; to be freed by d->row and *part_of */
static bool make_room(const work *w, deal *d, part **part_of)
{
    const size_t n = tril_table_rows(w->table);
    size_t *memory = command_alloc(3 * n, sizeof *memory);
    *part_of = command_alloc(n, sizeof **part_of);
    *d = (deal){ 0, memory, memory ? memory + n : NULL, memory ? memory + 2 * n : NULL };
    return memory && *part_of;
}

/* lists the rows part by part, each in their order */
static void list_parts(const work *w, const part *part_of, size_t *row, size_t count[PARTS])
{
    size_t at = 0;
    for (int k = 0; k < PARTS; k++) {
        const size_t first = at;
        for (size_t i = 0; i < tril_table_rows(w->table); i++)
            if (part_of[i] == (part)k)
                row[at++] = i;
        count[k] = at - first;
    }
}

bool split_rows(work *w)
{
    deal d;
    part *part_of;
    bool done = make_room(w, &d, &part_of) && split(w, &d, part_of);
    if (done)
        list_parts(w, part_of, w->row, w->count);
    free(d.row);
    free(part_of);
    return done;
}

/* ---- folds */

static bool deal_fold(const work *w, size_t k, deal *d, part *part_of)
{
    const plan *p = w->plan;
    const double *share = p->share, stop = share[PART_VALIDATION];
    const size_t blocks = p->folds + (p->order != NULL), held = k + (p->order != NULL);
    double *equal = command_alloc(blocks, sizeof *equal);
    for (size_t i = 0; i < blocks && equal; i++)
        equal[i] = 1;
    bool done = equal && deal_shares(w, equal, blocks, d);
    free(equal);
    size_t n = 0;
    for (size_t i = 0; i < d->n && done; i++) {
        if (d->fold[i] == held)
            part_of[d->row[i]] = PART_TEST;
        else if (!p->order || d->fold[i] < held)
            d->row[n++] = d->row[i];
    }
    d->n = n;
    const double shares[] = { share[PART_TRAINING], stop };
    done = done && deal_shares(w, shares, 1 + (stop > 0), d);
    for (size_t i = 0; i < d->n && done; i++)
        part_of[d->row[i]] = d->fold[i] ? PART_VALIDATION : PART_TRAINING;
    return done;
}

bool split_fold(const work *w, size_t k, size_t *row, size_t count[PARTS])
{
    deal d;
    part *part_of;
    bool done = make_room(w, &d, &part_of);
    for (size_t i = 0; i < tril_table_rows(w->table) && done; i++)
        part_of[i] = PARTS;
    while (done && d.n < w->count[PART_TRAINING] + w->count[PART_VALIDATION]) {
        d.row[d.n] = w->row[d.n];
        d.n++;
    }
    done = done && deal_fold(w, k, &d, part_of);
    if (done)
        list_parts(w, part_of, row, count);
    if (done && (!count[PART_TRAINING] || !count[PART_TEST] ||
                 (!count[PART_VALIDATION] && w->plan->share[PART_VALIDATION] > 0)))
        done = fprintf(stderr, "%s: %s: the rows are too few for %zu folds\n", command_name(),
                       text_shown(w->plan->settings.data), w->plan->folds) < 0;
    free(d.row);
    free(part_of);
    return done;
}
