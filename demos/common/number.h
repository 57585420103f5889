/* Whole numbers on the command line. */
#ifndef DEMOS_NUMBER_H
#define DEMOS_NUMBER_H

#include <stdbool.h>

/* A number in a range; false, with a sentence on standard error, for anything else. */
bool number_parse(const char *program, const char *option, const char *text, unsigned long long low,
                  unsigned long long high, unsigned long long *out);

#endif
