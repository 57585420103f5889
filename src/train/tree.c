/* Sums in a fixed binary tree, by counting: a carry is an addition. */
#include "train/tree.h"

#include <string.h>

#include "kernels/reduce.h"

bool tril_tree_reserve(tril_tree *tree, tril_arena *arena, size_t size, size_t n)
{
    size_t levels = 2;
    while (n >>= 1)
        levels++;
    tree->size = size;
    for (; tree->levels < levels; tree->levels++)
        if (!(tree->home[tree->levels] = tril_arena_take(arena, "shards", size, sizeof(double))))
            return false;
    tril_tree_clear(tree);
    return true;
}

void tril_tree_clear(tril_tree *tree)
{
    memcpy(tree->block, tree->home, tree->levels * sizeof *tree->block);
    tree->there = 0;
}

size_t tril_tree_run(size_t n, size_t workers)
{
    size_t best = 1, least = SIZE_MAX;
    for (size_t run = 1; run < n + workers && (run - 1) * workers < n; run *= 2) {
        const size_t runs = (n + run - 1) / run, most = (runs + workers - 1) / workers * run;
        if (most <= least) {
            least = most;
            best = run;
        }
    }
    return best;
}

static void swap(double **a, double **b)
{
    double *c = *a;
    *a = *b;
    *b = c;
}

void tril_tree_add(tril_tree *tree, size_t from)
{
    size_t k = 0;
    for (; tree->there >> k & 1; k++)
        tril_add_sums(tree->size - from, tree->block[k + 1] + from, tree->block[0] + from);
    swap(&tree->block[k + 1], &tree->block[0]);
    tree->there++;
}

double **tril_tree_sum(tril_tree *tree, size_t from)
{
    double **sum = NULL;
    for (size_t k = 0; tree->there >> k; k++)
        if (tree->there >> k & 1) {
            if (sum)
                tril_add_sums(tree->size - from, *sum + from, tree->block[k + 1] + from);
            sum = &tree->block[k + 1];
        }
    tree->there = 0;
    return sum;
}
