/* A model as C. */
#ifndef CMD_EXPORT_C_H
#define CMD_EXPORT_C_H

#include <stdbool.h>
#include <stdio.h>

#include <tril/tril.h>

typedef struct export_opts {
    const char *name; /* what the names of functions begin with */
    bool in_double;   /* the network computes in double, not in float */
    bool with_main;   /* a program behind the functions */
} export_opts;

/* Writes a model as a file of C99. False: it has numbers that are not finite, or not in float. */
bool export_c(FILE *to, const tril_model *model, const export_opts *opts);

#endif
