/* The tape: which vars and inputs it refuses, recording, memory that is used again. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/tape.h"
#include "support.h"

static const tril_real numbers[6] = { 1, 2, 3, 4, 5, 6 };

static tril_ctx *ctx;
static tril_tape *tape;

static void set_up(void)
{
    ctx = tril_ctx_new(NULL);
    tape = tril_tape_new(ctx);
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

/* ---- vars that are none: ops/ops.c looks at the operations, here is all else that takes a var */

static void value(tril_var x)
{
    ck_assert_ptr_null(tril_value(x));
}

static void grad(tril_var x)
{
    ck_assert_ptr_null(tril_grad(x));
}

static void size(tril_var x)
{
    ck_assert_uint_eq(tril_size(x), 0);
}

static void shape_of(tril_var x)
{
    ck_assert_uint_eq(tril_shape_of(x).rank, 0);
}

static void item(tril_var x)
{
    ck_assert(tril_item(x) == 0);
}

static void requires_grad(tril_var x)
{
    ck_assert_ptr_null(tril_requires_grad(x).tape);
}

static void detach(tril_var x)
{
    ck_assert_ptr_null(tril_detach(x).tape);
}

static void backward(tril_var x)
{
    ck_assert(!tril_backward(x));
}

static void split(tril_var x)
{
    tril_var part = x;
    ck_assert(!tril_split(x, 0, (size_t[]){ 6 }, 1, &part));
    ck_assert_ptr_null(part.tape);
}

START_TEST(test_stale)
{
#define CALL(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }
    static const struct {
        const char *name;
        void (*call)(tril_var x);
    } calls[] = { CALL(value), CALL(grad),          CALL(size),   CALL(shape_of), CALL(item),
                  CALL(split), CALL(requires_grad), CALL(detach), CALL(backward) };
    char wanted[128];
    tril_var x = tril_input(tape, numbers, TRIL_SHAPE(6));
    tril_tape_reset(tape);
    tril_tape_reset(tape);
    tril_input(tape, numbers, TRIL_SHAPE(6));
    calls[_i].call(x);
    snprintf(wanted, sizeof wanted, "%s: a var from before the tape's last reset: make it again",
             calls[_i].name);
    ck_assert_str_eq(tril_ctx_message(ctx), wanted);
    ck_failed(ctx, TRIL_BAD_VAR, wanted);
    /* a var whose index the tape has not reached */
    calls[_i].call((tril_var){ tape, 1, 3 });
    ck_failed(ctx, TRIL_BAD_VAR, calls[_i].name);
}
END_TEST

START_TEST(test_item)
{
    ck_assert(tril_item(tril_scalar(tape, 7)) == 7);
    ck_assert(tril_item(tril_input(tape, numbers, TRIL_SHAPE(1, 1))) == 1);
    ck_fine(ctx);
    ck_assert(tril_item(tril_input(tape, numbers, TRIL_SHAPE(2, 3))) == 0);
    ck_failed(ctx, TRIL_BAD_SHAPE, "item: x is 2x3, not one number");
    ck_assert(tril_item(tril_input(tape, NULL, TRIL_SHAPE(0))) == 0);
    ck_failed(ctx, TRIL_BAD_SHAPE, "item: x is 0, not one number");
}
END_TEST

/* ---- inputs */

START_TEST(test_input_refusals)
{
    static const tril_real with_nan[6] = { 1, 2, 3, 4, 5, (tril_real)NAN },
                           with_inf[6] = { 0, -(tril_real)INFINITY };
    static const struct {
        const tril_real *values;
        tril_shape shape;
        tril_status status;
        const char *message;
    } wrong[] = {
        { NULL, { 1, { 2 } }, TRIL_BAD_ARGUMENT, "input: no values for a tensor of shape 2" },
        { numbers,
          { 5, { 1, 1, 1, 1 } },
          TRIL_BAD_SHAPE,
          "input: no tensor can be a shape of rank 5" },
        { numbers,
          { 2, { SIZE_MAX, 2 } },
          TRIL_BAD_SHAPE,
          "input: no tensor can be 18446744073709551615x2" },
        { with_nan,
          { 2, { 2, 3 } },
          TRIL_NOT_FINITE,
          "input: element [1, 2] of the 2x3 tensor is" },
        { with_inf, { 1, { 6 } }, TRIL_NOT_FINITE, "input: element [1] of the 6 tensor is -inf" },
    };
    ck_assert_ptr_null(tril_input(tape, wrong[_i].values, wrong[_i].shape).tape);
    ck_failed(ctx, wrong[_i].status, wrong[_i].message);
    ck_assert_uint_eq(tril_input(tape, numbers, TRIL_SHAPE(6)).index, 0);
}
END_TEST

