/* What can be said to `tril fit` and `tril search`. */
#include "cmd/cli_options.h"

#include <tril/extend.h>
#include <tril/tril.h>

#include <string.h>

#include "cmd/commands.h"
#include "cmd/options.h"

static const struct {
    const char *name, *argument, *fallback;
    bool kept;
    const char *help;
} known[] = {
#define SETTING(id, name, argument, fallback, kept, help) { name, argument, fallback, kept, help },
    SETTINGS(SETTING)
#undef SETTING
};

const tried_setting settings_tried[N_TRIED] = {
    { SETTING_HEAD, "auto/" LINEAR "/full/lowrank:1/student/mixture:2/mixture:3" },
    { SETTING_HIDDEN, "128,128/64/0" },
    { SETTING_ACTIVATION, "tanh/silu" },
    { SETTING_INPUT_NOISE, "1/0.3/3" },
    { SETTING_WEIGHT_DECAY, "0.003/0.0003/0.03" },
};

const char *setting_name(setting which)
{
    return known[which].name;
}

const char *setting_fallback(setting which)
{
    return known[which].fallback;
}

bool setting_is_kept(setting which)
{
    return known[which].kept;
}

void setting_choices(setting which, const char **choices)
{
    size_t n = 0;
    for (size_t i = 0; which == SETTING_HEAD && tril_heads[i]; i++)
        choices[n++] = tril_heads[i]->name;
    for (size_t i = 0; which == SETTING_LOSS && tril_losses[i]; i++)
        choices[n++] = tril_losses[i]->name;
    for (size_t i = 0; which == SETTING_OPTIMIZER && tril_optims[i]; i++)
        choices[n++] = tril_optims[i]->name;
    choices[n] = NULL;
}

enum { INDENT = 28, WIDTH = 80 };

/* from a column on, with new lines before words that are beyond the last; where it ends */
static size_t print_words(size_t column, const char *text)
{
    while (*text) {
        const size_t space = *text == ' ';
        size_t n = space + strcspn(text + space, " ");
        if (n > WIDTH - INDENT) /* a list of texts */
            for (n = WIDTH - INDENT; n > 1 && text[n - 1] != '/'; n--)
                ;
        if (column + n > WIDTH && column > INDENT) {
            printf("\n%*s", INDENT, "");
            column = INDENT;
            text += space;
            continue;
        }
        printf("%.*s", (int)n, text);
        column += n;
        text += n;
    }
    return column;
}

static size_t print_choices(setting which)
{
    const char *choices[MOST_CHOICES];
    size_t column = INDENT;
    setting_choices(which, choices);
    for (size_t i = 0; choices[i]; i++) {
        char word[64];
        const char *number = which != SETTING_HEAD       ? ""
                             : tril_heads[i]->rank       ? ":R"
                             : tril_heads[i]->components ? ":K[:FORM]"
                                                         : "";
        snprintf(word, sizeof word, "%s%s%s%s", i ? " " : "", choices[i], number,
                 choices[i + 1] ? "," : "");
        column = print_words(column, word);
    }
    return column;
}

static const char *default_of(size_t which, bool search)
{
    for (size_t i = 0; i < N_TRIED && search; i++)
        if (settings_tried[i].which == (setting)which)
            return settings_tried[i].ways;
    return known[which].fallback;
}

static bool is_for(size_t which, bool search)
{
    return search || which != SETTING_BUDGET;
}

static void print_usage(bool search)
{
    if (search)
        printf("usage: tril search [options] DATA.csv --targets A,B,C\n"
               "Chooses how to train, by what networks say of rows that are held out: those of\n"
               "--validation, or of --folds. The texts of --head, --hidden, --activation,\n"
               "--input-noise and --weight-decay may be several, as in --head full/student: the\n"
               "first begins, and one setting after the other is tried. The first text is kept\n"
               "that is within a standard error of the best, or 0.02 nats per target times the\n"
               "root of 50 / rows. linear is --head shared --hidden 0. Rows to test are not\n"
               "looked at. What is chosen is then trained, as tril fit does, on all its rows.\n\n");
    else
        printf("usage: tril fit [options] DATA.csv --targets A,B,C\n"
               "Trains a network that gives the distribution of the targets by the inputs;\n"
               "columns of words become a number for each label, those of dates days and cycles.\n"
               "DATA.csv may be -, standard input.\n\n");
}

static void print_help(bool search)
{
    print_usage(search);
    for (size_t i = 0; i < N_SETTINGS; i++) {
        char option[128];
        const char *fallback = default_of(i, search);
        if (!is_for(i, search))
            continue;
        snprintf(option, sizeof option, "--%s %s", known[i].name,
                 known[i].argument ? known[i].argument : "");
        printf("  %-*s", INDENT - 2, option);
        size_t column = print_words(print_choices((setting)i), known[i].help);
        if (fallback) {
            snprintf(option, sizeof option, " [%s]", fallback);
            print_words(column, option);
        }
        printf("\n");
    }
    printf("\nCtrl-C, or a kill, loses nothing: the same line with --resume goes on.\n"
           "Exit status: 0, 1 if it failed, 2 for wrong use or bad input.\n");
}

/* the options as getopt_long wants them, numbered from FIRST */
enum { FIRST = 1000, HELP = FIRST + N_SETTINGS };

static void list_options(struct option *options, bool search)
{
    size_t n = 0;
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (is_for(i, search))
            options[n++] =
                (struct option){ .name = known[i].name,
                                 .has_arg = known[i].argument ? required_argument : no_argument,
                                 .val = FIRST + (int)i };
    options[n++] = (struct option){ .name = "help", .val = HELP };
    options[n] = (struct option){ 0 };
}

bool settings_read(settings *s, bool search, int argc, char **argv, int *status)
{
    struct option options[N_SETTINGS + 2];
    list_options(options, search);
    for (size_t i = 0; i < N_SETTINGS; i++)
        s->text[i] = default_of(i, search);
    *status = STATUS_WRONG;
    for (int which; (which = option_next(command_name(), argc, argv, ":o:h", options)) != -1;) {
        if (which == HELP || which == 'h')
            return print_help(search), *status = STATUS_DONE, false;
        if (which == '?')
            return false;
        s->text[which == 'o' ? SETTING_OUTPUT : which - FIRST] = optarg ? optarg : "yes";
    }
    if (argc - optind != 1)
        return fprintf(stderr,
                       "%s: want one CSV file, or - for standard input%s; --help says more\n",
                       command_name(), argc > optind ? ", not several" : ""),
               false;
    s->data = argv[optind];
    return true;
}
