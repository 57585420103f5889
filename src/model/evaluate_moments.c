/* Means and covariances of targets that have transforms: of components, normals or Student's t, by
 * quadratures, and of their mixture. */
#include "model/evaluate.h"

#include <math.h>

#include <tril/extend.h>

#include "core/tape.h"
#include "distributions/parts.h"
#include "kernels/mvn.h"
#include "kernels/special.h"

/* Nodes of the trapezoidal rule, along a line and along a radius, after a double-exponential change
 * of variable (Takahasi and Mori 1974), and angles. */
enum { LINE = 400, RADIUS = 48, ANGLES = 32 };

/* A component of one row: its df and, of each target, the location and scale of what the network
 * says, the mean and variance of its value and the slope of a line through it, its covariance with
 * what the network says over the variance of that. */
typedef struct component {
    double weight, df, *loc, *scale, *mean, *variance, *slope;
    const tril_real *factor;
} component;

/* sinh(pi/2 sinh x), and its derivative */
static double stretch(double x, double *by)
{
    const double half_pi = 1.5707963267948966, inner = half_pi * sinh(x);
    *by = half_pi * cosh(x) * cosh(inner);
    return sinh(inner);
}

/* the density of a standard normal, or of Student's t */
static double density(double z, double df)
{
    return exp((isinf(df) ? -0.5 * z * z : tril_student_log(z * z, df, 1)) - 0.5 * TRIL_LOG_2PI);
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
}

static void integrate(const tril_target *t, component *c, size_t j)
{
    const bool normal = isinf(c->df);
    const double reach = normal ? 1.83 : 6.2, step = 2 * reach / LINE,
                 growth = t->g.kind->growth(t->g.param);
    double value[LINE + 1], z[LINE + 1], share[LINE + 1], total = 0, mean = 0, square = 0,
                                                          cross = 0;
    for (int i = 0; i <= LINE; i++) {
        double by;
        z[i] = stretch(step * (i - LINE / 2), &by);
        share[i] = step * by * density(z[i], c->df);
        value[i] = tril_target_value(t, c->loc[j] + c->scale[j] * z[i]);
        if (!(share[i] > 0) || !isfinite(value[i]))
            share[i] = value[i] = 0;
        total += share[i];
        mean += share[i] * value[i];
    }
    mean /= total;
    for (int i = 0; i <= LINE; i++) {
        square += share[i] * (value[i] - mean) * (value[i] - mean);
        cross += share[i] * (value[i] - mean) * z[i];
    }
    const double none = (double)NAN, of_z = normal ? 1 : c->df / (c->df - 2);
    c->mean[j] = is_finite(growth, c->df) ? mean : none;
    c->variance[j] = is_finite(2 * growth, c->df) ? square / total : none;
    c->slope[j] = is_finite(fmax(1 + growth, 2), c->df) ? cross / total / c->scale[j] / of_z : none;
}

/* the covariance of two values, by polar coordinates: a standard normal or Student's t of two
 * numbers has any angle, and the radius r the density r (1 + r^2/df)^-(df/2 + 1) */
static double integrate_pair(const tril_target *map, const component *c, size_t a, size_t b,
                             double r)
{
    const bool normal = isinf(c->df);
    const double low = -2.6, high = normal ? 1.6 : 4.2, step = (high - low) / RADIUS,
                 turn = 2 * 3.14159265358979324 / ANGLES, s = sqrt(fmax(0, 1 - r * r));
    double sum = 0, total = 0;
    for (int i = 0; i <= RADIUS; i++) {
        const double x = low + step * i, radius = exp(1.5707963267948966 * sinh(x)),
                     log_density = normal ? -0.5 * radius * radius
                                          : -(0.5 * c->df + 1) * log1p(radius * radius / c->df),
                     share = radius * radius * cosh(x) * exp(log_density);
        total += share * ANGLES;
        for (int k = 0; k < ANGLES && share > 0; k++) {
            const double u = radius * cos(turn * k), v = radius * sin(turn * k);
            sum += share * (tril_target_value(&map[a], c->loc[a] + c->scale[a] * u) - c->mean[a]) *
                   (tril_target_value(&map[b], c->loc[b] + c->scale[b] * (r * u + s * v)) -
                    c->mean[b]);
        }
    }
    return sum / total;
}

