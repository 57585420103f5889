/* Categories are learned trial by trial: each is a normal whose mean and covariance move with every
 * trial, whatever the learning rate, and its density is the input of a linear classifier. Beside it
 * the same normals by maximum likelihood. `categories --help` says how to use it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/gallery.h"
#include "common/options.h"
#include "common/progress.h"
#include "common/text.h"

enum { RATES = 9, FIT_STEPS = 500, SWEEP_ROWS = 200 };

typedef struct options {
    bool sweep;
    const char *pictures; /* folder; NULL for none */
    uint64_t seed;
    size_t seeds; /* of the sweep */
} options;

/* data/categories.csv: the normals that its rows were drawn from, and the start of its learner */
#define MOMENTS(x, y, xx, xy, yy)                                                                  \
    {                                                                                              \
        { (tril_real)(x), (tril_real)(y) },                                                        \
        {                                                                                          \
            (tril_real)(xx), (tril_real)(xy), (tril_real)(xy), (tril_real)(yy)                     \
        }                                                                                          \
    }
static const moments truth[2] = { MOMENTS(-0.5, 0.25, 0.0185, -0.005, 0.065),
                                  MOMENTS(-0.25, -0.6, 0.0125, 0.005, 0.005) };
static const moments known_start[2] = { MOMENTS(-0.25, 0.05, 0.02, 0, 0.02),
                                        MOMENTS(-0.15, -0.25, 0.02, 0, 0.02) };

static const char *const ours[] = { "data/categories.csv", "data/iris.csv" };

static double rate_of(size_t i)
{
    return pow(10, (double)i - 6);
}

/* ---- the sweep: data drawn anew for each seed */

static int sweep(const options *o)
{
    size_t runs = 0, failures = 0;
    puts("rate,seed,accuracy,failed");
    progress p = progress_begin("run", RATES * o->seeds, 0);
    for (size_t i = 0; i < RATES; i++)
        for (uint64_t seed = 1; seed <= o->seeds; seed++) {
            classes set;
            outcome out;
            if (!classes_draw(&set, truth, 2, SWEEP_ROWS, seed))
                return classes_free(&set), 1;
            learner_run(&set, known_start, rate_of(i), seed, &out);
            classes_free(&set);
            printf("%g,%llu,%.4f,%d\n", rate_of(i), (unsigned long long)seed, out.accuracy,
                   out.failed);
            if (out.failed)
                fprintf(stderr, "categories: rate %g, seed %llu: %s\n", rate_of(i),
                        (unsigned long long)seed, out.message);
            failures += out.failed;
            progress_show(&p, ++runs, "rate %g", rate_of(i));
        }
    progress_end(&p);
    return failures > 0;
}

/* ---- one file */

/* Halfway between the mean of all rows and that of the category's own, with the covariance of all
 * rows. */
static void halfway(const classes *set, moments *start)
{
    moments all;
    classes_moments(set, set->k, &all);
    for (size_t c = 0; c < set->k; c++) {
        classes_moments(set, c, &start[c]);
        for (size_t j = 0; j < set->d; j++)
            start[c].mean[j] = (start[c].mean[j] + all.mean[j]) / 2;
        memcpy(start[c].covariance, all.covariance, sizeof all.covariance);
    }
}

static bool learn(const classes *set, const moments *start, const options *o, outcome *out)
{
    progress p = progress_begin("rate", RATES, 0);
    bool fine = true;
    for (size_t i = 0; i < RATES; i++) {
        learner_run(set, start, rate_of(i), o->seed, &out[i]);
        if (out[i].failed)
            fprintf(stderr, "categories: rate %g: %s\n", rate_of(i), out[i].message);
        fine &= !out[i].failed;
        progress_show(&p, i + 1, "accuracy %.4f", out[i].accuracy);
    }
    progress_end(&p);
    return fine;
}

static void print_learned(const char *path, const classes *set, const outcome *out)
{
    printf("\n%s: %zu rows of %zu columns, %zu categories\n", text_shown(path), set->n, set->d,
           set->k);
    printf("trial by trial: five epochs, means' rate 0.002, weights' rate 0.1 with momentum 0.3\n");
    printf("\n%-22s %10s %22s %12s\n", "rate of covariances", "accuracy", "smallest eigenvalue",
           "largest");
    for (size_t i = 0; i < RATES; i++)
        printf("%-22g %10.4f %22.5f %12.5f\n", rate_of(i), out[i].accuracy, out[i].smallest,
               out[i].largest);
}

/* The four judged alike: the start, the fit by steps, the closed form, and the truth if known. */
static bool fit_all(const classes *set, const moments *start, bool known, fit f[4])
{
    moments closed[CLASSES_MAX];
    for (size_t c = 0; c < set->k; c++)
        classes_moments(set, c, &closed[c]);
    return learner_fit(set, start, 0, &f[0]) && learner_fit(set, start, FIT_STEPS, &f[1]) &&
           learner_fit(set, closed, 0, &f[2]) && (!known || learner_fit(set, truth, 0, &f[3]));
}

