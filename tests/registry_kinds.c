/* Every distribution kind and every optimizer that the library registers has its row here. A row
 * of a distribution says which methods it has, what arguments it refuses, and which suite holds its
 * reference values; and every distribution keeps the promises of dist.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/tape.h"
#include "optim/optims.h"
#include "registry_kinds.h"

Suite *suite_distributions_categorical(void);
Suite *suite_distributions_family(void);
Suite *suite_distributions_low_rank(void);
Suite *suite_distributions_mixture(void);
Suite *suite_distributions_mvn(void);
Suite *suite_distributions_mvt(void);
Suite *suite_distributions_mvn_forms(void);
Suite *suite_distributions_normal(void);
Suite *suite_distributions_student_t(void);
Suite *suite_nn_head(void);
Suite *suite_nn_head_student(void);

enum { BATCH = DIST_BATCH, DRAWS = 4000 };

/* a batch of three in two dimensions, around [1, -2] */
static tril_dist make_mvn(tril_tape *tape)
{
    static const tril_real loc[2] = { 1, -2 };
    static const tril_real scale_tril[BATCH * 4] = { 1, 0, 1, 2, .5f, 0, -1, .5f, 2, 0, 0, 1 };
    return tril_mvn(tril_requires_grad(tril_input(tape, loc, TRIL_SHAPE(2))),
                    tril_requires_grad(tril_input(tape, scale_tril, TRIL_SHAPE(BATCH, 2, 2))));
}

static tril_dist make_mvn_precision(tril_tape *tape)
{
    static const tril_real loc[2] = { 1, -2 };
    static const tril_real factor[BATCH * 4] = { 1, 0, 1, 2, .5f, 0, -1, .5f, 2, 0, 0, 1 };
    return tril_mvn_precision_tril(
        tril_requires_grad(tril_input(tape, loc, TRIL_SHAPE(2))),
        tril_requires_grad(tril_input(tape, factor, TRIL_SHAPE(BATCH, 2, 2))));
}

static tril_dist make_head(tril_tape *tape)
{
    static const tril_real raw[BATCH * 5] = {
        1, -2, .5f, 0, 1, 1, -2, -1, -1, .5f, 1, -2, 0, 0, 0
    };
    return tril_head(tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(BATCH, 5))), 2, NULL);
}

static tril_dist make_form(tril_tape *tape, const tril_head_kind *form)
{
    static const tril_real raw[BATCH * 6] = { 1, -2,   .5f, 0, 1,  .5f, 1,   -2, 0,
                                              1, .25f, -1,  1, -2, -1,  .5f, 1,  1 };
    const tril_head_opts opts = { .kind = form, .rank = 1 };
    size_t width = tril_head_width(2, &opts);
    return tril_head(tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(BATCH, width))), 2, &opts);
}

static tril_dist make_diagonal_head(tril_tape *tape)
{
    return make_form(tape, &tril_head_diagonal);
}

static tril_dist make_precision_head(tril_tape *tape)
{
    return make_form(tape, &tril_head_precision);
}

static tril_dist make_low_rank_head(tril_tape *tape)
{
    return make_form(tape, &tril_head_lowrank);
}

static tril_dist make_student_head(tril_tape *tape)
{
    /* a batch like that of make_head, with degrees of freedom as dfs below has them */
    static const tril_real raw[BATCH * 6] = { 1,  -2,  .5f,    0, 1,  -3.23f, 1, -2, -1,
                                              -1, .5f, -4.59f, 1, -2, 0,      0, 0,  -4.26f };
    const tril_head_opts opts = { .kind = &tril_head_student };
    return tril_head(tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(BATCH, 6))), 2, &opts);
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

/* enough for draws to have a fourth moment */
static const tril_real dfs[BATCH] = { 40, 12, 16 };

static tril_dist make_student_t(tril_tape *tape)
{
    return tril_student_t(tril_input(tape, dfs, TRIL_SHAPE(BATCH)),
                          tril_requires_grad(tril_input(tape, locs, TRIL_SHAPE(1))),
                          tril_input(tape, scales, TRIL_SHAPE(BATCH)));
}

static tril_dist make_mvt(tril_tape *tape)
{
    tril_dist p = make_mvn(tape);
    return tril_mvt(tril_input(tape, dfs, TRIL_SHAPE(BATCH)), p.param[0], p.param[1]);
}

