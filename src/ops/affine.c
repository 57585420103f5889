/* activation(x W' + b) as one node. */
#include "core/shape.h"
#include "kernels/blas.h"
#include "kernels/reduce.h"
#include "kernels/unary.h"
#include "ops/ops.h"

/* NULL for none */
static const tril_unary *kernel_of(tril_activation activation)
{
    switch (activation) {
    case TRIL_TANH:
        return &tril_unary_tanh;
    case TRIL_RELU:
        return &tril_unary_relu;
    case TRIL_ELU:
        return &tril_unary_elu;
    case TRIL_SOFTPLUS:
        return &tril_unary_softplus;
    case TRIL_SILU:
        return &tril_unary_silu;
    case TRIL_SIGMOID:
        return &tril_unary_sigmoid;
    case TRIL_ACTIVATION_DEFAULT:
    case TRIL_NONE:
        break;
    }
    return NULL;
}

typedef struct affine {
    tril_activation activation;
    const tril_unary *kernel; /* NULL for no activation */
    size_t rows, in, out;
} affine;

/* Saved: x W' + b, where the activation's derivative needs it; then, for backward, its gradient. */
static size_t kept(const affine *p)
{
    return p->kernel && p->kernel->needs_x ? p->rows * p->out * sizeof(tril_real) : 0;
}

static size_t gradient(const affine *p)
{
    return p->kernel ? p->rows * p->out * sizeof(tril_real) : 0;
}

static bool affine_shape(tril_node *node)
{
    affine *p = node->attrs;
    tril_shape x = node->in[0]->shape, w = node->in[1]->shape;
    if (p->activation > TRIL_SIGMOID)
        return tril_op_fail(node, TRIL_BAD_ARGUMENT, "there is no activation number %d",
                            (int)p->activation);
    if (x.rank == 0 || w.rank != 2 || x.dim[x.rank - 1] != w.dim[1])
        return tril_op_fail(node, TRIL_BAD_SHAPE,
                            "x is %s but the weight is %s, want [..., in] and [out, in]",
                            tril_shape_text(x).text, tril_shape_text(w).text);
    p->kernel = kernel_of(p->activation);
    p->rows = tril_ops_product(x, 0, x.rank - 1);
    p->in = w.dim[1];
    p->out = w.dim[0];
    if (node->in[2] && (node->in[2]->shape.rank != 1 || node->in[2]->size != p->out))
        return tril_op_fail(node, TRIL_BAD_SHAPE,
                            "the bias is %s but the weight is %s, want [out] and [out, in]",
                            tril_shape_text(node->in[2]->shape).text, tril_shape_text(w).text);
    if (!tril_blas_fits(p->rows) || !tril_blas_fits(p->in) || !tril_blas_fits(p->out))
        return tril_op_fail(node, TRIL_BAD_SHAPE,
                            "x is %s and the weight %s: more rows or columns than BLAS can count",
                            tril_shape_text(x).text, tril_shape_text(w).text);
    node->shape = x;
    node->shape.dim[x.rank - 1] = p->out;
    node->saved_bytes = kept(p) + (node->needs_grad ? gradient(p) : 0);
    return tril_ops_blas(node);
}

static bool affine_forward(tril_node *node)
{
    const affine *p = node->attrs;
    const tril_real *b = node->in[2] ? node->in[2]->value : NULL;
    tril_real *sum = kept(p) ? node->saved : node->value;
    tril_gemm(false, true, p->rows, p->out, p->in, node->in[0]->value, node->in[1]->value, 0, sum);
    if (p->kernel && b)
        p->kernel->forward_rows(p->rows, p->out, b, sum, node->value);
    else if (p->kernel)
        p->kernel->forward(node->size, sum, node->value);
    else if (b)
        tril_add_to_rows(p->rows, p->out, b, sum);
    return true;
}

static void affine_backward(tril_node *node, tril_real *const *grad_in)
{
    const affine *p = node->attrs;
    const tril_real *dsum = node->grad;
    tril_real *db = node->in[2] ? grad_in[2] : NULL;
    if (p->kernel) {
        tril_real *to = (tril_real *)(void *)((char *)node->saved + kept(p));
        p->kernel->backward_rows(p->rows, p->out, kept(p) ? node->saved : node->value, node->value,
                                 node->grad, to, db);
        dsum = to;
    } else if (db)
        tril_column_sums(p->rows, p->out, 1, dsum, db);
    if (grad_in[0])
        tril_gemm(false, false, p->rows, p->in, p->out, dsum, node->in[1]->value, 0, grad_in[0]);
    if (grad_in[1])
        tril_gemm(true, false, p->out, p->in, p->rows, dsum, node->in[0]->value, 0, grad_in[1]);
}

const tril_op tril_op_affine = { "affine", affine_shape, affine_forward, affine_backward, 1 };

tril_var tril_affine(tril_var x, tril_var weight, tril_var bias, tril_activation activation)
{
    affine p = { .activation = activation };
    return tril_op_apply(&tril_op_affine, (tril_var[]){ x, weight, bias }, 3, &p, sizeof p);
}
