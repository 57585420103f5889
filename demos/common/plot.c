/* Pictures through gnuplot. */
#include "plot.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

bool plot_available(void)
{
    return system("command -v gnuplot > /dev/null 2>&1") == 0;
}

void plot_path(char *file, size_t size, const char *folder, const char *csv)
{
    const char *name = strrchr(csv, '/') ? strrchr(csv, '/') + 1 : csv;
    snprintf(file, size, "%s/%.*s.png", folder, (int)strcspn(name, "."), name);
}

FILE *plot_open(const char *path, int width, int height)
{
    const char *ending = strrchr(path, '.');
    signal(SIGPIPE, SIG_IGN);       /* a gnuplot that dies is told by its exit status */
    FILE *file = fopen(path, "ab"); /* gnuplot would go on to standard output */
    FILE *plot = file ? popen("gnuplot", "w") : NULL;
    if (file)
        fclose(file);
    if (!plot)
        return NULL;
    if (ending && strcmp(ending, ".svg") == 0)
        fprintf(plot, "set terminal svg noenhanced size %d,%d background 'white'\n", width, height);
    else if (ending && strcmp(ending, ".pdf") == 0)
        fprintf(plot, "set terminal pdfcairo noenhanced size %g,%g\n", width / 96., height / 96.);
    else
        fprintf(plot, "set terminal pngcairo noenhanced size %d,%d\n", width, height);
    /* whatever its first letter is, which gnuplot would have an opinion on: "|" begins a command */
    fputs(*path == '/' ? "set output " : "set output './'.", plot);
    plot_text(plot, path);
    fputs("\n", plot);
    return plot;
}

void plot_text(FILE *plot, const char *text)
{
    fputc('\'', plot);
    for (; *text; text++) {
        if (*text == '\'') /* doubled, inside single quotes */
            fputc('\'', plot);
        fputc((unsigned char)*text < ' ' ? ' ' : *text, plot);
    }
    fputc('\'', plot);
}

bool plot_close(FILE *plot)
{
    return plot && pclose(plot) == 0;
}

void plot_ellipse(FILE *plot, const double mean[2], const double covariance[3], double share)
{
    /* the squared radius of a 2-D standard normal is chi-square with 2 degrees of freedom */
    double radius = sqrt(-2 * log(1 - share));
    double l00 = sqrt(covariance[0]), l10 = covariance[1] / l00;
    double l11 = sqrt(fmax(0, covariance[2] - l10 * l10));
    for (int i = 0; i <= 90; i++) {
        double angle = i * 6.283185307179586 / 90, c = radius * cos(angle), s = radius * sin(angle);
        fprintf(plot, "%.8g %.8g\n", mean[0] + l00 * c, mean[1] + l10 * c + l11 * s);
    }
    fputs("e\n", plot);
}