static tril_dist make_mvn_low_rank(tril_tape *tape)
{
    return tril_mvn_low_rank(tril_requires_grad(tril_input(tape, locs, TRIL_SHAPE(2))),
                             tril_input(tape, locs, TRIL_SHAPE(2, 1)),
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

static tril_dist make_categorical(tril_tape *tape)
{
    return tril_categorical(tril_requires_grad(tril_input(tape, locs, TRIL_SHAPE(BATCH, 2))));
}

/* of two classes with weights from locs, each number or vector a component */
static tril_dist make_mixture(tril_tape *tape)
{
    tril_var loc = tril_input(tape, locs, TRIL_SHAPE(BATCH, 2, 1));
    tril_var scale = tril_input(tape, scales, TRIL_SHAPE(BATCH, 1, 2));
    return tril_mixture(make_categorical(tape), tril_mvn_diag(loc, scale));
}

static tril_dist make_mixture_of_numbers(tril_tape *tape)
{
    return tril_mixture(make_categorical(tape),
                        tril_normal(tril_input(tape, locs, TRIL_SHAPE(BATCH, 2)),
                                    tril_input(tape, scales, TRIL_SHAPE(BATCH, 2))));
}

/* families of numbers, with peaks within their ranges */
static const tril_real firsts[BATCH] = { 3, 2, 5 }, seconds[BATCH] = { 2, 4, 3 };

static tril_dist make_gamma(tril_tape *tape)
{
    return tril_gamma(tril_requires_grad(tril_input(tape, firsts, TRIL_SHAPE(BATCH))),
                      tril_input(tape, seconds, TRIL_SHAPE(1)));
}

static tril_dist make_beta(tril_tape *tape)
{
    return tril_beta(tril_requires_grad(tril_input(tape, firsts, TRIL_SHAPE(BATCH))),
                     tril_input(tape, seconds, TRIL_SHAPE(BATCH)));
}

static tril_dist make_poisson(tril_tape *tape)
{
    static const tril_real rates[BATCH] = { 2.5f, .5f, 4.25f }; /* with one mode each */
    return tril_poisson(tril_requires_grad(tril_input(tape, rates, TRIL_SHAPE(BATCH))));
}

static tril_dist make_negative_binomial(tril_tape *tape)
{
    return tril_negative_binomial(tril_requires_grad(tril_input(tape, firsts, TRIL_SHAPE(BATCH))),
                                  tril_input(tape, seconds, TRIL_SHAPE(BATCH)));
}

static tril_dist make_von_mises(tril_tape *tape)
{
    return tril_von_mises(tril_requires_grad(tril_input(tape, locs, TRIL_SHAPE(1))),
                          tril_input(tape, seconds, TRIL_SHAPE(BATCH)));
}

/* ---- what is refused */

static const tril_real zeros[4];

static tril_dist bad_mvn(tril_tape *tape)
{
    return tril_mvn(tril_input(tape, zeros, TRIL_SHAPE(2)),
                    tril_input(tape, zeros, TRIL_SHAPE(1, 2, 2)));
}

static tril_dist bad_mvn_precision(tril_tape *tape)
{
    return tril_mvn_precision(tril_input(tape, zeros, TRIL_SHAPE(2)),
                              tril_input(tape, zeros, TRIL_SHAPE(2, 2)));
}

static tril_dist bad_mvn_low_rank(tril_tape *tape)
{
    return tril_mvn_low_rank(tril_input(tape, zeros, TRIL_SHAPE(2)),
                             tril_input(tape, zeros, TRIL_SHAPE(2, 1)),
                             tril_input(tape, zeros, TRIL_SHAPE(2, 2)));
}

static tril_dist bad_head(tril_tape *tape)
{
    return tril_head(tril_input(tape, locs, TRIL_SHAPE(BATCH, 2)), 2, NULL);
}

static tril_dist bad_student_head(tril_tape *tape)
{
    const tril_head_opts opts = { .kind = &tril_head_student };
    return tril_head(tril_input(tape, locs, TRIL_SHAPE(BATCH, 2)), 2, &opts);
}

static tril_dist bad_normal(tril_tape *tape)
{
    return tril_normal(tril_scalar(tape, 0), tril_scalar(tape, -1));
}

static tril_dist bad_mvn_diag(tril_tape *tape)
{
    return tril_mvn_diag(tril_input(tape, locs, TRIL_SHAPE(2)),
                         tril_input(tape, zeros, TRIL_SHAPE(2)));
}

static tril_dist bad_student_t(tril_tape *tape)
{
    return tril_student_t(tril_input(tape, zeros, TRIL_SHAPE(1, 3)), tril_scalar(tape, 0),
                          tril_scalar(tape, 1));
}

static tril_dist bad_mvt(tril_tape *tape)
{
    tril_dist p = make_mvn(tape);
    return tril_mvt(tril_input(tape, locs, TRIL_SHAPE(BATCH)), p.param[0], p.param[1]);
}

static tril_dist bad_independent(tril_tape *tape)
{
    return tril_independent(make_mvn(tape), 2);
}

static tril_dist bad_categorical(tril_tape *tape)
{
    return tril_categorical_probs(tril_input(tape, scales, TRIL_SHAPE(BATCH, 2)));
}

static tril_dist bad_mixture(tril_tape *tape)
{
    return tril_mixture(make_categorical(tape), make_normal(tape));
}

static tril_dist bad_gamma(tril_tape *tape)
{
    return tril_gamma(tril_input(tape, locs, TRIL_SHAPE(BATCH)), tril_scalar(tape, 1));
}

static tril_dist bad_beta(tril_tape *tape)
{
    return tril_beta(tril_scalar(tape, 1), tril_input(tape, zeros, TRIL_SHAPE(2)));
}

static tril_dist bad_poisson(tril_tape *tape)
{
    return tril_poisson(tril_scalar(tape, -3));
}

static tril_dist bad_negative_binomial(tril_tape *tape)
{
    return tril_negative_binomial(tril_input(tape, scales, TRIL_SHAPE(2)),
                                  tril_input(tape, scales, TRIL_SHAPE(3)));
}

static tril_dist bad_von_mises(tril_tape *tape)
{
    return tril_von_mises(tril_scalar(tape, 1), (tril_var){ 0 });
}

/* ---- the rows */

/* Methods that a kind has. Those that it lacks must say that there is no closed form; without
 * RSAMPLE, draws are there, but no gradient flows through them. SYMMETRIC: the mode is the mean. A
 * number has no covariance and a vector no cdf, whatever the row says. */
enum {
    MEAN = 1,
    VARIANCE = 2,
    COVARIANCE = 4,
    MODE = 8,
    SYMMETRIC = 16,
    ENTROPY = 32,
    CDF = 64,
    RSAMPLE = 128,
    OBSERVED = 256,
    KL = 512,
    CONSTANT_CDF = 1024, /* no gradient flows through it */
    OF_NUMBERS = MEAN | VARIANCE | MODE | SYMMETRIC | ENTROPY | CDF | RSAMPLE | OBSERVED | KL,
    OF_VECTORS =
        MEAN | VARIANCE | COVARIANCE | MODE | SYMMETRIC | ENTROPY | RSAMPLE | OBSERVED | KL,
    OF_FAMILY = MEAN | VARIANCE | MODE | CDF | CONSTANT_CDF | OBSERVED
};

static const struct dist_row {
    const char *kind;
    tril_dist (*make)(tril_tape *tape); /* a batch of BATCH, of numbers or of vectors of two */
    Suite *(*references)(void);         /* does not link without */
    unsigned has;
    tril_dist (*make_bad)(tril_tape *tape); /* refused with this status and sentence */
    tril_status status;
    const char *sentence;
} dist_rows[] = {
    { "mvn", make_mvn, suite_distributions_mvn, OF_VECTORS, bad_mvn, TRIL_NOT_POSITIVE,
      "mvn: scale_tril of batch index [0] is 0 at [0, 0]: its diagonal must be positive" },
    { "mvn_precision", make_mvn_precision, suite_distributions_mvn_forms, OF_VECTORS,
      bad_mvn_precision, TRIL_NOT_POSITIVE,
      "mvn_precision: the matrix is not positive definite: pivot 0 is 0" },
    { "head", make_head, suite_nn_head, OF_VECTORS, bad_head, TRIL_BAD_SHAPE,
      "head: raw is 3x2, but 2 targets need rows of 5 numbers" },
    { "head", make_diagonal_head, suite_nn_head, OF_VECTORS, bad_head, TRIL_BAD_SHAPE,
      "head: raw is 3x2, but 2 targets need rows of 5 numbers" },
    { "head", make_precision_head, suite_nn_head, OF_VECTORS, bad_head, TRIL_BAD_SHAPE,
      "head: raw is 3x2, but 2 targets need rows of 5 numbers" },
    { "head", make_low_rank_head, suite_nn_head, OF_VECTORS, bad_head, TRIL_BAD_SHAPE,
      "head: raw is 3x2, but 2 targets need rows of 5 numbers" },
    { "head_student", make_student_head, suite_nn_head_student, OF_VECTORS & ~RSAMPLE & ~KL,
      bad_student_head, TRIL_BAD_SHAPE, "head: raw is 3x2, but 2 targets need rows of 6 numbers" },
    { "mvn_low_rank", make_mvn_low_rank, suite_distributions_low_rank, OF_VECTORS, bad_mvn_low_rank,
      TRIL_NOT_POSITIVE, "mvn_low_rank: diag is 0 at [0, 0]: it must be positive" },
    { "normal", make_normal, suite_distributions_normal, OF_NUMBERS, bad_normal, TRIL_NOT_POSITIVE,
      "normal: scale is -1: it must be positive" },
    { "mvn_diag", make_mvn_diag, suite_distributions_normal, OF_VECTORS, bad_mvn_diag,
      TRIL_NOT_POSITIVE, "mvn_diag: scale is 0 at [0]: it must be positive" },
    { "student_t", make_student_t, suite_distributions_student_t, OF_NUMBERS & ~OBSERVED & ~KL,
      bad_student_t, TRIL_NOT_POSITIVE, "student_t: df is 0 at [0, 0]: it must be positive" },
    { "mvt", make_mvt, suite_distributions_mvt, OF_VECTORS & ~KL, bad_mvt, TRIL_NOT_POSITIVE,
      "mvt: df is -2 at [1]: it must be positive" },
    { "independent", make_independent, suite_distributions_normal, OF_VECTORS & ~COVARIANCE,
      bad_independent, TRIL_BAD_SHAPE, "independent(mvn): 2 axes are wanted of batch shape [3]" },
    { "mixture", make_mixture, suite_distributions_mixture, MEAN | VARIANCE | COVARIANCE | OBSERVED,
      bad_mixture, TRIL_BAD_SHAPE,
      "mixture: weights are 3x2, components have batch shape [3] and event shape [scalar]: the "
      "last axis of the components' batch must be that of the weights" },
    { "mixture", make_mixture_of_numbers, suite_distributions_mixture,
      MEAN | VARIANCE | CDF | OBSERVED, bad_mixture, TRIL_BAD_SHAPE,
      "the last axis of the components' batch must be that of the weights" },
    { "categorical", make_categorical, suite_distributions_categorical,
      MODE | ENTROPY | OBSERVED | KL, bad_categorical, TRIL_BAD_ARGUMENT,
      "categorical_probs: probs of batch index [0] sum to 3, not to 1" },
    { "gamma", make_gamma, suite_distributions_family, OF_FAMILY | ENTROPY, bad_gamma,
      TRIL_NOT_POSITIVE, "gamma: concentration is -2 at [1]: it must be positive" },
    { "beta", make_beta, suite_distributions_family, OF_FAMILY | ENTROPY, bad_beta,
      TRIL_NOT_POSITIVE, "beta: concentration0 is 0 at [0]: it must be positive" },
    { "poisson", make_poisson, suite_distributions_family, OF_FAMILY, bad_poisson,
      TRIL_NOT_POSITIVE, "poisson: rate is -3: it must be positive" },
    { "negative_binomial", make_negative_binomial, suite_distributions_family, OF_FAMILY,
      bad_negative_binomial, TRIL_BAD_SHAPE,
      "negative_binomial: mean is 2 and total_count 3: they do not broadcast" },
    { "von_mises", make_von_mises, suite_distributions_family, (OF_FAMILY & ~VARIANCE) | ENTROPY,
      bad_von_mises, TRIL_BAD_VAR, "von_mises: concentration is no var of its tape" },
};

enum { N_DISTS = sizeof dist_rows / sizeof *dist_rows };

int n_dist_rows(void)
{
    return N_DISTS;
}

tril_dist make_dist_row(int index, tril_tape *tape)
{
    return dist_rows[index].make(tape);
}

#define X_OPTIM(name)
#define X_OP(name) extern const tril_op tril_op_##name;
#define X_DIST(name) extern const tril_dist_kind tril_dist_kind_##name;
#include "registry.h"
#undef X_OP
#undef X_DIST

#define X_DIST(name)
#define X_OP(name) &tril_op_##name,
static const tril_op *const registered_ops[] = {
#include "registry.h"
};
#undef X_OP
#undef X_DIST

#define X_OP(name)
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
        ck_assert_msg(row->references(row->kind) > 0, "optimizer %s has no reference values",
                      row->kind);
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

static tril_ctx *ctx;
static tril_tape *tape;
static const struct dist_row *row;
static tril_dist p;
static tril_shape event;

static void set_up(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 2 });
    tape = tril_tape_new(ctx);
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

static void begin(int i)
{
    row = &dist_rows[i];
    p = row->make(tape);
    ck_fine(ctx);
    event = tril_dist_event_shape(p);
}

static bool has(unsigned method)
{
    if ((method == COVARIANCE && event.rank != 1) || (method == CDF && event.rank > 0))
        return false;
    return row->has & method;
}

/* what a method that the kind lacks has said */
static void check_refused(tril_var result, const char *method, const char *why)
{
    char sentence[128];
    snprintf(sentence, sizeof sentence, "%s(%s): %s", method, row->kind, why);
    ck_assert_ptr_null(result.tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, sentence);
}

START_TEST(test_dists_are_covered)
{
    size_t n = sizeof registered_dists / sizeof *registered_dists;
    ck_assert_uint_ge(n, 2);
    for (size_t i = 0; i < n; i++) {
        const char *name = registered_dists[i].name;
        int k = 0;
        while (k < N_DISTS && strcmp(dist_rows[k].kind, name) != 0)
            k++;
        ck_assert_msg(k < N_DISTS, "distribution %s has no row in tests/registry_kinds.c", name);
        ck_assert_msg(dist_rows[k].references, "distribution %s has no reference values", name);
        ck_assert_msg(dist_rows[k].make_bad, "distribution %s has no bad-argument case", name);
        begin(k);
        ck_assert_msg(p.kind == registered_dists[i].kind, "the row of %s makes another kind", name);
        ck_assert_str_eq(p.kind->name, name);
    }
}
END_TEST

static const char *const no_form = "there is no closed form";

START_TEST(test_moments)
{
    begin(_i);
    tril_var draws = tril_sample(p, DRAWS), mean = tril_dist_mean(p);
    if (!has(MEAN))
        check_refused(mean, "mean", no_form);
    tril_var variance = tril_dist_variance(p);
    if (!has(VARIANCE))
        check_refused(variance, "variance", no_form);
    ck_fine(ctx);
    ck_assert(tril_shape_equal(tril_dist_batch_shape(p), TRIL_SHAPE(BATCH)));
    ck_shape(draws, shape_of(DRAWS, event));
    ck_shape(tril_sample(p, 0), shape_of(0, event));
    size_t size = tril_size(draws) / DRAWS;
    if (has(MEAN)) {
        ck_shape(mean, shape_of(0, event));
        check_mean(tril_value(draws), size, tril_value(mean), "mean");
    }
    if (has(VARIANCE)) {
        ck_shape(variance, shape_of(0, event));
        tril_var squares = tril_square(tril_sub(draws, mean));
        check_mean(tril_value(squares), size, tril_value(variance), "variance");
    }
    ck_fine(ctx);
}
END_TEST

START_TEST(test_entropy)
{
    const tril_shape none = { 0 };
    begin(_i);
    tril_var surprise = tril_neg(tril_log_prob(p, tril_sample(p, DRAWS)));
    tril_var entropy = tril_entropy(p);
    if (has(ENTROPY)) {
        ck_fine(ctx);
        ck_shape(entropy, shape_of(0, none));
        check_mean(tril_value(surprise), BATCH, tril_value(entropy), "entropy");
    } else {
        check_refused(entropy, "entropy", no_form);
    }
    ck_shape(surprise, shape_of(DRAWS, none));
    ck_fine(ctx);
}
END_TEST

/* where nothing is missing it is log_prob; where all is, 0 */
START_TEST(test_observed)
{
    begin(_i);
    tril_var y = tril_sample(p, 0), observed = tril_log_prob_missing(p, y);
    if (!has(OBSERVED)) {
        check_refused(observed, "log_prob_missing", no_form);
        return;
    }
    const tril_real missing[BATCH * 2] = { NAN, NAN, NAN, NAN, NAN, NAN };
    tril_var all = tril_log_prob(p, y);
    tril_var none = tril_log_prob_missing(p, tril_input_missing(tape, missing, tril_shape_of(y)));
    ck_fine(ctx);
    for (size_t i = 0; i < BATCH; i++) {
        ck_close(tril_value(observed)[i], tril_value(all)[i], IS_DOUBLE ? 1e-13 : 1e-5, 1);
        ck_close(tril_value(none)[i], 0, IS_DOUBLE ? 1e-15 : 1e-7, 1);
    }
}
END_TEST

/* gradients flow through rsample, if there is one, and never through sample */
START_TEST(test_gradients_of_draws)
{
    begin(_i);
    ck_assert(!tril_backward(tril_sum(tril_sample(p, 0))));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "depends on no parameter");
    tril_var one = tril_rsample(p, 0);
    if (has(RSAMPLE)) {
        ck_shape(one, shape_of(0, event));
        ck_assert(tril_backward(tril_sum(one)));
        ck_assert_ptr_nonnull(tril_grad(p.param[0]));
    } else {
        check_refused(one, "rsample", "draws cannot be differentiated");
    }
    ck_fine(ctx);
}
END_TEST

