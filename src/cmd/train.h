/* Training the members of a model, with checkpoints. */
#ifndef CMD_TRAIN_H
#define CMD_TRAIN_H

#include <stdatomic.h>

#include "cmd/fit_data.h"
#include "cmd/progress.h"

/* The figures of a member after each epoch, those of the start first; NLL in the data's units. */
enum { CURVE_TRAINING, CURVE_VALIDATION, CURVE_LR, CURVE_COLUMNS };
typedef struct curve {
    double (*row)[CURVE_COLUMNS];
    size_t n, room;
} curve;

/* How far a member is. */
typedef struct member_state {
    tril_fit_status status;
    size_t epochs; /* that this run took */
    bool done, failed;
} member_state;

typedef struct member_run {
    size_t index;
    curve curve;
    tril_ctx *ctx; /* of its fit, both NULL but while it is under way in this process */
    tril_fit *fit;
    size_t first;            /* steps that were over before */
    size_t kept;             /* epochs that were over at the last checkpoint */
    bool resumes, delivered; /* delivered: to the first rank, after its end */
} member_run;

typedef struct training {
    work *work;
    member_run *members, **left; /* left: those that are not done, in their order */
    size_t n_left;
    member_state *state;   /* [members], after each slice that of all ranks */
    size_t *owner;         /* [members], the rank that has begun it; none: SIZE_MAX */
    tril_tensors **others; /* [ranks]: what the members of other ranks were last like */
    double scale[2];       /* of training and validation rows, to be added to NLLs */

    double deadline; /* of the slice, which `stop` ends before */
    atomic_bool stop;

    tril_file *log;             /* NULL: none */
    size_t logged, logged_rows; /* members whose rows are all there, rows of the next one */
    progress shown;
    size_t to_train, steps;   /* members at the beginning, and the steps of one */
    double kept;              /* when the last checkpoint was written */
    size_t epochs;            /* that this process took */
    double seconds;           /* and the time for them */
    tril_tensors *checkpoint; /* to go on from; NULL */
    bool resumes_nothing;     /* with --resume there is none, which is to be said once it runs */
} training;

/* Looks for a checkpoint and, with --resume, takes the model and what is known of its members from
 * there; otherwise makes the model. False with a failed context, or after a sentence. To be freed
 * in any case. */
bool training_begin(training *t, work *w);

/* Trains what is left to train. True where all is done; false with a failed context, or after a
 * sentence where it was interrupted: the checkpoint then says how far it is. */
bool training_run(training *t);

/* Writes the model, and removes the checkpoint. False with a failed context. */
bool training_end(training *t);

void training_free(training *t);

#endif
