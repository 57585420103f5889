/* Whole numbers on the command line. */
#include "number.h"

#include <stdio.h>
#include <stdlib.h>

bool number_parse(const char *program, const char *option, const char *text, unsigned long long low,
                  unsigned long long high, unsigned long long *out)
{
    char *end;
    *out = strtoull(text, &end, 10);
    bool good = *text >= '0' && *text <= '9' && *end == 0 && *out >= low && *out <= high;
    if (!good)
        fprintf(stderr, "%s: --%s wants a whole number from %llu to %llu, not '%s'\n", program,
                option, low, high, text);
    return good;
}
