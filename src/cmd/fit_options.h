/* What `tril fit` and `tril search` are to do: settings as numbers and names. */
#ifndef CMD_FIT_OPTIONS_H
#define CMD_FIT_OPTIONS_H

#include <tril/tril.h>

#include "cmd/cli_options.h"
#include "cmd/names.h"

/* Which rows: to train on, to stop by, to calibrate by, to judge by. */
typedef enum part { PART_TRAINING, PART_VALIDATION, PART_CALIBRATION, PART_TEST, PARTS } part;

enum { MOST_HEADS = 16 };

typedef struct plan {
    settings settings;
    names targets, inputs, exclude; /* inputs.name is NULL: all others */
    names words;                    /* of the dialect */
    tril_dialect dialect;
    const char **transforms; /* [targets] */
    tril_model_opts model;   /* without the inputs */
    tril_head_opts heads[MOST_HEADS];
    const tril_head_kind *own_head; /* of targets that say what they are; else NULL */
    tril_fit_opts fit;              /* without rows; without a loss: that of the head */
    double share[PARTS];
    const char *file[PARTS]; /* of rows of their own; NULL: a share of the others */
    char *split;             /* a file and its column, which may be NULL, in one text */
    const char *split_column, *group, *order;
    char *output, *checkpoint, *search; /* paths; search: of what candidates got */
    const char *asked[N_TRIED];         /* of `tril search`: what is to be tried, in one text, */
    names ways[N_TRIED];                /* and apart; else none */
    size_t folds;                       /* 0: none */
    double budget;
    size_t worst;            /* rows */
    size_t checkpoint_every; /* epochs; 0: by time */
    const char *log;
    bool resume, csv;
    bool bounds; /* targets are known by bounds only, here and there */
} plan;

/* Reads a command line, of `tril search` or of `tril fit`. False, with *status set: after the help,
 * or a sentence. To be freed in any case. */
bool plan_read(plan *p, bool search, int argc, char **argv, int *status);
void plan_free(plan *p);

/* Reads what networks are to be, anew where `bounds` has changed: auto is then of heads that take
 * these. False after a sentence. */
bool plan_read_network(plan *p);

/* Takes another text of a setting that is tried. False after a sentence. */
bool plan_try(plan *p, size_t tried, const char *text);

#endif
