/* The arena: a chain of blocks, that grow with it up to a limit. */
#include "core/arena.h"

enum { ALIGNMENT = 64, FIRST_BLOCK = 1 << 14, LAST_BLOCK = 1 << 20 };

struct tril_arena_block {
    tril_arena_block *next;
    size_t size; /* usable bytes behind the header, from the first aligned address on */
};

static char *begin_of(tril_arena_block *block)
{
    uintptr_t p = (uintptr_t)(block + 1);
    return (char *)(block + 1) + (ALIGNMENT - p % ALIGNMENT) % ALIGNMENT;
}

static tril_arena_block *new_block(tril_arena *arena, const char *what, size_t bytes)
{
    size_t size = arena->bytes < FIRST_BLOCK  ? FIRST_BLOCK
                  : arena->bytes < LAST_BLOCK ? arena->bytes
                                              : LAST_BLOCK;
    if (size < bytes)
        size = bytes;
    tril_arena_block *block = tril_ctx_alloc(arena->ctx, what, 1, sizeof *block + ALIGNMENT + size);
    if (!block)
        return NULL;
    *block = (tril_arena_block){ .size = size };
    arena->bytes += size;
    return block;
}

void *tril_arena_take(tril_arena *arena, const char *what, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 4) {
        tril_ctx_fail(arena->ctx, TRIL_OUT_OF_MEMORY,
                      "%s: out of memory, %zu times %zu bytes were wanted", what, n, size);
        return NULL;
    }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    while (!arena->current || arena->current->size - arena->used < bytes) {
        tril_arena_block **next = arena->current ? &arena->current->next : &arena->first;
        if (!*next && !(*next = new_block(arena, what, bytes)))
            return NULL;
        arena->current = *next;
        arena->used = 0;
    }
    char *p = begin_of(arena->current) + arena->used;
    arena->used += bytes;
    return p;
}

void tril_arena_reset(tril_arena *arena)
{
    arena->current = arena->first;
    arena->used = 0;
}

void tril_arena_free(tril_arena *arena)
{
    for (tril_arena_block *block = arena->first, *next; block; block = next) {
        next = block->next;
        tril_ctx_release(arena->ctx, block);
    }
    *arena = (tril_arena){ .ctx = arena->ctx };
}

tril_arena_mark tril_arena_here(const tril_arena *arena)
{
    return (tril_arena_mark){ arena->current, arena->used };
}

void tril_arena_back(tril_arena *arena, tril_arena_mark mark)
{
    arena->current = mark.current ? mark.current : arena->first;
    arena->used = mark.used;
}
