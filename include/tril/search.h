/* Choosing by evidence: networks are trained side by side and compared on rows that they have not
 * seen.
 *
 * Example: a mean that is a line, or a network, for targets that bend; the last rows are held out.
 *
 *     #include <stdio.h>
 *     #include <tril/tril.h>
 *
 *     enum { ROWS = 300, HELD = 100, CANDIDATES = 2 };
 *
 *     int main(void)
 *     {
 *         static tril_real x[ROWS], y[ROWS];
 *         static double nll[CANDIDATES * HELD];
 *         tril_random random = tril_random_stream(1, 1);
 *         tril_random_normal(&random, x, ROWS);
 *         tril_random_normal(&random, y, ROWS);
 *         for (int i = 0; i < ROWS; i++)
 *             y[i] = x[i] * x[i] + y[i] / 4;
 *
 *         tril_trial trials[CANDIDATES];
 *         for (int k = 0; k < CANDIDATES; k++) // simple ones first
 *             trials[k] = (tril_trial){ .targets = 1, .mlp = { .inputs = 1, .hidden = { 16 * k } },
 *                                       .fit = { .epochs = 100, .seed = 7, .lr = 1e-2 },
 *                                       .rows = { x, y, ROWS - HELD },
 *                                       .held = { x + ROWS - HELD, y + ROWS - HELD, HELD },
 *                                       .nll = nll + k * HELD };
 *         tril_ctx *ctx = tril_ctx_new(NULL);
 *         tril_mean_se above[CANDIDATES];
 *         size_t best = 0;
 *         if (tril_trials_run(ctx, trials, CANDIDATES, &(tril_trials_opts){ .threads = 2 }))
 *             best = tril_choose(nll, CANDIDATES, NULL, HELD, 1, above);
 *         printf("candidate %zu, the line is %.2f +- %.2f nats above the best: %s\n", best,
 *                above[0].mean, above[0].error, tril_ctx_message(ctx));
 *         bool failed = tril_ctx_failed(ctx);
 *         tril_ctx_free(ctx);
 *         return failed || best != 1;
 *     }
 */
#ifndef TRIL_SEARCH_H
#define TRIL_SEARCH_H

#include <tril/evaluate.h>

TRIL_API_BEGIN

/* One network to be trained, in a context of its own, and judged by rows that are held out. */
typedef struct tril_trial {
    size_t targets;
    tril_mlp_opts mlp;   /* the head says how many outputs */
    tril_head_opts head; /* .shared is made */
    tril_fit_opts fit;   /* .seed is that of the weights at the start too */
    tril_batch rows, held;
    double *nll; /* gets -log p of the rows of fit.validation, if there are any, and behind them of
                    those held out, in the units of the scaled targets */
    double epochs; /* gets how many training took */
    bool done;     /* becomes true; one that is so before is left as it is */
    TRIL_ADDED const tril_bounds *held_bounds; /* of those held out; default: none */
    TRIL_RESERVED(3);
} tril_trial;

typedef struct tril_trials_opts {
    size_t threads; /* on which trials run side by side; default 1; the same bits for any number */
    bool (*go_on)(void *user); /* asked after each step, by several threads at once; false: the
                                  trials that are under way are given up. NULL: true */
    bool (*after)(const tril_trial *trial, void *user); /* called after each, by one thread at a
                                                           time; false as above. NULL: true */
    void *user;
    TRIL_RESERVED(4);
} tril_trials_opts;

/* Runs those of n trials that are not done. False where they were given up, and on failure, with
 * the sentence of the first in the list that failed; opts may be NULL. */
bool tril_trials_run(tril_ctx *ctx, tril_trial *trials, size_t n, const tril_trials_opts *opts);

/* Chooses a candidate by nll [candidates, n], the NLL of each row; w [n]: how often a row counts
 * (NULL: once). Candidates stand in order of preference, simple ones first: the first is chosen
 * that is as good as the one with the least mean NLL. It is as good if its mean is above that by at
 * most one standard error of their differences, row by row, or by at most 0.02 nats per target
 * times sqrt(50 / n): the best of many by a few rows is best by chance, and its standard error does
 * not know that it was picked. difference [candidates]: how far each is above the best, with that
 * error; it may be NULL. A candidate with an infinite or NaN NLL is chosen only if all have one. n
 * and candidates are at least 1. */
size_t tril_choose(const double *nll, size_t candidates, const tril_real *w, size_t n,
                   size_t targets, tril_mean_se *difference);

TRIL_API_END
#endif
