/* Where y is in its distribution: probability integral transforms, quantiles, levels of regions of
 * highest density. */
#include "model/evaluate.h"

#include <math.h>

#include <tril/extend.h>

#include "distributions/dist.h"
#include "kernels/mvn.h"

/* P(Y_j <= y_j), [n, d], by the members' marginals */
static bool marginal_cdf(const tril_chunk *c, const tril_dist *of_members, const tril_real *y,
                         double *out)
{
    tril_var points = tril_input(c->tape, y, TRIL_SHAPE(c->n, c->d));
    for (size_t k = 0; k < c->n_members; k++)
        if (!tril_chunk_add(c, k, tril_cdf(of_members[k], points), out))
            return false;
    return true;
}

static tril_dist *all_marginals(const tril_chunk *c)
{
    tril_dist *of_members = tril_tape_take(c->tape, c->n_members, sizeof *of_members);
    for (size_t k = 0; of_members && k < c->n_members; k++)
        of_members[k] = tril_dist_marginals(c->dists[k]);
    return of_members;
}

static bool is_discrete(const tril_dist *of_members)
{
    return of_members->kind && of_members->kind->discrete;
}

/* Where in a step of probability a row is counted: evenly over rows and targets, the next ones far
 * apart (multiples of the golden ratio). */
static double place_of(const tril_chunk *c, size_t i, size_t j)
{
    return fmod(0.6180339887498949 * (double)(c->first + i + 1) + 0.7548776662466927 * (double)j,
                1);
}

/* of counts a place within the step at y */
static bool within_step(const tril_chunk *c, const tril_dist *of_members, const tril_real *y)
{
    const size_t size = c->n * c->d;
    double *below = tril_tape_take(c->tape, size, sizeof *below);
    tril_real *less = tril_tape_copy(c->tape, y, size * sizeof *less);
    for (size_t i = 0; less && i < size; i++)
        less[i]--;
    if (!below || !less || !marginal_cdf(c, of_members, less, below))
        return false;
    for (size_t i = 0; i < size; i++)
        c->out.pit[i] = below[i] + place_of(c, i / c->d, i % c->d) * (c->out.pit[i] - below[i]);
    return true;
}

/* of numbers known by bounds a place between the probabilities of these, too */
static bool between_bounds(const tril_chunk *c, const tril_dist *of_members)
{
    const size_t size = c->n * c->d;
    const tril_var bound[2] = { c->low, c->high };
    double *p = tril_tape_take(c->tape, 2 * size, sizeof *p);
    for (size_t side = 0; p && side < 2; side++) {
        const tril_real *x = tril_value(bound[side]);
        tril_real *there = tril_tape_copy(c->tape, x, size * sizeof *there);
        double *own = p + side * size;
        for (size_t i = 0; there && i < size; i++)
            there[i] = isnan(x[i]) ? 0 : x[i];
        if (!there || !marginal_cdf(c, of_members, there, own))
            return false;
        for (size_t i = 0; i < size; i++)
            own[i] = isnan(x[i]) ? (double)side : own[i];
    }
    const tril_real *y = tril_value(c->y), *low = tril_value(c->low), *high = tril_value(c->high);
    for (size_t i = 0; p && i < size; i++)
        if (isnan(y[i]) && !(isnan(low[i]) && isnan(high[i])))
            c->out.pit[i] = p[i] + place_of(c, i / c->d, i % c->d) * (p[size + i] - p[i]);
    return p;
}

bool tril_chunk_pit(const tril_chunk *c)
{
    const size_t size = c->n * c->d;
    const tril_real *y = tril_value(c->y);
    tril_real *there = tril_tape_copy(c->tape, y, size * sizeof *there);
    for (size_t i = 0; there && i < size; i++)
        there[i] = isnan(y[i]) ? 0 : y[i];
    const tril_dist *of_members = all_marginals(c);
    if (!there || !of_members || !marginal_cdf(c, of_members, there, c->out.pit) ||
        (is_discrete(of_members) && !within_step(c, of_members, there)))
        return false;
    for (size_t i = 0; i < size; i++)
        if (isnan(y[i]))
            c->out.pit[i] = (double)NAN;
    return !c->low.tape || between_bounds(c, of_members);
}

/* Halves the intervals on which the quantile, of a level for each target, lies by Cantelli's
 * inequality, [n, d], a number of times; the tape keeps the points of each. */
