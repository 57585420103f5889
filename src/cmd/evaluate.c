/* tril evaluate: how good a model is, and whether it is as sure as it ought to be. */
#include <math.h>
#include <stdio.h>

#include "cmd/calibration.h"
#include "cmd/classes.h"
#include "cmd/commands.h"
#include "cmd/csv.h"
#include "cmd/options.h"
#include "cmd/plots.h"
#include "cmd/summary.h"
#include "cmd/text.h"

static const char program[] = "tril evaluate";

static void print_shares(const char *what, const double *share)
{
    printf("\n%-27s", what);
    for (size_t k = 0; k < COVERAGES; k++)
        printf(" %8.1f %%", 100 * share[k]);
}

static void print_sharpness(const char *of, double sd)
{
    if (isnan(sd)) /* infinite in all rows */
        printf("%-26s %10s\n", of, "-");
    else
        printf("%-26s %10.4g\n", of, sd);
}

static void print_calibration(const tril_model_info *about, const calibration *c)
{
    double error[COVERAGES];
    for (size_t k = 0; k < COVERAGES; k++)
        error[k] = sqrt(coverage_levels[k] * (1 - coverage_levels[k]) / c->rows);
    print_shares("region that should hold", coverage_levels);
    print_shares("holds this share of rows", c->coverage);
    print_shares("standard error where right", error);
    if (about->conformal) {
        print_shares("calibrated, it holds", c->calibrated);
        printf("\ncalibrated intervals of");
        for (size_t j = 0; j < about->n_targets; j++)
            print_shares(text_shown(about->targets[j]), c->interval + j * COVERAGES);
    }
    printf("\n\nrows in each tenth of their distribution, in %%: 10 each is right\n");
    for (size_t j = 0; j < about->n_targets; j++) {
        printf("%-26s", text_shown(about->targets[j]));
        for (size_t b = 0; b < PIT_BINS; b++)
            printf(" %5.1f", 100 * c->pit[j * PIT_BINS + b]);
        printf("\n");
    }
    printf("\nsharpness: mean standard deviation\n");
    for (size_t j = 0; j < about->n_targets; j++)
        print_sharpness(text_shown(about->targets[j]), c->sd[j]);
    if (about->n_targets > 1)
        print_sharpness("along the axes, geometric", c->spread);
}

static void print_calibration_csv(const tril_model_info *about, const calibration *c)
{
    for (size_t k = 0; k < COVERAGES; k++)
        csv_figure("all", "coverage", NULL, coverage_levels[k], c->coverage[k]);
    for (size_t k = 0; k < COVERAGES && about->conformal; k++)
        csv_figure("all", "calibrated", NULL, coverage_levels[k], c->calibrated[k]);
    for (size_t j = 0; j < about->n_targets; j++) {
        for (size_t b = 0; b < PIT_BINS; b++) {
            char measure[16];
            snprintf(measure, sizeof measure, "pit_%zu", b + 1);
            csv_figure("all", measure, about->targets[j], 0, c->pit[j * PIT_BINS + b]);
        }
        csv_figure("all", "sd", about->targets[j], 0, c->sd[j]);
        for (size_t k = 0; k < COVERAGES && about->conformal; k++) {
            char measure[24];
            snprintf(measure, sizeof measure, "calibrated_%g", coverage_levels[k]);
            csv_figure("all", measure, about->targets[j], 0, c->interval[j * COVERAGES + k]);
        }
    }
    csv_figure("all", "spread", "", 0, c->spread);
}

static bool evaluate(const loaded *l, const char *data, size_t worst, bool csv)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    figures f = { 0 };
    calibration c = { 0 };
    bool done =
        figures_of(l->model, "all", &l->rows, &f) && (about->labels || calibration_of(l, &c));
    if (done && csv) {
        figures_print_csv(l->model, &f, 1);
        if (!about->labels)
            print_calibration_csv(about, &c);
    } else if (done) {
        printf("%s: %zu rows", text_shown(data), l->rows.n);
        if (l->rows.w)
            printf(", which count as %.6g", load_count(l));
        printf("\n");
        figures_print_bounds(about, &l->rows, 1);
        figures_print(l->model, &f, 1);
        if (!about->labels)
            print_calibration(about, &c);
    }
    done = done && (!about->labels || classes_print_shares(l, csv));
    figures_free(&f);
    calibration_free(&c);
    return done && (!worst || figures_print_worst(l->model, NULL, l->table, &l->rows, worst, csv));
}

static int usage(void)
{
    printf("usage: tril evaluate [options] MODEL DATA.csv\n"
           "Judges a model by the rows of DATA.csv (-: standard input), which should not be\n"
           "those it was trained on: NLL per row beside the baselines of its training, RMSE,\n"
           "the shares of rows within regions of highest density, those of a calibrated model\n"
           "too, and in tenths of their distributions, and sharpness. Of classes: NLL,\n"
           "accuracy, Brier score, and how likely each is said to be.\n\n"
           "  --csv                 lines of rows,measure,of,value\n"
           "  --worst N             the N rows that are least likely, by line\n"
           "  --plot FILE           a picture too, .png, .svg or .pdf, as tril plot draws "
           "it\n" LOAD_HELP JUDGE_HELP
           "  --strict              a label that the model has not seen is an error; default:\n"
           "                        it counts as the training rows' shares\n"
           "Exit status: 0, 1 if it failed, 2 for wrong use or bad input.\n");
    return STATUS_DONE;
}

static int run(const char *model, const char *data, const load_opts *rows, const char *picture,
               size_t worst, bool csv)
{
    loaded l = { 0 };
    int status = picture ? picture_check(program, model, data, "--plot", picture) : STATUS_DONE;
    if (status != STATUS_DONE)
        return status;
    bool done = load_model(&l, model, 0) && load_rows(&l, data, rows) &&
                evaluate(&l, data, worst, csv) &&
                (!picture || picture_draw(&l, program, picture, NULL));
    status = load_status(&l, program, done);
    load_free(&l);
    return output_status(program, status);
}

int evaluate_command(int argc, char **argv)
{
    static const struct option known[] = { { "csv", no_argument, NULL, 'c' },
                                           LOAD_OPTIONS,
                                           JUDGE_OPTIONS,
                                           { "plot", required_argument, NULL, 'p' },
                                           { "worst", required_argument, NULL, 'o' },
                                           { "help", no_argument, NULL, 'h' },
                                           { 0 } };
    load_opts rows = { .program = program };
    const char *picture = NULL;
    unsigned long long worst = 0;
    bool csv = false;
    for (int which; (which = option_next(program, argc, argv, ":h", known)) != -1;) {
        if (which == 'h')
            return output_status(program, usage());
        if (which == '?')
            return STATUS_WRONG;
        csv |= which == 'c';
        load_option(&rows, which, optarg);
        picture = which == 'p' ? optarg : picture;
        if (which == 'o' && !option_number(program, "worst", optarg, 1, 1000000000, &worst))
            return STATUS_WRONG;
    }
    if (argc - optind == 2)
        return run(argv[optind], argv[optind + 1], &rows, picture, (size_t)worst, csv);
    fprintf(stderr, "%s: want a model and a CSV file, or - for standard input; --help says more\n",
            program);
    return STATUS_WRONG;
}
