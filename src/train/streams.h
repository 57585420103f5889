/* The random streams of a seed, one for each purpose and number: they never overlap, nor with those
 * that programs are likely to take. */
#ifndef TRIL_TRAIN_STREAMS_H
#define TRIL_TRAIN_STREAMS_H

#include <tril/random.h>

typedef enum tril_purpose {
    TRIL_FOR_FOLDS = 1,
    TRIL_FOR_ORDER,
    TRIL_FOR_NOISE,
    TRIL_FOR_DRAWS
} tril_purpose;

static inline tril_random tril_stream_for(uint64_t seed, tril_purpose purpose, uint64_t number)
{
    return tril_random_stream(seed, ((uint64_t)purpose << 56) + number);
}

#endif
