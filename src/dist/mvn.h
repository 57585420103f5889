/* What multivariate normals by loc [..., d] and a triangular factor [..., d, d] share: L of the
 * covariance L L', or T of the precision T T'. Their operations' inputs are loc, factor, for
 * log_prob y [..., d], and for Student's t at the end its degrees of freedom [..., 1]. */
#ifndef TRIL_DIST_MVN_H
#define TRIL_DIST_MVN_H

#include "core/shape.h"
#include "dist/dist.h"
#include "kernels/mvn.h"
#include "ops/rows.h"

extern const tril_dist_kind tril_dist_kind_mvn;

size_t tril_mvn_dim(const tril_node *node);

/* How many numbers of input k stand in one row. */
size_t tril_mvn_event(size_t k, size_t d);

/* The batches of the inputs stretched against each other; false where they do not fit, which
 * distributions and tril_log_prob have looked for. */
bool tril_mvn_batch_shape(const tril_node *node, tril_shape *rows);

/* A walk over rows: the batches of the inputs stretched against each other. */
tril_walk tril_mvn_walk(const tril_node *node, tril_shape rows);

/* Of one form of the normal: the log-density of a row whose r and factor are there, which leaves z;
 * then what its gradients are made of. */
typedef struct tril_mvn_form {
    double (*log_prob)(tril_mvn_row *row);
    void (*slopes)(tril_mvn_row *row, const tril_mvn_slopes *s);
    bool of_precision; /* the factor is T */
} tril_mvn_form;

/* That of L. */
extern const tril_mvn_form tril_mvn_by_scale;

/* Puts the gradients of a row of d numbers whose operands stand at those places. */
void tril_mvn_put_row(size_t d, const tril_mvn_slopes *s, double upstream, tril_row_grad *grads,
                      const size_t *at);

/* The shape of log-densities; memory for a row's arrays and for sums of shared gradients. */
bool tril_mvn_log_prob_shape(tril_node *node);

/* The functions of log_prob's operation, row by row; its attributes: a pointer to the form. */
bool tril_mvn_rows_shape(tril_node *node);
bool tril_mvn_rows_forward(tril_node *node);
void tril_mvn_rows_backward(tril_node *node, tril_real *const *grad_in);

/* The log-density of small events by L, rows side by side: its own operation. */
bool tril_mvn_has_lanes(const tril_dist *p);
tril_var tril_mvn_lanes_log_prob_of(const tril_dist *p, tril_var y);

/* The log-density where one factor serves all rows: its own operation. */
bool tril_mvn_is_shared(const tril_dist *p, tril_var y);
tril_var tril_mvn_shared_log_prob(const tril_mvn_form *form, const tril_dist *p, tril_var y);

/* Those of rsample's by L: attributes: the number of draws; saved: eps, then sums of shared
 * gradients. */
bool tril_mvn_rsample_shape(tril_node *node);
bool tril_mvn_rsample_forward(tril_node *node);
void tril_mvn_rsample_backward(tril_node *node, tril_real *const *grad_in);

/* The method of that name. */
tril_var tril_mvn_log_prob_observed(const tril_dist *p, tril_var y);

/* The mean, and the mode. */
tril_var tril_mvn_mean(const tril_dist *p);

/* A distribution of that kind, or the inert one after an error that says `what` was asked for, and
 * what the factor or the matrix is called. The matrix is factored. */
tril_dist tril_mvn_by_factor(const tril_dist_kind *kind, const char *what, const char *name,
                             tril_var loc, tril_var factor);
tril_dist tril_mvn_by_matrix(const tril_dist_kind *kind, const char *what, const char *name,
                             tril_var loc, tril_var matrix);

#endif
