/* Progress of a training: a bar on a terminal, a few plain lines in a pipe, on standard error. */
#ifndef DEMOS_PROGRESS_H
#define DEMOS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct progress {
    size_t total;
    bool terminal;
    double begun, shown; /* seconds */
} progress;

progress progress_begin(size_t total);

/* `done` of `total` epochs are behind, with these NLLs. */
void progress_show(progress *p, size_t done, double nll_train, double nll_validation);

/* Clears the bar; the seconds since the beginning. */
double progress_end(progress *p);

#endif