/* means and variances of one component's targets */
static void set_component(const tril_target *map, component *c, size_t d)
{
    for (size_t j = 0; j < d; j++) {
        double squares = 0;
        for (size_t k = 0; k <= j; k++)
            squares += (double)c->factor[j * d + k] * (double)c->factor[j * d + k];
        c->scale[j] = sqrt(squares);
        if (map[j].g.kind && map[j].g.kind->is_exp && isinf(c->df)) {
            set_log_normal(&map[j], c, j);
        } else if (map[j].g.kind) {
            integrate(&map[j], c, j);
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
static double covariance_of(const tril_target *map, const component *c, size_t d, size_t a,
                            size_t b)
{
    const tril_transform_kind *of_a = map[a].g.kind, *of_b = map[b].g.kind;
    const double of_z = isinf(c->df) ? 1 : c->df / (c->df - 2);
    double product = 0;
    for (size_t k = 0; k <= a && k <= b; k++)
        product += (double)c->factor[a * d + k] * (double)c->factor[b * d + k];
    if (a == b)
        return c->variance[a];
    if (!of_a || !of_b)
        return c->slope[a] * c->slope[b] * product * of_z;
    if (of_a->is_exp && of_b->is_exp && isinf(c->df))
        return c->mean[a] * c->mean[b] * expm1(map[a].scale * map[b].scale * product);
    if (!is_finite(of_a->growth(map[a].g.param) + of_b->growth(map[b].g.param), c->df))
        return (double)NAN;
    return integrate_pair(map, c, a, b, product / (c->scale[a] * c->scale[b]));
}

/* the components of a member, row by row; false where it has none */
static bool take_components(const tril_chunk *c, size_t member, const size_t *order,
                            component **out, size_t *k)
{
    const size_t d = c->d;
    tril_dist_parts parts;
    if (!tril_dist_take_parts(c->dists[member], order, d, &parts))
        return tril_ctx_fail(
            tril_tape_ctx(c->tape), TRIL_BAD_ARGUMENT,
            "evaluate: the distributions of network %zu are no mixtures of normals "
            "or Student's t, so that transformed targets have no known moments",
            member);
    *k = parts.k;
    component *of = tril_tape_take(c->tape, c->n * parts.k, sizeof *of);
    double *memory = tril_tape_take(c->tape, c->n * parts.k, 5 * d * sizeof *memory);
    for (size_t i = 0; i < c->n * parts.k && of && memory; i++, memory += 5 * d) {
        of[i] = (component){ tril_chunk_weight(c, member) *
                                 (parts.weight ? (double)parts.weight[i] : 1),
                             parts.df ? (double)parts.df[i] : HUGE_VAL,
                             memory,
                             memory + d,
                             memory + 2 * d,
                             memory + 3 * d,
                             memory + 4 * d,
                             parts.factor + i * d * d };
        for (size_t j = 0; j < d; j++)
            of[i].loc[j] = (double)parts.loc[i * d + j];
        if (of[i].weight > 0)
            set_component(c->map, &of[i], d);
    }
    *out = of;
    return of && memory;
}

/* adds a component's part of the covariances about the mean of all */
static void add_covariance(const tril_chunk *c, const component *own, bool whole,
                           const double *mean, double *out)
{
    const size_t d = c->d;
    for (size_t a = 0; a < d; a++)
        for (size_t b = whole ? 0 : a; b <= a; b++) {
            const double apart = (own->mean[a] - mean[a]) * (own->mean[b] - mean[b]);
            out[a * d + b] += own->weight * (covariance_of(c->map, own, d, a, b) + apart);
            out[b * d + a] = out[a * d + b];
        }
}

bool tril_chunk_map_moments(tril_chunk *c, bool second, bool whole)
{
    const size_t d = c->d, size = c->n * d;
    double *mean = tril_tape_take(c->tape, size * (1 + d), sizeof *mean), *covariance = mean + size;
    size_t *order = tril_tape_take(c->tape, d, sizeof *order),
           *k = tril_tape_take(c->tape, c->n_members, sizeof *k);
    component **of = tril_tape_take(c->tape, c->n_members, sizeof *of);
    if (!mean || !order || !k || !of)
        return false;
    for (size_t j = 0; j < d; j++)
        order[j] = j;
    for (size_t i = 0; i < size * (1 + d); i++)
        mean[i] = 0;
    for (size_t m = 0; m < c->n_members; m++) {
        if (!take_components(c, m, order, &of[m], &k[m]))
            return false;
        for (size_t i = 0; i < c->n * k[m]; i++)
            for (size_t j = 0; j < d && of[m][i].weight > 0; j++)
                mean[i / k[m] * d + j] += of[m][i].weight * of[m][i].mean[j];
    }
    for (size_t m = 0; m < c->n_members && second; m++)
        for (size_t i = 0; i < c->n * k[m]; i++)
            if (of[m][i].weight > 0)
                add_covariance(c, &of[m][i], whole, mean + i / k[m] * d,
                               covariance + i / k[m] * d * d);
    c->mapped_mean = mean;
    c->mapped_covariance = covariance;
    return true;
}
