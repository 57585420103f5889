/* The natural step: against NumPy, its divergence, maps of the data, extremes, and the company it
 * keeps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "optim/optims.h"

enum { K = 2, D = 3, LOCS = K * D, FACTORS = K * D * D, LOWER = D * (D + 1) / 2 };

static const double start_loc[LOCS] = { 0.5, -1.25, 2, 0.75, -0.5, 1.5 };
static const double start_factor[FACTORS] = { 1,    0, 0, 0.5, 0.75, 0, -0.25, 1,   2,
                                              0.25, 0, 0, -1,  1.5,  0, 0,     0.5, 0.5 };

/* a store with the pair, and a bystander between the two */
typedef struct pair {
    tril_ctx *ctx;
    tril_params *params;
    tril_param p_loc, p_factor, p_other;
    tril_real *loc, *factor, *other, *g_loc, *g_factor, *g_other;
    tril_optim *optim;
} pair;

static pair pair_new(tril_ctx *ctx, const tril_natural_opts *opts)
{
    pair p = { .ctx = ctx, .params = tril_params_new(ctx) };
    p.p_loc = tril_params_add(p.params, "c.loc", TRIL_SHAPE(K, D));
    p.p_other = tril_params_add(p.params, "other", TRIL_SHAPE(4));
    p.p_factor = tril_params_add(p.params, "c.scale_tril", TRIL_SHAPE(K, D, D));
    tril_params_group(p.params, "c.loc", "means");
    tril_params_group(p.params, "c.scale_tril", "factors");
    if (tril_ctx_failed(ctx))
        return p;
    p.loc = tril_param_values(p.p_loc), p.g_loc = tril_param_grads(p.p_loc);
    p.factor = tril_param_values(p.p_factor), p.g_factor = tril_param_grads(p.p_factor);
    p.other = tril_param_values(p.p_other), p.g_other = tril_param_grads(p.p_other);
    for (size_t i = 0; i < LOCS; i++)
        p.loc[i] = (tril_real)start_loc[i];
    for (size_t i = 0; i < FACTORS; i++)
        p.factor[i] = (tril_real)start_factor[i];
    p.optim = tril_natural_new(p.p_loc, p.p_factor, opts);
    return p;
}

static void pair_free(pair *p)
{
    tril_optim_free(p->optim);
    tril_params_free(p->params);
}

/* where number i of the lower triangles stands */
static size_t at(size_t i)
{
    static const size_t place[LOWER] = { 0, 3, 4, 6, 7, 8 };
    return i / LOWER * D * D + place[i % LOWER];
}

/* gradients by numbers from -1 to 1; nothing above the diagonal */
static void random_gradients(pair *p, tril_random *random, double scale)
{
    tril_real u[LOCS + K * LOWER];
    tril_random_uniform(random, u, sizeof u / sizeof *u);
    for (size_t i = 0; i < sizeof u / sizeof *u; i++)
        *(i < LOCS ? p->g_loc + i : p->g_factor + at(i - LOCS)) =
            (tril_real)(scale * (2 * (double)u[i] - 1));
}

/* ---- against NumPy: reference/natural.py, whose gradients and start these are */

static const struct {
    tril_natural_opts opts;
    double scale;
} cases[] = {
    { { 0.01, 0.02, 0.5 }, 1 },
    { { 0.5, 0.25, 0 }, 1 },
    { { 100, 0.001, 0.01 }, 50 },
};

enum { N_CASES = sizeof cases / sizeof *cases, STEPS = 25 };

size_t natural_references(const char *kind)
{
    return strcmp(kind, "natural") == 0 ? N_CASES : 0;
}

static void set_gradients(pair *p, size_t step, double scale)
{
    scale *= step % 4 ? 1 : 16;
    for (size_t i = 0; i < LOCS + K * LOWER; i++) {
        double w = (double)(i < LOCS ? p->loc[i] : p->factor[at(i - LOCS)]);
        *(i < LOCS ? p->g_loc + i : p->g_factor + at(i - LOCS)) =
            (tril_real)(scale * sin(3 * w + (double)step + (double)i));
    }
}

