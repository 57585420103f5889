/* Means and covariances of targets that have transforms: of components, normals or Student's t, by
 * quadratures, and of their mixture. */
#include "model/evaluate.h"

#include <math.h>

#include <tril/extend.h>

#include "core/tape.h"
#include "distributions/parts.h"
#include "kernels/mvn.h"

/* Nodes of the trapezoidal rule, along a line and along a radius, after a double-exponential change
 * of variable (Takahasi and Mori 1974), and angles; terms of a series. */
enum { LINE = 400, RADIUS = 48, ANGLES = 32, TERMS = 32 };

/* Nodes on a line, and what each counts: with the density of a normal, or without one. */
typedef struct nodes {
    double z[LINE + 1], share[LINE + 1];
} nodes;

/* What all components have in common. */
typedef struct integrals {
    const tril_target *map;
    size_t d;
    bool whole; /* covariances, not variances alone */
    nodes normal, wide;
} integrals;

/* A component of one row: its df and, of each target, the location and scale of what the network
 * says, the mean and variance of its value and the slope of a line through it, its covariance with
 * what the network says over the variance of that; and, of a normal, the value's coefficients in
 * Hermite polynomials of unit norm, from the first on, [d, TERMS]. */
typedef struct component {
    double weight, df, *loc, *scale, *mean, *variance, *slope, *series;
    const tril_real *factor;
} component;

static const double half_pi = 1.5707963267948966;

static void set_nodes(nodes *n, double reach, bool normal)
{
    const double step = 2 * reach / LINE;
    for (int i = 0; i <= LINE; i++) {
        const double x = step * (i - LINE / 2), inner = half_pi * sinh(x), z = sinh(inner);
        n->z[i] = z;
        n->share[i] = step * half_pi * cosh(x) * cosh(inner) *
                      (normal ? exp(-0.5 * z * z - 0.5 * TRIL_LOG_2PI) : 1);
    }
}

/* whether an integral of powers of what the network says is finite */
static bool is_finite(double power, double df)
{
    return isinf(df) || power < df;
}

/* a normal's exp, in closed form */
static void set_log_normal(const tril_target *t, component *c, size_t j)
{
    const double loc = t->mean + t->scale * c->loc[j], scale = t->scale * c->scale[j];
    c->mean[j] = exp(loc + 0.5 * scale * scale) / t->unit;
    c->variance[j] = c->mean[j] * c->mean[j] * expm1(scale * scale);
    c->slope[j] = c->mean[j] * t->scale;
    for (int k = 0; k < TERMS; k++)
        c->series[j * TERMS + k] =
            (k ? c->series[j * TERMS + k - 1] : c->mean[j]) * scale / sqrt(k + 1);
}

/* by the recurrence of Hermite polynomials, at all nodes at once */
static void set_series(const double *z, const double *product, double *series)
{
    double before[LINE + 1], now[LINE + 1];
    for (int i = 0; i <= LINE; i++)
        before[i] = 1, now[i] = z[i];
    for (int k = 0; k < TERMS; k++) {
        const double root = sqrt(k + 1), next = 1 / sqrt(k + 2);
        double sum = 0;
        for (int i = 0; i <= LINE; i++) {
            sum += product[i] * now[i];
            const double then = (z[i] * now[i] - root * before[i]) * next;
            before[i] = now[i];
            now[i] = then;
        }
        series[k] = sum;
    }
}

