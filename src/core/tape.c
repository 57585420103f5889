/* The tape: vars, leaves, and the application of an op. */
#include "core/tape.h"

#include <math.h>
#include <string.h>

#include "core/finite.h"
#include "core/shape.h"

static const tril_op leaf_op = { "input", NULL, NULL, NULL };

tril_tape *tril_tape_new(tril_ctx *ctx)
{
    tril_tape *tape = tril_ctx_alloc(ctx, "tape", 1, sizeof *tape);
    if (!tape)
        return NULL;
    *tape = (tril_tape){ .ctx = ctx, .arena = { .ctx = ctx } };
    tril_tape_reset(tape);
    return tape;
}

void tril_tape_free(tril_tape *tape)
{
    if (!tape)
        return;
    tril_arena_free(&tape->arena);
    tril_ctx_release(tape->ctx, tape->nodes);
    tril_ctx_release(tape->ctx, tape);
}

void tril_tape_reset(tril_tape *tape)
{
    if (!tape)
        return;
    tril_arena_reset(&tape->arena);
    tape->count = 0;
    /* counted by the context, so that a var of a tape that was freed is stale on one that has come
     * to lie at its address; 0 is no epoch */
    tape->epoch = ++tape->ctx->epochs ? tape->ctx->epochs : ++tape->ctx->epochs;
    tape->recording = true;
    tape->stores = NULL;
}

tril_tape_mark tril_tape_here(const tril_tape *tape)
{
    return (tril_tape_mark){ tril_arena_here(&tape->arena), tape->count };
}

void tril_tape_back(tril_tape *tape, tril_tape_mark mark)
{
    tril_arena_back(&tape->arena, mark.arena);
    tape->count = mark.count;
}

void tril_tape_record(tril_tape *tape, bool record)
{
    if (tape)
        tape->recording = record;
}

size_t tril_tape_bytes(const tril_tape *tape)
{
    return tape ? sizeof *tape + tape->arena.bytes + tape->capacity * sizeof *tape->nodes : 0;
}

tril_ctx *tril_tape_ctx(tril_tape *tape)
{
    return tape ? tape->ctx : NULL;
}

void *tril_tape_take(tril_tape *tape, size_t n, size_t size)
{
    if (!tape || tril_ctx_failed(tape->ctx))
        return NULL;
    return tril_arena_take(&tape->arena, "tape", n, size);
}

void *tril_tape_copy(tril_tape *tape, const void *bytes, size_t size)
{
    void *copy = tril_tape_take(tape, size, 1);
    return copy ? memcpy(copy, bytes, size) : NULL;
}

tril_var tril_var_fail(tril_tape *tape, const char *what, tril_status status, const char *format,
                       ...)
{
    va_list args;
    va_start(args, format);
    if (tape)
        tril_ctx_vfail(tape->ctx, status, what, format, args);
    va_end(args);
    return (tril_var){ 0 };
}

bool tril_op_fail(tril_node *node, tril_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tril_ctx_vfail(node->tape->ctx, status, node->op->name, format, args);
    va_end(args);
    return false;
}

tril_tape_node *tril_tape_node_of(tril_var x, const char *what)
{
    if (tril_var_is_current(x))
        return x.tape->nodes[x.index];
    if (x.tape) /* a context that has failed before keeps that sentence */
        tril_ctx_fail(x.tape->ctx, TRIL_BAD_VAR,
                      "%s: a var from before the tape's last reset: make it again", what);
    return NULL;
}

/* the list grows in the first epochs only */
static bool make_room(tril_tape *tape, const char *what)
{
    if (tape->count < tape->capacity)
        return true;
    uint32_t capacity = tape->capacity ? 2 * tape->capacity : 64;
    tril_tape_node **nodes = tril_ctx_resize(tape->ctx, what, tape->nodes, capacity, sizeof *nodes);
    if (!nodes)
        return false;
    tape->nodes = nodes;
    tape->capacity = capacity;
    return true;
}

static tril_var record(tril_tape_node *t)
{
    tril_tape *tape = t->node.tape;
    tape->nodes[tape->count] = t;
    return (tril_var){ tape, tape->count++, tape->epoch };
}

static tril_tape_node *new_node(tril_tape *tape, const tril_op *op, size_t n_in)
{
    if (!make_room(tape, op->name))
        return NULL;
    size_t pointers = 2 * n_in * sizeof(void *);
    tril_tape_node *t = tril_arena_take(&tape->arena, op->name, 1, sizeof *t + pointers);
    if (!t)
        return NULL;
    tril_node **in = (tril_node **)(void *)(t + 1);
    *t = (tril_tape_node){ .node = { .op = op, .tape = tape, .in = in, .n_in = n_in },
                           .grad_in = (tril_real **)(void *)(in + n_in) };
    return t;
}

