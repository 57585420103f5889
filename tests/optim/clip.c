/* Clipping of gradients against torch.nn.utils, and where squares or the norm overflow. */
#include <math.h>
#include <stdlib.h>

#include "optim/optims.h"

enum { SIZE = 6 };

/* what clipping makes of a gradient, in place, for two parameters as for one */
static void clip(tril_real *g, tril_clip how)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_params_add(params, "a", TRIL_SHAPE(2, 2));
    tril_params_add(params, "b", TRIL_SHAPE(2));
    tril_optim *optim = make_optim("sgd", params, (optim_options){ .clip = how });
    for (size_t i = 0; i < SIZE; i++)
        tril_params_grads(params)[i] = g[i];
    ck_assert(tril_optim_step(optim));
    for (size_t i = 0; i < SIZE; i++)
        g[i] = tril_params_grads(params)[i];
    ck_fine(ctx);
    tril_optim_free(optim);
    tril_params_free(params);
    tril_ctx_free(ctx);
}

/* PyTorch divides by norm + 1e-6, Tril by the norm */
static double without_epsilon(const double *g, double value, double norm)
{
    double squares = 0;
    for (size_t i = 0; i < SIZE; i++) {
        double x = value > 0 ? fmax(-value, fmin(value, g[i])) : g[i];
        squares += x * x;
    }
    double largest = sqrt(squares);
    return norm > 0 && largest > norm ? (largest + 1e-6) / largest : 1;
}

START_TEST(test_pytorch)
{
    double *columns[SIZE], *wanted[SIZE];
    size_t rows;
    for (size_t i = 0; i < SIZE; i++) {
        columns[i] =
            reference("reference/clip.csv", (const char[]){ 'g', (char)('0' + i), 0 }, &rows);
        wanted[i] = reference(
            "reference/clip.csv",
            (const char[]){ 'c', 'l', 'i', 'p', 'p', 'e', 'd', (char)('0' + i), 0 }, &rows);
    }
    double *value = reference("reference/clip.csv", "value", &rows);
    double *norm = reference("reference/clip.csv", "norm", &rows);
    ck_assert_uint_eq(rows, 18);
    for (size_t k = 0; k < rows; k++) {
        tril_real g[SIZE];
        double exact[SIZE];
        for (size_t i = 0; i < SIZE; i++)
            g[i] = (tril_real)(exact[i] = columns[i][k]);
        clip(g, (tril_clip){ value[k], norm[k] });
        double factor = without_epsilon(exact, value[k], norm[k]);
        for (size_t i = 0; i < SIZE; i++)
            ck_close(g[i], wanted[i][k] * factor, IS_DOUBLE ? 1e-12 : 1e-6, 0);
    }
    for (size_t i = 0; i < SIZE; i++) {
        free(columns[i]);
        free(wanted[i]);
    }
    free(value);
    free(norm);
}
END_TEST

static const struct {
    double g[SIZE]; /* in units of the type's largest number */
    tril_clip how;
    double wanted[SIZE];
} huge[] = {
    { { 1, 1, -1, 1, 0, 0 }, { .norm = 2 }, { 1, 1, -1, 1, 0, 0 } },
    { { 1, 0, 0, 0, 0, -0.75 }, { .norm = 5 }, { 4, 0, 0, 0, 0, -3 } },
    { { 1, -1, 0, 0.5, 0, 0 }, { .value = 3 }, { 3, -3, 0, 3, 0, 0 } },
    { { 1, -1, 0, 0, 0, 0 },
      { .value = 3, .norm = 1 },
      { 0.70710678118654752, -0.70710678118654752, 0, 0, 0, 0 } },
};

START_TEST(test_huge)
{
    tril_real g[SIZE];
    for (size_t i = 0; i < SIZE; i++)
        g[i] = (tril_real)(huge[_i].g[i] * (double)TRIL_REAL_MAX);
    clip(g, huge[_i].how);
    for (size_t i = 0; i < SIZE; i++)
        ck_close(g[i], huge[_i].wanted[i], IS_DOUBLE ? 1e-15 : 1e-6, 1);
}
END_TEST

/* gradients whose squares vanish are clipped all the same, and those within the bound are left */
START_TEST(test_tiny)
{
    const double unit = IS_DOUBLE ? 1e-200 : 1e-30;
    tril_real g[SIZE] = { (tril_real)(3 * unit), 0, (tril_real)(-4 * unit) };
    clip(g, (tril_clip){ .norm = unit });
    ck_close((double)g[0] / unit, 0.6, 1e-6, 1);
    ck_close((double)g[2] / unit, -0.8, 1e-6, 1);
    const tril_real before = g[2];
    clip(g, (tril_clip){ .norm = 1.1 * unit, .value = 1 });
    ck_assert(g[2] == before);
}
END_TEST

Suite *suite_optim_clip(void)
{
    Suite *suite = suite_create("optim/clip");
    TCase *tcase = tcase_create("clip");
    tcase_add_test(tcase, test_pytorch);
    tcase_add_loop_test(tcase, test_huge, 0, sizeof huge / sizeof *huge);
    tcase_add_test(tcase, test_tiny);
    suite_add_tcase(suite, tcase);
    return suite;
}
