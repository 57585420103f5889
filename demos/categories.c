/* Categories are learned trial by trial. Each category is a normal whose density is an input of a
 * linear classifier; means and covariances follow the gradient of the cross-entropy by natural
 * steps, which keep a covariance valid at any learning rate. The last column of the file is the
 * category. Usage: categories [FILE.csv [SEED [NORMALS.txt]]]; categories.gp draws the normals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <tril/tril.h>

enum { MOST = 8, RATES = 9, EPOCHS = 5 };

typedef struct dataset {
    size_t n, d, k; /* rows, columns, categories */
    tril_real *x;
    size_t *category; /* of each row */
} dataset;

typedef struct learner {
    tril_params *normal_params, *weight_params; /* two stores, so that each has its own optimizer */
    tril_mvn_params *normals;
    tril_dense *weights;
    tril_optim *natural, *sgd;
    tril_tape *tape;
} learner;

static bool read_file(tril_ctx *ctx, const char *path, dataset *s)
{
    const char *column[MOST + 1];
    tril_table *table = tril_table_read(ctx, path, NULL);
    const size_t width = tril_table_width(table);
    for (size_t j = 0; j < width && j <= MOST; j++)
        column[j] = tril_table_name(table, j);
    *s = (dataset){ .n = tril_table_rows(table), .d = width - 1 };
    s->x = malloc((s->n * width + 1) * sizeof *s->x);
    s->category = calloc(s->n + 1, sizeof *s->category);
    const bool fits = width >= 2 && width <= MOST + 1 && s->x && s->category;
    const char *const *labels = fits ? tril_table_labels(table, column[s->d], &s->k) : NULL;
    const bool read = labels && tril_table_columns(table, column, s->d, s->x) &&
                      tril_table_classes(table, column[s->d], labels, s->k, s->category);
    tril_table_free(table);
    return read && s->k <= MOST;
}

/* Each mean starts halfway between the mean of all rows and that of its own category; each
 * covariance starts at that of all rows. */
static void initialize(const dataset *s, tril_mvn_params *normals)
{
    const size_t n = s->n, d = s->d;
    for (size_t c = 0; c < s->k; c++) {
        double mean[MOST] = { 0 }, own[MOST] = { 0 }, products[MOST * MOST] = { 0 }, rows = 0;
        for (size_t i = 0; i < n; rows += s->category[i++] == c)
            for (size_t j = 0; j < d; j++) {
                const double x = (double)s->x[i * d + j];
                mean[j] += x / (double)n, own[j] += s->category[i] == c ? x : 0;
                for (size_t l = 0; l < d; l++)
                    products[j * d + l] += x * (double)s->x[i * d + l] / (double)n;
            }
        tril_real loc[MOST], covariance[MOST * MOST];
        for (size_t j = 0; j < d * d; j++)
            covariance[j] = (tril_real)(products[j] - mean[j / d] * mean[j % d]);
        for (size_t j = 0; j < d; j++)
            loc[j] = (tril_real)((mean[j] + own[j] / rows) / 2);
        tril_mvn_params_set(normals, c, loc, covariance);
    }
}

static learner learner_new(tril_ctx *ctx, const dataset *s, double rate)
{
    learner l = { .normal_params = tril_params_new(ctx), .weight_params = tril_params_new(ctx) };
    l.normals = tril_mvn_params_new(l.normal_params, "categories", s->k, s->d);
    initialize(s, l.normals);
    l.weights = tril_dense_new(
        l.weight_params, "weights",
        &(tril_dense_opts){ .inputs = s->k, .outputs = s->k, .init = TRIL_ZERO, .no_bias = true });
    const tril_natural_opts natural = { .lr = rate, .lr_loc = 0.002 };
    l.natural = tril_natural_new(tril_mvn_params_loc(l.normals),
                                 tril_mvn_params_scale_tril(l.normals), &natural);
    l.sgd = tril_sgd_new(l.weight_params, &(tril_sgd_opts){ .lr = 0.1, .momentum = 0.3 });
    l.tape = tril_tape_new(ctx);
    return l;
}

/* x [..., d] to logits [..., k] by way of the densities */
static tril_var logits(const learner *l, const tril_real *x, tril_shape shape)
{
    tril_tape_reset(l->tape);
    tril_dist p = tril_mvn_params_dist(l->normals, l->tape);
    return tril_dense_apply(l->weights, tril_exp(tril_log_prob(p, tril_input(l->tape, x, shape))));
}

static void train(const learner *l, const dataset *s, tril_random random)
{
    for (size_t trial = 0; trial < EPOCHS * s->n; trial++) {
        const size_t i = tril_random_below(&random, s->n);
        tril_backward(
            tril_cross_entropy(logits(l, s->x + i * s->d, TRIL_SHAPE(s->d)), &s->category[i]));
        tril_optim_step(l->natural);
        tril_optim_step(l->sgd);
    }
}

/* one line of the table, and lines of rate, category, loc, scale_tril row by row */
static void report(const learner *l, const dataset *s, double rate, FILE *normals)
{
    const tril_real *z = tril_value(logits(l, s->x, TRIL_SHAPE(s->n, 1, s->d)));
    const tril_real *loc = tril_param_values(tril_mvn_params_loc(l->normals));
    const tril_real *factor = tril_param_values(tril_mvn_params_scale_tril(l->normals));
    double right = 0, least = HUGE_VAL;
    for (size_t i = 0, larger = 0; z && i < s->n; i++, right += !larger, larger = 0)
        for (size_t c = 0; c < s->k; c++)
            larger += z[i * s->k + c] > z[i * s->k + s->category[i]];
    for (size_t c = 0; z && c < s->k; c++) {
        fprintf(normals, "%g %zu", rate, c);
        for (size_t j = 0; j < s->d; j++)
            fprintf(normals, " %g", (double)*loc++);
        for (size_t j = 0; j < s->d * s->d; j++, factor++) {
            fprintf(normals, " %g", (double)*factor);
            least = j % (s->d + 1) ? least : fmin(least, (double)*factor);
        }
        fputs("\n", normals);
    }
    printf("%-22g %10.4f %24.6f\n", rate, right / (double)s->n, least);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "data/categories.csv";
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 7;
    FILE *normals = fopen(argc > 3 ? argv[3] : "/dev/null", "w");
    tril_ctx *ctx = tril_ctx_new(NULL);
    dataset s;
    const bool read = read_file(ctx, path, &s) && normals;
    if (read)
        printf("%s: %zu rows of %zu columns, %zu categories\n\n%-22s %10s %24s\n", path, s.n, s.d,
               s.k, "rate of covariances", "accuracy", "least L_ii of a factor");
    for (int i = 0; i < RATES && read && !tril_ctx_failed(ctx); i++) {
        learner l = learner_new(ctx, &s, pow(10, i - 6));
        train(&l, &s, tril_random_stream(seed, 2));
        report(&l, &s, pow(10, i - 6), normals);
        tril_tape_free(l.tape), tril_optim_free(l.natural), tril_optim_free(l.sgd);
        tril_params_free(l.normal_params), tril_params_free(l.weight_params);
    }
    if (!read || tril_ctx_failed(ctx))
        fprintf(stderr, "categories: %s\n",
                tril_ctx_failed(ctx) ? tril_ctx_message(ctx) : "1 to 8 columns, 2 to 8 labels");
    const bool failed = !read || tril_ctx_failed(ctx) || fclose(normals) || fflush(stdout);
    free(s.x), free(s.category);
    tril_ctx_free(ctx);
    return failed;
}
