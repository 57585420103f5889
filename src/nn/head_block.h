/* Heads whose row is a block of numbers: loc, matrix entries from `begin` on, s, and for Student's
 * t another one behind it. */
#ifndef TRIL_NN_HEAD_BLOCK_H
#define TRIL_NN_HEAD_BLOCK_H

#include "kernels/mvn.h"
#include "kernels/positive.h"
#include "nn/head.h"
#include "ops/rowwise.h"

typedef struct tril_head_block tril_head_block;
typedef struct tril_head_form tril_head_form;

/* What a form computes of one row, in memory of its own; its gradient is that in the raw outputs.
 */
typedef struct tril_head_rows {
    size_t (*doubles)(const tril_head_block *h); /* that memory */

    /* Takes over raw outputs; false where they are not finite. */
    bool (*load)(const tril_head_block *h, double *memory, const tril_real *raw);

    /* The log-density of y, NaN where y or loc are not finite; */
    double (*log_prob)(const tril_head_block *h, double *memory, const tril_real *raw,
                       const tril_real *y);

    /* its gradient, after log_prob; and after that the natural one, if there is one. */
    void (*gradient)(const tril_head_block *h, double *memory, const tril_real *raw, double *g);
    void (*natural)(const tril_head_block *h, double *memory, const tril_real *raw, double *g);
} tril_head_rows;

/* A form of blocks. */
struct tril_head_form {
    const tril_dist_kind *dist; /* of the rows as they are */
    const tril_head_rows *rows; /* NULL: rows side by side */
    bool diagonal;              /* the factor has nothing off its diagonal, */
    int power;                  /* which is v to this power, -1, 1 or 2 */
    bool df;                    /* degrees of freedom stand behind s */

    /* The distribution of the same numbers that knows no raw outputs, about another loc and, unless
     * r is {0}, in the coordinates of R. */
    tril_dist (*base)(const tril_head_block *h, tril_var raw, tril_var loc, tril_var r);

    /* The entropy, from log det covariance / 2 as the s say it. NULL: that of the base. */
    tril_var (*entropy)(const tril_head_block *h, tril_var raw, tril_var log_det);

    /* Writes what stands behind loc for a covariance [d, d]; false after failing the context, where
     * a column is constant or, for a form that has correlations, depends on others. memory: d (2 d
     * + 2) + 3 d rank + 2 rank^2. */
    bool (*fit)(tril_ctx *ctx, const tril_head_block *h, const double *covariance, double *memory,
                double *off, double *s);
};

struct tril_head_block {
    const tril_head_form *form;
    size_t d, rank, begin, s, width; /* s: where it begins */
    const tril_positive_transform *diagonal;
    double floor;
    tril_lower lower;
};

/* The block of a head; its kind's functions. */
tril_head_block tril_head_block_of(const tril_head_layout *h);
tril_dist tril_head_block_dist(const tril_head_layout *h, tril_var raw, tril_var natural);
tril_dist tril_head_block_transformed(const tril_head_layout *h, tril_var raw, tril_var r,
                                      tril_var shift);
bool tril_head_block_init(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                          const double *covariance, double *raw);

#define TRIL_HEAD_BLOCK(title, block_form, frame_of_r)                                             \
    .name = title, .form = block_form, .frame = frame_of_r, .dist = tril_head_block_dist,          \
    .transformed = tril_head_block_transformed, .init = tril_head_block_init

extern const tril_dist_kind tril_dist_kind_head, tril_dist_kind_head_student;

/* R loc + shift of a row of raw outputs that begins with loc. */
tril_var tril_head_loc(const tril_head_layout *h, tril_var raw, tril_var r, tril_var shift);

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

/* The degrees of freedom are LEAST + MORE / (1 + exp(-t)). */
#define TRIL_HEAD_LEAST_DF 2.01
#define TRIL_HEAD_MORE_DF 1000.

/* v, log v and its slope in s of a block; false where a number behind loc is not finite. */
bool tril_head_load(const tril_head_block *h, const tril_real *raw, double *v, double *log_v,
                    double *slope);

/* ds / dlog v for a step of s. Where the floor makes up more than nine tenths of v it is that of
 * nine tenths: s would have to run far for v to move at all, and overshoot. */
double tril_head_reach(const tril_head_block *h, double s, double slope);

/* The s that makes v, or as near as the floor lets it. */
double tril_head_s_of(const tril_head_block *h, double v);

/* Fails the context: a column has no variance of its own. False. */
bool tril_head_degenerate(tril_ctx *ctx, size_t column, const char *text, double pivot);

/* Standard deviations of a covariance; false after failing the context where one is 0. */
bool tril_head_deviations(tril_ctx *ctx, const tril_head_block *h, const double *covariance,
                          double *sd);

/* The covariance's factor from a block whose numbers begin with loc, or without it: L or T [..., d,
 * d], v [..., d] of a diagonal one, v^2 [..., d] of low rank. */
tril_var tril_head_factor(tril_var raw, const tril_head_block *h);

/* log v of each target, [..., d]. */
tril_var tril_head_log_diagonal(tril_var raw, const tril_head_block *h);

/* Of the full form, which others use: base, entropy and fit; how wide a matrix and s are. */
tril_dist tril_head_full_base(const tril_head_block *h, tril_var raw, tril_var loc, tril_var r);
tril_var tril_head_full_entropy(const tril_head_block *h, tril_var raw, tril_var log_det);
bool tril_head_full_fit(tril_ctx *ctx, const tril_head_block *h, const double *covariance,
                        double *memory, double *off, double *s);
size_t tril_head_full_width(size_t d, const tril_head_opts *opts);

#endif
