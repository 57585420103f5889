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

int output_status(const char *program, int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: standard output could not be written\n", program);
    return status ? status : 1;
}