START_TEST(test_scalar_is_validated)
{
    ck_assert_ptr_null(tril_scalar(tape, (tril_real)NAN).tape);
    ck_failed(ctx, TRIL_NOT_FINITE, "input: element [] of the scalar tensor is nan");
}
END_TEST

START_TEST(test_no_validation)
{
    const tril_real x[2] = { (tril_real)NAN, (tril_real)INFINITY };
    tril_ctx *lax = tril_ctx_new(&(tril_ctx_opts){ .no_validation = true });
    tril_tape *of_lax = tril_tape_new(lax);
    ck_assert(tril_ctx_validates(ctx) && !tril_ctx_validates(lax));
    const tril_real *y = tril_value(tril_neg(tril_input(of_lax, x, TRIL_SHAPE(2))));
    ck_fine(lax);
    ck_assert(isnan(y[0]) && y[1] == -(tril_real)INFINITY);
    tril_tape_free(of_lax);
    tril_ctx_free(lax);
}
END_TEST

/* an input that has been found finite is not looked through again; whatever else is */
START_TEST(test_finite)
{
    const tril_real some[4] = { 1, 2, (tril_real)NAN, 4 }, zero[4] = { 1, 1, 1, 0 };
    tril_real x[4] = { 1, 2, 3, 4 };
    tril_var input = tril_input(tape, x, TRIL_SHAPE(4));
    tril_var infinite = tril_div(input, tril_input(tape, zero, TRIL_SHAPE(4)));
    ck_assert_uint_eq(tril_var_first_not_finite(input), 4);
    ck_assert_uint_eq(tril_var_first_not_finite(infinite), 3);
    ck_assert_uint_eq(tril_var_first_not_finite(tril_detach(infinite)), 3);
    ck_assert_uint_eq(tril_var_first_not_finite(tril_input_missing(tape, some, TRIL_SHAPE(4))), 2);
    x[1] = (tril_real)NAN; /* which nobody may do, and nobody sees */
    ck_assert_uint_eq(tril_var_first_not_finite(input), 4);
    ck_assert_uint_eq(tril_var_first_not_finite(tril_detach(input)), 1);
    tril_ctx *lax = tril_ctx_new(&(tril_ctx_opts){ .no_validation = true });
    tril_tape *of_lax = tril_tape_new(lax);
    ck_assert_uint_eq(tril_var_first_not_finite(tril_input(of_lax, some, TRIL_SHAPE(4))), 2);
    tril_tape_free(of_lax);
    tril_ctx_free(lax);
    tril_tape_reset(tape);
    ck_assert_uint_eq(tril_var_first_not_finite(input), 0);
    ck_failed(ctx, TRIL_BAD_VAR, "value: a var from before the tape's last reset");
}
END_TEST

START_TEST(test_inputs_are_borrowed)
{
    tril_real one = 1;
    tril_var x = tril_input(tape, &one, TRIL_SHAPE(1)), copy = tril_scalar(tape, one);
    ck_assert_ptr_eq(tril_value(x), &one);
    one = 2;
    ck_assert(tril_item(x) == 2 && tril_item(copy) == 1);
}
END_TEST

START_TEST(test_requires_grad)
{
    tril_var x = tril_input(tape, numbers, TRIL_SHAPE(6));
    ck_assert_uint_eq(tril_requires_grad(x).index, x.index);
    ck_fine(ctx);
    ck_assert_ptr_null(tril_requires_grad(tril_exp(x)).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "requires_grad: the result of exp is not an input");
    /* marked while nothing is recorded: the mark from before stays */
    tril_var y = tril_square(x);
    tril_tape_record(tape, false);
    tril_requires_grad(x);
    tril_tape_record(tape, true);
    ck_assert(tril_backward(tril_sum(y)));
    ck_assert(tril_grad(x)[2] == 6);
    /* marked after it was used: part of the gradient would be missing */
    tril_var late = tril_input(tape, numbers, TRIL_SHAPE(6));
    tril_square(late);
    ck_assert_ptr_null(tril_requires_grad(late).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "requires_grad: the var has been used already");
}
END_TEST

