/* Inside of a model. */
#ifndef TRIL_MODEL_MODEL_H
#define TRIL_MODEL_MODEL_H

#include <tril/extend.h>
#include <tril/model.h>

#include "core/arena.h"
#include "io/date.h"
#include "model/transform.h"

struct tril_model {
    tril_ctx *ctx;
    tril_arena arena; /* names, labels, lists */
    tril_model_info about;
    tril_scaler inputs, targets;
    double *origin; /* [inputs, targets]: what is subtracted from cells before they are rounded:
                       the means of columns that are far from 0, 0 for others */
    tril_transform *transforms; /* [targets] */
    tril_target *map;           /* [targets]: the same, with their scales */
    double *bounds;             /* [inputs, 2], NULL without inputs, or where a file has none */
    bool no_line;               /* a file has none */
    double *conformal;          /* as in tril_model_info */
    tril_network *members;
    tril_head_opts *heads; /* of each member, without .shared */
    double *weights;
    tril_params **stores; /* of the members, then of the baselines; NULL for those not there */
};

/* An empty model, and a copy of a text that lives as long. NULL on failure. */
tril_model *tril_model_make(tril_ctx *ctx);
const char *tril_model_keep(tril_model *model, const char *text);

/* Takes over the options of its networks, once the columns are known. */
void tril_model_measure(tril_model *model, const tril_mlp_opts *mlp);

/* Makes the list of the members, which take the heads by turns. Then, members first and baselines
 * behind them, the options of network number i, but for .shared, and the network itself. */
bool tril_model_make_room(tril_model *model, size_t members, const tril_head_opts *heads,
                          size_t n_heads);
void tril_model_plan(const tril_model *model, size_t i, tril_mlp_opts *mlp, tril_head_opts *head);
bool tril_model_make_network(tril_model *model, size_t i);

/* Sets the labels of a column of inputs that has words, and, where heads are of classes, those of
 * the target; "" behind the last, for cells that are missing. */
bool tril_model_set_labels(tril_model *model, tril_table *table, tril_column *column);
bool tril_model_set_classes(tril_model *model, tril_table *table, const tril_model_opts *opts);

/* The target's numbers of labels; column: room for one of the table; remedy: behind the sentence
 * about a missing cell, where these are not taken. */
bool tril_model_put_classes(const tril_model *model, const tril_table *table, bool missing,
                            const char *remedy, size_t *column, tril_dataset *cases);

/* What targets are, where not any numbers: they keep their own units. NULL: any. */
const tril_support *tril_model_support(const tril_model *model);

/* Makes room for the origins, 0 at first; or, from its scalers, for those of a model that is read.
 */
bool tril_model_set_origins(tril_model *model);

/* The origin of a column, by its cells in the cases; g: of a target, else NULL. */
double tril_model_find_origin(const tril_table *table, size_t k, tril_date_form dates,
                              const tril_transform *g, const tril_dataset *cases);

/* Reads the transforms of targets, where texts, and each of them, may be NULL, or fails with a
 * sentence that begins with `what`; finds those that rows are to say, and puts these targets anew;
 * keeps all beside scales that are known. */
bool tril_model_read_transforms(tril_model *model, tril_status status, const char *what,
                                const char *const *texts);
bool tril_model_choose_transforms(tril_model *model, const tril_table *table, tril_dataset *cases);
bool tril_model_set_targets(tril_model *model);

/* Puts target j, where it has a transform, less its origin, which is found anew if it is fresh, and
 * its bounds. A cell that has no number fails as the next function does, or, if extreme, is
 * infinite. */
bool tril_model_put_target(const tril_model *model, const tril_table *table, size_t j, bool fresh,
                           bool extreme, tril_dataset *cases);
bool tril_model_fail_target(const tril_model *model, const tril_table *table, size_t j, size_t row,
                            size_t k);

/* Puts the bounds of target j, column k, whose y is NaN, if the table has some, as targets are put;
 * moves those of row i to the place of another, and frees them. */
bool tril_model_put_limits(const tril_model *model, const tril_table *table, size_t j, size_t k,
                           tril_dataset *cases);
void tril_model_move_limits(tril_dataset *cases, size_t d, size_t i, size_t to);
void tril_model_free_limits(tril_dataset *cases);

/* How many targets of n rows have neither number nor bounds. */
size_t tril_model_count_missing_targets(const tril_dataset *cases, size_t d, size_t first,
                                        size_t n);

/* Fails at a cell of bounds if there are more in its row than some head of the members takes. */
bool tril_model_check_limits(const tril_model *model, const tril_table *table,
                             const tril_dataset *cases);

/* Rows of a table less the origins, missing numbers NaN, the origins being found if the model has
 * no scalers yet; and scaled: numbers that are infinite then are an error that names the cell,
 * unless their rows are left out and others are there. */
bool tril_model_gather(const tril_model *model, const tril_table *table, const size_t *rows,
                       size_t n, const tril_dataset_opts *opts, tril_dataset *cases);
void tril_model_scale_all(const tril_model *model, tril_dataset *cases); /* without that */
bool tril_model_scale(const tril_model *model, const tril_table *table, bool leave_out_extreme,
                      tril_dataset *cases);

/* Sines and cosines of the cycles of a column of dates, for days x. */
void tril_model_put_cycles(const tril_column *column, double x, tril_real *to);

/* Leaves constant columns out of the inputs, and of rows as they are. */
bool tril_model_leave_out(tril_model *model, const tril_table *table, tril_dataset *cases);

/* Finds the bounds of the inputs in rows as they are; bounds such rows, before they are scaled;
 * puts the bounds, and gets those that are there. */
bool tril_model_put_bounds(const tril_model *model, tril_tensors *tensors);
bool tril_model_get_bounds(tril_model *model, const tril_tensors *tensors);
bool tril_model_find_bounds(tril_model *model, const tril_dataset *cases);
void tril_model_bound(const tril_model *model, tril_dataset *cases);

/* Makes room for the levels of conformal calibration; puts them, and gets those that are there. */
bool tril_model_make_conformal(tril_model *model);
bool tril_model_put_conformal(const tril_model *model, tril_tensors *tensors);
bool tril_model_get_conformal(tril_model *model, const tril_tensors *tensors);

/* Puts the note that says what a model is, and gets all that it says. heads: kinds of heads that
 * may be in it beside the library's, and NULL; it may be NULL. */
bool tril_model_put_note(const tril_model *model, tril_tensors *tensors);
bool tril_model_get_note(tril_model *model, const tril_tensors *tensors,
                         const tril_head_kind *const *heads);

/* Fits the baselines to scaled rows. */
bool tril_model_fit_baselines(tril_model *model, const tril_dataset *cases);

#endif
