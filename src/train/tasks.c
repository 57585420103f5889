/* Tasks over threads. Each thread starts the next one, takes tasks until none is left, and waits
 * for the one that it started. */
#include <stdatomic.h>

#include <tril/shards.h>

#include "train/thread.h"

typedef struct crew {
    bool (*run)(void *data, size_t k);
    void *data;
    size_t threads, n;
    atomic_size_t at_work, next;
    atomic_bool failed;
} crew;

static void *work(void *arg)
{
    crew *c = arg;
    pthread_t other;
    const size_t at_work = atomic_fetch_add(&c->at_work, 1) + 1;
    const bool more =
        at_work < c->threads && at_work < c->n && tril_thread_start(&other, work, c) == 0;
    size_t k;
    while (!atomic_load(&c->failed) && (k = atomic_fetch_add(&c->next, 1)) < c->n)
        if (!c->run(c->data, k))
            atomic_store(&c->failed, true);
    if (more)
        pthread_join(other, NULL);
    return NULL;
}

bool tril_tasks_run(size_t threads, size_t n, bool (*run)(void *data, size_t k), void *data)
{
    crew c = { .run = run, .data = data, .threads = threads, .n = n };
    work(&c);
    return !c.failed;
}
