/* The Kullback-Leibler divergence of every pair, and that of normals. Each formula is arranged
 * around the difference of the two scales, so that near p = q no digits are lost, and KL(p, p) is
 * 0. */
#include <math.h>
#include <stdio.h>

#include "distributions/categorical.h"
#include "distributions/pointwise.h"
#include "kernels/triangle.h"
#include "ops/ops.h"
#include "ops/rowwise.h"

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

/* ---- of vectors, by their factors; memory: a row's arrays
 *
 * B = L_q^-1 (L_p - L_q), u = L_q^-1 (m_q - m_p):
 *   KL = sum_{i>j} B_ij^2 / 2 + u'u / 2 + sum of_ratio(B_ii, L_p,ii, L_q,ii),
 *   d/dm_q = L_q^-T u = -d/dm_p, d/dL_p = tril(L_q^-T B) + diag(B_ii / L_p,ii),
 *   d/dL_q = -tril(L_q^-T (B + B' + B B' + u u')).
 */

typedef struct parts {
    size_t d;
    double *b, *s, *u, *ratio; /* B and S, d x d; u and the diagonal of B, d */
} parts;

static size_t mvn_kl_doubles(const tril_node *node)
{
    size_t d = tril_rows_last(node, 0);
    return 2 * (d * d + d);
}

static parts parts_of(const tril_row_block *rows)
{
    const tril_real *const *x = rows->x;
    size_t d = rows->width[0];
    double *memory = rows->memory;
    parts p = { d, memory, memory + d * d, memory + 2 * d * d, memory + 2 * d * d + d };
    for (size_t i = 0; i < d; i++) {
        p.u[i] = (double)x[2][i] - (double)x[0][i];
        for (size_t j = 0; j < d; j++)
            p.b[i * d + j] = j > i ? 0 : (double)x[1][i * d + j] - (double)x[3][i * d + j];
    }
    tril_solve_lower(false, d, d, x[3], p.b);
    tril_solve_lower(false, d, 1, x[3], p.u);
    for (size_t i = 0; i < d; i++)
        p.ratio[i] = p.b[i * d + i];
    return p;
}

static bool mvn_kl_forward(tril_row_block *rows)
{
    const parts p = parts_of(rows);
    size_t d = p.d;
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        sum += 0.5 * p.u[i] * p.u[i] + of_ratio(p.ratio[i], (double)rows->x[1][i * (d + 1)],
                                                (double)rows->x[3][i * (d + 1)]);
        for (size_t j = 0; j < i; j++)
            sum += 0.5 * p.b[i * d + j] * p.b[i * d + j];
    }
    *rows->value = tril_saturate(sum);
    return true;
}

/* S = B + B' + B B' + u u' */
static void symmetric(const parts *p)
{
    size_t d = p->d;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            double sum = p->b[i * d + j] + p->b[j * d + i] + p->u[i] * p->u[j];
            for (size_t k = 0; k < d; k++)
                sum += p->b[i * d + k] * p->b[j * d + k];
            p->s[i * d + j] = sum;
        }
}

static void mvn_kl_backward(tril_row_block *rows)
{
    const parts p = parts_of(rows);
    size_t d = p.d;
    symmetric(&p);
    tril_solve_lower(true, d, d, rows->x[3], p.b);
    tril_solve_lower(true, d, d, rows->x[3], p.s);
    tril_solve_lower(true, d, 1, rows->x[3], p.u);
    for (size_t i = 0; i < d; i++) {
        tril_row_put(rows, 0, i, -p.u[i]);
        tril_row_put(rows, 2, i, p.u[i]);
        for (size_t j = 0; j < d; j++) {
            double of_p = j > i ? 0 : p.b[i * d + j];
            if (i == j)
                of_p += p.ratio[i] / (double)rows->x[1][i * d + i];
            tril_row_put(rows, 1, i * d + j, of_p);
            tril_row_put(rows, 3, i * d + j, j > i ? 0 : -p.s[i * d + j]);
        }
    }
}

const tril_rowwise tril_op_mvn_kl = { TRIL_ROWWISE("kl(mvn)"), .axes = { 1, 2, 1, 2 },
                                      .kernel = { mvn_kl_forward, mvn_kl_backward,
                                                  mvn_kl_doubles } };

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

static tril_var normal_kl(const tril_dist *p, const tril_dist *q)
{
    const tril_var in[N_IN] = { p->param[0], p->param[1], q->param[0], q->param[1] };
    return tril_numbers_apply(&tril_op_normal_kl, in, N_IN,
                              (tril_numbers){ .values = of_numbers_values,
                                              .slopes = of_numbers_slopes,
                                              .event_rank = p->event.rank });
}

static const tril_kl_pair pairs[] = {
    { &tril_dist_kind_normal, &tril_dist_kind_normal, normal_kl },
    { &tril_dist_kind_mvn_diag, &tril_dist_kind_mvn_diag, normal_kl },
    { &tril_dist_kind_categorical, &tril_dist_kind_categorical, tril_categorical_kl },
    { 0 },
};

static const tril_kl_pair *find(const tril_kl_pair *in, const tril_dist *p, const tril_dist *q)
{
    while (in && in->kl && (in->p != p->kind || in->q != q->kind))
        in++;
    return in && in->kl ? in : NULL;
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
    const tril_kl_pair *const lists[] = { p.kind->kl, q.kind->kl, pairs };
    for (size_t i = 0; i < 3; i++) {
        const tril_kl_pair *pair = find(lists[i], &p, &q);
        if (pair)
            return pair->kl(&p, &q);
    }
    size_t n = tril_independent_axes(&p);
    if (n || (n = tril_independent_axes(&q)))
        return of_independent(&p, &q, n);
    if (p.event.rank != 1 || !p.kind->as_mvn || !q.kind->as_mvn)
        return fail(&p, &q, TRIL_BAD_ARGUMENT, "there is no closed form");
    tril_dist a = p.kind->as_mvn(&p), b = q.kind->as_mvn(&q);
    const tril_var in[N_IN] = { a.param[0], a.param[1], b.param[0], b.param[1] };
    return tril_op_apply(&tril_op_mvn_kl.op, in, N_IN, NULL, 0);
}
