/* Heads: options and layouts, and the log-density as one node from raw outputs on. */
#include "nn/head.h"

#include <float.h>
#include <math.h>

#include "core/params.h"
#include "dist/dist.h"
#include "ops/rows.h"

typedef tril_head_layout head;

/* with half the bits of a size_t, less one, widths fit */
static bool fits(size_t n)
{
    return n >> (4 * sizeof n - 1) == 0;
}

static size_t width_of(size_t d, tril_head_form form, size_t rank)
{
    switch (form) {
    case TRIL_HEAD_FULL:
    case TRIL_HEAD_PRECISION:
        return d + d * (d + 1) / 2;
    case TRIL_HEAD_DIAGONAL:
        return 2 * d;
    case TRIL_HEAD_LOW_RANK:
        return d * (rank + 2);
    case TRIL_HEAD_SHARED:
        return d;
    case TRIL_HEAD_MIXTURE:
        break;
    }
    return SIZE_MAX;
}

/* whether there is a row at all, of any length */
static bool is_possible(size_t d, tril_head_form form, size_t rank)
{
    return d > 0 && fits(d) && form < TRIL_HEAD_MIXTURE &&
           (form != TRIL_HEAD_LOW_RANK || (rank > 0 && fits(rank)));
}

size_t tril_head_width(size_t d, const tril_head_opts *opts)
{
    const tril_head_opts defaults = { 0 };
    opts = opts ? opts : &defaults;
    if (opts->form != TRIL_HEAD_MIXTURE)
        return is_possible(d, opts->form, opts->rank) ? width_of(d, opts->form, opts->rank)
                                                      : SIZE_MAX;
    if (!is_possible(d, opts->component, opts->rank) || opts->component == TRIL_HEAD_SHARED)
        return SIZE_MAX;
    size_t width = width_of(d, opts->component, opts->rank);
    return fits(width) && opts->components > 0 && fits(opts->components)
               ? opts->components * (1 + width)
               : SIZE_MAX;
}

tril_head_opts tril_head_component(const tril_head_opts *opts)
{
    tril_head_opts component = *opts;
    component.form = opts->component;
    return component;
}

static bool check(tril_ctx *ctx, size_t d, const tril_head_opts *opts, double floor)
{
    if (opts->form > TRIL_HEAD_MIXTURE)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: there is no form number %d",
                             (int)opts->form);
    if (opts->form == TRIL_HEAD_MIXTURE && opts->component > TRIL_HEAD_LOW_RANK)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: no mixture has components of form number %d",
                             (int)opts->component);
    if (opts->form == TRIL_HEAD_MIXTURE && opts->components == 0)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: a mixture of 0 components");
    tril_head_form form = opts->form == TRIL_HEAD_MIXTURE ? opts->component : opts->form;
    if (form == TRIL_HEAD_LOW_RANK && opts->rank == 0)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: a rank of 0, want at least 1");
    if (opts->natural && opts->form != TRIL_HEAD_FULL && opts->form != TRIL_HEAD_DIAGONAL &&
        opts->form != TRIL_HEAD_LOW_RANK)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: form number %d has no natural gradient",
                             (int)opts->form);
    if (d == 0 || !fits(d))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: no network has %zu targets", d);
    if (tril_head_width(d, opts) == SIZE_MAX)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: no row is as long as %zu targets, rank %zu and %zu components "
                             "want",
                             d, opts->rank, opts->components);
    if (opts->diagonal > TRIL_DIAGONAL_SOFTPLUS)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: there is no diagonal number %d",
                             (int)opts->diagonal);
    if (!(floor >= 0 && isfinite(floor)))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: a floor of %g, want a positive number or TRIL_NO_FLOOR",
                             opts->floor);
    size_t shared = width_of(d, TRIL_HEAD_FULL, 0) - d;
    if (opts->form == TRIL_HEAD_SHARED &&
        (!opts->shared.params ||
         !tril_shape_equal(tril_param_shape(opts->shared), TRIL_SHAPE(shared))))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: a covariance shared by rows of %zu targets needs a parameter "
                             "of %zu numbers",
                             d, shared);
    return true;
}

