/* What families of distributions of one number share that are given by functions of their
 * parameters and the number: gamma, beta, von Mises, and those of counts. Each is a file with a
 * tril_family, its kind and its ops. */
#ifndef TRIL_DISTRIBUTIONS_FAMILY_H
#define TRIL_DISTRIBUTIONS_FAMILY_H

#include <float.h>

#include "distributions/dist.h"
#include "distributions/draws.h"
#include "distributions/pointwise.h"
#include "ops/rowwise.h"

typedef struct tril_family {
    size_t n; /* of parameters, 1 or 2, which are positive unless `loc` says otherwise */
    const char *names[2];
    bool loc; /* the first parameter may be any number, the second 0 */

    /* x: parameters, y; NaN where y has no density, and then a sentence about it. cdf and draw
     * have no slopes. NULL: there is no closed form. */
    tril_number_function *log_prob, *cdf;
    tril_number_check *outside;
    tril_number_function *entropy, *mode; /* x: parameters */
    double (*draw)(tril_random *random, const double *x);
    const tril_op *log_prob_op, *cdf_op;
} tril_family;

/* The distribution of a kind; b: {0} for families of one parameter. Inert on failure. */
tril_dist tril_family_dist(const tril_dist_kind *kind, const tril_family *family, tril_var a,
                           tril_var b);

/* Their methods. The mean and the variance are each kind's own. */
tril_var tril_family_log_prob(const tril_dist *p, tril_var y);
tril_var tril_family_log_prob_missing(const tril_dist *p, tril_var y);
tril_var tril_family_cdf(const tril_dist *p, tril_var y);
tril_var tril_family_sample(const tril_dist *p, size_t n);
tril_var tril_family_entropy(const tril_dist *p);
tril_var tril_family_mode(const tril_dist *p);

#define TRIL_FAMILY_KIND(title)                                                                    \
    .name = #title, .log_prob = tril_family_log_prob,                                              \
    .log_prob_missing = tril_family_log_prob_missing, .sample = tril_family_sample,                \
    .mode = tril_family_mode, .cdf = tril_family_cdf

/* no gradient flows through cdf */
#define TRIL_FAMILY_OPS(title)                                                                     \
    const tril_op tril_op_##title##_log_prob = { "log_prob(" #title ")", tril_numbers_shape,       \
                                                 tril_numbers_forward, tril_numbers_backward };    \
    static const tril_op title##_cdf_op = { "cdf(" #title ")", tril_numbers_shape,                 \
                                            tril_numbers_forward, NULL };

/* Whether y is finite and above 0; above 0 and below 1; 0, 1, 2, ..., and the sentence about that.
 */
bool tril_is_positive(double y);
bool tril_is_share(double y);
bool tril_is_count(double y);
const char *tril_no_count(const double *y);

#endif
