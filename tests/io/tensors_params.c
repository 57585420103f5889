/* Parameters and scalers through files, and a network by PyTorch. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"

static const tril_mlp_opts opts = { .inputs = 2, .hidden = { 4 }, .outputs = 3 };

static tril_params *net_of(tril_ctx *ctx)
{
    tril_params *params = tril_params_new(ctx);
    tril_mlp_new(params, "net", &opts);
    tril_params_add(params, "shift", TRIL_SHAPE(3));
    return params;
}

/* what is got is what was put, in files of two members and in both precisions */
START_TEST(test_round_trip)
{
    static const char *const prefix[2] = { "", "member.1." };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params[2] = { net_of(ctx), net_of(ctx) }, *again = net_of(ctx);
    tril_tensors *t = tril_tensors_new(ctx);
    size_t bytes = tril_params_size(again) * sizeof(tril_real);
    for (int i = 0; i < 2; i++)
        ck_assert(tril_tensors_put_params(t, prefix[i], params[i]));
    ck_assert(tril_tensors_write(t, file_path()));
    tril_tensors_free(t);
    t = tril_tensors_read(ctx, file_path());
    ck_assert_int_eq(remove(file_path()), 0);
    ck_assert_uint_eq(tril_tensors_count(t), 10);
    ck_assert(tril_shape_equal(tril_tensors_find(t, "net.0.weight").shape, TRIL_SHAPE(4, 2)));
    for (int i = 0; i < 2; i++) {
        ck_assert(tril_tensors_get_params(t, prefix[i], again));
        ck_assert(!memcmp(tril_params_values(again), tril_params_values(params[i]), bytes));
        tril_params_free(params[i]);
    }
    tril_tensors_free(t);
    tril_params_free(again);
    tril_ctx_free(ctx);
}
END_TEST

/* of five parameters one is left out or otherwise than it should be, or there is a sixth */
static const struct {
    const char *without, *with;
    tril_shape shape;
    const char *sentence;
} wrong[] = {
    { NULL, NULL, { 0 }, NULL },
    { NULL, "scaler.mean", { 1, { 3 } }, NULL }, /* another module's */
    { NULL, "net2.0.weight", { 1, { 3 } }, NULL },
    { NULL, "shifts", { 1, { 3 } }, NULL },
    { NULL, "shift.mean", { 1, { 3 } }, NULL },
    { "net.2.bias", NULL, { 0 }, "tensors: there is no tensor net.2.bias" },
    { "shift", "shifts", { 1, { 3 } }, "tensors: there is no tensor shift" },
    { "net.0.weight",
      "net.0.weight",
      { 2, { 2, 4 } },
      "tensors: tensor net.0.weight has the shape [2x4], wanted is [4x2]" },
    { "net.0.bias",
      "net.0.bias",
      { 2, { 4, 1 } },
      "tensors: tensor net.0.bias has the shape [4x1], wanted is [4]" },
    { NULL,
      "net.4.weight",
      { 2, { 3, 3 } },
      "tensors: tensor net.4.weight is there, but no parameter of that name" },
    { NULL,
      "net.0.bias_hh",
      { 1, { 3 } },
      "tensors: tensor net.0.bias_hh is there, but no parameter of that name" },
};

