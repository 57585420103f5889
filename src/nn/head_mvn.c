/* Heads of a full and of a diagonal normal: rows side by side. */
#include "kernels/mvn_lanes.h"
#include "nn/head.h"

typedef tril_head_layout head;

/* in lanes: s, its slopes, the normal's arrays; raw outputs and y */
static size_t doubles(const head *h)
{
    size_t reals = (h->width + h->d) * TRIL_LANES * sizeof(tril_real) / sizeof(double);
    return 2 * h->d * TRIL_LANES + tril_mvn_lanes_doubles(h->d) + reals;
}

/* natural gradients: of s, how far it has to go for its share of log v */
static void natural(const head *h, const tril_mvn_lanes *m, double *s, double *slope, double *g)
{
    const size_t array = h->d * TRIL_LANES, lanes = tril_lanes_for(m->n);
    for (size_t i = 0; i < array; i += TRIL_LANES)
        for (size_t l = 0; l < lanes; l++)
            slope[i + l] = tril_head_reach(h, s[i + l], slope[i + l]);
    tril_mvn_lanes_natural(m, slope, g, g + array, g + h->width * TRIL_LANES - array);
}

static void transform(const head *h, const tril_mvn_lanes *m, const tril_real *raw, double *s,
                      double *slope)
{
    const size_t lanes = tril_lanes_for(m->n);
    for (size_t i = 0, k = 0; i < h->d; i++, k += TRIL_LANES) {
        double v[TRIL_LANES];
        for (size_t l = 0; l < lanes; l++)
            s[k + l] = (double)raw[k + l];
        h->diagonal->of_all(lanes, h->floor, s + k, v, m->log_diag + k, slope + k);
        for (size_t l = 0; l < lanes; l++)
            m->inverse[k + l] = 1 / v[l];
    }
}

static void run(const head *h, double *memory, tril_head_tile *tile)
{
    const size_t array = h->d * TRIL_LANES, last = (h->width - h->d) * TRIL_LANES;
    double *s = memory, *slope = s + array, *arrays = slope + array;
    tril_real *raw = (tril_real *)(void *)(arrays + tril_mvn_lanes_doubles(h->d));
    tril_real *y = raw + h->width * TRIL_LANES;
    tril_mvn_lanes m = tril_mvn_lanes_at(arrays, h->d, h->lower, raw + array);
    m.n = tile->n;
    tril_lanes_load(m.n, h->width, tile->raw, tile->raw_at, raw);
    tril_lanes_load(m.n, h->d, tile->y, tile->y_at, y);
    transform(h, &m, raw + last, s, slope);
    tril_mvn_lanes_log_prob(&m, y, raw, raw + last, TRIL_LANES, tile->log_prob);
    if (tile->g)
        tril_mvn_lanes_gradient(&m, slope, tile->g, tile->g + array, tile->g + last, TRIL_LANES);
    if (tile->natural)
        natural(h, &m, s, slope, tile->natural);
}

const tril_head_rows tril_head_mvn_rows = { .doubles = doubles, .run = run };
