/* The reverse sweep. Ops write gradients of their inputs; that gradients of several consumers add
 * up is seen to here, and nowhere else. */
#include "core/tape.h"

#include <math.h>
#include <string.h>

#include "core/shape.h"

static void add_to(tril_real *restrict sum, const tril_real *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}

static tril_real *new_gradient(tril_tape *tape, const tril_node *of)
{
    return tril_arena_take(&tape->arena, "backward", of->size, sizeof(tril_real));
}

/* One node: the first consumer of an input writes straight into its gradient, a later one into
 * scratch memory that is added to it. */
static bool sweep_node(tril_tape *tape, tril_tape_node *t)
{
    const tril_node *node = &t->node;
    /* gradients that stay are taken before the scratch memory, which goes */
    for (size_t k = 0; k < node->n_in; k++) {
        t->grad_in[k] = NULL;
        tril_tape_node *in = node->in[k] ? tril_tape_node_from(node->in[k]) : NULL;
        if (!in || !in->node.needs_grad || in->has_grad)
            continue;
        if (!in->node.grad && !(in->node.grad = new_gradient(tape, &in->node)))
            return false;
        in->has_grad = true;
        t->grad_in[k] = in->node.grad;
    }
    tril_arena_mark mark = tril_arena_here(&tape->arena);
    for (size_t k = 0; k < node->n_in; k++)
        if (!t->grad_in[k] && node->in[k] && node->in[k]->needs_grad &&
            !(t->grad_in[k] = new_gradient(tape, node->in[k])))
            return false;

    if (node->size)
        node->op->backward(&t->node, t->grad_in);
    else /* nothing depends on the inputs */
        for (size_t k = 0; k < node->n_in; k++)
            if (t->grad_in[k])
                memset(t->grad_in[k], 0, node->in[k]->size * sizeof(tril_real));

    for (size_t k = 0; k < node->n_in; k++)
        if (t->grad_in[k] && t->grad_in[k] != node->in[k]->grad)
            add_to(node->in[k]->grad, t->grad_in[k], node->in[k]->size);
    tril_arena_back(&tape->arena, mark);
    return true;
}

/* names the op that first made a number that is not finite, among those that the loss depends on */
static bool fail_not_finite(tril_tape *tape, uint32_t last)
{
    for (uint32_t i = 0; i <= last; i++)
        tape->nodes[i]->reached = i == last;
    for (uint32_t i = last; i > 0; i--)
        for (size_t k = 0; k < tape->nodes[i]->node.n_in; k++)
            if (tape->nodes[i]->reached && tape->nodes[i]->node.in[k])
                tril_tape_node_from(tape->nodes[i]->node.in[k])->reached = true;
    for (uint32_t i = 0; i <= last; i++) {
        const tril_tape_node *t = tape->nodes[i];
        if (!t->reached)
            continue;
        for (size_t j = 0; j < t->node.size; j++)
            if (!isfinite(t->node.value[j]))
                return tril_ctx_fail(tape->ctx, TRIL_NOT_FINITE,
                                     "backward: the loss is not finite, because of %s: element "
                                     "[%s] of its %s result is %g",
                                     t->param ? t->param->name : t->node.op->name,
                                     tril_shape_index(t->node.shape, j).text,
                                     tril_shape_text(t->node.shape).text, (double)t->node.value[j]);
    }
    return false;
}

static bool sow(tril_tape *tape, tril_var y, tril_tape_node *t, const tril_real *seed)
{
    if (!seed && t->node.size != 1)
        return tril_ctx_fail(tape->ctx, TRIL_BAD_SHAPE, "backward: the loss is %s, not one number",
                             tril_shape_text(t->node.shape).text);
    if (!seed && !isfinite(t->node.value[0]))
        return fail_not_finite(tape, y.index);
    if (!t->node.needs_grad)
        return tril_ctx_fail(
            tape->ctx, TRIL_BAD_ARGUMENT,
            "backward: the result of %s depends on no parameter and on no input that requires a "
            "gradient, or was not recorded",
            t->node.op->name);
    return true;
}

/* Parameters' gradients: those that accumulate keep what is there, the others start anew. */
static void begin(tril_tape *tape, bool accumulate)
{
    for (uint32_t i = 0; i < tape->count; i++) {
        tril_tape_node *t = tape->nodes[i];
        t->has_grad = t->param && accumulate;
    }
}

/* what the loss does not depend on has gradient zero */
static void end(tril_tape *tape, bool accumulate)
{
    for (tril_tape_store *store = tape->stores; store && !accumulate; store = store->next)
        for (size_t i = 0; i < store->params->count && store->grads; i++) {
            const tril_param_entry *entry = &store->params->entries[i];
            if (!store->leaf[i] || !tape->nodes[store->leaf[i] - 1]->has_grad)
                memset(store->grads + entry->offset, 0, entry->size * sizeof(tril_real));
        }
}

static bool sweep(tril_tape *tape, tril_tape_node *root, uint32_t last, const tril_real *seed)
{
    const tril_real one = 1;
    seed = seed ? seed : &one;
    if (!root->node.grad && !(root->node.grad = new_gradient(tape, &root->node)))
        return false;
    if (root->has_grad)
        add_to(root->node.grad, seed, root->node.size);
    else
        memcpy(root->node.grad, seed, root->node.size * sizeof *seed);
    root->has_grad = true;
    for (uint32_t i = last + 1; i-- > 0;) {
        tril_tape_node *t = tape->nodes[i];
        if (t->has_grad && t->node.op->backward && t->node.needs_grad && !sweep_node(tape, t))
            return false;
    }
    return true;
}

bool tril_backward_with(tril_var y, const tril_backward_opts *opts)
{
    const tril_backward_opts defaults = { 0 };
    if (!opts)
        opts = &defaults;
    tril_tape *tape = y.tape;
    tril_tape_node *root = tril_tape_node_of(y, "backward");
    if (!root || !sow(tape, y, root, opts->seed))
        return false;
    begin(tape, opts->accumulate);
    if (!sweep(tape, root, y.index, opts->seed)) {
        begin(tape, false); /* half a gradient is none */
        return false;
    }
    end(tape, opts->accumulate);
    return true;
}

bool tril_backward(tril_var loss)
{
    return tril_backward_with(loss, NULL);
}
