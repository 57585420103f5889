/* A CSV file as training and validation rows, scaled. */
#ifndef DEMOS_DATASET_H
#define DEMOS_DATASET_H

#include <tril/tril.h>

enum { DATASET_MAX_COLUMNS = 32 };

typedef struct column_list {
    const char *name[DATASET_MAX_COLUMNS];
    size_t n;
} column_list;

/* Splits "a,b,c" in place. False where there are more names than a list holds. */
bool column_list_parse(column_list *list, char *text);

typedef struct rows {
    size_t n;
    tril_real *x, *y; /* inputs [n, width or 1] and targets [n, width], scaled */
    tril_real
        *log_prob; /* the true log-density of each row in the data's units; NULL if not known */
} rows;

/* What is to be learned from a file. */
typedef struct job {
    column_list inputs, targets;
    const char *truth; /* column with the true log-density of the targets; NULL for none */
} job;

typedef struct dataset {
    column_list inputs, targets;
    size_t input_width; /* 1 where there are no inputs: a column that is always 1 */
    rows train, validation;
    tril_scaler x_scaler,
        y_scaler;     /* fitted on the training rows; x_scaler is empty without inputs */
    double log_scale; /* what scaling the targets takes off an NLL */
} dataset;

/* Reads a file, shuffles its rows by the seed, sets a fifth aside for validation and scales by the
 * rest. False on failure, which the context or a sentence on standard error explains; dataset_free
 * is right in either case. */
bool dataset_read(dataset *set, tril_ctx *ctx, const char *path, const job *what, uint64_t seed);
void dataset_free(dataset *set);

#endif
