/* The natural step of normals by loc and scale_tril, in coordinates of their own. */
#include <math.h>
#include <string.h>

#include "core/shape.h"
#include "kernels/mvn.h"
#include "optim/optim.h"

/* What the step works with: the divergence allowed, the events' size, the factors, and d^2 numbers
 * of its own. */
typedef struct tril_natural {
    double kl_clip;
    size_t d;
    const tril_real *factors;
    double *scratch;
} tril_natural;

/* What a step may become, and what is remembered of it, in units of the longest step allowed: a
 * wild gradient lengthens the memory tenfold, and is forgotten after log 10 / log 1/0.975 = 91
 * steps. */
static const double longest = 1e30, growth = 10, memory = 0.975;

/* Scales are held where their squares have room in the type, so that no variance is zero or
 * infinite. */
static double largest_scale(void)
{
    return sizeof(tril_real) == sizeof(double) ? 1e150 : 1e18;
}

static double largest_of(const tril_real *x, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)x[i]));
    return largest;
}

static double loaded(tril_real x)
{
    return tril_within((double)x, largest_scale());
}

/* Scales the direction `step`, whose length is `length`, to what a step of `wanted` times it may
 * be. The longest of the last steps counts too: otherwise, at a high rate, all steps would have the
 * same length, those of rows that a model is sure of as well. False where nothing moves. */
static bool limit(double *step, size_t n, double length, double wanted, double kl_clip,
                  tril_real *remembered)
{
    if (length == 0)
        wanted = 0;
    const double allowed = sqrt(kl_clip); /* half of the divergence: length^2 / 2 = kl_clip / 2 */
    double ratio = fmin(length * wanted / allowed, longest), before = (double)*remembered;
    *remembered = (tril_real)fmax(fmin(ratio, growth * fmax(before, 1)), memory * before);
    if (ratio == 0)
        return false;
    double scale = allowed / length * (ratio / fmax(fmax(before, ratio), 1));
    for (size_t i = 0; i < n; i++)
        step[i] *= scale;
    return true;
}

/* loc += L delta, delta = -lr L' g; gradients in units of their largest, so that no square
 * overflows */
static void move_loc(const tril_natural *o, double lr, tril_real *loc, const tril_real *g,
                     const tril_real *factor, tril_real *remembered)
{
    size_t d = o->d;
    double *delta = o->scratch, largest = largest_of(g, d), squares = 0;
    for (size_t j = 0; j < d; j++) {
        delta[j] = 0;
        for (size_t i = j; i < d && largest > 0; i++)
            delta[j] -= loaded(factor[i * d + j]) * ((double)g[i] / largest);
        squares += delta[j] * delta[j];
    }
    if (!limit(delta, d, sqrt(squares), lr * largest, o->kl_clip, remembered))
        return;
    for (size_t i = 0; i < d; i++) {
        double sum = (double)loc[i];
        for (size_t j = 0; j <= i; j++)
            sum += loaded(factor[i * d + j]) * delta[j];
        loc[i] = (tril_real)sum;
    }
}

/* -Phi(L' g) into the lower triangle of m; its length in the metric of the normal */
static double factor_direction(size_t d, const tril_real *factor, const tril_real *g,
                               double largest, double *m)
{
    double squares = 0;
    memset(m, 0, d * d * sizeof *m);
    for (size_t i = 0; i < d && largest > 0; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = i; k < d; k++)
                sum += loaded(factor[k * d + i]) * ((double)g[k * d + j] / largest);
            m[i * d + j] = i == j ? -0.5 * sum : -sum;
            squares += i == j ? 0.5 * sum * sum : sum * sum;
        }
    return sqrt(squares);
}

/* L <- L E, E the map that the header describes */
static void move_factor(const tril_natural *o, double lr, tril_real *factor, const tril_real *g,
                        tril_real *remembered)
{
    size_t d = o->d;
    double *m = o->scratch, largest = largest_of(g, d * d), most = largest_scale();
    double length = factor_direction(d, factor, g, largest, m);
    if (!limit(m, d * d, length, lr * largest, o->kl_clip, remembered))
        return;
    for (size_t i = 0; i < d; i++)
        m[i * d + i] = exp(m[i * d + i]);
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++) { /* column j needs the old ones from j on */
            double sum = 0;
            for (size_t k = j; k <= i; k++)
                sum += loaded(factor[i * d + k]) * m[k * d + j];
            factor[i * d + j] = (tril_real)tril_within(i == j ? fmax(sum, 1 / most) : sum, most);
        }
}

