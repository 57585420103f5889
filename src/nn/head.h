/* How heads read a row of raw outputs. */
#ifndef TRIL_NN_HEAD_H
#define TRIL_NN_HEAD_H

#include <tril/extend.h>
#include <tril/nn.h>

#include "kernels/diag.h"
#include "kernels/mvn_lanes.h"

typedef struct tril_head_layout tril_head_layout;

/* Rows by the lane: where their raw outputs and y stand; their log-densities, NaN where a number is
 * not finite; in lanes, where they are wanted, the gradients of these in the raw outputs, and those
 * times the inverse of the Fisher matrix. */
typedef struct tril_head_tile {
    size_t n;
    const tril_real *raw, *y;
    const size_t *raw_at, *y_at;
    double log_prob[TRIL_LANES], *g, *natural;
} tril_head_tile;

/* What a form computes of some rows, in memory of its own. */
typedef struct tril_head_rows {
    size_t (*doubles)(const tril_head_layout *h); /* that memory */
    void (*run)(const tril_head_layout *h, double *memory, tril_head_tile *tile);

    /* What tril_head_each_row, which may be run, asks for of one row: to take over raw outputs,
     * false where they are not finite; */
    bool (*load)(const tril_head_layout *h, double *memory, const tril_real *raw);

    /* the log-density of y, NaN where y or loc are not finite; */
    double (*log_prob)(const tril_head_layout *h, double *memory, const tril_real *raw,
                       const tril_real *y);

    /* its gradient, after log_prob; and after that the natural one, if there is one. */
    void (*gradient)(const tril_head_layout *h, double *memory, const tril_real *raw, double *g);
    void (*natural)(const tril_head_layout *h, double *memory, const tril_real *raw, double *g);
} tril_head_rows;

extern const tril_op tril_op_head_log_prob;

/* Row by row. Its memory is the form's, and a row of gradients behind that. */
void tril_head_each_row(const tril_head_layout *h, double *memory, tril_head_tile *tile);

extern const tril_head_rows tril_head_mvn_rows, tril_head_precision_rows, tril_head_low_rank_rows;

/* A block of numbers: matrix entries from `begin` on, s at its end, or t behind it. */
struct tril_head_layout {
    const tril_head_rows *rows; /* NULL: shared, mixture */
    tril_head_form form;
    size_t d, rank, begin, width;
    const tril_diag_transform *diagonal;
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

/* The degrees of freedom, [...]. */
tril_var tril_head_df(tril_var raw, const tril_head_layout *h);

/* log v of each target, [..., d]. */
tril_var tril_head_log_diagonal(tril_var raw, const tril_head_layout *h);

#endif