/* of draws it is uniform on (0, 1) */
START_TEST(test_cdf)
{
    const tril_real half[BATCH] = { .5f, .5f, .5f };
    const tril_real third[BATCH] = { (tril_real)(1. / 3), (tril_real)(1. / 3),
                                     (tril_real)(1. / 3) };
    begin(_i);
    tril_var draws = tril_sample(p, DRAWS), cdf = tril_cdf(p, draws);
    if (has(CDF)) {
        ck_fine(ctx);
        ck_shape(cdf, shape_of(DRAWS, event));
        if (p.kind->discrete) /* it has steps */
            return;
        check_mean(tril_value(cdf), BATCH, half, "cdf");
        check_mean(tril_value(tril_square(cdf)), BATCH, third, "cdf's square");
    } else {
        check_refused(cdf, "cdf", no_form);
    }
    ck_fine(ctx);
}
END_TEST

/* y far away, all numbers the same; {0} where the kind refuses it, which is right where its range
 * has an end */
static tril_var log_prob_at(tril_dist q, tril_var y)
{
    tril_var log_prob = tril_log_prob(q, y);
    if (!log_prob.tape && strcmp(row->kind, "categorical") == 0)
        ck_failed(ctx, TRIL_BAD_ARGUMENT, "which is no class of 0 to 1");
    if (!log_prob.tape && row->has & CONSTANT_CDF && strcmp(row->kind, "von_mises") != 0)
        ck_failed(ctx, TRIL_NOT_FINITE, "): y is no");
    ck_fine(ctx);
    return log_prob;
}

