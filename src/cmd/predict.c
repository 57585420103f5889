/* tril predict: the distributions of a model, row by row, or draws from them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/components.h"
#include "cmd/csv.h"
#include "cmd/events.h"
#include "cmd/given.h"
#include "cmd/load.h"
#include "cmd/names.h"
#include "cmd/options.h"
#include "cmd/paths.h"
#include "cmd/prediction.h"
#include "cmd/text.h"

static const char program[] = "tril predict";

typedef struct options {
    const char *model, *data, *output; /* output is NULL: standard output */
    names levels, given;
    bool quantiles, impute, components, *known; /* known: which targets are given, [targets] */
    double *level;                              /* of the quantiles, as numbers */
    events events;
    size_t draws; /* 0: none, distributions instead */
    unsigned long long seed;
    load_opts rows;
} options;

/* ---- distributions */

/* whether row i has a target that is to be predicted */
static bool has_density(const loaded *l, const prediction *p, size_t i)
{
    const size_t d = tril_model_get_info(l->model)->n_targets;
    size_t there = 0;
    for (size_t j = 0; j < p->n_shown; j++)
        there += !isnan(l->rows.y[i * d + p->shown[j]]);
    return there;
}

/* Marks rows without a density by their number in the table, and makes numbers of their targets,
 * unless some are given. False where memory ran out. */
static bool hide_empty(loaded *l, const prediction *p, bool **empty)
{
    const size_t d = tril_model_get_info(l->model)->n_targets, n = l->rows.y ? l->rows.n : 0;
    *empty = command_alloc(tril_table_rows(l->table), sizeof **empty);
    for (size_t i = 0; i < n && *empty; i++) {
        bool *own = &(*empty)[l->rows.row[i]];
        *own = !has_density(l, p, i);
        for (size_t j = 0; j < d && *own && p->n_shown == d; j++)
            l->rows.y[i * d + j] = 0;
    }
    return *empty;
}

/* Where rows cannot be judged together: leaves out those by which a network leaves the range of
 * numbers, if others are left. False, with the failure, where that is no way on. */
static bool leave_out_extreme(loaded *l, const options *o)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    const size_t width = about->mlp.inputs, d = about->n_targets, all = l->rows.n;
    tril_dataset *rows = &l->rows;
    size_t n = 0;
    double *mean = command_alloc(d, sizeof *mean);
    bool going = mean && !o->rows.strict && tril_ctx_status(l->ctx) == TRIL_NOT_FINITE;
    for (size_t i = 0; i < all && going; i++) {
        tril_ctx_clear(l->ctx);
        if (!tril_model_evaluate(l->model, about->networks, about->n_networks,
                                 (tril_batch){ rows->x + i * width, NULL, 1 },
                                 &(tril_evaluation){ .mean = about->labels ? NULL : mean })) {
            going = tril_ctx_status(l->ctx) == TRIL_NOT_FINITE;
            continue;
        }
        memmove(rows->x + n * width, rows->x + i * width, width * sizeof *rows->x);
        if (rows->y)
            memmove(rows->y + n * d, rows->y + i * d, d * sizeof *rows->y);
        rows->row[n++] = rows->row[i];
    }
    free(mean);
    if (!going || n == 0)
        return false;
    tril_ctx_clear(l->ctx);
    rows->extreme += all - n;
    rows->n = n;
    return true;
}

/* all rows judged that can be */
static bool judge(loaded *l, const options *o, const tril_evaluation *out)
{
    return load_judge(l, out) || (leave_out_extreme(l, o) && load_judge(l, out));
}

static void warn(const loaded *l, const options *o)
{
    const size_t n = l->rows.extreme;
    if (n)
        fprintf(stderr,
                "%s: %s: %zu row%s numbers that the model does not take and %s left %s; --strict "
                "makes that an error\n",
                program, text_shown(o->data), n, n > 1 ? "s have" : " has", n > 1 ? "are" : "is",
                o->draws || o->components ? "out" : "empty");
}

