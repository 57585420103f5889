/* The data sets in data/ against what data/README.md says of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { MOST = 6 };

/* steps: not 0: all values are multiples of 1 / steps, and least and most occur; 0: all values lie
 * between the two */
static const struct {
    const char *file;
    size_t rows, different; /* rows, and how many of them differ in their numbers */
    struct {
        const char *name;
        double least, most, steps;
    } columns[MOST + 1];
    const char *words; /* a last column of words */
} sets[] = {
    { "data/points.csv",
      5000,
      5000,
      { { "u", -1, 1, 0 },
        { "v", -1, 1, 0 },
        { "x", -5, 5, 0 },
        { "y", -5, 6, 0 },
        { "z", -6, 6, 0 },
        { "log_prob", -15, -0.5, 0 } },
      NULL },
    { "data/categories.csv",
      400,
      400,
      { { "x", -1, 0.2, 0 }, { "y", -1, 1.2, 0 }, { "category", 0, 1, 1 } },
      NULL },
    { "data/quakes.csv",
      1000,
      1000,
      { { "lat", -38.59, -10.72, 100 },
        { "long", 165.67, 188.13, 100 },
        { "depth", 40, 680, 1 },
        { "mag", 4.0, 6.4, 10 },
        { "stations", 10, 132, 1 } },
      NULL },
    { "data/iris.csv",
      150,
      149,
      { { "sepal_length", 4.3, 7.9, 10 },
        { "sepal_width", 2.0, 4.4, 10 },
        { "petal_length", 1.0, 6.9, 10 },
        { "petal_width", 0.1, 2.5, 10 } },
      "species" },
    { "data/faithful.csv",
      272,
      256,
      { { "eruptions", 1.6, 5.1, 1000 }, { "waiting", 43, 96, 1 } },
      NULL },
};

static tril_table *table_of(tril_ctx *ctx, const char *file)
{
    tril_table *table = tril_table_read(ctx, file, NULL);
    ck_assert_msg(table, "%s", tril_ctx_message(ctx));
    return table;
}

/* columns of a file side by side, to be freed */
static tril_real *columns_of(tril_ctx *ctx, const char *file, const char *const *names, size_t n,
                             size_t *rows)
{
    tril_table *table = table_of(ctx, file);
    *rows = tril_table_rows(table);
    tril_real *x = malloc(*rows * n * sizeof *x);
    ck_assert_msg(tril_table_columns(table, names, n, x), "%s", tril_ctx_message(ctx));
    tril_table_free(table);
    return x;
}

static size_t count_different(const tril_real *x, size_t rows, size_t width)
{
    size_t different = 0;
    for (size_t i = 0; i < rows; i++) {
        size_t k = 0;
        while (k < i && memcmp(x + i * width, x + k * width, width * sizeof *x) != 0)
            k++;
        different += k == i;
    }
    return different;
}

static void check_range(const char *name, const tril_real *x, size_t rows, double least,
                        double most, double steps)
{
    tril_real lowest = x[0], highest = x[0];
    for (size_t i = 0; i < rows; i++) {
        lowest = x[i] < lowest ? x[i] : lowest;
        highest = x[i] > highest ? x[i] : highest;
        if (steps != 0 && x[i] != (tril_real)(round((double)x[i] * steps) / steps))
            ck_abort_msg("%s: row %zu is %.9g", name, i, (double)x[i]);
    }
    bool fits = steps == 0 ? (double)lowest >= least && (double)highest <= most
                           : lowest == (tril_real)least && highest == (tril_real)most;
    ck_assert_msg(fits, "%s is from %g to %g", name, (double)lowest, (double)highest);
}

START_TEST(test_set)
{
    const char *names[MOST];
    size_t width = 0, rows, words = sets[_i].words != NULL;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, sets[_i].file);
    for (; sets[_i].columns[width].name; width++) {
        names[width] = sets[_i].columns[width].name;
        ck_assert_str_eq(tril_table_name(table, width), names[width]);
    }
    ck_assert_uint_eq(tril_table_width(table), width + words);
    if (words)
        ck_assert_str_eq(tril_table_name(table, width), sets[_i].words);
    tril_table_free(table);

    tril_real *x = columns_of(ctx, sets[_i].file, names, width, &rows);
    ck_assert_uint_eq(rows, sets[_i].rows);
    ck_assert_uint_eq(count_different(x, rows, width), sets[_i].different);
    free(x);
    for (size_t j = 0; j < width; j++) {
        x = columns_of(ctx, sets[_i].file, names + j, 1, &rows);
        check_range(names[j], x, rows, sets[_i].columns[j].least, sets[_i].columns[j].most,
                    sets[_i].columns[j].steps);
        free(x);
    }
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_words)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = table_of(ctx, "data/iris.csv");
    tril_real x[150];
    ck_assert(!tril_table_columns(table, (const char *[]){ "species" }, 1, x));
    ck_failed(ctx, TRIL_BAD_DATA,
              "data/iris.csv: line 2, column species: 'setosa' is not a number");
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* the densities of points.csv, as data/README.md has them; p [rows, 6] as in the file */
static tril_var true_log_prob(tril_tape *tape, const tril_real *p, size_t rows)
{
    tril_real *loc = malloc(rows * 15 * sizeof *loc), *l = loc + 3 * rows, *y = l + 9 * rows;
    for (size_t i = 0; i < rows; i++) {
        double u = (double)p[6 * i], v = (double)p[6 * i + 1];
        const double m[3] = { sin(1.5 * u), cos(1.5 * v), u * v };
        const double s[9] = { exp(-0.5 + v / 2), 0, 0,       0.5 * sin(v),
                              exp(-0.5 + u / 2), 0, 0.4 * u, 0.4 * sin(u - v),
                              exp(-0.5 - v / 2) };
        for (int k = 0; k < 3; k++) {
            loc[3 * i + k] = (tril_real)m[k];
            y[3 * i + k] = p[6 * i + 2 + k];
        }
        for (int k = 0; k < 9; k++)
            l[9 * i + k] = (tril_real)s[k];
    }
    tril_var log_prob = tril_log_prob(tril_mvn(tril_input(tape, loc, TRIL_SHAPE(rows, 3)),
                                               tril_input(tape, l, TRIL_SHAPE(rows, 3, 3))),
                                      tril_input(tape, y, TRIL_SHAPE(rows, 3)));
    free(loc);
    return log_prob;
}

