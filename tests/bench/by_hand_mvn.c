/* Values and gradients of log N(y; loc, L L'), a factor for each row, every formula written out for
 * one number of dimensions: rows are turned into tiles, so that arithmetic runs across them. */
#include <tgmath.h>

#include "bench/by_hand.h"

enum { TILE = 64 };

#define TOGETHER for (int i = 0; i < TILE; i++)

static inline void load(const tril_real *restrict rows, int width, tril_real (*restrict tile)[TILE])
{
    for (int k = 0; k < width; k++)
        for (int i = 0; i < TILE; i++)
            tile[k][i] = rows[i * width + k];
}

static inline void store(tril_real *restrict rows, int width, tril_real (*restrict tile)[TILE])
{
    for (int i = 0; i < TILE; i++)
        for (int k = 0; k < width; k++)
            rows[i * width + k] = tile[k][i];
}

/* e.g. of three dimensions: z = L^-1 (y - loc), a = L^-T z, d/dloc = a, d/dL = tril(a z') - 1 /
 * L_ii
 */
static inline __attribute__((always_inline)) void tile_of(int d, const tril_real *loc,
                                                          const tril_real *l, const tril_real *y,
                                                          tril_real *log_prob, tril_real *dloc,
                                                          tril_real *dl)
{
    tril_real m[d][TILE], f[d * d][TILE], x[d][TILE], inverse[d][TILE], det[TILE], squares[TILE];
    load(loc, d, m), load(l, d * d, f), load(y, d, x);
    TOGETHER det[i] = 1, squares[i] = 0;
    for (int k = 0; k < d; k++) {
        TOGETHER x[k][i] -= m[k][i];
        for (int j = 0; j < k; j++)
            TOGETHER x[k][i] -= f[k * d + j][i] * x[j][i];
        TOGETHER
        {
            inverse[k][i] = 1 / f[k * d + k][i];
            det[i] *= f[k * d + k][i];
            x[k][i] *= inverse[k][i];
            squares[i] += x[k][i] * x[k][i];
            m[k][i] = x[k][i];
        }
    }
    TOGETHER log_prob[i] =
        -squares[i] / 2 - log(det[i]) - (tril_real)0.91893853320467274 * (tril_real)d;
    for (int k = d - 1; k >= 0; k--) {
        TOGETHER m[k][i] *= inverse[k][i];
        for (int j = 0; j < k; j++)
            TOGETHER m[j][i] -= f[k * d + j][i] * m[k][i];
        for (int j = 0; j < d; j++)
            TOGETHER f[k * d + j][i] = j > k ? 0 : m[k][i] * x[j][i];
        TOGETHER f[k * d + k][i] -= inverse[k][i];
    }
    store(dloc, d, m), store(dl, d * d, f);
}

void mvn_by_hand(size_t d, size_t rows, const tril_real *loc, const tril_real *factor,
                 const tril_real *y, tril_real *log_prob, tril_real *dloc, tril_real *dfactor)
{
    for (size_t first = 0; first < rows; first += TILE) {
        size_t at =
            first + TILE <= rows ? first : rows - TILE; /* the last one goes over some again */
        const tril_real *m = loc + at * d, *l = factor + at * d * d, *x = y + at * d;
        tril_real *to_loc = dloc + at * d, *to_factor = dfactor + at * d * d;
        if (d == 2)
            tile_of(2, m, l, x, log_prob + at, to_loc, to_factor);
        else if (d == 3)
            tile_of(3, m, l, x, log_prob + at, to_loc, to_factor);
        else if (d == 8)
            tile_of(8, m, l, x, log_prob + at, to_loc, to_factor);
    }
}
