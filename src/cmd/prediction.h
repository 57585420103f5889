/* Distributions of rows as lines of CSV. */
#ifndef CMD_PREDICTION_H
#define CMD_PREDICTION_H

#include <stdio.h>

#include "cmd/events.h"
#include "cmd/load.h"
#include "cmd/names.h"

/* Arrays of rows judged, [n, ...]; log-densities only where there are targets. */
typedef struct prediction {
    double *mean, *sd, *correlation, *quantile, *nll;
    size_t *shown, n_shown; /* which targets: all, or those that are not given */
    const events *events;
    double *probability, *probability_se; /* [n, events] */
} prediction;

/* A header, and a line for each row of the table: empty cells for one that was left out. */
void prediction_print(FILE *to, const loaded *l, const names *levels, const prediction *p);

#endif
