/* Heads: options with their defaults, distributions of raw outputs. */
#include "nn/head.h"

#include <math.h>

#include "core/params.h"
#include "core/shape.h"

static const tril_head_opts defaults;

const tril_head_kind *tril_head_kind_of(const tril_head_opts *opts)
{
    return opts->kind ? opts->kind : &tril_head_full;
}

/* with half the bits of a size_t, less one, widths fit */
static bool fits(size_t n)
{
    return n >> (4 * sizeof n - 1) == 0;
}

static tril_head_opts component_of(const tril_head_opts *opts)
{
    tril_head_opts component = *opts;
    component.kind = opts->component ? opts->component : &tril_head_full;
    return component;
}

size_t tril_head_width(size_t d, const tril_head_opts *opts)
{
    opts = opts ? opts : &defaults;
    const tril_head_kind *kind = tril_head_kind_of(opts);
    if (d == 0 || !fits(d) || (kind->rank && (opts->rank == 0 || !fits(opts->rank))))
        return SIZE_MAX;
    if (!kind->components)
        return kind->width(d, opts);
    const tril_head_opts each = component_of(opts);
    if (!each.kind->normal || each.kind->shared || opts->components == 0 ||
        !fits(opts->components) || !fits(tril_head_width(d, &each)))
        return SIZE_MAX;
    return kind->width(d, opts);
}

tril_head_layout tril_head_component(const tril_head_layout *h)
{
    tril_head_layout component = { component_of(&h->opts), h->d, 0 };
    component.width = tril_head_width(h->d, &component.opts);
    return component;
}

size_t tril_head_shared_size(size_t d, const tril_head_opts *opts)
{
    const tril_head_kind *kind = tril_head_kind_of(opts);
    return kind->shared ? kind->shared(d) : 0;
}

/* of a kind and its components; false after failing the context */
static bool check_kind(tril_ctx *ctx, const tril_head_opts *opts)
{
    const tril_head_kind *kind = opts->kind, *each = kind->components ? opts->component : kind;
    if (!each->name || !each->width || !each->dist)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: the kind %s has no width or no dist",
                             each->name ? each->name : "without a name");
    if (each != kind && (!each->normal || each->shared))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: no mixture has components of the form %s", each->name);
    if (kind->components && opts->components == 0)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: a mixture of 0 components");
    if (each->rank && opts->rank == 0)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: a rank of 0, want at least 1");
    return !opts->natural || kind->natural ||
           tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                         "head: the form %s has no natural gradient; full has", kind->name);
}

bool tril_head_layout_of(tril_ctx *ctx, size_t d, const tril_head_opts *opts, tril_head_layout *h)
{
    tril_head_opts o = opts ? *opts : defaults;
    o.kind = tril_head_kind_of(&o);
    o.component = component_of(&o).kind;
    o.floor = o.floor == 0 ? 1e-6 : o.floor == TRIL_NO_FLOOR ? 0 : o.floor;
    if (!check_kind(ctx, &o))
        return false;
    if (d == 0 || !fits(d))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: no network has %zu targets", d);
    if (o.kind->support == &tril_support_class && (d > 1 || o.classes < 2 || !fits(o.classes)))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: the head %s takes one target, of at least 2 classes, and there "
                             "are %zu, of %zu",
                             o.kind->name, d, o.classes);
    *h = (tril_head_layout){ o, d, tril_head_width(d, &o) };
    if (h->width == SIZE_MAX)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: no row is as long as %zu targets, rank %zu and %zu components "
                             "want",
                             d, o.rank, o.components);
    if (o.diagonal > TRIL_DIAGONAL_SOFTPLUS)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: there is no diagonal number %d",
                             (int)o.diagonal);
    if (!(o.floor >= 0 && isfinite(o.floor)))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: a floor of %g, want a positive number or TRIL_NO_FLOOR",
                             o.floor);
    const size_t shared = tril_head_shared_size(d, &o);
    return !shared ||
           (o.shared.params && tril_shape_equal(tril_param_shape(o.shared), TRIL_SHAPE(shared))) ||
           tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                         "head: a covariance shared by rows of %zu targets needs a parameter of "
                         "%zu numbers",
                         d, shared);
}

/* ---- distributions */

