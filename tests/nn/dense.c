/* The dense layer: its parameters, how they begin, and errors. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { INPUTS = 96, OUTPUTS = 32 };

/* ---- initialisers: uniform on +- bound */

static const struct {
    tril_init init;
    tril_activation activation;
    double numerator, width; /* bound^2 = numerator / width */
} inits[] = {
    { TRIL_XAVIER, TRIL_NONE, 6, INPUTS + OUTPUTS },
    { TRIL_XAVIER, TRIL_RELU, 6, INPUTS + OUTPUTS },
    { TRIL_HE, TRIL_NONE, 6, INPUTS },
    { TRIL_HE, TRIL_TANH, 6, INPUTS },
    { TRIL_ZERO, TRIL_TANH, 0, 1 },
    /* by the activation */
    { TRIL_INIT_DEFAULT, TRIL_RELU, 6, INPUTS },
    { TRIL_INIT_DEFAULT, TRIL_ELU, 6, INPUTS },
    { TRIL_INIT_DEFAULT, TRIL_SOFTPLUS, 6, INPUTS },
    { TRIL_INIT_DEFAULT, TRIL_SILU, 6, INPUTS },
    { TRIL_INIT_DEFAULT, TRIL_TANH, 6, INPUTS + OUTPUTS },
    { TRIL_INIT_DEFAULT, TRIL_SIGMOID, 6, INPUTS + OUTPUTS },
    { TRIL_INIT_DEFAULT, TRIL_NONE, 6, INPUTS + OUTPUTS },
    { TRIL_INIT_DEFAULT, TRIL_ACTIVATION_DEFAULT, 6, INPUTS + OUTPUTS },
};

START_TEST(test_init)
{
    enum { N = INPUTS * OUTPUTS };
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 5 });
    tril_params *params = tril_params_new(ctx);
    tril_dense *dense = tril_dense_new(params, "layer",
                                       &(tril_dense_opts){ .inputs = INPUTS,
                                                           .outputs = OUTPUTS,
                                                           .activation = inits[_i].activation,
                                                           .init = inits[_i].init });
    ck_fine(ctx);
    const tril_real *w = tril_param_values(tril_dense_weight(dense));
    const tril_real *b = tril_param_values(tril_dense_bias(dense));
    double bound = sqrt(inits[_i].numerator / inits[_i].width), largest = 0, sum = 0, squares = 0;
    for (size_t i = 0; i < N; i++) {
        largest = fmax(largest, fabs((double)w[i]));
        sum += (double)w[i] / N;
        squares += (double)w[i] * (double)w[i] / N;
    }
    for (size_t i = 0; i < OUTPUTS; i++)
        ck_assert(b[i] == 0);
    /* the largest of 3072, and moments within 4.5 standard errors; all are 0 for TRIL_ZERO */
    ck_assert_double_le(largest, bound * (1 + 1e-6));
    ck_assert_double_ge(largest, bound * 0.995);
    ck_assert_double_le(fabs(sum), 4.5 * bound / sqrt(3. * N));
    ck_assert_double_le(fabs(squares - bound * bound / 3),
                        4.5 * bound * bound * sqrt((1. / 5 - 1. / 9) / N));
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* two layers do not begin alike, and a seed gives the same layer again */
START_TEST(test_seed)
{
    tril_real first[3][6];
    for (uint64_t seed = 0; seed < 3; seed++) {
        tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = seed / 2 });
        tril_params *params = tril_params_new(ctx);
        const tril_dense_opts opts = { .inputs = 3, .outputs = 2 };
        tril_dense *a = tril_dense_new(params, "a", &opts), *b = tril_dense_new(params, "b", &opts);
        memcpy(first[seed], tril_param_values(tril_dense_weight(a)), sizeof first[seed]);
        ck_assert_mem_ne(first[seed], tril_param_values(tril_dense_weight(b)), sizeof first[seed]);
        tril_params_free(params);
        tril_ctx_free(ctx);
    }
    ck_assert_mem_eq(first[0], first[1], sizeof first[0]);
    ck_assert_mem_ne(first[0], first[2], sizeof first[0]);
}
END_TEST

/* ---- application: x W' + b, with and without a bias, rows in one, two and three axes */

