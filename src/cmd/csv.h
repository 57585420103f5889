/* Cells of CSV files, and lines of figures. */
#ifndef CMD_CSV_H
#define CMD_CSV_H

#include <stdio.h>

/* Texts, of which NULL is the last, as one cell, quoted where it must be. */
void csv_text(FILE *to, const char *const *parts);

/* A number with nine digits; nothing for NaN. */
void csv_number(FILE *to, double x);

/* A line of figures for programs, ROWS,MEASURE,OF,VALUE; `of` may be a number instead. Nothing for
 * a value that is NaN. */
void csv_figure(const char *rows, const char *measure, const char *of, double number, double value);

#endif