static bool put_quantile(const tril_chunk *c, const tril_dist *of_members, const double *level,
                         double *out, double *memory)
{
    enum { HALVINGS = 48 };
    const size_t size = c->n * c->d;
    double *low = memory, *high = low + size, *p = high + size;
    if (!tril_chunk_mean(c, low) || !tril_chunk_second(c, false, high))
        return false;
    for (size_t i = 0; i < size; i++) {
        const double mean = low[i], sd = sqrt(high[i]), q = level[i % c->d];
        low[i] = mean - sd * sqrt((1 - q) / q);
        high[i] = mean + sd * sqrt(q / (1 - q));
    }
    for (size_t step = 0; step < HALVINGS; step++) {
        tril_real *middle = tril_tape_take(c->tape, size, sizeof *middle);
        for (size_t i = 0; middle && i < size; i++)
            middle[i] = tril_saturate(0.5 * (low[i] + high[i]));
        if (!middle || !marginal_cdf(c, of_members, middle, p))
            return false;
        for (size_t i = 0; i < size; i++)
            *(p[i] < level[i % c->d] ? &low[i] : &high[i]) = 0.5 * (low[i] + high[i]);
    }
    for (size_t i = 0; i < size; i++) {
        const double q = level[i % c->d], y = 0.5 * (low[i] + high[i]);
        out[i / c->d * c->out.n_levels * c->d + i % c->d] = q == 0                    ? -HUGE_VAL
                                                            : q == 1                  ? HUGE_VAL
                                                            : is_discrete(of_members) ? rint(y)
                                                                                      : y;
    }
    return true;
}

bool tril_chunk_quantiles(const tril_chunk *c)
{
    const tril_dist *of_members = all_marginals(c);
    double *memory = tril_tape_take(c->tape, 3 * c->n * c->d, sizeof *memory),
           *level = tril_tape_take(c->tape, c->d, sizeof *level);
    for (size_t l = 0; of_members && memory && level && l < c->out.n_levels; l++) {
        for (size_t j = 0; j < c->d; j++)
            level[j] = c->levels ? c->levels[l * c->d + j] : c->out.levels[l];
        if (!put_quantile(c, of_members, level, c->out.quantile + l * c->d, memory))
            return false;
    }
    return of_members && memory && level;
}

/* P(chi-squared of d degrees of freedom <= 2 x): term by term, x^a e^-x / Gamma(a + 1) for a = 0,
 * 1, ... or 1/2, 3/2, ... below d/2 (DLMF 8.4.10, 8.4.12) */
static double chi_squared(size_t d, double x)
{
    const bool odd = d % 2;
    if (!(x > 0))
        return 0;
    double a = odd ? 0.5 : 0, p = odd ? erf(sqrt(x)) : 1;
    double log_term = odd ? 0.5 * log(x) - x - log(0.886226925452758) : -x;
    for (; a < 0.5 * (double)d; a++) {
        p -= exp(log_term);
        log_term += log(x / (a + 1));
    }
    return fmax(p, 0);
}

/* z'z = d - 2 (log p + entropy) */
static bool normal_level(const tril_chunk *c, const double *log_p)
{
    const tril_real *entropy =
        tril_value(tril_broadcast_to(tril_entropy(c->dists[0]), TRIL_SHAPE(c->n)));
    for (size_t i = 0; entropy && i < c->n; i++)
        c->out.level[i] = chi_squared(c->d, 0.5 * (double)c->d - log_p[i] - (double)entropy[i]);
    return entropy;
}

/* a rank among draws, in the middle of its step; among those of the same density, which counts
 * have, evenly over rows */
static bool drawn_level(const tril_chunk *c, const double *log_p)
{
    const size_t each = (TRIL_CHUNK_DRAWS - 1) / c->n_members + 1, n = each * c->n;
    tril_chunk whole = *c;
    whole.missing = false;
    whole.low = (tril_var){ 0 };
    double *of_draws = tril_tape_take(c->tape, n, sizeof *of_draws),
           *of_rows = tril_tape_copy(c->tape, log_p, c->n * sizeof *of_rows);
    if (!of_draws || !of_rows)
        return false;
    for (size_t i = 0; i < c->n; i++)
        c->out.level[i] = 0;
    tril_chunk_add_slopes(c, tril_value(c->y), c->n, of_rows);
    for (size_t k = 0; k < c->n_members; k++) {
        const tril_var draws = tril_sample(c->dists[k], each);
        if (!tril_chunk_densities(&whole, draws, n, of_draws))
            return false;
        tril_chunk_add_slopes(c, tril_value(draws), n, of_draws);
        for (size_t i = 0; i < n; i++) {
            const double own = of_rows[i % c->n];
            c->out.level[i % c->n] +=
                tril_chunk_weight(c, k) *
                (of_draws[i] == own ? place_of(c, i % c->n, 0) : of_draws[i] > own);
        }
    }
    for (size_t i = 0; i < c->n; i++)
        c->out.level[i] = (c->out.level[i] + 0.5 / (double)c->n_members) /
                          ((double)each + 1 / (double)c->n_members);
    return true;
}

bool tril_chunk_level(const tril_chunk *c, const double *log_p)
{
    const tril_real *y = tril_value(c->y);
    if (!(tril_chunk_is_normal(c) ? normal_level(c, log_p) : drawn_level(c, log_p)))
        return false;
    for (size_t i = 0; i < c->n * c->d; i++)
        if (isnan(y[i]))
            c->out.level[i / c->d] = (double)NAN;
    return true;
}
