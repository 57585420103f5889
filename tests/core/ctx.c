/* The context: sticky errors, allocator hooks, seed; and that NULL is legal everywhere. */
#include <math.h>
#include <string.h>

#include "core/ctx.h"
#include "support.h"

START_TEST(test_first_failure_stands)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    const tril_real x[6] = { 1, 2, 3, 4, 5, 6 };
    ck_fine(ctx);
    ck_assert_str_eq(tril_ctx_message(ctx), "ok");
    tril_var a = tril_input(tape, x, TRIL_SHAPE(2, 3)), b = tril_input(tape, x, TRIL_SHAPE(2));
    ck_assert_ptr_null(tril_add(a, b).tape);
    ck_assert(tril_ctx_failed(ctx));
    /* from here on nothing happens, and no other failure replaces the first */
    ck_assert_ptr_null(tril_exp(a).tape);
    ck_assert_ptr_null(tril_sum_axis(a, 7, false).tape);
    ck_assert_ptr_null(tril_input(tape, NULL, TRIL_SHAPE(2)).tape);
    ck_assert_ptr_null(tril_value(a));
    ck_assert_ptr_null(tril_tape_new(ctx));
    ck_assert_ptr_null(tril_params_new(ctx));
    ck_assert(tril_item(tril_sum(a)) == 0);
    ck_assert(!tril_backward(a));
    ck_assert_str_eq(tril_ctx_message(ctx), "add: 2x3 and 2 do not broadcast");
    ck_failed(ctx, TRIL_BAD_SHAPE, "add");
    ck_fine(ctx);
    ck_assert(tril_item(tril_sum(a)) == 21);
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_every_status_has_a_text)
{
#define NAME(name, text) name,
    static const tril_status all[] = { TRIL_STATUS_LIST(NAME) };
    enum { N = sizeof all / sizeof *all };
    for (size_t i = 0; i < N; i++) {
        ck_assert_uint_eq(all[i], i);
        ck_assert_uint_gt(strlen(tril_status_text(all[i])), 1);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(tril_status_text(all[i]), tril_status_text(all[j]));
    }
    ck_assert_str_eq(tril_status_text((tril_status)N), "no such status");
}
END_TEST

static const struct {
    const char *text, *printable;
} outside[] = {
    { "", "" },
    { "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x99\x82~", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x99\x82~" },
    { "\033[31mred\007\r\n\t\177", "?[31mred?????" },
    { "\xC2\x9B"
      "31m \xC2\x80\xC2\x9F\xC2\xA0",
      "??31m ????\xC2\xA0" },                                          /* C1: one is CSI */
    { "\x9B\xFF\xC0\x80\xED\xA0\x80\xF4\x90\x80\x80", "???????????" }, /* no UTF-8 */
    { "cut \xE2\x82", "cut ??" },
    { "\xC3\033", "??" },
};

START_TEST(test_printable)
{
    char text[64];
    strcpy(text, outside[_i].text);
    ck_assert_ptr_eq(tril_printable(text), text);
    ck_assert_str_eq(text, outside[_i].printable);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_ctx_fail(ctx, TRIL_BAD_FILE, "%s", outside[_i].text);
    ck_failed(ctx, TRIL_BAD_FILE, outside[_i].printable);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_long_message_is_cut)
{
    char name[2000];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = 0;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_params_add(params, name, TRIL_SHAPE(1));
    tril_params_add(params, name, TRIL_SHAPE(1));
    ck_assert_uint_lt(strlen(tril_ctx_message(ctx)), 512);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "params: there already is a parameter named xxx");
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* everything that is made goes through the hooks, and comes back */
START_TEST(test_hooks_get_everything)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_params *params = tril_params_new(ctx);
    tril_mlp *net = tril_mlp_new(params, "net", &(tril_mlp_opts){ 2, { 4 }, 3 });
    tril_optim *adam = tril_adam_new(params, NULL);
    tril_tape *tape = tril_tape_new(ctx);
    static const tril_real x[20] = { 1, 2, 3 };
    tril_var y = tril_mlp_apply(net, tril_input(tape, x, TRIL_SHAPE(10, 2)));
    ck_assert(tril_backward(tril_mean(tril_square(y))));
    ck_assert(tril_optim_step(adam));
    ck_fine(ctx);
    ck_assert_uint_gt(counter.blocks, 6);
    tril_tape_free(tape);
    tril_optim_free(adam);
    tril_params_free(params);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
    ck_assert_uint_eq(counter.blocks, 0);
}
END_TEST

