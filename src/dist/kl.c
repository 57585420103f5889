/* The Kullback-Leibler divergence of every pair, and that of normals. Each formula is arranged
 * around the difference of the two scales, so that near p = q no digits are lost, and KL(p, p) is
 * 0. */
#include <math.h>
#include <stdio.h>

#include "dist/categorical.h"
#include "dist/numbers.h"
#include "kernels/triangle.h"
#include "ops/ops.h"

enum { N_IN = 4 }; /* loc and scale of p, then of q */

/* ---- of numbers */

/* What two scales add to a divergence: (A^2 - 1) / 2 - log A, where A = s_p / s_q = 1 + b. Near 1
 * it is the series b^2 - b^3 / 3 + b^4 / 4 - ..., whose terms do not cancel; elsewhere log A is
 * that of the scales, because b has lost the digits of a small A. */
static double of_ratio(double b, double sp, double sq)
{
    if (fabs(b) < 1e-2) {
        double series = 0;
        for (int n = 12; n > 2; n--)
            series = (n % 2 ? -1. : 1.) / n + b * series;
        return b * b * (1 + b * series);
    }
    return b * (1 + 0.5 * b) - (log(sp) - log(sq));
}

/* with b = (s_p - s_q) / s_q and u = (m_q - m_p) / s_q */
static double of_numbers(const double *x, double *slope)
{
    double sp = x[1], sq = x[3], b = (sp - sq) / sq, u = (x[2] - x[0]) / sq;
    if (slope) {
        double squares = b * (2 + b); /* s_p^2 / s_q^2 - 1 */
        slope[0] = -u / sq, slope[1] = squares / sp;
        slope[2] = u / sq, slope[3] = -(squares + u * u) / sq;
    }
    return 0.5 * u * u + of_ratio(b, sp, sq);
}

TRIL_NUMBERS_BY(of_numbers, N_IN)

const tril_op tril_op_normal_kl = { "kl(normal)", tril_numbers_shape, tril_numbers_forward,
                                    tril_numbers_backward };

/* ---- of vectors, by their factors; saved: a row's arrays, then sums of shared gradients
 *
 * B = L_q^-1 (L_p - L_q), u = L_q^-1 (m_q - m_p):
 *   KL = sum_{i>j} B_ij^2 / 2 + u'u / 2 + sum of_ratio(B_ii, L_p,ii, L_q,ii),
 *   d/dm_q = L_q^-T u = -d/dm_p, d/dL_p = tril(L_q^-T B) + diag(B_ii / L_p,ii),
 *   d/dL_q = -tril(L_q^-T (B + B' + B B' + u u')).
 */

typedef struct rows_of_kl {
    size_t d;
    tril_walk walk;
    double *b, *s, *u, *ratio; /* B and S, d x d; u and the diagonal of B, d */
} rows_of_kl;

static size_t event_of(size_t k, size_t d)
{
    return k % 2 ? d * d : d;
}

static tril_shape batch_of(const tril_node *node, size_t k)
{
    return tril_shape_leading(node->in[k]->shape, 1 + k % 2);
}

static rows_of_kl rows_of(const tril_node *node)
{
    size_t d = node->in[0]->shape.dim[node->in[0]->shape.rank - 1];
    tril_shape batches[N_IN];
    for (size_t k = 0; k < N_IN; k++)
        batches[k] = batch_of(node, k);
    double *memory = node->saved;
    return (rows_of_kl){ d,
                         tril_walk_new(node->shape, batches, N_IN),
                         memory,
                         memory + d * d,
                         memory + 2 * d * d,
                         memory + 2 * d * d + d };
}

static bool mvn_kl_shape(tril_node *node)
{
    size_t d = node->in[0]->shape.dim[node->in[0]->shape.rank - 1];
    node->shape = batch_of(node, 0);
    for (size_t k = 1; k < N_IN; k++)
        if (!tril_shape_broadcast(node->shape, batch_of(node, k), &node->shape))
            return false; /* tril_kl has looked */
    node->saved_bytes = 2 * (d * d + d) * sizeof(double);
    for (size_t k = 0; k < N_IN; k++)
        node->saved_bytes +=
            tril_row_grad_bytes(node, k, tril_shape_size(node->shape), event_of(k, d));
    return true;
}