/* numbers in the range of the type, and the gradients of their sum */
static void check_in_range(tril_var x, tril_var y, double at, const char *what)
{
    for (size_t i = 0; i < tril_size(x); i++)
        ck_assert_msg(isfinite(tril_value(x)[i]), "%s of %s at %g is %g", what, row->kind, at,
                      (double)tril_value(x)[i]);
    const tril_real seed[BATCH] = { 1, 1, 1 };
    ck_assert_uint_le(tril_size(x), BATCH);
    ck_assert(tril_backward_with(x, &(tril_backward_opts){ .seed = seed }));
    const tril_var of[] = { y, p.param[0], p.param[1] };
    for (size_t k = 0; k < 3; k++) {
        const tril_real *g = of[k].tape ? tril_grad(of[k]) : NULL;
        for (size_t i = 0; g && i < tril_size(of[k]); i++)
            ck_assert_msg(isfinite(g[i]), "%s of %s at %g: a gradient is %g", what, row->kind, at,
                          (double)g[i]);
    }
    ck_fine(ctx);
}

/* as sums in double have it, which end within the range of the type */
static void check_at(int i, double at)
{
    static tril_real far[BATCH * 2];
    const tril_real equal[BATCH] = { 0 };
    tril_tape_reset(tape);
    begin(i);
    for (size_t k = 0; k < BATCH * 2; k++)
        far[k] = (tril_real)at;
    tril_var y = tril_requires_grad(tril_input(tape, far, shape_of(0, event)));
    tril_var each = log_prob_at(p, y);
    if (!each.tape)
        return;
    check_in_range(each, y, at, "log_prob");
    double sum = 0, top = -HUGE_VAL, shares = 0;
    const tril_real *x = tril_value(each);
    for (size_t k = 0; k < BATCH; k++)
        sum += (double)x[k], top = fmax(top, (double)x[k]);
    for (size_t k = 0; k < BATCH; k++)
        shares += exp((double)x[k] - top) / BATCH;
    tril_dist weights = tril_categorical(tril_input(tape, equal, TRIL_SHAPE(BATCH)));
    tril_dist all = tril_independent(p, 1), some = tril_mixture(weights, p);
    tril_dist both =
        tril_mixture(weights, tril_independent(tril_dist_expand(p, TRIL_SHAPE(BATCH, BATCH)), 1));
    tril_var y1 = tril_requires_grad(tril_input(tape, far, event));
    const tril_var results[] = { log_prob_at(all, y), log_prob_at(some, y1), log_prob_at(both, y) };
    const double wanted[] = { sum, top + log(shares), sum };
    for (size_t k = 0; k < 3; k++) {
        check_in_range(results[k], y, at, "a sum or mixture");
        ck_close(tril_item(results[k]), fmax(wanted[k], -(double)TRIL_REAL_MAX), 1e-5, 1);
    }
    if (!has(CDF))
        return;
    tril_var cdf = tril_cdf(p, y);
    if (!(row->has & CONSTANT_CDF))
        check_in_range(cdf, y, at, "cdf");
    for (size_t k = 0; k < BATCH; k++)
        ck_close(tril_value(cdf)[k], at > 0, 1e-6, 1);
    ck_close(tril_item(tril_cdf(some, y1)), at > 0, 1e-6, 1);
}

