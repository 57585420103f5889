/* log_prob with a factor for each row, at dimensions around those of the blocks that are solved for
 * together: against substitution number by number in long double. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { ROWS = 3, MOST = 129, MVN = 0, PRECISION = 1, MVT = 2, N_FORMS = 3 };

static const size_t dims[] = { 1, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 40, MOST };
enum { N_DIMS = sizeof dims / sizeof *dims };

static const tril_real df = 5, seed[ROWS] = { 1, -2, .5f };

static tril_real locs[ROWS * MOST], ys[ROWS * MOST], factors[ROWS * MOST * MOST];
static tril_ctx *ctx;
static tril_tape *tape;

static void setup(void)
{
    ctx = tril_ctx_new(NULL);
    tape = tril_tape_new(ctx);
}

static void teardown(void)
{
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

/* what stands above the diagonals counts for nothing */
static void draw(size_t d)
{
    tril_random random = tril_random_stream(11, d);
    tril_random_normal(&random, locs, ROWS * d);
    tril_random_normal(&random, ys, ROWS * d);
    tril_random_normal(&random, factors, ROWS * d * d);
    for (size_t k = 0; k < ROWS * d * d; k++) {
        size_t i = k / d % d, j = k % d;
        double x = (double)factors[k];
        factors[k] = (tril_real)(j > i ? 1e30 : j < i ? x / sqrt((double)d) : 0.5 + fabs(x));
    }
}

typedef struct answer {
    long double log_prob, loc[MOST], factor[MOST][MOST];
} answer;

/* z and a = L^-T z */
static void solve(size_t d, const tril_real *l, const long double *r, long double *z,
                  long double *a)
{
    for (size_t i = 0; i < d; i++) {
        z[i] = r[i];
        for (size_t j = 0; j < i; j++)
            z[i] -= (long double)l[i * d + j] * z[j];
        z[i] /= (long double)l[i * d + i];
    }
    for (size_t i = d; i-- > 0;) {
        a[i] = z[i];
        for (size_t j = i + 1; j < d; j++)
            a[i] -= (long double)l[j * d + i] * a[j];
        a[i] /= (long double)l[i * d + i];
    }
}

/* z = T'r and T z */
static void multiply(size_t d, const tril_real *t, const long double *r, long double *z,
                     long double *a)
{
    for (size_t j = 0; j < d; j++)
        for (size_t i = j; i < d; i++)
            z[j] += (long double)t[i * d + j] * r[i];
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++)
            a[i] += (long double)t[i * d + j] * z[j];
}

static void by_hand(int form, size_t d, size_t row, answer *out)
{
    const long double pi = acosl(-1), half_d = (long double)d / 2, v = (long double)df;
    const tril_real *l = factors + row * d * d;
    long double r[MOST] = { 0 }, z[MOST] = { 0 }, a[MOST] = { 0 }, squares = 0, log_det = 0;
    for (size_t i = 0; i < d; i++)
        r[i] = (long double)ys[row * d + i] - (long double)locs[row * d + i];
    (form == PRECISION ? multiply : solve)(d, l, r, z, a);
    for (size_t i = 0; i < d; i++) {
        squares += z[i] * z[i];
        log_det += logl((long double)l[i * d + i]);
    }
    long double ratio = form == MVT ? (v + 2 * half_d) / (v + squares) : 1;
    if (form == MVT)
        out->log_prob = lgammal(v / 2 + half_d) - lgammal(v / 2) - half_d * logl(v * pi) -
                        (v / 2 + half_d) * log1pl(squares / v) - log_det;
    else
        out->log_prob =
            -squares / 2 - half_d * logl(2 * pi) + (form == PRECISION ? log_det : -log_det);
    for (size_t i = 0; i < d; i++) {
        out->loc[i] = ratio * a[i];
        for (size_t j = 0; j < d; j++)
            out->factor[i][j] = j > i ? 0 : (form == PRECISION ? -r[i] : ratio * a[i]) * z[j];
        out->factor[i][i] += (form == PRECISION ? 1 : -1) / (long double)l[i * d + i];
    }
}

