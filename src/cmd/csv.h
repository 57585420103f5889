/* Cells of CSV files. */
#ifndef CMD_CSV_H
#define CMD_CSV_H

#include <stdio.h>

/* Texts, of which NULL is the last, as one cell, quoted where it must be. */
void csv_text(FILE *to, const char *const *parts);

/* A number with nine digits; nothing for NaN. */
void csv_number(FILE *to, double x);

#endif
