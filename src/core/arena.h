/* Memory that is filled from front to back and emptied at once; its blocks stay for the next
 * filling. */
#ifndef TRIL_CORE_ARENA_H
#define TRIL_CORE_ARENA_H

#include "core/ctx.h"

typedef struct tril_arena_block tril_arena_block;

typedef struct tril_arena {
    tril_ctx *ctx;
    tril_arena_block *first, *current;
    size_t used;  /* bytes taken of the current block */
    size_t bytes; /* of all blocks */
} tril_arena;

/* A place to come back to: what was taken since is free again. */
typedef struct tril_arena_mark {
    tril_arena_block *current;
    size_t used;
} tril_arena_mark;

/* n * size bytes, 64-byte aligned, not set to anything; NULL fails the context. */
void *tril_arena_take(tril_arena *arena, const char *what, size_t n, size_t size);

void tril_arena_reset(tril_arena *arena);
void tril_arena_free(tril_arena *arena);
tril_arena_mark tril_arena_here(const tril_arena *arena);
void tril_arena_back(tril_arena *arena, tril_arena_mark mark);

#endif
