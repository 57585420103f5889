/* Pictures through gnuplot. */
#ifndef CMD_GNUPLOT_H
#define CMD_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <tril/file.h>

/* Whether gnuplot is there. */
bool plot_available(void);

/* A script for gnuplot; write its commands to the stream. */
typedef struct plot_file {
    FILE *to;
    const char *path;
    char *script;
    size_t size;
} plot_file;

/* Begins a picture of the given size in pixels, by the path's ending SVG, PDF (96 pixels an inch)
 * or PNG. To be closed in any case. */
bool plot_open(plot_file *p, const char *path, int width, int height);

/* Writes a text as gnuplot's quoted string, as text_shown has it. */
void plot_text(FILE *plot, const char *text);

/* Draws the picture and puts it in place. False, after a sentence that begins with `program`, where
 * gnuplot fails, or takes longer than a minute (in the environment, TRIL_PLOT_SECONDS=N is another
 * time): what was there before is there still. */
bool plot_close(plot_file *p, const char *program);

/* Gives up a picture that was begun. False. */
bool plot_drop(plot_file *p);

/* Inline data for "plot '-' with lines": an ellipse that holds the given share of a normal
 * distribution of two coordinates with mean (x, y) and covariance (xx, xy, yy); nothing where it
 * is 1 or more. */
void plot_ellipse(FILE *plot, const double mean[2], const double covariance[3], double share);

#endif
