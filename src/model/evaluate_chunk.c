/* Some rows of an evaluation: densities and moments of the members' mixture. */
#include "model/evaluate.h"

#include <math.h>
#include <string.h>

#include <tril/extend.h>

#include "core/tape.h"
#include "distributions/dist.h"
#include "kernels/blas.h"
#include "train/fit.h"
#include "train/network.h"

double tril_chunk_weight(const tril_chunk *c, size_t member)
{
    return c->out.weight ? c->out.weight[member] : 1 / (double)c->n_members;
}

/* values of a var into a sum over the members, [size], which begins with the first one's */
bool tril_chunk_add(const tril_chunk *c, size_t member, tril_var x, double *sum)
{
    const tril_real *values = tril_value(x);
    const double share = tril_chunk_weight(c, member);
    for (size_t i = 0; values && i < tril_size(x); i++)
        sum[i] = (member ? sum[i] : 0) + share * (double)values[i];
    return values;
}

/* ---- densities */

static tril_var log_prob(const tril_chunk *c, tril_dist p, tril_var y)
{
    if (c->low.tape)
        return tril_log_prob_censored(p, c->low, c->high);
    return c->missing ? tril_log_prob_missing(p, y) : tril_log_prob(p, y);
}

/* the logarithm of the mean of the members' densities, [n]; they are a var each */
static void log_mean(const tril_chunk *c, const tril_real *const *of_members, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        double largest = -HUGE_VAL, sum = 0;
        for (size_t k = 0; k < c->n_members; k++)
            if (tril_chunk_weight(c, k) > 0)
                largest = fmax(largest, (double)of_members[k][i]);
        for (size_t k = 0; k < c->n_members; k++)
            if (tril_chunk_weight(c, k) > 0)
                sum += tril_chunk_weight(c, k) * exp((double)of_members[k][i] - largest);
        out[i] = largest + log(sum);
    }
}

/* Of the rows themselves in a member's own coordinates, as it was trained: where targets are nearly
 * exact those of the targets have too few digits. */
static tril_var own_log_prob(const tril_chunk *c, size_t member)
{
    const tril_network *net = &c->members[member];
    if (c->missing || c->low.tape || c->given || !net->line.scale.params)
        return log_prob(c, c->dists[member], c->y);
    tril_real *y = tril_tape_take(c->tape, c->n * c->d, sizeof *y);
    double *memory = tril_tape_take(c->tape, c->d, sizeof *memory);
    if (!y || !memory)
        return (tril_var){ 0 };
    tril_line_subtract(net, (tril_batch){ tril_value(c->x), tril_value(c->y), c->n }, false, memory,
                       y);
    tril_dist p = tril_head(tril_mlp_apply(net->mlp, c->x), c->d, &net->head);
    return tril_sub(tril_log_prob(p, tril_input(c->tape, y, TRIL_SHAPE(c->n, c->d))),
                    tril_scalar(c->tape, (tril_real)tril_line_log_scale(net)));
}

/* log-densities [n] of points, or {0} for the rows' own, by all members together */
bool tril_chunk_densities(const tril_chunk *c, tril_var points, size_t n, double *out)
{
    const tril_real **of_members = tril_tape_take(c->tape, c->n_members, sizeof *of_members);
    for (size_t k = 0; of_members && k < c->n_members; k++) {
        of_members[k] =
            tril_value(points.tape ? log_prob(c, c->dists[k], points) : own_log_prob(c, k));
        if (!of_members[k])
            return false;
    }
    if (of_members)
        log_mean(c, of_members, n, out);
    return of_members;
}

void tril_chunk_add_slopes(const tril_chunk *c, const tril_real *points, size_t n, double *log_p)
{
    for (size_t i = 0; i < n * c->d && c->map; i++) {
        const tril_target *t = &c->map[i % c->d];
        log_p[i / c->d] += tril_transform_log_slope(&t->g, t->mean + t->scale * (double)points[i]);
    }
}

/* ---- moments */

bool tril_chunk_mean(const tril_chunk *c, double *mean)
{
    for (size_t k = 0; k < c->n_members; k++)
        if (!tril_chunk_add(c, k, tril_dist_mean(c->dists[k]), mean))
            return false;
    return true;
}

/* Adds a share of A A' of a member to covariances (or variances), in double: in tril_real they
 * would be none by rounding. */
static bool add_second(const tril_chunk *c, size_t member, bool whole, double *out)
{
    const tril_var a = tril_dist_factor(c->dists[member]);
    const tril_shape shape = tril_shape_of(a);
    const tril_real *values = tril_value(a);
    const size_t d = c->d, of_row = whole ? d * d : d;
    const size_t m = values ? shape.dim[shape.rank - 1] : 0;
    const size_t step = tril_size(a) == d * m ? 0 : d * m; /* one matrix may serve all rows */
    double *row = tril_tape_take(c->tape, d * m, sizeof *row),
           root = sqrt(tril_chunk_weight(c, member));
    for (size_t i = 0; i < c->n && row && values; i++, out += of_row, values += step) {
        for (size_t j = 0; j < d * m; j++) /* A' */
            row[j % m * d + j / m] = root * (double)values[j];
        if (whole)
            tril_add_gram(m, d, d, row, row, out);
        for (size_t j = 0; j < d * m && !whole; j++)
            out[j % d] += row[j] * row[j];
        for (size_t j = 0; j < d * d && whole; j++) /* BLAS may round the two sides differently */
            out[j] = j % d > j / d ? out[j % d * d + j / d] : out[j];
    }
    return row && values;
}

/* the mean of the members' covariances (or variances), and what their means are apart */
bool tril_chunk_second(const tril_chunk *c, bool whole, double *out)
{
    const size_t d = c->d, of_row = whole ? d * d : d;
    double *mean = tril_tape_take(c->tape, c->n * d, sizeof *mean);
    if (!mean || !tril_chunk_mean(c, mean))
        return false;
    memset(out, 0, c->n * of_row * sizeof *out);
    for (size_t k = 0; k < c->n_members; k++)
        if (!add_second(c, k, whole, out))
            return false;
    for (size_t k = 0; k < c->n_members && c->n_members > 1; k++) {
        const tril_real *own = tril_value(tril_dist_mean(c->dists[k]));
        for (size_t i = 0; own && i < c->n * of_row; i++) {
            const size_t row = i / of_row * d, a = row + (whole ? i % of_row / d : i % of_row),
                         b = row + i % d;
            out[i] +=
                tril_chunk_weight(c, k) * ((double)own[a] - mean[a]) * ((double)own[b] - mean[b]);
        }
    }
    return !tril_ctx_failed(tril_tape_ctx(c->tape));
}

bool tril_chunk_is_normal(const tril_chunk *c)
{
    return c->n_members == 1 && c->dists[0].kind->as_mvn && !c->map;
}
