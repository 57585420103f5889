/* How far rows are from draws of their distributions: CRPS and the energy score. */
#include "model/evaluate.h"

#include <math.h>

#include <tril/extend.h>

#include "kernels/mvn.h"

/* adds a share of distances between two points to the scores of row i */
static void add_distances(const tril_chunk *c, size_t i, double share, const tril_real *a,
                          const tril_real *b)
{
    double squares = 0;
    for (size_t j = 0; j < c->d; j++) {
        const double apart = (double)a[j] - (double)b[j];
        squares += apart * apart;
        if (c->out.crps)
            c->out.crps[i * c->d + j] += share * fabs(apart);
    }
    if (c->out.energy)
        c->out.energy[i] += share * sqrt(squares);
}

/* a draw's distances from the row, and from the next draw of each member, which does not depend on
 * it */
static void score_row(const tril_chunk *c, size_t i, size_t each, const tril_real *y,
                      const tril_real *const *draws)
{
    const size_t step = c->n * c->d, at = i * c->d;
    for (size_t k = 0; k < c->n_members; k++)
        for (size_t s = 0; s < each; s++) {
            const tril_real *own = draws[k] + s * step + at;
            const double share = tril_chunk_weight(c, k) / (double)each;
            add_distances(c, i, share, own, y + at);
            for (size_t m = 0; m < c->n_members; m++)
                add_distances(c, i, -0.5 * share * tril_chunk_weight(c, m), own,
                              draws[m] + (s + 1) % each * step + at);
        }
}

/* n points, or their values where there is a map */
static const tril_real *map_values(const tril_chunk *c, const tril_real *points, size_t n)
{
    tril_real *out = c->map && points ? tril_tape_take(c->tape, n * c->d, sizeof *out) : NULL;
    for (size_t i = 0; out && i < n * c->d; i++)
        out[i] = isnan(points[i])
                     ? points[i]
                     : tril_saturate(tril_target_value(&c->map[i % c->d], (double)points[i]));
    return c->map ? out : points;
}

/* no draws have the mean distance where there is no mean */
static void drop_infinite(const tril_chunk *c)
{
    for (size_t i = 0; i < c->n * c->d; i++)
        if (isnan(c->mapped_mean[i])) {
            if (c->out.crps)
                c->out.crps[i] = (double)NAN;
            if (c->out.energy)
                c->out.energy[i / c->d] = (double)NAN;
        }
}

bool tril_chunk_scores(const tril_chunk *c)
{
    const size_t each = (TRIL_CHUNK_DRAWS - 1) / c->n_members + 2; /* more than one */
    const tril_real **draws = tril_tape_take(c->tape, c->n_members, sizeof *draws);
    for (size_t k = 0; draws && k < c->n_members; k++)
        draws[k] = map_values(c, tril_value(tril_sample(c->dists[k], each)), each * c->n);
    const tril_real *y = map_values(c, tril_value(c->y), c->n);
    if (tril_ctx_failed(tril_tape_ctx(c->tape)))
        return false;
    for (size_t i = 0; i < c->n; i++) {
        for (size_t j = 0; j < c->d && c->out.crps; j++)
            c->out.crps[i * c->d + j] = 0;
        if (c->out.energy)
            c->out.energy[i] = 0;
        score_row(c, i, each, y, draws);
    }
    if (c->map)
        drop_infinite(c);
    return true;
}
