/* What can be said to `tril fit`. */
#include "settings.h"

#include <getopt.h>
#include <string.h>

#include "commands.h"

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

static void print_help(void)
{
    printf("usage: tril fit [options] DATA.csv --targets A,B,C\n"
           "Trains a network that gives the distribution of the targets by the inputs; columns of\n"
           "words become a number for each label. DATA.csv may be -, standard input.\n\n");
    for (size_t i = 0; i < N_SETTINGS; i++) {
        char option[64];
        snprintf(option, sizeof option, "--%s %s", known[i].name,
                 known[i].argument ? known[i].argument : "");
        printf("  %-26s%s", option, known[i].help);
        printf(known[i].fallback ? " [%s]\n" : "\n", known[i].fallback);
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
    for (int which; (which = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
        if (which == HELP)
            return print_help(), *status = STATUS_DONE, false;
        if (which == '?')
            return false; /* getopt_long has said it */
        s->text[which == 'o' ? SETTING_OUTPUT : which - FIRST] = optarg ? optarg : "yes";
    }
    if (argc - optind != 1)
        return fprintf(stderr, "tril fit: want one CSV file, or - for standard input%s\n",
                       argc > optind ? ", not several" : ""),
               false;
    s->data = argv[optind];
    return true;
}
