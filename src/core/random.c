/* Philox 4x32-10 and the draws made from it. */
#include <tril/random.h>

#include <math.h>

tril_random tril_random_stream(uint64_t seed, uint64_t stream)
{
    return (tril_random){ .seed = seed, .stream = stream };
}

/* 128 random bits: key is the seed, counter is position and stream */
static void next_block(tril_random *random, uint64_t bits[2])
{
    uint32_t key[2] = { (uint32_t)random->seed, (uint32_t)(random->seed >> 32) };
    uint32_t c[4] = { (uint32_t)random->position, (uint32_t)(random->position >> 32),
                      (uint32_t)random->stream, (uint32_t)(random->stream >> 32) };
    random->position++;
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        c[0] = (uint32_t)(b >> 32) ^ c[1] ^ key[0];
        c[1] = (uint32_t)b;
        c[2] = (uint32_t)(a >> 32) ^ c[3] ^ key[1];
        c[3] = (uint32_t)a;
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    bits[0] = (uint64_t)c[1] << 32 | c[0];
    bits[1] = (uint64_t)c[3] << 32 | c[2];
}

/* the middle of one of 2^52 equal parts of (0, 1): never 0, never 1 */
static double open_unit(uint64_t bits)
{
    return ((double)(bits >> 12) + 0.5) * 0x1p-52;
}

/* the same in float has 2^23 parts: a double near 1 would round to 1 */
static tril_real uniform(uint64_t bits)
{
    if (sizeof(tril_real) == sizeof(double))
        return (tril_real)open_unit(bits);
    return (tril_real)(((double)(bits >> 41) + 0.5) * 0x1p-23);
}

void tril_random_uniform(tril_random *random, tril_real *out, size_t n)
{
    n = random ? n : 0;
    for (size_t i = 0; i < n; i += 2) {
        uint64_t bits[2];
        next_block(random, bits);
        out[i] = uniform(bits[0]);
        if (i + 1 < n)
            out[i + 1] = uniform(bits[1]);
    }
}

void tril_random_normal(tril_random *random, tril_real *out, size_t n)
{
    n = random ? n : 0;
    const double two_pi = 6.283185307179586;
    for (size_t i = 0; i < n; i += 2) {
        uint64_t bits[2];
        next_block(random, bits);
        double radius = sqrt(-2 * log(open_unit(bits[0]))), angle = two_pi * open_unit(bits[1]);
        out[i] = (tril_real)(radius * cos(angle));
        if (i + 1 < n)
            out[i + 1] = (tril_real)(radius * sin(angle));
    }
}

size_t tril_random_below(tril_random *random, size_t n)
{
    if (n == 0 || !random)
        return 0;
    /* bits beyond the last whole multiple of n would favour small results: draw again */
    uint64_t bits[2], whole = UINT64_MAX - UINT64_MAX % n;
    do
        next_block(random, bits);
    while (bits[0] >= whole);
    return (size_t)(bits[0] % n);
}

void tril_random_shuffle(tril_random *random, size_t *indices, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = tril_random_below(random, i), t = indices[i - 1];
        indices[i - 1] = indices[j];
        indices[j] = t;
    }
}
