/* Regions of highest density: the density on a grid, and the curves along which it is that of the
 * region's edge. Draws say which density that is, and where the grid has to be (Hyndman 1996). */
#include "cmd/contours.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"

enum { DRAWS = 8192, EVEN = 48, LINES = 2 * EVEN, BLOCK = 2048 };

typedef struct point {
    double nll, at[2];
} point;

typedef struct contours {
    const loaded *l;
    const tril_model_info *about;
    const size_t *pair;
    tril_real *x, *y;   /* [BLOCK, inputs], [BLOCK, targets]: one row, no targets but the pair */
    point draws[DRAWS]; /* densest first; the first n are the largest region */
    size_t n;
    point grid[LINES * LINES];
    unsigned char passed[LINES * LINES]; /* bits: curves pass behind this point in direction k */
} contours;

double contours_level(const loaded *l, size_t k)
{
    const double share = k ? 0.9 : 0.5;
    /* what is calibrated is the region of all targets */
    return tril_model_get_info(l->model)->n_targets == 2 ? tril_model_region_level(l->model, share)
                                                         : share;
}

/* a point that a transform does not take, where the density is 0, becomes one that it takes */
static bool take_in(tril_real *y, size_t d)
{
    bool outside = false;
    for (size_t j = 0; j < d; j++)
        if (isinf(y[j])) {
            outside = true;
            y[j] = 0;
        }
    return outside;
}

static bool put_nll(const contours *c, point *points, size_t n)
{
    const size_t d = c->about->n_targets;
    bool outside[BLOCK];
    double nll[BLOCK], *y = command_alloc(d, sizeof *y);
    bool done = y;
    for (size_t j = 0; j < d && y; j++)
        y[j] = (double)NAN;
    for (size_t first = 0; first < n && done; first += BLOCK, points += BLOCK) {
        const size_t some = n - first < BLOCK ? n - first : BLOCK;
        for (size_t i = 0; i < some; i++) {
            for (size_t k = 0; k < 2; k++)
                y[c->pair[k]] = points[i].at[k];
            tril_model_targets_apply(c->l->model, y, 1, c->y + i * d);
            outside[i] = take_in(c->y + i * d, d);
        }
        done =
            tril_model_evaluate(c->l->model, c->about->networks, c->about->n_networks,
                                (tril_batch){ c->x, c->y, some }, &(tril_evaluation){ .nll = nll });
        for (size_t i = 0; i < some && done; i++)
            points[i].nll = outside[i] ? HUGE_VAL : nll[i];
    }
    free(y);
    return done;
}

static bool draw(contours *c, size_t row)
{
    const size_t d = c->about->n_targets, inputs = c->about->mlp.inputs;
    double *y = command_alloc(DRAWS, d * sizeof *y);
    for (size_t i = 0; i < BLOCK; i++)
        memcpy(c->x + i * inputs, c->l->rows.x + row * inputs, inputs * sizeof *c->x);
    bool done = y && tril_model_sample(c->l->ctx, c->l->model, (tril_batch){ c->x, NULL, 1 }, row,
                                       DRAWS, y);
    for (size_t i = 0; i < 2 * DRAWS && done; i++)
        c->draws[i / 2].at[i % 2] = y[i / 2 * d + c->pair[i % 2]];
    free(y);
    done = done && put_nll(c, c->draws, DRAWS);
    if (done)
        qsort(c->draws, DRAWS, sizeof *c->draws, command_by_first);
    return done;
}

/* ---- the grid */

/* Half of the lines are even, for the curves to be smooth; half are where draws are, for regions
 * that are small beside the gaps between them. The outermost are beyond what the region reaches. */
static void set_lines(double *z, size_t n, double lines[LINES])
{
    qsort(z, n, sizeof *z, command_by_first);
    const double margin = 0.1 * (z[n - 1] - z[0]);
    for (size_t i = 0; i < EVEN; i++) {
        const double share = (double)i / (EVEN - 1);
        lines[i] = (z[0] - margin) * (1 - share) + (z[n - 1] + margin) * share;
        lines[EVEN + i] = z[(2 * i + 1) * n / LINES];
    }
    qsort(lines, LINES, sizeof *lines, command_by_first);
}

/* The grid is one of coordinates in which the draws within the region have unit covariance, so that
 * it fits a region that is narrow in an oblique direction too. */
