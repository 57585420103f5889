/* Regions of highest density. */
#ifndef CMD_CONTOURS_H
#define CMD_CONTOURS_H

#include <stdio.h>

#include "cmd/load.h"

/* The regions that hold 50 % and 90 %, by their number: what they hold of the model's distribution.
 * Those of a calibrated model of two targets are its own; above 1: everything. */
enum { CONTOURS = 2 };
double contours_level(const loaded *l, size_t k);

/* Inline data for "plot '-' with lines", for each of them: the closed curves around the smallest
 * regions of a pair of targets, for a row; nothing for what has no edge. Any model has them; the
 * others of its targets are not known. False with a failed context, or after a sentence. */
bool contours_plot(FILE *plot, const loaded *l, size_t row, const size_t pair[2]);

#endif
