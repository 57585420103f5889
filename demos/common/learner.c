/* Learning a normal for each category. */
#include "learner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCHS = 5 };

/* ---- what has been learned */

/* eigenvalues of a symmetric matrix, left on its diagonal by Jacobi's rotations */
static void eigenvalues(double *a, size_t d)
{
    for (int sweep = 0; sweep < 30; sweep++)
        for (size_t p = 0; p < d; p++)
            for (size_t q = p + 1; q < d; q++) {
                if (a[p * d + q] == 0)
                    continue;
                double angle = 0.5 * atan2(2 * a[p * d + q], a[q * d + q] - a[p * d + p]);
                double c = cos(angle), s = sin(angle);
                for (size_t i = 0; i < d; i++) {
                    double x = a[i * d + p], y = a[i * d + q];
                    a[i * d + p] = c * x - s * y;
                    a[i * d + q] = s * x + c * y;
                }
                for (size_t i = 0; i < d; i++) {
                    double x = a[p * d + i], y = a[q * d + i];
                    a[p * d + i] = c * x - s * y;
                    a[q * d + i] = s * x + c * y;
                }
            }
}

/* the covariance of a category, in double: rounded to tril_real it could be none */
static void read_covariance(const tril_mvn_free *normals, size_t c, size_t d, double *out)
{
    const tril_real *factor = tril_param_values(tril_mvn_free_scale_tril(normals)) + c * d * d;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            double sum = 0;
            for (size_t l = 0; l <= i && l <= j; l++)
                sum += (double)factor[i * d + l] * (double)factor[j * d + l];
            out[i * d + j] = sum;
        }
}

/* means and covariances; false where one of them is not finite */
static bool read_normals(const tril_mvn_free *normals, size_t k, size_t d, moments *out)
{
    const tril_real *loc = tril_param_values(tril_mvn_free_loc(normals));
    bool finite = loc;
    for (size_t c = 0; c < k && finite; c++) {
        double covariance[DATASET_MAX_COLUMNS * DATASET_MAX_COLUMNS];
        read_covariance(normals, c, d, covariance);
        for (size_t i = 0; i < d * d; i++) {
            out[c].covariance[i] = (tril_real)covariance[i];
            finite &= isfinite(out[c].covariance[i]);
        }
        for (size_t i = 0; i < d; i++) {
            out[c].mean[i] = loc[c * d + i];
            finite &= isfinite(loc[c * d + i]);
        }
    }
    return finite;
}

static void read_eigenvalues(const tril_mvn_free *normals, size_t k, size_t d, outcome *out)
{
    out->smallest = HUGE_VAL, out->largest = 0;
    for (size_t c = 0; c < k; c++) {
        double a[DATASET_MAX_COLUMNS * DATASET_MAX_COLUMNS];
        read_covariance(normals, c, d, a);
        eigenvalues(a, d);
        for (size_t i = 0; i < d; i++) {
            out->smallest = fmin(out->smallest, a[i * d + i]);
            out->largest = fmax(out->largest, a[i * d + i]);
        }
    }
}

static tril_mvn_free *normals_new(tril_params *params, const classes *set, const moments *start)
{
    tril_mvn_free *normals = tril_mvn_free_new(params, "categories", set->k, set->d);
    for (size_t c = 0; c < set->k; c++)
        tril_mvn_free_start(normals, c, start[c].mean, start[c].covariance);
    return normals;
}

/* rows whose own category has the largest of k numbers */
static double accuracy(const classes *set, const tril_real *of_rows)
{
    size_t right = 0, k = set->k;
    for (size_t i = 0; of_rows && i < set->n; i++) {
        size_t best = 0;
        for (size_t c = 1; c < k; c++)
            best = of_rows[i * k + c] > of_rows[i * k + best] ? c : best;
        right += best == set->of_row[i];
    }
    return (double)right / (double)set->n;
}

/* ---- trial by trial */

/* The store of the normals and that of the weights, so that each has its own optimizer. */
typedef struct learner {
    const classes *set;
    tril_params *params[2];
    tril_mvn_free *normals;
    tril_dense *association;
    tril_optim *natural, *sgd;
    tril_tape *tape;
} learner;

static tril_var logits(const learner *l, const tril_real *x, tril_shape shape)
{
    tril_dist p = tril_mvn_free_dist(l->normals, l->tape);
    tril_var activation = tril_exp(tril_log_prob(p, tril_input(l->tape, x, shape)));
    return tril_dense_apply(l->association, activation);
}

/* Where densities are large, so is the gradient of exp(log_prob), by the density itself. It is
 * taken as it is: the natural step bounds what it can do by the divergence of the new normal from
 * the old. */
static void trial(const learner *l, size_t row)
{
    const classes *set = l->set;
    tril_tape_reset(l->tape);
    tril_var z = logits(l, set->x + row * set->d, TRIL_SHAPE(set->d));
    tril_backward(tril_cross_entropy(z, &set->of_row[row]));
    tril_optim_step(l->natural);
    tril_optim_step(l->sgd);
}

static learner learner_new(tril_ctx *ctx, const classes *set, const moments *start, double rate)
{
    learner l = { .set = set, .params = { tril_params_new(ctx), tril_params_new(ctx) } };
    l.normals = normals_new(l.params[0], set, start);
    l.association = tril_dense_new(
        l.params[1], "association",
        &(tril_dense_opts){
            .inputs = set->k, .outputs = set->k, .init = TRIL_ZERO, .no_bias = true });
    l.natural = tril_natural_new(tril_mvn_free_loc(l.normals), tril_mvn_free_scale_tril(l.normals),
                                 &(tril_natural_opts){ .lr = rate, .lr_loc = 0.002 });
    l.sgd = tril_sgd_new(l.params[1], &(tril_sgd_opts){ .lr = 0.1, .momentum = 0.3 });
    l.tape = tril_tape_new(ctx);
    return l;
}

