/* Matrices from vectors and back: diagonal, diag_embed, tril, unpack_tril. */
#include <math.h>
#include <string.h>

#include "core/shape.h"
#include "ops/ops.h"

/* how many matrices there are, and their size */
static size_t matrices(tril_shape square, size_t *d)
{
    *d = square.dim[square.rank - 1];
    return tril_ops_product(square, 0, square.rank - 2);
}

static bool square_shape(tril_node *node)
{
    tril_shape x = node->in[0]->shape;
    if (x.rank < 2 || x.dim[x.rank - 1] != x.dim[x.rank - 2])
        return tril_op_fail(node, TRIL_BAD_SHAPE, "x is %s, want [..., d, d]",
                            tril_shape_text(x).text);
    node->shape = x;
    return true;
}

static bool diagonal_shape(tril_node *node)
{
    if (!square_shape(node))
        return false;
    node->shape = tril_shape_leading(node->shape, 1);
    return true;
}

static bool diagonal_forward(tril_node *node)
{
    size_t d, n = matrices(node->in[0]->shape, &d);
    for (size_t i = 0; i < n * d; i++)
        node->value[i] = node->in[0]->value[i * d + i % d];
    return true;
}

static void diagonal_backward(tril_node *node, tril_real *const *grad_in)
{
    size_t d, n = matrices(node->in[0]->shape, &d);
    memset(grad_in[0], 0, node->in[0]->size * sizeof(tril_real));
    for (size_t i = 0; i < n * d; i++)
        grad_in[0][i * d + i % d] = node->grad[i];
}

static bool diag_embed_shape(tril_node *node)
{
    node->shape = node->in[0]->shape;
    if (node->shape.rank == 0 ||
        !tril_shape_append(&node->shape, node->shape.dim[node->shape.rank - 1]))
        return tril_op_fail(node, TRIL_BAD_SHAPE, "x is %s, want rank 1 to 3",
                            tril_shape_text(node->in[0]->shape).text);
    return true;
}

static bool diag_embed_forward(tril_node *node)
{
    size_t d, n = matrices(node->shape, &d);
    memset(node->value, 0, node->size * sizeof(tril_real));
    for (size_t i = 0; i < n * d; i++)
        node->value[i * d + i % d] = node->in[0]->value[i];
    return true;
}

static void diag_embed_backward(tril_node *node, tril_real *const *grad_in)
{
    size_t d, n = matrices(node->shape, &d);
    for (size_t i = 0; i < n * d; i++)
        grad_in[0][i] = node->grad[i * d + i % d];
}

/* y = x on and below the diagonal, 0 above */
static void lower_triangle(tril_shape square, const tril_real *x, tril_real *y)
{
    size_t d, n = matrices(square, &d);
    memset(y, 0, n * d * d * sizeof *y);
    for (size_t i = 0; i < n * d; i++)
        memcpy(y + i * d, x + i * d, (i % d + 1) * sizeof *y);
}

static bool tril_forward(tril_node *node)
{
    lower_triangle(node->shape, node->in[0]->value, node->value);
    return true;
}

static void tril_backward_of(tril_node *node, tril_real *const *grad_in)
{
    lower_triangle(node->shape, node->grad, grad_in[0]);
}

static bool unpack_tril_shape(tril_node *node)
{
    tril_shape x = node->in[0]->shape;
    size_t width = x.rank ? x.dim[x.rank - 1] : 0;
    size_t d = (size_t)sqrt(2 * (double)width); /* d^2 <= d (d + 1) < (d + 1)^2 */
    node->shape = tril_shape_leading(x, x.rank ? 1 : 0);
    if (width == 0 || d * (d + 1) / 2 != width || !tril_shape_append(&node->shape, d) ||
        !tril_shape_append(&node->shape, d))
        return tril_op_fail(node, TRIL_BAD_SHAPE,
                            "x is %s, want [..., d (d + 1) / 2] of rank 1 to 3",
                            tril_shape_text(x).text);
    return true;
}

static bool unpack_tril_forward(tril_node *node)
{
    size_t d, n = matrices(node->shape, &d);
    const tril_real *from = node->in[0]->value;
    memset(node->value, 0, node->size * sizeof(tril_real));
    for (size_t i = 0; i < n * d; from += i++ % d + 1)
        memcpy(node->value + i * d, from, (i % d + 1) * sizeof *from);
    return true;
}

static void unpack_tril_backward(tril_node *node, tril_real *const *grad_in)
{
    size_t d, n = matrices(node->shape, &d);
    tril_real *to = grad_in[0];
    for (size_t i = 0; i < n * d; to += i++ % d + 1)
        memcpy(to, node->grad + i * d, (i % d + 1) * sizeof *to);
}

const tril_op tril_op_diagonal = { "diagonal", diagonal_shape, diagonal_forward,
                                   diagonal_backward };
const tril_op tril_op_diag_embed = { "diag_embed", diag_embed_shape, diag_embed_forward,
                                     diag_embed_backward };
const tril_op tril_op_tril = { "tril", square_shape, tril_forward, tril_backward_of };
const tril_op tril_op_unpack_tril = { "unpack_tril", unpack_tril_shape, unpack_tril_forward,
                                      unpack_tril_backward };

tril_var tril_diagonal(tril_var x)
{
    return tril_op_apply(&tril_op_diagonal, &x, 1, NULL, 0);
}

tril_var tril_diag_embed(tril_var x)
{
    return tril_op_apply(&tril_op_diag_embed, &x, 1, NULL, 0);
}

tril_var tril_tril(tril_var x)
{
    return tril_op_apply(&tril_op_tril, &x, 1, NULL, 0);
}

tril_var tril_unpack_tril(tril_var packed)
{
    return tril_op_apply(&tril_op_unpack_tril, &packed, 1, NULL, 0);
}
