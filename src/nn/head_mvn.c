/* Heads of a full and of a diagonal normal and of Student's t: rows side by side. */
#include <math.h>

#include "kernels/mvn_lanes.h"
#include "nn/head_block.h"

typedef tril_head_block head;

/* memory, in lanes: s, what the diagonal's transform gives, how far s has to go, the kernel's
 * arrays; raw outputs and y. kept: the gradient, and the natural one if it is wanted */
typedef struct lanes {
    double *s, *v, *log_v, *slope, *reach;
    tril_real *raw, *y;
    double log_prob[TRIL_LANES], log_det[TRIL_LANES], df[TRIL_LANES], df_slope[TRIL_LANES],
        df_of_t[TRIL_LANES];
    tril_mvn_lanes m;
} lanes;

static size_t doubles(const tril_node *node)
{
    const head *h = node->attrs;
    return tril_mvn_lanes_doubles(h->d) + (5 * h->d + tril_row_reals(h->width + h->d)) * TRIL_LANES;
}

static size_t kept_doubles(const tril_node *node)
{
    return tril_row_reals(((const head *)node->attrs)->width) * (1 + tril_head_is_natural(node));
}

static tril_real *gradients_of(const tril_row_block *rows)
{
    return (tril_real *)(void *)rows->kept;
}

static tril_real *naturals_of(const tril_row_block *rows)
{
    return gradients_of(rows) + rows->width[TRIL_HEAD_RAW] * TRIL_LANES;
}

static void lanes_of(const tril_row_block *rows, lanes *t)
{
    const head *h = rows->node->attrs;
    const size_t array = h->d * TRIL_LANES;
    double *arrays = rows->memory + 5 * array;
    t->s = rows->memory;
    t->v = t->s + array;
    t->log_v = t->v + array;
    t->slope = t->log_v + array;
    t->reach = t->slope + array;
    t->raw = (tril_real *)(void *)(arrays + tril_mvn_lanes_doubles(h->d));
    t->y = t->raw + h->width * TRIL_LANES;
    t->m = (tril_mvn_lanes){ .d = h->d,
                             .n = rows->n,
                             .lower = h->lower,
                             .y = t->y,
                             .loc = t->raw,
                             .off = t->raw + array,
                             .s = t->raw + h->s * TRIL_LANES,
                             .s_step = TRIL_LANES,
                             .v = t->v,
                             .log_det = t->log_det,
                             .slope = t->slope,
                             .reach = t->reach,
                             .df = h->form->df ? t->df : NULL,
                             .arrays = arrays,
                             .log_prob = t->log_prob,
                             .df_slope = t->df_slope };
    t->m.g = rows->node->needs_grad ? gradients_of(rows) : NULL;
    t->m.natural = tril_head_is_natural(rows->node) ? naturals_of(rows) : NULL;
}

/* s to v, and for natural gradients how far s has to go for its share of log v */
static void transform(const head *h, lanes *t)
{
    const size_t n = tril_lanes_for(t->m.n);
    for (size_t k = 0; k < h->d * TRIL_LANES; k += TRIL_LANES) {
        for (size_t l = 0; l < n; l++)
            t->s[k + l] = (double)t->m.s[k + l];
        h->diagonal->of_all(n, h->floor, t->s + k, t->v + k, t->log_v + k, t->slope + k);
        for (size_t l = 0; l < n; l++)
            t->log_det[l] = (k ? t->log_det[l] : 0) + t->log_v[k + l];
        for (size_t l = 0; l < n && t->m.natural; l++)
            t->reach[k + l] = tril_head_reach(h, t->s[k + l], t->slope[k + l]);
    }
}

/* degrees of freedom, and their derivative in t, the last raw output */
static void degrees_of_freedom(const head *h, lanes *t)
{
    const tril_real *last = t->raw + (h->width - 1) * TRIL_LANES;
    for (size_t l = 0; l < tril_lanes_for(t->m.n); l++) {
        double x = (double)last[l], e = exp(-fabs(x)), rest = 1 / (1 + e);
        t->df[l] = TRIL_HEAD_LEAST_DF + TRIL_HEAD_MORE_DF * (x > 0 ? 1 : e) * rest + 0 * x;
        t->df_of_t[l] = TRIL_HEAD_MORE_DF * e * rest * rest;
    }
}

static bool forward(tril_row_block *rows)
{
    const head *h = rows->node->attrs;
    lanes t;
    lanes_of(rows, &t);
    tril_lanes_load(t.m.n, h->width, rows->node->in[TRIL_HEAD_RAW]->value, rows->at[TRIL_HEAD_RAW],
                    t.raw);
    tril_lanes_load(t.m.n, h->d, rows->node->in[TRIL_HEAD_Y]->value, rows->at[TRIL_HEAD_Y], t.y);
    transform(h, &t);
    if (t.m.df)
        degrees_of_freedom(h, &t);
    tril_mvn_lanes_run(&t.m);
    for (size_t l = 0; l < tril_lanes_for(t.m.n) && t.m.df; l++) {
        t.log_prob[l] += 0 * t.df[l]; /* NaN where t is not finite */
        if (t.m.g)
            t.m.g[(h->width - 1) * TRIL_LANES + l] = tril_saturate(t.df_slope[l] * t.df_of_t[l]);
    }
    size_t good = tril_lanes_values(rows->n, t.log_prob, rows->value);
    return good == rows->n || tril_head_not_finite(rows, good);
}

static void backward(tril_row_block *rows)
{
    tril_real up[TRIL_LANES], down[TRIL_LANES];
    tril_lanes_upstream(rows->n, rows->upstream, up, down);
    for (size_t k = 0; k < rows->node->n_in; k++)
        tril_row_grad_put_lanes(&rows->grad[k], rows->n, rows->at[k], rows->width[k],
                                k == TRIL_HEAD_Y ? down : up,
                                k == TRIL_HEAD_NATURAL ? naturals_of(rows) : gradients_of(rows));
}

const tril_row_kernel tril_head_lanes_kernel = { .forward = forward,
                                                 .backward = backward,
                                                 .memory = doubles,
                                                 .kept = kept_doubles,
                                                 .at_once = TRIL_LANES,
                                                 .lanes = true };