START_TEST(test_far)
{
    const int most = IS_DOUBLE ? 308 : 38;
    for (int exponent = 4; exponent <= most; exponent += exponent < 38 ? 1 : 15)
        for (int sign = -1; sign < 2; sign += 2)
            check_at(_i, sign * pow(10, exponent));
}
END_TEST

/* in a larger batch each is what it was */
START_TEST(test_expand)
{
    const tril_shape none = { 0 };
    begin(_i);
    tril_dist q = tril_dist_expand(p, TRIL_SHAPE(2, BATCH));
    tril_var y = tril_sample(p, 0);
    const tril_real *few = tril_value(tril_log_prob(p, y)), *many = tril_value(tril_log_prob(q, y));
    ck_fine(ctx);
    ck_assert(tril_shape_equal(tril_dist_batch_shape(q), TRIL_SHAPE(2, BATCH)));
    ck_assert(tril_shape_equal(tril_dist_event_shape(q), event));
    for (size_t i = 0; i < 2 * BATCH; i++)
        ck_assert(many[i] == few[i % BATCH]);
    for (size_t i = 0; has(MEAN) && i < 2 * tril_size(y); i++)
        ck_assert(tril_value(tril_dist_mean(q))[i] ==
                  tril_value(tril_dist_mean(p))[i % tril_size(y)]);
    ck_assert(tril_backward(tril_sum(tril_log_prob(q, y))));
    ck_assert_ptr_nonnull(tril_grad(p.param[0]));
    ck_assert_ptr_null(tril_dist_expand(p, TRIL_SHAPE(BATCH, 2)).kind);
    ck_failed(ctx, TRIL_BAD_SHAPE, "): batch shape [3] cannot become [3x2]");
    ck_assert_ptr_null(tril_dist_expand(p, none).kind);
    ck_failed(ctx, TRIL_BAD_SHAPE, "): batch shape [3] cannot become [scalar]");
    ck_assert_ptr_null(tril_dist_expand((tril_dist){ 0 }, none).kind);
}
END_TEST