/* raw: numbers whose gradient is plain; natural: the same numbers again, whose gradient is
 * preconditioned, or {0} */
static tril_dist head_of(tril_var raw, tril_var natural, const tril_head_layout *h)
{
    const tril_dist none = { 0 };
    tril_shape shape;
    if (!tril_var_shape(raw, "head", &shape))
        return none;
    if (shape.rank == 0 || shape.dim[shape.rank - 1] != h->width)
        return tril_var_fail(raw.tape, "head", TRIL_BAD_SHAPE,
                             "raw is %s, but %zu targets need rows of %zu numbers",
                             tril_shape_text(shape).text, h->d, h->width),
               none;
    return h->opts.kind->dist(h, raw, natural);
}

tril_dist tril_head(tril_var raw, size_t d, const tril_head_opts *opts)
{
    tril_shape shape;
    tril_head_layout h;
    if (!tril_var_shape(raw, "head", &shape) ||
        !tril_head_layout_of(tril_tape_ctx(raw.tape), d, opts, &h))
        return (tril_dist){ 0 };
    return h.opts.natural ? head_of(tril_detach(raw), raw, &h) : head_of(raw, (tril_var){ 0 }, &h);
}

tril_dist tril_mlp_head(const tril_mlp *mlp, tril_var x, size_t d, const tril_head_opts *opts)
{
    tril_shape shape;
    tril_head_layout h;
    if (!opts || !opts->natural || !mlp)
        return tril_head(tril_mlp_apply(mlp, x), d, opts);
    if (!tril_var_shape(x, "mlp_head", &shape) ||
        !tril_head_layout_of(tril_tape_ctx(x.tape), d, opts, &h))
        return (tril_dist){ 0 };
    for (size_t i = 0; i + 1 < tril_mlp_depth(mlp); i++)
        x = tril_dense_apply(tril_mlp_layer(mlp, i), x);
    const tril_dense *last = tril_mlp_last(mlp);
    tril_var weight = tril_param_var(x.tape, tril_dense_weight(last));
    tril_var bias = tril_param_var(x.tape, tril_dense_bias(last));
    return head_of(tril_affine(x, tril_detach(weight), tril_detach(bias), TRIL_NONE),
                   tril_affine(tril_detach(x), weight, bias, TRIL_NONE), &h);
}

bool tril_head_frame(const tril_head_opts *opts, tril_frame *frame)
{
    const tril_head_kind *kind = tril_head_kind_of(opts);
    const tril_head_kind *each = kind->components ? component_of(opts).kind : kind;
    *frame = each->frame;
    return kind->transformed && each->transformed;
}

size_t tril_head_bounds(const tril_head_opts *opts, size_t d)
{
    opts = opts ? opts : &defaults;
    const tril_head_kind *kind = tril_head_kind_of(opts);
    kind = kind->components ? component_of(opts).kind : kind;
    return kind == &tril_head_diagonal ? d : !kind->normal ? 0 : d < 2 ? d : 2;
}

tril_dist tril_head_transformed(tril_var raw, size_t d, const tril_head_opts *opts, tril_var r,
                                tril_var shift)
{
    tril_head_layout h;
    tril_frame unused;
    tril_shape shape;
    if (tril_var_shape(raw, "head", &shape) &&
        tril_head_layout_of(tril_tape_ctx(raw.tape), d, opts, &h) &&
        tril_head_frame(&h.opts, &unused))
        return h.opts.kind->transformed(&h, raw, r, shift);
    return tril_var_fail(raw.tape, "head", TRIL_BAD_ARGUMENT, "the form %s cannot stand on a line",
                         tril_head_kind_of(opts)->name),
           (tril_dist){ 0 };
}

bool tril_head_is_mean(const tril_head_layout *h, size_t i)
{
    return h->opts.kind->is_mean ? h->opts.kind->is_mean(h, i) : i < h->d;
}

/* ---- */

tril_param tril_head_shared_new(tril_params *params, const char *name, size_t d)
{
    if (!params || tril_ctx_failed(params->ctx))
        return (tril_param){ 0 };
    if (d == 0 || !fits(d))
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "head_shared: no covariance has %zu targets", d),
               (tril_param){ 0 };
    return tril_params_add(params, name, TRIL_SHAPE(tril_head_shared.shared(d)));
}
