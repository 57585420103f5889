/* The divergence of categorical distributions, arranged around the difference of their
 * log-weights, so that near p = q no digits are lost, and KL(p, p) is 0. */
#include <float.h>

#include "dist/categorical.h"
#include "kernels/mvn.h"
#include "ops/rows.h"

enum { P, Q, N_IN };

/* inputs: the parameters of p and q; attributes; saved: log-weights of both and t, then sums of
 * shared gradients */
typedef struct pair {
    size_t k;
    bool probs[N_IN];
} pair;

typedef struct rows {
    tril_classes of[N_IN];
    double *t; /* log p_j - log q_j */
    tril_walk walk;
} rows;

static tril_shape batch_of(const tril_node *node, size_t which)
{
    return tril_shape_leading(node->in[which]->shape, 1);
}

static rows rows_of(const tril_node *node)
{
    const pair *a = node->attrs;
    double *memory = node->saved;
    return (rows){ { tril_classes_at(memory, a->k, a->probs[P]),
                     tril_classes_at(memory + a->k, a->k, a->probs[Q]) },
                   memory + 2 * a->k,
                   tril_walk_new(node->shape,
                                 (tril_shape[]){ batch_of(node, P), batch_of(node, Q) }, N_IN) };
}

static bool kl_shape(tril_node *node)
{
    size_t k = ((const pair *)node->attrs)->k;
    if (!tril_shape_broadcast(batch_of(node, P), batch_of(node, Q), &node->shape))
        return false; /* tril_kl has looked */
    node->saved_bytes = 3 * k * sizeof(double);
    for (size_t i = 0; i < N_IN; i++)
        node->saved_bytes += tril_row_grad_bytes(node, i, tril_shape_size(node->shape), k);
    return true;
}

/* log q_j - log p_j, up to what is the same for all j, with the digits that the parameters have */
static double apart(const rows *r, size_t j)
{
    const tril_classes *p = &r->of[P], *q = &r->of[Q];
    bool same = p->probs == q->probs;
    double from = same ? (double)p->x[j] : p->log_weight[j];
    double to = same ? (double)q->x[j] : q->log_weight[j];
    return from == to ? 0 : same && p->probs ? log1p((to - from) / from) : to - from;
}

/* both rows of element i of the walk's row, and t; at[] is where they stand */
static void load(const tril_node *node, rows *r, size_t i, size_t at[N_IN])
{
    size_t k = r->of[P].k;
    for (size_t which = 0; which < N_IN; which++) {
        at[which] = (r->walk.offset[which] + i * r->walk.stride[0][which]) * k;
        tril_classes_load(&r->of[which], node->in[which]->value + at[which]);
    }
    double shift = 0, largest = 0;
    for (size_t j = 0; j < k; j++) {
        r->t[j] = -apart(r, j);
        shift += tril_classes_weight(&r->of[P], j) * expm1(-r->t[j]);
        largest = fmax(largest, fabs(r->t[j]));
    }
    bool near = largest < 0.5; /* else differences of the log-weights have digits enough */
    for (size_t j = 0; j < k; j++) {
        double p = r->of[P].log_weight[j], q = r->of[Q].log_weight[j];
        r->t[j] = near ? r->t[j] + log1p(shift) : p == q ? 0 : p - q;
    }
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

static bool kl_forward(tril_node *node)
{
    rows r = rows_of(node);
    size_t index = 0, at[N_IN];
    do {
        for (size_t i = 0; i < r.walk.dim[0] && node->size; i++) {
            double sum = 0;
            load(node, &r, i, at);
            for (size_t j = 0; j < r.of[P].k; j++)
                sum += term(tril_classes_weight(&r.of[P], j), tril_classes_weight(&r.of[Q], j),
                            r.t[j]);
            node->value[index++] = tril_saturate(sum);
        }
    } while (node->size && tril_walk_next(&r.walk));
    return true;
}

/* for p, s_j = t_j - KL */
static double slope_of_p(const rows *r, size_t j, double kl)
{
    return tril_within(r->t[j] - kl, DBL_MAX) * tril_classes_slope(&r->of[P], j);
}

/* for q, s_j = 1 - p_j / q_j: by logits q_j - p_j, where neither may be too small to divide by */
static double slope_of_q(const rows *r, size_t j)
{
    double p = tril_classes_weight(&r->of[P], j), q = tril_classes_weight(&r->of[Q], j);
    if (r->of[Q].probs)
        return -expm1(r->t[j]) / r->of[Q].sum;
    return fabs(r->t[j]) < 1 ? p * expm1(-r->t[j]) : q - p;
}

static void kl_backward(tril_node *node, tril_real *const *grad_in)
{
    rows r = rows_of(node);
    size_t index = 0, at[N_IN], k = r.of[P].k;
    char *memory = (char *)(r.t + k);
    tril_row_grad g[N_IN];
    for (size_t which = 0; which < N_IN; which++)
        g[which] = tril_row_grad_begin(node, which, node->size, k, grad_in[which], &memory);
    do {
        for (size_t i = 0; i < r.walk.dim[0] && node->size; i++, index++) {
            load(node, &r, i, at);
            for (size_t j = 0; j < k; j++) {
                const double slope[N_IN] = { slope_of_p(&r, j, (double)node->value[index]),
                                             slope_of_q(&r, j) };
                for (size_t which = 0; which < N_IN; which++)
                    tril_row_grad_put(&g[which], at[which] + j, (double)node->grad[index],
                                      slope[which]);
            }
        }
    } while (node->size && tril_walk_next(&r.walk));
    for (size_t which = 0; which < N_IN; which++)
        tril_row_grad_end(&g[which]);
}

const tril_op tril_op_categorical_kl = { "kl(categorical)", kl_shape, kl_forward, kl_backward };

tril_var tril_categorical_kl(const tril_dist *p, const tril_dist *q)
{
    const pair attrs = { tril_categorical_size(p),
                         { tril_categorical_by_probs(p), tril_categorical_by_probs(q) } };
    if (attrs.k != tril_categorical_size(q))
        return tril_dist_fail(p, "kl", TRIL_BAD_SHAPE, "p has %zu classes and q has %zu", attrs.k,
                              tril_categorical_size(q));
    return tril_op_apply(&tril_op_categorical_kl, (tril_var[]){ p->param[0], q->param[0] }, N_IN,
                         &attrs, sizeof attrs);
}
