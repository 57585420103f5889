/* The reverse sweep: which losses it refuses, seeds, accumulation, gradients that add up. */
#include <math.h>
#include <string.h>

#include "support.h"

static tril_ctx *ctx;
static tril_tape *tape;
static tril_params *params;
static tril_param p, q, unused;

static void set_up(void)
{
    ctx = tril_ctx_new(NULL);
    tape = tril_tape_new(ctx);
    params = tril_params_new(ctx);
    p = tril_params_add(params, "p", TRIL_SHAPE(2));
    q = tril_params_add(params, "q", TRIL_SHAPE(2));
    unused = tril_params_add(params, "unused", TRIL_SHAPE(2));
    const tril_real values[6] = { 2, 3, 5, 7, 11, 13 };
    memcpy(tril_params_values(params), values, sizeof values);
    for (size_t i = 0; i < 6; i++)
        tril_params_grads(params)[i] = 99; /* what an earlier sweep may have left */
}

static void tear_down(void)
{
    tril_params_free(params);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

#define ck_grads(...)                                                                              \
    do {                                                                                           \
        const tril_real wanted_[6] = { __VA_ARGS__ };                                              \
        for (size_t i_ = 0; i_ < 6; i_++)                                                          \
            ck_assert_msg(tril_params_grads(params)[i_] == wanted_[i_],                            \
                          "gradient %zu is %g, "                                                   \
                          "wanted %g",                                                             \
                          i_, (double)tril_params_grads(params)[i_], (double)wanted_[i_]);         \
    } while (0)

START_TEST(test_refuses_shape)
{
    ck_assert(!tril_backward(tril_param_var(tape, p)));
    ck_failed(ctx, TRIL_BAD_SHAPE, "backward: the loss is 2, not one number");
    ck_assert(tril_backward(tril_sum_axis(tril_param_var(tape, p), 0, true)));
    ck_fine(ctx);
}
END_TEST

START_TEST(test_refuses_constant)
{
    ck_assert(!tril_backward(tril_scalar(tape, 1)));
    ck_failed(ctx, TRIL_BAD_ARGUMENT,
              "backward: the result of input depends on no parameter and "
              "on no input that requires a gradient");
    ck_grads(99, 99, 99, 99, 99, 99);
}
END_TEST

/* the op that first made it, not those that carried it on */
START_TEST(test_names_what_is_not_finite)
{
    const tril_real x[4] = { 1, 2, -1, 3 };
    tril_var input = tril_requires_grad(tril_input(tape, x, TRIL_SHAPE(2, 2)));
    tril_var loss =
        tril_mean(tril_square(tril_log(tril_abs(tril_add(input, tril_scalar(tape, 1))))));
    ck_assert(!tril_backward(loss));
    ck_assert_str_eq(tril_ctx_message(ctx), "backward: the loss is not finite, because of log: "
                                            "element [1, 0] of its 2x2 result is -inf");
    ck_failed(ctx, TRIL_NOT_FINITE, "log");
    ck_assert_ptr_null(tril_grad(input));
    tril_param_values(q)[1] = (tril_real)NAN;
    ck_assert(!tril_backward(tril_sum(tril_exp(tril_param_var(tape, q)))));
    /* the logarithm still stands first on the tape, but this loss does not depend on it */
    ck_failed(ctx, TRIL_NOT_FINITE, "because of q");
    /* the loss itself */
    tril_tape_reset(tape);
    ck_assert(!tril_backward(tril_log(tril_sum(tril_neg(tril_param_var(tape, p))))));
    ck_failed(ctx, TRIL_NOT_FINITE, "because of log: element [] of its scalar result is");
    tril_tape_reset(tape);
    ck_assert(!tril_backward(tril_sum(tril_exp(tril_param_var(tape, q)))));
    ck_failed(ctx, TRIL_NOT_FINITE, "because of q: element [1] of its 2 result is");
    ck_grads(99, 99, 99, 99, 99, 99);
}
END_TEST

START_TEST(test_parameters)
{
    tril_var a = tril_param_var(tape, p), b = tril_param_var(tape, q);
    tril_var not_reached = tril_exp(tril_param_var(tape, unused));
    /* p three times, once by another handle: d/dp of p p q + p */
    tril_var cubic = tril_mul(tril_mul(a, tril_param_var(tape, p)), b);
    ck_assert(tril_backward(tril_sum(tril_add(cubic, a))));
    ck_grads(2 * 2 * 5 + 1, 2 * 3 * 7 + 1, 4, 9, 0, 0);
    ck_assert_ptr_eq(tril_grad(a), tril_param_grads(p));
    ck_assert_ptr_null(tril_grad(not_reached));
    ck_assert_ptr_null(tril_grad(tril_param_var(tape, unused)));
    ck_fine(ctx);
}
END_TEST

/* a parameter that the tape never saw is set to zero as well */
START_TEST(test_parameter_not_asked_for)
{
    ck_assert(tril_backward(tril_sum(tril_param_var(tape, q))));
    ck_grads(0, 0, 1, 1, 0, 0);
}
END_TEST

START_TEST(test_twice)
{
    tril_var a = tril_param_var(tape, p), b = tril_param_var(tape, q);
    tril_var x = tril_requires_grad(tril_input(tape, (const tril_real[]){ 2, 4 }, TRIL_SHAPE(2)));
    tril_var hidden = tril_mul(x, tril_mul(a, b)), loss = tril_sum(tril_mul(hidden, hidden));
    tril_real first[6], of_x[2];
    ck_assert(tril_backward(loss));
    memcpy(first, tril_params_grads(params), sizeof first);
    memcpy(of_x, tril_grad(x), sizeof of_x);
    ck_assert(tril_backward(loss));
    ck_assert_mem_eq(first, tril_params_grads(params), sizeof first);
    ck_assert_mem_eq(of_x, tril_grad(x), sizeof of_x);
    /* another loss of the same tape begins anew */
    ck_assert(tril_backward(tril_sum(a)));
    ck_grads(1, 1, 0, 0, 0, 0);
    ck_assert_ptr_null(tril_grad(x));
    ck_assert_ptr_null(tril_grad(loss));
}
END_TEST

/* from the middle of a graph: what comes after it has no part in it */
START_TEST(test_from_the_middle)
{
    tril_var a = tril_param_var(tape, p), middle = tril_sum(tril_square(a)), end = tril_exp(middle);
    ck_assert(tril_backward(middle));
    ck_grads(4, 6, 0, 0, 0, 0);
    ck_assert(*tril_grad(middle) == 1);
    ck_assert_ptr_null(tril_grad(end));
}
END_TEST

START_TEST(test_seed)
{
    tril_var y = tril_mul(tril_param_var(tape, p), tril_param_var(tape, q));
    const tril_backward_opts opts = { .seed = (const tril_real[]){ 10, -1 } };
    ck_assert(tril_backward_with(y, &opts));
    ck_grads(50, -7, 20, -3, 0, 0);
    ck_assert_mem_eq(tril_grad(y), opts.seed, 2 * sizeof(tril_real));
    /* a seed of one number scales; a parameter is its own root */
    ck_assert(tril_backward_with(tril_sum(y), &(tril_backward_opts){ .seed = &opts.seed[1] }));
    ck_grads(-5, -7, -2, -3, 0, 0);
    ck_assert(tril_backward_with(tril_param_var(tape, p), &opts));
    ck_grads(10, -1, 0, 0, 0, 0);
    ck_fine(ctx);
}
END_TEST

START_TEST(test_seed_of_nothing)
{
    tril_var x = tril_requires_grad(tril_input(tape, NULL, TRIL_SHAPE(0, 2)));
    tril_var y = tril_add(x, tril_param_var(tape, p));
    ck_assert(tril_backward_with(y, &(tril_backward_opts){ .seed = (const tril_real[]){ 0 } }));
    ck_grads(0, 0, 0, 0, 0, 0);
}
END_TEST

START_TEST(test_accumulate)
{
    const tril_backward_opts accumulate = { .accumulate = true };
    for (int batch = 1; batch <= 3; batch++) {
        tril_tape_reset(tape);
        tril_var a = tril_param_var(tape, p);
        tril_var scaled = tril_mul(tril_mul(a, tril_scalar(tape, (tril_real)batch)), a);
        ck_assert(tril_backward_with(tril_sum(scaled), batch > 1 ? &accumulate : NULL));
    }
    ck_grads(6 * 4, 6 * 6, 0, 0, 0, 0);
    /* twice on one tape, and from a parameter itself */
    tril_var a = tril_param_var(tape, p), loss = tril_sum(tril_add(a, tril_param_var(tape, q)));
    ck_assert(tril_backward_with(loss, &accumulate) && tril_backward_with(loss, &accumulate));
    ck_grads(26, 38, 2, 2, 0, 0);
    ck_assert(
        tril_backward_with(a, &(tril_backward_opts){ (const tril_real[]){ 100, 200 }, true }));
    ck_grads(126, 238, 2, 2, 0, 0);
    ck_fine(ctx);
}
END_TEST

START_TEST(test_two_stores)
{
    tril_params *second = tril_params_new(ctx);
    tril_param r = tril_params_add(second, "r", TRIL_SHAPE(2));
    tril_param s = tril_params_add(second, "s", TRIL_SHAPE(1));
    tril_param_values(r)[0] = 1;
    *tril_param_grads(s) = 99;
    tril_var loss = tril_sum(tril_mul(tril_param_var(tape, p), tril_param_var(tape, r)));
    ck_assert(tril_backward(loss));
    ck_grads(1, 0, 0, 0, 0, 0);
    ck_assert(tril_param_grads(r)[0] == 2 && tril_param_grads(r)[1] == 3);
    ck_assert(*tril_param_grads(s) == 0);
    tril_params_free(second);
}
END_TEST

/* only inputs that ask for it get one */
START_TEST(test_who_gets_a_gradient)
{
    const tril_real one[2] = { 1, 1 };
    tril_var x = tril_input(tape, one, TRIL_SHAPE(2));
    tril_var y = tril_requires_grad(tril_input(tape, one, TRIL_SHAPE(2)));
    tril_var sum = tril_add(tril_exp(x), tril_exp(y));
    ck_assert(tril_backward(tril_sum(sum)));
    ck_assert_ptr_null(tril_grad(x));
    ck_assert_ptr_nonnull(tril_grad(y));
    ck_assert(tril_grad(sum)[1] == 1);
}
END_TEST

/* half a gradient is none: where memory ran out on the way, no var has one */
START_TEST(test_out_of_memory_on_the_way)
{
    enum { N = 5000 };
    static tril_real numbers[N];
    size_t failures = 0;
    for (bool done = false; !done;) {
        counting counter = { 0 };
        tril_ctx *of = counting_ctx(&counter);
        tril_tape *on = tril_tape_new(of);
        tril_var x = tril_requires_grad(tril_input(on, numbers, TRIL_SHAPE(N)));
        tril_var loss = tril_sum(tril_mul(tril_exp(x), tril_exp(x)));
        counter.fail_at = counter.allocations + failures + 1;
        done = tril_backward(loss);
        if (!done) {
            failures++;
            tril_ctx_clear(of);
            ck_assert(!tril_grad(x) && !tril_grad(loss));
        }
        counter.fail_at = 0;
        ck_assert(tril_backward(loss) && tril_grad(x)[0] == 2);
        tril_tape_free(on);
        tril_ctx_free(of);
    }
    ck_assert_uint_ge(failures, 1);
}
END_TEST

Suite *suite_core_backward(void)
{
    Suite *suite = suite_create("core/backward");
    TCase *tcase = tcase_create("backward");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_out_of_memory_on_the_way);
    tcase_add_test(tcase, test_refuses_shape);
    tcase_add_test(tcase, test_refuses_constant);
    tcase_add_test(tcase, test_names_what_is_not_finite);
    tcase_add_test(tcase, test_parameters);
    tcase_add_test(tcase, test_parameter_not_asked_for);
    tcase_add_test(tcase, test_twice);
    tcase_add_test(tcase, test_from_the_middle);
    tcase_add_test(tcase, test_seed);
    tcase_add_test(tcase, test_seed_of_nothing);
    tcase_add_test(tcase, test_accumulate);
    tcase_add_test(tcase, test_two_stores);
    tcase_add_test(tcase, test_who_gets_a_gradient);
    suite_add_tcase(suite, tcase);
    return suite;
}
