/* The multivariate normal by loc and scale_tril. */
#include "dist/mvn.h"
#include "core/finite.h"
#include "core/tape.h"
#include "dist/student.h"
#include "kernels/special.h"
#include "ops/ops.h"

enum { FACTOR = 1, DRAWS_DF = 2, DF = 3, MAX_IN = 4 };

static tril_shape batch_of(const tril_node *node, size_t k)
{
    return tril_shape_leading(node->in[k]->shape, k == FACTOR ? 2 : 1);
}

bool tril_mvn_batch_shape(const tril_node *node, tril_shape *rows)
{
    *rows = (tril_shape){ 0 };
    for (size_t k = 0; k < node->n_in; k++)
        if (!tril_shape_broadcast(*rows, batch_of(node, k), rows))
            return false; /* distributions and tril_log_prob have looked */
    return true;
}

tril_walk tril_mvn_walk(const tril_node *node, tril_shape rows)
{
    tril_shape batches[MAX_IN];
    for (size_t k = 0; k < node->n_in; k++)
        batches[k] = batch_of(node, k);
    return tril_walk_new(rows, batches, node->n_in);
}

size_t tril_mvn_dim(const tril_node *node)
{
    return node->in[0]->shape.dim[node->in[0]->shape.rank - 1];
}

/* ---- log_prob; attributes: the form; saved: a row's arrays, all rows' slopes if they are needed,
 * then sums of shared inputs' gradients */

size_t tril_mvn_event(size_t k, size_t d)
{
    return k == FACTOR ? d * d : k == DF ? 1 : d;
}

bool tril_mvn_log_prob_shape(tril_node *node)
{
    size_t d = tril_mvn_dim(node);
    if (!tril_mvn_batch_shape(node, &node->shape))
        return false;
    node->saved_bytes = tril_mvn_row_doubles(d) * sizeof(double);
    for (size_t k = 0; k < node->n_in; k++)
        node->saved_bytes +=
            tril_row_grad_bytes(node, k, tril_shape_size(node->shape), tril_mvn_event(k, d));
    return true;
}

bool tril_mvn_rows_shape(tril_node *node)
{
    const tril_mvn_form *form = *(const tril_mvn_form **)node->attrs;
    if (!tril_mvn_log_prob_shape(node))
        return false;
    if (node->needs_grad)
        node->saved_bytes += tril_shape_size(node->shape) * sizeof(double) *
                             tril_mvn_slopes_doubles(tril_mvn_dim(node), form->of_precision);
    return true;
}

/* where those of a row are, or of row `rows`, where they end */
static double *slopes_memory(const tril_node *node, size_t row_index)
{
    const tril_mvn_form *form = *(const tril_mvn_form **)node->attrs;
    size_t d = tril_mvn_dim(node);
    return (double *)node->saved + tril_mvn_row_doubles(d) +
           row_index * tril_mvn_slopes_doubles(d, form->of_precision);
}

/* degrees of freedom, if there are any, at element i of the walk's row */
static double df_at(const tril_node *node, const tril_walk *w, size_t i)
{
    return node->n_in > DF ? (double)node->in[DF]->value[w->offset[DF] + i * w->stride[0][DF]] : 0;
}

bool tril_mvn_rows_forward(tril_node *node)
{
    const tril_mvn_form *form = *(const tril_mvn_form **)node->attrs;
    size_t d = tril_mvn_dim(node), row_index = 0;
    if (node->size == 0)
        return true;
    tril_mvn_row row = tril_mvn_row_at(node->saved, d, TRIL_LOWER_FULL);
    tril_walk w = tril_mvn_walk(node, node->shape);
    do {
        for (size_t i = 0; i < w.dim[0]; i++, row_index++) {
            const tril_real *own = node->in[1]->value + (w.offset[1] + i * w.stride[0][1]) * d * d;
            if (row.off != own)
                tril_mvn_row_load(&row, own);
            if (!tril_mvn_row_residual(&row,
                                       node->in[2]->value + (w.offset[2] + i * w.stride[0][2]) * d,
                                       node->in[0]->value + (w.offset[0] + i * w.stride[0][0]) * d))
                return tril_op_fail(node, TRIL_NOT_FINITE, "y or loc%s is not finite",
                                    tril_shape_where(" of row ", node->shape, row_index).text);
            row.df = df_at(node, &w, i);
            node->value[row_index] = tril_saturate(form->log_prob(&row));
            tril_mvn_slopes slopes =
                tril_mvn_slopes_at(slopes_memory(node, row_index), d, form->of_precision);
            if (node->needs_grad)
                form->slopes(&row, &slopes);
        }
    } while (tril_walk_next(&w));
    return true;
}

