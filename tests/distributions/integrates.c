/* Every row of tests/registry_kinds.c: the density integrates to 1, and draws are as frequent as it
 * says. Coordinates are y = median + scale sinh(u): equal steps in u are fine in the middle and
 * reach far into heavy tails, and the trapezoidal rule is exact to rounding on smooth densities. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "registry_kinds.h"

enum { BATCH = DIST_BATCH, DRAWS = 60000, CELL = 5, MOST = 1600, MOST_CELLS = 60 * 60 };

static tril_ctx *ctx;
static tril_tape *tape;

static void set_up(void)
{
    ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 21 });
    tape = tril_tape_new(ctx);
}

static void tear_down(void)
{
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}

/* ---- tails heavier than the rows have, whose tests of moments want four of them */

static const tril_real df[BATCH] = { .7f, 1, 1.5f }, scales[BATCH] = { 1, .01f, 30 };

static tril_dist heavy_numbers(void)
{
    return tril_student_t(tril_input(tape, df, TRIL_SHAPE(BATCH)), tril_scalar(tape, 2),
                          tril_input(tape, scales, TRIL_SHAPE(BATCH)));
}

static tril_dist heavy_vectors(void)
{
    static const tril_real loc[2] = { 1, -2 };
    static const tril_real factors[BATCH * 4] = { 1, 0, 1, 2, .5f, 0, -.5f, .5f, 20, 0, 0, .1f };
    return tril_mvt(tril_scalar(tape, 2), tril_input(tape, loc, TRIL_SHAPE(2)),
                    tril_input(tape, factors, TRIL_SHAPE(BATCH, 2, 2)));
}

static tril_dist make(int i)
{
    tril_dist p = i < n_dist_rows()    ? make_dist_row(i, tape)
                  : i == n_dist_rows() ? heavy_numbers()
                                       : heavy_vectors();
    ck_fine(ctx);
    return p;
}

/* ---- numbers whose range has ends, as coordinates that have none */

typedef struct range {
    const char *kind;
    double (*to)(double t, double *slope), (*from)(double y);
} range;

static double to_all(double t, double *slope)
{
    return *slope = 1, t;
}

static double from_all(double y)
{
    return y;
}

static double to_positive(double t, double *slope)
{
    *slope = exp(fmin(t, 80));
    return fmax(*slope, (double)TRIL_REAL_MIN);
}

static double to_share(double t, double *slope)
{
    const double y = 1 / (1 + exp(-t));
    *slope = y * (1 - y);
    return fmax((double)TRIL_REAL_MIN, fmin(y, 1 - 0.5 * (double)TRIL_REAL_EPSILON));
}

static double from_share(double y)
{
    return log(y / (1 - y));
}

/* around 1, where the row's loc is */
static double to_direction(double t, double *slope)
{
    *slope = 2 / (1 + t * t);
    return 1 + 2 * atan(t);
}

static double from_direction(double y)
{
    return tan(0.5 * (y - 1));
}

static const range ranges[] = { { "gamma", to_positive, log },
                                { "beta", to_share, from_share },
                                { "von_mises", to_direction, from_direction },
                                { NULL, to_all, from_all } };

static const range *range_of(tril_dist p)
{
    const range *r = ranges;
    while (r->kind && strcmp(r->kind, p.kind->name) != 0)
        r++;
    return r;
}

/* ---- the grid, of one coordinate or two */

typedef struct grid {
    const range *range;
    size_t dim, steps, size; /* of the event; along an axis; of all */
    double h;
    double centre[BATCH][2], scale[BATCH][2];
} grid;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* draws [DRAWS, BATCH, event] say where it lies */
static grid grid_of(const range *r, size_t dim, const tril_real *draws)
{
    grid g = {
        .range = r, .dim = dim, .steps = dim == 1 ? MOST : 300, .h = dim == 1 ? 0.05 : 0.08
    };
    g.size = dim == 1 ? g.steps : g.steps * g.steps;
    static double sorted[DRAWS];
    for (size_t k = 0; k < BATCH * dim; k++) {
        for (size_t i = 0; i < DRAWS; i++)
            sorted[i] = r->from((double)draws[i * BATCH * dim + k]);
        qsort(sorted, DRAWS, sizeof *sorted, compare);
        g.centre[k / dim][k % dim] = sorted[DRAWS / 2];
        g.scale[k / dim][k % dim] = (sorted[3 * DRAWS / 4] - sorted[DRAWS / 4]) / 1.35;
    }
    return g;
}

/* u of coordinate j of a point */
static double u_of(const grid *g, size_t point, size_t j)
{
    size_t i = j ? point / g->steps : point % g->steps;
    return ((double)i + 0.5 - 0.5 * (double)g->steps) * g->h;
}

/* the density of each of the batch at every point, times what a point stands for: [size, BATCH] */
static double *masses(const grid *g, tril_dist p)
{
    tril_shape shape = { 2, { g->size, BATCH } }, event = tril_dist_event_shape(p);
    for (size_t i = 0; i < event.rank; i++)
        shape.dim[shape.rank++] = event.dim[i];
    tril_real *y = malloc(tril_shape_size(shape) * sizeof *y);
    double *mass = malloc(g->size * BATCH * sizeof *mass);
    ck_assert(y && mass);
    for (size_t i = 0; i < g->size * BATCH; i++) {
        mass[i] = 1;
        for (size_t j = 0; j < g->dim; j++) {
            double u = u_of(g, i / BATCH, j), scale = g->scale[i % BATCH][j], slope;
            const double t = g->centre[i % BATCH][j] + scale * sinh(u);
            y[i * g->dim + j] = (tril_real)g->range->to(t, &slope);
            mass[i] *= scale * cosh(u) * g->h * slope;
        }
    }
    const tril_real *log_prob = tril_value(tril_log_prob(p, tril_input(tape, y, shape)));
    ck_fine(ctx);
    for (size_t i = 0; i < g->size * BATCH; i++)
        mass[i] *= exp((double)log_prob[i]);
    free(y);
    return mass;
}

