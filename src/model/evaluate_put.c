/* Some rows of an evaluation: all that is wanted of them. */
#include "model/evaluate.h"

#include <math.h>
#include <string.h>

#include <tril/extend.h>

#include "core/tape.h"
#include "distributions/dist.h"
#include "kernels/cholesky.h"
#include "kernels/mvn.h"

static bool put_mean(const tril_chunk *c, double *out)
{
    if (c->map)
        memcpy(out, c->mapped_mean, c->n * c->d * sizeof *out);
    return c->map || tril_chunk_mean(c, out);
}

/* covariances, or variances */
static bool put_second(const tril_chunk *c, bool whole, double *out)
{
    const size_t d = c->d;
    if (!c->map)
        return tril_chunk_second(c, whole, out);
    for (size_t i = 0; i < c->n * d * d; i++)
        if (whole)
            out[i] = c->mapped_covariance[i];
        else if (i % (d * d) % (d + 1) == 0)
            out[i / d] = c->mapped_covariance[i];
    return true;
}

/* NaN stays NaN */
static double within_1(double r)
{
    return r > 1 ? 1 : r < -1 ? -1 : r;
}

static bool put_correlation(const tril_chunk *c)
{
    const size_t d = c->d;
    if (!put_second(c, true, c->out.correlation))
        return false;
    for (double *a = c->out.correlation; a < c->out.correlation + c->n * d * d; a += d * d) {
        for (size_t i = 0; i < d * d; i++)
            if (i % d < i / d)
                a[i] = a[i % d * d + i / d] =
                    within_1(a[i] / sqrt(a[i / d * (d + 1)]) / sqrt(a[i % d * (d + 1)]));
        for (size_t i = 0; i < d; i++)
            a[i * (d + 1)] = 1;
    }
    return true;
}

/* entropy = d/2 (1 + log 2 pi) + log det / 2 */
static double log_scale(const tril_chunk *c, double entropy)
{
    return entropy - 0.5 * (double)c->d * (1 + TRIL_LOG_2PI);
}

static bool put_spread(const tril_chunk *c)
{
    const size_t d = c->d;
    if (tril_chunk_is_normal(c)) {
        const tril_real *entropy =
            tril_value(tril_broadcast_to(tril_entropy(c->dists[0]), TRIL_SHAPE(c->n)));
        for (size_t i = 0; entropy && i < c->n; i++)
            c->out.spread[i] = exp(log_scale(c, (double)entropy[i]) / (double)d);
        return entropy;
    }
    double *a = tril_tape_take(c->tape, c->n * d * d, sizeof *a);
    if (!a || !put_second(c, true, a))
        return false;
    for (size_t i = 0; i < c->n; i++, a += d * d) {
        bool definite = tril_cholesky_factor(d, a, 0) == d;
        double sum = definite ? 0 : isnan(a[d * d - 1]) ? (double)NAN : -HUGE_VAL;
        for (size_t j = 0; j < d && definite; j++)
            sum += log(a[j * (d + 1)]) / (double)d;
        c->out.spread[i] = exp(sum);
    }
    return true;
}

static bool put_densities(const tril_chunk *c)
{
    const tril_evaluation *out = &c->out;
    if (!out->nll && !out->level)
        return true;
    double *log_p = tril_tape_take(c->tape, c->n, sizeof *log_p);
    if (!log_p || !tril_chunk_densities(c, (tril_var){ 0 }, c->n, log_p) ||
        (out->level && !tril_chunk_level(c, log_p)))
        return false;
    for (size_t i = 0; out->nll && i < c->n; i++)
        out->nll[i] = -log_p[i];
    return true;
}

bool tril_chunk_put(tril_chunk *c)
{
    const tril_evaluation *out = &c->out;
    const bool whole = out->covariance || out->correlation || out->spread,
               moments = whole || out->mean || out->sd || out->crps || out->energy;
    if (c->map && moments && !tril_chunk_map_moments(c, whole || out->sd, whole))
        return false;
    bool done = (!out->mean || put_mean(c, out->mean)) &&
                (!out->covariance || put_second(c, true, out->covariance)) &&
                (!out->sd || put_second(c, false, out->sd)) &&
                (!out->correlation || put_correlation(c)) && (!out->spread || put_spread(c)) &&
                (!out->pit || tril_chunk_pit(c)) && (!out->quantile || tril_chunk_quantiles(c));
    for (size_t i = 0; done && out->sd && i < c->n * c->d; i++)
        out->sd[i] = sqrt(out->sd[i]);
    return done && put_densities(c) && ((!out->crps && !out->energy) || tril_chunk_scores(c)) &&
           (!out->probability || tril_chunk_events(c)) && (!out->classes || tril_chunk_classes(c));
}
