/* tril plot: a picture of a model over the rows of a CSV file. */
#include <stdio.h>

#include "cmd/commands.h"
#include "cmd/options.h"
#include "cmd/plots.h"

static const char program[] = "tril plot";

static int usage(void)
{
    printf("usage: tril plot [options] MODEL DATA.csv -o PICTURE\n"
           "Draws a model over the rows of DATA.csv (-: standard input): of one target bands\n"
           "that should hold 50 %% and 90 %% of the rows; of several targets the smallest\n"
           "regions that should, for each pair of the first three, at a tenth, half and nine\n"
           "tenths of the rows' order; calibration; and the loss of the training. Needs\n"
           "gnuplot.\n\n"
           "  -o, --output FILE     .png, .svg or .pdf (needed)\n"
           "  --by COLUMN           the input that rows are ordered by; default: the only\n"
           "                        one, or the mean of the first target\n" LOAD_HELP JUDGE_HELP
           "  --strict              a label that the model has not seen is an error; default:\n"
           "                        it counts as the training rows' shares\n"
           "TRIL_PLOT_SECONDS=N in the environment gives gnuplot N seconds; default: 60.\n"
           "Exit status: 0, 1 if it failed, 2 for wrong use or bad input.\n");
    return output_status(program, STATUS_DONE);
}

static int run(const char *model, const char *data, const char *picture, const char *by,
               const load_opts *rows)
{
    loaded l = { 0 };
    int status = picture_check(program, model, data, "--output", picture);
    if (status != STATUS_DONE)
        return status;
    if (load_model(&l, model, 0) && by && !picture_knows(&l, program, by))
        status = STATUS_WRONG;
    else
        status = load_status(&l, program,
                             l.model && load_rows(&l, data, rows) &&
                                 picture_draw(&l, program, picture, by));
    load_free(&l);
    return status;
}

int plot_command(int argc, char **argv)
{
    static const struct option known[] = { { "output", required_argument, NULL, 'o' },
                                           { "by", required_argument, NULL, 'b' },
                                           LOAD_OPTIONS,
                                           JUDGE_OPTIONS,
                                           { "help", no_argument, NULL, 'h' },
                                           { 0 } };
    load_opts rows = { .program = program };
    const char *picture = NULL, *by = NULL;
    for (int which; (which = option_next(program, argc, argv, ":o:h", known)) != -1;) {
        if (which == 'h')
            return usage();
        if (which == '?')
            return STATUS_WRONG;
        if (!load_option(&rows, which, optarg))
            *(which == 'o' ? &picture : &by) = optarg;
    }
    if (argc - optind == 2 && picture)
        return run(argv[optind], argv[optind + 1], picture, by, &rows);
    fprintf(stderr, "%s: want a model, a CSV file and -o PICTURE; --help says more\n", program);
    return STATUS_WRONG;
}