static void print_fits(const fit f[4], bool known)
{
    static const char *const name[] = { "start", NULL, "closed form", "truth" };
    char steps[32];
    snprintf(steps, sizeof steps, "%d natural steps", FIT_STEPS);
    printf("\n%-22s %10s %22s %12s\n", "maximum likelihood", "accuracy", "NLL, nats per row",
           "divergence");
    for (int i = 0; i < 3 + known; i++)
        printf("%-22s %10.4f %22.4f %12.5f\n", name[i] ? name[i] : steps, f[i].accuracy, f[i].nll,
               f[i].kl);
}

static bool draw(const char *path, const classes *set, const moments *start, bool known,
                 const outcome *out, const fit *f, const options *o)
{
    const gallery_panel panels[] = {
        { known ? "truth" : "closed form", known ? truth : f[2].normals },
        { "before", start },
        { "maximum likelihood", f[1].normals },
        { "after, rate 0.0001", out[2].normals },
        { "after, rate 0.1", out[5].normals },
        { "after, rate 100", out[8].normals },
    };
    char file[512];
    bool drawn = gallery_draw(o->pictures, path, set, panels, file, sizeof file);
    if (drawn)
        printf("\npicture: %s\n", text_shown(file));
    return drawn;
}

/* exit status: 0, 1 where training failed, 2 where the input is bad */
static int run_on(const char *path, const classes *set, const options *o)
{
    bool known = strcmp(path, ours[0]) == 0 && set->k == 2 && set->d == 2;
    static outcome out[RATES];
    static fit f[4];
    moments start[CLASSES_MAX];
    halfway(set, start);
    if (known)
        memcpy(start, known_start, sizeof known_start);
    if (!fit_all(set, start, known, f))
        return fprintf(stderr, "categories: %s: not every category has a covariance\n",
                       text_shown(path)),
               2;
    bool done = learn(set, start, o, out);
    print_learned(path, set, out);
    print_fits(f, known);
    if (done && o->pictures)
        done = draw(path, set, start, known, out, f, o);
    return !done;
}

static int run(const char *path, const options *o)
{
    classes set;
    tril_ctx *ctx = tril_ctx_new(NULL);
    int status = classes_read(&set, ctx, path) ? run_on(path, &set, o) : 2;
    if (tril_ctx_failed(ctx))
        fprintf(stderr, "categories: %s\n", tril_ctx_message(ctx));
    classes_free(&set);
    tril_ctx_free(ctx);
    return status;
}

static int usage(FILE *to, int status)
{
    fputs(
        "usage: categories [options] [FILE.csv ...]\n"
        "Learns a normal for each category, trial by trial at nine learning rates and by maximum "
        "likelihood:\n"
        "by default those of data/categories.csv, then of data/iris.csv. The last column of a file "
        "is the category.\n"
        "  --sweep          print rate,seed,accuracy,failed lines instead: data drawn anew for "
        "each seed\n"
        "  --seeds N        that many seeds in the sweep (default 20)\n"
        "  --pictures DIR   draw DIR/NAME.png for NAME.csv (needs gnuplot)\n"
        "  --seed N         of the order of trials (default 7)\n"
        "Exit status: 0, 1 if training failed, 2 for wrong use or bad input.\n",
        to);
    return status;
}

static bool parse_option(options *o, int which)
{
    unsigned long long number = 0;
    switch (which) {
    case 'w':
        return o->sweep = true;
    case 'p':
        return option_pictures("categories", optarg, &o->pictures);
    case 'n':
        return option_number("categories", "seeds", optarg, 1, 1000000, &number) &&
               (o->seeds = (size_t)number);
    case 's':
        return option_number("categories", "seed", optarg, 0, UINT64_MAX, &number) &&
               ((o->seed = number), true);
    default:
        usage(stderr, 2);
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        { "sweep", no_argument, NULL, 'w' },          { "seeds", required_argument, NULL, 'n' },
        { "pictures", required_argument, NULL, 'p' }, { "seed", required_argument, NULL, 's' },
        { "help", no_argument, NULL, 'h' },           { 0 }
    };
    options o = { .seed = 7, .seeds = 20 };
    for (int which; (which = option_next("categories", argc, argv, ":", known)) != -1;) {
        if (which == 'h')
            return usage(stdout, 0);
        if (!parse_option(&o, which))
            return 2;
    }
    int n = argc - optind, status = 0;
    if (o.sweep)
        return n ? usage(stderr, 2) : output_status("categories", sweep(&o));
    for (int i = 0; i < (n ? n : 2) && status == 0; i++)
        status = run(n ? argv[optind + i] : ours[i], &o);
    return output_status("categories", status);
}