START_TEST(test_detach)
{
    tril_var x = tril_requires_grad(tril_input(tape, numbers, TRIL_SHAPE(2)));
    tril_var square = tril_square(x), cut = tril_detach(square);
    ck_assert_ptr_eq(tril_value(cut), tril_value(square));
    ck_assert(tril_backward(tril_sum(tril_mul(x, cut))));
    ck_assert(tril_grad(x)[0] == 1 && tril_grad(x)[1] == 4); /* not 3 x^2 */
    ck_assert_ptr_null(tril_grad(square));
    ck_assert(!tril_backward(tril_sum(cut)));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "backward: the result of sum depends on no parameter");
}
END_TEST

START_TEST(test_recording)
{
    tril_params *params = tril_params_new(ctx);
    tril_param p = tril_params_add(params, "p", (tril_shape){ 0 });
    *tril_param_values(p) = 3;
    tril_tape_record(tape, false);
    tril_var unrecorded = tril_square(tril_param_var(tape, p));
    ck_assert(tril_item(unrecorded) == 9);
    ck_assert(!tril_backward(unrecorded));
    ck_failed(ctx, TRIL_BAD_ARGUMENT,
              "backward: the result of square depends on no parameter and "
              "on no input that requires a gradient, or was not recorded");
    /* one tape can do both, also with what came before the switch */
    tril_tape_record(tape, true);
    tril_var recorded = tril_square(tril_param_var(tape, p));
    ck_assert(tril_backward(tril_mul(recorded, unrecorded)));
    ck_assert(*tril_param_grads(p) == 54);
    ck_assert_ptr_null(tril_grad(unrecorded));
    /* a parameter asked for without recording stays a constant */
    tril_tape_reset(tape);
    tril_tape_record(tape, false);
    tril_var frozen = tril_param_var(tape, p);
    tril_tape_record(tape, true);
    ck_assert(tril_backward(tril_mul(tril_square(frozen), tril_param_var(tape, p))));
    ck_assert(*tril_param_grads(p) == 9);
    /* a reset switches it on */
    tril_tape_record(tape, false);
    tril_tape_reset(tape);
    ck_assert(tril_backward(tril_square(tril_param_var(tape, p))));
    ck_assert(*tril_param_grads(p) == 6);
    ck_fine(ctx);
    tril_params_free(params);
}
END_TEST

/* ---- parameters on a tape */

START_TEST(test_param_var)
{
    tril_ctx *other = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx), *foreign = tril_params_new(other);
    tril_param p = tril_params_add(params, "p", TRIL_SHAPE(2));
    tril_param q = tril_params_add(foreign, "q", TRIL_SHAPE(2));
    tril_var x = tril_param_var(tape, p), again = tril_param_var(tape, p);
    ck_assert(x.index == again.index && x.epoch == again.epoch);
    ck_assert_ptr_eq(tril_value(x), tril_param_values(p));
    ck_assert_ptr_null(tril_param_var(tape, (tril_param){ params, 1 }).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "param: there is no such parameter");
    ck_assert_ptr_null(tril_param_var(tape, (tril_param){ 0 }).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "param: there is no such parameter");
    ck_assert_ptr_null(tril_param_var(tape, q).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "param: q and the tape were made with different contexts");
    ck_assert_ptr_null(tril_requires_grad(x).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "requires_grad: p is a parameter");

    /* what is only read keeps its gradients */
    tril_tape_reset(tape);
    tril_param_grads(q)[0] = 5;
    tril_tape_record(tape, false);
    tril_real of_q = *tril_value(tril_sum(tril_param_var(tape, q)));
    tril_tape_record(tape, true);
    ck_assert(of_q == 0 && tril_backward(tril_sum(tril_square(tril_param_var(tape, p)))));
    ck_assert(tril_param_grads(q)[0] == 5);
    ck_assert_ptr_null(tril_param_var(tape, q).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "param: q and the tape were made with different contexts");
    tril_params_free(foreign);
    tril_params_free(params);
    tril_ctx_free(other);
}
END_TEST

