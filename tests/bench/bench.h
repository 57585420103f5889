/* The rows of the bench: pieces of work, each with a limit that it is measured against in the same
 * process. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <tril/tril.h>

#include "bench/by_hand.h"
#include "bench/limits.h"

typedef struct bench_row bench_row;

/* Where a row's work is done. What a row does not need is NULL. */
typedef struct bench_bed {
    const bench_row *row;
    tril_ctx *ctx;
    tril_tape *tape;
    tril_shards *shards; /* of a step of more rows than one shard has */
    tril_params *params[2];
    tril_optim *optim[2];
    tril_mlp *net;
    tril_head_opts head;
    tril_mvn_params *normals;
    tril_dense *association;
    tril_model *model;
    double *raw; /* rows as a program has them, then room for what the model says of them */
    size_t loop; /* how often */
    tril_real *x, *y, *loc, *factor;
    tril_shape factor_shape;
    tril_dist (*normal)(tril_var loc, tril_var factor);
    size_t trials, trials_by_hand; /* so far */
    double nll;                    /* mean of the last step */
    step_by_hand *step;
    void *limit; /* any other, freed with free */
} bench_bed;

struct bench_row {
    const char *name, *limit_is;
    size_t rows, d, threads;
    void (*prepare)(bench_bed *bed);
    void (*work)(bench_bed *bed);
    void (*limit)(bench_bed *bed);
    double bound; /* of work's time over limit's; 0 where there is none */
    double share; /* of single calls that take no longer than the times; 0: medians of samples */
};

extern const bench_row bench_rows[];
extern const size_t bench_n_rows;

/* The same bed for every row: made, prepared; used; freed. A failure is the context's. */
void bed_make(bench_bed *bed, const bench_row *row);
void bed_free(bench_bed *bed);

/* A training step with the bed's head, hidden layers of this width, and Adam at rate lr. */
void bed_step(bench_bed *bed, size_t hidden, double lr);
void bed_step_work(bench_bed *bed);

/* The same, and the step by hand that begins with the same parameters. */
void bed_step_by_hand(bench_bed *bed, double lr);

/* A rate so small that parameters stay what they are: all steps cost the same. */
#define BENCH_STILL 1e-7

/* Normals with a factor per row, log-densities with gradients of loc and factor; limit a copy, or
 * by hand, which leaves log-densities and gradients of loc and factor in bed->limit. */
void bed_normals(bench_bed *bed);
void bed_normals_by_hand(bench_bed *bed);
void bed_normals_limit(bench_bed *bed);
void bed_gradients(bench_bed *bed);

/* The two-category trial: preparation, work, and limit. */
void bed_trial(bench_bed *bed);
void bed_trial_work(bench_bed *bed);
void bed_trial_limit(bench_bed *bed);

/* A model 5-128-128-5, with no limit or with a loop as long as the row's work; one row, by the
 * model or on a tape, with BLAS's own number of threads, and with one; all rows, by the row's
 * threads, and by one. */
void bed_model(bench_bed *bed);
void bed_model_and_loop(bench_bed *bed);
void bed_model_call(bench_bed *bed);
void bed_model_limit(bench_bed *bed);
void bed_tape_call(bench_bed *bed);
void bed_tape_limit(bench_bed *bed);
void bed_loop(bench_bed *bed);
void bed_threads(bench_bed *bed);
void bed_threads_limit(bench_bed *bed);

/* In microseconds. */
typedef struct timing {
    double work, limit, ratio;
} timing;

/* Medians of samples taken in turn: work, limit, work, limit. The ratio is the median of the
 * pairs'. limit may be NULL. */

timing bench_measure(bench_bed *bed, void (*work)(bench_bed *), void (*limit)(bench_bed *),
                     double seconds);

/* Single calls of the row's work and limit, in turn: what its share of each does not exceed. */
timing bench_measure_calls(bench_bed *bed, double seconds);

/* Prints how cost grows with rows, width, d and threads. False, after a sentence, on failure. */
bool bench_growth(bool quick);

/* Whether what is written by hand computes what the library does: the largest difference, relative
 * to the largest number of its kind. */
double bench_difference(void);

#endif
