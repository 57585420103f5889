/* Every distribution kind and every optimizer that the library registers has its row here, with the
 * suite that holds its reference values; and every distribution keeps the promises of dist.h. */
#include <math.h>
#include <string.h>

#include "optim/optims.h"

Suite *suite_dist_mvn(void);
Suite *suite_dist_normal(void);
Suite *suite_nn_head(void);

enum { BATCH = 3, DRAWS = 4000 };

/* a batch of three in two dimensions, around [1, -2] */
static tril_dist make_mvn(tril_tape *tape)
{
    static const tril_real loc[2] = { 1, -2 };
    static const tril_real scale_tril[BATCH * 4] = { 1, 0, 1, 2, .5f, 0, -1, .5f, 2, 0, 0, 1 };
    return tril_mvn(tril_requires_grad(tril_input(tape, loc, TRIL_SHAPE(2))),
                    tril_requires_grad(tril_input(tape, scale_tril, TRIL_SHAPE(BATCH, 2, 2))));
}

static tril_dist make_head(tril_tape *tape)
{
    static const tril_real raw[BATCH * 5] = {
        1, -2, .5f, 0, 1, 1, -2, -1, -1, .5f, 1, -2, 0, 0, 0
    };
    return tril_head(tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(BATCH, 5))), 2, NULL);
}

static const tril_real locs[BATCH * 2] = { 1, -2, 0, .5f, 3, 2 };
static const tril_real scales[BATCH * 2] = { 1, 2, .5f, .25f, 3, 1 };

static tril_dist make_normal(tril_tape *tape)
{
    return tril_normal(tril_requires_grad(tril_input(tape, locs, TRIL_SHAPE(1))),
                       tril_input(tape, scales, TRIL_SHAPE(BATCH)));
}

static tril_dist make_mvn_diag(tril_tape *tape)
{
    return tril_mvn_diag(tril_requires_grad(tril_input(tape, locs, TRIL_SHAPE(2))),
                         tril_input(tape, scales, TRIL_SHAPE(BATCH, 2)));
}

/* of normals by loc and scale it is one of them; the kind shows with others: three pairs of normals
 * in one dimension */
static tril_dist make_independent(tril_tape *tape)
{
    tril_var loc = tril_requires_grad(tril_input(tape, locs, TRIL_SHAPE(BATCH, 2, 1)));
    tril_var factor = tril_input(tape, scales, TRIL_SHAPE(BATCH, 2, 1, 1));
    return tril_independent(tril_mvn(loc, factor), 1);
}

static const struct dist_row {
    const char *kind;
    tril_dist (*make)(tril_tape *tape);
    Suite *(*references)(void); /* does not link without */
} dist_rows[] = {
    { "mvn", make_mvn, suite_dist_mvn },
    { "head", make_head, suite_nn_head },
    { "normal", make_normal, suite_dist_normal },
    { "mvn_diag", make_mvn_diag, suite_dist_normal },
    { "independent", make_independent, suite_dist_normal },
};

enum { N_DISTS = sizeof dist_rows / sizeof *dist_rows };

#define X_OP(name)
#define X_OPTIM(name)
#define X_DIST(name) extern const tril_dist_kind tril_dist_kind_##name;
#include "registry.h"
#undef X_DIST

static const struct {
    const char *name;
    const tril_dist_kind *kind;
} registered_dists[] = {
#define X_DIST(name) { #name, &tril_dist_kind_##name },
#include "registry.h"
#undef X_DIST
};

#undef X_OPTIM
#define X_DIST(name)
#define X_OPTIM(name) #name,
static const char *const registered_optims[] = {
#include "registry.h"
};

START_TEST(test_dists_are_covered)
{
    size_t n = sizeof registered_dists / sizeof *registered_dists;
    ck_assert_uint_ge(n, 2);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    for (size_t i = 0; i < n; i++) {
        const char *name = registered_dists[i].name;
        size_t row = 0;
        while (row < N_DISTS && strcmp(dist_rows[row].kind, name) != 0)
            row++;
        ck_assert_msg(row < N_DISTS, "distribution %s has no row in tests/registry_kinds.c", name);
        tril_dist p = dist_rows[row].make(tape);
        ck_fine(ctx);
        ck_assert_msg(p.kind == registered_dists[i].kind, "the row of %s makes another kind", name);
        ck_assert_str_eq(p.kind->name, name);
    }
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_optims_are_covered)
{
    size_t n = sizeof registered_optims / sizeof *registered_optims;
    ck_assert_uint_eq(n, N_OPTIMS);
    for (size_t i = 0; i < n; i++) {
        const optim_row *row = optim_rows;
        while (row->kind && strcmp(row->kind, registered_optims[i]) != 0)
            row++;
        ck_assert_msg(row->kind, "optimizer %s has no row in tests/optim/optims.c",
                      registered_optims[i]);
        ck_assert_msg(optim_references(row->kind) > 0,
                      "optimizer %s has no reference values in tests/optim/optim.c", row->kind);
    }
}
END_TEST

/* ---- what dist.h says of every distribution */

/* |mean over draws of x - wanted| in standard errors, for each number of one draw */
static void check_mean(const tril_real *x, size_t n, const tril_real *wanted, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0, squares = 0;
        for (size_t k = 0; k < DRAWS; k++) {
            double off = (double)x[k * n + i] - (double)wanted[i];
            sum += off / DRAWS;
            squares += off * off / DRAWS;
        }
        ck_assert_msg(fabs(sum) < 4.5 * sqrt(squares / DRAWS), "%s %zu is off by %g", what, i, sum);
    }
}