static void learner_free(learner *l)
{
    tril_tape_free(l->tape);
    tril_optim_free(l->natural);
    tril_optim_free(l->sgd);
    tril_params_free(l->params[0]);
    tril_params_free(l->params[1]);
}

static void learner_judge(const learner *l, outcome *out)
{
    const classes *set = l->set;
    tril_tape_reset(l->tape);
    tril_tape_record(l->tape, false);
    out->accuracy = accuracy(set, tril_value(logits(l, set->x, TRIL_SHAPE(set->n, 1, set->d))));
    const tril_real *weight = tril_param_values(tril_dense_weight(l->association));
    for (size_t i = 0; weight && i < set->k * set->k; i++)
        out->failed |= !isfinite(weight[i]);
    if (read_normals(l->normals, set->k, set->d, out->normals))
        read_eigenvalues(l->normals, set->k, set->d, out);
    out->failed |= !(out->smallest > 0);
}

void learner_run(const classes *set, const moments *start, double rate, uint64_t seed, outcome *out)
{
    memset(out, 0, sizeof *out);
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = seed });
    learner l = learner_new(ctx, set, start, rate);
    tril_random random = tril_random_stream(seed, 2);
    size_t *order = malloc(set->n * sizeof *order);
    for (size_t i = 0; order && i < set->n; i++)
        order[i] = i;
    for (int e = 0; order && e < EPOCHS; e++) {
        tril_random_shuffle(&random, order, set->n);
        for (size_t i = 0; i < set->n && !tril_ctx_failed(ctx); i++)
            trial(&l, order[i]);
    }
    learner_judge(&l, out);
    out->failed |= !order || tril_ctx_failed(ctx);
    snprintf(out->message, sizeof out->message, "%s", tril_ctx_message(ctx));
    learner_free(&l);
    tril_ctx_free(ctx);
    free(order);
}

/* ---- maximum likelihood */

/* log-densities of all rows by all normals, [n, k] */
static tril_var log_probs(const tril_mvn_free *normals, tril_tape *tape, const classes *set)
{
    tril_tape_reset(tape);
    return tril_log_prob(tril_mvn_free_dist(normals, tape),
                         tril_input(tape, set->x, TRIL_SHAPE(set->n, 1, set->d)));
}

/* the sum over categories of the mean NLL of their rows, by the weights 1/size of each row at its
 * own category: rate 1 is then Fisher scoring */
static tril_var mean_nll(tril_var log_prob, const tril_real *weights, const classes *set)
{
    tril_var w = tril_input(log_prob.tape, weights, TRIL_SHAPE(set->n, set->k));
    return tril_neg(tril_sum(tril_mul(w, log_prob)));
}

static void fit_steps(tril_mvn_free *normals, tril_tape *tape, const classes *set, size_t steps)
{
    tril_real *weights = calloc(set->n * set->k, sizeof *weights);
    tril_optim *natural =
        tril_natural_new(tril_mvn_free_loc(normals), tril_mvn_free_scale_tril(normals),
                         &(tril_natural_opts){ .lr = 1 });
    for (size_t i = 0; weights && i < set->n; i++)
        weights[i * set->k + set->of_row[i]] = (tril_real)(1 / (double)set->size[set->of_row[i]]);
    for (size_t i = 0; weights && i < steps; i++) {
        tril_backward(mean_nll(log_probs(normals, tape, set), weights, set));
        tril_optim_step(natural);
    }
    tril_optim_free(natural);
    free(weights);
}

static void fit_judge(const tril_mvn_free *normals, const tril_mvn_free *closed, tril_tape *tape,
                      const classes *set, fit *out)
{
    tril_var all = log_probs(normals, tape, set);
    const tril_real *log_prob = tril_value(all);
    *out = (fit){ .accuracy = accuracy(set, log_prob) };
    for (size_t i = 0; log_prob && i < set->n; i++)
        out->nll -= (double)log_prob[i * set->k + set->of_row[i]] / (double)set->n;
    out->kl = (double)tril_item(
        tril_mean(tril_kl(tril_mvn_free_dist(normals, tape), tril_mvn_free_dist(closed, tape))));
    read_normals(normals, set->k, set->d, out->normals);
}

bool learner_fit(const classes *set, const moments *start, size_t steps, fit *out)
{
    moments of_rows[CLASSES_MAX];
    for (size_t c = 0; c < set->k; c++)
        classes_moments(set, c, &of_rows[c]);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params[2] = { tril_params_new(ctx), tril_params_new(ctx) };
    tril_mvn_free *normals = normals_new(params[0], set, start);
    tril_mvn_free *closed = normals_new(params[1], set, of_rows);
    tril_tape *tape = tril_tape_new(ctx);
    fit_steps(normals, tape, set, steps);
    fit_judge(normals, closed, tape, set, out);
    bool done = !tril_ctx_failed(ctx);
    if (!done)
        fprintf(stderr, "%s\n", tril_ctx_message(ctx));
    tril_tape_free(tape);
    tril_params_free(params[0]);
    tril_params_free(params[1]);
    tril_ctx_free(ctx);
    return done;
}
