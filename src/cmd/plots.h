/* A picture of a model over rows. */
#ifndef CMD_PLOTS_H
#define CMD_PLOTS_H

#include "cmd/load.h"

/* Checks the file that a picture, of a model and its data, is drawn into, by its option: that it
 * ends in png, svg or pdf, can be written, and is neither of the two; and that gnuplot is there.
 * STATUS_DONE or, after a sentence, the exit status. */
int picture_check(const char *program, const char *model, const char *data, const char *option,
                  const char *path);

/* Whether the model has an input of that name, of numbers; a sentence otherwise. */
bool picture_knows(const loaded *l, const char *program, const char *by);

/* Draws the distributions over the rows: of one target bands, by a column of inputs or, where `by`
 * is NULL and there are several inputs, by the mean itself; of several targets regions of highest
 * density, for each pair of the first three. Beside them the calibration, and the loss where the
 * model's file knows it. False with a failed context, or after a sentence. */
bool picture_draw(const loaded *l, const char *program, const char *path, const char *by);

#endif