/* of vectors: the covariance is that of the draws and has the variance on its diagonal */
START_TEST(test_covariance)
{
    begin(_i);
    tril_var covariance = tril_dist_covariance(p);
    if (!has(COVARIANCE)) {
        check_refused(covariance, "covariance", no_form);
        return;
    }
    ck_shape(covariance, TRIL_SHAPE(BATCH, 2, 2));
    tril_var apart = tril_sub(tril_sample(p, DRAWS), tril_dist_mean(p));
    apart = tril_reshape(apart, TRIL_SHAPE(DRAWS * BATCH, 2, 1));
    tril_var products = tril_matmul(apart, tril_transpose(apart, -2, -1));
    check_mean(tril_value(products), 4 * BATCH, tril_value(covariance), "covariance");
    const tril_real *a = tril_value(tril_diagonal(covariance));
    const tril_real *b = tril_value(tril_dist_variance(p));
    for (size_t i = 0; i < 2 * BATCH; i++)
        ck_close(a[i], b[i], IS_DOUBLE ? 1e-15 : 1e-6, 1);
    ck_fine(ctx);
}
END_TEST

/* ---- whichever allocation fails, what a constructor or a method returns is inert, and nothing of
 * it is read; sanitizers' builds have an allocation for each piece of memory */

static tril_dist to_all(tril_dist q)
{
    return tril_independent(q, 1);
}

