/* The parameter store. */
#include <stdio.h>
#include <string.h>

#include "support.h"

START_TEST(test_blocks)
{
    static const size_t sizes[4] = { 6, 1, 4, 24 };
    const tril_shape shapes[4] = { TRIL_SHAPE(2, 3), { 0 }, TRIL_SHAPE(4), TRIL_SHAPE(1, 2, 3, 4) };
    static const char *const names[4] = { "weight", "scale", "bias", "net.0.weight" };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    size_t offset = 0;
    for (size_t i = 0; i < 4; i++)
        tril_params_add(params, names[i], shapes[i]);
    ck_fine(ctx);
    ck_assert_uint_eq(tril_params_count(params), 4);
    ck_assert_uint_eq(tril_params_size(params), 35);
    for (size_t i = 0; i < 4; i++) {
        tril_param p = tril_params_at(params, i), found = tril_params_find(params, names[i]);
        ck_assert(found.params == params && found.index == i);
        ck_assert_str_eq(tril_param_name(p), names[i]);
        ck_assert_str_eq(tril_param_group(p), "default");
        ck_assert(tril_shape_equal(tril_param_shape(p), shapes[i]));
        ck_assert_ptr_eq(tril_param_values(p), tril_params_values(params) + offset);
        ck_assert_ptr_eq(tril_param_grads(p), tril_params_grads(params) + offset);
        for (size_t k = 0; k < sizes[i]; k++)
            ck_assert(tril_param_values(p)[k] == 0 && tril_param_grads(p)[k] == 0);
        offset += sizes[i];
    }
    ck_assert_ptr_null(tril_params_at(params, 4).params);
    ck_assert_ptr_null(tril_params_find(params, "weigh").params);
    ck_assert_ptr_null(tril_params_find(params, NULL).params);
    ck_fine(ctx);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* values stay what they are while the blocks grow */
START_TEST(test_thousands)
{
    enum { N = 3000 };
    char name[32];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    for (size_t i = 0; i < N; i++) {
        snprintf(name, sizeof name, "p.%zu", i);
        tril_param p = tril_params_add(params, name, TRIL_SHAPE(1 + i % 3));
        ck_fine(ctx);
        tril_param_values(p)[i % 3] = (tril_real)i;
        tril_param_grads(p)[0] = -(tril_real)i;
    }
    ck_assert_uint_eq(tril_params_size(params), 2 * N);
    for (size_t i = 0; i < N; i++) {
        snprintf(name, sizeof name, "p.%zu", i);
        tril_param p = tril_params_find(params, name);
        ck_assert_uint_eq(p.index, i);
        ck_assert(tril_param_values(p)[i % 3] == (tril_real)i);
        ck_assert(tril_param_grads(p)[0] == -(tril_real)i);
    }
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_refusals)
{
    static const struct {
        const char *name;
        tril_shape shape;
        tril_status status;
        const char *message;
    } wrong[] = {
        { NULL, { 1, { 1 } }, TRIL_BAD_ARGUMENT, "params: a parameter needs a name" },
        { "", { 1, { 1 } }, TRIL_BAD_ARGUMENT, "params: a parameter needs a name" },
        { "a", { 1, { 1 } }, TRIL_BAD_ARGUMENT, "params: there already is a parameter named a" },
        { "b", { 2, { 3, 0 } }, TRIL_BAD_SHAPE, "params: b cannot have the shape 3x0" },
        { "b", { 5, { 1, 1, 1, 1 } }, TRIL_BAD_SHAPE, "params: b cannot have the shape a shape" },
        { "b", { 2, { SIZE_MAX, 2 } }, TRIL_BAD_SHAPE, "params: b cannot have the shape 18446" },
        { "b", { 1, { SIZE_MAX / 16 } }, TRIL_BAD_SHAPE, "params: b cannot have the shape 11529" },
    };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_param a = tril_params_add(params, "a", TRIL_SHAPE(2));
    tril_param_values(a)[1] = 5;
    ck_assert_ptr_null(tril_params_add(params, wrong[_i].name, wrong[_i].shape).params);
    ck_failed(ctx, wrong[_i].status, wrong[_i].message);
    /* the store is as before */
    ck_assert_uint_eq(tril_params_count(params), 1);
    ck_assert_uint_eq(tril_params_size(params), 2);
    ck_assert(tril_param_values(a)[1] == 5);
    ck_assert_ptr_null(tril_params_find(params, "b").params);
    ck_assert_uint_eq(tril_params_add(params, "b", TRIL_SHAPE(3)).index, 1);
    ck_fine(ctx);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_too_late)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *of_tape = tril_params_new(ctx), *of_optim = tril_params_new(ctx);
    tril_tape *tape = tril_tape_new(ctx);
    tril_param_var(tape, tril_params_add(of_tape, "a", TRIL_SHAPE(1)));
    tril_params_add(of_optim, "a", TRIL_SHAPE(1));
    ck_assert(tril_params_group(of_tape, "a", "later"));
    tril_optim *optim = tril_sgd_new(of_optim, NULL);
    ck_fine(ctx);
    tril_params_add(of_tape, "b", TRIL_SHAPE(1));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "params: b comes too late");
    tril_params_add(of_optim, "b", TRIL_SHAPE(1));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "params: b comes too late");
    ck_assert(!tril_params_group(of_optim, "a", "g"));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "params: group g comes too late");
    tril_optim_free(optim);
    tril_tape_free(tape);
    tril_params_free(of_tape);
    tril_params_free(of_optim);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_groups)
{
    static const char *const names[4] = { "net.0.weight", "net.0.bias", "net.2.weight", "head" };
    static const char *const wanted[4] = { "first", "first", "net", "default" };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    for (size_t i = 0; i < 4; i++)
        tril_params_add(params, names[i], TRIL_SHAPE(1));
    ck_assert(tril_params_group(params, "net", "net"));
    ck_assert(tril_params_group(params, "net.0.", "first"));
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(tril_param_group(tril_params_at(params, i)), wanted[i]);
    ck_assert(!tril_params_group(params, "tail", "net"));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "params: no parameter's name begins with 'tail'");
    ck_assert(!tril_params_group(params, NULL, "net") && !tril_params_group(params, "net", ""));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "params: a group needs a prefix and a name");
    ck_assert(tril_params_group(params, "", "all"));
    ck_assert_str_eq(tril_param_group(tril_params_at(params, 3)), "all");
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

static void fill_store(tril_ctx *ctx)
{
    char name[32];
    tril_params *params = tril_params_new(ctx);
    for (size_t i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "p.%zu", i);
        tril_params_add(params, name, TRIL_SHAPE(3, 100));
    }
    tril_params_group(params, "p.1", "ones");
    /* the number of parameters fits what can be found */
    size_t count = tril_params_count(params);
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(
            tril_params_find(params, tril_param_name(tril_params_at(params, i))).index, i);
    ck_assert_uint_eq(tril_params_size(params), 300 * count);
    tril_params_free(params);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_ge(exhaust(fill_store), 10);
}
END_TEST

Suite *suite_core_params(void)
{
    Suite *suite = suite_create("core/params");
    TCase *tcase = tcase_create("params");
    tcase_add_test(tcase, test_blocks);
    tcase_add_test(tcase, test_thousands);
    tcase_add_loop_test(tcase, test_refusals, 0, 7);
    tcase_add_test(tcase, test_too_late);
    tcase_add_test(tcase, test_groups);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
