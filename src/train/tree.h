/* Sums in a fixed binary tree: that of 2^k neighbours, the first of them a multiple of 2^k, is made
 * wherever, and the bits depend on nothing but how many there are. There is one block of numbers
 * for each level. */
#ifndef TRIL_TRAIN_TREE_H
#define TRIL_TRAIN_TREE_H

#include "core/arena.h"

enum { TRIL_TREE_LEVELS = 64 };

typedef struct tril_tree {
    double *block[TRIL_TREE_LEVELS + 1]; /* [size]; one more is for what comes next */
    double *home[TRIL_TREE_LEVELS + 1]; /* the blocks before any is exchanged with another tree's */
    size_t levels, size;
    uint64_t there; /* bit k: block k + 1 holds the sum of 2^k */
} tril_tree;

/* Room for the sum of n things; false with a failed context. */
bool tril_tree_reserve(tril_tree *tree, tril_arena *arena, size_t size, size_t n);

/* Nothing was added, and the blocks are its own again: those that its thread wrote last, which are
 * near its processor. */
void tril_tree_clear(tril_tree *tree);

/* How many of n things, a power of two, a run should have for so many workers: as many as can be
 * while no worker has more things than it must, which saves sums that are handed over. */
size_t tril_tree_run(size_t n, size_t workers);

/* Adds block[0], from number `from` on, as the next thing: the sums are made in it. block[0] is
 * then another block. */
void tril_tree_add(tril_tree *tree, size_t from);

/* The block that is the sum of all that was added, at least one thing; the tree is empty then. A
 * branch that is not there counts as nothing: runs of 2^k things, the last of them shorter, have as
 * many sums, which are the things of another tree. */
double **tril_tree_sum(tril_tree *tree, size_t from);

#endif