bool tril_head_layout_of(tril_ctx *ctx, size_t d, const tril_head_opts *opts, head *h)
{
    static const tril_diag_transform *const diagonals[] = { &tril_diag_elu, &tril_diag_elu,
                                                            &tril_diag_exp, &tril_diag_softplus };
    static const tril_head_rows *const rows[] = { &tril_head_mvn_rows,
                                                  &tril_head_mvn_rows,
                                                  &tril_head_precision_rows,
                                                  &tril_head_low_rank_rows,
                                                  NULL,
                                                  NULL };
    const tril_head_opts defaults = { 0 };
    opts = opts ? opts : &defaults;
    double floor = opts->floor == 0 ? 1e-6 : opts->floor == TRIL_NO_FLOOR ? 0 : opts->floor;
    if (!check(ctx, d, opts, floor))
        return false;
    *h = (head){ .rows = rows[opts->form],
                 .form = opts->form,
                 .d = d,
                 .rank = opts->rank,
                 .begin = d,
                 .width = tril_head_width(d, opts),
                 .diagonal = diagonals[opts->diagonal],
                 .floor = floor,
                 .lower = opts->form == TRIL_HEAD_DIAGONAL ? TRIL_LOWER_NONE
                          : opts->row_scaled               ? TRIL_LOWER_SCALED
                                                           : TRIL_LOWER_PACKED };
    return true;
}

bool tril_head_load(const head *h, const tril_real *raw, double *v, double *log_v, double *slope)
{
    const tril_real *s = raw + h->width - h->d;
    bool finite = true;
    for (const tril_real *p = raw + h->begin; p < s; p++)
        finite &= isfinite(*p);
    for (size_t i = 0; i < h->d; i++) {
        tril_diag x = h->diagonal->of((double)s[i], h->floor);
        finite &= isfinite(s[i]);
        v[i] = x.value;
        log_v[i] = x.log;
        slope[i] = x.slope;
    }
    return finite;
}

double tril_head_reach(const head *h, double s, double slope)
{
    return tril_within(1 / fmax(slope, 0.1 * h->diagonal->of(s, 0).slope), DBL_MAX);
}

void tril_head_each_row(const head *h, double *memory, tril_head_tile *tile)
{
    for (size_t i = 0; i < tile->n; i++) {
        const tril_real *raw = tile->raw + i * tile->raw_step;
        tile->log_prob[i] = (double)NAN;
        if (!h->rows->load(h, memory, raw))
            continue;
        tile->log_prob[i] = h->rows->log_prob(h, memory, raw, tile->y + i * tile->y_step);
        if (tile->g)
            h->rows->gradient(h, memory, raw, tile->g + i * h->width);
        if (tile->natural)
            h->rows->natural(h, memory, raw, tile->natural + i * h->width);
    }
}

/* ---- log_prob: inputs raw, y, and where the gradient is to be preconditioned the same raw numbers
 * again; saved: memory of the form's, gradients of the log-densities and natural ones, if they are
 * wanted, then sums of shared gradients */

enum { RAW, Y, NATURAL, N_IN };

static size_t event_of(const tril_node *node, size_t k)
{
    const head *h = node->attrs;
    return k == Y ? h->d : h->width;
}

static tril_walk walk_of(const tril_node *node)
{
    return tril_walk_new(node->shape,
                         (tril_shape[]){ tril_shape_leading(node->in[RAW]->shape, 1),
                                         tril_shape_leading(node->in[Y]->shape, 1) },
                         2);
}

static bool is_natural(const tril_node *node)
{
    return node->in[NATURAL] && node->in[NATURAL]->needs_grad;
}

static bool log_prob_shape(tril_node *node)
{
    const head *h = node->attrs;
    if (!tril_shape_broadcast(tril_shape_leading(node->in[RAW]->shape, 1),
                              tril_shape_leading(node->in[Y]->shape, 1), &node->shape))
        return false; /* tril_log_prob has looked */
    size_t rows = tril_shape_size(node->shape), kept = node->needs_grad + is_natural(node);
    node->saved_bytes = (h->rows->doubles(h) + kept * rows * h->width) * sizeof(double);
    for (size_t k = 0; k < N_IN; k++)
        if (node->in[k])
            node->saved_bytes += tril_row_grad_bytes(node, k, rows, event_of(node, k));
    return true;
}

/* the gradients of all rows; `which` 0 are plain, 1 natural */
static double *gradients_of(const tril_node *node, size_t which)
{
    const head *h = node->attrs;
    return (double *)node->saved + h->rows->doubles(h) + which * node->size * h->width;
}