/* the targets that are not given */
static bool find_shown(const loaded *l, const options *o, prediction *p)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    p->shown = command_alloc(about->n_targets, sizeof *p->shown);
    for (size_t j = 0; p->shown && j < about->n_targets; j++)
        if (!o->given.n || !o->known[j])
            p->shown[p->n_shown++] = j;
    return p->shown && (!o->given.n || given_are_numbers(l, o->known));
}

/* whether the table has a column of these */
static bool has_some(const loaded *l, const prediction *p)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    for (size_t j = 0; j < p->n_shown; j++)
        if (tril_table_has(l->table, about->targets[p->shown[j]]))
            return true;
    return false;
}

static tril_evaluation evaluation_of(const options *o, const prediction *p, bool classes)
{
    tril_evaluation out = { .nll = p->nll,
                            .events = o->events.bounds,
                            .n_events = o->events.n,
                            .probability = p->probability,
                            .probability_se = p->probability_se,
                            .classes = classes ? p->classes : NULL };
    if (classes)
        return out;
    out.mean = p->mean;
    out.sd = p->sd;
    out.correlation = p->correlation;
    out.levels = o->level;
    out.n_levels = o->levels.n;
    out.quantile = p->quantile;
    out.given = o->given.n ? o->known : NULL;
    return out;
}

static bool predict(loaded *l, const options *o)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    const size_t n = l->rows.n, d = about->n_targets, levels = o->levels.n,
                 of_events = n * o->events.n;
    double *memory = command_alloc(
        n, (1 + 2 * d + d * d + levels * d + 2 * o->events.n + about->n_labels) * sizeof *memory);
    if (!memory)
        return false;
    bool *empty = NULL;
    prediction p = { .mean = memory, .sd = memory + n * d, .events = &o->events };
    p.probability = p.sd + n * d;
    p.probability_se = p.probability + of_events;
    p.correlation = p.probability_se + of_events;
    p.quantile = p.correlation + n * d * d;
    p.classes = p.quantile + n * levels * d + n;
    bool done = find_shown(l, o, &p) && hide_empty(l, &p, &empty);
    p.nll = l->rows.y && has_some(l, &p) ? p.classes - n : NULL;
    const tril_evaluation out = evaluation_of(o, &p, about->labels);
    done = done && judge(l, o, &out);
    tril_file *file = NULL;
    FILE *to;
    done = done && load_output(l, o->output, &file, &to);
    if (done) {
        for (size_t i = 0; i < l->rows.n && p.nll; i++)
            p.nll[i] = empty[l->rows.row[i]] ? (double)NAN : p.nll[i];
        prediction_print(to, l, &o->levels, &p);
    }
    free(memory);
    free(empty);
    free(p.shown);
    return load_output_end(file, done);
}

/* ---- draws */

static bool sample(loaded *l, const options *o)
{
    enum { AT_ONCE = 1 << 13 };
    const tril_model_info *about = tril_model_get_info(l->model);
    const size_t chunk = (AT_ONCE - 1) / o->draws + 1; /* rows */
    double *draws = command_alloc(o->draws, chunk * about->n_targets * sizeof *draws);
    double *mean = command_alloc(l->rows.n, about->n_targets * sizeof *mean);
    bool done =
        draws && mean && judge(l, o, &(tril_evaluation){ .mean = about->labels ? NULL : mean });
    tril_file *file = NULL;
    FILE *to;
    done = done && load_output(l, o->output, &file, &to);
    if (done)
        prediction_print_draw_header(to, about);
    for (size_t first = 0; first < l->rows.n && done; first += chunk) {
        const size_t n = l->rows.n - first < chunk ? l->rows.n - first : chunk;
        const tril_batch some = { .x = l->rows.x + first * about->mlp.inputs, .n = n };
        done = tril_model_sample(l->ctx, l->model, some, first, o->draws, draws);
        if (done)
            prediction_print_draws(to, l, first, n, o->draws, draws);
    }
    free(draws);
    free(mean);
    return load_output_end(file, done);
}

