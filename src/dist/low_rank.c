/* The multivariate normal with covariance W W' + diag(D). */
#include "kernels/low_rank.h"

#include <math.h>
#include <string.h>

#include "dist/dist.h"
#include "ops/ops.h"
#include "ops/rows.h"

/* ---- rows of an op whose inputs are loc [..., d], factor W [..., d, r], diag D [..., d] and, for
 * log_prob, y [..., d] */

enum { LOC, FACTOR, DIAG, Y, N_IN };

typedef struct sizes {
    size_t d, r, event[N_IN]; /* of each input, how many numbers a row has */
} sizes;

static sizes sizes_of(const tril_node *node)
{
    tril_shape factor = node->in[FACTOR]->shape;
    size_t d = factor.dim[factor.rank - 2], r = factor.dim[factor.rank - 1];
    return (sizes){ d, r, { d, d * r, d, d } };
}

static tril_shape batch_of(const tril_node *node, size_t k)
{
    return tril_shape_leading(node->in[k]->shape, k == FACTOR ? 2 : 1);
}

static bool rows_shape(tril_node *node, tril_shape *rows)
{
    *rows = batch_of(node, 0);
    for (size_t k = 1; k < node->n_in; k++)
        if (!tril_shape_broadcast(*rows, batch_of(node, k), rows))
            return false; /* tril_mvn_low_rank and the methods have looked */
    return true;
}

static tril_walk walk_of(const tril_node *node, tril_shape rows)
{
    tril_shape batches[N_IN];
    for (size_t k = 0; k < node->n_in; k++)
        batches[k] = batch_of(node, k);
    return tril_walk_new(rows, batches, node->n_in);
}

static size_t gradient_bytes(const tril_node *node, size_t rows)
{
    const sizes n = sizes_of(node);
    size_t bytes = 0;
    for (size_t k = 0; k < node->n_in; k++)
        bytes += tril_row_grad_bytes(node, k, rows, n.event[k]);
    return bytes;
}

static void begin(const tril_node *node, size_t rows, tril_row_grad *grads,
                  tril_real *const *grad_in, char *memory)
{
    const sizes n = sizes_of(node);
    for (size_t k = 0; k < node->n_in; k++)
        grads[k] = tril_row_grad_begin(node, k, rows, n.event[k], grad_in[k], &memory);
}

/* ---- log_prob; saved: a row's arrays, then sums of shared gradients */

static bool log_prob_shape(tril_node *node)
{
    const sizes n = sizes_of(node);
    if (!rows_shape(node, &node->shape))
        return false;
    node->saved_bytes = tril_low_rank_row_doubles(n.d, n.r) * sizeof(double) +
                        gradient_bytes(node, tril_shape_size(node->shape));
    return true;
}

/* A walk over rows; the arrays know the factor and the diagonal of the last one. */
typedef struct rows {
    sizes n;
    tril_walk walk;
    tril_low_rank_row row;
    size_t at[N_IN]; /* where each input of the present row begins */
    bool loaded;
} rows;

static rows rows_of(const tril_node *node)
{
    const sizes n = sizes_of(node);
    return (rows){ .n = n,
                   .walk = walk_of(node, node->shape),
                   .row = tril_low_rank_row_at(node->saved, n.d, n.r) };
}

/* The log-density of row i, NaN where it is not finite; whether its factor is a new one. */
static double row_log_prob(const tril_node *node, rows *s, size_t i, bool *is_new)
{
    size_t before[N_IN];
    memcpy(before, s->at, sizeof before);
    for (size_t k = 0; k < N_IN; k++)
        s->at[k] = (s->walk.offset[k] + i * s->walk.stride[0][k]) * s->n.event[k];
    *is_new = !s->loaded || s->at[FACTOR] != before[FACTOR] || s->at[DIAG] != before[DIAG];
    for (size_t j = 0; j < s->n.d && *is_new; j++) {
        double diag = (double)node->in[DIAG]->value[s->at[DIAG] + j];
        s->row.scale[j] = sqrt(diag);
        s->row.log_scale[j] = 0.5 * log(diag);
    }
    if (*is_new)
        tril_low_rank_row_factor(&s->row, node->in[FACTOR]->value + s->at[FACTOR]);
    s->loaded = true;
    return tril_low_rank_row_residual(&s->row, node->in[Y]->value + s->at[Y],
                                      node->in[LOC]->value + s->at[LOC])
               ? tril_low_rank_row_log_prob(&s->row)
               : (double)NAN;
}

