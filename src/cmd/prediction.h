/* Distributions of rows, and draws, as lines of CSV. */
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
    double
        *classes; /* [n, labels], which such a model has in the place of all but nll and events */
} prediction;

/* A header, and a line for each row of the table: empty cells for one that was left out. */
void prediction_print(FILE *to, const loaded *l, const names *levels, const prediction *p);

/* The same for draws [each, n, targets] of rows number first .. first + n - 1. */
void prediction_print_draw_header(FILE *to, const tril_model_info *about);
void prediction_print_draws(FILE *to, const loaded *l, size_t first, size_t n, size_t each,
                            const double *draws);

#endif
