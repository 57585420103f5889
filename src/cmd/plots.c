/* A picture of a model over rows. */
#include "cmd/plots.h"

#include <tril/extend.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/checkpoint.h"
#include "cmd/commands.h"
#include "cmd/contours.h"
#include "cmd/gnuplot.h"
#include "cmd/paths.h"
#include "cmd/text.h"

enum { MOST_TARGETS = 3, MOST_SHOWN = 3, MOST_POINTS = 3000, LEVELS = 5, STEPS = 50 };

static const double levels[LEVELS] = { 0.05, 0.25, 0.5, 0.75, 0.95 };

/* What is drawn; rows by what they are sorted by. */
typedef struct picture {
    const loaded *l;
    const tril_model_info *about;
    size_t n, d, every; /* every: rows are so many that only one of these is drawn */
    tril_real *y;       /* [n, d], in the data's units, as all of what follows */
    double *mean, *covariance, *quantile, *level; /* as tril_evaluate has them */
    double *x;                                    /* [n]: what rows are sorted by */
    char x_name[128];
    size_t *order; /* of the rows */
    FILE *plot;
} picture;

int picture_check(const char *program, const char *model, const char *data, const char *option,
                  const char *path)
{
    const command_path paths[] = { { PATH_READ, "", model },
                                   { PATH_READ, "", data },
                                   { PATH_REPLACE, option, path } };
    const char *ending = strrchr(path, '.');
    if (!ending || (strcmp(ending, ".png") && strcmp(ending, ".svg") && strcmp(ending, ".pdf")))
        return fprintf(stderr, "%s: %s: want a name that ends in .png, .svg or .pdf\n", program,
                       text_shown(path)),
               STATUS_WRONG;
    if (!plot_available())
        return fprintf(stderr, "%s: gnuplot is not installed, so there is no picture\n", program),
               STATUS_FAILED;
    return paths_check(program, paths, sizeof paths / sizeof *paths);
}

/* ---- numbers */

/* which number of a row of inputs a column is, if it is one of numbers; NULL: the only column, if
 * it is */
static bool find_input(const tril_model_info *about, const char *by, size_t *column, size_t *at)
{
    *at = 0;
    for (*column = 0; *column < about->n_inputs; ++*column) {
        const tril_column *c = &about->inputs[*column];
        if (!c->labels && (by ? strcmp(by, c->name) == 0 : about->n_inputs == 1))
            return true;
        *at += tril_column_width(c);
    }
    return false;
}

bool picture_knows(const loaded *l, const char *program, const char *by)
{
    size_t column, at;
    if (find_input(tril_model_get_info(l->model), by, &column, &at))
        return true;
    fprintf(stderr, "%s: --by %s: the model has no input of that name and of numbers\n", program,
            text_shown(by));
    return false;
}

/* that column, or the first target's mean (median, where means may be infinite), or, where there
 * are no inputs, the row's number */
static void set_x(picture *p, const char *by)
{
    const tril_scaler *s = p->about->inputs_scaler;
    size_t column, at;
    const bool found = find_input(p->about, by, &column, &at);
    if (found)
        snprintf(p->x_name, sizeof p->x_name, "%s", p->about->inputs[column].name);
    else if (p->about->n_inputs)
        snprintf(p->x_name, sizeof p->x_name, "%s of %s", p->about->transforms ? "median" : "mean",
                 p->about->targets[0]);
    else
        strcpy(p->x_name, "row");
    for (size_t i = 0; i < p->n; i++)
        p->x[i] =
            found ? s->mean[at] + s->scale[at] * (double)p->l->rows.x[i * p->about->mlp.inputs + at]
            : p->about->transforms ? p->quantile[(i * LEVELS + LEVELS / 2) * p->d]
            : p->about->n_inputs   ? p->mean[i * p->d]
                                   : (double)p->l->rows.row[i];
}

static bool sort_rows(picture *p)
{
    double(*pairs)[2] = command_alloc(p->n, sizeof *pairs);
    for (size_t i = 0; i < p->n && pairs; i++) {
        pairs[i][0] = p->x[i];
        pairs[i][1] = (double)i;
    }
    if (pairs)
        qsort(pairs, p->n, sizeof *pairs, command_by_first);
    for (size_t i = 0; i < p->n && pairs; i++)
        p->order[i] = (size_t)pairs[i][1];
    free(pairs);
    return pairs;
}

/* whose regions of highest density are ellipses */
static bool is_normal(const tril_model_info *about)
{
    return about->n_networks == 1 && about->networks->head.kind->normal && !about->transforms;
}