/* takes `n` rows of a walk from row i of its line on */
static tril_head_tile tile_of(const tril_node *node, const tril_walk *w, size_t i, size_t index)
{
    const head *h = node->attrs;
    size_t left = w->dim[0] - i;
    tril_head_tile tile = { .n = left < TRIL_LANES ? left : TRIL_LANES,
                            .raw_step = w->stride[0][0] * h->width,
                            .y_step = w->stride[0][1] * h->d };
    tile.raw = node->in[RAW]->value + w->offset[0] * h->width + i * tile.raw_step;
    tile.y = node->in[Y]->value + w->offset[1] * h->d + i * tile.y_step;
    if (node->needs_grad)
        tile.g = gradients_of(node, 0) + index * h->width;
    if (is_natural(node))
        tile.natural = gradients_of(node, 1) + index * h->width;
    return tile;
}

static bool log_prob_forward(tril_node *node)
{
    const head *h = node->attrs;
    size_t index = 0;
    if (node->size == 0)
        return true;
    tril_walk w = walk_of(node);
    do {
        for (size_t i = 0; i < w.dim[0]; i += TRIL_LANES) {
            tril_head_tile tile = tile_of(node, &w, i, index);
            h->rows->run(h, node->saved, &tile);
            for (size_t k = 0; k < tile.n; k++, index++) {
                if (isnan(tile.log_prob[k]))
                    return tril_op_fail(node, TRIL_NOT_FINITE,
                                        "y or the raw outputs%s are not finite",
                                        tril_shape_where(" of row ", node->shape, index).text);
                node->value[index] = tril_saturate(tile.log_prob[k]);
            }
        }
    } while (tril_walk_next(&w));
    return true;
}

