/* One picture of a training. */
#include "portrait.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plot.h"

enum { MOST_TARGETS = 4 };

/* whether a row's inputs are within half a standard deviation of those of a shown distribution */
static bool is_near(const dataset *set, size_t row, const learned *l)
{
    for (size_t j = 0; j < set->inputs.n; j++) {
        double x = (l->input[j] - set->x_scaler.mean[j]) / set->x_scaler.scale[j];
        if (fabs((double)set->train.x[row * set->input_width + j] - x) > 0.5)
            return false;
    }
    return true;
}

static void points(FILE *plot, const dataset *set, size_t i, size_t j, const learned *near)
{
    const tril_scaler *s = &set->y_scaler;
    size_t d = set->targets.n;
    for (size_t row = 0; row < set->train.n; row++)
        if (!near || is_near(set, row, near))
            fprintf(plot, "%.7g %.7g\n",
                    s->mean[i] + s->scale[i] * (double)set->train.y[row * d + i],
                    s->mean[j] + s->scale[j] * (double)set->train.y[row * d + j]);
    fputs("e\n", plot);
}

/* all points grey, and for each shown distribution the points near its inputs and its ellipses */
static void pair(FILE *plot, const dataset *set, const learned *l, size_t i, size_t j)
{
    fputs("set xlabel ", plot);
    plot_text(plot, set->targets.name[i]);
    fputs("\nset ylabel ", plot);
    plot_text(plot, set->targets.name[j]);
    fputs("\nplot '-' with dots lc rgb '#999999' notitle", plot);
    for (size_t k = 1; k <= learned_count(set); k++) {
        fprintf(plot, ", '-' with points pt 7 ps 0.3 lc %zu notitle", k);
        fprintf(plot, ", '-' with lines lw 2 lc %zu notitle", k);
        fprintf(plot, ", '-' with lines lw 2 dt 2 lc %zu notitle", k);
    }
    fputs("\n", plot);
    points(plot, set, i, j, NULL);
    for (size_t k = 0; k < learned_count(set); k++) {
        const double mean[2] = { l[k].mean[i], l[k].mean[j] };
        const double covariance[3] = { l[k].covariance[i][i], l[k].covariance[i][j],
                                       l[k].covariance[j][j] };
        points(plot, set, i, j, &l[k]);
        plot_ellipse(plot, mean, covariance, 0.5);
        plot_ellipse(plot, mean, covariance, 0.9);
    }
}

/* what the colours stand for */
static void heading(FILE *plot, const char *name, const dataset *set, const learned *l)
{
    static const char *const colour[LEARNED_MOST] = { "violet", "green", "blue" };
    char text[512];
    int used = snprintf(text, sizeof text, "%s, ellipses of 50 %% and 90 %%", name);
    for (size_t k = 0; k < learned_count(set); k++)
        for (size_t i = 0; i < set->inputs.n && used > 0 && (size_t)used < sizeof text; i++)
            used +=
                snprintf(text + used, sizeof text - (size_t)used, "%s%s %s = %.1g", i ? "," : "; ",
                         i ? "" : colour[k], set->inputs.name[i], l[k].input[i]);
    fputs("set multiplot title ", plot);
    plot_text(plot, text);
}

static void loss_curve(FILE *plot, const curve *loss)
{
    fputs(
        "set xlabel 'epoch'\nset ylabel 'NLL, nats per row'\nset key tmargin horizontal samplen 1\n"
        "plot '-' with lines lw 2 title 'training', "
        "'-' with lines lw 2 title 'validation', ",
        plot);
    fprintf(plot, "%.8g with lines dt 2 lc rgb 'black' title ", loss->level);
    plot_text(plot, loss->level_name);
    fputs("\n", plot);
    for (size_t part = 0; part < 2; part++) {
        for (size_t e = 0; e < loss->epochs; e++)
            fprintf(plot, "%zu %.8g\n", e + 1, (part ? loss->validation : loss->train)[e]);
        fputs("e\n", plot);
    }
}

bool portrait_draw(const char *folder, const char *csv, const dataset *set, const learned *l,
                   const curve *loss, char *file, size_t file_size)
{
    const char *name = strrchr(csv, '/') ? strrchr(csv, '/') + 1 : csv;
    size_t d = set->targets.n < MOST_TARGETS ? set->targets.n : MOST_TARGETS;
    size_t panels = d * (d - 1) / 2 + 1, columns = panels > 1 ? 2 : 1;
    size_t lines = (panels + columns - 1) / columns;
    plot_path(file, file_size, folder, csv);
    plot_file picture;
    if (plot_open(&picture, file, 480 * (int)columns, 400 * (int)lines)) {
        FILE *plot = picture.to;
        heading(plot, name, set, l);
        fprintf(plot, " layout %zu,%zu\n", lines, columns);
        for (size_t i = 0; i < d; i++)
            for (size_t j = i + 1; j < d; j++)
                pair(plot, set, l, i, j);
        loss_curve(plot, loss);
    }
    return plot_close(&picture, "points");
}
