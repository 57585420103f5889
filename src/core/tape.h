/* Inside of the tape: nodes in the arena, their list, and which stores are in use. */
#ifndef TRIL_CORE_TAPE_H
#define TRIL_CORE_TAPE_H

#include <tril/extend.h>

#include "core/params.h"

/* A node of the tape with what only the tape knows of it. */
typedef struct tril_tape_node {
    tril_node node;
    tril_real **grad_in;           /* n_in pointers, filled while backward runs */
    const tril_param_entry *param; /* of a parameter's leaf */
    bool has_grad;                 /* backward has written node.grad */
    bool used;                     /* an op has taken it as an input */
    bool finite;                   /* an input whose numbers have all been found so */
    bool reached;                  /* scratch of backward: the loss depends on it */
} tril_tape_node;

/* A store that the present epoch uses, and the leaf of each parameter that was asked for. */
typedef struct tril_tape_store {
    struct tril_tape_store *next;
    tril_params *params;
    uint64_t serial;  /* of the store, should another come to lie at its address */
    tril_real *grads; /* where its gradients go: its own block, or that of tril_tape_lend; NULL: the
                         store is another context's, and is only read */
    uint32_t *leaf;   /* index + 1; 0 for none */
} tril_tape_store;

struct tril_tape {
    tril_ctx *ctx;
    tril_arena arena;
    tril_tape_node **nodes;
    uint32_t count, capacity, epoch;
    bool recording;
    tril_tape_store *stores;
};

/* Whether it is a var of its tape's present epoch, and nothing has failed. */
static inline bool tril_var_is_current(tril_var x)
{
    return x.tape && !tril_ctx_failed(x.tape->ctx) && x.epoch == x.tape->epoch &&
           x.index < x.tape->count;
}

/* The node of a var, or NULL after failing the context with "WHAT: ..."; a var of no tape cannot
 * fail one. */
tril_tape_node *tril_tape_node_of(tril_var x, const char *what);

/* The index of a var's first number that is NaN or infinite, its size if none is. What tril_input
 * has looked through is not looked through again. */
size_t tril_var_first_not_finite(tril_var x);

/* Until the next reset, the tape may use a store of another context, which it only reads: gradients
 * go to `grads`, laid out as the store's own. The store must be in use already. Parameters that the
 * loss does not ask for have gradient zero, as those that it does not depend on. */
bool tril_tape_lend(tril_tape *tape, tril_params *params, tril_real *grads);

/* A place to come back to: vars made since are no more, what they took is free again. No parameter
 * may have been asked for in between. */
typedef struct tril_tape_mark {
    tril_arena_mark arena;
    uint32_t count;
} tril_tape_mark;

tril_tape_mark tril_tape_here(const tril_tape *tape);
void tril_tape_back(tril_tape *tape, tril_tape_mark mark);

static inline tril_tape_node *tril_tape_node_from(tril_node *node)
{
    return (tril_tape_node *)node; /* its first member */
}

#endif
