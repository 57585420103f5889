/* What the tests share. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <check.h>
#include <tril/extend.h>
#include <tril/tril.h>

/* true in the double build, where tolerances are as tight as the issue of the day asks */
#define IS_DOUBLE (sizeof(tril_real) == sizeof(double))

/* the context has not failed; its sentence otherwise */
#define ck_fine(ctx) ck_assert_msg(!tril_ctx_failed(ctx), "%s", tril_ctx_message(ctx))

/* the context has failed with this status and a sentence that contains the text; clears it */
#define ck_failed(ctx, wanted, text)                                                               \
    do {                                                                                           \
        ck_assert_msg(tril_ctx_status(ctx) == (wanted), "status %d (%s), wanted %s",               \
                      (int)tril_ctx_status(ctx), tril_ctx_message(ctx), #wanted);                  \
        ck_assert_msg(strstr(tril_ctx_message(ctx), text), "'%s' lacks '%s'",                      \
                      tril_ctx_message(ctx), text);                                                \
        tril_ctx_clear(ctx);                                                                       \
    } while (0)

/* |x - y| <= tolerance max(|y|, floor) */
#define ck_close(x, y, tolerance, floor)                                                           \
    do {                                                                                           \
        double x_ = (double)(x), y_ = (double)(y);                                                 \
        double scale_ = fmax(fabs(y_), (floor));                                                   \
        ck_assert_msg(fabs(x_ - y_) <= (tolerance)*scale_, "%s is %.17g, wanted %.17g", #x, x_,    \
                      y_);                                                                         \
    } while (0)

/* Runs backward, and looks at the value and the gradients of n inputs: all are finite, of the
 * combination of that number. */
void ck_all_finite(tril_var value, const tril_var *in, size_t n, size_t combination);

/* An allocator that counts, and that fails from the fail_at-th allocation on (0: never), or only
 * then. Several threads may call it. */
typedef struct counting {
    size_t allocations; /* asked for so far */
    size_t blocks;      /* live */
    size_t fail_at;
    bool once;
} counting;

tril_ctx *counting_ctx(counting *counter);

/* Runs a scenario with each allocation failing in turn (of very many only some), alone and with
 * all that follow, until it gets through: each run must end in TRIL_OUT_OF_MEMORY, leave no block,
 * and leave a context that works after clear. The scenario frees what it made, but not the context.
 * Returns how many allocations it has. */
typedef void scenario(tril_ctx *ctx);
size_t exhaust(scenario *run);

/* A CSV file of reference values below tests/, as double: column `name`, `rows` numbers, to be
 * freed. */
double *reference(const char *file, const char *name, size_t *rows);

#endif
