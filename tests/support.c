/* What the tests share. */
#include "support.h"

#include <csv.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ck_all_finite(tril_var value, const tril_var *in, size_t n, size_t combination)
{
    ck_assert(tril_backward(value));
    ck_assert_msg(isfinite(tril_item(value)), "combination %zu", combination);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < tril_size(in[k]); i++)
            if (!isfinite(tril_grad(in[k])[i]))
                ck_abort_msg("combination %zu: gradient %zu of input %zu is %g", combination, i, k,
                             (double)tril_grad(in[k])[i]);
}

static void *counted(void *user, void *ptr, size_t size)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    counting *c = user;
    pthread_mutex_lock(&mutex);
    if (size)
        c->allocations++;
    bool fail = size && c->fail_at &&
                (c->once ? c->allocations == c->fail_at : c->allocations >= c->fail_at);
    if (!fail)
        c->blocks += (size && !ptr) - (!size && ptr);
    pthread_mutex_unlock(&mutex);
    if (fail)
        return NULL;
    if (size)
        return realloc(ptr, size);
    free(ptr);
    return NULL;
}

tril_ctx *counting_ctx(counting *counter)
{
    return tril_ctx_new(&(tril_ctx_opts){ .allocator = { counted, counter } });
}

/* where there are more, as in sanitizers' builds, not every one of them */
enum { MOST = 128 };

static counting *jansson; /* whose memory is the scenario's too */

static void *jansson_malloc(size_t size)
{
    return counted(jansson, NULL, size);
}

static void jansson_free(void *ptr)
{
    if (ptr)
        counted(jansson, ptr, 0);
}

static size_t exhaust_mode(scenario *run, bool once)
{
    /* the first allocation is the context's own */
    for (size_t n = 2;; n += 1 + n / MOST) {
        counting counter = { .fail_at = n, .once = once };
        jansson = &counter;
        tril_ctx *ctx = counting_ctx(&counter);
        ck_assert_ptr_nonnull(ctx);
        run(ctx);
        bool reached = counter.allocations >= n;
        if (reached)
            ck_assert_msg(tril_ctx_status(ctx) == TRIL_OUT_OF_MEMORY,
                          "allocation %zu failed, status %d (%s)", n, (int)tril_ctx_status(ctx),
                          tril_ctx_message(ctx));
        else
            ck_fine(ctx);
        ck_assert_msg(counter.blocks == 1, "allocation %zu failed: %zu blocks are left", n,
                      counter.blocks - 1);
        counter.fail_at = 0;
        tril_ctx_clear(ctx);
        run(ctx);
        ck_fine(ctx);
        tril_ctx_free(ctx);
        ck_assert_uint_eq(counter.blocks, 0);
        if (!reached)
            return n - 1;
    }
}

size_t exhaust(scenario *run)
{
    json_malloc_t before_malloc;
    json_free_t before_free;
    json_get_alloc_funcs(&before_malloc, &before_free);
    json_set_alloc_funcs(jansson_malloc, jansson_free);
    exhaust_mode(run, true);
    const size_t n = exhaust_mode(run, false);
    json_set_alloc_funcs(before_malloc, before_free);
    return n;
}

/* The tests' own reader, so that reference values do not pass through the code under test, nor
 * through float. */
typedef struct column_reader {
    const char *name;
    size_t cell, column, rows, room;
    bool in_rows;
    double *values;
} column_reader;

static void on_cell(void *cell, size_t length, void *user)
{
    column_reader *r = user;
    (void)length;
    if (!r->in_rows && strcmp(cell, r->name) == 0)
        r->column = r->cell;
    if (r->in_rows && r->cell == r->column) {
        if (r->rows == r->room) {
            r->room = 2 * r->room + 64;
            r->values = realloc(r->values, r->room * sizeof *r->values);
            ck_assert_ptr_nonnull(r->values);
        }
        r->values[r->rows++] = strtod(cell, NULL);
    }
    r->cell++;
}

static void on_row(int end, void *user)
{
    column_reader *r = user;
    (void)end;
    r->in_rows = true;
    r->cell = 0;
}

double *reference(const char *file, const char *name, size_t *rows)
{
    column_reader r = { .name = name, .column = SIZE_MAX };
    struct csv_parser csv;
    char path[256], chunk[4096];
    snprintf(path, sizeof path, "tests/%s", file);
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f, "%s cannot be opened", path);
    ck_assert_int_eq(csv_init(&csv, CSV_APPEND_NULL), 0);
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        ck_assert_uint_eq(csv_parse(&csv, chunk, n, on_cell, on_row, &r), n);
    csv_fini(&csv, on_cell, on_row, &r);
    csv_free(&csv);
    fclose(f);
    ck_assert_msg(r.column != SIZE_MAX, "%s has no column %s", path, name);
    *rows = r.rows;
    return r.values;
}
