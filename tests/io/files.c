/* Files and streams for the tests of tables. */
#define _GNU_SOURCE /* fopencookie, F_SETPIPE_SZ */
#include "io/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *file_path(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/tril-test-%ld.csv", (long)getpid());
    return path;
}

void write_file(const void *bytes, size_t size)
{
    FILE *f = fopen(file_path(), "wb");
    ck_assert_msg(f, "%s cannot be made", file_path());
    ck_assert_uint_eq(size ? fwrite(bytes, 1, size, f) : 0, size);
    ck_assert_int_eq(fclose(f), 0);
}

typedef struct source {
    int kind;
    const char *bytes;
    size_t left;
} source;

static ssize_t read_source(void *cookie, char *out, size_t n)
{
    enum { PIECE = 1000 };
    source *s = cookie;
    n = n < PIECE ? n : PIECE;
    if (!s->left && s->kind == STREAM_ENDLESS)
        return memset(out, 0, n), (ssize_t)n;
    if (!s->left)
        return errno = 0, s->kind == STREAM_FAILS ? -1 : 0;
    n = n < s->left ? n : s->left;
    memcpy(out, s->bytes, n);
    s->bytes += n;
    s->left -= n;
    return (ssize_t)n;
}

static ssize_t write_nothing(void *cookie, const char *bytes, size_t n)
{
    (void)cookie, (void)bytes, (void)n;
    return errno = 0;
}

static int free_source(void *cookie)
{
    free(cookie);
    return 0;
}

FILE *stream_of(int kind, const void *bytes, size_t size)
{
    FILE *stream = NULL;
    if (kind == STREAM_MEMORY) {
        stream = fmemopen((void *)bytes, size, "rb");
    } else if (kind == STREAM_PIPE) {
        int ends[2];
        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_ge(fcntl(ends[1], F_SETPIPE_SZ, (int)size + 1), (int)size);
        ck_assert_int_eq(write(ends[1], bytes, size), (ssize_t)size);
        close(ends[1]);
        stream = fdopen(ends[0], "rb");
    } else {
        source *s = malloc(sizeof *s);
        *s = (source){ kind, bytes, size };
        stream =
            fopencookie(s, "r+",
                        (cookie_io_functions_t){
                            .read = read_source, .write = write_nothing, .close = free_source });
    }
    ck_assert_ptr_nonnull(stream);
    return stream;
}

tril_table *table_of(tril_ctx *ctx, const void *bytes, size_t size)
{
    write_file(bytes, size);
    tril_table *table = tril_table_read(ctx, file_path(), NULL);
    ck_assert_int_eq(remove(file_path()), 0);
    return table;
}

void ck_sentence(tril_ctx *ctx, tril_status wanted, const char *text)
{
    char sentence[512];
    snprintf(sentence, sizeof sentence, "%s: %s", file_path(), text);
    ck_assert_str_eq(tril_ctx_message(ctx), sentence);
    ck_assert_int_eq(tril_ctx_status(ctx), wanted);
    tril_ctx_clear(ctx);
}

static void make_room(growing *t, size_t size)
{
    if (t->bytes && t->size + size <= t->room)
        return;
    t->room = 2 * (t->size + size) + 64;
    t->bytes = realloc(t->bytes, t->room);
    if (!t->bytes) /* a ck_assert that holds costs a system call */
        ck_abort_msg("out of memory");
}

void text_add(growing *t, const void *bytes, size_t size)
{
    make_room(t, size);
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
}

void text_fill(growing *t, int byte, size_t n)
{
    make_room(t, n);
    memset(t->bytes + t->size, byte, n);
    t->size += n;
}

void text_print(growing *t, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line)
        ck_abort_msg("a line is too long: %s", line);
    text_add(t, line, (size_t)n);
}