static bool log_prob_forward(tril_node *node)
{
    rows s = rows_of(node);
    size_t index = 0;
    bool is_new;
    do {
        for (size_t i = 0; i < s.walk.dim[0] && node->size; i++, index++) {
            double log_prob = row_log_prob(node, &s, i, &is_new);
            if (isnan(log_prob))
                return tril_op_fail(node, TRIL_NOT_FINITE, "y or loc%s is not finite",
                                    tril_shape_where(" of row ", node->shape, index).text);
            node->value[index] = tril_saturate(log_prob);
        }
    } while (node->size && tril_walk_next(&s.walk));
    return true;
}

static void log_prob_backward(tril_node *node, tril_real *const *grad_in)
{
    rows s = rows_of(node);
    size_t index = 0;
    bool is_new;
    tril_row_grad grads[N_IN];
    begin(node, node->size, grads, grad_in,
          (char *)node->saved + tril_low_rank_row_doubles(s.n.d, s.n.r) * sizeof(double));
    do {
        for (size_t i = 0; i < s.walk.dim[0] && node->size; i++, index++) {
            double upstream = (double)node->grad[index];
            row_log_prob(node, &s, i, &is_new);
            if (is_new)
                tril_low_rank_row_backward(&s.row);
            for (size_t j = 0; j < s.n.d; j++) {
                double dloc = tril_low_rank_row_dloc(&s.row, j), scale = s.row.scale[j];
                tril_row_grad_put(&grads[LOC], s.at[LOC] + j, upstream, dloc);
                tril_row_grad_put(&grads[Y], s.at[Y] + j, upstream, -dloc);
                tril_row_grad_put(&grads[DIAG], s.at[DIAG] + j, upstream,
                                  0.5 * tril_low_rank_row_dlog_scale(&s.row, j) / scale / scale);
                for (size_t a = 0; a < s.n.r; a++)
                    tril_row_grad_put(&grads[FACTOR], s.at[FACTOR] + j * s.n.r + a, upstream,
                                      tril_low_rank_row_dw(&s.row, j, a));
            }
        }
    } while (node->size && tril_walk_next(&s.walk));
    for (size_t k = 0; k < N_IN; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_low_rank_log_prob = { "log_prob(mvn_low_rank)", log_prob_shape,
                                            log_prob_forward, log_prob_backward };

/* ---- rsample: loc + W e + sqrt(D) eps; attributes: number of draws; saved: for each draw e and
 * eps, then sums of shared gradients */

static bool rsample_shape(tril_node *node)
{
    const size_t n_draws = *(const size_t *)node->attrs;
    const sizes n = sizes_of(node);
    tril_shape batch;
    if (!rows_shape(node, &batch))
        return false;
    node->shape = (tril_shape){ n_draws > 0, { n_draws } };
    for (size_t i = 0; i < batch.rank; i++)
        tril_shape_append(&node->shape, batch.dim[i]);
    size_t draws = tril_shape_size(node->shape);
    tril_shape_append(&node->shape, n.d);
    node->saved_bytes = draws * (n.r + n.d) * sizeof(double) + gradient_bytes(node, draws);
    return true;
}

static bool rsample_forward(tril_node *node)
{
    const sizes n = sizes_of(node);
    tril_real *e = node->saved, *to = node->value;
    tril_random_normal(tril_ctx_random(tril_tape_ctx(node->tape)), e,
                       node->size / n.d * (n.r + n.d));
    tril_walk w = walk_of(node, tril_shape_leading(node->shape, 1));
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i++, e += n.r + n.d) {
            const tril_real *x[N_IN];
            for (size_t k = 0; k < node->n_in; k++)
                x[k] = node->in[k]->value + (w.offset[k] + i * w.stride[0][k]) * n.event[k];
            for (size_t j = 0; j < n.d; j++) {
                double sum = (double)x[LOC][j] + sqrt((double)x[DIAG][j]) * (double)e[n.r + j];
                for (size_t a = 0; a < n.r; a++)
                    sum += (double)x[FACTOR][j * n.r + a] * (double)e[a];
                *to++ = tril_saturate(sum);
            }
        }
    } while (node->size && tril_walk_next(&w));
    return true;
}

