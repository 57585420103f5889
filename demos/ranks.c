/* Steps shared by the processes that mpirun starts, or by none but this one:
 * `mpirun -n 4 ranks [THREADS [MODEL [STEPS]]]`. A network learns how the spread of two numbers
 * depends on two others; each process makes the rows that are its own, from numbers that depend on
 * the row alone. Only the first process prints. */
#include <stdio.h>
#include <stdlib.h>

#include <tril/mpi.h>
#include <tril/tril.h>

enum { ROWS = 65536 };

typedef struct data {
    tril_mlp *net;
    size_t first; /* the row that x and y begin with */
    tril_real *x, *y;
} data;

static void make_rows(data *d, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tril_random random = tril_random_stream(1, d->first + i);
        tril_random_normal(&random, d->x + 2 * i, 2);
        tril_random_normal(&random, d->y + 2 * i, 2);
        d->y[2 * i] += d->x[2 * i];
        d->y[2 * i + 1] *= d->x[2 * i + 1];
    }
}

static tril_var loss(tril_tape *tape, size_t first, size_t n, void *user)
{
    const data *d = user;
    const size_t at = first - d->first;
    tril_var x = tril_input(tape, d->x + 2 * at, TRIL_SHAPE(n, 2));
    tril_var y = tril_input(tape, d->y + 2 * at, TRIL_SHAPE(n, 2));
    return tril_neg(tril_mean(tril_log_prob(tril_head(tril_mlp_apply(d->net, x), 2, NULL), y)));
}

int main(int argc, char **argv)
{
    tril_group group;
    if (!tril_mpi_begin(&group))
        return fprintf(stderr, "MPI does not start\n"), 1;
    const size_t threads = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    const int steps = argc > 3 ? atoi(argv[3]) : 20;
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 7 });
    tril_params *params = tril_params_new(ctx);
    data d = { .net = tril_mlp_new(params, "net",
                                   &(tril_mlp_opts){ .inputs = 2,
                                                     .hidden = { 64, 64 },
                                                     .outputs = tril_head_width(2, NULL) }) };
    tril_optim *adam = tril_adam_new(params, &(tril_adam_opts){ .lr = 1e-2 });
    tril_shards *shards =
        tril_shards_new(params, &(tril_shards_opts){ .threads = threads, .processes = &group });
    size_t n;
    tril_group_rows(&group, 0, ROWS, &d.first, &n);
    d.x = calloc(2 * n + 1, sizeof *d.x);
    d.y = calloc(2 * n + 1, sizeof *d.y);
    if (d.x && d.y)
        make_rows(&d, n);
    double nll = 0;
    for (int step = 0; step < steps && d.x && d.y && !tril_ctx_failed(ctx); step++) {
        tril_shards_backward(shards, ROWS, loss, &d, &nll);
        tril_optim_step(adam);
    }
    const bool done = d.x && d.y && !tril_ctx_failed(ctx);
    if (group.rank == 0 && done) {
        tril_tensors *file = tril_tensors_new(ctx);
        printf("%zu processes: NLL %.6f\n", group.size, nll);
        if (argc > 2 &&
            !(tril_tensors_put_params(file, "", params) && tril_tensors_write(file, argv[2])))
            printf("%s\n", tril_ctx_message(ctx));
        tril_tensors_free(file);
    } else if (!done) {
        fprintf(stderr, "process %zu: %s\n", group.rank, tril_ctx_message(ctx));
    }
    tril_shards_free(shards), tril_optim_free(adam), tril_params_free(params);
    free(d.x), free(d.y);
    if (!done || tril_ctx_failed(ctx))
        return 1; /* without tril_mpi_end: mpirun ends the others */
    tril_ctx_free(ctx);
    tril_mpi_end();
    return 0;
}
