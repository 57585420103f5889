/* The time of a step over processes: measured with those that mpirun has started, and as a model
 * says of latency, bandwidth and the time of a shard, for more of them than there are here: `mpirun
 * -n 2 ranks`. Only the first process prints. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <tril/mpi.h>
#include <tril/tril.h>

enum { INPUTS = 8, TARGETS = 3, SHARD = 256, MOST = 65536, TIMES = 15 };

static tril_real x[MOST * INPUTS], y[MOST * TARGETS];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static tril_var loss(tril_tape *tape, size_t first, size_t n, void *net)
{
    tril_var in = tril_input(tape, x + INPUTS * first, TRIL_SHAPE(n, INPUTS));
    tril_dist p = tril_head(tril_mlp_apply(net, in), TARGETS, NULL);
    tril_var out = tril_input(tape, y + TARGETS * first, TRIL_SHAPE(n, TARGETS));
    return tril_neg(tril_mean(tril_log_prob(p, out)));
}

typedef struct bench {
    tril_group group;
    tril_params *params;
    tril_mlp *net;
    tril_optim *adam;
} bench;

/* the least time of a step; rows 0: of the optimizer alone */
static double step_of(const bench *b, const tril_group *group, size_t rows)
{
    tril_shards *shards = tril_shards_new(b->params, &(tril_shards_opts){ .processes = group });
    double least = HUGE_VAL;
    for (int i = 0; i < TIMES; i++) {
        char token = 0;
        if (group && group->rank) /* all begin at the same time */
            group->receive(group->user, 0, &token, 1);
        for (size_t to = 1; group && group->rank == 0 && to < group->size; to++)
            group->send(group->user, to, &token, 1);
        const double begin = now();
        if (rows)
            tril_shards_backward(shards, rows, loss, b->net, NULL);
        tril_optim_step(b->adam);
        least = fmin(least, now() - begin);
    }
    tril_shards_free(shards);
    return least;
}

/* the least time of a message from the first process to the second, half of there and back */
static double message_of(const tril_group *group, size_t n)
{
    char *bytes = calloc(n, 1);
    double least = HUGE_VAL;
    for (int i = 0; i < 100 * TIMES && group->rank < 2 && bytes; i++) {
        const double begin = now();
        if (group->rank == 0)
            group->send(group->user, 1, bytes, n), group->receive(group->user, 1, bytes, n);
        else
            group->receive(group->user, 0, bytes, n), group->send(group->user, 0, bytes, n);
        least = fmin(least, (now() - begin) / 2);
    }
    free(bytes);
    return least;
}

typedef struct model {
    double latency, per_byte, shard, optimizer;
    size_t bytes; /* of the gradients */
} model;

/* the shards of a process, then sums up a tree of processes and down again */
static double modelled(const model *m, double rows, double processes)
{
    const double shards = ceil(rows / SHARD), each = exp2(ceil(log2(shards / processes)));
    const double with = ceil(shards / fmax(1, each)), levels = ceil(log2(processes));
    const double up = ceil(log2(with));
    return fmax(1, each) * m->shard + m->optimizer +
           (up + levels) * (m->latency + m->per_byte * (double)m->bytes);
}

static void print_model(const model *m)
{
    printf("\nrows         ");
    for (int p = 0; p <= 10; p += 2)
        printf("%8d", 1 << p);
    for (int b = 8; b <= 20; b += 2) {
        printf("\n%-13d", 1 << b);
        for (int p = 0; p <= 10; p += 2)
            printf("%8.2f", 1e3 * modelled(m, ldexp(1, b), ldexp(1, p)));
    }
    printf("\n");
}

int main(void)
{
    bench b;
    if (!tril_mpi_begin(&b.group) || b.group.size < 2)
        return fprintf(stderr, "mpirun -n 2, or more\n"), 1;
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 7 });
    tril_random random = tril_random_stream(1, 1);
    tril_random_normal(&random, x, MOST * INPUTS);
    tril_random_normal(&random, y, MOST * TARGETS);
    b.params = tril_params_new(ctx);
    b.net = tril_mlp_new(b.params, "net",
                         &(tril_mlp_opts){ .inputs = INPUTS,
                                           .hidden = { 128, 128 },
                                           .outputs = tril_head_width(TARGETS, NULL) });
    b.adam = tril_adam_new(b.params, NULL);
    const size_t big = 1 << 20;
    model m = { .bytes = tril_params_size(b.params) * sizeof(double) };
    m.latency = message_of(&b.group, 8);
    m.per_byte = (message_of(&b.group, m.bytes) - m.latency) / (double)m.bytes;
    const double per_byte = (message_of(&b.group, big) - m.latency) / (double)big;
    m.optimizer = step_of(&b, NULL, 0);
    m.shard = (step_of(&b, NULL, 16 * SHARD) - m.optimizer) / 16;
    if (b.group.rank == 0)
        printf(
            "latency %.2f us, bandwidth %.2f GB/s (%zu bytes of gradients), %.2f (1 MiB)\n"
            "shard of %d rows %.1f us, optimizer %.1f us\n\nrows          measured modelled, ms\n",
            1e6 * m.latency, 1e-9 / m.per_byte, m.bytes, 1e-9 / per_byte, SHARD, 1e6 * m.shard,
            1e6 * m.optimizer);
    for (size_t rows = SHARD * b.group.size; rows <= MOST; rows *= 4) {
        const double step = step_of(&b, &b.group, rows);
        if (b.group.rank == 0)
            printf("%-13zu %8.3f %8.3f\n", rows, 1e3 * step,
                   1e3 * modelled(&m, (double)rows, (double)b.group.size));
    }
    if (b.group.rank == 0)
        print_model(&m);
    const bool failed = tril_ctx_failed(ctx);
    if (failed)
        return fprintf(stderr, "%s\n", tril_ctx_message(ctx)), 1;
    tril_optim_free(b.adam), tril_params_free(b.params), tril_ctx_free(ctx);
    tril_mpi_end();
    return 0;
}
