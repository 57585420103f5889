/* Inside of the context: allocation and failure for the library's own files. */
#ifndef TRIL_CORE_CTX_H
#define TRIL_CORE_CTX_H

#include <stdarg.h>

#include <tril/extend.h>

struct tril_ctx {
    tril_allocator allocator;
    tril_random random;
    uint32_t epochs; /* of all tapes, so far */
    uint64_t stores; /* of parameters, so far */
    tril_status status;
    bool no_validation;
    char message[512];
};

/* Memory of n * size bytes. NULL fails the context with WHAT in the sentence; a NULL or failed
 * context gives NULL. */
void *tril_ctx_alloc(tril_ctx *ctx, const char *what, size_t n, size_t size);

/* The block with a new size; NULL on failure, and then the old block stays. */
void *tril_ctx_resize(tril_ctx *ctx, const char *what, void *ptr, size_t n, size_t size);

void tril_ctx_release(tril_ctx *ctx, void *ptr);

/* tril_ctx_fail with "WHAT: " in front of the sentence. */
bool tril_ctx_vfail(tril_ctx *ctx, tril_status status, const char *what, const char *format,
                    va_list args);

/* How many bytes the next character of a text has; 0 where it is no UTF-8, as RFC 3629 has it: the
 * shortest form of a code up to 10FFFF that is no surrogate. */
size_t tril_utf8_next(const char *text);

#endif