START_TEST(test_wrong)
{
    static const tril_real ones[12] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = net_of(ctx);
    tril_tensors *t = tril_tensors_new(ctx);
    size_t n = tril_params_size(params);
    tril_real before[64];
    memcpy(before, tril_params_values(params), n * sizeof *before);
    for (size_t i = 0; i < 5; i++) {
        tril_param p = tril_params_at(params, i);
        if (!wrong[_i].without || strcmp(tril_param_name(p), wrong[_i].without))
            tril_tensors_put(t, tril_param_name(p), TRIL_REAL_DTYPE, tril_param_shape(p), ones);
    }
    if (wrong[_i].with)
        tril_tensors_put(t, wrong[_i].with, TRIL_REAL_DTYPE, wrong[_i].shape, ones);
    ck_fine(ctx);
    if (!wrong[_i].sentence) {
        ck_assert(tril_tensors_get_params(t, "", params));
        ck_assert_double_eq((double)tril_params_values(params)[0], 1);
    } else {
        ck_assert(!tril_tensors_get_params(t, "", params));
        ck_assert_str_eq(tril_ctx_message(ctx), wrong[_i].sentence);
        ck_failed(ctx, TRIL_BAD_DATA, "");
        ck_assert(!memcmp(before, tril_params_values(params), n * sizeof *before));
    }
    tril_tensors_free(t);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* a number that float has not, in the last tensor: the first ones stay too */
START_TEST(test_range)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_real *a = tril_param_values(tril_params_add(params, "a", TRIL_SHAPE(1)));
    tril_params_add(params, "b", TRIL_SHAPE(2));
    a = tril_param_values(tril_params_find(params, "a"));
    tril_tensors *t = tril_tensors_new(ctx);
    tril_tensors_put(t, "a", TRIL_F64, TRIL_SHAPE(1), (double[]){ 5 });
    tril_tensors_put(t, "b", TRIL_F64, TRIL_SHAPE(2), (double[]){ 6, 1e39 });
    ck_assert_int_eq(tril_tensors_get_params(t, "", params), IS_DOUBLE);
    if (!IS_DOUBLE)
        ck_failed(ctx, TRIL_BAD_DATA, "tensors: tensor b: 1e+39 is beyond the range of float");
    ck_assert_double_eq((double)a[0], IS_DOUBLE ? 5 : 0);
    tril_tensors_free(t);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_long_name)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = net_of(ctx);
    tril_tensors *t = tril_tensors_new(ctx);
    char prefix[600];
    memset(prefix, 'x', sizeof prefix - 1);
    prefix[sizeof prefix - 1] = 0;
    ck_assert(!tril_tensors_put_params(t, prefix, params));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: the name xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx... is");
    ck_assert(!tril_tensors_get_params(t, prefix, params));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "is too long");
    ck_assert_uint_eq(tril_tensors_count(t), 0);
    ck_assert(!tril_tensors_put_params(NULL, "", params) && !tril_tensors_put_params(t, "", NULL));
    ck_assert(!tril_tensors_get_params(NULL, "", params) && !tril_tensors_get_params(t, "", NULL));
    tril_tensors_free(t);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_scaler)
{
    const tril_real x[4] = { 1, 10, 4, 70 };
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    tril_scaler scaler = { 0 }, again = { 0 };
    tril_tensors *t = tril_tensors_new(ctx);
    ck_assert(tril_scaler_fit(ctx, &scaler, x, NULL, 2, 2, NULL));
    ck_assert(tril_scaler_fit(ctx, &again, x, NULL, 4, 1, NULL)); /* to be replaced */
    ck_assert(tril_tensors_put_scaler(t, "targets", &scaler));
    ck_assert(tril_tensors_get_scaler(t, "targets", &again));
    ck_assert(again.width == 2 && !memcmp(again.mean, scaler.mean, 2 * sizeof *again.mean));
    ck_assert(!memcmp(again.scale, scaler.scale, 2 * sizeof *again.scale));
    tril_scaler_free(&scaler);
    tril_tensors_free(t);
    ck_assert_double_eq(again.scale[1], 30);
    tril_scaler_free(&again);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
}
END_TEST

/* tensors that are no scaler; what was there stays */
static const struct {
    const char *names[2];
    tril_shape shape[2];
    double mean[2], scale[2];
    const char *sentence;
} bad[] = {
    { { "s.mean", "s.scales" },
      { { 1, { 2 } }, { 1, { 2 } } },
      { 0 },
      { 1, 1 },
      "no tensor s.scale" },
    { { "s.means", "s.scale" },
      { { 1, { 2 } }, { 1, { 2 } } },
      { 0 },
      { 1, 1 },
      "no tensor s.mean" },
    { { "s.mean", "s.scale" },
      { { 1, { 2 } }, { 1, { 1 } } },
      { 0 },
      { 1, 1 },
      "s.scale has the shape [1], wanted is [2]" },
    { { "s.mean", "s.scale" },
      { { 2, { 2, 1 } }, { 1, { 2 } } },
      { 0 },
      { 1, 1 },
      "s.mean has the" },
    { { "s.mean", "s.scale" },
      { { 1, { 2 } }, { 1, { 2 } } },
      { 0 },
      { 1, 0 },
      "tensors: s: column number 1 has mean 0 and scale 0" },
    { { "s.mean", "s.scale" },
      { { 1, { 2 } }, { 1, { 2 } } },
      { 0 },
      { -1, 1 },
      "column number 0 has mean 0 and scale -1" },
    { { "s.mean", "s.scale" },
      { { 1, { 2 } }, { 1, { 2 } } },
      { NAN },
      { 1, 1 },
      "number 0 has mean" },
    { { "s.mean", "s.scale" }, { { 1, { 2 } }, { 1, { 2 } } }, { 0 }, { 1, NAN }, "number 1 has" },
    { { "s.mean", "s.scale" },
      { { 1, { 2 } }, { 1, { 2 } } },
      { 0 },
      { INFINITY, 1 },
      "number 0 has mean 0 and scale inf" },
};