/* B and u of element i of the walk's row; at[k] is where operand k stands */
static void load(const tril_node *node, const rows_of_kl *r, size_t i, size_t at[N_IN])
{
    const tril_real *x[N_IN];
    for (size_t k = 0; k < N_IN; k++) {
        at[k] = (r->walk.offset[k] + i * r->walk.stride[0][k]) * event_of(k, r->d);
        x[k] = node->in[k]->value + at[k];
    }
    for (size_t row = 0; row < r->d; row++) {
        r->u[row] = (double)x[2][row] - (double)x[0][row];
        for (size_t j = 0; j < r->d; j++)
            r->b[row * r->d + j] =
                j > row ? 0 : (double)x[1][row * r->d + j] - (double)x[3][row * r->d + j];
    }
    tril_solve_lower(false, r->d, r->d, x[3], r->b);
    tril_solve_lower(false, r->d, 1, x[3], r->u);
    for (size_t row = 0; row < r->d; row++)
        r->ratio[row] = r->b[row * r->d + row];
}

static bool mvn_kl_forward(tril_node *node)
{
    rows_of_kl r = rows_of(node);
    size_t index = 0, at[N_IN];
    do {
        for (size_t i = 0; i < r.walk.dim[0] && node->size; i++) {
            load(node, &r, i, at);
            double sum = 0;
            for (size_t row = 0; row < r.d; row++) {
                sum += 0.5 * r.u[row] * r.u[row] +
                       of_ratio(r.ratio[row], (double)node->in[1]->value[at[1] + row * (r.d + 1)],
                                (double)node->in[3]->value[at[3] + row * (r.d + 1)]);
                for (size_t j = 0; j < row; j++)
                    sum += 0.5 * r.b[row * r.d + j] * r.b[row * r.d + j];
            }
            node->value[index++] = tril_saturate(sum);
        }
    } while (node->size && tril_walk_next(&r.walk));
    return true;
}

/* S = B + B' + B B' + u u' */
static void symmetric(const rows_of_kl *r)
{
    size_t d = r->d;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            double sum = r->b[i * d + j] + r->b[j * d + i] + r->u[i] * r->u[j];
            for (size_t k = 0; k < d; k++)
                sum += r->b[i * d + k] * r->b[j * d + k];
            r->s[i * d + j] = sum;
        }
}

/* adds one row's gradients; b and s hold L_q^-T B and L_q^-T S, u holds L_q^-T u */
static void put_row(const rows_of_kl *r, double g, tril_row_grad *grads, const size_t at[N_IN],
                    const tril_real *factor_p)
{
    size_t d = r->d;
    for (size_t i = 0; i < d; i++) {
        tril_row_grad_put(&grads[0], at[0] + i, g, -r->u[i]);
        tril_row_grad_put(&grads[2], at[2] + i, g, r->u[i]);
        for (size_t j = 0; j < d; j++) {
            double of_p = j > i ? 0 : r->b[i * d + j];
            if (i == j)
                of_p += r->ratio[i] / (double)factor_p[i * d + i];
            tril_row_grad_put(&grads[1], at[1] + i * d + j, g, of_p);
            tril_row_grad_put(&grads[3], at[3] + i * d + j, g, j > i ? 0 : -r->s[i * d + j]);
        }
    }
}

