/* What rows that are held out say of ways to train: `tril search`, and `tril fit --folds`. */
#ifndef CMD_SEARCH_H
#define CMD_SEARCH_H

#include "cmd/fit_data.h"
#include "cmd/progress.h"

/* Rows to train on, to stop by and, PART_TEST, held out, as a model of the first takes them.
 * Without
 * --folds there is one, and its rows to stop by judge too. */
typedef struct fold {
    tril_model *model;
    tril_dataset part[PARTS];
} fold;

/* A text of a setting and what it got, beside the others of its setting. */
typedef struct way {
    size_t tried; /* the setting */
    const char *text;
    tril_mean_se nll, above; /* above the best of them; NaN: not tried */
    bool taken;
} way;

typedef struct search {
    work *work;
    fold *fold;
    size_t n_folds, rows; /* rows: that judge */
    tril_real *weight;    /* of these; NULL where there are none */
    tril_tensors *kept;   /* what each network got: trial.CANDIDATE.FOLD.MEMBER */
    double written;       /* when that was written */
    way way[N_TRIED * (MOST_WAYS + 1)];
    size_t n_ways, n_candidates;
    double spent; /* rows times epochs */
    progress shown;
} search;

/* Where the plan asks for a search: makes the folds, and begins its file `search` or, with
 * --resume, reads it. Then tries what is to be tried, and leaves the plan with what was chosen; the
 * numbers that are in the file are taken from there. False with a failed context, or after a
 * sentence. To be freed in any case. */
bool search_begin(search *s, work *w);
bool search_run(search *s);
void search_free(search *s);

/* A table for readers; or lines of rows,measure,of,value: nll, nll_error, above_best and
 * above_best_error of each text, and 1 as what is taken. */
void search_print(const search *s);
void search_print_csv(const search *s);

/* ---- within the search */

/* What candidates say of the rows that judge: nll [n, rows], in the data's units. */
bool search_judge(search *s, const plan *candidates, size_t n, double *nll);

#endif