/* Memory is given out again: what lies where another has lain is not taken for it. */
START_TEST(test_addresses_come_back)
{
    tril_tape *first = tril_tape_new(ctx), *second;
    tril_var old = tril_input(first, numbers, TRIL_SHAPE(6));
    tril_tape_free(first);
    second = tril_tape_new(ctx);
    tril_input(second, numbers, TRIL_SHAPE(6));
    old.tape = second;
    ck_assert_ptr_null(tril_value(old));
    ck_failed(ctx, TRIL_BAD_VAR, "value: a var from before the tape's last reset");
    tril_tape_free(second);

    for (size_t size = 2; size < 4; size++) {
        tril_params *params = tril_params_new(ctx);
        tril_param p = tril_params_add(params, "p", TRIL_SHAPE(size));
        ck_assert_uint_eq(tril_size(tril_param_var(tape, p)), size);
        tril_params_free(params);
    }
}
END_TEST

/* ---- memory */

/* a network of two layers, with ops of every kind behind it, and its gradients */
static void step(tril_tape *on, tril_params *params, const tril_real *x, size_t rows)
{
    tril_var p[4];
    for (size_t i = 0; i < 4; i++)
        p[i] = tril_param_var(on, tril_params_at(params, i));
    tril_var h = tril_affine(tril_input(on, x, TRIL_SHAPE(rows, 3)), p[0], p[1], TRIL_SILU);
    tril_var y = tril_affine(h, p[2], p[3], TRIL_NONE);
    tril_var scaled =
        tril_div(tril_softmax(y, -1), tril_add(tril_square(p[3]), tril_scalar(on, 1)));
    tril_var both = tril_concat((tril_var[]){ scaled, tril_log_softmax(y, -1) }, 2, 0);
    tril_var gram = tril_matmul(tril_transpose(both, 0, 1), both);
    tril_backward(tril_add(tril_logsumexp(tril_unpack_tril(tril_slice(gram, 0, 0, 1))),
                           tril_mean(tril_diagonal(gram))));
}

/* parameters for it, not all zero */
static tril_params *new_params(tril_ctx *of)
{
    tril_params *params = tril_params_new(of);
    tril_params_add(params, "weight 1", TRIL_SHAPE(8, 3));
    tril_params_add(params, "bias 1", TRIL_SHAPE(8));
    tril_params_add(params, "weight 2", TRIL_SHAPE(3, 8));
    tril_params_add(params, "bias 2", TRIL_SHAPE(3));
    for (size_t i = 0; i < tril_params_size(params); i++)
        tril_params_values(params)[i] = (tril_real)(0.1 * (double)(i % 7) - 0.3);
    return params;
}

START_TEST(test_nothing_is_allocated_after_the_first_step)
{
    enum { ROWS = 500 };
    static const size_t rows[] = { ROWS, ROWS, ROWS, 1, ROWS, 0, 17, ROWS };
    static tril_real x[3 * ROWS];
    tril_random random = tril_random_stream(1, 0);
    tril_random_normal(&random, x, 3 * ROWS);
    counting counter = { 0 };
    tril_ctx *counted = counting_ctx(&counter);
    tril_params *params = new_params(counted);
    tril_tape *t = tril_tape_new(counted);
    size_t allocations = 0, bytes = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tril_tape_reset(t);
        step(t, params, x, rows[i]);
        ck_fine(counted);
        if (i == 0) {
            allocations = counter.allocations;
            bytes = tril_tape_bytes(t);
        }
        ck_assert_uint_eq(counter.allocations, allocations);
        ck_assert_uint_eq(tril_tape_bytes(t), bytes);
    }
    ck_assert_uint_gt(bytes, 2 * sizeof x);
    tril_tape_free(t);
    tril_params_free(params);
    tril_ctx_free(counted);
    ck_assert_uint_eq(counter.blocks, 0);
}
END_TEST

/* the list of nodes grows, and the graph comes through it */
START_TEST(test_long_chain)
{
    tril_var x = tril_requires_grad(tril_scalar(tape, 1)), y = x;
    for (int i = 0; i < 1000; i++)
        y = tril_add(y, x);
    ck_assert(tril_backward(y));
    ck_assert(tril_item(y) == 1001 && *tril_grad(x) == 1001);
}
END_TEST

