/* Memory for Jansson, whose parser drops letters of a text where its buffer cannot grow, and then
 * runs into an assertion: what it needs is there before it begins. */
#include "io/json.h"

#include <pthread.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static _Thread_local tril_json *own;

/* Jansson's allocator is the whole program's: while texts are read, the calls of threads that read
 * none go on to the one that was there before */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static size_t readings;
static _Atomic(json_malloc_t) malloc_before = malloc;
static _Atomic(json_free_t) free_before = free;

static void *take(size_t size)
{
    const size_t align = alignof(max_align_t), bytes = (size + align - 1) / align * align;
    if (!own || own->size - own->used < bytes)
        return malloc_before(size);
    own->used += bytes;
    return own->block + own->used - bytes;
}

static void give(void *ptr)
{
    if (!own || (uintptr_t)ptr - (uintptr_t)own->block >= own->size)
        free_before(ptr);
}

static void install(void)
{
    json_malloc_t present_malloc;
    json_free_t present_free;
    pthread_mutex_lock(&mutex);
    if (readings++ == 0) {
        json_get_alloc_funcs(&present_malloc, &present_free);
        malloc_before = present_malloc;
        free_before = present_free;
        json_set_alloc_funcs(take, give);
    }
    pthread_mutex_unlock(&mutex);
}

static void uninstall(void)
{
    pthread_mutex_lock(&mutex);
    if (--readings == 0)
        json_set_alloc_funcs(malloc_before, free_before);
    pthread_mutex_unlock(&mutex);
}

/* More than Jansson takes, in eights of bytes: texts and the buffers that they grow in, and, for
 * each mark that a value follows, an object with its first table and a place in the table around
 * it. */
static size_t room_for(const char *text, size_t length)
{
    size_t marks = 16;
    for (size_t i = 0; i < length; i++)
        marks += text[i] == '{' || text[i] == '[' || text[i] == ',' || text[i] == ':';
    return length + 40 * marks;
}

bool tril_json_begin(tril_json *json, tril_ctx *ctx, const char *what, const char *text,
                     size_t length)
{
    const size_t room = room_for(text, length);
    *json = (tril_json){ ctx, tril_ctx_alloc(ctx, what, room, 8), 8 * room };
    if (!json->block)
        return false;
    install();
    own = json;
    return true;
}

void tril_json_end(tril_json *json)
{
    own = NULL;
    uninstall();
    tril_ctx_release(json->ctx, json->block);
}