static tril_dist normal(int form, tril_var loc, tril_var factor)
{
    return form == MVN         ? tril_mvn(loc, factor)
           : form == PRECISION ? tril_mvn_precision_tril(loc, factor)
                               : tril_mvt(tril_scalar(tape, df), loc, factor);
}

/* rows [first, first + n): log-densities, and their weighted sum's gradients */
typedef struct asked {
    const tril_real *log_prob, *loc, *factor, *y;
} asked;

static asked ask(int form, size_t d, size_t first, size_t n)
{
    tril_tape_reset(tape);
    tril_var loc = tril_input(tape, locs + first * d, TRIL_SHAPE(n, d));
    tril_var factor = tril_input(tape, factors + first * d * d, TRIL_SHAPE(n, d, d));
    tril_var y = tril_requires_grad(tril_input(tape, ys + first * d, TRIL_SHAPE(n, d)));
    loc = tril_requires_grad(loc);
    factor = tril_requires_grad(factor);
    tril_var log_prob = tril_log_prob(normal(form, loc, factor), y);
    tril_backward_with(log_prob, &(tril_backward_opts){ .seed = seed + first });
    ck_fine(ctx);
    return (asked){ tril_value(log_prob), tril_grad(loc), tril_grad(factor), tril_grad(y) };
}

START_TEST(test_by_hand)
{
    const double tolerance = IS_DOUBLE ? 1e-14 : 1e-6;
    const int form = _i / N_DIMS;
    const size_t d = dims[_i % N_DIMS];
    static answer want;
    draw(d);
    asked got = ask(form, d, 0, ROWS);
    for (size_t row = 0; row < ROWS; row++) {
        const tril_real *loc = got.loc + row * d, *y = got.y + row * d;
        double weight = (double)seed[row], largest_loc = 0, largest = 0;
        by_hand(form, d, row, &want);
        for (size_t i = 0; i < d; i++) {
            largest_loc = fmax(largest_loc, (double)fabsl(want.loc[i]));
            for (size_t j = 0; j < d; j++)
                largest = fmax(largest, (double)fabsl(want.factor[i][j]));
        }
        ck_close(got.log_prob[row], want.log_prob, tolerance, 1);
        for (size_t i = 0; i < d; i++) {
            ck_close((double)loc[i] / weight, want.loc[i], tolerance, largest_loc);
            ck_assert(y[i] == -loc[i]);
            for (size_t j = 0; j < d; j++)
                ck_close((double)got.factor[(row * d + i) * d + j] / weight, want.factor[i][j],
                         tolerance, largest);
        }
    }
}
END_TEST

/* a row's numbers are the same to the last bit wherever it stands */
START_TEST(test_alone)
{
    static tril_real log_prob[ROWS], loc[ROWS * MOST], factor[ROWS * MOST * MOST];
    const size_t d = dims[_i % N_DIMS];
    draw(d);
    asked got = ask(_i / N_DIMS, d, 0, ROWS);
    memcpy(log_prob, got.log_prob, ROWS * sizeof *log_prob);
    memcpy(loc, got.loc, ROWS * d * sizeof *loc);
    memcpy(factor, got.factor, ROWS * d * d * sizeof *factor);
    for (size_t row = 0; row < ROWS; row++) {
        got = ask(_i / N_DIMS, d, row, 1);
        ck_assert_mem_eq(got.log_prob, log_prob + row, sizeof *log_prob);
        ck_assert_mem_eq(got.loc, loc + row * d, d * sizeof *loc);
        ck_assert_mem_eq(got.factor, factor + row * d * d, d * d * sizeof *factor);
    }
}
END_TEST

