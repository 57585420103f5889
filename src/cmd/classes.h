/* How good a model of classes is, and what it says of rows. */
#ifndef CMD_CLASSES_H
#define CMD_CLASSES_H

#include "cmd/load.h"
#include "cmd/summary.h"

/* NLL, accuracy and Brier score of rows; nll has room for all. False with a failed context, or
 * after a sentence. */
bool classes_judge(const tril_model *model, const tril_dataset *rows, double *nll, figures *out);

/* Tables for readers, of parts, and of how often each class is there and how likely it is said to
 * be; and the latter as lines of --csv. False as above. */
void classes_print(const tril_model_info *about, const figures *parts, size_t n);
bool classes_print_shares(const loaded *l, bool csv);

/* Cells of a line of CSV, each behind a comma but for the first: p_LABEL of each class and the
 * target, which is the likeliest one; empty where p is NULL. */
void classes_print_header(FILE *to, const tril_model_info *about);
void classes_print_row(FILE *to, const tril_model_info *about, const double *p);

#endif
