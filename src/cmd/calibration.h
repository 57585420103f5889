/* Whether a model is as sure as it ought to be. */
#ifndef CMD_CALIBRATION_H
#define CMD_CALIBRATION_H

#include "cmd/load.h"

enum { PIT_BINS = 10, COVERAGES = 4 };

extern const double coverage_levels[COVERAGES]; /* 0.5, 0.8, 0.9, 0.95 */

typedef struct calibration {
    double rows;                  /* the sum of their weights */
    double coverage[COVERAGES];   /* the share of rows within the region of that probability */
    double calibrated[COVERAGES]; /* within the region that should hold it by calibration */
    double *interval;             /* [targets, COVERAGES]: within such an interval */
    double *pit;                  /* [targets, PIT_BINS]: the share of rows in each tenth */
    double *sd;                   /* [targets]: mean over rows, as sharp is small */
    double spread; /* mean over rows of the geometric mean of standard deviations along the axes */
    double *level; /* of each row, [n]; NaN where a target is missing */
} calibration;

/* To be freed. False with a failed context, or after a sentence. */
bool calibration_of(const loaded *l, calibration *c);
void calibration_free(calibration *c);

#endif
