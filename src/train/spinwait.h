/* Where one thread waits for others: it spins for a moment, then sleeps. */
#ifndef TRIL_TRAIN_SPINWAIT_H
#define TRIL_TRAIN_SPINWAIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct tril_spinwait {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool sleeping; /* its thread, or about to; of who holds the mutex */
} tril_spinwait;

void tril_spinwait_init(tril_spinwait *gate);
void tril_spinwait_destroy(tril_spinwait *gate);

/* Until the word has the value, which it keeps; by the gate's own thread. What others wrote before
 * tril_spinwait_set is then seen. */
void tril_spinwait_await(tril_spinwait *gate, const atomic_size_t *word, size_t value);

/* Sets a word, and wakes the thread that waits for it at the gate. */
void tril_spinwait_set(tril_spinwait *gate, atomic_size_t *word, size_t value);

#endif
