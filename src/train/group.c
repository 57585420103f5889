/* Sums over the processes of a group: up a binary tree of ranks, and down again. */
#include "train/group.h"

#include <tril/extend.h>

bool tril_group_check(tril_ctx *ctx, const char *what, const tril_group *group)
{
    if (group->rank >= group->size)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "%s: a group of %zu processes has no rank %zu",
                             what, group->size, group->rank);
    if (group->size > 1 && !(group->send && group->receive))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "%s: the group has no function to %s", what,
                             group->send ? "receive" : "send");
    return true;
}

tril_group_part tril_group_part_of(const tril_group *group, size_t shards)
{
    size_t n = 1;
    while ((shards - 1) / n >= group->size)
        n *= 2;
    const size_t ranks = (shards - 1) / n + 1, first = group->rank * n;
    if (group->rank >= ranks)
        return (tril_group_part){ shards, shards, n, ranks };
    return (tril_group_part){ first, shards - first > n ? first + n : shards, n, ranks };
}

void tril_group_rows(const tril_group *group, size_t shard, size_t rows, size_t *first, size_t *n)
{
    shard = shard ? shard : TRIL_SHARD_ROWS;
    *first = *n = 0;
    if (!rows || !group->size)
        return;
    const tril_group_part part = tril_group_part_of(group, (rows - 1) / shard + 1);
    *first = part.first * shard < rows ? part.first * shard : rows;
    *n = (part.last * shard < rows ? part.last * shard : rows) - *first;
}

/* down the tree whose root is rank 0 */
static bool share_first(const tril_group *group, void *bytes, size_t n)
{
    size_t bit = 1;
    while (bit < group->size && !(group->rank & bit))
        bit *= 2;
    if (group->rank && !group->receive(group->user, group->rank - bit, bytes, n))
        return false;
    while (bit /= 2)
        if (group->rank + bit < group->size &&
            !group->send(group->user, group->rank + bit, bytes, n))
            return false;
    return true;
}

bool tril_group_share(const tril_group *group, size_t rank, void *bytes, size_t n)
{
    if (rank && group->rank == rank && !group->send(group->user, 0, bytes, n))
        return false;
    if (rank && group->rank == 0 && !group->receive(group->user, rank, bytes, n))
        return false;
    return share_first(group, bytes, n);
}

bool tril_group_sum(const tril_group *group, size_t ranks, double *block, double *other,
                    size_t from, size_t size)
{
    const size_t n = (size - from) * sizeof *block, rank = group->rank;
    for (size_t bit = 1; bit < ranks && rank < ranks; bit *= 2) {
        if (rank & bit) {
            if (!group->send(group->user, rank - bit, block + from, n))
                return false;
            break;
        }
        if (rank + bit >= ranks)
            continue;
        if (!group->receive(group->user, rank + bit, other + from, n))
            return false;
        for (size_t i = from; i + 1 < size; i++)
            block[i] += other[i];
        if (block[size - 1] == 0)
            block[size - 1] = other[size - 1];
    }
    return share_first(group, block + from, n);
}
