/* Work over threads: steps, whose rows are cut into shards for a pool of workers, and tasks.
 *
 * The result does not depend on the number of threads, to the last bit: gradients are added in a
 * binary tree over the numbers of the shards. The library starts no thread unless asked for one
 * here.
 *
 * Example: a network learns the distribution of three numbers, two threads at work.
 *
 *     #include <stdio.h>
 *     #include <tril/tril.h>
 *
 *     enum { ROWS = 1000 };
 *     static tril_real xs[ROWS * 2], ys[ROWS * 3];
 *
 *     static tril_var loss(tril_tape *tape, size_t first, size_t n, void *net)
 *     {
 *         tril_var x = tril_input(tape, xs + 2 * first, TRIL_SHAPE(n, 2));
 *         tril_var y = tril_input(tape, ys + 3 * first, TRIL_SHAPE(n, 3));
 *         tril_dist p = tril_head(tril_mlp_apply(net, x), 3, NULL);
 *         return tril_neg(tril_mean(tril_log_prob(p, y)));
 *     }
 *
 *     int main(void)
 *     {
 *         tril_random random = tril_random_stream(1, 1);
 *         tril_random_normal(&random, xs, ROWS * 2);
 *         tril_random_normal(&random, ys, ROWS * 3);
 *         for (int i = 0; i < ROWS; i++)
 *             ys[3 * i] += 2 * xs[2 * i];
 *
 *         tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 7 });
 *         tril_params *params = tril_params_new(ctx);
 *         tril_mlp *net = tril_mlp_new(params, "net", &(tril_mlp_opts){
 *             .inputs = 2, .hidden = { 16 }, .outputs = tril_head_width(3, NULL) });
 *         tril_optim *adam = tril_adam_new(params, &(tril_adam_opts){ .lr = 1e-2 });
 *         tril_shards *shards = tril_shards_new(params, &(tril_shards_opts){ .threads = 2 });
 *
 *         double before = 0, after = 0;
 *         tril_shards_mean(shards, ROWS, loss, net, &before);
 *         for (int step = 0; step < 100; step++) {
 *             tril_shards_backward(shards, ROWS, loss, net, NULL);
 *             // here the gradients are the program's: to look at, or to add to those of others
 *             tril_optim_step(adam);
 *         }
 *         tril_shards_mean(shards, ROWS, loss, net, &after);
 *         printf("NLL %.2f before, %.2f after: %s\n", before, after, tril_ctx_message(ctx));
 *         bool failed = tril_ctx_failed(ctx);
 *
 *         tril_shards_free(shards);
 *         tril_optim_free(adam);
 *         tril_params_free(params);
 *         tril_ctx_free(ctx);
 *         return failed || !(after < before);
 *     }
 */
#ifndef TRIL_SHARDS_H
#define TRIL_SHARDS_H

#include <tril/tape.h>

TRIL_API_BEGIN

/* A pool of workers, each with a context, a tape and a block of gradients of its own. */
typedef struct tril_shards tril_shards;

/* Processes, on several machines too, that share steps: each calls tril_shards_backward and
 * tril_shards_mean as often as the others and with as many rows, with equal parameters and a
 * context of the same seed, and all get the same result: the bits that one process gets alone.
 * tril/mpi.h makes a group of what mpirun starts. A group of your own has two functions that block,
 * like MPI_Send and MPI_Recv. They return false if the other process is gone. The thread that steps
 * calls them. */
typedef struct tril_group {
    size_t rank, size; /* this process's number, and how many there are */
    bool (*send)(void *user, size_t to, const void *bytes, size_t n);
    bool (*receive)(void *user, size_t from, void *bytes, size_t n);
    void *user;
    TRIL_RESERVED(3);
} tril_group;

/* The rows of a step that are this process's, *n from *first on, 0 of a group of size 0: its loss
 * sees no others, and it needs to hold no others. `shard` is tril_shards_opts.rows. Each process
 * has the same number of shards, a power of two, but that the last ones may have fewer or none: 2,
 * 4, 8 processes share evenly. */
void tril_group_rows(const tril_group *group, size_t shard, size_t rows, size_t *first, size_t *n);

typedef struct tril_shards_opts {
    size_t threads; /* the caller's is one of them; default 1, which starts none */
    size_t rows;    /* of a shard, but that the last one may have fewer; default 256, with which the
                       values of a network of some 64 units stay in a core's cache. The result
                       depends on it, by rounding */
    tril_params *also[3]; /* other stores of the same context that losses use; default none */
    TRIL_ADDED const tril_group *processes; /* default: this one alone */
    TRIL_RESERVED(3);
} tril_shards_opts;

/* A pool for losses of the parameters of a store, which must outlive it, and can grow no more. opts
 * may be NULL. With more than one thread the context's allocator must be safe to call from several
 * threads at once, as that of the C library is. The workers sleep between steps, and take no
 * signals; a process made by fork() has none of them. NULL on failure: no memory, or a thread that
 * the system does not start. */
tril_shards *tril_shards_new(tril_params *params, const tril_shards_opts *opts);
void tril_shards_free(tril_shards *shards);

/* The mean loss, one number, of the n rows from row `first` on, made on this tape. Shards run at
 * the same time: what `user` points to may be read, not written. The tape is a worker's: draws are
 * made from a stream of the shard's own, which is seeded by one number that a step draws from the
 * stream of the stores' context. That context itself, and other tapes, cannot be used meanwhile. A
 * mean over fewer things than rows (targets that are not missing, say) is weighted by the rows all
 * the same: then sum, and divide by what all shards share. */
typedef tril_var tril_shard_loss(tril_tape *tape, size_t first, size_t n, void *user);

/* The mean loss over all rows, and its gradients with respect to the parameters: as tril_backward
 * sets them on one tape with all rows, but for rounding. Stores that no shard uses get zeros. Until
 * tril_optim_step the gradients are the caller's (tril_params_grads).
 *
 * From its first large product to its end OpenBLAS has one thread in the whole program, then as
 * many as before. Nothing is allocated after the first step with as many rows. At least one row.
 * Where shards fail, the first of them in the order of the rows gives status and sentence, behind
 * "rows FIRST to LAST:
 * "; the gradients are then those of nothing. All processes of a group fail with that sentence;
 * where one is gone the status is TRIL_NO_THREAD. mean may be NULL. True on success. */
bool tril_shards_backward(tril_shards *shards, size_t rows, tril_shard_loss *loss, void *user,
                          double *mean);

/* The mean loss alone: nothing is recorded, gradients stay as they are. */
bool tril_shards_mean(tril_shards *shards, size_t rows, tril_shard_loss *loss, void *user,
                      double *mean);

/* Runs tasks 0 to n - 1, in this order, on up to `threads` threads, the caller's included. The
 * others take no signals and end before it returns. Each task needs a context of its own
 * (tril_fit_opts.ctx for a fit), and no two may write the same memory. After a task that returned
 * false no other begins, and the result is false. If fewer threads start, those do all tasks. */
bool tril_tasks_run(size_t threads, size_t n, bool (*run)(void *data, size_t k), void *data);

TRIL_API_END
#endif
