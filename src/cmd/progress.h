/* Progress of long work on standard error: a bar on a terminal, a few plain lines in a pipe. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct progress {
    const char *unit; /* "epoch", in a pipe */
    size_t total;
    size_t lines_in_a_pipe, lines; /* at most; so far */
    bool terminal;
    double begun, shown; /* seconds */
} progress;

/* lines_in_a_pipe 0: nothing there. */
progress progress_begin(const char *unit, size_t total, size_t lines_in_a_pipe);

/* `done` of `total` units are behind; what else there is to say. */
__attribute__((format(printf, 3, 4))) void progress_show(progress *p, size_t done,
                                                         const char *format, ...);

/* Clears the bar; the seconds since the beginning. */
double progress_end(progress *p);

#endif
