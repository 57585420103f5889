/* Any bytes are a table or one sentence: tril_table_read under libFuzzer. Not part of make test.
 * From the repository's root:
 *
 *     clang -std=c11 -D_POSIX_C_SOURCE=200809L -g -O1 \
 *         -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Iinclude -Isrc \
 *         tests/fuzz/table.c src/io/table.c src/io/table_read.c src/io/table_classes.c
 * src/io/number.c \
 *         src/io/message.c src/core/arena.c src/core/ctx.c src/core/names.c \
 *         src/core/random.c -lcsv -lm -o build/fuzz_table
 *     mkdir -p build/corpus && cp data/iris.csv build/corpus
 *     build/fuzz_table -max_total_time=300 -max_len=4096 build/corpus
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tril/ctx.h>
#include <tril/table.h>

/* assert is gone with NDEBUG */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #condition);                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static const char *write_file(const uint8_t *bytes, size_t size)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/tril-fuzz-%ld.csv", (long)getpid());
    FILE *f = fopen(path, "wb");
    MUST(f && (size == 0 || fwrite(bytes, 1, size, f) == size));
    MUST(fclose(f) == 0);
    return path;
}

/* a failure is one sentence on one line, about this file; clears it */
static void check_sentence(tril_ctx *ctx, const char *path)
{
    const char *message = tril_ctx_message(ctx);
    MUST(tril_ctx_status(ctx) == TRIL_BAD_DATA);
    MUST(strncmp(message, path, strlen(path)) == 0);
    for (const char *p = message; *p; p++)
        MUST((unsigned char)*p >= ' ' && *p != 0x7F);
    tril_ctx_clear(ctx);
}

/* as classes: every cell that is not missing has its label, every label a cell */
static void check_classes(tril_ctx *ctx, tril_table *table, const char *name, const char *path)
{
    size_t n, rows = tril_table_rows(table), *classes = malloc(rows * sizeof *classes);
    const char *const *labels = tril_table_labels(table, name, &n);
    MUST(classes && !labels == (n == 0));
    if (labels && tril_table_classes(table, name, labels, n, classes)) {
        bool *seen = calloc(n, sizeof *seen);
        size_t different = 0;
        for (size_t i = 0; i < rows; i++) {
            MUST(classes[i] < n);
            different += !seen[classes[i]];
            seen[classes[i]] = true;
        }
        MUST(different == n);
        free(seen);
    } else {
        check_sentence(ctx, path);
    }
    free(classes);
}

static void check_bounds(tril_ctx *ctx, const tril_table *table, const char *name, const char *path)
{
    const size_t rows = tril_table_rows(table);
    double *low = malloc(2 * rows * sizeof *low), *high = low + rows;
    MUST(low);
    if (!tril_table_bounds(table, name, low, high))
        check_sentence(ctx, path);
    else
        for (size_t i = 0; i < rows; i++)
            MUST(low[i] <= high[i] || (isnan(low[i]) && isnan(high[i])));
    free(low);
}

static void check_columns(tril_ctx *ctx, tril_table *table, const char *path)
{
    size_t rows = tril_table_rows(table), width = tril_table_width(table);
    tril_real *x = malloc(rows * sizeof *x);
    MUST(x && rows > 0 && width > 0 && !tril_table_name(table, width));
    for (size_t k = 0; k < width; k++) {
        const char *name = tril_table_name(table, k);
        MUST(name && tril_table_has(table, name));
        if (!tril_table_columns(table, &name, 1, x))
            check_sentence(ctx, path);
        else
            for (size_t i = 0; i < rows; i++)
                MUST(isfinite(x[i]));
        if (!tril_table_columns_missing(table, &name, 1, x))
            check_sentence(ctx, path);
        else
            MUST(!tril_table_is_text(table, name));
        check_classes(ctx, table, name, path);
        check_bounds(ctx, table, name, path);
        MUST(!tril_ctx_failed(ctx));
    }
    free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *path = write_file(bytes, size);
    tril_ctx *ctx = tril_ctx_new(NULL);
    MUST(ctx);
    tril_table *table = tril_table_read(ctx, path, NULL);
    MUST(!table == tril_ctx_failed(ctx));
    if (table)
        check_columns(ctx, table, path);
    else
        check_sentence(ctx, path);
    tril_table_free(table);
    tril_ctx_free(ctx);
    remove(path);
    return 0;
}
