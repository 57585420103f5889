/* One picture of a training: learned ellipses over the points, for each pair of targets, and the
 * loss curve. */
#ifndef DEMOS_PORTRAIT_H
#define DEMOS_PORTRAIT_H

#include "learned.h"

/* The loss of each epoch, and a level to compare it with. */
typedef struct curve {
    size_t epochs;
    double *train, *validation;
    double level;
    const char *level_name;
} curve;

/* Draws FOLDER/NAME.png for a set read from .../NAME.csv, and writes its path to `file`. Pairs are
 * those of the first four targets. False, after a sentence on standard error, when gnuplot could
 * not. */
bool portrait_draw(const char *folder, const char *csv, const dataset *set, const learned *l,
                   const curve *loss, char *file, size_t file_size);

#endif
