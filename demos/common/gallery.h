/* One picture of categories: their rows, and the normals of six moments of learning. */
#ifndef DEMOS_GALLERY_H
#define DEMOS_GALLERY_H

#include "learner.h"

enum { GALLERY_PANELS = 6 };

typedef struct gallery_panel {
    const char *title;
    const moments *normals;
} gallery_panel;

/* Draws FOLDER/NAME.png for a set read from .../NAME.csv, and writes its path to `file`: the last
 * two columns, and ellipses that hold 50 % and 90 % of each normal. False, after a sentence on
 * standard error, when gnuplot could not. */
bool gallery_draw(const char *folder, const char *csv, const classes *set,
                  const gallery_panel panels[GALLERY_PANELS], char *file, size_t file_size);

#endif
