/* Starting threads. */
#ifndef TRIL_TRAIN_THREAD_H
#define TRIL_TRAIN_THREAD_H

#include <pthread.h>

/* pthread_create for a thread that takes no signals: these are for the threads of the caller. */
int tril_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