START_TEST(test_bad_scaler)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    tril_scaler scaler = { 0 };
    tril_tensors *t = tril_tensors_new(ctx);
    ck_assert(tril_scaler_fit(ctx, &scaler, (const tril_real[]){ 1, 5 }, NULL, 2, 1, NULL));
    tril_tensors_put(t, bad[_i].names[0], TRIL_F64, bad[_i].shape[0], bad[_i].mean);
    tril_tensors_put(t, bad[_i].names[1], TRIL_F64, bad[_i].shape[1], bad[_i].scale);
    ck_assert(!tril_tensors_get_scaler(t, "s", &scaler));
    ck_failed(ctx, TRIL_BAD_DATA, bad[_i].sentence);
    ck_assert(scaler.width == 1 && scaler.mean[0] == 3);
    tril_scaler_free(&scaler);
    tril_tensors_free(t);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
}
END_TEST

/* PyTorch's network, its rows and their log-densities, from a file that Python has written */
START_TEST(test_torch)
{
    enum { ROWS = 5 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_mlp *net =
        tril_mlp_new(params, "net", &(tril_mlp_opts){ .inputs = 2, .hidden = { 8 }, .outputs = 9 });
    tril_tensors *t = tril_tensors_read(ctx, "tests/reference/tensors_torch.safetensors");
    tril_real x[ROWS * 2], y[ROWS * 3], wanted[ROWS];
    ck_assert_msg(tril_tensors_get_params(t, "", params), "%s", tril_ctx_message(ctx));
    ck_assert(tril_tensors_get(t, "x", TRIL_REAL_DTYPE, TRIL_SHAPE(ROWS, 2), x));
    ck_assert(tril_tensors_get(t, "y", TRIL_REAL_DTYPE, TRIL_SHAPE(ROWS, 3), y));
    ck_assert(tril_tensors_get(t, "log_prob", TRIL_REAL_DTYPE, TRIL_SHAPE(ROWS), wanted));
    ck_assert_str_eq(tril_tensors_metadata(t, "format"), "pt");
    tril_tensors_free(t);

    tril_tape *tape = tril_tape_new(ctx);
    tril_var raw = tril_mlp_apply(net, tril_input(tape, x, TRIL_SHAPE(ROWS, 2)));
    tril_var log_prob =
        tril_log_prob(tril_head(raw, 3, NULL), tril_input(tape, y, TRIL_SHAPE(ROWS, 3)));
    ck_fine(ctx);
    for (int i = 0; i < ROWS; i++)
        ck_close(tril_value(log_prob)[i], wanted[i], 1e-5, 1);
    tril_tape_free(tape);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

static void put_and_get(tril_ctx *ctx)
{
    tril_params *params = net_of(ctx);
    tril_scaler scaler = { 0 };
    tril_tensors *t = tril_tensors_new(ctx);
    tril_scaler_fit(ctx, &scaler, (const tril_real[]){ 1, 5 }, NULL, 2, 1, NULL);
    tril_tensors_put_params(t, "", params);
    tril_tensors_put_scaler(t, "x", &scaler);
    tril_tensors_get_params(t, "", params);
    tril_tensors_get_scaler(t, "x", &scaler);
    tril_scaler_free(&scaler);
    tril_tensors_free(t);
    tril_params_free(params);
}

START_TEST(test_exhaust)
{
    ck_assert_uint_gt(exhaust(put_and_get), 8);
}
END_TEST

Suite *suite_io_tensors_params(void)
{
    Suite *suite = suite_create("io/tensors_params");
    TCase *tcase = tcase_create("parameters and scalers");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_round_trip);
    tcase_add_loop_test(tcase, test_wrong, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tcase, test_range);
    tcase_add_test(tcase, test_long_name);
    tcase_add_test(tcase, test_scaler);
    tcase_add_loop_test(tcase, test_bad_scaler, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tcase, test_torch);
    tcase_add_test(tcase, test_exhaust);
    suite_add_tcase(suite, tcase);
    return suite;
}