static void mvn_kl_backward(tril_node *node, tril_real *const *grad_in)
{
    rows_of_kl r = rows_of(node);
    size_t index = 0, at[N_IN], d = r.d;
    char *memory = (char *)(r.ratio + d);
    tril_row_grad grads[N_IN];
    for (size_t k = 0; k < N_IN; k++)
        grads[k] = tril_row_grad_begin(node, k, node->size, event_of(k, d), grad_in[k], &memory);
    do {
        for (size_t i = 0; i < r.walk.dim[0] && node->size; i++, index++) {
            load(node, &r, i, at);
            symmetric(&r);
            const tril_real *factor_q = node->in[3]->value + at[3];
            tril_solve_lower(true, d, d, factor_q, r.b);
            tril_solve_lower(true, d, d, factor_q, r.s);
            tril_solve_lower(true, d, 1, factor_q, r.u);
            put_row(&r, (double)node->grad[index], grads, at, node->in[1]->value + at[1]);
        }
    } while (node->size && tril_walk_next(&r.walk));
    for (size_t k = 0; k < N_IN; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_mvn_kl = { "kl(mvn)", mvn_kl_shape, mvn_kl_forward, mvn_kl_backward };

/* ---- every pair */

static tril_var fail(const tril_dist *p, const tril_dist *q, tril_status status, const char *text)
{
    char what[80];
    snprintf(what, sizeof what, "kl(%s, %s)", p->kind->name, q->kind->name);
    return tril_var_fail(p->param[0].tape, what, status,
                         "%s, batch shapes [%s] and [%s], event "
                         "shapes [%s] and [%s]",
                         text, tril_shape_text(p->batch).text, tril_shape_text(q->batch).text,
                         tril_shape_text(p->event).text, tril_shape_text(q->event).text);
}

static bool is_diagonal(const tril_dist *p)
{
    return p->kind == &tril_dist_kind_normal || p->kind == &tril_dist_kind_mvn_diag;
}

/* the sum of the bases' divergences over n independent axes */
static tril_var of_independent(const tril_dist *p, const tril_dist *q, size_t n)
{
    tril_dist a = tril_independent_base(p, n), b = tril_independent_base(q, n);
    if (!a.kind || !b.kind)
        return fail(p, q, TRIL_BAD_ARGUMENT, "there is no closed form");
    return tril_ops_sum_last(tril_kl(a, b), n);
}

tril_var tril_kl(tril_dist p, tril_dist q)
{
    tril_shape unused;
    if (!p.kind || !q.kind)
        return tril_var_fail(p.kind ? p.param[0].tape : q.param[0].tape, "kl", TRIL_BAD_ARGUMENT,
                             "there is no distribution");
    if (!tril_var_shape(p.param[0], "kl", &unused) || !tril_var_shape(q.param[0], "kl", &unused))
        return (tril_var){ 0 };
    if (!tril_shape_equal(p.event, q.event))
        return fail(&p, &q, TRIL_BAD_SHAPE, "the events differ");
    if (!tril_shape_broadcast(p.batch, q.batch, &unused))
        return fail(&p, &q, TRIL_BAD_SHAPE, "the batches do not broadcast");
    if (p.kind == &tril_dist_kind_categorical && q.kind == p.kind)
        return tril_categorical_kl(&p, &q);
    if (is_diagonal(&p) && is_diagonal(&q)) {
        const tril_var in[N_IN] = { p.param[0], p.param[1], q.param[0], q.param[1] };
        return tril_numbers_apply(&tril_op_normal_kl, in, N_IN,
                                  (tril_numbers){ .values = of_numbers_values,
                                                  .slopes = of_numbers_slopes,
                                                  .event_rank = p.event.rank });
    }
    size_t n = tril_independent_axes(&p);
    if (n || (n = tril_independent_axes(&q)))
        return of_independent(&p, &q, n);
    if (p.event.rank != 1 || !p.kind->as_mvn || !q.kind->as_mvn)
        return fail(&p, &q, TRIL_BAD_ARGUMENT, "there is no closed form");
    tril_dist a = p.kind->as_mvn(&p), b = q.kind->as_mvn(&q);
    const tril_var in[N_IN] = { a.param[0], a.param[1], b.param[0], b.param[1] };
    return tril_op_apply(&tril_op_mvn_kl, in, N_IN, NULL, 0);
}
