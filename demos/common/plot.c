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

/* What a picture is drawn by, and what its file ends in. */
static const struct format {
    const char *ending, *terminal;
    double unit; /* pixels in one of the terminal's */
    const char *end;
} formats[] = {
    { ".png", "pngcairo noenhanced size %g,%g", 1, "IEND\xae\x42\x60\x82" },
    { ".svg", "svg noenhanced background 'white' size %g,%g", 1, "</svg>" },
    { ".pdf", "pdfcairo noenhanced size %g,%g", 96, "%%EOF" },
};

static const struct format *format_of(const char *path)
{
    const char *ending = strrchr(path, '.');
    for (size_t i = 1; ending && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(ending, formats[i].ending) == 0)
            return &formats[i];
    return &formats[0];
}

/* what is drawn into, next to the picture; to be freed */
static char *temporary_of(const char *path)
{
    const size_t size = strlen(path) + sizeof ".tmp";
    char *temporary = malloc(size);
    if (temporary)
        snprintf(temporary, size, "%s.tmp", path);
    return temporary;
}

static FILE *open_plot(const char *path, const char *temporary, int width, int height)
{
    const struct format *f = format_of(path);
    signal(SIGPIPE, SIG_IGN);            /* a gnuplot that dies is told by its exit status */
    FILE *file = fopen(temporary, "wb"); /* gnuplot would go on to standard output */
    FILE *plot = file ? popen("gnuplot", "w") : NULL;
    if (file)
        fclose(file);
    if (!plot)
        return remove(temporary), NULL;
    fputs("set terminal ", plot);
    fprintf(plot, f->terminal, width / f->unit, height / f->unit);
    /* whatever its first letter is, which gnuplot would have an opinion on: "|" begins a command */
    fputs(*temporary == '/' ? "\nset output " : "\nset output './'.", plot);
    plot_text(plot, temporary);
    fputs("\n", plot);
    return plot;
}

FILE *plot_open(const char *path, int width, int height)
{
    char *temporary = temporary_of(path);
    FILE *plot = temporary ? open_plot(path, temporary, width, height) : NULL;
    free(temporary);
    return plot;
}

/* gnuplot does not notice that a disk is full */
static bool is_whole(const char *file, const char *end)
{
    char last[17] = "";
    FILE *f = fopen(file, "rb");
    if (!f)
        return false;
    const bool there = fseek(f, -(long)(sizeof last - 1), SEEK_END) == 0 &&
                       fread(last, 1, sizeof last - 1, f) == sizeof last - 1;
    fclose(f);
    for (size_t i = 0; i + strlen(end) < sizeof last; i++)
        if (there && memcmp(last + i, end, strlen(end)) == 0)
            return true;
    return false;
}

bool plot_close(FILE *plot, const char *path)
{
    char *temporary = temporary_of(path);
    const bool drawn = plot && pclose(plot) == 0 && temporary &&
                       is_whole(temporary, format_of(path)->end) && rename(temporary, path) == 0;
    if (!drawn && temporary)
        remove(temporary);
    free(temporary);
    return drawn;
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
