/* The natural step: against NumPy, its divergence, maps of the data, and the fit that it finds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "optim/pair.h"

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

START_TEST(test_numpy)
{
    size_t rows, compared = 0;
    double *number = reference("reference/natural.csv", "number", &rows);
    double *of_case = reference("reference/natural.csv", "case", &rows);
    double *of_step = reference("reference/natural.csv", "step", &rows);
    pair p = pair_new(tril_ctx_new(NULL), &cases[_i].opts);
    p.factor[1] = 7; /* above the diagonal: nobody's */
    for (size_t step = 1; step <= STEPS; step++) {
        pair_formula(&p, step, cases[_i].scale);
        ck_assert(tril_optim_step(p.optim));
        for (size_t row = 0, i = 0; row < rows; row++)
            if (of_case[row] == _i && of_step[row] == (double)step) {
                ck_close(i < LOCS ? p.loc[i] : p.factor[pair_at(i - LOCS)], number[row],
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

START_TEST(test_divergence)
{
    const double clip = 0.002;
    pair p =
        pair_new(tril_ctx_new(NULL), &(tril_natural_opts){ pair_rates[_i], pair_rates[_i], clip });
    tril_random random = tril_random_stream(11, 0);
    double largest = 0;
    for (int step = 0; step < 40; step++) {
        tril_real loc[LOCS], factor[FACTORS];
        memcpy(loc, p.loc, sizeof loc);
        memcpy(factor, p.factor, sizeof factor);
        pair_random(&p, &random, 1);
        ck_assert(tril_optim_step(p.optim));
        for (size_t i = 0; i < K; i++)
            largest = fmax(largest, divergence(&p, loc, factor, i));
    }
    /* the second order is right to a length of the step, sqrt(clip); float rounds what is printed
     */
    ck_assert_double_le(largest, clip * 1.05);
    if (pair_rates[_i] >= 1)
        ck_assert_double_ge(largest, clip * 0.9);
    if (pair_rates[_i] <= 1e-6)
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
    const tril_natural_opts opts = { .lr = pair_rates[_i], .kl_clip = 0.01 };
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

Suite *suite_optim_natural(void)
{
    Suite *suite = suite_create("optim/natural");
    TCase *tcase = tcase_create("natural");
    tcase_set_tags(tcase, "trains");
    tcase_add_loop_test(tcase, test_numpy, 0, N_CASES);
    tcase_add_loop_test(tcase, test_divergence, 0, N_PAIR_RATES);
    tcase_add_loop_test(tcase, test_affine, 0, N_PAIR_RATES);
    tcase_add_test(tcase, test_finds_the_fit);
    suite_add_tcase(suite, tcase);
    return suite;
}
