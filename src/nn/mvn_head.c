/* The head of a full multivariate normal: raw outputs to distribution. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/params.h"
#include "dist/dist.h"
#include "kernels/mvn.h"
#include "nn/mvn_head.h"
#include "ops/rows.h"

typedef tril_mvn_head_layout head;

size_t tril_mvn_head_width(size_t d)
{
    /* with half the bits of a size_t, less one, the width fits */
    bool fits = d >> (4 * sizeof d - 1) == 0;
    return fits ? d + d * (d + 1) / 2 : SIZE_MAX;
}

bool tril_mvn_head_layout_of(tril_ctx *ctx, size_t d, const tril_mvn_head_opts *opts, head *h)
{
    const tril_mvn_head_opts defaults = { 0 };
    opts = opts ? opts : &defaults;
    *h = (head){ d, &tril_diag_elu, opts->floor,
                 opts->row_scaled ? TRIL_LOWER_SCALED : TRIL_LOWER_PACKED };
    if (opts->diagonal == TRIL_DIAGONAL_EXP)
        h->diagonal = &tril_diag_exp;
    else if (opts->diagonal == TRIL_DIAGONAL_SOFTPLUS)
        h->diagonal = &tril_diag_softplus;
    if (opts->floor == 0)
        h->floor = 1e-6;
    else if (opts->floor == TRIL_NO_FLOOR)
        h->floor = 0;
    if (d == 0 || tril_mvn_head_width(d) == SIZE_MAX)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "mvn_head: no network has %zu targets", d);
    if (opts->diagonal > TRIL_DIAGONAL_SOFTPLUS)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "mvn_head: there is no diagonal number %d",
                             (int)opts->diagonal);
    if (!(h->floor >= 0 && isfinite(h->floor)))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "mvn_head: a floor of %g, want a positive number or TRIL_NO_FLOOR",
                             opts->floor);
    return true;
}

/* ---- log_prob: inputs raw, y; saved: a row's arrays, the slopes of its diagonal, then sums of
 * shared gradients */

static tril_walk walk_of(const tril_node *node)
{
    return tril_walk_new(node->shape,
                         (tril_shape[]){ tril_shape_leading(node->in[0]->shape, 1),
                                         tril_shape_leading(node->in[1]->shape, 1) },
                         2);
}

static bool log_prob_shape(tril_node *node)
{
    const head *h = node->attrs;
    if (!tril_shape_broadcast(tril_shape_leading(node->in[0]->shape, 1),
                              tril_shape_leading(node->in[1]->shape, 1), &node->shape))
        return false; /* tril_log_prob has looked */
    size_t rows = tril_shape_size(node->shape);
    node->saved_bytes = (tril_mvn_row_doubles(h->d) + h->d) * sizeof(double) +
                        tril_row_grad_bytes(node, 0, rows, tril_mvn_head_width(h->d)) +
                        tril_row_grad_bytes(node, 1, rows, h->d);
    return true;
}

/* takes over a row of raw outputs; false where one of them is not finite */
static bool load_raw(const head *h, const tril_real *raw, tril_mvn_row *row, double *slope)
{
    const tril_real *s = raw + tril_mvn_head_width(h->d) - h->d;
    bool finite = true;
    for (const tril_real *p = raw + h->d; p < s; p++)
        finite &= isfinite(*p);
    row->off = raw + h->d;
    for (size_t i = 0; i < h->d; i++) {
        tril_diag v = h->diagonal->of((double)s[i], h->floor);
        finite &= isfinite(s[i]);
        row->diag[i] = v.value;
        row->log_diag[i] = v.log;
        slope[i] = v.slope;
    }
    return finite;
}

static bool log_prob_forward(tril_node *node)
{
    const head *h = node->attrs;
    size_t row_index = 0, width = tril_mvn_head_width(h->d);
    if (node->size == 0)
        return true;
    tril_mvn_row row = tril_mvn_row_at(node->saved, h->d, h->lower);
    double *slope = (double *)node->saved + tril_mvn_row_doubles(h->d);
    tril_walk w = walk_of(node);
    do {
        for (size_t i = 0; i < w.dim[0]; i++, row_index++) {
            const tril_real *raw = node->in[0]->value + (w.offset[0] + i * w.stride[0][0]) * width;
            const tril_real *y = node->in[1]->value + (w.offset[1] + i * w.stride[0][1]) * h->d;
            bool finite = load_raw(h, raw, &row, slope);
            if (!tril_mvn_row_residual(&row, y, raw) || !finite)
                return tril_op_fail(node, TRIL_NOT_FINITE, "y or the raw outputs%s are not finite",
                                    tril_shape_where(" of row ", node->shape, row_index).text);
            node->value[row_index] = tril_saturate(tril_mvn_row_log_prob(&row));
        }
    } while (tril_walk_next(&w));
    return true;
}