/* gradients that only wait to be added up do not pile up */
START_TEST(test_scratch_is_given_back)
{
    enum { N = 4096 };
    static const tril_real x[N] = { 1 };
    tril_var v = tril_requires_grad(tril_input(tape, x, TRIL_SHAPE(N))), y = tril_sum(v);
    for (int i = 0; i < 99; i++)
        y = tril_add(y, tril_sum(v));
    ck_assert(tril_backward(y));
    ck_assert(tril_grad(v)[N - 1] == 100);
    ck_assert_uint_lt(tril_tape_bytes(tape), 10 * sizeof x);
}
END_TEST

/* vars made since are stale, those made before are not, and memory does not grow */
START_TEST(test_here_and_back)
{
    tril_var x = tril_input(tape, numbers, TRIL_SHAPE(6)), y = { 0 };
    tril_tape_mark mark = tril_tape_here(tape);
    size_t bytes = 0;
    for (int i = 0; i < 10000; i++) {
        y = tril_square(x);
        ck_assert(tril_value(y)[5] == 36);
        tril_tape_back(tape, mark);
        ck_assert(i == 0 || bytes == tril_tape_bytes(tape));
        bytes = tril_tape_bytes(tape);
    }
    ck_assert_ptr_null(tril_value(y));
    ck_failed(ctx, TRIL_BAD_VAR, "value: a var from before");
    ck_assert(tril_value(x) == numbers);
    ck_fine(ctx);
}
END_TEST

START_TEST(test_take_and_copy)
{
    char *piece = tril_tape_take(tape, 10, 3);
    memset(piece, 1, 30);
    const tril_real *copy = tril_tape_copy(tape, numbers, sizeof numbers);
    ck_assert_mem_eq(copy, numbers, sizeof numbers);
    ck_assert_ptr_null(tril_tape_take(tape, SIZE_MAX, 2));
    ck_failed(ctx, TRIL_OUT_OF_MEMORY, "tape: out of memory");
    ck_assert_ptr_eq(tril_tape_ctx(tape), ctx);
}
END_TEST

static void two_steps(tril_ctx *of)
{
    static const tril_real x[192] = { 1, 2, 3 };
    tril_params *params = new_params(of);
    tril_tape *t = tril_tape_new(of);
    for (int i = 0; i < 2; i++) {
        tril_tape_reset(t);
        step(t, params, x, 64);
    }
    tril_tape_free(t);
    tril_params_free(params);
}

START_TEST(test_too_large)
{
    const size_t many = (size_t)1 << (sizeof many * 2);
    tril_var one = tril_reshape(tril_scalar(tape, 1), TRIL_SHAPE(1, 1, 1, 1));
    ck_assert_ptr_null(tril_broadcast_to(one, TRIL_SHAPE(many, many, many, many / 4)).tape);
    ck_failed(ctx, TRIL_BAD_SHAPE, "broadcast_to: a result of shape ");
    ck_assert(tril_item(tril_add(one, one)) == 2);
}
END_TEST

START_TEST(test_out_of_memory)
{
    ck_assert_uint_ge(exhaust(two_steps), 8);
}
END_TEST

Suite *suite_core_tape(void)
{
    Suite *suite = suite_create("core/tape");
    TCase *tcase = tcase_create("tape");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_stale, 0, 9);
    tcase_add_test(tcase, test_item);
    tcase_add_loop_test(tcase, test_input_refusals, 0, 5);
    tcase_add_test(tcase, test_scalar_is_validated);
    tcase_add_test(tcase, test_no_validation);
    tcase_add_test(tcase, test_finite);
    tcase_add_test(tcase, test_inputs_are_borrowed);
    tcase_add_test(tcase, test_requires_grad);
    tcase_add_test(tcase, test_detach);
    tcase_add_test(tcase, test_recording);
    tcase_add_test(tcase, test_param_var);
    tcase_add_test(tcase, test_addresses_come_back);
    tcase_add_test(tcase, test_long_chain);
    tcase_add_test(tcase, test_scratch_is_given_back);
    tcase_add_test(tcase, test_here_and_back);
    tcase_add_test(tcase, test_take_and_copy);
    tcase_add_test(tcase, test_too_large);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    TCase *blocks = tcase_create("blocks");
    tcase_set_tags(blocks, "blocks"); /* of an arena, which sanitizers' builds do not have */
    tcase_add_checked_fixture(blocks, set_up, tear_down);
    tcase_add_test(blocks, test_nothing_is_allocated_after_the_first_step);
    suite_add_tcase(suite, blocks);
    return suite;
}
