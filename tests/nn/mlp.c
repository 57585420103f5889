/* Networks: names, shapes, values and gradients against PyTorch's nn.Sequential, and errors. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum {
    INPUTS = 3,
    OUTPUTS = 2,
    ROWS = 6,
    SIZE = 54,
    NUMBERS = 2 * SIZE + 2 * ROWS * (INPUTS + OUTPUTS)
};

/* in the order of reference/mlp.py */
static const tril_activation activations[] = { TRIL_TANH,     TRIL_RELU, TRIL_ELU,
                                               TRIL_SOFTPLUS, TRIL_SILU, TRIL_SIGMOID };
enum { N_ACTIVATIONS = sizeof activations / sizeof *activations };

static tril_mlp *new_mlp(tril_params *params, tril_activation activation)
{
    return tril_mlp_new(
        params, "net",
        &(tril_mlp_opts){
            .inputs = INPUTS, .hidden = { 5, 4 }, .outputs = OUTPUTS, .activation = activation });
}

/* as PyTorch names and shapes them */
START_TEST(test_names)
{
    static const struct {
        const char *name;
        tril_shape shape;
    } wanted[] = {
        { "net.0.weight", { 2, { 5, 3 } } }, { "net.0.bias", { 1, { 5 } } },
        { "net.2.weight", { 2, { 4, 5 } } }, { "net.2.bias", { 1, { 4 } } },
        { "net.4.weight", { 2, { 2, 4 } } }, { "net.4.bias", { 1, { 2 } } },
    };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_mlp *net = new_mlp(params, TRIL_ACTIVATION_DEFAULT);
    ck_fine(ctx);
    ck_assert_uint_eq(tril_params_count(params), 6);
    for (size_t i = 0; i < 6; i++) {
        tril_param param = tril_params_at(params, i);
        ck_assert_str_eq(tril_param_name(param), wanted[i].name);
        ck_assert(tril_shape_equal(tril_param_shape(param), wanted[i].shape));
        tril_dense *layer = tril_mlp_layer(net, i / 2);
        ck_assert_uint_eq(i % 2 ? tril_dense_bias(layer).index : tril_dense_weight(layer).index, i);
    }
    ck_assert_uint_eq(tril_params_size(params), SIZE);
    ck_assert_uint_eq(tril_mlp_depth(net), 3);
    ck_assert_ptr_eq(tril_mlp_last(net), tril_mlp_layer(net, 2));
    ck_assert_ptr_null(tril_mlp_layer(net, 3));
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- against PyTorch */

static const double *compare(const tril_real *x, const double *wanted, size_t n, const char *what)
{
    double largest = 0; /* products are summed: errors are relative to the largest of the tensor */
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(wanted[i]));
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)x[i] - wanted[i]) <= (IS_DOUBLE ? 1e-12 : 1e-5) * largest,
                      "%s %zu is %.17g, PyTorch says %.17g", what, i, (double)x[i], wanted[i]);
    return wanted + n;
}

static const double *copy(tril_real *to, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (tril_real)from[i];
    return from + n;
}

