/* Files and streams for the tests of tables: made, read, removed. */
#ifndef TESTS_DATA_FILES_H
#define TESTS_DATA_FILES_H

#include "support.h"

/* the content of a file; it may hold NUL bytes */
typedef struct content {
    const char *bytes;
    size_t size;
} content;
#define CONTENT(literal)                                                                           \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

/* the file of this process: what write_file makes, and what sentences begin with */
const char *file_path(void);
void write_file(const void *bytes, size_t size);

/* A stream of these bytes, which stay the caller's: in memory, through a pipe (1 MiB at most),
 * from callbacks; and callbacks that fail behind the bytes without a reason, or go on with zeros
 * for ever. */
enum { STREAM_MEMORY, STREAM_PIPE, STREAM_CALLBACKS, STREAM_FAILS, STREAM_ENDLESS };
FILE *stream_of(int kind, const void *bytes, size_t size);

/* Writes the file, reads it as a table, removes it. */
tril_table *table_of(tril_ctx *ctx, const void *bytes, size_t size);

/* The context has failed with this status and exactly the sentence "<file>: <text>"; clears it. */
void ck_sentence(tril_ctx *ctx, tril_status wanted, const char *text);

/* Text that grows. Begins as {0}; bytes is to be freed. */
typedef struct growing {
    char *bytes;
    size_t size, room;
} growing;

void text_add(growing *t, const void *bytes, size_t size);
void text_fill(growing *t, int byte, size_t n);
__attribute__((format(printf, 2, 3))) void text_print(growing *t, const char *format, ...);

#endif