/* a batch shape, behind draws if there are any, before the event's */
static tril_shape shape_of(size_t draws, tril_shape event)
{
    tril_shape shape = { 0 };
    if (draws)
        shape.dim[shape.rank++] = draws;
    shape.dim[shape.rank++] = BATCH;
    for (size_t i = 0; i < event.rank; i++)
        shape.dim[shape.rank++] = event.dim[i];
    return shape;
}

#define ck_shape(x, wanted) ck_assert(tril_shape_equal(tril_shape_of(x), wanted))

START_TEST(test_promises)
{
    const tril_shape none = { 0 };
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 2 });
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p = dist_rows[_i].make(tape);
    tril_shape event = tril_dist_event_shape(p);
    tril_var draws = tril_sample(p, DRAWS), one = tril_rsample(p, 0);
    tril_var mean = tril_dist_mean(p), surprise = tril_neg(tril_log_prob(p, draws));
    tril_var entropy = tril_entropy(p), variance = tril_dist_variance(p);
    ck_fine(ctx);
    ck_assert(tril_shape_equal(tril_dist_batch_shape(p), TRIL_SHAPE(BATCH)));
    ck_shape(one, shape_of(0, event));
    ck_shape(draws, shape_of(DRAWS, event));
    ck_shape(surprise, shape_of(DRAWS, none));
    ck_shape(mean, shape_of(0, event));
    ck_shape(variance, shape_of(0, event));
    ck_shape(entropy, shape_of(0, none));
    size_t size = tril_size(mean);
    check_mean(tril_value(draws), size, tril_value(mean), "mean");
    check_mean(tril_value(surprise), BATCH, tril_value(entropy), "entropy");
    tril_var squares = tril_square(tril_sub(draws, mean));
    check_mean(tril_value(squares), size, tril_value(variance), "variance");
    ck_assert(!tril_backward(tril_sum(draws)));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "depends on no parameter");
    ck_assert(tril_backward(tril_sum(one)));
    ck_assert_ptr_nonnull(tril_grad(p.param[0]));
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* in a larger batch each is what it was */
START_TEST(test_expand)
{
    const tril_shape none = { 0 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p = dist_rows[_i].make(tape), q = tril_dist_expand(p, TRIL_SHAPE(2, BATCH));
    tril_var y = tril_dist_mean(p);
    const tril_real *few = tril_value(tril_log_prob(p, y)), *many = tril_value(tril_log_prob(q, y));
    tril_var mean = tril_dist_mean(q);
    ck_fine(ctx);
    ck_assert(tril_shape_equal(tril_dist_batch_shape(q), TRIL_SHAPE(2, BATCH)));
    ck_assert(tril_shape_equal(tril_dist_event_shape(q), tril_dist_event_shape(p)));
    for (size_t i = 0; i < 2 * BATCH; i++)
        ck_assert(many[i] == few[i % BATCH]);
    for (size_t i = 0; i < tril_size(mean); i++)
        ck_assert(tril_value(mean)[i] == tril_value(y)[i % tril_size(y)]);
    ck_assert(tril_backward(tril_sum(tril_log_prob(q, y))));
    ck_assert_ptr_nonnull(tril_grad(p.param[0]));
    ck_assert_ptr_null(tril_dist_expand(p, TRIL_SHAPE(BATCH, 2)).kind);
    ck_failed(ctx, TRIL_BAD_SHAPE, "): batch shape [3] cannot become [3x2]");
    ck_assert_ptr_null(tril_dist_expand(p, none).kind);
    ck_failed(ctx, TRIL_BAD_SHAPE, "): batch shape [3] cannot become [scalar]");
    ck_assert_ptr_null(tril_dist_expand((tril_dist){ 0 }, none).kind);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* of vectors: the covariance is that of the draws and has the variance on its diagonal; of
 * symmetric distributions the mode is the mean */
START_TEST(test_covariance_and_mode)
{
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 3 });
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p = dist_rows[_i].make(tape);
    tril_var mean = tril_dist_mean(p), mode = tril_dist_mode(p);
    ck_fine(ctx);
    ck_assert(memcmp(tril_value(mode), tril_value(mean), tril_size(mean) * sizeof(tril_real)) == 0);
    if (tril_dist_event_shape(p).rank == 1) {
        tril_var covariance = tril_dist_covariance(p), draws = tril_sample(p, DRAWS);
        ck_shape(covariance, TRIL_SHAPE(BATCH, 2, 2));
        tril_var apart = tril_reshape(tril_sub(draws, mean), TRIL_SHAPE(DRAWS * BATCH, 2, 1));
        tril_var products = tril_matmul(apart, tril_transpose(apart, -2, -1));
        check_mean(tril_value(products), 4 * BATCH, tril_value(covariance), "covariance");
        const tril_real *a = tril_value(tril_diagonal(covariance));
        const tril_real *b = tril_value(tril_dist_variance(p));
        for (size_t i = 0; i < 2 * BATCH; i++)
            ck_close(a[i], b[i], IS_DOUBLE ? 1e-15 : 1e-6, 1);
    } else {
        tril_dist_covariance(p);
        ck_failed(ctx, TRIL_BAD_ARGUMENT, "there is no closed form");
    }
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_registry_kinds(void)
{
    Suite *suite = suite_create("registry_kinds");
    TCase *tcase = tcase_create("kinds");
    tcase_add_test(tcase, test_dists_are_covered);
    tcase_add_test(tcase, test_optims_are_covered);
    tcase_add_loop_test(tcase, test_promises, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_covariance_and_mode, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_expand, 0, N_DISTS);
    suite_add_tcase(suite, tcase);
    return suite;
}
