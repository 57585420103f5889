/* A network learns the distribution of points in space: from quakes.csv with its input held fixed,
 * where the best possible answer is known in closed form, and from points.csv, where the
 * distribution depends on two inputs and the truth is known. Prints what was learned beside two
 * baselines, and draws it. `points --help` says how to use it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dataset.h"
#include "common/options.h"
#include "common/portrait.h"
#include "common/progress.h"
#include "common/text.h"

enum { HIDDEN = 64, BATCH = 100 };

typedef struct options {
    bool csv;
    const char *pictures; /* folder; NULL for none */
    size_t epochs;
    uint64_t seed;
    job own; /* what to learn from a file that is not one of ours */
} options;

typedef struct network {
    tril_params *params;
    tril_network net;
} network;

/* mean NLL per row and its standard error, in the data's units */
typedef struct figure {
    double nll, error;
} figure;

typedef struct result {
    figure diagonal[2], full[2], learned[2], truth[2]; /* training rows, validation rows */
    curve loss;
    double seconds;
} result;

/* ---- a model and its NLL */

static network network_new(tril_ctx *ctx, const dataset *set, size_t hidden, tril_init init)
{
    network made = { .params = tril_params_new(ctx), .net = { .targets = set->targets.n } };
    made.net.mlp = tril_mlp_new(made.params, "net",
                                &(tril_mlp_opts){ .inputs = set->input_width,
                                                  .hidden = { hidden, hidden },
                                                  .outputs = tril_head_width(set->targets.n, NULL),
                                                  .init = init });
    return made;
}

static tril_rows rows_of(const rows *part)
{
    return (tril_rows){ part->x, part->y, part->n };
}

/* of the network's densities, or, without one, of the true ones */
static figure figure_of(const tril_network *net, const rows *part, const dataset *set)
{
    double *nll = malloc((part->n + 1) * sizeof *nll);
    tril_average average = { (double)NAN, (double)NAN };
    if (nll && net && tril_judge(net, 1, rows_of(part), &(tril_verdict){ .nll = nll }))
        average = tril_average_of(nll, 1, part->n);
    for (size_t i = 0; nll && !net && i < part->n; i++)
        nll[i] = -(double)part->log_prob[i];
    if (nll && !net)
        average = tril_average_of(nll, 1, part->n);
    free(nll);
    return (figure){ average.mean + (net ? set->log_scale : 0), average.error };
}

/* A linear layer of weights zero is one distribution for all rows. With its bias zero, it is the
 * standard normal, which on scaled columns is the diagonal fit; with its bias started at the
 * Gaussian fit, it is the full one. */
static void baseline(tril_ctx *ctx, const dataset *set, bool full, figure out[2])
{
    network made = network_new(ctx, set, 0, TRIL_ZERO);
    if (full)
        tril_head_start(tril_mlp_last(made.net.mlp), set->train.y, set->train.n, set->targets.n,
                        NULL);
    out[0] = figure_of(&made.net, &set->train, set);
    out[1] = figure_of(&made.net, &set->validation, set);
    tril_params_free(made.params);
}

/* ---- training */

typedef struct watched {
    progress shown;
    curve *loss;
    double log_scale;
} watched;

static bool watch(const tril_fit_figures *now, void *user)
{
    watched *w = user;
    w->loss->train[now->epoch - 1] = now->train_nll + w->log_scale;
    w->loss->validation[now->epoch - 1] = now->validation_nll + w->log_scale;
    progress_show(&w->shown, now->epoch, "NLL training %.4f, validation %.4f",
                  now->train_nll + w->log_scale, now->validation_nll + w->log_scale);
    return true;
}

/* Adam, its learning rate falling to zero along a cosine. No row of the validation set has a say in
 * it. With the input fixed the Gaussian fit is the answer itself: there the network starts without
 * it. */
static bool train(const network *made, const dataset *set, const options *o, result *r)
{
    watched w = { progress_begin("epoch", o->epochs, 4), &r->loss, set->log_scale };
    tril_fit *fit = tril_fit_new(&made->net, rows_of(&set->train),
                                 &(tril_fit_opts){ .epochs = o->epochs,
                                                   .batch = BATCH,
                                                   .seed = o->seed,
                                                   .lr = 3e-3,
                                                   .schedule = { .kind = TRIL_COSINE },
                                                   .validation = rows_of(&set->validation),
                                                   .keep_last = true,
                                                   .no_start = !set->inputs.n });
    bool done = tril_fit_run(fit, watch, &w);
    r->seconds = progress_end(&w.shown);
    tril_fit_free(fit);
    return done;
}

