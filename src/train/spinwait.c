/* Waiting. A word is set by who holds its gate's mutex, so that nobody falls asleep just then. */
#include "train/spinwait.h"

/* about a hundred microseconds: longer than the optimizer's step between two steps of shards */
enum { SPINS = 5000 };

static void relax(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("isb"); /* longer than yield, which most processors skip */
#endif
}

void tril_spinwait_init(tril_spinwait *gate)
{
    *gate = (tril_spinwait){ .mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER };
}

void tril_spinwait_destroy(tril_spinwait *gate)
{
    pthread_cond_destroy(&gate->cond);
    pthread_mutex_destroy(&gate->mutex);
}

void tril_spinwait_await(tril_spinwait *gate, const atomic_size_t *word, size_t value)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(word) == value)
            return;
        relax();
    }
    pthread_mutex_lock(&gate->mutex);
    gate->sleeping = true;
    while (atomic_load(word) != value)
        pthread_cond_wait(&gate->cond, &gate->mutex);
    gate->sleeping = false;
    pthread_mutex_unlock(&gate->mutex);
}

void tril_spinwait_set(tril_spinwait *gate, atomic_size_t *word, size_t value)
{
    pthread_mutex_lock(&gate->mutex);
    atomic_store(word, value);
    if (gate->sleeping)
        pthread_cond_signal(&gate->cond);
    pthread_mutex_unlock(&gate->mutex);
}