START_TEST(test_pytorch)
{
    tril_real x[ROWS * INPUTS], seed[ROWS * OUTPUTS];
    size_t numbers;
    double *file = reference("reference/mlp.csv", "value", &numbers);
    ck_assert_uint_eq(numbers, N_ACTIVATIONS * NUMBERS);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_mlp *net = new_mlp(params, activations[_i]);
    const double *at = copy(tril_params_values(params), file + _i * NUMBERS, SIZE);
    const double *wanted = copy(x, at, ROWS * INPUTS);
    copy(seed, wanted + ROWS * OUTPUTS, ROWS * OUTPUTS);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var in = tril_requires_grad(tril_input(tape, x, TRIL_SHAPE(ROWS, INPUTS)));
    tril_var y = tril_mlp_apply(net, in);
    ck_assert(tril_backward_with(y, &(tril_backward_opts){ .seed = seed }));
    ck_fine(ctx);
    wanted = compare(tril_value(y), wanted, ROWS * OUTPUTS, "output") + ROWS * OUTPUTS;
    for (size_t i = 0; i < tril_params_count(params); i++) {
        tril_param param = tril_params_at(params, i);
        wanted = compare(tril_param_grads(param), wanted, tril_shape_size(tril_param_shape(param)),
                         tril_param_name(param));
    }
    wanted = compare(tril_grad(in), wanted, ROWS * INPUTS, "gradient of the input");
    ck_assert_int_eq(wanted - file, (_i + 1) * NUMBERS);
    free(file);
    tril_tape_free(tape);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- gradients of everything, by finite differences: a network without activations too, batches
 * of higher rank, and one where the default is tanh */

static tril_var applied(tril_tape *tape, const tril_var *inputs, void *user)
{
    (void)tape;
    return tril_square(tril_mlp_apply(user, inputs[0]));
}

START_TEST(test_gradcheck)
{
    static const tril_activation all[] = {
        TRIL_ACTIVATION_DEFAULT, TRIL_NONE, TRIL_TANH,   TRIL_RELU, TRIL_ELU,
        TRIL_SOFTPLUS,           TRIL_SILU, TRIL_SIGMOID
    };
    tril_real x[2 * ROWS * INPUTS];
    tril_random random = tril_random_stream(4, 0);
    tril_random_normal(&random, x, 2 * ROWS * INPUTS);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_mlp *net = new_mlp(params, all[_i]);
    tril_gradcheck_input input = { x, TRIL_SHAPE(2, ROWS, INPUTS) };
    tril_gradcheck_report report;
    /* near the bend of relu and elu a difference quotient means nothing: a small step misses it */
    bool bends = all[_i] == TRIL_RELU || all[_i] == TRIL_ELU;
    tril_gradcheck_opts opts = { .params = params,
                                 .step = !bends      ? 0
                                         : IS_DOUBLE ? 1e-5
                                                     : 1e-3,
                                 .tolerance = !bends      ? 0
                                              : IS_DOUBLE ? 1e-7
                                                          : 5e-2 };
    ck_assert_msg(tril_gradcheck(ctx, applied, net, &input, 1, &opts, &report), "%s", report.text);
    ck_assert_uint_eq(report.checked, 2 * ROWS * INPUTS + SIZE);
    ck_fine(ctx);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- depth, from none to all hidden layers */

START_TEST(test_depths)
{
    for (size_t hidden = 0; hidden <= TRIL_MAX_HIDDEN; hidden++) {
        tril_mlp_opts opts = { .inputs = 2, .outputs = 3 };
        for (size_t i = 0; i < hidden; i++)
            opts.hidden[i] = i + 1;
        tril_ctx *ctx = tril_ctx_new(NULL);
        tril_params *params = tril_params_new(ctx);
        tril_mlp *net = tril_mlp_new(params, "net", &opts);
        ck_fine(ctx);
        ck_assert_uint_eq(tril_mlp_depth(net), hidden + 1);
        char name[32];
        snprintf(name, sizeof name, "net.%zu.bias", 2 * hidden);
        ck_assert_str_eq(tril_param_name(tril_dense_bias(tril_mlp_last(net))), name);
        tril_tape *tape = tril_tape_new(ctx);
        const tril_real x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
        tril_var y = tril_mlp_apply(net, tril_input(tape, x, TRIL_SHAPE(4, 2)));
        ck_assert(tril_shape_equal(tril_shape_of(y), TRIL_SHAPE(4, 3)));
        tril_tape_free(tape);
        tril_params_free(params);
        tril_ctx_free(ctx);
    }
}
END_TEST

/* ---- errors: a sentence, and a store that is as it was */

static char long_name[300];

static const struct {
    const char *name;
    tril_mlp_opts opts;
    tril_status status;
    const char *text;
} errors[] = {
    { NULL, { .inputs = 1, .outputs = 1 }, TRIL_BAD_ARGUMENT, "mlp: it needs a name and options" },
    { "", { .inputs = 1, .outputs = 1 }, TRIL_BAD_ARGUMENT, "mlp: it needs a name and options" },
    { "net", { .outputs = 1 }, TRIL_BAD_ARGUMENT, "dense: net.0 has 0 inputs" },
    { "net",
      { .inputs = 2, .hidden = { 3, 4 } },
      TRIL_BAD_ARGUMENT,
      "dense: net.4 has 4 inputs and 0 outputs" },
    { "used",
      { .inputs = 2, .hidden = { 3, 4 }, .outputs = 1 },
      TRIL_BAD_ARGUMENT,
      "params: there already is a parameter named used.2.bias" },
    { "net",
      { .inputs = 2, .outputs = 1, .init = (tril_init)9 },
      TRIL_BAD_ARGUMENT,
      "dense: net.0: there is no init number 9" },
    { "net",
      { .inputs = 2, .hidden = { 3 }, .outputs = 1, .activation = (tril_activation)99 },
      TRIL_BAD_ARGUMENT,
      "dense: net.0: there is no activation number 99" },
    { "net",
      { .inputs = SIZE_MAX / 8, .hidden = { 64 }, .outputs = 1 },
      TRIL_BAD_SHAPE,
      "params: net.0.weight cannot have the shape" },
    { long_name, { .inputs = 2, .hidden = { 3 }, .outputs = 1 }, TRIL_BAD_ARGUMENT, "is too long" },
};

START_TEST(test_errors)
{
    memset(long_name, 'n', sizeof long_name - 1);
    /* the limits of the buffers that names go through are somewhere here */
    for (size_t length = errors[_i].name == long_name ? 230 : 299; length < 300; length++) {
        long_name[length] = '\0';
        tril_ctx *ctx = tril_ctx_new(NULL);
        tril_params *params = tril_params_new(ctx);
        tril_params_add(params, "used.2.bias", TRIL_SHAPE(1));
        bool failed = !tril_mlp_new(params, errors[_i].name, &errors[_i].opts);
        ck_assert(failed == tril_ctx_failed(ctx));
        if (failed) {
            ck_failed(ctx, errors[_i].status, errors[_i].text);
            ck_assert_uint_eq(tril_params_count(params), 1);
            ck_assert_uint_eq(tril_params_size(params), 1);
            ck_assert_ptr_null(tril_params_find(params, "net.0.weight").params);
            ck_assert_ptr_null(tril_params_find(params, "used.0.weight").params);
        } else { /* a long name that still fits is complete */
            ck_assert(length < 250 && errors[_i].name == long_name);
            const char *name = tril_param_name(tril_params_at(params, 1));
            ck_assert_uint_eq(strlen(name), length + strlen(".0.weight"));
        }
        /* the next try is none the worse for it */
        ck_assert_ptr_nonnull(new_mlp(params, TRIL_TANH));
        ck_fine(ctx);
        ck_assert_uint_eq(tril_params_find(params, "net.0.weight").index, failed ? 1 : 5);
        long_name[length] = 'n';
        tril_params_free(params);
        tril_ctx_free(ctx);
    }
}
END_TEST

/* memory runs out half way through, and is there again for another try on the same store */
START_TEST(test_out_of_memory)
{
    size_t failures = 0;
    for (bool failed = true; failed; failures += failed) {
        counting counter = { 0 };
        tril_ctx *ctx = counting_ctx(&counter);
        tril_params *params = tril_params_new(ctx);
        counter.once = true;
        counter.fail_at = counter.allocations + failures + 1;
        failed = !new_mlp(params, TRIL_TANH);
        if (failed) {
            ck_failed(ctx, TRIL_OUT_OF_MEMORY, "out of memory");
            ck_assert_uint_eq(tril_params_count(params), 0);
            ck_assert_uint_eq(tril_params_size(params), 0);
            ck_assert_ptr_nonnull(new_mlp(params, TRIL_TANH));
        }
        ck_fine(ctx);
        ck_assert_uint_eq(tril_params_count(params), 6);
        ck_assert_uint_eq(tril_params_size(params), SIZE);
        for (size_t i = 0; i < 6; i++) {
            tril_param param = tril_params_at(params, i);
            ck_assert_uint_eq(tril_params_find(params, tril_param_name(param)).index, i);
        }
        tril_params_free(params);
        ck_assert_uint_eq(counter.blocks, 1);
        tril_ctx_free(ctx);
    }
    ck_assert_uint_ge(failures, 4);
}
END_TEST

START_TEST(test_inert)
{
    ck_assert_ptr_null(tril_mlp_new(NULL, "net", &(tril_mlp_opts){ .inputs = 1, .outputs = 1 }));
    ck_assert(!tril_mlp_apply(NULL, (tril_var){ 0 }).tape);
    ck_assert_uint_eq(tril_mlp_depth(NULL), 0);
    ck_assert(!tril_mlp_layer(NULL, 0) && !tril_mlp_last(NULL));
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_mlp *net = new_mlp(params, TRIL_TANH);
    ck_assert(!tril_mlp_apply(net, (tril_var){ 0 }).tape);
    ck_failed(ctx, TRIL_BAD_VAR, "dense: x is no var");
    ck_assert_ptr_null(tril_mlp_new(params, "other", NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "mlp: it needs a name and options");
    /* the wrong width */
    tril_tape *tape = tril_tape_new(ctx);
    const tril_real x[8] = { 0 };
    tril_mlp_apply(net, tril_input(tape, x, TRIL_SHAPE(2, 4)));
    ck_failed(ctx, TRIL_BAD_SHAPE, "affine: x is 2x4 but the weight is 5x3");
    tril_tape_free(tape);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_nn_mlp(void)
{
    Suite *suite = suite_create("nn/mlp");
    TCase *tcase = tcase_create("mlp");
    tcase_add_test(tcase, test_names);
    tcase_add_loop_test(tcase, test_pytorch, 0, N_ACTIVATIONS);
    tcase_add_loop_test(tcase, test_gradcheck, 0, 8);
    tcase_add_test(tcase, test_depths);
    tcase_add_loop_test(tcase, test_errors, 0, sizeof errors / sizeof *errors);
    tcase_add_test(tcase, test_out_of_memory);
    tcase_add_test(tcase, test_inert);
    suite_add_tcase(suite, tcase);
    return suite;
}
