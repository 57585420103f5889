/* Heads of a full and of a diagonal normal: rows side by side. */
#include "kernels/mvn_lanes.h"
#include "nn/head.h"

typedef tril_head_layout head;

/* a row's numbers in lanes: raw outputs, y, the normal's arrays, slopes, and gradients */
static size_t doubles(const head *h)
{
    return (2 * h->width + 2 * h->d) * TRIL_LANES + tril_mvn_lanes_doubles(h->d);
}

/* natural gradients: of s, how far it has to go for its share of log v */
static void natural(const head *h, const tril_mvn_lanes *m, double *s, double *slope, double *g)
{
    const size_t array = h->d * TRIL_LANES;
    for (size_t k = 0; k < array; k++)
        slope[k] = tril_head_reach(h, s[k], slope[k]);
    tril_mvn_lanes_natural(m, slope, g, g + array, g + h->width * TRIL_LANES - array);
}

static void run(const head *h, double *memory, tril_head_tile *tile)
{
    const size_t array = h->d * TRIL_LANES, block = h->width * TRIL_LANES;
    double *raw = memory, *g = raw + block, *y = g + block, *slope = y + array;
    double *s = raw + block - array;
    tril_mvn_lanes m = tril_mvn_lanes_at(slope + array, h->d, h->lower, raw + array);
    tril_lanes_load(tile->n, h->width, tile->raw_step, tile->raw, raw);
    tril_lanes_load(tile->n, h->d, tile->y_step, tile->y, y);
    h->diagonal->of_all(array, h->floor, s, m.diag, m.log_diag, slope);
    tril_mvn_lanes_log_prob(&m, y, raw, s, tile->log_prob);
    if (tile->g) {
        tril_mvn_lanes_gradient(&m, slope, g, g + array, g + block - array);
        tril_lanes_keep(tile->n, h->width, g, tile->g);
    }
    if (tile->natural) {
        natural(h, &m, s, slope, g);
        tril_lanes_keep(tile->n, h->width, g, tile->natural);
    }
}

const tril_head_rows tril_head_mvn_rows = { .doubles = doubles, .run = run };
