/* Gamma, beta, Poisson, negative binomial and von Mises: reference/families.py writes
 * reference/families.csv. */
#include <math.h>
#include <stdlib.h>

#include "support.h"

enum { FAMILIES = 5, COLUMNS = 15, MOST = 128 };

static tril_ctx *ctx;
static tril_tape *tape;
static double values[COLUMNS][MOST];
static size_t rows;

static const char *const names[COLUMNS] = { "family",     "a",          "b",    "y",
                                            "log_prob",   "da",         "db",   "dy",
                                            "cdf",        "entropy",    "mean", "variance",
                                            "entropy_da", "entropy_db", "mode" };

enum {
    FAMILY,
    A,
    B,
    Y,
    LOG_PROB,
    DA,
    DB,
    DY,
    CDF,
    ENTROPY,
    MEAN,
    VARIANCE,
    ENTROPY_DA,
    ENTROPY_DB,
    MODE
};

static void set_up(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 4 });
    tape = tril_tape_new(ctx);
    for (size_t k = 0; k < COLUMNS; k++) {
        double *column = reference("reference/families.csv", names[k], &rows);
        ck_assert_uint_le(rows, MOST);
        for (size_t i = 0; i < rows; i++)
            values[k][i] = column[i];
        free(column);
    }
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

static tril_dist make(int family, tril_var a, tril_var b)
{
    return family == 0   ? tril_gamma(a, b)
           : family == 1 ? tril_beta(a, b)
           : family == 2 ? tril_poisson(a)
           : family == 3 ? tril_negative_binomial(a, b)
                         : tril_von_mises(a, b);
}

/* relative to the value, or to a size that its parts have */
static void check(double x, int column, size_t i, double size)
{
    const double wanted =
        fmax(fmin(values[column][i], (double)TRIL_REAL_MAX), -(double)TRIL_REAL_MAX);
    ck_assert_msg(fabs(x - wanted) <= (IS_DOUBLE ? 1e-10 : 1e-4) * fmax(fabs(wanted), size),
                  "%s of family %g, row %zu: %.17g, wanted %.17g", names[column], values[FAMILY][i],
                  i, x, wanted);
}

static double grad(tril_var x)
{
    return tril_grad(x) ? (double)*tril_grad(x) : 0;
}

static void check_row(int family, size_t i)
{
    tril_var in[3];
    for (size_t k = 0; k < 3; k++)
        in[k] = tril_requires_grad(tril_scalar(tape, (tril_real)values[A + k][i]));
    const bool counts = family == 2 || family == 3;
    tril_dist p = make(family, in[0], in[1]);
    tril_var log_prob = tril_log_prob(p, in[2]);
    ck_fine(ctx);
    check((double)tril_item(log_prob), LOG_PROB, i, 1);
    ck_assert(tril_backward(log_prob));
    /* slopes in log a, log b and, of a number, in log y are what digits are lost in */
    for (size_t k = 0; k < 3; k++)
        check(grad(in[k]), DA + (int)k, i, 1 / fmax(fabs(values[A + k][i]), 1e-9));
    check((double)tril_item(tril_cdf(p, in[2])), CDF, i, 1);
    check((double)tril_item(tril_dist_mean(p)), MEAN, i, 1e-3);
    check((double)tril_item(tril_dist_mode(p)), MODE, i, 1e-3);
    if (family < 4)
        check((double)tril_item(tril_dist_variance(p)), VARIANCE, i, 1e-6);
    if (counts)
        return;
    tril_var entropy = tril_entropy(p);
    check((double)tril_item(entropy), ENTROPY, i, 1);
    ck_assert(tril_backward(entropy));
    check(grad(in[0]), ENTROPY_DA, i, 1e-3);
    check(grad(in[1]), ENTROPY_DB, i, 1e-3);
    ck_fine(ctx);
}

START_TEST(test_reference)
{
    size_t n = 0;
    for (size_t i = 0; i < rows; i++)
        if (values[FAMILY][i] == _i) {
            tril_tape_reset(tape);
            check_row(_i, i);
            n++;
        }
    ck_assert_uint_eq(n, rows / FAMILIES);
}
END_TEST

/* numbers that have no density, in the middle of others */
static const struct {
    int family;
    double y;
    const char *text;
} outside[] = {
    { 0, 0, "log_prob(gamma): y is not a positive number at [1]" },
    { 0, -1, "log_prob(gamma): y is not a positive number at [1]" },
    { 1, 0, "log_prob(beta): y is not between 0 and 1 at [1]" },
    { 1, 1, "log_prob(beta): y is not between 0 and 1 at [1]" },
    { 2, -1, "log_prob(poisson): y is not a count, 0, 1, 2, ... at [1]" },
    { 2, 0.5, "log_prob(poisson): y is not a count, 0, 1, 2, ... at [1]" },
    { 3, 1.5, "log_prob(negative_binomial): y is not a count, 0, 1, 2, ... at [1]" },
};