/* half of the sixth digit; in float the event's rounding besides, which counts by its distance */
START_TEST(test_points_density)
{
    const char *const names[6] = { "u", "v", "x", "y", "z", "log_prob" };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    size_t rows;
    tril_real *p = columns_of(ctx, "data/points.csv", names, 6, &rows);
    const tril_var log_prob = true_log_prob(tape, p, rows);
    const tril_real *value = tril_value(log_prob);
    ck_fine(ctx);
    double nll = 0, last = 0;
    for (size_t i = 0; i < rows; i++) {
        double wanted = (double)p[6 * i + 5], x = (double)value[i];
        double digit = pow(10, floor(log10(fabs(wanted))) - 5);
        double rounding = IS_DOUBLE ? 1e-12 : 2e-6 * (1 + fabs(wanted));
        if (!(fabs(x - wanted) <= 0.5 * digit + rounding))
            ck_abort_msg("row %zu: log_prob is %.9g, the file has %.9g", i, x, wanted);
        nll -= x / (double)rows;
        last -= i < rows - 1000 ? 0 : x / 1000;
    }
    ck_close(nll, 2.7739, 5.1e-5, 1);
    ck_close(last, 2.7640, 5.1e-5, 1);
    ck_close((nll * 5000 - last * 1000) / 4000, 2.7764, 5.1e-5, 1);
    free(p);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* the normals that the categories were drawn from, and the moments of the sample; covariance: xx,
 * xy, yy */
static const struct {
    double loc[2], covariance[3], sample_loc[2], sample_covariance[3];
} categories[] = {
    { { -0.5, 0.25 },
      { 0.0185, -0.005, 0.065 },
      { -0.5225, 0.2388 },
      { 0.01572, -0.00442, 0.06683 } },
    { { -0.25, -0.6 },
      { 0.0125, 0.005, 0.005 },
      { -0.2587, -0.6023 },
      { 0.01184, 0.00405, 0.00463 } },
};

/* The moments against the README's digits, and against the normal in their standard errors: of a
 * mean sqrt(c_ii / n), of a covariance sqrt((c_ij^2 + c_ii c_jj) / n). */
START_TEST(test_category)
{
    enum { N = 200 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    size_t rows;
    tril_real *p = columns_of(ctx, "data/categories.csv",
                              (const char *const[]){ "x", "y", "category" }, 3, &rows);
    double mean[2] = { 0 }, moments[3] = { 0 };
    for (size_t i = 0; i < N; i++) {
        const tril_real *row = p + 3 * (N * (size_t)_i + i);
        ck_assert_double_eq((double)row[2], _i);
        mean[0] += (double)row[0] / N;
        mean[1] += (double)row[1] / N;
        for (int k = 0; k < 3; k++)
            moments[k] += (double)row[k == 2] * (double)row[k > 0] / N;
    }
    const double *c = categories[_i].covariance;
    for (int k = 0; k < 2; k++) {
        ck_close(mean[k], categories[_i].sample_loc[k], 5.1e-5, 1);
        ck_close(mean[k], categories[_i].loc[k], 3.5 * sqrt(c[2 * k] / N), 1);
    }
    for (int k = 0; k < 3; k++) {
        int i = k == 2, j = k > 0;
        double covariance = moments[k] - mean[i] * mean[j];
        double error = sqrt((c[k] * c[k] + c[2 * i] * c[2 * j]) / N);
        ck_close(covariance, categories[_i].sample_covariance[k], 5.1e-6, 1);
        ck_close(covariance, c[k], 3.5 * error, 1);
    }
    free(p);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_model_sets(void)
{
    Suite *suite = suite_create("model/sets");
    TCase *tcase = tcase_create("sets");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_set, 0, sizeof sets / sizeof *sets);
    tcase_add_test(tcase, test_words);
    tcase_add_test(tcase, test_points_density);
    tcase_add_loop_test(tcase, test_category, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
