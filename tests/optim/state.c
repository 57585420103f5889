/* The state of optimizers: a run that another optimizer takes over goes on with the same bits. */
#include "optim/optims.h"

#include <math.h>
#include <string.h>

enum { SIZE = 6, STEPS = 12 };

typedef struct run {
    tril_params *params;
    tril_optim *optim;
    tril_array arrays[TRIL_OPTIM_ARRAYS];
    size_t n;
} run;

/* a normal's loc and scale_tril: what every optimizer can move */
static run run_new(tril_ctx *ctx, const char *kind)
{
    run r = { .params = tril_params_new(ctx) };
    tril_params_add(r.params, "loc", TRIL_SHAPE(2));
    tril_params_add(r.params, "scale_tril", TRIL_SHAPE(2, 2));
    tril_real *w = tril_params_values(r.params);
    w[2] = w[5] = 1;
    r.optim = make_optim(kind, r.params, (optim_options){ .lr = 0.05, .momentum = 0.9 });
    r.n = tril_optim_state(r.optim, r.arrays);
    ck_fine(ctx);
    return r;
}

static void run_free(run *r)
{
    tril_optim_free(r->optim);
    tril_params_free(r->params);
}

static void run_steps(run *r, size_t first, size_t end)
{
    for (size_t step = first; step < end; step++) {
        for (size_t i = 0; i < SIZE; i++)
            tril_params_grads(r->params)[i] =
                i == 3 ? 0
                       : (tril_real)sin(3 * (double)tril_params_values(r->params)[i] +
                                        (double)(step + i));
        ck_assert(tril_optim_step(r->optim));
    }
}

static size_t bytes_of(const tril_array *a)
{
    const size_t size[] = { sizeof(tril_real), sizeof(double), sizeof(uint64_t) };
    return a->size * size[a->type];
}

START_TEST(test_taken_over)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (size_t k = 0; k < STEPS; k++) {
        run alone = run_new(ctx, optim_rows[_i].kind), first = run_new(ctx, optim_rows[_i].kind),
            second = run_new(ctx, optim_rows[_i].kind);
        run_steps(&alone, 0, STEPS);
        run_steps(&first, 0, k);
        ck_assert_uint_eq(first.n, second.n);
        for (size_t i = 0; i < first.n; i++) {
            ck_assert_str_eq(first.arrays[i].name, second.arrays[i].name);
            ck_assert_uint_eq(bytes_of(&first.arrays[i]), bytes_of(&second.arrays[i]));
            memcpy(second.arrays[i].values, first.arrays[i].values, bytes_of(&first.arrays[i]));
        }
        memcpy(tril_params_values(second.params), tril_params_values(first.params),
               SIZE * sizeof(tril_real));
        run_steps(&second, k, STEPS);
        ck_assert_mem_eq(tril_params_values(second.params), tril_params_values(alone.params),
                         SIZE * sizeof(tril_real));
        run_free(&alone), run_free(&first), run_free(&second);
    }
    ck_assert_uint_eq(tril_optim_state(NULL, NULL), 0);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_optim_state(void)
{
    Suite *suite = suite_create("optim/state");
    TCase *tcase = tcase_create("state");
    tcase_add_loop_test(tcase, test_taken_over, 0, N_OPTIMS);
    suite_add_tcase(suite, tcase);
    return suite;
}