static void print_row(const char *name, const figure f[2])
{
    printf("%-26s %10.4f +- %.4f %12.4f +- %.4f\n", name, f[0].nll, f[0].error, f[1].nll,
           f[1].error);
}

static void print_result(const dataset *set, const result *r)
{
    printf("\nNLL, nats per row %21s %22s\n", "training", "validation");
    print_row("diagonal normal", r->diagonal);
    print_row("full normal, closed form", r->full);
    print_row("network", r->learned);
    if (set->train.log_prob)
        print_row("truth", r->truth);
}

/* name,value lines: the fits are judged on the rows they were made from, the truth on the rows held
 * out */
static void print_csv(const char *path, const dataset *set, const result *r)
{
    printf("file,%s\n", text_shown(path));
    printf("nll_train,%.6f\nnll_validation,%.6f\n", r->learned[0].nll, r->learned[1].nll);
    printf("nll_diagonal,%.6f\nnll_full,%.6f\n", r->diagonal[0].nll, r->full[0].nll);
    printf("nll_diagonal_validation,%.6f\nnll_full_validation,%.6f\n", r->diagonal[1].nll,
           r->full[1].nll);
    if (set->train.log_prob)
        printf("nll_truth,%.6f\nnll_truth_train,%.6f\n", r->truth[1].nll, r->truth[0].nll);
}

/* ---- one file, and all of them */

static const struct {
    const char *file;
    job what;
} presets[] = {
    { "quakes.csv", { { { 0 }, 0 }, { { "lat", "long", "depth" }, 3 }, NULL } },
    { "points.csv", { { { "u", "v" }, 2 }, { { "x", "y", "z" }, 3 }, "log_prob" } },
};

/* the columns asked for, or those of a file that we know */
static bool job_of(const char *path, const options *o, job *what)
{
    *what = o->own;
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    for (size_t i = 0; !o->own.targets.n && i < sizeof presets / sizeof *presets; i++)
        if (strcmp(name, presets[i].file) == 0)
            *what = presets[i].what;
    if (!what->targets.n)
        fprintf(stderr, "points: %s is not a file of ours: say --targets a,b,c\n",
                text_shown(path));
    return what->targets.n > 0;
}

static void print_job(const char *path, const dataset *set, const options *o, const result *r)
{
    printf("\n%s: %zu rows to train on, %zu to validate; targets", text_shown(path), set->train.n,
           set->validation.n);
    for (size_t i = 0; i < set->targets.n; i++)
        printf("%s%s", i ? ", " : " ", text_shown(set->targets.name[i]));
    printf("; %s", set->inputs.n ? "inputs" : "input held fixed");
    for (size_t i = 0; i < set->inputs.n; i++)
        printf("%s%s", i ? ", " : " ", text_shown(set->inputs.name[i]));
    printf("\n%zu epochs in %.1f s\n", o->epochs, r->seconds);
}

/* figures of the network, the baselines and the truth, on training and validation rows */
static bool judge(tril_ctx *ctx, const network *made, const dataset *set, result *r)
{
    const rows *parts[2] = { &set->train, &set->validation };
    baseline(ctx, set, false, r->diagonal);
    baseline(ctx, set, true, r->full);
    for (int k = 0; k < 2; k++) {
        r->learned[k] = figure_of(&made->net, parts[k], set);
        if (parts[k]->log_prob)
            r->truth[k] = figure_of(NULL, parts[k], set);
    }
    bool known = set->train.log_prob;
    r->loss.level = known ? r->truth[1].nll : r->full[0].nll;
    r->loss.level_name = known ? "truth, validation" : "full normal in closed form, training";
    return !tril_ctx_failed(ctx);
}

static bool describe(const network *made, const dataset *set, learned *l)
{
    tril_real x[LEARNED_MOST * DATASET_MAX_COLUMNS];
    return learned_inputs(set, x) && learned_read(l, set, x, &made->net);
}

static bool draw(const char *path, const dataset *set, const options *o, const result *r,
                 const learned *l)
{
    char file[512];
    bool drawn = portrait_draw(o->pictures, path, set, l, &r->loss, file, sizeof file);
    if (drawn)
        fprintf(o->csv ? stderr : stdout, "\npicture: %s\n", text_shown(file));
    return drawn;
}

