/* Chunks of numbers: so many that their arrays stay in the first cache. */
#ifndef TRIL_KERNELS_BLOCK_H
#define TRIL_KERNELS_BLOCK_H

enum { TRIL_CHUNK = 256 };

/* CALL(size), where a small size is a constant: loops over the numbers of an event are unrolled
 * then, and those over events vectorised. */
#define TRIL_FOR_EVENT_SIZE(size, CALL)                                                            \
    switch (size) {                                                                                \
    case 1:                                                                                        \
        CALL(1);                                                                                   \
        break;                                                                                     \
    case 2:                                                                                        \
        CALL(2);                                                                                   \
        break;                                                                                     \
    case 3:                                                                                        \
        CALL(3);                                                                                   \
        break;                                                                                     \
    case 4:                                                                                        \
        CALL(4);                                                                                   \
        break;                                                                                     \
    case 8:                                                                                        \
        CALL(8);                                                                                   \
        break;                                                                                     \
    default:                                                                                       \
        CALL(size);                                                                                \
    }

#endif
