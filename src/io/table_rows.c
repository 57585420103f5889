/* Rows of a table that are equal. */
#include <stdlib.h>

#include "io/table.h"

typedef struct hashed {
    uint64_t hash;
    size_t row;
} hashed;

/* FNV-1a */
static uint64_t hash(uint64_t before, const void *bytes, size_t n)
{
    for (const unsigned char *p = bytes; n--; p++)
        before = (before ^ *p) * UINT64_C(0x100000001b3);
    return before;
}

/* words by their letters, numbers by their value, and all missing cells alike */
static uint64_t hash_cell(const tril_table *table, const double *cell, uint64_t before)
{
    const char *text;
    const double x = *cell + 0.0; /* -0 is 0 */
    if (isfinite(x))
        return hash(before, &x, sizeof x);
    return cell_get(table, cell, &text) == CELL_MISSING ? hash(before, "", 1)
                                                        : hash(before, text, strlen(text) + 1);
}

static int compare(const void *a, const void *b)
{
    const hashed *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

bool tril_table_equals(const tril_table *table, const char *const *names, size_t n, size_t *first)
{
    if (!table || tril_ctx_failed(table->ctx))
        return false;
    hashed *rows = tril_ctx_alloc(table->ctx, "table", table->rows, sizeof *rows);
    for (size_t i = 0; i < table->rows && rows; i++)
        rows[i] = (hashed){ UINT64_C(0xcbf29ce484222325), i };
    for (size_t j = 0, k; j < n && rows; j++) {
        if (!tril_table_find(table, names[j], &k))
            return tril_ctx_release(table->ctx, rows), false;
        for (size_t i = 0; i < table->rows; i++)
            rows[i].hash = hash_cell(table, table->cells + i * table->width + k, rows[i].hash);
    }
    if (!rows)
        return false;
    qsort(rows, table->rows, sizeof *rows, compare);
    for (size_t i = 0; i < table->rows; i++)
        first[rows[i].row] =
            i && rows[i].hash == rows[i - 1].hash ? first[rows[i - 1].row] : rows[i].row;
    tril_ctx_release(table->ctx, rows);
    return true;
}

size_t tril_table_runs(const tril_table *table, const char *name)
{
    size_t k, runs = 0;
    if (!tril_table_find(table, name, &k))
        return 0;
    uint64_t before = 0;
    for (size_t i = 0; i < table->rows; i++) {
        const uint64_t own = hash_cell(table, table->cells + i * table->width + k, 0);
        runs += i == 0 || own != before;
        before = own;
    }
    return runs;
}
