/* What the demos' command lines have in common. */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "plot.h"

bool option_number(const char *program, const char *option, const char *text,
                   unsigned long long low, unsigned long long high, unsigned long long *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    bool good = *text >= '0' && *text <= '9' && *end == 0 && !errno && *out >= low && *out <= high;
    if (!good)
        fprintf(stderr, "%s: --%s wants a whole number from %llu to %llu, not '%s'\n", program,
                option, low, high, text);
    return good;
}

bool option_pictures(const char *program, const char *folder, const char **out)
{
    *out = NULL;
    if (access(folder, W_OK | X_OK) != 0)
        return fprintf(stderr, "%s: --pictures %s: no folder to write to\n", program, folder),
               false;
    if (plot_available())
        *out = folder;
    else
        fprintf(stderr, "%s: gnuplot is not installed, so there will be no pictures\n", program);
    return true;
}

int output_status(const char *program, int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: standard output could not be written\n", program);
    return status ? status : 1;
}
