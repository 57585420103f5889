/* A network learns the distribution of some columns of a CSV file given others, and is compared
 * with the simple fits that it must beat. Usage: points [FILE.csv TARGETS [INPUTS]], names joined
 * by commas, INPUTS "" for none. By default it learns two files: data/quakes.csv without inputs,
 * where the best answer is known in closed form, and data/points.csv, where the truth is known. The
 * models are written to build/pictures, for `tril plot`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tril/tril.h>

enum { MOST = 32, PARTS = 2 }; /* columns; training and validation rows */

typedef struct columns {
    const char *name[MOST];
    size_t n;
} columns;

/* splits "a,b,c" in place */
static columns columns_of(char *text)
{
    columns c = { 0 };
    for (char *name = strtok(text, ","); name && c.n < MOST; name = strtok(NULL, ","))
        c.name[c.n++] = name;
    return c;
}

static bool train(const tril_model *model, const tril_dataset part[PARTS])
{
    tril_fit *fit = tril_fit_new(
        tril_model_get_info(model)->networks, (tril_batch){ part[0].x, part[0].y, part[0].n },
        &(tril_fit_opts){ .epochs = 100,
                          .batch = 100,
                          .lr = 3e-3,
                          .schedule = { .kind = TRIL_COSINE },
                          .validation = { part[1].x, part[1].y, part[1].n },
                          .keep_last = true,
                          .seed = 7 });
    bool trained = tril_fit_run(fit, NULL, NULL);
    tril_fit_free(fit);
    return trained;
}

/* the mean NLL of each part's rows and its standard error */
static void print_nll(const tril_model *model, const char *name, const tril_network *networks,
                      size_t n, const tril_dataset part[PARTS])
{
    printf("%-28s", name);
    for (int i = 0; i < PARTS; i++) {
        double *nll = malloc((part[i].n + 1) * sizeof *nll);
        tril_batch rows = { part[i].x, part[i].y, part[i].n };
        if (nll &&
            tril_model_evaluate(model, networks, n, rows, &(tril_evaluation){ .nll = nll })) {
            tril_mean_se mean = tril_mean_se_of(nll, 1, NULL, part[i].n);
            printf(" %10.4f +- %.4f", mean.mean, mean.error);
        }
        free(nll);
    }
    puts("");
}

static void print_table(const tril_model *model, const tril_dataset part[PARTS])
{
    static const char *const name[TRIL_BASELINES] = { "diagonal normal", "full normal",
                                                      "linear mean, one normal" };
    const tril_model_info *info = tril_model_get_info(model);
    printf("\n%-28s %20s %20s\n", "NLL, nats per row", "training", "validation");
    for (int i = 0; i < TRIL_BASELINES; i++)
        print_nll(model, name[i], &info->baselines[i], 1, part);
    print_nll(model, "network", info->networks, info->n_networks, part);
}

/* a column of log-densities, the truth of a made data set */
static void print_truth(const tril_table *table, const tril_dataset part[PARTS])
{
    tril_real *log_prob = malloc((tril_table_rows(table) + 1) * sizeof *log_prob);
    if (log_prob && tril_table_columns(table, (const char *[]){ "log_prob" }, 1, log_prob)) {
        printf("%-28s", "truth");
        for (int i = 0; i < PARTS; i++) {
            double sum = 0;
            for (size_t j = 0; j < part[i].n; j++)
                sum -= (double)log_prob[part[i].row[j]];
            printf(" %10.4f%10s", sum / (double)part[i].n, "");
        }
        puts("");
    }
    free(log_prob);
}

static bool save(tril_ctx *ctx, const tril_model *model, const char *folder, const char *data)
{
    char path[512];
    const char *name = strrchr(data, '/') ? strrchr(data, '/') + 1 : data;
    snprintf(path, sizeof path, "%s/%.*s.safetensors", folder, (int)strcspn(name, "."), name);
    tril_tensors *file = tril_tensors_new(ctx);
    bool saved = tril_tensors_put_model(file, model) && tril_tensors_write(file, path);
    if (saved)
        printf("\nmodel: %s\n\n", path);
    tril_tensors_free(file);
    return saved;
}

/* trains on four fifths of the rows */
static bool learn(const char *folder, const char *path, columns targets, const columns *inputs)
{
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 7 });
    tril_table *table = tril_table_read(ctx, path, NULL);
    const size_t n = tril_table_rows(table), held = n / 5;
    size_t *row = malloc((n + 1) * sizeof *row);
    for (size_t i = 0; row && i < n; i++)
        row[i] = i;
    tril_random random = tril_random_stream(7, 1);
    tril_random_shuffle(&random, row, row ? n : 0);
    tril_model *model = tril_model_new(table, row, n - held,
                                       &(tril_model_opts){ .targets = targets.name,
                                                           .n_targets = targets.n,
                                                           .inputs = inputs ? inputs->name : NULL,
                                                           .n_inputs = inputs ? inputs->n : 0,
                                                           .mlp = { .hidden = { 64, 64 } } });
    tril_dataset part[PARTS] = { { 0 } };
    bool done = row && tril_model_dataset(model, table, row, n - held, NULL, &part[0]) &&
                tril_model_dataset(model, table, row + n - held, held, NULL, &part[1]);
    if (done) {
        printf("%s: %zu rows to train on, %zu to validate\n", path, part[0].n, part[1].n);
        done = train(model, part);
        print_table(model, part);
        if (tril_table_has(table, "log_prob"))
            print_truth(table, part);
        done = save(ctx, model, folder, path);
    }
    if (tril_ctx_failed(ctx))
        fprintf(stderr, "points: %s\n", tril_ctx_message(ctx));
    tril_dataset_free(&part[0]), tril_dataset_free(&part[1]);
    tril_model_free(model), tril_table_free(table), tril_ctx_free(ctx);
    free(row);
    return done;
}

int main(int argc, char **argv)
{
    columns inputs = columns_of(argc > 4 ? argv[4] : (char[]){ "" });
    if (argc != 2 && argc != 4 && argc != 5)
        return fputs("usage: points FOLDER [FILE.csv TARGETS [INPUTS]]\n", stderr), 2;
    if (argc > 2)
        return !learn(argv[1], argv[2], columns_of(argv[3]), argc > 4 ? &inputs : NULL);
    return !(learn(argv[1], "data/quakes.csv", (columns){ { "lat", "long", "depth" }, 3 },
                   &(columns){ 0 }) &&
             learn(argv[1], "data/points.csv", (columns){ { "x", "y", "z" }, 3 },
                   &(columns){ { "u", "v" }, 2 })) ||
           fflush(stdout);
}
