/* Progress of a training. */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 24, LINES_IN_A_PIPE = 4 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

progress progress_begin(size_t total)
{
    return (progress){ .total = total, .terminal = isatty(STDERR_FILENO), .begun = seconds() };
}

void progress_show(progress *p, size_t done, double nll_train, double nll_validation)
{
    double now = seconds(), left = (now - p->begun) / (double)done * (double)(p->total - done);
    if (!p->terminal) {
        size_t every = (p->total + LINES_IN_A_PIPE - 1) / LINES_IN_A_PIPE;
        if (done % every == 0 || done == p->total)
            fprintf(stderr, "epoch %zu of %zu: NLL training %.4f, validation %.4f\n", done,
                    p->total, nll_train, nll_validation);
        return;
    }
    if (now - p->shown < 0.1 && done < p->total)
        return;
    p->shown = now;
    char bar[BAR + 1];
    for (size_t i = 0; i < BAR; i++)
        bar[i] = i * p->total < BAR * done ? '#' : '.';
    bar[BAR] = 0;
    fprintf(stderr, "\r[%s] epoch %zu/%zu  NLL training %.4f  validation %.4f  %.0f s left \033[K",
            bar, done, p->total, nll_train, nll_validation, left);
}

double progress_end(progress *p)
{
    if (p->terminal)
        fputs("\r\033[K", stderr);
    return seconds() - p->begun;
}
