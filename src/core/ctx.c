/* The context: allocator hooks, sticky error, seed. */
#include "core/ctx.h"

#include <stdio.h>
#include <stdlib.h>

const char *tril_version(void)
{
    return TRIL_VERSION;
}

static void *c_resize(void *user, void *ptr, size_t size)
{
    (void)user;
    if (size)
        return realloc(ptr, size);
    free(ptr);
    return NULL;
}

tril_ctx *tril_ctx_new(const tril_ctx_opts *opts)
{
    static const tril_ctx_opts defaults = { 0 };
    if (!opts)
        opts = &defaults;
    tril_allocator allocator =
        opts->allocator.resize ? opts->allocator : (tril_allocator){ c_resize, NULL };
    tril_ctx *ctx = allocator.resize(allocator.user, NULL, sizeof *ctx);
    if (!ctx)
        return NULL;
    *ctx = (tril_ctx){ .allocator = allocator, .no_validation = opts->no_validation };
    ctx->random = tril_random_stream(opts->seed, 0);
    return ctx;
}

void tril_ctx_free(tril_ctx *ctx)
{
    if (ctx)
        ctx->allocator.resize(ctx->allocator.user, ctx, 0);
}

bool tril_ctx_failed(const tril_ctx *ctx)
{
    return !ctx || ctx->status;
}

tril_status tril_ctx_status(const tril_ctx *ctx)
{
    return ctx ? ctx->status : TRIL_OUT_OF_MEMORY;
}

const char *tril_ctx_message(const tril_ctx *ctx)
{
    if (!ctx)
        return "ctx: out of memory, no context was made";
    return ctx->status ? ctx->message : tril_status_text(TRIL_OK);
}

void tril_ctx_clear(tril_ctx *ctx)
{
    if (ctx)
        ctx->status = TRIL_OK;
}

const char *tril_status_text(tril_status status)
{
    switch (status) {
#define TEXT_OF(name, text)                                                                        \
    case name:                                                                                     \
        return text;
        TRIL_STATUS_LIST(TEXT_OF)
    }
    return "no such status";
}

size_t tril_utf8_next(const char *text)
{
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)text;
    const size_t more = *p < 0x80 ? 0 : (*p & 0xE0) == 0xC0 ? 1 : (*p & 0xF0) == 0xE0 ? 2 : 3;
    uint32_t code = more ? *p & 0x3Fu >> more : *p;
    if (more == 3 && (*p & 0xF8) != 0xF0)
        return 0;
    for (size_t i = 1; i <= more; code = code << 6 | (p[i++] & 0x3F))
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    if (code < least[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return 0;
    return more + 1;
}

char *tril_printable(char *text)
{
    for (char *p = text; *p;) {
        const size_t n = tril_utf8_next(p);
        const unsigned char first = (unsigned char)*p, second = (unsigned char)p[1];
        const bool control = first < ' ' || first == 0x7F || (first == 0xC2 && second < 0xA0);
        for (size_t i = 0; i < (n ? n : 1); i++, p++)
            *p = n && !control ? *p : '?';
    }
    return text;
}

bool tril_ctx_validates(const tril_ctx *ctx)
{
    return ctx && !ctx->no_validation;
}

tril_random *tril_ctx_random(tril_ctx *ctx)
{
    return ctx ? &ctx->random : NULL;
}

void *tril_ctx_resize(tril_ctx *ctx, const char *what, void *ptr, size_t n, size_t size)
{
    if (tril_ctx_failed(ctx))
        return NULL;
    size_t bytes = size && n > SIZE_MAX / 2 / size ? SIZE_MAX : n * size;
    void *block = bytes < SIZE_MAX
                      ? ctx->allocator.resize(ctx->allocator.user, ptr, bytes ? bytes : 1)
                      : NULL;
    if (!block)
        tril_ctx_fail(ctx, TRIL_OUT_OF_MEMORY, "%s: out of memory, %zu times %zu bytes were wanted",
                      what, n, size);
    return block;
}

void *tril_ctx_alloc(tril_ctx *ctx, const char *what, size_t n, size_t size)
{
    return tril_ctx_resize(ctx, what, NULL, n, size);
}

void tril_ctx_release(tril_ctx *ctx, void *ptr)
{
    if (ptr)
        ctx->allocator.resize(ctx->allocator.user, ptr, 0);
}

bool tril_ctx_vfail(tril_ctx *ctx, tril_status status, const char *what, const char *format,
                    va_list args)
{
    if (tril_ctx_failed(ctx))
        return false;
    ctx->status = status;
    int used = what ? snprintf(ctx->message, sizeof ctx->message, "%s: ", what) : 0;
    if (used >= 0 && (size_t)used < sizeof ctx->message)
        vsnprintf(ctx->message + used, sizeof ctx->message - (size_t)used, format, args);
    tril_printable(ctx->message);
    return false;
}

bool tril_ctx_fail(tril_ctx *ctx, tril_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tril_ctx_vfail(ctx, status, NULL, format, args);
    va_end(args);
    return false;
}
