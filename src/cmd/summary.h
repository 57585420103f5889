/* How good a model is on some rows, beside what it must beat. */
#ifndef CMD_SUMMARY_H
#define CMD_SUMMARY_H

#include <tril/tril.h>

enum { JUDGED = TRIL_BASELINES + 1 };

/* Of baselines, and of the model behind them, on one part of the rows. */
typedef struct figures {
    const char *name; /* "training" */
    size_t n;
    tril_mean_se nll[JUDGED]; /* NaN for a baseline that the model's file lacks */
    double *rmse, *crps;    /* of the model, [targets], in their units; NaN where a mean is infinite
                             */
    double *rmse_median;    /* RMSE of medians; of a model without transforms NaN */
    double energy;          /* in standard deviations of the targets' */
    double accuracy, brier; /* of classes, which have none of these: the share of rows whose class
                               is the likeliest; sum_k (p_k - [k is the class])^2 (Brier 1950) */
} figures;

/* Judges rows; to be freed. False with a failed context, or after a sentence. */
bool figures_of(const tril_model *model, const char *name, const tril_dataset *rows, figures *out);
/* How many cells of each target are known by bounds only, in n parts, if any are. */
void figures_print_bounds(const tril_model_info *about, const tril_dataset *parts, size_t n);

void figures_free(figures *f);

/* A table of parts, for readers; or, for programs, lines of rows,measure,of,value:
 * count, nll and nll_error of each model, rmse, rmse_median and crps of each target, energy. */
void figures_print(const tril_model *model, const figures *parts, size_t n);
void figures_print_csv(const tril_model *model, const figures *parts, size_t n);

/* The rows of a part that the model finds least likely, at most so many, by their lines in a table;
 * for programs measure worst_nll; name is NULL for all rows. False with a failed context, or after
 * a sentence. */
bool figures_print_worst(const tril_model *model, const char *name, const tril_table *table,
                         const tril_dataset *of, size_t most, bool csv);

#endif