static bool judge(picture *p, const char *by)
{
    const size_t n = p->n, d = p->d;
    double *memory = command_alloc(n, (d + d * d + LEVELS * d + 2) * sizeof *memory);
    p->mean = memory;
    p->y = memory ? command_alloc(n, d * sizeof *p->y) : NULL;
    p->order = p->y ? command_alloc(n, sizeof *p->order) : NULL;
    if (!p->order)
        return false;
    p->covariance = p->mean + n * d;
    p->quantile = p->covariance + n * d * d;
    p->level = p->quantile + n * LEVELS * d;
    p->x = p->level + n;
    tril_model_targets_undo(p->l->model, p->l->rows.y, n, p->mean);
    for (size_t i = 0; i < n * d; i++)
        p->y[i] = (tril_real)p->mean[i];
    if (!load_judge(p->l,
                    &(tril_evaluation){ .mean = p->mean,
                                        .covariance = is_normal(p->about) ? p->covariance : NULL,
                                        .level = p->level,
                                        .levels = levels,
                                        .n_levels = d == 1 || p->about->transforms ? LEVELS : 0,
                                        .quantile = p->quantile }))
        return false;
    set_x(p, by);
    return sort_rows(p);
}

/* ---- panels */

static void label(FILE *plot, char axis, const char *text)
{
    fprintf(plot, "set %clabel ", axis);
    plot_text(plot, text);
    fputs("\n", plot);
}

/* between two quantiles, row by row in their order */
static void band(const picture *p, size_t low, size_t high)
{
    for (size_t i = 0; i < p->n; i += p->every) {
        const double *q = p->quantile + p->order[i] * LEVELS;
        fprintf(p->plot, "%.8g %.8g %.8g\n", p->x[p->order[i]], q[low], q[high]);
    }
    fputs("e\n", p->plot);
}

static void points(const picture *p, size_t i, size_t j)
{
    for (size_t k = 0; k < p->n; k += p->every) {
        const tril_real *y = p->y + p->order[k] * p->d;
        if (!isnan(y[i]) && !isnan(y[j]))
            fprintf(p->plot, "%.8g %.8g\n", p->d == 1 ? p->x[p->order[k]] : (double)y[i],
                    (double)y[j]);
    }
    fputs("e\n", p->plot);
}

static void bands(const picture *p)
{
    const double first = p->x[p->order[0]];
    if (first == p->x[p->order[p->n - 1]])
        fprintf(p->plot, "set xrange [%.8g:%.8g]\n", first - 1, first + 1);
    label(p->plot, 'x', p->x_name);
    label(p->plot, 'y', p->about->targets[0]);
    fputs("set key tmargin horizontal samplen 1\n"
          "plot '-' with filledcurves fc rgb '#d0e0f0' title '90 %', "
          "'-' with filledcurves fc rgb '#a0c0e0' title '50 %', "
          "'-' using 1:2 with lines lw 2 lc rgb '#2060a0' title 'median', "
          "'-' with points pt 7 ps 0.3 lc rgb '#404040' notitle\n",
          p->plot);
    band(p, 0, 4);
    band(p, 1, 3);
    band(p, 2, 2);
    points(p, 0, 0);
    fputs("set autoscale\n", p->plot);
}

/* rows at the 10th, 50th and 90th hundredth of their order; one where all are the same */
static size_t shown(const picture *p, size_t k)
{
    return p->order[(size_t)((0.1 + 0.4 * (double)k) * (double)(p->n - 1))];
}

static size_t count_shown(const picture *p)
{
    return p->about->n_inputs ? MOST_SHOWN : 1;
}

/* the key: a colour for each row that is shown, lines for the shares that regions hold */
static void region_key(const picture *p)
{
    char title[160];
    snprintf(title, sizeof title, "50 %%, dashed 90 %%%s%s", count_shown(p) > 1 ? ", at " : "",
             count_shown(p) > 1 ? p->x_name : "");
    fputs("set key tmargin horizontal samplen 1 title ", p->plot);
    plot_text(p->plot, title);
    fputs("\nplot '-' with points pt 7 ps 0.2 lc rgb '#aaaaaa' notitle", p->plot);
    for (size_t k = 0; k < count_shown(p); k++) {
        fprintf(p->plot, ", '-' with lines lw 2 lc %zu title '", k + 1);
        if (count_shown(p) > 1)
            fprintf(p->plot, "%.3g", p->x[shown(p, k)]);
        fprintf(p->plot, "', '-' with lines lw 2 dt 2 lc %zu notitle", k + 1);
    }
    fputs("\n", p->plot);
}

static void ellipses(const picture *p, size_t row, size_t i, size_t j)
{
    const double *m = p->mean + row * p->d, *c = p->covariance + row * p->d * p->d;
    const double mean[2] = { m[i], m[j] };
    const double covariance[3] = { c[i * (p->d + 1)], c[i * p->d + j], c[j * (p->d + 1)] };
    for (size_t k = 0; k < CONTOURS; k++)
        plot_ellipse(p->plot, mean, covariance, contours_level(p->l, k));
}