/* ---- parameters */

static bool components(loaded *l, const options *o)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    double *mean = command_alloc(l->rows.n, about->n_targets * sizeof *mean);
    tril_file *file = NULL;
    FILE *to;
    const bool done = mean && load_has_normals(about, program, "--components") &&
                      judge(l, o, &(tril_evaluation){ .mean = mean }) &&
                      load_output(l, o->output, &file, &to) && components_print(to, l);
    free(mean);
    return load_output_end(file, done);
}

/* ---- what is known */

static bool check_quantiles(const loaded *l, const options *o)
{
    if (o->quantiles && o->levels.n && tril_model_get_info(l->model)->labels)
        return fprintf(stderr, "%s: classes have no quantiles: leave out --quantiles\n", program),
               false;
    return true;
}

/* which targets --given names, and the columns that the table must have */
static bool find_known(const loaded *l, options *o)
{
    if (!o->given.n && !o->impute)
        return true;
    o->rows.needed = o->known = given_of(tril_model_get_info(l->model), program, &o->given);
    return o->known;
}

static bool impute(loaded *l, const options *o)
{
    tril_file *file = NULL;
    FILE *to;
    const bool done = load_output(l, o->output, &file, &to) && given_impute(to, l, program);
    return load_output_end(file, done);
}

/* ---- the command */

static int usage(void)
{
    printf(
        "usage: tril predict [options] MODEL DATA.csv\n"
        "Writes a line for each row of DATA.csv (-: standard input): mean and standard\n"
        "deviation of each target, correlations, quantiles and, where the targets are\n"
        "there, the logarithm of their density. After fit --transform moments are exact\n"
        "for a normal's log, else by quadrature, and empty where they are infinite. Of a\n"
        "target of classes: the probability of each, p_LABEL, and the likeliest label.\n\n"
        "  -o, --output FILE     default: standard output\n"
        "  --quantiles Q,Q       each between 0 and 1, '' for none [0.05,0.5,0.95]\n"
        "  --probability EVENT   how likely it is, as in 'y > 3 & z < 0' or, of classes,\n"
        "                        'species = setosa': a column of that\n"
        "                        name; of more than two targets by 10000 draws, with their\n"
        "                        standard error in EVENT_se; several times: each event\n"
        "  --given A,B           targets that are known already, where they are not missing:\n"
        "                        the distribution of the others given these\n"
        "  --impute              the targets themselves instead: what is there, and for what\n"
        "                        is missing its mean given that\n"
        "  --components          the parameters instead, as mixtures: a line for each normal or\n"
        "                        Student's t of each row, with its weight, df, loc and\n"
        "                        scale_tril, of targets as they were learned: loc_log(y) after\n"
        "                        fit --transform\n"
        "  --sample N            N draws of each row instead\n"
        "  --seed N              of the draws [1]\n" LOAD_HELP
        "  --strict              a number that the model does not take is an error, and so\n"
        "                        is a label that it has not seen; default: a line of empty\n"
        "                        cells, and the training rows' shares\n"
        "Exit status: 0, 1 if it failed, 2 for wrong use or bad input.\n");
    return STATUS_DONE;
}

static bool read_levels(options *o, const char *text)
{
    names_free(&o->levels);
    free(o->level);
    o->level = NULL;
    if (!names_split(&o->levels, text))
        return false;
    o->level = command_alloc(o->levels.n, sizeof *o->level);
    for (size_t l = 0; l < o->levels.n && o->level; l++) {
        char *end;
        o->level[l] = strtod(o->levels.name[l], &end);
        if (end == o->levels.name[l] || *end || !(o->level[l] > 0 && o->level[l] < 1))
            return fprintf(stderr, "%s: --quantiles wants numbers between 0 and 1, not '%s'\n",
                           program, text_shown(text)),
                   false;
    }
    return o->level;
}

