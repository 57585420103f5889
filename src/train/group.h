/* Sums over the processes of a group. */
#ifndef TRIL_TRAIN_GROUP_H
#define TRIL_TRAIN_GROUP_H

#include <tril/shards.h>

enum { TRIL_SHARD_ROWS = 256 }; /* default */

/* The shards first to last - 1 of a rank; how many each has, 2^k, the fewest with which all have a
 * rank; and how many ranks have any. */
typedef struct tril_group_part {
    size_t first, last, each, ranks;
} tril_group_part;

/* Fails the context, as what asks, where a rank or a function is not there. */
bool tril_group_check(tril_ctx *ctx, const char *what, const tril_group *group);

tril_group_part tril_group_part_of(const tril_group *group, size_t shards);

/* The sum of the first so many ranks' numbers `from` to size - 1, in the tree of the shards, to all
 * ranks; `other` is room for as many. Of the last number, which is no summand, the first rank's
 * that is not 0. False where a rank cannot be reached. */
bool tril_group_sum(const tril_group *group, size_t ranks, double *block, double *other,
                    size_t from, size_t size);

/* Bytes of a rank to all others. */
bool tril_group_share(const tril_group *group, size_t rank, void *bytes, size_t n);

#endif
