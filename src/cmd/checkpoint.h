/* What model files and checkpoints say of the training. */
#ifndef CMD_CHECKPOINT_H
#define CMD_CHECKPOINT_H

#include "cmd/train.h"

/* Puts the model, the settings (notes fit.NAME), the data's path and rows, and the curves (tensors
 * curve.0, ...: a row for each epoch, columns training NLL, validation NLL, rate); before the end
 * also how far each member is (checkpoint.members) and the states of those under way
 * (run.0.fit.params and the like, tril_tensors_put_fit). */
bool record_put(const training *t, tril_tensors *file);

/* Gets curves and how far each member is; and the state of one that is under way, whose fit was
 * made anew. False with a failed context, or after a sentence. */
bool record_get(training *t, const tril_tensors *file);
bool record_get_fit(const training *t, const tril_tensors *file, member_run *m);

/* Between ranks: puts what this one's members are like, those that are done once only; takes what
 * another's are like from t->others. False with a failed context, or after a sentence. */
bool record_put_own(training *t, tril_tensors *file);
bool record_take(training *t, size_t rank);

/* The record of a member in a file, to be freed; NULL row where there is none. False with a failed
 * context. */
bool record_curve(const tril_tensors *file, tril_ctx *ctx, size_t member, curve *c);

/* What stands in a file's notes: the data's path, the numbers of rows, a setting; NULL where they
 * are not there. In paths and settings a byte that is not UTF-8, or part of a control character, is
 * \xHH, and a backslash is two. And whether it is a checkpoint. */
const char *record_data(const tril_tensors *file);
const char *record_rows(const tril_tensors *file);
const char *record_setting(const tril_tensors *file, setting which);
bool record_is_checkpoint(const tril_tensors *file);

/* The settings alone. */
bool record_put_settings(const plan *p, tril_tensors *file);

/* Whether a checkpoint is of the same settings, and of the same rows; a sentence otherwise. False
 * after that about the rows. */
bool record_check(const plan *p, const tril_tensors *file);
bool record_check_rows(const work *w, const tril_tensors *file);
bool record_blame_rows(const plan *p);

/* A line of the log: row i of a curve. False where it cannot be written. */
bool record_log(FILE *log, size_t member, const curve *c, size_t i);

#endif