static void slopes_by_scale(tril_mvn_row *row, const tril_mvn_slopes *s)
{
    tril_mvn_row_slopes(row, 1, s);
}

const tril_mvn_form tril_mvn_by_scale = { tril_mvn_row_log_prob, slopes_by_scale, false };

void tril_mvn_put_row(size_t d, const tril_mvn_slopes *s, double upstream, tril_row_grad *grads,
                      const size_t *at)
{
    tril_row_grad_put_all(&grads[0], at[0], d, upstream, 1, s->loc);
    tril_row_grad_put_all(&grads[2], at[2], d, upstream, -1, s->loc);
    tril_row_grad_put_triangle(&grads[1], at[1], d, upstream, s->left, s->z, s->diag);
}

void tril_mvn_rows_backward(tril_node *node, tril_real *const *grad_in)
{
    const tril_mvn_form *form = *(const tril_mvn_form **)node->attrs;
    size_t d = tril_mvn_dim(node), row_index = 0;
    char *memory = (char *)slopes_memory(node, node->size);
    tril_row_grad grads[MAX_IN];
    for (size_t k = 0; k < node->n_in; k++)
        grads[k] =
            tril_row_grad_begin(node, k, node->size, tril_mvn_event(k, d), grad_in[k], &memory);
    tril_walk w = tril_mvn_walk(node, node->shape);
    do {
        for (size_t i = 0; i < w.dim[0] && node->size; i++, row_index++) {
            double upstream = (double)node->grad[row_index];
            size_t at[MAX_IN];
            for (size_t k = 0; k < node->n_in; k++)
                at[k] = (w.offset[k] + i * w.stride[0][k]) * tril_mvn_event(k, d);
            tril_mvn_slopes slopes =
                tril_mvn_slopes_at(slopes_memory(node, row_index), d, form->of_precision);
            tril_mvn_put_row(d, &slopes, upstream, grads, at);
            if (node->n_in > DF)
                tril_row_grad_put(
                    &grads[DF], at[DF], upstream,
                    tril_student_log_slope(tril_mvn_squares(d, slopes.z), df_at(node, &w, i), d));
        }
    } while (node->size && tril_walk_next(&w));
    for (size_t k = 0; k < node->n_in; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_mvn_log_prob = { "log_prob(mvn)", tril_mvn_rows_shape, tril_mvn_rows_forward,
                                       tril_mvn_rows_backward };

/* ---- rsample: loc + L eps; attributes: number of draws; saved: eps, then sums of shared inputs'
 * gradients */

bool tril_mvn_rsample_shape(tril_node *node)
{
    const size_t n = *(const size_t *)node->attrs, d = tril_mvn_dim(node);
    tril_shape batch;
    if (!tril_mvn_batch_shape(node, &batch))
        return false;
    node->shape.rank = n > 0;
    node->shape.dim[0] = n;
    for (size_t i = 0; i < batch.rank; i++)
        tril_shape_append(&node->shape, batch.dim[i]);
    tril_shape_append(&node->shape, d);
    size_t size = tril_shape_size(node->shape);
    node->saved_bytes = size * sizeof(double);
    for (size_t k = 0; k < 2; k++)
        node->saved_bytes += tril_row_grad_bytes(node, k, size / (d ? d : 1), tril_mvn_event(k, d));
    return true;
}

bool tril_mvn_rsample_forward(tril_node *node)
{
    size_t d = tril_mvn_dim(node), row_index = 0;
    tril_real *eps = node->saved;
    tril_random_normal(tril_ctx_random(tril_tape_ctx(node->tape)), eps, node->size);
    if (node->n_in > DRAWS_DF)
        tril_student_weigh(node, eps, d, tril_shape_leading(node->shape, 1), DRAWS_DF,
                           batch_of(node, DRAWS_DF));
    if (node->size == 0)
        return true;
    tril_walk w = tril_mvn_walk(node, tril_shape_leading(node->shape, 1));
    do {
        for (size_t i = 0; i < w.dim[0]; i++, row_index++) {
            const tril_real *loc = node->in[0]->value + (w.offset[0] + i * w.stride[0][0]) * d;
            const tril_real *factor =
                node->in[1]->value + (w.offset[1] + i * w.stride[0][1]) * d * d;
            for (size_t j = 0; j < d; j++) {
                double x = (double)loc[j];
                for (size_t k = 0; k <= j; k++)
                    x += (double)factor[j * d + k] * (double)eps[row_index * d + k];
                node->value[row_index * d + j] = tril_saturate(x);
            }
        }
    } while (tril_walk_next(&w));
    return true;
}

void tril_mvn_rsample_backward(tril_node *node, tril_real *const *grad_in)
{
    size_t d = tril_mvn_dim(node), rows = node->size / (d ? d : 1), row_index = 0;
    const tril_real *eps = node->saved;
    char *memory = (char *)node->saved + node->size * sizeof(double);
    tril_row_grad loc = tril_row_grad_begin(node, 0, rows, d, grad_in[0], &memory);
    tril_row_grad factor = tril_row_grad_begin(node, 1, rows, d * d, grad_in[1], &memory);
    tril_walk w = tril_mvn_walk(node, tril_shape_leading(node->shape, 1));
    do {
        for (size_t i = 0; i < w.dim[0] && rows; i++, row_index++)
            for (size_t j = 0; j < d; j++) {
                double g = (double)node->grad[row_index * d + j];
                tril_row_grad_put(&loc, (w.offset[0] + i * w.stride[0][0]) * d + j, g, 1);
                size_t line = (w.offset[1] + i * w.stride[0][1]) * d * d + j * d;
                for (size_t k = 0; k < d && factor.grad; k++)
                    tril_row_grad_put(&factor, line + k, g,
                                      k > j ? 0 : (double)eps[row_index * d + k]);
            }
    } while (rows && tril_walk_next(&w));
    tril_row_grad_end(&loc);
    tril_row_grad_end(&factor);
}

const tril_op tril_op_mvn_rsample = { "rsample(mvn)", tril_mvn_rsample_shape,
                                      tril_mvn_rsample_forward, tril_mvn_rsample_backward };

/* ---- the distribution */

static tril_var mvn_log_prob(const tril_dist *p, tril_var y)
{
    if (tril_mvn_has_lanes(p))
        return tril_mvn_lanes_log_prob_of(p, y);
    if (tril_mvn_is_shared(p, y))
        return tril_mvn_shared_log_prob(&tril_mvn_by_scale, p, y);
    return tril_op_apply(&tril_op_mvn_log_prob, (tril_var[]){ p->param[0], p->param[1], y }, 3,
                         &(const tril_mvn_form *){ &tril_mvn_by_scale }, sizeof(tril_mvn_form *));
}

static tril_var mvn_rsample(const tril_dist *p, size_t n)
{
    return tril_op_apply(&tril_op_mvn_rsample, p->param, 2, &n, sizeof n);
}

tril_var tril_mvn_entropy_of(tril_var log_det, size_t d)
{
    tril_real constant = (tril_real)(0.5 * (double)d * (1 + TRIL_LOG_2PI));
    return tril_add(log_det, tril_scalar(log_det.tape, constant));
}

static tril_var mvn_entropy(const tril_dist *p)
{
    tril_var log_det = tril_sum_axis(tril_log(tril_diagonal(p->param[1])), -1, false);
    return tril_dist_stretch(p, "entropy", tril_mvn_entropy_of(log_det, p->event.dim[0]), 0);
}

tril_var tril_mvn_mean(const tril_dist *p)
{
    return tril_dist_stretch(p, "mean", p->param[0], 1);
}

/* the diagonal of L L': sums of squares along the rows of L */
static tril_var mvn_variance(const tril_dist *p)
{
    tril_var factor = tril_tril(p->param[1]);
    return tril_dist_stretch(p, "variance", tril_sum_axis(tril_square(factor), -1, false), 1);
}

static tril_dist mvn_as_mvn(const tril_dist *p)
{
    return *p;
}

const tril_dist_kind tril_dist_kind_mvn = { .name = "mvn",
                                            .log_prob = mvn_log_prob,
                                            .log_prob_observed = tril_mvn_log_prob_observed,
                                            .rsample = mvn_rsample,
                                            .entropy = mvn_entropy,
                                            .mean = tril_mvn_mean,
                                            .variance = mvn_variance,
                                            .mode = tril_mvn_mean,
                                            .as_mvn = mvn_as_mvn };

/* some matrices at a time, which stay in the cache, entry by entry */
static bool positive_diagonals(size_t n, size_t d, const tril_real *l)
{
    enum { SOME = 64 };
    unsigned other = 0;
    for (size_t i = 0; i < n; i += SOME, l += SOME * d * d)
        for (size_t j = 0; j < d; j++) {
            const tril_real *own = l + j * (d + 1);
            for (size_t k = 0; k < SOME && i + k < n; k++)
                other |= !(own[k * d * d] > 0);
        }
    return !other;
}

/* Finite numbers, and a positive diagonal. Lines are looked at only where some number is wrong; it
 * may stand above the diagonal, and is right there. */
static bool valid(const char *what, const char *name, tril_var loc, tril_var factor)
{
    tril_shape shape = tril_shape_of(loc), batch = tril_shape_leading(tril_shape_of(factor), 2);
    const tril_real *l = tril_value(factor);
    size_t d = shape.dim[shape.rank - 1], lines = tril_shape_size(batch) * d;
    if (!tril_dist_valid(what, "loc", loc, false))
        return false;
    if (tril_var_first_not_finite(factor) == lines * d && positive_diagonals(lines / d, d, l))
        return true;
    for (size_t i = 0; i < lines; i++) {
        const tril_real *line = l + i * d;
        size_t pivot = i % d, j = tril_first_not_finite(line, pivot + 1);
        if (j > pivot && line[pivot] > 0)
            continue;
        bool finite = j > pivot;
        j = finite ? pivot : j;
        return tril_var_fail(loc.tape, what, finite ? TRIL_NOT_POSITIVE : TRIL_NOT_FINITE,
                             "%s%s is %g at [%zu, %zu]%s", name,
                             tril_shape_where(" of batch index ", batch, i / d).text,
                             (double)line[j], pivot, j,
                             finite ? ": its diagonal must be positive" : ""),
               false;
    }
    return true;
}

/* whether loc is [..., d] and the other [..., d, d], of one tape */
static bool fits(const char *what, const char *name, tril_var loc, tril_var matrix,
                 tril_shape *batch)
{
    tril_shape m, f;
    if (!loc.tape || loc.tape != matrix.tape)
        return tril_var_fail(loc.tape ? loc.tape : matrix.tape, what, TRIL_BAD_VAR,
                             "loc and %s are not two vars of one tape", name),
               false;
    if (!tril_var_shape(loc, what, &m) || !tril_var_shape(matrix, what, &f))
        return false;
    size_t d = m.rank ? m.dim[m.rank - 1] : 0;
    if (d == 0 || f.rank < 2 || f.dim[f.rank - 1] != d || f.dim[f.rank - 2] != d)
        return tril_var_fail(loc.tape, what, TRIL_BAD_SHAPE,
                             "loc is %s and %s %s, want [..., d] and [..., d, d]",
                             tril_shape_text(m).text, name, tril_shape_text(f).text),
               false;
    if (!tril_shape_broadcast(tril_shape_leading(m, 1), tril_shape_leading(f, 2), batch))
        return tril_var_fail(loc.tape, what, TRIL_BAD_SHAPE,
                             "loc is %s and %s %s: their batch dimensions do not broadcast",
                             tril_shape_text(m).text, name, tril_shape_text(f).text),
               false;
    return true;
}

tril_dist tril_mvn_by_factor(const tril_dist_kind *kind, const char *what, const char *name,
                             tril_var loc, tril_var factor)
{
    tril_dist p = { .kind = kind, .param = { loc, factor } };
    if (!fits(what, name, loc, factor, &p.batch) ||
        (tril_ctx_validates(tril_tape_ctx(loc.tape)) && !valid(what, name, loc, factor)))
        return (tril_dist){ 0 };
    tril_shape m = tril_shape_of(loc);
    p.event = (tril_shape){ 1, { m.dim[m.rank - 1] } };
    return p;
}

tril_dist tril_mvn_by_matrix(const tril_dist_kind *kind, const char *what, const char *name,
                             tril_var loc, tril_var matrix)
{
    tril_shape batch;
    if (!fits(what, name, loc, matrix, &batch))
        return (tril_dist){ 0 };
    tril_var factor = tril_cholesky_for(what, matrix);
    return factor.tape ? tril_mvn_by_factor(kind, what, name, loc, factor) : (tril_dist){ 0 };
}

tril_dist tril_mvn(tril_var loc, tril_var scale_tril)
{
    return tril_mvn_by_factor(&tril_dist_kind_mvn, "mvn", "scale_tril", loc, scale_tril);
}

tril_dist tril_mvn_covariance(tril_var loc, tril_var covariance)
{
    return tril_mvn_by_matrix(&tril_dist_kind_mvn, "mvn_covariance", "covariance", loc, covariance);
}