static bool regions(const picture *p, size_t i, size_t j)
{
    bool done = true;
    label(p->plot, 'x', p->about->targets[i]);
    label(p->plot, 'y', p->about->targets[j]);
    region_key(p);
    points(p, i, j);
    for (size_t k = 0; k < count_shown(p) && done; k++)
        if (is_normal(p->about))
            ellipses(p, shown(p, k), i, j);
        else
            done = contours_plot(p->plot, p->l, shown(p, k), (size_t[]){ i, j });
    return done;
}

static void calibration_panel(const picture *p)
{
    label(p->plot, 'x', "share of rows that a region should hold");
    label(p->plot, 'y', "share that it holds");
    fputs("set key off\nset xrange [0:1]\nset yrange [0:1]\n"
          "plot x with lines dt 2 lc rgb 'black', '-' with lines lw 2 lc rgb '#2060a0'\n",
          p->plot);
    for (int i = 0; i <= STEPS; i++) {
        const double q = (double)i / STEPS;
        fprintf(p->plot, "%g %.6g\n", q, i ? tril_coverage(p->level, p->l->rows.w, p->n, q) : 0);
    }
    fputs("e\nset autoscale\n", p->plot);
}

/* of all members: c has a curve for each */
static void loss_panel(const picture *p, const curve *c)
{
    const size_t members = p->about->n_networks;
    const bool held = !isnan(c->row[0][CURVE_VALIDATION]);
    label(p->plot, 'x', "epoch");
    label(p->plot, 'y', "NLL, nats per row");
    fputs("set key tmargin horizontal samplen 1 title ''\nplot", p->plot);
    for (size_t k = 0; k < members; k++)
        fprintf(p->plot, "%s '-' with lines lw 2 lc 1 %s%s", k ? "," : "",
                k ? "notitle" : "title 'training'",
                !held ? ""
                : k   ? ", '-' with lines lw 2 lc 2 notitle"
                      : ", '-' with lines lw 2 lc 2 title 'validation'");
    fputs("\n", p->plot);
    for (size_t k = 0; k < members; k++)
        for (size_t column = 0; column <= held; column++) {
            for (size_t i = 0; i < c[k].n; i++)
                fprintf(p->plot, "%zu %.8g\n", i, c[k].row[i][column]);
            fputs("e\n", p->plot);
        }
}

/* ---- the whole */

static bool draw_panels(picture *p, const char *program, const char *path, const curve *curves,
                        bool loss)
{
    const size_t d = p->d < MOST_TARGETS ? p->d : MOST_TARGETS;
    const size_t panels = (d == 1 ? 1 : d * (d - 1) / 2) + 1 + loss;
    const size_t columns = panels == 3 || panels > 4 ? 3 : 2,
                 lines = (panels + columns - 1) / columns;
    plot_file file;
    if (!plot_open(&file, path, 480 * (int)columns, 400 * (int)lines))
        return plot_close(&file, program);
    p->plot = file.to;
    fprintf(p->plot, "set multiplot layout %zu,%zu\n", lines, columns);
    if (d == 1)
        bands(p);
    for (size_t i = 0; i < d; i++)
        for (size_t j = i + 1; j < d; j++)
            if (!regions(p, i, j))
                return plot_drop(&file);
    calibration_panel(p);
    if (loss)
        loss_panel(p, curves);
    return plot_close(&file, program);
}

static bool draw(picture *p, const char *program, const char *path)
{
    const size_t members = p->about->n_networks;
    curve *curves = command_alloc(members, sizeof *curves);
    bool loss = curves, done = curves;
    for (size_t k = 0; k < members && curves; k++)
        curves[k] = (curve){ 0 };
    for (size_t k = 0; k < members && done; k++) {
        done = record_curve(p->l->file, p->l->ctx, k, &curves[k]);
        loss = loss && curves[k].n;
    }
    done = done && draw_panels(p, program, path, curves, loss);
    for (size_t k = 0; k < members && curves; k++)
        free(curves[k].row);
    free(curves);
    return done;
}

bool picture_draw(const loaded *l, const char *program, const char *path, const char *by)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    if (about->labels)
        return fprintf(stderr,
                       "%s: a picture is of targets that are numbers, and %s is one of classes\n",
                       program, text_shown(*about->targets)),
               false;
    picture p = { .l = l, .about = about, .n = l->rows.n, .d = about->n_targets };
    p.every = (p.n - 1) / MOST_POINTS + 1;
    bool done = judge(&p, by) && draw(&p, program, path);
    free(p.mean);
    free(p.y);
    free(p.order);
    return done;
}