static tril_dist to_some(tril_dist q)
{
    tril_var logits = tril_input(q.param[0].tape, scales, TRIL_SHAPE(BATCH));
    return tril_mixture(tril_categorical(logits), q);
}

static tril_dist to_more(tril_dist q)
{
    return tril_dist_expand(q, TRIL_SHAPE(2, BATCH));
}

static tril_dist to_second(tril_dist q)
{
    return tril_dist_marginal(q, (size_t[]){ 1 }, 1);
}

static tril_dist to_first_given_second(tril_dist q)
{
    tril_var y = tril_input(q.param[0].tape, locs, TRIL_SHAPE(BATCH, 1));
    return tril_dist_conditional(q, (size_t[]){ 1 }, 1, y);
}

static tril_dist to_itself(tril_dist q)
{
    return q;
}

static tril_dist (*const constructors[])(tril_dist q) = { to_itself, to_all,
                                                          to_some,   to_more,
                                                          to_second, to_first_given_second };

static tril_var draw(tril_dist q)
{
    return tril_sample(q, 2);
}

static tril_var draw_with_gradient(tril_dist q)
{
    return tril_rsample(q, 2);
}

/* all ones, which are classes too */
static tril_var point(tril_dist q)
{
    static const tril_real ones[BATCH * BATCH * 2] = { 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                                       1, 1, 1, 1, 1, 1, 1, 1, 1 };
    tril_shape shape = tril_dist_batch_shape(q), of = tril_dist_event_shape(q);
    for (size_t i = 0; i < of.rank; i++)
        shape.dim[shape.rank++] = of.dim[i];
    return tril_input(q.param[0].tape, ones, shape);
}

static tril_var log_prob_of(tril_dist q)
{
    return tril_log_prob(q, point(q));
}

static tril_var observed_of(tril_dist q)
{
    return tril_log_prob_missing(q, point(q));
}

static tril_var cdf_of(tril_dist q)
{
    return tril_cdf(q, point(q));
}

static tril_var kl_of(tril_dist q)
{
    return tril_kl(q, q);
}

static tril_var (*const results[])(tril_dist q) = {
    tril_entropy, tril_dist_mean,     tril_dist_variance, tril_dist_mode, tril_dist_covariance,
    draw,         draw_with_gradient, log_prob_of,        observed_of,    cdf_of,
    kl_of
};

enum {
    N_CONSTRUCTORS = sizeof constructors / sizeof *constructors,
    N_RESULTS = sizeof results / sizeof *results
};

static const struct dist_row *exhausted;
static tril_dist (*constructor)(tril_dist q);
static tril_var (*result)(tril_dist q);

static void construct(tril_ctx *c)
{
    tril_tape *t = tril_tape_new(c);
    tril_dist q = constructor(exhausted->make(t));
    ck_assert(tril_ctx_failed(c) == !q.kind);
    tril_var x = result(q);
    ck_assert(tril_ctx_failed(c) == !x.tape);
    tril_tape_free(t);
}