static void integrate(const integrals *all, component *c, size_t j)
{
    const tril_target *t = &all->map[j];
    const bool normal = isinf(c->df);
    const nodes *n = normal ? &all->normal : &all->wide;
    const double growth = t->g.kind->growth(t->g.param), none = (double)NAN;
    double value[LINE + 1], share[LINE + 1], product[LINE + 1], total = 0, mean = 0, square = 0,
                                                                cross = 0;
    for (int i = 0; i <= LINE; i++) {
        const double z = n->z[i];
        share[i] = n->share[i] * (normal ? 1 : exp(-0.5 * (c->df + 1) * log1p(z * z / c->df)));
        value[i] = share[i] > 1e-60 ? tril_target_value(t, c->loc[j] + c->scale[j] * z) : 0;
        share[i] = share[i] > 1e-60 && isfinite(value[i]) ? share[i] : 0;
        total += share[i];
        product[i] = share[i] > 0 ? share[i] * value[i] : 0;
        mean += product[i];
    }
    mean /= total;
    for (int i = 0; i <= LINE; i++) {
        if (share[i] > 0)
            square += share[i] * (value[i] - mean) * (value[i] - mean);
        cross += (product[i] - share[i] * mean) * n->z[i];
    }
    c->mean[j] = is_finite(growth, c->df) ? mean : none;
    c->variance[j] = is_finite(2 * growth, c->df) ? square / total : none;
    c->slope[j] = is_finite(fmax(1 + growth, 2), c->df)
                      ? cross / total / c->scale[j] / (normal ? 1 : c->df / (c->df - 2))
                      : none;
    if (normal && all->whole)
        set_series(n->z, product, c->series + j * TERMS);
}

/* The covariance of two values of a normal of correlation r (Mehler 1866). */
static double sum_series(const component *c, size_t a, size_t b, double r)
{
    double sum = 0;
    for (int k = TERMS; k-- > 0;)
        sum = r * (c->series[a * TERMS + k] * c->series[b * TERMS + k] + sum);
    return sum;
}

/* The same of a Student's t by polar coordinates: two numbers with r = 0 have any angle, and the
 * radius s the density s (1 + s^2/df)^-(df/2 + 1). */
static double integrate_pair(const tril_target *map, const component *c, size_t a, size_t b,
                             double r)
{
    const double low = -2.6, high = 4.2, step = (high - low) / RADIUS, turn = 4 * half_pi / ANGLES,
                 rest = sqrt(fmax(0, 1 - r * r));
    double sum = 0, total = 0;
    for (int i = 0; i <= RADIUS; i++) {
        const double x = low + step * i, s = exp(half_pi * sinh(x)),
                     share = s * s * cosh(x) * exp(-(0.5 * c->df + 1) * log1p(s * s / c->df));
        total += share * ANGLES;
        for (int k = 0; k < ANGLES && share > 0; k++) {
            const double u = s * cos(turn * k), v = r * u + rest * s * sin(turn * k);
            sum += share * (tril_target_value(&map[a], c->loc[a] + c->scale[a] * u) - c->mean[a]) *
                   (tril_target_value(&map[b], c->loc[b] + c->scale[b] * v) - c->mean[b]);
        }
    }
    return sum / total;
}

/* means and variances of one component's targets */
static void set_component(const integrals *all, component *c)
{
    const tril_target *map = all->map;
    for (size_t j = 0; j < all->d; j++) {
        double squares = 0;
        for (size_t k = 0; k <= j; k++)
            squares += (double)c->factor[j * all->d + k] * (double)c->factor[j * all->d + k];
        c->scale[j] = sqrt(squares);
        if (map[j].g.kind && map[j].g.kind->is_exp && isinf(c->df)) {
            set_log_normal(&map[j], c, j);
        } else if (map[j].g.kind) {
            integrate(all, c, j);
        } else {
            c->mean[j] = c->loc[j];
            c->slope[j] = 1;
            c->variance[j] = squares * (isinf(c->df) ? 1
                                        : c->df > 2  ? c->df / (c->df - 2)
                                                     : (double)NAN);
        }
    }
}

/* The covariance of two targets of a component. Given one of them the other's mean is linear in it,
 * so that with what has no transform the slope of a line says all. */
static double covariance_of(const integrals *all, const component *c, size_t a, size_t b)
{
    const tril_target *map = all->map;
    const tril_transform_kind *of_a = map[a].g.kind, *of_b = map[b].g.kind;
    const bool normal = isinf(c->df);
    double product = 0;
    for (size_t k = 0; k <= a && k <= b; k++)
        product += (double)c->factor[a * all->d + k] * (double)c->factor[b * all->d + k];
    const double r = product / (c->scale[a] * c->scale[b]);
    if (a == b)
        return c->variance[a];
    if (!of_a || !of_b)
        return c->slope[a] * c->slope[b] * product * (normal ? 1 : c->df / (c->df - 2));
    if (normal)
        return of_a->is_exp && of_b->is_exp
                   ? c->mean[a] * c->mean[b] * expm1(map[a].scale * map[b].scale * product)
                   : sum_series(c, a, b, r);
    if (!is_finite(of_a->growth(map[a].g.param) + of_b->growth(map[b].g.param), c->df))
        return (double)NAN;
    return integrate_pair(map, c, a, b, r);
}