static void rsample_backward(tril_node *node, tril_real *const *grad_in)
{
    const sizes n = sizes_of(node);
    const tril_real *e = node->saved, *g = node->grad;
    size_t draws = node->size / n.d;
    tril_row_grad grads[N_IN];
    begin(node, draws, grads, grad_in, (char *)node->saved + draws * (n.r + n.d) * sizeof(double));
    tril_walk w = walk_of(node, tril_shape_leading(node->shape, 1));
    do {
        for (size_t i = 0; i < w.dim[0] && draws; i++, e += n.r + n.d)
            for (size_t j = 0; j < n.d; j++, g++) {
                size_t row[N_IN];
                for (size_t k = 0; k < node->n_in; k++)
                    row[k] = w.offset[k] + i * w.stride[0][k];
                double diag = (double)node->in[DIAG]->value[row[DIAG] * n.d + j];
                tril_row_grad_put(&grads[LOC], row[LOC] * n.d + j, (double)*g, 1);
                tril_row_grad_put(&grads[DIAG], row[DIAG] * n.d + j, (double)*g,
                                  0.5 * (double)e[n.r + j] / sqrt(diag));
                for (size_t a = 0; a < n.r; a++)
                    tril_row_grad_put(&grads[FACTOR], (row[FACTOR] * n.d + j) * n.r + a, (double)*g,
                                      (double)e[a]);
            }
    } while (draws && tril_walk_next(&w));
    for (size_t k = 0; k < node->n_in; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_low_rank_rsample = { "rsample(mvn_low_rank)", rsample_shape, rsample_forward,
                                           rsample_backward };

/* ---- the distribution */

static tril_var low_rank_log_prob(const tril_dist *p, tril_var y)
{
    return tril_op_apply(&tril_op_low_rank_log_prob,
                         (tril_var[]){ p->param[LOC], p->param[FACTOR], p->param[DIAG], y }, N_IN,
                         NULL, 0);
}

static tril_var low_rank_rsample(const tril_dist *p, size_t n)
{
    return tril_op_apply(&tril_op_low_rank_rsample, p->param, 3, &n, sizeof n);
}

static tril_var low_rank_mean(const tril_dist *p)
{
    return tril_dist_stretch(p, "mean", p->param[LOC], 1);
}

static tril_var low_rank_variance(const tril_dist *p)
{
    tril_var of_factors = tril_sum_axis(tril_square(p->param[FACTOR]), -1, false);
    return tril_dist_stretch(p, "variance", tril_add(of_factors, p->param[DIAG]), 1);
}

/* a [..., n, m] and diag(scale) of scale [..., n] side by side, in the batch of both */
static tril_var beside(const tril_dist *p, const char *method, tril_var a, tril_var scale)
{
    tril_shape shape_a, shape_scale, batch;
    if (!tril_var_shape(a, method, &shape_a) || !tril_var_shape(scale, method, &shape_scale) ||
        !tril_shape_broadcast(tril_shape_leading(shape_a, 2), tril_shape_leading(shape_scale, 1),
                              &batch))
        return (tril_var){ 0 };
    tril_dist both = *p;
    both.batch = batch;
    tril_var parts[2] = { tril_dist_stretch(&both, method, a, 2),
                          tril_dist_stretch(&both, method, tril_diag_embed(scale), 2) };
    return tril_concat(parts, 2, -1);
}

static tril_var low_rank_factor(const tril_dist *p)
{
    return beside(p, "covariance", p->param[FACTOR], tril_sqrt(p->param[DIAG]));
}

/* The triangular factor of a a' + diag(scale)^2. No pivot is below scale. */
static tril_var factor_of_both(const tril_dist *p, const char *method, tril_var a, tril_var scale)
{
    tril_var both = beside(p, method, a, scale);
    tril_dist stretched = *p;
    if (!both.tape)
        return both;
    stretched.batch = tril_shape_leading(tril_shape_of(both), 2);
    return tril_lq_above(both, tril_dist_stretch(&stretched, method, tril_detach(scale), 1));
}

/* whether D has room for a further axis; loc needs none */
static bool has_room(const tril_dist *p, const char *method)
{
    return tril_dist_has_room(p, method, tril_shape_leading(tril_shape_of(p->param[DIAG]), 1));
}

static tril_dist low_rank_as_mvn(const tril_dist *p)
{
    if (!has_room(p, "scale_tril"))
        return (tril_dist){ 0 };
    tril_var scale_tril =
        factor_of_both(p, "scale_tril", p->param[FACTOR], tril_sqrt(p->param[DIAG]));
    return scale_tril.tape ? tril_mvn(p->param[LOC], scale_tril) : (tril_dist){ 0 };
}

/* log det / 2 = sum log D_i / 2 + sum log of the diagonal of lq([V' I]), V = D^-1/2 W */
static tril_var low_rank_entropy(const tril_dist *p)
{
    tril_tape *tape = p->param[DIAG].tape;
    if (!has_room(p, "entropy"))
        return (tril_var){ 0 };
    tril_shape w = tril_shape_of(p->param[FACTOR]), diag = tril_shape_of(p->param[DIAG]);
    size_t r = w.dim[w.rank - 1];
    tril_shape_append(&diag, 1);
    tril_var log_det = tril_sum_axis(tril_log(p->param[DIAG]), -1, false);
    tril_var v = tril_div(p->param[FACTOR], tril_sqrt(tril_reshape(p->param[DIAG], diag)));
    tril_real *ones = tril_tape_take(tape, r, sizeof *ones);
    for (size_t a = 0; a < r && ones; a++)
        ones[a] = 1;
    tril_var l = factor_of_both(p, "entropy", tril_transpose(v, -2, -1),
                                tril_input(tape, ones, TRIL_SHAPE(r)));
    log_det = tril_add(tril_mul(log_det, tril_scalar(tape, (tril_real)0.5)),
                       tril_sum_axis(tril_log(tril_diagonal(l)), -1, false));
    return tril_dist_stretch(p, "entropy", tril_mvn_entropy_of(log_det, p->event.dim[0]), 0);
}

const tril_dist_kind tril_dist_kind_mvn_low_rank = { .name = "mvn_low_rank",
                                                     .log_prob = low_rank_log_prob,
                                                     .rsample = low_rank_rsample,
                                                     .entropy = low_rank_entropy,
                                                     .mean = low_rank_mean,
                                                     .variance = low_rank_variance,
                                                     .factor = low_rank_factor,
                                                     .mode = low_rank_mean,
                                                     .as_mvn = low_rank_as_mvn };

tril_dist tril_mvn_low_rank(tril_var loc, tril_var factor, tril_var diag)
{
    const tril_dist none = { 0 };
    tril_tape *tape = loc.tape ? loc.tape : factor.tape ? factor.tape : diag.tape;
    tril_shape m, w, s, batch;
    if (!tape || loc.tape != factor.tape || loc.tape != diag.tape)
        return tril_var_fail(tape, "mvn_low_rank", TRIL_BAD_VAR,
                             "loc, factor and diag are not three vars of one tape"),
               none;
    if (!tril_var_shape(loc, "mvn_low_rank", &m) || !tril_var_shape(factor, "mvn_low_rank", &w) ||
        !tril_var_shape(diag, "mvn_low_rank", &s))
        return none;
    size_t d = m.rank ? m.dim[m.rank - 1] : 0;
    if (d == 0 || w.rank < 2 || w.dim[w.rank - 2] != d || w.dim[w.rank - 1] == 0 || s.rank == 0 ||
        s.dim[s.rank - 1] != d)
        return tril_var_fail(tape, "mvn_low_rank", TRIL_BAD_SHAPE,
                             "loc is %s, factor %s and diag %s, want [..., d], [..., d, r] and "
                             "[..., d]",
                             tril_shape_text(m).text, tril_shape_text(w).text,
                             tril_shape_text(s).text),
               none;
    if (!tril_shape_broadcast(tril_shape_leading(m, 1), tril_shape_leading(w, 2), &batch) ||
        !tril_shape_broadcast(batch, tril_shape_leading(s, 1), &batch))
        return tril_var_fail(tape, "mvn_low_rank", TRIL_BAD_SHAPE,
                             "loc is %s, factor %s and diag %s: their batch dimensions do not "
                             "broadcast",
                             tril_shape_text(m).text, tril_shape_text(w).text,
                             tril_shape_text(s).text),
               none;
    const char *what = tril_dist_kind_mvn_low_rank.name;
    if (!tril_dist_valid(what, "loc", loc, false) ||
        !tril_dist_valid(what, "factor", factor, false) ||
        !tril_dist_valid(what, "diag", diag, true))
        return none;
    return (tril_dist){
        &tril_dist_kind_mvn_low_rank, { loc, factor, diag }, batch, { 1, { d } }, NULL
    };
}
