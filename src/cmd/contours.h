/* Regions of highest density. */
#ifndef CMD_CONTOURS_H
#define CMD_CONTOURS_H

#include <stdio.h>

#include "cmd/load.h"

/* Inline data for "plot '-' with lines", twice: the closed curves around the smallest regions of a
 * pair of targets that hold 50 % and 90 % of what the model says of a row. Any model has them; the
 * others of its targets are not known. False with a failed context, or after a sentence. */
bool contours_plot(FILE *plot, const loaded *l, size_t row, const size_t pair[2]);

#endif