static bool check_files(const options *o, int *status)
{
    const command_path paths[] = { { PATH_READ, "", o->model },
                                   { PATH_READ, "", o->data },
                                   { PATH_WRITE, "--output", o->output } };
    *status = paths_check(program, paths, sizeof paths / sizeof *paths);
    return *status == STATUS_DONE;
}

/* false, with *status set, where there is nothing to do */
static bool read_options(options *o, int argc, char **argv, int *status)
{
    static const struct option known[] = { { "output", required_argument, NULL, 'o' },
                                           { "quantiles", required_argument, NULL, 'q' },
                                           { "probability", required_argument, NULL, 'p' },
                                           { "given", required_argument, NULL, 'g' },
                                           { "impute", no_argument, NULL, 'i' },
                                           { "components", no_argument, NULL, 'c' },
                                           { "sample", required_argument, NULL, 'n' },
                                           { "seed", required_argument, NULL, 's' },
                                           LOAD_OPTIONS,
                                           { "help", no_argument, NULL, 'h' },
                                           { 0 } };
    unsigned long long draws = 0;
    *o = (options){ .seed = 1, .rows = { .program = program, .predict = true } };
    o->events.text = command_alloc((size_t)argc, sizeof *o->events.text);
    bool good = o->events.text && read_levels(o, "0.05,0.5,0.95");
    *status = STATUS_WRONG;
    for (int which; good && (which = option_next(program, argc, argv, ":o:h", known)) != -1;) {
        if (which == 'h')
            return *status = usage(), false;
        o->output = which == 'o' ? optarg : o->output;
        o->quantiles |= which == 'q';
        o->impute |= which == 'i';
        o->components |= which == 'c';
        if (which == 'p')
            o->events.text[o->events.n++] = optarg;
        load_option(&o->rows, which, optarg);
        good = which != '?' && (which != 'q' || read_levels(o, optarg)) &&
               (which != 'g' || (names_free(&o->given), names_split(&o->given, optarg))) &&
               (which != 'n' || option_number(program, "sample", optarg, 1, 1000000, &draws)) &&
               (which != 's' || option_number(program, "seed", optarg, 0, UINT64_MAX, &o->seed));
    }
    if (good && argc - optind != 2)
        good =
            fprintf(stderr,
                    "%s: want a model and a CSV file, or - for standard input; --help says more\n",
                    program) < 0;
    if (good && (o->given.n > 0) + o->impute + o->components + (draws > 0) > 1)
        good = fprintf(stderr,
                       "%s: --given, --impute, --components and --sample are four answers: say "
                       "one\n",
                       program) < 0;
    if (good && o->events.n && (o->impute || o->components || draws > 0))
        good = fprintf(stderr, "%s: --probability has no place beside %s\n", program,
                       o->impute       ? "--impute"
                       : o->components ? "--components"
                                       : "--sample") < 0;
    if (good) {
        o->model = argv[optind];
        o->data = argv[optind + 1];
        o->draws = (size_t)draws;
        o->output = output_path(o->output);
        good = check_files(o, status);
    }
    return good;
}

int predict_command(int argc, char **argv)
{
    options o;
    int status;
    if (read_options(&o, argc, argv, &status)) {
        loaded l = { 0 };
        bool done = load_model(&l, o.model, o.seed) && check_quantiles(&l, &o) &&
                    find_known(&l, &o) &&
                    events_read(&o.events, tril_model_get_info(l.model), o.known, program) &&
                    load_rows(&l, o.data, &o.rows) &&
                    (o.draws        ? sample(&l, &o)
                     : o.impute     ? impute(&l, &o)
                     : o.components ? components(&l, &o)
                                    : predict(&l, &o));
        if (done)
            warn(&l, &o);
        status = load_status(&l, program, done);
        load_free(&l);
    }
    names_free(&o.levels);
    names_free(&o.given);
    events_free(&o.events);
    free(o.known);
    free(o.level);
    return output_status(program, status);
}