/* ---- draws against expectations */

/* Chi-square, as the normal deviate that is as unlikely (Wilson and Hilferty); cells in which few
 * are expected are one together. */
static double deviate(const double *count, const double *expected, size_t n)
{
    double chi2 = 0, cells = 0, rest = DRAWS, rest_expected = DRAWS;
    for (size_t i = 0; i < n; i++)
        if (expected[i] >= 5) {
            chi2 += pow(count[i] - expected[i], 2) / expected[i];
            rest -= count[i];
            rest_expected -= expected[i];
            cells++;
        }
    chi2 += pow(rest - rest_expected, 2) / fmax(rest_expected, 1);
    return (cbrt(chi2 / cells) - 1 + 2 / (9 * cells)) / sqrt(2 / (9 * cells));
}

static size_t cell_of(const grid *g, size_t i, size_t k)
{
    return k / CELL * (g->steps / CELL) + i / CELL;
}

/* the cell of a draw; the number of cells where it lies beyond them */
static size_t cell_of_draw(const grid *g, size_t b, const tril_real *y)
{
    size_t index[2] = { 0, 0 };
    for (size_t j = 0; j < g->dim; j++) {
        double u = asinh((g->range->from((double)y[j]) - g->centre[b][j]) / g->scale[b][j]);
        double i = floor(u / g->h + 0.5 * (double)g->steps);
        if (!(i >= 0 && i < (double)g->steps))
            return MOST_CELLS;
        index[j] = (size_t)i;
    }
    return cell_of(g, index[0], index[1]);
}

static void check_member(const grid *g, size_t b, const double *mass, const tril_real *draws)
{
    static double expected[MOST_CELLS + 1], count[MOST_CELLS + 1];
    double sum = 0;
    memset(expected, 0, sizeof expected);
    memset(count, 0, sizeof count);
    for (size_t i = 0; i < g->size; i++) {
        size_t row = g->dim == 1 ? 0 : i / g->steps;
        expected[cell_of(g, i % g->steps, row)] += DRAWS * mass[i * BATCH + b];
        sum += mass[i * BATCH + b];
    }
    for (size_t i = 0; i < DRAWS; i++)
        count[cell_of_draw(g, b, draws + (i * BATCH + b) * g->dim)]++;
    ck_close(sum, 1, IS_DOUBLE ? 1e-7 : 1e-5, 0);
    double z = deviate(count, expected, MOST_CELLS);
    ck_assert_msg(fabs(z) < 4.5, "draws of member %zu are %g deviations off", b, z);
}

/* a distribution of classes or counts: their probabilities */
static void check_classes(tril_dist p, const tril_real *draws)
{
    enum { MOST_CLASSES = 160 };
    double count[MOST_CLASSES] = { 0 }, expected[BATCH][MOST_CLASSES];
    size_t n = 0;
    for (; n < MOST_CLASSES; n++) {
        tril_var log_prob = tril_log_prob(p, tril_scalar(tape, (tril_real)n));
        if (tril_ctx_failed(ctx))
            break;
        for (size_t b = 0; b < BATCH; b++)
            expected[b][n] = DRAWS * exp((double)tril_value(log_prob)[b]);
    }
    tril_ctx_clear(ctx);
    ck_assert_uint_ge(n, 2);
    for (size_t b = 0; b < BATCH; b++) {
        double sum = 0;
        memset(count, 0, sizeof count);
        for (size_t i = 0; i < DRAWS; i++)
            count[(size_t)draws[i * BATCH + b]]++;
        for (size_t k = 0; k < n; k++)
            sum += expected[b][k] / DRAWS;
        ck_close(sum, 1, IS_DOUBLE ? 1e-12 : 1e-6, 0);
        ck_assert_double_lt(fabs(deviate(count, expected[b], n)), 4.5);
    }
}

START_TEST(test_density_and_draws)
{
    tril_dist p = make(_i);
    const tril_real *draws = tril_value(tril_sample(p, DRAWS));
    size_t dim = tril_shape_size(tril_dist_event_shape(p));
    ck_assert_uint_le(dim, 2);
    /* classes have no number between them */
    tril_log_prob(p,
                  tril_broadcast_to(tril_scalar(tape, (tril_real)0.25), tril_dist_event_shape(p)));
    if (tril_ctx_failed(ctx)) {
        tril_ctx_clear(ctx);
        check_classes(p, draws);
        return;
    }
    grid g = grid_of(range_of(p), dim, draws);
    double *mass = masses(&g, p);
    for (size_t b = 0; b < BATCH; b++)
        check_member(&g, b, mass, draws);
    free(mass);
}
END_TEST

Suite *suite_distributions_integrates(void)
{
    Suite *suite = suite_create("distributions/integrates");
    TCase *tcase = tcase_create("integrates");
    tcase_set_tags(tcase, "long");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_density_and_draws, 0, n_dist_rows() + 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
