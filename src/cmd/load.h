/* A model and rows for it: what the commands that use models begin with. */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include <stdio.h>

#include <tril/tril.h>

#include "cmd/names.h"

/* What commands that use models can be told about rows, as text; NULL where they are not. */
typedef struct load_opts {
    const char *program, *missing, *delimiter, *words, *weight;
    bool predict, strict;
    const bool *needed; /* as tril_dataset_opts has it */
} load_opts;

/* Their options, for getopt_long, and its answers: 'm', 'd', 'w' and 't'; those of commands that
 * judge rows, and 'e'. */
#define LOAD_OPTIONS                                                                               \
    { "missing", required_argument, NULL, 'm' }, { "delimiter", required_argument, NULL, 'd' },    \
        { "missing-values", required_argument, NULL, 'w' },                                        \
    {                                                                                              \
        "strict", no_argument, NULL, 't'                                                           \
    }
#define LOAD_HELP                                                                                  \
    "  --missing WHAT        cells: error, drop (a line of empty cells, or no row), mean\n"        \
    "                        (inputs), marginal (targets), mean,marginal; default: as in\n"        \
    "                        training; missing targets are no error to predict\n"                  \
    "  --missing-values A,B  cells that are missing too; default: as in training\n"                \
    "  --delimiter C         between cells: a byte, or tab; default: as the file has it\n"
#define JUDGE_OPTIONS                                                                              \
    {                                                                                              \
        "weight", required_argument, NULL, 'e'                                                     \
    }
#define JUDGE_HELP                                                                                 \
    "  --weight COLUMN       how often each row counts, '' for once; default: as in training\n"
bool load_option(load_opts *o, int which, const char *argument); /* whether it was one */

typedef struct loaded {
    tril_ctx *ctx;
    tril_tensors *file;
    tril_model *model;
    tril_table *table;
    tril_dataset rows;
    names words;
} loaded;

/* Reads a model; and the rows of a CSV file. To predict, rows need no targets, and, unless it is
 * strict, rows with extreme numbers are left out. Unless it is strict, labels that the model has
 * not seen are counted as the training rows' shares, and a sentence says how many. False with a
 * failed context, or after a sentence. To be freed in any case. */
bool load_model(loaded *l, const char *model, uint64_t seed);
bool load_rows(loaded *l, const char *data, const load_opts *opts);
void load_free(loaded *l);

/* The exit status of a command; a sentence where the context has failed. */
int load_status(const loaded *l, const char *program, bool done);

/* A path to write to: NULL, which is standard output, for "-" too. */
const char *output_path(const char *path);

/* Opens such a path, and ends what is written there: keeps the file if all is done. False on
 * failure; main looks after standard output. */
bool load_output(const loaded *l, const char *path, tril_file **file, FILE **to);
bool load_output_end(tril_file *file, bool done);

/* Whether the model's heads are normals or Student's t, or mixtures of these, as WHAT needs; a
 * sentence says if not. */
bool load_has_normals(const tril_model_info *about, const char *program, const char *what);

/* The sum of the rows' weights. */
double load_count(const loaded *l);

/* All rows judged, in the units of the data. */
bool load_judge(const loaded *l, const tril_evaluation *out);

#endif
