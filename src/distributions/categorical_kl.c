/* The divergence of categorical distributions, arranged around the difference of their
 * log-weights, so that near p = q no digits are lost, and KL(p, p) is 0. */
#include <float.h>

#include "distributions/categorical.h"
#include "kernels/mvn.h"
#include "ops/rowwise.h"

enum { P, Q, N_IN };

/* inputs: the parameters of p and q; attributes: whether each is by probabilities; memory:
 * log-weights of both, and t */
typedef struct pair {
    size_t k;
    tril_classes of[N_IN];
    double *t; /* log p_j - log q_j */
} pair;

static size_t kl_doubles(const tril_node *node)
{
    return 2 * tril_classes_doubles(node) + tril_rows_last(node, 0);
}

/* log q_j - log p_j, up to what is the same for all j, with the digits that the parameters have */
static double apart(const pair *r, size_t j)
{
    const tril_classes *p = &r->of[P], *q = &r->of[Q];
    bool same = p->probs == q->probs;
    double from = same ? (double)p->x[j] : p->log_weight[j];
    double to = same ? (double)q->x[j] : q->log_weight[j];
    return from == to ? 0 : same && p->probs ? log1p((to - from) / from) : to - from;
}

static pair pair_of(const tril_row_block *rows)
{
    const bool *probs = rows->node->attrs;
    size_t k = rows->width[0];
    pair r = { .k = k, .t = rows->memory };
    for (size_t which = 0; which < N_IN; which++) {
        r.of[which] = tril_classes_at(r.t + k + which * (k + 1), k, probs[which]);
        tril_classes_load(&r.of[which], rows->x[which], rows->moved[which]);
    }
    double shift = 0, largest = 0;
    for (size_t j = 0; j < k; j++) {
        r.t[j] = -apart(&r, j);
        shift += tril_classes_weight(&r.of[P], j) * expm1(-r.t[j]);
        largest = fmax(largest, fabs(r.t[j]));
    }
    bool near = largest < 0.5; /* else differences of the log-weights have digits enough */
    for (size_t j = 0; j < k; j++) {
        double p = r.of[P].log_weight[j], q = r.of[Q].log_weight[j];
        r.t[j] = near ? r.t[j] + log1p(shift) : p == q ? 0 : p - q;
    }
    return r;
}

/* p (t - 1 + exp(-t)), whose sum over the classes is that of p t, but none is negative */
static double term(double p, double q, double t)
{
    if (fabs(t) > 1e-2)
        return (p > 0 ? p * t : 0) - p + q;
    double series = 0;
    for (int n = 8; n > 1; n--)
        series = (1 - t * series) / n;
    return p * t * t * series;
}

static bool kl_forward(tril_row_block *rows)
{
    const pair r = pair_of(rows);
    double sum = 0;
    for (size_t j = 0; j < r.k; j++)
        sum += term(tril_classes_weight(&r.of[P], j), tril_classes_weight(&r.of[Q], j), r.t[j]);
    *rows->value = tril_saturate(sum);
    return true;
}

/* for p, s_j = t_j - KL */
static double slope_of_p(const pair *r, size_t j, double kl)
{
    return tril_within(r->t[j] - kl, DBL_MAX) * tril_classes_slope(&r->of[P], j);
}

/* for q, s_j = 1 - p_j / q_j: by logits q_j - p_j, where neither may be too small to divide by */
static double slope_of_q(const pair *r, size_t j)
{
    double p = tril_classes_weight(&r->of[P], j), q = tril_classes_weight(&r->of[Q], j);
    if (r->of[Q].probs)
        return -expm1(r->t[j]) / r->of[Q].sum;
    return fabs(r->t[j]) < 1 ? p * expm1(-r->t[j]) : q - p;
}

static void kl_backward(tril_row_block *rows)
{
    const pair r = pair_of(rows);
    for (size_t j = 0; j < r.k; j++) {
        tril_row_put(rows, P, j, slope_of_p(&r, j, (double)*rows->value));
        tril_row_put(rows, Q, j, slope_of_q(&r, j));
    }
}

const tril_rowwise tril_op_categorical_kl = { TRIL_ROWWISE("kl(categorical)"), .axes = { 1, 1 },
                                              .kernel = { kl_forward, kl_backward, kl_doubles } };

tril_var tril_categorical_kl(const tril_dist *p, const tril_dist *q)
{
    const bool probs[N_IN] = { tril_categorical_by_probs(p), tril_categorical_by_probs(q) };
    size_t k = tril_categorical_size(p);
    if (k != tril_categorical_size(q))
        return tril_dist_fail(p, "kl", TRIL_BAD_SHAPE, "p has %zu classes and q has %zu", k,
                              tril_categorical_size(q));
    return tril_op_apply(&tril_op_categorical_kl.op, (tril_var[]){ p->param[0], q->param[0] }, N_IN,
                         probs, sizeof probs);
}
