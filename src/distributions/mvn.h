/* What multivariate normals by loc [..., d] and a triangular factor [..., d, d] share: L of the
 * covariance L L', or T of the precision T T'. Their operations' inputs are loc, factor, for
 * log_prob y [..., d], and at the end for Student's t its degrees of freedom [..., 1], for censored
 * numbers their upper bounds [..., d]. */
#ifndef TRIL_DISTRIBUTIONS_MVN_H
#define TRIL_DISTRIBUTIONS_MVN_H

#include "distributions/dist.h"
#include "kernels/mvn.h"
#include "ops/rowwise.h"

extern const tril_dist_kind tril_dist_kind_mvn;

enum { TRIL_MVN_LOC, TRIL_MVN_FACTOR, TRIL_MVN_Y, TRIL_MVN_DF, TRIL_MVN_HIGH = TRIL_MVN_DF };

/* Of one form of the normal: the log-density of a row whose r and factor are there, which leaves z;
 * then what its gradients are made of. */
typedef struct tril_mvn_form {
    double (*log_prob)(tril_mvn_row *row);
    void (*slopes)(tril_mvn_row *row, const tril_mvn_slopes *s);
    bool of_precision; /* the factor is T */
    bool missing;      /* NaN in y is missing */
    bool censored;     /* y and the last operand are bounds: see tril_log_prob_censored */
} tril_mvn_form;

/* The form of an operation, which its attributes point to. */
static inline const tril_mvn_form *tril_mvn_form_of(const tril_node *node)
{
    return *(const tril_mvn_form **)node->attrs;
}

/* Whether an operation's last operand is degrees of freedom, or upper bounds. */
static inline bool tril_mvn_has_df(const tril_node *node)
{
    return node->n_in > TRIL_MVN_DF && !tril_mvn_form_of(node)->censored;
}

static inline bool tril_mvn_has_bounds(const tril_node *node)
{
    return node->n_in > TRIL_MVN_HIGH && tril_mvn_form_of(node)->censored;
}

/* A form's log-density, by the kernel that suits its operands. */
tril_var tril_mvn_log_prob_by(const tril_rowwise *op, const tril_mvn_form *form, const tril_dist *p,
                              tril_var y, tril_var high);
const tril_row_kernel *tril_mvn_kernel_of(const tril_node *node);

#define TRIL_MVN_LOG_PROB(title)                                                                   \
    {                                                                                              \
        TRIL_ROWWISE(title), .axes = { 1, 2, 1, 1 }, .kernel_of = tril_mvn_kernel_of               \
    }

/* Those kernels: rows side by side, for small d by L; together, where one factor is for all of
 * them; with missing coordinates. */
extern const tril_row_kernel tril_mvn_lanes_kernel, tril_mvn_shared_kernel, tril_mvn_missing_kernel;

/* Of the form by L. */
void tril_mvn_slopes_by_scale(tril_mvn_row *row, const tril_mvn_slopes *s);

/* A row's arrays at that memory, with the factor in it, which is taken over if it has moved; r is
 * left out. */
tril_mvn_row tril_mvn_row_of(const tril_row_block *rows, double *memory, bool moved);

/* r of row i of these; false where it is not finite. */
bool tril_mvn_residual(const tril_row_block *rows, size_t i, tril_mvn_row *row);

/* Puts the gradients of row i, of a log-density with these slopes. */
void tril_mvn_put_row(tril_row_block *rows, size_t i, const tril_mvn_slopes *s);

/* Puts the gradient of Student's degrees of freedom, if there are any, of the only row of these,
 * which has d coordinates and this z'z. */
void tril_mvn_put_df(tril_row_block *rows, double squares, size_t d);

/* Says that y or loc of row i are not finite; false. */
bool tril_mvn_not_finite(const tril_row_block *rows, size_t i);

/* The functions of rows of rsample's operation by L, and an operation with others: results in the
 * shape of loc from as many normal numbers; attributes: the number of draws. */
bool tril_mvn_rsample_row(tril_row_block *rows);
void tril_mvn_rsample_put(tril_row_block *rows);

#define TRIL_MVN_RSAMPLE(title, shape_rule, forward, backward, memory)                             \
    {                                                                                              \
        .op = { title, shape_rule, tril_rowwise_forward, tril_rowwise_backward },                  \
        .axes = { 0, 2, 1 }, .event_rank = 1, .draws = true, .kernel = {                           \
            forward,                                                                               \
            backward,                                                                              \
            memory                                                                                 \
        }                                                                                          \
    }

/* The mean, and the mode. */
tril_var tril_mvn_mean(const tril_dist *p);

/* A distribution of that kind, or the inert one after an error that says `what` was asked for, and
 * what the factor or the matrix is called. The matrix is factored. */
tril_dist tril_mvn_by_factor(const tril_dist_kind *kind, const char *what, const char *name,
                             tril_var loc, tril_var factor);
tril_dist tril_mvn_by_matrix(const tril_dist_kind *kind, const char *what, const char *name,
                             tril_var loc, tril_var matrix);

#endif