/* a tensor whose numbers stand elsewhere */
static tril_tape_node *new_leaf(tril_tape *tape, const tril_real *values, tril_shape shape)
{
    tril_tape_node *t = new_node(tape, &leaf_op, 0);
    if (t) {
        t->node.shape = shape;
        t->node.size = tril_shape_size(shape);
        t->node.value = (tril_real *)(uintptr_t)values; /* leaves are only read */
    }
    return t;
}

static tril_var input(tril_tape *tape, const char *what, const tril_real *values, tril_shape shape,
                      bool missing)
{
    if (!tape || tril_ctx_failed(tape->ctx))
        return (tril_var){ 0 };
    size_t size = shape.rank <= TRIL_MAX_RANK ? tril_shape_size(shape) : SIZE_MAX;
    if (size == SIZE_MAX)
        return tril_var_fail(tape, what, TRIL_BAD_SHAPE, "no tensor can be %s",
                             tril_shape_text(shape).text);
    if (!values && size)
        return tril_var_fail(tape, what, TRIL_BAD_ARGUMENT, "no values for a tensor of shape %s",
                             tril_shape_text(shape).text);
    const bool validates = tril_ctx_validates(tape->ctx);
    size_t bad = validates ? tril_first_not_finite(values, size) : size;
    const bool finite = validates && bad == size;
    while (missing && bad < size && isnan(values[bad]))
        bad += 1 + tril_first_not_finite(values + bad + 1, size - bad - 1);
    if (bad < size)
        return tril_var_fail(tape, what, TRIL_NOT_FINITE, "element [%s] of the %s tensor is %g",
                             tril_shape_index(shape, bad).text, tril_shape_text(shape).text,
                             (double)values[bad]);
    static const tril_real nothing = 0;
    tril_tape_node *t = new_leaf(tape, values ? values : &nothing, shape);
    if (!t)
        return (tril_var){ 0 };
    t->finite = finite;
    return record(t);
}

tril_var tril_input(tril_tape *tape, const tril_real *values, tril_shape shape)
{
    return input(tape, "input", values, shape, false);
}

tril_var tril_input_missing(tril_tape *tape, const tril_real *values, tril_shape shape)
{
    return input(tape, "input_missing", values, shape, true);
}

tril_var tril_scalar(tril_tape *tape, tril_real value)
{
    const tril_real *copy = tril_tape_copy(tape, &value, sizeof value);
    return copy ? tril_input(tape, copy, (tril_shape){ 0 }) : (tril_var){ 0 };
}

static tril_tape_store *find_store(const tril_tape *tape, const tril_params *params)
{
    tril_tape_store *store = tape->stores;
    while (store && (store->params != params || store->serial != params->serial))
        store = store->next;
    return store;
}

static tril_tape_store *add_store(tril_tape *tape, tril_params *params, tril_real *grads)
{
    tril_tape_store *store = tril_arena_take(&tape->arena, "params", 1, sizeof *store);
    uint32_t *leaf = tril_arena_take(&tape->arena, "params", params->count, sizeof *leaf);
    if (!store || !leaf)
        return NULL;
    memset(leaf, 0, params->count * sizeof *leaf);
    *store = (tril_tape_store){ tape->stores, params, params->serial, grads, leaf };
    return tape->stores = store;
}

bool tril_tape_lend(tril_tape *tape, tril_params *params, tril_real *grads)
{
    return add_store(tape, params, grads) != NULL;
}

tril_var tril_param_var(tril_tape *tape, tril_param param)
{
    const tril_var none = { 0 };
    if (!tape || tril_ctx_failed(tape->ctx))
        return none;
    if (!param.params || param.index >= param.params->count)
        return tril_var_fail(tape, "param", TRIL_BAD_ARGUMENT, "there is no such parameter");
    tril_tape_store *store = find_store(tape, param.params);
    const bool own = param.params->ctx == tape->ctx;
    if (!own && tape->recording && !(store && store->grads))
        return tril_var_fail(tape, "param", TRIL_BAD_ARGUMENT,
                             "%s and the tape were made with different contexts: only a tape that "
                             "does not record reads it",
                             tril_param_name(param));
    if (!store && !(store = add_store(tape, param.params, own ? param.params->grads : NULL)))
        return none;
    if (own) /* another's is only read: any number of threads may do so */
        param.params->in_use = true;
    uint32_t known = store->leaf[param.index];
    if (known)
        return (tril_var){ tape, known - 1, tape->epoch };
    tril_tape_node *t = new_leaf(tape, tril_param_values(param), tril_param_shape(param));
    if (!t)
        return none;
    t->param = &param.params->entries[param.index];
    t->node.needs_grad = tape->recording;
    t->node.grad = store->grads ? store->grads + t->param->offset : NULL;
    tril_var x = record(t);
    /* a leaf made while nothing is recorded asks for no gradient: it must not serve what is
     * recorded later */
    if (tape->recording)
        store->leaf[param.index] = x.index + 1;
    return x;
}

