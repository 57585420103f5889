/* A model and rows for it: what the commands that use models begin with. */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include <tril/tril.h>

typedef struct loaded {
    tril_ctx *ctx;
    tril_tensors *file;
    tril_model *model;
    tril_table *table;
    tril_dataset rows;
} loaded;

/* Reads a model; and the rows of a CSV file, missing cells as `missing` says or, where that is
 * NULL, as in training. To predict, rows need no targets.
 * Unless it is strict, rows with extreme numbers are left out. False with a failed context, or
 * after a sentence. To be freed in any case. */
bool load_model(loaded *l, const char *model, uint64_t seed);
bool load_rows(loaded *l, const char *program, const char *data, const char *missing, bool predict,
               bool strict);
void load_free(loaded *l);

/* The exit status of a command; a sentence where the context has failed. */
int load_status(const loaded *l, const char *program, bool done);

/* All rows judged, in the units of the data. */
bool load_judge(const loaded *l, const tril_evaluation *out);

#endif
