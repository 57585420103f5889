/* A picture of a model over rows. */
#ifndef DEMOS_TRIL_PICTURE_H
#define DEMOS_TRIL_PICTURE_H

#include "load.h"

/* Whether a picture can be drawn into that file: by its ending, png, svg or pdf, and by gnuplot's
 * being there; a sentence otherwise, and the exit status. */
bool picture_check(const char *program, const char *path, int *status);

/* Whether the model has an input of that name, of numbers; a sentence otherwise. */
bool picture_knows(const loaded *l, const char *program, const char *by);

/* Draws the distributions over the rows: of one target bands, by a column of inputs or, where `by`
 * is NULL and there are several inputs, by the mean itself; of several targets ellipses, for each
 * pair of the first three. Beside them the calibration, and the loss where the model's file knows
 * it. False with a failed context, or after a sentence. */
bool picture_draw(const loaded *l, const char *program, const char *path, const char *by);

#endif