static void put_row(const head *h, const tril_mvn_row *row, const double *slope, double upstream,
                    tril_row_grad *raw, size_t at)
{
    size_t off = at + h->d, s = at + tril_mvn_head_width(h->d) - h->d;
    bool scaled = h->lower == TRIL_LOWER_SCALED;
    for (size_t i = 0; i < h->d; i++) {
        double a = tril_mvn_row_a(row, i);
        tril_row_grad_put(raw, at + i, upstream, a);
        for (size_t j = 0; j < i; j++)
            tril_row_grad_put(raw, off++, upstream, (scaled ? row->w[i] : a) * row->z[j]);
        /* with respect to log L_ii; a scaled row of L moves with it as a whole */
        double dlog = row->w[i] * (scaled ? tril_mvn_row_scaled_r(row, i) : row->z[i]) - 1;
        tril_row_grad_put(raw, s + i, upstream, tril_within(dlog, DBL_MAX) * slope[i]);
    }
}

static void log_prob_backward(tril_node *node, tril_real *const *grad_in)
{
    const head *h = node->attrs;
    size_t row_index = 0, width = tril_mvn_head_width(h->d);
    tril_mvn_row row = tril_mvn_row_at(node->saved, h->d, h->lower);
    double *slope = (double *)node->saved + tril_mvn_row_doubles(h->d);
    char *memory = (char *)(slope + h->d);
    tril_row_grad raw = tril_row_grad_begin(node, 0, node->size, width, grad_in[0], &memory);
    tril_row_grad y = tril_row_grad_begin(node, 1, node->size, h->d, grad_in[1], &memory);
    tril_walk w = walk_of(node);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i++, row_index++) {
            size_t at_raw = (w.offset[0] + i * w.stride[0][0]) * width;
            size_t at_y = (w.offset[1] + i * w.stride[0][1]) * h->d;
            double upstream = (double)node->grad[row_index];
            load_raw(h, node->in[0]->value + at_raw, &row, slope);
            tril_mvn_row_residual(&row, node->in[1]->value + at_y, node->in[0]->value + at_raw);
            tril_mvn_row_log_prob(&row);
            tril_mvn_row_backward(&row);
            put_row(h, &row, slope, upstream, &raw, at_raw);
            for (size_t j = 0; j < h->d; j++)
                tril_row_grad_put(&y, at_y + j, upstream, -tril_mvn_row_a(&row, j));
        }
    } while (node->size && tril_walk_next(&w));
    tril_row_grad_end(&raw);
    tril_row_grad_end(&y);
}

const tril_op tril_op_mvn_head_log_prob = { "log_prob(mvn_head)", log_prob_shape, log_prob_forward,
                                            log_prob_backward };

/* ---- scale_tril as a tensor, for the methods that want it: input raw [..., width], result [...,
 * d, d] */

static bool scale_tril_shape(tril_node *node)
{
    const head *h = node->attrs;
    node->shape = tril_shape_leading(node->in[0]->shape, 1);
    if (!tril_shape_append(&node->shape, h->d) || !tril_shape_append(&node->shape, h->d))
        return tril_op_fail(node, TRIL_BAD_SHAPE,
                            "raw is %s, whose matrices have no room in rank 4",
                            tril_shape_text(node->in[0]->shape).text);
    return true;
}

static bool scale_tril_forward(tril_node *node)
{
    const head *h = node->attrs;
    size_t width = tril_mvn_head_width(h->d), rows = node->in[0]->size / width;
    tril_real *to = node->value;
    for (const tril_real *raw = node->in[0]->value; rows--; raw += width) {
        const tril_real *off = raw + h->d, *s = raw + width - h->d;
        for (size_t i = 0; i < h->d; i++) {
            /* neither infinite nor zero in the type either */
            double v = h->diagonal->of((double)s[i], h->floor).value;
            v = v < (double)TRIL_REAL_MIN ? (double)TRIL_REAL_MIN : v;
            double scale = h->lower == TRIL_LOWER_SCALED ? v : 1;
            for (size_t j = 0; j < h->d; j++)
                *to++ = j < i    ? tril_saturate((double)*off++ * scale)
                        : j == i ? tril_saturate(v)
                                 : 0;
        }
    }
    return true;
}

static void scale_tril_backward(tril_node *node, tril_real *const *grad_in)
{
    const head *h = node->attrs;
    size_t width = tril_mvn_head_width(h->d), rows = node->in[0]->size / width;
    const tril_real *g = node->grad;
    tril_real *to = grad_in[0];
    for (const tril_real *raw = node->in[0]->value; rows--; raw += width, to += width) {
        const tril_real *off = raw + h->d, *s = raw + width - h->d;
        tril_real *to_off = to + h->d;
        memset(to, 0, h->d * sizeof *to);
        for (size_t i = 0; i < h->d; i++, g += h->d) {
            tril_diag v = h->diagonal->of((double)s[i], h->floor);
            double dlog = (double)g[i] * v.value; /* with respect to log L_ii */
            for (size_t j = 0; j < i; j++, off++) {
                bool scaled = h->lower == TRIL_LOWER_SCALED;
                *to_off++ = tril_saturate((double)g[j] * (scaled ? v.value : 1));
                dlog += scaled ? (double)g[j] * (double)*off * v.value : 0;
            }
            to[width - h->d + i] = tril_saturate(dlog * v.slope);
        }
    }
}

