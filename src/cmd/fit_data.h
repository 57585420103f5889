/* The rows and the model of a run of `tril fit`. */
#ifndef CMD_FIT_DATA_H
#define CMD_FIT_DATA_H

#include "cmd/fit_options.h"

typedef struct work {
    plan *plan;
    tril_ctx *ctx;
    tril_table *table, *files[PARTS]; /* files: of rows of their own */
    names inputs;
    size_t *row, count[PARTS]; /* the table's rows, part by part */
    tril_model *model;
    tril_dataset cases[PARTS]; /* n is 0 where a part has no rows */
} work;

/* Reads the tables and deals their rows; the plan's networks are counted, if it leaves that open.
 * Then the model is made, or comes from elsewhere; and then the cases. False with a failed context,
 * or after a sentence. To be freed in any case. */
bool work_read(work *w, plan *p);
tril_fit_opts plan_member(const plan *p, size_t k); /* how network number k is trained */
bool work_make_model(work *w);
tril_model *work_model_of(const work *w, const size_t *row, size_t n); /* by n rows of the table */
bool work_read_cases(work *w);

/* "113 rows to train on, 15 to validate, 22 to test", where rows is " rows" */
enum { WORK_ROWS_TEXT = 128 };
void work_write_rows(const work *w, const char *rows, char text[WORK_ROWS_TEXT]);
void work_free(work *w);

/* Deals the table's rows into parts. */
bool split_rows(work *w);

/* Deals those of them that do not test into the parts of fold k: to train on, to stop by, and, as
 * PART_TEST, held out. row has room for all. False with a failed context, or after a sentence. */
bool split_fold(const work *w, size_t k, size_t *row, size_t count[PARTS]);

/* A number that any change of the cases changes; and how it is made of parts of a model's rows. */
uint64_t work_fingerprint(const work *w);
uint64_t work_add_fingerprint(uint64_t sum, const tril_model *model, const tril_dataset *parts);

/* What to add to the mean NLL of a part's scaled rows. */
double work_log_scale(const work *w, part which);

#endif