START_TEST(test_no_memory_for_the_context)
{
    counting counter = { .fail_at = 1 };
    tril_ctx *ctx = counting_ctx(&counter);
    ck_assert_ptr_null(ctx);
    ck_assert(tril_ctx_failed(ctx));
    ck_assert_int_eq(tril_ctx_status(ctx), TRIL_OUT_OF_MEMORY);
    ck_assert_ptr_nonnull(strstr(tril_ctx_message(ctx), "out of memory"));
}
END_TEST

START_TEST(test_more_than_there_is)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    ck_assert_ptr_null(tril_ctx_alloc(ctx, "test", SIZE_MAX / 4, 8));
    ck_failed(ctx, TRIL_OUT_OF_MEMORY, "test: out of memory, 4611686018427387903 times 8 bytes");
    void *none = tril_ctx_alloc(ctx, "test", 0, 8);
    ck_assert_ptr_nonnull(none);
    tril_ctx_release(ctx, none);
    tril_ctx_release(ctx, NULL);
    ck_fine(ctx);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_seed)
{
    static const uint64_t seeds[3] = { 7, 7, 8 };
    tril_real x[3][5];
    for (size_t i = 0; i < 3; i++) {
        tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = seeds[i] });
        tril_params *params = tril_params_new(ctx);
        tril_dense *dense = tril_dense_new(params, "layer", &(tril_dense_opts){ 2, 2 });
        ck_fine(ctx);
        memcpy(x[i], tril_param_values(tril_dense_weight(dense)), 4 * sizeof **x);
        tril_random_normal(tril_ctx_random(ctx), &x[i][4], 1);
        tril_params_free(params);
        tril_ctx_free(ctx);
    }
    ck_assert_mem_eq(x[0], x[1], sizeof x[0]);
    for (size_t k = 0; k < 5; k++)
        ck_assert(x[0][k] != x[2][k]);
}
END_TEST

/* ---- NULL and {0}, header by header */

START_TEST(test_null_ctx)
{
    tril_ctx_free(NULL);
    tril_ctx_clear(NULL);
    ck_assert(tril_ctx_failed(NULL));
    ck_assert(!tril_ctx_validates(NULL));
    ck_assert_ptr_null(tril_ctx_random(NULL));
    ck_assert_ptr_null(tril_tape_new(NULL));
    ck_assert_ptr_null(tril_params_new(NULL));
    ck_assert_ptr_null(tril_table_read(NULL, "data/iris.csv", NULL));
    ck_assert(!tril_scaler_fit(NULL, &(tril_scaler){ 0 }, (tril_real[]){ 1, 2 }, NULL, 2, 1, NULL));
    ck_assert(!tril_gradcheck(NULL, NULL, NULL, NULL, 0, NULL, NULL));
}
END_TEST

START_TEST(test_null_tape)
{
    const tril_real x = 1;
    const tril_var none = { 0 };
    tril_tape_free(NULL);
    tril_tape_reset(NULL);
    tril_tape_record(NULL, false);
    ck_assert_uint_eq(tril_tape_bytes(NULL), 0);
    ck_assert_ptr_null(tril_tape_ctx(NULL));
    ck_assert_ptr_null(tril_tape_take(NULL, 1, 1));
    ck_assert_ptr_null(tril_tape_copy(NULL, &x, sizeof x));
    ck_assert_ptr_null(tril_var_fail(NULL, "test", TRIL_BAD_VAR, "no").tape);
    ck_assert_ptr_null(tril_input(NULL, &x, TRIL_SHAPE(1)).tape);
    ck_assert_ptr_null(tril_scalar(NULL, 1).tape);
    ck_assert_ptr_null(tril_param_var(NULL, (tril_param){ 0 }).tape);
    ck_assert_ptr_null(tril_requires_grad(none).tape);
    ck_assert_ptr_null(tril_detach(none).tape);
    ck_assert(!tril_backward(none) && !tril_backward_with(none, NULL));
    ck_assert_ptr_null(tril_value(none));
    ck_assert_ptr_null(tril_grad(none));
    ck_assert_uint_eq(tril_size(none), 0);
    ck_assert_uint_eq(tril_shape_of(none).rank, 0);
    ck_assert(tril_item(none) == 0);
}
END_TEST

