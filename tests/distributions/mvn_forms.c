/* The normal by scale_tril, covariance and precision against PyTorch, loc, factor and value batched
 * or not: reference/mvn_forms.py writes reference/mvn_forms.csv. */
#include <math.h>
#include <stdlib.h>

#include "support.h"

enum { MOST = 33, MANY = 18, SUMS = 4 }; /* the last two as in the script */

static const size_t dims[] = { 1, 2, 3, 8, MOST };

static tril_dist (*const forms[])(tril_var loc, tril_var matrix) = { tril_mvn, tril_mvn_covariance,
                                                                     tril_mvn_precision };

static tril_ctx *ctx;
static tril_tape *tape;
static double *numbers, *next;
static tril_real locs[2 * MOST], ys[2 * MOST], matrices[2][2 * MOST * MOST];
static tril_real other_loc[MOST], other_factor[MOST * MOST];

static void read_numbers(tril_real *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (tril_real)*next++;
}

/* lower triangles, which a symmetric matrix mirrors */
static void read_triangles(tril_real *out, size_t count, size_t d, bool symmetric)
{
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j <= i; j++) {
                tril_real x = (tril_real)*next++;
                out[(k * d + j) * d + i] = symmetric ? x : 0;
                out[(k * d + i) * d + j] = x;
            }
}

/* Each number, or sums with weights where there are many; relative to the largest number. */
static void compare(const tril_real *x, size_t n, const char *what, size_t d, int form)
{
    double largest = 1e-3;
    ck_assert_msg(x, "%s: %s", what, tril_ctx_message(ctx));
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)x[i]));
    for (size_t k = 0; k < (n <= MANY ? n : SUMS); k++) {
        double sum = n <= MANY ? (double)x[k] : 0;
        for (size_t i = 0; n > MANY && i < n; i++)
            sum += ((double)(i * (2 * k + 3) % 13) - 6) * (double)x[i];
        double error = fabs(sum - *next) / fmax(largest, fabs(*next));
        ck_assert_msg(error <= (IS_DOUBLE ? 1e-10 : 1e-4),
                      "d = %zu, form %d: %s %zu is %.17g, PyTorch says %.17g", d, form, what, k,
                      sum, *next);
        next++;
    }
}

static void check_values(tril_dist p, tril_dist q, size_t d, int form)
{
    const struct {
        tril_var x;
        const char *name;
    } values[] = {
        { tril_entropy(p), "entropy" },        { tril_dist_mean(p), "mean" },
        { tril_dist_variance(p), "variance" }, { tril_dist_covariance(p), "covariance" },
        { tril_kl(p, q), "kl(p, q)" },         { tril_kl(q, p), "kl(q, p)" },
    };
    for (size_t k = 0; k < sizeof values / sizeof *values; k++)
        compare(tril_value(values[k].x), tril_size(values[k].x), values[k].name, d, form);
}

/* bits of batched: y, factor, loc */
static void check_case(size_t d, int form, unsigned batched)
{
    static const char *const names[3] = { "loc's gradient", "matrix's gradient", "y's gradient" };
    const tril_real *values[3] = { locs, matrices[form > 0], ys };
    tril_var in[3];
    tril_tape_reset(tape);
    for (unsigned k = 0; k < 3; k++) {
        tril_shape shape = { 0 };
        if (batched >> (2 - k) & 1)
            shape.dim[shape.rank++] = 2;
        for (unsigned axis = 0; axis < 1 + k % 2; axis++)
            shape.dim[shape.rank++] = d;
        in[k] = tril_requires_grad(tril_input(tape, values[k], shape));
    }
    tril_dist p = forms[form](in[0], in[1]);
    tril_dist q = tril_mvn(tril_input(tape, other_loc, TRIL_SHAPE(d)),
                           tril_input(tape, other_factor, TRIL_SHAPE(d, d)));
    tril_var log_prob = tril_log_prob(p, in[2]);
    tril_backward(tril_sum(log_prob));
    compare(tril_value(log_prob), tril_size(log_prob), "log_prob", d, form);
    for (size_t k = 0; k < 3; k++)
        compare(tril_grad(in[k]), tril_size(in[k]), names[k], d, form);
    if (!(batched & 1))
        check_values(p, q, d, form);
    ck_fine(ctx);
}

START_TEST(test_pytorch)
{
    size_t rows;
    ctx = tril_ctx_new(NULL);
    tape = tril_tape_new(ctx);
    next = numbers = reference("reference/mvn_forms.csv", "value", &rows);
    for (size_t k = 0; k < sizeof dims / sizeof *dims; k++) {
        size_t d = dims[k];
        read_numbers(locs, 2 * d);
        read_numbers(ys, 2 * d);
        read_triangles(matrices[0], 2, d, false);
        read_triangles(matrices[1], 2, d, true);
        read_triangles(other_factor, 1, d, false);
        read_numbers(other_loc, d);
        for (int form = 0; form < 3; form++)
            for (unsigned batched = 0; batched < 8; batched++)
                check_case(d, form, batched);
    }
    ck_assert_uint_eq((size_t)(next - numbers), rows);
    free(numbers);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_distributions_mvn_forms(void)
{
    Suite *suite = suite_create("distributions/mvn_forms");
    TCase *tcase = tcase_create("forms");
    tcase_add_test(tcase, test_pytorch);
    suite_add_tcase(suite, tcase);
    return suite;
}