static bool set_grid(contours *c)
{
    const size_t n = c->n;
    double mean[2] = { 0 }, v[3] = { 0 }, lines[2][LINES];
    double *z = command_alloc(n, 2 * sizeof *z);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 2; k++)
            mean[k] += c->draws[i].at[k] / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double a = c->draws[i].at[0] - mean[0], b = c->draws[i].at[1] - mean[1];
        v[0] += a * a / (double)n, v[1] += a * b / (double)n, v[2] += b * b / (double)n;
    }
    const double l00 = sqrt(v[0]) + DBL_MIN, l10 = v[1] / l00; /* by rounding v may be 0 */
    const double l11 = sqrt(fmax(v[2] - l10 * l10, 1e-12 * v[2])) + DBL_MIN;
    for (size_t i = 0; i < n && z; i++) {
        z[i] = (c->draws[i].at[0] - mean[0]) / l00;
        z[n + i] = (c->draws[i].at[1] - mean[1] - l10 * z[i]) / l11;
    }
    for (size_t k = 0; k < 2 && z; k++)
        set_lines(z + k * n, n, lines[k]);
    free(z);
    for (size_t i = 0; i < LINES * LINES && z; i++) {
        const double a = lines[0][i / LINES], b = lines[1][i % LINES];
        c->grid[i].at[0] = mean[0] + l00 * a;
        c->grid[i].at[1] = mean[1] + l10 * a + l11 * b;
    }
    if (!z || !put_nll(c, c->grid, LINES * LINES))
        return false;
    for (size_t i = 0; i < LINES; i++) /* curves are closed */
        c->grid[i].nll = c->grid[LINES * LINES - 1 - i].nll = c->grid[i * LINES].nll =
            c->grid[i * LINES + LINES - 1].nll = HUGE_VAL;
    return true;
}

/* ---- curves */

/* of a normal's ellipse, but for a factor: along a line it changes more evenly than the NLL does */
static double radius(const contours *c, double nll)
{
    return sqrt(fmax(0, nll - c->draws[0].nll));
}

/* From the edge between a point within and the next one in direction k, through the cell at its
 * left, to the edge where the curve leaves this, and on until it is back. */
static void curve(FILE *plot, contours *c, size_t a, int k, double edge)
{
    static const long step[] = { LINES, 1, -LINES, -1 };
    for (bool back = false; !back;) {
        const size_t b = a + (size_t)step[k], side = (size_t)step[(k + 1) % 4];
        const point *in = &c->grid[a], *out = &c->grid[b];
        const double r = radius(c, in->nll), t = (radius(c, edge) - r) / (radius(c, out->nll) - r);
        fprintf(plot, "%.8g %.8g\n", in->at[0] + t * (out->at[0] - in->at[0]),
                in->at[1] + t * (out->at[1] - in->at[1]));
        back = c->passed[a] >> k & 1;
        c->passed[a] |= (unsigned char)(1 << k);
        if (!(c->grid[a + side].nll < edge)) {
            k = (k + 1) % 4;
        } else if (!(c->grid[b + side].nll < edge)) {
            a += side;
        } else {
            a = b + side;
            k = (k + 3) % 4;
        }
    }
    fputs("\n", plot);
}

static void curves(FILE *plot, contours *c, double edge)
{
    memset(c->passed, 0, sizeof c->passed);
    for (size_t a = 0; a < LINES * (LINES - 1); a++) /* every curve passes behind one of these */
        if (c->grid[a].nll < edge && !(c->grid[a + LINES].nll < edge) && !(c->passed[a] & 1))
            curve(plot, c, a, 0, edge);
    fputs("e\n", plot);
}

/* how many of the draws are within; 0: there is no edge */
static size_t inside(const loaded *l, size_t k)
{
    const double n = contours_level(l, k) * DRAWS;
    return n < DRAWS ? (size_t)n : n <= DRAWS ? DRAWS - 1 : 0;
}

bool contours_plot(FILE *plot, const loaded *l, size_t row, const size_t pair[2])
{
    const tril_model_info *about = tril_model_get_info(l->model);
    contours *c = command_alloc(1, sizeof *c);
    const size_t inputs = about->mlp.inputs;
    tril_real *x = c ? command_alloc(BLOCK, (inputs + about->n_targets) * sizeof *x) : NULL;
    bool done = x;
    if (done) {
        c->l = l, c->about = about, c->pair = pair, c->x = x, c->y = x + BLOCK * inputs;
        c->n = inside(l, 1) ? inside(l, 1) : inside(l, 0);
        done = draw(c, row) && (c->n == 0 || set_grid(c));
    }
    for (size_t k = 0; k < CONTOURS && done; k++)
        if (inside(l, k))
            curves(plot, c, c->draws[inside(l, k)].nll);
        else
            fputs("e\n", plot);
    free(c);
    free(x);
    return done;
}