START_TEST(test_null_params)
{
    const tril_param none = { 0 };
    tril_params_free(NULL);
    ck_assert_ptr_null(tril_params_add(NULL, "x", TRIL_SHAPE(1)).params);
    ck_assert_ptr_null(tril_params_find(NULL, "x").params);
    ck_assert(!tril_params_group(NULL, "x", "y"));
    ck_assert_uint_eq(tril_params_count(NULL), 0);
    ck_assert_ptr_null(tril_params_at(NULL, 0).params);
    ck_assert_uint_eq(tril_params_size(NULL), 0);
    ck_assert_ptr_null(tril_params_values(NULL));
    ck_assert_ptr_null(tril_params_grads(NULL));
    ck_assert_ptr_null(tril_param_values(none));
    ck_assert_ptr_null(tril_param_grads(none));
    ck_assert_ptr_null(tril_param_name(none));
    ck_assert_ptr_null(tril_param_group(none));
    ck_assert_uint_eq(tril_param_shape(none).rank, 0);
    ck_assert_ptr_null(tril_sgd_new(NULL, NULL));
    ck_assert_ptr_null(tril_adam_new(NULL, NULL));
    ck_assert_ptr_null(tril_adamw_new(NULL, NULL));
    tril_optim_free(NULL);
    ck_assert(!tril_optim_step(NULL));
    ck_assert(!tril_optim_set_lr(NULL, NULL, 1) && !tril_optim_set_weight_decay(NULL, NULL, 1));
    ck_assert(!tril_optim_set_lr_factor(NULL, 1));
}
END_TEST

START_TEST(test_null_layers)
{
    const tril_var none = { 0 };
    const tril_real y[4] = { 0 };
    ck_assert_ptr_null(tril_dense_new(NULL, "x", &(tril_dense_opts){ 1, 1 }));
    ck_assert_ptr_null(tril_dense_apply(NULL, none).tape);
    ck_assert_ptr_null(tril_dense_weight(NULL).params);
    ck_assert_ptr_null(tril_dense_bias(NULL).params);
    ck_assert_ptr_null(tril_mlp_new(NULL, "x", &(tril_mlp_opts){ .inputs = 1, .outputs = 1 }));
    ck_assert_ptr_null(tril_mlp_apply(NULL, none).tape);
    ck_assert_uint_eq(tril_mlp_depth(NULL), 0);
    ck_assert_ptr_null(tril_mlp_layer(NULL, 0));
    ck_assert_ptr_null(tril_mlp_last(NULL));
    ck_assert_ptr_null(tril_head(none, 2, NULL).kind);
    ck_assert(!tril_head_init(NULL, y, 2, 2, NULL));
}
END_TEST

START_TEST(test_null_dist)
{
    const tril_var none = { 0 };
    const tril_dist inert = { 0 };
    ck_assert_ptr_null(tril_mvn(none, none).kind);
    ck_assert_ptr_null(tril_log_prob(inert, none).tape);
    ck_assert_ptr_null(tril_sample(inert, 1).tape);
    ck_assert_ptr_null(tril_rsample(inert, 1).tape);
    ck_assert_ptr_null(tril_entropy(inert).tape);
    ck_assert_ptr_null(tril_dist_mean(inert).tape);
    ck_assert_ptr_null(tril_dist_covariance(inert).tape);
    ck_assert_uint_eq(tril_dist_batch_shape(inert).rank, 0);
    ck_assert_uint_eq(tril_dist_event_shape(inert).rank, 0);
}
END_TEST

