/* What heads' methods other than log_prob stand on: factors as tensors, with diagonals within the
 * range of the type, and log v from s where v would have lost it. */
#include <math.h>
#include <string.h>

#include "core/shape.h"
#include "nn/head_block.h"

typedef tril_head_block head;

/* ---- factor: input raw [..., width], result [..., d, d] or the diagonal alone [..., d] */

/* an entry of the diagonal, within the range of the type, and its slope */
static tril_positive diagonal_at(const head *h, const tril_real *raw, size_t i)
{
    tril_positive v = h->diagonal->of((double)raw[h->s + i], h->floor);
    v.value = h->form->power < 0 ? 1 / v.value : h->form->power > 1 ? v.value * v.value : v.value;
    v.slope *= h->form->power;
    v.value = fmin(fmax(v.value, (double)TRIL_REAL_MIN), (double)TRIL_REAL_MAX);
    return v;
}

static bool factor_shape(tril_node *node)
{
    const head *h = node->attrs;
    node->shape = tril_shape_leading(node->in[0]->shape, 1);
    tril_shape_append(&node->shape, h->d);
    if (!h->form->diagonal && !tril_shape_append(&node->shape, h->d))
        return tril_op_fail(node, TRIL_BAD_SHAPE,
                            "raw is %s, whose matrices have no room in rank 4",
                            tril_shape_text(node->in[0]->shape).text);
    node->saved_bytes = 3 * h->d * sizeof(double);
    return true;
}

/* diagonal and slopes of one block, and room for gradients with respect to their logarithms */
typedef struct block {
    double *diagonal, *slope, *dlog;
} block;

static block load(const tril_node *node, const tril_real *raw)
{
    const head *h = node->attrs;
    double *memory = node->saved;
    block b = { memory, memory + h->d, memory + 2 * h->d };
    for (size_t i = 0; i < h->d; i++) {
        tril_positive v = diagonal_at(h, raw, i);
        b.diagonal[i] = v.value;
        b.slope[i] = v.slope;
    }
    return b;
}

/* which entry of the diagonal the off-diagonal at i, j is relative to */
static size_t base_of(const head *h, size_t i, size_t j)
{
    return h->form->power < 0 ? j : i;
}

static bool factor_forward(tril_node *node)
{
    const head *h = node->attrs;
    size_t blocks = node->in[0]->size / h->width;
    tril_real *to = node->value;
    for (const tril_real *raw = node->in[0]->value; blocks--; raw += h->width) {
        const tril_real *off = raw + h->begin;
        block b = load(node, raw);
        for (size_t i = 0; i < h->d; i++)
            for (size_t j = h->form->diagonal ? i : 0; j < (h->form->diagonal ? i + 1 : h->d);
                 j++) {
                double scale = h->lower == TRIL_LOWER_SCALED ? b.diagonal[base_of(h, i, j)] : 1;
                *to++ = j < i    ? tril_saturate((double)*off++ * scale)
                        : j == i ? (tril_real)b.diagonal[i]
                                 : 0;
            }
    }
    return true;
}

static void block_backward(const head *h, block b, const tril_real *raw, const tril_real *g,
                           tril_real *to)
{
    bool scaled = h->lower == TRIL_LOWER_SCALED;
    memset(to, 0, h->width * sizeof *to);
    for (size_t i = 0; i < h->d; i++)
        b.dlog[i] = (double)g[h->form->diagonal ? i : i * h->d + i] * b.diagonal[i];
    for (size_t i = 0, at = h->begin; i < h->d && !h->form->diagonal; i++)
        for (size_t j = 0; j < i; j++, at++) {
            size_t base = base_of(h, i, j);
            double slope = (double)g[i * h->d + j] * (scaled ? b.diagonal[base] : 1);
            to[at] = tril_saturate(slope);
            b.dlog[base] += scaled ? tril_within(slope * (double)raw[at], 1e300) : 0;
        }
    for (size_t i = 0; i < h->d; i++)
        to[h->s + i] = tril_saturate(b.dlog[i] * b.slope[i]);
}

static void factor_backward(tril_node *node, tril_real *const *grad_in)
{
    const head *h = node->attrs;
    size_t blocks = node->in[0]->size / h->width, size = h->d * (h->form->diagonal ? 1 : h->d);
    for (size_t i = 0; i < blocks; i++) {
        const tril_real *raw = node->in[0]->value + i * h->width;
        block_backward(h, load(node, raw), raw, node->grad + i * size, grad_in[0] + i * h->width);
    }
}

const tril_op tril_op_head_factor = { "factor(head)", factor_shape, factor_forward,
                                      factor_backward };

/* ---- log v: raw [..., width] to [..., d] */

static bool log_diagonal_shape(tril_node *node)
{
    const head *h = node->attrs;
    node->shape = node->in[0]->shape;
    node->shape.dim[node->shape.rank - 1] = h->d;
    return true;
}

/* where the s of result i stands */
static size_t s_of(const head *h, size_t i)
{
    return i / h->d * h->width + h->s + i % h->d;
}

static bool log_diagonal_forward(tril_node *node)
{
    const head *h = node->attrs;
    for (size_t i = 0; i < node->size; i++) {
        tril_real s = node->in[0]->value[s_of(h, i)];
        node->value[i] = (tril_real)h->diagonal->of((double)s, h->floor).log;
    }
    return true;
}

static void log_diagonal_backward(tril_node *node, tril_real *const *grad_in)
{
    const head *h = node->attrs;
    memset(grad_in[0], 0, node->in[0]->size * sizeof(tril_real));
    for (size_t i = 0; i < node->size; i++) {
        tril_real s = node->in[0]->value[s_of(h, i)];
        double slope = h->diagonal->of((double)s, h->floor).slope;
        grad_in[0][s_of(h, i)] = (tril_real)((double)node->grad[i] * slope);
    }
}

const tril_op tril_op_head_log_diagonal = { "log_diagonal(head)", log_diagonal_shape,
                                            log_diagonal_forward, log_diagonal_backward };

/* ---- */

tril_var tril_head_factor(tril_var raw, const head *h)
{
    return tril_op_apply(&tril_op_head_factor, &raw, 1, h, sizeof *h);
}

tril_var tril_head_log_diagonal(tril_var raw, const head *h)
{
    return tril_op_apply(&tril_op_head_log_diagonal, &raw, 1, h, sizeof *h);
}
