/* Inside of an evaluation: some rows at a time. */
#ifndef TRIL_MODEL_EVALUATE_H
#define TRIL_MODEL_EVALUATE_H

#include <tril/evaluate.h>

#include "model/transform.h"

enum { TRIL_CHUNK_DRAWS = 500 }; /* of each row, at least, where draws are needed */

/* tril_evaluate with a context that need not be the members'; levels [n_levels, targets] are of
 * quantiles, each target's own, in [0, 1]; NULL: those of out for all. map [targets], or NULL:
 * moments, CRPS and energy score are of tril_target_value of each target, level is by the density
 * of these; all else is about what the networks say. */
bool tril_evaluate_with(tril_ctx *ctx, const tril_network *members, size_t n_members,
                        tril_batch rows, const double *levels, const tril_target *map,
                        const tril_evaluation *out);

/* tril_ensemble_weights by rows with bounds, which may be NULL. */
bool tril_ensemble_weights_with(const tril_network *members, size_t n_members, tril_batch rows,
                                const tril_bounds *bounds, double *weight);

/* Whether there are events where their probabilities are wanted, none empty, in the units that the
 * sentence shall have; false after failing the context. */
bool tril_events_check(tril_ctx *ctx, size_t d, const tril_evaluation *out);

/* Some rows under way; arrays are the tape's. */
typedef struct tril_chunk {
    const tril_network *members;
    size_t n_members, d, first, n; /* first: their place among all rows */
    tril_tape *tape;
    tril_var x, y;        /* y: numbers that are missing are NaN; {0} without targets */
    tril_var low, high;   /* tril_bounds_vars of the rows; {0} where none of these lacks a number */
    const double *levels; /* of quantiles, [n_levels, d]; NULL: out.levels for all */
    bool missing, given;  /* given: the distributions are conditional ones */
    tril_dist *dists;
    tril_evaluation out;                     /* of these rows */
    const tril_target *map;                  /* [d], NULL where no target has a transform */
    double *mapped_mean, *mapped_covariance; /* with a map: [n, d] and [n, d, d], if wanted */
} tril_chunk;

/* All that is wanted of these rows, by c->dists. */
bool tril_chunk_put(tril_chunk *c);

/* The same of one row, given what is known of it. */
bool tril_chunk_given(tril_chunk *c);

/* A member's part in the mixture. */
double tril_chunk_weight(const tril_chunk *c, size_t member);

/* Values of a var into a sum over the members, [size], which begins with the first one's. */
bool tril_chunk_add(const tril_chunk *c, size_t member, tril_var x, double *sum);

/* Log-densities [n] of points, or {0} for the rows' own, by all members together, of what the
 * networks say. */
bool tril_chunk_densities(const tril_chunk *c, tril_var points, size_t n, double *out);

/* The mean; the mean of the members' covariances (or variances), and what their means are apart. */
bool tril_chunk_mean(const tril_chunk *c, double *mean); /* without the map, both */
bool tril_chunk_second(const tril_chunk *c, bool whole, double *out);
bool tril_chunk_is_normal(const tril_chunk *c); /* by itself, and without a map */

/* With a map: means of its values, and variances (second), or covariances (whole), into the chunk;
 * NaN where they are infinite. */
bool tril_chunk_map_moments(tril_chunk *c, bool second, bool whole);

/* Adds log dz/dt of n points [n, d] of a map to their log-densities. */
void tril_chunk_add_slopes(const tril_chunk *c, const tril_real *points, size_t n, double *log_p);

/* Each into the evaluation's array of that name; log_p [n]: the rows' log-densities. */
bool tril_chunk_pit(const tril_chunk *c);
bool tril_chunk_quantiles(const tril_chunk *c);
bool tril_chunk_level(const tril_chunk *c, const double *log_p);
bool tril_chunk_scores(const tril_chunk *c); /* crps and energy */
bool tril_chunk_events(const tril_chunk *c); /* probability and probability_se */
bool tril_chunk_classes(const tril_chunk *c);

/* Adds a member's share of the probability that the number of the class is from low to high. False
 * where it has no classes. */
bool tril_chunk_add_classes(const tril_chunk *c, size_t member, double low, double high,
                            double *probability);

#endif