static void log_prob_backward(tril_node *node, tril_real *const *grad_in)
{
    const head *h = node->attrs;
    size_t index = 0;
    const double *g = gradients_of(node, 0), *natural = gradients_of(node, 1);
    char *memory = (char *)gradients_of(node, 1 + is_natural(node));
    tril_row_grad grads[N_IN] = { { 0 } };
    for (size_t k = 0; k < N_IN; k++)
        if (node->in[k])
            grads[k] =
                tril_row_grad_begin(node, k, node->size, event_of(node, k), grad_in[k], &memory);
    tril_walk w = walk_of(node);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i++, index++) {
            size_t at = (w.offset[0] + i * w.stride[0][0]) * h->width;
            double upstream = (double)node->grad[index];
            const double *own = g + index * h->width;
            tril_row_grad_put_all(&grads[RAW], at, h->width, upstream, 1, own);
            tril_row_grad_put_all(&grads[Y], (w.offset[1] + i * w.stride[0][1]) * h->d, h->d,
                                  -upstream, 1, own);
            tril_row_grad_put_all(&grads[NATURAL], at, h->width, upstream, 1,
                                  natural + index * h->width);
        }
    } while (node->size && tril_walk_next(&w));
    for (size_t k = 0; k < N_IN; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_head_log_prob = { "log_prob(head)", log_prob_shape, log_prob_forward,
                                        log_prob_backward, 1 };

/* ---- the distribution */

static tril_var head_log_prob(const tril_dist *p, tril_var y)
{
    return tril_op_apply(&tril_op_head_log_prob, (tril_var[]){ p->param[0], y, p->param[1] }, N_IN,
                         p->attrs, sizeof(head));
}

static tril_var head_log_prob_observed(const tril_dist *p, tril_var y)
{
    return tril_log_prob_observed(tril_head_base(p), y);
}

static tril_var head_rsample(const tril_dist *p, size_t n)
{
    return tril_rsample(tril_head_base(p), n);
}

static tril_var head_entropy(const tril_dist *p)
{
    const head *h = p->attrs;
    if (h->form == TRIL_HEAD_LOW_RANK)
        return tril_entropy(tril_head_base(p));
    tril_var log_v = tril_head_log_diagonal(tril_head_raw(p), h);
    return tril_mvn_entropy_of(tril_sum_axis(log_v, -1, false), h->d);
}

static tril_var head_mean(const tril_dist *p)
{
    return tril_slice(tril_head_raw(p), -1, 0, ((const head *)p->attrs)->d);
}

static tril_var head_covariance(const tril_dist *p)
{
    return tril_dist_covariance(tril_head_base(p));
}

static tril_var head_variance(const tril_dist *p)
{
    return tril_dist_variance(tril_head_base(p));
}

static tril_dist head_as_mvn(const tril_dist *p)
{
    tril_dist base = tril_head_base(p);
    return base.kind ? base.kind->as_mvn(&base) : base;
}

static tril_dist head_expand(const tril_dist *p, tril_shape batch)
{
    tril_dist q = *p;
    q.batch = batch;
    for (size_t k = 0; k < 2 && p->param[k].tape; k++) {
        q.param[k] = tril_dist_stretch(&q, "expand", p->param[k], 1);
        if (!q.param[k].tape)
            return (tril_dist){ 0 };
    }
    return q;
}

const tril_dist_kind tril_dist_kind_head = { .name = "head",
                                             .log_prob = head_log_prob,
                                             .log_prob_observed = head_log_prob_observed,
                                             .rsample = head_rsample,
                                             .entropy = head_entropy,
                                             .mean = head_mean,
                                             .variance = head_variance,
                                             .covariance = head_covariance,
                                             .mode = head_mean,
                                             .as_mvn = head_as_mvn,
                                             .expand = head_expand };

head tril_head_block(const head *h)
{
    head block = *h;
    block.form = TRIL_HEAD_FULL;
    block.width = width_of(h->d, TRIL_HEAD_FULL, 0);
    return block;
}

static tril_dist shared(tril_var loc, const head *h, tril_param param)
{
    head block = tril_head_block(h);
    block.begin = 0;
    block.width -= h->d;
    return tril_mvn(loc, tril_head_factor(tril_param_var(loc.tape, param), &block));
}

static tril_dist mixture(tril_var raw, size_t d, const tril_head_opts *opts)
{
    const tril_head_opts component = tril_head_component(opts);
    tril_shape shape = tril_shape_of(raw);
    size_t k = opts->components, width = tril_head_width(d, &component);
    shape.dim[shape.rank - 1] = k;
    if (!tril_shape_append(&shape, width))
        return tril_var_fail(raw.tape, "head", TRIL_BAD_SHAPE,
                             "raw is %s, whose components have no room in rank 4",
                             tril_shape_text(tril_shape_of(raw)).text),
               (tril_dist){ 0 };
    tril_var rows = tril_reshape(tril_slice(raw, -1, k, k * width), shape);
    return tril_mixture(tril_categorical(tril_slice(raw, -1, 0, k)),
                        tril_head(rows, d, &component));
}

/* raw: numbers whose gradient is plain; natural: the same numbers again, whose gradient is
 * preconditioned, or {0} */
static tril_dist head_of(tril_var raw, tril_var natural, const head *h, const tril_head_opts *opts)
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
    if (h->form == TRIL_HEAD_SHARED)
        return shared(raw, h, opts->shared);
    if (h->form == TRIL_HEAD_MIXTURE)
        return mixture(raw, h->d, opts);
    const head *kept = tril_tape_copy(raw.tape, h, sizeof *h);
    if (!kept)
        return none;
    return (tril_dist){
        &tril_dist_kind_head, { raw, natural }, tril_shape_leading(shape, 1), { 1, { h->d } }, kept
    };
}

tril_dist tril_head(tril_var raw, size_t d, const tril_head_opts *opts)
{
    tril_shape shape;
    head h;
    if (!tril_var_shape(raw, "head", &shape) ||
        !tril_head_layout_of(tril_tape_ctx(raw.tape), d, opts, &h))
        return (tril_dist){ 0 };
    return opts && opts->natural ? head_of(tril_detach(raw), raw, &h, opts)
                                 : head_of(raw, (tril_var){ 0 }, &h, opts);
}

tril_dist tril_mlp_head(const tril_mlp *mlp, tril_var x, size_t d, const tril_head_opts *opts)
{
    tril_shape shape;
    head h;
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
                   tril_affine(tril_detach(x), weight, bias, TRIL_NONE), &h, opts);
}

tril_param tril_head_shared_new(tril_params *params, const char *name, size_t d)
{
    if (!params || tril_ctx_failed(params->ctx))
        return (tril_param){ 0 };
    if (d == 0 || !fits(d))
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "head_shared: no covariance has %zu targets", d),
               (tril_param){ 0 };
    return tril_params_add(params, name, TRIL_SHAPE(d * (d + 1) / 2));
}
