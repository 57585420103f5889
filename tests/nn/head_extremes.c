/* The head far from where networks should be: finite numbers come in, finite ones go out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { D = 3, MOST = 26, COMBINATIONS = 7 * 7 * 7 };

/* each way to make a head: 12 of each form, of mixtures of two of each, and with natural gradients
 */
static const tril_head_opts forms[] = {
    { .kind = &tril_head_full },
    { .kind = &tril_head_diagonal },
    { .kind = &tril_head_precision },
    { .kind = &tril_head_lowrank },
    { .kind = &tril_head_mixture, .component = &tril_head_full },
    { .kind = &tril_head_mixture, .component = &tril_head_diagonal },
    { .kind = &tril_head_mixture, .component = &tril_head_precision },
    { .kind = &tril_head_mixture, .component = &tril_head_lowrank },
    { .kind = &tril_head_full, .natural = true },
    { .kind = &tril_head_diagonal, .natural = true },
    { .kind = &tril_head_lowrank, .natural = true },
    { .kind = &tril_head_student },
};

enum { N_HEADS = 12 * sizeof forms / sizeof *forms };

static tril_head_opts head(int i)
{
    static const tril_diagonal_transform diagonals[3] = { TRIL_DIAGONAL_ELU, TRIL_DIAGONAL_EXP,
                                                          TRIL_DIAGONAL_SOFTPLUS };
    tril_head_opts opts = forms[i / 12];
    opts.rank = opts.components = 2;
    opts.diagonal = diagonals[i % 3];
    opts.relative_off_diagonal = i / 3 % 2;
    opts.floor = i / 6 % 2 ? TRIL_NO_FLOOR : 0;
    return opts;
}

/* of the forms whose rows are two numbers in one dimension */
static tril_head_opts without_floor(int i)
{
    return head(12 * (i / 6) + 6 + i % 6);
}

/* log-density and gradients of rows: all finite, and with a gradient of zero to start from, zero */
static void check_rows(const char *what, int h, const tril_real *raw, tril_shape raw_shape,
                       const tril_real *y, tril_shape y_shape, tril_real upstream)
{
    static tril_real seed[COMBINATIONS];
    const tril_head_opts opts = head(h);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var in[2] = { tril_requires_grad(tril_input(tape, raw, raw_shape)),
                       tril_requires_grad(tril_input(tape, y, y_shape)) };
    tril_var log_prob = tril_log_prob(tril_head(in[0], D, &opts), in[1]);
    ck_fine(ctx);
    for (size_t i = 0; i < tril_size(log_prob); i++) {
        seed[i] = upstream;
        if (!isfinite(
                tril_value(log_prob)[i])) /* each ck_assert is a write to a file: too slow here */
            ck_abort_msg("%s, head %d: log_prob of row %zu is %g", what, h, i,
                         (double)tril_value(log_prob)[i]);
    }
    ck_assert(tril_backward_with(log_prob, &(tril_backward_opts){ .seed = seed }));
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < tril_size(in[k]); i++) {
            tril_real g = tril_grad(in[k])[i];
            if (!(fabs((double)g) <= (double)TRIL_REAL_MAX && (upstream != 0 || g == 0)))
                ck_abort_msg("%s, head %d: gradient %zu of input %zu is %g", what, h, i, k,
                             (double)g);
        }
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

/* the diagonals' raw numbers, every combination of the seven; with each of them degrees of freedom
 * from one more of the seven */
static void fill_diagonals(tril_real *raw, size_t width, bool has_df, const double *numbers)
{
    for (size_t i = 0; i < COMBINATIONS; i++) {
        tril_real *end = raw + (i + 1) * width;
        if (has_df)
            *--end = (tril_real)numbers[(i + i / 7 + i / 49) % 7];
        for (size_t k = 0, rest = i; k < D; k++, rest /= 7)
            end[(int)k - D] = (tril_real)numbers[rest % 7];
    }
}

/* the other six and the targets: normal numbers times a scale, whole numbers from -1 to 1 (sums
 * that cancel, residuals of exactly 0; only targets have the scale), or the largest of the type */
typedef enum others { NORMAL, WHOLE, LARGEST } others;

static void fill(tril_random *random, tril_real *x, size_t n, others kind, double scale)
{
    tril_random_normal(random, x, n);
    for (size_t i = 0; i < n; i++)
        x[i] = kind == NORMAL  ? (tril_real)((double)x[i] * scale)
               : kind == WHOLE ? (tril_real)(((double)tril_random_below(random, 3) - 1) * scale)
                               : (tril_real)copysign((double)TRIL_REAL_MAX, (double)x[i]);
}

static const struct {
    const char *what;
    double numbers[7]; /* of the diagonals; those beyond the type's range are its largest */
    others kind;
    double scale;
} extremes[] = {
    { "up to 1e4, others of order 1", { 0, 17.4, -17.4, 80, -80, 1e4, -1e4 }, NORMAL, 1 },
    { "up to 1e4, others of order 1e3", { 0, 17.4, -17.4, 80, -80, 1e4, -1e4 }, NORMAL, 300 },
    { "up to 1e4, others tiny", { 0, 17.4, -17.4, 80, -80, 1e4, -1e4 }, NORMAL, 1e-30 },
    { "up to 1e4, others whole", { 0, 17.4, -17.4, 80, -80, 1e4, -1e4 }, WHOLE, 1 },
    { "up to 1e4, others whole, far off", { 0, 17.4, -17.4, 80, -80, 1e4, -1e4 }, WHOLE, 1e10 },
    { "up to 1e4, others largest", { 0, 17.4, -17.4, 80, -80, 1e4, -1e4 }, LARGEST, 0 },
    { "up to 1e300, others of order 1", { 0, 700, -700, 1e30, -1e30, 1e300, -1e300 }, NORMAL, 1 },
    { "up to 1e300, others whole", { 0, 700, -700, 1e30, -1e30, 1e300, -1e300 }, WHOLE, 1 },
    { "up to 1e300, others largest", { 0, 700, -700, 1e30, -1e30, 1e300, -1e300 }, LARGEST, 0 },
};