/* the components of a member, row by row; false where it has none */
static bool take_components(const tril_chunk *c, const integrals *all, size_t member,
                            const size_t *order, component **out, size_t *k)
{
    const size_t d = c->d, of_each = (5 + TERMS) * d;
    tril_dist_parts parts;
    if (!tril_dist_take_parts(c->dists[member], order, d, &parts))
        return tril_ctx_fail(
            tril_tape_ctx(c->tape), TRIL_BAD_ARGUMENT,
            "evaluate: the distributions of network %zu are no mixtures of normals "
            "or Student's t, so that transformed targets have no known moments",
            member);
    *k = parts.k;
    component *of = tril_tape_take(c->tape, c->n * parts.k, sizeof *of);
    double *memory = tril_tape_take(c->tape, c->n * parts.k, of_each * sizeof *memory);
    for (size_t i = 0; i < c->n * parts.k && of && memory; i++, memory += of_each) {
        of[i] = (component){ tril_chunk_weight(c, member) *
                                 (parts.weight ? (double)parts.weight[i] : 1),
                             parts.df ? (double)parts.df[i] : HUGE_VAL,
                             memory,
                             memory + d,
                             memory + 2 * d,
                             memory + 3 * d,
                             memory + 4 * d,
                             memory + 5 * d,
                             parts.factor + i * d * d };
        for (size_t j = 0; j < d; j++)
            of[i].loc[j] = (double)parts.loc[i * d + j];
        if (of[i].weight > 0)
            set_component(all, &of[i]);
    }
    *out = of;
    return of && memory;
}

/* adds a component's part of the covariances about the mean of all */
static void add_covariance(const integrals *all, const component *own, const double *mean,
                           double *out)
{
    const size_t d = all->d;
    for (size_t a = 0; a < d; a++)
        for (size_t b = all->whole ? 0 : a; b <= a; b++) {
            const double apart = (own->mean[a] - mean[a]) * (own->mean[b] - mean[b]);
            out[a * d + b] += own->weight * (covariance_of(all, own, a, b) + apart);
            out[b * d + a] = out[a * d + b];
        }
}

bool tril_chunk_map_moments(tril_chunk *c, bool second, bool whole)
{
    const size_t d = c->d, size = c->n * d;
    double *mean = tril_tape_take(c->tape, size * (1 + d), sizeof *mean);
    size_t *order = tril_tape_take(c->tape, d, sizeof *order),
           *k = tril_tape_take(c->tape, c->n_members, sizeof *k);
    component **of = tril_tape_take(c->tape, c->n_members, sizeof *of);
    integrals *all = tril_tape_take(c->tape, 1, sizeof *all);
    if (!mean || !order || !k || !of || !all)
        return false;
    double *covariance = mean + size;
    all->map = c->map, all->d = d, all->whole = whole;
    set_nodes(&all->normal, 1.83, true);
    set_nodes(&all->wide, 6.2, false);
    for (size_t j = 0; j < d; j++)
        order[j] = j;
    for (size_t i = 0; i < size * (1 + d); i++)
        mean[i] = 0;
    for (size_t m = 0; m < c->n_members; m++) {
        if (!take_components(c, all, m, order, &of[m], &k[m]))
            return false;
        for (size_t i = 0; i < c->n * k[m]; i++)
            for (size_t j = 0; j < d && of[m][i].weight > 0; j++)
                mean[i / k[m] * d + j] += of[m][i].weight * of[m][i].mean[j];
    }
    for (size_t m = 0; m < c->n_members && second; m++)
        for (size_t i = 0; i < c->n * k[m]; i++)
            if (of[m][i].weight > 0)
                add_covariance(all, &of[m][i], mean + i / k[m] * d, covariance + i / k[m] * d * d);
    c->mapped_mean = mean;
    c->mapped_covariance = covariance;
    return true;
}