tril_var tril_requires_grad(tril_var x)
{
    tril_tape_node *t = tril_tape_node_of(x, "requires_grad");
    if (!t)
        return (tril_var){ 0 };
    if (t->param)
        return tril_var_fail(x.tape, "requires_grad", TRIL_BAD_ARGUMENT,
                             "%s is a parameter: its gradient is in its store, if it was asked for "
                             "while recording",
                             t->param->name);
    if (t->used && !t->node.needs_grad)
        return tril_var_fail(x.tape, "requires_grad", TRIL_BAD_ARGUMENT,
                             "the var has been used already: mark it before that");
    if (t->node.op != &leaf_op)
        return tril_var_fail(
            x.tape, "requires_grad", TRIL_BAD_ARGUMENT,
            "the result of %s is not an input; its gradient is there if an input's is wanted",
            t->node.op->name);
    t->node.needs_grad |= x.tape->recording;
    return x;
}

/* the inputs of a call: vars of one tape and of its present epoch */
static bool find_inputs(tril_tape_node *t, const tril_var *inputs)
{
    tril_tape *tape = t->node.tape;
    tril_node **in = (tril_node **)(void *)(t + 1);
    for (size_t k = 0; k < t->node.n_in; k++) {
        in[k] = NULL;
        bool left_out = !inputs[k].tape;
        if (left_out && k + t->node.op->n_optional >= t->node.n_in)
            continue;
        if (left_out)
            return tril_op_fail(&t->node, TRIL_BAD_VAR, "argument %zu is no var", k + 1);
        if (inputs[k].tape != tape)
            return tril_op_fail(&t->node, TRIL_BAD_VAR, "argument %zu is a var of another tape",
                                k + 1);
        tril_tape_node *input = tril_tape_node_of(inputs[k], t->node.op->name);
        if (!input)
            return false;
        in[k] = &input->node;
        input->used = true;
        t->node.needs_grad |= input->node.needs_grad;
    }
    t->node.needs_grad &= tape->recording && t->node.op->backward;
    return true;
}

tril_var tril_op_apply(const tril_op *op, const tril_var *inputs, size_t n_inputs,
                       const void *attrs, size_t attrs_size)
{
    const tril_var none = { 0 };
    tril_tape *tape = NULL;
    for (size_t k = 0; k < n_inputs && !tape; k++)
        tape = inputs[k].tape;
    if (!tape || tril_ctx_failed(tape->ctx))
        return none;
    tril_arena_mark mark = tril_arena_here(&tape->arena);
    tril_tape_node *t = new_node(tape, op, n_inputs);
    if (!t || !find_inputs(t, inputs) ||
        (attrs_size && !(t->node.attrs = tril_tape_copy(tape, attrs, attrs_size))) ||
        !op->shape(&t->node))
        return tril_arena_back(&tape->arena, mark), none;

    tril_node *node = &t->node;
    node->size = tril_shape_size(node->shape);
    if (node->size > SIZE_MAX / 4 / sizeof(tril_real)) {
        tril_op_fail(node, TRIL_BAD_SHAPE, "a result of shape %s is too large",
                     tril_shape_text(node->shape).text);
        return tril_arena_back(&tape->arena, mark), none;
    }
    /* not NULL where no bytes are wanted, as no tensor's values are: memset and memcpy ask for that
     * even where there is nothing to do */
    if (!(node->saved = tril_arena_take(&tape->arena, op->name, node->saved_bytes, 1)))
        return tril_arena_back(&tape->arena, mark), none;
    if (node->shares_value)
        node->value = node->in[0]->value;
    else if (!(node->value =
                   tril_arena_take(&tape->arena, op->name, node->size, sizeof(tril_real))) ||
             (node->size && !op->forward(node)))
        return tril_arena_back(&tape->arena, mark), none;
    return record(t);
}

static bool detach_shape(tril_node *node)
{
    node->shape = node->in[0]->shape;
    return node->shares_value = true;
}

tril_var tril_detach(tril_var x)
{
    static const tril_op detach_op = { "detach", detach_shape, NULL, NULL };
    return tril_op_apply(&detach_op, &x, 1, NULL, 0);
}
