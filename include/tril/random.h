/* Counter-based random streams: Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, Parallel Random
 * Numbers: As Easy as 1, 2, 3; SC 2011). A number depends on seed, stream and position alone, so a
 * stream can be copied, stored, set back, and handed to another thread; streams of different
 * numbers never overlap.
 *
 * Example:
 *
 *     #include <stdio.h>
 *     #include <tril/tril.h>
 *
 *     int main(void)
 *     {
 *         tril_random r = tril_random_stream(7, 0), again = r;
 *         tril_real a[3], b[3];
 *         tril_random_normal(&r, a, 3);
 *         tril_random_normal(&again, b, 3);
 *         printf("%g %g %g\n", a[0], a[1], a[2]);
 *         return a[2] != b[2];
 *     }
 */
#ifndef TRIL_RANDOM_H
#define TRIL_RANDOM_H

#include <tril/ctx.h>

TRIL_API_BEGIN

typedef struct tril_random {
    uint64_t seed, stream;
    uint64_t position; /* in blocks of 128 bits; every call below takes whole blocks */
} tril_random;

/* Stream number `stream` of a seed, at its beginning. */
tril_random tril_random_stream(uint64_t seed, uint64_t stream);

/* Draws from a NULL stream write nothing. */

/* The context's own stream (its seed, stream 0), which initialisers and samplers draw from; NULL
 * for a NULL context. */
tril_random *tril_ctx_random(tril_ctx *ctx);

/* n numbers, uniform on the open interval (0, 1); two a block. */
void tril_random_uniform(tril_random *random, tril_real *out, size_t n);

/* n numbers from N(0, 1) by Box and Muller's transform; two a block. */
void tril_random_normal(tril_random *random, tril_real *out, size_t n);

/* A number uniform on 0, ..., n - 1, without bias; 0 when n is 0. */
size_t tril_random_below(tril_random *random, size_t n);

/* Shuffles n indices (Fisher and Yates). */
void tril_random_shuffle(tril_random *random, size_t *indices, size_t n);

TRIL_API_END
#endif
