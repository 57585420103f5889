/* The context: made first, one per thread; owns allocator hooks, seed and the sticky error.
 *
 * After a failure every call on the context's objects does nothing and returns an inert handle
 * (NULL, false, zero, or a var that is no var), until tril_ctx_clear. So a whole computation is
 * written without checks, and checked once:
 *
 * Handles may be NULL (or {0}) anywhere; other pointers only where that is said.
 *
 * Example:
 *
 *     #include <stdio.h>
 *     #include <tril/tril.h>
 *
 *     int main(void)
 *     {
 *         tril_real x[6] = { 1, 2, 3, 4, 5, 6 }, y[2] = { 1, 2 };
 *         tril_ctx *ctx = tril_ctx_new(NULL);
 *         tril_tape *tape = tril_tape_new(ctx);
 *
 *         tril_var a = tril_input(tape, x, TRIL_SHAPE(2, 3));
 *         tril_var b = tril_input(tape, y, TRIL_SHAPE(2));
 *         tril_backward(tril_mean(tril_square(tril_add(a, b))));
 *
 *         bool failed = tril_ctx_failed(ctx);
 *         if (failed)
 *             puts(tril_ctx_message(ctx)); // add: 2x3 and 2 do not broadcast
 *         tril_tape_free(tape);
 *         tril_ctx_free(ctx);
 *         return !failed;
 *     }
 */
#ifndef TRIL_CTX_H
#define TRIL_CTX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tril/real.h>

TRIL_API_BEGIN

/* name, text: one line per status, 0 is ok */
#define TRIL_STATUS_LIST(X)                                                                        \
    X(TRIL_OK, "ok")                                                                               \
    X(TRIL_OUT_OF_MEMORY, "out of memory")                                                         \
    X(TRIL_BAD_ARGUMENT, "an argument is out of its range")                                        \
    X(TRIL_BAD_SHAPE, "shapes do not fit")                                                         \
    X(TRIL_BAD_VAR, "not a var of this tape and epoch")                                            \
    X(TRIL_NOT_FINITE, "a number is infinite or not a number")                                     \
    X(TRIL_NOT_POSITIVE, "a scale is zero or negative")                                            \
    X(TRIL_BAD_FILE, "a file cannot be read or written")                                           \
    X(TRIL_BAD_DATA, "a file does not hold what was asked for")                                    \
    X(TRIL_NO_THREAD, "a thread cannot be started")

typedef enum tril_status {
#define TRIL_STATUS_NAME(name, text) name,
    TRIL_STATUS_LIST(TRIL_STATUS_NAME)
#undef TRIL_STATUS_NAME
} tril_status;

typedef struct tril_ctx tril_ctx;

/* Every byte that the library asks for goes through one function: size 0 frees ptr, a NULL ptr
 * allocates, NULL from it means that memory ran out (the old block then stays valid), as realloc
 * does. Alignment: as malloc's. Out of its reach are the allocations of the C library (a FILE, a
 * sort), of libcsv while a table is read, of Jansson while tensors are written, and of OpenBLAS,
 * which takes a buffer of 128 MiB for each thread that multiplies matrices. Where those are not to
 * be had the status is TRIL_OUT_OF_MEMORY too; only threads of OpenBLAS's own know no way out. */
typedef struct tril_allocator {
    void *(*resize)(void *user, void *ptr, size_t size); /* default: realloc and free */
    void *user;                                          /* passed to it as it is */
} tril_allocator;

typedef struct tril_ctx_opts {
    uint64_t seed;            /* of all random streams; default 0, any value is legal */
    tril_allocator allocator; /* default: the C library's */
    bool no_validation; /* true: inputs and the parameters of distributions are not looked through
                           for NaN, infinities and scales that are not positive; default false */
    TRIL_RESERVED(4);
} tril_ctx_opts;

/* NULL when memory ran out; opts may be NULL. A NULL context is legal everywhere: it counts as
 * failed. */
tril_ctx *tril_ctx_new(const tril_ctx_opts *opts);

/* Frees the context, after everything that was made with it. NULL is legal, here and in every
 * _free. */
void tril_ctx_free(tril_ctx *ctx);

/* Whether a call failed since the context was made or cleared; which way; and one sentence with the
 * culprit first, valid until the next call on the context. */
bool tril_ctx_failed(const tril_ctx *ctx);
tril_status tril_ctx_status(const tril_ctx *ctx);
const char *tril_ctx_message(const tril_ctx *ctx);

/* Makes a text from outside fit for a terminal: each byte of a control character (U+0000 to U+001F,
 * U+007F to U+009F), and each that is no UTF-8, becomes '?'. Returns the text. Messages are so
 * already. */
char *tril_printable(char *text);

/* Forgets the failure. Tapes, parameters and tables stay as they were before the call that failed;
 * only a tril_backward that failed leaves no gradients. */
void tril_ctx_clear(tril_ctx *ctx);

/* The text of a status in TRIL_STATUS_LIST. */
const char *tril_status_text(tril_status status);

TRIL_API_END
#endif
