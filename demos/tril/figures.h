/* How good a model is on some rows, beside what it must beat. */
#ifndef DEMOS_TRIL_FIGURES_H
#define DEMOS_TRIL_FIGURES_H

#include <tril/tril.h>

enum { JUDGED = TRIL_BASELINES + 1, MOST_PARTS = 3 };

/* Of baselines, and of the model behind them, on one part of the rows. */
typedef struct figures {
    const char *name; /* "training" */
    size_t n;
    tril_average nll[JUDGED]; /* NaN for a baseline that the model's file lacks */
    double *rmse;             /* [JUDGED, targets], in their units */
} figures;

/* Judges rows; to be freed. False with a failed context, or after a sentence. */
bool figures_of(const tril_model *model, const char *name, const tril_cases *rows, figures *out);
void figures_free(figures *f);

/* A table of up to MOST_PARTS parts, for readers; or for programs: lines of rows,model,count,nll,
 * nll_error,rmse_NAME,... */
void figures_print(const tril_model *model, const figures *parts, size_t n);
void figures_print_csv(const tril_model *model, const figures *parts, size_t n);

#endif