/* a factor for two rows each: its gradient is the sum of those of copies */
START_TEST(test_some_share)
{
    enum { D = 13, SIZE = D * D };
    static tril_real copies[4 * SIZE];
    draw(D);
    for (size_t k = 0; k < 4; k++)
        memcpy(copies + k * SIZE, factors + k / 2 * SIZE, SIZE * sizeof *copies);
    tril_var loc = tril_input(tape, locs, TRIL_SHAPE(D)),
             y = tril_input(tape, ys, TRIL_SHAPE(2, D));
    tril_var few = tril_requires_grad(tril_input(tape, factors, TRIL_SHAPE(2, 1, D, D)));
    tril_var all = tril_requires_grad(tril_input(tape, copies, TRIL_SHAPE(2, 2, D, D)));
    tril_var of_few = tril_log_prob(normal(_i, loc, few), y),
             of_all = tril_log_prob(normal(_i, loc, all), y);
    tril_backward(tril_sum(tril_add(of_few, of_all)));
    ck_fine(ctx);
    ck_assert_mem_eq(tril_value(of_few), tril_value(of_all), 4 * sizeof(tril_real));
    const tril_real *g = tril_grad(all), *sums = tril_grad(few);
    for (size_t k = 0; k < 2 * SIZE; k++) {
        const tril_real *both = g + k / SIZE * 2 * SIZE + k % SIZE;
        ck_close(sums[k], (double)both[0] + (double)both[SIZE], IS_DOUBLE ? 1e-14 : 1e-6, 1);
    }
}
END_TEST

/* Numbers beyond the type's range become its largest, others in the same matrix are what they
 * are; what arrives as zero is zero. */
START_TEST(test_beyond)
{
    enum { D = 17, FAR = 11 };
    const tril_real tiny = IS_DOUBLE ? (tril_real)1e-160 : (tril_real)1e-20, max = TRIL_REAL_MAX;
    tril_real factor[D * D] = { 0 }, y[D], loc[D] = { 0 };
    const tril_real weight = _i == 0 ? 0 : IS_DOUBLE ? (tril_real)1e200 : 1;
    for (size_t i = 0; i < D; i++) {
        factor[i * D + i] = i == FAR ? tiny : 1;
        y[i] = i < FAR && i % 2 ? tiny : 1;
    }
    tril_var in[2] = { tril_requires_grad(tril_input(tape, loc, TRIL_SHAPE(D))),
                       tril_requires_grad(tril_input(tape, factor, TRIL_SHAPE(D, D))) };
    tril_var log_prob = tril_log_prob(tril_mvn(in[0], in[1]), tril_input(tape, y, TRIL_SHAPE(D)));
    tril_backward_with(log_prob, &(tril_backward_opts){ .seed = &weight });
    ck_fine(ctx);
    const tril_real *g = tril_grad(in[1]);
    for (size_t k = 0; k < D * D; k++) {
        size_t i = k / D, j = k % D;
        if (_i == 0 || j > i)
            ck_assert(g[k] == 0);
        else if (i == FAR && (j == FAR || j % 2 == 0))
            ck_assert(g[k] == max);
        else if (i > FAR && j > FAR && i != j)
            ck_assert(g[k] == weight);
        else
            ck_assert(isfinite(g[k]));
    }
}
END_TEST

Suite *suite_distributions_mvn_rows(void)
{
    Suite *suite = suite_create("distributions/mvn_rows");
    TCase *tcase = tcase_create("rows");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, test_alone, 0, N_FORMS * N_DIMS);
    tcase_add_loop_test(tcase, test_some_share, 0, N_FORMS);
    tcase_add_loop_test(tcase, test_beyond, 0, 2);
    suite_add_tcase(suite, tcase);
    TCase *sums = tcase_create("by hand");
    tcase_set_tags(sums, "long");
    tcase_add_checked_fixture(sums, setup, teardown);
    tcase_add_loop_test(sums, test_by_hand, 0, N_FORMS * N_DIMS);
    suite_add_tcase(suite, sums);
    return suite;
}
