/* What can be said to `tril fit`. */
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
        const size_t space = *text == ' ', n = space + strcspn(text + space, " ");
        if (column + n > WIDTH) {
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

static void print_help(void)
{
    printf("usage: tril fit [options] DATA.csv --targets A,B,C\n"
           "Trains a network that gives the distribution of the targets by the inputs;\n"
           "columns of words become a number for each label, those of dates days and cycles.\n"
           "DATA.csv may be -, standard input.\n\n");
    for (size_t i = 0; i < N_SETTINGS; i++) {
        char option[64];
        snprintf(option, sizeof option, "--%s %s", known[i].name,
                 known[i].argument ? known[i].argument : "");
        printf("  %-*s", INDENT - 2, option);
        size_t column = print_words(print_choices((setting)i), known[i].help);
        if (known[i].fallback) {
            snprintf(option, sizeof option, " [%s]", known[i].fallback);
            print_words(column, option);
        }
        printf("\n");
    }
    printf("\nCtrl-C, or a kill, loses nothing: the same line with --resume goes on.\n"
           "Exit status: 0, 1 if it failed, 2 for wrong use or bad input.\n");
}

/* the options as getopt_long wants them, numbered from FIRST */
enum { FIRST = 1000, HELP = FIRST + N_SETTINGS };

static void list_options(struct option *options)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        options[i] =
            (struct option){ .name = known[i].name,
                             .has_arg = known[i].argument ? required_argument : no_argument,
                             .val = FIRST + (int)i };
    options[N_SETTINGS] = (struct option){ .name = "help", .val = HELP };
    options[N_SETTINGS + 1] = (struct option){ 0 };
}

bool settings_read(settings *s, int argc, char **argv, int *status)
{
    struct option options[N_SETTINGS + 2];
    list_options(options);
    for (size_t i = 0; i < N_SETTINGS; i++)
        s->text[i] = known[i].fallback;
    *status = STATUS_WRONG;
    for (int which; (which = option_next("tril fit", argc, argv, ":o:h", options)) != -1;) {
        if (which == HELP || which == 'h')
            return print_help(), *status = STATUS_DONE, false;
        if (which == '?')
            return false;
        s->text[which == 'o' ? SETTING_OUTPUT : which - FIRST] = optarg ? optarg : "yes";
    }
    if (argc - optind != 1)
        return fprintf(stderr,
                       "tril fit: want one CSV file, or - for standard input%s; --help says more\n",
                       argc > optind ? ", not several" : ""),
               false;
    s->data = argv[optind];
    return true;
}
