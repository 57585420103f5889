/* Names to numbers on stb_ds. stb_ds cannot say that memory ran out: its allocator hook takes from
 * the arena, and jumps out of the call when the arena is at its end; the map is then as it was
 * before. */
#include "core/names.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <string.h>

/* stb_ds's functions are ours alone: a program that has its own copy of them must not clash */
#define stbds_rand_seed tril_stbds_rand_seed
#define stbds_hash_bytes tril_stbds_hash_bytes
#define stbds_hash_string tril_stbds_hash_string
#define stbds_stralloc tril_stbds_stralloc
#define stbds_strreset tril_stbds_strreset
#define stbds_arrgrowf tril_stbds_arrgrowf
#define stbds_arrfreef tril_stbds_arrfreef
#define stbds_hmfree_func tril_stbds_hmfree_func
#define stbds_hmget_key tril_stbds_hmget_key
#define stbds_hmget_key_ts tril_stbds_hmget_key_ts
#define stbds_hmput_default tril_stbds_hmput_default
#define stbds_hmput_key tril_stbds_hmput_key
#define stbds_hmdel_key tril_stbds_hmdel_key
#define stbds_shmode_func tril_stbds_shmode_func
#define stbds_unit_tests tril_stbds_unit_tests

static void *resize_in_arena(void *ptr, size_t size);

#define STBDS_NO_SHORT_NAMES
#define STBDS_REALLOC(context, ptr, size) resize_in_arena(ptr, size)
#define STBDS_FREE(context, ptr) ((void)(ptr)) /* the arena's reset does it */
#define STB_DS_IMPLEMENTATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wconversion"
#include <stb/stb_ds.h>
#pragma GCC diagnostic pop

struct tril_name_entry {
    const char *key;
    size_t value;
};

/* the add that is under way on this thread */
static _Thread_local struct {
    tril_arena *arena;
    jmp_buf out_of_memory;
} under_way;

/* stb_ds keeps one seed for all its maps: adds of several threads take turns */
static atomic_flag seed_taken = ATOMIC_FLAG_INIT;

static void *resize_in_arena(void *ptr, size_t size)
{
    size_t header = 2 * sizeof(size_t); /* holds the size, keeps stb_ds's alignment */
    char *block = tril_arena_take(under_way.arena, "names", 1, header + size);
    if (!block)
        longjmp(under_way.out_of_memory, 1);
    *(size_t *)(void *)block = size;
    if (ptr)
        memcpy(block + header, ptr, *(size_t *)(void *)((char *)ptr - header));
    return block + header;
}

const char *tril_names_add(tril_names *names, const char *name, size_t number)
{
    size_t bytes = strlen(name) + 1;
    char *key = tril_arena_take(names->arena, "names", bytes, 1);
    if (!key)
        return NULL;
    memcpy(key, name, bytes);

    while (atomic_flag_test_and_set_explicit(&seed_taken, memory_order_acquire))
        ;
    under_way.arena = names->arena;
    const char *volatile result = key;
    if (setjmp(under_way.out_of_memory) == 0)
        stbds_shput(names->map, key, number);
    else
        result = NULL;
    atomic_flag_clear_explicit(&seed_taken, memory_order_release);
    return result;
}

size_t tril_names_find(const tril_names *names, const char *name)
{
    if (!names->map)
        return SIZE_MAX;
    struct tril_name_entry *map = names->map;
    ptrdiff_t at = stbds_shgeti(map, name);
    return at < 0 ? SIZE_MAX : map[at].value;
}