START_TEST(test_numpy)
{
    size_t rows, compared = 0;
    double *number = reference("reference/natural.csv", "number", &rows);
    double *of_case = reference("reference/natural.csv", "case", &rows);
    double *of_step = reference("reference/natural.csv", "step", &rows);
    pair p = pair_new(tril_ctx_new(NULL), &cases[_i].opts);
    p.factor[1] = 7; /* above the diagonal: nobody's */
    for (size_t step = 1; step <= STEPS; step++) {
        set_gradients(&p, step, cases[_i].scale);
        ck_assert(tril_optim_step(p.optim));
        for (size_t row = 0, i = 0; row < rows; row++)
            if (of_case[row] == _i && of_step[row] == (double)step) {
                ck_close(i < LOCS ? p.loc[i] : p.factor[at(i - LOCS)], number[row],
                         IS_DOUBLE ? 1e-11 : 1e-4, 1);
                i++, compared++;
            }
    }
    ck_fine(p.ctx);
    ck_assert_uint_eq(compared, 5 * (LOCS + K * LOWER));
    ck_assert(p.factor[1] == 7);
    free(number), free(of_case), free(of_step);
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

/* ---- the divergence of a step: what was asked for where that is little, never more than allowed
 */

static double divergence(const pair *p, const tril_real *loc, const tril_real *factor, size_t i)
{
    tril_tape *tape = tril_tape_new(p->ctx);
    tril_dist now = tril_mvn(tril_input(tape, p->loc, TRIL_SHAPE(K, D)),
                             tril_input(tape, p->factor, TRIL_SHAPE(K, D, D)));
    tril_dist before = tril_mvn(tril_input(tape, loc, TRIL_SHAPE(K, D)),
                                tril_input(tape, factor, TRIL_SHAPE(K, D, D)));
    tril_var kl = tril_kl(now, before);
    ck_fine(p->ctx);
    double value = (double)tril_value(kl)[i];
    tril_tape_free(tape);
    return value;
}

static const double rates[] = { 1e-12, 1e-6, 1e-3, 0.1, 1, 100, 1e12 };

START_TEST(test_divergence)
{
    const double clip = 0.002;
    pair p = pair_new(tril_ctx_new(NULL), &(tril_natural_opts){ rates[_i], rates[_i], clip });
    tril_random random = tril_random_stream(11, 0);
    double largest = 0;
    for (int step = 0; step < 40; step++) {
        tril_real loc[LOCS], factor[FACTORS];
        memcpy(loc, p.loc, sizeof loc);
        memcpy(factor, p.factor, sizeof factor);
        random_gradients(&p, &random, 1);
        ck_assert(tril_optim_step(p.optim));
        for (size_t i = 0; i < K; i++)
            largest = fmax(largest, divergence(&p, loc, factor, i));
    }
    /* the second order is right to a length of the step, sqrt(clip); float rounds what is printed
     */
    ck_assert_double_le(largest, clip * 1.05);
    if (rates[_i] >= 1)
        ck_assert_double_ge(largest, clip * 0.9);
    if (rates[_i] <= 1e-6)
        ck_assert_double_le(largest, 1e-8);
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

/* ---- data in other units, shifted and sheared: the densities take the path of the map */

enum { ROWS = 40 };

static void nll_step(pair *p, tril_tape *tape, const tril_real *y)
{
    tril_tape_reset(tape);
    tril_dist q = tril_mvn(tril_param_var(tape, p->p_loc), tril_param_var(tape, p->p_factor));
    tril_var log_prob = tril_log_prob(q, tril_input(tape, y, TRIL_SHAPE(ROWS, 1, D)));
    tril_backward(tril_neg(tril_sum(tril_mean_axis(log_prob, 0, false))));
    ck_assert(tril_optim_step(p->optim));
}

/* out = a x for a column x of a matrix with d columns */
static void apply(const double a[D][D], const tril_real *x, size_t columns, tril_real *out)
{
    for (size_t i = 0; i < D; i++) {
        double sum = 0;
        for (size_t j = 0; j < D; j++)
            sum += a[i][j] * (double)x[j * columns];
        out[i * columns] = (tril_real)sum;
    }
}

static void map_data(const double a[D][D], const double b[D], const tril_real *y, tril_real *out)
{
    for (size_t row = 0; row < ROWS; row++) {
        apply(a, y + row * D, 1, out + row * D);
        for (size_t i = 0; i < D; i++)
            out[row * D + i] += (tril_real)b[i];
    }
}

START_TEST(test_affine)
{
    static const double a[D][D] = { { 1000, 0, 0 }, { -3, 0.01, 0 }, { 2, 0.5, 4 } };
    static const double b[D] = { 1000, 2, -5 };
    const tril_natural_opts opts = { .lr = rates[_i], .kl_clip = 0.01 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    pair p = pair_new(ctx, &opts), q = pair_new(ctx, &opts);
    tril_random random = tril_random_stream(5, 0);
    tril_real y[ROWS * D], mapped[ROWS * D], wanted[D];
    tril_random_normal(&random, y, ROWS * D);
    map_data(a, b, y, mapped);
    for (size_t k = 0; k < K; k++) {
        for (size_t j = 0; j < D; j++)
            apply(a, p.factor + k * D * D + j, D, q.factor + k * D * D + j);
        apply(a, p.loc + k * D, 1, q.loc + k * D);
        for (size_t i = 0; i < D; i++)
            q.loc[k * D + i] += (tril_real)b[i];
    }
    const double tolerance = IS_DOUBLE ? 1e-9 : 1e-3;
    for (int step = 0; step < 60; step++) {
        nll_step(&p, tape, y);
        nll_step(&q, tape, mapped);
        for (size_t k = 0; k < K; k++) {
            apply(a, p.loc + k * D, 1, wanted);
            for (size_t i = 0; i < D; i++)
                ck_close(q.loc[k * D + i], (double)wanted[i] + b[i], tolerance, a[i][i]);
            for (size_t j = 0; j < D; j++) {
                tril_real column[D * D];
                apply(a, p.factor + k * D * D + j, D, column + j);
                for (size_t i = j; i < D; i++)
                    ck_close(q.factor[(k * D + i) * D + j], column[i * D + j], tolerance, a[i][i]);
            }
        }
    }
    ck_fine(ctx);
    pair_free(&p);
    pair_free(&q);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- extremes */

static void ck_valid(const pair *p)
{
    for (size_t i = 0; i < LOCS; i++)
        ck_assert(isfinite(p->loc[i]));
    for (size_t i = 0; i < K * LOWER; i++)
        ck_assert(isfinite(p->factor[at(i)]));
    for (size_t i = 0; i < LOCS; i++) {
        double pivot = (double)p->factor[i * D + i % D];
        ck_assert_msg(pivot >= (IS_DOUBLE ? 0.99e-150 : 0.99e-18), "pivot %zu is %g", i, pivot);
    }
}

START_TEST(test_extremes)
{
    const double scales[] = { 0, 1e-30, 1e-3, 1, 1e30, (double)TRIL_REAL_MAX };
    pair p = pair_new(tril_ctx_new(NULL),
                      &(tril_natural_opts){ rates[_i], rates[_i], rates[_i] > 1 ? 0.999 : 0 });
    tril_random random = tril_random_stream(12, 0);
    for (size_t step = 0; step < 3000; step++) {
        random_gradients(&p, &random, scales[(step + step / 100) % 6]);
        ck_assert(tril_optim_step(p.optim));
        ck_valid(&p);
    }
    /* all one way, to the ends of the range and back */
    for (int way = -1; way <= 1; way += 2)
        for (size_t step = 0; step < 2000; step++) {
            for (size_t i = 0; i < LOCS + K * LOWER; i++)
                *(i < LOCS ? p.g_loc + i : p.g_factor + at(i - LOCS)) =
                    (tril_real)way * (step % 2 ? TRIL_REAL_MAX : 1);
            ck_assert(tril_optim_step(p.optim));
            ck_valid(&p);
        }
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

START_TEST(test_many_steps)
{
    pair p = pair_new(tril_ctx_new(NULL), &(tril_natural_opts){ .lr = _i ? 100 : 0.01 });
    tril_random random = tril_random_stream(13, 0);
    for (size_t step = 0; step < 100000; step++) {
        random_gradients(&p, &random, 1);
        if (!tril_optim_step(p.optim))
            break;
    }
    ck_fine(p.ctx);
    ck_valid(&p);
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

/* one wild gradient does not stop what comes after it */
START_TEST(test_forgets)
{
    pair p = pair_new(tril_ctx_new(NULL), &(tril_natural_opts){ .lr = 0.01, .kl_clip = 0.001 });
    double moved[2] = { 0 };
    for (size_t step = 0; step < 102; step++) {
        double before = (double)p.loc[0];
        p.g_loc[0] = (tril_real)(step == 1 ? 1e30 : 0.1);
        ck_assert(tril_optim_step(p.optim));
        if (step == 0 || step == 101)
            moved[step > 0] = (double)p.loc[0] - before;
    }
    ck_close(moved[1], moved[0], IS_DOUBLE ? 1e-9 : 1e-3, 1e-12);
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

/* ---- it finds the fit in closed form, from far away as well */

START_TEST(test_finds_the_fit)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    pair p = pair_new(ctx, &(tril_natural_opts){ .lr = 1, .kl_clip = 0.05 });
    tril_random random = tril_random_stream(6, 0);
    tril_real y[ROWS * D];
    double mean[D] = { 0 }, covariance[D][D] = { 0 };
    tril_random_normal(&random, y, ROWS * D);
    for (size_t i = 0; i < ROWS * D; i++) {
        y[i] = (tril_real)(1000 + 0.01 * (double)y[i]);
        mean[i % D] += (double)y[i] / ROWS;
    }
    for (size_t i = 0; i < ROWS * D * D; i++)
        covariance[i / D % D][i % D] += ((double)y[i / D] - mean[i / D % D]) *
                                        ((double)y[i / D / D * D + i % D] - mean[i % D]) / ROWS;
    for (int step = 0; step < 1500; step++)
        nll_step(&p, tape, y);
    ck_fine(ctx);
    for (size_t i = 0; i < LOCS; i++)
        ck_close(p.loc[i], mean[i % D], IS_DOUBLE ? 1e-12 : 1e-6, 1);
    for (size_t i = 0; i < FACTORS; i++) {
        const tril_real *a = p.factor + i / D * D, *b = p.factor + i / D / D * D * D + i % D * D;
        double sum = 0;
        for (size_t j = 0; j <= i / D % D && j <= i % D; j++)
            sum += (double)a[j] * (double)b[j];
        ck_close(sum, covariance[i / D % D][i % D], IS_DOUBLE ? 1e-9 : 2e-2, 1e-4);
    }
    pair_free(&p);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- in the company of others: groups, another optimizer, gradients that are no numbers */

START_TEST(test_groups)
{
    static const struct {
        double means, factors, factor;
        bool loc_moves, factor_moves;
    } steps[] = { { 0, 0, 1, false, false },
                  { 0.1, 0, 1, true, false },
                  { 0, 0.1, 0.5, false, true },
                  { 0.1, 0.1, 0, false, false } };
    pair p = pair_new(tril_ctx_new(NULL), NULL);
    tril_random random = tril_random_stream(14, 0);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        tril_real before[2] = { p.loc[1], p.factor[4] };
        ck_assert(tril_optim_set_lr(p.optim, "means", steps[i].means));
        ck_assert(tril_optim_set_lr(p.optim, "factors", steps[i].factors));
        ck_assert(tril_optim_set_lr_factor(p.optim, steps[i].factor));
        random_gradients(&p, &random, 1);
        p.g_other[0] = 1;
        ck_assert(tril_optim_step(p.optim));
        ck_assert((p.loc[1] != before[0]) == steps[i].loc_moves);
        ck_assert((p.factor[4] != before[1]) == steps[i].factor_moves);
        ck_assert(p.other[0] == 0);
    }
    ck_assert(!tril_optim_set_lr(p.optim, "default", 1)); /* the bystander's */
    ck_failed(p.ctx, TRIL_BAD_ARGUMENT, "natural: no parameter is in a group named default");
    ck_assert(!tril_optim_set_weight_decay(p.optim, NULL, 0.1));
    ck_failed(p.ctx, TRIL_BAD_ARGUMENT, "natural: it has no weight decay");
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

/* SGD on the same store, with rate 0 for the pair: each moves its own */
START_TEST(test_beside_sgd)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    pair p = pair_new(ctx, NULL), alone = pair_new(ctx, NULL);
    tril_optim *sgd = tril_sgd_new(p.params, &(tril_sgd_opts){ .lr = 0.5, .momentum = 0.5 });
    ck_assert(tril_optim_set_lr(sgd, "means", 0) && tril_optim_set_lr(sgd, "factors", 0));
    for (size_t step = 0; step < 5; step++) {
        set_gradients(&p, step, 1);
        set_gradients(&alone, step, 1);
        p.g_other[0] = 1;
        ck_assert(tril_optim_step(p.optim) && tril_optim_step(sgd));
        ck_assert(tril_optim_step(alone.optim));
    }
    ck_fine(ctx);
    ck_assert_mem_eq(p.loc, alone.loc, LOCS * sizeof *p.loc);
    ck_assert_mem_eq(p.factor, alone.factor, FACTORS * sizeof *p.factor);
    ck_assert((double)p.other[0] == -(1 + 1.5 + 1.75 + 1.875 + 1.9375) / 2);
    tril_optim_free(sgd);
    pair_free(&p);
    pair_free(&alone);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_bad_gradient)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    pair p = pair_new(ctx, NULL), twin = pair_new(ctx, NULL);
    const struct {
        tril_real *place;
        double x;
        const char *text;
    } bad[] = {
        { p.g_loc + 4, (double)NAN, "natural: the gradient of c.loc is nan at [1, 1]" },
        { p.g_factor + 17, HUGE_VAL, "natural: the gradient of c.scale_tril is inf at [1, 2, 2]" },
        { p.g_other, -HUGE_VAL, "natural: the gradient of other is -inf at [0]" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        set_gradients(&p, i, 1);
        set_gradients(&twin, i, 1);
        tril_real good = *bad[i].place;
        *bad[i].place = (tril_real)bad[i].x;
        ck_assert(!tril_optim_step(p.optim));
        ck_failed(ctx, TRIL_NOT_FINITE, bad[i].text);
        *bad[i].place = good;
        ck_assert(tril_optim_step(p.optim) && tril_optim_step(twin.optim));
    }
    ck_assert_mem_eq(p.loc, twin.loc, LOCS * sizeof *p.loc);
    ck_assert_mem_eq(p.factor, twin.factor, FACTORS * sizeof *p.factor);
    pair_free(&p);
    pair_free(&twin);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- memory, and bad arguments */

static void two_steps(tril_ctx *ctx)
{
    pair p = pair_new(ctx, NULL);
    for (size_t step = 0; step < 2 && p.optim; step++) {
        set_gradients(&p, step, 1);
        tril_optim_step(p.optim);
    }
    pair_free(&p);
}

START_TEST(test_memory)
{
    ck_assert_uint_ge(exhaust(two_steps), 4);
    counting counter = { 0 };
    pair p = pair_new(counting_ctx(&counter), NULL);
    size_t before = counter.allocations;
    for (size_t step = 0; step < 10; step++) {
        set_gradients(&p, step, 1);
        ck_assert(tril_optim_step(p.optim));
    }
    ck_assert_uint_eq(counter.allocations, before);
    pair_free(&p);
    tril_ctx_free(p.ctx);
}
END_TEST

static const struct {
    tril_natural_opts opts;
    const char *text;
} bad_options[] = {
    { { .lr = -1 }, "natural: lr is -1, want 0 <= lr < inf" },
    { { .lr_loc = -1 }, "natural: lr_loc is -1, want 0 <= lr_loc < inf" },
    { { .lr = HUGE_VAL }, "natural: lr" },
    { { .kl_clip = -0.1 }, "natural: kl_clip is -0.1, want 0 <= kl_clip < 1" },
    { { .kl_clip = 1 }, "natural: kl_clip is 1, want" },
    { { .kl_clip = (double)NAN }, "natural: kl_clip is nan, want" },
};

START_TEST(test_bad_arguments)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (size_t i = 0; i < sizeof bad_options / sizeof *bad_options; i++) {
        pair p = pair_new(ctx, &bad_options[i].opts);
        ck_assert_ptr_null(p.optim);
        ck_failed(ctx, TRIL_BAD_ARGUMENT, bad_options[i].text);
        pair_free(&p);
    }
    pair p = pair_new(ctx, NULL), q = pair_new(ctx, NULL);
    ck_assert_ptr_null(tril_natural_new(p.p_loc, q.p_factor, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "natural: loc and scale_tril are not two parameters of one");
    ck_assert_ptr_null(tril_natural_new(p.p_other, p.p_factor, NULL));
    ck_failed(ctx, TRIL_BAD_SHAPE,
              "natural: other is 4 and c.scale_tril 2x3x3, want [..., d] and [..., d, d]");
    ck_assert_ptr_null(tril_natural_new(p.p_factor, p.p_loc, NULL));
    ck_failed(ctx, TRIL_BAD_SHAPE, "natural: c.scale_tril is 2x3x3 and c.loc 2x3");
    p.factor[13] = 0;
    ck_assert_ptr_null(tril_natural_new(p.p_loc, p.p_factor, NULL));
    ck_failed(ctx, TRIL_NOT_POSITIVE,
              "natural: c.scale_tril is 0 at [1, 1, 1]: its diagonal must be positive");
    ck_assert_ptr_null(tril_natural_new((tril_param){ 0 }, p.p_factor, NULL));
    ck_fine(ctx);
    pair_free(&p);
    pair_free(&q);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_optim_natural(void)
{
    enum { N_RATES = sizeof rates / sizeof *rates };
    Suite *suite = suite_create("optim/natural");
    TCase *tcase = tcase_create("natural");
    tcase_add_loop_test(tcase, test_numpy, 0, N_CASES);
    tcase_add_loop_test(tcase, test_divergence, 0, N_RATES);
    tcase_add_loop_test(tcase, test_affine, 0, N_RATES);
    tcase_add_loop_test(tcase, test_extremes, 0, N_RATES);
    tcase_add_loop_test(tcase, test_many_steps, 0, 2);
    tcase_add_test(tcase, test_forgets);
    tcase_add_test(tcase, test_finds_the_fit);
    tcase_add_test(tcase, test_groups);
    tcase_add_test(tcase, test_beside_sgd);
    tcase_add_test(tcase, test_bad_gradient);
    tcase_add_test(tcase, test_memory);
    tcase_add_test(tcase, test_bad_arguments);
    suite_add_tcase(suite, tcase);
    return suite;
}
