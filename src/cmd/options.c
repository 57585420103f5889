/* What the commands' options have in common. */
#include "cmd/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/text.h"

int option_next(const char *program, int argc, char **argv, const char *letters,
                const struct option *known)
{
    opterr = 0; /* the C library would print what was said as it is */
    const int which = getopt_long(argc, argv, letters, known, NULL);
    if (which != '?' && which != ':')
        return which;
    const struct option *of = known;
    const char *said = argv[optind - 1];
    while (of->name &&
           (optopt ? of->val != optopt : strncmp(of->name, said + 2, strcspn(said + 2, "="))))
        of++;
    if (optopt == 0)
        fprintf(stderr,
                of->name ? "%s: %s is short for several options\n" : "%s: there is no option %s\n",
                program, text_shown(said));
    else if (of->name)
        fprintf(stderr, "%s: --%s %s\n", program, of->name,
                which == ':' ? "wants a value" : "takes no value");
    else
        fprintf(stderr, "%s: -%s %s\n", program, text_shown((char[]){ (char)optopt, 0 }),
                which == ':' ? "wants a value" : "is no option");
    return '?';
}

bool option_number(const char *program, const char *option, const char *text,
                   unsigned long long low, unsigned long long high, unsigned long long *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    bool good = *text >= '0' && *text <= '9' && *end == 0 && !errno && *out >= low && *out <= high;
    if (!good)
        fprintf(stderr, "%s: --%s wants a whole number from %llu to %llu, not '%s'\n", program,
                option, low, high, text_shown(text));
    return good;
}

bool option_missing(const char *program, const char *text, int *out)
{
    static const char *const choices[] = { "error", "drop", "mean", "marginal", "mean,marginal" };
    for (*out = 0; *out < 5; ++*out)
        if (strcmp(choices[*out], text) == 0)
            return true;
    fprintf(stderr, "%s: --missing wants error, drop, mean, marginal or mean,marginal, not '%s'\n",
            program, text_shown(text));
    return false;
}

bool option_dialect(const char *program, const char *delimiter, const char *missing, names *words,
                    tril_dialect *out)
{
    if (delimiter && (strcmp(delimiter, "tab") == 0 || strcmp(delimiter, "\\t") == 0))
        delimiter = "\t";
    if (delimiter && (strlen(delimiter) != 1 || strchr("\"\r\n", *delimiter)))
        return fprintf(stderr, "%s: --delimiter wants one byte, or tab, not '%s'\n", program,
                       text_shown(delimiter)),
               false;
    if (missing && !names_split(words, missing))
        return false;
    out->delimiter = delimiter ? *delimiter : 0;
    if (missing) {
        out->missing = words->name;
        out->n_missing = words->n;
    }
    return true;
}

int output_status(const char *program, int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: standard output could not be written\n", program);
    return status ? status : 1;
}
