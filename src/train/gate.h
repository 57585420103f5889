/* Where one thread waits for others: it spins for a moment, then sleeps. */
#ifndef TRIL_TRAIN_GATE_H
#define TRIL_TRAIN_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct tril_gate {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool sleeping; /* its thread, or about to; of who holds the mutex */
} tril_gate;

void tril_gate_init(tril_gate *gate);
void tril_gate_destroy(tril_gate *gate);

/* Until the word has the value, which it keeps; by the gate's own thread. What others wrote before
 * tril_gate_set is then seen. */
void tril_gate_await(tril_gate *gate, const atomic_size_t *word, size_t value);

/* Sets a word, and wakes the thread that waits for it at the gate. */
void tril_gate_set(tril_gate *gate, atomic_size_t *word, size_t value);

#endif