START_TEST(test_out_of_memory)
{
    exhausted = &dist_rows[_i];
    for (size_t i = 0; i < N_CONSTRUCTORS; i++)
        for (size_t k = 0; k < N_RESULTS; k++) {
            constructor = constructors[i];
            result = results[k];
            construct(ctx);
            bool has_it = !tril_ctx_failed(ctx); /* other tests look at what is refused */
            tril_ctx_clear(ctx);
            if (has_it)
                ck_assert_uint_gt(exhaust(construct), 2);
        }
}
END_TEST

/* nowhere is the density higher */
START_TEST(test_mode)
{
    begin(_i);
    tril_var mode = tril_dist_mode(p);
    if (!has(MODE)) {
        check_refused(mode, "mode", no_form);
        return;
    }
    ck_shape(mode, shape_of(0, event));
    const tril_real *peak = tril_value(tril_log_prob(p, mode));
    const tril_real *of_draws = tril_value(tril_log_prob(p, tril_sample(p, DRAWS)));
    ck_fine(ctx);
    for (size_t i = 0; i < DRAWS * BATCH; i++)
        ck_assert(of_draws[i] <= peak[i % BATCH]);
    if (has(SYMMETRIC))
        ck_assert_mem_eq(tril_value(mode), tril_value(tril_dist_mean(p)),
                         tril_size(mode) * sizeof(tril_real));
    ck_fine(ctx);
}
END_TEST

/* whatever log_prob's gradient flows through is registered, and so has gradient cases */
START_TEST(test_gradient_cases)
{
    begin(_i);
    tril_var y = tril_sample(p, 0);
    uint32_t first = tape->count;
    tril_log_prob(p, y);
    ck_fine(ctx);
    ck_assert_uint_gt(tape->count, first);
    for (uint32_t i = first; i < tape->count; i++) {
        const tril_node *node = &tape->nodes[i]->node;
        size_t n = sizeof registered_ops / sizeof *registered_ops, k = 0;
        while (k < n && registered_ops[k] != node->op)
            k++;
        ck_assert_msg(k < n || !node->needs_grad, "%s: log_prob applies %s, which has no cases",
                      row->kind, node->op->name);
    }
}
END_TEST

/* one sentence; afterwards all is well again */
START_TEST(test_bad_arguments)
{
    begin(_i);
    ck_assert_ptr_null(row->make_bad(tape).kind);
    ck_failed(ctx, row->status, row->sentence);
    tril_tape_reset(tape);
    begin(_i);
    tril_log_prob(p, tril_sample(p, 0));
    ck_fine(ctx);
}
END_TEST

/* of itself a divergence is 0 to the last bit, where it has a closed form */
START_TEST(test_kl)
{
    begin(_i);
    tril_var kl = tril_kl(p, p);
    if (!has(KL)) {
        ck_failed(ctx, TRIL_BAD_ARGUMENT, "there is no closed form");
        return;
    }
    ck_fine(ctx);
    ck_shape(kl, TRIL_SHAPE(BATCH));
    for (size_t i = 0; i < BATCH; i++)
        ck_assert(tril_value(kl)[i] == 0);
}
END_TEST

/* README's table has a tick where a row above says that there is something to test, and no other */
START_TEST(test_readme)
{
    static const unsigned column[] = { 0,          0,    RSAMPLE, ENTROPY,  MEAN, VARIANCE,
                                       COVARIANCE, MODE, CDF,     OBSERVED, KL };
    enum { COLUMNS = sizeof column / sizeof *column };
    const char *kind = dist_rows[_i].kind, *tick = "\xe2\x9c\x93";
    unsigned methods = 0;
    for (int i = 0; i < N_DISTS; i++)
        if (strcmp(dist_rows[i].kind, kind) == 0)
            methods |= dist_rows[i].has;
    char wanted[512];
    int n = snprintf(wanted, sizeof wanted, "| `tril_%s` |", kind);
    for (size_t k = 0; k < COLUMNS; k++)
        n += snprintf(wanted + n, sizeof wanted - (size_t)n, " %s |",
                      !column[k] || (methods & column[k]) ? tick : "");
    FILE *f = fopen("include/tril/README.md", "r");
    char line[512];
    bool found = false;
    while (fgets(line, sizeof line, f))
        found |= strncmp(line, wanted, strlen(wanted)) == 0;
    fclose(f);
    ck_assert_msg(found, "README.md lacks the line %s", wanted);
}
END_TEST

Suite *suite_registry_kinds(void)
{
    Suite *suite = suite_create("registry_kinds");
    TCase *tcase = tcase_create("kinds");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_dists_are_covered);
    tcase_add_test(tcase, test_optims_are_covered);
    tcase_add_loop_test(tcase, test_moments, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_entropy, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_observed, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_gradients_of_draws, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_cdf, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_far, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_covariance, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_out_of_memory, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_mode, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_expand, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_kl, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_readme, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_gradient_cases, 0, N_DISTS);
    tcase_add_loop_test(tcase, test_bad_arguments, 0, N_DISTS);
    suite_add_tcase(suite, tcase);
    return suite;
}