/* |x| of the others up to 1e3 */
static void limit(tril_real *x, size_t n, double bound)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (tril_real)fmax(-bound, fmin(bound, (double)x[i]));
}

START_TEST(test_extremes)
{
    static tril_real raw[COMBINATIONS * MOST], y[COMBINATIONS * D];
    double numbers[7];
    for (size_t i = 0; i < 7; i++) {
        double max = (double)TRIL_REAL_MAX;
        numbers[i] = fmax(-max, fmin(max, extremes[_i].numbers[i]));
    }
    for (uint64_t seed = 0; seed < 6; seed++) {
        tril_random random = tril_random_stream(seed, (uint64_t)_i);
        fill(&random, y, COMBINATIONS * D, extremes[_i].kind, extremes[_i].scale);
        for (int h = 0; h < N_HEADS; h++) {
            static const tril_real upstream[3] = { 1, 0, -TRIL_REAL_MAX };
            const tril_head_opts opts = head(h);
            size_t width = tril_head_width(D, &opts);
            fill(&random, raw, COMBINATIONS * width, extremes[_i].kind,
                 extremes[_i].kind == WHOLE ? 1 : extremes[_i].scale);
            if (extremes[_i].kind == NORMAL)
                limit(raw, COMBINATIONS * width, 1e3);
            fill_diagonals(raw, width, opts.kind == &tril_head_student, numbers);
            check_rows(extremes[_i].what, h, raw, TRIL_SHAPE(COMBINATIONS, width), y,
                       TRIL_SHAPE(COMBINATIONS, D), upstream[seed % 3]);
            /* rows that share the raw outputs, or the target: their gradients meet in a sum */
            check_rows(extremes[_i].what, h, raw + (seed * 57) * width, TRIL_SHAPE(width), y,
                       TRIL_SHAPE(COMBINATIONS, D), TRIL_REAL_MAX);
            check_rows(extremes[_i].what, h, raw, TRIL_SHAPE(COMBINATIONS, width), y, TRIL_SHAPE(D),
                       TRIL_REAL_MAX);
        }
    }
}
END_TEST

/* ---- log L_ii comes from s: without a floor, and where exp(s) is zero in float, the log-density
 * and the gradient in s are still -z^2/2 - s - log(2 pi)/2 and z^2 - 1 */

START_TEST(test_log_from_raw)
{
    const tril_head_opts opts = without_floor(_i);
    const tril_real max = TRIL_REAL_MAX;
    for (double s = -80; s >= -200; s -= 1.25) {
        tril_real raw[2] = { 0, (tril_real)s }, y[1] = { (tril_real)(0.7 * exp(s)) };
        tril_ctx *ctx = tril_ctx_new(NULL);
        tril_tape *tape = tril_tape_new(ctx);
        tril_var in = tril_requires_grad(tril_input(tape, raw, TRIL_SHAPE(1, 2)));
        tril_var log_prob =
            tril_log_prob(tril_head(in, 1, &opts), tril_input(tape, y, TRIL_SHAPE(1, 1)));
        tril_backward(tril_sum(log_prob));
        ck_fine(ctx);
        double z =
            (double)y[0] / exp(s); /* y may have been rounded to a subnormal number, or to 0 */
        double wanted = -0.5 * z * z - s - 0.5 * log(2 * acos(-1));
        double slope = fmax(-(double)max, fmin((double)max, z * z - 1));
        ck_close(tril_item(log_prob), wanted, IS_DOUBLE ? 1e-14 : 1e-6, 1);
        ck_close(tril_grad(in)[1], slope, IS_DOUBLE ? 1e-13 : 1e-6, 1);
        tril_tape_free(tape);
        tril_ctx_free(ctx);
    }
}
END_TEST

/* entropy from the logarithm too, and a factor for draws whose diagonal is in the type's range */
START_TEST(test_other_methods)
{
    const tril_head_opts opts = without_floor(_i); /* no floor */
    for (int s = -3000; s <= 150; s += 450) {
        tril_real raw[2] = { 0, (tril_real)s };
        tril_ctx *ctx = tril_ctx_new(NULL);
        tril_tape *tape = tril_tape_new(ctx);
        tril_dist p = tril_head(tril_input(tape, raw, TRIL_SHAPE(1, 2)), 1, &opts);
        double log_f = s < 0 || opts.diagonal == TRIL_DIAGONAL_EXP ? s
                       : opts.diagonal == TRIL_DIAGONAL_SOFTPLUS   ? log(s)
                                                                   : log1p(s);
        ck_close(tril_item(tril_entropy(p)), log_f + 0.5 * (1 + log(2 * acos(-1))),
                 IS_DOUBLE ? 1e-12 : 1e-6, 1);
        ck_assert(isfinite(tril_item(tril_sample(p, 0))));
        ck_fine(ctx);
        tril_tape_free(tape);
        tril_ctx_free(ctx);
    }
}
END_TEST

Suite *suite_nn_head_extremes(void)
{
    Suite *suite = suite_create("nn/head_extremes");
    TCase *tcase = tcase_create("extremes");
    tcase_set_tags(tcase, "long");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_extremes, 0, sizeof extremes / sizeof *extremes);
    tcase_add_loop_test(tcase, test_log_from_raw, 0, 18);
    tcase_add_loop_test(tcase, test_other_methods, 0, 18);
    suite_add_tcase(suite, tcase);
    return suite;
}