/* trains on a set that has been read, prints and draws */
static bool run_on(tril_ctx *ctx, const char *path, const dataset *set, const options *o)
{
    double *memory = malloc(2 * o->epochs * sizeof *memory);
    if (!memory) {
        fprintf(stderr, "points: out of memory\n");
        return false;
    }
    result r = { .loss = {
                     .epochs = o->epochs, .train = memory, .validation = memory + o->epochs } };
    learned l[LEARNED_MOST];
    network made = network_new(ctx, set, HIDDEN, TRIL_INIT_DEFAULT);
    bool done = train(&made, set, o, &r) && judge(ctx, &made, set, &r) && describe(&made, set, l);
    if (done && o->csv) {
        print_csv(path, set, &r);
    } else if (done) {
        print_job(path, set, o, &r);
        for (size_t k = 0; k < learned_count(set); k++)
            learned_print(&l[k], set);
        print_result(set, &r);
    }
    if (done && o->pictures)
        done = draw(path, set, o, &r, l);
    tril_params_free(made.params);
    free(memory);
    return done;
}

/* exit status: 0, 1 where training failed, 2 where the input is bad */
static int run(const char *path, const options *o)
{
    dataset set;
    job what;
    if (!job_of(path, o, &what))
        return 2;
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = o->seed });
    int status = dataset_read(&set, ctx, path, &what, o->seed) ? 0 : 2;
    if (status == 0 && !run_on(ctx, path, &set, o))
        status = 1;
    if (tril_ctx_failed(ctx))
        fprintf(stderr, "points: %s\n", tril_ctx_message(ctx));
    dataset_free(&set);
    tril_ctx_free(ctx);
    return status;
}

static int usage(FILE *to, int status)
{
    fputs("usage: points [options] [FILE.csv ...]\n"
          "Learns the distribution of points: by default of data/quakes.csv with the input held "
          "fixed, then of\n"
          "data/points.csv given its inputs.\n"
          "  --csv            print final figures as name,value lines\n"
          "  --pictures DIR   draw DIR/NAME.png for NAME.csv (needs gnuplot)\n"
          "  --epochs N       passes over the training rows (default 100)\n"
          "  --seed N         of split, weights and order (default 7)\n"
          "  --targets A,B,C  columns to learn, of a file of your own\n"
          "  --inputs U,V     columns that they depend on\n"
          "  --truth COLUMN   the true log-density of the targets, if it is known\n"
          "Exit status: 0, 1 if training failed, 2 for wrong use or bad input.\n",
          to);
    return status;
}

static bool parse_option(options *o, int which)
{
    unsigned long long number = 0;
    switch (which) {
    case 'c':
        return o->csv = true;
    case 'p':
        return option_pictures("points", optarg, &o->pictures);
    case 'e':
        return option_number("points", "epochs", optarg, 1, 1000000, &number) &&
               (o->epochs = (size_t)number);
    case 's':
        return option_number("points", "seed", optarg, 0, UINT64_MAX, &number) &&
               ((o->seed = number), true);
    case 'l':
        return (o->own.truth = optarg) != NULL;
    case 't':
    case 'i':
        return column_list_parse(which == 't' ? &o->own.targets : &o->own.inputs, optarg) ||
               (fprintf(stderr, "points: want one to %d names of columns\n", DATASET_MAX_COLUMNS),
                false);
    default:
        usage(stderr, 2);
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option known[] = { { "csv", no_argument, NULL, 'c' },
                                           { "pictures", required_argument, NULL, 'p' },
                                           { "epochs", required_argument, NULL, 'e' },
                                           { "seed", required_argument, NULL, 's' },
                                           { "targets", required_argument, NULL, 't' },
                                           { "inputs", required_argument, NULL, 'i' },
                                           { "truth", required_argument, NULL, 'l' },
                                           { "help", no_argument, NULL, 'h' },
                                           { 0 } };
    static const char *const ours[] = { "data/quakes.csv", "data/points.csv" };
    options o = { .epochs = 100, .seed = 7 };
    for (int which; (which = option_next("points", argc, argv, ":", known)) != -1;) {
        if (which == 'h')
            return usage(stdout, 0);
        if (!parse_option(&o, which))
            return 2;
    }
    int n = argc - optind, status = 0;
    for (int i = 0; i < (n ? n : 2) && status == 0; i++)
        status = run(n ? argv[optind + i] : ours[i], &o);
    return output_status("points", status);
}