const tril_op tril_op_mvn_head_scale_tril = { "scale_tril(mvn_head)", scale_tril_shape,
                                              scale_tril_forward, scale_tril_backward };

/* ---- log of its diagonal, from s where L_ii would have lost it: raw [..., width] to [..., d] */

static bool log_diagonal_shape(tril_node *node)
{
    const head *h = node->attrs;
    node->shape = node->in[0]->shape;
    node->shape.dim[node->shape.rank - 1] = h->d;
    return true;
}

static bool log_diagonal_forward(tril_node *node)
{
    const head *h = node->attrs;
    size_t width = tril_mvn_head_width(h->d);
    for (size_t i = 0; i < node->size; i++) {
        tril_real s = node->in[0]->value[i / h->d * width + width - h->d + i % h->d];
        node->value[i] = (tril_real)h->diagonal->of((double)s, h->floor).log;
    }
    return true;
}

static void log_diagonal_backward(tril_node *node, tril_real *const *grad_in)
{
    const head *h = node->attrs;
    size_t width = tril_mvn_head_width(h->d);
    memset(grad_in[0], 0, node->in[0]->size * sizeof(tril_real));
    for (size_t i = 0; i < node->size; i++) {
        size_t at = i / h->d * width + width - h->d + i % h->d;
        double slope = h->diagonal->of((double)node->in[0]->value[at], h->floor).slope;
        grad_in[0][at] = (tril_real)((double)node->grad[i] * slope);
    }
}

const tril_op tril_op_mvn_head_log_diagonal = { "log_diagonal(mvn_head)", log_diagonal_shape,
                                                log_diagonal_forward, log_diagonal_backward };

/* ---- the distribution */

static tril_var head_log_prob(const tril_dist *p, tril_var y)
{
    return tril_op_apply(&tril_op_mvn_head_log_prob, (tril_var[]){ p->param[0], y }, 2, p->attrs,
                         sizeof(head));
}

static tril_dist as_mvn(const tril_dist *p)
{
    const head *h = p->attrs;
    return tril_mvn(tril_slice(p->param[0], -1, 0, h->d),
                    tril_op_apply(&tril_op_mvn_head_scale_tril, p->param, 1, h, sizeof *h));
}

static tril_var head_rsample(const tril_dist *p, size_t n)
{
    return tril_rsample(as_mvn(p), n);
}

static tril_var head_entropy(const tril_dist *p)
{
    tril_var log_diagonal =
        tril_op_apply(&tril_op_mvn_head_log_diagonal, p->param, 1, p->attrs, sizeof(head));
    return tril_mvn_entropy_of(tril_sum_axis(log_diagonal, -1, false), p->event.dim[0]);
}

static tril_var head_mean(const tril_dist *p)
{
    return tril_slice(p->param[0], -1, 0, ((const head *)p->attrs)->d);
}

static tril_var head_covariance(const tril_dist *p)
{
    return tril_dist_covariance(as_mvn(p));
}

static tril_var head_variance(const tril_dist *p)
{
    return tril_dist_variance(as_mvn(p));
}

const tril_dist_kind tril_dist_kind_mvn_head = { .name = "mvn_head",
                                                 .log_prob = head_log_prob,
                                                 .rsample = head_rsample,
                                                 .entropy = head_entropy,
                                                 .mean = head_mean,
                                                 .variance = head_variance,
                                                 .covariance = head_covariance,
                                                 .mode = head_mean,
                                                 .as_mvn = as_mvn };

tril_dist tril_mvn_head(tril_var raw, size_t d, const tril_mvn_head_opts *opts)
{
    const tril_dist none = { 0 };
    tril_shape shape;
    head h;
    if (!tril_var_shape(raw, "mvn_head", &shape) ||
        !tril_mvn_head_layout_of(tril_tape_ctx(raw.tape), d, opts, &h))
        return none;
    if (shape.rank == 0 || shape.dim[shape.rank - 1] != tril_mvn_head_width(d))
        return tril_var_fail(raw.tape, "mvn_head", TRIL_BAD_SHAPE,
                             "raw is %s, but %zu targets need rows of %zu numbers",
                             tril_shape_text(shape).text, d, tril_mvn_head_width(d)),
               none;
    const head *kept = tril_tape_copy(raw.tape, &h, sizeof h);
    if (!kept)
        return none;
    return (tril_dist){
        &tril_dist_kind_mvn_head, { raw }, tril_shape_leading(shape, 1), { 1, { d } }, kept
    };
}
