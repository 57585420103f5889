/* Pictures through gnuplot. */
#include "plot.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* gnuplot with a file for its standard output */
static FILE *start_gnuplot(FILE *file)
{
    signal(SIGPIPE, SIG_IGN); /* a gnuplot that dies is told by its exit status */
    fflush(stdout);
    const int before = dup(STDOUT_FILENO);
    FILE *plot = NULL;
    if (before >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0) {
        plot = popen("gnuplot", "w");
        dup2(before, STDOUT_FILENO);
    }
    if (before >= 0)
        close(before);
    return plot;
}

bool plot_open(plot_file *p, const char *path, int width, int height)
{
    const struct format *f = format_of(path);
    *p = (plot_file){ .path = path, .ctx = tril_ctx_new(NULL) };
    p->file = tril_file_new(p->ctx, path);
    p->to = p->file ? start_gnuplot(tril_file_stream(p->file)) : NULL;
    if (!p->to)
        return false;
    fputs("set terminal ", p->to);
    fprintf(p->to, f->terminal, width / f->unit, height / f->unit);
    fputs("\n", p->to);
    return true;
}

/* gnuplot does not notice that a disk is full */
static bool is_whole(const plot_file *p)
{
    char path[TRIL_PATH_SIZE], last[17] = "";
    const char *end = format_of(p->path)->end;
    FILE *f = tril_file_temporary(p->ctx, p->path, path) ? fopen(path, "rb") : NULL;
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

bool plot_close(plot_file *p, const char *program)
{
    const bool drawn = p->to && pclose(p->to) == 0 && is_whole(p) && tril_file_keep(p->file);
    if (tril_ctx_failed(p->ctx))
        fprintf(stderr, "%s: %s\n", program, tril_ctx_message(p->ctx));
    else if (!drawn)
        fprintf(stderr, "%s: gnuplot could not draw %s\n", program, p->path);
    tril_file_free(p->file);
    tril_ctx_free(p->ctx);
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
