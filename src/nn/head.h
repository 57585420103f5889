/* How heads read a row of raw outputs. */
#ifndef TRIL_NN_HEAD_H
#define TRIL_NN_HEAD_H

#include <tril/extend.h>
#include <tril/nn.h>

#include "kernels/mvn.h"
#include "kernels/positive.h"
#include "ops/rowwise.h"

typedef struct tril_head_layout tril_head_layout;

/* What a form computes of one row, in memory of its own; its gradient is that in the raw outputs.
 */
typedef struct tril_head_rows {
    size_t (*doubles)(const tril_head_layout *h); /* that memory */

    /* Takes over raw outputs; false where they are not finite. */
    bool (*load)(const tril_head_layout *h, double *memory, const tril_real *raw);

    /* The log-density of y, NaN where y or loc are not finite; */
    double (*log_prob)(const tril_head_layout *h, double *memory, const tril_real *raw,
                       const tril_real *y);

    /* its gradient, after log_prob; and after that the natural one, if there is one. */
    void (*gradient)(const tril_head_layout *h, double *memory, const tril_real *raw, double *g);
    void (*natural)(const tril_head_layout *h, double *memory, const tril_real *raw, double *g);
} tril_head_rows;

extern const tril_head_rows tril_head_precision_rows, tril_head_low_rank_rows;

/* The operation's inputs: raw, y, and where the gradient is to be preconditioned the same raw
 * numbers again. It goes row by row where the form says what to do with one, rows side by side
 * elsewhere. */
enum { TRIL_HEAD_RAW, TRIL_HEAD_Y, TRIL_HEAD_NATURAL };

extern const tril_rowwise tril_op_head_log_prob;
extern const tril_row_kernel tril_head_lanes_kernel;

static inline bool tril_head_is_natural(const tril_node *node)
{
    return node->needs_grad && node->in[TRIL_HEAD_NATURAL] &&
           node->in[TRIL_HEAD_NATURAL]->needs_grad;
}

/* Says that numbers of row i are not finite; false. */
bool tril_head_not_finite(const tril_row_block *rows, size_t i);

/* A block of numbers: matrix entries from `begin` on, s at its end, or t behind it. */
struct tril_head_layout {
    const tril_head_rows *rows; /* NULL: rows side by side */
    tril_head_form form;
    size_t d, rank, begin, width;
    const tril_positive_transform *diagonal;
    double floor;
    tril_lower lower;
};

/* Where s begins: only degrees of freedom stand behind it. */
static inline size_t tril_head_s(const tril_head_layout *h)
{
    return h->width - h->d - (h->form == TRIL_HEAD_STUDENT);
}

/* The degrees of freedom are LEAST + MORE / (1 + exp(-t)). */
#define TRIL_HEAD_LEAST_DF 2.01
#define TRIL_HEAD_MORE_DF 1000.

/* The user's options with their defaults filled in; false after failing the context. */
bool tril_head_layout_of(tril_ctx *ctx, size_t d, const tril_head_opts *opts, tril_head_layout *h);

/* The options of a mixture's components. */
tril_head_opts tril_head_component(const tril_head_opts *opts);

/* How a shared covariance would stand in a row: loc | strict lower triangle | s. */
tril_head_layout tril_head_block(const tril_head_layout *h);

/* v, log v and its slope in s of a block; false where a number behind loc is not finite. */
bool tril_head_load(const tril_head_layout *h, const tril_real *raw, double *v, double *log_v,
                    double *slope);

/* ds / dlog v for a step of s. Where the floor makes up more than nine tenths of v it is that of
 * nine tenths: s would have to run far for v to move at all, and overshoot. */
double tril_head_reach(const tril_head_layout *h, double s, double slope);

/* What forms are called, by their number; the last is NULL. */
extern const char *const tril_head_form_names[];

/* The raw outputs for methods other than log_prob: no gradient is preconditioned on its way. */
tril_var tril_head_raw(const tril_dist *p);

/* The distribution of the same parameters that knows no raw outputs. */
tril_dist tril_head_base(const tril_dist *p);

/* The covariance's factor from a block whose numbers begin with loc, or without it: L or T [..., d,
 * d], v [..., d] of a diagonal one, v^2 [..., d] of low rank. */
tril_var tril_head_factor(tril_var raw, const tril_head_layout *h);

/* W of a block of low rank, [..., d, rank]. */
tril_var tril_head_low_rank_w(tril_var raw, const tril_head_layout *h);

/* The degrees of freedom, [...]. */
tril_var tril_head_df(tril_var raw, const tril_head_layout *h);

/* log det covariance / 2 of a head's distribution; of others that have an entropy, that of the
 * normal with the same entropy. */
tril_var tril_head_log_scale(const tril_dist *p);

/* log v of each target, [..., d]. */
tril_var tril_head_log_diagonal(tril_var raw, const tril_head_layout *h);

#endif