START_TEST(test_null_data)
{
    tril_real x[2] = { 1, 2 };
    tril_scaler scaler = { 0 };
    tril_table_free(NULL);
    ck_assert_uint_eq(tril_table_rows(NULL), 0);
    ck_assert_uint_eq(tril_table_width(NULL), 0);
    ck_assert_ptr_null(tril_table_name(NULL, 0));
    ck_assert(!tril_table_has(NULL, "x"));
    ck_assert(!tril_table_columns(NULL, (const char *[]){ "x" }, 1, x));
    tril_scaler_apply(&scaler, x, 2);
    tril_scaler_undo(&scaler, x, 2);
    ck_assert(x[0] == 1 && x[1] == 2);
    ck_assert(tril_scaler_log_scale(&scaler) == 0);
    tril_scaler_free(&scaler);
    tril_scaler_free(NULL);
}
END_TEST

START_TEST(test_null_ops)
{
    typedef tril_var one(tril_var);
    typedef tril_var two(tril_var, tril_var);
    typedef tril_var along(tril_var, int, bool);
    static one *const ones[] = {
        tril_neg,      tril_exp,        tril_log,  tril_log1p,       tril_expm1, tril_sqrt,
        tril_square,   tril_abs,        tril_tanh, tril_sigmoid,     tril_relu,  tril_elu,
        tril_softplus, tril_silu,       tril_sum,  tril_mean,        tril_max,   tril_logsumexp,
        tril_diagonal, tril_diag_embed, tril_tril, tril_unpack_tril,
    };
    static two *const twos[] = { tril_add, tril_sub, tril_mul, tril_div, tril_matmul };
    static along *const alongs[] = { tril_sum_axis, tril_mean_axis, tril_max_axis,
                                     tril_logsumexp_axis };
    const tril_var none = { 0 }, pair[2] = { none, none };
    tril_var parts[2];
    for (size_t i = 0; i < sizeof ones / sizeof *ones; i++)
        ck_assert_ptr_null(ones[i](none).tape);
    for (size_t i = 0; i < sizeof twos / sizeof *twos; i++)
        ck_assert_ptr_null(twos[i](none, none).tape);
    for (size_t i = 0; i < sizeof alongs / sizeof *alongs; i++)
        ck_assert_ptr_null(alongs[i](none, 0, false).tape);
    ck_assert_ptr_null(tril_affine(none, none, none, TRIL_NONE).tape);
    ck_assert_ptr_null(tril_softmax(none, 0).tape);
    ck_assert_ptr_null(tril_log_softmax(none, 0).tape);
    ck_assert_ptr_null(tril_cross_entropy(none, NULL).tape);
    ck_assert_ptr_null(tril_reshape(none, TRIL_SHAPE(1)).tape);
    ck_assert_ptr_null(tril_transpose(none, 0, 1).tape);
    ck_assert_ptr_null(tril_slice(none, 0, 0, 1).tape);
    ck_assert(!tril_split(none, 0, (size_t[]){ 1, 1 }, 2, parts));
    ck_assert_ptr_null(parts[1].tape);
    ck_assert_ptr_null(tril_concat(pair, 2, 0).tape);
    ck_assert_ptr_null(tril_concat(NULL, 0, 0).tape);
    ck_assert_ptr_null(tril_stack(pair, 2, 0).tape);
}
END_TEST

Suite *suite_core_ctx(void)
{
    Suite *suite = suite_create("core/ctx");
    TCase *tcase = tcase_create("ctx"), *null = tcase_create("null");
    tcase_add_test(tcase, test_first_failure_stands);
    tcase_add_test(tcase, test_every_status_has_a_text);
    tcase_add_loop_test(tcase, test_printable, 0, sizeof outside / sizeof *outside);
    tcase_add_test(tcase, test_long_message_is_cut);
    tcase_add_test(tcase, test_hooks_get_everything);
    tcase_add_test(tcase, test_no_memory_for_the_context);
    tcase_add_test(tcase, test_more_than_there_is);
    tcase_add_test(tcase, test_seed);
    tcase_add_test(null, test_null_ctx);
    tcase_add_test(null, test_null_tape);
    tcase_add_test(null, test_null_params);
    tcase_add_test(null, test_null_layers);
    tcase_add_test(null, test_null_dist);
    tcase_add_test(null, test_null_data);
    tcase_add_test(null, test_null_ops);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, null);
    return suite;
}
