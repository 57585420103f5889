/* One picture of categories. */
#include "gallery.h"

#include <math.h>
#include <stdio.h>

#include "plot.h"

/* rows are pale, ellipses are not */
static const char *const colours[CLASSES_MAX] = { "9400d3", "00805f", "2080d0", "d08000",
                                                  "b0a000", "0040b0", "d00020", "404040" };

/* The same range for all panels: that of the rows, and of the ellipses as far as they do not go
 * further beyond the rows than these reach. */
static void range(FILE *plot, char axis, const classes *set, const gallery_panel *panels,
                  size_t column)
{
    const double radius = 2.15; /* of the ellipse that holds 90 % */
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (size_t i = 0; i < set->n; i++) {
        low = fmin(low, (double)set->x[i * set->d + column]);
        high = fmax(high, (double)set->x[i * set->d + column]);
    }
    const double width = high - low, least = low - width, most = high + width;
    for (size_t k = 0; k < GALLERY_PANELS * set->k; k++) {
        const moments *m = &panels[k / set->k].normals[k % set->k];
        double reach = radius * sqrt((double)m->covariance[column * (set->d + 1)]);
        low = fmin(low, fmax(least, (double)m->mean[column] - reach));
        high = fmax(high, fmin(most, (double)m->mean[column] + reach));
    }
    double margin = 0.05 * (high - low);
    fprintf(plot, "set %crange [%.7g:%.7g]\nset %clabel ", axis, low - margin, high + margin, axis);
    plot_text(plot, set->columns.name[column]);
    fputs("\n", plot);
}

static void panel(FILE *plot, const classes *set, const gallery_panel *p)
{
    size_t d = set->d, x = d - 2, y = d - 1;
    fputs("set title ", plot);
    plot_text(plot, p->title);
    for (size_t c = 0; c < set->k; c++) {
        fprintf(plot, "%s '-' with points pt 7 ps 0.4 lc rgb '#b0%s' notitle", c ? "," : "\nplot",
                colours[c]);
        fprintf(plot, ", '-' with lines lw 2 lc rgb '#%s' notitle", colours[c]);
        fprintf(plot, ", '-' with lines lw 2 dt 2 lc rgb '#%s' notitle", colours[c]);
    }
    fputs("\n", plot);
    for (size_t c = 0; c < set->k; c++) {
        const moments *m = &p->normals[c];
        const double mean[2] = { (double)m->mean[x], (double)m->mean[y] };
        const double covariance[3] = { (double)m->covariance[x * d + x],
                                       (double)m->covariance[x * d + y],
                                       (double)m->covariance[y * d + y] };
        for (size_t i = 0; i < set->n; i++)
            if (set->of_row[i] == c)
                fprintf(plot, "%.7g %.7g\n", (double)set->x[i * d + x], (double)set->x[i * d + y]);
        fputs("e\n", plot);
        plot_ellipse(plot, mean, covariance, 0.5);
        plot_ellipse(plot, mean, covariance, 0.9);
    }
}

bool gallery_draw(const char *folder, const char *csv, const classes *set,
                  const gallery_panel panels[GALLERY_PANELS], char *file, size_t file_size)
{
    plot_path(file, file_size, folder, csv);
    plot_file picture;
    if (plot_open(&picture, file, 1080, 720)) {
        FILE *plot = picture.to;
        fputs("set multiplot layout 2,3\n", plot);
        range(plot, 'x', set, panels, set->d - 2);
        range(plot, 'y', set, panels, set->d - 1);
        for (size_t i = 0; i < GALLERY_PANELS; i++)
            panel(plot, set, &panels[i]);
    }
    return plot_close(&picture, "categories");
}