/* loc's span is the first: it moves by the factors as they were */
static void natural_update(const tril_optim_update *u)
{
    const tril_natural *o = u->opts;
    const size_t d = o->d;
    if (u->w == o->factors)
        for (size_t i = 0; i < u->n / d / d; i++)
            move_factor(o, u->lr, u->w + i * d * d, u->g + i * d * d, u->state[0] + i);
    else
        for (size_t i = 0; i < u->n / d; i++)
            move_loc(o, u->lr, u->w + i * d, u->g + i * d, o->factors + i * d * d, u->state[0] + i);
}

static tril_optim *make(tril_params *params, const tril_optim_opts *opts)
{
    (void)opts;
    return tril_ctx_fail(
               params->ctx, TRIL_BAD_ARGUMENT,
               "natural: it moves the loc and scale_tril of tril_natural_new, no network"),
           NULL;
}

const tril_optim_kind tril_optim_natural = { "natural",      0.1,  1,
                                             natural_update, make, .no_decay = true };

static bool shapes_fit(tril_shape loc, tril_shape factor)
{
    if (loc.rank == 0 || factor.rank != loc.rank + 1)
        return false;
    bool fit = factor.dim[factor.rank - 1] == loc.dim[loc.rank - 1];
    for (size_t i = 0; i < loc.rank; i++)
        fit &= factor.dim[i] == loc.dim[i];
    return fit;
}

static bool check_pair(tril_param loc, tril_param scale_tril)
{
    tril_params *params = loc.params;
    if (!params || tril_ctx_failed(params->ctx))
        return false;
    if (loc.params != scale_tril.params || !tril_param_name(loc) || !tril_param_name(scale_tril))
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "natural: loc and scale_tril are not two parameters of one store");
    tril_shape m = tril_param_shape(loc), f = tril_param_shape(scale_tril);
    if (!shapes_fit(m, f))
        return tril_ctx_fail(params->ctx, TRIL_BAD_SHAPE,
                             "natural: %s is %s and %s %s, want [..., d] and [..., d, d]",
                             tril_param_name(loc), tril_shape_text(m).text,
                             tril_param_name(scale_tril), tril_shape_text(f).text);
    size_t d = m.dim[m.rank - 1];
    for (size_t i = 0; i < tril_shape_size(m); i++) {
        size_t at = i * d + i % d;
        double pivot = (double)tril_param_values(scale_tril)[at];
        if (!(pivot > 0))
            return tril_ctx_fail(params->ctx, TRIL_NOT_POSITIVE,
                                 "natural: %s is %g at [%s]: its diagonal must be positive",
                                 tril_param_name(scale_tril), pivot, tril_shape_index(f, at).text);
    }
    return true;
}

tril_optim *tril_natural_new(tril_param loc, tril_param scale_tril, const tril_natural_opts *opts)
{
    tril_natural_opts o = opts ? *opts : (tril_natural_opts){ 0 };
    o.lr = o.lr == 0 ? tril_optim_natural.lr : o.lr;
    o.kl_clip = o.kl_clip == 0 ? 0.001 : o.kl_clip;
    tril_params *params = loc.params;
    if (!check_pair(loc, scale_tril) ||
        !tril_optim_check(params, "natural", "lr_loc", o.lr_loc, 0, HUGE_VAL) ||
        !tril_optim_check(params, "natural", "kl_clip", o.kl_clip, 0, 1))
        return NULL;
    const tril_natural none = { 0 };
    tril_optim *optim = tril_optim_new(&tril_optim_natural, params,
                                       &(tril_optim_opts){ .lr = o.lr }, &none, sizeof none);
    if (!optim)
        return NULL;
    tril_shape shape = tril_param_shape(loc);
    size_t d = shape.dim[shape.rank - 1];
    double *scratch = tril_arena_take(&optim->arena, "natural", d * d, sizeof *scratch);
    if (!scratch)
        return tril_optim_free(optim), NULL;
    const tril_param_entry *entries = params->entries;
    optim->n_spans = 2;
    optim->spans[0] = tril_optim_span_of(&entries[loc.index], o.lr_loc == 0 ? o.lr : o.lr_loc, 0);
    optim->spans[1] = tril_optim_span_of(&entries[scale_tril.index], o.lr, 0);
    *(tril_natural *)optim->own =
        (tril_natural){ o.kl_clip, d, params->values + optim->spans[1].offset, scratch };
    return optim;
}