START_TEST(test_outside)
{
    const tril_real good = outside[_i].family < 2 ? (tril_real)0.5 : 1;
    const tril_real y[3] = { good, (tril_real)outside[_i].y, good };
    const tril_var two = tril_scalar(tape, 2), points = tril_input(tape, y, TRIL_SHAPE(3));
    const tril_dist p = make(outside[_i].family, two, two);
    ck_assert_ptr_null(tril_log_prob(p, points).tape);
    ck_failed(ctx, TRIL_NOT_FINITE, outside[_i].text);
    const tril_real *cdf = tril_value(tril_cdf(p, points)); /* which all numbers have */
    ck_fine(ctx);
    ck_assert(cdf[1] >= 0 && cdf[1] <= 1);
}
END_TEST

/* whole turns make no difference to a direction */
START_TEST(test_turns)
{
    const tril_dist p = tril_von_mises(tril_scalar(tape, 1), tril_scalar(tape, 3));
    const double two_pi = 2 * acos(-1);
    for (int turns = -3; turns < 4; turns++) {
        tril_var a = tril_log_prob(p, tril_scalar(tape, 2));
        tril_var b = tril_log_prob(p, tril_scalar(tape, (tril_real)(2 + turns * two_pi)));
        ck_close((double)tril_item(b), (double)tril_item(a), IS_DOUBLE ? 1e-13 : 1e-5, 1);
    }
    const tril_real most = TRIL_REAL_MAX; /* the difference, and twice it, are beyond the range */
    const tril_dist sharp = tril_von_mises(tril_scalar(tape, 1), tril_scalar(tape, most));
    ck_assert(isfinite(tril_item(tril_log_prob(sharp, tril_scalar(tape, 1)))));
    const tril_dist far = tril_von_mises(tril_scalar(tape, most), tril_scalar(tape, 3));
    ck_assert(isfinite(tril_item(tril_log_prob(far, tril_scalar(tape, -most)))));
    ck_assert_ptr_null(tril_von_mises(tril_scalar(tape, 1), tril_scalar(tape, -1)).kind);
    ck_failed(ctx, TRIL_NOT_POSITIVE, "von_mises: concentration is -1: it must not be negative");
}
END_TEST

/* mean and variance of draws, where rejection goes by other ways: in standard errors */
START_TEST(test_draws)
{
    enum { DRAWS = 20000 };
    static const double parameters[][3] = {
        { 0, 0.05, 1 }, { 0, 1e6, 10 }, { 1, 0.1, 0.2 }, { 1, 1e5, 3e5 },
        { 2, 0.1, 1 },  { 2, 9.9, 1 },  { 2, 10.1, 1 },  { 2, 5e5, 1 },
        { 2, 1e13, 1 }, { 3, 20, 0.2 }, { 3, 1e4, 1e3 }, { 3, 5, 1e6 },
    };
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        tril_tape_reset(tape);
        const tril_dist p =
            make((int)parameters[i][0], tril_scalar(tape, (tril_real)parameters[i][1]),
                 tril_scalar(tape, (tril_real)parameters[i][2]));
        const tril_real *y = tril_value(tril_sample(p, DRAWS));
        const double mean = (double)tril_item(tril_dist_mean(p));
        const double variance = (double)tril_item(tril_dist_variance(p));
        double sum = 0, squares = 0, fourth = 0;
        ck_fine(ctx);
        for (size_t k = 0; k < DRAWS; k++) {
            const double off = ((double)y[k] - mean) / sqrt(variance);
            sum += off / DRAWS;
            squares += off * off / DRAWS;
            fourth += pow(off * off - 1, 2) / DRAWS;
        }
        ck_assert_msg(fabs(sum) < 4.5 / sqrt(DRAWS), "mean of case %zu is %g off", i, sum);
        ck_assert_msg(fabs(squares - 1) < 5 * sqrt(fourth / DRAWS), "variance of case %zu: %g", i,
                      squares);
    }
}
END_TEST

/* a rate that is no number, unchecked, ends in no loop */
START_TEST(test_unchecked)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
    ctx = tril_ctx_new(&(tril_ctx_opts){ .no_validation = true });
    tape = tril_tape_new(ctx);
    const tril_real bad[4] = { -1, 0, (tril_real)INFINITY, (tril_real)NAN };
    for (int family = 0; family < FAMILIES; family++) {
        tril_var x = tril_input(tape, bad, TRIL_SHAPE(4));
        ck_assert_uint_eq(tril_size(tril_sample(make(family, x, x), 3)), 12);
        ck_fine(ctx);
    }
}
END_TEST

Suite *suite_distributions_family(void)
{
    Suite *suite = suite_create("distributions/family");
    TCase *tcase = tcase_create("families");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_reference, 0, FAMILIES);
    tcase_add_loop_test(tcase, test_outside, 0, sizeof outside / sizeof *outside);
    tcase_add_test(tcase, test_turns);
    tcase_add_test(tcase, test_draws);
    tcase_add_test(tcase, test_unchecked);
    suite_add_tcase(suite, tcase);
    return suite;
}
