/* What a table and a fit of it have that makes figures less than they seem: sentences. */
#ifndef CMD_WARNINGS_H
#define CMD_WARNINGS_H

#include "cmd/fit_data.h"
#include "cmd/summary.h"

enum { MOST_WARNINGS = 5, LONGEST_WARNING = 512 };

typedef struct warnings {
    char text[MOST_WARNINGS][LONGEST_WARNING];
    size_t n;
} warnings;

/* Finds them for a fit and the figures of its parts. False with a failed context, or where memory
 * ran out. */
bool warnings_find(const work *w, const figures *parts, size_t n, warnings *out);

/* Adds a sentence, if there is room. */
__attribute__((format(printf, 2, 3))) void warnings_add(warnings *out, const char *format, ...);

/* Of the table's rows, in the order of the file: targets, and the errors of the network and of the
 * linear fit, in standard deviations; NaN where there are none. */
typedef struct survey {
    const work *work;
    size_t rows, d;
    double *y, *network, *linear; /* [rows, d] */
} survey;

/* Those that are about rows: of one group, near each other, next to each other. */
bool warnings_of_rows(const survey *s, warnings *out);

#endif
