/* tril export: a model as one file of C. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/export_c.h"
#include "cmd/load.h"
#include "cmd/options.h"
#include "cmd/paths.h"
#include "cmd/text.h"
#include "cmd/transforms.h"

static const char program[] = "tril export";

enum { LONGEST_NAME = 64 };

typedef struct options {
    const char *model, *output;
    char name[LONGEST_NAME];
    export_opts c;
} options;

static int usage(void)
{
    printf("usage: tril export [options] MODEL\n"
           "Writes a model as one file of C99, which C++ takes too, with functions for the\n"
           "distribution of a row, its mean and covariance, log_prob, and draws. It needs no\n"
           "library but libm, allocates nothing, and says at its top how it is used.\n\n"
           "  -o, --output FILE     default: standard output\n"
           "  --name NAME           what its names begin with; default: FILE's, without .c, or\n"
           "                        that of MODEL\n"
           "  --precision P         float or double: what the network computes in; default: as\n"
           "                        this tril does\n"
           "  --main                with a program: rows of a CSV file on standard input, with\n"
           "                        commas, become the lines of `tril predict --quantiles ''`\n"
           "Exit status: 0, 1 if it failed, 2 for wrong use or bad input.\n");
    return STATUS_DONE;
}

static bool read_precision(options *o, const char *text)
{
    o->c.in_double = strcmp(text, "double") == 0;
    if (!o->c.in_double && strcmp(text, "float"))
        return fprintf(stderr, "%s: --precision wants float or double, not '%s'\n", program,
                       text_shown(text)),
               false;
    return true;
}

static bool is_name(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_')
            return false;
    return *text && !isdigit((unsigned char)*text) && strlen(text) < LONGEST_NAME;
}

/* a name from that of a file */
static void set_name(options *o, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *begin = slash ? slash + 1 : path;
    size_t n = strcspn(begin, ".");
    n = n < LONGEST_NAME - 2 ? n : LONGEST_NAME - 2;
    for (size_t i = 0; i < n; i++)
        o->name[i] = (char)(isalnum((unsigned char)begin[i]) ? begin[i] : '_');
    if (!is_name(o->name)) { /* it begins with a digit, or not at all */
        memmove(o->name + 1, o->name, n);
        o->name[0] = 'm';
    }
}

/* false, with *status set, where there is nothing to do */
static bool read_options(options *o, int argc, char **argv, int *status)
{
    static const struct option known[] = { { "output", required_argument, NULL, 'o' },
                                           { "name", required_argument, NULL, 'n' },
                                           { "precision", required_argument, NULL, 'p' },
                                           { "main", no_argument, NULL, 'm' },
                                           { "help", no_argument, NULL, 'h' },
                                           { 0 } };
    const char *name = NULL;
    *o = (options){ .c = { .in_double = sizeof(tril_real) == sizeof(double) } };
    *status = STATUS_WRONG;
    for (int which; (which = option_next(program, argc, argv, ":o:h", known)) != -1;) {
        if (which == 'h')
            return *status = usage(), false;
        if (which == '?' || (which == 'p' && !read_precision(o, optarg)))
            return false;
        o->output = which == 'o' ? optarg : o->output;
        name = which == 'n' ? optarg : name;
        o->c.with_main |= which == 'm';
    }
    if (argc - optind != 1)
        return fprintf(stderr, "%s: want a model; --help says more\n", program), false;
    if (name && !is_name(name))
        return fprintf(stderr, "%s: --name wants letters, digits and _, at most %d, not '%s'\n",
                       program, LONGEST_NAME - 1, text_shown(name)),
               false;
    o->model = argv[optind];
    o->output = output_path(o->output);
    if (name)
        strcpy(o->name, name);
    else
        set_name(o, o->output ? o->output : o->model);
    o->c.name = o->name;
    const command_path paths[] = { { PATH_READ, "", o->model },
                                   { PATH_WRITE, "--output", o->output } };
    *status = paths_check(program, paths, sizeof paths / sizeof *paths);
    return *status == STATUS_DONE;
}

static bool export(const loaded *l, const options *o)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    tril_file *file = NULL;
    FILE *to;
    if (!load_has_normals(about, program, "export to C"))
        return false;
    for (size_t j = 0; j < about->n_targets; j++)
        if (*transform_of(about, j))
            return fprintf(stderr,
                           "%s: %s: it learned %s, and exported C has no transforms: fit without "
                           "--transform to columns that you transform yourself\n",
                           program, text_shown(o->model), transform_shown(about, j)),
                   false;
    bool done = load_output(l, o->output, &file, &to);
    if (done && !export_c(to, l->model, &o->c)) {
        fprintf(stderr, "%s: %s: it has numbers that are not finite%s\n", program,
                text_shown(o->model), o->c.in_double ? "" : ", or beyond the range of float");
        done = false;
    }
    return load_output_end(file, done);
}

int export_command(int argc, char **argv)
{
    options o;
    int status;
    if (!read_options(&o, argc, argv, &status))
        return output_status(program, status);
    loaded l = { 0 };
    const bool there = load_model(&l, o.model, 0), done = there && export(&l, &o);
    status = load_status(&l, program, done);
    status = there && !done ? STATUS_FAILED : status;
    load_free(&l);
    return output_status(program, status);
}