START_TEST(test_apply)
{
    const bool no_bias = _i;
    static const tril_shape shapes[] = {
        { 1, { 2 } }, { 2, { 3, 2 } }, { 4, { 1, 3, 1, 2 } }, { 2, { 0, 2 } }
    };
    const tril_real x[6] = { 1, 2, 3, 4, 5, 6 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_dense *dense = tril_dense_new(
        params, "layer", &(tril_dense_opts){ .inputs = 2, .outputs = 2, .no_bias = no_bias });
    memcpy(tril_param_values(tril_dense_weight(dense)), (tril_real[]){ 1, 10, -1, 2 },
           4 * sizeof(tril_real));
    if (no_bias) {
        ck_assert_uint_eq(tril_params_count(params), 1);
        ck_assert_ptr_null(tril_dense_bias(dense).params);
        ck_assert_ptr_null(tril_params_find(params, "layer.bias").params);
    } else {
        memcpy(tril_param_values(tril_dense_bias(dense)), (tril_real[]){ 100, 200 },
               2 * sizeof(tril_real));
    }
    tril_tape *tape = tril_tape_new(ctx);
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        tril_var y = tril_dense_apply(dense, tril_input(tape, x, shapes[k]));
        ck_fine(ctx);
        ck_assert(tril_shape_equal(tril_shape_of(y), shapes[k]));
        for (size_t i = 0; i < tril_size(y) / 2; i++) {
            double a = (double)x[2 * i], b = (double)x[2 * i + 1];
            ck_assert(tril_value(y)[2 * i] == (tril_real)(a + 10 * b + (no_bias ? 0 : 100)));
            ck_assert(tril_value(y)[2 * i + 1] == (tril_real)(2 * b - a + (no_bias ? 0 : 200)));
        }
    }
    tril_tape_free(tape);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- errors: a sentence, and a store that is as it was */

static const struct {
    const char *name;
    tril_dense_opts opts;
    const char *text;
} errors[] = {
    { NULL, { 1, 1 }, "dense: it needs a name and options" },
    { "", { 1, 1 }, "dense: it needs a name and options" },
    { "a", { 0, 1 }, "dense: a has 0 inputs and 1 outputs, want at least 1 each" },
    { "a", { 1, 0 }, "dense: a has 1 inputs and 0 outputs, want at least 1 each" },
    { "a", { 1, 1, .init = (tril_init)4 }, "dense: a: there is no init number 4" },
    { "a",
      { 1, 1, .activation = (tril_activation)8 },
      "dense: a: there is no activation number 8" },
    { "taken", { 1, 1 }, "params: there already is a parameter named taken.bias" },
};

START_TEST(test_errors)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_params_add(params, "taken.bias", TRIL_SHAPE(1));
    ck_assert_ptr_null(tril_dense_new(params, errors[_i].name, &errors[_i].opts));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, errors[_i].text);
    ck_assert_uint_eq(tril_params_count(params), 1);
    ck_assert_ptr_null(tril_params_find(params, "taken.weight").params);
    /* the name that was given up is free again, also for another place */
    tril_params_add(params, "other", TRIL_SHAPE(5));
    ck_assert_ptr_null(tril_params_find(params, "taken.weight").params);
    ck_assert_uint_eq(tril_params_add(params, "taken.weight", TRIL_SHAPE(2)).index, 2);
    ck_assert_uint_eq(tril_params_find(params, "taken.weight").index, 2);
    ck_assert_uint_eq(tril_params_size(params), 8);
    ck_fine(ctx);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_inert)
{
    const tril_dense_opts opts = { 1, 1 };
    ck_assert_ptr_null(tril_dense_new(NULL, "a", &opts));
    ck_assert(!tril_dense_apply(NULL, (tril_var){ 0 }).tape);
    ck_assert(!tril_dense_weight(NULL).params && !tril_dense_bias(NULL).params);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    ck_assert_ptr_null(tril_dense_new(params, "a", NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "dense: it needs a name and options");
    ck_assert(!tril_dense_apply(tril_dense_new(params, "lone", &opts), (tril_var){ 0 }).tape);
    ck_failed(ctx, TRIL_BAD_VAR, "dense: x is no var");
    /* once a tape has used the store it is complete */
    tril_dense *dense = tril_dense_new(params, "a", &opts);
    tril_tape *tape = tril_tape_new(ctx);
    const tril_real x[1] = { 1 };
    tril_dense_apply(dense, tril_input(tape, x, TRIL_SHAPE(1)));
    ck_fine(ctx);
    ck_assert_ptr_null(tril_dense_new(params, "b", &opts));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "params: b.weight comes too late");
    tril_tape_free(tape);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_nn_dense(void)
{
    Suite *suite = suite_create("nn/dense");
    TCase *tcase = tcase_create("dense");
    tcase_add_loop_test(tcase, test_init, 0, sizeof inits / sizeof *inits);
    tcase_add_test(tcase, test_seed);
    tcase_add_loop_test(tcase, test_apply, 0, 2);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    tcase_add_test(tcase, test_inert);
    suite_add_tcase(suite, tcase);
    return suite;
}
