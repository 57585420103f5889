/* Moments of transformed targets against SciPy's integrals: reference/transforms.py writes
 * reference/transforms_moments.csv. */
#include "model/evaluate.h"

#include <math.h>
#include <stdlib.h>

#include "support.h"

enum { D = 2, COLUMNS = 17 };

static const char *const names[COLUMNS] = { "df",        "m1",        "m2",    "s1",    "s2",
                                            "r",         "kind1",     "a1",    "b1",    "kind2",
                                            "a2",        "b2",        "mean1", "mean2", "variance1",
                                            "variance2", "covariance" };

static tril_transform transform_of(double kind, double a, double b)
{
    char text[64] = "log";
    tril_transform g;
    if (kind == 1)
        sprintf(text, "logit(%g,%g)", a, b);
    else if (kind == 2)
        sprintf(text, "yeo-johnson(%g)", a);
    ck_assert(tril_transform_read(text, &g));
    return g;
}

/* a normal, or Student's t, of two numbers */
static tril_dist dist_of(tril_tape *tape, double df, const double m[D], const double s[D], double r)
{
    const tril_real loc[D] = { (tril_real)m[0], (tril_real)m[1] },
                    factor[D * D] = { (tril_real)s[0], 0, (tril_real)(s[1] * r),
                                      (tril_real)(s[1] * sqrt(1 - r * r)) };
    const tril_real *own_loc = tril_tape_copy(tape, loc, sizeof loc),
                    *own_factor = tril_tape_copy(tape, factor, sizeof factor);
    const tril_var l = tril_input(tape, own_loc, TRIL_SHAPE(1, D)),
                   f = tril_input(tape, own_factor, TRIL_SHAPE(1, D, D));
    return df > 0 ? tril_mvt(tril_scalar(tape, (tril_real)df), l, f) : tril_mvn(l, f);
}

static tril_chunk chunk_of(tril_tape *tape, tril_dist *p, const tril_target *map)
{
    return (tril_chunk){ .n_members = 1, .d = D, .n = 1, .tape = tape, .dists = p, .map = map };
}

START_TEST(test_reference)
{
    const double tolerance = IS_DOUBLE ? 1e-8 : 1e-5;
    double *x[COLUMNS];
    size_t rows = 0;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    for (size_t k = 0; k < COLUMNS; k++)
        x[k] = reference("reference/transforms_moments.csv", names[k], &rows);
    ck_assert_uint_gt(rows, 10);
    for (size_t i = 0; i < rows; i++) {
        const double m[D] = { x[1][i], x[2][i] }, s[D] = { x[3][i], x[4][i] };
        const tril_target map[D] = { { transform_of(x[6][i], x[7][i], x[8][i]), 0, 1, 1 },
                                     { transform_of(x[9][i], x[10][i], x[11][i]), 0, 1, 1 } };
        tril_tape_reset(tape);
        tril_dist p = dist_of(tape, x[0][i], m, s, x[5][i]);
        tril_chunk c = chunk_of(tape, &p, map);
        ck_assert_msg(tril_chunk_map_moments(&c, true, true), "%s", tril_ctx_message(ctx));
        const double sd[D] = { sqrt(x[14][i]), sqrt(x[15][i]) };
        for (size_t j = 0; j < D; j++) {
            ck_close(c.mapped_mean[j], x[12 + j][i], tolerance, sd[j]);
            ck_close(c.mapped_covariance[j * (D + 1)], x[14 + j][i], 10 * tolerance, 0);
        }
        ck_close(c.mapped_covariance[1], x[16][i], IS_DOUBLE ? 1e-6 : 1e-4, sd[0] * sd[1]);
        ck_assert(c.mapped_covariance[1] == c.mapped_covariance[2]);
    }
    for (size_t k = 0; k < COLUMNS; k++)
        free(x[k]);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* a yeo-johnson of 1 changes nothing, beside a target without a transform too */
START_TEST(test_identity)
{
    static const double m[D] = { 0.5, -1 }, s[D] = { 0.7, 1.5 };
    const double tolerance = IS_DOUBLE ? 1e-8 : 1e-4, df = _i ? 7 : 0, more = _i ? 7.0 / 5 : 1;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    for (int both = 0; both < 2; both++) {
        const tril_target map[D] = { { transform_of(2, 1, 0), 3, 2, 1 },
                                     { both ? transform_of(2, 1, 0) : (tril_transform){ 0 }, 0, 1,
                                       1 } };
        tril_tape_reset(tape);
        tril_dist p = dist_of(tape, df, m, s, 0.6);
        tril_chunk c = chunk_of(tape, &p, map);
        ck_assert(tril_chunk_map_moments(&c, true, true));
        ck_close(c.mapped_mean[0], 3 + 2 * m[0], tolerance, 1);
        ck_close(c.mapped_mean[1], m[1], tolerance, 1);
        ck_close(c.mapped_covariance[0], 4 * s[0] * s[0] * more, tolerance, 0);
        ck_close(c.mapped_covariance[1], 2 * 0.6 * s[0] * s[1] * more, tolerance, 0);
        ck_close(c.mapped_covariance[3], s[1] * s[1] * more, tolerance, 0);
    }
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* exp of a Student's t has no mean, a power of it has those below its degrees of freedom */
START_TEST(test_infinite)
{
    static const double m[D] = { 0.5, -1 }, s[D] = { 0.7, 1.5 };
    const tril_target map[D] = { { transform_of(0, 0, 0), 0, 1, 1 },
                                 { transform_of(2, 0.3, 0), 0, 1, 1 } };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_dist p = dist_of(tape, 5, m, s, 0.6);
    tril_chunk c = chunk_of(tape, &p, map);
    ck_assert(tril_chunk_map_moments(&c, true, true));
    ck_assert(isnan(c.mapped_mean[0]) && isfinite(c.mapped_mean[1]));
    for (size_t i = 0; i < D * D; i++)
        ck_assert(isnan(c.mapped_covariance[i]));
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_model_evaluate_moments(void)
{
    Suite *suite = suite_create("model/evaluate_moments");
    TCase *tcase = tcase_create("moments");
    tcase_add_test(tcase, test_reference);
    tcase_add_loop_test(tcase, test_identity, 0, 2);
    tcase_add_test(tcase, test_infinite);
    suite_add_tcase(suite, tcase);
    return suite;
}
