/* Stands in for src/core/arena.c where sanitizers watch: every piece is a heap block of its exact
 * size, freed when the arena goes back, so that they see a step beyond it and a use after it; and
 * an allocation of its own, which can fail by itself. */
#include "core/arena.h"

#include <stdlib.h>
#include <string.h>

/* what a larger piece asks for is not to be had; how much of one is filled */
enum { MOST = 1 << 28, FILLED = 4096 };

struct tril_arena_block {
    tril_arena_block *next; /* the one taken before */
    void *piece;
    size_t size;
};

void *tril_arena_take(tril_arena *arena, const char *what, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 4) {
        tril_ctx_fail(arena->ctx, TRIL_OUT_OF_MEMORY,
                      "%s: out of memory, %zu times %zu bytes were wanted", what, n, size);
        return NULL;
    }
    tril_arena_block *block = tril_ctx_alloc(arena->ctx, what, 1, sizeof *block);
    if (!block)
        return NULL;
    void *piece;
    if (bytes > MOST || posix_memalign(&piece, 64, bytes)) {
        tril_ctx_release(arena->ctx, block);
        tril_ctx_fail(arena->ctx, TRIL_OUT_OF_MEMORY, "%s: out of memory, %zu bytes were wanted",
                      what, bytes);
        return NULL;
    }
    memset(piece, 0xff, bytes < FILLED ? bytes : FILLED); /* NaN, and no address */
    *block = (tril_arena_block){ arena->current, piece, bytes };
    arena->current = block;
    arena->bytes += bytes;
    return piece;
}

void tril_arena_back(tril_arena *arena, tril_arena_mark mark)
{
    for (tril_arena_block *block; (block = arena->current) != mark.current;) {
        arena->current = block->next;
        arena->bytes -= block->size;
        free(block->piece);
        tril_ctx_release(arena->ctx, block);
    }
}

tril_arena_mark tril_arena_here(const tril_arena *arena)
{
    return (tril_arena_mark){ .current = arena->current };
}

void tril_arena_reset(tril_arena *arena)
{
    tril_arena_back(arena, (tril_arena_mark){ 0 });
}

void tril_arena_free(tril_arena *arena)
{
    tril_arena_reset(arena);
}
