/* One factor for many rows, of the covariance or of the precision: rows solved for together are
 * what they are one by one. */
#include <math.h>
#include <string.h>

#include "support.h"

/* few dimensions: in lanes; more: by BLAS, and so is the precision's factor of any */
enum { ROWS = 150, D = 13 };
static const size_t dims[] = { 4, D };
enum { N_DIMS = sizeof dims / sizeof *dims };

static tril_dist (*const forms[])(tril_var loc, tril_var factor) = { tril_mvn,
                                                                     tril_mvn_precision_tril };
enum { N_FORMS = sizeof forms / sizeof *forms };

typedef struct answer {
    tril_real log_prob[ROWS], loc[D], factor[D * D], y[ROWS * D];
} answer;

/* rows [first, first + n) as one batch, added to what is there */
static void ask(int form, size_t d, const tril_real *y, const tril_real *factor, size_t first,
                size_t n, answer *out)
{
    static const tril_real loc[D] = { 1, -1, .5f };
    tril_real ones[ROWS];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var m = tril_requires_grad(tril_input(tape, loc, TRIL_SHAPE(d)));
    tril_var l = tril_requires_grad(tril_input(tape, factor, TRIL_SHAPE(d, d)));
    tril_var x = tril_requires_grad(tril_input(tape, y + first * d, TRIL_SHAPE(n, d)));
    tril_var log_prob = tril_log_prob(forms[form](m, l), x);
    for (size_t i = 0; i < n; i++)
        ones[i] = 1;
    ck_assert(tril_backward_with(log_prob, &(tril_backward_opts){ .seed = ones }));
    memcpy(out->log_prob + first, tril_value(log_prob), n * sizeof(tril_real));
    memcpy(out->y + first * d, tril_grad(x), n * d * sizeof(tril_real));
    for (size_t i = 0; i < d; i++)
        out->loc[i] += tril_grad(m)[i];
    for (size_t i = 0; i < d * d; i++)
        out->factor[i] += tril_grad(l)[i];
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

static void same(const tril_real *a, const tril_real *b, size_t n, const char *what)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)b[i]));
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)a[i] - (double)b[i]) <= (IS_DOUBLE ? 1e-13 : 2e-6) * largest,
                      "%s[%zu] is %g together, %g alone", what, i, (double)a[i], (double)b[i]);
}

/* row i of y stands at a distance of far[i % n_far]; the factor's first four rows, then those of
 * the identity */
static void compare(int form, size_t d, const tril_real four[16], const tril_real *far,
                    size_t n_far)
{
    tril_real y[ROWS * D], factor[D * D];
    tril_random random = tril_random_stream(3, 0);
    tril_random_normal(&random, y, ROWS * d);
    for (size_t i = 0; i < ROWS * d; i++)
        y[i] *= far[i / d % n_far];
    for (size_t i = 0; i < d * d; i++)
        factor[i] = i / d < 4 && i % d < 4 ? four[i / d * 4 + i % d] : i / d == i % d;
    answer together = { { 0 } }, alone = { { 0 } };
    ask(form, d, y, factor, 0, ROWS, &together);
    for (size_t i = 0; i < ROWS; i++)
        ask(form, d, y, factor, i, 1, &alone);
    same(together.log_prob, alone.log_prob, ROWS, "log_prob");
    same(together.y, alone.y, ROWS * d, "dy");
    same(together.loc, alone.loc, d, "dloc");
    same(together.factor, alone.factor, d * d, "dfactor");
}

START_TEST(test_usual)
{
    const tril_real factor[16] = { 1, 9, 9, 9, .5f, 2, 9, 9, -1, 1, .25f, 9, 3, 0, 1, 4 };
    compare(_i / N_DIMS, dims[_i % N_DIMS], factor, (const tril_real[]){ 1, 3 }, 2);
}
END_TEST

/* rows so far out that products overflow go alone, the others together */
START_TEST(test_far)
{
    const tril_real tiny = IS_DOUBLE ? (tril_real)1e-200 : (tril_real)1e-30;
    const tril_real huge = IS_DOUBLE ? (tril_real)1e200 : (tril_real)1e30;
    const tril_real factor[16] = { tiny, 0, 0, 0, 1, tiny, 0, 0, huge, 1, 1, 0, 1, 1, 1, tiny };
    compare(_i / N_DIMS, dims[_i % N_DIMS], factor, (const tril_real[]){ 1, huge, tiny }, 3);
    const tril_real plain[16] = { 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1 };
    compare(_i / N_DIMS, dims[_i % N_DIMS], plain, (const tril_real[]){ 1, huge }, 2);
}
END_TEST

START_TEST(test_not_finite)
{
    const size_t d = dims[_i];
    tril_real loc[D] = { 0 }, factor[D * D], y[D * ROWS] = { 0 };
    for (size_t i = 0; i < d * d; i++)
        factor[i] = i / d == i % d;
    y[d * 77 + 1] = (tril_real)NAN;
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .no_validation = true });
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p =
        tril_mvn(tril_input(tape, loc, TRIL_SHAPE(d)), tril_input(tape, factor, TRIL_SHAPE(d, d)));
    tril_log_prob(p, tril_input(tape, y, TRIL_SHAPE(ROWS, d)));
    ck_failed(ctx, TRIL_NOT_FINITE, "log_prob(mvn): y or loc of row [77] is not finite");
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* gradients that come down the tape as large as numbers are make large ones, and none NaN */
START_TEST(test_large_upstream)
{
    const size_t d = dims[_i];
    tril_real loc[D] = { 0 }, factor[D * D], y[D * ROWS], seed[ROWS];
    for (size_t i = 0; i < d * d; i++)
        factor[i] = i / d == i % d ? (tril_real)1e-3 : 0;
    for (size_t i = 0; i < d * ROWS; i++)
        y[i] = 1;
    for (size_t i = 0; i < ROWS; i++)
        seed[i] = TRIL_REAL_MAX / 100;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var in[2] = { tril_requires_grad(tril_input(tape, loc, TRIL_SHAPE(d))),
                       tril_requires_grad(tril_input(tape, factor, TRIL_SHAPE(d, d))) };
    tril_dist both[2] = { tril_mvn(in[0], in[1]), tril_mvn_precision_tril(in[0], in[1]) };
    for (size_t k = 0; k < 2; k++) {
        tril_var log_prob = tril_log_prob(both[k], tril_input(tape, y, TRIL_SHAPE(ROWS, d)));
        ck_assert(tril_backward_with(log_prob, &(tril_backward_opts){ .seed = seed }));
        for (size_t j = 0; j < 2; j++)
            for (size_t i = 0; i < tril_size(in[j]); i++)
                ck_assert(isfinite(tril_grad(in[j])[i]));
    }
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_distributions_mvn_shared(void)
{
    Suite *suite = suite_create("distributions/mvn_shared");
    TCase *tcase = tcase_create("shared");
    tcase_add_loop_test(tcase, test_usual, 0, N_FORMS * N_DIMS);
    tcase_add_loop_test(tcase, test_far, 0, N_FORMS * N_DIMS);
    tcase_add_loop_test(tcase, test_not_finite, 0, N_DIMS);
    tcase_add_loop_test(tcase, test_large_upstream, 0, N_DIMS);
    suite_add_tcase(suite, tcase);
    return suite;
}
