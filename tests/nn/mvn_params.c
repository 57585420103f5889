/* Normals without a network: how they begin, what they are on a tape, and errors. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { K = 3, D = 2 };

START_TEST(test_begins_standard)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_mvn_params *normals = tril_mvn_params_new(params, "c", K, D);
    tril_param loc = tril_mvn_params_loc(normals), factor = tril_mvn_params_scale_tril(normals);
    ck_assert_str_eq(tril_param_name(loc), "c.loc");
    ck_assert_str_eq(tril_param_name(factor), "c.scale_tril");
    ck_assert(tril_shape_equal(tril_param_shape(loc), TRIL_SHAPE(K, D)));
    ck_assert(tril_shape_equal(tril_param_shape(factor), TRIL_SHAPE(K, D, D)));
    ck_assert_uint_eq(tril_params_count(params), 2);
    for (size_t i = 0; i < K * D; i++)
        ck_assert(tril_param_values(loc)[i] == 0);
    for (size_t i = 0; i < K * D * D; i++)
        ck_assert(tril_param_values(factor)[i] == (i % 4 == 0 || i % 4 == 3));
    ck_fine(ctx);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* one of them by its moments; the others stay; what stands above the diagonal is not read */
START_TEST(test_start)
{
    static const tril_real loc[D] = { 1, -2 }, covariance[D * D] = { 4, 99, 2, 10 };
    static const double wanted[K * D * D] = { 1, 0, 0, 1, 4, 2, 2, 10, 1, 0, 0, 1 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_mvn_params *normals = tril_mvn_params_new(params, "c", K, D);
    tril_tape *tape = tril_tape_new(ctx);
    ck_assert(tril_mvn_params_set(normals, 1, loc, covariance));
    tril_dist p = tril_mvn_params_dist(normals, tape);
    ck_assert(tril_shape_equal(tril_dist_batch_shape(p), TRIL_SHAPE(K)));
    ck_assert(tril_shape_equal(tril_dist_event_shape(p), TRIL_SHAPE(D)));
    const tril_real *mean = tril_value(tril_dist_mean(p));
    const tril_real *found = tril_value(tril_dist_covariance(p));
    for (size_t i = 0; i < K * D; i++)
        ck_assert(mean[i] == (i / D == 1 ? loc[i % D] : 0));
    for (size_t i = 0; i < K * D * D; i++)
        ck_close(found[i], wanted[i], IS_DOUBLE ? 1e-14 : 1e-6, 1);
    ck_assert(tril_param_values(tril_mvn_params_scale_tril(normals))[5] == 0);
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* the gradient arrives in the store, and the natural step follows it to the data */
START_TEST(test_learns)
{
    static const tril_real y[4 * D] = { 3, 1, 5, 1, 3, 2, 5, 4 }; /* mean 4, 2; variances 1, 1.5 */
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_mvn_params *normals = tril_mvn_params_new(params, "c", 1, D);
    tril_optim *natural =
        tril_natural_new(tril_mvn_params_loc(normals), tril_mvn_params_scale_tril(normals),
                         &(tril_natural_opts){ .lr = 1, .kl_clip = 0.1 });
    tril_tape *tape = tril_tape_new(ctx);
    for (int step = 0; step < 200; step++) {
        tril_tape_reset(tape);
        tril_var log_prob = tril_log_prob(tril_mvn_params_dist(normals, tape),
                                          tril_input(tape, y, TRIL_SHAPE(4, D)));
        tril_backward(tril_neg(tril_mean(log_prob)));
        tril_optim_step(natural);
    }
    ck_fine(ctx);
    static const double covariance[D * D] = { 1, 0.5, 0.5, 1.5 };
    tril_dist p = tril_mvn_params_dist(normals, tape);
    for (size_t i = 0; i < D * D; i++)
        ck_close(tril_value(tril_dist_covariance(p))[i], covariance[i], IS_DOUBLE ? 1e-10 : 1e-5,
                 1);
    ck_close(tril_value(tril_dist_mean(p))[0], 4, IS_DOUBLE ? 1e-10 : 1e-5, 1);
    tril_tape_free(tape);
    tril_optim_free(natural);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

static const struct {
    size_t index;
    tril_real loc[D], covariance[D * D];
    tril_status status;
    const char *text;
} bad_starts[] = {
    { K,
      { 0 },
      { 1, 0, 0, 1 },
      TRIL_BAD_ARGUMENT,
      "mvn_params_set: c.loc has 3 normals, want an index below that (it is 3)" },
    { 1,
      { 0, (tril_real)NAN },
      { 1, 0, 0, 1 },
      TRIL_NOT_FINITE,
      "mvn_params_set: the loc for c.loc[1] is nan at [1]" },
    { 1,
      { 0 },
      { 1, 0, (tril_real)INFINITY, 1 },
      TRIL_NOT_FINITE,
      "mvn_params_set: the covariance for c.scale_tril[1] is inf at [1, 0]" },
    { 2,
      { 0 },
      { 1, 2, 2, 1 },
      TRIL_NOT_POSITIVE,
      "mvn_params_set: the covariance for c.scale_tril[2] is not positive definite: pivot 1 is "
      "-3" },
    { 2, { 0 }, { 0 }, TRIL_NOT_POSITIVE, "pivot 0 is 0" },
};

START_TEST(test_bad_start)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_mvn_params *normals = tril_mvn_params_new(params, "c", K, D);
    tril_real before[K * (D + D * D)];
    memcpy(before, tril_params_values(params), sizeof before);
    ck_assert(!tril_mvn_params_set(normals, bad_starts[_i].index, bad_starts[_i].loc,
                                   bad_starts[_i].covariance));
    ck_failed(ctx, bad_starts[_i].status, bad_starts[_i].text);
    ck_assert_mem_eq(before, tril_params_values(params), sizeof before);
    ck_assert(!tril_mvn_params_set(normals, 0, NULL, bad_starts[0].covariance));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "a loc and a covariance");
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_bad_arguments)
{
    char name[300] = "";
    memset(name, 'n', sizeof name - 1);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_tape *tape = tril_tape_new(ctx);
    ck_assert_ptr_null(tril_mvn_params_new(params, "c", 0, D));
    ck_failed(ctx, TRIL_BAD_ARGUMENT,
              "mvn_params: c has 0 normals in 2 dimensions, want a name and");
    ck_assert_ptr_null(tril_mvn_params_new(params, NULL, K, D));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "mvn_params: (no name) has 3 normals in 2 dimensions");
    ck_assert_ptr_null(tril_mvn_params_new(params, name, K, D));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "mvn_params: the name nnnnnnnn");
    ck_assert_ptr_null(tril_mvn_params_new(params, "c", SIZE_MAX / 2, D));
    ck_failed(ctx, TRIL_BAD_SHAPE, "c.loc cannot have the shape");
    tril_params_add(params, "c.scale_tril", TRIL_SHAPE(1));
    ck_assert_ptr_null(tril_mvn_params_new(params, "c", K, D));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "there already is a parameter named c.scale_tril");
    ck_assert_uint_eq(tril_params_count(params), 1); /* c.loc has been taken back */
    ck_assert_ptr_null(tril_mvn_params_dist(NULL, tape).kind);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "mvn_params: there are no normals");
    ck_assert_ptr_null(tril_mvn_params_new(NULL, "c", K, D));
    ck_assert(!tril_mvn_params_set(NULL, 0, NULL, NULL));
    ck_assert_ptr_null(tril_mvn_params_loc(NULL).params);
    ck_assert_ptr_null(tril_mvn_params_scale_tril(NULL).params);
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

static void all_calls(tril_ctx *ctx)
{
    static const tril_real loc[D] = { 1, 2 }, covariance[D * D] = { 1, 0, 0, 1 };
    tril_params *params = tril_params_new(ctx);
    tril_mvn_params *normals = tril_mvn_params_new(params, "c", K, D);
    tril_mvn_params_set(normals, 0, loc, covariance);
    tril_tape *tape = tril_tape_new(ctx);
    tril_backward(tril_sum(tril_entropy(tril_mvn_params_dist(normals, tape))));
    tril_tape_free(tape);
    tril_params_free(params);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_ge(exhaust(all_calls), 5);
}
END_TEST

Suite *suite_nn_mvn_params(void)
{
    Suite *suite = suite_create("nn/mvn_params");
    TCase *tcase = tcase_create("mvn_params");
    tcase_set_tags(tcase, "trains");
    tcase_add_test(tcase, test_begins_standard);
    tcase_add_test(tcase, test_start);
    tcase_add_test(tcase, test_learns);
    tcase_add_loop_test(tcase, test_bad_start, 0, sizeof bad_starts / sizeof *bad_starts);
    tcase_add_test(tcase, test_bad_arguments);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
